// SPDX-License-Identifier: GPL-2.0
#include "float_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"

static const void *variable(const struct akida_model *m, unsigned int layer,
			    const char *name)
{
	struct akida_variable_info v;
	unsigned int i;

	for (i = 0; !akida_model_variable(m, layer, i, &v, sizeof(v)); i++)
		if (!strcmp(v.name, name))
			return v.data;
	fail_msg("layer %u has no %s", layer, name);
	return NULL;
}

/* File order (x, y, c, n), flipped or not, to [y][x][c][n]. */
static float *unflip(const struct akida_layer_info *l, const int8_t *w,
		     size_t cn)
{
	uint32_t kh = l->kernel_height, kw = l->kernel_width, y, x;
	float *to = malloc(cn * kh * kw * sizeof(*to));
	bool flip = l->type != AKIDA_LAYER_INPUT_CONV;
	size_t i;

	assert_non_null(to);
	for (y = 0; y < kh; y++)
		for (x = 0; x < kw; x++)
			for (i = 0; i < cn; i++) {
				uint32_t fy = flip ? kh - 1 - y : y;
				uint32_t fx = flip ? kw - 1 - x : x;

				to[((size_t)y * kw + x) * cn + i] =
					w[((size_t)fx * kh + fy) * cn + i];
			}
	return to;
}

/* (c, y, x) to (y, x, c) */
static float *dense_order(const struct akida_shape *s, const int8_t *w,
			  size_t n)
{
	size_t pixels = (size_t)s->height * s->width, p, c, i;
	float *to = malloc(pixels * s->channels * n * sizeof(*to));

	assert_non_null(to);
	for (c = 0; c < s->channels; c++)
		for (p = 0; p < pixels; p++)
			for (i = 0; i < n; i++)
				to[(p * s->channels + c) * n + i] =
					w[(c * pixels + p) * n + i];
	return to;
}

static void same_border(uint32_t size, uint32_t k, uint32_t s, uint32_t *a,
			uint32_t *b)
{
	uint32_t windows = (size + s - 1) / s;
	int total = (int)((windows - 1) * s + k) - (int)size;

	*a = total > 0 ? (uint32_t)total / 2 : 0;
	*b = total > 0 ? (uint32_t)total - *a : 0;
}

static void add_layer(struct ak_graph *g, const struct akida_model *m,
		      unsigned int i, const struct akida_layer_info *l)
{
	bool separable = l->type == AKIDA_LAYER_SEPARABLE_CONV;
	const int8_t *w = variable(m, i, "weights");
	const int32_t *threshold = variable(m, i, "threshold");
	const float *step = variable(m, i, "act_step");
	size_t n = l->output.channels, c = l->input.channels, k, j;
	enum ak_op_kind kind = l->type == AKIDA_LAYER_FULLY_CONNECTED ?
				       AK_OP_DENSE :
			       separable ? AK_OP_DEPTHWISE :
					   AK_OP_CONV;
	struct ak_op *op = ak_graph_add(g, kind, l->name);
	bool average = l->pool_type == AKIDA_POOL_AVERAGE;
	double pixels = 1;

	assert_non_null(op);
	if (kind == AK_OP_DENSE) {
		op->weights = dense_order(&l->input, w, n);
		op->num_weights = c * l->input.height * l->input.width * n;
	} else {
		op->kernel_h = l->kernel_height;
		op->kernel_w = l->kernel_width;
		op->stride_y = l->stride_y;
		op->stride_x = l->stride_x;
		assert_int_equal(l->padding, AKIDA_PADDING_SAME);
		same_border(l->input.height, op->kernel_h, op->stride_y,
			    &op->pad_top, &op->pad_bottom);
		same_border(l->input.width, op->kernel_w, op->stride_x,
			    &op->pad_left, &op->pad_right);
		op->weights = unflip(l, w, separable ? c : c * n);
		op->num_weights = (size_t)op->kernel_h * op->kernel_w *
				  (separable ? c : c * n);
		if (average)
			pixels = (double)((l->input.height + l->stride_y - 1) /
					  l->stride_y) *
				 ((l->input.width + l->stride_x - 1) /
				  l->stride_x);
	}
	if (separable) {
		const int8_t *pw = variable(m, i, "weights_pw");
		char name[96];

		snprintf(name, sizeof(name), "%s_pw", l->name);
		op = ak_graph_add(g, AK_OP_CONV, name);
		assert_non_null(op);
		op->kernel_h = 1;
		op->kernel_w = 1;
		op->num_weights = c * n;
		op->weights = malloc(c * n * sizeof(float));
		assert_non_null(op->weights);
		for (k = 0; k < c * n; k++)
			op->weights[k] = pw[k];
	}
	op->filters = (uint32_t)n;
	op->num_values = n;
	op->bias = malloc(n * sizeof(float));
	assert_non_null(op->bias);
	for (j = 0; j < n; j++) {
		double s = (double)step[j], half = l->activation ? 0.5 : 0;

		op->bias[j] = (float)((half * s - threshold[j] - 0.5) / s);
		for (k = j; k < op->num_weights; k += n)
			op->weights[k] =
				(float)((double)op->weights[k] * pixels / s);
	}
	if (average)
		assert_non_null(ak_graph_add(g, AK_OP_GLOBAL_AVG, "average"));
	if (l->pool_type == AKIDA_POOL_MAX)
		fail_msg("no model at hand has max-pooling");
	if (!l->activation)
		return;
	assert_int_equal(l->act_bits, 4);
	op = ak_graph_add(g, AK_OP_RELU, "relu");
	assert_non_null(op);
	op->max = 15;
}

struct ak_graph *float_model(const struct akida_model *m)
{
	struct ak_graph *g = ak_graph_new("model", "test");
	unsigned int i, n = akida_model_num_layers(m);
	struct akida_layer_info l;
	struct ak_err err;

	assert_non_null(g);
	for (i = 0; i < n; i++) {
		assert_int_equal(akida_model_layer(m, i, &l, sizeof(l)), 0);
		if (!i)
			g->input = l.input;
		if (l.type != AKIDA_LAYER_INPUT_DATA)
			add_layer(g, m, i, &l);
	}
	if (ak_graph_resolve(g, &err))
		fail_msg("%s", err.text);
	return g;
}
