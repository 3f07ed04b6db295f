// SPDX-License-Identifier: GPL-2.0
/*
 * Synchronous copies: every kind of memory, sizes, offsets, and what is
 * refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "board_fixture.h"

#define ROOM MIB

/* Host memory of each kind, as seen by the CPU. */
struct side {
	const char *name;
	uint32_t handle;
	uint8_t *p;
};

static int sides(int fd, const struct akida_ioc_info *i, struct side s[4])
{
	int n = 0, h;

	s[n].name = "host";
	s[n].p = buffer_map(fd, AKIDA_BUFFER_HOST, ROOM, &s[n].handle);
	if (!s[n++].p)
		return -errno;
	s[n].name = "user";
	s[n].p = mmap(NULL, ROOM, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s[n].p == MAP_FAILED)
		return -errno;
	h = buffer_pin(fd, s[n].p, ROOM, 0);
	if (h < 0)
		return h;
	s[n++].handle = h;
	s[n].name = "shared";
	s[n].p = mmap(NULL, ROOM, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s[n].p == MAP_FAILED)
		return -errno;
	h = buffer_pin(fd, s[n].p, ROOM, 0);
	if (h < 0)
		return h;
	s[n++].handle = h;
	if (!(i->caps & AKIDA_CAP_WINDOW))
		return n;
	s[n].name = "window";
	s[n].p = buffer_map(fd, AKIDA_BUFFER_WINDOW, ROOM, &s[n].handle);
	return s[n++].p ? n : -errno;
}

/* There and back, with guards around. */
static int round_trip(int fd, const struct side *from, const struct side *to,
		      uint32_t dev, uint64_t host_at, uint64_t dev_at,
		      uint64_t size, unsigned int seed)
{
	uint8_t *p;
	int err;

	fill(from->p + host_at, size, seed);
	err = copy(fd, dev, dev_at, from->handle, host_at, size);
	if (err)
		return err;
	memset(to->p, 0x5a, ROOM);
	err = copy(fd, to->handle, host_at, dev, dev_at, size);
	if (err)
		return err;
	p = to->p;
	if (differs(p + host_at, size, seed) >= 0)
		return -EILSEQ;
	if (is_not(p, host_at, 0x5a) >= 0 ||
	    is_not(p + host_at + size, ROOM - host_at - size, 0x5a) >= 0)
		return -EOVERFLOW;
	return 0;
}

TEST_F_TIMEOUT(board, every_kind_and_size, 120)
{
	static const uint64_t sizes[] = { 4,	 8,	60,	    64,
					  1020,	 4092,	4096,	    4100,
					  65536, 65540, 131072 + 4, 524288 };
	struct side s[4];
	int n = sides(self->fd, &self->info, s), d;
	unsigned int seed = 1;

	ASSERT_GE(n, 3);
	d = buffer_create(self->fd, AKIDA_BUFFER_DEVICE, 786432, NULL);
	ASSERT_GT(d, 0);
	for (int a = 0; a < n; a++) {
		for (size_t k = 0; k < ARRAY_SIZE(sizes); k++) {
			const struct side *to = &s[(a + k) % n];

			EXPECT_EQ(0, round_trip(self->fd, &s[a], to, d, 0, 0,
						sizes[k], seed++))
			TH_LOG("%s to %s, %llu bytes", s[a].name, to->name,
			       (unsigned long long)sizes[k]);
			EXPECT_EQ(0, round_trip(self->fd, &s[a], to, d, 4, 8,
						sizes[k], seed++))
			TH_LOG("%s to %s, %llu bytes", s[a].name, to->name,
			       (unsigned long long)sizes[k]);
			EXPECT_EQ(0, round_trip(self->fd, &s[a], to, d, 4092,
						65532, sizes[k], seed++))
			TH_LOG("%s to %s, %llu bytes", s[a].name, to->name,
			       (unsigned long long)sizes[k]);
		}
		/* Up to the end of both. */
		EXPECT_EQ(0, round_trip(self->fd, &s[a], &s[a], d,
					ROOM - 786432, 0, 786432, seed++));
		EXPECT_EQ(0, round_trip(self->fd, &s[a], &s[a], d, ROOM - 4,
					786428, 4, seed++));
	}
}

/* Neighbours of a piece of device memory stay as they are. */
TEST_F(board, device_neighbours)
{
	uint32_t host;
	uint8_t *p = buffer_map(self->fd, AKIDA_BUFFER_HOST, 16384, &host);
	int d = buffer_create(self->fd, AKIDA_BUFFER_DEVICE, 16384, NULL);

	ASSERT_NE(NULL, p);
	ASSERT_GT(d, 0);
	fill(p, 16384, 20);
	ASSERT_EQ(0, copy(self->fd, d, 0, host, 0, 16384));
	memset(p, 0x33, 16384);
	ASSERT_EQ(0, copy(self->fd, d, 4100, host, 100, 4096));
	ASSERT_EQ(0, copy(self->fd, host, 0, d, 0, 16384));
	EXPECT_EQ(-1, is_not(p + 4100, 4096, 0x33));
	memset(p + 4100, 0, 4096);
	fill(p + 8196, 0, 0);
	{
		uint8_t *expected = malloc(16384);

		ASSERT_NE(NULL, expected);
		fill(expected, 16384, 20);
		EXPECT_EQ(0, memcmp(expected, p, 4100));
		EXPECT_EQ(0, memcmp(expected + 8196, p + 8196, 16384 - 8196));
		free(expected);
	}
}

/* More than a list holds, of memory in as many pieces as there are pages. */
TEST_F_TIMEOUT(board, large_and_scattered, 120)
{
	uint64_t size =
		variant->chip == AKIDA_CHIP_AKD1000 ? 6 * MIB : 512 * KIB;
	uint8_t *p = mmap(NULL, size + 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t *q = mmap(NULL, size + 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int a, b, d;

	ASSERT_NE(MAP_FAILED, p);
	ASSERT_NE(MAP_FAILED, q);
	/* Frames in an order unlike that of the pages. */
	madvise(p, size + 4096, MADV_NOHUGEPAGE);
	madvise(q, size + 4096, MADV_NOHUGEPAGE);
	for (uint64_t i = 0; i < size / 4096 + 1; i++) {
		p[(i * 7919 % (size / 4096 + 1)) * 4096] = 1;
		q[(i * 104729 % (size / 4096 + 1)) * 4096] = 1;
	}
	a = buffer_pin(self->fd, p + 36, size, 0);
	b = buffer_pin(self->fd, q + 2044, size, 0);
	d = buffer_create(self->fd, AKIDA_BUFFER_DEVICE, size, NULL);
	ASSERT_GT(a, 0);
	ASSERT_GT(b, 0);
	ASSERT_GT(d, 0);
	fill(p + 36, size, 30);
	EXPECT_EQ(0, copy(self->fd, d, 0, a, 0, size));
	EXPECT_EQ(0, copy(self->fd, b, 0, d, 0, size));
	EXPECT_EQ(-1, differs(q + 2044, size, 30));
	EXPECT_EQ(-1, is_not(q + 2044 + size, 4096 - 2044, 0));
}

TEST_F(board, ranges)
{
	struct {
		uint64_t host_at, dev_at, size;
	} bad[] = {
		{ 0, 0, 0 },
		{ 0, 0, 8196 },
		{ 4, 0, 8192 },
		{ 0, 4, 8192 },
		{ 8192, 0, 4 },
		{ 0, 8192, 4 },
		{ 1ULL << 32, 0, 4 },
		{ 0, 1ULL << 32, 4 },
		{ 0, 0, 1ULL << 32 },
		{ 0, 0, (1ULL << 32) + 4 },
		/* Sums that wrap. */
		{ ~0ULL - 3, 0, 8 },
		{ 0, ~0ULL - 3, 8 },
		{ 4, 0, ~0ULL - 3 },
		{ 0, 4, ~0ULL - 3 },
		{ ~0ULL - 3, ~0ULL - 3, 4 },
		{ 1ULL << 63, 0, 1ULL << 63 },
		/* Not multiples of four. */
		{ 1, 0, 4 },
		{ 2, 0, 4 },
		{ 0, 3, 4 },
		{ 0, 0, 1 },
		{ 0, 0, 2 },
		{ 0, 0, 4095 },
	};
	int h = buffer_create(self->fd, AKIDA_BUFFER_HOST, 8192, NULL);
	int d = buffer_create(self->fd, AKIDA_BUFFER_DEVICE, 8192, NULL);
	uint64_t doorbells;

	ASSERT_GT(h, 0);
	ASSERT_GT(d, 0);
	doorbells = counter(&self->b, "dma.doorbells");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, copy(self->fd, d, bad[i].dev_at, h,
					bad[i].host_at, bad[i].size))
		TH_LOG("to the device, case %zu", i);
		EXPECT_EQ(-EINVAL, copy(self->fd, h, bad[i].host_at, d,
					bad[i].dev_at, bad[i].size))
		TH_LOG("from the device, case %zu", i);
		EXPECT_EQ(-EINVAL, copy_async(self->fd, h, bad[i].host_at, d,
					      bad[i].dev_at, bad[i].size))
		TH_LOG("asynchronous, case %zu", i);
	}
	/* Nothing of that reached the board, and none was given a number. */
	EXPECT_EQ(doorbells, counter(&self->b, "dma.doorbells"));
	EXPECT_EQ(1, copy_async(self->fd, d, 0, h, 0, 8192));
	EXPECT_EQ(0, wait_for(self->fd, 1, 5000, NULL));
}

TEST_F(board, pairs)
{
	int h = buffer_create(self->fd, AKIDA_BUFFER_HOST, 4096, NULL);
	int h2 = buffer_create(self->fd, AKIDA_BUFFER_HOST, 4096, NULL);
	int d = buffer_create(self->fd, AKIDA_BUFFER_DEVICE, 4096, NULL);
	int d2 = buffer_create(self->fd, AKIDA_BUFFER_DEVICE, 4096, NULL);

	EXPECT_EQ(-EOPNOTSUPP, copy(self->fd, h, 0, h2, 0, 64));
	EXPECT_EQ(-EOPNOTSUPP, copy(self->fd, d, 0, d2, 0, 64));
	EXPECT_EQ(-EOPNOTSUPP, copy(self->fd, h, 0, h, 0, 64));
	EXPECT_EQ(-EOPNOTSUPP, copy(self->fd, d, 0, d, 64, 64));
	EXPECT_EQ(-ENOENT, copy(self->fd, d, 0, 4000, 0, 64));
	EXPECT_EQ(-ENOENT, copy(self->fd, 4000, 0, h, 0, 64));
	EXPECT_EQ(-ENOENT, copy(self->fd, 0, 0, h, 0, 64));
	EXPECT_EQ(0, buffer_free(self->fd, h2));
	EXPECT_EQ(-ENOENT, copy(self->fd, d, 0, h2, 0, 64));
}

TEST_F(board, read_only_memory)
{
	int zero = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	uint8_t *text, *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint32_t host;
	uint8_t *p = buffer_map(self->fd, AKIDA_BUFFER_HOST, 4096, &host);
	int d = buffer_create(self->fd, AKIDA_BUFFER_DEVICE, 4096, NULL), r;

	ASSERT_GE(zero, 0);
	ASSERT_NE(MAP_FAILED, page);
	ASSERT_NE(NULL, p);
	text = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, zero, 0);
	ASSERT_NE(MAP_FAILED, text);
	/* A mapping that can only be read needs the flag. */
	EXPECT_EQ(-EFAULT, buffer_pin(self->fd, text, 4096, 0));
	r = buffer_pin(self->fd, text, 4096, AKIDA_BUFFER_READ_ONLY);
	ASSERT_GT(r, 0);
	EXPECT_EQ(0, copy(self->fd, d, 0, r, 0, 4096));
	EXPECT_EQ(-EACCES, copy(self->fd, r, 0, d, 0, 4096));
	EXPECT_EQ(-EACCES, copy_async(self->fd, r, 0, d, 0, 4096));
	EXPECT_EQ(0, copy(self->fd, host, 0, d, 0, 4096));
	EXPECT_EQ(0, memcmp(p, text, 4096));
	/* The flag holds for memory that could be written, too. */
	r = buffer_pin(self->fd, page, 4096, AKIDA_BUFFER_READ_ONLY);
	ASSERT_GT(r, 0);
	EXPECT_EQ(-EACCES, copy(self->fd, r, 0, d, 0, 4));
	EXPECT_EQ(-1, is_not(page, 4096, 0));
	EXPECT_EQ(0, copy(self->fd, d, 0, r, 0, 4096));
	close(zero);
}

/* A read-only pin of memory that is written afterwards sees what was written:
 * the page is the process's own, no copy of it.
 */
TEST_F(board, pinned_memory_is_the_callers)
{
	uint8_t *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint32_t host;
	uint8_t *p = buffer_map(self->fd, AKIDA_BUFFER_HOST, 8192, &host);
	int d = buffer_create(self->fd, AKIDA_BUFFER_DEVICE, 8192, NULL), r, w;

	ASSERT_NE(MAP_FAILED, page);
	ASSERT_NE(NULL, p);
	/* Never touched before: the zero page, or worse. */
	r = buffer_pin(self->fd, page, 4096, AKIDA_BUFFER_READ_ONLY);
	w = buffer_pin(self->fd, page + 4096, 4096, 0);
	ASSERT_GT(r, 0);
	ASSERT_GT(w, 0);
	fill(page, 4096, 40);
	ASSERT_EQ(0, copy(self->fd, d, 0, r, 0, 4096));
	ASSERT_EQ(0, copy(self->fd, host, 0, d, 0, 4096));
	EXPECT_EQ(-1, differs(p, 4096, 40));
	fill(p, 4096, 41);
	ASSERT_EQ(0, copy(self->fd, d, 0, host, 0, 4096));
	ASSERT_EQ(0, copy(self->fd, w, 0, d, 0, 4096));
	EXPECT_EQ(-1, differs(page + 4096, 4096, 41));
}

/* The pages stay pinned though the process unmapped them. */
TEST_F(board, unmapped_while_pinned)
{
	uint8_t *page = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint32_t host;
	uint8_t *p = buffer_map(self->fd, AKIDA_BUFFER_HOST, 65536, &host);
	int d = buffer_create(self->fd, AKIDA_BUFFER_DEVICE, 65536, NULL), w;

	ASSERT_NE(MAP_FAILED, page);
	ASSERT_NE(NULL, p);
	w = buffer_pin(self->fd, page, 65536, 0);
	ASSERT_GT(w, 0);
	fill(page, 65536, 50);
	ASSERT_EQ(0, munmap(page, 65536));
	/* Other memory takes its place, and other owners want memory. */
	page = mmap(page, 65536, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	ASSERT_NE(MAP_FAILED, page);
	memset(page, 0x11, 65536);
	ASSERT_EQ(0, copy(self->fd, d, 0, w, 0, 65536));
	ASSERT_EQ(0, copy(self->fd, host, 0, d, 0, 65536));
	EXPECT_EQ(-1, differs(p, 65536, 50));
	memset(p, 0x22, 65536);
	ASSERT_EQ(0, copy(self->fd, d, 0, host, 0, 65536));
	ASSERT_EQ(0, copy(self->fd, w, 0, d, 0, 65536));
	EXPECT_EQ(-1, is_not(page, 65536, 0x11));
}

TEST_F(board, memory_that_cannot_be_pinned)
{
	uint8_t *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct akida_ioc_buffer b;
	uint8_t *p;

	ASSERT_NE(MAP_FAILED, page);
	EXPECT_EQ(-EFAULT, buffer_pin(self->fd, NULL, 4096, 0));
	EXPECT_EQ(-EFAULT,
		  buffer_pin(self->fd, (void *)0xffff888000000000UL, 4096, 0));
	EXPECT_EQ(-EFAULT,
		  buffer_pin(self->fd, (void *)(~0UL - 4095), 4096, 0));
	/* An end that wraps is a wrong size or no memory. */
	EXPECT_TRUE(buffer_pin(self->fd, (void *)(~0UL - 4095), 8192, 0) < 0);
	ASSERT_EQ(0, mprotect(page, 4096, PROT_NONE));
	EXPECT_EQ(-EFAULT, buffer_pin(self->fd, page, 4096, 0));
	EXPECT_EQ(-EFAULT,
		  buffer_pin(self->fd, page, 4096, AKIDA_BUFFER_READ_ONLY));
	/* The second half is fine, the first is not, and the other way round. */
	EXPECT_EQ(-EFAULT, buffer_pin(self->fd, page, 8192, 0));
	ASSERT_EQ(0, mprotect(page, 4096, PROT_READ | PROT_WRITE));
	ASSERT_EQ(0, munmap(page + 4096, 4096));
	EXPECT_EQ(-EFAULT, buffer_pin(self->fd, page, 8192, 0));
	/* Alignment. */
	EXPECT_EQ(-EINVAL, buffer_pin(self->fd, page + 1, 64, 0));
	EXPECT_EQ(-EINVAL, buffer_pin(self->fd, page + 2, 64, 0));
	EXPECT_EQ(-EINVAL, buffer_pin(self->fd, page, 65, 0));
	EXPECT_EQ(-EINVAL, buffer_pin(self->fd, page, 0, 0));
	EXPECT_EQ(-EINVAL,
		  buffer_pin(self->fd, page, AKIDA_MAX_BUFFER_SIZE + 4, 0));
	EXPECT_GT(buffer_pin(self->fd, page + 4, 64, 0), 0);
	/* A mapping of a driver: this one's own. */
	ASSERT_GT(buffer_create(self->fd, AKIDA_BUFFER_HOST, 4096, &b), 0);
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd,
		 (off_t)b.mmap_offset);
	ASSERT_NE(MAP_FAILED, p);
	{
		int err = buffer_pin(self->fd, p, 4096, 0);

		EXPECT_TRUE(err == -EOPNOTSUPP || err == -EFAULT)
		TH_LOG("it says %d", err);
	}
}

/* Of each buffer at most the asked bytes can be reached, not its last page. */
TEST_F(board, user_memory_ends_where_it_ends)
{
	uint8_t *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int d = buffer_create(self->fd, AKIDA_BUFFER_DEVICE, 4096, NULL), w;

	ASSERT_NE(MAP_FAILED, page);
	w = buffer_pin(self->fd, page + 100, 200, 0);
	ASSERT_GT(w, 0);
	EXPECT_EQ(-EINVAL, copy(self->fd, w, 0, d, 0, 204));
	EXPECT_EQ(-EINVAL, copy(self->fd, w, 200, d, 0, 4));
	memset(page, 0x66, 4096);
	EXPECT_EQ(0, copy(self->fd, w, 0, d, 0, 200));
	EXPECT_EQ(-1, is_not(page, 100, 0x66));
	EXPECT_EQ(-1, is_not(page + 100, 200, 0));
	EXPECT_EQ(-1, is_not(page + 300, 4096 - 300, 0x66));
}

TEST_HARNESS_MAIN
