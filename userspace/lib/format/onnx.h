/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ONNX files: the nodes, tensors, inputs and outputs of a graph. Weights stay
 * where they are in the mapped file. What the operators mean is none of this
 * reader's business.
 *
 * Source: the field numbers of onnx.proto (github.com/onnx/onnx), IR version 3
 * and later. Messages lie in each other to a fixed depth; graphs inside of
 * attributes (If, Loop) are not looked into.
 */
#ifndef AK_ONNX_H
#define AK_ONNX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/map.h"
#include "common/names.h"

/* Above these a file is a mistake or an attack. */
#define AK_ONNX_MAX_NODES 16384u
#define AK_ONNX_MAX_TENSORS 16384u
#define AK_ONNX_MAX_TEXTS 65536u
#define AK_ONNX_MAX_DIMS 8
#define AK_ONNX_MAX_FILES 16

/**
 * enum ak_onnx_type - TensorProto.DataType
 */
enum ak_onnx_type {
	AK_ONNX_FLOAT = 1,
	AK_ONNX_UINT8 = 2,
	AK_ONNX_INT8 = 3,
	AK_ONNX_UINT16 = 4,
	AK_ONNX_INT16 = 5,
	AK_ONNX_INT32 = 6,
	AK_ONNX_INT64 = 7,
	AK_ONNX_BOOL = 9,
	AK_ONNX_FLOAT16 = 10,
	AK_ONNX_DOUBLE = 11,
	AK_ONNX_UINT32 = 12,
	AK_ONNX_UINT64 = 13,
	AK_ONNX_BFLOAT16 = 16,
	AK_ONNX_UINT4 = 21,
	AK_ONNX_INT4 = 22,
};

/**
 * struct ak_onnx_tensor - an initialiser, or the tensor of an attribute
 * @name: number of its name, 0 if it has none
 * @type: AK_ONNX_*, or a number that is not read
 * @ndim: number of dimensions
 * @dim: sizes, slowest first
 * @count: elements, at most 2^28
 * @raw: little-endian elements, not aligned; NULL for typed ones
 * @size: bytes of @raw
 * @message: all of the TensorProto, where typed elements are
 * @message_size: its bytes
 * @external: its elements are in another file
 * @location: name of that file as given, or NULL
 * @offset: first byte there
 * @length: bytes there, UINT64_MAX for those that @count needs
 */
struct ak_onnx_tensor {
	uint32_t name;
	int32_t type;
	unsigned int ndim;
	uint64_t dim[AK_ONNX_MAX_DIMS];
	uint64_t count;
	const uint8_t *raw;
	size_t size;
	const uint8_t *message;
	size_t message_size;
	bool external;
	const char *location;
	uint64_t offset, length;
};

/**
 * struct ak_onnx_attr - an attribute of a node
 * @name: its name
 * @f: a float
 * @i: an integer
 * @s: a string, not terminated
 * @s_size: its bytes
 * @tensor: bytes of a tensor, or NULL
 * @tensor_size: how many
 * @message: all of the AttributeProto, where lists are
 * @message_size: its bytes
 */
struct ak_onnx_attr {
	const char *name;
	float f;
	int64_t i;
	const char *s;
	size_t s_size;
	const uint8_t *tensor;
	size_t tensor_size;
	const uint8_t *message;
	size_t message_size;
};

/**
 * struct ak_onnx_node - an operation
 * @name: of the node, of its first output if it has none
 * @op: operator
 * @domain: "" or "ai.onnx" for the standard's own
 * @in: values that it reads, 0 for one that is left out
 * @num_in: how many
 * @out: values that it makes, likewise
 * @num_out: how many
 * @attr: attributes
 * @num_attrs: how many
 */
struct ak_onnx_node {
	const char *name, *op, *domain;
	uint32_t *in, *out;
	size_t num_in, num_out;
	struct ak_onnx_attr *attr;
	size_t num_attrs;
};

/**
 * struct ak_onnx_info - an input or output of the graph
 * @name: number of its name
 * @type: AK_ONNX_*, 0 if it is not said
 * @shaped: it says how many dimensions there are
 * @ndim: number of dimensions
 * @dim: sizes, 0 for those that are not fixed
 */
struct ak_onnx_info {
	uint32_t name;
	int32_t type;
	bool shaped;
	unsigned int ndim;
	uint64_t dim[AK_ONNX_MAX_DIMS];
};

/**
 * struct ak_onnx - a parsed file
 * @map: the file, if it was opened
 * @file: files of external tensors
 * @file_name: their names
 * @num_files: how many
 * @opset: version of the standard's operators, 0 if it is not said
 * @text: texts by number; 0 is ""; values go by the number of their name
 * @num_texts: how many
 * @node: nodes, in the file's order
 * @num_nodes: how many
 * @tensor: initialisers
 * @num_tensors: how many
 * @input: inputs; those of old files include the initialisers
 * @num_inputs: how many
 * @output: outputs
 * @num_outputs: how many
 * @sparse: there are sparse initialisers, which are not read
 * @names: numbers of texts
 */
struct ak_onnx {
	struct ak_map map, file[AK_ONNX_MAX_FILES];
	char *file_name[AK_ONNX_MAX_FILES];
	size_t num_files;
	uint64_t opset;
	char **text;
	size_t num_texts;
	struct ak_onnx_node *node;
	size_t num_nodes;
	struct ak_onnx_tensor *tensor;
	size_t num_tensors;
	struct ak_onnx_info *input, *output;
	size_t num_inputs, num_outputs;
	bool sparse;
	struct ak_names names;
};

/**
 * ak_onnx_probe() - do these bytes begin an ONNX file
 * @data: first bytes of a file
 * @size: how many
 *
 * Return: true if they are fields of a ModelProto, up to where they end or a
 * graph begins.
 */
bool ak_onnx_probe(const uint8_t *data, size_t size);

/**
 * ak_onnx_parse() - read a model
 * @data: a ModelProto, which must stay
 * @size: its bytes
 * @o: where to put it; for ak_onnx_close() also after an error
 * @err: error text; names the node or tensor
 *
 * Return: 0, -EBADMSG for a damaged file, -ENOTSUP over a limit, -ENOMEM.
 */
int ak_onnx_parse(const uint8_t *data, size_t size, struct ak_onnx *o,
		  struct ak_err *err);

/**
 * ak_onnx_open() - map a file, read it, and map what it refers to
 * @path: file name
 * @o: where to put it; for ak_onnx_close() also after an error
 * @err: error text; names the file
 *
 * External data must lie in the folder of @path or below it, in regular files,
 * with no symbolic link on the way from that folder: a model from elsewhere
 * must not make this process read files of its user.
 *
 * Return: 0, as ak_onnx_parse(), or what the system said.
 */
int ak_onnx_open(const char *path, struct ak_onnx *o, struct ak_err *err);

/**
 * ak_onnx_close() - give it back
 * @o: filled by ak_onnx_parse() or ak_onnx_open()
 */
void ak_onnx_close(struct ak_onnx *o);

/**
 * ak_onnx_tensor_parse() - the tensor of an attribute
 * @o: a model
 * @data: a TensorProto
 * @size: its bytes
 * @t: where to put it
 * @err: error text
 *
 * Return: 0, -EBADMSG, -ENOTSUP.
 */
int ak_onnx_tensor_parse(struct ak_onnx *o, const uint8_t *data, size_t size,
			 struct ak_onnx_tensor *t, struct ak_err *err);

/**
 * ak_onnx_file() - a file of external data
 * @o: a model
 * @name: as tensors give it, or NULL
 *
 * Return: its bytes, NULL if it was not opened.
 */
const struct ak_map *ak_onnx_file(const struct ak_onnx *o, const char *name);

/**
 * ak_onnx_attr() - an attribute by its name
 * @n: a node
 * @name: of the attribute
 *
 * Return: the attribute or NULL.
 */
const struct ak_onnx_attr *ak_onnx_attr(const struct ak_onnx_node *n,
					const char *name);

/**
 * ak_onnx_attr_ints() - a list of integers
 * @a: an attribute
 * @out: where to put them
 * @max: how many fit
 *
 * Return: how many there are, -E2BIG for more than @max, -EBADMSG.
 */
int ak_onnx_attr_ints(const struct ak_onnx_attr *a, int64_t *out, size_t max);

/**
 * ak_onnx_attr_floats() - a list of floats
 * @a: an attribute
 * @out: where to put them
 * @max: how many fit
 *
 * Return: how many there are, -E2BIG for more than @max, -EBADMSG.
 */
int ak_onnx_attr_floats(const struct ak_onnx_attr *a, float *out, size_t max);

#endif /* AK_ONNX_H */
