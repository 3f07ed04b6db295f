// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/file.h"

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

#define MIN_CAPACITY 4096
#define TEMP_TRIES 100

static int sys_err(struct ak_err *err, const char *path, const char *what)
{
	int code = errno;

	return ak_errf(err, -code, "%s: cannot %s: %s", path, what,
		       strerror(code));
}

static int too_big(struct ak_err *err, const char *path, size_t limit)
{
	return ak_errf(err, -EFBIG,
		       "%s: is larger than %zu bytes, the most that is read",
		       path, limit);
}

/* Fills *data up to its end of file; the buffer belongs to the caller. */
static int read_all(int fd, const char *path, size_t limit, size_t capacity,
		    uint8_t **data, size_t *size, struct ak_err *err)
{
	size_t used = 0;

	for (;;) {
		uint8_t *grown = realloc(*data, capacity);
		ssize_t n;

		if (!grown)
			return ak_errf(err, -ENOMEM, "%s: no memory for it",
				       path);
		*data = grown;
		while (used < capacity) {
			n = read(fd, grown + used, capacity - used);
			if (n < 0 && errno == EINTR)
				continue;
			if (n < 0)
				return sys_err(err, path, "read");
			if (!n) {
				*size = used;
				return 0;
			}
			used += (size_t)n;
			if (used > limit)
				return too_big(err, path, limit);
		}
		capacity = capacity > limit / 2 ? limit + 1 : capacity * 2;
	}
}

int ak_file_read(const char *path, size_t limit, uint8_t **data, size_t *size,
		 struct ak_err *err)
{
	size_t capacity = MIN_CAPACITY;
	struct stat st;
	int fd, rc;

	*data = NULL;
	*size = 0;
	/* Room for one byte too many is how a file over the limit is seen. */
	if (limit > SIZE_MAX / 2)
		limit = SIZE_MAX / 2;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return sys_err(err, path, "open");
	if (fstat(fd, &st)) {
		rc = sys_err(err, path, "examine");
	} else if (S_ISDIR(st.st_mode)) {
		rc = ak_errf(err, -EISDIR, "%s: is a directory, not a file",
			     path);
	} else if (S_ISREG(st.st_mode) && (uintmax_t)st.st_size > limit) {
		rc = too_big(err, path, limit);
	} else {
		if (S_ISREG(st.st_mode) && st.st_size)
			capacity = (size_t)st.st_size + 1;
		if (capacity > limit)
			capacity = limit + 1;
		rc = read_all(fd, path, limit, capacity, data, size, err);
	}
	close(fd);
	if (rc) {
		free(*data);
		*data = NULL;
	}
	return rc;
}

static int write_all(int fd, const char *path, const void *data, size_t size,
		     struct ak_err *err)
{
	const uint8_t *p = data;

	while (size) {
		ssize_t n = write(fd, p, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return sys_err(err, path, "write");
		p += n;
		size -= (size_t)n;
	}
	return 0;
}

/*
 * A terminal, a pipe, or what a shell has redirected under a name like
 * /dev/stdout: O_APPEND keeps what others have written to the same file.
 */
static int write_direct(const char *path, const void *data, size_t size,
			struct ak_err *err)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY);
	int rc;

	if (fd < 0)
		return sys_err(err, path, "open");
	rc = write_all(fd, path, data, size, err);
	if (close(fd) && !rc)
		rc = sys_err(err, path, "write");
	return rc;
}

/*
 * Creates a file that nobody else has, in the folder of @target. Not
 * mkstemp(): its mode is 0600, and asking for the umask is not thread-safe.
 */
static int create_temp(const char *target, char *temp, size_t temp_size)
{
	const char *slash = strrchr(target, '/');
	int dir = slash ? (int)(slash - target) + 1 : 0;
	int i, n, fd;

	for (i = 0; i < TEMP_TRIES; i++) {
		uint64_t id;

		if (getrandom(&id, sizeof(id), 0) != (ssize_t)sizeof(id))
			continue;
		n = snprintf(temp, temp_size, "%.*s.akida-%016llx", dir, target,
			     (unsigned long long)id);
		if (n < 0 || (size_t)n >= temp_size) {
			errno = ENAMETOOLONG;
			return -1;
		}
		fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
	errno = EEXIST;
	return -1;
}

/* @st is the file that is replaced, NULL for a new one. */
static int write_renamed(const char *path, const char *target,
			 const struct stat *st, const void *data, size_t size,
			 struct ak_err *err)
{
	char temp[PATH_MAX];
	int fd, rc = 0;

	/* A rename asks the folder only; a read-only file stays one. */
	if (st && faccessat(AT_FDCWD, target, W_OK, AT_EACCESS))
		return sys_err(err, path, "write");
	fd = create_temp(target, temp, sizeof(temp));
	if (fd < 0)
		return sys_err(err, path, "create a temporary file beside it");
	if (st && fchmod(fd, st->st_mode & 0777))
		rc = sys_err(err, path, "keep its mode");
	if (!rc)
		rc = write_all(fd, path, data, size, err);
	if (!rc && fsync(fd))
		rc = sys_err(err, path, "write");
	if (close(fd) && !rc)
		rc = sys_err(err, path, "write");
	if (!rc && rename(temp, target))
		rc = sys_err(err, path, "rename the finished file to it");
	if (rc)
		unlink(temp);
	return rc;
}

static bool is_redirection(const char *path)
{
	return !strncmp(path, "/dev/", 5) || !strncmp(path, "/proc/", 6);
}

int ak_file_write(const char *path, const void *data, size_t size,
		  struct ak_err *err)
{
	char *target;
	struct stat st;
	int rc;

	if (stat(path, &st)) {
		if (errno != ENOENT)
			return sys_err(err, path, "write");
		/* Where the link's target should be created is a guess. */
		if (!lstat(path, &st))
			return ak_errf(
				err, -ENOENT,
				"%s: is a link to a file that does not exist; remove the link",
				path);
		return write_renamed(path, path, NULL, data, size, err);
	}
	if (S_ISDIR(st.st_mode))
		return ak_errf(err, -EISDIR, "%s: is a directory, not a file",
			       path);
	if (!S_ISREG(st.st_mode) || is_redirection(path))
		return write_direct(path, data, size, err);
	/* The file that a link leads to is replaced, not the link. */
	target = realpath(path, NULL);
	if (!target)
		return sys_err(err, path, "resolve");
	rc = write_renamed(path, target, &st, data, size, err);
	free(target);
	return rc;
}
