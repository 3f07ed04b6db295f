/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of functions behind quant.h: filled with portable C first, then
 * overwritten by what the machine has. tools/testing/checkasm compares every
 * table with the C one, bit for bit.
 */
#ifndef AK_QUANT_KERNELS_H
#define AK_QUANT_KERNELS_H

#include "quant/quant.h"

/* Partial sums of a row in double, and of a group in float. */
#define AK_SUM_LANES 8u
#define AK_GROUP_LANES 16u
/* NumPy sums so many floats at most before it halves. */
#define AK_PAIRWISE_BLOCK 128u

/**
 * struct ak_affine_grid - integers with a scale and a zero point
 * @scale: what they are multiplied by
 * @zero: zero point as float
 * @levels: largest integer
 * @of_nan: code of a NaN
 */
struct ak_affine_grid {
	float scale, zero, levels;
	uint8_t of_nan;
};

/**
 * struct ak_intn_grid - integers about zero
 * @divide: values are divided by @by, not multiplied
 * @by: scale or its reverse
 * @lo: smallest integer
 * @hi: largest integer
 */
struct ak_intn_grid {
	bool divide;
	float by, lo, hi;
};

typedef void (*ak_quantise_fn)(const float *x, size_t blocks, uint8_t *out);
typedef void (*ak_dequantise_fn)(const uint8_t *in, size_t blocks, float *out);

/**
 * struct ak_quant - functions for a machine
 * @name: of the instruction set
 * @quantise: blocks of a format
 * @dequantise: blocks of a format
 * @sum_abs: ak_sum_abs()
 * @max_abs: ak_max_abs()
 * @max_abs_cols: ak_max_abs_cols()
 * @dot: ak_dot()
 * @error: ak_error_row()
 * @row_sums: sum of magnitudes of each row, in float, one after the other
 * @bitnet_ternary: round to even of x * inverse, clamped; -1 for NaN and from
 *	2^31 on
 * @ms_ternary: round to even of x * inverse, clamped; NaN is 0
 * @threshold: sign where |x| > limit, else 0; NaN is 0
 * @code_ternary: 2-bit codes of -1, 0, 1, four in a byte; n is a multiple of 4
 * @range: smallest and largest finite value; +inf and -inf if there is none
 * @affine: round to even of x / scale + zero, clamped to 0..levels
 * @affine_error: squares of x - (q - zero) * scale for finite x, element i
 *	added to lane i mod AK_GROUP_LANES
 * @affine_value: (q - zero point) * scale
 * @sum_abs_block: NumPy's sum of 8 to AK_PAIRWISE_BLOCK magnitudes
 * @signs: bits of x >= 0, most significant first
 * @intn: round half away, clamped; NaN is 0
 * @intn_cols: likewise @n columns of @rows rows, @pitch elements from row to
 *	row, with a factor per column instead of @by
 * @pack: values to bytes of 2, 4 and 8 of them (4, 2, 1 bits); n is a multiple
 * @unpack: the reverse, unsigned
 */
struct ak_quant {
	const char *name;
	ak_quantise_fn quantise[AK_QUANT_TYPES];
	ak_dequantise_fn dequantise[AK_QUANT_TYPES];

	double (*sum_abs)(const float *x, size_t n);
	float (*max_abs)(const float *x, size_t n);
	void (*max_abs_cols)(const float *x, size_t rows, size_t cols,
			     float *max);
	double (*dot)(const float *a, const float *b, size_t n);
	void (*error)(const float *x, const float *y, size_t n,
		      struct ak_error *e);

	void (*row_sums)(const float *x, size_t rows, size_t cols, float *sums);
	void (*bitnet_ternary)(const float *x, size_t n, float inverse,
			       int8_t *q);
	void (*ms_ternary)(const float *x, size_t n, float inverse, int8_t *q);
	void (*threshold)(const float *x, size_t n, float limit, int8_t *q);
	void (*code_ternary)(enum ak_ternary_code code, const int8_t *q,
			     size_t n, uint8_t *out);

	void (*range)(const float *x, size_t n, float *lo, float *hi);
	void (*affine)(const float *x, size_t n, const struct ak_affine_grid *g,
		       uint8_t *q);
	void (*affine_error)(const float *x, size_t n,
			     const struct ak_affine_grid *g,
			     float lanes[AK_GROUP_LANES]);
	void (*affine_value)(const uint8_t *q, size_t n, float scale,
			     int32_t zero_point, float *out);
	float (*sum_abs_block)(const float *x, size_t n);
	void (*signs)(const float *x, size_t n, uint8_t *out);

	void (*intn)(const float *x, size_t n, const struct ak_intn_grid *g,
		     int8_t *q);
	void (*intn_cols)(const float *x, size_t rows, size_t pitch, size_t n,
			  const struct ak_intn_grid *g, const float *by,
			  int8_t *q);
	void (*pack[3])(const uint8_t *q, size_t n, uint8_t *out);
	void (*unpack[3])(const uint8_t *in, size_t n, uint8_t *q);
};

/* Which of @pack and @unpack. */
enum {
	AK_PACK_4,
	AK_PACK_2,
	AK_PACK_1
};

/**
 * ak_quant_init() - choose functions
 * @k: table to be filled
 * @flags: instruction sets that may be used, AKIDA_CPU_*; those that the
 *	machine lacks must not be among them
 */
void ak_quant_init(struct ak_quant *k, uint32_t flags);

/**
 * ak_quant_init_c() - plain C; fills all of it
 * @k: table
 */
void ak_quant_init_c(struct ak_quant *k);

/**
 * ak_quant_init_avx2() - AVX2, FMA and F16C; overwrites what it does better
 * @k: table
 */
void ak_quant_init_avx2(struct ak_quant *k);

/**
 * ak_quant_init_avx512vnni() - AVX-512; overwrites what it does better
 * @k: table
 */
void ak_quant_init_avx512vnni(struct ak_quant *k);

/**
 * ak_quant_init_neon() - Advanced SIMD; overwrites what it does better
 * @k: table
 */
void ak_quant_init_neon(struct ak_quant *k);

/* Parts of ak_quant_init_c(): one for each file of formulas. */
void ak_half_init_c(struct ak_quant *k);
void ak_q4_0_init_c(struct ak_quant *k);
void ak_q8_0_init_c(struct ak_quant *k);
void ak_q6_k_init_c(struct ak_quant *k);
void ak_tq_init_c(struct ak_quant *k);
void ak_script_init_c(struct ak_quant *k);
void ak_sums_init_c(struct ak_quant *k);
void ak_ternary_init_c(struct ak_quant *k);
void ak_ternary_pack_init_c(struct ak_quant *k);
void ak_affine_init_c(struct ak_quant *k);
void ak_binary_init_c(struct ak_quant *k);
void ak_intn_init_c(struct ak_quant *k);
void ak_pack_init_c(struct ak_quant *k);

#endif /* AK_QUANT_KERNELS_H */
