// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Models made by a program instead of read from a file.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/export.h"
#include "model/handle.h"

static int no_memory(struct akida_model *m)
{
	return ak_errf(&m->err, -ENOMEM, "out of memory");
}

/* Room for one more element of a list. */
static void *grow(void *list, uint32_t count, size_t element)
{
	return reallocarray(list, (size_t)count + 1, element);
}

static int change(struct akida_model *m, unsigned int layer)
{
	if (atomic_load(&m->programs))
		return ak_errf(
			&m->err, -EBUSY,
			"the model is loaded as a program; free the program before changing it");
	if (layer >= m->file.num_layers)
		return ak_errf(&m->err, -ENOENT,
			       "there is no layer %u; the model has %u", layer,
			       m->file.num_layers);
	m->stale = true;
	return 0;
}

AK_EXPORT int akida_model_add_layer(struct akida_model *m, const char *name,
				    int type)
{
	struct fbz *f = &m->file;
	struct fbz_layer *layers, *l;
	int rc;

	if (f->num_layers) {
		rc = change(m, f->num_layers - 1);
		if (rc)
			return rc;
	}
	if (f->num_layers >= FBZ_MAX_LAYERS)
		return ak_errf(&m->err, -EFBIG, "more than %u layers",
			       FBZ_MAX_LAYERS);
	if (akida_model_find_layer(m, name) >= 0)
		return ak_errf(&m->err, -EEXIST,
			       "there is a layer '%s' already", name);
	layers = grow(f->layers, f->num_layers, sizeof(*layers));
	if (!layers)
		return no_memory(m);
	f->layers = layers;
	l = &layers[f->num_layers++];
	memset(l, 0, sizeof(*l));
	m->stale = true;
	l->name = strdup(name);
	if (l->name && f->num_layers > 1) {
		l->inbounds = calloc(1, sizeof(*l->inbounds));
		if (l->inbounds)
			l->inbounds[0] = strdup(l[-1].name);
		l->num_inbounds = l->inbounds && l->inbounds[0];
	}
	if (!l->name || (f->num_layers > 1 && !l->num_inbounds)) {
		free(l->inbounds);
		free(l->name);
		f->num_layers--;
		return no_memory(m);
	}
	rc = akida_model_set_key(m, f->num_layers - 1, "layer_type", type);
	return rc ? rc : (int)f->num_layers - 1;
}

AK_EXPORT int akida_model_set_key(struct akida_model *m, unsigned int layer,
				  const char *name, int32_t value)
{
	struct fbz_key *keys, *k;
	struct fbz_layer *l;
	uint32_t i;
	int rc = change(m, layer);

	if (rc)
		return rc;
	l = &m->file.layers[layer];
	k = (struct fbz_key *)fbz_find_key(l, name);
	if (k) {
		k->value = value;
		return 0;
	}
	keys = grow(l->keys, l->num_keys, sizeof(*keys));
	if (!keys)
		return no_memory(m);
	l->keys = keys;
	name = strdup(name);
	if (!name)
		return no_memory(m);
	for (i = l->num_keys++; i && strcmp(keys[i - 1].name, name) > 0; i--)
		keys[i] = keys[i - 1];
	keys[i].name = (char *)name;
	keys[i].value = value;
	return 0;
}

static int file_dtype(enum akida_dtype dtype)
{
	switch (dtype) {
	case AKIDA_DTYPE_INT8:
		return FBZ_INT8;
	case AKIDA_DTYPE_INT32:
		return FBZ_INT32;
	case AKIDA_DTYPE_FLOAT32:
		return FBZ_FLOAT32;
	default:
		return -ENOTSUP;
	}
}

static int check_shape(struct akida_model *m, const char *name,
		       enum akida_dtype dtype, unsigned int ndim,
		       const size_t *shape, size_t *bytes)
{
	unsigned int i;

	if (file_dtype(dtype) < 0)
		return ak_errf(
			&m->err, -ENOTSUP,
			"variable '%s': a .fbz file holds int8, int32 and float32, not %s",
			name, akida_dtype_name(dtype));
	*bytes = akida_dtype_size(dtype);
	if (ndim > FBZ_MAX_DIMS)
		return ak_errf(&m->err, -EINVAL,
			       "variable '%s': %u dimensions; at most %u fit",
			       name, ndim, FBZ_MAX_DIMS);
	for (i = 0; i < ndim; i++)
		if (!shape[i] || shape[i] > UINT32_MAX ||
		    __builtin_mul_overflow(*bytes, shape[i], bytes) ||
		    *bytes > FBZ_MAX_UNPACKED)
			return ak_errf(
				&m->err, -EINVAL,
				"variable '%s': dimension %u of %zu makes it empty or larger than %u bytes",
				name, i, shape[i], FBZ_MAX_UNPACKED);
	return 0;
}

AK_EXPORT int akida_model_set_variable(struct akida_model *m,
				       unsigned int layer, const char *name,
				       enum akida_dtype dtype,
				       unsigned int ndim, const size_t *shape,
				       const void *data)
{
	struct fbz_var *vars, *v;
	struct fbz_layer *l;
	uint8_t *copy;
	size_t bytes = 0;
	uint32_t i;
	int rc = change(m, layer);

	if (!rc)
		rc = check_shape(m, name, dtype, ndim, shape, &bytes);
	if (rc)
		return rc;
	l = &m->file.layers[layer];
	copy = malloc(bytes);
	if (!copy)
		return no_memory(m);
	memcpy(copy, data, bytes);
	v = fbz_find_var(l, name);
	if (!v) {
		vars = grow(l->vars, l->num_vars, sizeof(*vars));
		if (vars)
			l->vars = vars;
		name = vars ? strdup(name) : NULL;
		if (!name) {
			free(copy);
			return no_memory(m);
		}
		for (i = l->num_vars++; i && strcmp(vars[i - 1].name, name) > 0;
		     i--)
			vars[i] = vars[i - 1];
		v = &vars[i];
		v->name = (char *)name;
		v->data = NULL;
	}
	free(v->data);
	v->data = copy;
	v->size = bytes;
	v->dtype = (uint8_t)file_dtype(dtype);
	v->ndim = ndim;
	for (i = 0; i < ndim; i++)
		v->shape[i] = (uint32_t)shape[i];
	return 0;
}
