// SPDX-License-Identifier: GPL-2.0
/*
 * Any bytes as the pickle of a checkpoint. Each tensor that comes out must lie
 * in its storage.
 */
#include <stdlib.h>
#include <string.h>

#include "format/pickle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct ak_pickle_tensor *t)
{
	unsigned __int128 last = t->first;
	uint64_t count = 1;
	unsigned int i;

	if (!ak_tensor_type_size(t->type) || t->ndim > AK_TENSOR_MAX_DIMS ||
	    !t->name || !t->key || !t->dtype)
		abort();
	for (i = 0; i < t->ndim; i++) {
		count *= t->dim[i];
		last += (unsigned __int128)(t->dim[i] - 1) * t->stride[i];
	}
	if (count != t->count || (count && last >= t->elements))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ak_err err = { "" };
	struct ak_pickle p;
	size_t i;

	if (ak_pickle_parse(data, size, &p, &err)) {
		if (!err.text[0] || p.tensor)
			abort();
		return 0;
	}
	for (i = 0; i < p.count; i++)
		check(&p.tensor[i]);
	ak_pickle_clear(&p);
	return 0;
}
