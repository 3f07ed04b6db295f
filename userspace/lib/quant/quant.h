/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Number formats of weights: quantise, dequantise, pack, unpack. Knows nothing
 * of files. Rules, layouts and their standing: Documentation/formats/quantisation.rst.
 *
 * What holds for every function here:
 *  - matrices are row-major floats without gaps, [rows][cols]; packed bytes are
 *    little endian on every machine;
 *  - a function works on the rows that it is given and on nothing else, keeps
 *    no state and may be called by any number of threads at a time. A tensor
 *    that is cut into ranges of rows gives the same bytes as in one call, in
 *    whatever order the ranges are done; where a cut must fall on a multiple,
 *    the function says so;
 *  - formats with one scale per tensor need a pass before, whose partial
 *    results are combined in the order of rows (sums, in double) or in any
 *    order (maxima): ak_sum_abs(), ak_max_abs();
 *  - every instruction set gives the bytes of the scalar code, for every input.
 *    NaN, infinities and subnormals have defined results: "Not finite" below
 *    each rule. The caller's rounding mode must be to nearest, and subnormals
 *    must not be flushed (both are how a process starts);
 *  - arrays are aligned as their elements want it, bytes not at all, and outputs
 *    must not overlap inputs.
 */
#ifndef AK_QUANT_H
#define AK_QUANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct ak_quant - functions for a machine; opaque, see quant/kernels.h
 */
struct ak_quant;

/**
 * ak_quant_best() - functions for this machine
 *
 * Return: the table, made once; any thread may ask.
 */
const struct ak_quant *ak_quant_best(void);

/* ------------------------------------------------------------ block formats */

/**
 * enum ak_quant_type - formats in which a row is a sequence of blocks
 * @AK_QUANT_F32: float, copied
 * @AK_QUANT_F16: IEEE binary16, to nearest even; NaN becomes quiet and keeps
 *	the upper ten bits of its payload
 * @AK_QUANT_BF16: upper half of a float, to nearest even; NaN becomes quiet
 *	and keeps the upper seven bits of its payload
 * @AK_QUANT_Q4_0: ggml, 32 weights in 18 bytes
 * @AK_QUANT_Q8_0: ggml, 32 weights in 34 bytes
 * @AK_QUANT_Q6_K: ggml, 256 weights in 210 bytes
 * @AK_QUANT_TQ1_0: ggml, 256 ternary weights in 54 bytes
 * @AK_QUANT_TQ2_0: ggml, 256 ternary weights in 66 bytes
 * @AK_QUANT_SCRIPT_Q4_0: nntrainer's weight_converter.py, 32 weights in 18
 *	bytes; no program reads it as what it is called
 * @AK_QUANT_SCRIPT_Q6_K: likewise, 256 weights in 210 bytes; columns beyond
 *	the last whole block are dropped from each row, as the script does
 * @AK_QUANT_TYPES: how many there are
 */
enum ak_quant_type {
	AK_QUANT_F32,
	AK_QUANT_F16,
	AK_QUANT_BF16,
	AK_QUANT_Q4_0,
	AK_QUANT_Q8_0,
	AK_QUANT_Q6_K,
	AK_QUANT_TQ1_0,
	AK_QUANT_TQ2_0,
	AK_QUANT_SCRIPT_Q4_0,
	AK_QUANT_SCRIPT_Q6_K,
	AK_QUANT_TYPES,
};

/**
 * struct ak_quant_format - a format of blocks
 * @type: which
 * @name: "Q4_0" and so on, as ggml has it; "script-Q4_0" for the script's
 * @block: weights of a block
 * @block_bytes: bytes of a block
 * @drops_rest: a row may have columns beyond its last block, which are lost;
 *	otherwise columns must be a multiple of @block
 */
struct ak_quant_format {
	enum ak_quant_type type;
	const char *name;
	uint32_t block, block_bytes;
	bool drops_rest;
};

/**
 * ak_quant_format() - one format
 * @type: which
 *
 * Return: the format; NULL for AK_QUANT_TYPES and above.
 */
const struct ak_quant_format *ak_quant_format(enum ak_quant_type type);

/**
 * ak_quant_find() - a format by its name
 * @name: in upper or lower case
 *
 * Return: the format or NULL.
 */
const struct ak_quant_format *ak_quant_find(const char *name);

/**
 * ak_quant_row_bytes() - bytes of a row
 * @f: a format
 * @cols: columns
 * @bytes: where to put them
 *
 * Return: 0, -EINVAL if @cols is no multiple of the block (and the format does
 * not drop the rest), -EOVERFLOW.
 */
int ak_quant_row_bytes(const struct ak_quant_format *f, size_t cols,
		       size_t *bytes);

/**
 * ak_quantise_rows() - quantise rows
 * @k: functions
 * @f: a format
 * @x: [rows][cols]
 * @rows: how many
 * @cols: columns; see &struct ak_quant_format.drops_rest
 * @out: rows * ak_quant_row_bytes() bytes
 *
 * Not finite: a NaN does not count for a block's scale; the code of a weight
 * is that of zero (Q8_0, TQ1_0, TQ2_0, Q6_K and the script's) or 0, the code of
 * the weight of largest magnitude (Q4_0), wherever its quotient is a NaN or
 * infinite: what ggml's own C gives on x86-64. An infinity makes the block's
 * scale infinite. All of it is spelled out in the documentation.
 *
 * Return: 0, -EINVAL for columns that do not divide.
 */
int ak_quantise_rows(const struct ak_quant *k, const struct ak_quant_format *f,
		     const float *x, size_t rows, size_t cols, void *out);

/**
 * ak_dequantise_rows() - the floats that a format's own rule gives
 * @k: functions
 * @f: a format
 * @in: rows * ak_quant_row_bytes() bytes
 * @rows: how many
 * @cols: columns; those that were dropped become zero
 * @out: [rows][cols]
 *
 * Return: 0, -EINVAL for columns that do not divide.
 */
int ak_dequantise_rows(const struct ak_quant *k,
		       const struct ak_quant_format *f, const void *in,
		       size_t rows, size_t cols, float *out);

/**
 * enum ak_repack - blocks of 4 or 8 rows, interleaved
 * @AK_REPACK_X4_IL4: ggml Q4_0x4 in chunks of 4 bytes (ARM with dot product)
 * @AK_REPACK_X4_IL8: ggml Q4_0x4 in chunks of 8 bytes (ARM with i8mm)
 * @AK_REPACK_X8_IL8: ggml Q4_0x8 in chunks of 8 bytes (x86)
 * @AK_REPACK_SCRIPT_4: weight_converter.py, q4_0_4
 * @AK_REPACK_SCRIPT_8: weight_converter.py, q4_0_8
 */
enum ak_repack {
	AK_REPACK_X4_IL4,
	AK_REPACK_X4_IL8,
	AK_REPACK_X8_IL8,
	AK_REPACK_SCRIPT_4,
	AK_REPACK_SCRIPT_8,
};

/**
 * ak_repack_rows() - rows that are interleaved
 * @how: layout
 *
 * Return: 4 or 8.
 */
unsigned int ak_repack_rows(enum ak_repack how);

/**
 * ak_q4_0_repack() - interleave rows of Q4_0 blocks
 * @k: functions
 * @how: layout; the script's wants the script's Q4_0
 * @in: rows of 18-byte blocks
 * @rows: a multiple of ak_repack_rows(); so must be every cut
 * @cols: weights of a row, a multiple of 32
 * @out: as many bytes as @in
 *
 * Return: 0, -EINVAL for rows or columns that do not divide (ggml leaves such a
 * tensor as plain Q4_0, the script stops).
 */
int ak_q4_0_repack(const struct ak_quant *k, enum ak_repack how, const void *in,
		   size_t rows, size_t cols, void *out);

/**
 * ak_q4_0_unpack() - the reverse of ak_q4_0_repack()
 * @k: functions
 * @how: layout
 * @in: interleaved blocks
 * @rows: as for ak_q4_0_repack()
 * @cols: likewise
 * @out: rows of 18-byte blocks
 *
 * Return: 0, -EINVAL.
 */
int ak_q4_0_unpack(const struct ak_quant *k, enum ak_repack how, const void *in,
		   size_t rows, size_t cols, void *out);

/* --------------------------------------------------- floats of other widths */

/**
 * ak_f32_to_f16() - round to nearest even
 * @k: functions
 * @x: floats
 * @n: how many
 * @out: their bits, in the machine's byte order
 */
void ak_f32_to_f16(const struct ak_quant *k, const float *x, size_t n,
		   uint16_t *out);

/**
 * ak_f16_to_f32() - exact; NaN becomes quiet and keeps its payload
 * @k: functions
 * @in: bits of binary16, in the machine's byte order
 * @n: how many
 * @out: floats
 */
void ak_f16_to_f32(const struct ak_quant *k, const uint16_t *in, size_t n,
		   float *out);

/**
 * ak_f32_to_bf16() - round to nearest even
 * @k: functions
 * @x: floats
 * @n: how many
 * @out: their bits, in the machine's byte order
 */
void ak_f32_to_bf16(const struct ak_quant *k, const float *x, size_t n,
		    uint16_t *out);

/**
 * ak_bf16_to_f32() - exact, every bit kept
 * @k: functions
 * @in: bits of bfloat16, in the machine's byte order
 * @n: how many
 * @out: floats
 */
void ak_bf16_to_f32(const struct ak_quant *k, const uint16_t *in, size_t n,
		    float *out);

/* ---------------------------------------------- sums, maxima and their errors */

/**
 * ak_sum_abs() - sum of magnitudes of one row, in double
 * @k: functions
 * @x: floats
 * @n: how many
 *
 * Eight partial sums, of elements i, i + 8, ..., then their sum in pairs:
 * ((0+1)+(2+3))+((4+5)+(6+7)). For a sum over a tensor add rows' sums one
 * after the other in the order of rows, so that threads do not matter.
 *
 * Return: the sum; NaN if there is one.
 */
double ak_sum_abs(const struct ak_quant *k, const float *x, size_t n);

/**
 * ak_max_abs() - largest magnitude
 * @k: functions
 * @x: floats
 * @n: how many
 *
 * Return: it, 0 for none; NaN does not count. Maxima may be combined in any
 * order.
 */
float ak_max_abs(const struct ak_quant *k, const float *x, size_t n);

/**
 * ak_max_abs_cols() - largest magnitude of each column
 * @k: functions
 * @x: [rows][cols]
 * @rows: how many
 * @cols: how many
 * @max: [cols], raised where a column has more; start with zeros
 */
void ak_max_abs_cols(const struct ak_quant *k, const float *x, size_t rows,
		     size_t cols, float *max);

/**
 * ak_dot() - dot product in double
 * @k: functions
 * @a: floats
 * @b: floats
 * @n: how many
 *
 * Products of floats are exact in double; they are added as ak_sum_abs() does.
 *
 * Return: the product.
 */
double ak_dot(const struct ak_quant *k, const float *a, const float *b,
	      size_t n);

/**
 * struct ak_error - how far approximations are from what they stand for
 * @n: elements
 * @signal: sum of squares of what is right
 * @noise: sum of squares of differences
 * @max: largest magnitude of a difference; NaN does not count
 */
struct ak_error {
	uint64_t n;
	double signal, noise, max;
};

/**
 * ak_error_row() - error of one row
 * @k: functions
 * @x: what is right
 * @y: approximation
 * @n: how many
 *
 * Sums are in double, in the order of ak_sum_abs(); differences of floats are
 * taken in double.
 *
 * Return: the error.
 */
struct ak_error ak_error_row(const struct ak_quant *k, const float *x,
			     const float *y, size_t n);

/**
 * ak_error_add() - one more row
 * @sum: of rows so far; add in the order of rows
 * @row: of ak_error_row()
 */
void ak_error_add(struct ak_error *sum, const struct ak_error *row);

/**
 * ak_error_relative() - relative root mean square error
 * @e: an error
 *
 * sqrt(noise) / (sqrt(signal) + 1e-10): the APL test's metric, for W x as well
 * as for weights.
 *
 * Return: the ratio.
 */
double ak_error_relative(const struct ak_error *e);

/* -------------------------------------------------------------------- ternary */

/**
 * enum ak_ternary_code - two bits for -1, 0, +1
 * @AK_CODE_PLUS_1: 0, 1, 2: value + 1 (bitnet.rs generation 1, I2_S, Hugging
 *	Face)
 * @AK_CODE_TWOS: 2, 0, 1 (bitnet.rs generations 2 and 3)
 */
enum ak_ternary_code {
	AK_CODE_PLUS_1,
	AK_CODE_TWOS,
};

/**
 * ak_bitnet_rows() - bitnet.rs: ternary weights with a scale per row, packed
 * @k: functions
 * @code: of the generation
 * @x: [rows][cols]
 * @rows: rows * cols must be a multiple of 16, and so must be every cut
 *	(any row where cols is)
 * @cols: columns
 * @packed: rows * cols / 16 words in the machine's byte order, element i of
 *	the flat range in bits 2 (i mod 16)
 * @scales: [rows]
 *
 * scale = sum of |x| in float, in order, / cols, and 1 if that is below
 * 1.1920929e-7. The codes are those of the crate on a machine with AVX2:
 * round-half-even(x * (1 / scale)) clamped to -1..1, but round-half-away(x /
 * scale) for the last cols mod 8 of a row (for all of a row shorter than 8).
 * They differ from the crate's other path only in ties.
 * Not finite: a row with a NaN has scale NaN, one with an infinity (or whose
 * sum overflows) an infinite scale. Where x * (1 / scale) is NaN, infinite or
 * >= 2^31 the code is that of -1, in the last cols mod 8 that of 0 for NaN.
 *
 * Return: 0, -EINVAL if rows * cols is no multiple of 16.
 */
int ak_bitnet_rows(const struct ak_quant *k, enum ak_ternary_code code,
		   const float *x, size_t rows, size_t cols, uint32_t *packed,
		   float *scales);

/**
 * ak_bitnet_ternary() - the same as one value per byte
 * @k: functions
 * @x: [rows][cols]
 * @rows: how many
 * @cols: columns
 * @q: [rows][cols], -1, 0, 1
 * @scales: [rows]
 */
void ak_bitnet_ternary(const struct ak_quant *k, const float *x, size_t rows,
		       size_t cols, int8_t *q, float *scales);

/**
 * ak_ms_factor() - what Microsoft multiplies the weights of a tensor by
 * @sum: sum of magnitudes over the tensor, of ak_sum_abs()
 * @n: its elements
 *
 * Return: 1 / max(mean magnitude, 1e-5) in float. A NaN stays.
 */
float ak_ms_factor(double sum, uint64_t n);

/**
 * ak_ms_scale() - what a ternary value stands for
 * @factor: of ak_ms_factor()
 *
 * Return: 1 / @factor, the scale that is stored. It is not always the mean to
 * the last bit, but it is what dividing by the factor leaves.
 */
float ak_ms_scale(float factor);

/**
 * ak_ms_ternary() - Microsoft's ternary values
 * @k: functions
 * @factor: of ak_ms_factor()
 * @x: floats
 * @n: how many
 * @q: -1, 0, 1
 *
 * q = round-half-even(x * factor) clamped, in float. Not finite: NaN gives 0,
 * infinities -1 and 1 unless the factor is 0.
 */
void ak_ms_ternary(const struct ak_quant *k, float factor, const float *x,
		   size_t n, int8_t *q);

/**
 * ak_ternary_exact() - ternary values of a tensor that is ternary already
 * @k: functions
 * @x: floats, each -s, 0 or s with one s
 * @n: how many
 * @q: -1, 0, 1: the sign; below 1e-6 it is 0 (bitnet.cpp's rule)
 */
void ak_ternary_exact(const struct ak_quant *k, const float *x, size_t n,
		      int8_t *q);

/**
 * ak_hf_pack() - Hugging Face: four rows in a byte
 * @k: functions
 * @q: [rows][cols], -1, 0, 1: the whole tensor
 * @rows: how many; with R = ceil(rows / 4), packed row r holds rows r, r + R,
 *	r + 2R, r + 3R in bits 0, 2, 4, 6, value + 1; rows that are not
 *	there are bits 00
 * @cols: columns
 * @first: first packed row to make
 * @count: how many packed rows to make
 * @out: [count][cols]
 */
void ak_hf_pack(const struct ak_quant *k, const int8_t *q, size_t rows,
		size_t cols, size_t first, size_t count, uint8_t *out);

/**
 * ak_hf_pack4() - one packed row of ak_hf_pack(), from rows wherever they are
 * @k: functions
 * @q: rows r, r + R, r + 2R, r + 3R; NULL for those that are not there
 * @cols: columns
 * @out: [cols]
 */
void ak_hf_pack4(const struct ak_quant *k, const int8_t *const q[4],
		 size_t cols, uint8_t *out);

/**
 * ak_hf_unpack() - the reverse of ak_hf_pack(), of all rows
 * @in: [ceil(rows / 4)][cols]
 * @rows: how many
 * @cols: columns
 * @q: [rows][cols]
 */
void ak_hf_unpack(const uint8_t *in, size_t rows, size_t cols, int8_t *q);

/**
 * enum ak_i2s - layouts of I2_S
 * @AK_I2S_X86: blocks of 128: byte p holds p, p + 32, p + 64, p + 96 in bits
 *	6, 4, 2, 0
 * @AK_I2S_ARM: blocks of 64, likewise with stride 16
 */
enum ak_i2s {
	AK_I2S_X86,
	AK_I2S_ARM,
};

/* What follows the body: the scale as float, then zeros. */
#define AK_I2S_TAIL 32u

/**
 * ak_i2s_pack() - body of an I2_S tensor
 * @k: functions
 * @layout: of the machine that will read it
 * @q: -1, 0, 1
 * @n: a multiple of 128 or 64, and so must be every cut
 * @out: n / 4 bytes
 *
 * Return: 0, -EINVAL.
 */
int ak_i2s_pack(const struct ak_quant *k, enum ak_i2s layout, const int8_t *q,
		size_t n, uint8_t *out);

/**
 * ak_i2s_tail() - what follows the body
 * @scale: of the tensor
 * @out: AK_I2S_TAIL bytes
 */
void ak_i2s_tail(float scale, uint8_t *out);

/**
 * ak_i2s_pack_rows() - body of an I2_S tensor as newer x86 builds have it
 * @k: functions
 * @q: [rows][cols], -1, 0, 1
 * @rows: a multiple of 4, and so must be every cut
 * @cols: columns
 * @out: [rows / 4][cols]: rows r, r + 1, r + 2, r + 3 in bits 6, 4, 2, 0
 *
 * bitnet.cpp built without ACT_PARALLEL reads this and not ak_i2s_pack().
 *
 * Return: 0, -EINVAL.
 */
int ak_i2s_pack_rows(const struct ak_quant *k, const int8_t *q, size_t rows,
		     size_t cols, uint8_t *out);

/**
 * ak_i2s_unpack() - the reverse of ak_i2s_pack()
 * @layout: of the machine that it was made for
 * @in: n / 4 bytes
 * @n: a multiple of 128 or 64
 * @q: -1, 0, 1 (2 for the code 3, which is no value)
 *
 * Return: 0, -EINVAL.
 */
int ak_i2s_unpack(enum ak_i2s layout, const uint8_t *in, size_t n, int8_t *q);

/**
 * ak_ms_gpu_pack() - Microsoft's int2 for its GPU kernels
 * @q: [rows][cols], -1, 0, 1
 * @rows: a multiple of 16, and so must be every cut
 * @cols: a multiple of 32
 * @out: [rows][cols / 4]
 *
 * Return: 0, -EINVAL.
 */
int ak_ms_gpu_pack(const int8_t *q, size_t rows, size_t cols, uint8_t *out);

/**
 * ak_ms_gpu_unpack() - the reverse
 * @in: [rows][cols / 4]
 * @rows: a multiple of 16
 * @cols: a multiple of 32
 * @q: [rows][cols]
 *
 * Return: 0, -EINVAL.
 */
int ak_ms_gpu_unpack(const uint8_t *in, size_t rows, size_t cols, int8_t *q);

/**
 * ak_ternary_pack() - flat 2-bit codes, 16 in a word
 * @k: functions
 * @code: of the generation
 * @q: -1, 0, 1
 * @n: a multiple of 16
 * @packed: n / 16 words
 *
 * Return: 0, -EINVAL.
 */
int ak_ternary_pack(const struct ak_quant *k, enum ak_ternary_code code,
		    const int8_t *q, size_t n, uint32_t *packed);

/**
 * ak_ternary_unpack() - the reverse
 * @code: of the generation
 * @packed: words
 * @n: values wanted
 * @q: -1, 0, 1; 2 for the code that is no value
 */
void ak_ternary_unpack(enum ak_ternary_code code, const uint32_t *packed,
		       size_t n, int8_t *q);

/* ------------------------------------------------------- APL: n bits per row */

/**
 * enum ak_calibrate - how a range is chosen
 * @AK_CALIBRATE_RANGE: smallest to largest value
 * @AK_CALIBRATE_MSE: that range shrunk about zero by the factor of a fixed
 *	grid that gives the least squared error; the largest factor of equals
 */
enum ak_calibrate {
	AK_CALIBRATE_RANGE,
	AK_CALIBRATE_MSE,
};

/**
 * struct ak_affine - integers with a scale and a zero point per row or group
 * @bits: 1, 2, 4 or 8
 * @symmetric: zero_point = 2^(bits-1), scale = max|x| / (2^(bits-1) - 1); not
 *	for 1 bit (see ak_binarise_rows())
 * @group: weights that share a scale: 32, 64, 128, ...; 0 for a whole row. The
 *	last group of a row may be shorter
 * @calibrate: how ranges are chosen
 *
 * Asymmetric, whole rows, by range is APL's quantize_per_row to the byte: Q =
 * 2^bits - 1; scale = (max - min) / Q in double; zero_point =
 * round-half-even(-min / scale), not clipped; q =
 * clip(round-half-even((float)(x / (float)scale) + (float)zero_point), 0, Q).
 * Rows without range get scale 1, zero point 0 and q = 0, whatever their value
 * is: ak_affine_rows() counts them, so that a converter can tell.
 * Not finite: such values do not count for the range; infinities saturate, NaN
 * has the code of zero. A zero point beyond int32 saturates.
 */
struct ak_affine {
	unsigned int bits;
	bool symmetric;
	size_t group;
	enum ak_calibrate calibrate;
};

/**
 * ak_affine_groups() - scales of a row
 * @a: rule
 * @cols: columns
 *
 * Return: 1, or ceil(cols / group).
 */
size_t ak_affine_groups(const struct ak_affine *a, size_t cols);

/**
 * struct ak_affine_stats - what calibration did to some rows
 * @constant: rows or groups without range whose value is not zero: it is lost
 * @range_noise: sum of squared errors with the full range, of finite values
 * @noise: sum of squared errors with the range that was chosen
 * @signal: sum of squares
 *
 * The sums are only made for AK_CALIBRATE_MSE, per group in single precision
 * (16 partial sums) and then in double in order.
 */
struct ak_affine_stats {
	uint64_t constant;
	double range_noise, noise, signal;
};

/**
 * ak_affine_rows() - quantise rows
 * @k: functions
 * @a: rule
 * @x: [rows][cols]
 * @rows: how many
 * @cols: columns
 * @q: [rows][cols], 0 to 2^bits - 1, one value per byte
 * @scales: [rows][groups]
 * @zero_points: [rows][groups]
 * @stats: [rows], one for each row so that threads do not matter, or NULL
 *
 * Quantising columns instead is quantising the rows of the transposed matrix.
 *
 * Return: 0, -EINVAL for a rule that is not one.
 */
int ak_affine_rows(const struct ak_quant *k, const struct ak_affine *a,
		   const float *x, size_t rows, size_t cols, uint8_t *q,
		   float *scales, int32_t *zero_points,
		   struct ak_affine_stats *stats);

/**
 * ak_affine_dequantise() - (q - zero_point) * scale
 * @k: functions
 * @a: rule, of which the group counts
 * @q: [rows][cols]
 * @scales: [rows][groups]
 * @zero_points: [rows][groups]
 * @rows: how many
 * @cols: columns
 * @out: [rows][cols]; the product is made in double and rounded once
 */
void ak_affine_dequantise(const struct ak_quant *k, const struct ak_affine *a,
			  const uint8_t *q, const float *scales,
			  const int32_t *zero_points, size_t rows, size_t cols,
			  float *out);

/**
 * ak_binarise_rows() - APL's binarize_weights
 * @k: functions
 * @x: [rows][cols]
 * @rows: how many
 * @cols: columns
 * @packed: [rows][ceil(cols / 8)], most significant bit first, 1 for x >= 0
 *	(and -0), 0 for x < 0 and the rest of the last byte
 * @scales: [rows], mean magnitude by NumPy's pairwise sum in float
 *
 * Not finite: NaN has bit 0 and makes the scale NaN.
 */
void ak_binarise_rows(const struct ak_quant *k, const float *x, size_t rows,
		      size_t cols, uint8_t *packed, float *scales);

/**
 * ak_binarise_unpack() - the reverse: scale or -scale
 * @packed: [rows][ceil(cols / 8)]
 * @scales: [rows]
 * @rows: how many
 * @cols: columns
 * @out: [rows][cols]
 */
void ak_binarise_unpack(const uint8_t *packed, const float *scales, size_t rows,
			size_t cols, float *out);

/**
 * ak_apl_ternary_rows() - APL's ternary values
 * @k: functions
 * @x: [rows][cols]
 * @rows: how many
 * @cols: columns
 * @q: [rows][cols]: sign where |x| > scale / 2, else 0; NaN gives 0
 * @scales: [rows], as for ak_binarise_rows()
 */
void ak_apl_ternary_rows(const struct ak_quant *k, const float *x, size_t rows,
			 size_t cols, int8_t *q, float *scales);

/* -------------------------------------------------- integers by the maximum */

/**
 * enum ak_intn_rule - symmetric integers from the largest magnitude
 * @AK_INTN_DIVIDE: rustChip: scale = max(max|w|, 1e-30) / M, q =
 *	clamp(round-half-away(w / scale), -M, M); M = 1, 1, 7, 127 for 1, 2, 4
 *	and 8 bits
 * @AK_INTN_MULTIPLY: its guide: q = clamp(round-half-away(w * (M / max)),
 *	-M - 1, M) with the same max and M; 2, 4 and 8 bits
 *
 * Not finite: NaN does not count for the maximum and gives 0; with an infinite
 * maximum every value gives 0.
 */
enum ak_intn_rule {
	AK_INTN_DIVIDE,
	AK_INTN_MULTIPLY,
};

/**
 * ak_intn_scale() - what a quantised value is multiplied by
 * @bits: 1, 2, 4 or 8
 * @max_abs: of ak_max_abs() over what shares the scale
 *
 * Return: max(max_abs, 1e-30) / M; 0 for other bits.
 */
float ak_intn_scale(unsigned int bits, float max_abs);

/**
 * ak_intn() - quantise with one scale (per layer)
 * @k: functions
 * @rule: which
 * @bits: 1, 2, 4 or 8
 * @max_abs: of the layer
 * @x: floats
 * @n: how many
 * @q: integers, one per byte
 *
 * Return: 0, -EINVAL for bits that the rule does not have.
 */
int ak_intn(const struct ak_quant *k, enum ak_intn_rule rule, unsigned int bits,
	    float max_abs, const float *x, size_t n, int8_t *q);

/**
 * ak_intn_rows() - quantise with a scale per row (per channel, axis 0)
 * @k: functions
 * @rule: which
 * @bits: 1, 2, 4 or 8
 * @x: [rows][cols]
 * @rows: how many
 * @cols: columns
 * @q: [rows][cols], one per byte
 * @scales: [rows]
 *
 * Return: 0, -EINVAL.
 */
int ak_intn_rows(const struct ak_quant *k, enum ak_intn_rule rule,
		 unsigned int bits, const float *x, size_t rows, size_t cols,
		 int8_t *q, float *scales);

/**
 * ak_intn_cols() - quantise with a scale per column (per channel, axis 1)
 * @k: functions
 * @rule: which
 * @bits: 1, 2, 4 or 8
 * @max_abs: [cols], of ak_max_abs_cols() over the layer
 * @x: [rows][cols]
 * @rows: how many
 * @cols: columns
 * @q: [rows][cols], one per byte
 *
 * Return: 0, -EINVAL.
 */
int ak_intn_cols(const struct ak_quant *k, enum ak_intn_rule rule,
		 unsigned int bits, const float *max_abs, const float *x,
		 size_t rows, size_t cols, int8_t *q);

/**
 * ak_pack() - put small integers into bytes, the first in the lowest bits
 * @k: functions
 * @q: values, of which the lower @bits bits are kept (two's complement or
 *	unsigned)
 * @n: how many; every cut must be a whole number of bytes
 * @bits: 1, 2, 4 or 8
 * @out: ceil(n * bits / 8) bytes; the rest of the last one is zero
 *
 * 4 bits: low nibble first. 1 bit of -1, 0, 1 keeps |q|, which does not come
 * back; rustChip does that.
 *
 * Return: 0, -EINVAL for other bits.
 */
int ak_pack(const struct ak_quant *k, const void *q, size_t n,
	    unsigned int bits, uint8_t *out);

/**
 * ak_unpack_unsigned() - the reverse, 0 to 2^bits - 1
 * @k: functions
 * @in: bytes
 * @n: values wanted
 * @bits: 1, 2, 4 or 8
 * @q: values
 *
 * Return: 0, -EINVAL for other bits.
 */
int ak_unpack_unsigned(const struct ak_quant *k, const uint8_t *in, size_t n,
		       unsigned int bits, uint8_t *q);

/**
 * ak_unpack_signed() - the reverse, two's complement
 * @k: functions
 * @in: bytes
 * @n: values wanted
 * @bits: 1, 2, 4 or 8; with 1, -1 and 0
 * @q: values
 *
 * Return: 0, -EINVAL for other bits.
 */
int ak_unpack_signed(const struct ak_quant *k, const uint8_t *in, size_t n,
		     unsigned int bits, int8_t *q);

#endif /* AK_QUANT_H */
