// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * APL's one-bit and ternary weights: signs or thirds with a scale per row, the
 * mean magnitude as NumPy sums it.
 */
#include <math.h>

#include "quant/half.h"
#include "quant/kernels.h"

#define LANES 8u

static float sum_abs_block(const float *x, size_t n)
{
	float r[LANES], sum;
	size_t i, j;

	for (j = 0; j < LANES; j++)
		r[j] = fabsf(x[j]);
	for (i = LANES; i + LANES <= n; i += LANES)
		for (j = 0; j < LANES; j++)
			r[j] += fabsf(x[i + j]);
	sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
	for (; i < n; i++)
		sum += fabsf(x[i]);
	return sum;
}

static void signs(const float *x, size_t n, uint8_t *out)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (i % 8 == 0)
			out[i / 8] = 0;
		out[i / 8] |= (uint8_t)((x[i] >= 0) << (7 - i % 8));
	}
}

void ak_binary_init_c(struct ak_quant *k)
{
	k->sum_abs_block = sum_abs_block;
	k->signs = signs;
}

/*
 * NumPy's pairwise summation: halves, the first a multiple of eight long, until
 * 128 are left; up to seven are summed one by one.
 */
static float pairwise(const struct ak_quant *k, const float *x, size_t n)
{
	size_t half, i;
	float sum = 0;

	if (n < LANES) {
		for (i = 0; i < n; i++)
			sum += fabsf(x[i]);
		return sum;
	}
	if (n <= AK_PAIRWISE_BLOCK)
		return k->sum_abs_block(x, n);
	half = n / 2;
	half -= half % LANES;
	sum = pairwise(k, x, half);
	return sum + pairwise(k, x + half, n - half);
}

static float mean_abs(const struct ak_quant *k, const float *x, size_t n)
{
	float mean = pairwise(k, x, n) / (float)n;

	/* One NaN for all machines: this one is written to files. */
	return mean != mean ? ak_bits_float(0x7fc00000) : mean;
}

void ak_binarise_rows(const struct ak_quant *k, const float *x, size_t rows,
		      size_t cols, uint8_t *packed, float *scales)
{
	size_t bytes = cols / 8 + (cols % 8 != 0);

	for (; rows; rows--, x += cols, packed += bytes) {
		*scales++ = mean_abs(k, x, cols);
		k->signs(x, cols, packed);
	}
}

void ak_binarise_unpack(const uint8_t *packed, const float *scales, size_t rows,
			size_t cols, float *out)
{
	size_t bytes = cols / 8 + (cols % 8 != 0), i;

	for (; rows; rows--, packed += bytes, scales++, out += cols)
		for (i = 0; i < cols; i++)
			out[i] = packed[i / 8] >> (7 - i % 8) & 1 ? *scales :
								    -*scales;
}

void ak_apl_ternary_rows(const struct ak_quant *k, const float *x, size_t rows,
			 size_t cols, int8_t *q, float *scales)
{
	for (; rows; rows--, x += cols, q += cols, scales++) {
		*scales = mean_abs(k, x, cols);
		k->threshold(x, cols, 0.5f * *scales, q);
	}
}
