/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Parts of "akida dma-test".
 */
#ifndef DMA_TEST_H
#define DMA_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <akida/akida.h>

/* Masks of DMA_*_BIT(...) say which are wanted. */
#define DMA_BIT(x) (1u << (x))

enum dma_pattern {
	DMA_ONES,
	DMA_ZEROS,
	DMA_CHECKER,
	DMA_WALK1,
	DMA_WALK0,
	DMA_ADDRESS,
	DMA_INVERSE,
	DMA_RANDOM,
	DMA_PATTERNS /* how many */
};

enum dma_direction {
	DMA_TO_DEVICE,
	DMA_FROM_DEVICE,
	DMA_DIRECTIONS
};

/* Kinds of host memory are values of &enum akida_memory. */
#define DMA_KINDS_ALL                                              \
	(DMA_BIT(AKIDA_MEMORY_HOST) | DMA_BIT(AKIDA_MEMORY_USER) | \
	 DMA_BIT(AKIDA_MEMORY_WINDOW))

/* Sizes of which speed is measured: some fixed ones, and the wanted one. */
#define DMA_MAX_SIZES 8

/**
 * struct dma_error - the first wrong word
 * @address: device address
 * @offset: byte of the tested memory
 * @expected: what should be there
 * @got: what came back
 * @wrong: wrong words in all
 * @words: words that were compared
 * @guard: it lies outside what was written
 * @again: the same came when it was read a second time
 * @seen: what the processor sees there through the BAR
 * @can_see: @seen was looked up
 */
struct dma_error {
	uint64_t address, offset;
	uint32_t expected, got;
	uint64_t wrong, words;
	bool guard, again;
	uint32_t seen;
	bool can_see;
};

/**
 * struct dma_result - one pattern with one kind of host memory
 * @kind: of host memory
 * @pattern: which
 * @pass: from 0
 * @copies: made in both directions
 * @bytes: copied in both directions
 * @bad: @error is there
 * @error: first wrong word
 */
struct dma_result {
	enum akida_memory kind;
	enum dma_pattern pattern;
	unsigned int pass;
	uint64_t copies, bytes;
	bool bad;
	struct dma_error error;
};

/**
 * struct dma_speed - how long copies of one size take
 * @kind: of host memory
 * @direction: where to
 * @size: bytes of a copy
 * @count: copies measured, in each of the two ways
 * @min: shortest of single copies, in microseconds
 * @median: middle
 * @p99: 99 of 100 stay within
 * @rate: bytes a second with several copies under way
 */
struct dma_speed {
	enum akida_memory kind;
	enum dma_direction direction;
	uint64_t size;
	uint32_t count;
	double min, median, p99, rate;
};

/**
 * struct dma_test - one call of "akida dma-test"
 * @name: what the user called the board; NULL for the first
 * @size: bytes that are tested; 0 for a default
 * @count: copies of each size that are measured; 0 measures nothing
 * @passes: how often all patterns are tested; 0 tests none
 * @patterns: mask
 * @directions: mask
 * @kinds: mask; those that a board cannot are left out unless @kinds_given
 * @kinds_given: the user named them
 * @seed: of random data
 * @json: for machines
 * @board: open
 * @node: its node
 * @info: of it
 * @device: device memory, with a guard page at both ends
 * @host: host memory of the kind under test; see dma_verify.c
 * @host_data: its first byte
 * @user_memory: where @host is memory of this program
 * @results: what patterns gave
 * @num_results: how many
 * @speeds: what was measured
 * @num_speeds: how many
 */
struct dma_test {
	const char *name;
	uint64_t size;
	uint32_t count, passes;
	unsigned int patterns, directions, kinds;
	bool kinds_given;
	uint64_t seed;
	bool json;

	struct akida_board *board;
	char node[32];
	struct akida_board_info info;
	struct akida_buffer *device;
	struct akida_buffer *host;
	uint8_t *host_data;
	void *user_memory;
	struct dma_result *results;
	size_t num_results;
	struct dma_speed *speeds;
	size_t num_speeds;
};

/* Untouched memory around what is tested. */
#define DMA_GUARD 4096u
/* Room to begin at another alignment on the host's side. */
#define DMA_SHIFT 4096u

/**
 * dma_host_size() - host memory that a test needs
 * @size: bytes under test
 *
 * Return: room for source and destination, with guards around them.
 */
static inline uint64_t dma_host_size(uint64_t size)
{
	return 2 * (size + DMA_SHIFT) + 3 * DMA_GUARD;
}

/**
 * dma_stopped() - has a signal asked to stop
 *
 * SIGINT and SIGTERM end a test early, with what was found so far.
 *
 * Return: true if so.
 */
bool dma_stopped(void);

/**
 * dma_failed() - a call on the board failed
 * @t: test
 *
 * Says why, unless it was a signal that asked to stop.
 *
 * Return: -1.
 */
int dma_failed(const struct dma_test *t);

/**
 * dma_pattern_name() - name on the command line
 * @p: pattern
 *
 * Return: "walk1" and the like.
 */
const char *dma_pattern_name(enum dma_pattern p);

/**
 * dma_direction_name() - name on the command line
 * @d: direction
 *
 * Return: "to-device" or "from-device".
 */
const char *dma_direction_name(enum dma_direction d);

/**
 * dma_kind_name() - name on the command line
 * @m: kind of host memory
 *
 * Return: "host", "user" or "window".
 */
const char *dma_kind_name(enum akida_memory m);

/**
 * dma_pattern_word() - a word of a pattern
 * @p: pattern
 * @address: device address that it is for
 * @seed: of random data
 *
 * Return: the word.
 */
uint32_t dma_pattern_word(enum dma_pattern p, uint64_t address, uint64_t seed);

/**
 * dma_verify() - test all patterns with the host memory that is set up
 * @t: test
 * @kind: of the host memory
 *
 * Return: 0, also when data are wrong; -1 after an error was printed.
 */
int dma_verify(struct dma_test *t, enum akida_memory kind);

/**
 * dma_measure() - measure speed with the host memory that is set up
 * @t: test
 * @kind: of the host memory
 *
 * Return: 0, -1 after an error was printed.
 */
int dma_measure(struct dma_test *t, enum akida_memory kind);

/**
 * dma_print() - print results
 * @t: test
 */
void dma_print(const struct dma_test *t);

/**
 * dma_explain() - one sentence about wrong data
 * @r: bad result
 *
 * Return: a string for free().
 */
char *dma_explain(const struct dma_result *r);

#endif /* DMA_TEST_H */
