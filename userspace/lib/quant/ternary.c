// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Weights of -1, 0 and 1: bitnet.rs (a scale per row) and Microsoft (a scale
 * per tensor). Packing: ternary_pack.c.
 */
#include <errno.h>
#include <float.h>
#include <math.h>

#include "quant/half.h"
#include "quant/kernels.h"

/* What bitnet.rs converts eight at a time. */
#define STEP 8u
/* Rows whose sums are made together and that stay in the cache until coded. */
#define ROWS 16u
/* Codes on their way to be packed; whole words. */
#define CHUNK 4096u

static void row_sums(const float *x, size_t rows, size_t cols, float *sums)
{
	size_t i;

	for (; rows; rows--, x += cols, sums++)
		for (i = 0, *sums = 0; i < cols; i++)
			*sums += fabsf(x[i]);
}

static void bitnet_ternary(const float *x, size_t n, float inverse, int8_t *q)
{
	size_t i;
	float t;

	for (i = 0; i < n; i++) {
		t = x[i] * inverse;
		if (t > 0.5f && t < 0x1p31f)
			q[i] = 1;
		else
			q[i] = t >= -0.5f && t <= 0.5f ? 0 : -1;
	}
}

static void ms_ternary(const float *x, size_t n, float inverse, int8_t *q)
{
	size_t i;
	float t;

	for (i = 0; i < n; i++) {
		t = x[i] * inverse;
		q[i] = (int8_t)((t > 0.5f) - (t < -0.5f));
	}
}

static void threshold(const float *x, size_t n, float limit, int8_t *q)
{
	size_t i;

	for (i = 0; i < n; i++)
		q[i] = (int8_t)((x[i] > limit) - (x[i] < -limit));
}

void ak_ternary_init_c(struct ak_quant *k)
{
	k->row_sums = row_sums;
	k->bitnet_ternary = bitnet_ternary;
	k->ms_ternary = ms_ternary;
	k->threshold = threshold;
}

/* One NaN for all machines: this one is written to files. */
static float plain_nan(float x)
{
	return x != x ? ak_bits_float(0x7fc00000) : x;
}

static void bitnet_scales(const struct ak_quant *k, const float *x, size_t rows,
			  size_t cols, float *scales)
{
	size_t i;

	k->row_sums(x, rows, cols, scales);
	for (i = 0; i < rows; i++) {
		scales[i] = plain_nan(scales[i] / (float)cols);
		if (scales[i] < FLT_EPSILON)
			scales[i] = 1;
	}
}

/* Columns @first to @first + @n of a row; @first is a multiple of STEP. */
static void bitnet_part(const struct ak_quant *k, const float *x, size_t cols,
			size_t first, size_t n, float scale, int8_t *q)
{
	size_t even = cols - cols % STEP, i;
	size_t fast = first + n < even ? n : even - first;
	float t;

	k->bitnet_ternary(x + first, fast, 1 / scale, q);
	for (i = fast; i < n; i++) {
		t = x[first + i] / scale;
		q[i] = (int8_t)((t >= 0.5f) - (t <= -0.5f));
	}
}

void ak_bitnet_ternary(const struct ak_quant *k, const float *x, size_t rows,
		       size_t cols, int8_t *q, float *scales)
{
	size_t n, i;

	for (; rows; rows -= n, x += n * cols, q += n * cols, scales += n) {
		n = rows < ROWS ? rows : ROWS;
		bitnet_scales(k, x, n, cols, scales);
		for (i = 0; i < n; i++)
			bitnet_part(k, x + i * cols, cols, 0, cols, scales[i],
				    q + i * cols);
	}
}

/**
 * struct packer - codes that make whole words
 * @k: functions
 * @code: of the generation
 * @q: codes
 * @count: how many there are
 * @out: where the next words go
 */
struct packer {
	const struct ak_quant *k;
	enum ak_ternary_code code;
	int8_t q[CHUNK];
	size_t count;
	uint32_t *out;
};

static void flush(struct packer *p)
{
	size_t words = p->count / 16, i;

	p->k->code_ternary(p->code, p->q, p->count, (uint8_t *)p->out);
	for (i = 0; i < words && !AK_LITTLE_ENDIAN; i++)
		p->out[i] = le32toh(p->out[i]);
	p->out += words;
	p->count = 0;
}

static void pack_row(struct packer *p, const float *x, size_t cols, float scale)
{
	size_t at, n;

	for (at = 0; at < cols; at += n) {
		n = CHUNK - p->count;
		if (n >= cols - at)
			n = cols - at;
		else
			n -= n % STEP;
		if (n)
			bitnet_part(p->k, x, cols, at, n, scale,
				    p->q + p->count);
		p->count += n;
		/* Less than STEP of room: the rest of it moves up. */
		if (CHUNK - p->count < STEP) {
			size_t rest = p->count % 16;
			int8_t left[16];

			memcpy(left, p->q + p->count - rest, rest);
			p->count -= rest;
			flush(p);
			memcpy(p->q, left, rest);
			p->count = rest;
		}
	}
}

int ak_bitnet_rows(const struct ak_quant *k, enum ak_ternary_code code,
		   const float *x, size_t rows, size_t cols, uint32_t *packed,
		   float *scales)
{
	struct packer p = { .k = k, .code = code, .out = packed };
	size_t n, i;

	if (rows * cols % 16)
		return -EINVAL;
	for (; rows; rows -= n, x += n * cols, scales += n) {
		n = rows < ROWS ? rows : ROWS;
		bitnet_scales(k, x, n, cols, scales);
		for (i = 0; i < n; i++)
			pack_row(&p, x + i * cols, cols, scales[i]);
	}
	flush(&p);
	return 0;
}

float ak_ms_factor(double sum, uint64_t n)
{
	float mean = plain_nan((float)(sum / (double)n));

	return 1 / (mean < 1e-5f ? 1e-5f : mean);
}

float ak_ms_scale(float factor)
{
	return 1 / factor;
}

void ak_ms_ternary(const struct ak_quant *k, float factor, const float *x,
		   size_t n, int8_t *q)
{
	k->ms_ternary(x, n, factor, q);
}

void ak_ternary_exact(const struct ak_quant *k, const float *x, size_t n,
		      int8_t *q)
{
	/* No float lies between this one and 1e-6. */
	k->threshold(x, n, 1e-6f, q);
}
