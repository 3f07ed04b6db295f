/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Float networks: read from files or put together layer by layer, computed in
 * floats, and made into integer models.
 */
#ifndef AKIDA_NETWORK_H
#define AKIDA_NETWORK_H

#include <stddef.h>
#include <stdint.h>

#include <akida/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct akida_network - a float network: a chain of layers
 *
 * Opaque. One thread at a time may use a handle.
 */
struct akida_network;

/**
 * akida_network_new() - an empty network
 *
 * Return: a handle for akida_network_free(), NULL without memory.
 */
struct akida_network *akida_network_new(void);

/**
 * akida_network_free() - give a network back
 * @n: a handle or NULL
 */
void akida_network_free(struct akida_network *n);

/**
 * akida_network_error() - what went wrong last
 * @n: a handle
 *
 * Return: a sentence that names the layer, the reason and what to change; "" if
 * no call on this handle has failed.
 */
const char *akida_network_error(const struct akida_network *n);

/**
 * akida_network_load() - read a network from a file
 * @n: a handle; what it held before is given back
 * @path: what "akida convert" reads: ONNX, Keras, or weights
 * @arch: JSON file with the architecture of weights, or NULL
 *
 * Return: 0 or a negative errno: -ENOTSUP for what Akida 1.0 has not, -EBADMSG
 * for a damaged file.
 */
int akida_network_load(struct akida_network *n, const char *path,
		       const char *arch);

/**
 * akida_network_input() - begin a network
 * @n: a handle; what it held before is given back
 * @shape: of an input
 *
 * Return: 0, -EINVAL for an impossible shape, -ENOMEM.
 */
int akida_network_input(struct akida_network *n,
			const struct akida_shape *shape);

/**
 * enum akida_network_op - what a layer computes
 * @AKIDA_NETWORK_CONV: convolution, cross-correlation as all frameworks define
 *	it; weights [kernel_height][kernel_width][channels][filters]
 * @AKIDA_NETWORK_DEPTHWISE: one filter for each channel; weights
 *	[kernel_height][kernel_width][channels]
 * @AKIDA_NETWORK_DENSE: matrix product; weights [row][column][channel][filters]
 * @AKIDA_NETWORK_AFFINE: x * scale[channel] + shift[channel]
 * @AKIDA_NETWORK_RELU: clip(x, 0, max)
 * @AKIDA_NETWORK_SPIKE: 1 if x > threshold[channel], else 0
 * @AKIDA_NETWORK_MAX_POOL: largest of a window
 * @AKIDA_NETWORK_GLOBAL_AVERAGE: mean of the map
 * @AKIDA_NETWORK_FLATTEN: the map as one vector, channel fastest
 */
enum akida_network_op {
	AKIDA_NETWORK_CONV = 1,
	AKIDA_NETWORK_DEPTHWISE,
	AKIDA_NETWORK_DENSE,
	AKIDA_NETWORK_AFFINE,
	AKIDA_NETWORK_RELU,
	AKIDA_NETWORK_SPIKE,
	AKIDA_NETWORK_MAX_POOL,
	AKIDA_NETWORK_GLOBAL_AVERAGE,
	AKIDA_NETWORK_FLATTEN,
};

/**
 * struct akida_network_layer - a layer to add
 * @op: what it computes
 * @name: its name, or NULL
 * @kernel_height: rows of a filter or window; 0 is 1
 * @kernel_width: columns; 0 is 1
 * @stride_y: step between rows; 0 is 1, for pooling the window's rows
 * @stride_x: likewise
 * @padding: zeros around the input; of pooling, what takes no part
 * @filters: of CONV and DENSE
 * @weights: floats, or NULL
 * @weights_int: integers instead, or NULL; Akida's of 4 bits are -7 to 7
 * @weights_scale: what 1 is worth in each filter (channel of DEPTHWISE); NULL
 *	for 1
 * @bias: one for each filter (channel of DEPTHWISE), or NULL for zeros
 * @scale: of AFFINE, or NULL for ones
 * @shift: of AFFINE, or NULL for zeros
 * @threshold: of SPIKE
 * @max: of RELU; 0 for none
 *
 * Set it to zero first: members may be added at the end. Arrays are copied.
 */
struct akida_network_layer {
	enum akida_network_op op;
	const char *name;
	uint32_t kernel_height, kernel_width, stride_y, stride_x;
	enum akida_padding padding;
	uint32_t filters;
	const float *weights;
	const int8_t *weights_int;
	const float *weights_scale;
	const float *bias;
	const float *scale, *shift;
	const float *threshold;
	float max;
};

/**
 * akida_network_add() - append a layer
 * @n: a network with an input
 * @layer: it
 * @layer_size: sizeof(*@layer)
 *
 * How many weights there are follows from the shapes: akida_network_info() tells
 * that of the output so far, the layer's input.
 *
 * Return: 0, -EINVAL for what does not fit; the network is then as before.
 */
int akida_network_add(struct akida_network *n,
		      const struct akida_network_layer *layer,
		      size_t layer_size);

/**
 * struct akida_network_info - what a network is
 * @input: shape of an input
 * @output: shape of an output
 * @num_layers: layers, as they were added
 */
struct akida_network_info {
	struct akida_shape input, output;
	uint32_t num_layers;
};

/**
 * akida_network_info() - what a network is
 * @n: a network with an input
 * @info: where to put it
 * @info_size: sizeof(*@info)
 *
 * Return: 0, -EINVAL without an input.
 */
int akida_network_info(const struct akida_network *n,
		       struct akida_network_info *info, size_t info_size);

/**
 * akida_network_run() - compute in floats
 * @n: a network of at least one layer
 * @in: @batch inputs, [row][column][channel]
 * @out: where to put @batch outputs
 * @batch: inputs
 * @threads: threads, 0 for all processors
 *
 * Return: 0, -EINVAL without layers, -ENOMEM.
 */
int akida_network_run(struct akida_network *n, const float *in, float *out,
		      size_t batch, unsigned int threads);

/**
 * enum akida_network_range - how large the largest activation is
 * @AKIDA_RANGE_MSE: what gives the least squared error over calibration data
 * @AKIDA_RANGE_MAX: the largest one seen
 * @AKIDA_RANGE_PERCENTILE: what a share of those above zero does not exceed
 * @AKIDA_RANGE_CLIP: where the network itself clips
 */
enum akida_network_range {
	AKIDA_RANGE_MSE,
	AKIDA_RANGE_MAX,
	AKIDA_RANGE_PERCENTILE,
	AKIDA_RANGE_CLIP,
};

/* Flags of &struct akida_quantise_options. */
#define AKIDA_QUANTISE_EQUALISE 0x1u /* steps of single neurons */
#define AKIDA_QUANTISE_NO_BIAS 0x2u /* no correction of means */
#define AKIDA_QUANTISE_NO_ROUNDING 0x4u /* nearest integers, no search */
#define AKIDA_QUANTISE_INTEGER 0x8u /* weights are integers and stay so */

/**
 * struct akida_quantise_options - how to quantise
 * @input_scale: what a step of the integer input is worth; 0 is 1
 * @input_bits: bits of the integer input; 0 for 8 before a convolution over a
 *	picture, else 4
 * @weights_bits: 1, 2 or 4; 0 is 4
 * @input_weights_bits: of a convolution over a picture, up to 8; 0 is 8
 * @act_bits: 1, 2 or 4; 0 is 4
 * @range: how activations are limited
 * @percentile: of AKIDA_RANGE_PERCENTILE, 50 to 100
 * @threads: threads, 0 for all processors
 * @flags: AKIDA_QUANTISE_*
 * @progress: called before each layer and at the end; other than 0 ends it with
 *	-ECANCELED; or NULL
 * @arg: handed to @progress
 *
 * Set it to zero first: members may be added at the end.
 */
struct akida_quantise_options {
	double input_scale;
	uint32_t input_bits, weights_bits, input_weights_bits, act_bits;
	enum akida_network_range range;
	double percentile;
	uint32_t threads, flags;
	int (*progress)(void *arg, size_t done, size_t total);
	void *arg;
};

/**
 * akida_network_quantise() - make an integer model
 * @n: a network
 * @calibration: @samples inputs as integers, [row][column][channel]
 * @samples: how many
 * @options: how, or NULL for defaults
 * @options_size: sizeof(*@options)
 * @model: where to put it, for akida_model_free()
 *
 * What is done, and with which formulas: Documentation/conversion.rst. The same
 * input gives the same model, whatever the number of threads.
 *
 * Return: 0; -ENOTSUP for what Akida 1.0 has not, -EINVAL for options that do
 * not fit or a range that nothing tells, -ERANGE for thresholds beyond 32 bits.
 */
int akida_network_quantise(struct akida_network *n, const uint8_t *calibration,
			   size_t samples,
			   const struct akida_quantise_options *options,
			   size_t options_size, struct akida_model **model);

#ifdef __cplusplus
}
#endif

#endif /* AKIDA_NETWORK_H */
