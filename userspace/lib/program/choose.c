// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which layers of a model go into a program: all of them, or the longest part
 * that a chip can hold.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/limits.h"
#include "model/part.h"
#include "program/build_internal.h"

/**
 * struct broken - the first rule that a model breaks
 * @m: the model
 * @layer: number of the layer
 * @text: the rule and the value; "" if none is broken
 */
struct broken {
	const struct ak_model *m;
	uint32_t layer;
	char text[256];
};

static void first_broken(void *arg, const char *layer, const char *text)
{
	struct broken *b = arg;
	uint32_t i;

	if (b->text[0])
		return;
	snprintf(b->text, sizeof(b->text), "%s", text);
	for (i = 0; i < b->m->num_layers; i++)
		if (!strcmp(b->m->layers[i].name, layer))
			b->layer = i;
}

static int check(const struct ak_model *m, const struct ak_mesh *mesh,
		 struct broken *b, struct ak_err *err)
{
	*b = (struct broken){ .m = m };
	if (ak_model_check_limits(m, mesh->target, first_broken, b) < 0)
		return ak_errf(err, -EINVAL, "%s is not a chip", mesh->name);
	return 0;
}

static bool is_input(const struct ak_model *m, uint32_t layer)
{
	return m->layers[layer].type == AKIDA_LAYER_INPUT_DATA;
}

/* Can a layer be placed and packed at all, whatever stands beside it? */
static int packs(const struct ak_model *m, uint32_t layer,
		 const struct ak_mesh *mesh, bool *good, struct ak_built *out)
{
	struct ak_built b = { .file = NULL };
	struct ak_err why = { "" };
	struct ak_model part;
	int rc;

	*good = true;
	if (is_input(m, layer))
		return 0;
	if (ak_model_part(m, layer, layer + 1, &part))
		return -ENOMEM;
	rc = ak_build_part(&part, mesh, 0, &b, &why);
	ak_built_free(&b);
	free(part.layers);
	if (rc == -ENOMEM)
		return rc;
	*good = !rc;
	if (rc && !out->rest_reason[0])
		snprintf(out->rest_reason, sizeof(out->rest_reason), "%s",
			 why.text);
	return 0;
}

/*
 * The layer after the last that a chip takes if @first is the first of the
 * part. A rule may look at the layer that follows, so what is left is looked at
 * again.
 */
static int end_from(const struct ak_model *m, const struct ak_mesh *mesh,
		    const bool *good, uint32_t first, uint32_t *end,
		    struct ak_err *err)
{
	uint32_t shift = ak_model_part_shift(first);
	struct broken b;
	int rc;

	*end = first;
	while (*end < m->num_layers && good[*end])
		(*end)++;
	while (*end > first) {
		struct ak_model part;

		if (ak_model_part(m, first, *end, &part))
			return ak_errf(err, -ENOMEM, "no memory to build");
		rc = check(&part, mesh, &b, err);
		free(part.layers);
		if (rc || !b.text[0])
			return rc;
		*end = b.layer + shift;
	}
	return 0;
}

static uint64_t macs(const struct ak_model *m, uint32_t first, uint32_t end)
{
	uint64_t sum = 0;

	for (; first < end; first++)
		sum += ak_layer_macs(&m->layers[first]);
	return sum;
}

static int longest(const struct ak_model *m, const struct ak_mesh *mesh,
		   const bool *good, struct ak_built *out, struct ak_err *err)
{
	uint32_t first, end, most = 0;
	uint64_t work = 0;
	int rc;

	for (first = 0; first < m->num_layers; first++) {
		uint32_t count;
		uint64_t w;

		/* A model's own input layer belongs to what follows it. */
		if (first && is_input(m, first - 1))
			continue;
		if (m->layers[first].type != AKIDA_LAYER_INPUT_CONV &&
		    !ak_np_events_fit(&m->layers[first].in))
			continue;
		rc = end_from(m, mesh, good, first, &end, err);
		if (rc)
			return rc;
		count = end - first;
		if (end > first && is_input(m, first))
			count--;
		w = macs(m, first, end);
		if (count < most || (count == most && w <= work) || !count)
			continue;
		most = count;
		work = w;
		out->first_layer = first;
		out->num_layers = end - first;
	}
	return 0;
}

static int choose_part(const struct ak_model *m, const struct ak_mesh *mesh,
		       struct ak_built *out, struct ak_err *err)
{
	bool *good = calloc(m->num_layers, sizeof(*good));
	uint32_t i;
	int rc = good ? 0 : -ENOMEM;

	for (i = 0; i < m->num_layers && !rc; i++)
		rc = packs(m, i, mesh, &good[i], out);
	if (rc)
		ak_errf(err, rc, "no memory to build");
	else
		rc = longest(m, mesh, good, out, err);
	free(good);
	if (!rc && !out->num_layers)
		rc = ak_errf(
			err, -EINVAL,
			"%s, and there is no other layer that %s could run",
			out->rest_reason, mesh->name);
	return rc;
}

int ak_choose(const struct ak_model *m, const struct ak_mesh *mesh,
	      unsigned int flags, struct ak_built *out, struct ak_err *err)
{
	struct broken b;
	int rc = check(m, mesh, &b, err);

	if (rc)
		return rc;
	if (b.text[0])
		snprintf(out->rest_reason, sizeof(out->rest_reason),
			 "layer '%.64s' has %.150s", m->layers[b.layer].name,
			 b.text);
	if (flags & AK_BUILD_PARTIAL) {
		rc = choose_part(m, mesh, out, err);
		if (!rc && out->num_layers == m->num_layers)
			out->rest_reason[0] = '\0';
		return rc;
	}
	if (b.text[0])
		return ak_errf(
			err, -EINVAL,
			"%s; %s cannot hold it (--partial maps the longest part that it can)",
			out->rest_reason, mesh->name);
	out->num_layers = m->num_layers;
	return 0;
}
