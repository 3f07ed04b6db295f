/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether two .fbz files say the same; shared with the fuzzer.
 */
#ifndef FBZ_EQUAL_H
#define FBZ_EQUAL_H

#include <stdbool.h>
#include <string.h>

#include "format/fbz.h"

static inline bool fbz_vars_equal(const struct fbz_var *a,
				  const struct fbz_var *b)
{
	return !strcmp(a->name, b->name) && a->dtype == b->dtype &&
	       a->ndim == b->ndim && a->size == b->size &&
	       !memcmp(a->shape, b->shape, a->ndim * sizeof(a->shape[0])) &&
	       !memcmp(a->data, b->data, a->size);
}

static inline bool fbz_layers_equal(const struct fbz_layer *a,
				    const struct fbz_layer *b)
{
	uint32_t i;

	if (strcmp(a->name, b->name) || a->num_keys != b->num_keys ||
	    a->num_vars != b->num_vars || a->num_inbounds != b->num_inbounds)
		return false;
	for (i = 0; i < a->num_keys; i++)
		if (strcmp(a->keys[i].name, b->keys[i].name) ||
		    a->keys[i].value != b->keys[i].value)
			return false;
	for (i = 0; i < a->num_vars; i++)
		if (!fbz_vars_equal(&a->vars[i], &b->vars[i]))
			return false;
	for (i = 0; i < a->num_inbounds; i++)
		if (strcmp(a->inbounds[i], b->inbounds[i]))
			return false;
	return true;
}

/**
 * fbz_equal() - compare layers, keys, variables and inbounds
 * @a: one file
 * @b: another; generation and version may differ
 *
 * Return: whether they are equal.
 */
static inline bool fbz_equal(const struct fbz *a, const struct fbz *b)
{
	uint32_t i;

	if (a->num_layers != b->num_layers)
		return false;
	for (i = 0; i < a->num_layers; i++)
		if (!fbz_layers_equal(&a->layers[i], &b->layers[i]))
			return false;
	return true;
}

#endif /* FBZ_EQUAL_H */
