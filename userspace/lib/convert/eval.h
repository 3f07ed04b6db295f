/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Float convolutions of the evaluator, which quantisation uses, too.
 */
#ifndef AK_EVAL_H
#define AK_EVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "akida/model.h"

struct npu_threads;

/** AK_EVAL_LANES - filters that are computed together; weights are padded */
#define AK_EVAL_LANES 16

/** AK_EVAL_PIXELS - positions that are computed together */
#define AK_EVAL_PIXELS 4

/**
 * struct ak_eval_window - the inputs of neighbouring positions
 * @in: first input of the first position
 * @row: floats from one row of a window to the next
 * @step: floats from one position to the next
 * @rows: rows of a window
 * @len: floats of a row of a window
 */
struct ak_eval_window {
	const float *in;
	size_t row, step, rows, len;
};

/**
 * struct ak_eval_kernels - inner loops
 * @block: AK_EVAL_LANES filters at @pixels positions: @out[pixel][lane] =
 *	@bias[lane] + sum over rows and l of in[pixel][row][l] *
 *	@w[row * len + l][lane]
 * @depth: @channels channels at one position: @out[c] = @bias[c] + sum over
 *	taps of in * @w[tap][c]; len is the taps of a row, step the floats
 *	from one tap to the next
 */
struct ak_eval_kernels {
	void (*block)(const struct ak_eval_window *win, const float *w,
		      const float *bias, float *out, unsigned int pixels);
	void (*depth)(const struct ak_eval_window *win, const float *w,
		      const float *bias, float *out, size_t channels);
};

/** ak_eval_kernels_avx2 - for processors with AVX2 and FMA */
extern const struct ak_eval_kernels ak_eval_kernels_avx2;

/**
 * struct ak_conv - a prepared convolution
 * @in: shape of its input
 * @out: shape of its output
 * @kernel_h: rows of a filter
 * @kernel_w: columns
 * @stride_y: step between rows
 * @stride_x: step between columns
 * @pad_top: rows before the first
 * @pad_left: columns before the first
 * @pad_bottom: rows after the last
 * @pad_right: columns after the last
 * @depthwise: one filter for each channel
 * @kernels: inner loops
 * @w: packed weights
 * @bias: padded to whole blocks of filters
 */
struct ak_conv {
	struct akida_shape in, out;
	uint32_t kernel_h, kernel_w, stride_y, stride_x;
	uint32_t pad_top, pad_left, pad_bottom, pad_right;
	bool depthwise;
	const struct ak_eval_kernels *kernels;
	float *w, *bias;
};

/**
 * ak_conv_prepare() - pack weights
 * @c: geometry is set; @w and @bias are made here
 * @weights: [kernel_h][kernel_w][channels][filters], or without filters
 * @bias: one for each output channel, or NULL for zeros
 *
 * Return: 0, -ENOMEM.
 */
int ak_conv_prepare(struct ak_conv *c, const float *weights, const float *bias);

/**
 * ak_conv_clear() - give packed weights back
 * @c: prepared, or all zero
 */
void ak_conv_clear(struct ak_conv *c);

/**
 * ak_conv_scratch() - memory that a run needs
 * @c: geometry is set
 *
 * Return: floats, 0 without padding.
 */
size_t ak_conv_scratch(const struct ak_conv *c);

/**
 * ak_conv_run() - convolve one input
 * @c: prepared
 * @threads: who computes
 * @in: [y][x][c]
 * @outside: value of the border
 * @scratch: ak_conv_scratch() floats
 * @out: [y][x][filter]
 *
 * The result does not depend on the number of threads.
 */
void ak_conv_run(const struct ak_conv *c, struct npu_threads *threads,
		 const float *in, float outside, float *scratch, float *out);

/**
 * ak_pool_max() - largest of each window
 * @in: [y][x][c]
 * @is: shape of @in
 * @out: [y][x][c]
 * @os: shape of @out
 * @window: rows and columns of a window
 * @stride: steps between rows and columns
 * @pad: rows and columns of minus infinity before the first
 */
void ak_pool_max(const float *in, const struct akida_shape *is, float *out,
		 const struct akida_shape *os, const uint32_t window[2],
		 const uint32_t stride[2], const uint32_t pad[2]);

#endif /* AK_EVAL_H */
