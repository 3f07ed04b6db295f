/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Named tensors of a float model, wherever they come from: one view of
 * safetensors (single and sharded), PyTorch zip files, .npy, .npz and GGUF.
 * Data stay mapped; nothing is copied before rows are asked for.
 */
#ifndef AK_TENSORS_H
#define AK_TENSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "format/tensor_type.h"

/**
 * struct ak_tensor - one tensor
 * @name: as the file has it, NUL-terminated
 * @file: name of the file that it is in, for messages
 * @type: of an element
 * @dtype: the file's own name of the type, for messages and for
 *	AK_TENSOR_OTHER: "F32", "<f4", "FloatStorage", "Q4_K"
 * @ndim: number of dimensions, 0 for a scalar
 * @dim: slowest dimension first (a weight matrix is [out, in])
 * @count: elements
 * @size: bytes of the elements as stored
 * @data: the elements, mapped, little endian, slowest dimension first and
 *	without gaps, but not aligned; NULL where the file holds them otherwise (compressed,
 *	big endian, Fortran order, strided) and only ak_tensor_read() serves
 */
struct ak_tensor {
	const char *name;
	const char *file;
	enum ak_tensor_type type;
	const char *dtype;
	unsigned int ndim;
	uint64_t dim[AK_TENSOR_MAX_DIMS];
	uint64_t count;
	uint64_t size;
	const void *data;
};

/**
 * struct ak_tensors - an open set of tensors
 *
 * Opaque. Reading rows of it from several threads at a time is allowed.
 */
struct ak_tensors;

/**
 * ak_tensors_open() - open a file or a folder of tensors
 * @path: a .safetensors, .safetensors.index.json, .bin/.pt/.pth (zip),
 *	.npy, .npz or .gguf file, told by its content; or a Hugging Face
 *	folder with model.safetensors, model.safetensors.index.json,
 *	pytorch_model.bin or pytorch_model.bin.index.json
 * @out: where to put it
 * @err: error text; names the file, the tensor and the remedy
 *
 * Everything that the file says about its tensors has been checked when this
 * returns: names are unique, sizes agree with shapes, data lie within the
 * file. A file that another process shortens afterwards kills the reader with
 * SIGBUS, as with every mapped file.
 *
 * Return: 0, -ENOENT, -EBADMSG for a corrupt file, -ENOTSUP for something
 * that is not read on purpose, -ENOMEM.
 */
int ak_tensors_open(const char *path, struct ak_tensors **out,
		    struct ak_err *err);

/**
 * ak_tensors_close() - close it
 * @t: an open set or NULL
 */
void ak_tensors_close(struct ak_tensors *t);

/**
 * ak_tensors_count() - how many there are
 * @t: an open set
 *
 * Return: the number of tensors.
 */
size_t ak_tensors_count(const struct ak_tensors *t);

/**
 * ak_tensors_at() - one by its number
 * @t: an open set
 * @i: from 0, in the order of the file (of names, for shards)
 *
 * Return: the tensor, NULL past the last.
 */
const struct ak_tensor *ak_tensors_at(const struct ak_tensors *t, size_t i);

/**
 * ak_tensors_find() - one by its name
 * @t: an open set
 * @name: its exact name
 *
 * Return: the tensor or NULL.
 */
const struct ak_tensor *ak_tensors_find(const struct ak_tensors *t,
					const char *name);

/**
 * ak_tensor_number() - the number of a tensor
 * @t: an open set
 * @tensor: a tensor of it
 *
 * Return: @i for which ak_tensors_at(t, i) is @tensor.
 */
size_t ak_tensor_number(const struct ak_tensors *t,
			const struct ak_tensor *tensor);

/**
 * ak_tensor_rows() - rows of a tensor
 * @t: a tensor
 *
 * Return: elements / elements of the fastest dimension; 1 for vectors and
 * scalars.
 */
uint64_t ak_tensor_rows(const struct ak_tensor *t);

/**
 * ak_tensor_cols() - elements of a row
 * @t: a tensor
 *
 * Return: elements of the fastest dimension, 1 for scalars.
 */
uint64_t ak_tensor_cols(const struct ak_tensor *t);

/**
 * ak_tensor_read() - rows as float
 * @set: the open set that @t is of
 * @t: a tensor
 * @first: first row
 * @rows: how many
 * @out: @rows x ak_tensor_cols() floats
 * @err: error text
 *
 * F16 and BF16 become float exactly; F64 and wide integers are rounded to
 * nearest even. Block types are dequantised by their format's rule.
 * May be called by several threads at a time.
 *
 * Return: 0, -ERANGE for rows that are not there, -ENOTSUP for a type that
 * has no float value here, -EBADMSG for damaged compressed data.
 */
int ak_tensor_read(const struct ak_tensors *set, const struct ak_tensor *t,
		   uint64_t first, uint64_t rows, float *out,
		   struct ak_err *err);

/**
 * ak_tensor_read_part() - elements of one row as float
 * @set: the open set that @t is of
 * @t: a tensor
 * @row: the row
 * @first: first element; of a block type a multiple of its block
 * @count: how many; the same
 * @out: @count floats
 * @err: error text
 *
 * For rows that are too long for memory. As ak_tensor_read() otherwise.
 *
 * Return: as ak_tensor_read(); -EINVAL for parts of blocks.
 */
int ak_tensor_read_part(const struct ak_tensors *set, const struct ak_tensor *t,
			uint64_t row, uint64_t first, uint64_t count,
			float *out, struct ak_err *err);

/**
 * ak_tensor_readable() - has it float values
 * @t: a tensor of an open set
 *
 * Return: true if ak_tensor_read() gives some.
 */
bool ak_tensor_readable(const struct ak_tensor *t);

/**
 * struct ak_tensors_meta - what a file says beside its tensors
 * @key: name
 * @value: text, or JSON
 * @json: it is JSON: a number, a truth value, a short list, or an object
 *	{"type": "string", "count": 32000} for a long one
 */
struct ak_tensors_meta {
	const char *key, *value;
	bool json;
};

/**
 * ak_tensors_meta() - an entry of safetensors' __metadata__, a key of GGUF or
 * of NNTR
 * @t: an open set
 * @i: from 0, in the order of the (first) file
 *
 * Return: the entry, NULL past the last.
 */
const struct ak_tensors_meta *ak_tensors_meta(const struct ak_tensors *t,
					      size_t i);

/**
 * ak_tensors_format() - what kind of file it is
 * @t: an open set
 *
 * Return: "safetensors", "GGUF", ...
 */
const char *ak_tensors_format(const struct ak_tensors *t);

/**
 * ak_tensors_file() - the files of a set
 * @t: an open set
 * @i: from 0
 * @size: where to put its bytes
 *
 * Return: the file's name, NULL past the last.
 */
const char *ak_tensors_file(const struct ak_tensors *t, size_t i,
			    uint64_t *size);

#endif /* AK_TENSORS_H */
