// SPDX-License-Identifier: GPL-2.0
/*
 * Files written piece by piece, mapped files, growing bytes, tables of names.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "common/buf.h"
#include "common/file.h"
#include "common/map.h"
#include "common/names.h"
#include "common/out.h"
#include "common/util.h"
#include "temp_dir.h"

static struct ak_out *open_out(const char *path)
{
	struct ak_err err = { "" };
	struct ak_out *out;

	if (ak_out_open(path, &out, &err))
		fail_msg("%s", err.text);
	return out;
}

static void assert_file(const char *path, const void *want, size_t size)
{
	struct ak_err err = { "" };
	uint8_t *data;
	size_t n;

	if (ak_file_read(path, 1 << 24, &data, &n, &err))
		fail_msg("%s", err.text);
	assert_int_equal(n, size);
	assert_memory_equal(data, want, size);
	free(data);
}

static unsigned int count_files(void)
{
	DIR *d = opendir(temp_path("."));
	unsigned int n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

/* Pieces of all sizes around that of the buffer, holes, and late bytes. */
static void pieces(void **state)
{
	static const size_t sizes[] = { 1, 65535, 65536, 65537, 3, 0, 200000 };
	static uint8_t want[1 << 20], b[200000];
	struct ak_err err = { "" };
	struct ak_out *out = open_out(temp_path("a"));
	size_t i, k, at = 0;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (k = 0; k < sizes[i]; k++)
			b[k] = want[at + k] = (uint8_t)(at + k + i);
		assert_int_equal(ak_out_write(out, b, sizes[i], &err), 0);
		at += sizes[i];
		assert_int_equal(ak_out_tell(out), at);
	}
	/* Into what was written and into what is still gathered. */
	assert_int_equal(ak_out_write(out, "gathered", 8, &err), 0);
	assert_int_equal(ak_out_pwrite(out, 65530, "across", 6, &err), 0);
	memcpy(want + 65530, "across", 6);
	assert_int_equal(ak_out_pwrite(out, at + 4, "RED", 3, &err), 0);
	memcpy(want + at, "gathREDd", 8);
	at += 8;
	assert_int_equal(ak_out_pwrite(out, at - 1, "xx", 2, &err), -EINVAL);
	assert_int_equal(ak_out_pwrite(out, UINT64_MAX, "x", 1, &err), -EINVAL);
	assert_int_equal(ak_out_skip(out, 100000, &err), 0);
	assert_int_equal(ak_out_pwrite(out, at + 50000, "hole", 4, &err), 0);
	memcpy(want + at + 50000, "hole", 4);
	at += 100000;
	assert_int_equal(ak_out_zeros(out, 9000, &err), 0);
	at += 9000;
	assert_int_equal(ak_out_write(out, "end", 3, &err), 0);
	memcpy(want + at, "end", 3);
	at += 3;
	assert_int_equal(ak_out_skip(out, 5, &err), 0);
	at += 5;
	assert_int_equal(ak_out_finish(out, &err), 0);
	assert_file(temp_path("a"), want, at);
	assert_int_equal(count_files(), 1);
}

static void nothing_before_the_end(void **state)
{
	struct ak_err err = { "" };
	struct ak_out *out;

	(void)state;
	temp_text("a", "old");
	assert_int_equal(chmod(temp_path("a"), 0604), 0);
	out = open_out(temp_path("a"));
	assert_int_equal(ak_out_write(out, "new", 3, &err), 0);
	assert_file(temp_path("a"), "old", 3);
	ak_out_abandon(out);
	assert_file(temp_path("a"), "old", 3);
	assert_int_equal(count_files(), 1);
	ak_out_abandon(NULL);
	out = open_out(temp_path("a"));
	assert_int_equal(ak_out_write(out, "new", 3, &err), 0);
	assert_int_equal(ak_out_finish(out, &err), 0);
	assert_file(temp_path("a"), "new", 3);
}

/* Where files can be without a name, a killed process leaves none. */
static void killed(void **state)
{
	int fd = open(temp_path("."), O_TMPFILE | O_WRONLY, 0600);
	pid_t pid;

	(void)state;
	if (fd < 0) {
		print_message("# skipped: no O_TMPFILE in /tmp\n");
		skip();
	}
	close(fd);
	pid = fork();
	if (!pid) {
		struct ak_out *out = open_out(temp_path("a"));

		ak_out_zeros(out, 100000, NULL);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(count_files(), 0);
}

static void full_disk(void **state)
{
	struct rlimit old, small;
	struct ak_err err = { "" };
	struct ak_out *out;
	int rc;

	(void)state;
	temp_text("a", "old");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 70000;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	out = open_out(temp_path("a"));
	rc = ak_out_zeros(out, 60000, &err);
	if (!rc)
		rc = ak_out_zeros(out, 60000, &err);
	if (!rc)
		rc = ak_out_finish(out, &err);
	else
		ak_out_abandon(out);
	setrlimit(RLIMIT_FSIZE, &old);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(rc, -EFBIG);
	assert_non_null(strstr(err.text, temp_path("a")));
	assert_file(temp_path("a"), "old", 3);
	assert_int_equal(count_files(), 1);
}

static void pipes(void **state)
{
	char name[64], text[8] = "";
	struct ak_err err = { "" };
	struct ak_out *out;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	snprintf(name, sizeof(name), "/dev/fd/%d", fds[1]);
	out = open_out(name);
	assert_int_equal(ak_out_write(out, "piped", 5, &err), 0);
	assert_int_equal(ak_out_skip(out, 5, &err), -ESPIPE);
	assert_int_equal(ak_out_pwrite(out, 0, "x", 1, &err), -ESPIPE);
	assert_int_equal(ak_out_finish(out, &err), 0);
	assert_int_equal(read(fds[0], text, sizeof(text)), 5);
	assert_string_equal(text, "piped");
	close(fds[0]);
	close(fds[1]);
}

static void maps(void **state)
{
	struct ak_err err = { "" };
	struct ak_map m;

	(void)state;
	assert_int_equal(ak_map_open(temp_text("a", "abc"), &m, &err), 0);
	assert_int_equal(m.size, 3);
	assert_memory_equal(m.data, "abc", 3);
	ak_map_close(&m);
	ak_map_close(&m);
	assert_int_equal(ak_map_open(temp_text("b", ""), &m, &err), 0);
	assert_int_equal(m.size, 0);
	assert_non_null(m.data);
	ak_map_close(&m);
	assert_int_equal(ak_map_open(temp_path("."), &m, &err), -EISDIR);
	assert_int_equal(ak_map_open(temp_path("none"), &m, &err), -ENOENT);
	assert_non_null(strstr(err.text, "none"));
	assert_int_equal(mkfifo(temp_path("fifo"), 0600), 0);
	assert_int_equal(ak_map_open(temp_path("fifo"), &m, &err), -EINVAL);
	assert_int_equal(ak_map_open("/dev/zero", &m, &err), -EINVAL);
}

static void scratch(void **state)
{
	struct ak_err err = { "" };
	struct ak_map m;
	int on_disk;

	(void)state;
	for (on_disk = 0; on_disk < 2; on_disk++) {
		setenv("TMPDIR", temp_path("."), 1);
		assert_int_equal(ak_map_scratch(100001, on_disk, &m, &err), 0);
		assert_int_equal(m.data[0] | m.data[100000], 0);
		((uint8_t *)(uintptr_t)m.data)[100000] = 7;
		assert_int_equal(m.data[100000], 7);
		ak_map_close(&m);
		assert_int_equal(ak_map_scratch(0, on_disk, &m, &err), 0);
		assert_non_null(m.data);
		ak_map_close(&m);
		assert_int_equal(ak_map_scratch(SIZE_MAX, on_disk, &m, &err),
				 -ENOMEM);
	}
	assert_int_equal(count_files(), 0);
	setenv("TMPDIR", temp_path("none"), 1);
	assert_int_equal(ak_map_scratch(1, true, &m, &err), -ENOENT);
	unsetenv("TMPDIR");
}

static void bufs(void **state)
{
	struct ak_buf b = { 0 };

	(void)state;
	ak_buf_text(&b, "a");
	ak_buf_printf(&b, "%d", 12);
	ak_buf_fill(&b, 'x', 1000);
	ak_buf_add(&b, "", 0);
	assert_int_equal(b.size, 1003);
	assert_memory_equal(b.data, "a12xxx", 6);
	assert_false(b.failed);
	ak_buf_printf(&b, "%300s", "");
	assert_true(b.failed);
	ak_buf_text(&b, "more");
	assert_int_equal(b.size, 1003);
	ak_buf_clear(&b);
	ak_buf_fill(&b, 0, SIZE_MAX);
	assert_true(b.failed);
	ak_buf_clear(&b);
}

static void names(void **state)
{
	static char text[20000][8];
	struct ak_names n = { 0 };
	size_t i;

	(void)state;
	assert_int_equal(ak_names_find(&n, "0"), SIZE_MAX);
	for (i = 0; i < 20000; i++) {
		sprintf(text[i], "%zu", i);
		assert_int_equal(ak_names_add(&n, text[i], i * 3), 0);
	}
	for (i = 0; i < 20000; i++) {
		char same[8];

		strcpy(same, text[i]);
		assert_int_equal(ak_names_find(&n, same), i * 3);
		assert_int_equal(ak_names_add(&n, same, 1), -EEXIST);
	}
	assert_int_equal(ak_names_find(&n, "20000"), SIZE_MAX);
	assert_int_equal(ak_names_find(&n, ""), SIZE_MAX);
	assert_int_equal(n.count, 20000);
	ak_names_clear(&n);
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, temp_dir_make, temp_dir_remove)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(pieces),  TEST(nothing_before_the_end),
		TEST(killed),  TEST(full_disk),
		TEST(pipes),   TEST(maps),
		TEST(scratch), TEST(bufs),
		TEST(names),
	};

	return cmocka_run_group_tests_name("out", tests, NULL, NULL);
}
