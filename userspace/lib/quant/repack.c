// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Q4_0 blocks of 4 or 8 rows, interleaved: first their scales, then their
 * nibbles in turns. ggml flips the top bit of each nibble, so that it becomes
 * two's complement; the script interleaves whole blocks and flips nothing.
 */
#include <errno.h>
#include <string.h>

#include "common/util.h"
#include "quant/blocks.h"
#include "quant/kernels.h"

#define NIBBLES (Q4_0_BYTES - 2)

/**
 * struct layout - of interleaved blocks
 * @rows: that are interleaved
 * @chunk: bytes of a turn
 * @flip: xor'ed to each byte
 */
struct layout {
	unsigned int rows, chunk;
	uint8_t flip;
};

static const struct layout layouts[] = {
	[AK_REPACK_X4_IL4] = { 4, 4, 0x88 },
	[AK_REPACK_X4_IL8] = { 4, 8, 0x88 },
	[AK_REPACK_X8_IL8] = { 8, 8, 0x88 },
	[AK_REPACK_SCRIPT_4] = { 4, NIBBLES, 0 },
	[AK_REPACK_SCRIPT_8] = { 8, NIBBLES, 0 },
};

unsigned int ak_repack_rows(enum ak_repack how)
{
	return layouts[how].rows;
}

static void copy_flipped(uint8_t *to, const uint8_t *from, unsigned int n,
			 uint8_t flip)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		to[i] = from[i] ^ flip;
}

/* Blocks of one column: @plain is the first row's, @pitch bytes from row to row. */
static void interleave(const struct layout *l, const uint8_t *plain,
		       size_t pitch, uint8_t *out)
{
	const unsigned int chunk = l->chunk;
	unsigned int r, at;

	for (r = 0; r < l->rows; r++)
		memcpy(out + 2 * r, plain + r * pitch, 2);
	out += 2 * l->rows;
	for (at = 0; at < NIBBLES; at += chunk)
		for (r = 0; r < l->rows; r++, out += chunk)
			copy_flipped(out, plain + r * pitch + 2 + at, chunk,
				     l->flip);
}

static void separate(const struct layout *l, const uint8_t *in, uint8_t *plain,
		     size_t pitch)
{
	const unsigned int chunk = l->chunk;
	unsigned int r, at;

	for (r = 0; r < l->rows; r++)
		memcpy(plain + r * pitch, in + 2 * r, 2);
	in += 2 * l->rows;
	for (at = 0; at < NIBBLES; at += chunk)
		for (r = 0; r < l->rows; r++, in += chunk)
			copy_flipped(plain + r * pitch + 2 + at, in, chunk,
				     l->flip);
}

static int check(enum ak_repack how, size_t rows, size_t cols)
{
	if ((size_t)how >= ARRAY_SIZE(layouts) || rows % layouts[how].rows ||
	    cols % Q4_0_BLOCK)
		return -EINVAL;
	return 0;
}

int ak_q4_0_repack(const struct ak_quant *k, enum ak_repack how, const void *in,
		   size_t rows, size_t cols, void *out)
{
	size_t blocks = cols / Q4_0_BLOCK, pitch = blocks * Q4_0_BYTES, b;
	const struct layout *l = &layouts[how];
	const uint8_t *plain = in;
	uint8_t *packed = out;
	int ret = check(how, rows, cols);

	(void)k;
	if (ret)
		return ret;
	for (; rows; rows -= l->rows, plain += l->rows * pitch)
		for (b = 0; b < blocks; b++, packed += l->rows * Q4_0_BYTES)
			interleave(l, plain + b * Q4_0_BYTES, pitch, packed);
	return 0;
}

int ak_q4_0_unpack(const struct ak_quant *k, enum ak_repack how, const void *in,
		   size_t rows, size_t cols, void *out)
{
	size_t blocks = cols / Q4_0_BLOCK, pitch = blocks * Q4_0_BYTES, b;
	const struct layout *l = &layouts[how];
	const uint8_t *packed = in;
	uint8_t *plain = out;
	int ret = check(how, rows, cols);

	(void)k;
	if (ret)
		return ret;
	for (; rows; rows -= l->rows, plain += l->rows * pitch)
		for (b = 0; b < blocks; b++, packed += l->rows * Q4_0_BYTES)
			separate(l, packed, plain + b * Q4_0_BYTES, pitch);
	return 0;
}
