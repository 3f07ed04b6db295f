// SPDX-License-Identifier: GPL-2.0
/*
 * Any bytes as a .fbz file. What can be read must come out equal when it is
 * written and read again. The first byte says whether the rest is a file, or
 * the FlatBuffer of one, which is compressed here: else the fuzzer would have
 * to learn Snappy before it could reach the fields.
 */
#include <stdlib.h>
#include <string.h>

#include "../unit/fbz_equal.h"
#include "format/snappy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const uint8_t *file, size_t size)
{
	struct ak_err err = { "" };
	struct fbz f, again;
	uint8_t *written;
	size_t n;

	if (fbz_parse(&f, file, size, &err)) {
		if (!err.text[0])
			abort();
	} else {
		if (fbz_build(&f, &written, &n, &err) ||
		    fbz_parse(&again, written, n, &err) ||
		    !fbz_equal(&f, &again))
			abort();
		free(written);
		fbz_clear(&again);
	}
	fbz_clear(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t used, capacity;
	uint8_t *packed;

	if (!size)
		return 0;
	if (!(data[0] & 1)) {
		check(data + 1, size - 1);
		return 0;
	}
	if (ak_snappy_pack(data + 1, size - 1, &packed, &used, &capacity, NULL))
		abort();
	check(packed, capacity);
	free(packed);
	return 0;
}
