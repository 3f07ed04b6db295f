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
#include "format/tensor_type.h"

/** AK_NPY_NO_DTYPE - element type that is in no &enum akida_dtype */
#define AK_NPY_NO_DTYPE ((enum akida_dtype)0)

/** AK_NPY_MAX_HEAD - above what ak_npy_head() writes */
#define AK_NPY_MAX_HEAD 448

/**
 * struct ak_npy - what a .npy header says, checked against the file's size
 * @dtype: element type, AK_NPY_NO_DTYPE for half floats
 * @type: the same for tensors
 * @ndim: number of dimensions
 * @shape: sizes, slowest first
 * @fortran: the first index is the fastest
 * @swap: elements are in the other byte order
 * @count: number of elements
 * @bytes: their size
 * @offset: where in the file they begin
 * @lenient: set by who lists arrays of any dtype, too: those that are not
 *	known have type AK_TENSOR_OTHER, and count and bytes 0
 */
struct ak_npy {
	enum akida_dtype dtype;
	enum ak_tensor_type type;
	unsigned int ndim;
	size_t shape[AKIDA_ARRAY_MAX_DIMS];
	bool fortran, swap;
	size_t count, bytes, offset;
	bool lenient;
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
 * ak_npy_parse_head() - read the header of a .npy file that is partly there
 * @data: the beginning of the file
 * @have: its bytes
 * @size: bytes of the whole file
 * @npy: where to put what it says
 * @err: error text; says at which byte
 *
 * Half floats are told, too, and arrays of other dtypes (see
 * &struct ak_npy.lenient).
 *
 * Return: as ak_npy_parse(); -EAGAIN with the bytes that are needed in
 * @npy->offset when the header is longer than @have.
 */
int ak_npy_parse_head(const void *data, size_t have, size_t size,
		      struct ak_npy *npy, struct ak_err *err);

/* Most fields of a record, longest name of one with its end */
#define AK_NPY_MAX_FIELDS 16
#define AK_NPY_MAX_NAME 16

/**
 * struct ak_npy_field - a number in each record of an array
 * @name: its name, cut
 * @type: element type
 * @swap: it is in the other byte order
 * @offset: bytes of the record before it
 */
struct ak_npy_field {
	char name[AK_NPY_MAX_NAME];
	enum ak_tensor_type type;
	bool swap;
	size_t offset;
};

/**
 * struct ak_npy_records - fields of an array of records
 * @field: fields; raw bytes between them are left out
 * @num_fields: how many, 0 if the array's elements are numbers
 * @size: bytes of a record
 */
struct ak_npy_records {
	struct ak_npy_field field[AK_NPY_MAX_FIELDS];
	unsigned int num_fields;
	size_t size;
};

/**
 * ak_npy_parse_records() - read the header of a .npy file that may be an array
 *	of records with named fields ("structured")
 * @data: the file
 * @size: its bytes
 * @npy: where to put what it says; of records @count and @bytes count these
 * @records: where to put their fields
 * @err: error text; says at which byte
 *
 * Return: as ak_npy_parse(); -ENOTSUP for fields that are no single numbers.
 */
int ak_npy_parse_records(const void *data, size_t size, struct ak_npy *npy,
			 struct ak_npy_records *records, struct ak_err *err);

/**
 * ak_npy_head() - write a header
 * @type: element type
 * @little: byte order of the elements
 * @ndim: number of dimensions, at most AKIDA_ARRAY_MAX_DIMS
 * @shape: sizes, slowest first
 * @head: where to put it, AK_NPY_MAX_HEAD bytes: version 1.0, C order, the
 *	very bytes that NumPy 1.24 and later write
 *
 * Return: its size, a multiple of 64; 0 for a type that NumPy has not.
 */
size_t ak_npy_head(enum ak_tensor_type type, bool little, unsigned int ndim,
		   const uint64_t *shape, uint8_t *head);

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
