// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ggml's Q4_0: 32 weights in 18 bytes, a half float and 32 nibbles.
 *
 * Bytes are those of ggml's own C in strict IEEE arithmetic: a fused
 * multiply-add in x * id + 8.5 changes some of them.
 */
#include <math.h>

#include "quant/blocks.h"
#include "quant/half.h"
#include "quant/kernels.h"

/* The weight of largest magnitude, the first of equals; it becomes -8. */
static float first_largest(const float *x)
{
	float largest = 0, max = 0;
	unsigned int i;

	for (i = 0; i < Q4_0_BLOCK; i++)
		if (fabsf(x[i]) > largest) {
			largest = fabsf(x[i]);
			max = x[i];
		}
	return max;
}

/*
 * Quotients lie within -8..8 unless the scale's reverse is infinite or a
 * weight is: what the cast of such a float to an integer gives on x86-64 is 0.
 */
static uint8_t code(float x, float id)
{
	float t = x * id + 8.5f;

	if (!(t > -1 && t < 32))
		return 0;
	return t >= 15 ? 15 : (uint8_t)t;
}

static void q4_0_quantise(const float *x, size_t blocks, uint8_t *out)
{
	const unsigned int half = Q4_0_BLOCK / 2;
	unsigned int i;
	float d, id;

	for (; blocks; blocks--, x += Q4_0_BLOCK, out += Q4_0_BYTES) {
		d = first_largest(x) / -8;
		id = d != 0 ? 1 / d : 0;
		ak_put16(out, ak_to_f16(d));
		for (i = 0; i < half; i++)
			out[2 + i] = (uint8_t)(code(x[i], id) |
					       code(x[i + half], id) << 4);
	}
}

static void q4_0_dequantise(const uint8_t *in, size_t blocks, float *out)
{
	const unsigned int half = Q4_0_BLOCK / 2;
	unsigned int i;
	float d;

	for (; blocks; blocks--, in += Q4_0_BYTES, out += Q4_0_BLOCK) {
		d = ak_of_f16(ak_get16(in));
		for (i = 0; i < half; i++) {
			out[i] = (float)((in[2 + i] & 15) - 8) * d;
			out[i + half] = (float)((in[2 + i] >> 4) - 8) * d;
		}
	}
}

void ak_q4_0_init_c(struct ak_quant *k)
{
	k->quantise[AK_QUANT_Q4_0] = q4_0_quantise;
	k->dequantise[AK_QUANT_Q4_0] = q4_0_dequantise;
}
