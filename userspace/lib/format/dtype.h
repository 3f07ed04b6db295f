/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sizes of element types and arrays.
 */
#ifndef AK_DTYPE_H
#define AK_DTYPE_H

#include <stddef.h>

#include "akida/array.h"

/**
 * ak_array_bytes() - size of an array
 * @dtype: element type
 * @ndim: number of dimensions
 * @shape: @ndim sizes
 * @count: where to put the number of elements
 * @bytes: where to put their size
 *
 * Return: 0, -EINVAL for an impossible shape or dtype.
 */
int ak_array_bytes(enum akida_dtype dtype, unsigned int ndim,
		   const size_t *shape, size_t *count, size_t *bytes);

#endif /* AK_DTYPE_H */
