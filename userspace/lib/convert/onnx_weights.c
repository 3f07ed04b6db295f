// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ONNX operators with weights: convolutions, matrix products, normalisation,
 * sums and products with constants.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "convert/onnx.h"
#include "convert/onnx_window.h"
#include "model/model.h"

/* Do the scales of dequantised weights go along their filters? */
static bool scales_fit(const struct ak_onnx_const *c, unsigned int axis,
		       uint64_t filters)
{
	return c->q && (c->num_scales == 1 ||
			(c->axis == axis && c->num_scales == filters));
}

static int take_scales(struct ak_onnx_walk *w, struct ak_op *op,
		       const struct ak_onnx_const *c, uint64_t filters,
		       float factor)
{
	uint64_t i;

	op->weights_scale = ak_onnx_alloc(w, filters, sizeof(float));
	if (!op->weights_scale)
		return -ENOTSUP;
	for (i = 0; i < filters; i++)
		op->weights_scale[i] =
			c->scale[c->num_scales > 1 ? i : 0] * factor;
	op->num_values = filters;
	return 0;
}

static int take_bias(struct ak_onnx_walk *w, struct ak_op *op, size_t in,
		     uint64_t filters, float factor)
{
	const struct ak_onnx_const *c;
	uint64_t i;
	float *f;
	int rc;

	if (in >= w->node->num_in || !w->node->in[in])
		return 0;
	c = ak_onnx_input_const(w, in);
	if (!c)
		return AK_ONNX_REFUSE(w, "a bias that is computed");
	if (c->count != filters && c->count != 1)
		return AK_ONNX_BAD(w,
				   "a bias of %" PRIu64 " values for %" PRIu64
				   " filters",
				   c->count, filters);
	rc = ak_onnx_floats(w, c, &f);
	if (rc)
		return rc;
	op->bias = ak_onnx_alloc(w, filters, sizeof(float));
	for (i = 0; op->bias && i < filters; i++)
		op->bias[i] = f[c->count > 1 ? i : 0] * factor;
	op->num_values = filters;
	free(f);
	return op->bias ? 0 : -ENOTSUP;
}

/*
 * Room for weights, and for what they are multiples of if that is to be kept;
 * the numbers of the file for free(), also after an error.
 */
static int take_weights(struct ak_onnx_walk *w, struct ak_op *op,
			const struct ak_onnx_const *c, bool quantised,
			float **from)
{
	int rc = ak_onnx_floats(w, c, from);

	if (rc) {
		*from = NULL;
		return rc;
	}
	op->weights = ak_onnx_alloc(w, c->count, sizeof(float));
	if (quantised)
		op->weights_q = ak_onnx_alloc(w, c->count, 1);
	op->num_weights = c->count;
	return op->weights && (!quantised || op->weights_q) ? 0 : -ENOTSUP;
}

/* [m][c][taps] -> [taps][c][m] */
static int conv_weights(struct ak_onnx_walk *w, struct ak_op *op,
			const struct ak_onnx_const *c)
{
	uint64_t m = c->dim[0], in = c->dim[1], taps = c->dim[2] * c->dim[3];
	bool q = scales_fit(c, 0, m);
	uint64_t i, k, t;
	float *f;
	int rc = take_weights(w, op, c, q, &f);

	for (i = 0; i < m && !rc; i++) {
		for (k = 0; k < in; k++) {
			for (t = 0; t < taps; t++) {
				uint64_t to = (t * in + k) * m + i;
				uint64_t from = (i * in + k) * taps + t;

				op->weights[to] = f[from];
				if (q)
					op->weights_q[to] = c->q[from];
			}
		}
	}
	free(f);
	return !rc && q ? take_scales(w, op, c, m, 1) : rc;
}

static int read_conv(struct ak_onnx_walk *w)
{
	const struct ak_onnx_const *c = ak_onnx_input_const(w, 1);
	int64_t group = ak_onnx_int(w, "group", 1);
	struct ak_onnx_window win;
	struct akida_shape in;
	struct ak_op *op;
	bool depth;
	int rc = ak_onnx_need(w, AK_ONNX_NCHW, AK_ONNX_NCHW);

	if (rc)
		return rc;
	in = ak_onnx_end(w);
	if (!c)
		return AK_ONNX_REFUSE(w, "its weights are computed");
	if (c->ndim != 4)
		return AK_ONNX_REFUSE(
			w,
			"its weights have %u dimensions, not 4 (filters, channels, rows, columns); of a 1-D convolution make a 2-D one with 1 row",
			c->ndim);
	if (c->dim[0] > AK_MAX_CHANNELS || c->dim[2] > AK_MAX_KERNEL ||
	    c->dim[3] > AK_MAX_KERNEL || !c->dim[2] || !c->dim[3])
		return AK_ONNX_BAD(
			w, "%" PRIu64 " filters of %" PRIu64 "x%" PRIu64,
			c->dim[0], c->dim[2], c->dim[3]);
	depth = group == in.channels && group > 1;
	if (group != 1 && !depth)
		return AK_ONNX_REFUSE(
			w,
			"%" PRId64
			" groups of %u channels: Akida 1.0 has convolutions of all channels and depthwise ones only; use 1 group or as many as there are channels",
			group, in.channels);
	if (depth && c->dim[0] != in.channels)
		return AK_ONNX_REFUSE(
			w,
			"a depthwise convolution with %" PRIu64
			" filters for %u channels: Akida 1.0 has one filter for each channel; use a depth multiplier of 1",
			c->dim[0], in.channels);
	if (c->dim[1] != (depth ? 1 : in.channels))
		return AK_ONNX_BAD(w,
				   "its weights are for %" PRIu64
				   " channels; its input has %u",
				   c->dim[1], in.channels);
	rc = ak_onnx_window(w, &in, (uint32_t)c->dim[2], (uint32_t)c->dim[3],
			    &win);
	if (rc)
		return rc;
	op = ak_onnx_add(w, depth ? AK_OP_DEPTHWISE : AK_OP_CONV);
	if (!op)
		return -ENOMEM;
	ak_onnx_set_window(op, &win);
	op->filters = depth ? 0 : (uint32_t)c->dim[0];
	rc = conv_weights(w, op, c);
	if (!rc)
		rc = take_bias(w, op, 2, c->dim[0], 1);
	return rc ? rc : ak_onnx_added(w);
}

/* [k][n], or [n][k], with k in the graph's order, to [y][x][c][n] */
static int dense_weights(struct ak_onnx_walk *w, struct ak_op *op,
			 const struct ak_onnx_const *c, bool turned,
			 float alpha)
{
	uint64_t k = c->dim[turned], n = c->dim[!turned], i, j;
	bool q = scales_fit(c, !turned, n) && alpha > 0;
	bool vector = w->order == AK_ONNX_VECTOR;
	float *f;
	int rc = take_weights(w, op, c, q, &f);

	for (i = 0; i < k && !rc; i++) {
		uint64_t at = vector ? ak_onnx_vector_at(w, i) : i;

		for (j = 0; j < n; j++) {
			uint64_t from = turned ? j * k + at : at * n + j;

			op->weights[i * n + j] = f[from] * alpha;
			if (q)
				op->weights_q[i * n + j] = c->q[from];
		}
	}
	free(f);
	return !rc && q ? take_scales(w, op, c, n, alpha) : rc;
}

static float float_attr(const struct ak_onnx_walk *w, const char *name,
			float preset)
{
	const struct ak_onnx_attr *a = ak_onnx_attr(w->node, name);

	return a ? a->f : preset;
}

static int read_dense(struct ak_onnx_walk *w, bool gemm)
{
	const struct ak_onnx_const *c = ak_onnx_input_const(w, 1);
	bool turned = gemm && ak_onnx_int(w, "transB", 0);
	float alpha = gemm ? float_attr(w, "alpha", 1) : 1;
	float beta = gemm ? float_attr(w, "beta", 1) : 1;
	bool map = !gemm && w->order == AK_ONNX_NHWC;
	struct akida_shape in;
	struct ak_op *op;
	uint64_t k;
	int rc = map ? 0 : ak_onnx_need(w, AK_ONNX_VECTOR, AK_ONNX_VECTOR);

	if (rc)
		return rc;
	if (!c)
		return AK_ONNX_REFUSE(
			w,
			"a product of two computed values, or constants on the left: Akida 1.0 has fixed weights");
	if (c->ndim != 2 || (gemm && ak_onnx_int(w, "transA", 0)))
		return AK_ONNX_REFUSE(
			w,
			"weights of %u dimensions or a transposed input; it must be [inputs, outputs]",
			c->ndim);
	in = ak_onnx_end(w);
	k = map ? in.channels : ak_shape_elements(&in);
	if (c->dim[turned] != k)
		return AK_ONNX_BAD(w,
				   "its weights are for %" PRIu64
				   " inputs; there are %" PRIu64,
				   c->dim[turned], k);
	if (c->dim[!turned] > AK_MAX_CHANNELS)
		return AK_ONNX_BAD(w, "%" PRIu64 " outputs", c->dim[!turned]);
	op = ak_onnx_add(w, map ? AK_OP_CONV : AK_OP_DENSE);
	if (!op)
		return -ENOMEM;
	op->filters = (uint32_t)c->dim[!turned];
	op->kernel_h = map;
	op->kernel_w = map;
	rc = dense_weights(w, op, c, turned, alpha);
	if (!rc && gemm)
		rc = take_bias(w, op, 2, op->filters, beta);
	return rc ? rc : ak_onnx_added(w);
}

/* How many values for each channel an operation at the chain's end has. */
static int values_at_end(struct ak_onnx_walk *w, bool single, size_t *n)
{
	struct akida_shape s = ak_onnx_end(w);
	int rc = 0;

	/* One value for each element needs elements that are channels. */
	if (!single && w->order == AK_ONNX_VECTOR && !w->flat &&
	    s.height * s.width > 1) {
		rc = ak_onnx_flatten(w);
		s = ak_onnx_end(w);
	}
	*n = s.channels;
	return rc;
}

static size_t value_at(const struct ak_onnx_walk *w, size_t i)
{
	return w->order == AK_ONNX_VECTOR && w->flat ? ak_onnx_vector_at(w, i) :
						       i;
}

static int add_affine(struct ak_onnx_walk *w, const float *scale,
		      const float *shift, bool single)
{
	struct ak_op *op;
	size_t n, i;
	int rc = values_at_end(w, single, &n);

	if (rc)
		return rc;
	op = ak_onnx_add(w, AK_OP_AFFINE);
	if (!op)
		return -ENOMEM;
	op->num_values = n;
	op->scale = ak_onnx_alloc(w, n, sizeof(float));
	op->shift = ak_onnx_alloc(w, n, sizeof(float));
	if (!op->scale || !op->shift)
		return -ENOTSUP;
	for (i = 0; i < n; i++) {
		size_t at = single ? 0 : value_at(w, i);

		op->scale[i] = scale ? scale[at] : 1;
		op->shift[i] = shift ? shift[at] : 0;
	}
	return ak_onnx_added(w);
}

int ak_onnx_affine(struct ak_onnx_walk *w, float scale, float shift)
{
	return add_affine(w, &scale, &shift, true);
}

/* A sum right after weights is their bias. */
static int add_shift(struct ak_onnx_walk *w, const float *shift, bool single)
{
	struct ak_op *op = w->g->num_ops ? &w->g->op[w->g->num_ops - 1] : NULL;
	size_t i, n = op ? op->out.channels : 0;

	if (!op ||
	    (op->kind != AK_OP_CONV && op->kind != AK_OP_DEPTHWISE &&
	     op->kind != AK_OP_DENSE) ||
	    (!single && w->order == AK_ONNX_VECTOR && op->kind != AK_OP_DENSE))
		return add_affine(w, NULL, shift, single);
	if (!op->bias) {
		op->bias = ak_onnx_alloc(w, n, sizeof(float));
		if (!op->bias)
			return -ENOTSUP;
		op->num_values = n;
	}
	for (i = 0; i < n; i++)
		op->bias[i] += shift[single ? 0 : i];
	return 0;
}

/* Which axis has channels (elements of a vector). */
static unsigned int channel_axis(const struct ak_onnx_walk *w)
{
	return w->order == AK_ONNX_NHWC ? 3 : 1;
}

/* Does a constant have one value, or one for each channel? */
static int broadcast(struct ak_onnx_walk *w, const struct ak_onnx_const *c)
{
	unsigned int axis = channel_axis(w), d;

	if (c->ndim > w->ndim)
		return AK_ONNX_REFUSE(
			w, "a constant of %u dimensions for an input of %u",
			c->ndim, w->ndim);
	for (d = 0; d < c->ndim; d++) {
		unsigned int at = w->ndim - c->ndim + d;

		if (c->dim[d] == 1)
			continue;
		if (at != axis || c->dim[d] != w->dim[at])
			return AK_ONNX_REFUSE(
				w,
				"a constant with %" PRIu64
				" values along axis %u; Akida 1.0 has one value for each channel (axis %u, %" PRIu64
				" of them)",
				c->dim[d], at, axis, w->dim[axis]);
	}
	return 0;
}

static int read_binary(struct ak_onnx_walk *w)
{
	bool left = ak_onnx_input_const(w, 0) != NULL;
	const struct ak_onnx_const *c = ak_onnx_input_const(w, !left);
	const char *op = w->node->op;
	bool single;
	float *f, *scale = NULL, sign = 1;
	uint64_t i;
	int rc = ak_onnx_settle(w);

	if (rc)
		return rc;
	if (!c)
		return AK_ONNX_BAD(w, "it has one input of the two it reads");
	rc = broadcast(w, c);
	if (!rc)
		rc = ak_onnx_floats(w, c, &f);
	if (rc)
		return rc;
	single = c->count == 1;
	if (!strcmp(op, "Add")) {
		rc = add_shift(w, f, single);
	} else if (!strcmp(op, "Mul")) {
		rc = add_affine(w, f, NULL, single);
	} else if (!strcmp(op, "Sub")) {
		for (i = 0; !left && i < c->count; i++)
			f[i] = -f[i];
		if (!left) {
			rc = add_shift(w, f, single);
		} else {
			sign = -1;
			scale = ak_onnx_alloc(w, c->count, sizeof(float));
			for (i = 0; scale && i < c->count; i++)
				scale[i] = sign;
			rc = scale ? add_affine(w, scale, f, single) : -ENOTSUP;
		}
	} else if (left) {
		rc = AK_ONNX_REFUSE(
			w,
			"a division by computed values, which Akida has not");
	} else {
		for (i = 0; i < c->count; i++)
			f[i] = 1 / f[i];
		rc = add_affine(w, f, NULL, single);
	}
	free(scale);
	free(f);
	return rc;
}

static int read_batchnorm(struct ak_onnx_walk *w)
{
	const struct ak_onnx_attr *a = ak_onnx_attr(w->node, "epsilon");
	double epsilon = a ? (double)a->f : 1e-5;
	float *v[4] = { NULL };
	uint64_t n;
	size_t k;
	int rc = ak_onnx_need(w, AK_ONNX_NCHW, AK_ONNX_VECTOR);

	if (rc)
		return rc;
	if (ak_onnx_int(w, "training_mode", 0) || !ak_onnx_int(w, "spatial", 1))
		return AK_ONNX_REFUSE(
			w,
			"statistics of each batch or position; export the model in evaluation mode");
	n = w->dim[1];
	for (k = 0; k < 4 && !rc; k++) {
		const struct ak_onnx_const *c = ak_onnx_input_const(w, k + 1);

		if (!c || c->count != n)
			rc = AK_ONNX_BAD(w,
					 "its input %zu must be %" PRIu64
					 " constants, one for each channel",
					 k + 1, n);
		else
			rc = ak_onnx_floats(w, c, &v[k]);
	}
	if (!rc) {
		ak_norm_affine(v[0], v[1], v[2], v[3], n, epsilon);
		rc = add_affine(w, v[0], v[1], n == 1);
	}
	for (k = 0; k < 4; k++)
		free(v[k]);
	return rc;
}

int ak_onnx_weights(struct ak_onnx_walk *w, bool *found)
{
	const char *op = w->node->op;

	*found = true;
	if (!strcmp(op, "Conv"))
		return read_conv(w);
	if (!strcmp(op, "Gemm") || !strcmp(op, "MatMul"))
		return read_dense(w, *op == 'G');
	if (!strcmp(op, "Add") || !strcmp(op, "Sub") || !strcmp(op, "Mul") ||
	    !strcmp(op, "Div"))
		return read_binary(w);
	if (!strcmp(op, "BatchNormalization"))
		return read_batchnorm(w);
	*found = false;
	return 0;
}
