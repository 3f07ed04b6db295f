// SPDX-License-Identifier: GPL-2.0
/*
 * Any bytes as a record of bitnet.rs: what is read must lie within them, and
 * words must come out as they were counted.
 */
#include <stdlib.h>

#include "common/util.h"
#include "format/bincode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void within(const uint8_t *data, size_t size, const uint8_t *p,
		   uint64_t n)
{
	if (n && (p < data || n > size || (size_t)(p - data) > size - n))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ak_err err = { "" };
	struct ak_bincode b;
	size_t i;

	if (ak_bincode_parse(data, size, &b, &err)) {
		if (!err.text[0])
			abort();
		return 0;
	}
	for (i = 0; i < ARRAY_SIZE(b.linear); i++) {
		const struct ak_record_linear *l = &b.linear[i];
		uint64_t words = 0;
		uint32_t buffer[64];
		size_t at = 0, n;

		within(data, size, l->words, l->words_size);
		within(data, size, l->scales, l->num_scales * 4);
		while ((n = ak_record_words(l, &at, ARRAY_SIZE(buffer),
					    buffer)))
			words += n;
		if (words != l->num_words || at != l->words_size)
			abort();
	}
	for (i = 0; i < ARRAY_SIZE(b.floats); i++)
		within(data, size, b.floats[i].floats, b.floats[i].count * 4);
	return 0;
}
