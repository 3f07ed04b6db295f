// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Chains of operations: made by importers, checked once for all.
 */
#include "convert/graph.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/util.h"
#include "model/model.h"

/* Above this a chain is a mistake or an attack. */
#define MAX_OPS 4096

#define BAD(op, fmt, ...) \
	ak_errf(err, -EINVAL, "layer '%s': " fmt, (op)->name, ##__VA_ARGS__)

const char *ak_op_kind_name(enum ak_op_kind kind)
{
	static const char *const names[] = {
		[AK_OP_CONV] = "convolution",
		[AK_OP_DEPTHWISE] = "depthwise convolution",
		[AK_OP_DENSE] = "dense layer",
		[AK_OP_AFFINE] = "normalisation",
		[AK_OP_RELU] = "ReLU",
		[AK_OP_SPIKE] = "spiking neurons",
		[AK_OP_MAX_POOL] = "max-pooling",
		[AK_OP_AVG_POOL] = "average pooling",
		[AK_OP_GLOBAL_AVG] = "global average",
		[AK_OP_PAD] = "padding",
		[AK_OP_FLATTEN] = "flattening",
		[AK_OP_SOFTMAX] = "softmax",
		[AK_OP_SIGMOID] = "sigmoid",
		[AK_OP_QUANT] = "quantisation",
	};

	if ((size_t)kind >= ARRAY_SIZE(names) || !names[kind])
		return "unknown operation";
	return names[kind];
}

struct ak_graph *ak_graph_new(const char *source, const char *framework)
{
	struct ak_graph *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->source = strdup(source);
	g->framework = framework;
	if (!g->source) {
		free(g);
		return NULL;
	}
	return g;
}

static void clear_op(struct ak_op *op)
{
	free(op->name);
	free(op->weights);
	free(op->weights_q);
	free(op->weights_scale);
	free(op->bias);
	free(op->scale);
	free(op->shift);
	free(op->threshold);
}

void ak_graph_free(struct ak_graph *g)
{
	size_t i;

	if (!g)
		return;
	for (i = 0; i < g->num_ops; i++)
		clear_op(&g->op[i]);
	free(g->op);
	free(g->note);
	free(g->source);
	free(g);
}

static bool taken(const struct ak_graph *g, const char *name)
{
	size_t i;

	for (i = 0; i < g->num_ops; i++)
		if (!strcmp(g->op[i].name, name))
			return true;
	return false;
}

static char *unique(const struct ak_graph *g, const char *name)
{
	char *copy = NULL;
	unsigned int n;

	if (!taken(g, name))
		return strdup(name);
	for (n = 2; n < MAX_OPS + 2; n++) {
		if (asprintf(&copy, "%s_%u", name, n) < 0)
			return NULL;
		if (!taken(g, copy))
			return copy;
		free(copy);
	}
	return NULL;
}

struct ak_op *ak_graph_add(struct ak_graph *g, enum ak_op_kind kind,
			   const char *name)
{
	struct ak_op *op = g->op;

	if (g->num_ops >= MAX_OPS)
		return NULL;
	/* Sizes that are powers of two grow. */
	if (!(g->num_ops & (g->num_ops - 1))) {
		size_t room = g->num_ops ? 2 * g->num_ops : 1;

		op = reallocarray(g->op, room, sizeof(*op));
		if (!op)
			return NULL;
		g->op = op;
	}
	op = &g->op[g->num_ops];
	memset(op, 0, sizeof(*op));
	op->kind = kind;
	op->name = unique(g, name);
	if (!op->name)
		return NULL;
	op->stride_y = 1;
	op->stride_x = 1;
	op->max = INFINITY;
	g->num_ops++;
	return op;
}

void ak_graph_drop_last(struct ak_graph *g)
{
	clear_op(&g->op[--g->num_ops]);
}

void ak_graph_same_pads(uint32_t size, uint32_t kernel, uint32_t stride,
			uint32_t *before, uint32_t *after)
{
	uint32_t covered = stride && size % stride ? size % stride : stride;
	uint32_t total = kernel > covered ? kernel - covered : 0;

	*before = total / 2;
	*after = total - total / 2;
}

void ak_norm_affine(float *gamma, float *beta, const float *mean,
		    const float *variance, size_t n, double epsilon)
{
	size_t i;

	for (i = 0; i < n; i++) {
		double scale = (double)gamma[i] / sqrt((double)variance[i] +
						       (double)(float)epsilon);

		beta[i] = (float)((double)beta[i] - (double)mean[i] * scale);
		gamma[i] = (float)scale;
	}
}

int ak_graph_prepend(struct ak_graph *g, const float *scale, const float *shift)
{
	size_t n = g->input.channels, bytes = n * sizeof(float);
	struct ak_op *op = ak_graph_add(g, AK_OP_AFFINE, "preprocessing");
	struct ak_op first;

	if (!op)
		return -ENOMEM;
	op->in = g->input;
	op->out = g->input;
	op->num_values = n;
	op->scale = malloc(bytes);
	op->shift = malloc(bytes);
	if (!op->scale || !op->shift) {
		clear_op(op);
		g->num_ops--;
		return -ENOMEM;
	}
	memcpy(op->scale, scale, bytes);
	memcpy(op->shift, shift, bytes);
	first = *op;
	memmove(g->op + 1, g->op, (g->num_ops - 1) * sizeof(*op));
	g->op[0] = first;
	return 0;
}

size_t ak_op_elements(const struct ak_op *op)
{
	size_t taps = (size_t)op->kernel_h * op->kernel_w;

	switch (op->kind) {
	case AK_OP_CONV:
		return taps * op->in.channels * op->filters;
	case AK_OP_DEPTHWISE:
		return taps * op->in.channels;
	case AK_OP_DENSE:
		return ak_shape_elements(&op->in) * op->filters;
	default:
		return 0;
	}
}

static int check_shape(const struct ak_op *op, const char *what,
		       const struct akida_shape *s, struct ak_err *err)
{
	if (!s->height || !s->width || !s->channels ||
	    s->height > AK_MAX_SIDE || s->width > AK_MAX_SIDE ||
	    s->channels > AK_MAX_CHANNELS ||
	    (uint64_t)s->height * s->width * s->channels > AK_MAX_ELEMENTS)
		return ak_errf(
			err, -EINVAL,
			"%s%s%s: %s would be %ux%ux%u (rows x columns x channels); sides must be 1 to %u, channels 1 to %u and elements at most %u",
			op ? "layer '" : "", op ? op->name : "input",
			op ? "'" : "", what, s->height, s->width, s->channels,
			AK_MAX_SIDE, AK_MAX_CHANNELS, AK_MAX_ELEMENTS);
	return 0;
}

static bool finite_all(const float *v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!isfinite(v[i]))
			return false;
	return true;
}

/* Windows along one side: kernel within size and both paddings. */
static int windows(const struct ak_op *op, const char *side, uint32_t size,
		   uint32_t kernel, uint32_t stride, uint32_t before,
		   uint32_t after, uint32_t *out, struct ak_err *err)
{
	uint32_t padded;

	if (!kernel || kernel > AK_MAX_KERNEL || !stride ||
	    stride > AK_MAX_KERNEL)
		return BAD(
			op,
			"a window of %u %s with a step of %u; both must be 1 to %u",
			kernel, side, stride, AK_MAX_KERNEL);
	if (before >= kernel || after >= kernel)
		return BAD(
			op,
			"padding of %u and %u %s, where a window has %u; windows that see nothing but padding are not read",
			before, after, side, kernel);
	padded = size + before + after;
	if (padded < kernel)
		return BAD(
			op,
			"a window of %u %s over an input that has %u of them",
			kernel, side, padded);
	*out = (padded - kernel) / stride + 1;
	return 0;
}

static int resolve_window(struct ak_op *op, struct ak_err *err)
{
	int rc = windows(op, "rows", op->in.height, op->kernel_h, op->stride_y,
			 op->pad_top, op->pad_bottom, &op->out.height, err);

	if (!rc)
		rc = windows(op, "columns", op->in.width, op->kernel_w,
			     op->stride_x, op->pad_left, op->pad_right,
			     &op->out.width, err);
	return rc;
}

/* How many elements the arrays of one value for each channel must have. */
static int check_values(const struct ak_op *op, size_t want, struct ak_err *err)
{
	const float *const arrays[] = { op->weights_scale, op->bias, op->scale,
					op->shift, op->threshold };
	bool any = false;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(arrays); i++)
		any |= arrays[i] != NULL;
	if (any && op->num_values != want)
		return BAD(
			op,
			"it has %zu values (bias, scale or threshold) for %zu channels",
			op->num_values, want);
	for (i = 0; i < ARRAY_SIZE(arrays); i++)
		if (arrays[i] && !finite_all(arrays[i], want))
			return BAD(
				op,
				"a bias, scale or threshold is not a finite number");
	return 0;
}

static int check_weights(const struct ak_op *op, uint64_t want,
			 struct ak_err *err)
{
	if (want > AK_MAX_ELEMENTS)
		return BAD(op, "more than %u weights", AK_MAX_ELEMENTS);
	if (!op->weights || op->num_weights != want)
		return BAD(
			op,
			"it has %zu weights; an input of %ux%ux%u (rows x columns x channels) needs %llu",
			op->weights ? op->num_weights : 0, op->in.height,
			op->in.width, op->in.channels,
			(unsigned long long)want);
	if (op->weights_q && !op->weights_scale)
		return BAD(op, "its integer weights have no scale");
	if (!finite_all(op->weights, want))
		return BAD(op, "a weight is not a finite number");
	return check_values(
		op, op->kind == AK_OP_DEPTHWISE ? op->in.channels : op->filters,
		err);
}

static int resolve_weights(struct ak_op *op, struct ak_err *err)
{
	uint64_t taps = 1, want;
	int rc;

	if (op->kind != AK_OP_DEPTHWISE &&
	    (!op->filters || op->filters > AK_MAX_CHANNELS))
		return BAD(op, "%u filters; it must be 1 to %u", op->filters,
			   AK_MAX_CHANNELS);
	if (op->kind == AK_OP_DENSE) {
		op->out = (struct akida_shape){ 1, 1, op->filters };
		want = (uint64_t)ak_shape_elements(&op->in) * op->filters;
		return check_weights(op, want, err);
	}
	rc = resolve_window(op, err);
	if (rc)
		return rc;
	taps = (uint64_t)op->kernel_h * op->kernel_w;
	want = taps * op->in.channels;
	if (op->kind == AK_OP_CONV) {
		op->out.channels = op->filters;
		want *= op->filters;
	}
	return check_weights(op, want, err);
}

static int resolve_op(struct ak_op *op, bool last, struct ak_err *err)
{
	op->out = op->in;
	switch (op->kind) {
	case AK_OP_CONV:
	case AK_OP_DEPTHWISE:
	case AK_OP_DENSE:
		return resolve_weights(op, err);
	case AK_OP_AFFINE:
		if (!op->scale || !op->shift)
			return BAD(op, "it has no %s",
				   op->scale ? "shift" : "scale");
		return check_values(op, op->in.channels, err);
	case AK_OP_SPIKE:
		if (!op->threshold)
			return BAD(op, "it has no threshold");
		return check_values(op, op->in.channels, err);
	case AK_OP_QUANT:
		if (!op->scale || op->quant_lo >= op->quant_hi)
			return BAD(op, "it has no scale or an empty range");
		if (!(op->scale[0] > 0))
			return BAD(op, "a scale of %g; it must be positive",
				   (double)op->scale[0]);
		return check_values(op, 1, err);
	case AK_OP_RELU:
		if (!(op->max > 0))
			return BAD(
				op,
				"it clips at %g; the limit must be above zero",
				(double)op->max);
		return 0;
	case AK_OP_MAX_POOL:
	case AK_OP_AVG_POOL:
		return resolve_window(op, err);
	case AK_OP_GLOBAL_AVG:
		op->out.height = 1;
		op->out.width = 1;
		return 0;
	case AK_OP_PAD:
		if (op->pad_top > AK_MAX_SIDE || op->pad_bottom > AK_MAX_SIDE ||
		    op->pad_left > AK_MAX_SIDE || op->pad_right > AK_MAX_SIDE ||
		    !isfinite(op->pad_value))
			return BAD(
				op,
				"a border of %u, %u, %u, %u (top, bottom, left, right) with the value %g",
				op->pad_top, op->pad_bottom, op->pad_left,
				op->pad_right, (double)op->pad_value);
		op->out.height += op->pad_top + op->pad_bottom;
		op->out.width += op->pad_left + op->pad_right;
		return 0;
	case AK_OP_FLATTEN:
		op->out = (struct akida_shape){
			1, 1, (uint32_t)ak_shape_elements(&op->in)
		};
		return 0;
	case AK_OP_SOFTMAX:
	case AK_OP_SIGMOID:
		if (!last)
			return BAD(
				op,
				"%s is read as the last operation only; Akida 1.0 has no other activation than ReLU",
				ak_op_kind_name(op->kind));
		return 0;
	}
	return BAD(op, "operation %d is not known", op->kind);
}

int ak_graph_check_input(const struct ak_graph *g, struct ak_err *err)
{
	return check_shape(NULL, "its shape", &g->input, err);
}

int ak_graph_resolve_last(struct ak_graph *g, struct ak_err *err)
{
	struct ak_op *op = &g->op[g->num_ops - 1];
	int rc;

	op->in = g->num_ops > 1 ? op[-1].out : g->input;
	rc = check_shape(g->num_ops > 1 ? op - 1 : NULL, "its shape", &op->in,
			 err);
	if (!rc)
		rc = resolve_op(op, true, err);
	if (!rc)
		rc = check_shape(op, "its output", &op->out, err);
	if (rc)
		ak_err_prefix(err, "%s: ", g->source);
	return rc;
}

int ak_graph_resolve(struct ak_graph *g, struct ak_err *err)
{
	struct akida_shape s = g->input;
	size_t i;
	int rc = check_shape(NULL, "its shape", &s, err);

	if (!rc && !g->num_ops)
		rc = ak_errf(err, -EINVAL, "%s: it computes nothing",
			     g->source);
	for (i = 0; i < g->num_ops && !rc; i++) {
		struct ak_op *op = &g->op[i];

		op->in = s;
		rc = resolve_op(op, i + 1 == g->num_ops, err);
		if (!rc)
			rc = check_shape(op, "its output", &op->out, err);
		s = op->out;
	}
	if (rc)
		ak_err_prefix(err, "%s: ", g->source);
	return rc;
}
