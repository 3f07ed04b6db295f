// SPDX-License-Identifier: GPL-2.0
#include "predict.h"

#include <math.h>
#include <stdlib.h>

bool predict_is_map(const struct akida_shape *s)
{
	return s->height > 1 || s->width > 1;
}

/*
 * Softmax of one class. A step near zero can make scores infinite: those share
 * the whole probability, as they would in the limit.
 */
double predict_probability(const float *scores, uint32_t channels,
			   uint32_t class)
{
	double best = -INFINITY, sum = 0;
	uint32_t c;

	if (channels == 1)
		return 1 / (1 + exp(-(double)scores[0]));
	for (c = 0; c < channels; c++)
		best = scores[c] > best ? scores[c] : best;
	for (c = 0; c < channels; c++)
		sum += scores[c] == best ? 1 : exp(scores[c] - best);
	return (scores[class] == best ? 1 : exp(scores[class] - best)) / sum;
}

/* Best first; equal ones in order of their place in the output. */
static int by_score(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static int by_probability(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;

	if (x->probability != y->probability)
		return x->probability > y->probability ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

void predict_classes(const float *scores, uint32_t channels, struct hit *hits)
{
	uint32_t c;

	for (c = 0; c < channels; c++)
		hits[c] = (struct hit){
			.class = c,
			.at = c,
			.score = scores[c],
			.probability = predict_probability(scores, channels, c),
		};
	qsort(hits, channels, sizeof(*hits), by_score);
}

struct hit predict_cell(const float *scores, const struct akida_shape *s,
			uint32_t row, uint32_t column)
{
	size_t at = ((size_t)row * s->width + column) * s->channels;
	uint32_t c, best = s->channels > 1 ? 1 : 0;

	for (c = best + 1; c < s->channels; c++)
		if (scores[at + c] > scores[at + best])
			best = c;
	return (struct hit){
		.row = row,
		.column = column,
		.class = best,
		.at = at + best,
		.score = scores[at + best],
		.probability =
			predict_probability(scores + at, s->channels, best),
	};
}

size_t predict_cells(const float *scores, const struct akida_shape *s,
		     double threshold, struct hit *hits)
{
	uint32_t row, column;
	size_t n = 0;

	for (row = 0; row < s->height; row++)
		for (column = 0; column < s->width; column++) {
			hits[n] = predict_cell(scores, s, row, column);
			if (hits[n].probability >= threshold)
				n++;
		}
	qsort(hits, n, sizeof(*hits), by_probability);
	return n;
}
