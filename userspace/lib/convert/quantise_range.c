// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Ranges of activations from calibration data.
 */
#include <math.h>
#include <stdlib.h>

#include "convert/quantise_internal.h"

/* Fine enough: a step is hundreds of bins wide. */
#define BINS 4096
/* Ranges that are tried, as shares of the largest value. */
#define TRIES 128

struct histogram {
	double bin[BINS];
	double width, count;
};

static double largest(const float *y, size_t count, size_t n,
		      const float *ratio)
{
	double most = 0;
	size_t i, c;

	for (i = 0; i < count; i++, y += n)
		for (c = 0; c < n; c++)
			if (y[c] > 0 && (double)y[c] / (double)ratio[c] > most)
				most = (double)y[c] / (double)ratio[c];
	return most;
}

static void fill(struct histogram *h, const float *y, size_t count, size_t n,
		 const float *ratio, double most)
{
	size_t i, c;

	h->width = most / BINS;
	for (i = 0; i < count; i++, y += n) {
		for (c = 0; c < n; c++) {
			size_t b;

			if (!(y[c] > 0))
				continue;
			b = (size_t)((double)y[c] / (double)ratio[c] /
				     h->width);
			h->bin[b < BINS ? b : BINS - 1]++;
			h->count++;
		}
	}
}

static double percentile(const struct histogram *h, double share)
{
	double below = 0;
	size_t b;

	for (b = 0; b < BINS; b++) {
		below += h->bin[b];
		if (below >= share * h->count)
			break;
	}
	return (double)(b < BINS ? b + 1 : BINS) * h->width;
}

static double squared_error(const struct histogram *h, double range,
			    unsigned int levels)
{
	double step = range / levels, sum = 0;
	size_t b;

	for (b = 0; b < BINS; b++) {
		double x = ((double)b + 0.5) * h->width;
		double q = fmin(rint(x / step), levels) * step;

		sum += h->bin[b] * (x - q) * (x - q);
	}
	return sum;
}

double ak_range_find(const float *y, size_t count, size_t n, const float *ratio,
		     unsigned int levels, const struct ak_quant_options *o)
{
	double most = largest(y, count, n, ratio), best, least, error;
	struct histogram *h;
	unsigned int i;

	if (most <= 0 || o->range == AK_RANGE_MAX || o->range == AK_RANGE_CLIP)
		return most;
	h = calloc(1, sizeof(*h));
	/* Without memory for a better one, the largest value is right, too. */
	if (!h)
		return most;
	fill(h, y, count, n, ratio, most);
	if (o->range == AK_RANGE_PERCENTILE) {
		best = percentile(h, o->percentile / 100);
	} else {
		best = most;
		least = squared_error(h, most, levels);
		for (i = TRIES - 1; i; i--) {
			double range = most * i / TRIES;

			error = squared_error(h, range, levels);
			if (error < least) {
				least = error;
				best = range;
			}
		}
	}
	free(h);
	return best;
}
