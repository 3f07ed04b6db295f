// SPDX-License-Identifier: GPL-2.0
/*
 * Ternary weights: ties, rests, codes and layouts worked out by hand.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "cmocka_all.h"
#include "common/util.h"
#include "quant/half.h"
#include "quant/quant.h"

static const struct ak_quant *k;

/* Ties, on which bitnet.rs's two paths differ, and rows that are no eights. */
static void bitnet_ties(void **state)
{
	/* Mean magnitude 1. */
	const float x[11] = { 0.5f, -0.5f, 1.5f, -1.5f, 1, -1,
			      2,    -2,	   0.5f, -0.5f, 0 };
	const int8_t want[11] = { 0, 0, 1, -1, 1, -1, 1, -1, 1, -1, 0 };
	float y[11], scale;
	int8_t q[11];
	size_t i;

	(void)state;
	for (i = 0; i < 11; i++)
		y[i] = x[i] * 2;
	y[10] = 1; /* sum 23, then 22: the scale must be 2 */
	y[6] = 3;
	ak_bitnet_ternary(k, y, 1, 11, q, &scale);
	assert_true(scale == 2);
	for (i = 0; i < 10; i++)
		assert_int_equal(q[i], want[i]);
	/* 1 / 2 in the last three: a tie again, away from zero. */
	assert_int_equal(q[10], 1);

	/* Shorter than eight: all of it away from zero. */
	y[0] = 1;
	y[1] = -1;
	y[2] = 4;
	ak_bitnet_ternary(k, y, 1, 3, q, &scale);
	assert_true(scale == 2);
	assert_int_equal(q[0], 1);
	assert_int_equal(q[1], -1);

	/* Nothing to speak of: scale 1. */
	memset(y, 0, sizeof(y));
	y[0] = 1e-7f;
	ak_bitnet_ternary(k, y, 1, 8, q, &scale);
	assert_true(scale == 1);
	assert_int_equal(q[0], 0);
}

static void bitnet_not_finite(void **state)
{
	float x[16] = { 1, NAN, 2, 3, -1, 1, 1, 1, 5 }, scale;
	uint32_t packed;
	int8_t q[16];

	(void)state;
	ak_bitnet_ternary(k, x, 1, 16, q, &scale);
	assert_int_equal(ak_float_bits(scale), 0x7fc00000);
	assert_int_equal(q[0], -1);
	ak_bitnet_ternary(k, x, 1, 9, q, &scale);
	assert_int_equal(q[8], 0);
	x[1] = -INFINITY;
	assert_int_equal(
		ak_bitnet_rows(k, AK_CODE_TWOS, x, 1, 16, &packed, &scale), 0);
	assert_true(isinf(scale) && scale > 0);
	/* 1 / inf times the infinity is NaN, times the others zero. */
	assert_int_equal(packed, 2 << 2);
}

static void ternary_codes(void **state)
{
	static const enum ak_ternary_code codes[] = { AK_CODE_PLUS_1,
						      AK_CODE_TWOS };
	/* 16 of -1, 0, 1, -1, ...: 00 01 10 and 10 00 01, lowest first. */
	const uint32_t want[] = { 0x24924924, 0x92492492 };
	int8_t q[48], r[48];
	uint32_t packed[3];
	unsigned int i, c;

	(void)state;
	for (i = 0; i < 48; i++)
		q[i] = (int8_t)(i % 3) - 1;
	for (c = 0; c < 2; c++) {
		assert_int_equal(ak_ternary_pack(k, codes[c], q, 48, packed),
				 0);
		assert_int_equal(packed[0], want[c]);
		ak_ternary_unpack(codes[c], packed, 48, r);
		assert_memory_equal(q, r, 48);
		assert_int_equal(ak_ternary_pack(k, codes[c], q, 20, packed),
				 -EINVAL);
	}
}

static void exact_ternary(void **state)
{
	const float x[] = { 0.4f, -0.4f, 0, 1e-6f, 1.1e-6f, -1e-7f, -2e-6f };
	const int8_t want[] = { 1, -1, 0, 0, 1, 0, -1 };
	int8_t q[ARRAY_SIZE(x)];

	(void)state;
	ak_ternary_exact(k, x, ARRAY_SIZE(x), q);
	assert_memory_equal(q, want, sizeof(want));
}

/* Rows that are no multiple of four: those that are not there are 00. */
static void hugging_face_rest(void **state)
{
	/* Five rows of two: R = 2, row 0 with 2 and 4, row 1 with 3. */
	const int8_t q[] = { 1, 0, -1, 1, 0, 0, 1, -1, -1, 1 };
	const uint8_t want[] = { 2 | 1 << 2 | 0 << 4, 1 | 1 << 2 | 2 << 4,
				 0 | 2 << 2, 2 | 0 << 2 };
	uint8_t out[4];
	int8_t r[10];

	(void)state;
	ak_hf_pack(k, q, 5, 2, 0, 2, out);
	assert_memory_equal(out, want, 4);
	ak_hf_pack(k, q, 5, 2, 1, 1, out);
	assert_memory_equal(out, want + 2, 2);
	ak_hf_unpack(want, 5, 2, r);
	assert_memory_equal(r, q, 10);
}

static void i2s_layouts(void **state)
{
	int8_t q[128], r[128];
	uint8_t out[32];
	unsigned int i;

	(void)state;
	for (i = 0; i < 128; i++)
		q[i] = (int8_t)(i * 7 % 3) - 1;
	assert_int_equal(ak_i2s_pack(k, AK_I2S_X86, q, 128, out), 0);
	for (i = 0; i < 32; i++)
		assert_int_equal(
			out[i], (q[i] + 1) << 6 | (q[i + 32] + 1) << 4 |
					(q[i + 64] + 1) << 2 | (q[i + 96] + 1));
	assert_int_equal(ak_i2s_pack(k, AK_I2S_ARM, q, 128, out), 0);
	assert_int_equal(out[17], (q[65] + 1) << 6 | (q[81] + 1) << 4 |
					  (q[97] + 1) << 2 | (q[113] + 1));
	assert_int_equal(ak_i2s_unpack(AK_I2S_ARM, out, 128, r), 0);
	assert_memory_equal(q, r, 128);
	assert_int_equal(ak_i2s_pack_rows(k, q, 4, 32, out), 0);
	assert_int_equal(out[5], (q[5] + 1) << 6 | (q[37] + 1) << 4 |
					 (q[69] + 1) << 2 | (q[101] + 1));
	assert_int_equal(ak_i2s_pack(k, AK_I2S_X86, q, 64, out), -EINVAL);
	assert_int_equal(ak_i2s_pack_rows(k, q, 6, 16, out), -EINVAL);
	assert_int_equal(ak_i2s_unpack(AK_I2S_ARM, out, 32, r), -EINVAL);
	assert_int_equal(ak_ms_gpu_pack(q, 8, 16, out), -EINVAL);
	assert_int_equal(ak_ms_gpu_unpack(out, 16, 16, r), -EINVAL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(bitnet_ties),
		cmocka_unit_test(bitnet_not_finite),
		cmocka_unit_test(ternary_codes),
		cmocka_unit_test(exact_ternary),
		cmocka_unit_test(hugging_face_rest),
		cmocka_unit_test(i2s_layouts),
	};

	k = ak_quant_best();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
