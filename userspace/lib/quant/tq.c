// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ggml's TQ1_0 and TQ2_0: 256 ternary weights in 54 and 66 bytes, with one half
 * float, the largest magnitude.
 */
#include <math.h>

#include "quant/blocks.h"
#include "quant/half.h"
#include "quant/kernels.h"

/* Writes the scale; returns its reverse. */
static float scale_of(const float *x, uint8_t *out)
{
	float largest = 0;
	unsigned int i;

	for (i = 0; i < TQ1_0_BLOCK; i++)
		if (fabsf(x[i]) > largest)
			largest = fabsf(x[i]);
	ak_put16(out, ak_to_f16(largest));
	return largest != 0 ? 1 / largest : 0;
}

/* Nearest of -1, 0, 1, ties away from zero, plus 1; 1 for all but numbers. */
static unsigned int trit(float x, float id)
{
	float t = x * id;

	if (!(fabsf(t) < 2))
		return 1;
	return 1u + (t >= 0.5f) - (t <= -0.5f);
}

/*
 * Five digits of base 3 as a fraction of 256, rounded up: multiplying by 3
 * brings them out at the top, one after the other.
 */
static uint8_t fraction(unsigned int digits)
{
	return (uint8_t)((digits * 256 + 242) / 243);
}

/* @n bytes of @digits weights each, which lie @n apart. */
static const float *pack_base3(const float *x, float id, unsigned int n,
			       unsigned int digits, uint8_t *out)
{
	unsigned int i, j, q;

	for (i = 0; i < n; i++) {
		for (j = 0, q = 0; j < 5; j++)
			q = q * 3 + (j < digits ? trit(x[i + j * n], id) : 0);
		out[i] = fraction(q);
	}
	return x + n * digits;
}

static void tq1_0_quantise(const float *x, size_t blocks, uint8_t *out)
{
	for (; blocks; blocks--, out += TQ1_0_BYTES) {
		float id = scale_of(x, out + TQ1_0_D);

		x = pack_base3(x, id, 32, 5, out);
		x = pack_base3(x, id, 16, 5, out + 32);
		x = pack_base3(x, id, 4, 4, out + TQ1_0_QH);
	}
}

static float *unpack_base3(const uint8_t *in, float d, unsigned int n,
			   unsigned int digits, float *out)
{
	unsigned int i, j, q;

	for (i = 0; i < n; i++)
		for (j = 0, q = in[i]; j < digits; j++, q = q * 3 & 0xff)
			out[i + j * n] = (float)((int)(q * 3 >> 8) - 1) * d;
	return out + n * digits;
}

static void tq1_0_dequantise(const uint8_t *in, size_t blocks, float *out)
{
	for (; blocks; blocks--, in += TQ1_0_BYTES) {
		float d = ak_of_f16(ak_get16(in + TQ1_0_D));

		out = unpack_base3(in, d, 32, 5, out);
		out = unpack_base3(in + 32, d, 16, 5, out);
		out = unpack_base3(in + TQ1_0_QH, d, 4, 4, out);
	}
}

static void tq2_0_quantise(const float *x, size_t blocks, uint8_t *out)
{
	unsigned int half, i;

	for (; blocks; blocks--, out += TQ2_0_BYTES) {
		float id = scale_of(x, out + TQ2_0_D);

		for (half = 0; half < 2; half++, x += 128)
			for (i = 0; i < 32; i++)
				out[32 * half + i] =
					(uint8_t)(trit(x[i], id) |
						  trit(x[i + 32], id) << 2 |
						  trit(x[i + 64], id) << 4 |
						  trit(x[i + 96], id) << 6);
	}
}

static void tq2_0_dequantise(const uint8_t *in, size_t blocks, float *out)
{
	unsigned int half, i;

	for (; blocks; blocks--, in += TQ2_0_BYTES) {
		float d = ak_of_f16(ak_get16(in + TQ2_0_D));

		for (half = 0; half < 2; half++, out += 128)
			for (i = 0; i < 128; i++) {
				int q = in[32 * half + i % 32] >> (i / 32 * 2) &
					3;

				out[i] = (float)(q - 1) * d;
			}
	}
}

void ak_tq_init_c(struct ak_quant *k)
{
	k->quantise[AK_QUANT_TQ1_0] = tq1_0_quantise;
	k->dequantise[AK_QUANT_TQ1_0] = tq1_0_dequantise;
	k->quantise[AK_QUANT_TQ2_0] = tq2_0_quantise;
	k->dequantise[AK_QUANT_TQ2_0] = tq2_0_dequantise;
}
