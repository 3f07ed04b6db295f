// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/out.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMP_TRIES 100
#define GATHER 65536

/*
 * @path: as the caller has it, for messages
 * @target: what is replaced: @path, or where its link leads; NULL for
 *	something that is written directly
 * @temp: temporary name, "" while the file has none
 * @no_sync: ak_out_finish() does not flush
 * @memory: where it goes instead of a file, or NULL
 * @at: bytes appended, those in @gathered included
 */
struct ak_out {
	char *path, *target;
	char temp[PATH_MAX];
	int fd;
	bool no_sync;
	struct ak_buf *memory;
	uint64_t at;
	size_t used;
	uint8_t gathered[GATHER];
};

static int sys_err(struct ak_err *err, const char *path, const char *what)
{
	int code = errno;

	return ak_errf(err, -code, "%s: cannot %s: %s", path, what,
		       strerror(code));
}

/* "folder/" of @target, "" for the current one. */
static int folder_length(const char *target)
{
	const char *slash = strrchr(target, '/');

	return slash ? (int)(slash - target) + 1 : 0;
}

static int print_temp(char *temp, const char *target)
{
	uint64_t id;
	int n;

	if (getrandom(&id, sizeof(id), 0) != (ssize_t)sizeof(id))
		return -1;
	n = snprintf(temp, PATH_MAX, "%.*s.akida-%016llx",
		     folder_length(target), target, (unsigned long long)id);
	if (n >= 0 && n < PATH_MAX)
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

static void print_link(char *name, size_t size, int fd)
{
	snprintf(name, size, "/proc/self/fd/%d", fd);
}

/* A file without a name, if it can be given one later. */
static int create_nameless(const char *target)
{
	char folder[PATH_MAX], link[32];
	int n, fd;

	n = snprintf(folder, sizeof(folder), "%.*s.", folder_length(target),
		     target);
	if (n < 0 || (size_t)n >= sizeof(folder))
		return -1;
	fd = open(folder, O_WRONLY | O_TMPFILE | O_CLOEXEC, 0666);
	if (fd < 0)
		return -1;
	print_link(link, sizeof(link), fd);
	if (!access(link, F_OK))
		return fd;
	close(fd);
	return -1;
}

/*
 * Creates a file that nobody else has, in the folder of @target. Not
 * mkstemp(): its mode is 0600, and asking for the umask is not thread-safe.
 */
static int create_named(struct ak_out *out)
{
	int i, fd;

	for (i = 0; i < TEMP_TRIES; i++) {
		if (print_temp(out->temp, out->target)) {
			if (errno == ENAMETOOLONG)
				break;
			continue;
		}
		fd = open(out->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
			  0666);
		if (fd >= 0)
			return fd;
		if (errno != EEXIST)
			break;
	}
	out->temp[0] = '\0';
	return -1;
}

/* @st is the file that is replaced, NULL for a new one. */
static int open_replacement(struct ak_out *out, const struct stat *st,
			    struct ak_err *err)
{
	/* A rename asks the folder only; a read-only file stays one. */
	if (st && faccessat(AT_FDCWD, out->target, W_OK, AT_EACCESS))
		return sys_err(err, out->path, "write");
	out->fd = create_nameless(out->target);
	if (out->fd < 0)
		out->fd = create_named(out);
	if (out->fd < 0)
		return sys_err(err, out->path,
			       "create a temporary file beside it");
	if (st && fchmod(out->fd, st->st_mode & 0777))
		return sys_err(err, out->path, "keep its mode");
	return 0;
}

/*
 * A terminal, a pipe, or what a shell has redirected under a name like
 * /dev/stdout: O_APPEND keeps what others have written to the same file.
 */
static int open_direct(struct ak_out *out, struct ak_err *err)
{
	out->fd = open(out->path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY);
	return out->fd < 0 ? sys_err(err, out->path, "open") : 0;
}

static bool is_redirection(const char *path)
{
	return !strncmp(path, "/dev/", 5) || !strncmp(path, "/proc/", 6);
}

static int open_path(struct ak_out *out, struct ak_err *err)
{
	struct stat st;

	if (stat(out->path, &st)) {
		if (errno != ENOENT)
			return sys_err(err, out->path, "write");
		/* Where the link's target should be created is a guess. */
		if (!lstat(out->path, &st))
			return ak_errf(
				err, -ENOENT,
				"%s: is a link to a file that does not exist; remove the link",
				out->path);
		out->target = strdup(out->path);
		if (!out->target)
			return ak_errf(err, -ENOMEM, "no memory for a name");
		return open_replacement(out, NULL, err);
	}
	if (S_ISDIR(st.st_mode))
		return ak_errf(err, -EISDIR, "%s: is a directory, not a file",
			       out->path);
	if (!S_ISREG(st.st_mode) || is_redirection(out->path))
		return open_direct(out, err);
	/* The file that a link leads to is replaced, not the link. */
	out->target = realpath(out->path, NULL);
	if (!out->target)
		return sys_err(err, out->path, "resolve");
	return open_replacement(out, &st, err);
}

int ak_out_open(const char *path, struct ak_out **out, struct ak_err *err)
{
	struct ak_out *o = calloc(1, sizeof(*o));
	int rc;

	*out = NULL;
	if (!o)
		return ak_errf(err, -ENOMEM, "%s: no memory to write it", path);
	o->fd = -1;
	o->path = strdup(path);
	rc = o->path ? open_path(o, err) :
		       ak_errf(err, -ENOMEM, "no memory for a name");
	if (rc) {
		ak_out_abandon(o);
		return rc;
	}
	*out = o;
	return 0;
}

static int write_all(struct ak_out *out, const void *data, size_t size,
		     struct ak_err *err)
{
	const uint8_t *p = data;

	if (out->memory) {
		ak_buf_add(out->memory, data, size);
		if (out->memory->failed)
			return ak_errf(err, -ENOMEM, "no memory to write %s",
				       out->path);
		return 0;
	}
	while (size) {
		ssize_t n = write(out->fd, p, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return sys_err(err, out->path, "write");
		p += n;
		size -= (size_t)n;
	}
	return 0;
}

int ak_out_memory(const char *name, struct ak_buf *memory, struct ak_out **out,
		  struct ak_err *err)
{
	struct ak_out *o = calloc(1, sizeof(*o));

	*out = NULL;
	if (o)
		o->path = strdup(name);
	if (!o || !o->path) {
		free(o);
		return ak_errf(err, -ENOMEM, "no memory to write %s", name);
	}
	o->fd = -1;
	o->memory = memory;
	*out = o;
	return 0;
}

static int flush(struct ak_out *out, struct ak_err *err)
{
	size_t n = out->used;

	out->used = 0;
	return write_all(out, out->gathered, n, err);
}

int ak_out_write(struct ak_out *out, const void *data, size_t size,
		 struct ak_err *err)
{
	int rc;

	if (!size)
		return 0;
	if (size > GATHER - out->used) {
		rc = flush(out, err);
		if (rc)
			return rc;
	}
	out->at += size;
	if (size >= GATHER)
		return write_all(out, data, size, err);
	memcpy(out->gathered + out->used, data, size);
	out->used += size;
	return 0;
}

int ak_out_zeros(struct ak_out *out, uint64_t size, struct ak_err *err)
{
	static const uint8_t zeros[4096];

	while (size) {
		size_t n = size < sizeof(zeros) ? (size_t)size : sizeof(zeros);
		int rc = ak_out_write(out, zeros, n, err);

		if (rc)
			return rc;
		size -= n;
	}
	return 0;
}

uint64_t ak_out_tell(const struct ak_out *out)
{
	return out->at;
}

static int need_file(struct ak_out *out, struct ak_err *err)
{
	if (out->target)
		return 0;
	return ak_errf(err, -ESPIPE,
		       "%s: must be a file, as it is not written in one go",
		       out->path);
}

int ak_out_skip(struct ak_out *out, uint64_t size, struct ak_err *err)
{
	uint64_t end;
	int rc = need_file(out, err);

	if (!rc)
		rc = flush(out, err);
	if (rc)
		return rc;
	if (__builtin_add_overflow(out->at, size, &end) || end > INT64_MAX) {
		errno = EFBIG;
		return sys_err(err, out->path, "write");
	}
	/* The size is set too: room at the end that nobody fills counts. */
	if (ftruncate(out->fd, (off_t)end) ||
	    lseek(out->fd, (off_t)end, SEEK_SET) < 0)
		return sys_err(err, out->path, "write");
	out->at = end;
	return 0;
}

int ak_out_reserve(struct ak_out *out, uint64_t size, struct ak_err *err)
{
	uint64_t at = out->at;
	int rc = ak_out_skip(out, size, err);

	/* A file system that cannot do this finds out when it is full. */
	if (rc || !size || !fallocate(out->fd, 0, (off_t)at, (off_t)size) ||
	    (errno != ENOSPC && errno != EDQUOT))
		return rc;
	return sys_err(err, out->path, "write");
}

void ak_out_kick(struct ak_out *out, uint64_t offset, uint64_t size)
{
	if (out->target && !out->no_sync)
		sync_file_range(out->fd, (off_t)offset, (off_t)size,
				SYNC_FILE_RANGE_WRITE);
}

void ak_out_no_sync(struct ak_out *out)
{
	out->no_sync = true;
}

int ak_out_pwrite(struct ak_out *out, uint64_t offset, const void *data,
		  size_t size, struct ak_err *err)
{
	uint64_t written = out->at - out->used, end;
	const uint8_t *p = data;
	int rc = need_file(out, err);

	if (rc)
		return rc;
	if (__builtin_add_overflow(offset, size, &end) || end > out->at)
		return ak_errf(err, -EINVAL, "%s: there is no byte %llu yet",
			       out->path, (unsigned long long)end);
	/* Never with several threads: ak_out_skip() leaves nothing gathered. */
	if (end > written) {
		rc = flush(out, err);
		if (rc)
			return rc;
	}
	while (size) {
		ssize_t n = pwrite(out->fd, p, size, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return sys_err(err, out->path, "write");
		p += n;
		offset += (uint64_t)n;
		size -= (size_t)n;
	}
	return 0;
}

/* A name beside the target's, for a file that has none. */
static int give_name(struct ak_out *out)
{
	char link[32];
	int i;

	print_link(link, sizeof(link), out->fd);
	for (i = 0; i < TEMP_TRIES; i++) {
		if (print_temp(out->temp, out->target))
			continue;
		if (!linkat(AT_FDCWD, link, AT_FDCWD, out->temp,
			    AT_SYMLINK_FOLLOW))
			return 0;
		if (errno != EEXIST)
			break;
	}
	out->temp[0] = '\0';
	return -1;
}

int ak_out_finish(struct ak_out *out, struct ak_err *err)
{
	int rc = flush(out, err);

	if (!rc && out->target && !out->no_sync && fsync(out->fd))
		rc = sys_err(err, out->path, "write");
	if (!rc && out->target && !out->temp[0] && give_name(out))
		rc = sys_err(err, out->path, "name the finished file");
	if (out->fd >= 0 && close(out->fd) && !rc)
		rc = sys_err(err, out->path, "write");
	out->fd = -1;
	if (!rc && out->target) {
		if (rename(out->temp, out->target))
			rc = sys_err(err, out->path,
				     "rename the finished file to it");
		else
			out->temp[0] = '\0';
	}
	ak_out_abandon(out);
	return rc;
}

void ak_out_abandon(struct ak_out *out)
{
	if (!out)
		return;
	if (out->fd >= 0)
		close(out->fd);
	if (out->temp[0])
		unlink(out->temp);
	free(out->path);
	free(out->target);
	free(out);
}
