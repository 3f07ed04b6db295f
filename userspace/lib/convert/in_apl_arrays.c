// SPDX-License-Identifier: LGPL-2.1-or-later
#include "convert/in_apl_arrays.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* More than this is unpacked into a file. */
#define IN_MEMORY ((size_t)64 << 20)

int ak_apl_unpack(const struct ak_apl *a, const struct ak_zip_entry *e,
		  struct ak_apl_array *out, struct ak_err *err)
{
	const uint8_t *file = ak_zip_stored(&a->zip, e);
	int ret;

	memset(out, 0, sizeof(*out));
	if (!file) {
		ret = ak_map_scratch(e->size, e->size > IN_MEMORY, &out->map,
				     err);
		if (!ret)
			ret = ak_zip_read(&a->zip, e, (void *)out->map.data,
					  e->size, err);
		if (ret) {
			ak_err_prefix(err, "%s: ", a->npz);
			ak_map_close(&out->map);
			return ret;
		}
		file = out->map.data;
	}
	ret = ak_npy_parse(file, e->size, &out->npy, err);
	if (!ret && (out->npy.swap || (out->npy.fortran && out->npy.ndim > 1)))
		ret = ak_errf(err, -ENOTSUP,
			      "its elements are not little endian in C order");
	if (ret) {
		ak_err_prefix(err, "%s: %s: ", a->npz, e->name);
		ak_map_close(&out->map);
		return ret;
	}
	out->data = file + out->npy.offset;
	return 0;
}

/* An array of a certain type that a field names. */
static int load(const struct ak_apl *a, const struct ak_apl_weight *w,
		const char *key, enum akida_dtype dtype,
		struct ak_apl_array *out, struct ak_err *err)
{
	const struct ak_zip_entry *e = ak_apl_file(a, w->entry, key);
	int ret;

	if (!e)
		return ak_errf(err, -EBADMSG, "%s: weight '%s' has no '%s'",
			       a->path, w->name, key);
	ret = ak_apl_unpack(a, e, out, err);
	if (!ret && out->npy.dtype != dtype)
		ret = ak_errf(err, -EBADMSG, "%s: %s: its dtype is %s, not %s",
			      a->npz, e->name, akida_dtype_name(out->npy.dtype),
			      akida_dtype_name(dtype));
	return ret;
}

static int no_fit(const struct ak_apl *a, const struct ak_apl_weight *w,
		  struct ak_err *err, const char *what)
{
	return ak_errf(err, -EBADMSG, "%s: weight '%s': %s", a->npz, w->name,
		       what);
}

/* What the manifest says of the stored matrix; 0 if it is no matrix. */
static uint64_t shape(const struct ak_apl_weight *w, size_t i)
{
	const json_t *s = json_object_get(w->entry, "shape");
	json_int_t v = json_integer_value(json_array_get(s, i));

	return json_array_size(s) == 2 && v > 0 ? (uint64_t)v : 0;
}

/* Rows and columns of what is stored, and that the manifest says the same. */
static int set_shape(const struct ak_apl *a, struct ak_apl_weight *w,
		     struct ak_err *err)
{
	struct ak_apl_arrays *r = w->array;
	const struct ak_npy *n = &r->q.npy;
	uint64_t cols;

	r->transposed = json_is_true(json_object_get(w->entry, "transposed"));
	if (n->ndim != 2)
		return no_fit(a, w, err, "its quantised array is no matrix");
	r->rows = n->shape[0];
	r->cols = n->shape[1];
	w->ndim = 2;
	w->dim[0] = shape(w, 0);
	w->dim[1] = shape(w, 1);
	cols = w->dim[r->transposed ? 0 : 1];
	/* Only the manifest knows how many signs of the last byte count. */
	if (r->binary && cols && (cols + 7) / 8 == r->cols)
		r->cols = cols;
	if (w->dim[r->transposed ? 1 : 0] != r->rows || cols != r->cols)
		return no_fit(a, w, err,
			      "the array's shape is not that of the manifest");
	return 0;
}

static int check_scales(const struct ak_apl *a, const struct ak_apl_weight *w,
			struct ak_err *err)
{
	struct ak_apl_arrays *r = w->array;
	const struct ak_npy *n = &r->scales.npy;
	const json_t *size = json_object_get(
		json_object_get(w->entry, "quantization"), "group_size");

	r->group = r->cols;
	r->groups = 1;
	if (json_is_integer(size) && json_integer_value(size) > 0) {
		r->group = (uint64_t)json_integer_value(size);
		r->groups = r->cols / r->group + !!(r->cols % r->group);
	}
	if (n->count != r->rows * r->groups || n->shape[0] != r->rows)
		return no_fit(a, w, err,
			      "there are not as many scales as rows or groups");
	if (r->has_zeros && r->zeros.npy.count != n->count)
		return no_fit(a, w, err,
			      "there are not as many zero points as scales");
	return 0;
}

static int load_floats(const struct ak_apl *a, struct ak_apl_weight *w,
		       struct ak_err *err)
{
	struct ak_apl_arrays *r = w->array;
	const struct ak_npy *n = &r->q.npy;
	int ret;

	r->floats = true;
	ret = load(a, w, "fp32", AKIDA_DTYPE_FLOAT32, &r->q, err);
	if (ret)
		return ret;
	if (n->ndim < 1 || n->ndim > 2)
		return no_fit(a, w, err, "it has neither 1 nor 2 dimensions");
	w->ndim = n->ndim;
	w->dim[0] = n->shape[0];
	w->dim[1] = n->ndim > 1 ? n->shape[1] : 0;
	r->rows = n->ndim > 1 ? n->shape[0] : 1;
	r->cols = n->ndim > 1 ? n->shape[1] : n->shape[0];
	return 0;
}

static int load_arrays(const struct ak_apl *a, struct ak_apl_weight *w,
		       struct ak_err *err)
{
	struct ak_apl_arrays *r = w->array;
	int ret;

	if (ak_apl_file(a, w->entry, "fp32"))
		return load_floats(a, w, err);
	r->binary = ak_apl_file(a, w->entry, "packed");
	ret = load(a, w, r->binary ? "packed" : "q", AKIDA_DTYPE_UINT8, &r->q,
		   err);
	if (!ret)
		ret = load(a, w, r->binary ? "scales" : "q_scales",
			   AKIDA_DTYPE_FLOAT32, &r->scales, err);
	r->has_zeros = !r->binary && ak_apl_file(a, w->entry, "q_zero_point");
	if (!ret && r->has_zeros)
		ret = load(a, w, "q_zero_point", AKIDA_DTYPE_INT32, &r->zeros,
			   err);
	if (!ret)
		ret = set_shape(a, w, err);
	return ret ? ret : check_scales(a, w, err);
}

int ak_apl_load(const struct ak_apl *a, struct ak_apl_weight *w,
		struct ak_err *err)
{
	int ret;

	if (w->array)
		return 0;
	w->array = calloc(1, sizeof(*w->array));
	if (!w->array)
		return ak_errf(err, -ENOMEM, "no memory for a weight");
	ret = load_arrays(a, w, err);
	if (ret)
		ak_apl_unload(w);
	return ret;
}

void ak_apl_unload(struct ak_apl_weight *w)
{
	if (!w->array)
		return;
	ak_map_close(&w->array->q.map);
	ak_map_close(&w->array->scales.map);
	ak_map_close(&w->array->zeros.map);
	free(w->array);
	w->array = NULL;
}

/* ------------------------------------------------------------------ floats */

static float scale_at(const struct ak_apl_arrays *r, uint64_t i)
{
	float v;

	memcpy(&v, r->scales.data + i * sizeof(v), sizeof(v));
	return v;
}

static int32_t zero_at(const struct ak_apl_arrays *r, uint64_t i)
{
	int32_t v = 0;

	if (r->has_zeros)
		memcpy(&v, r->zeros.data + i * sizeof(v), sizeof(v));
	return v;
}

/* Columns @first to @first + @n of a stored row, @step floats apart. */
static void stored_row(const struct ak_apl_arrays *r, uint64_t row,
		       uint64_t first, uint64_t n, float *out, uint64_t step)
{
	const uint8_t *q = r->q.data;
	uint64_t c;

	if (r->binary) {
		float s = scale_at(r, row);

		q += row * ((r->cols + 7) / 8);
		for (c = first; c < first + n; c++, out += step)
			*out = q[c / 8] >> (7 - c % 8) & 1 ? s : -s;
		return;
	}
	q += row * r->cols;
	while (n) {
		uint64_t in = first % r->group, g = row * r->groups;
		uint64_t part = r->group - in < n ? r->group - in : n;
		double scale, zero;

		g += first / r->group;
		scale = scale_at(r, g);
		zero = zero_at(r, g);
		for (c = first; c < first + part; c++, out += step)
			*out = (float)((q[c] - zero) * scale);
		first += part;
		n -= part;
	}
}

void ak_apl_rows(const struct ak_apl_weight *w, uint64_t first, uint64_t rows,
		 float *out)
{
	const struct ak_apl_arrays *r = w->array;
	uint64_t i;

	if (r->floats)
		memcpy(out, r->q.data + first * r->cols * sizeof(float),
		       rows * r->cols * sizeof(float));
	else if (r->transposed)
		for (i = 0; i < r->rows; i++)
			stored_row(r, i, first, rows, out + i, r->rows);
	else
		for (i = 0; i < rows; i++)
			stored_row(r, first + i, 0, r->cols, out + i * r->cols,
				   1);
}
