// SPDX-License-Identifier: GPL-2.0
/*
 * akida info --weights: variables of a layer as .npy files.
 */
#include <stdio.h>
#include <stdlib.h>

#include "info.h"
#include "json.h"
#include "term.h"
#include "text.h"
#include "tool.h"

static bool fits(const struct akida_variable_info *v)
{
	size_t n = akida_dtype_size(v->dtype);
	unsigned int d;

	if (!v->dtype || v->ndim > AKIDA_ARRAY_MAX_DIMS)
		return false;
	for (d = 0; d < v->ndim; d++)
		if (__builtin_mul_overflow(n, v->shape[d], &n))
			return false;
	return n == v->size;
}

static int fill(struct akida_array *a, const struct akida_variable_info *v)
{
	if (fits(v))
		return akida_array_set(a, v->dtype, v->ndim, v->shape, v->data);
	/* Better the bytes than nothing: the user can look at them. */
	term_warning(
		"variable '%s' has elements of code %u, which is not known "
		"or does not fit its shape: its bytes are written",
		v->name, v->file_dtype);
	return akida_array_set(a, AKIDA_DTYPE_UINT8, 1, &v->size, v->data);
}

static json_t *describe(const char *path, const struct akida_variable_info *v,
			const struct akida_array *a)
{
	json_t *o = json_object(), *shape = json_array();
	unsigned int d;

	for (d = 0; d < akida_array_ndim(a); d++)
		json_add(shape,
			 json_integer((json_int_t)akida_array_shape(a)[d]));
	json_put(o, "variable", json_text(v->name));
	json_put(o, "file", json_text(path));
	json_put(o, "dtype", json_text(akida_dtype_name(akida_array_dtype(a))));
	json_put(o, "shape", shape);
	return o;
}

static int write_one(const char *path, const struct akida_variable_info *v,
		     json_t *list)
{
	struct akida_array *a = akida_array_new();
	int ret = TOOL_OK;

	if (!a)
		term_die_memory();
	if (fill(a, v) || akida_array_save_npy(a, path)) {
		term_file_error(path, akida_array_error(a));
		ret = TOOL_FAILED;
	} else {
		json_add(list, describe(path, v, a));
	}
	akida_array_free(a);
	return ret;
}

static void print_list(const json_t *list)
{
	const json_t *entry, *side;
	size_t i, d;
	char *file;

	json_array_foreach(list, i, entry)
	{
		file = text_clean(
			json_string_value(json_object_get(entry, "file")));
		printf("%s: %s (", file,
		       json_string_value(json_object_get(entry, "dtype")));
		json_array_foreach(json_object_get(entry, "shape"), d, side)
			printf("%s%lld", d ? ", " : "",
			       (long long)json_integer_value(side));
		printf(")\n");
		free(file);
	}
}

static int write_all(const struct info_request *r, unsigned int layer,
		     const char *dir, json_t *list)
{
	struct akida_variable_info v;
	struct akida_layer_info l;
	char **taken = NULL, *layer_part, *path;
	int ret = TOOL_OK;
	unsigned int i, n;

	akida_model_layer(r->model, layer, &l, sizeof(l));
	layer_part = text_file_name(l.name, NULL, 0);
	for (n = 0; ret == TOOL_OK &&
		    !akida_model_variable(r->model, layer, n, &v, sizeof(v));
	     n++) {
		taken = tool_realloc(taken, n + 1, sizeof(*taken));
		taken[n] = text_file_name(v.name, taken, n);
		path = tool_text("%s/%s.%s.npy", dir, layer_part, taken[n]);
		ret = write_one(path, &v, list);
		free(path);
	}
	if (!n)
		term_file_warning(r->path, "this layer has no variables");
	for (i = 0; i < n; i++)
		free(taken[i]);
	free(taken);
	free(layer_part);
	return ret;
}

int info_weights(const struct info_request *r, const char *layer,
		 const char *dir, bool json)
{
	int number = akida_model_find_layer(r->model, layer);
	json_t *root, *list;

	if (number < 0) {
		term_error("%s: there is no layer '%s'; 'akida info' lists "
			   "their names",
			   r->path, layer);
		return TOOL_FAILED;
	}
	if (tool_make_folder(dir))
		return TOOL_FAILED;
	root = json_object();
	list = json_array();
	json_put(root, "layer", json_text(layer));
	json_put(root, "files", list);
	if (write_all(r, (unsigned int)number, dir, list)) {
		json_decref(root);
		return TOOL_FAILED;
	}
	if (json) {
		json_print(root);
	} else {
		print_list(list);
		json_decref(root);
	}
	return TOOL_OK;
}
