/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The .fbz file: a FlatBuffer of layers, compressed as one Snappy block.
 * Facts and their standing: Documentation/formats/fbz.rst.
 *
 * This is the file as data: names, integers and bytes, with no idea of what
 * they mean. model/ gives them a meaning.
 */
#ifndef AK_FBZ_H
#define AK_FBZ_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/* Limits of the reader; far above any model that a chip could hold. */
#define FBZ_MAX_UNPACKED (256u << 20)
#define FBZ_MAX_RATIO 22u
#define FBZ_MAX_LAYERS 4096u
#define FBZ_MAX_KEYS 1024u /* of one layer */
#define FBZ_MAX_VARS 1024u /* of one layer */
#define FBZ_MAX_DIMS 8u

/* Variable dtype codes of the file [M]; 2-bit and 1-bit codes are not known */
enum fbz_dtype {
	FBZ_INT32 = 0,
	FBZ_FLOAT32 = 1,
	FBZ_UINT8 = 2, /* [I] */
	FBZ_INT8 = 3,
	FBZ_INT4 = 7, /* one value per byte */
};

/**
 * struct fbz_key - one integer parameter of a layer
 * @name: owned
 * @value: its value
 */
struct fbz_key {
	char *name;
	int32_t value;
};

/**
 * struct fbz_var - one variable of a layer
 * @name: owned
 * @dtype: the file's code
 * @ndim: dimensions
 * @shape: sizes, *slowest first* (the file stores them fastest first)
 * @data: owned, C order, little endian
 * @size: bytes of @data; equals the product of the shape times the element
 *	size if the dtype is known
 */
struct fbz_var {
	char *name;
	uint8_t dtype;
	uint32_t ndim;
	uint32_t shape[FBZ_MAX_DIMS];
	uint8_t *data;
	size_t size;
};

/**
 * struct fbz_layer - one layer
 * @name: owned
 * @keys: parameters sorted by name, those of the old generation under the
 *	names of the new one ("layer_type" included)
 * @num_keys: how many
 * @vars: variables sorted by name
 * @num_vars: how many
 * @inbounds: names of the layers that feed it
 * @num_inbounds: how many
 *
 * A field of the file that nobody has documented becomes a key
 * "unknown_TABLE_slot_N", so that it is shown, and refused by name if it is
 * not zero: TABLE is a table of the file, "variable_NAME" or "key_NAME" for
 * one of these, "root" (on the first layer). Its value is the field's first
 * four bytes, an offset if it is not a number; 1 if only later bytes are set.
 */
struct fbz_layer {
	char *name;
	struct fbz_key *keys;
	uint32_t num_keys;
	struct fbz_var *vars;
	uint32_t num_vars;
	char **inbounds;
	uint32_t num_inbounds;
};

/**
 * struct fbz - a file
 * @version: SDK version, owned; NULL if absent
 * @generation: 1 parameter tables (SDK 2.2 and older), 2 key-value lists
 * @layers: in file order
 * @num_layers: how many
 */
struct fbz {
	char *version;
	int generation;
	struct fbz_layer *layers;
	uint32_t num_layers;
};

/**
 * fbz_parse() - read a .fbz file
 * @f: where to put it; fbz_clear() it even after an error
 * @data: the compressed file
 * @size: its bytes; what follows the Snappy stream is ignored
 * @err: error text; says where in the file
 *
 * Refused as damaged, too: two keys or two variables of one name in a layer,
 * a variable whose bytes are not what its shape and dtype say.
 *
 * Return: 0, -EINVAL for a damaged file, -EFBIG over a limit, -ENOMEM.
 */
int fbz_parse(struct fbz *f, const void *data, size_t size, struct ak_err *err);

/**
 * fbz_build() - write a .fbz file in the form of SDK 2.3.3
 * @f: a file; keys and variables need not be sorted
 * @data: where to put the malloc()ed result, padded with zeros to the size
 *	that the SDK gives its files (32 + n + n/6)
 * @size: where to put its size
 * @err: error text
 *
 * Always writes the new generation, with the version string of @f ("2.3.3" if
 * it has none). The caller decides which dtype codes may be written.
 *
 * Return: 0, -EFBIG over a limit of the reader, -EINVAL for anything else that
 * it would refuse, -ENOMEM.
 */
int fbz_build(const struct fbz *f, uint8_t **data, size_t *size,
	      struct ak_err *err);

/**
 * fbz_clear() - give everything back
 * @f: a file; zeroed afterwards
 */
void fbz_clear(struct fbz *f);

/**
 * fbz_dtype_size() - bytes per element of a file dtype
 * @dtype: the file's code
 *
 * Return: bytes, 0 for a code that is not known.
 */
size_t fbz_dtype_size(uint8_t dtype);

/**
 * fbz_find_key() - find a parameter
 * @l: a layer
 * @name: its name
 *
 * Return: the parameter or NULL.
 */
const struct fbz_key *fbz_find_key(const struct fbz_layer *l, const char *name);

/**
 * fbz_find_var() - find a variable
 * @l: a layer
 * @name: its name
 *
 * Return: the variable or NULL.
 */
struct fbz_var *fbz_find_var(const struct fbz_layer *l, const char *name);

#endif /* AK_FBZ_H */
