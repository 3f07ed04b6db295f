// SPDX-License-Identifier: GPL-2.0
/*
 * akida dma-test: are data the same after the way to the board and back?
 *
 * Host memory:    guard | source | guard | destination | guard
 * Device memory:  guard | under test | guard
 *
 * For each pattern the device memory and the destination first get its
 * complement, so that a copy that does nothing is noticed. Then the pattern
 * goes to the device, and back to the destination, in pieces of many sizes and
 * alignments with several under way at a time. Guards must keep what they had.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dma_test.h"
#include "term.h"
#include "tool.h"

#define GUARD_WORD 0x5aa5c33cu
#define DEPTH 8

const char *dma_pattern_name(enum dma_pattern p)
{
	static const char *const names[] = { "ones",	"zeros", "checker",
					     "walk1",	"walk0", "address",
					     "inverse", "random" };

	return names[p];
}

const char *dma_direction_name(enum dma_direction d)
{
	return d == DMA_TO_DEVICE ? "to-device" : "from-device";
}

const char *dma_kind_name(enum akida_memory m)
{
	switch (m) {
	case AKIDA_MEMORY_HOST:
		return "host";
	case AKIDA_MEMORY_USER:
		return "user";
	case AKIDA_MEMORY_WINDOW:
		return "window";
	default:
		return "device";
	}
}

/* Any word by its number, so that pieces can be made and checked alone. */
static uint32_t random_word(uint64_t seed, uint64_t n)
{
	/* splitmix64 */
	uint64_t z = seed + (n + 1) * 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return (uint32_t)(z ^ z >> 31);
}

uint32_t dma_pattern_word(enum dma_pattern p, uint64_t address, uint64_t seed)
{
	uint64_t n = address / 4;

	switch (p) {
	case DMA_ONES:
		return 0xffffffff;
	case DMA_ZEROS:
		return 0;
	case DMA_CHECKER:
		return n & 1 ? 0x55555555 : 0xaaaaaaaa;
	case DMA_WALK1:
		return 1u << n % 32;
	case DMA_WALK0:
		return ~(1u << n % 32);
	case DMA_ADDRESS:
		return (uint32_t)address;
	case DMA_INVERSE:
		return ~(uint32_t)address;
	case DMA_RANDOM:
	default:
		return random_word(seed, n);
	}
}

/* A pass of a test: what is needed everywhere. */
struct run {
	struct dma_test *t;
	struct dma_result *r;
	uint64_t base; /* device address under test */
	uint64_t source, destination; /* offsets in the host memory */
	uint32_t flip; /* every second pass has the complement */
};

static uint32_t word_at(const struct run *run, uint64_t offset)
{
	return dma_pattern_word(run->r->pattern, run->base + offset,
				run->t->seed + run->r->pass) ^
	       run->flip;
}

static void fill(const struct run *run, uint64_t at, uint32_t complement)
{
	uint32_t *p = (uint32_t *)(run->t->host_data + at);
	uint64_t i;

	for (i = 0; i < run->t->size / 4; i++)
		p[i] = word_at(run, i * 4) ^ complement;
}

static void fill_guard(uint8_t *p, size_t size)
{
	uint32_t word = GUARD_WORD;
	size_t i;

	for (i = 0; i < size; i += 4)
		memcpy(p + i, &word, 4);
}

static bool guard_holds(const uint8_t *p, size_t size, size_t *where)
{
	uint32_t word;
	size_t i;

	for (i = 0; i < size; i += 4) {
		memcpy(&word, p + i, 4);
		if (word != GUARD_WORD) {
			*where = i;
			return false;
		}
	}
	return true;
}

/* One copy between device and host memory, in one piece. */
static int copy(struct run *run, enum dma_direction dir, uint64_t device,
		uint64_t host, uint64_t size)
{
	struct dma_test *t = run->t;
	struct akida_copy c = { t->device, t->host, device, host, size };

	if (dir == DMA_FROM_DEVICE)
		c = (struct akida_copy){ t->host, t->device, host, device,
					 size };
	run->r->copies++;
	run->r->bytes += size;
	return akida_board_copy(t->board, &c, NULL) ? dma_failed(t) : 0;
}

/*
 * The same in pieces, several under way: around cache lines, payloads of
 * PCI Express, pages, and one larger than all of these. @first makes both
 * directions cut at different places.
 */
static int copy_pieces(struct run *run, enum dma_direction dir, uint64_t host,
		       size_t first)
{
	static const uint32_t sizes[] = { 4,	8,     60,    64,    68,
					  124,	128,   252,   256,   1020,
					  4,	4096,  4092,  4100,  512,
					  8188, 16384, 65536, 65532, 132 };
	struct dma_test *t = run->t;
	uint64_t done = 0, seq[DEPTH];
	uint64_t submitted = 0, waited = 0;
	size_t i = first;

	while (done < t->size || waited < submitted) {
		struct akida_copy c = { t->device, t->host, DMA_GUARD + done,
					host + done, 0 };

		if (done == t->size || submitted - waited == DEPTH) {
			if (akida_board_wait(t->board, seq[waited++ % DEPTH], 0,
					     NULL))
				return dma_failed(t);
			continue;
		}
		c.size = sizes[i++ % ARRAY_SIZE(sizes)];
		/* Units of the board are larger than a word perhaps. */
		c.size = (c.size + t->info.align - 1) &
			 ~(uint64_t)(t->info.align - 1);
		if (c.size > t->size - done)
			c.size = t->size - done;
		done += c.size;
		run->r->copies++;
		run->r->bytes += c.size;
		if (dir == DMA_FROM_DEVICE)
			c = (struct akida_copy){ c.src, c.dst, c.src_offset,
						 c.dst_offset, c.size };
		if (akida_board_copy_async(t->board, &c,
					   &seq[submitted++ % DEPTH]))
			return dma_failed(t);
	}
	return 0;
}

/* Looks again at a word that was wrong, to tell which direction it was. */
static int look_again(struct run *run, struct dma_error *e)
{
	struct dma_test *t = run->t;
	uint64_t at = DMA_GUARD + e->offset;
	uint32_t unit = t->info.align;
	uint32_t word;
	void *map;

	at -= at % unit;
	if (copy(run, DMA_FROM_DEVICE, at, run->destination, unit))
		return -1;
	memcpy(&word,
	       t->host_data + run->destination + (DMA_GUARD + e->offset - at),
	       4);
	e->again = word == e->got;
	if (t->info.caps & AKIDA_BOARD_MAPS_DEVICE &&
	    !akida_buffer_map(t->device, &map)) {
		e->can_see = true;
		e->seen = *(volatile uint32_t *)((uint8_t *)map + DMA_GUARD +
						 e->offset);
	}
	return 0;
}

static int compare(struct run *run)
{
	const uint8_t *got = run->t->host_data + run->destination;
	struct dma_error *e = &run->r->error;
	uint64_t i;
	uint32_t word;

	e->words = run->t->size / 4;
	for (i = 0; i < e->words; i++) {
		memcpy(&word, got + i * 4, 4);
		if (word == word_at(run, i * 4))
			continue;
		if (!e->wrong++) {
			e->offset = i * 4;
			e->address = run->base + i * 4;
			e->expected = word_at(run, i * 4);
			e->got = word;
		}
	}
	run->r->bad = e->wrong;
	return run->r->bad ? look_again(run, e) : 0;
}

static void guard_broken(struct run *run, uint64_t address, uint64_t offset,
			 const uint8_t *where)
{
	struct dma_error *e = &run->r->error;

	run->r->bad = e->guard = true;
	e->address = address;
	e->offset = offset;
	e->expected = GUARD_WORD;
	memcpy(&e->got, where, 4);
	e->wrong = 1;
}

/* Guards of the host's memory, then those of the device's. */
static int check_guards(struct run *run)
{
	struct dma_test *t = run->t;
	const uint64_t at[] = { 0, DMA_GUARD + t->size + DMA_SHIFT,
				2 * (DMA_GUARD + t->size + DMA_SHIFT) };
	/* The data there were compared already. */
	const uint64_t scratch = at[1] + DMA_GUARD;
	uint64_t device;
	size_t i, where;

	for (i = 0; i < ARRAY_SIZE(at) && !run->r->bad; i++)
		if (!guard_holds(t->host_data + at[i], DMA_GUARD, &where))
			guard_broken(run, 0, at[i] + where,
				     t->host_data + at[i] + where);
	for (i = 0; i < 2 && !run->r->bad; i++) {
		device = i ? DMA_GUARD + t->size : 0;
		if (copy(run, DMA_FROM_DEVICE, device, scratch, DMA_GUARD))
			return -1;
		if (!guard_holds(t->host_data + scratch, DMA_GUARD, &where))
			guard_broken(
				run, run->base - DMA_GUARD + device + where,
				device + where, t->host_data + scratch + where);
	}
	return 0;
}

static int set_guards(struct run *run)
{
	struct dma_test *t = run->t;
	uint64_t one = DMA_GUARD + t->size + DMA_SHIFT;

	fill_guard(t->host_data, DMA_GUARD);
	fill_guard(t->host_data + one, DMA_GUARD);
	fill_guard(t->host_data + 2 * one, DMA_GUARD);
	if (copy(run, DMA_TO_DEVICE, 0, 0, DMA_GUARD))
		return -1;
	return copy(run, DMA_TO_DEVICE, DMA_GUARD + t->size, 0, DMA_GUARD);
}

static int one_pattern(struct run *run)
{
	static const uint16_t shifts[] = { 0, 4, 60, 2052 };
	struct dma_test *t = run->t;
	uint64_t shift =
		shifts[(run->r->pattern + run->r->pass) % ARRAY_SIZE(shifts)];

	shift -= shift % t->info.align;
	run->base = akida_buffer_device_address(t->device) + DMA_GUARD;
	run->source = DMA_GUARD + shift;
	run->destination = 2 * DMA_GUARD + t->size + DMA_SHIFT + shift;
	run->flip = run->r->pass & 1 ? 0xffffffff : 0;
	if (set_guards(run))
		return -1;
	fill(run, run->source, 0xffffffff);
	if (copy(run, DMA_TO_DEVICE, DMA_GUARD, run->source, t->size))
		return -1;
	fill(run, run->source, 0);
	fill(run, run->destination, 0xffffffff);
	if (t->directions & DMA_BIT(DMA_TO_DEVICE) ?
		    copy_pieces(run, DMA_TO_DEVICE, run->source, 0) :
		    copy(run, DMA_TO_DEVICE, DMA_GUARD, run->source, t->size))
		return -1;
	if (t->directions & DMA_BIT(DMA_FROM_DEVICE) ?
		    copy_pieces(run, DMA_FROM_DEVICE, run->destination, 7) :
		    copy(run, DMA_FROM_DEVICE, DMA_GUARD, run->destination,
			 t->size))
		return -1;
	if (compare(run))
		return -1;
	return check_guards(run);
}

int dma_verify(struct dma_test *t, enum akida_memory kind)
{
	struct run run = { .t = t };
	size_t total = (size_t)t->passes * DMA_PATTERNS, done = 0;
	unsigned int pass;
	int p, rc = 0;

	for (pass = 0; pass < t->passes && !rc; pass++)
		for (p = 0; p < DMA_PATTERNS && !rc; p++) {
			term_progress("patterns", ++done, total);
			if (!(t->patterns & DMA_BIT(p)))
				continue;
			t->results =
				tool_realloc(t->results, t->num_results + 1,
					     sizeof(*t->results));
			run.r = &t->results[t->num_results++];
			memset(run.r, 0, sizeof(*run.r));
			run.r->kind = kind;
			run.r->pattern = (enum dma_pattern)p;
			run.r->pass = pass;
			rc = dma_stopped() ? -1 : one_pattern(&run);
			/* What a signal cut short says nothing. */
			if (rc)
				t->num_results--;
		}
	term_progress("patterns", total, total);
	return rc;
}
