// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* What an empty mapping points to: mmap() knows no empty ones. */
static const uint8_t nothing;

static int sys_err(struct ak_err *err, const char *path, const char *what)
{
	int code = errno;

	return ak_errf(err, -code, "%s: cannot %s: %s", path, what,
		       strerror(code));
}

static int map_fd(int fd, size_t size, int protection, const char *path,
		  struct ak_map *map, struct ak_err *err)
{
	void *p = mmap(NULL, size, protection, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		return sys_err(err, path, "map");
	map->data = p;
	map->size = size;
	return 0;
}

int ak_map_open(const char *path, struct ak_map *map, struct ak_err *err)
{
	struct stat st;
	int fd, rc = 0;

	map->data = NULL;
	map->size = 0;
	/* Not waiting for the other end of a pipe, which is refused below. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return sys_err(err, path, "open");
	if (fstat(fd, &st))
		rc = sys_err(err, path, "examine");
	else if (S_ISDIR(st.st_mode))
		rc = ak_errf(err, -EISDIR, "%s: is a directory, not a file",
			     path);
	else if (!S_ISREG(st.st_mode))
		rc = ak_errf(
			err, -EINVAL,
			"%s: is not a regular file; copy it to one, which can be mapped",
			path);
	else if ((uintmax_t)st.st_size > PTRDIFF_MAX)
		rc = ak_errf(err, -EFBIG, "%s: is too large to be mapped",
			     path);
	else if (!st.st_size)
		map->data = &nothing;
	else
		rc = map_fd(fd, (size_t)st.st_size, PROT_READ, path, map, err);
	close(fd);
	return rc;
}

static int scratch_file(size_t size, struct ak_map *map, struct ak_err *err)
{
	const char *folder = getenv("TMPDIR");
	char name[4096];
	int fd, rc;

	/* /tmp may be memory, which is what is to be saved. */
	if (!folder || !*folder)
		folder = "/var/tmp";
	fd = open(folder, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	if (fd < 0) {
		snprintf(name, sizeof(name), "%s/akida-XXXXXX", folder);
		fd = mkostemp(name, O_CLOEXEC);
		if (fd >= 0)
			unlink(name);
	}
	if (fd < 0)
		return ak_errf(
			err, -errno,
			"cannot unpack to a temporary file in %s: %s; set TMPDIR to a folder that can be written",
			folder, strerror(errno));
	rc = posix_fallocate(fd, 0, (off_t)size);
	if (rc)
		rc = ak_errf(
			err, -rc,
			"cannot unpack %zu bytes to a temporary file in %s: %s; set TMPDIR to a folder with more room",
			size, folder, strerror(rc));
	else
		rc = map_fd(fd, size, PROT_READ | PROT_WRITE, folder, map, err);
	close(fd);
	return rc;
}

int ak_map_scratch(size_t size, bool on_disk, struct ak_map *map,
		   struct ak_err *err)
{
	void *p;

	map->data = &nothing;
	map->size = 0;
	if (!size)
		return 0;
	map->data = NULL;
	if (size > PTRDIFF_MAX)
		return ak_errf(err, -ENOMEM, "no memory for %zu bytes", size);
	if (on_disk)
		return scratch_file(size, map, err);
	p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return ak_errf(err, -ENOMEM, "no memory for %zu bytes", size);
	map->data = p;
	map->size = size;
	return 0;
}

void ak_map_close(struct ak_map *map)
{
	if (map->size)
		munmap((void *)(uintptr_t)map->data, map->size);
	map->data = NULL;
	map->size = 0;
}
