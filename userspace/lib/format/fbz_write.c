// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Writing .fbz as SDK 2.3.3 does: key lists, everything sorted by name.
 */
#include "format/fbz_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "format/snappy.h"

#define SDK_VERSION "2.3.3"

struct writer {
	struct fb_builder b;
	struct ak_err *err;
	const char *layer;
};

static int by_key_name(const void *a, const void *b)
{
	return strcmp((*(const struct fbz_key *const *)a)->name,
		      (*(const struct fbz_key *const *)b)->name);
}

static int by_var_name(const void *a, const void *b)
{
	return strcmp((*(const struct fbz_var *const *)a)->name,
		      (*(const struct fbz_var *const *)b)->name);
}

static int refuse(const struct writer *w, int code, const char *what,
		  const char *name)
{
	return ak_errf(w->err, code, "layer '%s': %s '%s'", w->layer, what,
		       name);
}

static int no_memory(struct ak_err *err)
{
	return ak_errf(err, -ENOMEM, "no memory to write the model");
}

static fb_ref write_key(struct fb_builder *b, const struct fbz_key *k)
{
	fb_ref name = fbb_string(b, k->name);

	fbb_table(b, KEY_SLOTS);
	fbb_add_ref(b, KEY_NAME, name);
	fbb_add_u32(b, KEY_VALUE, (uint32_t)k->value, 0);
	return fbb_end(b);
}

static fb_ref write_var(struct fb_builder *b, const struct fbz_var *v)
{
	uint32_t reversed[FBZ_MAX_DIMS], i;
	fb_ref name, shape, data;

	for (i = 0; i < v->ndim; i++)
		reversed[i] = v->shape[v->ndim - 1 - i];
	name = fbb_string(b, v->name);
	shape = fbb_vector_u32(b, reversed, v->ndim);
	data = fbb_vector(b, v->data, v->size, 1, 1);
	fbb_table(b, VARIABLE_SLOTS);
	fbb_add_ref(b, VARIABLE_NAME, name);
	fbb_add_ref(b, VARIABLE_SHAPE, shape);
	fbb_add_ref(b, VARIABLE_DATA, data);
	fbb_add_u8(b, VARIABLE_DTYPE, v->dtype, 0);
	return fbb_end(b);
}

static int write_params(struct writer *w, const struct fbz_layer *l,
			fb_ref *params)
{
	const struct fbz_key *sorted[FBZ_MAX_KEYS];
	fb_ref refs[FBZ_MAX_KEYS], list, keys;
	uint32_t i;

	if (l->num_keys > FBZ_MAX_KEYS)
		return refuse(w, -EFBIG, "has too many parameters", l->name);
	for (i = 0; i < l->num_keys; i++)
		sorted[i] = &l->keys[i];
	qsort(sorted, l->num_keys, sizeof(sorted[0]), by_key_name);
	for (i = 0; i < l->num_keys; i++) {
		if (i && !by_key_name(&sorted[i - 1], &sorted[i]))
			return refuse(w, -EINVAL, "two parameters are called",
				      sorted[i]->name);
		refs[i] = write_key(&w->b, sorted[i]);
	}
	list = fbb_vector_refs(&w->b, refs, l->num_keys);
	fbb_table(&w->b, KEYS_SLOTS);
	fbb_add_ref(&w->b, KEYS_LIST, list);
	keys = fbb_end(&w->b);
	fbb_table(&w->b, PARAMS_SLOTS);
	fbb_add_ref(&w->b, PARAMS_KEYS, keys);
	*params = fbb_end(&w->b);
	return 0;
}

static int write_vars(struct writer *w, const struct fbz_layer *l, fb_ref *vars)
{
	const struct fbz_var *sorted[FBZ_MAX_VARS];
	fb_ref refs[FBZ_MAX_VARS];
	uint32_t i;

	if (l->num_vars > FBZ_MAX_VARS)
		return refuse(w, -EFBIG, "has too many variables", l->name);
	for (i = 0; i < l->num_vars; i++)
		sorted[i] = &l->vars[i];
	qsort(sorted, l->num_vars, sizeof(sorted[0]), by_var_name);
	for (i = 0; i < l->num_vars; i++) {
		if (i && !by_var_name(&sorted[i - 1], &sorted[i]))
			return refuse(w, -EINVAL, "two variables are called",
				      sorted[i]->name);
		if (sorted[i]->ndim > FBZ_MAX_DIMS)
			return refuse(w, -EFBIG,
				      "too many dimensions in variable",
				      sorted[i]->name);
		if (!fbz_check_var(sorted[i]))
			return refuse(w, -EINVAL,
				      "size and shape disagree in variable",
				      sorted[i]->name);
		refs[i] = write_var(&w->b, sorted[i]);
	}
	*vars = fbb_vector_refs(&w->b, refs, l->num_vars);
	return 0;
}

static int write_inbounds(struct writer *w, const struct fbz_layer *l,
			  fb_ref *inbounds)
{
	fb_ref *refs;
	uint32_t i;

	if (l->num_inbounds > FBZ_MAX_LAYERS)
		return refuse(w, -EFBIG, "has too many inbounds", l->name);
	refs = calloc(l->num_inbounds ? l->num_inbounds : 1, sizeof(*refs));
	if (!refs)
		return no_memory(w->err);
	for (i = 0; i < l->num_inbounds; i++)
		refs[i] = fbb_string(&w->b, l->inbounds[i]);
	*inbounds = fbb_vector_refs(&w->b, refs, l->num_inbounds);
	free(refs);
	return 0;
}

static int write_layer(struct writer *w, const struct fbz_layer *l,
		       fb_ref *layer)
{
	fb_ref name, vars = 0, params = 0, inbounds = 0;
	int rc;

	w->layer = l->name;
	rc = write_inbounds(w, l, &inbounds);
	if (!rc)
		rc = write_params(w, l, &params);
	if (!rc)
		rc = write_vars(w, l, &vars);
	if (rc)
		return rc;
	name = fbb_string(&w->b, l->name);
	fbb_table(&w->b, LAYER_SLOTS);
	fbb_add_ref(&w->b, LAYER_NAME, name);
	fbb_add_ref(&w->b, LAYER_VARIABLES, vars);
	fbb_add_ref(&w->b, LAYER_PARAMS, params);
	fbb_add_ref(&w->b, LAYER_INBOUNDS, inbounds);
	*layer = fbb_end(&w->b);
	return 0;
}

static int write_root(struct writer *w, const struct fbz *f, fb_ref *root)
{
	fb_ref *refs, list, version;
	uint32_t i;
	int rc = 0;

	refs = calloc(f->num_layers ? f->num_layers : 1, sizeof(*refs));
	if (!refs)
		return no_memory(w->err);
	/* The last layer first: then the file has them in order. */
	for (i = f->num_layers; !rc && i-- > 0;)
		rc = write_layer(w, &f->layers[i], &refs[i]);
	if (!rc) {
		list = fbb_vector_refs(&w->b, refs, f->num_layers);
		version = fbb_string(&w->b,
				     f->version ? f->version : SDK_VERSION);
		fbb_table(&w->b, ROOT_SLOTS);
		fbb_add_ref(&w->b, ROOT_LAYERS, list);
		fbb_add_ref(&w->b, ROOT_VERSION, version);
		*root = fbb_end(&w->b);
	}
	free(refs);
	return rc;
}

int fbz_build(const struct fbz *f, uint8_t **data, size_t *size,
	      struct ak_err *err)
{
	struct writer w = { .err = err };
	const uint8_t *content;
	size_t length, used;
	fb_ref root = 0;
	int rc;

	*data = NULL;
	*size = 0;
	if (f->num_layers > FBZ_MAX_LAYERS)
		return ak_errf(err, -EFBIG,
			       "the model has %u layers; %u are the most",
			       f->num_layers, FBZ_MAX_LAYERS);
	fbb_init(&w.b, FBZ_MAX_UNPACKED);
	rc = write_root(&w, f, &root);
	if (!rc) {
		rc = fbb_finish(&w.b, root, false, &content, &length);
		if (rc == -ENOMEM)
			no_memory(err);
		else if (rc)
			ak_errf(err, rc,
				"the model is larger than %u bytes, the most that a .fbz file may hold",
				FBZ_MAX_UNPACKED);
	}
	if (!rc)
		rc = ak_snappy_pack(content, length, data, &used, size, err);
	fbb_free(&w.b);
	return rc;
}
