/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * GGUF version 3 (and 2, which is laid out alike): keys with values, a list
 * of tensors, their data. Documentation/formats/gguf.rst.
 */
#ifndef AK_GGUF_H
#define AK_GGUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/names.h"
#include "format/gguf_format.h"

/**
 * struct ak_gguf_key - a key and its value
 * @name: of the key
 * @type: of the value, or of the elements of an array
 * @array: it is an array
 * @count: elements; 1 for what is no array
 * @data: the value's first byte in the file; arrays of strings are walked by
 *	ak_gguf_string()
 * @size: bytes of the value in the file
 */
struct ak_gguf_key {
	char *name;
	enum ak_gguf_type type;
	bool array;
	uint64_t count;
	const uint8_t *data;
	size_t size;
};

/**
 * struct ak_gguf_tensor - a tensor
 * @name: its name
 * @ggml: how ggml stores it
 * @ndim: number of dimensions
 * @dim: sizes, slowest first (the other way round than in the file)
 * @count: elements
 * @offset: where in the file they begin
 * @size: their bytes
 */
struct ak_gguf_tensor {
	char *name;
	const struct ak_ggml_type *ggml;
	unsigned int ndim;
	uint64_t dim[AK_TENSOR_MAX_DIMS];
	uint64_t count, offset, size;
};

/**
 * struct ak_gguf - what a file says before its data
 * @version: 2 or 3
 * @alignment: of tensors
 * @key: keys in the order of the file
 * @num_keys: how many
 * @tensor: tensors in the order of the file
 * @count: how many
 * @key_names: numbers of keys
 * @names: numbers of tensors
 */
struct ak_gguf {
	uint32_t version, alignment;
	struct ak_gguf_key *key;
	size_t num_keys;
	struct ak_gguf_tensor *tensor;
	size_t count;
	struct ak_names key_names, names;
};

/**
 * ak_is_gguf() - does a file look like one
 * @data: the file
 * @size: its bytes
 *
 * Return: true if it begins with GGUF's magic bytes.
 */
bool ak_is_gguf(const void *data, size_t size);

/**
 * ak_gguf_parse() - read and check all but the data
 * @data: the file; values stay in it
 * @size: its bytes
 * @g: where to put what it says; ak_gguf_clear() gives it back
 * @err: error text; names the key or tensor
 *
 * Checked is that every count and length fits the file, that names are there
 * once, that tensors are aligned, lie in the file and do not overlap.
 *
 * Return: 0, -EBADMSG, -ENOTSUP for other versions, big-endian files and
 * unknown types of tensors, -ENOMEM.
 */
int ak_gguf_parse(const void *data, size_t size, struct ak_gguf *g,
		  struct ak_err *err);

/**
 * ak_gguf_clear() - give it back
 * @g: filled by ak_gguf_parse(), or all zero
 */
void ak_gguf_clear(struct ak_gguf *g);

/**
 * ak_gguf_find() - a key by its name
 * @g: a file
 * @name: of the key
 *
 * Return: the key or NULL.
 */
const struct ak_gguf_key *ak_gguf_find(const struct ak_gguf *g,
				       const char *name);

/**
 * ak_gguf_integer() - a whole number, or one of an array
 * @k: a key
 * @i: number of the element, 0 for what is no array
 * @value: where to put it; truth values are 0 and 1
 *
 * Return: 0, -EINVAL for other types, -ERANGE for an element that is not
 * there, or a value above 2^63 - 1.
 */
int ak_gguf_integer(const struct ak_gguf_key *k, uint64_t i, int64_t *value);

/**
 * ak_gguf_float() - a number of any type, or one of an array
 * @k: a key
 * @i: number of the element
 * @value: where to put it
 *
 * Return: 0, -EINVAL for strings, -ERANGE.
 */
int ak_gguf_float(const struct ak_gguf_key *k, uint64_t i, double *value);

/**
 * ak_gguf_string() - take the next string of a key
 * @k: a key of strings
 * @pos: byte in the value, 0 at first; moved behind the string
 * @text: where to put its begin; it has no end
 * @length: where to put its bytes
 *
 * Return: 0, -EINVAL for other types, -ERANGE after the last one.
 */
int ak_gguf_string(const struct ak_gguf_key *k, size_t *pos, const char **text,
		   size_t *length);

#endif /* AK_GGUF_H */
