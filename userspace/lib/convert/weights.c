// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The public interface to quantised weights.
 */
#include "akida/weights.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/export.h"
#include "common/json_file.h"
#include "convert/compare.h"
#include "convert/matvec.h"
#include "convert/merge.h"

struct akida_weights {
	struct ak_err err;
	char *report;
};

AK_EXPORT struct akida_weights *akida_weights_new(void)
{
	return calloc(1, sizeof(struct akida_weights));
}

AK_EXPORT void akida_weights_free(struct akida_weights *w)
{
	if (w)
		free(w->report);
	free(w);
}

AK_EXPORT const char *akida_weights_error(const struct akida_weights *w)
{
	return w->err.text;
}

AK_EXPORT const char *akida_weights_report(const struct akida_weights *w)
{
	return w->report;
}

static json_t *begin(struct akida_weights *w)
{
	free(w->report);
	w->report = NULL;
	return json_object();
}

/* Takes the report; a call that failed has none. */
static int end(struct akida_weights *w, int ret, json_t *report)
{
	if (!ret) {
		w->report = json_dumps(report, JSON_INDENT(2));
		if (!w->report)
			ret = ak_errf(&w->err, -ENOMEM,
				      "no memory for the report");
	}
	json_decref(report);
	return ret;
}

/* ----------------------------------------------------------------- multiply */

static const char *shape_text(const struct akida_array *x, char *buf,
			      size_t size)
{
	const size_t *shape = akida_array_shape(x);
	size_t n = 0;
	unsigned int i;

	snprintf(buf, size, "a scalar");
	for (i = 0; i < akida_array_ndim(x); i++)
		n += (size_t)snprintf(buf + n, size - n, "%s%zu", i ? "x" : "",
				      shape[i]);
	return buf;
}

/* x as floats, and how many vectors it holds. */
static int vectors(const struct akida_array *x, uint64_t cols, float **out,
		   size_t *n, struct ak_err *err)
{
	unsigned int ndim = akida_array_ndim(x);
	const size_t *shape = akida_array_shape(x);
	enum akida_dtype dtype = akida_array_dtype(x);
	char text[24 * AKIDA_ARRAY_MAX_DIMS];
	size_t count, i;

	*out = NULL;
	if (dtype != AKIDA_DTYPE_FLOAT32 && dtype != AKIDA_DTYPE_FLOAT64)
		return ak_errf(
			err, -EINVAL,
			"x has dtype %s; float32 and float64 can be multiplied",
			akida_dtype_name(dtype));
	if (ndim < 1 || ndim > 2 || shape[ndim - 1] != cols)
		return ak_errf(
			err, -EINVAL,
			"W has %llu columns, but x is %s; it must be a vector of as many elements or a matrix with such rows",
			(unsigned long long)cols,
			shape_text(x, text, sizeof(text)));
	*n = ndim > 1 ? shape[0] : 1;
	count = *n * (size_t)cols;
	*out = calloc(count + 1, sizeof(**out));
	if (!*out)
		return ak_errf(err, -ENOMEM, "no memory for x");
	if (dtype == AKIDA_DTYPE_FLOAT32)
		memcpy(*out, akida_array_data(x), count * sizeof(**out));
	else
		for (i = 0; i < count; i++)
			(*out)[i] =
				(float)((const double *)akida_array_data(x))[i];
	return 0;
}

static int product(struct ak_view *v, const struct ak_view_tensor *t,
		   const struct akida_array *x, struct akida_array *y,
		   unsigned int threads, struct ak_err *err)
{
	size_t shape[2], n = 0;
	float *in;
	int ret;

	if (t->ndim < 2)
		return ak_errf(err, -EINVAL, "%s is a vector and no matrix",
			       t->name);
	ret = vectors(x, t->cols, &in, &n, err);
	if (ret)
		return ret;
	shape[0] = n;
	shape[akida_array_ndim(x) - 1] = t->rows;
	ret = akida_array_set(y, AKIDA_DTYPE_FLOAT32, akida_array_ndim(x),
			      shape, NULL);
	if (ret)
		ak_errf(err, ret, "%s", akida_array_error(y));
	else
		ret = ak_matvec(v, t, in, n, akida_array_data(y), threads, err);
	free(in);
	return ret;
}

static int no_tensor(const struct ak_view *v, const char *file,
		     const char *tensor, struct ak_err *err)
{
	size_t n = ak_view_count(v);

	return ak_errf(
		err, -ENOENT,
		"%s: there is no tensor '%s' among its %zu (the first is '%s'); akida inspect lists them",
		file, tensor, n, n ? ak_view_name(v, 0) : "");
}

AK_EXPORT int akida_weights_multiply(struct akida_weights *w, const char *file,
				     const char *tensor,
				     const struct akida_array *x,
				     struct akida_array *y,
				     unsigned int threads)
{
	json_t *report = begin(w);
	struct ak_view_tensor t;
	struct ak_view *v;
	size_t i;
	int ret;

	ret = ak_view_open(file, &v, &w->err);
	if (ret)
		return end(w, ret, report);
	i = ak_view_find(v, tensor);
	ret = i == SIZE_MAX ? no_tensor(v, file, tensor, &w->err) :
			      ak_view_get(v, i, &t, &w->err);
	if (!ret)
		ret = product(v, &t, x, y, threads, &w->err);
	if (!ret) {
		json_object_set_new(report, "file", ak_json_text(file));
		json_object_set_new(report, "tensor", ak_json_text(tensor));
		json_object_set_new(report, "type", ak_json_text(t.type));
		json_object_set_new(report, "rows",
				    json_integer((json_int_t)t.rows));
		json_object_set_new(report, "columns",
				    json_integer((json_int_t)t.cols));
	}
	ak_view_close(v);
	return end(w, ret, report);
}

/* ------------------------------------------------------- compare and merge */

AK_EXPORT int akida_weights_compare(struct akida_weights *w, const char *in,
				    const char *out, unsigned int threads)
{
	json_t *report = begin(w);

	return end(w, ak_compare(in, out, threads, report, &w->err), report);
}

AK_EXPORT int akida_weights_merge(struct akida_weights *w,
				  const char *const *models, size_t count,
				  const char *out, int force)
{
	json_t *report = begin(w);
	int ret;

	if (!count)
		ret = ak_errf(&w->err, -EINVAL, "there is nothing to merge");
	else
		ret = ak_merge(models, count, out, force, report, &w->err);
	return end(w, ret, report);
}
