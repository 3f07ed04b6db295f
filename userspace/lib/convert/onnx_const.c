// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Constants of ONNX graphs, and inputs and attributes that must be constant.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "convert/onnx.h"
#include "format/tensor_type.h"

void *ak_onnx_alloc(struct ak_onnx_walk *w, uint64_t count, size_t size)
{
	void *p;

	if (count > w->budget) {
		ak_errf(w->err, -ENOTSUP,
			"%s: node '%s' (%s): its arrays need much more memory than the file has weights",
			w->path, w->node ? w->node->name : "",
			w->node ? w->node->op : "");
		return NULL;
	}
	w->budget -= count;
	p = calloc(count ? count : 1, size);
	if (!p)
		ak_errf(w->err, -ENOMEM, "out of memory");
	return p;
}

void ak_onnx_const_free(struct ak_onnx_const *c)
{
	if (!c)
		return;
	free(c->f);
	free(c->i);
	free(c->q);
	free(c->scale);
	free(c);
}

struct ak_onnx_const *ak_onnx_const_stored(struct ak_onnx_walk *w,
					   const struct ak_onnx_tensor *t)
{
	struct ak_onnx_const *c = calloc(1, sizeof(*c));

	if (!c) {
		ak_errf(w->err, -ENOMEM, "out of memory");
		return NULL;
	}
	c->tensor = t;
	c->type = t->type;
	c->ndim = t->ndim;
	memcpy(c->dim, t->dim, sizeof(c->dim));
	c->count = t->count;
	return c;
}

/* A new constant of given shape with room for its elements. */
struct ak_onnx_const *ak_onnx_make(struct ak_onnx_walk *w, unsigned int ndim,
				   const uint64_t *dim, bool floats)
{
	struct ak_onnx_const *c = calloc(1, sizeof(*c));

	if (!c) {
		ak_errf(w->err, -ENOMEM, "out of memory");
		return NULL;
	}
	c->ndim = ndim;
	memcpy(c->dim, dim, ndim * sizeof(*dim));
	if (ak_tensor_count(ndim, dim, &c->count)) {
		AK_ONNX_REFUSE(w, "a constant of too many elements");
		free(c);
		return NULL;
	}
	if (floats)
		c->f = ak_onnx_alloc(w, c->count, sizeof(*c->f));
	else
		c->i = ak_onnx_alloc(w, c->count, sizeof(*c->i));
	if (!c->f && !c->i) {
		free(c);
		return NULL;
	}
	return c;
}

int ak_onnx_read_error(struct ak_onnx_walk *w, int rc)
{
	ak_err_prefix(w->err, "%s: ", w->path);
	return rc;
}

static bool is_integer(const struct ak_onnx_const *c)
{
	return c->tensor ? ak_onnx_type_integer(c->tensor->type) : !c->f;
}

/* Stored elements become an array. */
int ak_onnx_load(struct ak_onnx_walk *w, struct ak_onnx_const *c)
{
	bool integer = is_integer(c);
	int rc;

	if (!c->tensor)
		return 0;
	if (integer) {
		c->i = ak_onnx_alloc(w, c->count, sizeof(*c->i));
		if (!c->i)
			return -ENOTSUP;
		rc = ak_onnx_read_int(w->o, c->tensor, c->i, w->err);
	} else {
		c->f = ak_onnx_alloc(w, c->count, sizeof(*c->f));
		if (!c->f)
			return -ENOTSUP;
		rc = ak_onnx_read_float(w->o, c->tensor, c->f, w->err);
	}
	if (rc)
		return ak_onnx_read_error(w, rc);
	c->tensor = NULL;
	return 0;
}

int ak_onnx_floats(struct ak_onnx_walk *w, const struct ak_onnx_const *c,
		   float **out)
{
	uint64_t i;
	int rc = 0;

	*out = ak_onnx_alloc(w, c->count, sizeof(**out));
	if (!*out)
		return -ENOTSUP;
	if (c->tensor)
		rc = ak_onnx_read_float(w->o, c->tensor, *out, w->err);
	else if (c->f)
		memcpy(*out, c->f, c->count * sizeof(**out));
	else
		for (i = 0; i < c->count; i++)
			(*out)[i] = (float)c->i[i];
	if (!rc)
		return 0;
	free(*out);
	*out = NULL;
	return ak_onnx_read_error(w, rc);
}

int ak_onnx_scalar(struct ak_onnx_walk *w, const struct ak_onnx_const *c,
		   float *out)
{
	float *f;
	int rc;

	if (!c || c->count != 1)
		return AK_ONNX_REFUSE(
			w, "a value that must be one constant number");
	rc = ak_onnx_floats(w, c, &f);
	if (rc)
		return rc;
	*out = *f;
	free(f);
	return 0;
}

int64_t ak_onnx_int(const struct ak_onnx_walk *w, const char *name,
		    int64_t preset)
{
	const struct ak_onnx_attr *a = ak_onnx_attr(w->node, name);

	return a ? a->i : preset;
}

struct ak_onnx_const *ak_onnx_input_const(const struct ak_onnx_walk *w,
					  size_t in)
{
	const struct ak_onnx_node *n = w->node;

	if (in >= n->num_in || !n->in[in])
		return NULL;
	return w->value[n->in[in]].c;
}

int ak_onnx_ints(struct ak_onnx_walk *w, const char *name, size_t in,
		 int64_t *out, size_t max, size_t *n)
{
	const struct ak_onnx_attr *a =
		name ? ak_onnx_attr(w->node, name) : NULL;
	struct ak_onnx_const *c;
	int rc;

	*n = 0;
	if (a) {
		rc = ak_onnx_attr_ints(a, out, max);
		if (rc < 0)
			return AK_ONNX_BAD(
				w,
				"attribute '%s' is damaged or has more than %zu numbers",
				name, max);
		*n = (size_t)rc;
		return 0;
	}
	if (in >= w->node->num_in || !w->node->in[in])
		return 0;
	c = ak_onnx_input_const(w, in);
	if (!c)
		return AK_ONNX_REFUSE(
			w,
			"its input %zu is computed from the network's input; export with constant shapes",
			in);
	rc = ak_onnx_load(w, c);
	if (rc)
		return rc;
	if (!c->i || c->count > max)
		return AK_ONNX_BAD(w, "its input %zu must be 0 to %zu integers",
				   in, max);
	memcpy(out, c->i, c->count * sizeof(*out));
	*n = (size_t)c->count;
	return 0;
}

int ak_onnx_give(struct ak_onnx_walk *w, struct ak_onnx_const *c)
{
	struct ak_onnx_value *v;

	if (!c)
		return -ENOTSUP;
	if (!w->node->num_out || !w->node->out[0]) {
		ak_onnx_const_free(c);
		return AK_ONNX_BAD(w, "it has no output");
	}
	v = &w->value[w->node->out[0]];
	ak_onnx_const_free(v->c);
	v->c = c;
	return 0;
}
