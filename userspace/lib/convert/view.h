/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Weights as floats, whatever file they are in: everything that
 * ak_tensors_open() reads, and models of several arrays per weight.
 */
#ifndef AK_VIEW_H
#define AK_VIEW_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "convert/tensors.h"

/**
 * struct ak_view_tensor - one weight
 * @name: as the file has it
 * @type: how it is stored: "Q4_0", "4-bit perrow_int"
 * @ndim: dimensions
 * @dim: sizes, slowest first
 * @rows: elements / @cols
 * @cols: elements of the fastest dimension
 * @index: number in the file, for ak_view_read()
 */
struct ak_view_tensor {
	const char *name;
	char type[40];
	unsigned int ndim;
	uint64_t dim[AK_TENSOR_MAX_DIMS];
	uint64_t rows, cols;
	size_t index;
};

/**
 * struct ak_view - an open file; opaque
 */
struct ak_view;

/**
 * ak_view_open() - open a file or folder of weights
 * @path: what ak_tensors_open() takes, or an APL manifest, its archive or its
 *	folder, or a file of nntr-bin with config.json beside it
 * @out: where to put it
 * @err: error text
 *
 * Return: 0 or a negative errno.
 */
int ak_view_open(const char *path, struct ak_view **out, struct ak_err *err);

/**
 * ak_view_open_like() - open what was made of a model
 * @path: as ak_view_open()
 * @model: folder or file of the model, whose config.json serves where a file
 *	without a header has none beside it; NULL for none
 * @out: where to put it
 * @err: error text
 *
 * Return: 0 or a negative errno.
 */
int ak_view_open_like(const char *path, const char *model, struct ak_view **out,
		      struct ak_err *err);

/**
 * ak_view_format() - what kind of file it is
 * @v: an open view
 *
 * Return: "nntr-bin", "GGUF"; NULL for weights in several files.
 */
const char *ak_view_format(const struct ak_view *v);

/**
 * ak_view_close() - close it
 * @v: an open view or NULL
 */
void ak_view_close(struct ak_view *v);

/**
 * ak_view_count() - how many weights there are
 * @v: an open view
 *
 * Return: their number.
 */
size_t ak_view_count(const struct ak_view *v);

/**
 * ak_view_name() - name of a weight
 * @v: an open view
 * @i: its number, below ak_view_count()
 *
 * Return: the name.
 */
const char *ak_view_name(const struct ak_view *v, size_t i);

/**
 * ak_view_find() - a weight by its name
 * @v: an open view
 * @name: exact name
 *
 * Return: its number, SIZE_MAX if it is not there.
 */
size_t ak_view_find(const struct ak_view *v, const char *name);

/**
 * ak_view_get() - prepare a weight for reading
 * @v: an open view
 * @i: its number
 * @out: what it is
 * @err: error text
 *
 * Unpacks arrays, so one thread at a time.
 *
 * Return: 0 or a negative errno.
 */
int ak_view_get(struct ak_view *v, size_t i, struct ak_view_tensor *out,
		struct ak_err *err);

/**
 * ak_view_drop() - give back what ak_view_get() unpacked
 * @v: an open view
 * @i: its number
 */
void ak_view_drop(struct ak_view *v, size_t i);

/**
 * ak_view_read() - rows as floats
 * @v: an open view
 * @t: of ak_view_get()
 * @first: first row
 * @rows: how many
 * @out: [rows][cols]
 * @err: error text
 *
 * Any thread.
 *
 * Return: 0, -ERANGE for rows that are not there, or another negative errno.
 */
int ak_view_read(const struct ak_view *v, const struct ak_view_tensor *t,
		 uint64_t first, uint64_t rows, float *out, struct ak_err *err);

#endif /* AK_VIEW_H */
