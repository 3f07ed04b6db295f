// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers: making, asking, freeing; whose they are; that they are zero.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "board_fixture.h"

static const uint32_t kinds[] = { AKIDA_BUFFER_HOST, AKIDA_BUFFER_DEVICE,
				  AKIDA_BUFFER_WINDOW };

#define NUM_KINDS (ARRAY_SIZE(kinds))

static bool has(const struct akida_ioc_info *i, uint32_t kind)
{
	return kind != AKIDA_BUFFER_WINDOW || (i->caps & AKIDA_CAP_WINDOW);
}

TEST_F(board, fields)
{
	for (size_t k = 0; k < NUM_KINDS; k++) {
		struct akida_ioc_buffer b, q = { 0 };
		int h;

		if (!has(&self->info, kinds[k]))
			continue;
		h = buffer_create(self->fd, kinds[k], 5000, &b);
		ASSERT_GT(h, 0);
		EXPECT_EQ(kinds[k], b.kind);
		EXPECT_EQ(0U, b.flags);
		EXPECT_GE(b.size, 8192U);
		EXPECT_EQ(0U, b.size % self->info.page_size);
		EXPECT_EQ(0U, b.user_addr);
		EXPECT_EQ(0U, b.reserved);
		if (kinds[k] == AKIDA_BUFFER_HOST) {
			EXPECT_EQ(0U, b.device_addr);
		} else {
			EXPECT_NE(0U, b.device_addr);
			EXPECT_EQ(0U, b.device_addr % self->info.page_size);
		}
		if (kinds[k] != AKIDA_BUFFER_DEVICE ||
		    (self->info.caps & AKIDA_CAP_DEVMEM_MMAP)) {
			EXPECT_GE(b.mmap_offset, AKIDA_MMAP_BUFFERS);
			EXPECT_LT(b.mmap_offset, AKIDA_MMAP_END);
			EXPECT_EQ(0U, b.mmap_offset % self->info.page_size);
		} else {
			EXPECT_EQ(0U, b.mmap_offset);
		}
		q.handle = h;
		EXPECT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_BUFFER_QUERY, &q));
		EXPECT_EQ(0, memcmp(&b, &q, sizeof(b)));
		EXPECT_EQ(0, buffer_free(self->fd, h));
		EXPECT_EQ(-ENOENT, buffer_free(self->fd, h));
		EXPECT_EQ(-ENOENT,
			  dev_ioctl(self->fd, AKIDA_IOC_BUFFER_QUERY, &q));
	}
}

TEST_F(board, addresses)
{
	struct akida_ioc_buffer b;

	/* Behind the firmware's 64 MiB, or behind the lists. */
	ASSERT_GT(buffer_create(self->fd, AKIDA_BUFFER_DEVICE, 4096, &b), 0);
	if (variant->chip == AKIDA_CHIP_AKD1000) {
		EXPECT_GE(b.device_addr, 0x24000000U);
		EXPECT_LT(b.device_addr, 0x30000000U);
	} else {
		EXPECT_GE(b.device_addr, 0x20000100U);
		EXPECT_LT(b.device_addr, 0x20100000U);
		ASSERT_GT(
			buffer_create(self->fd, AKIDA_BUFFER_WINDOW, 4096, &b),
			0);
		EXPECT_GE(b.device_addr, 0xc0000000U);
		EXPECT_LT(b.device_addr, 0xe0000000U);
	}
}

TEST_F(board, wrong_sizes)
{
	static const uint64_t sizes[] = { 0,
					  AKIDA_MAX_BUFFER_SIZE + 1,
					  1ULL << 63,
					  ~0ULL,
					  ~0ULL - 4094,
					  ~0ULL - 4095 };

	for (size_t k = 0; k < NUM_KINDS; k++) {
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
			if (has(&self->info, kinds[k]))
				EXPECT_EQ(-EINVAL,
					  buffer_create(self->fd, kinds[k],
							sizes[i], NULL));
		}
	}
	/* Allowed by the interface, but more than there is. */
	EXPECT_EQ(-ENOSPC, buffer_create(self->fd, AKIDA_BUFFER_DEVICE,
					 self->info.devmem_size + 1, NULL));
	EXPECT_EQ(-ENOSPC, buffer_create(self->fd, AKIDA_BUFFER_DEVICE,
					 AKIDA_MAX_BUFFER_SIZE, NULL));
	EXPECT_EQ(-ENOMEM, buffer_create(self->fd, AKIDA_BUFFER_HOST,
					 AKIDA_MAX_BUFFER_SIZE, NULL));
	if (self->info.caps & AKIDA_CAP_WINDOW) {
		EXPECT_EQ(-ENOSPC,
			  buffer_create(self->fd, AKIDA_BUFFER_WINDOW,
					self->info.window_size + 1, NULL));
	} else {
		EXPECT_EQ(-EOPNOTSUPP,
			  buffer_create(self->fd, AKIDA_BUFFER_WINDOW, 4096,
					NULL));
	}
}

TEST_F(board, wrong_kinds)
{
	static const uint32_t wrong[] = { 0, 5, 6, 0x80000001, ~0U };
	char page[4096] __attribute__((aligned(4096)));

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		EXPECT_EQ(-EINVAL,
			  buffer_create(self->fd, wrong[i], 4096, NULL));
	/* An address is for user memory. */
	for (size_t k = 0; k < NUM_KINDS; k++) {
		struct akida_ioc_buffer b = { .kind = kinds[k],
					      .size = 4096,
					      .user_addr = (uintptr_t)page };

		EXPECT_EQ(-EINVAL,
			  dev_ioctl(self->fd, AKIDA_IOC_BUFFER_CREATE, &b));
	}
}

TEST_F(board, handles_belong_to_a_file)
{
	struct akida_ioc_buffer q = { 0 };
	int other = dev_open(&self->b), a, b, mine;

	ASSERT_GE(other, 0);
	a = buffer_create(self->fd, AKIDA_BUFFER_DEVICE, 4096, NULL);
	b = buffer_create(self->fd, AKIDA_BUFFER_HOST, 4096, NULL);
	ASSERT_GT(a, 0);
	ASSERT_GT(b, 0);
	q.handle = a;
	EXPECT_EQ(-ENOENT, dev_ioctl(other, AKIDA_IOC_BUFFER_QUERY, &q));
	EXPECT_EQ(-ENOENT, buffer_free(other, a));
	EXPECT_EQ(-ENOENT, copy(other, a, 0, b, 0, 64));
	mine = buffer_create(other, AKIDA_BUFFER_HOST, 4096, NULL);
	ASSERT_GT(mine, 0);
	/* At most one of the two can be known there. */
	EXPECT_EQ(-ENOENT, copy(other, a == mine ? b : a, 0, mine, 0, 64));
	EXPECT_EQ(0, copy(self->fd, a, 0, b, 0, 64));
	close(other);
	EXPECT_EQ(0, copy(self->fd, a, 0, b, 0, 64));
}

TEST_F(board, handles_that_never_were)
{
	static const uint32_t wrong[] = { 0,	      1,	  2,  4096,
					  0x7fffffff, 0x80000000, ~0U };

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct akida_ioc_buffer q = { .handle = wrong[i] };

		EXPECT_EQ(-ENOENT,
			  dev_ioctl(self->fd, AKIDA_IOC_BUFFER_QUERY, &q));
		EXPECT_EQ(-ENOENT, buffer_free(self->fd, wrong[i]));
		EXPECT_EQ(-ENOENT,
			  copy(self->fd, wrong[i], 0, wrong[i], 0, 64));
	}
}

/* All device memory, in pieces of many sizes: none overlaps another. */
TEST_F(board, device_memory_runs_out)
{
	static const uint64_t sizes[] = { 16 * MIB, MIB, 64 * KIB, 4 * KIB };
	struct {
		uint64_t at, size;
		int handle;
	} *got = calloc(AKIDA_MAX_BUFFERS, sizeof(*got));
	struct akida_ioc_info i = { 0 };
	uint64_t sum = 0;
	size_t n = 0;

	ASSERT_NE(NULL, got);
	for (size_t s = 0; s < 4; s++) {
		struct akida_ioc_buffer b;
		int h;

		while (n < AKIDA_MAX_BUFFERS &&
		       (h = buffer_create(self->fd, AKIDA_BUFFER_DEVICE,
					  sizes[s], &b)) > 0) {
			got[n].at = b.device_addr;
			got[n].size = b.size;
			got[n++].handle = h;
			sum += b.size;
		}
		EXPECT_EQ(-ENOSPC, h);
	}
	EXPECT_EQ(self->info.devmem_size, sum);
	ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_INFO, &i));
	EXPECT_EQ(0U, i.devmem_free);
	EXPECT_EQ(0U, i.devmem_largest);
	for (size_t a = 0; a < n; a++) {
		for (size_t b = a + 1; b < n; b++) {
			bool apart = got[a].at + got[a].size <= got[b].at ||
				     got[b].at + got[b].size <= got[a].at;

			ASSERT_TRUE(apart)
			TH_LOG("%#llx and %#llx overlap",
			       (unsigned long long)got[a].at,
			       (unsigned long long)got[b].at);
		}
	}
	for (size_t a = 0; a < n; a += 2)
		EXPECT_EQ(0, buffer_free(self->fd, got[a].handle));
	for (size_t a = 1; a < n; a += 2)
		EXPECT_EQ(0, buffer_free(self->fd, got[a].handle));
	ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_INFO, &i));
	EXPECT_EQ(self->info.devmem_free, i.devmem_free);
	EXPECT_EQ(self->info.devmem_largest, i.devmem_largest);
	free(got);
}

TEST_F_TIMEOUT(board, too_many_buffers, 60)
{
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int n = 0, h;

	ASSERT_NE(MAP_FAILED, page);
	while (n <= AKIDA_MAX_BUFFERS &&
	       (h = buffer_pin(self->fd, page, 4, 0)) > 0)
		n++;
	EXPECT_EQ(AKIDA_MAX_BUFFERS, n);
	EXPECT_EQ(-ENOSPC, h);
	/* Another file has its own. */
	h = dev_open(&self->b);
	ASSERT_GE(h, 0);
	EXPECT_GT(buffer_create(h, AKIDA_BUFFER_HOST, 4096, NULL), 0);
	close(h);
}

/* Closing gives everything back, also what is still mapped until it is not. */
TEST_F(board, closing_frees)
{
	struct akida_ioc_info i = { 0 };
	uint32_t handle;
	int other = dev_open(&self->b);
	char *p;

	ASSERT_GE(other, 0);
	for (int k = 0; k < 20; k++)
		ASSERT_GT(buffer_create(other, AKIDA_BUFFER_DEVICE, 8192, NULL),
			  0);
	p = buffer_map(other, AKIDA_BUFFER_HOST, 8192, &handle);
	ASSERT_NE(NULL, p);
	memset(p, 1, 8192);
	if (self->info.caps & AKIDA_CAP_WINDOW)
		ASSERT_GT(buffer_create(other, AKIDA_BUFFER_WINDOW, 8192, NULL),
			  0);
	munmap(p, 8192);
	close(other);
	ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_INFO, &i));
	EXPECT_EQ(self->info.devmem_free, i.devmem_free);
	EXPECT_EQ(self->info.window_free, i.window_free);
}

/* A file that is inherited is one file: it lives until its last user ends. */
TEST_F(board, inherited)
{
	int h = buffer_create(self->fd, AKIDA_BUFFER_HOST, 4096, NULL), status;
	int d = buffer_create(self->fd, AKIDA_BUFFER_DEVICE, 4096, NULL);
	pid_t pid;

	ASSERT_GT(h, 0);
	ASSERT_GT(d, 0);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(copy(self->fd, d, 0, h, 0, 4096) ? 1 : 0);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, copy(self->fd, h, 0, d, 0, 4096));
}

/*
 * Memory of another owner: all of the device's is filled and given back, by
 * this process, by a process that ends, by one that is killed; then read.
 */
static int soil(int fd, uint64_t *bytes)
{
	struct akida_ioc_info i = { 0 };
	uint32_t host;
	uint64_t piece = 256 * KIB;
	uint8_t *p = buffer_map(fd, AKIDA_BUFFER_HOST, piece, &host);
	int h;

	if (!p)
		return -errno;
	memset(p, 0xee, piece);
	*bytes = 0;
	while (piece >= 4096) {
		int err;

		h = buffer_create(fd, AKIDA_BUFFER_DEVICE, piece, NULL);
		if (h == -ENOSPC) {
			piece /= 2;
			continue;
		}
		if (h < 0)
			return h;
		err = copy(fd, h, 0, host, 0, piece);
		if (err)
			return err;
		*bytes += piece;
		/* Of 192 MiB a part will do, if it is the part that is given out next. */
		if (*bytes >= 8 * MIB)
			break;
	}
	munmap(p, 256 * KIB);
	return dev_ioctl(fd, AKIDA_IOC_INFO, &i);
}

static int all_zero(int fd, uint64_t bytes)
{
	uint32_t host;
	uint64_t piece = 256 * KIB;
	uint8_t *p = buffer_map(fd, AKIDA_BUFFER_HOST, piece, &host);
	int h, err = 0;

	if (!p)
		return -errno;
	while (bytes && !err && piece >= 4096) {
		h = buffer_create(fd, AKIDA_BUFFER_DEVICE, piece, NULL);
		if (h == -ENOSPC) {
			piece /= 2;
			continue;
		}
		if (h < 0)
			return h;
		memset(p, 0xdd, piece);
		err = copy(fd, host, 0, h, 0, piece);
		if (!err && is_not(p, piece, 0) >= 0)
			err = -EKEYREVOKED;
		bytes -= piece < bytes ? piece : bytes;
	}
	munmap(p, 256 * KIB);
	return err;
}

TEST_F_TIMEOUT(board, device_memory_is_zero, 120)
{
	uint64_t bytes;
	int other = dev_open(&self->b), status;
	pid_t pid;

	ASSERT_GE(other, 0);
	ASSERT_EQ(0, soil(other, &bytes));
	close(other);
	EXPECT_EQ(0, all_zero(self->fd, bytes));
	close(self->fd);

	/* The same by processes: one that ends, one that is killed. */
	for (int how = 0; how < 2; how++) {
		pid = fork();
		ASSERT_GE(pid, 0);
		if (!pid) {
			int fd = dev_open(&self->b);

			if (fd < 0 || soil(fd, &bytes))
				_exit(1);
			if (how)
				raise(SIGKILL);
			_exit(0);
		}
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(how ? SIGKILL : 0, status);
		self->fd = dev_open(&self->b);
		ASSERT_GE(self->fd, 0);
		EXPECT_EQ(0, all_zero(self->fd, bytes));
		close(self->fd);
	}
	self->fd = -1;
}

TEST_F(board, freed_and_made_again_is_zero)
{
	uint32_t host;
	uint8_t *p = buffer_map(self->fd, AKIDA_BUFFER_HOST, 4096, &host);

	ASSERT_NE(NULL, p);
	for (int k = 0; k < 20; k++) {
		int h = buffer_create(self->fd, AKIDA_BUFFER_DEVICE, 4096,
				      NULL);

		ASSERT_GT(h, 0);
		memset(p, 0xdd, 4096);
		ASSERT_EQ(0, copy(self->fd, host, 0, h, 0, 4096));
		EXPECT_EQ(-1, is_not(p, 4096, 0));
		memset(p, 0xee, 4096);
		ASSERT_EQ(0, copy(self->fd, h, 0, host, 0, 4096));
		EXPECT_EQ(0, buffer_free(self->fd, h));
	}
}

/* Host memory is poisoned by the kernel when it is freed, so zero is no luck. */
TEST_F(board, host_memory_is_zero)
{
	static const uint32_t host_kinds[] = { AKIDA_BUFFER_HOST,
					       AKIDA_BUFFER_WINDOW };

	for (size_t k = 0; k < 2; k++) {
		if (!has(&self->info, host_kinds[k]))
			continue;
		for (uint64_t size = 4096; size <= MIB; size *= 4) {
			uint32_t h;
			uint8_t *p =
				buffer_map(self->fd, host_kinds[k], size, &h);

			ASSERT_NE(NULL, p);
			EXPECT_EQ(-1, is_not(p, size, 0));
			memset(p, 0xee, size);
			munmap(p, size);
			EXPECT_EQ(0, buffer_free(self->fd, h));
		}
	}
}

TEST_HARNESS_MAIN
