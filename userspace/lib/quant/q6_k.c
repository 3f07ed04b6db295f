// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ggml's Q6_K: 256 weights in 210 bytes. Each 16 have a scale of 8 bits, found
 * by trying 19 of them for the least error weighted by x^2; all have one half
 * float.
 *
 * Sums are in single precision and in order: vector code computes sixteen
 * sub-blocks at a time, never sixteen weights of one.
 */
#include <math.h>

#include "quant/blocks.h"
#include "quant/half.h"
#include "quant/kernels.h"
#include "quant/q6_k.h"

static int clamp6(int l)
{
	return l < -32 ? -32 : l > 31 ? 31 : l;
}

/* Weighted sums of a trial: x * l and l * l. */
struct sums {
	float xl, ll;
};

static struct sums try_scale(const float *x, float iscale)
{
	struct sums s = { 0, 0 };
	unsigned int i;
	float l, w;

	for (i = 0; i < Q6_K_SUB; i++) {
		l = (float)clamp6(q6_k_nearest(iscale * x[i]));
		w = x[i] * x[i];
		s.xl += w * x[i] * l;
		s.ll += w * l * l;
	}
	return s;
}

static void code_all(const float *x, float iscale, uint8_t *q)
{
	unsigned int i;

	for (i = 0; i < Q6_K_SUB; i++)
		q[i] = (uint8_t)(clamp6(q6_k_nearest(iscale * x[i])) + 32);
}

/* Scale and codes of a sub-block. */
static float sub_block(const float *x, uint8_t *q)
{
	float largest = 0, max = 0, iscale, chosen, scale, best;
	struct sums s;
	unsigned int i, t;

	for (i = 0; i < Q6_K_SUB; i++)
		if (fabsf(x[i]) > largest) {
			largest = fabsf(x[i]);
			max = x[i];
		}
	if (largest < Q6_K_TINY) {
		memset(q, 0, Q6_K_SUB);
		return 0;
	}
	chosen = -32 / max;
	s = try_scale(x, chosen);
	scale = s.ll != 0 ? s.xl / s.ll : 0;
	best = scale * s.xl;
	for (t = 0; t < Q6_K_TRIALS; t++) {
		iscale = q6_k_numerator(t) / max;
		s = try_scale(x, iscale);
		if (s.ll > 0 && s.xl * s.xl > best * s.ll) {
			chosen = iscale;
			scale = s.xl / s.ll;
			best = scale * s.xl;
		}
	}
	code_all(x, chosen, q);
	return scale;
}

static void pack(const uint8_t *q, uint8_t *out)
{
	unsigned int half, i;

	for (half = 0; half < 2; half++, q += 128) {
		uint8_t *ql = out + 64 * half, *qh = out + Q6_K_QH + 32 * half;

		for (i = 0; i < 32; i++) {
			ql[i] = (uint8_t)((q[i] & 15) | (q[i + 64] & 15) << 4);
			ql[i + 32] = (uint8_t)((q[i + 32] & 15) |
					       (q[i + 96] & 15) << 4);
			qh[i] = (uint8_t)(q[i] >> 4 | q[i + 32] >> 4 << 2 |
					  q[i + 64] >> 4 << 4 |
					  q[i + 96] >> 4 << 6);
		}
	}
}

void ak_q6_k_block_c(const float *x, uint8_t *out)
{
	float scales[Q6_K_SUBS], max_scale = 0, largest = 0, iscale, d, dd;
	uint8_t q[Q6_K_BLOCK];
	unsigned int s, i;
	int scale;

	for (s = 0; s < Q6_K_SUBS; s++) {
		scales[s] = sub_block(x + Q6_K_SUB * s, q + Q6_K_SUB * s);
		if (fabsf(scales[s]) > largest) {
			largest = fabsf(scales[s]);
			max_scale = scales[s];
		}
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
		for (i = Q6_K_SUB * s; i < Q6_K_SUB * (s + 1) && dd != 0; i++)
			q[i] = (uint8_t)(clamp6(q6_k_nearest(x[i] / dd)) + 32);
	}
	pack(q, out);
}

static void q6_k_quantise(const float *x, size_t blocks, uint8_t *out)
{
	for (; blocks; blocks--, x += Q6_K_BLOCK, out += Q6_K_BYTES)
		ak_q6_k_block_c(x, out);
}

static void q6_k_dequantise(const uint8_t *in, size_t blocks, float *out)
{
	unsigned int half, i, j;

	for (; blocks; blocks--, in += Q6_K_BYTES) {
		float d = ak_of_f16(ak_get16(in + Q6_K_D));

		for (half = 0; half < 2; half++, out += 128) {
			const uint8_t *ql = in + 64 * half;
			const uint8_t *qh = in + Q6_K_QH + 32 * half;
			const uint8_t *sc = in + Q6_K_SCALES + 8 * half;

			for (i = 0; i < 128; i++) {
				j = i % 32;
				uint8_t low = ql[i % 64] >> (i / 64 * 4) & 15;
				uint8_t high = qh[j] >> (i / 32 * 2) & 3;
				float s = d * (float)(int8_t)sc[i / 16];

				out[i] = s * (float)((low | high << 4) - 32);
			}
		}
	}
}

void ak_q6_k_init_c(struct ak_quant *k)
{
	k->quantise[AK_QUANT_Q6_K] = q6_k_quantise;
	k->dequantise[AK_QUANT_Q6_K] = q6_k_dequantise;
}
