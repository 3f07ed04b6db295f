// SPDX-License-Identifier: GPL-2.0
/*
 * akida dma-test: how long copies take. One at a time for latency, several
 * under way for bandwidth.
 */
#include <stdlib.h>
#include <time.h>

#include "dma_test.h"
#include "tool.h"

#define DEPTH 8

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Copies one after the other; a first one that does not count. */
static int latency(struct dma_test *t, const struct akida_copy *c,
		   struct dma_speed *s)
{
	double *us = tool_alloc(t->count, sizeof(*us)), start;
	uint32_t i;
	int rc = 0;

	for (i = 0; i <= t->count && !rc; i++) {
		start = now();
		rc = akida_board_copy(t->board, c, NULL);
		if (i)
			us[i - 1] = now() - start;
	}
	if (!rc) {
		qsort(us, t->count, sizeof(*us), by_value);
		s->min = us[0];
		s->median = (us[t->count / 2] + us[(t->count - 1) / 2]) / 2;
		s->p99 = us[(size_t)(t->count - 1) * 99 / 100];
	}
	free(us);
	return rc ? dma_failed(t) : 0;
}

/* Two channels of a direction can work at a time; the rest waits in line. */
static int bandwidth(struct dma_test *t, const struct akida_copy *c,
		     struct dma_speed *s)
{
	uint32_t submitted = 0, waited = 0;
	uint64_t seq[DEPTH];
	double start = now();

	while (waited < t->count) {
		if (submitted < t->count && submitted - waited < DEPTH) {
			if (akida_board_copy_async(t->board, c,
						   &seq[submitted % DEPTH]))
				return dma_failed(t);
			submitted++;
			continue;
		}
		if (akida_board_wait(t->board, seq[waited % DEPTH], 0, NULL))
			return dma_failed(t);
		waited++;
	}
	s->rate = (double)c->size * t->count / (now() - start) * 1e6;
	return 0;
}

static int one_size(struct dma_test *t, enum akida_memory kind,
		    enum dma_direction dir, uint64_t size)
{
	struct akida_copy c = { t->device, t->host, DMA_GUARD, DMA_GUARD,
				size };
	struct dma_speed *s;

	if (dir == DMA_FROM_DEVICE) {
		c.dst = t->host;
		c.src = t->device;
	}
	t->speeds =
		tool_realloc(t->speeds, t->num_speeds + 1, sizeof(*t->speeds));
	s = &t->speeds[t->num_speeds];
	*s = (struct dma_speed){
		.kind = kind, .direction = dir, .size = size, .count = t->count
	};
	if (latency(t, &c, s) || bandwidth(t, &c, s))
		return -1;
	t->num_speeds++;
	return 0;
}

int dma_measure(struct dma_test *t, enum akida_memory kind)
{
	static const uint64_t fixed[] = { 64, 4096, 65536, 1 << 20, 16 << 20 };
	uint64_t sizes[DMA_MAX_SIZES];
	size_t n = 0, i;
	int dir;

	if (!t->count)
		return 0;
	for (i = 0; i < ARRAY_SIZE(fixed) && fixed[i] < t->size; i++)
		if (fixed[i] % t->info.align == 0)
			sizes[n++] = fixed[i];
	sizes[n++] = t->size;
	for (dir = 0; dir < DMA_DIRECTIONS; dir++) {
		if (!(t->directions & DMA_BIT(dir)))
			continue;
		for (i = 0; i < n; i++)
			if (one_size(t, kind, (enum dma_direction)dir,
				     sizes[i]))
				return -1;
	}
	return 0;
}
