/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Q6_K in whichever vectors simd_*.h has brought: as many sub-blocks at a time
 * as there are lanes, each summed in the order of q6_k.c.
 *
 * With finite weights the quotients of a trial stay below 33, so that rounding
 * by the last bits of a sum and clamping may change places. Other blocks go to
 * q6_k.c.
 */
#ifndef AK_QUANT_Q6_K_SIMD_H
#define AK_QUANT_Q6_K_SIMD_H

#include <math.h>

#include "quant/blocks.h"
#include "quant/half.h"
#include "quant/q6_k.h"

/* Rounds what is within 2^22 to an integer, in the float's last bits. */
#define MAGIC 12582912.f
/* Trials that are computed together: they hide each other's latency. */
#define TOGETHER 3u

/**
 * struct subs - W sub-blocks, lane s being sub-block s
 * @x: weight i of each
 * @wx: x^2 * x
 * @w: x^2
 */
struct subs {
	vf x[Q6_K_SUB], wx[Q6_K_SUB], w[Q6_K_SUB];
};

static ALWAYS_INLINE void load_subs(struct subs *s, const float *x)
{
	unsigned int i, c;

	for_unrolled_by(c, Q6_K_SUB, W)
	{
		for_unrolled(i, W)
			s->x[c + i] = v_load(x + Q6_K_SUB * i + c);
		v_transpose(s->x + c);
	}
	for_unrolled(i, Q6_K_SUB) {
		s->w[i] = v_mul(s->x[i], s->x[i]);
		s->wx[i] = v_mul(s->w[i], s->x[i]);
	}
}

/* The weight of largest magnitude, the first of equals. */
static ALWAYS_INLINE vf largest_of_subs(const struct subs *s, vf *largest)
{
	vf max = v_set(0), a;
	unsigned int i;
	vm more;

	*largest = v_set(0);
	for_unrolled(i, Q6_K_SUB) {
		a = v_abs(s->x[i]);
		more = v_gt(a, *largest);
		max = v_select(more, s->x[i], max);
		*largest = v_max(*largest, a);
	}
	return max;
}

static ALWAYS_INLINE void try_scales(const struct subs *s, const vf *iscale,
				     vf *xl, vf *ll, unsigned int n)
{
	const vf lo = v_set(MAGIC - 32), hi = v_set(MAGIC + 31);
	unsigned int i, t;
	vf l;

	for_unrolled(t, n)
		xl[t] = ll[t] = v_set(0);
	for_unrolled(i, Q6_K_SUB)
		for_unrolled(t, n) {
			l = v_add(v_mul(iscale[t], s->x[i]), v_set(MAGIC));
			l = v_sub(v_min(hi, v_max(lo, l)), v_set(MAGIC));
			xl[t] = v_add(xl[t], v_mul(s->wx[i], l));
			ll[t] = v_add(ll[t], v_mul(v_mul(s->w[i], l), l));
		}
}

/* Scales of W sub-blocks, and the factors that their codes come from. */
static ALWAYS_INLINE void find_scales(const float *x, float *scales,
				      float *factors)
{
	vf max, largest, xl[TOGETHER], ll[TOGETHER], iscale[TOGETHER];
	vf scale, best, chosen;
	struct subs s;
	unsigned int i, t;
	vm better;

	load_subs(&s, x);
	max = largest_of_subs(&s, &largest);
	chosen = v_div(v_set(-32), max);
	try_scales(&s, &chosen, xl, ll, 1);
	scale = v_select(v_not_equal(ll[0], v_set(0)), v_div(xl[0], ll[0]),
			 v_set(0));
	best = v_mul(scale, xl[0]);
	for (i = 0; i < Q6_K_TRIALS; i += TOGETHER) {
		for_unrolled(t, TOGETHER)
			iscale[t] = v_div(v_set(q6_k_numerator(i + t)), max);
		try_scales(&s, iscale, xl, ll, TOGETHER);
		for_unrolled(t, TOGETHER) {
			better = m_and(
				v_gt(ll[t], v_set(0)),
				v_gt(v_mul(xl[t], xl[t]), v_mul(best, ll[t])));
			chosen = v_select(better, iscale[t], chosen);
			scale = v_select(better, v_div(xl[t], ll[t]), scale);
			best = v_select(better, v_mul(scale, xl[t]), best);
		}
	}
	/* Tiny sub-blocks count as zero, and so do their codes. */
	better = v_ge(largest, v_set(Q6_K_TINY));
	v_store(scales, v_select(better, scale, v_set(0)));
	v_store(factors, v_select(better, chosen, v_set(NAN)));
}

/* Codes of a sub-block: multiples of @by or, if @divide, of 1 / @by. */
static ALWAYS_INLINE void code_sub(const float *x, float by, bool divide,
				   uint8_t *q)
{
	const unsigned int n = Q6_K_SUB / W;
	vi codes[Q6_K_SUB / W];
	unsigned int i;
	vm number;
	vf t;

	for_unrolled(i, n) {
		t = v_load(x + W * i);
		t = divide ? v_div(t, v_set(by)) : v_mul(t, v_set(by));
		number = v_ge(v_set(INFINITY), v_abs(t));
		t = v_min(v_set(31), v_max(v_set(-32), t));
		codes[i] = i_add(i_keep(number, v_nearest(t)), i_set(32));
	}
	i_store8_16(q, codes);
}

typedef uint8_t v32u8 __attribute__((vector_size(32)));

static ALWAYS_INLINE void pack_q6(const uint8_t *q, uint8_t *out)
{
	unsigned int half;
	v32u8 a, b, c, d, low, high, top;

	for (half = 0; half < 2; half++, q += 128) {
		memcpy(&a, q, 32);
		memcpy(&b, q + 32, 32);
		memcpy(&c, q + 64, 32);
		memcpy(&d, q + 96, 32);
		low = (a & 15) | c << 4;
		high = (b & 15) | d << 4;
		top = (a >> 4) | (b >> 4) << 2 | (c >> 4) << 4 | (d >> 4) << 6;
		memcpy(out + 64 * half, &low, 32);
		memcpy(out + 64 * half + 32, &high, 32);
		memcpy(out + Q6_K_QH + 32 * half, &top, 32);
	}
}

static ALWAYS_INLINE bool all_finite(const float *x)
{
	vf sum[4] = { v_set(0), v_set(0), v_set(0), v_set(0) };
	unsigned int i, j;

	/* Zero times a number is zero, times anything else a NaN. */
	for (i = 0; i < Q6_K_BLOCK; i += 4 * W)
		for_unrolled(j, 4)
			sum[j] = v_add(sum[j],
				       v_mul(v_load(x + i + W * j), v_set(0)));
	sum[0] = v_add(v_add(sum[0], sum[1]), v_add(sum[2], sum[3]));
	return v_all_equal(sum[0], v_set(0));
}

static ALWAYS_INLINE void q6_k_block(const float *x, uint8_t *out)
{
	float scales[Q6_K_SUBS], factors[Q6_K_SUBS], max_scale = 0;
	float largest = 0, iscale, d, dd;
	uint8_t q[Q6_K_BLOCK];
	unsigned int s;
	int scale;

	for (s = 0; s < Q6_K_SUBS; s += W)
		find_scales(x + Q6_K_SUB * s, scales + s, factors + s);
	for (s = 0; s < Q6_K_SUBS; s++)
		if (fabsf(scales[s]) > largest) {
			largest = fabsf(scales[s]);
			max_scale = scales[s];
		}
	if (largest < Q6_K_TINY) {
		memset(out, 0, Q6_K_BYTES);
		return;
	}
	iscale = -128 / max_scale;
	ak_put16(out + Q6_K_D, ak_to_f16(1 / iscale));
	d = ak_of_f16(ak_get16(out + Q6_K_D));
	for (s = 0; s < Q6_K_SUBS; s++) {
		scale = q6_k_nearest(iscale * scales[s]);
		scale = scale > 127 ? 127 : scale;
		out[Q6_K_SCALES + s] = (uint8_t)(int8_t)scale;
		dd = d * (float)(int8_t)scale;
		if (dd != 0)
			code_sub(x + Q6_K_SUB * s, dd, true, q + Q6_K_SUB * s);
		else if (factors[s] == factors[s])
			code_sub(x + Q6_K_SUB * s, factors[s], false,
				 q + Q6_K_SUB * s);
		else
			memset(q + Q6_K_SUB * s, 0, Q6_K_SUB);
	}
	pack_q6(q, out);
}

static void q6_k_quantise(const float *x, size_t blocks, uint8_t *out)
{
	for (; blocks; blocks--, x += Q6_K_BLOCK, out += Q6_K_BYTES)
		if (all_finite(x))
			q6_k_block(x, out);
		else
			ak_q6_k_block_c(x, out);
}

static ALWAYS_INLINE void init_q6_k(struct ak_quant *k)
{
	k->quantise[AK_QUANT_Q6_K] = q6_k_quantise;
}

#endif /* AK_QUANT_Q6_K_SIMD_H */
