/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A trained float network as every importer gives it: a chain of operations.
 * Importers (ONNX, Keras, PyTorch, NumPy) know their files; what follows knows
 * this only: float evaluation, folding into Akida layers, quantisation.
 *
 * One layout for all: feature maps are [y][x][c], whatever the source had.
 * Importers reorder weights once and drop transpositions.
 */
#ifndef AK_GRAPH_H
#define AK_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "akida/model.h"
#include "common/err.h"

/**
 * enum ak_op_kind - what an operation computes
 * @AK_OP_CONV: convolution, cross-correlation as all frameworks define it
 * @AK_OP_DEPTHWISE: one filter for each channel
 * @AK_OP_DENSE: matrix product with the whole map, in (y, x, c) order
 * @AK_OP_AFFINE: y = x * scale[c] + shift[c]: batch normalisation, rescaling,
 *	mean and standard deviation, a bias of its own
 * @AK_OP_RELU: clip(x, 0, max)
 * @AK_OP_SPIKE: 1 if x > threshold[c], else 0: a leaky integrate-and-fire
 *	neuron whose beta is 0
 * @AK_OP_MAX_POOL: largest of a window
 * @AK_OP_AVG_POOL: mean of a window
 * @AK_OP_GLOBAL_AVG: mean of the map
 * @AK_OP_PAD: a border of @pad_value, as wide as the paddings say
 * @AK_OP_FLATTEN: the map as one vector in (y, x, c) order
 * @AK_OP_SOFTMAX: at the end only
 * @AK_OP_SIGMOID: at the end only
 * @AK_OP_QUANT: clip(round_half_even(x / scale[0]) + zero, lo, hi) and back:
 *	a quantisation that the source states
 */
enum ak_op_kind {
	AK_OP_CONV = 1,
	AK_OP_DEPTHWISE,
	AK_OP_DENSE,
	AK_OP_AFFINE,
	AK_OP_RELU,
	AK_OP_SPIKE,
	AK_OP_MAX_POOL,
	AK_OP_AVG_POOL,
	AK_OP_GLOBAL_AVG,
	AK_OP_PAD,
	AK_OP_FLATTEN,
	AK_OP_SOFTMAX,
	AK_OP_SIGMOID,
	AK_OP_QUANT,
};

/**
 * struct ak_op - one operation
 * @kind: what it computes
 * @name: of the layer in the source, for messages and layer names; unique
 * @in: shape of its input, set by ak_graph_resolve()
 * @out: shape of its output, set by ak_graph_resolve()
 * @kernel_h: rows of a filter or window
 * @kernel_w: columns
 * @stride_y: step between rows
 * @stride_x: step between columns
 * @pad_top: rows before the first; zeros for convolutions, minus infinity for
 *	maximum, not counted for means
 * @pad_left: columns before the first
 * @pad_bottom: rows after the last
 * @pad_right: columns after the last
 * @count_pad: a mean counts its border
 * @pad_value: of AK_OP_PAD
 * @filters: outputs of CONV and DENSE
 * @weights: CONV [kernel_h][kernel_w][in.channels][filters]; DEPTHWISE
 *	[kernel_h][kernel_w][in.channels]; DENSE [in elements][filters]
 * @weights_q: the same as integers if the source is quantised: weights[i] =
 *	weights_q[i] * weights_scale[filter or channel]; else NULL
 * @num_weights: elements of @weights (and @weights_q): what the file has, which
 *	ak_graph_resolve() compares with what the shapes need
 * @num_values: elements of each of @weights_scale, @bias, @scale, @shift and
 *	@threshold that is there; likewise compared
 * @weights_scale: one for each filter (channel of DEPTHWISE), or NULL
 * @bias: one for each filter or channel, or NULL
 * @scale: AFFINE, one for each channel; QUANT, one
 * @shift: AFFINE
 * @threshold: SPIKE, one for each channel
 * @max: RELU; INFINITY for none
 * @quant_zero: QUANT
 * @quant_lo: QUANT
 * @quant_hi: QUANT
 *
 * All arrays are malloc()ed and belong to the operation.
 */
struct ak_op {
	enum ak_op_kind kind;
	char *name;
	struct akida_shape in, out;
	uint32_t kernel_h, kernel_w, stride_y, stride_x;
	uint32_t pad_top, pad_left, pad_bottom, pad_right;
	bool count_pad;
	float pad_value;
	uint32_t filters;
	size_t num_weights, num_values;
	float *weights;
	int8_t *weights_q;
	float *weights_scale;
	float *bias;
	float *scale, *shift;
	float *threshold;
	float max;
	int32_t quant_zero, quant_lo, quant_hi;
};

/**
 * struct ak_graph - a chain: operation i reads operation i - 1
 * @source: file it came from, for messages
 * @framework: "ONNX", "Keras", "PyTorch", ... for messages
 * @input: shape of the input
 * @input_nchw: the source's own input order is channels first (data given by
 *	users as --layout nchw)
 * @note: a sentence about what an importer assumed, malloc()ed, or NULL
 * @op: operations
 * @num_ops: how many
 */
struct ak_graph {
	char *source;
	const char *framework;
	struct akida_shape input;
	bool input_nchw;
	char *note;
	struct ak_op *op;
	size_t num_ops;
};

/**
 * ak_graph_new() - an empty chain
 * @source: file name
 * @framework: static string
 *
 * Return: a chain for ak_graph_free(), NULL without memory.
 */
struct ak_graph *ak_graph_new(const char *source, const char *framework);

/**
 * ak_graph_free() - give a chain and all its arrays back
 * @g: a chain or NULL
 */
void ak_graph_free(struct ak_graph *g);

/**
 * ak_graph_add() - append an operation
 * @g: a chain
 * @kind: its kind
 * @name: its name, copied; made unique
 *
 * Return: the operation, zeroed but for steps of 1 and max INFINITY; NULL
 * without memory. Valid until the next call.
 */
struct ak_op *ak_graph_add(struct ak_graph *g, enum ak_op_kind kind,
			   const char *name);

/**
 * ak_graph_drop_last() - take the last operation away again
 * @g: a chain of at least one operation
 */
void ak_graph_drop_last(struct ak_graph *g);

/**
 * ak_graph_same_pads() - TensorFlow's padding "same": the smaller half first
 * @size: of the input
 * @kernel: of the window
 * @stride: step
 * @before: where to put how many come before the first
 * @after: where to put how many come after the last
 */
void ak_graph_same_pads(uint32_t size, uint32_t kernel, uint32_t stride,
			uint32_t *before, uint32_t *after);

/**
 * ak_graph_check_input() - is the shape of the input possible?
 * @g: a chain whose input shape is set
 * @err: error text
 *
 * Return: 0, -EINVAL.
 */
int ak_graph_check_input(const struct ak_graph *g, struct ak_err *err);

/**
 * ak_norm_affine() - batch normalisation as y = x * scale[c] + shift[c]
 * @gamma: [@n], becomes scale
 * @beta: [@n], becomes shift
 * @mean: [@n]
 * @variance: [@n]
 * @n: channels
 * @epsilon: rounded to a float, as frameworks compute with it: so what JSON says
 *	in decimals is what ONNX says in four bytes
 *
 * What is not finite ak_graph_resolve() refuses.
 */
void ak_norm_affine(float *gamma, float *beta, const float *mean,
		    const float *variance, size_t n, double epsilon);

/**
 * ak_graph_prepend() - put y = x * scale[c] + shift[c] in front of a chain
 * @g: a resolved chain
 * @scale: one for each channel of the input
 * @shift: the same
 *
 * For preprocessing that the network expects to have been done: afterwards the
 * chain takes raw values.
 *
 * Return: 0, -ENOMEM.
 */
int ak_graph_prepend(struct ak_graph *g, const float *scale,
		     const float *shift);

/**
 * ak_op_elements() - weights of an operation
 * @op: an operation of a resolved chain
 *
 * Return: elements of @weights, 0 if its kind has none.
 */
size_t ak_op_elements(const struct ak_op *op);

/**
 * ak_op_kind_name() - what an operation is called in messages
 * @kind: its kind
 *
 * Return: "convolution", "max-pooling", ...
 */
const char *ak_op_kind_name(enum ak_op_kind kind);

/**
 * ak_graph_resolve() - infer shapes, check every size
 * @g: a chain whose input shape is set
 * @err: error text; names the layer, the rule and the value
 *
 * Importers call it last: what it lets through, evaluation and folding can
 * rely on (arrays are there, sizes fit in the limits of model.h).
 *
 * Return: 0, -EINVAL.
 */
int ak_graph_resolve(struct ak_graph *g, struct ak_err *err);

/**
 * ak_graph_resolve_last() - the same for the last operation
 * @g: a chain of at least one operation; those before are resolved
 * @err: error text
 *
 * For importers that must know shapes as they go, without checking all
 * weights again each time.
 *
 * Return: 0, -EINVAL.
 */
int ak_graph_resolve_last(struct ak_graph *g, struct ak_err *err);

/**
 * ak_graph_import() - read a network, whatever its format
 * @path: .onnx, .keras, .h5, .pt, .pth, .safetensors, .npz or .npy, told by
 *	content
 * @arch: JSON file with the architecture for those that have weights only, or
 *	NULL to infer it
 * @options: "key=value" list that importers know (ignore-beta), or NULL
 * @out: where to put the resolved chain
 * @err: error text; names the file, the layer, the reason and what to change
 *
 * Return: 0; -ENOTSUP for what Akida 1.0 or this reader has not; -EBADMSG for
 * a damaged file.
 */
int ak_graph_import(const char *path, const char *arch, const char *options,
		    struct ak_graph **out, struct ak_err *err);

/**
 * ak_graph_probe() - is this file a float network?
 * @path: file name
 *
 * Files of weights, which an architecture may be needed for, are told by their
 * name's end, other networks by their first bytes.
 *
 * Return: false for .fbz files, for what is neither, and for files that cannot
 * be opened.
 */
bool ak_graph_probe(const char *path);

/**
 * struct ak_importer - reads networks of one framework; a line in import.c
 * @name: of the format, for messages
 * @probe: do these first bytes (at most 4096 of the file; its name for what
 *	bytes do not tell) look like such a file
 * @read: as ak_graph_import(); ends with ak_graph_resolve()
 */
struct ak_importer {
	const char *name;
	bool (*probe)(const char *path, const uint8_t *head, size_t size);
	int (*read)(const char *path, const char *arch, const char *options,
		    struct ak_graph **out, struct ak_err *err);
};

/* ------------------------------------------------------ float evaluation */

/**
 * struct ak_eval - buffers and threads of a float evaluation; opaque
 */
struct ak_eval;

/**
 * ak_eval_new() - prepare
 * @g: a resolved chain, kept by the caller
 * @threads: 0 for all processors
 * @out: where to put it
 * @err: error text
 *
 * Return: 0, -ENOMEM.
 */
int ak_eval_new(const struct ak_graph *g, unsigned int threads,
		struct ak_eval **out, struct ak_err *err);

/**
 * ak_eval_free() - give it back
 * @e: or NULL
 */
void ak_eval_free(struct ak_eval *e);

/**
 * ak_eval_run() - evaluate one input
 * @e: prepared
 * @in: [y][x][c]
 * @out: elements of the last operation's output
 * @see: called after each operation with its output, or NULL
 * @arg: handed to @see
 *
 * Scalar code is the definition; SIMD may differ from it by rounding (relative
 * 1e-5), frameworks by 1e-4.
 *
 * Return: 0.
 */
int ak_eval_run(struct ak_eval *e, const float *in, float *out,
		void (*see)(void *arg, size_t op, const float *data,
			    size_t count),
		void *arg);

/* --------------------------------------------------------------- folding */

/**
 * enum ak_net_act - activation of a layer
 */
enum ak_net_act {
	AK_NET_NONE,
	AK_NET_RELU,
	AK_NET_SPIKE,
};

/**
 * struct ak_net_layer - an Akida 1.0 layer with float weights
 * @name: of the layer
 * @type: AKIDA_LAYER_INPUT_CONV, _CONV, _SEPARABLE_CONV or
 *	_FULLY_CONNECTED
 * @first_op: operations of the chain that it is made of
 * @last_op: last of them: its output is what calibration looks at
 * @in: shape of its input
 * @out: shape of its output
 * @kernel_h, @kernel_w, @stride_y, @stride_x: geometry
 * @same: padding Same (else Valid)
 * @pad_value: border of the input layer, in units of its input
 * @pool: AKIDA_POOL_*; global average has sizes 0
 * @pool_h, @pool_w, @pool_sy, @pool_sx: window
 * @filters: outputs
 * @weights: convolution [kernel_h][kernel_w][c][filters], not flipped;
 *	depthwise part of a separable layer [kernel_h][kernel_w][c]; dense
 *	[y][x][c][filters]
 * @weights_pw: [c][filters], separable only
 * @weights_q, @weights_pw_q, @weights_scale, @weights_pw_scale: integers of a
 *	quantised source, or NULL
 * @bias: one for each filter, always there
 * @act: activation
 * @act_max: clip of RELU, INFINITY for none
 * @act_scale: scale of a quantised source's activation, 0 for none
 * @threshold: SPIKE, one for each filter (bias already taken off)
 */
struct ak_net_layer {
	char *name;
	enum akida_layer_type type;
	size_t first_op, last_op;
	struct akida_shape in, out;
	uint32_t kernel_h, kernel_w, stride_y, stride_x;
	bool same;
	float pad_value;
	enum akida_pool_type pool;
	uint32_t pool_h, pool_w, pool_sy, pool_sx;
	uint32_t filters;
	float *weights, *weights_pw;
	int8_t *weights_q, *weights_pw_q;
	float *weights_scale, *weights_pw_scale;
	float *bias;
	enum ak_net_act act;
	float act_max;
	float act_scale;
	float *threshold;
};

/**
 * struct ak_net - what a chain becomes
 * @input: shape
 * @input_scale: the network's float input = @input_scale * integer input
 *	(preprocessing that could be folded is in the first layer)
 * @input_bits: bits of the integer input
 * @layer: layers
 * @num_layers: how many
 * @note: sentences about what is not exact
 * @num_notes: how many
 */
struct ak_net {
	struct akida_shape input;
	float input_scale;
	unsigned int input_bits;
	struct ak_net_layer *layer;
	size_t num_layers;
	char **note;
	size_t num_notes;
};

/**
 * ak_fold() - turn a chain into Akida 1.0 layers
 * @g: a resolved chain
 * @input_scale: what one step of the integer input is worth, as float data
 *	that the chain expects: 1 for networks fed with 0..255, 1/255.0 for
 *	those fed with 0..1
 * @input_bits: bits of the integer input; 0 for 8 before InputConvolutional and
 *	4 before other layers
 * @out: where to put it
 * @err: error text; names the layer, the reason and what to change
 *
 * Exact in real numbers but for what @out->note says: evaluation of the net
 * equals that of the chain up to float rounding.
 *
 * Return: 0, -ENOTSUP for what Akida 1.0 has not.
 */
int ak_fold(const struct ak_graph *g, float input_scale,
	    unsigned int input_bits, struct ak_net **out, struct ak_err *err);

/**
 * ak_net_free() - give it back
 * @n: or NULL
 */
void ak_net_free(struct ak_net *n);

#endif /* AK_GRAPH_H */
