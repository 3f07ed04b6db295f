// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Building a program from a model.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/le.h"
#include "model/part.h"
#include "program/build_internal.h"

/* Written before a program runs; the same in all public programs (measured),
 * and without a meaning that is public.
 */
const struct ak_epg ak_public_epg[AK_PUBLIC_EPG] = {
	{ 0x00, 0x00021200 }, { 0x0c, 0x00000010 }, { 0x10, 0x01010001 },
	{ 0x14, 0x00000100 }, { 0x18, 0x01fe0001 }, { 0x1c, 0x027fffff },
};

static uint32_t nps_of(const struct ak_built *b, uint32_t layer)
{
	uint32_t n = 0;
	size_t i;

	for (i = 0; i < b->num_placements; i++)
		n += b->placement[i].layer == layer;
	return n;
}

/* Passes, records and tracks as the placements have them. */
static int make_records(struct ak_program_file *p, const struct ak_built *b,
			struct ak_err *err)
{
	size_t i;

	p->pass = calloc(b->num_passes, sizeof(*p->pass));
	if (!p->pass)
		goto no_memory;
	p->num_passes = b->num_passes;
	for (i = 0; i < b->num_placements; i++) {
		const struct ak_placement *at = &b->placement[i];
		struct ak_pass *pass = &p->pass[at->pass];
		struct ak_record *r;

		if (at->stage == pass->num_records) {
			r = realloc(pass->record, (at->stage + 1) * sizeof(*r));
			if (!r)
				goto no_memory;
			pass->record = r;
			r += pass->num_records++;
			memset(r, 0, sizeof(*r));
			r->has_fnp2 = at->external;
			r->track =
				calloc(nps_of(b, at->layer), sizeof(*r->track));
			if (!r->track)
				goto no_memory;
		}
		pass->record[at->stage].num_tracks++;
	}
	return 0;
no_memory:
	return ak_errf(err, -ENOMEM, "no memory to build the program");
}

static int make_info(struct ak_program_file *p, const struct ak_model *m,
		     const struct ak_built *b, struct ak_err *err)
{
	const struct ak_layer *in = &m->layers[0];
	const struct ak_layer *last = &m->layers[m->num_layers - 1];
	uint32_t n = last->out.channels, records = 0, i;

	snprintf(p->version, sizeof(p->version), "%s", AK_PROGRAM_VERSION);
	p->chip = b->mesh->chip;
	p->in_dims[0] = in->in.width;
	p->in_dims[1] = in->in.height;
	p->in_dims[2] = in->in.channels;
	p->num_in_dims = 3;
	p->out_dims[0] = last->out.width;
	p->out_dims[1] = last->out.height;
	p->out_dims[2] = last->out.channels;
	p->num_out_dims = 3;
	/* The HRC takes maps, everything else events. */
	p->input_type = in->type != AKIDA_LAYER_INPUT_CONV;
	if (b->flags & AK_BUILD_SPARSE_OUTPUT)
		p->output_type =
			last->type == AKIDA_LAYER_FULLY_CONNECTED ? 2 : 1;
	p->activation = last->activation;
	p->shift = malloc(n * sizeof(*p->shift));
	p->scale = malloc(n * sizeof(*p->scale));
	p->epg = malloc(sizeof(ak_public_epg));
	if (!p->shift || !p->scale || !p->epg)
		return ak_errf(err, -ENOMEM, "no memory to build the program");
	memcpy(p->shift, last->threshold, n * sizeof(*p->shift));
	memcpy(p->scale, last->act_step, n * sizeof(*p->scale));
	memcpy(p->epg, ak_public_epg, sizeof(ak_public_epg));
	p->num_shifts = n;
	p->num_scales = n;
	p->num_epg = AK_PUBLIC_EPG;
	for (i = 0; i < p->num_passes; i++)
		records += p->pass[i].num_records;
	p->max_desc = records < 255 ? (uint8_t)(records + 1) : 255;
	return 0;
}

/* Where the container put each track. */
static void note_tracks(struct ak_built *b, const struct ak_program_file *p)
{
	uint32_t k = 0;
	size_t i;

	for (i = 0; i < b->num_placements; i++) {
		struct ak_placement *at = &b->placement[i];
		const struct ak_record *r =
			&p->pass[at->pass].record[at->stage];

		k = at->first ? k + 1 : 0;
		at->track = r->track[k];
		if (at->external)
			at->fnp2 = r->fnp2;
	}
}

/* Output format of the program's last layer, 0 of others. */
static uint32_t output_of(const struct ak_built *b, const struct ak_layer *l,
			  bool last)
{
	return last ? ak_output_format(l, b->flags & AK_BUILD_SPARSE_OUTPUT) :
		      0;
}

static int make_tracks(const struct ak_model *m, const struct ak_built *b,
		       struct ak_program_words *words, size_t *count,
		       struct ak_err *err)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < b->num_placements && !rc; i++) {
		const struct ak_placement *p = &b->placement[i];
		const struct ak_layer *l = &m->layers[p->layer];

		rc = ak_emit(l, b->mesh, p, nps_of(b, p->layer),
			     output_of(b, l, p->layer + 1 == m->num_layers),
			     &words[(*count)++], err);
		if (!rc && p->external)
			rc = ak_emit_external(l, &words[(*count)++], err);
	}
	return rc;
}

int ak_build_part(const struct ak_model *m, const struct ak_mesh *mesh,
		  unsigned int flags, struct ak_built *out, struct ak_err *err)
{
	struct ak_program_file file = { .num_passes = 0 };
	struct ak_program_words *words = NULL;
	size_t count = 0, i;
	int rc;

	out->mesh = mesh;
	out->flags = flags;
	out->cycles = calloc(m->num_layers, sizeof(*out->cycles));
	rc = out->cycles ? ak_place(m, mesh, flags, out, err) :
			   ak_errf(err, -ENOMEM, "no memory to build");
	if (!rc)
		rc = make_records(&file, out, err);
	if (!rc)
		rc = make_info(&file, m, out, err);
	if (!rc) {
		/* One for each placement, and one for external weights. */
		words = calloc(2 * out->num_placements, sizeof(*words));
		rc = words ? make_tracks(m, out, words, &count, err) :
			     ak_errf(err, -ENOMEM, "no memory to build");
	}
	if (!rc)
		rc = ak_program_file_build(&file, words, count, &out->file,
					   &out->size, err);
	if (!rc)
		note_tracks(out, &file);
	for (i = 0; i < count; i++)
		free(words[i].word);
	free(words);
	ak_program_file_clear(&file);
	if (rc)
		ak_built_free(out);
	return rc;
}

/* Numbers of layers become those of the model that the part is of. */
static int renumber(struct ak_built *b, const struct ak_model *m,
		    uint32_t part_layers, struct ak_err *err)
{
	uint32_t shift = ak_model_part_shift(b->first_layer);
	uint64_t *cycles = calloc(m->num_layers, sizeof(*cycles));
	size_t i;

	if (!cycles)
		return ak_errf(err, -ENOMEM, "no memory to build");
	for (i = 0; i < part_layers; i++)
		if (b->cycles[i])
			cycles[i + shift] = b->cycles[i];
	free(b->cycles);
	b->cycles = cycles;
	for (i = 0; i < b->num_placements; i++)
		b->placement[i].layer += shift;
	return 0;
}

int ak_build(const struct ak_model *m, const struct ak_mesh *mesh,
	     unsigned int flags, struct ak_built *out, struct ak_err *err)
{
	struct ak_model part;
	int rc;

	memset(out, 0, sizeof(*out));
	rc = ak_choose(m, mesh, flags, out, err);
	if (rc)
		return rc;
	if (ak_model_part(m, out->first_layer,
			  out->first_layer + out->num_layers, &part))
		return ak_errf(err, -ENOMEM, "no memory to build");
	rc = ak_build_part(&part, mesh, flags, out, err);
	if (!rc)
		rc = renumber(out, m, part.num_layers, err);
	if (rc)
		ak_built_free(out);
	free(part.layers);
	return rc;
}

void ak_built_free(struct ak_built *b)
{
	free(b->file);
	free(b->placement);
	free(b->cycles);
	memset(b, 0, sizeof(*b));
}

static int replace(struct ak_built *b, const struct ak_track *t,
		   const struct ak_program_words *w, const char *layer,
		   struct ak_err *err)
{
	uint8_t *to = b->file + ak_get_le32(b->file) + 4 + t->offset;
	size_t i;

	if (w->count != t->words)
		return ak_errf(
			err, -EINVAL,
			"layer '%s': the new weights need other tracks; build the program again",
			layer);
	for (i = 0; i < w->count; i++)
		ak_put_le32(to + i * 4, w->word[i]);
	return 0;
}

int ak_rebuild_layer(struct ak_built *b, const struct ak_model *m,
		     uint32_t layer, struct ak_err *err)
{
	const struct ak_layer *l = &m->layers[layer];
	struct ak_program_words *words;
	uint32_t nps = nps_of(b, layer), n = 0, i;
	size_t first = 0;
	int rc = 0;

	if (!nps)
		return ak_errf(err, -EINVAL, "layer '%s' is not in the program",
			       l->name);
	while (b->placement[first].layer != layer)
		first++;
	words = calloc(nps + 1, sizeof(*words));
	if (!words)
		return ak_errf(err, -ENOMEM, "no memory to build the program");
	/* All of it is made before any of it is put in. */
	for (i = 0; i < nps && !rc; i++)
		rc = ak_emit(
			l, b->mesh, &b->placement[first + i], nps,
			output_of(b, l,
				  layer + 1 == b->first_layer + b->num_layers),
			&words[n++], err);
	if (!rc && b->placement[first].external)
		rc = ak_emit_external(l, &words[n++], err);
	for (i = 0; i < nps && !rc; i++)
		rc = replace(b, &b->placement[first + i].track, &words[i],
			     l->name, err);
	if (!rc && b->placement[first].external)
		rc = replace(b, &b->placement[first].fnp2, &words[nps], l->name,
			     err);
	for (i = 0; i < n; i++)
		free(words[i].word);
	free(words);
	return rc;
}
