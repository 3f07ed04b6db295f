/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * APL models read back: a manifest, the archive that it names, and its weights
 * as floats. Documentation/formats/apl.rst.
 */
#ifndef AK_IN_APL_H
#define AK_IN_APL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/map.h"
#include "format/zip.h"

/**
 * struct ak_apl_weight - a weight of a manifest
 * @name: its name; MODEL/NAME in a merged manifest
 * @entry: its entry
 * @model: number of the member that it is of
 * @ndim: 1 or 2
 * @dim: of the weight, slowest first; 0 0 before ak_apl_shapes()
 * @array: what was unpacked of it, NULL before
 */
struct ak_apl_weight {
	char *name;
	const json_t *entry;
	size_t model;
	unsigned int ndim;
	uint64_t dim[2];
	struct ak_apl_arrays *array;
};

/**
 * struct ak_apl_member - a model in a manifest
 * @object: its part of the manifest
 * @name: of the model
 */
struct ak_apl_member {
	const json_t *object;
	char *name;
};

/**
 * struct ak_apl - an open manifest
 * @path: of the manifest
 * @npz: of the archive
 * @root: the manifest
 * @map: the archive
 * @zip: its directory
 * @member: models in it
 * @members: how many
 * @weight: weights of all of them, in order
 * @count: how many
 * @merged: it is a manifest of several models
 */
struct ak_apl {
	char *path, *npz;
	json_t *root;
	struct ak_map map;
	struct ak_zip zip;
	struct ak_apl_member *member;
	size_t members;
	struct ak_apl_weight *weight;
	size_t count;
	bool merged;
};

/**
 * ak_apl_is() - does a JSON object look like a manifest
 * @root: JSON
 *
 * Return: true if it has "format_version" and "weights" or "models".
 */
bool ak_apl_is(const json_t *root);

/**
 * ak_apl_open() - open a manifest and its archive
 * @path: the manifest, its archive, or a folder with one of each
 * @out: where to put it; ak_apl_close() gives it back
 * @err: error text; names the file, the weight and the remedy
 *
 * Every array that a weight names is there when this returns; what is in them
 * is checked when it is unpacked.
 *
 * Return: 0, -ENOENT, -EBADMSG, -ENOTSUP, -ENOMEM.
 */
int ak_apl_open(const char *path, struct ak_apl *out, struct ak_err *err);

/**
 * ak_apl_close() - give it back
 * @a: filled by ak_apl_open(), or all zero
 */
void ak_apl_close(struct ak_apl *a);

/**
 * ak_apl_file() - the archive's entry that a field of a weight names
 * @a: open manifest
 * @entry: of a weight
 * @key: "q", "q_scales", ...
 *
 * Return: the entry, NULL if the field is absent, null, or names nothing.
 */
const struct ak_zip_entry *ak_apl_file(const struct ak_apl *a,
				       const json_t *entry, const char *key);

/**
 * ak_apl_load() - unpack the arrays of a weight and learn its shape
 * @a: open manifest
 * @w: one of its weights
 * @err: error text
 *
 * One thread at a time.
 *
 * Return: 0, -EBADMSG for arrays that do not fit, or another errno.
 */
int ak_apl_load(const struct ak_apl *a, struct ak_apl_weight *w,
		struct ak_err *err);

/**
 * ak_apl_unload() - give the arrays of a weight back
 * @w: a weight
 */
void ak_apl_unload(struct ak_apl_weight *w);

/**
 * ak_apl_rows() - rows of a weight as floats
 * @w: a loaded weight
 * @first: first row
 * @rows: how many; all must be there
 * @out: [rows][columns]
 *
 * Any thread.
 */
void ak_apl_rows(const struct ak_apl_weight *w, uint64_t first, uint64_t rows,
		 float *out);

#endif /* AK_IN_APL_H */
