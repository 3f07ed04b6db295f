/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files that fold chains into Akida layers share.
 */
#ifndef AK_FOLD_H
#define AK_FOLD_H

#include "convert/graph.h"

/**
 * struct ak_borders - paddings of a convolution
 * @top: rows before the first
 * @left: columns before the first
 * @bottom: rows after the last
 * @right: columns after the last
 */
struct ak_borders {
	uint32_t top, left, bottom, right;
};

/**
 * ak_same_before() - what Same pads before the first
 * @size: of the input
 * @kernel: of the window
 * @stride: step
 *
 * Return: rows or columns.
 */
uint32_t ak_same_before(uint32_t size, uint32_t kernel, uint32_t stride);

/**
 * ak_fold_geometry() - find how Akida 1.0 says a convolution and its pooling
 * @l: a layer with @in, kernel, stride, filters and weights; @same is set, and
 *	kernels and weights are enlarged by zeros where only a larger kernel
 *	has the same windows
 * @conv: shape of the convolution's output
 * @border: its paddings
 * @pool: its max-pooling, or NULL
 * @err: error text; names the layer, the paddings and what would fit
 *
 * Akida knows Valid, and Same, whose smaller half comes first. PyTorch's
 * padding of 1 before 3x3 windows with a step of 2 is neither; with a border
 * of zeros around the kernel, 5x5 Same has just these windows.
 *
 * Return: 0, -ENOTSUP, -ENOMEM.
 */
int ak_fold_geometry(struct ak_net_layer *l, const struct akida_shape *conv,
		     const struct ak_borders *border, const struct ak_op *pool,
		     struct ak_err *err);

#endif /* AK_FOLD_H */
