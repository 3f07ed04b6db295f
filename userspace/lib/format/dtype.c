// SPDX-License-Identifier: LGPL-2.1-or-later
#include "format/dtype.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/export.h"
#include "common/util.h"

static const struct {
	const char *name;
	size_t size;
} dtypes[] = {
	[AKIDA_DTYPE_UINT8] = { "uint8", 1 },
	[AKIDA_DTYPE_INT8] = { "int8", 1 },
	[AKIDA_DTYPE_INT16] = { "int16", 2 },
	[AKIDA_DTYPE_UINT16] = { "uint16", 2 },
	[AKIDA_DTYPE_INT32] = { "int32", 4 },
	[AKIDA_DTYPE_UINT32] = { "uint32", 4 },
	[AKIDA_DTYPE_INT64] = { "int64", 8 },
	[AKIDA_DTYPE_UINT64] = { "uint64", 8 },
	[AKIDA_DTYPE_FLOAT32] = { "float32", 4 },
	[AKIDA_DTYPE_FLOAT64] = { "float64", 8 },
	[AKIDA_DTYPE_BOOL] = { "bool", 1 },
};

AK_EXPORT size_t akida_dtype_size(enum akida_dtype dtype)
{
	return (size_t)dtype < ARRAY_SIZE(dtypes) ? dtypes[dtype].size : 0;
}

AK_EXPORT const char *akida_dtype_name(enum akida_dtype dtype)
{
	return akida_dtype_size(dtype) ? dtypes[dtype].name : "unknown";
}

int ak_array_bytes(enum akida_dtype dtype, unsigned int ndim,
		   const size_t *shape, size_t *count, size_t *bytes)
{
	size_t size = akida_dtype_size(dtype), product = size;
	bool empty = false;
	unsigned int i;

	if (!size || ndim > AKIDA_ARRAY_MAX_DIMS)
		return -EINVAL;
	/* Also the strides of an array without elements must be numbers. */
	for (i = 0; i < ndim; i++) {
		if (!shape[i])
			empty = true;
		else if (__builtin_mul_overflow(product, shape[i], &product))
			return -EINVAL;
	}
	if (product > PTRDIFF_MAX)
		return -EINVAL;
	*bytes = empty ? 0 : product;
	*count = *bytes / size;
	return 0;
}
