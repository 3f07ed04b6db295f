/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The note that stays with a named program: what another process must know to
 * run it, and to replace its weights, when it has neither the model nor the
 * program's file.
 *
 * All words little endian:
 *
 *	"AKN1", words of the data part's size and the info part's
 *	the info part of the program's file, padded to words
 *	word: records, each a word with the length of its layer's name and the
 *		name, padded to words
 *	word: tracks (0 for programs that this project did not build), each a
 *		word with its length and so many words: the track without the
 *		packets that carry weights
 */
#ifndef AK_NOTE_H
#define AK_NOTE_H

#include "format/program.h"
#include "model/model.h"

/* As much as the driver keeps. */
#define AK_NOTE_MAX (1u << 20)

/**
 * struct ak_skeleton - a track without its weights
 * @data: little-endian words
 * @words: how many
 */
struct ak_skeleton {
	const uint8_t *data;
	uint32_t words;
};

/**
 * struct ak_note - a note that was read
 * @file: the program, without its data part
 * @records: of all passes
 * @name: of each record's layer, "" where it is not known
 * @skeleton: of each track, in the order of passes, records and tracks
 * @num_skeletons: 0, or as many as there are tracks
 */
struct ak_note {
	struct ak_program_file file;
	uint32_t records;
	char **name;
	struct ak_skeleton *skeleton;
	uint32_t num_skeletons;
};

/**
 * ak_note_make() - make the note of a program
 * @f: the program
 * @info: the info part that it was read from
 * @name: names of the layers of its records, or NULL
 * @out: where to put the malloc()ed note
 * @size: where to put its bytes
 * @err: error text
 *
 * Return: 0, -EFBIG above AK_NOTE_MAX, -EINVAL for packets that are none,
 * -ENOMEM.
 */
int ak_note_make(const struct ak_program_file *f, const uint8_t *info,
		 const char *const *name, uint8_t **out, size_t *size,
		 struct ak_err *err);

/**
 * ak_note_parse() - read a note
 * @n: where to put it; points into @data; ak_note_clear() gives it back
 * @data: the note
 * @size: its bytes
 * @err: error text
 *
 * Return: 0, -EINVAL for one that is damaged or not ours, -ENOMEM.
 */
int ak_note_parse(struct ak_note *n, const uint8_t *data, size_t size,
		  struct ak_err *err);

/**
 * ak_note_clear() - give a note back
 * @n: parsed or zeroed; zeroed afterwards
 */
void ak_note_clear(struct ak_note *n);

/**
 * ak_note_record() - number of a record over all passes
 * @n: a note
 * @record: the number
 * @track: where to put the number of its first track, FNP2 weights counted as
 *	tracks behind those of their record
 * @skeleton: where to put the number of its first skeleton
 *
 * Return: the record, NULL past the last.
 */
const struct ak_record *ak_note_record(const struct ak_note *n, uint32_t record,
				       uint32_t *track, uint32_t *skeleton);

/**
 * ak_program_input_bits() - bits of a program's inputs
 * @first: the first track, or what a skeleton keeps of it
 * @words: its words
 *
 * Return: what an NP's registers say; 8 where they are not ours.
 */
uint32_t ak_program_input_bits(const uint8_t *first, uint32_t words);

/**
 * ak_replace_layer() - the layer of a record, as far as a note knows it
 * @n: a note
 * @record: its number
 * @l: where to put it; without arrays
 * @err: error text
 *
 * Return: 0; -ENOTSUP for a program that this project did not build; -EINVAL
 * for registers that make no sense.
 */
int ak_replace_layer(const struct ak_note *n, uint32_t record,
		     struct ak_layer *l, struct ak_err *err);

/**
 * ak_replace_weights() - tracks of a record with other weights
 * @n: a note
 * @record: its number
 * @l: its layer, with weights
 * @words: where to put malloc()ed words, for each track and then for FNP2
 *	weights; NULL where there was no memory
 * @err: error text
 *
 * Return: 0, -EINVAL if these are not the tracks that the program has, -ENOMEM.
 */
int ak_replace_weights(const struct ak_note *n, uint32_t record,
		       const struct ak_layer *l, struct ak_program_words *words,
		       struct ak_err *err);

#endif /* AK_NOTE_H */
