// SPDX-License-Identifier: GPL-2.0
/*
 * Any bytes as a SentencePiece model. Pieces lie within the file.
 */
#include <stdlib.h>

#include "format/sentencepiece.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *begin = (const char *)data, *end = begin + size;
	struct ak_err err = { "" };
	struct ak_sp sp;
	size_t i;

	if (ak_sp_parse(data, size, &sp, &err)) {
		if (!err.text[0])
			abort();
		return 0;
	}
	for (i = 0; i < sp.count; i++)
		if (!sp.piece[i].size || sp.piece[i].text < begin ||
		    sp.piece[i].size > (size_t)(end - sp.piece[i].text))
			abort();
	ak_sp_free(&sp);
	return 0;
}
