// SPDX-License-Identifier: LGPL-2.1-or-later
#include "format/npy_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "format/dtype.h"

#define MAGIC "\x93NUMPY"
#define MAGIC_SIZE 6u
#define ALIGN 64u

static int parse(const void *data, size_t have, size_t size, bool lenient,
		 struct ak_npy *npy, struct ak_npy_records *records,
		 struct ak_err *err)
{
	size_t prefix = NPY_PREFIX, length;
	uint64_t shape[AKIDA_ARRAY_MAX_DIMS], count, bytes;
	const uint8_t *p = data;
	unsigned int i;
	int rc;

	memset(npy, 0, sizeof(*npy));
	npy->lenient = lenient;
	if (have < MAGIC_SIZE || memcmp(p, MAGIC, MAGIC_SIZE))
		return ak_errf(err, -EINVAL, "is not a .npy file");
	if (have < NPY_PREFIX + 2)
		return ak_errf(err, -EINVAL,
			       "the .npy file ends in its header");
	if (p[6] < 1 || p[6] > 3 || p[7])
		return ak_errf(
			err, -EINVAL,
			"is a .npy file of version %u.%u; 1.0, 2.0 and 3.0 are known",
			p[6], p[7]);
	length = p[8] | (size_t)p[9] << 8;
	if (p[6] > 1) {
		length |= (size_t)p[10] << 16 | (size_t)p[11] << 24;
		prefix += 2;
	}
	if (length > size - prefix)
		return ak_errf(err, -EINVAL,
			       "the .npy file ends in its header");
	npy->offset = prefix + length;
	if (npy->offset > have)
		return ak_errf(err, -EAGAIN, "the .npy header is longer");
	rc = ak_npy_dictionary((const char *)p + prefix, length, npy, records,
			       err);
	if (rc || npy->type == AK_TENSOR_OTHER)
		return rc;
	for (i = 0; i < npy->ndim; i++)
		shape[i] = npy->shape[i];
	if (ak_tensor_type_bytes(npy->type, npy->ndim, shape, &count, &bytes) ||
	    bytes > PTRDIFF_MAX)
		return ak_errf(err, -EINVAL,
			       "the array's shape is too large for any memory");
	npy->count = (size_t)count;
	npy->bytes = (size_t)bytes;
	if (npy->bytes > size - npy->offset)
		return ak_errf(
			err, -EINVAL,
			"the .npy file is cut short: its shape needs %zu bytes, %zu are there",
			npy->bytes, size - npy->offset);
	return 0;
}

int ak_npy_parse_head(const void *data, size_t have, size_t size,
		      struct ak_npy *npy, struct ak_err *err)
{
	return parse(data, have, size, true, npy, NULL, err);
}

int ak_npy_parse(const void *data, size_t size, struct ak_npy *npy,
		 struct ak_err *err)
{
	int rc = parse(data, size, size, false, npy, NULL, err);

	if (!rc && npy->dtype == AK_NPY_NO_DTYPE)
		return ak_npy_refuse_type(npy, err);
	return rc;
}

int ak_npy_parse_records(const void *data, size_t size, struct ak_npy *npy,
			 struct ak_npy_records *records, struct ak_err *err)
{
	uint64_t shape[AKIDA_ARRAY_MAX_DIMS], count, bytes;
	unsigned int i;
	int rc;

	memset(records, 0, sizeof(*records));
	rc = parse(data, size, size, false, npy, records, err);
	if (rc || !records->num_fields)
		return rc;
	for (i = 0; i < npy->ndim; i++)
		shape[i] = npy->shape[i];
	if (ak_tensor_count(npy->ndim, shape, &count) ||
	    __builtin_mul_overflow(count, records->size, &bytes) ||
	    bytes > PTRDIFF_MAX)
		return ak_errf(err, -EINVAL,
			       "the array's shape is too large for any memory");
	if (bytes > size - npy->offset)
		return ak_errf(
			err, -EINVAL,
			"the .npy file is cut short: its shape needs %llu bytes, %zu are there",
			(unsigned long long)bytes, size - npy->offset);
	npy->count = (size_t)count;
	npy->bytes = (size_t)bytes;
	return 0;
}

static void copy_element(uint8_t *to, const uint8_t *from, size_t size,
			 bool swap)
{
	size_t i;

	if (!swap) {
		memcpy(to, from, size);
		return;
	}
	for (i = 0; i < size; i++)
		to[i] = from[size - 1 - i];
}

/* The file's elements one after the other, their places stepped through. */
static void copy_fortran(const struct ak_npy *npy, const uint8_t *from,
			 uint8_t *to)
{
	size_t size = ak_tensor_type_size(npy->type);
	size_t index[AKIDA_ARRAY_MAX_DIMS] = { 0 };
	size_t step[AKIDA_ARRAY_MAX_DIMS] = { 0 };
	size_t i, at = 0, stride = size;
	unsigned int d;

	for (d = npy->ndim; d-- > 0;) {
		step[d] = stride;
		stride *= npy->shape[d];
	}
	for (i = 0; i < npy->count; i++) {
		copy_element(to + at, from + i * size, size, npy->swap);
		for (d = 0; d < npy->ndim; d++) {
			at += step[d];
			if (++index[d] < npy->shape[d])
				break;
			at -= step[d] * npy->shape[d];
			index[d] = 0;
		}
	}
}

void ak_npy_elements(const struct ak_npy *npy, const void *data, void *out)
{
	const uint8_t *from = (const uint8_t *)data + npy->offset;
	size_t size = ak_tensor_type_size(npy->type), i;
	uint8_t *to = out;

	if (!npy->bytes)
		return;
	if (npy->fortran && npy->ndim > 1)
		copy_fortran(npy, from, to);
	else if (npy->swap)
		for (i = 0; i < npy->count; i++)
			copy_element(to + i * size, from + i * size, size,
				     true);
	else
		memcpy(to, from, npy->bytes);
	if (npy->type == AK_TENSOR_BOOL)
		for (i = 0; i < npy->count; i++)
			to[i] = to[i] != 0;
}

size_t ak_npy_head(enum ak_tensor_type type, bool little, unsigned int ndim,
		   const uint64_t *shape, uint8_t *head)
{
	char text[NPY_MAX_DICTIONARY];
	size_t length, total;

	length = ak_npy_print(type, little, ndim, shape, text, sizeof(text));
	if (!length)
		return 0;
	/*
	 * With spaces and a newline the elements begin at a multiple of 64;
	 * at least one space, even where it takes 64.
	 */
	total = (NPY_PREFIX + length + 1) / ALIGN * ALIGN + ALIGN;
	memset(head, ' ', total);
	memcpy(head, MAGIC "\x01", MAGIC_SIZE + 2);
	head[8] = (uint8_t)(total - NPY_PREFIX);
	head[9] = (uint8_t)((total - NPY_PREFIX) >> 8);
	memcpy(head + NPY_PREFIX, text, length);
	head[total - 1] = '\n';
	return total;
}

int ak_npy_build(enum akida_dtype dtype, unsigned int ndim, const size_t *shape,
		 const void *elements, uint8_t **data, size_t *size,
		 struct ak_err *err)
{
	uint64_t sizes[AKIDA_ARRAY_MAX_DIMS];
	uint8_t head[AK_NPY_MAX_HEAD], *p;
	size_t count, bytes, total;
	unsigned int i;

	*data = NULL;
	*size = 0;
	if (ak_array_bytes(dtype, ndim, shape, &count, &bytes))
		return ak_errf(
			err, -EINVAL,
			"no array of %u dimensions of dtype %s like this", ndim,
			akida_dtype_name(dtype));
	for (i = 0; i < ndim; i++)
		sizes[i] = shape[i];
	total = ak_npy_head(ak_npy_type(dtype), HOST_LITTLE, ndim, sizes, head);
	if (__builtin_add_overflow(total, bytes, size))
		return ak_errf(err, -EINVAL, "%zu bytes are too many", bytes);
	p = malloc(*size);
	if (!p)
		return ak_errf(err, -ENOMEM, "no memory for %zu bytes", *size);
	memcpy(p, head, total);
	if (bytes)
		memcpy(p + total, elements, bytes);
	*data = p;
	return 0;
}
