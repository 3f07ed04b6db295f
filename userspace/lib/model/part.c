// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Some layers of a model as a model of their own.
 */
#include "model/part.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int ak_model_part(const struct ak_model *m, uint32_t first, uint32_t end,
		  struct ak_model *part)
{
	const struct ak_layer *l = &m->layers[first];
	bool input = first > 0;
	struct ak_layer *layers = calloc(end - first + input, sizeof(*layers));

	if (!layers)
		return -ENOMEM;
	if (input)
		layers[0] = (struct ak_layer){
			.name = "input",
			.type = AKIDA_LAYER_INPUT_DATA,
			.in = l->in,
			.conv = l->in,
			.out = l->in,
			.in_max = l->in_max,
			.in_bits = l->in_bits,
		};
	memcpy(layers + input, l, (end - first) * sizeof(*layers));
	part->layers = layers;
	part->num_layers = end - first + input;
	return 0;
}
