/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of akida_array handles.
 */
#ifndef AK_ARRAY_H
#define AK_ARRAY_H

#include <stddef.h>

#include "akida/array.h"
#include "common/err.h"

/** AK_ARRAY_ALIGN - alignment of the elements: a cache line, a vector */
#define AK_ARRAY_ALIGN 64

/**
 * struct akida_array - an owned array
 * @dtype: element type, 0 for an empty array
 * @ndim: number of dimensions
 * @shape: sizes, slowest first
 * @data: elements, never NULL but for an empty array
 * @bytes: size of the elements
 * @err: what went wrong last
 */
struct akida_array {
	enum akida_dtype dtype;
	unsigned int ndim;
	size_t shape[AKIDA_ARRAY_MAX_DIMS];
	void *data;
	size_t bytes;
	struct ak_err err;
};

#endif /* AK_ARRAY_H */
