// SPDX-License-Identifier: GPL-2.0
/*
 * Host memory. Files are read and written rather than mapped: a client that
 * cuts its file short gives an error then and not a signal, and thousands of
 * ranges (one per page behind an IOMMU) need one file descriptor.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "board.h"
#include "util.h"

/* Index of the first map that ends after addr. */
static size_t find_map(const struct host *h, uint64_t addr)
{
	size_t lo = 0, hi = h->num;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (h->maps[mid].iova + (h->maps[mid].size - 1) < addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void put_file(struct host *h, struct host_file *f)
{
	size_t i;

	if (!f || --f->users)
		return;
	for (i = 0; i < h->num_files; i++)
		if (h->files[i] == f)
			h->files[i] = h->files[--h->num_files];
	close(f->fd);
	free(f);
}

/* Takes fd over. */
static int get_file(struct host *h, int fd, uint64_t offset, uint64_t size,
		    struct host_file **out)
{
	struct host_file *f, **files;
	struct stat st;
	size_t i;
	int err = -EINVAL;
	int flags = fcntl(fd, F_GETFL) & O_ACCMODE;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size < 0 ||
	    offset > (uint64_t)st.st_size ||
	    size > (uint64_t)st.st_size - offset)
		goto fail;
	for (i = 0; i < h->num_files; i++) {
		f = h->files[i];
		if (f->dev == st.st_dev && f->ino == st.st_ino &&
		    f->flags == flags) {
			f->users++;
			close(fd);
			*out = f;
			return 0;
		}
	}
	err = -ENOMEM;
	files = realloc(h->files, (h->num_files + 1) * sizeof(*files));
	if (!files)
		goto fail;
	h->files = files;
	f = calloc(1, sizeof(*f));
	if (!f)
		goto fail;
	f->fd = fd;
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	f->flags = flags;
	f->users = 1;
	h->files[h->num_files++] = f;
	*out = f;
	return 0;
fail:
	close(fd);
	return err;
}

int host_map(struct board *b, uint64_t iova, uint64_t size, uint32_t flags,
	     int fd, uint64_t offset)
{
	struct host *h = &b->host;
	struct host_file *file = NULL;
	size_t at;
	int err = -EINVAL;

	if (!size || iova + (size - 1) < iova)
		goto fail;
	at = find_map(h, iova);
	err = -EEXIST;
	if (at < h->num && h->maps[at].iova <= iova + (size - 1))
		goto fail;
	err = -ENOSPC;
	if (h->num >= HOST_MAPS_MAX)
		goto fail;
	if (h->num == h->room) {
		size_t room = h->room ? h->room * 2 : 16;
		struct host_map *maps = realloc(h->maps, room * sizeof(*maps));

		err = -ENOMEM;
		if (!maps)
			goto fail;
		h->maps = maps;
		h->room = room;
	}
	if (fd >= 0) {
		err = get_file(h, fd, offset, size, &file);
		if (err)
			return err;
	}
	memmove(h->maps + at + 1, h->maps + at,
		(h->num - at) * sizeof(*h->maps));
	h->maps[at] = (struct host_map){ iova, size, flags, file, offset };
	h->num++;
	return 0;
fail:
	if (fd >= 0)
		close(fd);
	return err;
}

int host_unmap(struct board *b, uint64_t iova, uint64_t size)
{
	struct host *h = &b->host;
	uint64_t last = iova + (size - 1);
	size_t at, end, i;

	if (!size || last < iova)
		return -EINVAL;
	at = find_map(h, iova);
	for (end = at; end < h->num && h->maps[end].iova <= last; end++) {
		const struct host_map *m = &h->maps[end];

		if (m->iova < iova || m->iova + (m->size - 1) > last)
			return -EINVAL;
	}
	for (i = at; i < end; i++)
		put_file(h, h->maps[i].file);
	memmove(h->maps + at, h->maps + end, (h->num - end) * sizeof(*h->maps));
	h->num -= end - at;
	return 0;
}

void host_unmap_all(struct board *b)
{
	struct host *h = &b->host;
	size_t i;

	for (i = 0; i < h->num; i++)
		put_file(h, h->maps[i].file);
	free(h->maps);
	free(h->files);
	memset(h, 0, sizeof(*h));
}

static int file_access(const struct host_file *f, uint64_t offset, uint8_t *buf,
		       size_t len, bool write)
{
	while (len) {
		ssize_t n = write ? pwrite(f->fd, buf, len, offset) :
				    pread(f->fd, buf, len, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -EIO;
		offset += n;
		buf += n;
		len -= n;
	}
	return 0;
}

/*
 * One piece of an access: inside one map, or in front of the next. The map is
 * looked up anew for each, because the client may change it while it is asked.
 */
static int access_piece(struct board *b, uint64_t addr, uint8_t *buf,
			size_t *len, bool write)
{
	const struct host *h = &b->host;
	size_t at = find_map(h, addr);
	const struct host_map *m = at < h->num ? &h->maps[at] : NULL;
	uint64_t off;

	if (!m || m->iova > addr) {
		if (m && m->iova - addr < *len)
			*len = m->iova - addr;
		return vfio_user_dma(b, addr, buf, *len, write);
	}
	off = addr - m->iova;
	if (m->size - off < *len)
		*len = m->size - off;
	if (!m->file || !(m->flags & (write ? HOST_WRITE : HOST_READ)))
		return vfio_user_dma(b, addr, buf, *len, write);
	return file_access(m->file, m->offset + off, buf, *len, write);
}

static int host_access(struct board *b, uint64_t addr, uint8_t *buf, size_t len,
		       bool write)
{
	while (len) {
		size_t n = len;
		int err;

		/* Nothing is behind the last address. */
		if (addr + (n - 1) < addr)
			n = -addr;
		err = access_piece(b, addr, buf, &n, write);
		if (err)
			return err;
		addr += n;
		buf += n;
		len -= n;
	}
	return 0;
}

int host_read(struct board *b, uint64_t addr, void *buf, size_t len)
{
	int err = host_access(b, addr, buf, len, false);

	if (err) {
		b->stats.host_read_faults++;
		trace(b, "host read of 0x%llx +%zu failed: %s",
		      (unsigned long long)addr, len, strerror(-err));
	}
	return err;
}

int host_write(struct board *b, uint64_t addr, const void *buf, size_t len)
{
	int err = host_access(b, addr, (uint8_t *)buf, len, true);

	if (err) {
		b->stats.host_write_faults++;
		trace(b, "host write of 0x%llx +%zu failed: %s",
		      (unsigned long long)addr, len, strerror(-err));
	}
	return 0;
}
