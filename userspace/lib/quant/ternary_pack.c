// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * -1, 0 and 1 in two bits: the orders in which programs want them.
 */
#include <errno.h>
#include <string.h>

#include "quant/half.h"
#include "quant/kernels.h"

/* Four of them to a byte. */
static void code_ternary(enum ak_ternary_code code, const int8_t *q, size_t n,
			 uint8_t *out)
{
	uint8_t plus = code == AK_CODE_PLUS_1, twos = !plus;
	unsigned int c, j;
	size_t i;

	for (i = 0; i < n / 4; i++)
		for (j = 0, out[i] = 0; j < 4; j++) {
			/* -1 is 11 in two's complement; 10 wants a bit less. */
			c = (uint8_t)q[4 * i + j] + plus;
			c ^= twos & (c >> 1);
			out[i] |= (uint8_t)((c & 3) << 2 * j);
		}
}

void ak_ternary_pack_init_c(struct ak_quant *k)
{
	k->code_ternary = code_ternary;
}

int ak_ternary_pack(const struct ak_quant *k, enum ak_ternary_code code,
		    const int8_t *q, size_t n, uint32_t *packed)
{
	size_t i;

	if (n % 16)
		return -EINVAL;
	k->code_ternary(code, q, n, (uint8_t *)packed);
	for (i = 0; i < n / 16 && !AK_LITTLE_ENDIAN; i++)
		packed[i] = le32toh(packed[i]);
	return 0;
}

void ak_ternary_unpack(enum ak_ternary_code code, const uint32_t *packed,
		       size_t n, int8_t *q)
{
	static const int8_t value[2][4] = {
		[AK_CODE_PLUS_1] = { -1, 0, 1, 2 },
		[AK_CODE_TWOS] = { 0, 1, -1, 2 },
	};
	size_t i;

	for (i = 0; i < n; i++)
		q[i] = value[code][packed[i / 16] >> (i % 16 * 2) & 3];
}

/* Bytes that are merged at a time, in whatever vectors the compiler has. */
#define MERGE 16u

typedef uint8_t v_merge __attribute__((vector_size(MERGE)));

static inline v_merge codes_of(const int8_t *q)
{
	v_merge c;

	memcpy(&c, q, sizeof(c));
	return (c + 1) & 3;
}

/* Four arrays in one, value + 1, the first in the lowest bits. */
static void merge4(const int8_t *a, const int8_t *b, const int8_t *c,
		   const int8_t *d, size_t n, uint8_t *out)
{
	v_merge m;
	size_t i;

	for (i = 0; i + MERGE <= n; i += MERGE) {
		m = codes_of(a + i) | codes_of(b + i) << 2 |
		    codes_of(c + i) << 4 | codes_of(d + i) << 6;
		memcpy(out + i, &m, sizeof(m));
	}
	for (; i < n; i++)
		out[i] = (uint8_t)(((a[i] + 1) & 3) | ((b[i] + 1) & 3) << 2 |
				   ((c[i] + 1) & 3) << 4 |
				   ((d[i] + 1) & 3) << 6);
}

void ak_hf_pack4(const struct ak_quant *k, const int8_t *const q[4],
		 size_t cols, uint8_t *out)
{
	unsigned int j;
	size_t i;

	(void)k;
	if (q[0] && q[1] && q[2] && q[3]) {
		merge4(q[0], q[1], q[2], q[3], cols, out);
		return;
	}
	for (i = 0; i < cols; i++)
		for (j = 0, out[i] = 0; j < 4; j++)
			if (q[j])
				out[i] |=
					(uint8_t)(((q[j][i] + 1) & 3) << 2 * j);
}

void ak_hf_pack(const struct ak_quant *k, const int8_t *q, size_t rows,
		size_t cols, size_t first, size_t count, uint8_t *out)
{
	size_t quarter = rows / 4 + (rows % 4 != 0), r;
	const int8_t *four[4];
	unsigned int j;

	for (r = first; r < first + count; r++, out += cols) {
		for (j = 0; j < 4; j++)
			four[j] = r + j * quarter < rows ?
					  q + (r + j * quarter) * cols :
					  NULL;
		ak_hf_pack4(k, four, cols, out);
	}
}

void ak_hf_unpack(const uint8_t *in, size_t rows, size_t cols, int8_t *q)
{
	size_t quarter = rows / 4 + (rows % 4 != 0), r, i;

	for (r = 0; r < rows; r++, q += cols)
		for (i = 0; i < cols; i++)
			q[i] = (int8_t)((in[r % quarter * cols + i] >>
						 (r / quarter * 2) &
					 3) -
					1);
}

static size_t i2s_stride(enum ak_i2s layout)
{
	return layout == AK_I2S_X86 ? 32 : 16;
}

int ak_i2s_pack(const struct ak_quant *k, enum ak_i2s layout, const int8_t *q,
		size_t n, uint8_t *out)
{
	const size_t s = i2s_stride(layout);

	(void)k;
	if (n % (4 * s))
		return -EINVAL;
	for (; n; n -= 4 * s, q += 4 * s, out += s)
		merge4(q + 3 * s, q + 2 * s, q + s, q, s, out);
	return 0;
}

int ak_i2s_pack_rows(const struct ak_quant *k, const int8_t *q, size_t rows,
		     size_t cols, uint8_t *out)
{
	(void)k;
	if (rows % 4)
		return -EINVAL;
	for (; rows; rows -= 4, q += 4 * cols, out += cols)
		merge4(q + 3 * cols, q + 2 * cols, q + cols, q, cols, out);
	return 0;
}

void ak_i2s_tail(float scale, uint8_t *out)
{
	memset(out, 0, AK_I2S_TAIL);
	ak_put32(out, ak_float_bits(scale));
}

int ak_i2s_unpack(enum ak_i2s layout, const uint8_t *in, size_t n, int8_t *q)
{
	const size_t s = i2s_stride(layout);
	size_t i;

	if (n % (4 * s))
		return -EINVAL;
	for (; n; n -= 4 * s, in += s, q += 4 * s)
		for (i = 0; i < 4 * s; i++)
			q[i] = (int8_t)((in[i % s] >> (6 - i / s * 2) & 3) - 1);
	return 0;
}

/*
 * Microsoft's GPU kernels: where value @i of tile row @row of 32 comes from in
 * a tile of 16 rows of 32. Tensor cores want them so.
 */
static size_t gpu_source(unsigned int row, unsigned int i, size_t cols)
{
	unsigned int t = 2 * row + i / 16;

	return (t / 16 * 8 + t % 8) * cols + i % 16 + t % 16 / 8 * 16;
}

/* Field @p of 16 in a word holds value 4 (@p mod 4) + @p / 4. */
static unsigned int gpu_order(unsigned int p)
{
	return p % 4 * 4 + p / 4;
}

int ak_ms_gpu_pack(const int8_t *q, size_t rows, size_t cols, uint8_t *out)
{
	unsigned int row, i, p;
	size_t c;

	if (rows % 16 || cols % 32)
		return -EINVAL;
	for (; rows; rows -= 16, q += 16 * cols)
		for (c = 0; c < cols; c += 32)
			for (row = 0; row < 16; row++)
				for (i = 0; i < 32; i += 4, out++)
					for (p = 0, *out = 0; p < 4; p++) {
						unsigned int from =
							i / 16 * 16 +
							gpu_order(i % 16 + p);
						size_t at = gpu_source(
							row, from, cols);

						*out |= (uint8_t)(((q[c + at] +
								    2) &
								   3)
								  << 2 * p);
					}
	return 0;
}

int ak_ms_gpu_unpack(const uint8_t *in, size_t rows, size_t cols, int8_t *q)
{
	unsigned int row, i, p;
	size_t c;

	if (rows % 16 || cols % 32)
		return -EINVAL;
	for (; rows; rows -= 16, q += 16 * cols)
		for (c = 0; c < cols; c += 32)
			for (row = 0; row < 16; row++)
				for (i = 0; i < 32; i += 4, in++)
					for (p = 0; p < 4; p++) {
						unsigned int from =
							i / 16 * 16 +
							gpu_order(i % 16 + p);
						size_t at = gpu_source(
							row, from, cols);

						q[c + at] =
							(int8_t)((*in >> 2 * p &
								  3) -
								 2);
					}
	return 0;
}
