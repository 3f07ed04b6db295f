// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/out.h"

#define MIN_CAPACITY 4096

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

int ak_file_write(const char *path, const void *data, size_t size,
		  struct ak_err *err)
{
	struct ak_out *out;
	int rc = ak_out_open(path, &out, err);

	if (rc)
		return rc;
	rc = ak_out_write(out, data, size, err);
	if (!rc)
		return ak_out_finish(out, err);
	ak_out_abandon(out);
	return rc;
}
