// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Symmetric integers from the largest magnitude: the rules of rustChip and of
 * its guide, which differ in one of some millions of weights.
 */
#include <errno.h>
#include <math.h>

#include "quant/kernels.h"

#define LEAST_MAX 1e-30f

static float round_clamp(float t, float lo, float hi)
{
	if (t != t)
		return 0;
	return roundf(t < lo ? lo : t > hi ? hi : t);
}

static void intn(const float *x, size_t n, const struct ak_intn_grid *g,
		 int8_t *q)
{
	size_t i;

	for (i = 0; i < n; i++)
		q[i] = (int8_t)round_clamp(
			g->divide ? x[i] / g->by : x[i] * g->by, g->lo, g->hi);
}

static void intn_cols(const float *x, size_t rows, size_t pitch, size_t n,
		      const struct ak_intn_grid *g, const float *by, int8_t *q)
{
	size_t i;

	for (; rows; rows--, x += pitch, q += pitch)
		for (i = 0; i < n; i++)
			q[i] = (int8_t)round_clamp(g->divide ? x[i] / by[i] :
							       x[i] * by[i],
						   g->lo, g->hi);
}

void ak_intn_init_c(struct ak_quant *k)
{
	k->intn = intn;
	k->intn_cols = intn_cols;
}

/* Largest integer, 0 for bits that there are not. */
static float largest(unsigned int bits)
{
	switch (bits) {
	case 1:
	case 2:
		return 1;
	case 4:
		return 7;
	case 8:
		return 127;
	}
	return 0;
}

static float at_least(float max_abs)
{
	return max_abs > LEAST_MAX ? max_abs : LEAST_MAX;
}

float ak_intn_scale(unsigned int bits, float max_abs)
{
	float m = largest(bits);

	return m > 0 ? at_least(max_abs) / m : 0;
}

static float factor(enum ak_intn_rule rule, unsigned int bits, float max_abs)
{
	if (rule == AK_INTN_DIVIDE)
		return ak_intn_scale(bits, max_abs);
	return largest(bits) / at_least(max_abs);
}

static int set_grid(struct ak_intn_grid *g, enum ak_intn_rule rule,
		    unsigned int bits)
{
	float m = largest(bits);

	if (m == 0 ||
	    (rule != AK_INTN_DIVIDE && (rule != AK_INTN_MULTIPLY || bits == 1)))
		return -EINVAL;
	g->divide = rule == AK_INTN_DIVIDE;
	g->lo = g->divide ? -m : -m - 1;
	g->hi = m;
	return 0;
}

int ak_intn(const struct ak_quant *k, enum ak_intn_rule rule, unsigned int bits,
	    float max_abs, const float *x, size_t n, int8_t *q)
{
	struct ak_intn_grid g;
	int ret = set_grid(&g, rule, bits);

	if (ret)
		return ret;
	g.by = factor(rule, bits, max_abs);
	k->intn(x, n, &g, q);
	return 0;
}

int ak_intn_rows(const struct ak_quant *k, enum ak_intn_rule rule,
		 unsigned int bits, const float *x, size_t rows, size_t cols,
		 int8_t *q, float *scales)
{
	struct ak_intn_grid g;
	int ret = set_grid(&g, rule, bits);
	float max;

	if (ret)
		return ret;
	for (; rows; rows--, x += cols, q += cols) {
		max = k->max_abs(x, cols);
		g.by = factor(rule, bits, max);
		*scales++ = ak_intn_scale(bits, max);
		k->intn(x, cols, &g, q);
	}
	return 0;
}

int ak_intn_cols(const struct ak_quant *k, enum ak_intn_rule rule,
		 unsigned int bits, const float *max_abs, const float *x,
		 size_t rows, size_t cols, int8_t *q)
{
	enum {
		PART = 4096
	};
	float by[PART];
	struct ak_intn_grid g;
	int ret = set_grid(&g, rule, bits);
	size_t at, n, i;

	if (ret)
		return ret;
	for (at = 0; at < cols; at += n) {
		n = cols - at < PART ? cols - at : PART;
		for (i = 0; i < n; i++)
			by[i] = factor(rule, bits, max_abs[at + i]);
		k->intn_cols(x + at, rows, cols, n, &g, by, q + at);
	}
	return 0;
}
