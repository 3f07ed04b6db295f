// SPDX-License-Identifier: LGPL-2.1-or-later
#include "convert/view.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "convert/tensors_internal.h"
#include "convert/view_item.h"

static int no_memory(struct ak_err *err)
{
	return ak_errf(err, -ENOMEM, "no memory for a view");
}

/* ------------------------------------------------------------ plain weights */

static int read_tensor(const struct ak_view_item *it, uint64_t first,
		       uint64_t rows, float *out, struct ak_err *err)
{
	return ak_tensor_read(it->set, it->tensor, first, rows, out, err);
}

static const struct ak_view_kind plain = { .read = read_tensor };

static int load_apl(struct ak_view_item *it, struct ak_err *err)
{
	int ret = ak_apl_load(it->apl, it->weight, err);

	if (ret)
		return ret;
	it->ndim = it->weight->ndim;
	memcpy(it->dim, it->weight->dim, sizeof(it->weight->dim));
	return 0;
}

static void unload_apl(struct ak_view_item *it)
{
	ak_apl_unload(it->weight);
}

static int read_apl(const struct ak_view_item *it, uint64_t first,
		    uint64_t rows, float *out, struct ak_err *err)
{
	(void)err;
	ak_apl_rows(it->weight, first, rows, out);
	return 0;
}

static const struct ak_view_kind apl_kind = {
	.load = load_apl,
	.unload = unload_apl,
	.read = read_apl,
};

static struct ak_view_item *new_item(struct ak_view *v, const char *prefix,
				     const char *name)
{
	struct ak_view_item *it;

	if (v->count == v->room) {
		size_t room = v->room ? v->room * 2 : 64;

		it = reallocarray(v->item, room, sizeof(*it));
		if (!it)
			return NULL;
		v->item = it;
		v->room = room;
	}
	it = &v->item[v->count];
	memset(it, 0, sizeof(*it));
	if (asprintf(&it->name, "%s%s", prefix, name) < 0)
		return NULL;
	v->count++;
	return it;
}

int ak_view_add_opened(struct ak_view *v, struct ak_tensors *set,
		       const char *prefix, struct ak_err *err)
{
	struct ak_tensors **grown;
	size_t i;

	grown = reallocarray(v->set, v->sets + 1, sizeof(*grown));
	if (!grown) {
		ak_tensors_close(set);
		return no_memory(err);
	}
	v->set = grown;
	v->set[v->sets++] = set;
	for (i = 0; i < ak_tensors_count(set); i++) {
		const struct ak_tensor *t = ak_tensors_at(set, i);
		struct ak_view_item *it = new_item(v, prefix, t->name);

		if (!it)
			return no_memory(err);
		it->kind = &plain;
		it->set = set;
		it->tensor = t;
		it->ndim = t->ndim;
		memcpy(it->dim, t->dim, sizeof(it->dim));
		snprintf(it->type, sizeof(it->type), "%s",
			 t->dtype && t->type == AK_TENSOR_OTHER ?
				 t->dtype :
				 ak_tensor_type_name(t->type));
	}
	return 0;
}

int ak_view_add_set(struct ak_view *v, const char *path, const char *prefix,
		    struct ak_err *err)
{
	struct ak_tensors *set;
	int ret = ak_tensors_open(path, &set, err);

	return ret ? ret : ak_view_add_opened(v, set, prefix, err);
}

const uint8_t *ak_view_raw(const struct ak_view_item *it)
{
	size_t i = ak_tensor_number(it->set, it->tensor);

	return it->set->entry[i].place.raw;
}

static void free_item(struct ak_view_item *it)
{
	if (it->kind && it->kind->unload)
		it->kind->unload(it);
	free(it->name);
}

void ak_view_drop_item(struct ak_view *v, size_t i)
{
	free_item(&v->item[i]);
	memmove(&v->item[i], &v->item[i + 1],
		(v->count - i - 1) * sizeof(*v->item));
	v->count--;
}

/* -------------------------------------------------------------------- APL */

static int add_apl(struct ak_view *v, struct ak_err *err)
{
	size_t i;

	for (i = 0; i < v->apl.count; i++) {
		struct ak_apl_weight *w = &v->apl.weight[i];
		const json_t *q = json_object_get(w->entry, "quantization");
		const char *type =
			json_string_value(json_object_get(q, "type"));
		struct ak_view_item *it = new_item(v, "", w->name);

		if (!it)
			return no_memory(err);
		it->kind = &apl_kind;
		it->apl = &v->apl;
		it->weight = w;
		if (type)
			snprintf(it->type, sizeof(it->type), "%d-bit %s",
				 (int)json_integer_value(
					 json_object_get(q, "bits")),
				 type);
		else
			snprintf(it->type, sizeof(it->type), "F32");
	}
	return 0;
}

static bool ends(const char *s, const char *with)
{
	size_t n = strlen(s), m = strlen(with);

	return n >= m && !strcmp(s + n - m, with);
}

static bool is_folder(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

/* -------------------------------------------------------------------- open */

/* Files that hold the rest of a model in a folder of --to bitnet. */
static int add_rest(struct ak_view *v, const char *folder, struct ak_err *err)
{
	char *path;
	int ret = 0;

	if (asprintf(&path, "%s/sub_norms.safetensors", folder) < 0)
		return no_memory(err);
	if (!access(path, F_OK))
		ret = ak_view_add_set(v, path, "", err);
	free(path);
	return ret;
}

static int add_tensors(struct ak_view *v, const char *path, struct ak_err *err)
{
	int ret = ak_view_add_set(v, path, "", err);

	/* What has no header is like nothing, or by chance like something. */
	if (ret == -EBADMSG || ret == -ENOTSUP) {
		struct ak_err other = { "" };
		bool is = false;
		int rc = ak_view_add_nntr_bin(v, path, &is, &other);

		return is ? ak_errf(err, rc, "%s", other.text) : ret;
	}
	if (!ret && is_folder(path))
		ret = add_rest(v, path, err);
	if (!ret)
		ret = ak_view_join_nntr(v, err);
	return ret ? ret : ak_view_join_ternary(v, path, err);
}

static int add_manifest(struct ak_view *v, const char *path, struct ak_err *err)
{
	int ret = ak_apl_open(path, &v->apl, err);

	return ret ? ret : add_apl(v, err);
}

static int add_folder(struct ak_view *v, const char *path, struct ak_err *err)
{
	struct ak_err why = { "" };
	int ret;

	if (ak_is_bitnet_folder(path))
		return ak_view_add_bitnet(v, path, err);
	ret = add_manifest(v, path, &why);
	/* A folder without a manifest is a Hugging Face folder. */
	if (ret == -ENOENT && !v->apl.path)
		return add_tensors(v, path, err);
	return ret ? ak_errf(err, ret, "%s", why.text) : 0;
}

static int add_path(struct ak_view *v, const char *path, struct ak_err *err)
{
	if (is_folder(path))
		return add_folder(v, path, err);
	if (ends(path, ".json") && !ends(path, ".index.json"))
		return add_manifest(v, path, err);
	if (ends(path, ".npz") && strstr(path, "_quantized"))
		return add_manifest(v, path, err);
	return add_tensors(v, path, err);
}

int ak_view_open_like(const char *path, const char *model, struct ak_view **out,
		      struct ak_err *err)
{
	struct ak_view *v = calloc(1, sizeof(*v));
	int ret;

	*out = NULL;
	if (!v)
		return no_memory(err);
	v->model = model;
	ret = add_path(v, path, err);
	v->model = NULL;
	if (ret) {
		ak_view_close(v);
		return ret;
	}
	*out = v;
	return 0;
}

int ak_view_open(const char *path, struct ak_view **out, struct ak_err *err)
{
	return ak_view_open_like(path, NULL, out, err);
}

const char *ak_view_format(const struct ak_view *v)
{
	return v->sets == 1 && !v->apl.path ? ak_tensors_format(v->set[0]) :
					      NULL;
}

void ak_view_close(struct ak_view *v)
{
	size_t i;

	if (!v)
		return;
	for (i = 0; i < v->count; i++)
		free_item(&v->item[i]);
	for (i = 0; i < v->sets; i++)
		ak_tensors_close(v->set[i]);
	ak_apl_close(&v->apl);
	free(v->item);
	free(v->set);
	free(v);
}

/* ------------------------------------------------------------------ weights */

size_t ak_view_count(const struct ak_view *v)
{
	return v->count;
}

const char *ak_view_name(const struct ak_view *v, size_t i)
{
	return v->item[i].name;
}

size_t ak_view_find(const struct ak_view *v, const char *name)
{
	size_t i;

	for (i = 0; i < v->count; i++)
		if (!strcmp(v->item[i].name, name))
			return i;
	return SIZE_MAX;
}

int ak_view_get(struct ak_view *v, size_t i, struct ak_view_tensor *out,
		struct ak_err *err)
{
	struct ak_view_item *it = &v->item[i];
	uint64_t rows = 1;
	unsigned int d;
	int ret = it->kind->load ? it->kind->load(it, err) : 0;

	if (ret)
		return ret;
	memset(out, 0, sizeof(*out));
	out->index = i;
	out->name = it->name;
	memcpy(out->type, it->type, sizeof(out->type));
	out->ndim = it->ndim;
	memcpy(out->dim, it->dim, sizeof(out->dim));
	for (d = 0; d + 1 < it->ndim; d++)
		rows *= it->dim[d];
	out->rows = rows;
	out->cols = it->ndim ? it->dim[it->ndim - 1] : 1;
	return 0;
}

void ak_view_drop(struct ak_view *v, size_t i)
{
	if (v->item[i].kind->unload)
		v->item[i].kind->unload(&v->item[i]);
}

int ak_view_read(const struct ak_view *v, const struct ak_view_tensor *t,
		 uint64_t first, uint64_t rows, float *out, struct ak_err *err)
{
	const struct ak_view_item *it = &v->item[t->index];

	if (first > t->rows || rows > t->rows - first)
		return ak_errf(err, -ERANGE,
			       "%s: there are no rows %llu to %llu", t->name,
			       (unsigned long long)first,
			       (unsigned long long)(first + rows));
	return it->kind->read(it, first, rows, out, err);
}
