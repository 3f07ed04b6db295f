// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Sums and maxima of rows, in an order that vector code can keep.
 */
#include <math.h>

#include "quant/kernels.h"

/* Lanes are added in pairs: ((0+1)+(2+3))+((4+5)+(6+7)). */
static double add_lanes(const double *lane)
{
	return ((lane[0] + lane[1]) + (lane[2] + lane[3])) +
	       ((lane[4] + lane[5]) + (lane[6] + lane[7]));
}

static double sum_abs(const float *x, size_t n)
{
	double lane[AK_SUM_LANES] = { 0 };
	size_t i;

	for (i = 0; i < n; i++)
		lane[i % AK_SUM_LANES] += (double)fabsf(x[i]);
	return add_lanes(lane);
}

static float max_abs(const float *x, size_t n)
{
	float max = 0;
	size_t i;

	for (i = 0; i < n; i++)
		max = fabsf(x[i]) > max ? fabsf(x[i]) : max;
	return max;
}

static void max_abs_cols(const float *x, size_t rows, size_t cols, float *max)
{
	size_t i;

	for (; rows; rows--, x += cols)
		for (i = 0; i < cols; i++)
			max[i] = fabsf(x[i]) > max[i] ? fabsf(x[i]) : max[i];
}

static double dot(const float *a, const float *b, size_t n)
{
	double lane[AK_SUM_LANES] = { 0 };
	size_t i;

	for (i = 0; i < n; i++)
		lane[i % AK_SUM_LANES] += (double)a[i] * (double)b[i];
	return add_lanes(lane);
}

static void error(const float *x, const float *y, size_t n, struct ak_error *e)
{
	double signal[AK_SUM_LANES] = { 0 }, noise[AK_SUM_LANES] = { 0 };
	double max = 0, d;
	size_t i;

	for (i = 0; i < n; i++) {
		d = (double)x[i] - (double)y[i];
		signal[i % AK_SUM_LANES] += (double)x[i] * (double)x[i];
		noise[i % AK_SUM_LANES] += d * d;
		max = fabs(d) > max ? fabs(d) : max;
	}
	*e = (struct ak_error){ n, add_lanes(signal), add_lanes(noise), max };
}

void ak_sums_init_c(struct ak_quant *k)
{
	k->sum_abs = sum_abs;
	k->max_abs = max_abs;
	k->max_abs_cols = max_abs_cols;
	k->dot = dot;
	k->error = error;
}

double ak_sum_abs(const struct ak_quant *k, const float *x, size_t n)
{
	return k->sum_abs(x, n);
}

float ak_max_abs(const struct ak_quant *k, const float *x, size_t n)
{
	return k->max_abs(x, n);
}

void ak_max_abs_cols(const struct ak_quant *k, const float *x, size_t rows,
		     size_t cols, float *max)
{
	k->max_abs_cols(x, rows, cols, max);
}

double ak_dot(const struct ak_quant *k, const float *a, const float *b,
	      size_t n)
{
	return k->dot(a, b, n);
}

struct ak_error ak_error_row(const struct ak_quant *k, const float *x,
			     const float *y, size_t n)
{
	struct ak_error e;

	k->error(x, y, n, &e);
	return e;
}

void ak_error_add(struct ak_error *sum, const struct ak_error *row)
{
	sum->n += row->n;
	sum->signal += row->signal;
	sum->noise += row->noise;
	sum->max = row->max > sum->max ? row->max : sum->max;
}

double ak_error_relative(const struct ak_error *e)
{
	return sqrt(e->noise) / (sqrt(e->signal) + 1e-10);
}
