// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The public face of float networks.
 */
#include "akida/network.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/export.h"
#include "common/util.h"
#include "convert/quantise.h"
#include "model/model.h"

/**
 * struct akida_network - a network
 * @g: chain, NULL before there is an input; its shapes are always resolved
 * @err: last error
 */
struct akida_network {
	struct ak_graph *g;
	struct ak_err err;
};

AK_EXPORT struct akida_network *akida_network_new(void)
{
	return calloc(1, sizeof(struct akida_network));
}

AK_EXPORT void akida_network_free(struct akida_network *n)
{
	if (n)
		ak_graph_free(n->g);
	free(n);
}

AK_EXPORT const char *akida_network_error(const struct akida_network *n)
{
	return n->err.text;
}

static void hold(struct akida_network *n, struct ak_graph *g)
{
	ak_graph_free(n->g);
	n->g = g;
}

AK_EXPORT int akida_network_load(struct akida_network *n, const char *path,
				 const char *arch)
{
	struct ak_graph *g = NULL;
	int rc = ak_graph_import(path, arch, NULL, &g, &n->err);

	hold(n, rc ? NULL : g);
	return rc;
}

static int no_memory(struct akida_network *n)
{
	return ak_errf(&n->err, -ENOMEM, "no memory for the network");
}

AK_EXPORT int akida_network_input(struct akida_network *n,
				  const struct akida_shape *shape)
{
	struct ak_graph *g = ak_graph_new("network", "libakida");
	int rc;

	hold(n, NULL);
	if (!g)
		return no_memory(n);
	g->input = *shape;
	rc = ak_graph_check_input(g, &n->err);
	if (rc)
		ak_graph_free(g);
	else
		n->g = g;
	return rc;
}

static const struct akida_shape *output(const struct akida_network *n)
{
	const struct ak_graph *g = n->g;

	return g->num_ops ? &g->op[g->num_ops - 1].out : &g->input;
}

/* A copy of @count floats, or of so many of @otherwise where there are none. */
static int copy(float **to, const float *from, size_t count, float otherwise)
{
	size_t i;

	*to = calloc(count ? count : 1, sizeof(**to));
	if (!*to)
		return -ENOMEM;
	for (i = 0; i < count; i++)
		(*to)[i] = from ? from[i] : otherwise;
	return 0;
}

static int add_weights(struct ak_op *op, const struct akida_network_layer *l)
{
	size_t count = ak_op_elements(op), i;
	size_t filters =
		op->kind == AK_OP_DEPTHWISE ? op->in.channels : op->filters;

	op->num_weights = count;
	op->num_values = filters;
	if (l->bias && copy(&op->bias, l->bias, filters, 0))
		return -ENOMEM;
	if (!l->weights_int)
		return l->weights ? copy(&op->weights, l->weights, count, 0) :
				    0;
	op->weights_q = malloc(count ? count : 1);
	if (!op->weights_q || copy(&op->weights, NULL, count, 0) ||
	    copy(&op->weights_scale, l->weights_scale, filters, 1))
		return -ENOMEM;
	memcpy(op->weights_q, l->weights_int, count);
	for (i = 0; i < count; i++)
		op->weights[i] = (float)l->weights_int[i] *
				 op->weights_scale[i % filters];
	return 0;
}

static void set_window(struct ak_op *op, const struct akida_network_layer *l)
{
	bool pool = op->kind == AK_OP_MAX_POOL;

	op->kernel_h = l->kernel_height ? l->kernel_height : 1;
	op->kernel_w = l->kernel_width ? l->kernel_width : 1;
	op->stride_y = l->stride_y ? l->stride_y : pool ? op->kernel_h : 1;
	op->stride_x = l->stride_x ? l->stride_x : pool ? op->kernel_w : 1;
	if (l->padding != AKIDA_PADDING_SAME)
		return;
	ak_graph_same_pads(op->in.height, op->kernel_h, op->stride_y,
			   &op->pad_top, &op->pad_bottom);
	ak_graph_same_pads(op->in.width, op->kernel_w, op->stride_x,
			   &op->pad_left, &op->pad_right);
}

static int fill(struct akida_network *n, struct ak_op *op,
		const struct akida_network_layer *l)
{
	size_t channels = op->in.channels;
	bool window = op->kind == AK_OP_CONV || op->kind == AK_OP_DEPTHWISE ||
		      op->kind == AK_OP_MAX_POOL;

	if (l->padding != AKIDA_PADDING_SAME &&
	    l->padding != AKIDA_PADDING_VALID)
		return ak_errf(&n->err, -EINVAL, "layer '%s': padding %d",
			       op->name, (int)l->padding);
	/* Sizes from which the number of weights follows. */
	if (window &&
	    (l->kernel_height > AK_MAX_KERNEL ||
	     l->kernel_width > AK_MAX_KERNEL || l->stride_y > AK_MAX_KERNEL ||
	     l->stride_x > AK_MAX_KERNEL))
		return ak_errf(
			&n->err, -EINVAL,
			"layer '%s': a window of %ux%u with steps of %u and %u; all must be at most %u",
			op->name, l->kernel_height, l->kernel_width,
			l->stride_y, l->stride_x, AK_MAX_KERNEL);
	if ((op->kind == AK_OP_CONV || op->kind == AK_OP_DENSE) &&
	    (!l->filters || l->filters > AK_MAX_CHANNELS))
		return ak_errf(&n->err, -EINVAL,
			       "layer '%s': %u filters; it must have 1 to %u",
			       op->name, l->filters, AK_MAX_CHANNELS);
	op->filters = l->filters;
	if (window)
		set_window(op, l);
	switch (op->kind) {
	case AK_OP_CONV:
	case AK_OP_DEPTHWISE:
	case AK_OP_DENSE:
		return add_weights(op, l);
	case AK_OP_AFFINE:
		op->num_values = channels;
		return copy(&op->scale, l->scale, channels, 1) ||
				       copy(&op->shift, l->shift, channels, 0) ?
			       -ENOMEM :
			       0;
	case AK_OP_SPIKE:
		op->num_values = channels;
		return l->threshold ?
			       copy(&op->threshold, l->threshold, channels, 0) :
			       0;
	case AK_OP_RELU:
		op->max = l->max == 0 ? INFINITY : l->max;
		return 0;
	default:
		return 0;
	}
}

AK_EXPORT int akida_network_add(struct akida_network *n,
				const struct akida_network_layer *layer,
				size_t layer_size)
{
	static const struct {
		enum ak_op_kind kind;
		const char *name;
	} kinds[] = {
		[AKIDA_NETWORK_CONV] = { AK_OP_CONV, "conv" },
		[AKIDA_NETWORK_DEPTHWISE] = { AK_OP_DEPTHWISE, "depthwise" },
		[AKIDA_NETWORK_DENSE] = { AK_OP_DENSE, "dense" },
		[AKIDA_NETWORK_AFFINE] = { AK_OP_AFFINE, "affine" },
		[AKIDA_NETWORK_RELU] = { AK_OP_RELU, "relu" },
		[AKIDA_NETWORK_SPIKE] = { AK_OP_SPIKE, "spike" },
		[AKIDA_NETWORK_MAX_POOL] = { AK_OP_MAX_POOL, "pool" },
		[AKIDA_NETWORK_GLOBAL_AVERAGE] = { AK_OP_GLOBAL_AVG,
						   "average" },
		[AKIDA_NETWORK_FLATTEN] = { AK_OP_FLATTEN, "flatten" },
	};
	struct akida_network_layer l;
	struct akida_shape in;
	struct ak_op *op;
	int rc;

	ak_copy_out(&l, sizeof(l), layer, layer_size);
	if (!n->g)
		return ak_errf(
			&n->err, -EINVAL,
			"the network has no input; akida_network_input() comes first");
	if ((unsigned int)l.op >= ARRAY_SIZE(kinds) || !kinds[l.op].kind)
		return ak_errf(&n->err, -EINVAL, "operation %d is not known",
			       (int)l.op);
	in = *output(n);
	op = ak_graph_add(n->g, kinds[l.op].kind,
			  l.name ? l.name : kinds[l.op].name);
	if (!op)
		return no_memory(n);
	op->in = in;
	rc = fill(n, op, &l);
	if (rc == -ENOMEM)
		no_memory(n);
	if (!rc)
		rc = ak_graph_resolve_last(n->g, &n->err);
	if (rc)
		ak_graph_drop_last(n->g);
	return rc;
}

AK_EXPORT int akida_network_info(const struct akida_network *n,
				 struct akida_network_info *info,
				 size_t info_size)
{
	struct akida_network_info full = { 0 };

	if (!n->g)
		return -EINVAL;
	full.input = n->g->input;
	full.output = *output(n);
	full.num_layers = (uint32_t)n->g->num_ops;
	return ak_copy_out(info, info_size, &full, sizeof(full));
}

static int check_complete(struct akida_network *n)
{
	if (n->g && n->g->num_ops)
		return 0;
	return ak_errf(&n->err, -EINVAL, "the network has no layers");
}

AK_EXPORT int akida_network_run(struct akida_network *n, const float *in,
				float *out, size_t batch, unsigned int threads)
{
	struct ak_eval *e = NULL;
	int rc = check_complete(n);
	size_t i;

	if (rc)
		return rc;
	rc = ak_eval_new(n->g, threads, &e, &n->err);
	for (i = 0; i < batch && !rc; i++)
		rc = ak_eval_run(e, in + i * ak_shape_elements(&n->g->input),
				 out + i * ak_shape_elements(output(n)), NULL,
				 NULL);
	ak_eval_free(e);
	return rc;
}

static int set_bits(struct akida_network *n, const char *what, uint32_t value,
		    uint32_t most, unsigned int *bits)
{
	if (!value)
		return 0;
	if (value > most || value & (value - 1))
		return ak_errf(&n->err, -EINVAL, "%u %s; it must be 1, 2, 4%s",
			       value, what, most == 8 ? " or 8" : "");
	*bits = value;
	return 0;
}

static int set_options(struct akida_network *n,
		       const struct akida_quantise_options *from,
		       struct ak_quant_options *o)
{
	static const enum ak_range ranges[] = {
		[AKIDA_RANGE_MSE] = AK_RANGE_MSE,
		[AKIDA_RANGE_MAX] = AK_RANGE_MAX,
		[AKIDA_RANGE_PERCENTILE] = AK_RANGE_PERCENTILE,
		[AKIDA_RANGE_CLIP] = AK_RANGE_CLIP,
	};

	ak_quant_preset(o);
	if (set_bits(n, "bits of weights", from->weights_bits, 4,
		     &o->weights_bits) ||
	    set_bits(n, "bits of weights of the first layer",
		     from->input_weights_bits, 8, &o->input_weights_bits) ||
	    set_bits(n, "bits of activations", from->act_bits, 4, &o->act_bits))
		return -EINVAL;
	if (!(from->input_scale >= 0) || isinf(from->input_scale))
		return ak_errf(&n->err, -EINVAL,
			       "an input's step of %g; it must be above 0",
			       from->input_scale);
	if (from->input_bits > 8)
		return ak_errf(&n->err, -EINVAL,
			       "%u bits of input; at most 8 are known",
			       from->input_bits);
	if ((unsigned int)from->range >= ARRAY_SIZE(ranges))
		return ak_errf(&n->err, -EINVAL, "range %d is not known",
			       (int)from->range);
	o->range = ranges[from->range];
	if (o->range == AK_RANGE_PERCENTILE &&
	    !(from->percentile >= 50 && from->percentile <= 100))
		return ak_errf(&n->err, -EINVAL,
			       "a percentile of %g; it must be 50 to 100",
			       from->percentile);
	o->percentile = from->percentile;
	o->equalise = from->flags & AKIDA_QUANTISE_EQUALISE;
	o->correct_bias = !(from->flags & AKIDA_QUANTISE_NO_BIAS);
	o->round = !(from->flags & AKIDA_QUANTISE_NO_ROUNDING);
	o->integer = from->flags & AKIDA_QUANTISE_INTEGER;
	o->threads = from->threads;
	o->progress = from->progress;
	o->arg = from->arg;
	return 0;
}

static int check_data(struct akida_network *n, const struct ak_net *net,
		      const uint8_t *data, size_t samples)
{
	size_t count = samples * ak_shape_elements(&net->input), i;

	for (i = 0; i < count && net->input_bits < 8; i++)
		if (data[i] >> net->input_bits)
			return ak_errf(
				&n->err, -EINVAL,
				"calibration value %zu is %u; an input has %u bits",
				i, data[i], net->input_bits);
	return 0;
}

AK_EXPORT int
akida_network_quantise(struct akida_network *n, const uint8_t *calibration,
		       size_t samples,
		       const struct akida_quantise_options *options,
		       size_t options_size, struct akida_model **model)
{
	struct akida_quantise_options from = { 0 };
	struct ak_quant_options o;
	struct ak_net *net = NULL;
	int rc = check_complete(n);

	*model = NULL;
	if (options)
		ak_copy_out(&from, sizeof(from), options, options_size);
	if (!rc)
		rc = set_options(n, &from, &o);
	if (!rc)
		rc = ak_fold(n->g,
			     from.input_scale > 0 ? (float)from.input_scale : 1,
			     from.input_bits, &net, &n->err);
	if (!rc)
		rc = check_data(n, net, calibration, samples);
	if (!rc)
		rc = ak_quantise(net, calibration, samples, &o, model, NULL,
				 &n->err);
	ak_net_free(net);
	return rc;
}
