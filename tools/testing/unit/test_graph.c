// SPDX-License-Identifier: GPL-2.0
/*
 * Float chains: sizes that are checked, evaluation against sums written out,
 * folding against evaluation, and what is refused.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "convert/eval.h"
#include "convert/graph.h"
#include "model/model.h"

static uint32_t seed;

static float draw(void)
{
	seed = seed * 1664525u + 1013904223u;
	return (float)(seed >> 8) / 16777216.0f - 0.5f;
}

static float *drawn(size_t n)
{
	float *f = malloc(n * sizeof(*f));
	size_t i;

	assert_non_null(f);
	for (i = 0; i < n; i++)
		f[i] = draw();
	return f;
}

static struct ak_graph *graph(uint32_t h, uint32_t w, uint32_t c)
{
	struct ak_graph *g = ak_graph_new("net", "test");

	assert_non_null(g);
	g->input = (struct akida_shape){ h, w, c };
	seed = 1;
	return g;
}

static struct ak_op *add(struct ak_graph *g, enum ak_op_kind kind)
{
	struct ak_op *op = ak_graph_add(g, kind, ak_op_kind_name(kind));

	assert_non_null(op);
	return op;
}

static struct ak_op *conv(struct ak_graph *g, uint32_t k, uint32_t stride,
			  uint32_t before, uint32_t after, uint32_t in,
			  uint32_t n)
{
	struct ak_op *op = add(g, n ? AK_OP_CONV : AK_OP_DEPTHWISE);

	op->kernel_h = k;
	op->kernel_w = k;
	op->stride_y = stride;
	op->stride_x = stride;
	op->pad_top = before;
	op->pad_left = before;
	op->pad_bottom = after;
	op->pad_right = after;
	op->filters = n;
	op->num_weights = (size_t)k * k * in * (n ? n : 1);
	op->weights = drawn(op->num_weights);
	op->num_values = n ? n : in;
	op->bias = drawn(op->num_values);
	return op;
}

static struct ak_op *affine(struct ak_graph *g, size_t n, float least)
{
	struct ak_op *op = add(g, AK_OP_AFFINE);
	size_t i;

	op->num_values = n;
	op->scale = drawn(n);
	op->shift = drawn(n);
	for (i = 0; i < n; i++)
		op->scale[i] = fabsf(op->scale[i]) + least;
	return op;
}

static struct ak_op *dense(struct ak_graph *g, size_t in, uint32_t n)
{
	struct ak_op *op = add(g, AK_OP_DENSE);

	op->filters = n;
	op->num_weights = in * n;
	op->weights = drawn(in * n);
	op->num_values = n;
	op->bias = drawn(n);
	return op;
}

static void resolve(struct ak_graph *g)
{
	struct ak_err err = { "" };

	if (ak_graph_resolve(g, &err))
		fail_msg("%s", err.text);
}

/* One output of a convolution, in double. */
static double conv_at(const struct ak_op *op, const float *in, uint32_t y,
		      uint32_t x, uint32_t n)
{
	bool depth = op->kind == AK_OP_DEPTHWISE;
	uint32_t channels = op->in.channels, ky, kx, c;
	double sum = (double)op->bias[n];

	for (ky = 0; ky < op->kernel_h; ky++) {
		for (kx = 0; kx < op->kernel_w; kx++) {
			int64_t iy =
				(int64_t)y * op->stride_y + ky - op->pad_top;
			int64_t ix =
				(int64_t)x * op->stride_x + kx - op->pad_left;
			size_t t = (size_t)ky * op->kernel_w + kx;

			if (iy < 0 || ix < 0 || iy >= op->in.height ||
			    ix >= op->in.width)
				continue;
			for (c = depth ? n : 0; c < (depth ? n + 1 : channels);
			     c++)
				sum += (double)in[((size_t)iy * op->in.width +
						   (size_t)ix) *
							  channels +
						  c] *
				       (double)op->weights
					       [depth ? t * channels + c :
							(t * channels +
							 c) * op->filters +
								n];
		}
	}
	return sum;
}

static void check_conv(uint32_t k, uint32_t stride, uint32_t before,
		       uint32_t after, uint32_t in, uint32_t n,
		       unsigned int threads)
{
	struct ak_graph *g = graph(9, 7, in);
	const struct ak_op *op;
	struct ak_eval *e = NULL;
	struct ak_err err = { "" };
	float *x, *y;
	uint32_t oy, ox, f;

	conv(g, k, stride, before, after, in, n);
	resolve(g);
	op = &g->op[0];
	x = drawn(ak_shape_elements(&op->in));
	y = malloc(ak_shape_elements(&op->out) * sizeof(*y));
	assert_int_equal(ak_eval_new(g, threads, &e, &err), 0);
	ak_eval_run(e, x, y, NULL, NULL);
	for (oy = 0; oy < op->out.height; oy++)
		for (ox = 0; ox < op->out.width; ox++)
			for (f = 0; f < op->out.channels; f++) {
				double want = conv_at(op, x, oy, ox, f);
				double have =
					(double)y[((size_t)oy * op->out.width +
						   ox) * op->out.channels +
						  f];

				if (fabs(want - have) > 1e-5 * (1 + fabs(want)))
					fail_msg(
						"%ux%u/%u pad %u,%u %u->%u at %u,%u,%u: %g, not %g",
						k, k, stride, before, after, in,
						n, oy, ox, f, have, want);
			}
	ak_eval_free(e);
	ak_graph_free(g);
	free(x);
	free(y);
}

static void test_eval(void **state)
{
	(void)state;
	check_conv(3, 1, 1, 1, 3, 5, 1);
	check_conv(3, 2, 0, 1, 8, 16, 2);
	check_conv(5, 2, 2, 2, 1, 17, 1);
	check_conv(1, 1, 0, 0, 19, 33, 2);
	check_conv(7, 3, 3, 2, 2, 31, 1);
	check_conv(3, 1, 1, 1, 20, 0, 2);
	check_conv(5, 2, 1, 2, 7, 0, 1);
}

/*
 * The net in float: fold, then what Akida would do with real numbers. Kernels
 * of the net are run by the evaluator as a chain made of the net.
 */
static struct ak_graph *graph_of(const struct ak_net *net)
{
	struct ak_graph *g =
		graph(net->input.height, net->input.width, net->input.channels);
	size_t i, n;

	for (i = 0; i < net->num_layers; i++) {
		const struct ak_net_layer *l = &net->layer[i];
		bool sep = l->type == AKIDA_LAYER_SEPARABLE_CONV;
		bool fc = l->type == AKIDA_LAYER_FULLY_CONNECTED;
		struct ak_op *op = add(g, fc  ? AK_OP_DENSE :
					  sep ? AK_OP_DEPTHWISE :
						AK_OP_CONV);
		uint32_t c = l->in.channels, size[2], k[2], s[2], j;
		uint32_t *const pad[2][2] = {
			{ &op->pad_top, &op->pad_bottom },
			{ &op->pad_left, &op->pad_right },
		};

		op->kernel_h = l->kernel_h;
		op->kernel_w = l->kernel_w;
		op->stride_y = l->stride_y;
		op->stride_x = l->stride_x;
		op->filters = l->filters;
		size[0] = l->in.height;
		size[1] = l->in.width;
		k[0] = l->kernel_h;
		k[1] = l->kernel_w;
		s[0] = l->stride_y;
		s[1] = l->stride_x;
		for (j = 0; j < 2 && l->same; j++) {
			uint32_t rest = size[j] % s[j] ? size[j] % s[j] : s[j];
			uint32_t total = k[j] > rest ? k[j] - rest : 0;

			*pad[j][0] = total / 2;
			*pad[j][1] = total - total / 2;
		}
		n = fc ? ak_shape_elements(&l->in) * l->filters :
			 (size_t)l->kernel_h * l->kernel_w * c *
				    (sep ? 1 : l->filters);
		op->num_weights = n;
		op->weights = malloc(n * sizeof(float));
		memcpy(op->weights, l->weights, n * sizeof(float));
		if (sep) {
			op = add(g, AK_OP_CONV);
			op->kernel_h = 1;
			op->kernel_w = 1;
			op->filters = l->filters;
			op->num_weights = (size_t)c * l->filters;
			op->weights = malloc(op->num_weights * sizeof(float));
			memcpy(op->weights, l->weights_pw,
			       op->num_weights * sizeof(float));
		}
		op->num_values = l->filters;
		op->bias = malloc(l->filters * sizeof(float));
		memcpy(op->bias, l->bias, l->filters * sizeof(float));
		if (l->pool == AKIDA_POOL_AVERAGE)
			add(g, AK_OP_GLOBAL_AVG);
		assert_int_not_equal(l->pool, AKIDA_POOL_MAX);
		if (l->act == AK_NET_RELU)
			add(g, AK_OP_RELU)->max = l->act_max;
	}
	resolve(g);
	return g;
}

static void evaluate(const struct ak_graph *g, const float *in, float *out)
{
	struct ak_eval *e = NULL;
	struct ak_err err = { "" };

	assert_int_equal(ak_eval_new(g, 1, &e, &err), 0);
	ak_eval_run(e, in, out, NULL, NULL);
	ak_eval_free(e);
}

static void test_fold(void **state)
{
	struct ak_graph *g = graph(12, 12, 3), *back;
	struct ak_net *net = NULL;
	struct ak_err err = { "" };
	float in[12 * 12 * 3], want[6], have[6];
	size_t i;

	(void)state;
	/* PyTorch's symmetric padding at a step of 2: 5x5 with zeros. */
	conv(g, 3, 2, 1, 1, 3, 8);
	affine(g, 8, -0.25f); /* negative factors, too */
	add(g, AK_OP_RELU)->max = 0.6f;
	affine(g, 8, 0.1f);
	conv(g, 1, 1, 0, 0, 8, 8);
	add(g, AK_OP_RELU);
	conv(g, 3, 1, 1, 1, 8, 0);
	affine(g, 8, 0.1f);
	conv(g, 1, 1, 0, 0, 8, 10);
	affine(g, 10, 0.1f);
	add(g, AK_OP_RELU);
	add(g, AK_OP_GLOBAL_AVG);
	add(g, AK_OP_FLATTEN);
	dense(g, 10, 6);
	add(g, AK_OP_SOFTMAX);
	resolve(g);
	if (ak_fold(g, 1, 0, &net, &err))
		fail_msg("%s", err.text);
	assert_int_equal(net->num_layers, 4);
	assert_int_equal(net->input_bits, 8);
	assert_int_equal(net->layer[0].type, AKIDA_LAYER_INPUT_CONV);
	assert_int_equal(net->layer[0].kernel_h, 5);
	assert_int_equal(net->layer[1].type, AKIDA_LAYER_CONV);
	assert_int_equal(net->layer[2].type, AKIDA_LAYER_SEPARABLE_CONV);
	/* A dense layer after the mean: the mean of a 1x1 convolution. */
	assert_int_equal(net->layer[3].type, AKIDA_LAYER_CONV);
	assert_int_equal(net->layer[3].pool, AKIDA_POOL_AVERAGE);
	back = graph_of(net);
	for (i = 0; i < 12 * 12 * 3; i++)
		in[i] = draw() + 0.5f;
	g->num_ops--; /* softmax is left to who reads scores */
	evaluate(g, in, want);
	g->num_ops++;
	evaluate(back, in, have);
	for (i = 0; i < 6; i++)
		assert_float_equal(want[i], have[i], 1e-4);
	ak_net_free(net);
	ak_graph_free(back);
	ak_graph_free(g);
}

/* A factor and a shift for each element of a map that was flattened. */
static void fold_flat(size_t filters)
{
	struct ak_graph *g = graph(2, 3, 2), *back;
	struct ak_net *net = NULL;
	struct ak_err err = { "" };
	float in[12], want[4], have[4];
	size_t i;

	add(g, AK_OP_FLATTEN);
	affine(g, 12, 0.1f);
	affine(g, 12, -0.25f);
	dense(g, 12, filters);
	add(g, AK_OP_RELU);
	dense(g, filters, 4);
	resolve(g);
	if (ak_fold(g, 1, 0, &net, &err))
		fail_msg("%s", err.text);
	assert_int_equal(net->num_layers, 2);
	back = graph_of(net);
	for (i = 0; i < 12; i++)
		in[i] = draw() + 0.5f;
	evaluate(g, in, want);
	evaluate(back, in, have);
	for (i = 0; i < 4; i++)
		assert_float_equal(want[i], have[i], 1e-5);
	ak_net_free(net);
	ak_graph_free(back);
	ak_graph_free(g);
}

static void test_fold_flat(void **state)
{
	(void)state;
	fold_flat(5);
	/* One filter is not one for each channel. */
	fold_flat(1);
}

static void refused(struct ak_graph *g, const char *word)
{
	struct ak_net *net = NULL;
	struct ak_err err = { "" };

	resolve(g);
	assert_int_equal(ak_fold(g, 1, 0, &net, &err), -ENOTSUP);
	if (!strstr(err.text, word))
		fail_msg("'%s' has no '%s'", err.text, word);
	/* Always the file and the layer. */
	assert_non_null(strstr(err.text, "net: layer '"));
	ak_graph_free(g);
}

static void test_refused(void **state)
{
	struct ak_graph *g;
	struct ak_op *op;

	(void)state;
	g = graph(8, 8, 4);
	conv(g, 3, 1, 1, 1, 4, 0);
	refused(g, "depthwise convolution without a pointwise");
	g = graph(8, 8, 4);
	conv(g, 3, 1, 1, 1, 4, 0);
	add(g, AK_OP_RELU);
	conv(g, 1, 1, 0, 0, 4, 4);
	refused(g, "between a depthwise and a pointwise");
	g = graph(8, 8, 3);
	conv(g, 3, 1, 1, 1, 3, 4);
	op = add(g, AK_OP_MAX_POOL);
	op->kernel_h = op->kernel_w = op->stride_y = op->stride_x = 2;
	affine(g, 4, 0)->scale[2] = -1;
	add(g, AK_OP_RELU);
	refused(g, "gamma is negative in channel 2");
	g = graph(8, 8, 3);
	conv(g, 3, 1, 1, 1, 3, 4);
	dense(g, 8 * 8 * 4, 2);
	refused(g, "no activation between");
	g = graph(8, 8, 3);
	conv(g, 3, 1, 1, 1, 3, 4);
	add(g, AK_OP_RELU);
	op = add(g, AK_OP_AVG_POOL);
	op->kernel_h = op->kernel_w = op->stride_y = op->stride_x = 2;
	refused(g, "averages whole maps only");
	g = graph(8, 8, 3);
	conv(g, 3, 1, 1, 1, 3, 4);
	add(g, AK_OP_RELU);
	affine(g, 4, 0);
	conv(g, 3, 1, 1, 1, 4, 4);
	refused(g, "its border");
	g = graph(7, 7, 3);
	conv(g, 3, 1, 1, 1, 3, 4);
	op = add(g, AK_OP_MAX_POOL);
	op->kernel_h = op->kernel_w = op->stride_y = op->stride_x = 2;
	refused(g, "max-pooling");
}

static void bad(struct ak_graph *g, const char *word)
{
	struct ak_err err = { "" };

	assert_int_equal(ak_graph_resolve(g, &err), -EINVAL);
	if (!strstr(err.text, word))
		fail_msg("'%s' has no '%s'", err.text, word);
	ak_graph_free(g);
}

static void test_resolve(void **state)
{
	struct ak_graph *g;

	(void)state;
	g = graph(8, 8, 3);
	conv(g, 3, 1, 1, 1, 4, 4);
	bad(g, "needs 108"); /* 3 * 3 * 3 * 4 */
	g = graph(8, 8, 3);
	conv(g, 3, 1, 1, 1, 3, 4)->num_values = 3;
	bad(g, "3 values");
	g = graph(8, 8, 3);
	conv(g, 3, 1, 1, 1, 3, 4)->weights[5] = NAN;
	bad(g, "finite");
	g = graph(8, 8, 3);
	conv(g, 3, 1, 3, 1, 3, 4);
	bad(g, "nothing but padding");
	g = graph(2, 2, 3);
	conv(g, 5, 1, 0, 0, 3, 4);
	bad(g, "a window of 5 rows");
	g = graph(1u << 20, 8, 3);
	add(g, AK_OP_RELU);
	bad(g, "sides");
	g = graph(8, 8, 3);
	add(g, AK_OP_SOFTMAX);
	add(g, AK_OP_RELU);
	bad(g, "last operation only");
	g = graph(16384, 16384, 1);
	conv(g, 1, 1, 0, 0, 1, 64);
	bad(g, "elements");
	bad(graph(8, 8, 3), "nothing");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_eval),
		cmocka_unit_test(test_fold),
		cmocka_unit_test(test_fold_flat),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_resolve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
