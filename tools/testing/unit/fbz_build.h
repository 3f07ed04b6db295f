/* SPDX-License-Identifier: GPL-2.0 */
/*
 * .fbz files of the old parameter generation, which the library only reads,
 * and other files that its writer does not make.
 */
#ifndef FBZ_BUILD_H
#define FBZ_BUILD_H

#include "format/flatbuf.h"

/**
 * pack_fbz() - compress what a builder has written
 * @b: builder with nothing but @root to finish; given back
 * @root: root table
 * @file: where to put the malloc()ed file
 * @size: where to put its size
 */
void pack_fbz(struct fb_builder *b, fb_ref root, uint8_t **file, size_t *size);

/**
 * write_bytes_table() - a table of bytes
 * @b: builder
 * @n: slots
 * @values: 0 leaves a slot absent
 *
 * Return: the table.
 */
fb_ref write_bytes_table(struct fb_builder *b, unsigned int n,
			 const uint8_t *values);

/**
 * write_old_params() - parameters of the old generation
 * @b: builder
 * @tag: of the union; the layer type is one less
 * @table: the union's table
 *
 * Return: the parameter table.
 */
fb_ref write_old_params(struct fb_builder *b, uint8_t tag, fb_ref table);

/**
 * write_layer() - a layer without variables
 * @b: builder
 * @name: its name
 * @params: its parameter table or 0
 *
 * Return: the layer.
 */
fb_ref write_layer(struct fb_builder *b, const char *name, fb_ref params);

/**
 * write_root() - a root table without a version string
 * @b: builder
 * @layers: its layers
 * @n: how many
 *
 * Return: the table.
 */
fb_ref write_root(struct fb_builder *b, const fb_ref *layers, size_t n);

/**
 * write_old_model() - one layer of each type, values all different
 * @b: builder
 *
 * Return: the root table.
 */
fb_ref write_old_model(struct fb_builder *b);

#endif /* FBZ_BUILD_H */
