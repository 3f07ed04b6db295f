// SPDX-License-Identifier: GPL-2.0
/*
 * Files: whole or not at all.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "common/file.h"
#include "scratch.h"

static char dir[64];
static char path[96], other[96];

static int make_dir(void **state)
{
	(void)state;
	if (scratch_make(dir, sizeof(dir)))
		return -1;
	snprintf(path, sizeof(path), "%s/file", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	return 0;
}

/* Removes what a test leaves; a file that it does not know is an error. */
static int remove_dir(void **state)
{
	(void)state;
	unlink(path);
	unlink(other);
	return rmdir(dir);
}

static void write_file(const char *to, const char *text)
{
	struct ak_err err = { "" };

	if (ak_file_write(to, text, strlen(text), &err))
		fail_msg("%s", err.text);
}

static void assert_content(const char *from, const char *text)
{
	struct ak_err err = { "" };
	uint8_t *data;
	size_t size;

	if (ak_file_read(from, 1 << 20, &data, &size, &err))
		fail_msg("%s", err.text);
	assert_int_equal(size, strlen(text));
	assert_memory_equal(data, text, size);
	free(data);
}

static unsigned int mode(const char *name)
{
	struct stat st;

	assert_int_equal(lstat(name, &st), 0);
	return st.st_mode & 07777;
}

static int read_error(const char *name, size_t limit)
{
	struct ak_err err = { "" };
	uint8_t *data;
	size_t size;
	int rc = ak_file_read(name, limit, &data, &size, &err);

	if (!rc) {
		free(data);
		return 0;
	}
	assert_null(data);
	assert_non_null(strstr(err.text, name));
	return rc;
}

static void round_trip(void **state)
{
	mode_t mask = umask(027);

	(void)state;
	write_file(path, "first");
	umask(mask);
	assert_content(path, "first");
	assert_int_equal(mode(path), 0640);
	write_file(path, "");
	assert_content(path, "");
}

static void keeps_mode(void **state)
{
	(void)state;
	write_file(path, "first");
	assert_int_equal(chmod(path, 0604), 0);
	write_file(path, "second");
	assert_content(path, "second");
	assert_int_equal(mode(path), 0604);
}

static void through_link(void **state)
{
	struct ak_err err = { "" };
	struct stat st;

	(void)state;
	assert_int_equal(symlink("file", other), 0);
	assert_int_equal(ak_file_write(other, "x", 1, &err), -ENOENT);
	assert_non_null(strstr(err.text, "link"));
	write_file(path, "first");
	write_file(other, "second");
	assert_content(path, "second");
	assert_int_equal(lstat(other, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
}

static void limits(void **state)
{
	(void)state;
	write_file(path, "123456");
	assert_int_equal(read_error(path, 6), 0);
	assert_int_equal(read_error(path, 5), -EFBIG);
	assert_int_equal(read_error(path, 0), -EFBIG);
	assert_int_equal(read_error(path, SIZE_MAX), 0);
	/* Without an end, and without a size that could be asked for. */
	assert_int_equal(read_error("/dev/zero", 100000), -EFBIG);
	assert_int_equal(read_error("/proc/self/maps", 1 << 20), 0);
}

static void errors(void **state)
{
	struct ak_err err = { "" };
	char name[128];

	(void)state;
	assert_int_equal(read_error(dir, 100), -EISDIR);
	assert_int_equal(read_error(path, 100), -ENOENT);
	assert_int_equal(ak_file_write(dir, "x", 1, &err), -EISDIR);
	snprintf(name, sizeof(name), "%s/none/file", dir);
	assert_int_equal(ak_file_write(name, "x", 1, &err), -ENOENT);
	assert_non_null(strstr(err.text, name));
	write_file(path, "x");
	snprintf(name, sizeof(name), "%s/x", path);
	assert_int_equal(ak_file_write(name, "x", 1, &err), -ENOTDIR);
	assert_int_equal(ak_file_write(name, "x", 1, NULL), -ENOTDIR);
}

static void read_only(void **state)
{
	struct ak_err err = { "" };

	(void)state;
	if (!geteuid()) {
		print_message("# skipped: root may write a read-only file\n");
		skip();
	}
	write_file(path, "first");
	chmod(path, 0444);
	assert_int_equal(ak_file_write(path, "second", 6, &err), -EACCES);
	assert_content(path, "first");
}

static unsigned int count_files(void)
{
	DIR *d = opendir(dir);
	unsigned int n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

/* A full disk, as far as a process can see one. */
static void nothing_half_written(void **state)
{
	static char data[100000];
	struct rlimit old, small;
	struct ak_err err = { "" };
	int rc;

	(void)state;
	write_file(path, "first");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 5000;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	rc = ak_file_write(path, data, sizeof(data), &err);
	setrlimit(RLIMIT_FSIZE, &old);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(rc, -EFBIG);
	assert_non_null(strstr(err.text, path));
	assert_content(path, "first");
	assert_int_equal(count_files(), 1);
}

/* Something that a shell has opened keeps what is in it. */
static void descriptors(void **state)
{
	char name[64], text[16] = "";
	int fd, fds[2];

	(void)state;
	write_file(path, "old ");
	fd = open(path, O_WRONLY | O_APPEND);
	assert_true(fd >= 0);
	snprintf(name, sizeof(name), "/dev/fd/%d", fd);
	write_file(name, "new");
	close(fd);
	assert_content(path, "old new");
	assert_int_equal(pipe(fds), 0);
	snprintf(name, sizeof(name), "/dev/fd/%d", fds[1]);
	write_file(name, "piped");
	close(fds[1]);
	assert_int_equal(read(fds[0], text, sizeof(text)), 5);
	assert_string_equal(text, "piped");
	close(fds[0]);
	write_file("/dev/null", "gone");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(round_trip),
		TEST(keeps_mode),
		TEST(through_link),
		TEST(limits),
		TEST(errors),
		TEST(read_only),
		TEST(nothing_half_written),
		TEST(descriptors),
	};

	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
