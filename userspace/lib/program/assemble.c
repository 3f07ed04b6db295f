// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Programs by hand.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "akida/assemble.h"
#include "common/export.h"
#include "program/build_internal.h"

/* Words of all tracks; a board has less memory. */
#define MAX_WORDS (AK_PROGRAM_MAX_FILE / 8)

/**
 * struct akida_assembler - a program that is being written
 * @err: what went wrong first
 * @failed: its code, 0 if nothing has
 * @file: what akida_program_file_build() is given
 * @track: words of each track, those of FNP2 weights among them
 * @num_tracks: how many
 * @room: of the last track's words
 * @words: of all tracks
 * @external: weights of the layer that is being written
 * @data: the finished file
 */
struct akida_assembler {
	struct ak_err err;
	int failed;
	struct ak_program_file file;
	struct ak_program_words *track;
	size_t num_tracks, room, words;
	struct ak_program_words external;
	uint8_t *data;
};

#define FAIL(a, code, ...) ((a)->failed = ak_errf(&(a)->err, code, __VA_ARGS__))

static int no_memory(struct akida_assembler *a)
{
	return FAIL(a, -ENOMEM, "no memory for a program");
}

AK_EXPORT struct akida_assembler *akida_assembler_new(enum akida_target target)
{
	const struct ak_mesh *mesh = ak_mesh_of(target);
	struct akida_assembler *a = mesh ? calloc(1, sizeof(*a)) : NULL;

	if (!a)
		return NULL;
	memcpy(a->file.version, AK_PROGRAM_VERSION, sizeof(AK_PROGRAM_VERSION));
	a->file.chip = mesh->chip;
	return a;
}

AK_EXPORT void akida_assembler_free(struct akida_assembler *a)
{
	size_t i;

	if (!a)
		return;
	for (i = 0; i < a->num_tracks; i++)
		free(a->track[i].word);
	free(a->track);
	free(a->external.word);
	free(a->data);
	ak_program_file_clear(&a->file);
	free(a);
}

AK_EXPORT const char *akida_assembler_error(const struct akida_assembler *a)
{
	return a->err.text;
}

static int check_shape(struct akida_assembler *a, const char *what,
		       const struct akida_shape *s)
{
	if (s->width && s->height && s->channels && s->width <= AK_MAX_SIDE &&
	    s->height <= AK_MAX_SIDE && s->channels <= AK_MAX_CHANNELS)
		return 0;
	return FAIL(a, -EINVAL,
		    "an %s of %ux%ux%u (height x width x channels) cannot be",
		    what, s->height, s->width, s->channels);
}

AK_EXPORT int akida_assembler_input(struct akida_assembler *a,
				    const struct akida_shape *shape,
				    bool events)
{
	if (a->failed || check_shape(a, "input", shape))
		return a->failed;
	a->file.in_dims[0] = shape->width;
	a->file.in_dims[1] = shape->height;
	a->file.in_dims[2] = shape->channels;
	a->file.num_in_dims = 3;
	a->file.input_type = events;
	return 0;
}

AK_EXPORT int akida_assembler_output(struct akida_assembler *a,
				     const struct akida_shape *shape,
				     bool activation, const int32_t *shift,
				     const float *scale)
{
	struct ak_program_file *f = &a->file;
	uint32_t n = shape->channels;

	if (a->failed || check_shape(a, "output", shape))
		return a->failed;
	free(f->shift);
	free(f->scale);
	f->num_shifts = 0;
	f->num_scales = 0;
	f->shift = malloc(n * sizeof(*f->shift));
	f->scale = malloc(n * sizeof(*f->scale));
	if (!f->shift || !f->scale)
		return no_memory(a);
	memcpy(f->shift, shift, n * sizeof(*f->shift));
	memcpy(f->scale, scale, n * sizeof(*f->scale));
	f->num_shifts = n;
	f->num_scales = n;
	f->out_dims[0] = shape->width;
	f->out_dims[1] = shape->height;
	f->out_dims[2] = n;
	f->num_out_dims = 3;
	f->activation = activation;
	return 0;
}

AK_EXPORT int akida_assembler_register(struct akida_assembler *a,
				       uint32_t offset, uint32_t value)
{
	struct ak_program_file *f = &a->file;
	struct ak_epg *mem;

	if (a->failed)
		return a->failed;
	if (offset % 4 || offset > 0x1c || offset == 0x4 || offset == 0x8)
		return FAIL(
			a, -EINVAL,
			"register 0x%x is none that a program may have written",
			offset);
	if (f->num_epg == AK_PROGRAM_MAX_EPG)
		return FAIL(a, -EINVAL, "more than %u registers",
			    AK_PROGRAM_MAX_EPG);
	mem = realloc(f->epg, (f->num_epg + 1) * sizeof(*mem));
	if (!mem)
		return no_memory(a);
	f->epg = mem;
	f->epg[f->num_epg++] = (struct ak_epg){ offset, value };
	return 0;
}

/* ---------------------------------------------- passes, layers, tracks */

static struct ak_pass *last_pass(struct akida_assembler *a)
{
	return a->file.num_passes ? &a->file.pass[a->file.num_passes - 1] :
				    NULL;
}

static struct ak_record *last_record(struct akida_assembler *a)
{
	struct ak_pass *p = last_pass(a);

	return p && p->num_records ? &p->record[p->num_records - 1] : NULL;
}

static int add_words(struct akida_assembler *a)
{
	struct ak_program_words *mem;

	mem = realloc(a->track, (a->num_tracks + 1) * sizeof(*mem));
	if (!mem)
		return no_memory(a);
	a->track = mem;
	a->track[a->num_tracks++] = (struct ak_program_words){ NULL, 0 };
	a->room = 0;
	return 0;
}

/* A layer ends: its weights in memory follow its tracks. */
static int end_layer(struct akida_assembler *a)
{
	struct ak_record *r = last_record(a);

	if (!r)
		return 0;
	if (!r->num_tracks || !a->track[a->num_tracks - 1].count)
		return FAIL(
			a, -EINVAL,
			"layer %u of pass %u has no track, or one without packets",
			last_pass(a)->num_records - 1, a->file.num_passes - 1);
	if (!a->external.word)
		return 0;
	if (add_words(a))
		return a->failed;
	a->track[a->num_tracks - 1] = a->external;
	a->external = (struct ak_program_words){ NULL, 0 };
	r->has_fnp2 = true;
	return 0;
}

AK_EXPORT int akida_assembler_pass(struct akida_assembler *a)
{
	struct ak_program_file *f = &a->file;
	struct ak_pass *mem;

	if (a->failed || end_layer(a))
		return a->failed;
	if (f->num_passes && !last_pass(a)->num_records)
		return FAIL(a, -EINVAL, "pass %u has no layer",
			    f->num_passes - 1);
	/* The first is there without being asked for. */
	if (f->num_passes == AK_PROGRAM_MAX_PASSES)
		return FAIL(a, -EFBIG, "more than %u passes",
			    AK_PROGRAM_MAX_PASSES);
	mem = realloc(f->pass, (f->num_passes + 1) * sizeof(*mem));
	if (!mem)
		return no_memory(a);
	f->pass = mem;
	f->pass[f->num_passes++] = (struct ak_pass){ NULL, 0 };
	return 0;
}

AK_EXPORT int akida_assembler_layer(struct akida_assembler *a)
{
	struct ak_pass *p;
	struct ak_record *mem;

	if (a->failed || end_layer(a))
		return a->failed;
	if (!a->file.num_passes && akida_assembler_pass(a))
		return a->failed;
	p = last_pass(a);
	if (p->num_records == AK_PROGRAM_MAX_RECORDS)
		return FAIL(a, -EFBIG, "more than %u layers in a pass",
			    AK_PROGRAM_MAX_RECORDS);
	mem = realloc(p->record, (p->num_records + 1) * sizeof(*mem));
	if (!mem)
		return no_memory(a);
	p->record = mem;
	memset(&p->record[p->num_records++], 0, sizeof(*mem));
	return 0;
}

AK_EXPORT int akida_assembler_track(struct akida_assembler *a)
{
	struct ak_record *r = last_record(a);
	struct ak_track *mem;

	if (a->failed)
		return a->failed;
	if (!r)
		return FAIL(a, -EINVAL, "a track without a layer");
	if (r->num_tracks && !a->track[a->num_tracks - 1].count)
		return FAIL(a, -EINVAL, "a track without packets");
	if (r->num_tracks == AK_PROGRAM_MAX_TRACKS)
		return FAIL(a, -EFBIG, "more than %u tracks in a layer",
			    AK_PROGRAM_MAX_TRACKS);
	mem = realloc(r->track, (r->num_tracks + 1) * sizeof(*mem));
	if (!mem)
		return no_memory(a);
	r->track = mem;
	memset(&r->track[r->num_tracks], 0, sizeof(*mem));
	if (add_words(a))
		return a->failed;
	r->num_tracks++;
	return 0;
}

/* Room for words at the end of the last track, zeroed. */
static uint32_t *grow(struct akida_assembler *a, size_t count)
{
	struct ak_program_words *t = &a->track[a->num_tracks - 1];
	size_t want = t->count + count;
	uint32_t *at;

	if (count > MAX_WORDS - a->words) {
		FAIL(a, -EFBIG, "a program of more than %u words", MAX_WORDS);
		return NULL;
	}
	if (want > a->room) {
		uint32_t *mem = realloc(t->word, want * 2 * sizeof(*mem));

		if (!mem) {
			no_memory(a);
			return NULL;
		}
		t->word = mem;
		a->room = want * 2;
	}
	at = t->word + t->count;
	memset(at, 0, count * sizeof(*at));
	t->count = want;
	a->words += count;
	return at;
}

AK_EXPORT int akida_assembler_packet(struct akida_assembler *a,
				     const struct akida_packet_place *to,
				     size_t to_size, const uint32_t *words,
				     size_t count)
{
	struct ak_record *r = last_record(a);
	struct akida_packet_place place = { 0 };
	struct ak_packet p = { 0 };
	uint32_t header[2], payload;
	uint32_t *at;

	if (a->failed)
		return a->failed;
	if (!r || !r->num_tracks)
		return FAIL(a, -EINVAL, "a packet without a track");
	memcpy(&place, to, to_size < sizeof(place) ? to_size : sizeof(place));
	if (place.column > 255 || place.row > 255 || place.np > 3 ||
	    place.unit > 15 || place.address > UINT16_MAX ||
	    !place.column != !place.row || (!place.column && place.np))
		return FAIL(
			a, -EINVAL,
			"a packet for unit %u, address %u of NP %u of node (%u,%u): there is no such place",
			place.unit, place.address, place.np, place.column,
			place.row);
	/* As long as a track can be; XL packets have 14 bits of 16 words. */
	if (!count || count > 0x3fff * 16)
		return FAIL(a, -EINVAL, "a packet of %zu words", count);
	p.col = (uint8_t)place.column;
	p.row = (uint8_t)place.row;
	p.hrc = !place.column;
	p.np_mask = (uint8_t)(1u << place.np);
	p.uid = (uint8_t)place.unit;
	p.addr = (uint16_t)place.address;
	p.words = (uint32_t)count;
	payload = ak_packet_header(&p, header);
	at = grow(a, 2 + (size_t)payload);
	if (!at)
		return a->failed;
	memcpy(at, header, sizeof(header));
	memcpy(at + 2, words, count * sizeof(*words));
	return 0;
}

AK_EXPORT int akida_assembler_external(struct akida_assembler *a,
				       const uint32_t *words, size_t count)
{
	if (a->failed)
		return a->failed;
	if (!last_record(a) || a->external.word || !count)
		return FAIL(a, -EINVAL, "weights in memory: %s",
			    !count	     ? "no words" :
			    a->external.word ? "the layer has some already" :
					       "there is no layer");
	if (count > MAX_WORDS - a->words)
		return FAIL(a, -EFBIG, "a program of more than %u words",
			    MAX_WORDS);
	a->external.word = malloc(count * sizeof(*words));
	if (!a->external.word)
		return no_memory(a);
	memcpy(a->external.word, words, count * sizeof(*words));
	a->external.count = count;
	a->words += count;
	return 0;
}

AK_EXPORT int akida_assembler_finish(struct akida_assembler *a,
				     const void **data, size_t *size)
{
	struct ak_program_file *f = &a->file;
	uint32_t records = 0, i;
	int rc;

	if (a->failed || end_layer(a))
		return a->failed;
	if (!f->num_in_dims || !f->num_out_dims)
		return FAIL(a, -EINVAL,
			    "the program does not say what goes in and out");
	if (!f->num_passes || !last_pass(a)->num_records)
		return FAIL(a, -EINVAL, "the program's last pass has no layer");
	for (i = 0; i < AK_PUBLIC_EPG && f->num_epg <= i; i++)
		if (akida_assembler_register(a, ak_public_epg[i].offset,
					     ak_public_epg[i].value))
			return a->failed;
	for (i = 0; i < f->num_passes; i++)
		records += f->pass[i].num_records;
	f->max_desc = records < 255 ? (uint8_t)(records + 1) : 255;
	free(a->data);
	a->data = NULL;
	rc = ak_program_file_build(f, a->track, a->num_tracks, &a->data, size,
				   &a->err);
	if (rc)
		a->failed = rc;
	*data = a->data;
	return rc;
}
