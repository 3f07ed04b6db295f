// SPDX-License-Identifier: GPL-2.0
/*
 * Number formats against vectors that the programs whose formats they are have
 * made, or that follow from a published formula: Documentation/formats/
 * quantisation.rst names the source of each.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "akida/device.h"
#include "cmocka_all.h"
#include "common/cpu.h"
#include "common/util.h"
#include "digest.h"
#include "quant/half.h"
#include "quant/kernels.h"
#include "quant_data.h"

#define ROWS 256u
#define COLS 1024u
#define COUNT (ROWS * COLS)

#define BIG 4096u

static float *matrix, *big;
static struct ak_quant table;

static void *must(void *p)
{
	assert_non_null(p);
	return p;
}

static void assert_sha(const void *data, size_t size, const char *want)
{
	char hex[65];

	sha256_hex(data, size, hex);
	hex[strlen(want)] = '\0';
	assert_string_equal(hex, want);
}

static uint8_t *quantise(enum ak_quant_type type, const float *x, size_t rows,
			 size_t cols, size_t *size)
{
	const struct ak_quant_format *f = ak_quant_format(type);
	uint8_t *out;

	assert_int_equal(ak_quant_row_bytes(f, cols, size), 0);
	*size *= rows;
	out = must(malloc(*size));
	assert_int_equal(ak_quantise_rows(&table, f, x, rows, cols, out), 0);
	return out;
}

static void the_hash_functions(void **state)
{
	(void)state;
	assert_sha("abc", 3, "ba7816bf8f01cfea414140de5dae2223");
	assert_sha("", 0, "e3b0c44298fc1c149afbf4c8996fb924");
	assert_sha("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		   56, "248d6a61d20638b8e5c026930c3e6039");
	assert_int_equal(fnv1a("foobar", 6), 0xbf9cf968);
	assert_sha(matrix, COUNT * 4, "18c30c7d490a84f02ba37600491d9448");
}

static void blocks(void **state)
{
	static const struct {
		enum ak_quant_type type;
		size_t bytes;
		const char *sha;
	} cases[] = {
		{ AK_QUANT_Q4_0, 147456, "b943d393fe1de7b2a53dc5ccac24ca7f" },
		{ AK_QUANT_Q6_K, 215040, "7569c75ba8d77d026964cd15969c5116" },
		{ AK_QUANT_SCRIPT_Q4_0, 147456,
		  "bca49073ad1244e9c9d12d65bdb31980" },
		{ AK_QUANT_SCRIPT_Q6_K, 215040,
		  "40c197a116ee383ab71dfe27cb228c9a" },
	};
	size_t i, size;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t *q = quantise(cases[i].type, matrix, ROWS, COLS, &size);

		assert_int_equal(size, cases[i].bytes);
		assert_sha(q, size, cases[i].sha);
		free(q);
	}
}

static void repacked(void **state)
{
	static const struct {
		enum ak_repack how;
		enum ak_quant_type type;
		const char *sha;
	} cases[] = {
		{ AK_REPACK_X4_IL8, AK_QUANT_Q4_0,
		  "956c1fc313152bd0206da73ea1b102ba" },
		{ AK_REPACK_X4_IL4, AK_QUANT_Q4_0,
		  "8f61ad36ac513ad868965170d9b07804" },
		{ AK_REPACK_X8_IL8, AK_QUANT_Q4_0,
		  "0126b05829a040ef45c818199b4f183e" },
		{ AK_REPACK_SCRIPT_4, AK_QUANT_SCRIPT_Q4_0,
		  "26056ac4f2197d1f3cbf8492c86e97cf" },
		{ AK_REPACK_SCRIPT_8, AK_QUANT_SCRIPT_Q4_0,
		  "3db0396aac3e16de13596ef5c6c86d05" },
	};
	size_t i, size;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		enum ak_repack how = cases[i].how;
		uint8_t *q = quantise(cases[i].type, matrix, ROWS, COLS, &size);
		uint8_t *packed = must(malloc(size)),
			*back = must(malloc(size));

		assert_int_equal(
			ak_q4_0_repack(&table, how, q, ROWS, COLS, packed), 0);
		assert_sha(packed, size, cases[i].sha);
		assert_int_equal(
			ak_q4_0_unpack(&table, how, packed, ROWS, COLS, back),
			0);
		assert_memory_equal(q, back, size);
		assert_int_equal(ak_q4_0_repack(&table, how, q, 6, COLS, back),
				 -EINVAL);
		assert_int_equal(ak_q4_0_unpack(&table, how, q, 8, 48, back),
				 -EINVAL);
		free(q);
		free(packed);
		free(back);
	}
}

static void small_blocks(void **state)
{
	static const uint8_t ggml[] = { 0x00, 0x40, 0x80, 0x91, 0x91, 0xa2,
					0xa2, 0xb3, 0xb3, 0xc4, 0xc4, 0xd5,
					0xd5, 0xe6, 0xe6, 0xf7, 0xf7, 0xf8 };
	static const uint8_t script[] = { 0x92, 0x40, 0x11, 0x22, 0x33, 0x44,
					  0x54, 0x65, 0x76, 0x87, 0x88, 0x99,
					  0xaa, 0xbb, 0xcc, 0xdc, 0xed, 0xfe };
	uint8_t zero[18] = { 0x00, 0x80 };
	float x[32];
	uint8_t *q;
	size_t i, size;

	(void)state;
	for (i = 0; i < 32; i++)
		x[i] = (float)i - 16;
	q = quantise(AK_QUANT_Q4_0, x, 1, 32, &size);
	assert_memory_equal(q, ggml, sizeof(ggml));
	free(q);
	q = quantise(AK_QUANT_SCRIPT_Q4_0, x, 1, 32, &size);
	assert_memory_equal(q, script, sizeof(script));
	free(q);
	memset(x, 0, sizeof(x));
	memset(zero + 2, 0x88, 16);
	q = quantise(AK_QUANT_Q4_0, x, 1, 32, &size);
	assert_memory_equal(q, zero, sizeof(zero));
	free(q);
	memset(zero, 0, sizeof(zero));
	q = quantise(AK_QUANT_SCRIPT_Q4_0, x, 1, 32, &size);
	assert_memory_equal(q, zero, sizeof(zero));
	free(q);
}

static void bitnet_rs(void **state)
{
	uint32_t *packed = must(malloc(COUNT / 4));
	float *scales = must(malloc(ROWS * 4));

	(void)state;
	assert_int_equal(ak_bitnet_rows(&table, AK_CODE_TWOS, matrix, ROWS,
					COLS, packed, scales),
			 0);
	assert_sha(packed, COUNT / 4, "df9088b01d99ba6dc97613fb6dff5742");
	assert_sha(scales, ROWS * 4, "a6e15b65bf3c745e1d6202010f15a8a3");
	assert_int_equal(ak_bitnet_rows(&table, AK_CODE_PLUS_1, matrix, ROWS,
					COLS, packed, scales),
			 0);
	assert_sha(packed, COUNT / 4, "7a50e5361bfabeb233e0e7fe8f8b56e2");
	assert_int_equal(ak_bitnet_rows(&table, AK_CODE_TWOS, matrix, 1, 24,
					packed, scales),
			 -EINVAL);
	free(packed);
	free(scales);
}

static void microsoft(void **state)
{
	int8_t *q = must(malloc(COUNT)), *back = must(malloc(COUNT));
	uint8_t *out = must(malloc(COUNT / 4)), tail[AK_I2S_TAIL];
	static const uint8_t scale_bytes[] = { 0xbc, 0x33, 0xef, 0x3e };
	double sum = 0;
	float factor;
	size_t i;

	(void)state;
	for (i = 0; i < ROWS; i++)
		sum += ak_sum_abs(&table, matrix + i * COLS, COLS);
	factor = ak_ms_factor(sum, COUNT);
	ak_ms_ternary(&table, factor, matrix, COUNT, q);
	assert_sha(q, COUNT, "65c027ba568043fcbab3dbba18cc25e8");

	assert_int_equal(ak_i2s_pack(&table, AK_I2S_X86, q, COUNT, out), 0);
	assert_sha(out, COUNT / 4, "de714144f65bf86aee017510babd0a4a");
	assert_int_equal(ak_i2s_unpack(AK_I2S_X86, out, COUNT, back), 0);
	assert_memory_equal(q, back, COUNT);
	ak_i2s_tail(ak_ms_scale(factor), tail);
	assert_memory_equal(tail, scale_bytes, 4);

	ak_hf_pack(&table, q, ROWS, COLS, 0, ROWS / 4, out);
	assert_sha(out, COUNT / 4, "a7c9b79c862bf1ebd723c9707e5a0cd9");
	ak_hf_unpack(out, ROWS, COLS, back);
	assert_memory_equal(q, back, COUNT);

	assert_int_equal(ak_ms_gpu_pack(q, ROWS, COLS, out), 0);
	assert_sha(out, COUNT / 4, "620e13bdd7d8d46a09215cf75dabf6c3");
	assert_int_equal(ak_ms_gpu_unpack(out, ROWS, COLS, back), 0);
	assert_memory_equal(q, back, COUNT);
	free(q);
	free(back);
	free(out);
}

static void apl_rows(void **state)
{
	static const struct {
		unsigned int bits;
		const char *q, *scales, *zero_points;
	} cases[] = {
		{ 1, "f7db998ef4685537478e5cc7e3faaa01",
		  "405cd9083b9ce8ca6c88d712acbe864b",
		  "aac1a79aa169e9786fcdb96245abd711" },
		{ 2, "3b9fc2561f488c2175e18e84d57fe312",
		  "a652706a8f7813c16b7e2b3ec34df26a",
		  "bc430f1335655064842bb2b053b6645a" },
		{ 4, "81c7bfc0301cae4f352ef1b58815f1f8",
		  "02f9a18105a6650b60a5ff9ea0a953c8",
		  "dacbe1c256f113ade16f7fc52360f297" },
		{ 8, "2a543dd69d543984a591f461ef1bb03c",
		  "812d92ad1fb4dd387b29f44ea61937e5",
		  "001a00912443c94ff72337c318bfbaee" },
	};
	uint8_t *q = must(malloc(COUNT));
	float scales[ROWS];
	int32_t zero_points[ROWS];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ak_affine a = { .bits = cases[i].bits };

		assert_int_equal(ak_affine_rows(&table, &a, matrix, ROWS, COLS,
						q, scales, zero_points, NULL),
				 0);
		assert_sha(q, COUNT, cases[i].q);
		assert_sha(scales, sizeof(scales), cases[i].scales);
		assert_sha(zero_points, sizeof(zero_points),
			   cases[i].zero_points);
	}
	free(q);
}

static void apl_signs(void **state)
{
	uint8_t *q = must(malloc(COUNT));
	float scales[ROWS];

	(void)state;
	ak_binarise_rows(&table, matrix, ROWS, COLS, q, scales);
	assert_sha(q, COUNT / 8, "d71121f2585778e09c58ea73d5218267");
	assert_sha(scales, sizeof(scales), "f3664348f2dad0b9dc7b8c78ac019552");
	ak_apl_ternary_rows(&table, matrix, ROWS, COLS, (int8_t *)q, scales);
	assert_sha(q, COUNT, "fd935534cab0cc35e70c82e7d5094a9e");
	free(q);
}

static void big_blocks(void **state)
{
	static const struct {
		enum ak_quant_type type;
		size_t rows;
		uint32_t hash;
	} cases[] = {
		{ AK_QUANT_Q4_0, BIG, 0x12bd5d68 },
		{ AK_QUANT_Q8_0, BIG, 0xb404f152 },
		{ AK_QUANT_TQ1_0, BIG, 0xe5eacf80 },
		{ AK_QUANT_TQ2_0, BIG, 0x1da9caca },
		{ AK_QUANT_Q6_K, 512, 0xb1ba521b },
	};
	size_t i, size;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t *q =
			quantise(cases[i].type, big, cases[i].rows, BIG, &size);

		assert_int_equal(fnv1a(q, size), cases[i].hash);
		free(q);
	}
}

static void big_bitnet(void **state)
{
	size_t n = (size_t)BIG * BIG;
	uint32_t *packed = must(malloc(n / 4));
	float *scales = must(malloc(BIG * 4));

	(void)state;
	assert_int_equal(ak_bitnet_rows(&table, AK_CODE_TWOS, big, BIG, BIG,
					packed, scales),
			 0);
	assert_int_equal(fnv1a(packed, n / 4), 0x7dabd98e);
	assert_int_equal(fnv1a(scales, BIG * 4), 0xc8b40be6);
	free(packed);
	free(scales);
}

static void big_integers(void **state)
{
	static const struct {
		unsigned int bits;
		float scale;
		uint32_t hash;
	} cases[] = {
		{ 1, 1.972953081f, 0xb50d118b },
		{ 2, 1.972953081f, 0xea999506 },
		{ 4, 0.281850427f, 0x69ebeab0 },
		{ 8, 0.015535064f, 0xded2307f },
	};
	size_t n = (size_t)BIG * BIG, i;
	float max = ak_max_abs(&table, big, n);
	uint8_t *packed = must(malloc(n));
	int8_t *q = must(malloc(n));

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned int bits = cases[i].bits;

		assert_true(ak_intn_scale(bits, max) == cases[i].scale);
		assert_int_equal(
			ak_intn(&table, AK_INTN_DIVIDE, bits, max, big, n, q),
			0);
		assert_int_equal(ak_pack(&table, q, n, bits, packed), 0);
		assert_int_equal(fnv1a(packed, n * bits / 8), cases[i].hash);
	}
	free(packed);
	free(q);
}

static int set_up(void **state)
{
	(void)state;
	matrix = malloc(COUNT * sizeof(*matrix));
	big = malloc((size_t)BIG * BIG * sizeof(*big));
	if (!matrix || !big)
		return -1;
	quant_vector(matrix, COUNT);
	quant_vector(big, (size_t)BIG * BIG);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	free(matrix);
	free(big);
	return 0;
}

/* All of it in plain C, and once more in what this machine is best at. */
int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_hash_functions),
		cmocka_unit_test(blocks),
		cmocka_unit_test(repacked),
		cmocka_unit_test(small_blocks),
		cmocka_unit_test(bitnet_rs),
		cmocka_unit_test(microsoft),
		cmocka_unit_test(apl_rows),
		cmocka_unit_test(apl_signs),
		cmocka_unit_test(big_blocks),
		cmocka_unit_test(big_bitnet),
		cmocka_unit_test(big_integers),
	};
	int ret;

	ak_quant_init_c(&table);
	ret = cmocka_run_group_tests_name("c", tests, set_up, tear_down);
	ak_quant_init(&table, ak_cpu_flags());
	return ret + cmocka_run_group_tests_name(table.name, tests, set_up,
						 tear_down);
}
