// SPDX-License-Identifier: GPL-2.0
/*
 * Any bytes as a .npy file. What can be read must come out equal when it is
 * written and read again.
 */
#include <stdlib.h>
#include <string.h>

#include "format/npy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t *elements(const struct ak_npy *npy, const uint8_t *file)
{
	uint8_t *p = malloc(npy->bytes ? npy->bytes : 1);

	if (!p)
		abort();
	ak_npy_elements(npy, file, p);
	return p;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ak_err err = { "" };
	struct ak_npy npy, again;
	uint8_t *first, *second, *file;
	size_t n;

	if (ak_npy_parse(data, size, &npy, &err)) {
		if (!err.text[0])
			abort();
		return 0;
	}
	first = elements(&npy, data);
	if (ak_npy_build(npy.dtype, npy.ndim, npy.shape, first, &file, &n,
			 &err) ||
	    ak_npy_parse(file, n, &again, &err))
		abort();
	second = elements(&again, file);
	if (npy.dtype != again.dtype || npy.ndim != again.ndim ||
	    memcmp(npy.shape, again.shape, npy.ndim * sizeof(npy.shape[0])) ||
	    npy.bytes != again.bytes || memcmp(first, second, npy.bytes))
		abort();
	free(first);
	free(second);
	free(file);
	return 0;
}
