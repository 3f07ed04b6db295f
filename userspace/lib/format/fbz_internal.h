/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files that read and write .fbz share.
 */
#ifndef AK_FBZ_INTERNAL_H
#define AK_FBZ_INTERNAL_H

#include "format/fbz.h"
#include "format/flatbuf.h"

/* Slots of the tables; facts and their standing: Documentation/formats/fbz.rst */
enum root_slot {
	ROOT_LAYERS = 0,
	ROOT_VERSION = 2,
	ROOT_SLOTS = 3,
};

enum layer_slot {
	LAYER_NAME = 1,
	LAYER_VARIABLES = 2,
	LAYER_PARAMS = 3,
	LAYER_INBOUNDS = 4,
	LAYER_SLOTS = 5,
};

enum variable_slot {
	VARIABLE_NAME = 0,
	VARIABLE_SHAPE = 1,
	VARIABLE_DATA = 2,
	VARIABLE_DTYPE = 3,
	VARIABLE_SLOTS = 4,
};

enum params_slot {
	PARAMS_LAYER_TYPE = 0, /* old generation only */
	PARAMS_UNION_TAG = 1, /* old generation only */
	PARAMS_UNION = 2, /* old generation only */
	PARAMS_KEYS = 3, /* new generation only */
	PARAMS_SLOTS = 4,
};

/* Of the table that holds the list of keys, and of a key. */
enum keys_slot {
	KEYS_LIST = 0,
	KEYS_SLOTS = 1,
};

enum key_slot {
	KEY_NAME = 0,
	KEY_VALUE = 1,
	KEY_SLOTS = 2,
};

/**
 * struct fbz_reader - state of fbz_parse()
 * @fb: the FlatBuffer; its error is the error of all
 * @file: what is filled in
 * @layer: the layer that is being read
 * @key_capacity: keys that @layer has room for
 */
struct fbz_reader {
	struct fb_reader fb;
	struct fbz *file;
	struct fbz_layer *layer;
	size_t key_capacity;
};

/**
 * fbz_fail() - note an error
 * @x: reader
 * @code: negative errno
 * @fmt: printf format; the layer is put in front by the caller of its reader
 *
 * Only the first error is kept.
 */
void fbz_fail(struct fbz_reader *x, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * fbz_alloc() - zeroed memory against the budget
 * @x: reader
 * @count: elements
 * @size: bytes of one
 *
 * Return: memory, NULL after an error.
 */
void *fbz_alloc(struct fbz_reader *x, size_t count, size_t size);

/**
 * fbz_add_key() - add a parameter to the layer
 * @x: reader
 * @name: copied
 * @value: its value
 */
void fbz_add_key(struct fbz_reader *x, const char *name, int32_t value);

/**
 * fbz_add_unknown() - keep an undocumented field visible
 * @x: reader
 * @t: table
 * @table: name of the table in the key's name
 * @slot: slot number; an absent field adds nothing
 */
void fbz_add_unknown(struct fbz_reader *x, const struct fb_table *t,
		     const char *table, unsigned int slot);

/**
 * fbz_add_unknown_from() - keep all undocumented fields visible
 * @x: reader
 * @t: table
 * @table: name of the table in the keys' names
 * @first: slot number of the first field that is not documented
 */
void fbz_add_unknown_from(struct fbz_reader *x, const struct fb_table *t,
			  const char *table, unsigned int first);

/**
 * fbz_read_tables() - parameters of the old generation
 * @x: reader
 * @params: the layer's parameter table
 *
 * Adds keys under the names of the new generation.
 */
void fbz_read_tables(struct fbz_reader *x, const struct fb_table *params);

/**
 * fbz_check_var() - whether shape, dtype and size of a variable agree
 * @v: a variable
 *
 * Return: true; always true for a dtype that is not known.
 */
bool fbz_check_var(const struct fbz_var *v);

#endif /* AK_FBZ_INTERNAL_H */
