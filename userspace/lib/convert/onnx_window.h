/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Windows of ONNX convolutions and poolings.
 */
#ifndef AK_CONVERT_ONNX_WINDOW_H
#define AK_CONVERT_ONNX_WINDOW_H

#include "convert/onnx.h"

/**
 * struct ak_onnx_window - kernel, step and padding of a node
 * @kernel: rows, columns
 * @stride: the same
 * @pad: top, left, bottom, right
 */
struct ak_onnx_window {
	uint32_t kernel[2], stride[2], pad[4];
};

/**
 * ak_onnx_window() - read them
 * @w: walk, at a convolution or pooling
 * @in: shape of its input
 * @kh: rows of the weights, 0 for poolings, whose attribute says it
 * @kw: columns
 * @win: where to put them; ceil_mode and auto_pad have become paddings
 *
 * Return: 0 or an error, noted.
 */
int ak_onnx_window(struct ak_onnx_walk *w, const struct akida_shape *in,
		   uint32_t kh, uint32_t kw, struct ak_onnx_window *win);

/**
 * ak_onnx_set_window() - hand them to an operation
 * @op: operation
 * @win: windows
 */
void ak_onnx_set_window(struct ak_op *op, const struct ak_onnx_window *win);

/**
 * ak_onnx_pool() - append a pooling, if the node is one
 * @w: walk
 * @found: set to false if it is another operator
 *
 * Return: 0 or an error, noted.
 */
int ak_onnx_pool(struct ak_onnx_walk *w, bool *found);

/**
 * ak_onnx_affine() - append x * scale + shift
 * @w: walk
 * @scale: for all elements
 * @shift: the same
 *
 * Return: 0 or an error, noted.
 */
int ak_onnx_affine(struct ak_onnx_walk *w, float scale, float shift);

#endif /* AK_CONVERT_ONNX_WINDOW_H */
