// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * From a chain of operations to Akida 1.0 layers, each of which is: weights,
 * one pooling, one activation. What stands before the weights (normalisation,
 * padding, a mean of the whole map) is multiplied into them, and so is what
 * follows until the activation.
 */
#include "convert/fold.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

#define REFUSE(op, fmt, ...) \
	ak_errf(f->err, -ENOTSUP, "layer '%s': " fmt, (op)->name, ##__VA_ARGS__)

/**
 * struct fold - where folding is
 * @g: the chain
 * @net: what it becomes
 * @at: next operation
 * @in: shape of what the next layer reads
 * @scale: what was done to each channel of it since: x * scale + shift
 * @shift: see @scale
 * @n: elements of both
 * @border: padding since then
 * @padded: there is a @border, whose values are @edge
 * @edge: for each channel, in the terms of what the next operation reads
 * @averaged: the mean of the map was taken since then
 * @err: error text
 */
struct fold {
	const struct ak_graph *g;
	struct ak_net *net;
	size_t at;
	struct akida_shape in;
	float *scale, *shift, *edge;
	size_t n;
	struct ak_borders border;
	bool padded, averaged;
	struct ak_err *err;
};

static void clear_layer(struct ak_net_layer *l)
{
	free(l->name);
	free(l->weights);
	free(l->weights_pw);
	free(l->weights_q);
	free(l->weights_pw_q);
	free(l->weights_scale);
	free(l->weights_pw_scale);
	free(l->bias);
	free(l->threshold);
}

void ak_net_free(struct ak_net *n)
{
	size_t i;

	if (!n)
		return;
	for (i = 0; i < n->num_layers; i++)
		clear_layer(&n->layer[i]);
	for (i = 0; i < n->num_notes; i++)
		free(n->note[i]);
	free(n->note);
	free(n->layer);
	free(n);
}

static int no_memory(struct fold *f)
{
	return ak_errf(f->err, -ENOMEM, "out of memory");
}

__attribute__((format(printf, 2, 3))) static int note(struct fold *f,
						      const char *fmt, ...)
{
	struct ak_net *n = f->net;
	char **list = reallocarray(n->note, n->num_notes + 1, sizeof(*list));
	va_list ap;
	int rc;

	if (!list)
		return no_memory(f);
	n->note = list;
	va_start(ap, fmt);
	rc = vasprintf(&list[n->num_notes], fmt, ap);
	va_end(ap);
	if (rc < 0)
		return no_memory(f);
	n->num_notes++;
	return 0;
}

static const struct ak_op *peek(const struct fold *f)
{
	return f->at < f->g->num_ops ? &f->g->op[f->at] : NULL;
}

/* Nothing has been done yet to what the next layer reads. */
static int begin(struct fold *f, const struct akida_shape *in)
{
	size_t i;

	free(f->scale);
	free(f->shift);
	free(f->edge);
	f->in = *in;
	f->n = in->channels;
	f->padded = false;
	f->averaged = false;
	memset(&f->border, 0, sizeof(f->border));
	f->scale = malloc(f->n * sizeof(*f->scale));
	f->shift = calloc(f->n, sizeof(*f->shift));
	f->edge = calloc(f->n, sizeof(*f->edge));
	if (!f->scale || !f->shift || !f->edge)
		return no_memory(f);
	for (i = 0; i < f->n; i++)
		f->scale[i] = 1;
	return 0;
}

static void prefix_affine(struct fold *f, const struct ak_op *op)
{
	size_t i;

	for (i = 0; i < f->n; i++) {
		f->scale[i] *= op->scale[i];
		f->shift[i] = f->shift[i] * op->scale[i] + op->shift[i];
		f->edge[i] = f->edge[i] * op->scale[i] + op->shift[i];
	}
}

static int prefix_pad(struct fold *f, const struct ak_op *op)
{
	size_t i;

	if (f->padded &&
	    (op->pad_top | op->pad_bottom | op->pad_left | op->pad_right))
		for (i = 0; i < f->n; i++)
			if (f->edge[i] != op->pad_value)
				return REFUSE(
					op,
					"a second border of another value (%g, the first has %g); Akida 1.0 has one value",
					(double)op->pad_value,
					(double)f->edge[i]);
	f->border.top += op->pad_top;
	f->border.bottom += op->pad_bottom;
	f->border.left += op->pad_left;
	f->border.right += op->pad_right;
	for (i = 0; i < f->n; i++)
		f->edge[i] = op->pad_value;
	f->padded = true;
	return 0;
}

/* A value for each channel becomes one for each element. */
static int prefix_flatten(struct fold *f, const struct ak_op *op)
{
	size_t n = ak_shape_elements(&op->out), i;
	float *scale, *shift, *edge;

	if (n == f->n)
		return 0;
	scale = malloc(n * sizeof(*scale));
	shift = malloc(n * sizeof(*shift));
	/* There is no padding here: all zero. */
	edge = calloc(n, sizeof(*edge));
	if (!scale || !shift || !edge) {
		free(scale);
		free(shift);
		free(edge);
		return no_memory(f);
	}
	for (i = 0; i < n; i++) {
		scale[i] = f->scale[i % f->n];
		shift[i] = f->shift[i % f->n];
	}
	free(f->scale);
	free(f->shift);
	free(f->edge);
	f->scale = scale;
	f->shift = shift;
	f->edge = edge;
	f->n = n;
	return 0;
}

/* Everything before the weights of a layer. */
static int prefix(struct fold *f)
{
	const struct ak_op *op;
	int rc = 0;

	for (; !rc && (op = peek(f)); f->at++) {
		switch (op->kind) {
		case AK_OP_AFFINE:
			prefix_affine(f, op);
			continue;
		case AK_OP_PAD:
			rc = f->averaged ?
				     REFUSE(op,
					    "padding after a global average") :
				     prefix_pad(f, op);
			continue;
		case AK_OP_FLATTEN:
			rc = f->padded ?
				     REFUSE(op, "padding before flattening") :
				     prefix_flatten(f, op);
			continue;
		case AK_OP_GLOBAL_AVG:
			if (f->padded)
				return REFUSE(
					op, "padding before a global average");
			f->averaged |= op->in.height * op->in.width > 1;
			continue;
		case AK_OP_QUANT:
			rc = note(
				f,
				"layer '%s': a quantisation of its input by %g is replaced by that of this conversion",
				op->name, (double)op->scale[0]);
			continue;
		case AK_OP_SOFTMAX:
		case AK_OP_SIGMOID:
			continue;
		case AK_OP_MAX_POOL:
			return REFUSE(
				op,
				"max-pooling must follow a convolution and its activation directly: Akida 1.0 pools potentials of a convolution");
		case AK_OP_AVG_POOL:
			return REFUSE(
				op,
				"average pooling of %ux%u windows: Akida 1.0 averages whole maps only; use a convolution with a step of 2 or max-pooling",
				op->kernel_h, op->kernel_w);
		case AK_OP_RELU:
		case AK_OP_SPIKE:
			return REFUSE(
				op,
				"a %s that follows no convolution or dense layer directly: an activation, its normalisation included, belongs to the layer before it",
				ak_op_kind_name(op->kind));
		case AK_OP_CONV:
		case AK_OP_DEPTHWISE:
		case AK_OP_DENSE:
			return 0;
		}
	}
	return rc;
}

static struct ak_net_layer *add_layer(struct fold *f, const char *name)
{
	struct ak_net *n = f->net;
	struct ak_net_layer *l =
		reallocarray(n->layer, n->num_layers + 1, sizeof(*l));

	if (!l)
		return NULL;
	n->layer = l;
	l += n->num_layers;
	memset(l, 0, sizeof(*l));
	l->name = strdup(name);
	if (!l->name)
		return NULL;
	n->num_layers++;
	l->in = f->in;
	l->first_op = f->at;
	l->kernel_h = 1;
	l->kernel_w = 1;
	l->stride_y = 1;
	l->stride_x = 1;
	l->act_max = INFINITY;
	return l;
}

static float *copy(const float *v, size_t n)
{
	float *c = calloc(n ? n : 1, sizeof(*c));

	if (c && v)
		memcpy(c, v, n * sizeof(*c));
	return c;
}

/* weights, their integers and the bias of an operation */
static int take_weights(struct fold *f, struct ak_net_layer *l,
			const struct ak_op *op)
{
	size_t n = ak_op_elements(op);

	l->filters = op->out.channels;
	l->weights = copy(op->weights, n);
	l->bias = copy(op->bias, l->filters);
	if (!l->weights || !l->bias)
		return no_memory(f);
	if (!op->weights_q)
		return 0;
	l->weights_q = malloc(n);
	l->weights_scale = copy(op->weights_scale, op->num_values);
	if (!l->weights_q || !l->weights_scale)
		return no_memory(f);
	memcpy(l->weights_q, op->weights_q, n);
	return 0;
}

static void drop_integers(int8_t **q, float **scale)
{
	free(*q);
	free(*scale);
	*q = NULL;
	*scale = NULL;
}

/*
 * Weights for x instead of x * scale + shift, [taps][channels][filters], of a
 * depthwise layer [taps][channels]; what shift adds goes to the bias.
 */
static void fold_prefix(const struct fold *f, struct ak_net_layer *l,
			size_t taps, bool depthwise)
{
	size_t filters = depthwise ? 1 : l->filters;
	bool equal = true;
	size_t t, c, n;
	float *w = l->weights;

	for (c = 1; c < f->n; c++)
		equal &= f->scale[c] == f->scale[0];
	if (!equal || !(f->scale[0] > 0))
		drop_integers(&l->weights_q, &l->weights_scale);
	for (n = 0; l->weights_q && n < l->filters; n++)
		l->weights_scale[n] *= f->scale[0];
	for (t = 0; t < taps; t++) {
		for (c = 0; c < f->n; c++, w += filters) {
			for (n = 0; n < filters; n++) {
				l->bias[depthwise ? c : n] +=
					f->shift[c] * w[n];
				w[n] *= f->scale[c];
			}
		}
	}
}

/*
 * What lies outside, in the terms of the layer's input: what becomes the edge
 * after the normalisation in between.
 */
static int fold_border(struct fold *f, struct ak_net_layer *l,
		       const struct ak_op *op)
{
	bool own = op->pad_top | op->pad_bottom | op->pad_left | op->pad_right;
	bool outer = f->border.top | f->border.bottom | f->border.left |
		     f->border.right;
	double sum = 0, worst = 0, value;
	size_t c, used = 0;

	if (own && outer)
		for (c = 0; c < f->n; c++)
			if (f->edge[c] != 0)
				return REFUSE(
					op,
					"it pads with zeros a border of %g; Akida 1.0 has one value outside",
					(double)f->edge[c]);
	f->border.top += op->pad_top;
	f->border.bottom += op->pad_bottom;
	f->border.left += op->pad_left;
	f->border.right += op->pad_right;
	if (!own && !outer)
		return 0;
	for (c = 0; c < f->n; c++) {
		if (f->scale[c] == 0)
			continue;
		sum += ((own ? 0.0 : (double)f->edge[c]) -
			(double)f->shift[c]) /
		       (double)f->scale[c];
		used++;
	}
	value = used ? sum / (double)used / (double)f->net->input_scale : 0;
	l->pad_value = 0;
	if (l->type == AKIDA_LAYER_INPUT_CONV) {
		double most = (double)((1u << f->net->input_bits) - 1);

		l->pad_value = (float)fmin(fmax(rint(value), 0), most);
	}
	for (c = 0; c < f->n; c++) {
		if (f->scale[c] == 0)
			continue;
		value = ((own ? 0.0 : (double)f->edge[c]) -
			 (double)f->shift[c]) /
			(double)f->scale[c] / (double)f->net->input_scale;
		worst = fmax(worst, fabs(value - (double)l->pad_value));
	}
	if (worst < 1e-3)
		return 0;
	if (l->type != AKIDA_LAYER_INPUT_CONV)
		return REFUSE(
			op,
			"its border would have to be %g, not 0, because a normalisation stands before it; move the normalisation before the activation, or use 'valid' padding",
			value);
	return note(
		f,
		"layer '%s': outside the picture Akida has one whole number, %g; the network's border differs from it by up to %.3g steps",
		op->name, (double)l->pad_value, worst);
}

/* Akida pools potentials, so only what grows with them may follow. */
static int suffix_affine(struct fold *f, struct ak_net_layer *l,
			 const struct ak_op *op, bool pooled)
{
	bool separable = l->type == AKIDA_LAYER_SEPARABLE_CONV;
	float *w = separable ? l->weights_pw : l->weights;
	int8_t *q = separable ? l->weights_pw_q : l->weights_q;
	float *qs = separable ? l->weights_pw_scale : l->weights_scale;
	size_t n, i, rows;

	if (op->num_values != l->filters)
		return REFUSE(
			op,
			"a normalisation of single positions; Akida 1.0 has one for each filter: put it before flattening");
	rows = separable ? l->in.channels :
	       l->type == AKIDA_LAYER_FULLY_CONNECTED ?
			   ak_shape_elements(&l->in) :
			   (size_t)l->kernel_h * l->kernel_w * l->in.channels;
	for (n = 0; n < l->filters; n++) {
		float s = op->scale[n];

		if (pooled && s < 0)
			return REFUSE(
				op,
				"max-pooling stands before a normalisation whose gamma is negative in channel %zu (%g); Akida 1.0 takes the maximum of potentials: put the normalisation before the pooling",
				n, (double)s);
		l->bias[n] = l->bias[n] * s + op->shift[n];
		for (i = 0; i < rows; i++)
			w[i * l->filters + n] *= s;
		if (!q)
			continue;
		for (i = 0; i < rows && s < 0; i++)
			q[i * l->filters + n] = (int8_t)-q[i * l->filters + n];
		qs[n] *= fabsf(s);
		if (s == 0)
			qs[n] = 1;
		for (i = 0; i < rows && s == 0; i++)
			q[i * l->filters + n] = 0;
	}
	return 0;
}

static int set_spike(struct fold *f, struct ak_net_layer *l,
		     const struct ak_op *op)
{
	if (op->num_values != l->filters)
		return REFUSE(
			op,
			"thresholds of single positions; Akida 1.0 has one for each filter");
	l->threshold = copy(op->threshold, l->filters);
	l->act = AK_NET_SPIKE;
	return l->threshold ? 0 : no_memory(f);
}

/* A stated quantisation: a clip, and with few levels also a step. */
static int suffix_quant(struct fold *f, struct ak_net_layer *l,
			const struct ak_op *op)
{
	int64_t lo = (int64_t)op->quant_lo - op->quant_zero;
	int64_t hi = (int64_t)op->quant_hi - op->quant_zero;
	float max = (float)hi * op->scale[0];

	if (l->act == AK_NET_NONE && lo < 0)
		return note(
			f,
			"layer '%s': a signed quantisation of potentials is left out",
			op->name);
	if (l->act == AK_NET_SPIKE || hi <= 0)
		return 0;
	l->act = AK_NET_RELU;
	l->act_max = fminf(l->act_max, max);
	if (hi == 15 || hi == 3 || hi == 1)
		l->act_scale = op->scale[0];
	return 0;
}

/* What follows the weights until the layer is complete. */
static int suffix(struct fold *f, struct ak_net_layer *l,
		  const struct ak_op **pool)
{
	const struct ak_op *op;
	int rc = 0;

	*pool = NULL;
	for (; !rc && (op = peek(f)); f->at++) {
		switch (op->kind) {
		case AK_OP_AFFINE:
			if (l->act != AK_NET_NONE)
				return 0;
			rc = suffix_affine(f, l, op, *pool);
			continue;
		case AK_OP_RELU:
			if (l->act == AK_NET_SPIKE)
				continue;
			l->act = AK_NET_RELU;
			l->act_max = fminf(l->act_max, op->max);
			continue;
		case AK_OP_SPIKE:
			if (l->act != AK_NET_NONE)
				return REFUSE(op, "a second activation");
			rc = set_spike(f, l, op);
			continue;
		case AK_OP_QUANT:
			rc = suffix_quant(f, l, op);
			continue;
		case AK_OP_FLATTEN:
			/* What follows may have a value for each element. */
			if (l->act != AK_NET_NONE)
				return 0;
			if (ak_shape_elements(&op->in) != op->in.channels)
				return REFUSE(
					op,
					"flattening between a convolution and its activation; put the activation first");
			continue;
		case AK_OP_MAX_POOL:
			if (*pool || l->pool != AKIDA_POOL_NONE)
				return REFUSE(
					op,
					"a second pooling; Akida 1.0 has one after each convolution");
			if (l->type == AKIDA_LAYER_FULLY_CONNECTED)
				return REFUSE(
					op, "max-pooling after a dense layer");
			*pool = op;
			continue;
		case AK_OP_GLOBAL_AVG:
			if (op->in.height * op->in.width == 1)
				continue;
			if (l->act != AK_NET_NONE)
				return 0;
			if (*pool)
				return REFUSE(
					op,
					"a global average of potentials after max-pooling; put an activation between them");
			l->pool = AKIDA_POOL_AVERAGE;
			continue;
		case AK_OP_SOFTMAX:
		case AK_OP_SIGMOID:
			continue;
		case AK_OP_AVG_POOL:
		case AK_OP_PAD:
		case AK_OP_CONV:
		case AK_OP_DEPTHWISE:
		case AK_OP_DENSE:
			return 0;
		}
	}
	return rc;
}

/* A pointwise convolution must follow, with nothing but sums in between. */
static int pointwise(struct fold *f, struct ak_net_layer *l,
		     const struct ak_op *depth)
{
	const struct ak_op *op;
	size_t c, n, channels = l->in.channels;
	float *bias = l->bias;

	for (; (op = peek(f)) && op->kind == AK_OP_AFFINE; f->at++) {
		drop_integers(&l->weights_q, &l->weights_scale);
		for (c = 0; c < channels; c++) {
			size_t taps = (size_t)l->kernel_h * l->kernel_w, t;

			for (t = 0; t < taps; t++)
				l->weights[t * channels + c] *= op->scale[c];
			bias[c] = bias[c] * op->scale[c] + op->shift[c];
		}
	}
	if (op && (op->kind == AK_OP_RELU || op->kind == AK_OP_SPIKE))
		return REFUSE(
			depth,
			"an activation ('%s') between a depthwise and a pointwise convolution: Akida 1.0 computes both in one layer, SeparableConvolutional; remove the activation and train again",
			op->name);
	if (!op || op->kind != AK_OP_CONV || op->kernel_h != 1 ||
	    op->kernel_w != 1 || op->stride_y != 1 || op->stride_x != 1 ||
	    op->pad_top || op->pad_left || op->pad_bottom || op->pad_right)
		return REFUSE(
			depth,
			"a depthwise convolution without a pointwise one (1x1, step 1) after it%s%s%s: Akida 1.0 has the pair only; add one",
			op ? ", but '" : "", op ? op->name : "", op ? "'" : "");
	l->filters = op->filters;
	l->weights_pw = copy(op->weights, ak_op_elements(op));
	l->bias = copy(op->bias, l->filters);
	if (!l->weights_pw || !l->bias) {
		free(bias);
		return no_memory(f);
	}
	for (c = 0; c < channels; c++)
		for (n = 0; n < l->filters; n++)
			l->bias[n] +=
				bias[c] * l->weights_pw[c * l->filters + n];
	free(bias);
	if (op->weights_q) {
		l->weights_pw_q = malloc(ak_op_elements(op));
		l->weights_pw_scale = copy(op->weights_scale, op->filters);
		if (!l->weights_pw_q || !l->weights_pw_scale)
			return no_memory(f);
		memcpy(l->weights_pw_q, op->weights_q, ak_op_elements(op));
	}
	f->at++;
	return 0;
}

/* Which of Akida's layers a convolution is. */
static enum akida_layer_type conv_type(const struct fold *f,
				       const struct ak_op *op)
{
	bool first = !f->net->num_layers;
	uint32_t channels = f->in.channels;

	if (op->kind == AK_OP_DEPTHWISE)
		return AKIDA_LAYER_SEPARABLE_CONV;
	if (first && (channels == 1 || channels == 3) &&
	    (!f->net->input_bits || f->net->input_bits == 8))
		return AKIDA_LAYER_INPUT_CONV;
	return AKIDA_LAYER_CONV;
}

static int spatial_layer(struct fold *f, const struct ak_op *op)
{
	enum akida_layer_type type = conv_type(f, op);
	struct ak_net_layer *l = add_layer(f, op->name);
	size_t taps = (size_t)op->kernel_h * op->kernel_w;
	bool depth = op->kind == AK_OP_DEPTHWISE;
	const struct ak_op *pool;
	int rc;

	if (!l)
		return no_memory(f);
	if (f->net->num_layers == 1 && !f->net->input_bits)
		f->net->input_bits = type == AKIDA_LAYER_INPUT_CONV ? 8 : 4;
	l->type = type;
	l->kernel_h = op->kernel_h;
	l->kernel_w = op->kernel_w;
	l->stride_y = op->stride_y;
	l->stride_x = op->stride_x;
	f->at++;
	rc = take_weights(f, l, op);
	if (!rc)
		rc = fold_border(f, l, op);
	if (!rc)
		fold_prefix(f, l, taps, depth);
	if (!rc && depth)
		rc = pointwise(f, l, op);
	if (!rc)
		rc = suffix(f, l, &pool);
	if (!rc)
		rc = ak_fold_geometry(l, &op->out, &f->border, pool, f->err);
	if (rc)
		return rc;
	l->out = op->out;
	l->out.channels = l->filters;
	if (pool) {
		l->pool = AKIDA_POOL_MAX;
		l->pool_h = pool->kernel_h;
		l->pool_w = pool->kernel_w;
		l->pool_sy = pool->stride_y;
		l->pool_sx = pool->stride_x;
		l->out = pool->out;
	} else if (l->pool == AKIDA_POOL_AVERAGE) {
		l->out.height = 1;
		l->out.width = 1;
	}
	return 0;
}

/*
 * A dense layer; after the mean of a map it is a 1x1 convolution whose
 * potentials are averaged, because sums may change places.
 */
static int dense_layer(struct fold *f, const struct ak_op *op)
{
	struct ak_net_layer *l = add_layer(f, op->name);
	const struct ak_op *pool;
	int rc;

	if (!l)
		return no_memory(f);
	if (f->padded)
		return REFUSE(op, "padding before a dense layer");
	if (f->net->num_layers == 1 && !f->net->input_bits)
		f->net->input_bits = 4;
	l->type = AKIDA_LAYER_FULLY_CONNECTED;
	if (f->averaged) {
		l->type = AKIDA_LAYER_CONV;
		l->same = true;
		l->pool = AKIDA_POOL_AVERAGE;
	}
	f->at++;
	rc = take_weights(f, l, op);
	if (rc)
		return rc;
	fold_prefix(f, l, ak_shape_elements(&op->in) / f->n, false);
	l->out = op->out;
	return suffix(f, l, &pool);
}

/* A chain that ends with a mean or a normalisation: multiply by one. */
static int identity_layer(struct fold *f)
{
	const struct ak_op *last = &f->g->op[f->g->num_ops - 1];
	size_t n = f->in.channels, c;
	struct ak_net_layer *l;

	if (f->n != n || f->padded)
		return REFUSE(
			last,
			"the network ends with padding or flattening that no layer reads");
	l = add_layer(f, last->name);
	if (!l)
		return no_memory(f);
	l->first_op = f->net->num_layers > 1 ? l[-1].last_op + 1 : 0;
	l->type = AKIDA_LAYER_CONV;
	l->same = true;
	l->filters = (uint32_t)n;
	l->weights = calloc(n * n, sizeof(*l->weights));
	l->bias = copy(NULL, n);
	if (!l->weights || !l->bias)
		return no_memory(f);
	for (c = 0; c < n; c++)
		l->weights[c * n + c] = 1;
	fold_prefix(f, l, 1, false);
	l->out = f->in;
	if (f->averaged) {
		l->pool = AKIDA_POOL_AVERAGE;
		l->out.height = 1;
		l->out.width = 1;
	}
	return 0;
}

/* Does a prefix change nothing? */
static bool prefix_empty(const struct fold *f)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (f->scale[i] != 1 || f->shift[i] != 0)
			return false;
	return !f->averaged && !f->padded;
}

static int next_layer(struct fold *f)
{
	const struct ak_op *op;
	struct ak_net_layer *l = NULL;
	int rc = prefix(f);

	if (rc)
		return rc;
	op = peek(f);
	if (f->net->num_layers)
		l = &f->net->layer[f->net->num_layers - 1];
	if (!op && l && prefix_empty(f))
		return 0;
	if (!op && !l)
		return ak_errf(
			f->err, -ENOTSUP,
			"the network has no convolution and no dense layer");
	if (l && l->act == AK_NET_NONE)
		return REFUSE(
			l,
			"no activation between it and '%s': between layers Akida 1.0 has activations of 1, 2 or 4 bits that are never negative; put a ReLU there, or multiply the two layers into one",
			op ? op->name : f->g->op[f->g->num_ops - 1].name);
	if (!op)
		rc = identity_layer(f);
	else if (op->kind == AK_OP_DENSE)
		rc = dense_layer(f, op);
	else if (f->averaged && ak_shape_elements(&op->out) == op->filters &&
		 op->kind == AK_OP_CONV && op->kernel_h == 1 &&
		 op->kernel_w == 1)
		rc = dense_layer(f, op);
	else if (f->averaged)
		rc = REFUSE(op,
			    "a convolution after a global average must be 1x1");
	else
		rc = spatial_layer(f, op);
	if (rc)
		return rc;
	l = &f->net->layer[f->net->num_layers - 1];
	l->last_op = f->at - 1;
	return begin(f, &l->out);
}

int ak_fold(const struct ak_graph *g, float input_scale,
	    unsigned int input_bits, struct ak_net **out, struct ak_err *err)
{
	struct fold f = { .g = g, .err = err };
	int rc;

	if (!(input_scale > 0) || !isfinite(input_scale) || input_bits > 8)
		return ak_errf(
			err, -EINVAL,
			"an input of %u bits in steps of %g; it must be 1 to 8 bits and a positive step",
			input_bits, (double)input_scale);
	f.net = calloc(1, sizeof(*f.net));
	if (!f.net)
		return ak_errf(err, -ENOMEM, "out of memory");
	f.net->input = g->input;
	f.net->input_scale = input_scale;
	f.net->input_bits = input_bits;
	rc = begin(&f, &g->input);
	while (!rc && f.at < g->num_ops)
		rc = next_layer(&f);
	free(f.scale);
	free(f.shift);
	free(f.edge);
	if (rc) {
		ak_net_free(f.net);
		ak_err_prefix(err, "%s: ", g->source);
		return rc;
	}
	*out = f.net;
	return 0;
}
