// SPDX-License-Identifier: GPL-2.0
/*
 * The vendor's file interface: what read(), write() and mmap() at device
 * addresses do, as its own programs use them, and what they must not reach.
 *
 * Addresses are those of the vendor's driver and test programs.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "board_fixture.h"

#define CORE 0xfcc00000UL
#define MESH_INFO 0x50
#define MEMORY 0x20000000UL
#define WINDOW 0xc0000000UL
#define DBI 0xf8c00000UL

/* Device memory that vendor's programs use, behind all lists. */
static off_t scratch(int chip)
{
	return chip == AKIDA_CHIP_AKD1000 ? 0x20400000 : 0x20010000;
}

/* Nothing is mapped there, and the compiler does not know. */
static void *volatile nowhere = (void *)8;

static ssize_t rd(int fd, void *p, size_t size, off_t at)
{
	ssize_t n = pread(fd, p, size, at);

	return n < 0 ? -errno : n;
}

static ssize_t wr(int fd, const void *p, size_t size, off_t at)
{
	ssize_t n = pwrite(fd, p, size, at);

	return n < 0 ? -errno : n;
}

static uint32_t word(int fd, off_t at)
{
	uint32_t v = 0;

	return rd(fd, &v, 4, at) == 4 ? v : 0xdeadbeef;
}

static void *map(int fd, size_t size, off_t at)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, at);
}

/* mmap() offset of the core's registers */
static off_t core_offset(int chip)
{
	return chip == AKIDA_CHIP_AKD1000 ? 0 : CORE;
}

static uint32_t io_read(void *p, size_t at)
{
	return *(volatile uint32_t *)((char *)p + at);
}

static void io_write(void *p, size_t at, uint32_t v)
{
	*(volatile uint32_t *)((char *)p + at) = v;
}

/* What the vendor's test.c does */
TEST_F(board, as_test_c)
{
	uint8_t in[32], out[32];
	uint32_t v = 1;

	for (int i = 0; i < 32; i++)
		out[i] = i;
	EXPECT_EQ(4, rd(self->fd, &v, 4, 0xf0000010));
	EXPECT_EQ(0U, v);
	EXPECT_EQ(32, wr(self->fd, out, 32, scratch(variant->chip)));
	EXPECT_EQ(32, rd(self->fd, in, 32, scratch(variant->chip)));
	EXPECT_EQ(0, memcmp(in, out, 32));
}

TEST_F(board, position)
{
	off_t at = scratch(variant->chip);
	uint32_t in[4], out[4] = { 1, 2, 3, 4 };

	EXPECT_EQ(at, lseek(self->fd, at, SEEK_SET));
	EXPECT_EQ(8, write(self->fd, out, 8));
	EXPECT_EQ(at + 8, lseek(self->fd, 0, SEEK_CUR));
	EXPECT_EQ(8, write(self->fd, out + 2, 8));
	EXPECT_EQ(at, lseek(self->fd, -16, SEEK_CUR));
	EXPECT_EQ(16, read(self->fd, in, 16));
	EXPECT_EQ(0, memcmp(in, out, 16));
	EXPECT_EQ(at + 16, lseek(self->fd, 0, SEEK_CUR));
	/* Calls with an offset of their own leave it alone. */
	EXPECT_EQ(4, rd(self->fd, in, 4, at));
	EXPECT_EQ(at + 16, lseek(self->fd, 0, SEEK_CUR));
	EXPECT_EQ(-1, lseek(self->fd, 0, SEEK_END));
	EXPECT_EQ(EINVAL, errno);
	/* One that fails does not move it. */
	EXPECT_EQ(-1, read(self->fd, in, 3));
	EXPECT_EQ(at + 16, lseek(self->fd, 0, SEEK_CUR));
}

/* One doorbell, whatever the size, and the right bytes. */
TEST_F(board, sizes)
{
	size_t most = variant->chip == AKIDA_CHIP_AKD1000 ? 4 * MIB : 512 * KIB;
	off_t at = scratch(variant->chip);
	uint8_t *out = malloc(most + 1), *in = malloc(most + 1);
	uint64_t rung;

	ASSERT_NE(NULL, out);
	ASSERT_NE(NULL, in);
	ASSERT_EQ(4, rd(self->fd, in, 4, at));
	for (size_t n = 4; n <= most; n = n < 4096 ? n * 4 + 4 : n * 2) {
		n &= ~(size_t)3;
		fill(out, n, n);
		memset(in, 0x55, n);
		rung = counter(&self->b, "dma.doorbells");
		ASSERT_EQ((ssize_t)n, wr(self->fd, out, n, at));
		ASSERT_EQ((ssize_t)n, rd(self->fd, in, n, at));
		EXPECT_EQ(-1, differs(in, n, n));
		EXPECT_EQ(rung + 2, counter(&self->b, "dma.doorbells"));
	}
	/* The caller's memory may have any alignment. */
	fill(out + 1, 4096, 9);
	EXPECT_EQ(4096, wr(self->fd, out + 1, 4096, at));
	EXPECT_EQ(4096, rd(self->fd, in + 3, 4096, at));
	EXPECT_EQ(-1, differs(in + 3, 4096, 9));
	free(out);
	free(in);
}

/* More than goes through at once */
TEST_F(board, large)
{
	size_t size = 24 * MIB;
	uint8_t *p;

	if (variant->chip != AKIDA_CHIP_AKD1000)
		SKIP(return, "the chip has 1 MiB of memory");
	p = malloc(size);
	ASSERT_NE(NULL, p);
	fill(p, size, 77);
	ASSERT_EQ((ssize_t)size, wr(self->fd, p, size, 0x21000000));
	memset(p, 0, size);
	ASSERT_EQ((ssize_t)size, rd(self->fd, p, size, 0x21000000));
	EXPECT_EQ(-1, differs(p, size, 77));
	free(p);
}

TEST_F(board, words_only)
{
	off_t at = scratch(variant->chip);
	uint8_t buf[64];

	for (int i = 1; i < 4; i++) {
		EXPECT_EQ(-EINVAL, rd(self->fd, buf, 8, at + i));
		EXPECT_EQ(-EINVAL, wr(self->fd, buf, 8, at + i));
		EXPECT_EQ(-EINVAL, rd(self->fd, buf, 8 + i, at));
		EXPECT_EQ(-EINVAL, wr(self->fd, buf, 8 + i, at));
	}
	EXPECT_EQ(0, rd(self->fd, buf, 0, at));
	EXPECT_EQ(0, wr(self->fd, buf, 0, at));
}

TEST_F(board, registers)
{
	uint32_t mesh =
		variant->chip == AKIDA_CHIP_AKD1000 ? 0x01010504 : 0x01010303;
	uint32_t *p;

	/* Facts of the chips: see Documentation/virtual-board.rst. */
	EXPECT_EQ(mesh, word(self->fd, CORE + MESH_INFO));
	p = map(self->fd, 4 * MIB, core_offset(variant->chip));
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(mesh, io_read(p, MESH_INFO));
	/* An address register of the event DMA: memory and registers agree. */
	io_write(p, 0x20008, 0x24000040);
	EXPECT_EQ(0x24000040U, io_read(p, 0x20008));
	EXPECT_EQ(0x24000040U, word(self->fd, CORE + 0x20008));
	EXPECT_EQ(0, munmap(p, 4 * MIB));
}

TEST_F(board, out_of_reach)
{
	struct {
		off_t at;
		size_t size;
	} bad[] = {
		{ 0, 4 },
		{ 0x1ffffffc, 4 },
		/* The lists, and whatever touches them */
		{ MEMORY, 4 },
		{ MEMORY + 0xfc, 4 },
		{ MEMORY + 0xfc, 8 },
		{ 0x1ffffffc, 8 },
		/* The PCIe controller's own registers */
		{ DBI, 4 },
		{ DBI + 0x970, 4 },
		{ DBI + 0xffc, 4 },
		{ 0xf8bffffc, 8 },
		/* Beyond what there is, and beyond 32 bits */
		{ CORE + 0x400000, 4 },
		{ CORE + 0x3ffffc, 8 },
		{ 0xfffffffc, 8 },
		{ 0x100000000, 4 },
		{ 0x7ffffffffffffffc, 4 },
		{ 0x7fffffff00000000, 4096 },
		{ CORE, 0x40000000 },
	};
	uint32_t buf[2] = { 0 };
	void *huge = mmap(NULL, 0x40000000, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	ASSERT_NE(MAP_FAILED, huge);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		void *p = bad[i].size > sizeof(buf) ? huge : buf;

		EXPECT_EQ(-EINVAL, rd(self->fd, p, bad[i].size, bad[i].at))
		TH_LOG("read %zu at 0x%lx", bad[i].size, bad[i].at);
		EXPECT_EQ(-EINVAL, wr(self->fd, p, bad[i].size, bad[i].at))
		TH_LOG("write %zu at 0x%lx", bad[i].size, bad[i].at);
	}
	EXPECT_EQ(-EINVAL, rd(self->fd, buf, 4, -4));
	/* The last word of a range can be had. */
	EXPECT_EQ(4, rd(self->fd, buf, 4,
			variant->chip == AKIDA_CHIP_AKD1000 ? 0x2ffffffc :
							      0x200ffffc));
	EXPECT_EQ(-EINVAL,
		  rd(self->fd, buf, 4,
		     variant->chip == AKIDA_CHIP_AKD1000 ? 0x30000000 :
							   0x20100000));
	munmap(huge, 0x40000000);
}

TEST_F(board, bad_pointers)
{
	off_t at = scratch(variant->chip);
	char *p = edge(64);

	ASSERT_NE(NULL, p);
	EXPECT_EQ(-EFAULT, rd(self->fd, nowhere, 64, at));
	EXPECT_EQ(-EFAULT, wr(self->fd, nowhere, 64, at));
	EXPECT_EQ(-EFAULT, rd(self->fd, p, 128, at));
	EXPECT_EQ(-EFAULT, wr(self->fd, p, 128, at));
	EXPECT_EQ(64, rd(self->fd, p, 64, at));
}

TEST_F(board, maps)
{
	size_t page = self->info.page_size;
	off_t core = core_offset(variant->chip);
	int ro = open(self->b.node, O_RDONLY);
	void *p;

	/* The size is the BAR's. */
	EXPECT_EQ(MAP_FAILED, map(self->fd, 4 * MIB + page, core));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, map(self->fd, page, core + 4 * MIB));
	EXPECT_EQ(MAP_FAILED, map(self->fd, 2 * page, core + 4 * MIB - page));
	EXPECT_EQ(MAP_FAILED, map(self->fd, page, (1UL << 40) - page));
	EXPECT_EQ(MAP_FAILED, map(self->fd, page, 1UL << 44));
	EXPECT_EQ(MAP_FAILED, map(self->fd, page, DBI));
	EXPECT_EQ(MAP_FAILED,
		  map(self->fd, page,
		      variant->chip == AKIDA_CHIP_AKD1000 ? CORE : 0));
	p = map(self->fd, page, core + 4 * MIB - page);
	EXPECT_NE(MAP_FAILED, p);
	EXPECT_EQ(0, munmap(p, page));
	/* No growing, no private copy of a register. */
	p = map(self->fd, page, core);
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(MAP_FAILED, mremap(p, page, 2 * page, MREMAP_MAYMOVE));
	EXPECT_EQ(0, munmap(p, page));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, page, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE, self->fd, core));
	EXPECT_EQ(EINVAL, errno);
	/* As a descriptor that only reads allows. */
	ASSERT_EQ(0, close(self->fd));
	self->fd = ro;
	EXPECT_EQ(MAP_FAILED, map(ro, page, core));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(-EBADF, wr(ro, &page, 4, scratch(variant->chip)));
	p = mmap(NULL, page, PROT_READ, MAP_SHARED, ro, core);
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(word(ro, CORE + MESH_INFO), io_read(p, MESH_INFO));
	EXPECT_EQ(0, munmap(p, page));
}

/* Does reading there end in a SIGBUS? */
static bool bus_error(void *p)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		signal(SIGBUS, SIG_DFL);
		_exit(*(volatile char *)p * 0);
	}
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS;
}

TEST_F(board, memory_map)
{
	size_t page = self->info.page_size;
	off_t at = scratch(variant->chip);
	uint8_t buf[4096];
	uint8_t *p;

	if (variant->chip == AKIDA_CHIP_AKD1000) {
		EXPECT_EQ(MAP_FAILED, map(self->fd, page, MEMORY));
		EXPECT_EQ(EINVAL, errno);
		return;
	}
	/* The lists' page has no place in any mapping. */
	EXPECT_EQ(MAP_FAILED, map(self->fd, page, MEMORY));
	EXPECT_EQ(EINVAL, errno);
	p = map(self->fd, MIB, MEMORY);
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_TRUE(bus_error(p));
	EXPECT_TRUE(bus_error(p + page - 1));
	EXPECT_FALSE(bus_error(p + page));
	EXPECT_FALSE(bus_error(p + MIB - 1));
	fill(p + (at - MEMORY), sizeof(buf), 5);
	EXPECT_EQ(4096, rd(self->fd, buf, sizeof(buf), at));
	EXPECT_EQ(-1, differs(buf, sizeof(buf), 5));
	fill(buf, sizeof(buf), 6);
	EXPECT_EQ(4096, wr(self->fd, buf, sizeof(buf), at));
	EXPECT_EQ(-1, differs(p + (at - MEMORY), sizeof(buf), 6));
	EXPECT_EQ(0, munmap(p, MIB));
	/* All of the BAR can be mapped, but there is no memory behind. */
	p = map(self->fd, 4 * MIB, MEMORY);
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_TRUE(bus_error(p + MIB));
	EXPECT_TRUE(bus_error(p + 4 * MIB - 1));
	EXPECT_EQ(0, munmap(p, 4 * MIB));
}

/* As test_host_ddr.c: two opens, each closed after mmap(); then the core copies
 * in host memory, by a descriptor there.
 */
TEST_F(board, as_test_host_ddr)
{
	size_t size = 16 * MIB;
	uint32_t *ddr = MAP_FAILED, *dma;
	int fd, i;

	if (variant->chip != AKIDA_CHIP_AKD1500)
		SKIP(return, "the chip has no window");
	close(self->fd);
	self->fd = -1;
	fd = dev_open(&self->b);
	ASSERT_GE(fd, 0);
	dma = map(fd, 4096, CORE + 0x20000);
	close(fd);
	ASSERT_NE(MAP_FAILED, dma);
	for (; ddr == MAP_FAILED && size >= MIB; size /= 2) {
		fd = dev_open(&self->b);
		ASSERT_GE(fd, 0);
		ddr = map(fd, size, WINDOW);
		close(fd);
		if (ddr != MAP_FAILED)
			break;
	}
	ASSERT_NE(MAP_FAILED, ddr);
	TH_LOG("%zu MiB of host memory", (size_t)(size / MIB));
	EXPECT_GE(size, 4 * MIB);
	EXPECT_EQ(-1, is_not(ddr, size, 0));

	/* Words to copy: half of the memory, at its far end */
	for (size_t n = 4; n <= size / 4; n *= 64) {
		size_t words = n / 4;

		io_write(dma, 0, 0x83000200);
		for (size_t k = 0; k < words; k++)
			ddr[8 + k] = n + k;
		memset((char *)ddr + size / 2, 0, n + 32);
		ddr[0] = 0;
		ddr[1] = WINDOW + 32;
		ddr[2] = words;
		ddr[3] = WINDOW + size / 2;
		io_write(dma, 0, 0x83000502);
		io_write(dma, 0xb0, 1);
		io_write(dma, 8, WINDOW);
		io_write(dma, 4, 0);
		for (i = 0; i < 1000 && (io_read(dma, 0x28) & 3) != 3; i++)
			sleep_ms(1);
		ASSERT_EQ(3U, io_read(dma, 0x28) & 3);
		for (size_t k = 0; k < words; k++)
			ASSERT_EQ((uint32_t)(n + k), ddr[size / 8 + 8 + k]);
	}
	munmap(ddr, size);
	munmap(dma, 4096);
}

TEST_F(board, window)
{
	size_t page = self->info.page_size, size;
	uint8_t buf[8192];
	uint8_t *p;

	if (variant->chip != AKIDA_CHIP_AKD1500) {
		EXPECT_EQ(-EINVAL, rd(self->fd, buf, 4, WINDOW));
		EXPECT_EQ(MAP_FAILED, map(self->fd, page, WINDOW));
		SKIP(return, "the chip has no window");
	}
	for (size = 32 * MIB;; size /= 2) {
		p = map(self->fd, size, WINDOW);
		if (p != MAP_FAILED || size == MIB)
			break;
		EXPECT_EQ(EINVAL, errno);
	}
	ASSERT_NE(MAP_FAILED, p);
	if (vm_is("VM_IOMMU", "strict"))
		EXPECT_EQ(16 * MIB, size);
	/* read() and write() see the same memory. */
	fill(p + size - 8192, 8192, 3);
	EXPECT_EQ(8192, rd(self->fd, buf, 8192, WINDOW + size - 8192));
	EXPECT_EQ(-1, differs(buf, 8192, 3));
	fill(buf, 8192, 4);
	EXPECT_EQ(8192, wr(self->fd, buf, 8192, WINDOW + size / 2 - 4096));
	EXPECT_EQ(-1, differs(p + size / 2 - 4096, 8192, 4));
	EXPECT_EQ(-EINVAL, rd(self->fd, buf, 8, WINDOW + size - 4));
	EXPECT_EQ(-EFAULT, rd(self->fd, nowhere, 8, WINDOW));
	munmap(p, size);
}

TEST_HARNESS_MAIN
