// SPDX-License-Identifier: GPL-2.0
/*
 * The board's address space. All memory lies in one memfd, so that 256 MiB
 * cost nothing until they are written, and so that BAR4 can be handed out to
 * be mapped.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "board.h"
#include "util.h"

static const struct map_entry *find_entry(const struct board *b, uint64_t addr)
{
	const struct map_entry *e;

	for (e = b->chip->map; e->size; e++)
		if (addr >= e->base && addr - e->base < e->size)
			return e;
	return NULL;
}

int memory_init(struct board *b)
{
	const struct map_entry *e;
	size_t size = 0;

	for (e = b->chip->map; e->size; e++)
		if (e->kind == MAP_RAM)
			size += e->size;
	b->mem.fd = memfd_create("akida-board", MFD_CLOEXEC);
	if (b->mem.fd < 0)
		return -errno;
	if (ftruncate(b->mem.fd, size))
		goto fail;
	b->mem.data = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_NORESERVE, b->mem.fd, 0);
	if (b->mem.data == MAP_FAILED)
		goto fail;
	b->mem.size = size;
	return 0;
fail:
	size = errno;
	close(b->mem.fd);
	b->mem.fd = -1;
	b->mem.data = NULL;
	return -(int)size;
}

void memory_clear(struct board *b)
{
	/* Gives the pages back; if that cannot be, zero them. */
	if (madvise(b->mem.data, b->mem.size, MADV_REMOVE))
		memset(b->mem.data, 0, b->mem.size);
}

void memory_exit(struct board *b)
{
	if (!b->mem.data)
		return;
	munmap(b->mem.data, b->mem.size);
	close(b->mem.fd);
	b->mem.data = NULL;
}

int64_t memory_offset(const struct board *b, uint64_t addr, uint64_t *avail)
{
	const struct map_entry *e;
	int64_t base = 0;

	for (e = b->chip->map; e->size; e++) {
		if (e->kind != MAP_RAM)
			continue;
		if (addr >= e->base && addr - e->base < e->size) {
			if (avail)
				*avail = e->size - (addr - e->base);
			return base + (int64_t)(addr - e->base);
		}
		base += (int64_t)e->size;
	}
	return -1;
}

size_t bus_span(const struct board *b, uint64_t addr, size_t len)
{
	const struct map_entry *e = find_entry(b, addr);
	uint64_t host;

	if (!e)
		return 0;
	if (e->size - (addr - e->base) < len)
		len = e->size - (addr - e->base);
	if (e->kind == MAP_WINDOW)
		len = iatu_outbound(&b->iatu, addr, len, &host);
	return len;
}

void regs_access(struct board *b, uint32_t (*read32)(struct board *, uint32_t),
		 void (*write32)(struct board *, uint32_t, uint32_t),
		 uint32_t off, uint8_t *buf, size_t len)
{
	while (len) {
		uint32_t reg = off & ~3u, at = off & 3;
		size_t n = min_size(4 - at, len);
		uint8_t word[4];

		if (!write32) {
			put_le32(word, read32(b, reg));
			memcpy(buf, word + at, n);
		} else {
			if (n < 4)
				put_le32(word, read32(b, reg));
			memcpy(word + at, buf, n);
			write32(b, reg, get_le32(word));
		}
		off += n;
		buf += n;
		len -= n;
	}
}

static void count_illegal(struct board *b, enum bus_master who, uint64_t addr)
{
	static const char *const names[] = { "BAR", "DMA engine", "core" };

	switch (who) {
	case BUS_MMIO:
		b->stats.illegal_mmio++;
		break;
	case BUS_DMA:
		b->stats.illegal_dma++;
		break;
	case BUS_CORE:
		b->stats.illegal_core++;
		break;
	}
	trace(b, "illegal access of the %s to 0x%llx", names[who],
	      (unsigned long long)addr);
}

static int access_window(struct board *b, uint64_t addr, uint8_t *buf,
			 size_t len, bool write)
{
	while (len) {
		uint64_t host;
		size_t n = iatu_outbound(&b->iatu, addr, len, &host);
		int err;

		if (!n)
			return -EFAULT;
		err = write ? host_write(b, host, buf, n) :
			      host_read(b, host, buf, n);
		if (err)
			return err;
		addr += n;
		buf += n;
		len -= n;
	}
	return 0;
}

/* buf is only read when write is set. */
static int access_bus(struct board *b, uint64_t addr, uint8_t *buf, size_t len,
		      enum bus_master who, bool write)
{
	while (len) {
		const struct map_entry *e = find_entry(b, addr);
		size_t n = len;
		int err = 0;

		/*
		 * A CPU access that comes back to host memory would wait for
		 * the CPU that waits for it, so nothing answers it here.
		 */
		if (!e || (e->kind == MAP_WINDOW && who == BUS_MMIO)) {
			count_illegal(b, who, addr);
			return -EFAULT;
		}
		if (e->size - (addr - e->base) < n)
			n = e->size - (addr - e->base);
		switch (e->kind) {
		case MAP_RAM:
			if (write)
				memcpy(b->mem.data +
					       memory_offset(b, addr, NULL),
				       buf, n);
			else
				memcpy(buf,
				       b->mem.data +
					       memory_offset(b, addr, NULL),
				       n);
			break;
		case MAP_REGS:
			regs_access(b, e->read32, write ? e->write32 : NULL,
				    addr - e->base, buf, n);
			break;
		case MAP_WINDOW:
			err = access_window(b, addr, buf, n, write);
			break;
		}
		if (err == -EFAULT)
			count_illegal(b, who, addr);
		if (err)
			return err;
		addr += n;
		buf += n;
		len -= n;
	}
	return 0;
}

int bus_read(struct board *b, uint64_t addr, void *buf, size_t len,
	     enum bus_master who)
{
	return access_bus(b, addr, buf, len, who, false);
}

int bus_write(struct board *b, uint64_t addr, const void *buf, size_t len,
	      enum bus_master who)
{
	return access_bus(b, addr, (uint8_t *)buf, len, who, true);
}
