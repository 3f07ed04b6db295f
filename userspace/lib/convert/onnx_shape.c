// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the dimensions of ONNX values mean for a chain whose maps are all
 * [y][x][c]: channels first or last, flattened in which order; and the
 * operators that change only that.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "convert/onnx.h"
#include "model/model.h"

struct akida_shape ak_onnx_end(const struct ak_onnx_walk *w)
{
	return w->g->num_ops ? w->g->op[w->g->num_ops - 1].out : w->g->input;
}

/* The dimensions that the chain's end has for ONNX. */
static void set_dims(struct ak_onnx_walk *w)
{
	struct akida_shape s = ak_onnx_end(w);
	bool first = w->order == AK_ONNX_NCHW;

	if (w->order == AK_ONNX_VECTOR) {
		w->ndim = 2;
		w->dim[1] = ak_shape_elements(&s);
		return;
	}
	w->ndim = 4;
	w->dim[1] = first ? s.channels : s.height;
	w->dim[2] = first ? s.height : s.width;
	w->dim[3] = first ? s.width : s.channels;
}

struct ak_op *ak_onnx_add(struct ak_onnx_walk *w, enum ak_op_kind kind)
{
	struct ak_op *op = ak_graph_add(w->g, kind, w->node->name);

	if (!op)
		AK_ONNX_ERR(w, -ENOMEM,
			    "out of memory, or too many operations");
	return op;
}

int ak_onnx_added(struct ak_onnx_walk *w)
{
	int rc = ak_graph_resolve_last(w->g, w->err);

	if (rc)
		return rc;
	if (w->g->op[w->g->num_ops - 1].kind == AK_OP_DENSE) {
		w->map = ak_onnx_end(w);
		w->flat = true;
		w->channels_first = false;
	}
	set_dims(w);
	return 0;
}

size_t ak_onnx_vector_at(const struct ak_onnx_walk *w, size_t i)
{
	size_t pixels = (size_t)w->map.height * w->map.width;

	if (!w->channels_first)
		return i;
	return i % w->map.channels * pixels + i / w->map.channels;
}

int ak_onnx_flatten(struct ak_onnx_walk *w)
{
	if (!ak_onnx_add(w, AK_OP_FLATTEN))
		return -ENOMEM;
	w->flat = true;
	return ak_onnx_added(w);
}

static int settle_as(struct ak_onnx_walk *w, enum ak_onnx_order order)
{
	uint64_t h = 1, x = 1, c = w->dim[1];

	if (order == AK_ONNX_NCHW) {
		h = w->ndim == 4 ? w->dim[2] : w->dim[1];
		x = w->ndim == 4 ? w->dim[3] : w->dim[2];
		c = w->ndim == 4 ? w->dim[1] : 1;
	} else if (order == AK_ONNX_NHWC) {
		h = w->dim[1];
		x = w->dim[2];
		c = w->dim[3];
	}
	if (h > AK_MAX_SIDE || x > AK_MAX_SIDE || c > AK_MAX_CHANNELS)
		return AK_ONNX_REFUSE(
			w,
			"an input of %" PRIu64 "x%" PRIu64 "x%" PRIu64
			" (rows x columns x channels); sides may be %u, channels %u",
			h, x, c, AK_MAX_SIDE, AK_MAX_CHANNELS);
	w->g->input =
		(struct akida_shape){ (uint32_t)h, (uint32_t)x, (uint32_t)c };
	w->g->input_nchw = order == AK_ONNX_NCHW;
	w->order = order;
	w->map = w->g->input;
	w->flat = order == AK_ONNX_VECTOR;
	w->channels_first = false;
	set_dims(w);
	return 0;
}

int ak_onnx_settle(struct ak_onnx_walk *w)
{
	if (w->order != AK_ONNX_RAW)
		return 0;
	if (w->ndim == 4)
		return settle_as(w, w->channels_last ? AK_ONNX_NHWC :
						       AK_ONNX_NCHW);
	if (w->ndim == 2)
		return settle_as(w, AK_ONNX_VECTOR);
	return AK_ONNX_REFUSE(
		w,
		"the network's input has %u dimensions; it must be [batch, channels, rows, columns] or [batch, features]: give signals 1 row and export again",
		w->ndim);
}

int ak_onnx_need(struct ak_onnx_walk *w, enum ak_onnx_order a,
		 enum ak_onnx_order b)
{
	static const char *const names[] = {
		[AK_ONNX_RAW] = "nothing",
		[AK_ONNX_NCHW] = "a map, channels first",
		[AK_ONNX_NHWC] = "a map, channels last",
		[AK_ONNX_VECTOR] = "a vector for each input of the batch",
	};
	int rc = ak_onnx_settle(w);

	if (rc)
		return rc;
	if ((w->order == a || w->order == b) &&
	    (w->order != AK_ONNX_VECTOR || w->ndim == 2))
		return 0;
	return AK_ONNX_REFUSE(
		w,
		"it reads %s of %u dimensions; only %s%s%s is read here, or Akida has no such operation",
		names[w->order], w->ndim, names[a], a == b ? "" : " or ",
		a == b ? "" : names[b]);
}

static uint64_t product(const uint64_t *dim, unsigned int first,
			unsigned int ndim)
{
	uint64_t n = 1;

	for (; first < ndim; first++)
		if (__builtin_mul_overflow(n, dim[first], &n))
			return UINT64_MAX;
	return n;
}

/* Become a map again? Only the one that was flattened, or a vector's 1x1. */
static bool unflatten(struct ak_onnx_walk *w, const uint64_t *dim)
{
	struct akida_shape s = ak_onnx_end(w);
	bool one = s.height * s.width == 1;

	/* Elements of a vector are channels of one pixel. */
	one &= w->map.height * w->map.width == 1 || !w->channels_first;
	if (!one && w->flat)
		return false;
	if ((w->channels_first || one) && dim[1] == s.channels &&
	    dim[2] == s.height && dim[3] == s.width) {
		w->order = AK_ONNX_NCHW;
		return true;
	}
	if ((!w->channels_first || one) && dim[1] == s.height &&
	    dim[2] == s.width && dim[3] == s.channels) {
		w->order = AK_ONNX_NHWC;
		return true;
	}
	return false;
}

/* The same elements with other dimensions; the batch stays the first. */
static int reshape_to(struct ak_onnx_walk *w, unsigned int ndim,
		      const uint64_t *dim)
{
	struct akida_shape s;
	int rc = 0;

	if (ndim < 2 || dim[0] != w->dim[0] ||
	    product(dim, 1, ndim) != product(w->dim, 1, w->ndim))
		return AK_ONNX_REFUSE(
			w,
			"it would change the number of elements of an input, or mix the inputs of a batch");
	if (w->order == AK_ONNX_RAW && ndim > 2) {
		memcpy(w->dim, dim, ndim * sizeof(*dim));
		w->ndim = ndim;
		return 0;
	}
	/* Rows and columns without channels are flattened as such. */
	if (w->order == AK_ONNX_RAW)
		rc = w->ndim == 3 ? settle_as(w, AK_ONNX_NCHW) :
				    ak_onnx_settle(w);
	if (rc)
		return rc;
	if (ndim == w->ndim && !memcmp(dim, w->dim, ndim * sizeof(*dim)))
		return 0;
	s = ak_onnx_end(w);
	if (w->order != AK_ONNX_VECTOR) {
		w->map = s;
		w->flat = false;
		w->channels_first = w->order == AK_ONNX_NCHW;
		w->order = AK_ONNX_VECTOR;
	}
	if (ndim == 4 && unflatten(w, dim)) {
		set_dims(w);
		return 0;
	}
	/* On the way to a vector: [b, c, 1]. */
	if (ndim == 2 || (ndim <= 4 && s.height * s.width == 1)) {
		memcpy(w->dim, dim, ndim * sizeof(*dim));
		w->ndim = ndim;
		return 0;
	}
	return AK_ONNX_REFUSE(
		w,
		"it arranges the elements of a map anew, which Akida cannot; only flattening to [batch, elements] is read");
}

static int read_reshape(struct ak_onnx_walk *w)
{
	int64_t shape[AK_ONNX_MAX_DIMS];
	uint64_t dim[AK_ONNX_MAX_DIMS], known = 1, all;
	bool zero = !ak_onnx_int(w, "allowzero", 0);
	size_t n, k, any = SIZE_MAX;
	int rc = ak_onnx_ints(w, "shape", 1, shape, AK_ONNX_MAX_DIMS, &n);

	if (rc)
		return rc;
	all = product(w->dim, 0, w->ndim);
	for (k = 0; k < n; k++) {
		dim[k] = shape[k] > 0 ? (uint64_t)shape[k] : 0;
		if (!shape[k] && k < w->ndim && zero)
			dim[k] = w->dim[k];
		if (shape[k] == -1 && any == SIZE_MAX)
			any = k;
		else if (!dim[k] ||
			 __builtin_mul_overflow(known, dim[k], &known))
			return AK_ONNX_BAD(w, "a shape that is none");
	}
	if (any != SIZE_MAX)
		dim[any] = all / known;
	return reshape_to(w, (unsigned int)n, dim);
}

static int read_flatten(struct ak_onnx_walk *w)
{
	int64_t axis = ak_onnx_int(w, "axis", 1);
	uint64_t dim[2] = { w->dim[0], product(w->dim, 1, w->ndim) };

	if (axis != 1 && axis != 1 - (int64_t)w->ndim)
		return AK_ONNX_REFUSE(
			w, "flattening from axis %" PRId64 "; it must be 1",
			axis);
	return reshape_to(w, 2, dim);
}

static int read_squeeze(struct ak_onnx_walk *w, bool un)
{
	uint64_t dim[2 * AK_ONNX_MAX_DIMS];
	int64_t axis[AK_ONNX_MAX_DIMS];
	unsigned int set = 0, ndim, d, from = 0, to = 0;
	size_t n, k;
	int rc = ak_onnx_ints(w, "axes", 1, axis, AK_ONNX_MAX_DIMS, &n);

	if (rc)
		return rc;
	ndim = w->ndim + (un ? (unsigned int)n : 0);
	for (k = 0; k < n; k++) {
		int64_t a = axis[k] < 0 ? axis[k] + ndim : axis[k];

		if (a < 1 || a >= ndim || set & 1u << a ||
		    (!un && w->dim[a] != 1))
			return AK_ONNX_REFUSE(
				w,
				"axis %" PRId64
				", which is the batch, is not there or is not of size 1",
				axis[k]);
		set |= 1u << a;
	}
	for (d = 0; d < ndim; d++) {
		if (un)
			dim[to++] = set & 1u << d ? 1 : w->dim[from++];
		else if (!(set & 1u << d) && (n || !d || w->dim[d] != 1))
			dim[to++] = w->dim[d];
	}
	if (to > AK_ONNX_MAX_DIMS)
		return AK_ONNX_REFUSE(w, "%u dimensions", to);
	return reshape_to(w, to, dim);
}

static int read_transpose(struct ak_onnx_walk *w)
{
	static const int64_t to_first[4] = { 0, 3, 1, 2 };
	static const int64_t to_last[4] = { 0, 2, 3, 1 };
	int64_t perm[AK_ONNX_MAX_DIMS];
	bool same = true;
	size_t n, k;
	int rc = ak_onnx_ints(w, "perm", SIZE_MAX, perm, AK_ONNX_MAX_DIMS, &n);

	if (rc)
		return rc;
	for (k = 0; k < n; k++)
		same &= perm[k] == (int64_t)k;
	if (n == w->ndim && n && same)
		return 0;
	if (n == 4 && w->ndim == 4) {
		bool first = !memcmp(perm, to_first, sizeof(to_first));
		bool last = !memcmp(perm, to_last, sizeof(to_last));

		if (w->order == AK_ONNX_RAW && (first || last))
			rc = settle_as(w, first ? AK_ONNX_NHWC : AK_ONNX_NCHW);
		if (rc)
			return rc;
		if (first && w->order == AK_ONNX_NHWC)
			w->order = AK_ONNX_NCHW;
		else if (last && w->order == AK_ONNX_NCHW)
			w->order = AK_ONNX_NHWC;
		else
			n = 0;
		set_dims(w);
		if (n)
			return 0;
	}
	return AK_ONNX_REFUSE(
		w,
		"it turns a map; Akida cannot: only channels first to last (0, 2, 3, 1) and back (0, 3, 1, 2) are read");
}

int ak_onnx_reorder(struct ak_onnx_walk *w, bool *found)
{
	const char *op = w->node->op;

	*found = true;
	if (!strcmp(op, "Reshape"))
		return read_reshape(w);
	if (!strcmp(op, "Flatten"))
		return read_flatten(w);
	if (!strcmp(op, "Squeeze") || !strcmp(op, "Unsqueeze"))
		return read_squeeze(w, *op == 'U');
	if (!strcmp(op, "Transpose"))
		return read_transpose(w);
	if (!strcmp(op, "Identity"))
		return 0;
	*found = false;
	return 0;
}
