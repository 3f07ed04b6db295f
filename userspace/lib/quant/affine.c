// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Integers with a scale and a zero point per row or group. Over whole rows and
 * their full range this is APL's quantize_per_row, which is NumPy's arithmetic:
 * scale and zero point in double, quotients in single precision.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "quant/kernels.h"

/* Factors that calibration tries: by eighths of a 32nd. */
#define FACTORS 256
#define COARSE 8
#define LEAST 32

static float quotient(float x, const struct ak_affine_grid *g)
{
	float t = x / g->scale + g->zero;

	if (t != t)
		return g->of_nan;
	return rintf(t <= 0 ? 0 : t >= g->levels ? g->levels : t);
}

static void range(const float *x, size_t n, float *lo, float *hi)
{
	size_t i;

	*lo = INFINITY;
	*hi = -INFINITY;
	for (i = 0; i < n; i++)
		if (isfinite(x[i])) {
			*lo = x[i] < *lo ? x[i] : *lo;
			*hi = x[i] > *hi ? x[i] : *hi;
		}
}

static void affine(const float *x, size_t n, const struct ak_affine_grid *g,
		   uint8_t *q)
{
	size_t i;

	for (i = 0; i < n; i++)
		q[i] = (uint8_t)quotient(x[i], g);
}

static void affine_error(const float *x, size_t n,
			 const struct ak_affine_grid *g,
			 float lanes[AK_GROUP_LANES])
{
	size_t i;
	float d;

	for (i = 0; i < n; i++) {
		if (!isfinite(x[i]))
			continue;
		d = x[i] - (quotient(x[i], g) - g->zero) * g->scale;
		lanes[i % AK_GROUP_LANES] += d * d;
	}
}

static void affine_value(const uint8_t *q, size_t n, float scale,
			 int32_t zero_point, float *out)
{
	size_t i;

	for (i = 0; i < n; i++)
		out[i] = (float)(((double)q[i] - zero_point) * (double)scale);
}

void ak_affine_init_c(struct ak_quant *k)
{
	k->range = range;
	k->affine = affine;
	k->affine_error = affine_error;
	k->affine_value = affine_value;
}

/**
 * struct grid - what a row or group is quantised to
 * @k: functions
 * @rule: the caller's
 * @lo: smallest value
 * @hi: largest value
 * @g: for the functions
 * @zero_point: as it is stored
 */
struct grid {
	const struct ak_quant *k;
	const struct ak_affine *rule;
	float lo, hi;
	struct ak_affine_grid g;
	int32_t zero_point;
};

static unsigned int levels(const struct ak_affine *a)
{
	return (1u << a->bits) - 1;
}

/* The peer's rule, its errors included. */
static bool is_apl(const struct ak_affine *a)
{
	return !a->symmetric && !a->group && a->calibrate == AK_CALIBRATE_RANGE;
}

static bool has_no_range(const struct grid *f)
{
	if (f->rule->symmetric)
		return f->lo > f->hi || (f->lo == 0 && f->hi == 0);
	return f->lo >= f->hi;
}

static void set_grid(struct grid *f, double scale, double zero)
{
	double q = levels(f->rule);

	zero = zero < INT32_MIN ? INT32_MIN : zero;
	zero = zero > INT32_MAX ? INT32_MAX : zero;
	f->zero_point = (int32_t)zero;
	f->g.scale = (float)scale;
	f->g.zero = (float)f->zero_point;
	f->g.levels = (float)q;
	f->g.of_nan = (uint8_t)(zero < 0 ? 0 : zero > q ? q : zero);
}

/* One value only, or none: APL loses it, else +-1 times a scale keeps it. */
static void grid_of_constant(struct grid *f)
{
	double zero = f->rule->symmetric ? 1u << (f->rule->bits - 1) : 0;

	if (f->lo > f->hi || f->lo == 0 || is_apl(f->rule))
		set_grid(f, 1, zero);
	else
		set_grid(f, fabsf(f->lo), f->lo < 0);
}

static void grid_of_range(struct grid *f, double factor)
{
	const struct ak_affine *a = f->rule;
	double lo = factor * (double)f->lo, hi = factor * (double)f->hi, s;
	unsigned int middle = 1u << (a->bits - 1);

	if (a->symmetric) {
		set_grid(f, fmax(fabs(lo), fabs(hi)) / (middle - 1), middle);
	} else {
		s = (hi - lo) / levels(a);
		set_grid(f, s, rint(-lo / s));
	}
}

static double noise(const struct grid *f, const float *x, size_t n)
{
	float lanes[AK_GROUP_LANES] = { 0 };
	double sum = 0;
	unsigned int i;

	f->k->affine_error(x, n, &f->g, lanes);
	for (i = 0; i < AK_GROUP_LANES; i++)
		sum += (double)lanes[i];
	return sum;
}

/* Zero with scale 0: what is left of every value is itself. */
static double signal(const struct grid *f, const float *x, size_t n)
{
	struct grid none = { .k = f->k, .g = { .scale = 0, .levels = 0 } };

	return noise(&none, x, n);
}

/* The factor of the least error; of equals the largest. */
static void calibrate(struct grid *f, const float *x, size_t n,
		      struct ak_affine_stats *stats)
{
	double best, full, e;
	int chosen = FACTORS, i, first;

	grid_of_range(f, 1);
	best = full = noise(f, x, n);
	for (i = FACTORS - COARSE; i >= LEAST; i -= COARSE) {
		grid_of_range(f, (double)i / FACTORS);
		e = noise(f, x, n);
		if (e < best) {
			best = e;
			chosen = i;
		}
	}
	first = chosen + COARSE - 1;
	for (i = first < FACTORS ? first : FACTORS; i > first - 2 * COARSE + 1;
	     i--) {
		grid_of_range(f, (double)i / FACTORS);
		e = noise(f, x, n);
		if (e < best || (e == best && i > chosen)) {
			best = e;
			chosen = i;
		}
	}
	grid_of_range(f, (double)chosen / FACTORS);
	if (stats) {
		stats->range_noise += full;
		stats->noise += best;
	}
}

static void quantise_group(struct grid *f, const float *x, size_t n, uint8_t *q,
			   struct ak_affine_stats *stats)
{
	bool mse = f->rule->calibrate == AK_CALIBRATE_MSE;

	f->k->range(x, n, &f->lo, &f->hi);
	if (stats && mse)
		stats->signal += signal(f, x, n);
	if (has_no_range(f)) {
		grid_of_constant(f);
		if (is_apl(f->rule)) {
			memset(q, 0, n);
			if (stats && f->lo <= f->hi && f->lo != 0)
				stats->constant++;
			return;
		}
	} else if (mse) {
		calibrate(f, x, n, stats);
	} else {
		grid_of_range(f, 1);
	}
	f->k->affine(x, n, &f->g, q);
}

static int check(const struct ak_affine *a)
{
	if (a->bits != 1 && a->bits != 2 && a->bits != 4 && a->bits != 8)
		return -EINVAL;
	if (a->symmetric && a->bits == 1)
		return -EINVAL;
	if (a->calibrate != AK_CALIBRATE_RANGE &&
	    a->calibrate != AK_CALIBRATE_MSE)
		return -EINVAL;
	return 0;
}

size_t ak_affine_groups(const struct ak_affine *a, size_t cols)
{
	if (!a->group)
		return 1;
	return cols / a->group + (cols % a->group != 0);
}

/* Elements of the group that begins at column @at. */
static size_t group_size(const struct ak_affine *a, size_t cols, size_t at)
{
	if (!a->group || a->group > cols - at)
		return cols - at;
	return a->group;
}

int ak_affine_rows(const struct ak_quant *k, const struct ak_affine *a,
		   const float *x, size_t rows, size_t cols, uint8_t *q,
		   float *scales, int32_t *zero_points,
		   struct ak_affine_stats *stats)
{
	struct grid f = { .k = k, .rule = a };
	size_t groups = ak_affine_groups(a, cols), r, g, at, n;
	int ret = check(a);

	if (ret)
		return ret;
	for (r = 0; r < rows; r++) {
		struct ak_affine_stats *s = stats ? &stats[r] : NULL;

		if (s)
			*s = (struct ak_affine_stats){ 0 };
		for (g = 0, at = 0; g < groups; g++, at += n) {
			n = group_size(a, cols, at);
			quantise_group(&f, x + at, n, q + at, s);
			*scales++ = f.g.scale;
			*zero_points++ = f.zero_point;
		}
		x += cols;
		q += cols;
	}
	return 0;
}

void ak_affine_dequantise(const struct ak_quant *k, const struct ak_affine *a,
			  const uint8_t *q, const float *scales,
			  const int32_t *zero_points, size_t rows, size_t cols,
			  float *out)
{
	size_t groups = ak_affine_groups(a, cols), g, at, n;

	for (; rows; rows--, q += cols, out += cols)
		for (g = 0, at = 0; g < groups; g++, at += n) {
			n = group_size(a, cols, at);
			k->affine_value(q + at, n, *scales++, *zero_points++,
					out + at);
		}
}
