/* SPDX-License-Identifier: GPL-2.0 */
/*
 * akida inspect: what its parts share.
 */
#ifndef INSPECT_H
#define INSPECT_H

#include "convert/stats.h"
#include "convert/tensors.h"
#include "convert/view.h"

/**
 * struct inspect_row - a tensor as it is shown
 * @name: its name
 * @type: how it is stored, by what is known of the whole file
 * @dtype: the file's own name of its element type, or NULL
 * @ndim: number of dimensions
 * @dim: sizes
 * @count: elements
 * @bytes: as stored; 0 for a weight that is several arrays
 * @file: that it is in, or NULL
 * @stats: range of its values
 */
struct inspect_row {
	const char *name;
	char type[48];
	const char *dtype;
	unsigned int ndim;
	uint64_t dim[AK_TENSOR_MAX_DIMS];
	uint64_t count, bytes;
	const char *file;
	struct ak_stats stats;
};

/**
 * struct inspect - what is to be shown
 * @path: what was opened
 * @set: its tensors, NULL for a model that is several files of weights
 * @view: the weights that they are, NULL if those are the tensors
 * @row: rows
 * @rows: how many
 * @stats: stats were made
 */
struct inspect {
	char *path;
	struct ak_tensors *set;
	struct ak_view *view;
	struct inspect_row *row;
	size_t rows;
	bool stats;
};

/**
 * inspect_open() - open a file, a folder or a model
 * @i: filled in
 * @name: as the user gave it
 * @err: error text
 *
 * Return: 0 or a negative errno; inspect_close() in both cases.
 */
int inspect_open(struct inspect *i, const char *name, struct ak_err *err);

/**
 * inspect_stats() - read all values
 * @i: what was opened
 * @threads: how many threads read
 * @err: error text
 *
 * Return: 0 or a negative errno.
 */
int inspect_stats(struct inspect *i, unsigned int threads, struct ak_err *err);

/**
 * inspect_close() - give it back
 * @i: filled by inspect_open()
 */
void inspect_close(struct inspect *i);

/**
 * inspect_format() - what kind of file it is
 * @i: what was opened
 *
 * Return: a name.
 */
const char *inspect_format(const struct inspect *i);

/**
 * inspect_text() - tables for people
 * @i: what
 */
void inspect_text(const struct inspect *i);

/**
 * inspect_json() - the same as JSON
 * @i: what
 */
void inspect_json(const struct inspect *i);

#endif /* INSPECT_H */
