// SPDX-License-Identifier: GPL-2.0
/*
 * Half floats against their definition, in double.
 */
#include <float.h>
#include <math.h>

#include "cmocka_all.h"
#include "common/util.h"
#include "quant/half.h"
#include "quant/quant.h"

static const struct ak_quant *k;

/* What a binary16 is worth, by its definition. */
static double f16_value(unsigned int h)
{
	unsigned int e = h >> 10 & 31, m = h & 1023;
	double v = e ? ldexp(1 + m / 1024., (int)e - 15) : ldexp(m, -24);

	return h & 0x8000 ? -v : v;
}

static void f16_of_every_half(void **state)
{
	uint16_t h, out;
	unsigned int i;
	float x;

	(void)state;
	for (i = 0; i < 65536; i++) {
		h = (uint16_t)i;
		ak_f16_to_f32(k, &h, 1, &x);
		if ((h & 0x7fff) > 0x7c00) {
			/* Quiet, with its payload. */
			assert_int_equal(ak_float_bits(x) & 0xffc00000,
					 (h & 0x8000u) << 16 | 0x7fc00000);
			assert_int_equal(ak_float_bits(x) >> 13 & 0x1ff,
					 h & 0x1ff);
			h |= 0x200;
		} else if ((h & 0x7fff) == 0x7c00) {
			assert_true(isinf(x) && (signbit(x) != 0) == h >> 15);
		} else {
			assert_true((double)x == f16_value(h));
			assert_int_equal(signbit(x) != 0, h >> 15);
		}
		ak_f32_to_f16(k, &x, 1, &out);
		assert_int_equal(out, h);
	}
}

/* Between two neighbours, at their middle and just beside it. */
static void f16_rounds_to_even(void **state)
{
	unsigned int h, i;

	(void)state;
	for (h = 0; h < 0x7bff; h++) {
		float middle = (float)((f16_value(h) + f16_value(h + 1)) / 2);
		float x[6] = { nextafterf(middle, 0), middle,
			       nextafterf(middle, INFINITY) };
		uint16_t want[3] = { (uint16_t)h, (uint16_t)(h + (h & 1)),
				     (uint16_t)(h + 1) };
		uint16_t out[6];

		for (i = 0; i < 3; i++)
			x[3 + i] = -x[i];
		ak_f32_to_f16(k, x, 6, out);
		for (i = 0; i < 3; i++) {
			assert_int_equal(out[i], want[i]);
			assert_int_equal(out[3 + i], want[i] | 0x8000);
		}
	}
}

static void f16_overflows(void **state)
{
	const float x[] = { 65504,   65519.996f, 65520, FLT_MAX, INFINITY,
			    FLT_MIN, 0x1p-149f,	 -0.f,	0x1p-25f };
	const uint16_t want[] = { 0x7bff, 0x7bff, 0x7c00, 0x7c00, 0x7c00,
				  0,	  0,	  0x8000, 0 };
	uint16_t out[ARRAY_SIZE(x)];

	(void)state;
	ak_f32_to_f16(k, x, ARRAY_SIZE(x), out);
	assert_memory_equal(out, want, sizeof(want));
}

static void bf16_rounds_to_even(void **state)
{
	unsigned int b, i;

	(void)state;
	for (b = 0; b < 0x7f80; b++) {
		uint32_t bits = b << 16;
		float x[3] = { ak_bits_float(bits | 0x7fff),
			       ak_bits_float(bits | 0x8000),
			       ak_bits_float(bits | 0x8001) };
		uint16_t want[3] = { (uint16_t)b, (uint16_t)(b + (b & 1)),
				     (uint16_t)(b + 1) };
		uint16_t out[3];
		float value;

		ak_f32_to_bf16(k, x, 3, out);
		for (i = 0; i < 3; i++)
			assert_int_equal(out[i], want[i]);
		ak_bf16_to_f32(k, want, 1, &value);
		assert_int_equal(ak_float_bits(value), bits);
	}
}

static void bf16_of_nan(void **state)
{
	float x[2] = { ak_bits_float(0x7f800001), ak_bits_float(0xffff1234) };
	uint16_t out[2];

	(void)state;
	ak_f32_to_bf16(k, x, 2, out);
	assert_int_equal(out[0], 0x7fc0);
	assert_int_equal(out[1], 0xffff);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(f16_of_every_half),
		cmocka_unit_test(f16_rounds_to_even),
		cmocka_unit_test(f16_overflows),
		cmocka_unit_test(bf16_rounds_to_even),
		cmocka_unit_test(bf16_of_nan),
	};

	k = ak_quant_best();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
