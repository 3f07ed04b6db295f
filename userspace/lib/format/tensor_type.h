/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How the elements of a tensor are stored: what safetensors, PyTorch, NumPy
 * and GGUF have in common.
 */
#ifndef AK_TENSOR_TYPE_H
#define AK_TENSOR_TYPE_H

#include <stddef.h>
#include <stdint.h>

#define AK_TENSOR_MAX_DIMS 8

/**
 * enum ak_tensor_type - how an element is stored
 *
 * Floats and integers hold one element in a fixed number of bytes. The block
 * types are ggml's, and only inspected, multiplied and verified, never
 * converted from.
 */
enum ak_tensor_type {
	AK_TENSOR_F64,
	AK_TENSOR_F32,
	AK_TENSOR_F16,
	AK_TENSOR_BF16,
	AK_TENSOR_I64,
	AK_TENSOR_I32,
	AK_TENSOR_I16,
	AK_TENSOR_I8,
	AK_TENSOR_U64,
	AK_TENSOR_U32,
	AK_TENSOR_U16,
	AK_TENSOR_U8,
	AK_TENSOR_BOOL,
	AK_TENSOR_Q4_0, /* from here on: ggml blocks */
	AK_TENSOR_Q8_0,
	AK_TENSOR_Q6_K,
	AK_TENSOR_TQ1_0,
	AK_TENSOR_TQ2_0,
	AK_TENSOR_I2_S,
	AK_TENSOR_OTHER, /* known to the container, not to us */
};

/**
 * ak_tensor_type_name() - name of a type
 * @type: a type
 *
 * Return: "F32", "BF16", "Q4_0" and so on, as safetensors and ggml name them.
 */
const char *ak_tensor_type_name(enum ak_tensor_type type);

/**
 * ak_tensor_type_size() - bytes of an element
 * @type: a type
 *
 * Return: bytes, 0 for block types.
 */
size_t ak_tensor_type_size(enum ak_tensor_type type);

/**
 * ak_tensor_type_block() - elements and bytes of a block
 * @type: a type
 * @elements: where to put how many elements a block has; 1 for plain types
 *
 * I2_S counts as blocks of 128 elements in 32 bytes, as on x86; what follows
 * the last one, a float scale in 32 bytes, is only in ak_tensor_type_bytes().
 *
 * Return: bytes of a block, 0 for AK_TENSOR_OTHER.
 */
size_t ak_tensor_type_block(enum ak_tensor_type type, size_t *elements);

/**
 * ak_tensor_type_bytes() - size of a tensor
 * @type: a type
 * @ndim: number of dimensions, at most AK_TENSOR_MAX_DIMS
 * @dim: @ndim sizes, slowest first
 * @count: where to put the number of elements
 * @bytes: where to put their size as stored
 *
 * Return: 0, -EOVERFLOW for a size above 2^63 - 1, also before a dimension
 * of 0; -EINVAL for rows that are no whole number of blocks, too many
 * dimensions, or AK_TENSOR_OTHER.
 */
int ak_tensor_type_bytes(enum ak_tensor_type type, unsigned int ndim,
			 const uint64_t *dim, uint64_t *count, uint64_t *bytes);

/**
 * ak_tensor_count() - elements of a shape
 * @ndim: number of dimensions
 * @dim: @ndim sizes
 * @count: where to put their product
 *
 * Return: 0, -EOVERFLOW above 2^63 - 1, also before a dimension of 0.
 */
int ak_tensor_count(unsigned int ndim, const uint64_t *dim, uint64_t *count);

#endif /* AK_TENSOR_TYPE_H */
