/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Q4_0, Q8_0, TQ1_0, TQ2_0 and half floats in whichever vectors simd_*.h has
 * brought. The same operations in the same order as q4_0.c, q8_0.c, tq.c and
 * half.c, a block at a time.
 */
#ifndef AK_QUANT_BLOCKS_SIMD_H
#define AK_QUANT_BLOCKS_SIMD_H

#include "quant/blocks.h"
#include "quant/half.h"
#include "quant/kernels.h"

/* Vectors of 32 floats. */
#define N32 (32u / W)
/* Vectors of 16 floats. */
#define N16 (16u / W)

static ALWAYS_INLINE void load32(vf v[N32], const float *x)
{
	unsigned int i;

	for_unrolled(i, N32)
		v[i] = v_load(x + W * i);
}

/* Largest magnitude of @n floats, a multiple of 32; NaN does not count. */
static ALWAYS_INLINE float largest_of(const float *x, unsigned int n)
{
	vf max[N32];
	unsigned int i, j;

	for_unrolled(j, N32)
		max[j] = v_set(0);
	for (i = 0; i < n; i += 32)
		for_unrolled(j, N32)
			max[j] = v_max(max[j], v_abs(v_load(x + i + W * j)));
	for (j = 1; j < N32; j++)
		max[0] = v_max(max[0], max[j]);
	return v_largest(max[0]);
}

static void q4_0_quantise(const float *x, size_t blocks, uint8_t *out)
{
	vf v[N32], a[N32], m;
	vi q[N32];
	float largest, max, d, id;
	unsigned int i;

	for (; blocks; blocks--, x += Q4_0_BLOCK, out += Q4_0_BYTES) {
		load32(v, x);
		m = v_set(0);
		for_unrolled(i, N32) {
			a[i] = v_abs(v[i]);
			m = v_max(m, a[i]);
		}
		largest = v_largest(m);
		max = largest > 0 ? x[v_first(a, v_set(largest))] : 0;
		d = max / -8;
		id = d != 0 ? 1 / d : 0;
		ak_put16(out, v_f16_of(d));
		for_unrolled(i, N32) {
			vf t = v_add(v_mul(v[i], v_set(id)), v_set(8.5f));
			/* Not for NaN and infinities: their code is 0. */
			vm fits = v_gt(v_set(32), v_abs(t));

			q[i] = i_keep(fits, i_min(v_trunc(t), i_set(15)));
		}
		for_unrolled(i, N16)
			q[i] = i_or(q[i], i_shl(q[i + N16], 4));
		i_store8_16(out + 2, q);
	}
}

static void q4_0_dequantise(const uint8_t *in, size_t blocks, float *out)
{
	unsigned int i;

	for (; blocks; blocks--, in += Q4_0_BYTES, out += Q4_0_BLOCK) {
		vf d = v_set(ak_of_f16(ak_get16(in)));

		for_unrolled(i, N16) {
			vi q = i_load8(in + 2 + W * i);
			vi lo = i_sub(i_and(q, i_set(15)), i_set(8));
			vi hi = i_sub(i_and(i_shr(q, 4), i_set(15)), i_set(8));

			v_store(out + W * i, v_mul(v_float(lo), d));
			v_store(out + 16 + W * i, v_mul(v_float(hi), d));
		}
	}
}

/* Nearest integer, ties away from zero, of what is well within int32. */
static ALWAYS_INLINE vi round_away(vf t)
{
	/* The float before one half: no sum is rounded over a limit. */
	return v_trunc(v_add(t, v_copysign(v_set(0x1.fffffep-2f), t)));
}

static void q8_0_quantise(const float *x, size_t blocks, uint8_t *out)
{
	vf v[N32], m;
	vi q[N32];
	unsigned int i;
	float d, id;

	for (; blocks; blocks--, x += Q8_0_BLOCK, out += Q8_0_BYTES) {
		load32(v, x);
		m = v_set(0);
		for_unrolled(i, N32)
			m = v_max(m, v_abs(v[i]));
		d = v_largest(m) / 127;
		id = d != 0 ? 1 / d : 0;
		ak_put16(out, v_f16_of(d));
		for_unrolled(i, N32) {
			vf t = v_mul(v[i], v_set(id));
			vm fits = v_gt(v_set(128), v_abs(t));

			q[i] = i_keep(fits, round_away(t));
		}
		i_store8_32(out + 2, q);
	}
}

static void q8_0_dequantise(const uint8_t *in, size_t blocks, float *out)
{
	unsigned int i;

	for (; blocks; blocks--, in += Q8_0_BYTES, out += Q8_0_BLOCK) {
		vf d = v_set(ak_of_f16(ak_get16(in)));

		for_unrolled(i, N32) {
			vf q = v_float(i_load8(in + 2 + W * i));

			v_store(out + W * i, v_mul(q, d));
		}
	}
}

/* Nearest of -1, 0, 1, plus 1; 1 for all but numbers. */
static ALWAYS_INLINE vi trits(const float *x, vf id)
{
	vf t = v_mul(v_load(x), id);
	vm fits = v_gt(v_set(2), v_abs(t));

	return i_add(i_keep(fits, round_away(t)), i_set(1));
}

static ALWAYS_INLINE float trit_scale(const float *x, uint8_t *out)
{
	float largest = largest_of(x, TQ1_0_BLOCK);

	ak_put16(out, v_f16_of(largest));
	return largest != 0 ? 1 / largest : 0;
}

/* W bytes of five weights each, which lie @n apart. */
static ALWAYS_INLINE vi base3(const float *x, vf id, unsigned int n)
{
	vi q = trits(x, id);
	unsigned int i;

	for (i = 1; i < 5; i++)
		q = i_add(i_add(q, i_shl(q, 1)), trits(x + i * n, id));
	/* (256 q + 242) / 243: the reciprocal is exact to 65535. */
	q = i_mul(i_add(i_shl(q, 8), i_set(242)), i_set(69043));
	return i_shr(q, 24);
}

static void tq1_0_quantise(const float *x, size_t blocks, uint8_t *out)
{
	vi q[N32];
	unsigned int i, j, b;

	for (; blocks; blocks--, x += TQ1_0_BLOCK, out += TQ1_0_BYTES) {
		const float *last = x + 240;
		float id = trit_scale(x, out + TQ1_0_D);
		int t[16];

		for_unrolled(i, N32)
			q[i] = base3(x + W * i, v_set(id), 32);
		i_store8_32(out, q);
		for_unrolled(i, N16)
			q[i] = base3(x + 160 + W * i, v_set(id), 16);
		i_store8_16(out + 32, q);
		for_unrolled(i, N16) {
			q[i] = trits(last + W * i, v_set(id));
			memcpy(t + W * i, &q[i], sizeof(q[i]));
		}
		for_unrolled(i, 4) {
			for (j = 0, b = 0; j < 4; j++)
				b = b * 3 + (unsigned int)t[i + 4 * j];
			out[TQ1_0_QH + i] = (uint8_t)((b * 768 + 242) / 243);
		}
	}
}

static void tq2_0_quantise(const float *x, size_t blocks, uint8_t *out)
{
	unsigned int half, i;
	vi q[N32];

	for (; blocks; blocks--, out += TQ2_0_BYTES) {
		vf id = v_set(trit_scale(x, out + TQ2_0_D));

		for (half = 0; half < 2; half++, x += 128) {
			for_unrolled(i, N32) {
				const float *p = x + W * i;

				q[i] = i_or(i_or(trits(p, id),
						 i_shl(trits(p + 32, id), 2)),
					    i_or(i_shl(trits(p + 64, id), 4),
						 i_shl(trits(p + 96, id), 6)));
			}
			i_store8_32(out + 32 * half, q);
		}
	}
}

static void f16_quantise(const float *x, size_t blocks, uint8_t *out)
{
	for (; blocks >= W; blocks -= W, x += W, out += 2 * W)
		v_store_f16(out, v_load(x));
	for (; blocks; blocks--, out += 2)
		ak_put16(out, ak_to_f16(*x++));
}

static void f16_dequantise(const uint8_t *in, size_t blocks, float *out)
{
	for (; blocks >= W; blocks -= W, in += 2 * W, out += W)
		v_store(out, v_load_f16(in));
	for (; blocks; blocks--, in += 2)
		*out++ = ak_of_f16(ak_get16(in));
}

static void bf16_quantise(const float *x, size_t blocks, uint8_t *out)
{
	for (; blocks >= W; blocks -= W, x += W, out += 2 * W) {
		vf v = v_load(x);
		vi bits = v_bits(v), quiet, even;
		vm nan = v_not_equal(v, v);

		quiet = i_or(i_shr(bits, 16), i_set(0x40));
		even = i_add(i_and(i_shr(bits, 16), i_set(1)), i_set(0x7fff));
		bits = i_shr(i_add(bits, even), 16);
		i_store16(out, v_bits(v_select(nan, v_of_bits(quiet),
					       v_of_bits(bits))));
	}
	for (; blocks; blocks--, out += 2)
		ak_put16(out, ak_to_bf16(*x++));
}

static void bf16_dequantise(const uint8_t *in, size_t blocks, float *out)
{
	for (; blocks >= W; blocks -= W, in += 2 * W, out += W)
		v_store(out, v_of_bits(i_shl(i_load16(in), 16)));
	for (; blocks; blocks--, in += 2)
		*out++ = ak_of_bf16(ak_get16(in));
}

static ALWAYS_INLINE void init_blocks(struct ak_quant *k)
{
	k->quantise[AK_QUANT_Q4_0] = q4_0_quantise;
	k->dequantise[AK_QUANT_Q4_0] = q4_0_dequantise;
	k->quantise[AK_QUANT_Q8_0] = q8_0_quantise;
	k->dequantise[AK_QUANT_Q8_0] = q8_0_dequantise;
	k->quantise[AK_QUANT_TQ1_0] = tq1_0_quantise;
	k->quantise[AK_QUANT_TQ2_0] = tq2_0_quantise;
	k->quantise[AK_QUANT_F16] = f16_quantise;
	k->dequantise[AK_QUANT_F16] = f16_dequantise;
	k->quantise[AK_QUANT_BF16] = bf16_quantise;
	k->dequantise[AK_QUANT_BF16] = bf16_dequantise;
}

#endif /* AK_QUANT_BLOCKS_SIMD_H */
