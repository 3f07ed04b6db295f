/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * safetensors: a JSON header, then the elements of all tensors without gaps.
 * Documentation/formats/safetensors.rst.
 */
#ifndef AK_SAFETENSORS_H
#define AK_SAFETENSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/names.h"
#include "format/tensor_type.h"

/**
 * struct ak_st_tensor - a tensor as the header has it
 * @name: its name
 * @dtype: name of its type: one that safetensors defines
 * @type: the same; AK_TENSOR_OTHER for F8, F6, F4 and C64
 * @ndim: number of dimensions
 * @dim: sizes, slowest first
 * @count: elements
 * @offset: where in the file they begin
 * @size: their bytes
 * @nntr_dtype: what nntrainer's files say of a tensor whose dtype is U8 as it
 *	is packed, or NULL
 * @nntr_ndim: dimensions of that, 0 if it says nothing
 * @nntr_dim: sizes of that, as nntr_shape has them
 */
struct ak_st_tensor {
	const char *name, *dtype;
	enum ak_tensor_type type;
	unsigned int ndim;
	uint64_t dim[AK_TENSOR_MAX_DIMS];
	uint64_t count, offset, size;
	const char *nntr_dtype;
	unsigned int nntr_ndim;
	uint64_t nntr_dim[AK_TENSOR_MAX_DIMS];
};

/**
 * struct ak_st_meta - an entry of __metadata__
 * @key: its name
 * @value: its text
 */
struct ak_st_meta {
	const char *key, *value;
};

/**
 * struct ak_safetensors - what a header says
 * @tensor: tensors in the order of the header
 * @count: how many
 * @meta: entries of __metadata__
 * @num_meta: how many
 * @names: numbers of tensors
 * @text: where the texts are
 */
struct ak_safetensors {
	struct ak_st_tensor *tensor;
	size_t count;
	struct ak_st_meta *meta;
	size_t num_meta;
	struct ak_names names;
	struct ak_buf text;
};

/**
 * ak_is_safetensors() - does a file look like one
 * @data: the file
 * @size: its bytes
 *
 * Return: true if a header could begin there.
 */
bool ak_is_safetensors(const void *data, size_t size);

/**
 * ak_safetensors_parse() - read and check a header
 * @data: the file
 * @size: its bytes
 * @st: where to put what it says; ak_safetensors_clear() gives it back
 * @err: error text; names the tensor, or the byte of the header
 *
 * Checked is all that the reference implementation checks: the header's
 * length, that it is JSON of the given form without names that are there
 * twice, that each tensor has the bytes that its shape needs, and that the
 * tensors' bytes follow each other from the first to the file's last one.
 *
 * Return: 0, -EBADMSG, -ENOTSUP for a type that safetensors has not or more
 * than AK_TENSOR_MAX_DIMS dimensions, -ENOMEM.
 */
int ak_safetensors_parse(const void *data, size_t size,
			 struct ak_safetensors *st, struct ak_err *err);

/**
 * ak_safetensors_clear() - give a header back
 * @st: filled by ak_safetensors_parse(), or all zero
 */
void ak_safetensors_clear(struct ak_safetensors *st);

#endif /* AK_SAFETENSORS_H */
