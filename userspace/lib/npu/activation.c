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

/* A neuron: the accumulator is (potential + bias) * scale. */
struct neuron {
	const int32_t *t;
	uint32_t n;
	int64_t bias, scale, lo, hi;
};

static int64_t accumulator(const struct neuron *u, int64_t pot)
{
	return (pot + u->bias) * u->scale;
}

static bool equal_at(const struct neuron *u, int64_t pot, float mul, float add)
{
	uint32_t i, y = 0;

	pot = clamp(pot, u->lo, u->hi);
	for (i = 0; i < u->n; i++)
		y += u->t[i] < pot;
	return npu_activation_fused((int32_t)accumulator(u, pot), mul, add,
				    u->n) == y;
}

static bool converts(const struct neuron *u, int64_t pot, float mul, float add)
{
	float v = fmaf((float)accumulator(u, pot), mul, add);

	return v < LARGEST && v > -LARGEST;
}

static bool proved(const struct neuron *u, float mul, float add)
{
	uint32_t i;

	if (!converts(u, u->lo, mul, add) || !converts(u, u->hi, mul, add))
		return false;
	for (i = 0; i < u->n; i++)
		if (!equal_at(u, u->t[i], mul, add) ||
		    !equal_at(u, (int64_t)u->t[i] + 1, mul, add))
			return false;
	return true;
}

/*
 * The line must pass level i + 1/2 after t[i] and not later than t[i] + 1;
 * @add is in the middle of what that leaves. Return: how much that is.
 */
static double fit_add(const struct neuron *u, uint32_t from, uint32_t to,
		      float mul, float *add)
{
	double low = -INFINITY, high = INFINITY;
	double slope = (double)mul * (double)u->scale;
	uint32_t i;

	for (i = from; i < to; i++) {
		double at = slope * ((double)u->t[i] + (double)u->bias);

		high = fmin(high, i + 0.5 - at);
		low = fmax(low, i + 0.5 - at - slope);
	}
	*add = (float)((low + high) / 2);
	return (high - low) / slope;
}

bool npu_activation_fit(const int32_t *t, uint32_t n, double step, int64_t bias,
			int64_t scale, int64_t lo, int64_t hi, float *mul,
			float *add)
{
	const struct neuron u = { t, n, bias, scale, lo, hi };
	uint32_t from = 0, to = n, i;
	double best = -INFINITY;

	*mul = 0;
	*add = 0;
	if (accumulator(&u, lo) < INT32_MIN || accumulator(&u, hi) > INT32_MAX)
		return false;
	/* Only thresholds that some potential can reach matter. */
	while (from < n && t[from] < lo)
		from++;
	while (to > from && t[to - 1] >= hi)
		to--;
	if (from == to) {
		*add = (float)from;
		return proved(&u, *mul, *add);
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
		m = (float)((s > 1.0 / 64 ? 1 / s : 64) / (double)scale);
		gap = fit_add(&u, from, to, m, &a);
		if (gap > best) {
			best = gap;
			*mul = m;
			*add = a;
		}
	}
	return proved(&u, *mul, *add);
}
