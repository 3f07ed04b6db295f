// SPDX-License-Identifier: GPL-2.0
/*
 * What a transfer costs: accesses to registers, doorbells and interrupts, as
 * the board counts them. Documentation/performance.rst has the table that this
 * prints.
 *
 * The rules: one doorbell and one interrupt for each list; one read for each
 * list before its doorbell, one for its interrupt; a list for each transfer
 * whose host side is in one piece.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "board_fixture.h"

/* The vendor's driver for each of its chunks, measured */
#define VENDOR_CHUNK 1024
#define VENDOR_READS 6
#define VENDOR_WRITES 11

/* Words of an element; registers of a channel, its doorbell and status */
#define ELEMENT_WORDS 6
#define RING_WRITES 8

enum {
	BAR0_READS,
	BAR2_READS,
	BAR4_READS,
	BAR0_WRITES,
	BAR2_WRITES,
	BAR4_WRITES,
	DOORBELLS,
	ELEMENTS,
	BYTES,
	INTERRUPTS,
	STRAY,
	NUM_COUNTERS
};

static const char *const paths[NUM_COUNTERS] = {
	[BAR0_READS] = "mmio.bar0.reads",
	[BAR2_READS] = "mmio.bar2.reads",
	[BAR4_READS] = "mmio.bar4.reads",
	[BAR0_WRITES] = "mmio.bar0.writes",
	[BAR2_WRITES] = "mmio.bar2.writes",
	[BAR4_WRITES] = "mmio.bar4.writes",
	[DOORBELLS] = "dma.doorbells",
	[ELEMENTS] = "dma.elements",
	[BYTES] = "dma.bytes",
	[INTERRUPTS] = "interrupts.delivered",
	[STRAY] = "interrupts.stray",
};

/* What the board counted while something was done. */
struct cost {
	uint64_t before[NUM_COUNTERS];
	uint64_t n[NUM_COUNTERS];
};

static int cost_begin(const struct board *b, struct cost *c)
{
	return counters(b, paths, c->before, NUM_COUNTERS);
}

static int cost_end(const struct board *b, struct cost *c)
{
	int err = counters(b, paths, c->n, NUM_COUNTERS);

	for (int i = 0; i < NUM_COUNTERS; i++)
		c->n[i] -= c->before[i];
	return err;
}

static uint64_t reads(const struct cost *c)
{
	return c->n[BAR0_READS] + c->n[BAR2_READS] + c->n[BAR4_READS];
}

static uint64_t writes(const struct cost *c)
{
	return c->n[BAR0_WRITES] + c->n[BAR2_WRITES] + c->n[BAR4_WRITES];
}

static void print_cost(const struct board *b, const char *memory,
		       const char *what, uint64_t size, const struct cost *c)
{
	unsigned int chunks = size / VENDOR_CHUNK;

	printf("# cost: %s, %s, %s of %u KiB: %u elements, %u doorbells, %u interrupts, %u reads, %u writes; vendor's driver: %u doorbells, %u interrupts, %u reads, %u writes\n",
	       b->chip == AKIDA_CHIP_AKD1000 ? "AKD1000" : "AKD1500", memory,
	       what, (unsigned int)(size / KIB), (unsigned int)c->n[ELEMENTS],
	       (unsigned int)c->n[DOORBELLS], (unsigned int)c->n[INTERRUPTS],
	       (unsigned int)reads(c), (unsigned int)writes(c), chunks, chunks,
	       chunks * VENDOR_READS, chunks * VENDOR_WRITES);
}

/* Checks what @c counted of a transfer whose host side has so many pieces. */
static void check_cost(struct __test_metadata *_metadata, const struct board *b,
		       uint64_t size, uint64_t pieces, uint64_t per_list,
		       const struct cost *c)
{
	uint64_t lists = (pieces + per_list - 1) / per_list;
	int engine = b->chip == AKIDA_CHIP_AKD1000 ? BAR2_READS : BAR0_READS;

	EXPECT_EQ(size, c->n[BYTES]);
	EXPECT_EQ(pieces, c->n[ELEMENTS]);
	EXPECT_EQ(lists, c->n[DOORBELLS]);
	EXPECT_EQ(lists, c->n[INTERRUPTS]);
	EXPECT_EQ(0U, c->n[STRAY]);
	/* The list is read back once before each doorbell ... */
	EXPECT_EQ(lists, c->n[BAR4_READS]);
	/* ... and the engine's status once by each interrupt; nothing else. */
	EXPECT_EQ(lists, c->n[engine]);
	EXPECT_EQ(2 * lists, reads(c));
	/* Elements, a link, and what it takes to ring. */
	EXPECT_LE(pieces * ELEMENT_WORDS, c->n[BAR4_WRITES]);
	EXPECT_GE((pieces + lists) * ELEMENT_WORDS, c->n[BAR4_WRITES]);
	EXPECT_GE(lists * RING_WRITES, writes(c) - c->n[BAR4_WRITES]);
}

/* Of the one buffer of user memory that there is, as debugfs says; 0 without. */
static unsigned long pieces_of(const struct board *b)
{
	unsigned long pieces = 0;
	char path[64], text[4096], *p;

	snprintf(path, sizeof(path), "/sys/kernel/debug/akida/akida%d/files",
		 b->index);
	if (read_file(path, text, sizeof(text)))
		return 0;
	p = strstr(text, " pages in ");
	if (!p || sscanf(p, " pages in %lu pieces", &pieces) != 1)
		return 0;
	return pieces;
}

static const uint64_t sizes[] = { 64 * KIB, MIB };

/* Both ways, of each size; memory is what the buffer @host shows. */
static void both_ways(struct __test_metadata *_metadata, const struct board *b,
		      int fd, uint32_t host, uint8_t *memory, const char *name,
		      uint64_t size, uint64_t pieces, uint64_t per_list)
{
	int device = buffer_create(fd, AKIDA_BUFFER_DEVICE, size, NULL);
	struct cost c;

	ASSERT_GT(device, 0);
	/* The link goes to its place with the first list of this length. */
	ASSERT_EQ(0, copy(fd, device, 0, host, 0, size));
	ASSERT_EQ(0, copy(fd, host, 0, device, 0, size));

	fill(memory, size, 7);
	ASSERT_EQ(0, cost_begin(b, &c));
	ASSERT_EQ(0, copy(fd, device, 0, host, 0, size));
	ASSERT_EQ(0, cost_end(b, &c));
	print_cost(b, name, "write", size, &c);
	check_cost(_metadata, b, size, pieces, per_list, &c);

	memset(memory, 0, size);
	ASSERT_EQ(0, cost_begin(b, &c));
	ASSERT_EQ(0, copy(fd, host, 0, device, 0, size));
	ASSERT_EQ(0, cost_end(b, &c));
	print_cost(b, name, "read", size, &c);
	check_cost(_metadata, b, size, pieces, per_list, &c);
	EXPECT_EQ(-1, differs(memory, size, 7));
	EXPECT_EQ(0, buffer_free(fd, device));
}

/* The device's side of the largest must fit in an AKD1500, too. */
static uint64_t size_for(const struct akida_ioc_info *info, uint64_t size)
{
	return size < info->devmem_largest ? size : info->devmem_largest;
}

static void pinned(struct __test_metadata *_metadata, const struct board *b,
		   int fd, const struct akida_ioc_info *info, uint64_t size,
		   const char *name)
{
	uint8_t *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned long pieces;
	int host;

	ASSERT_NE(MAP_FAILED, p);
	host = buffer_pin(fd, p, size, 0);
	ASSERT_GT(host, 0);
	pieces = pieces_of(b);
	ASSERT_GT(pieces, 0U);
	/* An IOMMU makes one piece of it. */
	if (info->caps & AKIDA_CAP_IOMMU)
		EXPECT_EQ(1U, pieces);
	both_ways(_metadata, b, fd, host, p, name, size, pieces,
		  info->list_elements);
	buffer_free(fd, host);
	munmap(p, size);
}

TEST_F_TIMEOUT(board, coherent, 60)
{
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint64_t size = size_for(&self->info, sizes[i]);
		uint32_t host;
		uint8_t *p =
			buffer_map(self->fd, AKIDA_BUFFER_HOST, size, &host);

		ASSERT_NE(NULL, p);
		both_ways(_metadata, &self->b, self->fd, host, p, "coherent",
			  size, 1, self->info.list_elements);
		munmap(p, size);
		buffer_free(self->fd, host);
	}
}

TEST_F_TIMEOUT(board, pinned, 60)
{
	const char *name = self->info.caps & AKIDA_CAP_IOMMU ?
				   "pinned, IOMMU" :
				   "pinned, no IOMMU";

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		pinned(_metadata, &self->b, self->fd, &self->info,
		       size_for(&self->info, sizes[i]), name);
}

/* The vendor's calls, whose transfers go through memory in one piece. */
TEST_F_TIMEOUT(board, read_and_write, 120)
{
	/* Behind the lists, which are where the vendor's driver has them. */
	const off_t at = 0x20000100;
	uint64_t largest = self->b.chip == AKIDA_CHIP_AKD1000 ? MIB : MIB - 256;
	struct akida_ioc_info info = { 0 };
	uint8_t *p = malloc(MIB);
	struct cost c;

	ASSERT_NE(NULL, p);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint64_t size = sizes[i] < largest ? sizes[i] : largest;

		/* The first call claims the board, and gets memory. */
		ASSERT_EQ((ssize_t)size, pwrite(self->fd, p, size, at));
		ASSERT_EQ((ssize_t)size, pread(self->fd, p, size, at));

		fill(p, size, 8);
		ASSERT_EQ(0, cost_begin(&self->b, &c));
		ASSERT_EQ((ssize_t)size, pwrite(self->fd, p, size, at));
		ASSERT_EQ(0, cost_end(&self->b, &c));
		print_cost(&self->b, "write()", "write", size, &c);
		check_cost(_metadata, &self->b, size, 1, 1, &c);

		memset(p, 0, size);
		ASSERT_EQ(0, cost_begin(&self->b, &c));
		ASSERT_EQ((ssize_t)size, pread(self->fd, p, size, at));
		ASSERT_EQ(0, cost_end(&self->b, &c));
		print_cost(&self->b, "read()", "read", size, &c);
		check_cost(_metadata, &self->b, size, 1, 1, &c);
		EXPECT_EQ(-1, differs(p, size, 8));
	}
	free(p);
	/* With the claim's end they are as long as they were before. */
	close(self->fd);
	self->fd = dev_open(&self->b);
	ASSERT_GE(self->fd, 0);
	ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_INFO, &info));
	EXPECT_EQ(self->info.list_elements, info.list_elements);
}

/* The vendor's lists, as silicon has them: a doorbell for each piece. */
TEST_F_TIMEOUT(board, short_lists, 120)
{
	struct akida_ioc_info info = { 0 };

	close(self->fd);
	self->fd = -1;
	ASSERT_EQ(0, module_reload("long_lists=0"));
	ASSERT_EQ(0, board_at(&self->b, self->b.number, 5000));
	self->fd = dev_open(&self->b);
	ASSERT_GE(self->fd, 0);
	ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_INFO, &info));
	EXPECT_EQ(1U, info.list_elements);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		pinned(_metadata, &self->b, self->fd, &info,
		       size_for(&info, sizes[i]),
		       info.caps & AKIDA_CAP_IOMMU ?
			       "pinned, IOMMU, short lists" :
			       "pinned, no IOMMU, short lists");
	close(self->fd);
	self->fd = -1;
	EXPECT_EQ(0, module_reload(""));
}

TEST_HARNESS_MAIN
