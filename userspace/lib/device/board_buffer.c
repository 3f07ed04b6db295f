// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Memory that a board's DMA reaches.
 */
#define _FILE_OFFSET_BITS 64

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <akida.h>

#include "common/export.h"
#include "device/board.h"

/* Kinds and flags are handed through. */
#define SAME(ours, drivers) _Static_assert((int)(ours) == (int)(drivers), #ours)
SAME(AKIDA_MEMORY_HOST, AKIDA_BUFFER_HOST);
SAME(AKIDA_MEMORY_USER, AKIDA_BUFFER_USER);
SAME(AKIDA_MEMORY_DEVICE, AKIDA_BUFFER_DEVICE);
SAME(AKIDA_MEMORY_WINDOW, AKIDA_BUFFER_WINDOW);
SAME(AKIDA_MEMORY_READ_ONLY, AKIDA_BUFFER_READ_ONLY);
_Static_assert(sizeof(off_t) == 8, "buffers are mapped beyond 1 TiB");

static const char *memory_name(enum akida_memory memory)
{
	switch (memory) {
	case AKIDA_MEMORY_HOST:
		return "host";
	case AKIDA_MEMORY_USER:
		return "the program's";
	case AKIDA_MEMORY_DEVICE:
		return "device";
	case AKIDA_MEMORY_WINDOW:
		return "window";
	}
	return "unknown";
}

static int no_space(struct akida_board *b, int code,
		    const struct akida_ioc_buffer *ask)
{
	struct akida_board_info i;

	if (akida_board_info(b, &i, sizeof(i)))
		return ak_board_fail(b, code, "no memory is left");
	if (ask->kind == AKIDA_BUFFER_DEVICE && ask->size > i.device_largest)
		return ak_errf(
			&b->err, code,
			"%s: no room for %llu bytes of device memory: %llu of %llu are free, at most %llu in one piece; free buffers, or end other users of the board",
			b->node, (unsigned long long)ask->size,
			(unsigned long long)i.device_free,
			(unsigned long long)i.device_memory,
			(unsigned long long)i.device_largest);
	if (ask->kind == AKIDA_BUFFER_WINDOW &&
	    (ask->size > i.window_free || !i.window_regions))
		return ak_errf(
			&b->err, code,
			"%s: no room for %llu bytes in the window: %llu of %llu are free, with %u regions; each buffer takes a region",
			b->node, (unsigned long long)ask->size,
			(unsigned long long)i.window_free,
			(unsigned long long)i.window_size, i.window_regions);
	return ak_errf(
		&b->err, code,
		"%s: no room for a buffer of %llu bytes; an open board has at most %u buffers, and its memory may be in pieces",
		b->node, (unsigned long long)ask->size, AKIDA_MAX_BUFFERS);
}

static int no_memory(struct akida_board *b, int code,
		     const struct akida_ioc_buffer *ask)
{
	struct rlimit lock = { 0 };

	if (ask->kind != AKIDA_BUFFER_USER)
		return ak_errf(
			&b->err, code,
			"%s: the host has no %llu bytes of %s memory in one piece for the board; use smaller buffers, an IOMMU, or memory of the program",
			b->node, (unsigned long long)ask->size,
			memory_name((enum akida_memory)ask->kind));
	getrlimit(RLIMIT_MEMLOCK, &lock);
	if (lock.rlim_cur == RLIM_INFINITY)
		return ak_board_fail(b, code, "no memory to pin %llu bytes",
				     (unsigned long long)ask->size);
	return ak_errf(
		&b->err, code,
		"%s: %llu bytes cannot be pinned: this user may lock %llu KiB (RLIMIT_MEMLOCK), other buffers included; raise it with 'ulimit -l' or in /etc/security/limits.d",
		b->node, (unsigned long long)ask->size,
		(unsigned long long)(lock.rlim_cur >> 10));
}

static int refused(struct akida_board *b, int code,
		   const struct akida_ioc_buffer *ask)
{
	unsigned long long size = ask->size;

	switch (-code) {
	case ENOSPC:
		return no_space(b, code, ask);
	case ENOMEM:
		return no_memory(b, code, ask);
	case EFAULT:
		return ak_errf(
			&b->err, code,
			"%s: %llu bytes at %#llx are not all there, or not writable; for memory that is only read say so",
			b->node, size, (unsigned long long)ask->user_addr);
	case EOPNOTSUPP:
		if (ask->kind == AKIDA_BUFFER_WINDOW)
			return ak_errf(
				&b->err, code,
				"%s: the chip has no window to host memory; an AKD1500 has one",
				b->node);
		return ak_errf(
			&b->err, code,
			"%s: memory of this kind cannot be pinned (%llu bytes at %#llx): a mapping of a device or of a file on disk; use memory from malloc() or mmap(MAP_ANONYMOUS)",
			b->node, size, (unsigned long long)ask->user_addr);
	case EINVAL:
		return ak_errf(
			&b->err, code,
			"%s: no %s memory of %llu bytes at %#llx: the size must be from 1 to %llu, and the address and size of the program's memory multiples of %u",
			b->node, memory_name((enum akida_memory)ask->kind),
			size, (unsigned long long)ask->user_addr,
			(unsigned long long)AKIDA_MAX_BUFFER_SIZE, b->align);
	}
	return ak_board_fail(b, code, "no buffer of %llu bytes", size);
}

static int create(struct akida_board *b, struct akida_ioc_buffer *ask,
		  struct akida_buffer **out)
{
	/* What was asked for; the driver writes into the structure. */
	const struct akida_ioc_buffer asked = *ask;
	struct akida_buffer *buf;
	int rc;

	*out = NULL;
	buf = calloc(1, sizeof(*buf));
	if (!buf)
		return ak_board_fail(b, -ENOMEM, "no buffer");
	rc = ak_board_ioctl(b, AKIDA_IOC_BUFFER_CREATE, ask);
	if (rc) {
		free(buf);
		return rc == -EBADF ? ak_board_fail(b, rc, "no buffer") :
				      refused(b, rc, &asked);
	}
	buf->board = b;
	b->refs++;
	buf->memory = (enum akida_memory)asked.kind;
	buf->handle = ask->handle;
	buf->flags = asked.flags;
	buf->size = ask->size;
	buf->mmap_offset = ask->mmap_offset;
	buf->device_address = ask->device_addr;
	*out = buf;
	return 0;
}

AK_EXPORT int akida_buffer_new(struct akida_board *b, enum akida_memory memory,
			       uint64_t size, struct akida_buffer **out)
{
	struct akida_ioc_buffer ask = { .kind = memory, .size = size };

	if (memory == AKIDA_MEMORY_USER) {
		*out = NULL;
		return ak_errf(
			&b->err, -EINVAL,
			"the program's own memory is for akida_buffer_new_user()");
	}
	return create(b, &ask, out);
}

AK_EXPORT int akida_buffer_new_user(struct akida_board *b, void *data,
				    size_t size, uint32_t flags,
				    struct akida_buffer **out)
{
	struct akida_ioc_buffer ask = {
		.kind = AKIDA_BUFFER_USER,
		.flags = flags,
		.size = size,
		.user_addr = (uintptr_t)data,
	};
	int rc = create(b, &ask, out);

	if (!rc)
		(*out)->data = data;
	return rc;
}

AK_EXPORT void akida_buffer_free(struct akida_buffer *buf)
{
	struct akida_ioc_buffer_free ask = { 0 };

	if (!buf)
		return;
	if (buf->data && buf->memory != AKIDA_MEMORY_USER)
		munmap(buf->data, buf->size);
	/* A board that is gone has freed it already. */
	ask.handle = buf->handle;
	ak_board_ioctl(buf->board, AKIDA_IOC_BUFFER_FREE, &ask);
	ak_board_put(buf->board);
	free(buf);
}

AK_EXPORT uint64_t akida_buffer_size(const struct akida_buffer *buf)
{
	return buf->size;
}

AK_EXPORT uint64_t akida_buffer_device_address(const struct akida_buffer *buf)
{
	return buf->device_address;
}

AK_EXPORT int akida_buffer_map(struct akida_buffer *buf, void **data)
{
	struct akida_board *b = buf->board;
	void *p;

	*data = buf->data;
	if (buf->data)
		return 0;
	if (!buf->mmap_offset)
		return ak_errf(
			&b->err, -EOPNOTSUPP,
			"%s: the processor cannot reach this part of the device memory, as no PCI BAR shows it; copy it to host memory",
			b->node);
	if (buf->size > SIZE_MAX)
		return ak_board_fail(b, -EFBIG, "a buffer cannot be mapped");
	p = mmap(NULL, (size_t)buf->size, PROT_READ | PROT_WRITE, MAP_SHARED,
		 b->fd, (off_t)buf->mmap_offset);
	if (p == MAP_FAILED) {
		int code = -errno;

		if (code == -EOPNOTSUPP)
			return ak_errf(
				&b->err, code,
				"%s: the processor cannot reach this part of the device memory, as no PCI BAR shows it; copy it to host memory",
				b->node);
		return ak_board_fail(b, code, "a buffer cannot be mapped");
	}
	buf->data = p;
	*data = p;
	return 0;
}
