// SPDX-License-Identifier: LGPL-2.1-or-later
#include "array/resize.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A sum of 8-bit values times weights that sum to 1 fits 31 bits. */
#define WEIGHT_BITS 22
#define HALF (1 << (WEIGHT_BITS - 1))

/* For each result: the first source, how many, and their weights. */
struct taps {
	size_t *first, *count;
	int32_t *weights;
	double *scratch;
	size_t per_result;
};

static void free_taps(struct taps *t)
{
	free(t->first);
	free(t->count);
	free(t->weights);
	free(t->scratch);
}

static double triangle(double x)
{
	x = fabs(x);
	return x < 1.0 ? 1.0 - x : 0.0;
}

/* The weights of one result, of sources around @centre. */
static void fill_taps(struct taps *t, size_t result, double centre,
		      double radius, size_t in_size)
{
	int32_t *weights = t->weights + result * t->per_result;
	double begin = floor(centre - radius + 0.5);
	double end = floor(centre + radius + 0.5);
	double sum = 0;
	double inverse = 1.0 / radius;
	size_t first, count, i;

	if (begin < 0)
		begin = 0;
	if (end > (double)in_size)
		end = (double)in_size;
	first = (size_t)begin;
	count = (size_t)end - first;
	if (count > t->per_result)
		count = t->per_result;
	for (i = 0; i < count; i++) {
		double x = (double)(first + i) + 0.5 - centre;

		t->scratch[i] = triangle(x * inverse);
		sum += t->scratch[i];
	}
	for (i = 0; i < count; i++) {
		double w = sum > 0 ? t->scratch[i] / sum : 0;

		weights[i] = (int32_t)(w * (1 << WEIGHT_BITS) + 0.5);
	}
	t->first[result] = first;
	t->count[result] = count;
}

static int make_taps(struct taps *t, size_t in_size, double box_begin,
		     double box_size, size_t out_size)
{
	double scale = box_size / (double)out_size;
	double radius = scale > 1 ? scale : 1;
	size_t bytes, i;

	t->per_result = (size_t)ceil(radius) * 2 + 1;
	t->first = calloc(out_size, sizeof(*t->first));
	t->count = calloc(out_size, sizeof(*t->count));
	t->scratch = calloc(t->per_result, sizeof(*t->scratch));
	if (__builtin_mul_overflow(t->per_result, sizeof(*t->weights), &bytes))
		return -ENOMEM;
	t->weights = calloc(out_size, bytes);
	if (!t->first || !t->count || !t->scratch || !t->weights)
		return -ENOMEM;
	for (i = 0; i < out_size; i++)
		fill_taps(t, i, box_begin + ((double)i + 0.5) * scale, radius,
			  in_size);
	return 0;
}

static uint8_t round_sum(int32_t sum)
{
	sum = (sum + HALF) >> WEIGHT_BITS;
	return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

/* One row of results along the rows. */
static void across(const uint8_t *from, size_t channels, const struct taps *t,
		   uint8_t *to, size_t out_width)
{
	size_t x, c, i;

	for (x = 0; x < out_width; x++) {
		const uint8_t *p = from + t->first[x] * channels;
		const int32_t *w = t->weights + x * t->per_result;

		for (c = 0; c < channels; c++) {
			int32_t sum = 0;

			for (i = 0; i < t->count[x]; i++)
				sum += p[i * channels + c] * w[i];
			*to++ = round_sum(sum);
		}
	}
}

/* One row of results from rows of @bytes; @sums has room for one. */
static void down(const uint8_t *from, size_t bytes, const struct taps *t,
		 size_t y, int32_t *sums, uint8_t *to)
{
	const int32_t *w = t->weights + y * t->per_result;
	size_t i, b;

	memset(sums, 0, bytes * sizeof(*sums));
	for (i = 0; i < t->count[y]; i++) {
		const uint8_t *p = from + (t->first[y] + i) * bytes;

		for (b = 0; b < bytes; b++)
			sums[b] += p[b] * w[i];
	}
	for (b = 0; b < bytes; b++)
		to[b] = round_sum(sums[b]);
}

/* Rows [*first, *last) are all that the results need. */
static void rows_needed(const struct taps *t, size_t out_height, size_t *first,
			size_t *last)
{
	size_t y;

	*first = SIZE_MAX;
	*last = 0;
	for (y = 0; y < out_height; y++) {
		if (t->first[y] < *first)
			*first = t->first[y];
		if (t->first[y] + t->count[y] > *last)
			*last = t->first[y] + t->count[y];
	}
}

static int two_passes(const uint8_t *from, size_t width, size_t channels,
		      const struct taps *columns, struct taps *rows,
		      uint8_t *to, size_t out_height, size_t out_width)
{
	size_t bytes = out_width * channels, first, last, y;
	uint8_t *between;
	int32_t *sums;
	int rc = -ENOMEM;

	rows_needed(rows, out_height, &first, &last);
	between = calloc(last - first, bytes);
	sums = calloc(bytes, sizeof(*sums));
	if (between && sums) {
		for (y = first; y < last; y++)
			across(from + y * width * channels, channels, columns,
			       between + (y - first) * bytes, out_width);
		for (y = 0; y < out_height; y++) {
			rows->first[y] -= first;
			down(between, bytes, rows, y, sums, to + y * bytes);
		}
		rc = 0;
	}
	free(between);
	free(sums);
	return rc;
}

struct ak_resize_box ak_resize_centred(size_t height, size_t width,
				       size_t out_height, size_t out_width)
{
	struct ak_resize_box box = { .width = (double)width,
				     .height = (double)height };
	double ratio = (double)out_width / (double)out_height;

	if (box.width > box.height * ratio)
		box.width = box.height * ratio;
	else
		box.height = box.width / ratio;
	box.x = ((double)width - box.width) / 2;
	box.y = ((double)height - box.height) / 2;
	return box;
}

int ak_resize_bilinear(const uint8_t *from, size_t height, size_t width,
		       size_t channels, const struct ak_resize_box *box,
		       uint8_t *to, size_t out_height, size_t out_width)
{
	struct taps columns = { 0 }, rows = { 0 };
	int rc;

	rc = make_taps(&columns, width, box->x, box->width, out_width);
	if (!rc)
		rc = make_taps(&rows, height, box->y, box->height, out_height);
	if (!rc)
		rc = two_passes(from, width, channels, &columns, &rows, to,
				out_height, out_width);
	free_taps(&columns);
	free_taps(&rows);
	return rc;
}
