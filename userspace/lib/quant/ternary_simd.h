/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ternary weights and packing in whichever vectors simd_*.h has brought. The
 * same operations in the same order as ternary.c, ternary_pack.c and pack.c.
 */
#ifndef AK_QUANT_TERNARY_SIMD_H
#define AK_QUANT_TERNARY_SIMD_H

#include <math.h>

#include "quant/kernels.h"
#include "quant/rows_simd.h"

/* Values that are packed at a time. */
#define PACK 64u

/*
 * Sums of @rows rows, at most W, each in its lane and so in order. Lanes
 * without a row repeat the first.
 */
static ALWAYS_INLINE void sum_rows(const float *x, size_t rows, size_t cols,
				   float *sums)
{
	const size_t whole = cols - cols % W;
	const float *row[W];
	vf sum = v_set(0), v[W];
	float lane[W];
	unsigned int i;
	size_t c;

	for (i = 0; i < W; i++)
		row[i] = x + (i < rows ? i : 0) * cols;
	for (c = 0; c < whole; c += W) {
		for_unrolled(i, W)
			v[i] = v_load(row[i] + c);
		v_transpose(v);
		for_unrolled(i, W)
			sum = v_add(sum, v_abs(v[i]));
	}
	v_store(lane, sum);
	for (i = 0; i < rows; i++) {
		for (c = whole; c < cols; c++)
			lane[i] += fabsf(row[i][c]);
		sums[i] = lane[i];
	}
}

static void row_sums(const float *x, size_t rows, size_t cols, float *sums)
{
	size_t n, c;

	for (; rows; rows -= n, x += n * cols, sums += n) {
		n = rows < W ? rows : W;
		if (n > 1) {
			sum_rows(x, n, cols, sums);
			continue;
		}
		for (c = 0, *sums = 0; c < cols; c++)
			*sums += fabsf(x[c]);
	}
}

/* 1 where @plus, -1 where @minus. */
static ALWAYS_INLINE vi signs_of(vm plus, vm minus)
{
	return i_or(i_keep(plus, i_set(1)), i_keep(minus, i_set(-1)));
}

static ALWAYS_INLINE vi bitnet_codes(vf x, vf inverse)
{
	vf t = v_mul(x, inverse);
	vm plus = m_and(v_gt(t, v_set(0.5f)), v_gt(v_set(0x1p31f), t));
	vm zero = v_ge(v_set(0.5f), v_abs(t));

	return signs_of(plus, m_not_either(plus, zero));
}

static ALWAYS_INLINE vi limit_codes(vf t, vf limit)
{
	return signs_of(v_gt(t, limit), v_gt(v_sub(v_set(-0.f), limit), t));
}

enum ternary_rule {
	BITNET,
	MICROSOFT,
	BEYOND
};

static ALWAYS_INLINE void ternary_step(enum ternary_rule rule, const float *x,
				       vf by, uint8_t *q)
{
	const unsigned int vectors = STEP / W;
	vi codes[STEP / W];
	unsigned int j;
	vf v;

	for_unrolled(j, vectors) {
		v = v_load(x + W * j);
		if (rule == BITNET)
			codes[j] = bitnet_codes(v, by);
		else if (rule == MICROSOFT)
			codes[j] = limit_codes(v_mul(v, by), v_set(0.5f));
		else
			codes[j] = limit_codes(v, by);
	}
	i_store8_32(q, codes);
}

static ALWAYS_INLINE void ternary_row(enum ternary_rule rule, const float *x,
				      size_t n, float by, int8_t *q)
{
	float last[STEP];
	uint8_t end[STEP];

	for (; n >= STEP; n -= STEP, x += STEP, q += STEP)
		ternary_step(rule, x, v_set(by), (uint8_t *)q);
	if (!n)
		return;
	fill_up(last, x, n, 0);
	ternary_step(rule, last, v_set(by), end);
	memcpy(q, end, n);
}

static void bitnet_ternary(const float *x, size_t n, float inverse, int8_t *q)
{
	ternary_row(BITNET, x, n, inverse, q);
}

static void ms_ternary(const float *x, size_t n, float inverse, int8_t *q)
{
	ternary_row(MICROSOFT, x, n, inverse, q);
}

static void threshold(const float *x, size_t n, float limit, int8_t *q)
{
	ternary_row(BEYOND, x, n, limit, q);
}

static void code_ternary(enum ak_ternary_code code, const int8_t *q, size_t n,
			 uint8_t *out)
{
	/* -1 is 11 in two's complement; 10 wants a bit less. */
	int add = code == AK_CODE_PLUS_1, drop_low = !add;
	uint8_t last[PACK] = { 0 }, end[PACK / 4];

	for (; n >= PACK; n -= PACK, q += PACK, out += PACK / 4)
		b_pack2(out, (const uint8_t *)q, add, drop_low);
	if (!n)
		return;
	memcpy(last, q, n);
	b_pack2(end, last, add, drop_low);
	memcpy(out, end, n / 4);
}

static void pack4(const uint8_t *q, size_t n, uint8_t *out)
{
	uint8_t last[PACK] = { 0 }, end[PACK / 2];

	for (; n >= PACK; n -= PACK, q += PACK, out += PACK / 2)
		b_pack4(out, q);
	if (!n)
		return;
	memcpy(last, q, n);
	b_pack4(end, last);
	memcpy(out, end, n / 2);
}

static void pack2(const uint8_t *q, size_t n, uint8_t *out)
{
	uint8_t last[PACK] = { 0 }, end[PACK / 4];

	for (; n >= PACK; n -= PACK, q += PACK, out += PACK / 4)
		b_pack2(out, q, 0, 0);
	if (!n)
		return;
	memcpy(last, q, n);
	b_pack2(end, last, 0, 0);
	memcpy(out, end, n / 4);
}

static void pack1(const uint8_t *q, size_t n, uint8_t *out)
{
	uint8_t last[PACK] = { 0 }, end[PACK / 8];

	for (; n >= PACK; n -= PACK, q += PACK, out += PACK / 8)
		b_pack1(out, q);
	if (!n)
		return;
	memcpy(last, q, n);
	b_pack1(end, last);
	memcpy(out, end, n / 8);
}

static ALWAYS_INLINE void init_ternary(struct ak_quant *k)
{
	k->row_sums = row_sums;
	k->bitnet_ternary = bitnet_ternary;
	k->ms_ternary = ms_ternary;
	k->threshold = threshold;
	k->code_ternary = code_ternary;
	k->pack[AK_PACK_4] = pack4;
	k->pack[AK_PACK_2] = pack2;
	k->pack[AK_PACK_1] = pack1;
}

#endif /* AK_QUANT_TERNARY_SIMD_H */
