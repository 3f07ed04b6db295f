// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Floats of 32 and 16 bits as formats whose blocks are one weight.
 */
#include "quant/half.h"
#include "quant/kernels.h"

static void f32_quantise(const float *x, size_t blocks, uint8_t *out)
{
	size_t i;

	if (AK_LITTLE_ENDIAN) {
		memcpy(out, x, blocks * sizeof(*x));
		return;
	}
	for (i = 0; i < blocks; i++)
		ak_put32(out + 4 * i, ak_float_bits(x[i]));
}

static void f32_dequantise(const uint8_t *in, size_t blocks, float *out)
{
	size_t i;

	if (AK_LITTLE_ENDIAN) {
		memcpy(out, in, blocks * sizeof(*out));
		return;
	}
	for (i = 0; i < blocks; i++)
		out[i] = ak_bits_float(ak_get32(in + 4 * i));
}

static void f16_quantise(const float *x, size_t blocks, uint8_t *out)
{
	size_t i;

	for (i = 0; i < blocks; i++)
		ak_put16(out + 2 * i, ak_to_f16(x[i]));
}

static void f16_dequantise(const uint8_t *in, size_t blocks, float *out)
{
	size_t i;

	for (i = 0; i < blocks; i++)
		out[i] = ak_of_f16(ak_get16(in + 2 * i));
}

static void bf16_quantise(const float *x, size_t blocks, uint8_t *out)
{
	size_t i;

	for (i = 0; i < blocks; i++)
		ak_put16(out + 2 * i, ak_to_bf16(x[i]));
}

static void bf16_dequantise(const uint8_t *in, size_t blocks, float *out)
{
	size_t i;

	for (i = 0; i < blocks; i++)
		out[i] = ak_of_bf16(ak_get16(in + 2 * i));
}

void ak_half_init_c(struct ak_quant *k)
{
	k->quantise[AK_QUANT_F32] = f32_quantise;
	k->dequantise[AK_QUANT_F32] = f32_dequantise;
	k->quantise[AK_QUANT_F16] = f16_quantise;
	k->dequantise[AK_QUANT_F16] = f16_dequantise;
	k->quantise[AK_QUANT_BF16] = bf16_quantise;
	k->dequantise[AK_QUANT_BF16] = bf16_dequantise;
}

/* Arrays in the machine's order are the same bytes where that is little endian. */
static void swap_all(uint16_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n && !AK_LITTLE_ENDIAN; i++)
		p[i] = le16toh(p[i]);
}

void ak_f32_to_f16(const struct ak_quant *k, const float *x, size_t n,
		   uint16_t *out)
{
	k->quantise[AK_QUANT_F16](x, n, (uint8_t *)out);
	swap_all(out, n);
}

void ak_f32_to_bf16(const struct ak_quant *k, const float *x, size_t n,
		    uint16_t *out)
{
	k->quantise[AK_QUANT_BF16](x, n, (uint8_t *)out);
	swap_all(out, n);
}

void ak_f16_to_f32(const struct ak_quant *k, const uint16_t *in, size_t n,
		   float *out)
{
	size_t i;

	if (AK_LITTLE_ENDIAN)
		k->dequantise[AK_QUANT_F16]((const uint8_t *)in, n, out);
	else
		for (i = 0; i < n; i++)
			out[i] = ak_of_f16(in[i]);
}

void ak_bf16_to_f32(const struct ak_quant *k, const uint16_t *in, size_t n,
		    float *out)
{
	size_t i;

	if (AK_LITTLE_ENDIAN)
		k->dequantise[AK_QUANT_BF16]((const uint8_t *)in, n, out);
	else
		for (i = 0; i < n; i++)
			out[i] = ak_of_bf16(in[i]);
}
