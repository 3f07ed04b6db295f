/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AK_NPY_INTERNAL_H
#define AK_NPY_INTERNAL_H

#include "format/npy.h"

/** NPY_PREFIX - bytes of magic, version and header length, version 1.0 */
#define NPY_PREFIX 10u

/** NPY_GROWTH_DIGITS - digits that NumPy leaves room for in the first size */
#define NPY_GROWTH_DIGITS 21

/** NPY_MAX_DICTIONARY - above what ak_npy_print() can write */
#define NPY_MAX_DICTIONARY 320

#define HOST_LITTLE (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)

/**
 * ak_npy_dictionary() - read a header's dictionary
 * @text: header without its prefix
 * @size: bytes of @text
 * @npy: where to put dtype, shape and orders; of records the type is
 *	AK_TENSOR_OTHER
 * @records: where to put fields of records; NULL refuses them
 * @err: error text
 *
 * Return: 0, -EINVAL, -ENOTSUP for another dtype.
 */
int ak_npy_dictionary(const char *text, size_t size, struct ak_npy *npy,
		      struct ak_npy_records *records, struct ak_err *err);

/**
 * ak_npy_refuse_type() - say that elements are of no &enum akida_dtype
 * @npy: what a header says
 * @err: error text
 *
 * Return: -ENOTSUP.
 */
int ak_npy_refuse_type(const struct ak_npy *npy, struct ak_err *err);

/**
 * ak_npy_print() - write a header's dictionary
 * @type: element type
 * @little: byte order of the elements
 * @ndim: number of dimensions
 * @sizes: shape, slowest first
 * @text: where to put it
 * @room: bytes of @text, at least NPY_MAX_DICTIONARY
 *
 * Return: its length, with the spaces that let it grow; 0 for a type that
 * NumPy has not.
 */
size_t ak_npy_print(enum ak_tensor_type type, bool little, unsigned int ndim,
		    const uint64_t *sizes, char *text, size_t room);

/**
 * ak_npy_type() - the type of a tensor's elements for a dtype
 * @dtype: a dtype
 *
 * Return: a type, AK_TENSOR_OTHER for what is no dtype.
 */
enum ak_tensor_type ak_npy_type(enum akida_dtype dtype);

#endif /* AK_NPY_INTERNAL_H */
