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
 * @model: folder or file whose config.json may serve, or NULL
 */
struct ak_view {
	struct ak_view_item *item;
	size_t count, room;
	struct ak_tensors **set;
	size_t sets;
	struct ak_apl apl;
	const char *model;
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
 * ak_view_add_opened() - add all tensors of a set
 * @v: view
 * @set: an open set, which the view closes, after an error, too
 * @prefix: what goes before their names
 * @err: error text
 *
 * Return: 0 or -ENOMEM.
 */
int ak_view_add_opened(struct ak_view *v, struct ak_tensors *set,
		       const char *prefix, struct ak_err *err);

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

/**
 * ak_view_set_blocks() - a weight is rows of blocks
 * @it: the weight; repacked and how are set
 * @type: format of the blocks
 * @rows: its rows
 * @cols: its columns
 * @err: error text
 *
 * Return: 0, -EBADMSG for a size that is not that of so many blocks.
 */
int ak_view_set_blocks(struct ak_view_item *it, enum ak_quant_type type,
		       uint64_t rows, uint64_t cols, struct ak_err *err);

/**
 * ak_view_set_transposed() - a weight is the transpose of its tensor
 * @it: a matrix
 */
void ak_view_set_transposed(struct ak_view_item *it);

/* --------------------------------------------------------- view_nntr_bin.c */

/**
 * ak_view_add_nntr_bin() - add the weights of a file without a header
 * @v: view
 * @path: file; config.json beside it, or of the view's model, says what is in it
 * @is: where to put whether it is such a file
 * @err: error text
 *
 * The types of weights are those whose sizes make up the size of the file; of
 * several possibilities (x86 and ARM, types of embedding and head) that whose
 * scales and floats look most like some. nntr_config.json is not read.
 *
 * Return: 0, -ENOENT or -EBADMSG if it is no such file, -ENOMEM.
 */
int ak_view_add_nntr_bin(struct ak_view *v, const char *path, bool *is,
			 struct ak_err *err);

#endif /* AK_VIEW_ITEM_H */
