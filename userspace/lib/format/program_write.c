// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Writing a program: the data part first, since the info part says where in it
 * the tracks lie.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/le.h"
#include "format/flatbuf.h"
#include "format/program.h"
#include "format/program_internal.h"

struct writer {
	struct ak_program_file *p;
	const struct ak_program_words *tracks;
	size_t next;
	fb_ref *refs;
};

static fb_ref list_table(struct fb_builder *b, const fb_ref *items,
			 size_t count)
{
	fb_ref v = fbb_vector_refs(b, items, count);

	fbb_table(b, LIST_SLOTS);
	fbb_add_ref(b, LIST_ITEMS, v);
	return fbb_end(b);
}

/* Tracks are numbered forwards and, as in the known files, each lies before
 * the one that was written earlier.
 */
static fb_ref write_track(struct writer *w, struct fb_builder *b,
			  struct ak_track *t)
{
	const struct ak_program_words *words = &w->tracks[w->next];
	fb_ref vector, table;

	t->words = (uint32_t)words->count;
	vector = fbb_vector_u32(b, words->word, words->count);
	w->refs[w->next++] = vector;
	fbb_table(b, LIST_SLOTS);
	fbb_add_ref(b, LIST_ITEMS, vector);
	table = fbb_end(b);
	return table;
}

static fb_ref write_record(struct writer *w, struct fb_builder *b,
			   struct ak_record *r)
{
	fb_ref tracks[AK_PROGRAM_MAX_TRACKS], fnp2 = 0, list;
	uint32_t i;

	for (i = 0; i < r->num_tracks; i++)
		tracks[i] = write_track(w, b, &r->track[i]);
	if (r->has_fnp2)
		fnp2 = write_track(w, b, &r->fnp2);
	list = fbb_vector_refs(b, tracks, r->num_tracks);
	fbb_table(b, RECORD_SLOTS);
	fbb_add_ref(b, RECORD_TRACKS, list);
	fbb_add_ref(b, RECORD_FNP2, fnp2);
	return fbb_end(b);
}

static fb_ref write_data(struct writer *w, struct fb_builder *b)
{
	static const uint8_t dummy[DUMMY_HEADER_BYTES];
	fb_ref passes[AK_PROGRAM_MAX_PASSES], list;
	fb_ref records[AK_PROGRAM_MAX_RECORDS];
	uint32_t i, j;

	for (i = 0; i < w->p->num_passes; i++) {
		struct ak_pass *pass = &w->p->pass[i];

		for (j = 0; j < pass->num_records; j++)
			records[j] = write_record(w, b, &pass->record[j]);
		passes[i] = list_table(b, records, pass->num_records);
	}
	list = fbb_vector_refs(b, passes, w->p->num_passes);
	fbb_table(b, DATA_SLOTS);
	fbb_add_ref(b, DATA_PASSES, list);
	fbb_add_struct(b, DATA_DUMMY_HEADER, dummy, sizeof(dummy), 4);
	return fbb_end(b);
}

/* A reference counts from the end; a vector's elements follow its length. */
static void place(struct writer *w, size_t size)
{
	size_t n = 0;
	uint32_t i, j, k;

	for (i = 0; i < w->p->num_passes; i++)
		for (j = 0; j < w->p->pass[i].num_records; j++) {
			struct ak_record *r = &w->p->pass[i].record[j];

			for (k = 0; k < r->num_tracks; k++)
				r->track[k].offset =
					(uint32_t)(size - w->refs[n++]) + 4;
			if (r->has_fnp2)
				r->fnp2.offset =
					(uint32_t)(size - w->refs[n++]) + 4;
		}
}

static void put_span(uint8_t *at, const struct ak_track *t)
{
	ak_put_le32(at, t->offset);
	ak_put_le32(at + 4, t->words);
}

static fb_ref write_spans(struct fb_builder *b, const struct ak_record *r)
{
	uint8_t spans[AK_PROGRAM_MAX_TRACKS * SPAN_BYTES], fnp2[SPAN_BYTES];
	fb_ref list;
	uint32_t i;

	for (i = 0; i < r->num_tracks; i++)
		put_span(spans + i * SPAN_BYTES, &r->track[i]);
	list = fbb_vector(b, spans, r->num_tracks, SPAN_BYTES, 4);
	fbb_table(b, RECORD_SLOTS);
	fbb_add_ref(b, RECORD_TRACKS, list);
	if (r->has_fnp2) {
		put_span(fnp2, &r->fnp2);
		fbb_add_struct(b, RECORD_FNP2, fnp2, sizeof(fnp2), 4);
	}
	return fbb_end(b);
}

static fb_ref write_pass_spans(const struct ak_program_file *p,
			       struct fb_builder *b)
{
	fb_ref passes[AK_PROGRAM_MAX_PASSES], records[AK_PROGRAM_MAX_RECORDS];
	uint32_t i, j;

	for (i = 0; i < p->num_passes; i++) {
		for (j = 0; j < p->pass[i].num_records; j++)
			records[j] = write_spans(b, &p->pass[i].record[j]);
		passes[i] = list_table(b, records, p->pass[i].num_records);
	}
	return fbb_vector_refs(b, passes, p->num_passes);
}

static fb_ref write_epg(const struct ak_program_file *p, struct fb_builder *b)
{
	uint8_t epg[AK_PROGRAM_MAX_EPG * EPG_BYTES];
	uint32_t i;

	for (i = 0; i < p->num_epg; i++) {
		ak_put_le32(epg + i * EPG_BYTES, p->epg[i].offset);
		ak_put_le32(epg + i * EPG_BYTES + 4, p->epg[i].value);
	}
	return fbb_vector(b, epg, p->num_epg, EPG_BYTES, 4);
}

static fb_ref write_info(const struct ak_program_file *p, struct fb_builder *b)
{
	const uint8_t chip[CHIP_BYTES] = { p->chip.vendor, p->chip.product,
					   p->chip.major, p->chip.minor };
	uint8_t learning[SPAN_BYTES];
	fb_ref version, in, out, shifts, scales, epg, passes;

	passes = write_pass_spans(p, b);
	epg = write_epg(p, b);
	scales = fbb_vector_u32(b, (const uint32_t *)p->scale, p->num_scales);
	shifts = fbb_vector_u32(b, (const uint32_t *)p->shift, p->num_shifts);
	out = fbb_vector_u32(b, p->out_dims, p->num_out_dims);
	in = fbb_vector_u32(b, p->in_dims, p->num_in_dims);
	version = fbb_string(b, p->version);
	fbb_table(b, INFO_SLOTS);
	fbb_add_ref(b, INFO_VERSION, version);
	fbb_add_struct(b, INFO_CHIP, chip, sizeof(chip), 1);
	fbb_add_ref(b, INFO_IN_DIMS, in);
	fbb_add_ref(b, INFO_OUT_DIMS, out);
	fbb_add_u8(b, INFO_IN_TYPE, p->input_type, 0);
	fbb_add_u8(b, INFO_OUT_TYPE, p->output_type, 0);
	fbb_add_u8(b, INFO_ACTIVATION, p->activation, 0);
	fbb_add_u32(b, INFO_WINDOW_W, p->window_w, 0);
	fbb_add_u32(b, INFO_WINDOW_H, p->window_h, 0);
	fbb_add_ref(b, INFO_SHIFTS, shifts);
	fbb_add_ref(b, INFO_SCALES, scales);
	fbb_add_u8(b, INFO_MAX_DESC, p->max_desc, 0);
	fbb_add_ref(b, INFO_EPG, epg);
	fbb_add_ref(b, INFO_PASSES, passes);
	if (p->has_learning) {
		put_span(learning, &p->learning);
		fbb_add_struct(b, INFO_LEARNING, learning, sizeof(learning), 4);
	}
	return fbb_end(b);
}

/* Counts what the info says there is, within the limits of the reader. */
static int count_tracks(const struct ak_program_file *p, size_t *count,
			struct ak_err *err)
{
	uint32_t i, j;

	*count = 0;
	if (p->num_passes > AK_PROGRAM_MAX_PASSES ||
	    p->num_epg > AK_PROGRAM_MAX_EPG ||
	    p->num_in_dims > AK_PROGRAM_MAX_DIMS ||
	    p->num_out_dims > AK_PROGRAM_MAX_DIMS ||
	    p->num_shifts > AK_PROGRAM_MAX_OUTPUTS ||
	    p->num_scales > AK_PROGRAM_MAX_OUTPUTS)
		return ak_errf(
			err, -EFBIG,
			"the program has more passes, EPG writes, dimensions or outputs than the format");
	for (i = 0; i < p->num_passes; i++) {
		if (p->pass[i].num_records > AK_PROGRAM_MAX_RECORDS)
			return ak_errf(
				err, -EFBIG,
				"pass %u has %u records; 256 are possible", i,
				p->pass[i].num_records);
		for (j = 0; j < p->pass[i].num_records; j++) {
			const struct ak_record *r = &p->pass[i].record[j];

			if (r->num_tracks > AK_PROGRAM_MAX_TRACKS)
				return ak_errf(
					err, -EFBIG,
					"record %u of pass %u has %u tracks; 128 are possible",
					j, i, r->num_tracks);
			*count += r->num_tracks + r->has_fnp2;
		}
	}
	return 0;
}

int ak_program_file_build(struct ak_program_file *p,
			  const struct ak_program_words *tracks,
			  size_t num_tracks, uint8_t **out, size_t *size,
			  struct ak_err *err)
{
	struct writer w = { .p = p, .tracks = tracks };
	struct fb_builder data, info;
	const uint8_t *data_bytes, *info_bytes;
	size_t count, data_size, info_size;
	int rc = count_tracks(p, &count, err);

	if (rc)
		return rc;
	if (count != num_tracks)
		return ak_errf(
			err, -EINVAL,
			"the program has places for %zu tracks, but %zu were given",
			count, num_tracks);
	fbb_init(&data, AK_PROGRAM_MAX_FILE);
	fbb_init(&info, AK_PROGRAM_MAX_FILE);
	w.refs = calloc(count ? count : 1, sizeof(*w.refs));
	rc = w.refs ? fbb_finish(&data, write_data(&w, &data), true,
				 &data_bytes, &data_size) :
		      -ENOMEM;
	if (!rc) {
		place(&w, data_size);
		rc = fbb_finish(&info, write_info(p, &info), true, &info_bytes,
				&info_size);
	}
	if (!rc && data_size + info_size > AK_PROGRAM_MAX_FILE)
		rc = -EFBIG;
	if (!rc) {
		*out = malloc(info_size + data_size);
		rc = *out ? 0 : -ENOMEM;
	}
	if (!rc) {
		memcpy(*out, info_bytes, info_size);
		memcpy(*out + info_size, data_bytes, data_size);
		*size = info_size + data_size;
		p->info_size = info_size;
		p->data_size = data_size;
	}
	free(w.refs);
	fbb_free(&data);
	fbb_free(&info);
	if (rc)
		return ak_errf(err, rc,
			       rc == -EFBIG ?
				       "the program is larger than 256 MiB" :
				       "no memory to write the program");
	return 0;
}
