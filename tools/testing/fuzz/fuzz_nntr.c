// SPDX-License-Identifier: GPL-2.0
/*
 * Any bytes as an NNTR file: what is read must lie within them.
 */
#include <stdlib.h>

#include "format/nntr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ak_err err = { "" };
	struct ak_nntr n;
	size_t i;

	if (ak_nntr_parse(data, size, &n, &err)) {
		if (!err.text[0])
			abort();
		return 0;
	}
	for (i = 0; i < n.keys; i++)
		if (ak_nntr_key(&n, n.key[i].name) != &n.key[i])
			abort();
	for (i = 0; i < n.tensors; i++) {
		const struct ak_nntr_tensor *t = &n.tensor[i];

		if (t->data < data || t->size > size ||
		    (size_t)(t->data - data) > size - t->size ||
		    ak_nntr_tensor(&n, t->name) != t)
			abort();
	}
	ak_nntr_clear(&n);
	return 0;
}
