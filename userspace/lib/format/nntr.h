/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * NNTR files: a header of keys, then tensors, without padding. Layout and
 * standing: Documentation/formats/nntr.rst.
 */
#ifndef AK_NNTR_H
#define AK_NNTR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "format/tensor_type.h"

#define AK_NNTR_MAGIC 0x4e4e5452u /* "RTNN" in the file */
#define AK_NNTR_VERSION 1u

/* The key that only files with ggml's blocks have, and its value. */
#define AK_NNTR_BLOCKS "block_format"
#define AK_NNTR_BLOCKS_GGML "ggml"

/**
 * enum ak_nntr_type - types of tensors in the file
 * @AK_NNTR_REPACKED: Q4_0, interleaved; the key repack_format says how
 * @AK_NNTR_Q4_0: blocks of 32
 * @AK_NNTR_Q6_K: blocks of 256
 * @AK_NNTR_F32: floats
 * @AK_NNTR_Q8_0: blocks of 32; ours, ggml's number
 */
enum ak_nntr_type {
	AK_NNTR_REPACKED = 3,
	AK_NNTR_Q4_0 = 4,
	AK_NNTR_Q6_K = 5,
	AK_NNTR_F32 = 6,
	AK_NNTR_Q8_0 = 8,
};

/* Types of keys. */
#define AK_NNTR_INT 0
#define AK_NNTR_FLOAT 1
#define AK_NNTR_STRING 2

/**
 * struct ak_nntr_key - a key of the header
 * @name: NUL-terminated copy
 * @type: AK_NNTR_INT, AK_NNTR_FLOAT or AK_NNTR_STRING
 * @i: value of an integer
 * @f: value of a float
 * @text: value of a string, NUL-terminated; "" stands for None
 */
struct ak_nntr_key {
	char *name;
	unsigned int type;
	uint32_t i;
	float f;
	char *text;
};

/**
 * struct ak_nntr_tensor - a tensor
 * @name: NUL-terminated copy
 * @ndim: number of dimensions
 * @dim: sizes, slowest first
 * @type: an &enum ak_nntr_type; others are kept as they are
 * @data: its bytes, in the file
 * @size: how many
 */
struct ak_nntr_tensor {
	char *name;
	unsigned int ndim;
	uint64_t dim[AK_TENSOR_MAX_DIMS];
	unsigned int type;
	const uint8_t *data;
	size_t size;
};

/**
 * struct ak_nntr - a file
 * @key: keys in order
 * @keys: how many
 * @tensor: tensors in order
 * @tensors: how many
 * @ggml: blocks are ggml's, not the script's
 */
struct ak_nntr {
	struct ak_nntr_key *key;
	size_t keys;
	struct ak_nntr_tensor *tensor;
	size_t tensors;
	bool ggml;
};

/**
 * ak_nntr_parse() - read a file
 * @data: the file
 * @size: its bytes
 * @out: what it says; ak_nntr_clear() gives it back
 * @err: error text; says at which byte
 *
 * Checks that all of it lies within the file, that nothing follows the last
 * tensor, that no name is there twice, and that the bytes of a tensor fit
 * its shape and type.
 *
 * Return: 0, -EBADMSG, -ENOMEM.
 */
int ak_nntr_parse(const void *data, size_t size, struct ak_nntr *out,
		  struct ak_err *err);

/**
 * ak_nntr_clear() - give it back
 * @n: filled by ak_nntr_parse(), or all zero
 */
void ak_nntr_clear(struct ak_nntr *n);

/**
 * ak_nntr_key() - a key by its name
 * @n: a file
 * @name: of the key
 *
 * Return: the key or NULL.
 */
const struct ak_nntr_key *ak_nntr_key(const struct ak_nntr *n,
				      const char *name);

/**
 * ak_nntr_tensor() - a tensor by its name
 * @n: a file
 * @name: of the tensor
 *
 * Return: the tensor or NULL.
 */
const struct ak_nntr_tensor *ak_nntr_tensor(const struct ak_nntr *n,
					    const char *name);

/**
 * ak_nntr_rows() - rows and columns of a tensor
 * @t: a tensor
 * @cols: where to put the columns: the last dimension, 1 for scalars
 *
 * Return: rows: the product of the other dimensions.
 */
uint64_t ak_nntr_rows(const struct ak_nntr_tensor *t, uint64_t *cols);

/**
 * ak_nntr_type_name() - name of a type
 * @type: an &enum ak_nntr_type
 *
 * Return: "Q4_0" and so on, "?" for an unknown one.
 */
const char *ak_nntr_type_name(unsigned int type);

#endif /* AK_NNTR_H */
