// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Notes of named programs. They come back from the driver, but it is another
 * process that left them there: nothing in them is believed.
 */
#include "program/note.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/le.h"
#include "program/np.h"

#define MAGIC 0x314e4b41u /* "AKN1" */
#define MAX_NAME 4096u

static uint32_t count_records(const struct ak_program_file *f)
{
	uint32_t i, n = 0;

	for (i = 0; i < f->num_passes; i++)
		n += f->pass[i].num_records;
	return n;
}

static uint32_t count_tracks(const struct ak_program_file *f)
{
	uint32_t i, j, n = 0;

	for (i = 0; i < f->num_passes; i++)
		for (j = 0; j < f->pass[i].num_records; j++)
			n += f->pass[i].record[j].num_tracks;
	return n;
}

/* Weights are what a note leaves out. */
static bool is_weights(const struct ak_packet *p)
{
	return p->uid == AK_UID_FILTER || p->uid == AK_UID_FNP;
}

/* --------------------------------------------------------------- making */

struct maker {
	uint8_t *data;
	size_t size, capacity;
	int error;
};

static uint8_t *grow(struct maker *w, size_t bytes)
{
	size_t want = w->size + ((bytes + 3) & ~(size_t)3);
	uint8_t *at;

	if (w->error)
		return NULL;
	if (want > AK_NOTE_MAX) {
		w->error = -EFBIG;
		return NULL;
	}
	if (want > w->capacity) {
		size_t more = want * 2 > AK_NOTE_MAX ? AK_NOTE_MAX : want * 2;
		uint8_t *mem = realloc(w->data, more);

		if (!mem) {
			w->error = -ENOMEM;
			return NULL;
		}
		w->data = mem;
		w->capacity = more;
	}
	at = w->data + w->size;
	memset(at, 0, want - w->size);
	w->size = want;
	return at;
}

static void put_word(struct maker *w, uint32_t v)
{
	uint8_t *at = grow(w, 4);

	if (at)
		ak_put_le32(at, v);
}

static void put_bytes(struct maker *w, const void *data, size_t size)
{
	uint8_t *at = grow(w, size);

	if (at && size)
		memcpy(at, data, size);
}

static void put_skeleton(struct maker *w, const uint8_t *data, uint32_t words)
{
	size_t length_at = w->size;
	struct ak_packet p;
	uint32_t pos = 0, from = 0, kept = 0;
	int rc;

	put_word(w, 0);
	while ((rc = ak_packet_next(data, words, &pos, &p)) == 1) {
		if (!is_weights(&p)) {
			put_bytes(w, data + (size_t)from * 4,
				  (size_t)(pos - from) * 4);
			kept += pos - from;
		}
		from = pos;
	}
	if (rc && !w->error)
		w->error = rc;
	if (!w->error)
		ak_put_le32(w->data + length_at, kept);
}

int ak_note_make(const struct ak_program_file *f, const uint8_t *info,
		 const char *const *name, uint8_t **out, size_t *size,
		 struct ak_err *err)
{
	bool ours = f->chip.vendor == AK_CHIP_VENDOR_VIRTUAL;
	uint32_t records = count_records(f), i, j, k;
	struct maker w = { NULL, 0, 0, 0 };

	put_word(&w, MAGIC);
	put_word(&w, (uint32_t)f->data_size);
	put_word(&w, (uint32_t)f->info_size);
	put_bytes(&w, info, f->info_size);
	put_word(&w, records);
	for (i = 0; i < records; i++) {
		size_t length = name ? strnlen(name[i], MAX_NAME) : 0;

		put_word(&w, (uint32_t)length);
		put_bytes(&w, length ? name[i] : "", length);
	}
	put_word(&w, ours ? count_tracks(f) : 0);
	for (i = 0; i < f->num_passes && ours; i++)
		for (j = 0; j < f->pass[i].num_records; j++)
			for (k = 0; k < f->pass[i].record[j].num_tracks; k++) {
				const struct ak_track *t =
					&f->pass[i].record[j].track[k];

				put_skeleton(&w, f->data + t->offset, t->words);
			}
	*out = w.data;
	*size = w.size;
	if (!w.error)
		return 0;
	free(w.data);
	*out = NULL;
	if (w.error == -EFBIG)
		return ak_errf(
			err, -EFBIG,
			"what others must know of this program takes more than %u bytes, the most that the driver keeps",
			AK_NOTE_MAX);
	if (w.error == -ENOMEM)
		return ak_errf(err, -ENOMEM, "no memory for a program");
	return ak_errf(err, -EINVAL, "a packet is longer than its track");
}

/* -------------------------------------------------------------- reading */

struct taker {
	const uint8_t *data;
	size_t size, pos;
	bool bad;
};

static const uint8_t *take(struct taker *t, size_t bytes)
{
	const uint8_t *at = t->data + t->pos;
	size_t padded;

	if (t->bad || bytes > t->size - t->pos) {
		t->bad = true;
		return NULL;
	}
	padded = (bytes + 3) & ~(size_t)3;
	if (padded > t->size - t->pos) {
		t->bad = true;
		return NULL;
	}
	t->pos += padded;
	return at;
}

static uint32_t take_word(struct taker *t)
{
	const uint8_t *at = take(t, 4);

	return at ? ak_get_le32(at) : 0;
}

static int read_names(struct ak_note *n, struct taker *t)
{
	uint32_t i;

	n->records = take_word(t);
	if (t->bad || n->records != count_records(&n->file)) {
		n->records = 0;
		return -EINVAL;
	}
	n->name = calloc((size_t)n->records + 1, sizeof(*n->name));
	if (!n->name)
		return -ENOMEM;
	for (i = 0; i < n->records; i++) {
		uint32_t length = take_word(t);
		const uint8_t *at;

		if (length > MAX_NAME)
			return -EINVAL;
		at = take(t, length);
		if (!at)
			return -EINVAL;
		n->name[i] = strndup((const char *)at, length);
		if (!n->name[i])
			return -ENOMEM;
	}
	return 0;
}

static int read_skeletons(struct ak_note *n, struct taker *t)
{
	uint32_t i;

	n->num_skeletons = take_word(t);
	if (t->bad ||
	    (n->num_skeletons && n->num_skeletons != count_tracks(&n->file))) {
		n->num_skeletons = 0;
		return -EINVAL;
	}
	n->skeleton =
		calloc((size_t)n->num_skeletons + 1, sizeof(*n->skeleton));
	if (!n->skeleton)
		return -ENOMEM;
	for (i = 0; i < n->num_skeletons; i++) {
		struct ak_skeleton *s = &n->skeleton[i];

		s->words = take_word(t);
		if (s->words > t->size / 4)
			return -EINVAL;
		s->data = take(t, (size_t)s->words * 4);
		if (!s->data)
			return -EINVAL;
	}
	return t->pos == t->size ? 0 : -EINVAL;
}

int ak_note_parse(struct ak_note *n, const uint8_t *data, size_t size,
		  struct ak_err *err)
{
	struct taker t = { data, size, 0, false };
	uint32_t data_size, info_size;
	const uint8_t *info;
	int rc = -EINVAL;

	memset(n, 0, sizeof(*n));
	if (size <= AK_NOTE_MAX && take_word(&t) == MAGIC) {
		data_size = take_word(&t);
		info_size = take_word(&t);
		info = take(&t, info_size);
		rc = info ? ak_program_file_parse_info(
				    &n->file, info, info_size, data_size, err) :
			    -EINVAL;
		if (!rc)
			rc = read_names(n, &t);
		if (!rc)
			rc = read_skeletons(n, &t);
	}
	if (!rc)
		return 0;
	ak_note_clear(n);
	return rc == -ENOMEM ?
		       ak_errf(err, rc, "no memory for a program") :
		       ak_errf(err, rc,
			       "what was left with the program is damaged, or was not left by libakida");
}

void ak_note_clear(struct ak_note *n)
{
	uint32_t i;

	for (i = 0; n->name && i < n->records; i++)
		free(n->name[i]);
	free(n->name);
	free(n->skeleton);
	ak_program_file_clear(&n->file);
	memset(n, 0, sizeof(*n));
}

const struct ak_record *ak_note_record(const struct ak_note *n, uint32_t record,
				       uint32_t *track, uint32_t *skeleton)
{
	const struct ak_program_file *f = &n->file;
	uint32_t i, j, at = 0;

	*track = 0;
	*skeleton = 0;
	for (i = 0; i < f->num_passes; i++)
		for (j = 0; j < f->pass[i].num_records; j++) {
			const struct ak_record *r = &f->pass[i].record[j];

			if (at++ == record)
				return r;
			*track += r->num_tracks + r->has_fnp2;
			*skeleton += r->num_tracks;
		}
	return NULL;
}
