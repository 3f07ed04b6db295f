// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Operators that exporters leave between ONNX constants and the operators that
 * use them.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "convert/onnx.h"
#include "format/tensor_type.h"

/* Elements of what is put together of others: shapes, paddings. */
#define MAX_SMALL 65536u

/* Which element is which: out[..] = in[base + sum of index * stride] */
static void strided(const struct ak_onnx_const *in, struct ak_onnx_const *out,
		    int64_t base, const int64_t *stride)
{
	uint64_t index[AK_ONNX_MAX_DIMS] = { 0 }, n;
	unsigned int d;
	int64_t at = base;

	for (n = 0; n < out->count; n++) {
		if (out->f)
			out->f[n] = in->f[at];
		else
			out->i[n] = in->i[at];
		for (d = out->ndim; d-- > 0;) {
			at += stride[d];
			if (++index[d] < out->dim[d])
				break;
			at -= stride[d] * (int64_t)out->dim[d];
			index[d] = 0;
		}
	}
}

static void strides(const struct ak_onnx_const *c, int64_t *stride)
{
	int64_t s = 1;
	unsigned int d;

	for (d = c->ndim; d-- > 0;) {
		stride[d] = s;
		s *= (int64_t)c->dim[d];
	}
}

static int fold_transpose(struct ak_onnx_walk *w, struct ak_onnx_const *in)
{
	int64_t perm[AK_ONNX_MAX_DIMS], from[AK_ONNX_MAX_DIMS];
	int64_t stride[AK_ONNX_MAX_DIMS];
	uint64_t dim[AK_ONNX_MAX_DIMS];
	struct ak_onnx_const *out;
	unsigned int seen = 0, d;
	size_t n;
	int rc = ak_onnx_ints(w, "perm", SIZE_MAX, perm, AK_ONNX_MAX_DIMS, &n);

	if (rc)
		return rc;
	for (d = 0; !n && d < in->ndim; d++)
		perm[d] = (int64_t)in->ndim - 1 - d;
	n = n ? n : in->ndim;
	strides(in, from);
	for (d = 0; d < n && n == in->ndim; d++) {
		if (perm[d] < 0 || perm[d] >= (int64_t)n)
			break;
		seen |= 1u << perm[d];
		dim[d] = in->dim[perm[d]];
		stride[d] = from[perm[d]];
	}
	if (n != in->ndim || seen != (1u << n) - 1)
		return AK_ONNX_BAD(w, "its 'perm' is no permutation of %u axes",
				   in->ndim);
	out = ak_onnx_make(w, in->ndim, dim, in->f != NULL);
	if (out)
		strided(in, out, 0, stride);
	return ak_onnx_give(w, out);
}

static int fold_slice(struct ak_onnx_walk *w, struct ak_onnx_const *in)
{
	int64_t start[AK_ONNX_MAX_DIMS], end[AK_ONNX_MAX_DIMS];
	int64_t axis[AK_ONNX_MAX_DIMS], step[AK_ONNX_MAX_DIMS];
	int64_t stride[AK_ONNX_MAX_DIMS], base = 0;
	uint64_t dim[AK_ONNX_MAX_DIMS];
	struct ak_onnx_const *out;
	size_t n, ends, axes, steps, k;
	int rc = ak_onnx_ints(w, "starts", 1, start, AK_ONNX_MAX_DIMS, &n);

	if (!rc)
		rc = ak_onnx_ints(w, "ends", 2, end, AK_ONNX_MAX_DIMS, &ends);
	if (!rc)
		rc = ak_onnx_ints(w, "axes", 3, axis, AK_ONNX_MAX_DIMS, &axes);
	if (!rc)
		rc = ak_onnx_ints(w, NULL, 4, step, AK_ONNX_MAX_DIMS, &steps);
	if (rc)
		return rc;
	if (ends != n || (axes && axes != n) || (steps && steps != n))
		return AK_ONNX_BAD(w, "its lists are not of one length");
	strides(in, stride);
	memcpy(dim, in->dim, sizeof(dim));
	for (k = 0; k < n; k++) {
		int64_t a = axes ? axis[k] : (int64_t)k;
		int64_t by = steps ? step[k] : 1, size, from, to, count;

		a += a < 0 ? (int64_t)in->ndim : 0;
		if (a < 0 || a >= (int64_t)in->ndim || !by || by < -INT32_MAX ||
		    by > INT32_MAX || dim[a] != in->dim[a])
			return AK_ONNX_BAD(w, "an axis or step that is none");
		size = (int64_t)in->dim[a];
		from = start[k] < 0 ? start[k] + size : start[k];
		to = end[k] < 0 && end[k] >= -size ? end[k] + size : end[k];
		if (by > 0) {
			from = from < 0 ? 0 : from > size ? size : from;
			to = to < 0 ? 0 : to > size ? size : to;
			count = to > from ? (to - from + by - 1) / by : 0;
		} else {
			from = from < 0 ? -1 : from >= size ? size - 1 : from;
			to = to < -1 ? -1 : to >= size ? size - 1 : to;
			count = from > to ? (from - to - by - 1) / -by : 0;
		}
		if (!count)
			return AK_ONNX_REFUSE(w, "a slice of nothing");
		base += from * stride[a];
		stride[a] *= by;
		dim[a] = (uint64_t)count;
	}
	out = ak_onnx_make(w, in->ndim, dim, in->f != NULL);
	if (out)
		strided(in, out, base, stride);
	return ak_onnx_give(w, out);
}

/* The same elements with another shape. */
static int reshaped(struct ak_onnx_walk *w, const struct ak_onnx_const *in,
		    unsigned int ndim, const uint64_t *dim)
{
	struct ak_onnx_const *out = ak_onnx_make(w, ndim, dim, in->f != NULL);

	if (!out)
		return -ENOTSUP;
	if (out->count != in->count) {
		ak_onnx_const_free(out);
		return AK_ONNX_BAD(w, "a shape of another number of elements");
	}
	if (in->f)
		memcpy(out->f, in->f, in->count * sizeof(*in->f));
	else
		memcpy(out->i, in->i, in->count * sizeof(*in->i));
	return ak_onnx_give(w, out);
}

static int fold_reshape(struct ak_onnx_walk *w, struct ak_onnx_const *in)
{
	int64_t shape[AK_ONNX_MAX_DIMS];
	uint64_t dim[AK_ONNX_MAX_DIMS], known = 1;
	size_t n, k, any = SIZE_MAX;
	int rc = ak_onnx_ints(w, "shape", 1, shape, AK_ONNX_MAX_DIMS, &n);

	if (rc)
		return rc;
	for (k = 0; k < n; k++) {
		dim[k] = shape[k] > 0 ? (uint64_t)shape[k] : 0;
		if (!shape[k] && k < in->ndim)
			dim[k] = in->dim[k];
		if (shape[k] == -1 && any == SIZE_MAX)
			any = k;
		else if (!dim[k] ||
			 __builtin_mul_overflow(known, dim[k], &known))
			return AK_ONNX_BAD(w, "a shape that is none");
	}
	if (any != SIZE_MAX)
		dim[any] = in->count / known;
	return reshaped(w, in, (unsigned int)n, dim);
}

static int fold_squeeze(struct ak_onnx_walk *w, struct ak_onnx_const *in,
			bool un)
{
	int64_t axis[AK_ONNX_MAX_DIMS];
	uint64_t dim[AK_ONNX_MAX_DIMS];
	unsigned int set = 0, ndim, d, from = 0, to = 0;
	size_t n, k;
	int rc = ak_onnx_ints(w, "axes", 1, axis, AK_ONNX_MAX_DIMS, &n);

	if (rc)
		return rc;
	ndim = in->ndim + (un ? (unsigned int)n : 0);
	for (k = 0; k < n; k++) {
		int64_t a = axis[k] < 0 ? axis[k] + ndim : axis[k];

		if (a < 0 || a >= ndim || ndim > AK_ONNX_MAX_DIMS)
			return AK_ONNX_BAD(w, "an axis that is none");
		set |= 1u << a;
	}
	for (d = 0; d < ndim; d++) {
		if (un && set & 1u << d)
			dim[to++] = 1;
		else if (un && from == in->ndim)
			return AK_ONNX_BAD(w, "an axis that is there twice");
		else if (un)
			dim[to++] = in->dim[from++];
		else if (!(set & 1u << d) && (n || in->dim[d] != 1))
			dim[to++] = in->dim[d];
	}
	return reshaped(w, in, to, dim);
}

static int fold_cast(struct ak_onnx_walk *w, struct ak_onnx_const *in)
{
	int64_t to = ak_onnx_int(w, "to", 0);
	bool integer =
		to >= 0 && to < INT32_MAX && ak_onnx_type_integer((int32_t)to);
	struct ak_onnx_const *out =
		ak_onnx_make(w, in->ndim, in->dim, !integer);
	uint64_t k;

	for (k = 0; out && k < in->count; k++) {
		if (!integer)
			out->f[k] = in->f ? in->f[k] : (float)in->i[k];
		else if (in->i)
			out->i[k] = in->i[k];
		else if (fabsf(in->f[k]) < 0x1p62f)
			out->i[k] = (int64_t)in->f[k];
	}
	return ak_onnx_give(w, out);
}

/* Of vectors only: what shapes and paddings are put together with. */
static int fold_concat(struct ak_onnx_walk *w)
{
	const struct ak_onnx_node *n = w->node;
	struct ak_onnx_const *out, *c;
	uint64_t count = 0;
	bool floats = false;
	size_t k;
	int rc;

	for (k = 0; k < n->num_in; k++) {
		c = ak_onnx_input_const(w, k);
		if (!c)
			return AK_ONNX_BAD(w, "an input that is left out");
		rc = ak_onnx_load(w, c);
		if (rc)
			return rc;
		if (c->ndim != 1 || (k && floats != !!c->f))
			return AK_ONNX_REFUSE(
				w,
				"constants that are no vectors of one type; run a simplifier that folds constants over the model");
		floats = c->f != NULL;
		count += c->count;
		if (count > MAX_SMALL)
			return AK_ONNX_REFUSE(w, "a vector of more than %u",
					      MAX_SMALL);
	}
	out = ak_onnx_make(w, 1, &count, floats);
	count = 0;
	for (k = 0; out && k < n->num_in; k++) {
		c = ak_onnx_input_const(w, k);
		if (floats)
			memcpy(out->f + count, c->f, c->count * sizeof(*c->f));
		else
			memcpy(out->i + count, c->i, c->count * sizeof(*c->i));
		count += c->count;
	}
	return ak_onnx_give(w, out);
}

static int fold_gather(struct ak_onnx_walk *w, struct ak_onnx_const *in)
{
	struct ak_onnx_const *at = ak_onnx_input_const(w, 1), *out;
	uint64_t k;
	int rc = at ? ak_onnx_load(w, at) : 0;

	if (rc)
		return rc;
	if (!at || !at->i || in->ndim != 1 || at->count > MAX_SMALL)
		return AK_ONNX_REFUSE(
			w,
			"constants that are no vectors; run a simplifier that folds constants over the model");
	out = ak_onnx_make(w, at->ndim, at->dim, in->f != NULL);
	for (k = 0; out && k < at->count; k++) {
		int64_t a = at->i[k] + (at->i[k] < 0 ? (int64_t)in->count : 0);

		if (at->i[k] < -(int64_t)in->count || a >= (int64_t)in->count) {
			ak_onnx_const_free(out);
			return AK_ONNX_BAD(w, "an index that is none");
		}
		if (in->f)
			out->f[k] = in->f[a];
		else
			out->i[k] = in->i[a];
	}
	return ak_onnx_give(w, out);
}

/* Steps through an operand whose sizes of 1 are repeated. */
static bool spread(const struct ak_onnx_const *c, unsigned int ndim,
		   const uint64_t *dim, int64_t *stride)
{
	int64_t own[AK_ONNX_MAX_DIMS];
	unsigned int d;

	strides(c, own);
	for (d = 0; d < ndim; d++) {
		unsigned int at = d + c->ndim - ndim;

		if (d + c->ndim < ndim || c->dim[at] == 1)
			stride[d] = 0;
		else if (c->dim[at] != dim[d])
			return false;
		else
			stride[d] = own[at];
	}
	return true;
}

static int64_t calculate_int(char op, int64_t a, int64_t b)
{
	int64_t v = 0;

	/* Overflow wraps, as in the frameworks. */
	switch (op) {
	case 'A':
		__builtin_add_overflow(a, b, &v);
		return v;
	case 'S':
		__builtin_sub_overflow(a, b, &v);
		return v;
	case 'M':
		__builtin_mul_overflow(a, b, &v);
		return v;
	}
	return b && !(a == INT64_MIN && b == -1) ? a / b : 0;
}

static float calculate(char op, float a, float b)
{
	return op == 'A' ? a + b :
	       op == 'S' ? a - b :
	       op == 'M' ? a * b :
			   a / b;
}

static int fold_arithmetic(struct ak_onnx_walk *w, struct ak_onnx_const *a)
{
	int64_t sa[AK_ONNX_MAX_DIMS], sb[AK_ONNX_MAX_DIMS];
	struct ak_onnx_const *b = ak_onnx_input_const(w, 1), *out, *x, *y;
	uint64_t dim[AK_ONNX_MAX_DIMS], k;
	unsigned int ndim, d;
	char op = *w->node->op;
	int rc = b ? ak_onnx_load(w, b) : 0;

	if (rc)
		return rc;
	if (!b || !a->f != !b->f)
		return AK_ONNX_BAD(w, "its inputs are not of one type");
	ndim = a->ndim > b->ndim ? a->ndim : b->ndim;
	for (d = 0; d < ndim; d++) {
		uint64_t da =
			d + a->ndim < ndim ? 1 : a->dim[d + a->ndim - ndim];
		uint64_t db =
			d + b->ndim < ndim ? 1 : b->dim[d + b->ndim - ndim];

		dim[d] = da == 1 ? db : da;
	}
	if (!spread(a, ndim, dim, sa) || !spread(b, ndim, dim, sb))
		return AK_ONNX_BAD(w, "the shapes of its inputs do not fit");
	out = ak_onnx_make(w, ndim, dim, a->f != NULL);
	x = out ? ak_onnx_make(w, ndim, dim, a->f != NULL) : NULL;
	y = x ? ak_onnx_make(w, ndim, dim, a->f != NULL) : NULL;
	if (y) {
		strided(a, x, 0, sa);
		strided(b, y, 0, sb);
	}
	for (k = 0; y && k < out->count; k++) {
		if (out->f)
			out->f[k] = calculate(op, x->f[k], y->f[k]);
		else
			out->i[k] = calculate_int(op, x->i[k], y->i[k]);
	}
	if (!y) {
		ak_onnx_const_free(out);
		out = NULL;
	}
	ak_onnx_const_free(x);
	ak_onnx_const_free(y);
	return ak_onnx_give(w, out);
}

static int fold_shape(struct ak_onnx_walk *w)
{
	const struct ak_onnx_value *v;
	struct ak_onnx_const *out;
	uint64_t ndim, k;
	const uint64_t *dim;

	if (!w->node->num_in || !w->node->in[0])
		return AK_ONNX_BAD(w, "it has no input");
	if (ak_onnx_attr(w->node, "start") || ak_onnx_attr(w->node, "end"))
		return AK_ONNX_REFUSE(
			w, "a part of a shape; export with constant shapes");
	v = &w->value[w->node->in[0]];
	ndim = v->c ? v->c->ndim : v->ndim;
	dim = v->c ? v->c->dim : v->dim;
	out = ak_onnx_make(w, 1, &ndim, false);
	for (k = 0; out && k < ndim; k++)
		out->i[k] = (int64_t)dim[k];
	return ak_onnx_give(w, out);
}

static int fold_constant(struct ak_onnx_walk *w)
{
	const struct ak_onnx_attr *a = ak_onnx_attr(w->node, "value");
	struct ak_onnx_const *out;
	struct ak_onnx_tensor t;
	uint64_t n = 1;
	int rc;

	if (a && a->tensor) {
		rc = ak_onnx_tensor_parse(w->o, a->tensor, a->tensor_size, &t,
					  w->err);
		if (rc)
			return ak_onnx_read_error(w, rc);
		out = ak_onnx_const_stored(w, &t);
		if (!out)
			return -ENOMEM;
		rc = ak_onnx_load(w, out);
		if (rc) {
			ak_onnx_const_free(out);
			return rc;
		}
		return ak_onnx_give(w, out);
	}
	a = ak_onnx_attr(w->node, "value_float");
	if (a) {
		out = ak_onnx_make(w, 0, &n, true);
		if (out)
			out->f[0] = a->f;
		return ak_onnx_give(w, out);
	}
	a = ak_onnx_attr(w->node, "value_int");
	if (a) {
		out = ak_onnx_make(w, 0, &n, false);
		if (out)
			out->i[0] = a->i;
		return ak_onnx_give(w, out);
	}
	a = ak_onnx_attr(w->node, "value_ints");
	if (!a)
		a = ak_onnx_attr(w->node, "value_floats");
	if (!a)
		return AK_ONNX_REFUSE(
			w, "a constant that is no tensor and no number");
	n = a->message_size < MAX_SMALL ? a->message_size : MAX_SMALL;
	out = ak_onnx_make(w, 1, &n, !strcmp(a->name, "value_floats"));
	if (!out)
		return -ENOTSUP;
	rc = out->f ? ak_onnx_attr_floats(a, out->f, n) :
		      ak_onnx_attr_ints(a, out->i, n);
	if (rc < 0) {
		ak_onnx_const_free(out);
		return AK_ONNX_BAD(w, "its list is damaged or too long");
	}
	out->count = (uint64_t)rc;
	out->dim[0] = (uint64_t)rc;
	return ak_onnx_give(w, out);
}

static int fold_fill(struct ak_onnx_walk *w)
{
	const struct ak_onnx_attr *a = ak_onnx_attr(w->node, "value");
	int64_t shape[AK_ONNX_MAX_DIMS], n_value = 0;
	uint64_t dim[AK_ONNX_MAX_DIMS], k;
	struct ak_onnx_const *out;
	struct ak_onnx_tensor t;
	float value = 0;
	bool integer = false;
	size_t n, d;
	int rc = ak_onnx_ints(w, NULL, 0, shape, AK_ONNX_MAX_DIMS, &n);

	if (rc)
		return rc;
	if (a && a->tensor) {
		rc = ak_onnx_tensor_parse(w->o, a->tensor, a->tensor_size, &t,
					  w->err);
		if (rc)
			return ak_onnx_read_error(w, rc);
		if (t.count != 1)
			return AK_ONNX_BAD(w, "its value is no number");
		integer = ak_onnx_type_integer(t.type);
		rc = integer ? ak_onnx_read_int(w->o, &t, &n_value, w->err) :
			       ak_onnx_read_float(w->o, &t, &value, w->err);
		if (rc)
			return ak_onnx_read_error(w, rc);
	}
	for (d = 0; d < n; d++)
		dim[d] = shape[d] >= 0 && shape[d] <= MAX_SMALL ?
				 (uint64_t)shape[d] :
				 MAX_SMALL + 1;
	if (ak_tensor_count((unsigned int)n, dim, &k) || k > MAX_SMALL)
		return AK_ONNX_REFUSE(w, "a constant of more than %u elements",
				      MAX_SMALL);
	out = ak_onnx_make(w, (unsigned int)n, dim, !integer);
	for (k = 0; out && k < out->count; k++) {
		if (integer)
			out->i[k] = n_value;
		else
			out->f[k] = value;
	}
	return ak_onnx_give(w, out);
}

int ak_onnx_fold(struct ak_onnx_walk *w)
{
	const char *op = w->node->op;
	struct ak_onnx_const *in;
	int rc;

	if (!strcmp(op, "Constant"))
		return fold_constant(w);
	if (!strcmp(op, "Shape"))
		return fold_shape(w);
	if (!strcmp(op, "Concat"))
		return fold_concat(w);
	if (!strcmp(op, "ConstantOfShape"))
		return fold_fill(w);
	in = ak_onnx_input_const(w, 0);
	if (!in)
		return AK_ONNX_REFUSE(w, "it has no constant input");
	rc = ak_onnx_load(w, in);
	if (rc)
		return rc;
	if (!strcmp(op, "Identity"))
		return reshaped(w, in, in->ndim, in->dim);
	if (!strcmp(op, "Cast"))
		return fold_cast(w, in);
	if (!strcmp(op, "Transpose"))
		return fold_transpose(w, in);
	if (!strcmp(op, "Reshape"))
		return fold_reshape(w, in);
	if (!strcmp(op, "Squeeze") || !strcmp(op, "Unsqueeze"))
		return fold_squeeze(w, in, *op == 'U');
	if (!strcmp(op, "Slice"))
		return fold_slice(w, in);
	if (!strcmp(op, "Gather"))
		return fold_gather(w, in);
	if (!strcmp(op, "Add") || !strcmp(op, "Sub") || !strcmp(op, "Mul") ||
	    !strcmp(op, "Div"))
		return fold_arithmetic(w, in);
	if (!strcmp(op, "DequantizeLinear"))
		return ak_onnx_dequantize(w, in);
	if (!strcmp(op, "QuantizeLinear"))
		return ak_onnx_quantize(w, in);
	return AK_ONNX_REFUSE(
		w,
		"it computes with constants only; run a simplifier that folds constants over the model (onnxsim, or export with constant folding)");
}
