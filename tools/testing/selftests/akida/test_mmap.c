// SPDX-License-Identifier: GPL-2.0
/*
 * Mappings of buffers: what they show, how long, and what cannot be mapped.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "board_fixture.h"

static void *map(int fd, uint64_t size, uint64_t offset, int prot)
{
	void *p = mmap(NULL, size, prot, MAP_SHARED, fd, (off_t)offset);

	return p == MAP_FAILED ? NULL : p;
}

#define RW (PROT_READ | PROT_WRITE)

TEST_F(board, host_buffer)
{
	struct akida_ioc_buffer b;
	uint8_t *p, *q;

	ASSERT_GT(buffer_create(self->fd, AKIDA_BUFFER_HOST, 16384, &b), 0);
	p = map(self->fd, 16384, b.mmap_offset, RW);
	ASSERT_NE(NULL, p);
	fill(p, 16384, 1);
	/* A part, elsewhere; readable only; the same memory. */
	q = map(self->fd, 4096, b.mmap_offset + 8192, PROT_READ);
	ASSERT_NE(NULL, q);
	EXPECT_EQ(0, memcmp(p + 8192, q, 4096));
	p[8192 + 7] ^= 0xff;
	EXPECT_EQ(p[8192 + 7], q[7]);
	EXPECT_EQ(0, munmap(q, 4096));
	EXPECT_EQ(0, munmap(p, 16384));
}

TEST_F(board, beyond_a_buffer)
{
	struct akida_ioc_buffer b;

	ASSERT_GT(buffer_create(self->fd, AKIDA_BUFFER_HOST, 8192, &b), 0);
	EXPECT_EQ(NULL, map(self->fd, 12288, b.mmap_offset, RW));
	EXPECT_EQ(NULL, map(self->fd, 8192, b.mmap_offset + 4096, RW));
	EXPECT_EQ(NULL, map(self->fd, 4096, b.mmap_offset + 8192, RW));
	EXPECT_EQ(NULL, map(self->fd, 1ULL << 40, b.mmap_offset, RW));
	EXPECT_EQ(NULL, map(self->fd, 4096, AKIDA_MMAP_END, RW));
	EXPECT_EQ(NULL, map(self->fd, 4096, AKIDA_MMAP_END - 4096, RW));
	EXPECT_EQ(NULL, map(self->fd, 4096, 1ULL << 50, RW));
	/* A page that two buffers would share. */
	EXPECT_EQ(NULL, map(self->fd, 8192, AKIDA_MMAP_BUFFERS - 4096, RW));
}

TEST_F(board, private_and_executable)
{
	struct akida_ioc_buffer b;

	ASSERT_GT(buffer_create(self->fd, AKIDA_BUFFER_HOST, 4096, &b), 0);
	/* A private copy of what a board writes to would be no mapping of it. */
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, RW, MAP_PRIVATE, self->fd,
				   (off_t)b.mmap_offset));
	EXPECT_EQ(-1, is_not(map(self->fd, 4096, b.mmap_offset, RW), 4096, 0));
}

TEST_F(board, of_another_file)
{
	int other = dev_open(&self->b);
	struct akida_ioc_buffer b;

	ASSERT_GE(other, 0);
	ASSERT_GT(buffer_create(self->fd, AKIDA_BUFFER_HOST, 4096, &b), 0);
	EXPECT_EQ(NULL, map(other, 4096, b.mmap_offset, RW));
	close(other);
}

TEST_F(board, stays_when_the_handle_goes)
{
	struct akida_ioc_buffer b, c;
	uint8_t *p;
	int h = buffer_create(self->fd, AKIDA_BUFFER_HOST, 8192, &b);

	ASSERT_GT(h, 0);
	p = map(self->fd, 8192, b.mmap_offset, RW);
	ASSERT_NE(NULL, p);
	fill(p, 8192, 2);
	EXPECT_EQ(0, buffer_free(self->fd, h));
	EXPECT_EQ(NULL, map(self->fd, 4096, b.mmap_offset, RW));
	/* The memory is not given to anybody else meanwhile. */
	for (int k = 0; k < 30; k++) {
		uint32_t other;
		uint8_t *q =
			buffer_map(self->fd, AKIDA_BUFFER_HOST, 8192, &other);

		ASSERT_NE(NULL, q);
		memset(q, 0x77, 8192);
	}
	EXPECT_EQ(-1, differs(p, 8192, 2));
	ASSERT_GT(buffer_create(self->fd, AKIDA_BUFFER_DEVICE, 8192, &c), 0);
	EXPECT_EQ(0, munmap(p, 8192));
}

TEST_F(board, stays_when_the_file_goes)
{
	uint32_t h;
	uint8_t *p = buffer_map(self->fd, AKIDA_BUFFER_HOST, 8192, &h);

	ASSERT_NE(NULL, p);
	fill(p, 8192, 3);
	close(self->fd);
	EXPECT_EQ(-1, differs(p, 8192, 3));
	fill(p, 8192, 4);
	EXPECT_EQ(-1, differs(p, 8192, 4));
	munmap(p, 8192);
	self->fd = dev_open(&self->b);
	ASSERT_GE(self->fd, 0);
}

TEST_F(board, grow_split_and_move)
{
	uint32_t h;
	uint8_t *p = buffer_map(self->fd, AKIDA_BUFFER_HOST, 16384, &h), *q;

	ASSERT_NE(NULL, p);
	fill(p, 16384, 5);
	/* It cannot grow beyond the buffer. */
	EXPECT_EQ(MAP_FAILED, mremap(p, 16384, 32768, MREMAP_MAYMOVE));
	/* A hole in its middle; the ends stay. */
	EXPECT_EQ(0, munmap(p + 4096, 8192));
	q = map(self->fd, 4096, AKIDA_MMAP_BUFFERS, RW);
	if (q)
		munmap(q, 4096);
	EXPECT_EQ(0, buffer_free(self->fd, h));
	fill(p, 4096, 5);
	EXPECT_EQ(-1, differs(p, 4096, 5));
	EXPECT_EQ(0, mprotect(p, 4096, PROT_READ));
	EXPECT_EQ(-1, differs(p, 4096, 5));
	EXPECT_EQ(0, munmap(p, 4096));
	p[12288] = 9;
	EXPECT_EQ(9, p[12288]);
	EXPECT_EQ(0, munmap(p + 12288, 4096));
}

TEST_F(board, moved)
{
	uint32_t h;
	uint8_t *p = buffer_map(self->fd, AKIDA_BUFFER_HOST, 8192, &h), *q;

	ASSERT_NE(NULL, p);
	fill(p, 8192, 6);
	q = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, q);
	q = mremap(p, 8192, 8192, MREMAP_MAYMOVE | MREMAP_FIXED, q);
	ASSERT_NE(MAP_FAILED, q);
	EXPECT_EQ(-1, differs(q, 8192, 6));
	EXPECT_EQ(0, buffer_free(self->fd, h));
	EXPECT_EQ(-1, differs(q, 8192, 6));
	munmap(q, 8192);
}

/* A child may have the mapping or not, but must not crash the kernel by it. */
TEST_F(board, forked)
{
	uint32_t h;
	uint8_t *p = buffer_map(self->fd, AKIDA_BUFFER_HOST, 8192, &h);
	int status;
	pid_t pid;

	ASSERT_NE(NULL, p);
	fill(p, 8192, 7);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		sleep_ms(50);
		_exit(differs(p, 8192, 7) < 0 ? 0 : 1);
	}
	munmap(p, 8192);
	close(self->fd);
	self->fd = -1;
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(status == 0 || WIFSIGNALED(status));
}

TEST_F(board, device_buffer)
{
	struct akida_ioc_buffer b;
	uint32_t host;
	uint8_t *h = buffer_map(self->fd, AKIDA_BUFFER_HOST, 8192, &host), *p;
	int d = buffer_create(self->fd, AKIDA_BUFFER_DEVICE, 8192, &b);

	ASSERT_NE(NULL, h);
	ASSERT_GT(d, 0);
	if (!(self->info.caps & AKIDA_CAP_DEVMEM_MMAP)) {
		struct akida_ioc_buffer e;

		/* Where it would be, if there were a way. */
		ASSERT_EQ(0U, b.mmap_offset);
		ASSERT_GT(buffer_create(self->fd, AKIDA_BUFFER_HOST, 4096, &e),
			  0);
		for (uint64_t at = AKIDA_MMAP_BUFFERS;
		     at < AKIDA_MMAP_BUFFERS + (16ULL << 32);
		     at += 1ULL << 32) {
			p = mmap(NULL, 4096, RW, MAP_SHARED, self->fd,
				 (off_t)at);
			if (p != MAP_FAILED) {
				/* One of the host buffers. */
				munmap(p, 4096);
			} else if (at ==
				   AKIDA_MMAP_BUFFERS + ((uint64_t)d << 32)) {
				EXPECT_EQ(EOPNOTSUPP, errno);
			}
		}
		return;
	}
	p = map(self->fd, 8192, b.mmap_offset, RW);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(-1, is_not(p, 8192, 0));
	/* By the CPU in 32-bit words, by DMA out. */
	for (int i = 0; i < 2048; i++)
		((volatile uint32_t *)p)[i] = i * 0x01010101U;
	ASSERT_EQ(0, copy(self->fd, host, 0, d, 0, 8192));
	for (int i = 0; i < 2048; i++)
		ASSERT_EQ(i * 0x01010101U, ((uint32_t *)h)[i]);
	/* And the other way round. */
	fill(h, 8192, 8);
	ASSERT_EQ(0, copy(self->fd, d, 0, host, 0, 8192));
	for (int i = 0; i < 2048; i++)
		ASSERT_EQ(((uint32_t *)h)[i], ((volatile uint32_t *)p)[i]);
	/* Freed, it is not given to anybody while it is mapped. */
	EXPECT_EQ(0, buffer_free(self->fd, d));
	while ((d = buffer_create(self->fd, AKIDA_BUFFER_DEVICE, 4096, &b)) > 0)
		;
	EXPECT_EQ(-ENOSPC, d);
	EXPECT_EQ(((uint32_t *)h)[100], ((volatile uint32_t *)p)[100]);
	munmap(p, 8192);
	EXPECT_GT(buffer_create(self->fd, AKIDA_BUFFER_DEVICE, 4096, &b), 0);
}

/* Window memory: the CPU's view and the board's (its DMA by device address,
 * which the driver's own copies do not use) are one.
 */
TEST_F(board, window_buffer)
{
	struct akida_ioc_buffer b;
	uint32_t host, dev;
	uint8_t *p, *h;
	int w, d;

	if (variant->chip == AKIDA_CHIP_AKD1000) {
		/* It has no window. */
		EXPECT_EQ(-EOPNOTSUPP,
			  buffer_create(self->fd, AKIDA_BUFFER_WINDOW, 4096,
					NULL));
		return;
	}
	w = buffer_create(self->fd, AKIDA_BUFFER_WINDOW, 65536, &b);
	ASSERT_GT(w, 0);
	p = map(self->fd, 65536, b.mmap_offset, RW);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(-1, is_not(p, 65536, 0));
	fill(p, 65536, 9);
	h = buffer_map(self->fd, AKIDA_BUFFER_HOST, 65536, &host);
	ASSERT_NE(NULL, h);
	d = buffer_create(self->fd, AKIDA_BUFFER_DEVICE, 65536, NULL);
	ASSERT_GT(d, 0);
	dev = d;
	ASSERT_EQ(0, copy(self->fd, dev, 0, w, 0, 65536));
	ASSERT_EQ(0, copy(self->fd, host, 0, dev, 0, 65536));
	EXPECT_EQ(-1, differs(h, 65536, 9));
	fill(h, 65536, 10);
	ASSERT_EQ(0, copy(self->fd, dev, 0, host, 0, 65536));
	ASSERT_EQ(0, copy(self->fd, w, 0, dev, 0, 65536));
	EXPECT_EQ(-1, differs(p, 65536, 10));
}

TEST_F(board, user_buffer)
{
	static char page[4096] __attribute__((aligned(4096)));
	struct akida_ioc_buffer q = { 0 };
	int h = buffer_pin(self->fd, page, 4096, 0);

	ASSERT_GT(h, 0);
	q.handle = h;
	ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_BUFFER_QUERY, &q));
	EXPECT_EQ(0U, q.mmap_offset);
	EXPECT_EQ((uintptr_t)page, q.user_addr);
	EXPECT_EQ(4096U, q.size);
}

/* The page with the DMA lists is never seen: no mapping of the vendor's
 * interface for whom it is not, none of ours that leads there.
 */
TEST_F(board, offset_zero)
{
	pid_t pid = fork();
	int status;

	ASSERT_GE(pid, 0);
	if (!pid) {
		int fd;

		if (become("user"))
			_exit(1);
		fd = dev_open(&self->b);
		if (fd < 0)
			_exit(2);
		for (uint64_t at = 0; at < 1ULL << 32; at += 1ULL << 28) {
			if (map(fd, 4096, at, PROT_READ))
				_exit(3);
		}
		if (map(fd, 4096, 0x20000000, PROT_READ) ||
		    map(fd, 4096, 0xfcc00000, PROT_READ))
			_exit(4);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_HARNESS_MAIN
