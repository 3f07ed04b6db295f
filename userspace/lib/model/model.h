/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The model in memory: typed layers with resolved shapes. Needs only libc, so
 * that npu/ and its tests can be built for any machine.
 */
#ifndef AK_MODEL_H
#define AK_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "akida/model.h"
#include "common/err.h"

/* Sizes above which a layer is refused: they keep every product in 64 bits. */
#define AK_MAX_SIDE 16384u
#define AK_MAX_CHANNELS (1u << 20)
#define AK_MAX_KERNEL 255u
#define AK_MAX_ELEMENTS (1u << 28)

/**
 * struct ak_layer - one layer, checked
 * @name: of the layer
 * @type: what it computes
 * @in: shape of its input
 * @conv: shape of the convolution's result, before pooling
 * @out: shape of its output
 * @in_max: largest value that an input can have (2^bits - 1)
 * @in_bits: bits of an input
 * @kernel_w: columns of the filter (1 for FC)
 * @kernel_h: rows of the filter
 * @stride_x: step between columns
 * @stride_y: step between rows
 * @padding: Valid or Same
 * @pad_left: columns before the first, resolved from @padding
 * @pad_right: columns after the last
 * @pad_top: rows before the first
 * @pad_bottom: rows after the last
 * @padding_value: value of the border (0 but for InputConvolutional)
 * @pool_type: pooling of potentials
 * @pool_w: window columns (max pooling only)
 * @pool_h: window rows
 * @pool_sx: step between windows
 * @pool_sy: step between windows
 * @pool_pad_left: columns of minus infinity before the first
 * @pool_pad_top: rows of minus infinity before the first
 * @weights_bits: 1, 2, 4 or 8
 * @act_bits: 1, 2 or 4
 * @activation: false: potentials come out as int32
 * @weights: [kernel_w][kernel_h][in.channels][out.channels], x slowest, filter
 *	fastest; the last size is 1 for the depthwise part of a separable
 *	layer; [1][1][C*Y*X][N] in (c, y, x) order for FC. As stored in the
 *	file: Convolutional and Separable kernels are applied flipped on both
 *	axes, InputConvolutional ones are not
 * @weights_pw: pointwise weights [in.channels][out.channels], separable only
 * @threshold: one per filter
 * @act_step: one per filter, finite and positive
 *
 * The arrays belong to whoever made the layer.
 */
struct ak_layer {
	const char *name;
	enum akida_layer_type type;
	struct akida_shape in, conv, out;
	uint32_t in_max, in_bits;
	uint32_t kernel_w, kernel_h, stride_x, stride_y;
	enum akida_padding padding;
	uint32_t pad_left, pad_right, pad_top, pad_bottom;
	uint32_t padding_value;
	enum akida_pool_type pool_type;
	uint32_t pool_w, pool_h, pool_sx, pool_sy;
	uint32_t pool_pad_left, pool_pad_top;
	uint32_t weights_bits, act_bits;
	bool activation;
	const int8_t *weights, *weights_pw;
	const int32_t *threshold;
	const float *act_step;
};

/**
 * struct ak_model - a chain of layers
 * @layers: in order of execution; layer i reads layer i - 1
 * @num_layers: how many; the first may be InputData (which hands its input
 *	on) or InputConvolutional
 */
struct ak_model {
	struct ak_layer *layers;
	uint32_t num_layers;
};

/**
 * ak_layer_check_place() - input layers come first, and only they
 * @l: a layer whose type and name are set
 * @first: it is the first of its model
 * @err: error text
 *
 * Return: 0, -EINVAL.
 */
int ak_layer_check_place(const struct ak_layer *l, bool first,
			 struct ak_err *err);

/**
 * ak_layer_resolve() - infer shapes and paddings of a layer, check its values
 * @l: a layer whose parameters and arrays are set; @in, @conv, @out, @in_max,
 *	the pads and defaults of pooling are filled in
 * @prev: the layer before it, NULL for the first (whose @in and @in_bits must
 *	be set)
 * @last: it is the last layer (the only one whose activation may be off)
 * @err: error text; names the layer, the rule and the value
 *
 * Return: 0, -EINVAL, -EOVERFLOW if a potential could leave int32.
 */
int ak_layer_resolve(struct ak_layer *l, const struct ak_layer *prev, bool last,
		     struct ak_err *err);

/**
 * ak_layer_bounds_all() - smallest and largest potential of every filter
 * @l: a resolved layer
 * @lo: where to put, per filter, the smallest potential that any input can
 *	give: partial sums in every order of accumulation and zero included,
 *	after pooling
 * @hi: where to put the largest
 */
void ak_layer_bounds_all(const struct ak_layer *l, int64_t *lo, int64_t *hi);

/**
 * ak_layer_depthwise_bounds() - range of a separable layer's intermediate
 * @l: a resolved separable layer
 * @channel: input channel
 * @lo: where to put the smallest value
 * @hi: where to put the largest
 */
void ak_layer_depthwise_bounds(const struct ak_layer *l, uint32_t channel,
			       int64_t *lo, int64_t *hi);

/**
 * ak_layer_macs() - multiply-adds of one inference
 * @l: a resolved layer
 *
 * Return: their number, border windows counted in full.
 */
uint64_t ak_layer_macs(const struct ak_layer *l);

/**
 * ak_layer_num_weights() - weights of a layer
 * @l: a resolved layer
 * @pointwise: count the pointwise ones of a separable layer, not the
 *	depthwise ones
 *
 * Return: their number.
 */
size_t ak_layer_num_weights(const struct ak_layer *l, bool pointwise);

/**
 * ak_shape_elements() - elements of a feature map
 * @s: its shape
 *
 * Return: height * width * channels.
 */
static inline size_t ak_shape_elements(const struct akida_shape *s)
{
	return (size_t)s->height * s->width * s->channels;
}

#endif /* AK_MODEL_H */
