// SPDX-License-Identifier: LGPL-2.1-or-later
#include "convert/view.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "convert/in_apl.h"

struct ak_view {
	struct ak_tensors *tensors; /* or an APL model */
	struct ak_apl apl;
};

static bool ends(const char *s, const char *with)
{
	size_t n = strlen(s), m = strlen(with);

	return n >= m && !strcmp(s + n - m, with);
}

/*
 * An APL model is told by its manifest. A folder of one and a Hugging Face
 * folder cannot be mixed up: the latter has no manifest.
 */
static bool try_apl(const char *path)
{
	struct stat st;

	return ends(path, ".json") ?
		       !ends(path, ".index.json") :
		       ends(path, "_quantized.npz") ||
			       strstr(path, "_quantized_q") ||
			       (!stat(path, &st) && S_ISDIR(st.st_mode));
}

int ak_view_open(const char *path, struct ak_view **out, struct ak_err *err)
{
	struct ak_view *v = calloc(1, sizeof(*v));
	struct ak_err other = { "" };
	int ret = -ENOENT;

	*out = NULL;
	if (!v)
		return ak_errf(err, -ENOMEM, "no memory for a view");
	if (try_apl(path))
		ret = ak_apl_open(path, &v->apl, err);
	/* What is no manifest may be something else. */
	if (ret == -ENOENT || (ret && !ends(path, ".json"))) {
		ret = ak_tensors_open(path, &v->tensors, &other);
		if (ret)
			ak_errf(err, ret, "%s", other.text);
	}
	if (ret) {
		free(v);
		return ret;
	}
	*out = v;
	return 0;
}

void ak_view_close(struct ak_view *v)
{
	if (!v)
		return;
	ak_tensors_close(v->tensors);
	ak_apl_close(&v->apl);
	free(v);
}

size_t ak_view_count(const struct ak_view *v)
{
	return v->tensors ? ak_tensors_count(v->tensors) : v->apl.count;
}

const char *ak_view_name(const struct ak_view *v, size_t i)
{
	return v->tensors ? ak_tensors_at(v->tensors, i)->name :
			    v->apl.weight[i].name;
}

size_t ak_view_find(const struct ak_view *v, const char *name)
{
	size_t i, n = ak_view_count(v);

	for (i = 0; i < n; i++)
		if (!strcmp(ak_view_name(v, i), name))
			return i;
	return SIZE_MAX;
}

static void describe(const struct ak_apl_weight *w, struct ak_view_tensor *out)
{
	const json_t *q = json_object_get(w->entry, "quantization");
	const char *type = json_string_value(json_object_get(q, "type"));

	if (type)
		snprintf(out->type, sizeof(out->type), "%d-bit %s",
			 (int)json_integer_value(json_object_get(q, "bits")),
			 type);
	else
		snprintf(out->type, sizeof(out->type), "F32");
}

int ak_view_get(struct ak_view *v, size_t i, struct ak_view_tensor *out,
		struct ak_err *err)
{
	memset(out, 0, sizeof(*out));
	out->index = i;
	out->name = ak_view_name(v, i);
	if (v->tensors) {
		const struct ak_tensor *t = ak_tensors_at(v->tensors, i);

		snprintf(out->type, sizeof(out->type), "%s",
			 ak_tensor_type_name(t->type));
		out->ndim = t->ndim;
		memcpy(out->dim, t->dim, sizeof(out->dim));
		out->rows = ak_tensor_rows(t);
		out->cols = ak_tensor_cols(t);
	} else {
		struct ak_apl_weight *w = &v->apl.weight[i];
		int ret = ak_apl_load(&v->apl, w, err);

		if (ret)
			return ret;
		describe(w, out);
		out->ndim = w->ndim;
		memcpy(out->dim, w->dim, sizeof(w->dim));
		out->rows = w->ndim > 1 ? w->dim[0] : 1;
		out->cols = w->ndim > 1 ? w->dim[1] : w->dim[0];
	}
	return 0;
}

void ak_view_drop(struct ak_view *v, size_t i)
{
	if (!v->tensors)
		ak_apl_unload(&v->apl.weight[i]);
}

int ak_view_read(const struct ak_view *v, const struct ak_view_tensor *t,
		 uint64_t first, uint64_t rows, float *out, struct ak_err *err)
{
	if (first > t->rows || rows > t->rows - first)
		return ak_errf(err, -ERANGE,
			       "%s: there are no rows %llu to %llu", t->name,
			       (unsigned long long)first,
			       (unsigned long long)(first + rows));
	if (v->tensors)
		return ak_tensor_read(v->tensors,
				      ak_tensors_at(v->tensors, t->index),
				      first, rows, out, err);
	ak_apl_rows(&v->apl.weight[t->index], first, rows, out);
	return 0;
}
