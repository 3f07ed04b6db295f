// SPDX-License-Identifier: GPL-2.0
/*
 * Any bytes as a GGUF file: all values are looked at, and the data of all
 * tensors must lie in the file.
 */
#include <stdlib.h>
#include <string.h>

#include "format/gguf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t walk(const struct ak_gguf_key *k)
{
	const char *text;
	size_t pos = 0, n, sum = 0;
	int64_t whole;
	uint64_t i;
	double v;

	if (k->type == AK_GGUF_STRING) {
		for (i = 0; i < k->count; i++) {
			if (ak_gguf_string(k, &pos, &text, &n))
				abort();
			sum += n ? (unsigned char)text[n - 1] : 0;
		}
		if (!ak_gguf_string(k, &pos, &text, &n) || pos != k->size)
			abort();
		return sum;
	}
	for (i = 0; i < k->count; i++) {
		if (ak_gguf_float(k, i, &v))
			abort();
		if (!ak_gguf_integer(k, i, &whole))
			sum += (size_t)whole;
	}
	if (!ak_gguf_float(k, k->count, &v))
		abort();
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ak_err err = { "" };
	volatile size_t sum = 0;
	struct ak_gguf g;
	size_t i;

	if (ak_gguf_parse(data, size, &g, &err)) {
		if (!err.text[0] || g.key)
			abort();
		return 0;
	}
	for (i = 0; i < g.num_keys; i++)
		sum += walk(&g.key[i]);
	for (i = 0; i < g.count; i++) {
		const struct ak_gguf_tensor *t = &g.tensor[i];

		if (t->size && (t->offset > size || t->size > size - t->offset))
			abort();
		if (t->size)
			sum += data[t->offset + t->size - 1];
	}
	ak_gguf_clear(&g);
	return 0;
}
