// SPDX-License-Identifier: LGPL-2.1-or-later
#include "npu/activation.h"

#include <math.h>

/* Results beyond this could leave int32 when converted. */
#define LARGEST 1e9f

/*
 * Ties to even with additions alone, whatever the rounding of the C library's
 * functions costs: for |v| < 2^22 the sum has no fractional bits. Larger
 * values are clamped anyway.
 */
static float round_even(float v)
{
	const float magic = 12582912.0f; /* 1.5 * 2^23 */
	volatile float sum;

	if (v > 1000.0f || v < -1000.0f)
		return v;
	sum = v + magic;
	return sum - magic;
}

uint8_t npu_activation_fused(int32_t acc, float mul, float add, uint32_t max)
{
	float v = round_even(fmaf((float)acc, mul, add));

	if (v <= 0)
		return 0;
	return v >= (float)max ? (uint8_t)max : (uint8_t)v;
}

static int64_t clamp(int64_t v, int64_t lo, int64_t hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

static bool equal_at(const int32_t *t, uint32_t n, int64_t bias, int64_t pot,
		     float mul, float add)
{
	uint32_t i, y = 0;

	for (i = 0; i < n; i++)
		y += t[i] < pot;
	return npu_activation_fused((int32_t)(pot + bias), mul, add, n) == y;
}

static bool proved(const int32_t *t, uint32_t n, int64_t bias, int64_t lo,
		   int64_t hi, float mul, float add)
{
	uint32_t i;

	if (!(fabsf(fmaf((float)(lo + bias), mul, add)) < LARGEST) ||
	    !(fabsf(fmaf((float)(hi + bias), mul, add)) < LARGEST))
		return false;
	for (i = 0; i < n; i++)
		if (!equal_at(t, n, bias, clamp(t[i], lo, hi), mul, add) ||
		    !equal_at(t, n, bias, clamp((int64_t)t[i] + 1, lo, hi), mul,
			      add))
			return false;
	return true;
}

/*
 * The line must pass level i + 1/2 after t[i] and not later than t[i] + 1;
 * @add is in the middle of what that leaves. Return: how much that is.
 */
static double fit_add(const int32_t *t, uint32_t from, uint32_t to,
		      int64_t bias, float mul, float *add)
{
	double low = -INFINITY, high = INFINITY;
	uint32_t i;

	for (i = from; i < to; i++) {
		double at = (double)mul * ((double)t[i] + (double)bias);

		high = fmin(high, i + 0.5 - at);
		low = fmax(low, i + 0.5 - at - (double)mul);
	}
	*add = (float)((low + high) / 2);
	return (high - low) / (double)mul;
}

bool npu_activation_fit(const int32_t *t, uint32_t n, double step, int64_t bias,
			int64_t lo, int64_t hi, float *mul, float *add)
{
	uint32_t from = 0, to = n, i;
	double best = -INFINITY;

	*mul = 0;
	*add = 0;
	if (lo + bias < INT32_MIN || hi + bias > INT32_MAX)
		return false;
	/* Only thresholds that some potential can reach matter. */
	while (from < n && t[from] < lo)
		from++;
	while (to > from && t[to - 1] >= hi)
		to--;
	if (from == to) {
		*add = (float)from;
		return proved(t, n, bias, lo, hi, *mul, *add);
	}
	/*
	 * The step that made the thresholds and, since a chip rounds it, those
	 * that can have made them: last - first <= steps * step < that + 1.
	 */
	for (i = 0; i <= 8; i++) {
		double s = step, gap;
		float m, a;

		if (i && to - from > 1)
			s = ((double)t[to - 1] - t[from] + i / 8.0) /
			    (to - from - 1);
		m = (float)(s > 1.0 / 64 ? 1 / s : 64);
		gap = fit_add(t, from, to, bias, m, &a);
		if (gap > best) {
			best = gap;
			*mul = m;
			*add = a;
		}
	}
	return proved(t, n, bias, lo, hi, *mul, *add);
}
