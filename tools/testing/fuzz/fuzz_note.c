// SPDX-License-Identifier: GPL-2.0
/*
 * Notes of named programs, which another process left with the driver. The first
 * byte says what the rest is: 0 a note; else a program as fuzz_program.c takes it,
 * of which a note is made, which must be read again. Of each layer that a note
 * describes, tracks with other weights are made.
 */
#include <stdlib.h>
#include <string.h>

#include "common/le.h"
#include "model/model.h"
#include "program/note.h"

/* More weights than this say nothing new and take long. */
#define MAX_WEIGHTS (1u << 16)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void replace(const struct ak_note *n, uint32_t record)
{
	struct ak_program_words words[AK_PROGRAM_MAX_TRACKS + 1];
	struct ak_err err = { "" };
	uint32_t track, skeleton, i;
	const struct ak_record *r;
	struct ak_layer l;
	size_t count, pointwise;
	int8_t *w;

	if (ak_replace_layer(n, record, &l, &err)) {
		if (!err.text[0])
			abort();
		return;
	}
	count = ak_layer_num_weights(&l, false);
	pointwise = ak_layer_num_weights(&l, true);
	if (count > MAX_WEIGHTS || pointwise > MAX_WEIGHTS)
		return;
	w = calloc(count + pointwise, 1);
	if (!w)
		abort();
	l.weights = w;
	l.weights_pw = w + count;
	r = ak_note_record(n, record, &track, &skeleton);
	if (ak_replace_weights(n, record, &l, words, &err) && !err.text[0])
		abort();
	for (i = 0; i < r->num_tracks + r->has_fnp2; i++)
		free(words[i].word);
	free(w);
}

static int read_note(const uint8_t *data, size_t size)
{
	struct ak_err err = { "" };
	struct ak_note n;
	uint32_t i;

	if (ak_note_parse(&n, data, size, &err)) {
		if (!err.text[0])
			abort();
		return -1;
	}
	for (i = 0; i < n.records && i < 64; i++)
		replace(&n, i);
	if (n.num_skeletons)
		ak_program_input_bits(n.skeleton[0].data, n.skeleton[0].words);
	ak_note_clear(&n);
	return 0;
}

static void make_note(uint8_t *file, size_t size)
{
	struct ak_err err = { "" };
	struct ak_program_file f;
	uint8_t *note;
	size_t note_size;

	if (ak_program_file_parse(&f, file, size, &err))
		return;
	if (f.known) {
		if (ak_note_make(&f, file, NULL, &note, &note_size, &err)) {
			if (!err.text[0])
				abort();
		} else {
			/* What was made is read. */
			if (read_note(note, note_size))
				abort();
			free(note);
		}
	}
	ak_program_file_clear(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy;
	size_t info;

	if (size < 11)
		return 0;
	copy = malloc(size);
	if (!copy)
		abort();
	if (!data[0]) {
		memcpy(copy, data + 1, size - 1);
		read_note(copy, size - 1);
		free(copy);
		return 0;
	}
	info = ak_get_le16(data + 1);
	size -= 3;
	memcpy(copy, data + 3, size);
	if (info >= 4 && info + 4 <= size) {
		ak_put_le32(copy, (uint32_t)info - 4);
		ak_put_le32(copy + info, (uint32_t)(size - info - 4));
	}
	make_note(copy, size);
	free(copy);
	return 0;
}
