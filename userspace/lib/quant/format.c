// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Formats by name, and rows of them.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "quant/blocks.h"
#include "quant/kernels.h"

#define FORMAT(t, n, elements, bytes, drops) \
	[t] = { .type = t,                   \
		.name = n,                   \
		.block = elements,           \
		.block_bytes = bytes,        \
		.drops_rest = drops }

static const struct ak_quant_format formats[AK_QUANT_TYPES] = {
	FORMAT(AK_QUANT_F32, "F32", 1, 4, false),
	FORMAT(AK_QUANT_F16, "F16", 1, 2, false),
	FORMAT(AK_QUANT_BF16, "BF16", 1, 2, false),
	FORMAT(AK_QUANT_Q4_0, "Q4_0", Q4_0_BLOCK, Q4_0_BYTES, false),
	FORMAT(AK_QUANT_Q8_0, "Q8_0", Q8_0_BLOCK, Q8_0_BYTES, false),
	FORMAT(AK_QUANT_Q6_K, "Q6_K", Q6_K_BLOCK, Q6_K_BYTES, false),
	FORMAT(AK_QUANT_TQ1_0, "TQ1_0", TQ1_0_BLOCK, TQ1_0_BYTES, false),
	FORMAT(AK_QUANT_TQ2_0, "TQ2_0", TQ2_0_BLOCK, TQ2_0_BYTES, false),
	FORMAT(AK_QUANT_SCRIPT_Q4_0, "script-Q4_0", Q4_0_BLOCK, Q4_0_BYTES,
	       false),
	FORMAT(AK_QUANT_SCRIPT_Q6_K, "script-Q6_K", Q6_K_BLOCK, Q6_K_BYTES,
	       true),
};

const struct ak_quant_format *ak_quant_format(enum ak_quant_type type)
{
	return type < AK_QUANT_TYPES ? &formats[type] : NULL;
}

const struct ak_quant_format *ak_quant_find(const char *name)
{
	size_t i;

	for (i = 0; i < AK_QUANT_TYPES; i++)
		if (!strcasecmp(name, formats[i].name))
			return &formats[i];
	return NULL;
}

int ak_quant_row_bytes(const struct ak_quant_format *f, size_t cols,
		       size_t *bytes)
{
	if (cols % f->block && !f->drops_rest)
		return -EINVAL;
	if (__builtin_mul_overflow(cols / f->block, f->block_bytes, bytes))
		return -EOVERFLOW;
	return 0;
}

int ak_quantise_rows(const struct ak_quant *k, const struct ak_quant_format *f,
		     const float *x, size_t rows, size_t cols, void *out)
{
	size_t bytes, blocks = cols / f->block;
	uint8_t *to = out;
	int ret = ak_quant_row_bytes(f, cols, &bytes);

	if (ret)
		return ret;
	if (cols % f->block == 0) {
		k->quantise[f->type](x, rows * blocks, to);
		return 0;
	}
	for (; rows; rows--, x += cols, to += bytes)
		k->quantise[f->type](x, blocks, to);
	return 0;
}

int ak_dequantise_rows(const struct ak_quant *k,
		       const struct ak_quant_format *f, const void *in,
		       size_t rows, size_t cols, float *out)
{
	size_t bytes, blocks = cols / f->block, rest = cols % f->block;
	const uint8_t *from = in;
	int ret = ak_quant_row_bytes(f, cols, &bytes);

	if (ret)
		return ret;
	if (!rest) {
		k->dequantise[f->type](from, rows * blocks, out);
		return 0;
	}
	for (; rows; rows--, from += bytes, out += cols) {
		k->dequantise[f->type](from, blocks, out);
		memset(out + cols - rest, 0, rest * sizeof(*out));
	}
	return 0;
}
