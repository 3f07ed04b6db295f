/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * GGUF version 3, written as a stream: keys, then the list of tensors, then
 * their data. Documentation/formats/gguf.rst.
 */
#ifndef AK_GGUF_WRITE_H
#define AK_GGUF_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/out.h"
#include "format/tensor_type.h"

/**
 * struct ak_gguf_writer - a file that is being put together
 *
 * Opaque. Functions that add to it note the first error and do nothing after
 * it; ak_gguf_begin() returns it.
 */
struct ak_gguf_writer;

/**
 * ak_gguf_writer_new() - begin a file
 * @alignment: of each tensor's data, a power of two from 8; the format's
 *	default is 32, and another one is written as general.alignment
 *
 * Return: a writer for ak_gguf_writer_free(), NULL without memory or for an
 * alignment that cannot be.
 */
struct ak_gguf_writer *ak_gguf_writer_new(uint32_t alignment);

/**
 * ak_gguf_writer_free() - give a writer back
 * @w: a writer or NULL
 */
void ak_gguf_writer_free(struct ak_gguf_writer *w);

/**
 * ak_gguf_put_u32() - add a key, in the order of the calls
 * @w: a writer
 * @key: its name, ASCII
 * @value: its value
 */
void ak_gguf_put_u32(struct ak_gguf_writer *w, const char *key, uint32_t value);

/**
 * ak_gguf_put_i32() - the same for int32
 * @w: a writer
 * @key: its name
 * @value: its value
 */
void ak_gguf_put_i32(struct ak_gguf_writer *w, const char *key, int32_t value);

/**
 * ak_gguf_put_u8() - the same for uint8
 * @w: a writer
 * @key: its name
 * @value: its value
 */
void ak_gguf_put_u8(struct ak_gguf_writer *w, const char *key, uint8_t value);

/**
 * ak_gguf_put_i8() - the same for int8
 * @w: a writer
 * @key: its name
 * @value: its value
 */
void ak_gguf_put_i8(struct ak_gguf_writer *w, const char *key, int8_t value);

/**
 * ak_gguf_put_u16() - the same for uint16
 * @w: a writer
 * @key: its name
 * @value: its value
 */
void ak_gguf_put_u16(struct ak_gguf_writer *w, const char *key, uint16_t value);

/**
 * ak_gguf_put_i16() - the same for int16
 * @w: a writer
 * @key: its name
 * @value: its value
 */
void ak_gguf_put_i16(struct ak_gguf_writer *w, const char *key, int16_t value);

/**
 * ak_gguf_put_u64() - the same for uint64
 * @w: a writer
 * @key: its name
 * @value: its value
 */
void ak_gguf_put_u64(struct ak_gguf_writer *w, const char *key, uint64_t value);

/**
 * ak_gguf_put_i64() - the same for int64
 * @w: a writer
 * @key: its name
 * @value: its value
 */
void ak_gguf_put_i64(struct ak_gguf_writer *w, const char *key, int64_t value);

/**
 * ak_gguf_put_f32() - the same for float32
 * @w: a writer
 * @key: its name
 * @value: its value
 */
void ak_gguf_put_f32(struct ak_gguf_writer *w, const char *key, float value);

/**
 * ak_gguf_put_f64() - the same for float64
 * @w: a writer
 * @key: its name
 * @value: its value
 */
void ak_gguf_put_f64(struct ak_gguf_writer *w, const char *key, double value);

/**
 * ak_gguf_put_bool() - the same for a truth value
 * @w: a writer
 * @key: its name
 * @value: its value
 */
void ak_gguf_put_bool(struct ak_gguf_writer *w, const char *key, bool value);

/**
 * ak_gguf_put_string() - the same for a string
 * @w: a writer
 * @key: its name
 * @value: UTF-8
 */
void ak_gguf_put_string(struct ak_gguf_writer *w, const char *key,
			const char *value);

/**
 * ak_gguf_put_array() - add an array of numbers or truth values
 * @w: a writer
 * @key: its name
 * @type: AK_TENSOR_U8 to AK_TENSOR_I64, F32, F64, or BOOL (one byte each)
 * @values: @count elements of the host
 * @count: how many
 */
void ak_gguf_put_array(struct ak_gguf_writer *w, const char *key,
		       enum ak_tensor_type type, const void *values,
		       size_t count);

/**
 * ak_gguf_put_strings() - add an array of strings
 * @w: a writer
 * @key: its name
 * @values: texts; any bytes, as tokens may be no UTF-8
 * @lengths: their bytes, or NULL when they are NUL-terminated
 * @count: how many
 */
void ak_gguf_put_strings(struct ak_gguf_writer *w, const char *key,
			 const char *const *values, const size_t *lengths,
			 size_t count);

/**
 * ak_gguf_add_tensor() - add a tensor, in the order of the calls
 * @w: a writer
 * @name: its name, at most 63 bytes (ggml's limit)
 * @type: of its elements; F64, F32, F16, BF16, I8 to I64, or blocks
 * @ndim: number of dimensions, 1 to 4 (ggml's limit)
 * @dim: sizes, slowest first; the file has them the other way round
 *
 * Return: its number for ak_gguf_offset(), from 0.
 */
size_t ak_gguf_add_tensor(struct ak_gguf_writer *w, const char *name,
			  enum ak_tensor_type type, unsigned int ndim,
			  const uint64_t *dim);

/**
 * ak_gguf_header() - header, keys and the list of tensors, in memory
 * @w: a writer; nothing can be added any more
 * @data: where to put the malloc()ed bytes, padded to the alignment: the
 *	first tensor's data follow
 * @size: where to put how many
 * @err: error text; names the key or the tensor
 *
 * For those who write the data themselves: tensor after tensor, each padded.
 *
 * Return: as ak_gguf_begin().
 */
int ak_gguf_header(struct ak_gguf_writer *w, uint8_t **data, size_t *size,
		   struct ak_err *err);

/**
 * ak_gguf_begin() - write header, keys and the list of tensors
 * @w: a writer; nothing can be added any more
 * @out: where it goes, an empty file; stays the caller's, who finishes or
 *	abandons it
 * @err: error text; names the key or the tensor
 *
 * The data are appended by ak_gguf_write(), or reserved by
 * ak_gguf_reserve() and written at ak_gguf_offset() by ak_out_pwrite(), in
 * any order and by several threads.
 *
 * Return: 0, -EINVAL for a key or tensor that was added wrongly or twice,
 * -ENOMEM, or what writing gave.
 */
int ak_gguf_begin(struct ak_gguf_writer *w, struct ak_out *out,
		  struct ak_err *err);

/**
 * ak_gguf_offset() - where the elements of a tensor go
 * @w: a writer after ak_gguf_begin()
 * @i: number of the tensor
 *
 * Return: byte in @out.
 */
uint64_t ak_gguf_offset(const struct ak_gguf_writer *w, size_t i);

/**
 * ak_gguf_size() - how many bytes it has, without padding
 * @w: a writer
 * @i: number of the tensor
 *
 * Return: bytes.
 */
uint64_t ak_gguf_size(const struct ak_gguf_writer *w, size_t i);

/**
 * ak_gguf_write() - append elements, in the order of the tensors
 * @w: a writer after ak_gguf_begin()
 * @data: what; the bytes of a tensor may come in pieces, but a piece does not
 *	cross from one tensor to the next. Padding is written by itself
 * @size: its bytes
 * @err: error text
 *
 * Return: 0, -EINVAL for more than a tensor has, or what writing gave.
 */
int ak_gguf_write(struct ak_gguf_writer *w, const void *data, size_t size,
		  struct ak_err *err);

/**
 * ak_gguf_reserve() - make room for all elements, instead of ak_gguf_write()
 * @w: a writer after ak_gguf_begin()
 * @err: error text
 *
 * Return: 0 or a negative errno.
 */
int ak_gguf_reserve(struct ak_gguf_writer *w, struct ak_err *err);

/**
 * ak_gguf_finish() - write the last padding and check that nothing is missing
 * @w: a writer after ak_gguf_begin()
 * @err: error text
 *
 * Return: 0, -EINVAL, or what writing gave.
 */
int ak_gguf_finish(struct ak_gguf_writer *w, struct ak_err *err);

#endif /* AK_GGUF_WRITE_H */
