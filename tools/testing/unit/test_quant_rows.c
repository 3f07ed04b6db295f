// SPDX-License-Identifier: GPL-2.0
/*
 * Integers per row and group, signs and sums: values that NumPy gives, errors
 * that are known, values that are not finite.
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
static float *matrix, *normal, *back;
static uint8_t *bytes;

/* NumPy 1.24: codes, scales, zero points of the published matrix in groups. */
static void affine_groups(void **state)
{
	static const struct {
		struct ak_affine a;
		uint32_t q, scales, zero_points;
	} cases[] = {
		{ { 4, false, 32, 0 }, 0x1f223b1b, 0xd501d699, 0x886cd2c0 },
		{ { 8, false, 32, 0 }, 0xef6da1c3, 0xa5f20f0f, 0xf3ba10f9 },
		{ { 4, false, 64, 0 }, 0xcfd3fb48, 0xc72904c2, 0xc9444777 },
		{ { 8, false, 1024, 0 }, 0x3f9d4a86, 0x44722080, 0x0f7700a7 },
		{ { 4, true, 32, 0 }, 0x71f1e87a, 0x09a73094, 0 },
		{ { 8, true, 64, 0 }, 0xdcf8a3dc, 0x5d642ea2, 0 },
		{ { 4, true, 0, 0 }, 0x952d7b17, 0x3bb4483e, 0 },
		{ { 8, true, 0, 0 }, 0x337e0bb9, 0x20dea75c, 0 },
		{ { 2, true, 0, 0 }, 0xb7fb2815, 0x4a95be48, 0 },
	};
	float *scales = malloc(COUNT / 32 * sizeof(*scales));
	int32_t *zeros = malloc(COUNT / 32 * sizeof(*zeros));
	size_t i, j, n;

	(void)state;
	assert_true(scales && zeros);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct ak_affine *a = &cases[i].a;

		n = ROWS * ak_affine_groups(a, COLS);
		assert_int_equal(ak_affine_rows(k, a, matrix, ROWS, COLS, bytes,
						scales, zeros, NULL),
				 0);
		assert_int_equal(fnv1a(bytes, COUNT), cases[i].q);
		assert_int_equal(fnv1a(scales, n * 4), cases[i].scales);
		if (!a->symmetric)
			assert_int_equal(fnv1a(zeros, n * 4),
					 cases[i].zero_points);
		for (j = 0; j < n && a->symmetric; j++)
			assert_int_equal(zeros[j], 1 << (a->bits - 1));
	}
	free(scales);
	free(zeros);
}

static double affine_error(const struct ak_affine *a,
			   struct ak_affine_stats *sum)
{
	struct ak_affine_stats *stats = calloc(ROWS, sizeof(*stats));
	float *scales = malloc(COUNT / 32 * sizeof(*scales));
	int32_t *zeros = malloc(COUNT / 32 * sizeof(*zeros));
	size_t r;

	assert_true(stats && scales && zeros);
	assert_int_equal(ak_affine_rows(k, a, normal, ROWS, COLS, bytes, scales,
					zeros, stats),
			 0);
	ak_affine_dequantise(k, a, bytes, scales, zeros, ROWS, COLS, back);
	*sum = (struct ak_affine_stats){ 0 };
	for (r = 0; r < ROWS; r++) {
		sum->range_noise += stats[r].range_noise;
		sum->noise += stats[r].noise;
		sum->signal += stats[r].signal;
		sum->constant += stats[r].constant;
	}
	free(stats);
	free(scales);
	free(zeros);
	return quant_relative_error(normal, back, ROWS, COLS);
}

/* Of normal numbers: what the tolerances 50, 20, 10 and 2 % make of them. */
static void affine_errors(void **state)
{
	static const struct {
		struct ak_affine a;
		double lo, hi;
	} cases[] = {
		{ { 8, false, 0, AK_CALIBRATE_RANGE }, 0.005, 0.02 },
		{ { 4, false, 0, AK_CALIBRATE_RANGE }, 0.10, 0.14 },
		{ { 4, false, 64, AK_CALIBRATE_RANGE }, 0.07, 0.10 },
		{ { 4, false, 32, AK_CALIBRATE_RANGE }, 0.06, 0.10 },
		{ { 4, true, 32, AK_CALIBRATE_RANGE }, 0.08, 0.10 },
		{ { 4, true, 64, AK_CALIBRATE_RANGE }, 0.08, 0.12 },
		{ { 2, false, 0, AK_CALIBRATE_RANGE }, 0.5, 0.7 },
		{ { 1, false, 0, AK_CALIBRATE_RANGE }, 0.9, 1.9 },
	};
	struct ak_affine_stats s;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		double e = affine_error(&cases[i].a, &s);

		assert_true(e > cases[i].lo && e < cases[i].hi);
		assert_int_equal(s.constant, 0);
	}
}

/*
 * The gain that is reported is the gain that is measured. The least error of 16
 * even levels on normal numbers is 0.1074 (J. Max, Quantizing for minimum
 * distortion, 1960: 0.01154); fewer levels suffer from an integer zero point.
 */
static void calibration(void **state)
{
	static const struct {
		struct ak_affine a;
		double lo, hi, gain;
	} cases[] = {
		{ { 4, false, 0, AK_CALIBRATE_MSE }, 0.1065, 0.1083, 1.15 },
		{ { 4, true, 0, AK_CALIBRATE_MSE }, 0.1065, 0.110, 1.3 },
		{ { 2, false, 0, AK_CALIBRATE_MSE }, 0.34, 0.39, 1.6 },
		{ { 2, true, 0, AK_CALIBRATE_MSE }, 0.34, 0.39, 2.2 },
		{ { 1, false, 0, AK_CALIBRATE_MSE }, 0.6, 0.78, 1.25 },
		{ { 4, false, 64, AK_CALIBRATE_MSE }, 0.08, 0.089, 1.03 },
		{ { 8, false, 0, AK_CALIBRATE_MSE }, 0.006, 0.0075, 1 },
	};
	struct ak_affine_stats s, plain;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ak_affine range = cases[i].a;
		double e, e_range;

		range.calibrate = AK_CALIBRATE_RANGE;
		e_range = affine_error(&range, &plain);
		e = affine_error(&cases[i].a, &s);
		assert_true(e > cases[i].lo && e < cases[i].hi);
		assert_true(e_range / e >= cases[i].gain);
		assert_true(fabs(sqrt(s.noise / s.signal) / e - 1) < 1e-3);
		assert_true(fabs(sqrt(s.range_noise / s.signal) / e_range - 1) <
			    1e-3);
	}
}

static void constant_rows(void **state)
{
	struct ak_affine apl = { .bits = 4 };
	struct ak_affine groups = { .bits = 4, .group = 16 };
	struct ak_affine both = { .bits = 8, .symmetric = true };
	static const float values[] = { 0.7f, -0.7f, 0 };
	struct ak_affine_stats stats;
	float x[16], y[16], scale;
	int32_t zero;
	uint8_t q[16];
	size_t v, i;

	(void)state;
	for (v = 0; v < ARRAY_SIZE(values); v++) {
		for (i = 0; i < 16; i++)
			x[i] = values[v];
		/* APL loses them; it is counted. */
		ak_affine_rows(k, &apl, x, 1, 16, q, &scale, &zero, &stats);
		assert_true(scale == 1 && zero == 0);
		assert_int_equal(q[0] | q[15], 0);
		assert_int_equal(stats.constant, values[v] != 0);
		/* Nothing else does. */
		ak_affine_rows(k, &groups, x, 1, 16, q, &scale, &zero, &stats);
		ak_affine_dequantise(k, &groups, q, &scale, &zero, 1, 16, y);
		assert_memory_equal(x, y, sizeof(x));
		assert_int_equal(stats.constant, 0);
		ak_affine_rows(k, &both, x, 1, 16, q, &scale, &zero, NULL);
		ak_affine_dequantise(k, &both, q, &scale, &zero, 1, 16, y);
		assert_true(fabsf(y[3] - x[3]) < 1e-6f);
	}
}

static void affine_not_finite(void **state)
{
	float x[6] = { -1, 2, NAN, INFINITY, -INFINITY, 0 }, scale;
	const uint8_t want[6] = { 0, 15, 5, 15, 0, 5 };
	struct ak_affine a = { .bits = 4 };
	int32_t zero;
	uint8_t q[6];

	(void)state;
	ak_affine_rows(k, &a, x, 1, 6, q, &scale, &zero, NULL);
	assert_true(scale == 0.2f && zero == 5);
	assert_memory_equal(q, want, 6);
	/* Nothing finite at all. */
	ak_affine_rows(k, &a, x + 2, 1, 3, q, &scale, &zero, NULL);
	assert_true(scale == 1 && zero == 0 && !q[0] && !q[1] && !q[2]);
	/* A zero point that no int32 holds. */
	x[0] = 1e30f;
	x[1] = nextafterf(1e30f, INFINITY);
	a.bits = 8;
	ak_affine_rows(k, &a, x, 1, 2, q, &scale, &zero, NULL);
	assert_int_equal(zero, INT32_MIN);
}

static void affine_wrong_rules(void **state)
{
	static const struct ak_affine wrong[] = {
		{ 3, false, 0, AK_CALIBRATE_RANGE },
		{ 0, false, 0, AK_CALIBRATE_RANGE },
		{ 16, false, 0, AK_CALIBRATE_RANGE },
		{ 1, true, 0, AK_CALIBRATE_RANGE },
		{ 4, false, 0, (enum ak_calibrate)7 },
	};
	float scale;
	int32_t zero;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(ak_affine_rows(k, &wrong[i], normal, 1, 8,
						bytes, &scale, &zero, NULL),
				 -EINVAL);
}

/* NumPy 1.24's means of magnitudes and packbits, of rows of every shape. */
static void numpy_means(void **state)
{
	static const struct {
		size_t n;
		uint32_t mean[3], bits;
	} cases[] = {
		{ 1, { 0x3e3d979c, 0x3e7ef658, 0x3f2be2f7 }, 0x4ab0f7b7 },
		{ 7, { 0x3f052f55, 0x3ebd9f47, 0x3eee6877 }, 0x064962e9 },
		{ 8, { 0x3ef0dedb, 0x3ee59b11, 0x3f026b7e }, 0xf04f9892 },
		{ 9, { 0x3ee48eee, 0x3eef9f9c, 0x3f092d84 }, 0x1cd63e7e },
		{ 15, { 0x3efa1842, 0x3eee52c2, 0x3f00a05b }, 0xad8ad5eb },
		{ 127, { 0x3ef2df25, 0x3efa7434, 0x3ede5974 }, 0x426e8695 },
		{ 128, { 0x3ef29501, 0x3efbb2f0, 0x3edf4e8a }, 0x54537306 },
		{ 129, { 0x3ef24c0f, 0x3efd08cc, 0x3edbfd9e }, 0xb92db030 },
		{ 136, { 0x3eef6540, 0x3efb1322, 0x3edd7c5a }, 0x89bac5cb },
		{ 200, { 0x3ef56ff6, 0x3ee4ef12, 0x3eeb8a1c }, 0x460649e6 },
		{ 255, { 0x3ef5d269, 0x3ee4c382, 0x3ef0d52c }, 0x3e4065c0 },
		{ 1000, { 0x3eef00c5, 0x3eefc121, 0x3ef4c346 }, 0x3f0e320f },
		{ 1025, { 0x3eeee571, 0x3eef1776, 0x3ef3ec83 }, 0xb26184b7 },
		{ 5000, { 0x3ef12fa6, 0x3eeddc27, 0x3eebe442 }, 0xcbce4ed6 },
	};
	float scales[3];
	size_t i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t n = cases[i].n;

		ak_binarise_rows(k, matrix, 3, n, bytes, scales);
		for (j = 0; j < 3; j++)
			assert_int_equal(ak_float_bits(scales[j]),
					 cases[i].mean[j]);
		assert_int_equal(fnv1a(bytes, 3 * ((n + 7) / 8)),
				 cases[i].bits);
		ak_binarise_unpack(bytes, scales, 3, n, back);
		for (j = 0; j < 3 * n; j++)
			assert_true(back[j] == (matrix[j] >= 0 ?
							scales[j / n] :
							-scales[j / n]));
	}
}

static void sums(void **state)
{
	double sum = 0, dot = 0, got;
	struct ak_error e;
	size_t i;

	(void)state;
	for (i = 0; i < 1003; i++) {
		sum += fabs((double)matrix[i]);
		dot += (double)matrix[i] * (double)normal[i];
	}
	got = ak_sum_abs(k, matrix, 1003);
	assert_true(fabs(got / sum - 1) < 1e-12);
	got = ak_dot(k, matrix, normal, 1003);
	assert_true(fabs(got - dot) < 1e-9);
	assert_true(isnan(ak_sum_abs(k, (float[]){ 1, NAN }, 2)));
	assert_true(ak_max_abs(k, (float[]){ 1, NAN, -3 }, 3) == 3);
	assert_true(ak_max_abs(k, NULL, 0) == 0);
	e = ak_error_row(k, (float[]){ 3, 4 }, (float[]){ 3, 2 }, 2);
	assert_true(e.n == 2 && e.signal == 25 && e.noise == 4 && e.max == 2);
	assert_true(fabs(ak_error_relative(&e) - 0.4) < 1e-9);
}

static int set_up(void **state)
{
	(void)state;
	k = ak_quant_best();
	matrix = malloc((COUNT + COLS) * sizeof(*matrix));
	bytes = malloc(COUNT * 4);
	normal = malloc(COUNT * sizeof(*normal));
	back = malloc(COUNT * sizeof(*back));
	if (!matrix || !bytes || !normal || !back)
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
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(affine_groups),
		cmocka_unit_test(affine_errors),
		cmocka_unit_test(calibration),
		cmocka_unit_test(constant_rows),
		cmocka_unit_test(affine_not_finite),
		cmocka_unit_test(affine_wrong_rules),
		cmocka_unit_test(numpy_means),
		cmocka_unit_test(sums),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
