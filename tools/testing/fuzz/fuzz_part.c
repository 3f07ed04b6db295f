// SPDX-License-Identifier: GPL-2.0
/*
 * Any bytes as a part of a conversion. The hash of the index is put right, or
 * no input would get behind it.
 */
#include <stdlib.h>
#include <string.h>

#include "common/le.h"
#include "common/xxh64.h"
#include "convert/parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ak_err err = { "" };
	uint64_t bytes, i;
	struct ak_part part;
	uint8_t *p;

	if (size < 56)
		return 0;
	p = malloc(size);
	if (!p)
		abort();
	memcpy(p, data, size);
	memcpy(p, "AKIDAPRT", 8);
	memcpy(p + size - 8, "AKIDAEND", 8);
	bytes = ak_get_le64(p + size - 24);
	if (bytes <= size - 24)
		ak_put_le64(p + size - 16,
			    ak_xxh64(p + size - 24 - bytes, bytes, 0));
	if (!ak_part_parse("part", p, size, &part, &err)) {
		for (i = 0; i < part.outputs; i++) {
			struct ak_part_output o = ak_part_output(&part, i);

			if (o.offset > size || o.size > size - o.offset)
				abort();
		}
		if (part.result_bytes > size ||
		    (size_t)(part.result - p) > size - part.result_bytes)
			abort();
	} else if (!err.text[0]) {
		abort();
	}
	free(p);
	return 0;
}
