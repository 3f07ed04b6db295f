/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sums, maxima and integers per row in whichever vectors simd_*.h has brought.
 * The same operations in the same order as sums.c, affine.c, binary.c, intn.c
 * and pack.c.
 *
 * A rest shorter than a step is computed on a copy that is filled up with what
 * changes nothing.
 */
#ifndef AK_QUANT_ROWS_SIMD_H
#define AK_QUANT_ROWS_SIMD_H

#include <math.h>

#include "quant/kernels.h"

/* Floats of a step. */
#define STEP 32u

/* The last @n floats, filled up with @rest. */
static ALWAYS_INLINE void fill_up(float to[STEP], const float *x, size_t n,
				  float rest)
{
	unsigned int i;

	for (i = 0; i < STEP; i++)
		to[i] = i < n ? x[i] : rest;
}

static double add_lanes(vd8 sum)
{
	double lane[AK_SUM_LANES];

	d8_store(lane, sum);
	return ((lane[0] + lane[1]) + (lane[2] + lane[3])) +
	       ((lane[4] + lane[5]) + (lane[6] + lane[7]));
}

static double sum_abs(const float *x, size_t n)
{
	vd8 sum = d8_zero();
	float last[STEP];

	for (; n >= AK_SUM_LANES; n -= AK_SUM_LANES, x += AK_SUM_LANES)
		sum = d8_add(sum, d8_abs(d8_load(x)));
	fill_up(last, x, n, 0);
	return add_lanes(d8_add(sum, d8_abs(d8_load(last))));
}

static double dot(const float *a, const float *b, size_t n)
{
	float last_a[STEP], last_b[STEP];
	vd8 sum = d8_zero();
	size_t i;

	for (i = 0; i + AK_SUM_LANES <= n; i += AK_SUM_LANES)
		sum = d8_add(sum, d8_mul(d8_load(a + i), d8_load(b + i)));
	fill_up(last_a, a + i, n - i, 0);
	fill_up(last_b, b + i, n - i, 0);
	return add_lanes(d8_add(sum, d8_mul(d8_load(last_a), d8_load(last_b))));
}

/**
 * struct errors - sums of squares and the largest difference, eight lanes each
 * @signal: of x
 * @noise: of x - y
 * @max: of |x - y|
 */
struct errors {
	vd8 signal, noise, max;
};

static ALWAYS_INLINE void add_errors(struct errors *e, const float *x,
				     const float *y)
{
	vd8 a = d8_load(x), d = d8_sub(a, d8_load(y));

	e->signal = d8_add(e->signal, d8_mul(a, a));
	e->noise = d8_add(e->noise, d8_mul(d, d));
	e->max = d8_max(e->max, d8_abs(d));
}

static void error(const float *x, const float *y, size_t n, struct ak_error *e)
{
	struct errors sums = { d8_zero(), d8_zero(), d8_zero() };
	float last_x[STEP], last_y[STEP];
	double max[AK_SUM_LANES];
	unsigned int j;
	size_t i;

	for (i = 0; i + AK_SUM_LANES <= n; i += AK_SUM_LANES)
		add_errors(&sums, x + i, y + i);
	fill_up(last_x, x + i, n - i, 0);
	fill_up(last_y, y + i, n - i, 0);
	add_errors(&sums, last_x, last_y);
	d8_store(max, sums.max);
	for (j = 1; j < AK_SUM_LANES; j++)
		max[0] = max[j] > max[0] ? max[j] : max[0];
	*e = (struct ak_error){ n, add_lanes(sums.signal),
				add_lanes(sums.noise), max[0] };
}

static float max_abs(const float *x, size_t n)
{
	const unsigned int vectors = STEP / W;
	float last[STEP];
	vf max[STEP / W];
	unsigned int j;

	for_unrolled(j, vectors)
		max[j] = v_set(0);
	for (; n >= STEP; n -= STEP, x += STEP)
		for_unrolled(j, vectors)
			max[j] = v_max(max[j], v_abs(v_load(x + W * j)));
	fill_up(last, x, n, 0);
	for_unrolled(j, vectors) {
		max[j] = v_max(max[j], v_abs(v_load(last + W * j)));
		max[0] = v_max(max[0], max[j]);
	}
	return v_largest(max[0]);
}

/* Four rows for each time that the maxima are loaded and stored. */
static ALWAYS_INLINE void max_abs_rows(const float *x, unsigned int rows,
				       size_t cols, float *max)
{
	const size_t whole = cols - cols % W;
	unsigned int r;
	size_t i;
	float a;
	vf m;

	for (i = 0; i < whole; i += W) {
		m = v_load(max + i);
		for_unrolled(r, rows)
			m = v_max(m, v_abs(v_load(x + r * cols + i)));
		v_store(max + i, m);
	}
	for (; i < cols; i++)
		for (r = 0; r < rows; r++) {
			a = fabsf(x[r * cols + i]);
			max[i] = a > max[i] ? a : max[i];
		}
}

static void max_abs_cols(const float *x, size_t rows, size_t cols, float *max)
{
	for (; rows >= 4; rows -= 4, x += 4 * cols)
		max_abs_rows(x, 4, cols, max);
	for (; rows; rows--, x += cols)
		max_abs_rows(x, 1, cols, max);
}

static ALWAYS_INLINE vm is_finite(vf x)
{
	return v_gt(v_set(INFINITY), v_abs(x));
}

static void range(const float *x, size_t n, float *lo, float *hi)
{
	const unsigned int vectors = STEP / W;
	vf min[STEP / W], max[STEP / W];
	float last[STEP];
	unsigned int j;
	size_t i;

	for_unrolled(j, vectors) {
		min[j] = v_set(INFINITY);
		max[j] = v_set(-INFINITY);
	}
	for (i = 0; i < n; i += STEP) {
		const float *p = x + i;

		if (n - i < STEP) {
			fill_up(last, p, n - i, NAN);
			p = last;
		}
		for_unrolled(j, vectors) {
			vf v = v_load(p + W * j);

			v = v_select(is_finite(v), v, v_set(NAN));
			min[j] = v_min(min[j], v);
			max[j] = v_max(max[j], v);
		}
	}
	for_unrolled(j, vectors) {
		min[0] = v_min(min[0], min[j]);
		max[0] = v_max(max[0], max[j]);
	}
	*lo = -v_largest(v_sub(v_set(-0.f), min[0]));
	*hi = v_largest(max[0]);
}

/* Integers as floats; those of NaN. */
static ALWAYS_INLINE vf affine_codes(vf x, const struct ak_affine_grid *g)
{
	vf t = v_add(v_div(x, v_set(g->scale)), v_set(g->zero));
	vm number = v_ge(v_set(INFINITY), v_abs(t));

	t = v_min(v_set(g->levels), v_max(v_set(0), t));
	return v_select(number, v_round(t), v_set((float)g->of_nan));
}

static void affine(const float *x, size_t n, const struct ak_affine_grid *g,
		   uint8_t *q)
{
	const unsigned int vectors = STEP / W;
	vi codes[STEP / W];
	float last[STEP];
	uint8_t end[STEP];
	unsigned int j;
	size_t i;

	for (i = 0; i + STEP <= n; i += STEP) {
		for_unrolled(j, vectors)
			codes[j] = v_nearest(
				affine_codes(v_load(x + i + W * j), g));
		i_store8_32(q + i, codes);
	}
	if (i == n)
		return;
	fill_up(last, x + i, n - i, 0);
	for_unrolled(j, vectors)
		codes[j] = v_nearest(affine_codes(v_load(last + W * j), g));
	i_store8_32(end, codes);
	memcpy(q + i, end, n - i);
}

static void affine_error(const float *x, size_t n,
			 const struct ak_affine_grid *g,
			 float lanes[AK_GROUP_LANES])
{
	const unsigned int vectors = AK_GROUP_LANES / W;
	vf sum[AK_GROUP_LANES / W], v, d;
	float last[STEP];
	unsigned int j;
	size_t i;

	for_unrolled(j, vectors)
		sum[j] = v_load(lanes + W * j);
	for (i = 0; i < n; i += AK_GROUP_LANES) {
		const float *p = x + i;

		if (n - i < AK_GROUP_LANES) {
			fill_up(last, p, n - i, NAN);
			p = last;
		}
		for_unrolled(j, vectors) {
			v = v_load(p + W * j);
			d = v_sub(affine_codes(v, g), v_set(g->zero));
			d = v_sub(v, v_mul(d, v_set(g->scale)));
			d = v_add(sum[j], v_mul(d, d));
			sum[j] = v_select(is_finite(v), d, sum[j]);
		}
	}
	for_unrolled(j, vectors)
		v_store(lanes + W * j, sum[j]);
}

/* At least eight floats; those after the last whole eight one by one. */
static float sum_abs_block(const float *x, size_t n)
{
	vf8 sum = f8_abs(x);
	float r[8], total;
	size_t i;

	for (i = 8; i + 8 <= n; i += 8)
		sum = f8_add(sum, f8_abs(x + i));
	f8_store(r, sum);
	total = ((r[0] + r[1]) + (r[2] + r[3])) +
		((r[4] + r[5]) + (r[6] + r[7]));
	for (; i < n; i++)
		total += fabsf(x[i]);
	return total;
}

/* The first bit of each byte becomes the last. */
static ALWAYS_INLINE uint32_t mirror_bytes(uint32_t b)
{
	b = (b >> 1 & 0x55555555) | (b & 0x55555555) << 1;
	b = (b >> 2 & 0x33333333) | (b & 0x33333333) << 2;
	return (b >> 4 & 0x0f0f0f0f) | (b & 0x0f0f0f0f) << 4;
}

static void signs(const float *x, size_t n, uint8_t *out)
{
	float last[STEP];
	uint32_t bits;

	for (; n >= STEP; n -= STEP, x += STEP, out += STEP / 8) {
		bits = mirror_bytes(v_signs(x));
		memcpy(out, &bits, sizeof(bits));
	}
	fill_up(last, x, n, -1);
	bits = mirror_bytes(v_signs(last));
	memcpy(out, &bits, (n + 7) / 8);
}

static ALWAYS_INLINE vi intn_codes(vf t, const struct ak_intn_grid *g)
{
	vm number = v_ge(v_set(INFINITY), v_abs(t));

	t = v_min(v_set(g->hi), v_max(v_set(g->lo), t));
	/* As round_away(): the float before one half. */
	t = v_add(t, v_copysign(v_set(0x1.fffffep-2f), t));
	return i_keep(number, v_trunc(t));
}

static ALWAYS_INLINE void intn_step(const float *x,
				    const struct ak_intn_grid *g, uint8_t *q)
{
	const unsigned int vectors = STEP / W;
	vi codes[STEP / W];
	unsigned int j;
	vf v;

	for_unrolled(j, vectors) {
		v = v_load(x + W * j);
		v = g->divide ? v_div(v, v_set(g->by)) : v_mul(v, v_set(g->by));
		codes[j] = intn_codes(v, g);
	}
	i_store8_32(q, codes);
}

static void intn(const float *x, size_t n, const struct ak_intn_grid *g,
		 int8_t *q)
{
	float last[STEP];
	uint8_t end[STEP];

	for (; n >= STEP; n -= STEP, x += STEP, q += STEP)
		intn_step(x, g, (uint8_t *)q);
	if (!n)
		return;
	fill_up(last, x, n, 0);
	intn_step(last, g, end);
	memcpy(q, end, n);
}

/* A step of some rows, for which the factors are loaded once. */
static ALWAYS_INLINE void intn_cols_step(const float *x, unsigned int rows,
					 size_t pitch,
					 const struct ak_intn_grid *g,
					 const float *by, uint8_t *q)
{
	const unsigned int vectors = STEP / W;
	vi codes[STEP / W];
	unsigned int r, j;
	vf v, f;

	for_unrolled(r, rows) {
		for_unrolled(j, vectors) {
			f = v_load(by + W * j);
			v = v_load(x + r * pitch + W * j);
			v = g->divide ? v_div(v, f) : v_mul(v, f);
			codes[j] = intn_codes(v, g);
		}
		i_store8_32(q + r * pitch, codes);
	}
}

static ALWAYS_INLINE void intn_cols_rows(const float *x, unsigned int rows,
					 size_t pitch, size_t n,
					 const struct ak_intn_grid *g,
					 const float *by, int8_t *q)
{
	float last[STEP], last_by[STEP];
	uint8_t end[STEP];
	unsigned int r;
	size_t i;

	for (i = 0; i + STEP <= n; i += STEP)
		intn_cols_step(x + i, rows, pitch, g, by + i, (uint8_t *)q + i);
	if (i == n)
		return;
	fill_up(last_by, by + i, n - i, 1);
	for (r = 0; r < rows; r++) {
		fill_up(last, x + r * pitch + i, n - i, 0);
		intn_cols_step(last, 1, 0, g, last_by, end);
		memcpy(q + r * pitch + i, end, n - i);
	}
}

static void intn_cols(const float *x, size_t rows, size_t pitch, size_t n,
		      const struct ak_intn_grid *g, const float *by, int8_t *q)
{
	for (; rows >= 4; rows -= 4, x += 4 * pitch, q += 4 * pitch)
		intn_cols_rows(x, 4, pitch, n, g, by, q);
	for (; rows; rows--, x += pitch, q += pitch)
		intn_cols_rows(x, 1, pitch, n, g, by, q);
}

static ALWAYS_INLINE void init_rows(struct ak_quant *k)
{
	k->sum_abs = sum_abs;
	k->max_abs = max_abs;
	k->max_abs_cols = max_abs_cols;
	k->dot = dot;
	k->error = error;
	k->range = range;
	k->affine = affine;
	k->affine_error = affine_error;
	k->sum_abs_block = sum_abs_block;
	k->signs = signs;
	k->intn = intn;
	k->intn_cols = intn_cols;
}

#endif /* AK_QUANT_ROWS_SIMD_H */
