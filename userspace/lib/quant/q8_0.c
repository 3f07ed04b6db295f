// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ggml's Q8_0: 32 weights in 34 bytes, a half float and 32 signed bytes.
 */
#include <math.h>

#include "quant/blocks.h"
#include "quant/half.h"
#include "quant/kernels.h"

static void q8_0_quantise(const float *x, size_t blocks, uint8_t *out)
{
	float largest, d, id, t;
	unsigned int i;

	for (; blocks; blocks--, x += Q8_0_BLOCK, out += Q8_0_BYTES) {
		largest = 0;
		for (i = 0; i < Q8_0_BLOCK; i++)
			if (fabsf(x[i]) > largest)
				largest = fabsf(x[i]);
		d = largest / 127;
		id = d != 0 ? 1 / d : 0;
		ak_put16(out, ak_to_f16(d));
		for (i = 0; i < Q8_0_BLOCK; i++) {
			t = x[i] * id;
			/* Neither a NaN nor infinite: at most 127 and a bit. */
			out[2 + i] =
				fabsf(t) < 128 ? (uint8_t)(int8_t)roundf(t) : 0;
		}
	}
}

static void q8_0_dequantise(const uint8_t *in, size_t blocks, float *out)
{
	unsigned int i;
	float d;

	for (; blocks; blocks--, in += Q8_0_BYTES, out += Q8_0_BLOCK) {
		d = ak_of_f16(ak_get16(in));
		for (i = 0; i < Q8_0_BLOCK; i++)
			out[i] = (float)(int8_t)in[2 + i] * d;
	}
}

void ak_q8_0_init_c(struct ak_quant *k)
{
	k->quantise[AK_QUANT_Q8_0] = q8_0_quantise;
	k->dequantise[AK_QUANT_Q8_0] = q8_0_dequantise;
}
