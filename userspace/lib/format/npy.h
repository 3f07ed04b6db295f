/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * NumPy's .npy: a header that is a Python dictionary, then the elements.
 */
#ifndef AK_NPY_H
#define AK_NPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "akida/array.h"
#include "common/err.h"

/**
 * struct ak_npy - what a .npy header says, checked against the file's size
 * @dtype: element type
 * @ndim: number of dimensions
 * @shape: sizes, slowest first
 * @fortran: the first index is the fastest
 * @swap: elements are in the other byte order
 * @count: number of elements
 * @bytes: their size
 * @offset: where in the file they begin
 */
struct ak_npy {
	enum akida_dtype dtype;
	unsigned int ndim;
	size_t shape[AKIDA_ARRAY_MAX_DIMS];
	bool fortran, swap;
	size_t count, bytes, offset;
};

/**
 * ak_npy_parse() - read the header of a .npy file
 * @data: the file
 * @size: its bytes; what follows the elements is ignored, as NumPy does
 * @npy: where to put what it says
 * @err: error text; says at which byte
 *
 * Return: 0, -EINVAL for a damaged file, -ENOTSUP for a dtype that is not in
 * &enum akida_dtype.
 */
int ak_npy_parse(const void *data, size_t size, struct ak_npy *npy,
		 struct ak_err *err);

/**
 * ak_npy_elements() - copy the elements out
 * @npy: what ak_npy_parse() has said of @data
 * @data: the file
 * @out: @npy->bytes bytes: C order, host byte order, truth values 0 or 1
 */
void ak_npy_elements(const struct ak_npy *npy, const void *data, void *out);

/**
 * ak_npy_build() - write a .npy file
 * @dtype: element type
 * @ndim: number of dimensions
 * @shape: @ndim sizes, slowest first
 * @elements: C order, host byte order
 * @data: where to put the malloc()ed file: version 1.0, the very bytes that
 *	NumPy 1.24 and later write
 * @size: where to put its size
 * @err: error text
 *
 * Return: 0, -EINVAL for an impossible shape or dtype, -ENOMEM.
 */
int ak_npy_build(enum akida_dtype dtype, unsigned int ndim, const size_t *shape,
		 const void *elements, uint8_t **data, size_t *size,
		 struct ak_err *err);

#endif /* AK_NPY_H */
