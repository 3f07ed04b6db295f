// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What nntrainer's weight_converter.py calls Q4_0 and Q6_K. Neither is ggml's,
 * and no published program reads them; they are here so that files of that
 * script can be reproduced and inspected.
 */
#include <math.h>

#include "quant/blocks.h"
#include "quant/half.h"
#include "quant/kernels.h"

static float largest_of(const float *x, unsigned int n)
{
	float largest = 0;
	unsigned int i;

	for (i = 0; i < n; i++)
		if (fabsf(x[i]) > largest)
			largest = fabsf(x[i]);
	return largest;
}

static int clamp(float t, int lo, int hi)
{
	if (t != t)
		return 0;
	return t <= (float)lo ? lo : t >= (float)hi ? hi : (int)t;
}

/* Adjacent weights share a byte, and the code is offset by 8. */
static void script_q4_0_quantise(const float *x, size_t blocks, uint8_t *out)
{
	unsigned int i;

	for (; blocks; blocks--, x += Q4_0_BLOCK, out += Q4_0_BYTES) {
		uint16_t half = ak_to_f16(largest_of(x, Q4_0_BLOCK) / 7);
		float d = ak_of_f16(half);

		ak_put16(out, half);
		for (i = 0; i < Q4_0_BLOCK; i += 2) {
			int lo, hi;

			lo = d != 0 ? clamp(rintf(x[i] / d), -8, 7) + 8 : 0;
			hi = d != 0 ? clamp(rintf(x[i + 1] / d), -8, 7) + 8 : 0;
			out[2 + i / 2] = (uint8_t)(lo | hi << 4);
		}
	}
}

static void script_q4_0_dequantise(const uint8_t *in, size_t blocks, float *out)
{
	unsigned int i;

	for (; blocks; blocks--, in += Q4_0_BYTES, out += Q4_0_BLOCK) {
		float d = ak_of_f16(ak_get16(in));

		for (i = 0; i < Q4_0_BLOCK; i++) {
			int q = in[2 + i / 2] >> (i % 2 * 4) & 15;

			out[i] = (float)(q - 8) * d;
		}
	}
}

/* What is above half of the largest magnitude saturates. */
static void script_q6_k_block(const float *x, uint8_t *out)
{
	float largest = largest_of(x, Q6_K_BLOCK), by;
	uint8_t q[Q6_K_BLOCK];
	unsigned int i, s;
	double d;

	memset(out, 0, Q6_K_BYTES);
	if ((double)largest < 1e-8)
		return;
	/* Scalars are double for the script, arrays are float. */
	d = (double)largest / 63;
	by = (float)(63 / (double)largest);
	for (i = 0; i < Q6_K_BLOCK; i++)
		q[i] = (uint8_t)(clamp(rintf(x[i] * by), -32, 31) + 32);
	for (i = 0; i < Q6_K_BLOCK / 2; i++)
		out[i] = (uint8_t)((q[2 * i] & 15) | (q[2 * i + 1] & 15) << 4);
	for (i = 0; i < Q6_K_BLOCK / 4; i++)
		out[Q6_K_QH + i] =
			(uint8_t)(q[4 * i] >> 4 | q[4 * i + 1] >> 4 << 2 |
				  q[4 * i + 2] >> 4 << 4 |
				  q[4 * i + 3] >> 4 << 6);
	for (s = 0; s < Q6_K_SUBS; s++) {
		double m = (double)largest_of(x + Q6_K_SUB * s, Q6_K_SUB);
		double scale = rint(m / d * 127 / 63);

		/* inf / inf, where a weight is infinite. */
		out[Q6_K_SCALES + s] = scale >= 0 ? (uint8_t)scale : 0;
	}
	ak_put16(out + Q6_K_D, ak_to_f16((float)d));
}

static void script_q6_k_quantise(const float *x, size_t blocks, uint8_t *out)
{
	for (; blocks; blocks--, x += Q6_K_BLOCK, out += Q6_K_BYTES)
		script_q6_k_block(x, out);
}

/* By the rule that the codes were made with; the scales play no part in it. */
static void script_q6_k_dequantise(const uint8_t *in, size_t blocks, float *out)
{
	unsigned int i;

	for (; blocks; blocks--, in += Q6_K_BYTES, out += Q6_K_BLOCK) {
		float d = ak_of_f16(ak_get16(in + Q6_K_D));

		for (i = 0; i < Q6_K_BLOCK; i++) {
			int low = in[i / 2] >> (i % 2 * 4) & 15;
			int high = in[Q6_K_QH + i / 4] >> (i % 4 * 2) & 3;

			/* A zero block has zero codes, which are not zero. */
			out[i] = d != 0 ? (float)((low | high << 4) - 32) * d :
					  0;
		}
	}
}

void ak_script_init_c(struct ak_quant *k)
{
	k->quantise[AK_QUANT_SCRIPT_Q4_0] = script_q4_0_quantise;
	k->dequantise[AK_QUANT_SCRIPT_Q4_0] = script_q4_0_dequantise;
	k->quantise[AK_QUANT_SCRIPT_Q6_K] = script_q6_k_quantise;
	k->dequantise[AK_QUANT_SCRIPT_Q6_K] = script_q6_k_dequantise;
}
