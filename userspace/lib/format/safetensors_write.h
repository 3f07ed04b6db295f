/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * safetensors files, written as a stream: the header is known before the
 * first element, Documentation/formats/safetensors.rst.
 */
#ifndef AK_SAFETENSORS_WRITE_H
#define AK_SAFETENSORS_WRITE_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/out.h"
#include "format/tensor_type.h"

/**
 * struct ak_st_new - a tensor to be written
 * @name: its name, UTF-8
 * @type: a plain type, no blocks
 * @ndim: number of dimensions
 * @dim: sizes, slowest first
 * @extra: more members of its entry as JSON text, or NULL:
 *	"\"nntr_dtype\":\"Q4_0\",\"nntr_shape\":[1,1,2,32]"
 */
struct ak_st_new {
	const char *name;
	enum ak_tensor_type type;
	unsigned int ndim;
	uint64_t dim[AK_TENSOR_MAX_DIMS];
	const char *extra;
};

/**
 * struct ak_st_text - an entry of __metadata__
 * @key: its name, UTF-8
 * @value: its text, UTF-8
 */
struct ak_st_text {
	const char *key, *value;
};

/**
 * enum ak_st_order - which tensor comes first
 * @AK_ST_GIVEN: as they are given
 * @AK_ST_SORTED: as safetensors 0.5.3 sorts: by element type, U64 I64 F64 F32
 *	U32 I32 BF16 F16 U16 I16 I8 U8 BOOL, then by the bytes of the name
 */
enum ak_st_order {
	AK_ST_GIVEN,
	AK_ST_SORTED,
};

/**
 * struct ak_st_writer - a file whose header has been written
 *
 * Opaque.
 */
struct ak_st_writer;

/**
 * ak_st_writer_new() - write the header
 * @out: where it goes; stays the caller's, who finishes or abandons it
 * @tensor: what will follow; not needed any more afterwards
 * @count: how many
 * @order: of the tensors in the file
 * @meta: entries of __metadata__, in this order
 * @num_meta: how many; 0 for a file without __metadata__
 * @w: where to put the writer
 * @err: error text; names the tensor
 *
 * Compact JSON with "__metadata__" first, then the tensors in the order of
 * their data, each with dtype, shape, (@extra, as nntrainer has it) and data_offsets; padded with
 * spaces to a multiple of 8. The data are appended to @out by
 * ak_st_write(), or reserved by ak_st_reserve() and written at
 * ak_st_offset() by ak_out_pwrite(), in any order and by several threads.
 *
 * Return: 0, -EINVAL for a name that is there twice, is not UTF-8 or is
 * "__metadata__", and for block types; -EFBIG for a header above 100 MB;
 * -ENOMEM, or what writing gave.
 */
int ak_st_writer_new(struct ak_out *out, const struct ak_st_new *tensor,
		     size_t count, enum ak_st_order order,
		     const struct ak_st_text *meta, size_t num_meta,
		     struct ak_st_writer **w, struct ak_err *err);

/**
 * ak_st_writer_free() - give a writer back
 * @w: a writer or NULL
 */
void ak_st_writer_free(struct ak_st_writer *w);

/**
 * ak_st_at() - which tensor has a place in the file
 * @w: a writer
 * @place: from 0, in the order of the data
 *
 * Return: its number in the array that was given to ak_st_writer_new().
 */
size_t ak_st_at(const struct ak_st_writer *w, size_t place);

/**
 * ak_st_offset() - where the elements of a tensor go
 * @w: a writer
 * @i: number of the tensor in the array that was given
 *
 * Return: byte in @out.
 */
uint64_t ak_st_offset(const struct ak_st_writer *w, size_t i);

/**
 * ak_st_size() - how many bytes it has
 * @w: a writer
 * @i: number of the tensor in the array that was given
 *
 * Return: bytes.
 */
uint64_t ak_st_size(const struct ak_st_writer *w, size_t i);

/**
 * ak_st_write() - append elements, in the order of ak_st_at()
 * @w: a writer
 * @data: what, little endian; the bytes of a tensor may come in pieces
 * @size: its bytes
 * @err: error text
 *
 * Return: 0, -EINVAL for more than the header promises, or what writing gave.
 */
int ak_st_write(struct ak_st_writer *w, const void *data, size_t size,
		struct ak_err *err);

/**
 * ak_st_reserve() - make room for all elements, instead of ak_st_write()
 * @w: a writer
 * @err: error text
 *
 * Return: 0 or a negative errno.
 */
int ak_st_reserve(struct ak_st_writer *w, struct ak_err *err);

/**
 * ak_st_finish() - check that every promised byte was appended or reserved
 * @w: a writer
 * @err: error text
 *
 * Return: 0, -EINVAL.
 */
int ak_st_finish(struct ak_st_writer *w, struct ak_err *err);

#endif /* AK_SAFETENSORS_WRITE_H */
