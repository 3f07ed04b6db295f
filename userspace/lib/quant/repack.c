// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Q4_0 blocks of 4 or 8 rows, interleaved: first their scales, then their
 * nibbles in turns. ggml flips the top bit of each nibble, so that it becomes
 * two's complement; the script interleaves whole blocks and flips nothing.
 */
#include <errno.h>
#include <string.h>

#include "common/unroll.h"
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

/* Chunks are whole words of 4 bytes. */
static ALWAYS_INLINE void copy_flipped(uint8_t *to, const uint8_t *from,
				       unsigned int n, uint8_t flip)
{
	uint32_t word, mask = flip * 0x01010101u;
	unsigned int i;

	for (i = 0; i < n; i += 4) {
		memcpy(&word, from + i, sizeof(word));
		word ^= mask;
		memcpy(to + i, &word, sizeof(word));
	}
}

/*
 * Blocks of one column: in @plain, @pitch bytes from row to row, and in
 * @packed. With the layout's numbers known, all of it is moves of words.
 */
static ALWAYS_INLINE void move_blocks(const struct layout l, bool pack,
				      uint8_t *plain, size_t pitch,
				      uint8_t *packed)
{
	unsigned int r, at;

	for (r = 0; r < l.rows; r++, packed += 2)
		if (pack)
			memcpy(packed, plain + r * pitch, 2);
		else
			memcpy(plain + r * pitch, packed, 2);
	for (at = 2; at < Q4_0_BYTES; at += l.chunk)
		for (r = 0; r < l.rows; r++, packed += l.chunk)
			if (pack)
				copy_flipped(packed, plain + r * pitch + at,
					     l.chunk, l.flip);
			else
				copy_flipped(plain + r * pitch + at, packed,
					     l.chunk, l.flip);
}

static int check(enum ak_repack how, size_t rows, size_t cols)
{
	if ((size_t)how >= ARRAY_SIZE(layouts) || rows % layouts[how].rows ||
	    cols % Q4_0_BLOCK)
		return -EINVAL;
	return 0;
}

static ALWAYS_INLINE void move_rows(const struct layout l, bool pack,
				    uint8_t *plain, size_t rows, size_t cols,
				    uint8_t *packed)
{
	size_t blocks = cols / Q4_0_BLOCK, pitch = blocks * Q4_0_BYTES, b;

	for (; rows; rows -= l.rows, plain += l.rows * pitch)
		for (b = 0; b < blocks; b++, packed += l.rows * Q4_0_BYTES)
			move_blocks(l, pack, plain + b * Q4_0_BYTES, pitch,
				    packed);
}

static int move(enum ak_repack how, bool pack, uint8_t *plain, size_t rows,
		size_t cols, uint8_t *packed)
{
	int ret = check(how, rows, cols);

	if (ret)
		return ret;
	switch (how) {
	case AK_REPACK_X4_IL4:
		move_rows(layouts[AK_REPACK_X4_IL4], pack, plain, rows, cols,
			  packed);
		break;
	case AK_REPACK_X4_IL8:
		move_rows(layouts[AK_REPACK_X4_IL8], pack, plain, rows, cols,
			  packed);
		break;
	case AK_REPACK_X8_IL8:
		move_rows(layouts[AK_REPACK_X8_IL8], pack, plain, rows, cols,
			  packed);
		break;
	default:
		move_rows(layouts[how], pack, plain, rows, cols, packed);
	}
	return 0;
}

/* Which of the two is written to is known by the direction. */
int ak_q4_0_repack(const struct ak_quant *k, enum ak_repack how, const void *in,
		   size_t rows, size_t cols, void *out)
{
	(void)k;
	return move(how, true, (uint8_t *)(uintptr_t)in, rows, cols, out);
}

int ak_q4_0_unpack(const struct ak_quant *k, enum ak_repack how, const void *in,
		   size_t rows, size_t cols, void *out)
{
	(void)k;
	return move(how, false, out, rows, cols, (uint8_t *)(uintptr_t)in);
}
