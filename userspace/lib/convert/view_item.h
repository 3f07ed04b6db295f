/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of a view: weights that are made of several tensors, or of bytes
 * that no container understands.
 */
#ifndef AK_VIEW_ITEM_H
#define AK_VIEW_ITEM_H

#include <stdbool.h>

#include "common/map.h"
#include "convert/in_apl.h"
#include "convert/view.h"
#include "quant/quant.h"

struct ak_view_item;

/**
 * struct ak_view_kind - how a weight becomes floats
 * @load: prepares it, or NULL
 * @unload: undoes that, or NULL
 * @read: gives rows
 */
struct ak_view_kind {
	int (*load)(struct ak_view_item *it, struct ak_err *err);
	void (*unload)(struct ak_view_item *it);
	int (*read)(const struct ak_view_item *it, uint64_t first,
		    uint64_t rows, float *out, struct ak_err *err);
};

/**
 * struct ak_view_item - a weight
 * @name: of the weight
 * @type: how it is stored
 * @kind: how it becomes floats
 * @ndim: dimensions
 * @dim: sizes, slowest first
 * @set: the set that @tensor is of
 * @tensor: what it is made of
 * @scale: its scales, or NULL
 * @apl: the model that @weight is of
 * @weight: an APL weight
 * @code: of ternary words
 * @format: of blocks
 * @repacked: rows of blocks are interleaved
 * @how: in this way
 * @scales: floats of @scale, loaded
 * @map: what was unpacked
 */
struct ak_view_item {
	char *name;
	char type[40];
	const struct ak_view_kind *kind;
	unsigned int ndim;
	uint64_t dim[AK_TENSOR_MAX_DIMS];
	const struct ak_tensors *set;
	const struct ak_tensor *tensor, *scale;
	const struct ak_apl *apl;
	struct ak_apl_weight *weight;
	enum ak_ternary_code code;
	const struct ak_quant_format *format;
	bool repacked;
	enum ak_repack how;
	float *scales;
	struct ak_map map;
};

/**
 * struct ak_view - an open file or folder
 * @item: its weights
 * @count: how many
 * @room: how many fit
 * @set: open sets of tensors
 * @sets: how many
 * @apl: an APL model, or all zero
 */
struct ak_view {
	struct ak_view_item *item;
	size_t count, room;
	struct ak_tensors **set;
	size_t sets;
	struct ak_apl apl;
};

/**
 * ak_view_add_set() - open a set of tensors and add all of them
 * @v: view
 * @path: file or folder
 * @prefix: what goes before their names
 * @err: error text
 *
 * Return: 0 or a negative errno.
 */
int ak_view_add_set(struct ak_view *v, const char *path, const char *prefix,
		    struct ak_err *err);

/**
 * ak_view_drop_item() - forget a weight that was part of another
 * @v: view
 * @i: its number
 */
void ak_view_drop_item(struct ak_view *v, size_t i);

/**
 * ak_view_raw() - bytes of a tensor as the file has them
 * @it: a weight of a tensor
 *
 * Return: tensor->size bytes, not aligned; NULL where the file has them
 * compressed. Those of types that only this folder knows, too.
 */
const uint8_t *ak_view_raw(const struct ak_view_item *it);

/* ----------------------------------------------------------- view_bitnet.c */

/**
 * ak_is_bitnet_folder() - has a folder the files of bitnet.rs
 * @path: folder
 *
 * Return: true if so.
 */
bool ak_is_bitnet_folder(const char *path);

/**
 * ak_view_add_bitnet() - add the files of such a folder
 * @v: view
 * @path: folder
 * @err: error text
 *
 * Return: 0 or a negative errno.
 */
int ak_view_add_bitnet(struct ak_view *v, const char *path, struct ak_err *err);

/**
 * ak_view_join_ternary() - packed words and their scales become one weight
 * @v: view
 * @path: file or folder, beside which metadata.json may say what codes mean
 * @err: error text
 *
 * Return: 0 or -ENOMEM.
 */
int ak_view_join_ternary(struct ak_view *v, const char *path,
			 struct ak_err *err);

/* ------------------------------------------------------------- view_nntr.c */

/**
 * ak_view_join_nntr() - blocks of nntrainer's files become weights
 * @v: view
 * @err: error text
 *
 * Return: 0, -EBADMSG for blocks that do not fit their shape, -ENOMEM.
 */
int ak_view_join_nntr(struct ak_view *v, struct ak_err *err);

#endif /* AK_VIEW_ITEM_H */
