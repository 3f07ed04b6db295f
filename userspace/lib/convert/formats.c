// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The formats that models can be converted to.
 */
#include <string.h>

#include "common/util.h"
#include "convert/settings.h"

static const struct ak_output_format *const formats[] = {
	&ak_output_nntr,   &ak_output_nntr_bin, &ak_output_nntr_safetensors,
	&ak_output_bitnet, &ak_output_gguf,	&ak_output_apl,
};

const struct ak_output_format *ak_format_at(size_t i)
{
	return i < ARRAY_SIZE(formats) ? formats[i] : NULL;
}

const struct ak_output_format *ak_format_find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(formats); i++)
		if (!strcmp(formats[i]->name, name))
			return formats[i];
	return NULL;
}
