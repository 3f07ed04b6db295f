// SPDX-License-Identifier: LGPL-2.1-or-later
#include "format/tensor_type.h"

#include <errno.h>
#include <stdbool.h>

#include "common/util.h"

/* The bytes that follow the elements of an I2_S tensor: a float, and room. */
#define I2_S_TAIL 32

/* Blocks: ggml's definitions, see Documentation/formats/gguf.rst. */
static const struct {
	const char *name;
	size_t bytes, elements;
} types[] = {
	[AK_TENSOR_F64] = { "F64", 8, 1 },
	[AK_TENSOR_F32] = { "F32", 4, 1 },
	[AK_TENSOR_F16] = { "F16", 2, 1 },
	[AK_TENSOR_BF16] = { "BF16", 2, 1 },
	[AK_TENSOR_I64] = { "I64", 8, 1 },
	[AK_TENSOR_I32] = { "I32", 4, 1 },
	[AK_TENSOR_I16] = { "I16", 2, 1 },
	[AK_TENSOR_I8] = { "I8", 1, 1 },
	[AK_TENSOR_U64] = { "U64", 8, 1 },
	[AK_TENSOR_U32] = { "U32", 4, 1 },
	[AK_TENSOR_U16] = { "U16", 2, 1 },
	[AK_TENSOR_U8] = { "U8", 1, 1 },
	[AK_TENSOR_BOOL] = { "BOOL", 1, 1 },
	[AK_TENSOR_Q4_0] = { "Q4_0", 18, 32 },
	[AK_TENSOR_Q8_0] = { "Q8_0", 34, 32 },
	[AK_TENSOR_Q6_K] = { "Q6_K", 210, 256 },
	[AK_TENSOR_TQ1_0] = { "TQ1_0", 54, 256 },
	[AK_TENSOR_TQ2_0] = { "TQ2_0", 66, 256 },
	[AK_TENSOR_I2_S] = { "I2_S", 32, 128 },
	[AK_TENSOR_OTHER] = { "OTHER", 0, 0 },
};

const char *ak_tensor_type_name(enum ak_tensor_type type)
{
	return (size_t)type < ARRAY_SIZE(types) ? types[type].name : "OTHER";
}

size_t ak_tensor_type_size(enum ak_tensor_type type)
{
	return type < AK_TENSOR_Q4_0 ? types[type].bytes : 0;
}

size_t ak_tensor_type_block(enum ak_tensor_type type, size_t *elements)
{
	if ((size_t)type >= ARRAY_SIZE(types))
		type = AK_TENSOR_OTHER;
	*elements = types[type].elements;
	return types[type].bytes;
}

/* Sizes of 0 are left out: strides of an empty tensor must be numbers, too. */
static int product(unsigned int ndim, const uint64_t *dim, uint64_t *count,
		   bool *empty)
{
	unsigned int i;

	*count = 1;
	*empty = false;
	for (i = 0; i < ndim; i++) {
		if (!dim[i])
			*empty = true;
		else if (__builtin_mul_overflow(*count, dim[i], count) ||
			 *count > INT64_MAX)
			return -EOVERFLOW;
	}
	return 0;
}

int ak_tensor_count(unsigned int ndim, const uint64_t *dim, uint64_t *count)
{
	bool empty;
	int rc = product(ndim, dim, count, &empty);

	if (empty)
		*count = 0;
	return rc;
}

int ak_tensor_type_bytes(enum ak_tensor_type type, unsigned int ndim,
			 const uint64_t *dim, uint64_t *count, uint64_t *bytes)
{
	size_t elements, block = ak_tensor_type_block(type, &elements);
	bool empty;

	if (!block || ndim > AK_TENSOR_MAX_DIMS)
		return -EINVAL;
	if (product(ndim, dim, count, &empty))
		return -EOVERFLOW;
	/* I2_S goes through the whole tensor, in blocks of 64 on Arm. */
	if (type == AK_TENSOR_I2_S) {
		*count = empty ? 0 : *count;
		*bytes = *count / 4 + I2_S_TAIL;
		return *count % 4 ? -EINVAL : 0;
	}
	if (elements > 1 && (!ndim || dim[ndim - 1] % elements))
		return -EINVAL;
	if (__builtin_mul_overflow(*count / elements, block, bytes) ||
	    *bytes > INT64_MAX)
		return -EOVERFLOW;
	if (empty)
		*count = *bytes = 0;
	return 0;
}
