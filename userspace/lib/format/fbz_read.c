// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reading .fbz: what both parameter generations share, and the key lists of
 * the new one.
 */
#include "format/fbz_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/snappy.h"

/*
 * What the reader allocates and looks at is at most twice the file's content
 * if nothing in it is shared; small files may share names freely.
 */
#define BUDGET_FACTOR 2
#define BUDGET_EXTRA (8u << 20)

void fbz_fail(struct fbz_reader *x, int code, const char *fmt, ...)
{
	char text[AK_ERR_TEXT];
	va_list ap;

	if (x->fb.error)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	x->fb.error = ak_errf(x->fb.err, code, "%s", text);
}

void *fbz_alloc(struct fbz_reader *x, size_t count, size_t size)
{
	size_t bytes;
	void *p;

	/* A count comes out of a 32-bit vector: the product fits 64 bits. */
	if (__builtin_mul_overflow(count, size, &bytes))
		bytes = SIZE_MAX;
	if (!fb_charge(&x->fb, bytes))
		return NULL;
	p = calloc(count ? count : 1, size);
	if (!p)
		fbz_fail(x, -ENOMEM, "no memory for %zu bytes", bytes);
	return p;
}

static char *copy_name(struct fbz_reader *x, const char *s, size_t length)
{
	char *name = fbz_alloc(x, length + 1, 1);

	if (name)
		memcpy(name, s, length);
	return name;
}

void fbz_add_key(struct fbz_reader *x, const char *name, int32_t value)
{
	struct fbz_layer *l = x->layer;
	struct fbz_key *k;

	if (l->num_keys >= FBZ_MAX_KEYS) {
		fbz_fail(x, -EFBIG, "has more than %u parameters",
			 FBZ_MAX_KEYS);
		return;
	}
	if (l->num_keys == x->key_capacity) {
		size_t capacity = x->key_capacity ? 2 * x->key_capacity : 16;

		k = realloc(l->keys, capacity * sizeof(*k));
		if (!k) {
			fbz_fail(x, -ENOMEM, "no memory for its parameters");
			return;
		}
		l->keys = k;
		x->key_capacity = capacity;
	}
	if (!fb_charge(&x->fb, sizeof(*k)))
		return;
	k = &l->keys[l->num_keys];
	k->name = copy_name(x, name, strlen(name));
	k->value = value;
	if (k->name)
		l->num_keys++;
}

void fbz_add_unknown(struct fbz_reader *x, const struct fb_table *t,
		     const char *table, unsigned int slot)
{
	char *name;

	if (!fb_has(t, slot) || !fb_charge(&x->fb, strlen(table)))
		return;
	if (asprintf(&name, "unknown_%s_slot_%u", table, slot) < 0) {
		fbz_fail(x, -ENOMEM, "no memory for its parameters");
		return;
	}
	fbz_add_key(x, name, (int32_t)fb_raw(t, slot));
	free(name);
}

void fbz_add_unknown_from(struct fbz_reader *x, const struct fb_table *t,
			  const char *table, unsigned int first)
{
	unsigned int slot;

	/* Thousands of tables may share a vtable of thousands of slots. */
	if (fb_num_slots(t) <= first || !fb_charge(&x->fb, t->vtable_size))
		return;
	for (slot = first; slot < fb_num_slots(t) && !x->fb.error; slot++)
		fbz_add_unknown(x, t, table, slot);
}

/* Undocumented fields of a key or a variable called @name. */
static void add_unknown_of(struct fbz_reader *x, const struct fb_table *t,
			   const char *kind, const char *name,
			   unsigned int first)
{
	char *table;

	if (fb_num_slots(t) <= first || !fb_charge(&x->fb, strlen(name)))
		return;
	if (asprintf(&table, "%s_%s", kind, name) < 0) {
		fbz_fail(x, -ENOMEM, "no memory for its parameters");
		return;
	}
	fbz_add_unknown_from(x, t, table, first);
	free(table);
}

static void read_keys(struct fbz_reader *x, const struct fb_table *params)
{
	struct fb_table keys = fb_child(params, PARAMS_KEYS);
	struct fb_vector list = fb_vec(&keys, KEYS_LIST, 4, 4);
	uint32_t i, length;

	for (i = 0; i < list.count && !x->fb.error; i++) {
		struct fb_table key = fb_vec_table(&list, i);
		const char *name = fb_string(&key, KEY_NAME, &length);

		if (!name) {
			fbz_fail(x, -EINVAL, "parameter %u has no name", i);
			return;
		}
		fbz_add_key(x, name, (int32_t)fb_u32(&key, KEY_VALUE, 0));
		add_unknown_of(x, &key, "key", name, KEY_SLOTS);
	}
	fbz_add_unknown_from(x, &keys, "keys", KEYS_SLOTS);
}

static void read_params(struct fbz_reader *x, const struct fb_table *layer)
{
	struct fb_table params = fb_child(layer, LAYER_PARAMS);
	unsigned int slot;

	if (!params.r)
		return;
	if (fb_has(&params, PARAMS_KEYS)) {
		read_keys(x, &params);
		for (slot = 0; slot < PARAMS_KEYS; slot++)
			fbz_add_unknown(x, &params, "params", slot);
	} else {
		x->file->generation = 1;
		fbz_read_tables(x, &params);
	}
	fbz_add_unknown_from(x, &params, "params", PARAMS_SLOTS);
}

static void read_shape(struct fbz_reader *x, const struct fb_table *t,
		       struct fbz_var *v)
{
	struct fb_vector shape = fb_vec(t, VARIABLE_SHAPE, 4, 4);
	uint32_t i;

	if (shape.count > FBZ_MAX_DIMS) {
		fbz_fail(x, -EFBIG,
			 "variable '%s' has %u dimensions; %u are the most",
			 v->name, shape.count, FBZ_MAX_DIMS);
		return;
	}
	v->ndim = shape.count;
	for (i = 0; i < v->ndim; i++)
		v->shape[i] = fb_vec_u32(&shape, v->ndim - 1 - i);
}

static void read_variable(struct fbz_reader *x, const struct fb_table *t,
			  uint32_t index, struct fbz_var *v)
{
	struct fb_vector data;
	uint32_t length;
	const char *name = fb_string(t, VARIABLE_NAME, &length);

	if (!name) {
		fbz_fail(x, -EINVAL, "variable %u has no name", index);
		return;
	}
	v->name = copy_name(x, name, length);
	if (!v->name)
		return;
	v->dtype = fb_u8(t, VARIABLE_DTYPE, 0);
	read_shape(x, t, v);
	data = fb_vec(t, VARIABLE_DATA, 1, 1);
	v->data = fbz_alloc(x, data.count, 1);
	if (!v->data)
		return;
	v->size = data.count;
	if (v->size)
		memcpy(v->data, fb_vec_bytes(&data), v->size);
	if (!fbz_check_var(v))
		fbz_fail(
			x, -EINVAL,
			"variable '%s' (dtype %u, %u dimensions) has %zu bytes, which is not what its shape says; the file is damaged",
			v->name, v->dtype, v->ndim, v->size);
	add_unknown_of(x, t, "variable", v->name, VARIABLE_SLOTS);
}

static void read_variables(struct fbz_reader *x, const struct fb_table *layer)
{
	struct fb_vector list = fb_vec(layer, LAYER_VARIABLES, 4, 4);
	struct fbz_layer *l = x->layer;
	uint32_t i;

	if (list.count > FBZ_MAX_VARS) {
		fbz_fail(x, -EFBIG, "has more than %u variables", FBZ_MAX_VARS);
		return;
	}
	l->vars = fbz_alloc(x, list.count, sizeof(*l->vars));
	if (!l->vars)
		return;
	l->num_vars = list.count;
	for (i = 0; i < list.count && !x->fb.error; i++) {
		struct fb_table t = fb_vec_table(&list, i);

		read_variable(x, &t, i, &l->vars[i]);
	}
}

static void read_inbounds(struct fbz_reader *x, const struct fb_table *layer)
{
	struct fb_vector list = fb_vec(layer, LAYER_INBOUNDS, 4, 4);
	struct fbz_layer *l = x->layer;
	uint32_t i, length;

	if (list.count > FBZ_MAX_LAYERS) {
		fbz_fail(x, -EFBIG, "has more than %u inbound layers",
			 FBZ_MAX_LAYERS);
		return;
	}
	l->inbounds = fbz_alloc(x, list.count, sizeof(*l->inbounds));
	if (!l->inbounds)
		return;
	l->num_inbounds = list.count;
	for (i = 0; i < list.count && !x->fb.error; i++) {
		const char *name = fb_vec_string(&list, i, &length);

		if (name)
			l->inbounds[i] = copy_name(x, name, length);
	}
}

static int by_key_name(const void *a, const void *b)
{
	return strcmp(((const struct fbz_key *)a)->name,
		      ((const struct fbz_key *)b)->name);
}

static int by_var_name(const void *a, const void *b)
{
	return strcmp(((const struct fbz_var *)a)->name,
		      ((const struct fbz_var *)b)->name);
}

static void sort_names(struct fbz_reader *x)
{
	struct fbz_layer *l = x->layer;
	uint32_t i;

	/* After an error there may be variables without a name. */
	if (x->fb.error)
		return;
	if (l->num_keys)
		qsort(l->keys, l->num_keys, sizeof(*l->keys), by_key_name);
	if (l->num_vars)
		qsort(l->vars, l->num_vars, sizeof(*l->vars), by_var_name);
	for (i = 1; i < l->num_keys; i++)
		if (!strcmp(l->keys[i - 1].name, l->keys[i].name))
			fbz_fail(x, -EINVAL, "has the parameter '%s' twice",
				 l->keys[i].name);
	for (i = 1; i < l->num_vars; i++)
		if (!strcmp(l->vars[i - 1].name, l->vars[i].name))
			fbz_fail(x, -EINVAL, "has the variable '%s' twice",
				 l->vars[i].name);
}

static void read_layer(struct fbz_reader *x, const struct fb_table *t,
		       const struct fb_table *root, uint32_t index)
{
	struct fbz_layer *l = x->layer;
	uint32_t length;
	const char *name = fb_string(t, LAYER_NAME, &length);

	if (name)
		l->name = copy_name(x, name, length);
	else
		fbz_fail(x, -EINVAL, "has no name");
	x->key_capacity = 0;
	read_params(x, t);
	read_variables(x, t);
	read_inbounds(x, t);
	fbz_add_unknown(x, t, "layer", 0);
	fbz_add_unknown_from(x, t, "layer", LAYER_SLOTS);
	if (!index) {
		fbz_add_unknown(x, root, "root", 1);
		fbz_add_unknown_from(x, root, "root", ROOT_SLOTS);
	}
	sort_names(x);
	if (!x->fb.error)
		return;
	if (l->name)
		ak_err_prefix(x->fb.err, "layer %u '%.100s': ", index, l->name);
	else
		ak_err_prefix(x->fb.err, "layer %u: ", index);
}

static void read_root(struct fbz_reader *x, const struct fb_table *root)
{
	struct fb_vector list = fb_vec(root, ROOT_LAYERS, 4, 4);
	struct fbz *f = x->file;
	uint32_t i, length;
	const char *version = fb_string(root, ROOT_VERSION, &length);

	f->generation = 2;
	if (version)
		f->version = copy_name(x, version, length);
	if (list.count > FBZ_MAX_LAYERS)
		fbz_fail(x, -EFBIG, "has %u layers; %u are the most",
			 list.count, FBZ_MAX_LAYERS);
	f->layers = fbz_alloc(x, list.count, sizeof(*f->layers));
	if (!f->layers)
		return;
	f->num_layers = list.count;
	for (i = 0; i < list.count && !x->fb.error; i++) {
		struct fb_table t = fb_vec_table(&list, i);

		x->layer = &f->layers[i];
		read_layer(x, &t, root, i);
	}
}

int fbz_parse(struct fbz *f, const void *data, size_t size, struct ak_err *err)
{
	struct fbz_reader x = { .file = f };
	struct fb_table root;
	uint8_t *content;
	size_t length;
	int rc;

	memset(f, 0, sizeof(*f));
	rc = ak_snappy_unpack(data, size, FBZ_MAX_UNPACKED, FBZ_MAX_RATIO,
			      &content, &length, err);
	if (rc)
		return rc;
	root = fb_open(&x.fb, content, length,
		       length * BUDGET_FACTOR + BUDGET_EXTRA, err);
	read_root(&x, &root);
	free(content);
	return x.fb.error;
}
