/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files that make chains of ONNX graphs share.
 */
#ifndef AK_CONVERT_ONNX_H
#define AK_CONVERT_ONNX_H

#include "convert/graph.h"
#include "format/onnx.h"

/**
 * ak_onnx_type_integer() - is it a type of integers that is read
 * @type: AK_ONNX_*
 *
 * Return: true for signed, unsigned and truth values.
 */
bool ak_onnx_type_integer(int32_t type);

/**
 * ak_onnx_read_float() - elements as float
 * @o: a model
 * @t: a tensor of it
 * @out: @t->count floats; wider numbers are rounded to nearest even
 * @err: error text; names the tensor
 *
 * Return: 0, -ENOTSUP for a type that is not read or data that are elsewhere,
 * -EBADMSG if there are fewer or more than the shape says.
 */
int ak_onnx_read_float(const struct ak_onnx *o, const struct ak_onnx_tensor *t,
		       float *out, struct ak_err *err);

/**
 * ak_onnx_read_int() - elements of an integer tensor
 * @o: a model
 * @t: a tensor of it
 * @out: @t->count integers
 * @err: error text; names the tensor
 *
 * Return: as ak_onnx_read_float(); -ENOTSUP for floats.
 */
int ak_onnx_read_int(const struct ak_onnx *o, const struct ak_onnx_tensor *t,
		     int64_t *out, struct ak_err *err);

/**
 * struct ak_onnx_const - a value that no input changes
 * @tensor: it is stored, and not read yet; else NULL
 * @type: AK_ONNX_* of what was stored, 0 for what was computed
 * @f: its elements if they are floats
 * @i: its elements if they are integers
 * @ndim: number of dimensions
 * @dim: sizes, slowest first
 * @count: elements
 * @q: of a dequantised value, the integers (zero point taken off) in the order
 *	of @f, or NULL
 * @scale: their scales, @num_scales of them
 * @num_scales: 1, or the size of @axis
 * @axis: which dimension scales go along
 */
struct ak_onnx_const {
	const struct ak_onnx_tensor *tensor;
	int32_t type;
	float *f;
	int64_t *i;
	unsigned int ndim;
	uint64_t dim[AK_ONNX_MAX_DIMS];
	uint64_t count;
	int8_t *q;
	float *scale;
	uint64_t num_scales;
	unsigned int axis;
};

/**
 * enum ak_onnx_order - what the dimensions of a computed value mean
 * @AK_ONNX_RAW: the graph's input before anything says what it is
 * @AK_ONNX_NCHW: a map, channels first
 * @AK_ONNX_NHWC: a map, channels last
 * @AK_ONNX_VECTOR: [batch][elements]
 */
enum ak_onnx_order {
	AK_ONNX_RAW,
	AK_ONNX_NCHW,
	AK_ONNX_NHWC,
	AK_ONNX_VECTOR,
};

/**
 * enum ak_onnx_state - what is known of a value
 */
enum ak_onnx_state {
	AK_ONNX_UNKNOWN,
	AK_ONNX_CONST,
	AK_ONNX_DATA,
};

/**
 * struct ak_onnx_value - a value of the graph
 * @state: is it computed from the input
 * @needed: the output depends on it
 * @made: it has been computed; what reads it may come
 * @head: AK_ONNX_DATA: number of the head of the chain that it was
 * @reader: AK_ONNX_DATA: the node that went on from it
 * @ndim: AK_ONNX_DATA: number of dimensions
 * @dim: AK_ONNX_DATA: sizes, with the batch
 * @c: AK_ONNX_CONST
 */
struct ak_onnx_value {
	enum ak_onnx_state state;
	bool needed, made;
	size_t head;
	const char *reader;
	unsigned int ndim;
	uint64_t dim[AK_ONNX_MAX_DIMS];
	struct ak_onnx_const *c;
};

/**
 * struct ak_onnx_walk - where reading a graph is
 * @o: the file
 * @g: the chain that it becomes
 * @path: of the file
 * @value: by number of its name
 * @node: that is read
 * @head: number of the chain's end; a value with another one is not the end
 * @order: what the dimensions at the chain's end mean
 * @ndim: how many there are
 * @dim: sizes, with the batch
 * @map: of AK_ONNX_VECTOR: the map that was flattened
 * @channels_first: of AK_ONNX_VECTOR: in (channel, y, x) order, else (y, x,
 *	channel)
 * @flat: of AK_ONNX_VECTOR: the chain has the vector, in (y, x, channel) order,
 *	not the map any more
 * @channels_last: the graph's input is a map whose channels are last
 * @quantised: QuantizeLinear was read, and its DequantizeLinear was not
 * @quant_scale: of it
 * @quant_zero: of it
 * @quant_type: AK_ONNX_* of its integers
 * @budget: elements that may still be allocated, so that a small file cannot
 *	ask for much memory
 * @err: error text
 */
struct ak_onnx_walk {
	struct ak_onnx *o;
	struct ak_graph *g;
	const char *path;
	struct ak_onnx_value *value;
	const struct ak_onnx_node *node;
	size_t head;
	enum ak_onnx_order order;
	unsigned int ndim;
	uint64_t dim[AK_ONNX_MAX_DIMS];
	struct akida_shape map;
	bool channels_first, flat, channels_last, quantised;
	float quant_scale;
	int64_t quant_zero;
	int32_t quant_type;
	uint64_t budget;
	struct ak_err *err;
};

/* A sentence that names the file, the node and its operator. */
#define AK_ONNX_ERR(w, code, fmt, ...)                                 \
	ak_errf((w)->err, code, "%s: node '%s' (%s): " fmt, (w)->path, \
		(w)->node->name, (w)->node->op, ##__VA_ARGS__)
#define AK_ONNX_BAD(w, fmt, ...) AK_ONNX_ERR(w, -EBADMSG, fmt, ##__VA_ARGS__)
#define AK_ONNX_REFUSE(w, fmt, ...) AK_ONNX_ERR(w, -ENOTSUP, fmt, ##__VA_ARGS__)

/**
 * ak_onnx_alloc() - memory that a file asks for
 * @w: walk; its budget shrinks
 * @count: elements
 * @size: bytes of one
 *
 * Return: zeroed memory, NULL with an error noted.
 */
void *ak_onnx_alloc(struct ak_onnx_walk *w, uint64_t count, size_t size);

/**
 * ak_onnx_int() - an integer attribute of the node
 * @w: walk
 * @name: of the attribute
 * @preset: what it is if it is not there
 *
 * Return: its value.
 */
int64_t ak_onnx_int(const struct ak_onnx_walk *w, const char *name,
		    int64_t preset);

/**
 * ak_onnx_ints() - a list of integers, an attribute of the node or an input
 * @w: walk
 * @name: of the attribute, or NULL
 * @in: number of the input where newer versions have it, or SIZE_MAX
 * @out: where to put them
 * @max: how many fit
 * @n: where to put how many there are; 0 if there is neither
 *
 * Return: 0, -EBADMSG for too many, -ENOTSUP for an input that is computed.
 */
int ak_onnx_ints(struct ak_onnx_walk *w, const char *name, size_t in,
		 int64_t *out, size_t max, size_t *n);

/**
 * ak_onnx_input_const() - an input that must be constant
 * @w: walk
 * @in: its number
 *
 * Return: the constant, NULL if it is left out or computed.
 */
struct ak_onnx_const *ak_onnx_input_const(const struct ak_onnx_walk *w,
					  size_t in);

/**
 * ak_onnx_floats() - all elements of a constant
 * @w: walk
 * @c: constant
 * @out: where to put them, malloc()ed
 *
 * Return: 0 or an error, noted.
 */
int ak_onnx_floats(struct ak_onnx_walk *w, const struct ak_onnx_const *c,
		   float **out);

/**
 * ak_onnx_scalar() - the only element of a constant
 * @w: walk
 * @c: constant
 * @out: where to put it
 *
 * Return: 0; an error, noted, if it has not one element.
 */
int ak_onnx_scalar(struct ak_onnx_walk *w, const struct ak_onnx_const *c,
		   float *out);

/**
 * ak_onnx_const_stored() - a constant of a tensor
 * @w: walk
 * @t: tensor, which must stay
 *
 * Return: the constant, NULL without memory.
 */
struct ak_onnx_const *ak_onnx_const_stored(struct ak_onnx_walk *w,
					   const struct ak_onnx_tensor *t);

/**
 * ak_onnx_make() - a constant of given shape
 * @w: walk
 * @ndim: number of dimensions
 * @dim: sizes
 * @floats: elements are floats, else integers
 *
 * Return: the constant, all zero; NULL with an error noted.
 */
struct ak_onnx_const *ak_onnx_make(struct ak_onnx_walk *w, unsigned int ndim,
				   const uint64_t *dim, bool floats);

/**
 * ak_onnx_load() - stored elements become an array
 * @w: walk
 * @c: constant
 *
 * Return: 0 or an error, noted.
 */
int ak_onnx_load(struct ak_onnx_walk *w, struct ak_onnx_const *c);

/**
 * ak_onnx_read_error() - put the file's name before an error of reading
 * @w: walk
 * @rc: error, noted without it
 *
 * Return: @rc.
 */
int ak_onnx_read_error(struct ak_onnx_walk *w, int rc);

/**
 * ak_onnx_give() - a constant is what the node makes
 * @w: walk
 * @c: constant, which is given away; or NULL after an error
 *
 * Return: 0; an error, noted.
 */
int ak_onnx_give(struct ak_onnx_walk *w, struct ak_onnx_const *c);

/**
 * ak_onnx_dequantize() - DequantizeLinear of a constant
 * @w: walk, at that node
 * @in: its input, loaded
 *
 * Return: 0 or an error, noted.
 */
int ak_onnx_dequantize(struct ak_onnx_walk *w, struct ak_onnx_const *in);

/**
 * ak_onnx_quantize() - QuantizeLinear of a constant
 * @w: walk, at that node
 * @in: its input, loaded
 *
 * Return: 0 or an error, noted.
 */
int ak_onnx_quantize(struct ak_onnx_walk *w, struct ak_onnx_const *in);

/**
 * ak_onnx_const_free() - give a constant back
 * @c: constant or NULL
 */
void ak_onnx_const_free(struct ak_onnx_const *c);

/**
 * ak_onnx_fold() - compute a node all of whose inputs are constants, or Shape
 * @w: walk, at that node; its first output's value gets the constant
 *
 * What exporters leave between initialisers and operators: reshaping,
 * transposition, slices of shapes, paddings that are put together,
 * dequantisation.
 *
 * Return: 0 or an error, noted; -ENOTSUP names the operator.
 */
int ak_onnx_fold(struct ak_onnx_walk *w);

/**
 * ak_onnx_quant_range() - the integers of a quantised type
 * @type: AK_ONNX_*
 * @lo: where to put the least
 * @hi: where to put the largest
 *
 * Return: true for types of 4, 8 and 16 bits.
 */
bool ak_onnx_quant_range(int32_t type, int64_t *lo, int64_t *hi);

/**
 * ak_onnx_data() - append to the chain what a node does to its end
 * @w: walk, at a node that reads the chain's end
 *
 * Return: 0 or an error, noted.
 */
int ak_onnx_data(struct ak_onnx_walk *w);

/**
 * ak_onnx_weights() - the same for convolutions, dense layers and sums and
 * products with constants
 * @w: walk
 * @found: set to false if it is another operator
 *
 * Return: 0 or an error, noted.
 */
int ak_onnx_weights(struct ak_onnx_walk *w, bool *found);

/**
 * ak_onnx_reorder() - the same for operators that move elements only
 * @w: walk
 * @found: set to false if it is another operator
 *
 * Return: 0 or an error, noted.
 */
int ak_onnx_reorder(struct ak_onnx_walk *w, bool *found);

/**
 * ak_onnx_settle() - the graph's input is a map or a vector from here on
 * @w: walk
 *
 * Return: 0 or an error, noted.
 */
int ak_onnx_settle(struct ak_onnx_walk *w);

/**
 * ak_onnx_need() - what an operator's input must be
 * @w: walk
 * @a: one order that it takes
 * @b: another, or the same
 *
 * Return: 0; -ENOTSUP, noted, if the chain's end is in none of both.
 */
int ak_onnx_need(struct ak_onnx_walk *w, enum ak_onnx_order a,
		 enum ak_onnx_order b);

/**
 * ak_onnx_flatten() - make the chain's end a vector, not only by name
 * @w: walk, AK_ONNX_VECTOR
 *
 * Return: 0, -ENOMEM.
 */
int ak_onnx_flatten(struct ak_onnx_walk *w);

/**
 * ak_onnx_vector_at() - where an element of a flattened map is in the chain
 * @w: walk, AK_ONNX_VECTOR
 * @i: index in (y, x, channel) order
 *
 * Return: index in the graph's order.
 */
size_t ak_onnx_vector_at(const struct ak_onnx_walk *w, size_t i);

/**
 * ak_onnx_end() - the shape at the chain's end
 * @w: walk
 *
 * Return: shape of what the next operation reads.
 */
struct akida_shape ak_onnx_end(const struct ak_onnx_walk *w);

/**
 * ak_onnx_add() - append an operation named after the node
 * @w: walk
 * @kind: its kind
 *
 * Return: the operation, NULL with an error noted.
 */
struct ak_op *ak_onnx_add(struct ak_onnx_walk *w, enum ak_op_kind kind);

/**
 * ak_onnx_added() - check the last operation, take over the shape it makes
 * @w: walk
 *
 * Return: 0 or an error, noted.
 */
int ak_onnx_added(struct ak_onnx_walk *w);

/**
 * ak_onnx_graph() - the chain of a parsed file
 * @o: the file
 * @path: its name, for messages
 * @g: where to put the resolved chain
 * @err: error text
 *
 * Return: as ak_graph_import().
 */
int ak_onnx_graph(struct ak_onnx *o, const char *path, struct ak_graph **g,
		  struct ak_err *err);

#endif /* AK_CONVERT_ONNX_H */
