/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ONNX files byte by byte, for tests: an encoder that shares nothing with the
 * reader.
 */
#ifndef ONNX_BUILD_H
#define ONNX_BUILD_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

/**
 * struct onnx_build - a model that is put together; all zero to begin with
 * @graph: fields of the graph
 * @attrs: attributes of the next node
 */
struct onnx_build {
	struct ak_buf graph, attrs;
};

/**
 * onnx_varint() - append a number
 * @b: bytes
 * @v: number
 */
void onnx_varint(struct ak_buf *b, uint64_t v);

/**
 * onnx_field() - append a field of bytes
 * @b: bytes
 * @number: of the field
 * @data: content
 * @size: its bytes
 */
void onnx_field(struct ak_buf *b, unsigned int number, const void *data,
		size_t size);

/**
 * onnx_number() - append a field with a number
 * @b: bytes
 * @number: of the field
 * @v: its value
 */
void onnx_number(struct ak_buf *b, unsigned int number, uint64_t v);

/**
 * onnx_ints() - an attribute of the next node: a list of integers
 * @b: model
 * @name: of the attribute
 * @n: how many
 * @...: int64_t each
 */
void onnx_ints(struct onnx_build *b, const char *name, int n, ...);

/**
 * onnx_int() - an attribute of the next node: an integer
 * @b: model
 * @name: of the attribute
 * @v: its value
 */
void onnx_int(struct onnx_build *b, const char *name, int64_t v);

/**
 * onnx_text() - an attribute of the next node: a string
 * @b: model
 * @name: of the attribute
 * @v: its value
 */
void onnx_text(struct onnx_build *b, const char *name, const char *v);

/**
 * onnx_node() - append a node with the attributes since the last one
 * @b: model
 * @op: operator
 * @in: names of its inputs with spaces between
 * @out: names of its outputs likewise; the node has the name of the first
 */
void onnx_node(struct onnx_build *b, const char *op, const char *in,
	       const char *out);

/**
 * onnx_floats() - append an initialiser of floats 1, 2, 3, ... / 8
 * @b: model
 * @name: of it
 * @ndim: number of dimensions
 * @...: int64_t each
 */
void onnx_floats(struct onnx_build *b, const char *name, int ndim, ...);

/**
 * onnx_longs() - append an initialiser of a vector of int64
 * @b: model
 * @name: of it
 * @n: how many
 * @...: int64_t each
 */
void onnx_longs(struct onnx_build *b, const char *name, int n, ...);

/**
 * onnx_external() - append an initialiser whose floats are in another file
 * @b: model
 * @name: of it
 * @location: of the file
 * @offset: text, or NULL
 * @count: elements
 */
void onnx_external(struct onnx_build *b, const char *name, const char *location,
		   const char *offset, int64_t count);

/**
 * onnx_value() - append an input or output of the graph
 * @b: model
 * @input: else an output
 * @name: of it
 * @ndim: number of dimensions, -1 for no shape
 * @...: int64_t each, 0 for a size that is not fixed
 */
void onnx_value(struct onnx_build *b, int input, const char *name, int ndim,
		...);

/**
 * onnx_finish() - the file's bytes
 * @b: model, empty afterwards
 * @opset: version of operators
 * @file: where to put them, for ak_buf_clear()
 */
void onnx_finish(struct onnx_build *b, uint64_t opset, struct ak_buf *file);

#endif /* ONNX_BUILD_H */
