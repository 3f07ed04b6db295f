// SPDX-License-Identifier: GPL-2.0
/*
 * Blocks against their rules: known errors, layouts by hand, cuts between rows,
 * values that are not finite.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "common/util.h"
#include "quant/half.h"
#include "quant/quant.h"
#include "quant_data.h"

#define ROWS 256u
#define COLS 1024u
#define COUNT (ROWS * COLS)

static const struct ak_quant *k;
static float *matrix, *normal, *back;
static uint8_t *bytes, *other;

/* Relative errors that ggml and the script have on normal numbers. */
static void known_errors(void **state)
{
	static const struct {
		enum ak_quant_type type;
		double lo, hi;
	} cases[] = {
		{ AK_QUANT_F32, 0, 0 },
		{ AK_QUANT_F16, 1e-4, 3e-4 },
		{ AK_QUANT_BF16, 1e-3, 2e-3 },
		{ AK_QUANT_Q4_0, 0.085, 0.089 },
		{ AK_QUANT_Q8_0, 0.004, 0.006 },
		{ AK_QUANT_Q6_K, 0.0175, 0.0184 },
		{ AK_QUANT_SCRIPT_Q4_0, 0.095, 0.100 },
		{ AK_QUANT_SCRIPT_Q6_K, 0.20, 0.225 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct ak_quant_format *f =
			ak_quant_format(cases[i].type);
		double e;

		assert_int_equal(
			ak_quantise_rows(k, f, normal, ROWS, COLS, bytes), 0);
		assert_int_equal(
			ak_dequantise_rows(k, f, bytes, ROWS, COLS, back), 0);
		e = quant_relative_error(normal, back, ROWS, COLS);
		assert_true(e >= cases[i].lo && e <= cases[i].hi);
	}
}

/* Weights that are -s, 0 or s come back as they are, if s is a half float. */
static void ternary_blocks_are_exact(void **state)
{
	static const enum ak_quant_type types[] = { AK_QUANT_TQ1_0,
						    AK_QUANT_TQ2_0 };
	float *x = matrix + COUNT;
	size_t i, t;

	(void)state;
	for (i = 0; i < COLS; i++)
		x[i] = 0.3125f * (float)((int)(quant_uniform() * 3) - 1);
	for (t = 0; t < ARRAY_SIZE(types); t++) {
		const struct ak_quant_format *f = ak_quant_format(types[t]);

		ak_quantise_rows(k, f, x, 1, COLS, bytes);
		ak_dequantise_rows(k, f, bytes, 1, COLS, back);
		for (i = 0; i < COLS; i++)
			assert_true(back[i] == x[i]);
	}
}

/* By hand: 32 of 1, 32 of 0, 32 of -1, ..., then ones. */
static void ternary_layouts(void **state)
{
	const struct ak_quant_format *f = ak_quant_format(AK_QUANT_TQ1_0);
	float x[256];
	unsigned int i;

	(void)state;
	for (i = 0; i < 256; i++)
		x[i] = i < 160 ? (float)(1 - (int)(i / 32 % 3)) : 1;
	/* Byte 0 has weights 0, 32, 64, 96, 128: digits 2, 1, 0, 2, 1. */
	ak_quantise_rows(k, f, x, 1, 256, bytes);
	assert_int_equal(bytes[0], (196 * 256 + 242) / 243);
	/* All ones: 242; four digits and a zero: 240. */
	assert_int_equal(bytes[32], (242 * 256 + 242) / 243);
	assert_int_equal(bytes[48], (240 * 256 + 242) / 243);
	assert_int_equal(ak_get16(bytes + 52), 0x3c00);
	ak_quantise_rows(k, ak_quant_format(AK_QUANT_TQ2_0), x, 1, 256, bytes);
	assert_int_equal(bytes[0], 2 | 1 << 2 | 0 << 4 | 2 << 6);
	assert_int_equal(bytes[63], 1 | 2 << 2 | 2 << 4 | 2 << 6);
	assert_int_equal(ak_get16(bytes + 64), 0x3c00);
}

static void columns_must_divide(void **state)
{
	const struct ak_quant_format *f = ak_quant_find("q6_k");
	size_t n;

	(void)state;
	assert_ptr_equal(f, ak_quant_format(AK_QUANT_Q6_K));
	assert_null(ak_quant_find("Q4_K"));
	assert_null(ak_quant_format(AK_QUANT_TYPES));
	assert_int_equal(ak_quant_row_bytes(f, 128, &n), -EINVAL);
	assert_int_equal(ak_quantise_rows(k, f, normal, 2, 128, bytes),
			 -EINVAL);
	assert_int_equal(ak_dequantise_rows(k, f, bytes, 2, 128, back),
			 -EINVAL);
	assert_int_equal(ak_quant_row_bytes(f, 512, &n), 0);
	assert_int_equal(n, 420);
	/* The script drops what is left, of each row. */
	f = ak_quant_find("script-q6_k");
	assert_int_equal(ak_quant_row_bytes(f, 128, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(ak_quant_row_bytes(f, 300, &n), 0);
	assert_int_equal(n, 210);
	assert_int_equal(ak_quantise_rows(k, f, normal, 2, 300, bytes), 0);
	assert_int_equal(ak_quantise_rows(k, f, normal + 300, 1, 256, other),
			 0);
	assert_memory_equal(bytes + 210, other, 210);
	assert_int_equal(ak_dequantise_rows(k, f, bytes, 2, 300, back), 0);
	assert_true(back[255] != 0 && back[256] == 0 && back[299] == 0 &&
		    back[300] != 0);
	f = ak_quant_find("F32");
	assert_int_equal(ak_quant_row_bytes(f, SIZE_MAX / 2, &n), -EOVERFLOW);
}

/* What the header says of values that are not finite. */
static void not_finite(void **state)
{
	float x[256];
	unsigned int i;

	(void)state;
	for (i = 0; i < 256; i++)
		x[i] = 0.25f;
	x[3] = NAN;
	x[5] = -NAN;
	/* NaN does not count, and has the code of the largest in Q4_0. */
	ak_quantise_rows(k, ak_quant_find("Q4_0"), x, 1, 32, bytes);
	assert_int_equal(ak_get16(bytes), ak_to_f16(-0.03125f));
	assert_int_equal(bytes[2 + 3] & 15, 0);
	assert_int_equal(bytes[2], 0);
	ak_quantise_rows(k, ak_quant_find("Q8_0"), x, 1, 32, bytes);
	assert_int_equal(bytes[2], 127);
	assert_int_equal(bytes[2 + 3], 0);
	ak_quantise_rows(k, ak_quant_find("TQ2_0"), x, 1, 256, bytes);
	assert_int_equal(bytes[0] & 3, 2);
	assert_int_equal(bytes[5] & 3, 1);
	ak_quantise_rows(k, ak_quant_find("Q6_K"), x, 1, 256, bytes);
	ak_dequantise_rows(k, ak_quant_find("Q6_K"), bytes, 1, 256, back);
	assert_true(fabsf(back[20] - 0.25f) < 0.004f);

	/* An infinity makes the scale infinite and every finite weight zero. */
	x[7] = INFINITY;
	ak_quantise_rows(k, ak_quant_find("Q4_0"), x, 1, 32, bytes);
	assert_int_equal(ak_get16(bytes), 0xfc00);
	assert_int_equal(bytes[2], 0x88);
	ak_quantise_rows(k, ak_quant_find("Q8_0"), x, 1, 32, bytes);
	assert_int_equal(ak_get16(bytes), 0x7c00);
	assert_int_equal(bytes[2], 0);

	/* So small that the scale's reverse is infinite. */
	for (i = 0; i < 32; i++)
		x[i] = i % 3 ? 0x1p-140f : 0;
	ak_quantise_rows(k, ak_quant_find("Q4_0"), x, 1, 32, bytes);
	assert_int_equal(ak_get16(bytes), 0x8000);
	ak_dequantise_rows(k, ak_quant_find("Q4_0"), bytes, 1, 32, back);
	for (i = 0; i < 32; i++)
		assert_true(back[i] == 0);
}

/* Ranges of rows in another order: the same bytes. */
static void cuts(void **state)
{
	static const size_t at[] = { 0, 1, 8, 100, 160, ROWS };
	struct ak_affine a = { .bits = 4, .calibrate = AK_CALIBRATE_MSE };
	float s1[ROWS], s2[ROWS];
	int32_t z1[ROWS], z2[ROWS];
	enum ak_quant_type t;
	size_t i, n;

	(void)state;
	for (t = 0; t < AK_QUANT_TYPES; t++) {
		const struct ak_quant_format *f = ak_quant_format(t);

		ak_quant_row_bytes(f, COLS, &n);
		ak_quantise_rows(k, f, matrix, ROWS, COLS, bytes);
		for (i = ARRAY_SIZE(at) - 1; i-- > 0;)
			ak_quantise_rows(k, f, matrix + at[i] * COLS,
					 at[i + 1] - at[i], COLS,
					 other + at[i] * n);
		assert_memory_equal(bytes, other, n * ROWS);
	}
	ak_bitnet_rows(k, AK_CODE_TWOS, matrix, ROWS, COLS,
		       (uint32_t *)(void *)bytes, s1);
	for (i = ARRAY_SIZE(at) - 1; i-- > 0;)
		ak_bitnet_rows(k, AK_CODE_TWOS, matrix + at[i] * COLS,
			       at[i + 1] - at[i], COLS,
			       (uint32_t *)(void *)(other + at[i] * COLS / 4),
			       s2 + at[i]);
	assert_memory_equal(bytes, other, COUNT / 4);
	assert_memory_equal(s1, s2, sizeof(s1));
	ak_affine_rows(k, &a, matrix, ROWS, COLS, bytes, s1, z1, NULL);
	for (i = ARRAY_SIZE(at) - 1; i-- > 0;)
		ak_affine_rows(k, &a, matrix + at[i] * COLS, at[i + 1] - at[i],
			       COLS, other + at[i] * COLS, s2 + at[i],
			       z2 + at[i], NULL);
	assert_memory_equal(bytes, other, COUNT);
	assert_memory_equal(s1, s2, sizeof(s1));
	assert_memory_equal(z1, z2, sizeof(z1));
}

static int set_up(void **state)
{
	(void)state;
	k = ak_quant_best();
	matrix = malloc((COUNT + COLS) * sizeof(*matrix));
	bytes = malloc(COUNT * 4);
	normal = malloc(COUNT * sizeof(*normal));
	back = malloc(COUNT * sizeof(*back));
	other = malloc(COUNT * 4);
	if (!matrix || !bytes || !normal || !back || !other)
		return -1;
	quant_vector(matrix, COUNT);
	quant_normal(normal, COUNT);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	free(matrix);
	free(bytes);
	free(normal);
	free(back);
	free(other);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_errors),
		cmocka_unit_test(ternary_blocks_are_exact),
		cmocka_unit_test(ternary_layouts),
		cmocka_unit_test(columns_must_divide),
		cmocka_unit_test(not_finite),
		cmocka_unit_test(cuts),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
