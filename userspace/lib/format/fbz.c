// SPDX-License-Identifier: LGPL-2.1-or-later
#include "format/fbz_internal.h"

#include <stdlib.h>
#include <string.h>

size_t fbz_dtype_size(uint8_t dtype)
{
	switch (dtype) {
	case FBZ_INT32:
	case FBZ_FLOAT32:
		return 4;
	case FBZ_UINT8:
	case FBZ_INT8:
	case FBZ_INT4:
		return 1;
	}
	return 0;
}

bool fbz_check_var(const struct fbz_var *v)
{
	size_t want = fbz_dtype_size(v->dtype);
	uint32_t i;

	if (!want)
		return true;
	for (i = 0; i < v->ndim; i++)
		if (__builtin_mul_overflow(want, v->shape[i], &want))
			return false;
	return want == v->size;
}

const struct fbz_key *fbz_find_key(const struct fbz_layer *l, const char *name)
{
	uint32_t i;

	for (i = 0; i < l->num_keys; i++)
		if (!strcmp(l->keys[i].name, name))
			return &l->keys[i];
	return NULL;
}

struct fbz_var *fbz_find_var(const struct fbz_layer *l, const char *name)
{
	uint32_t i;

	for (i = 0; i < l->num_vars; i++)
		if (!strcmp(l->vars[i].name, name))
			return &l->vars[i];
	return NULL;
}

static void clear_layer(struct fbz_layer *l)
{
	uint32_t i;

	for (i = 0; l->keys && i < l->num_keys; i++)
		free(l->keys[i].name);
	for (i = 0; l->vars && i < l->num_vars; i++) {
		free(l->vars[i].name);
		free(l->vars[i].data);
	}
	for (i = 0; l->inbounds && i < l->num_inbounds; i++)
		free(l->inbounds[i]);
	free(l->keys);
	free(l->vars);
	free(l->inbounds);
	free(l->name);
}

void fbz_clear(struct fbz *f)
{
	uint32_t i;

	for (i = 0; f->layers && i < f->num_layers; i++)
		clear_layer(&f->layers[i]);
	free(f->layers);
	free(f->version);
	memset(f, 0, sizeof(*f));
}
