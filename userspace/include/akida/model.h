/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Models: Akida .fbz files, their layers and variables.
 */
#ifndef AKIDA_MODEL_H
#define AKIDA_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <akida/array.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * enum akida_layer_type - layer types of Akida 1.0, numbered as in .fbz files
 * @AKIDA_LAYER_INPUT_DATA: hands its input on
 * @AKIDA_LAYER_INPUT_CONV: convolution over an 8-bit picture
 * @AKIDA_LAYER_FULLY_CONNECTED: dense layer
 * @AKIDA_LAYER_CONV: convolution
 * @AKIDA_LAYER_SEPARABLE_CONV: depthwise convolution, then a pointwise one
 */
enum akida_layer_type {
	AKIDA_LAYER_INPUT_DATA = 1,
	AKIDA_LAYER_INPUT_CONV = 2,
	AKIDA_LAYER_FULLY_CONNECTED = 3,
	AKIDA_LAYER_CONV = 4,
	AKIDA_LAYER_SEPARABLE_CONV = 5,
};

/**
 * enum akida_padding - what lies outside a layer's input
 * @AKIDA_PADDING_VALID: nothing; windows stay inside
 * @AKIDA_PADDING_SAME: as many windows as inputs / stride, rounded up; of the
 *	border the smaller half comes first
 */
enum akida_padding {
	AKIDA_PADDING_VALID = 0,
	AKIDA_PADDING_SAME = 1,
};

/**
 * enum akida_pool_type - pooling of potentials before the activation
 * @AKIDA_POOL_NONE: none
 * @AKIDA_POOL_MAX: maximum over a window
 * @AKIDA_POOL_AVERAGE: global; the *sum* of all potentials of a filter
 */
enum akida_pool_type {
	AKIDA_POOL_NONE = 0,
	AKIDA_POOL_MAX = 1,
	AKIDA_POOL_AVERAGE = 2,
};

/**
 * enum akida_target - what a model is checked or prepared for
 * @AKIDA_TARGET_NONE: the file as it is, exact float steps
 * @AKIDA_TARGET_AKD1000: AKD1000 (act_step with 4 fractional bits, inferred)
 * @AKIDA_TARGET_AKD1500: AKD1500 (act_step with 4 fractional bits, inferred)
 */
enum akida_target {
	AKIDA_TARGET_NONE = 0,
	AKIDA_TARGET_AKD1000,
	AKIDA_TARGET_AKD1500,
};

/**
 * akida_target_parse() - target from its name
 * @name: "akd1000" or "akd1500"
 * @target: where to put it
 *
 * Return: 0, -EINVAL for another name.
 */
int akida_target_parse(const char *name, enum akida_target *target);

/**
 * akida_target_name() - name of a target
 * @target: an &enum akida_target
 *
 * Return: "akd1000", "akd1500" or "none".
 */
const char *akida_target_name(enum akida_target target);

/**
 * akida_layer_type_name() - name of a layer type
 * @type: an &enum akida_layer_type
 *
 * Return: BrainChip's name of it, "unknown" for another number.
 */
const char *akida_layer_type_name(int type);

/**
 * struct akida_shape - size of a feature map
 * @height: rows
 * @width: columns
 * @channels: channels; index order is (row, column, channel), channel fastest
 */
struct akida_shape {
	uint32_t height, width, channels;
};

/**
 * struct akida_layer_info - one layer, as far as it is understood
 * @name: its name, valid while the model lives
 * @type: &enum akida_layer_type, or the file's number for an unknown type
 * @resolved: the members below are valid: the layer was understood
 * @input: shape of its input
 * @output: shape of its output (after pooling)
 * @kernel_width: filter columns (1 for fully connected)
 * @kernel_height: filter rows
 * @stride_x: step between columns
 * @stride_y: step between rows
 * @padding: &enum akida_padding
 * @padding_value: value outside the picture, AKIDA_LAYER_INPUT_CONV only
 * @pool_type: &enum akida_pool_type
 * @pool_width: pooling window columns, 0 without a window
 * @pool_height: pooling window rows
 * @pool_stride_x: step between pooling windows
 * @pool_stride_y: step between pooling windows
 * @input_bits: bits of one input value
 * @weights_bits: bits of one weight, 0 without weights
 * @act_bits: bits of one activation
 * @activation: false when the layer puts out int32 potentials
 * @macs: multiply-adds for one input, border windows counted in full
 * @weight_count: weights
 * @weight_bytes: bytes of them at @weights_bits each, rounded up per variable
 * @zero_weights: how many of them are zero
 */
struct akida_layer_info {
	const char *name;
	int type;
	bool resolved;
	struct akida_shape input, output;
	uint32_t kernel_width, kernel_height, stride_x, stride_y;
	int padding;
	uint32_t padding_value;
	int pool_type;
	uint32_t pool_width, pool_height, pool_stride_x, pool_stride_y;
	uint32_t input_bits, weights_bits, act_bits;
	bool activation;
	uint64_t macs, weight_count, weight_bytes, zero_weights;
};

/**
 * struct akida_variable_info - one variable of a layer
 * @name: "weights", "weights_pw", "threshold", "act_step", "wta_groups", ...
 * @file_dtype: dtype code of the file: 0 int32, 1 float32, 3 int8, 7 int4
 * @dtype: how @data is laid out in memory, 0 for an unknown code
 * @ndim: dimensions
 * @shape: sizes, slowest first (x, y, channel, filter for weights)
 * @data: elements, C order, little endian
 * @size: bytes of @data
 */
struct akida_variable_info {
	const char *name;
	uint8_t file_dtype;
	enum akida_dtype dtype;
	unsigned int ndim;
	size_t shape[AKIDA_ARRAY_MAX_DIMS];
	const void *data;
	size_t size;
};

/**
 * struct akida_model - a model
 *
 * Opaque. One thread at a time may change a model or ask for its error text;
 * any number may read a model that nobody changes.
 */
struct akida_model;

/**
 * akida_model_new() - an empty model
 *
 * Return: a handle to be given to akida_model_free(), NULL without memory.
 */
struct akida_model *akida_model_new(void);

/**
 * akida_model_free() - give a model back
 * @m: a handle or NULL; programs made from it stay valid
 */
void akida_model_free(struct akida_model *m);

/**
 * akida_model_error() - what went wrong last
 * @m: a handle
 *
 * Return: a sentence; "" if no call on this handle has failed.
 */
const char *akida_model_error(const struct akida_model *m);

/**
 * akida_model_load() - read a .fbz file
 * @m: a handle; what it held before is given back
 * @path: file name
 *
 * Succeeds for every file whose container and tables verify, layers of newer
 * SDKs included, so that they can be shown; akida_model_check_runnable() says
 * whether the model can be run.
 *
 * Return: 0 or a negative errno: -EINVAL for a damaged file, -EFBIG above the
 * limits of the reader (256 MiB unpacked), or what the system said.
 */
int akida_model_load(struct akida_model *m, const char *path);

/**
 * akida_model_load_memory() - read a .fbz file that is in memory
 * @m: a handle; what it held before is given back
 * @data: the file
 * @size: its bytes
 *
 * Return: as akida_model_load().
 */
int akida_model_load_memory(struct akida_model *m, const void *data,
			    size_t size);

/**
 * AKIDA_SAVE_EXPERIMENTAL - allow the 2-bit dtype, whose code is inferred,
 * not known
 */
#define AKIDA_SAVE_EXPERIMENTAL 1u

/**
 * akida_model_save() - write a .fbz file as SDK 2.3.3 does
 * @m: a model
 * @path: file name; written under a temporary name beside it, then renamed
 * @flags: 0 or AKIDA_SAVE_EXPERIMENTAL
 *
 * Return: 0 or a negative errno: -ENOTSUP for 1-bit weights and, without
 * AKIDA_SAVE_EXPERIMENTAL, 2-bit ones.
 */
int akida_model_save(struct akida_model *m, const char *path,
		     unsigned int flags);

/**
 * akida_model_sdk_version() - version of the SDK that wrote the file
 * @m: a model
 *
 * Return: "2.3.3" and the like, NULL if the file names none (SDK 2.2 and
 * older).
 */
const char *akida_model_sdk_version(const struct akida_model *m);

/**
 * akida_model_generation() - how the file stores layer parameters
 * @m: a model
 *
 * Return: 1 for tables (SDK 2.2 and older), 2 for key-value lists.
 */
int akida_model_generation(const struct akida_model *m);

/**
 * akida_model_check_runnable() - may this model be run?
 * @m: a model; on refusal its error text names the layer, the rule and the
 *	value
 *
 * Return: 0, -ENOTSUP for an unknown layer type, dtype or non-zero key,
 * -EINVAL for a value that no Akida 1.0 layer can have, -EOVERFLOW if a
 * potential could leave 32 bits.
 */
int akida_model_check_runnable(struct akida_model *m);

/**
 * akida_model_warning() - things noticed that do not keep a model from running
 * @m: a model
 * @i: number from 0
 *
 * Return: a sentence, NULL past the last.
 */
const char *akida_model_warning(const struct akida_model *m, unsigned int i);

/**
 * akida_model_num_layers() - number of layers
 * @m: a model
 *
 * Return: the number, input layers included.
 */
unsigned int akida_model_num_layers(const struct akida_model *m);

/**
 * akida_model_layer() - describe one layer
 * @m: a model
 * @i: number from 0
 * @info: where to put it
 * @info_size: sizeof(*@info), so that the structure can grow
 *
 * Return: 0, -ENOENT past the last layer.
 */
int akida_model_layer(const struct akida_model *m, unsigned int i,
		      struct akida_layer_info *info, size_t info_size);

/**
 * akida_model_find_layer() - number of the layer with a name
 * @m: a model
 * @name: its name
 *
 * Return: the number, -ENOENT if there is none.
 */
int akida_model_find_layer(const struct akida_model *m, const char *name);

/**
 * akida_model_layer_key() - one parameter of a layer, as the file has it
 * @m: a model
 * @layer: number from 0
 * @i: number of the parameter, from 0
 * @name: where to put its name
 * @value: where to put its value
 *
 * Return: 0, -ENOENT past the last.
 */
int akida_model_layer_key(const struct akida_model *m, unsigned int layer,
			  unsigned int i, const char **name, int32_t *value);

/**
 * akida_model_layer_inbound() - name of a layer that feeds a layer
 * @m: a model
 * @layer: number from 0
 * @i: number of the inbound, from 0
 *
 * Return: its name, NULL past the last.
 */
const char *akida_model_layer_inbound(const struct akida_model *m,
				      unsigned int layer, unsigned int i);

/**
 * akida_model_variable() - one variable of a layer
 * @m: a model
 * @layer: number from 0
 * @i: number of the variable, from 0
 * @info: where to put it
 * @info_size: sizeof(*@info)
 *
 * Return: 0, -ENOENT past the last.
 */
int akida_model_variable(const struct akida_model *m, unsigned int layer,
			 unsigned int i, struct akida_variable_info *info,
			 size_t info_size);

/**
 * akida_model_check_target() - compare a model with a chip's limits
 * @m: a model that can be run
 * @target: the chip
 * @report: called with a layer's name and a sentence that has the rule and
 *	the value that breaks it
 * @arg: handed to @report
 *
 * Return: how many rules are broken, or a negative errno.
 */
int akida_model_check_target(struct akida_model *m, enum akida_target target,
			     void (*report)(void *arg, const char *layer,
					    const char *text),
			     void *arg);

/**
 * akida_model_add_layer() - append a layer
 * @m: a model
 * @name: name of the layer, unique in the model
 * @type: &enum akida_layer_type
 *
 * The layer before it becomes its inbound. Set its parameters with
 * akida_model_set_key() and its variables with akida_model_set_variable();
 * akida_model_check_runnable() says what is missing.
 *
 * Return: the number of the layer, or a negative errno: -EEXIST for a name
 * that is taken.
 */
int akida_model_add_layer(struct akida_model *m, const char *name, int type);

/**
 * akida_model_set_key() - set a parameter of a layer
 * @m: a model
 * @layer: number from 0
 * @name: a key of the .fbz format, "filters" for instance
 * @value: its value
 *
 * Return: 0 or a negative errno.
 */
int akida_model_set_key(struct akida_model *m, unsigned int layer,
			const char *name, int32_t value);

/**
 * akida_model_set_variable() - set a variable of a layer
 * @m: a model
 * @layer: number from 0
 * @name: "weights", "weights_pw", "threshold", "act_step"
 * @dtype: AKIDA_DTYPE_INT8 for weights, AKIDA_DTYPE_INT32 for thresholds,
 *	AKIDA_DTYPE_FLOAT32 for steps
 * @ndim: dimensions
 * @shape: sizes, slowest first: (x, y, channel, filter) for weights
 * @data: elements in C order; they are copied
 *
 * Return: 0 or a negative errno.
 */
int akida_model_set_variable(struct akida_model *m, unsigned int layer,
			     const char *name, enum akida_dtype dtype,
			     unsigned int ndim, const size_t *shape,
			     const void *data);

#ifdef __cplusplus
}
#endif

#endif /* AKIDA_MODEL_H */
