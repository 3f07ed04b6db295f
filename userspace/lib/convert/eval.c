// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Evaluation of a float network: what a conversion is measured against.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "convert/eval.h"
#include "convert/graph.h"
#include "model/model.h"
#include "npu/threads.h"

struct ak_eval {
	const struct ak_graph *g;
	struct npu_threads *threads;
	struct ak_conv *conv;
	float *buffer[2], *scratch;
};

void ak_eval_free(struct ak_eval *e)
{
	size_t i;

	if (!e)
		return;
	for (i = 0; e->conv && i < e->g->num_ops; i++)
		ak_conv_clear(&e->conv[i]);
	npu_threads_free(e->threads);
	free(e->conv);
	free(e->buffer[0]);
	free(e->buffer[1]);
	free(e->scratch);
	free(e);
}

/* A dense layer is a window of all its inputs at one position. */
static int prepare(const struct ak_op *op, struct ak_conv *c)
{
	c->in = op->in;
	c->out = op->out;
	c->kernel_h = op->kernel_h;
	c->kernel_w = op->kernel_w;
	c->stride_y = op->stride_y;
	c->stride_x = op->stride_x;
	c->pad_top = op->pad_top;
	c->pad_left = op->pad_left;
	c->pad_bottom = op->pad_bottom;
	c->pad_right = op->pad_right;
	c->depthwise = op->kind == AK_OP_DEPTHWISE;
	if (op->kind == AK_OP_DENSE) {
		c->in.channels = (uint32_t)ak_shape_elements(&op->in);
		c->in.height = 1;
		c->in.width = 1;
		c->kernel_h = 1;
		c->kernel_w = 1;
		c->pad_top = 0;
		c->pad_left = 0;
		c->pad_bottom = 0;
		c->pad_right = 0;
	}
	return ak_conv_prepare(c, op->weights, op->bias);
}

int ak_eval_new(const struct ak_graph *g, unsigned int threads,
		struct ak_eval **out, struct ak_err *err)
{
	size_t most = ak_shape_elements(&g->input), scratch = 1, i, n;
	struct ak_eval *e = calloc(1, sizeof(*e));
	int rc = e ? 0 : -ENOMEM;

	if (e) {
		e->g = g;
		e->conv = calloc(g->num_ops, sizeof(*e->conv));
		e->threads = npu_threads_new(threads);
		if (!e->conv || !e->threads)
			rc = -ENOMEM;
	}
	for (i = 0; i < g->num_ops && !rc; i++) {
		const struct ak_op *op = &g->op[i];

		n = ak_shape_elements(&op->out);
		if (n > most)
			most = n;
		if (op->kind != AK_OP_CONV && op->kind != AK_OP_DEPTHWISE &&
		    op->kind != AK_OP_DENSE)
			continue;
		rc = prepare(op, &e->conv[i]);
		n = ak_conv_scratch(&e->conv[i]);
		if (n > scratch)
			scratch = n;
	}
	if (!rc) {
		e->buffer[0] = malloc(most * sizeof(float));
		e->buffer[1] = malloc(most * sizeof(float));
		e->scratch = malloc(scratch * sizeof(float));
		if (!e->buffer[0] || !e->buffer[1] || !e->scratch)
			rc = -ENOMEM;
	}
	if (rc) {
		ak_eval_free(e);
		return ak_errf(err, rc, "out of memory");
	}
	*out = e;
	return 0;
}

static void avg_pool(const struct ak_op *op, const float *in, float *out)
{
	size_t n = op->in.channels, c;
	uint32_t y, x, ky, kx;

	for (y = 0; y < op->out.height; y++) {
		for (x = 0; x < op->out.width; x++, out += n) {
			uint32_t seen = 0;

			memset(out, 0, n * sizeof(*out));
			for (ky = 0; ky < op->kernel_h; ky++) {
				int64_t iy = (int64_t)y * op->stride_y + ky -
					     op->pad_top;

				for (kx = 0; kx < op->kernel_w; kx++) {
					int64_t ix = (int64_t)x * op->stride_x +
						     kx - op->pad_left;
					const float *p;

					if (iy < 0 || iy >= op->in.height ||
					    ix < 0 || ix >= op->in.width)
						continue;
					seen++;
					p = in + ((size_t)iy * op->in.width +
						  (size_t)ix) *
							 n;
					for (c = 0; c < n; c++)
						out[c] += p[c];
				}
			}
			if (op->count_pad)
				seen = op->kernel_h * op->kernel_w;
			/* Windows of nothing but padding are refused. */
			for (c = 0; c < n; c++)
				out[c] /= (float)seen;
		}
	}
}

static void global_avg(const struct ak_op *op, const float *in, float *out)
{
	size_t pixels = (size_t)op->in.height * op->in.width, p;
	size_t n = op->in.channels, c;

	memset(out, 0, n * sizeof(*out));
	for (p = 0; p < pixels; p++, in += n)
		for (c = 0; c < n; c++)
			out[c] += in[c];
	for (c = 0; c < n; c++)
		out[c] /= (float)pixels;
}

static void pad(const struct ak_op *op, const float *in, float *out)
{
	size_t row = (size_t)op->in.width * op->in.channels, i;
	size_t n = ak_shape_elements(&op->out);
	uint32_t y;

	for (i = 0; i < n; i++)
		out[i] = op->pad_value;
	for (y = 0; y < op->in.height; y++)
		memcpy(out + (((size_t)y + op->pad_top) * op->out.width +
			      op->pad_left) *
				       op->in.channels,
		       in + y * row, row * sizeof(*in));
}

/* Over the channels of each position. */
static void softmax(const struct ak_op *op, const float *in, float *out)
{
	size_t n = op->in.channels, c;
	size_t pixels = (size_t)op->in.height * op->in.width, p;

	for (p = 0; p < pixels; p++, in += n, out += n) {
		double sum = 0;
		float most = in[0];

		for (c = 1; c < n; c++)
			most = in[c] > most ? in[c] : most;
		for (c = 0; c < n; c++)
			sum += exp((double)in[c] - (double)most);
		for (c = 0; c < n; c++)
			out[c] = (float)(exp((double)in[c] - (double)most) /
					 sum);
	}
}

static void each(const struct ak_op *op, const float *in, float *out)
{
	size_t n = op->in.channels, c, p;
	size_t pixels = (size_t)op->in.height * op->in.width;

	for (p = 0; p < pixels; p++, in += n, out += n) {
		for (c = 0; c < n; c++) {
			float x = in[c], q;

			switch (op->kind) {
			case AK_OP_AFFINE:
				x = x * op->scale[c] + op->shift[c];
				break;
			case AK_OP_RELU:
				x = x > 0 ? x : 0;
				x = x < op->max ? x : op->max;
				break;
			case AK_OP_SPIKE:
				x = x > op->threshold[c];
				break;
			case AK_OP_SIGMOID:
				x = 1.0f / (1.0f + expf(-x));
				break;
			case AK_OP_QUANT:
				q = rintf(x / op->scale[0]) +
				    (float)op->quant_zero;
				if (q < (float)op->quant_lo)
					q = (float)op->quant_lo;
				if (q > (float)op->quant_hi)
					q = (float)op->quant_hi;
				x = (q - (float)op->quant_zero) * op->scale[0];
				break;
			default:
				break;
			}
			out[c] = x;
		}
	}
}

static void run_op(struct ak_eval *e, size_t i, const float *in, float *out)
{
	const struct ak_op *op = &e->g->op[i];
	const uint32_t window[2] = { op->kernel_h, op->kernel_w };
	const uint32_t stride[2] = { op->stride_y, op->stride_x };
	const uint32_t before[2] = { op->pad_top, op->pad_left };

	switch (op->kind) {
	case AK_OP_CONV:
	case AK_OP_DEPTHWISE:
	case AK_OP_DENSE:
		ak_conv_run(&e->conv[i], e->threads, in, 0, e->scratch, out);
		return;
	case AK_OP_MAX_POOL:
		ak_pool_max(in, &op->in, out, &op->out, window, stride, before);
		return;
	case AK_OP_AVG_POOL:
		avg_pool(op, in, out);
		return;
	case AK_OP_GLOBAL_AVG:
		global_avg(op, in, out);
		return;
	case AK_OP_PAD:
		pad(op, in, out);
		return;
	case AK_OP_SOFTMAX:
		softmax(op, in, out);
		return;
	case AK_OP_FLATTEN:
		memcpy(out, in, ak_shape_elements(&op->in) * sizeof(*out));
		return;
	case AK_OP_AFFINE:
	case AK_OP_RELU:
	case AK_OP_SPIKE:
	case AK_OP_SIGMOID:
	case AK_OP_QUANT:
		each(op, in, out);
		return;
	}
}

int ak_eval_run(struct ak_eval *e, const float *in, float *out,
		void (*see)(void *arg, size_t op, const float *data,
			    size_t count),
		void *arg)
{
	const struct ak_graph *g = e->g;
	const float *from = in;
	size_t i;

	for (i = 0; i < g->num_ops; i++) {
		float *to = i + 1 == g->num_ops ? out : e->buffer[i & 1];

		run_op(e, i, from, to);
		if (see)
			see(arg, i, to, ak_shape_elements(&g->op[i].out));
		from = to;
	}
	return 0;
}
