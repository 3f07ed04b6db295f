// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Other weights for a layer of a loaded program.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/export.h"
#include "device/backend.h"
#include "model/part.h"

/* Four sizes, slowest first, of a layer's weights. */
static void shape_of(const struct ak_layer *l, bool pointwise, size_t shape[4])
{
	bool fc = l->type == AKIDA_LAYER_FULLY_CONNECTED;
	bool separable = l->type == AKIDA_LAYER_SEPARABLE_CONV;

	shape[0] = fc || pointwise ? 1 : l->kernel_w;
	shape[1] = fc || pointwise ? 1 : l->kernel_h;
	shape[2] = fc ? ak_shape_elements(&l->in) : l->in.channels;
	shape[3] = separable && !pointwise ? 1 : l->out.channels;
}

static int check_array(const struct ak_layer *l, const struct akida_array *a,
		       bool pointwise, struct ak_err *err)
{
	const char *what = pointwise ? "pointwise weights" : "weights";
	unsigned int n = akida_array_ndim(a), i;
	const size_t *have = akida_array_shape(a);
	size_t want[4];

	shape_of(l, pointwise, want);
	if (akida_array_dtype(a) != AKIDA_DTYPE_INT8)
		return ak_errf(err, -EINVAL,
			       "layer '%s': the %s are %s numbers, not int8",
			       l->name, what,
			       akida_dtype_name(akida_array_dtype(a)));
	for (i = 0; i < n && n == 4 && have[i] == want[i]; i++)
		;
	if (n != 4 || i < 4)
		return ak_errf(
			err, -EINVAL,
			"layer '%s': the %s have %u dimensions or other sizes; it takes (%zu, %zu, %zu, %zu)",
			l->name, what, n, want[0], want[1], want[2], want[3]);
	return 0;
}

int ak_take_weights(struct ak_layer *l, const struct akida_array *weights,
		    const struct akida_array *pointwise, struct ak_err *err)
{
	bool separable = l->type == AKIDA_LAYER_SEPARABLE_CONV;
	struct ak_layer input, trial;
	int rc;

	if (l->type == AKIDA_LAYER_INPUT_DATA)
		return ak_errf(err, -ENOENT, "layer '%s' has no weights",
			       l->name);
	if (pointwise && !separable)
		return ak_errf(err, -EINVAL,
			       "layer '%s' has no pointwise weights", l->name);
	rc = check_array(l, weights, false, err);
	if (!rc && pointwise)
		rc = check_array(l, pointwise, true, err);
	if (rc)
		return rc;
	l->weights = akida_array_data(weights);
	if (pointwise)
		l->weights_pw = akida_array_data(pointwise);
	input = (struct ak_layer){
		.name = "input",
		.type = AKIDA_LAYER_INPUT_DATA,
		.in = l->in,
		.conv = l->in,
		.out = l->in,
		.in_max = (1u << l->in_bits) - 1,
		.in_bits = l->in_bits,
	};
	/* An input layer stands first. */
	trial = *l;
	return ak_layer_resolve(
		&trial, l->type == AKIDA_LAYER_INPUT_CONV ? NULL : &input, true,
		err);
}

static int find_layer(struct akida_program *p, const char *layer, uint32_t *at)
{
	char *end;
	unsigned long n;

	for (*at = 0; *at < p->now.num_layers; (*at)++)
		if (!strcmp(p->now.layers[*at].name, layer))
			return 0;
	n = strtoul(layer, &end, 10);
	if (*layer >= '0' && *layer <= '9' && !*end && n < p->now.num_layers) {
		*at = (uint32_t)n;
		return 0;
	}
	return ak_errf(&p->err, -ENOENT, "the model has no layer '%s'", layer);
}

static int keep(int8_t **to, const struct akida_array *a)
{
	size_t bytes = a ? akida_array_bytes(a) : 0;

	*to = NULL;
	if (!bytes)
		return 0;
	*to = malloc(bytes);
	if (!*to)
		return -ENOMEM;
	memcpy(*to, akida_array_data(a), bytes);
	return 0;
}

/* Another model is prepared; if that works, it is the one that runs. */
static int replace(struct akida_program *p, uint32_t at,
		   const struct akida_array *weights,
		   const struct akida_array *pointwise)
{
	struct ak_model next;
	struct ak_layer *l;
	int8_t *own[2] = { NULL, NULL };
	int rc, i;

	if (!p->own)
		p->own = calloc(2 * p->now.num_layers, sizeof(*p->own));
	if (!p->own || ak_model_part(&p->now, 0, p->now.num_layers, &next))
		return ak_errf(&p->err, -ENOMEM, "no memory for new weights");
	l = &next.layers[at];
	rc = ak_take_weights(l, weights, pointwise, &p->err);
	if (!rc && (keep(&own[0], weights) || keep(&own[1], pointwise)))
		rc = ak_errf(&p->err, -ENOMEM, "no memory for new weights");
	if (!rc) {
		l->weights = own[0];
		if (own[1])
			l->weights_pw = own[1];
		rc = p->device->backend->replace(p, &next, at);
	}
	if (rc) {
		free(own[0]);
		free(own[1]);
		free(next.layers);
		return rc;
	}
	free(p->now.layers);
	p->now = next;
	for (i = 0; i < 2; i++)
		if (own[i]) {
			free(p->own[2 * at + (uint32_t)i]);
			p->own[2 * at + (uint32_t)i] = own[i];
		}
	return 0;
}

AK_EXPORT int akida_program_set_weights(struct akida_program *p,
					const char *layer,
					const struct akida_array *weights,
					const struct akida_array *pointwise)
{
	uint32_t at = 0;
	int rc;

	if (!p->loaded)
		return ak_errf(&p->err, -EINVAL, "nothing is loaded");
	if (p->ran)
		return ak_errf(
			&p->err, -EBUSY,
			"wait for the batches that were submitted before changing weights");
	if (!p->model)
		return p->device->backend->set_weights(p, layer, weights,
						       pointwise);
	rc = find_layer(p, layer, &at);
	return rc ? rc : replace(p, at, weights, pointwise);
}
