// SPDX-License-Identifier: GPL-2.0
/*
 * Integers by the maximum, and small integers in bytes: values that NumPy gives
 * and some by hand.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "common/util.h"
#include "digest.h"
#include "quant/half.h"
#include "quant/quant.h"
#include "quant_data.h"

#define ROWS 256u
#define COLS 1024u
#define COUNT (ROWS * COLS)

static const struct ak_quant *k;
static float *matrix;
static uint8_t *bytes;

/* Hashes of what NumPy gives, rounding halves away from zero in double. */
static void intn_layers_and_channels(void **state)
{
	float max = ak_max_abs(k, matrix, COUNT), scales[COLS], cols[COLS];
	size_t i;

	(void)state;
	assert_int_equal(ak_intn(k, AK_INTN_MULTIPLY, 2, max, matrix, COUNT,
				 (int8_t *)bytes),
			 0);
	assert_int_equal(fnv1a(bytes, COUNT), 0xe1029a35);
	ak_intn(k, AK_INTN_MULTIPLY, 4, max, matrix, COUNT, (int8_t *)bytes);
	assert_int_equal(fnv1a(bytes, COUNT), 0x6de59101);
	ak_intn(k, AK_INTN_MULTIPLY, 8, max, matrix, COUNT, (int8_t *)bytes);
	assert_int_equal(fnv1a(bytes, COUNT), 0x4cc9a76c);

	assert_int_equal(ak_intn_rows(k, AK_INTN_DIVIDE, 4, matrix, ROWS, COLS,
				      (int8_t *)bytes, scales),
			 0);
	assert_int_equal(fnv1a(bytes, COUNT), 0x874fcf67);
	assert_int_equal(fnv1a(scales, ROWS * 4), 0x3bb4483e);
	ak_intn_rows(k, AK_INTN_MULTIPLY, 8, matrix, ROWS, COLS,
		     (int8_t *)bytes, scales);
	assert_int_equal(fnv1a(bytes, COUNT), 0x643c78a6);
	assert_int_equal(fnv1a(scales, ROWS * 4), 0x20dea75c);

	memset(cols, 0, sizeof(cols));
	ak_max_abs_cols(k, matrix, ROWS / 2, COLS, cols);
	ak_max_abs_cols(k, matrix + COUNT / 2, ROWS / 2, COLS, cols);
	for (i = 0; i < COLS; i++)
		scales[i] = ak_intn_scale(4, cols[i]);
	assert_int_equal(fnv1a(scales, COLS * 4), 0xcb334475);
	ak_intn_cols(k, AK_INTN_DIVIDE, 4, cols, matrix, ROWS, COLS,
		     (int8_t *)bytes);
	assert_int_equal(fnv1a(bytes, COUNT), 0x4fc7720f);
	ak_intn_cols(k, AK_INTN_DIVIDE, 8, cols, matrix, ROWS, COLS,
		     (int8_t *)bytes);
	assert_int_equal(fnv1a(bytes, COUNT), 0xdd566903);
	ak_intn_cols(k, AK_INTN_MULTIPLY, 8, cols, matrix, ROWS, COLS,
		     (int8_t *)bytes);
	assert_int_equal(fnv1a(bytes, COUNT), 0xf10086ce);
}

static void intn_rules(void **state)
{
	const float x[] = { 7, -7, 3.5f, -3.5f, 2.5f, 2.4999998f, NAN, -0.f };
	const int8_t want[] = { 7, -7, 4, -4, 3, 2, 0, 0 };
	int8_t q[ARRAY_SIZE(x)];
	float scale;

	(void)state;
	assert_int_equal(ak_intn(k, AK_INTN_DIVIDE, 4, 7, x, ARRAY_SIZE(x), q),
			 0);
	assert_memory_equal(q, want, sizeof(want));
	assert_int_equal(
		ak_intn(k, AK_INTN_MULTIPLY, 4, 7, x, ARRAY_SIZE(x), q), 0);
	assert_memory_equal(q, want, sizeof(want));
	/* A layer of zeros. */
	assert_true(ak_intn_scale(4, 0) == 1e-30f / 7);
	assert_true(ak_intn_scale(3, 1) == 0);
	assert_int_equal(ak_intn(k, AK_INTN_DIVIDE, 3, 7, x, 1, q), -EINVAL);
	assert_int_equal(ak_intn(k, AK_INTN_MULTIPLY, 1, 7, x, 1, q), -EINVAL);
	assert_int_equal(
		ak_intn_rows(k, (enum ak_intn_rule)9, 4, x, 1, 1, q, &scale),
		-EINVAL);
	assert_int_equal(ak_intn_cols(k, AK_INTN_DIVIDE, 5, x, x, 1, 1, q),
			 -EINVAL);
}

static void packed_integers(void **state)
{
	const int8_t q[] = { 1, -2, 7, -8, 3 };
	const uint8_t nibbles[] = { 0xe1, 0x87, 0x03 };
	const int8_t two[] = { 1, -2, -1, 0, 1, 1 };
	const uint8_t pairs[] = { 0x39, 0x05 };
	uint8_t out[8], u[64];
	unsigned int bits, i, n;
	int8_t r[64], x[64];

	(void)state;
	assert_int_equal(ak_pack(k, q, 5, 4, out), 0);
	assert_memory_equal(out, nibbles, 3);
	assert_int_equal(ak_unpack_signed(k, out, 5, 4, r), 0);
	assert_memory_equal(r, q, 5);
	assert_int_equal(ak_pack(k, two, 6, 2, out), 0);
	assert_memory_equal(out, pairs, 2);
	assert_int_equal(ak_unpack_signed(k, out, 6, 2, r), 0);
	assert_memory_equal(r, two, 6);
	assert_int_equal(ak_pack(k, q, 5, 3, out), -EINVAL);
	assert_int_equal(ak_unpack_signed(k, out, 5, 3, r), -EINVAL);
	/* Every length, every width. */
	for (bits = 1; bits <= 8; bits *= 2)
		for (n = 0; n <= 64; n++) {
			for (i = 0; i < n; i++)
				x[i] = (int8_t)((int)(quant_uniform() * 256) -
						128) >>
				       (8 - bits);
			assert_int_equal(ak_pack(k, x, n, bits, bytes), 0);
			ak_unpack_signed(k, bytes, n, bits, r);
			assert_memory_equal(x, r, n);
			ak_unpack_unsigned(k, bytes, n, bits, u);
			for (i = 0; i < n; i++)
				assert_int_equal(u[i],
						 (uint8_t)x[i] &
							 ((1 << bits) - 1));
		}
}

static int set_up(void **state)
{
	(void)state;
	k = ak_quant_best();
	matrix = malloc((COUNT + COLS) * sizeof(*matrix));
	bytes = malloc(COUNT * 4);
	if (!matrix || !bytes)
		return -1;
	quant_vector(matrix, COUNT);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	free(matrix);
	free(bytes);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(intn_layers_and_channels),
		cmocka_unit_test(intn_rules),
		cmocka_unit_test(packed_integers),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
