// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Convolutions in float. The C loops here are the definition; vector code may
 * differ from them by rounding.
 */
#include "convert/eval.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "akida/device.h"
#include "common/cpu.h"
#include "model/model.h"
#include "npu/threads.h"

static void block_c(const struct ak_eval_window *win, const float *w,
		    const float *bias, float *out, unsigned int pixels)
{
	size_t r, l, n;
	unsigned int p;

	for (p = 0; p < pixels; p++) {
		float *acc = out + (size_t)p * AK_EVAL_LANES;

		memcpy(acc, bias, AK_EVAL_LANES * sizeof(*acc));
		for (r = 0; r < win->rows; r++) {
			const float *in =
				win->in + p * win->step + r * win->row;
			const float *wr = w + r * win->len * AK_EVAL_LANES;

			for (l = 0; l < win->len; l++)
				for (n = 0; n < AK_EVAL_LANES; n++)
					acc[n] += in[l] *
						  wr[l * AK_EVAL_LANES + n];
		}
	}
}

static void depth_c(const struct ak_eval_window *win, const float *w,
		    const float *bias, float *out, size_t channels)
{
	size_t r, l, c;

	memcpy(out, bias, channels * sizeof(*out));
	for (r = 0; r < win->rows; r++) {
		for (l = 0; l < win->len; l++) {
			const float *in =
				win->in + r * win->row + l * win->step;
			const float *wt = w + (r * win->len + l) * channels;

			for (c = 0; c < channels; c++)
				out[c] += in[c] * wt[c];
		}
	}
}

static const struct ak_eval_kernels kernels_c = { block_c, depth_c };

static const struct ak_eval_kernels *choose(void)
{
#ifdef __x86_64__
	if (ak_cpu_flags() & AKIDA_CPU_AVX2)
		return &ak_eval_kernels_avx2;
#endif
	return &kernels_c;
}

static size_t blocks(const struct ak_conv *c)
{
	return (c->out.channels + AK_EVAL_LANES - 1) / AK_EVAL_LANES;
}

int ak_conv_prepare(struct ak_conv *c, const float *weights, const float *bias)
{
	size_t taps = (size_t)c->kernel_h * c->kernel_w, n = c->out.channels;
	size_t k = taps * (c->depthwise ? 1 : c->in.channels), b, i, room;

	if (!c->kernels)
		c->kernels = choose();
	room = c->depthwise ? k * n : blocks(c) * k * AK_EVAL_LANES;
	c->w = calloc(room, sizeof(*c->w));
	c->bias = calloc(blocks(c) * AK_EVAL_LANES, sizeof(*c->bias));
	if (!c->w || !c->bias) {
		ak_conv_clear(c);
		return -ENOMEM;
	}
	if (bias)
		memcpy(c->bias, bias, n * sizeof(*bias));
	if (c->depthwise) {
		memcpy(c->w, weights, k * n * sizeof(*weights));
		return 0;
	}
	for (b = 0; b < blocks(c); b++) {
		size_t first = b * AK_EVAL_LANES, lanes = n - first;

		if (lanes > AK_EVAL_LANES)
			lanes = AK_EVAL_LANES;
		for (i = 0; i < k; i++)
			memcpy(c->w + (b * k + i) * AK_EVAL_LANES,
			       weights + i * n + first,
			       lanes * sizeof(*weights));
	}
	return 0;
}

void ak_conv_clear(struct ak_conv *c)
{
	free(c->w);
	free(c->bias);
	c->w = NULL;
	c->bias = NULL;
}

static bool padded(const struct ak_conv *c)
{
	return c->pad_top || c->pad_left || c->pad_bottom || c->pad_right;
}

size_t ak_conv_scratch(const struct ak_conv *c)
{
	if (!padded(c))
		return 0;
	return ((size_t)c->in.height + c->pad_top + c->pad_bottom) *
	       ((size_t)c->in.width + c->pad_left + c->pad_right) *
	       c->in.channels;
}

static const float *pad(const struct ak_conv *c, const float *in, float outside,
			float *scratch)
{
	size_t width = (size_t)c->in.width + c->pad_left + c->pad_right;
	size_t row = (size_t)c->in.width * c->in.channels, n, i;
	uint32_t y;

	if (!padded(c))
		return in;
	n = ak_conv_scratch(c);
	for (i = 0; i < n; i++)
		scratch[i] = outside;
	for (y = 0; y < c->in.height; y++)
		memcpy(scratch + ((y + (size_t)c->pad_top) * width +
				  c->pad_left) *
					 c->in.channels,
		       in + y * row, row * sizeof(*in));
	return scratch;
}

struct job {
	const struct ak_conv *c;
	const float *in;
	float *out;
	size_t row, groups;
};

static void conv_pixels(const struct job *j, uint32_t y, uint32_t x,
			unsigned int pixels, size_t from, size_t to)
{
	const struct ak_conv *c = j->c;
	struct ak_eval_window win = {
		.in = j->in + (size_t)y * c->stride_y * j->row +
		      (size_t)x * c->stride_x * c->in.channels,
		.row = j->row,
		.step = (size_t)c->stride_x * c->in.channels,
		.rows = c->kernel_h,
		.len = (size_t)c->kernel_w * c->in.channels,
	};
	float sums[AK_EVAL_PIXELS * AK_EVAL_LANES];
	size_t k = win.rows * win.len, n = c->out.channels, b;
	float *out = j->out + ((size_t)y * c->out.width + x) * n;
	unsigned int p;

	for (b = from; b < to; b++) {
		size_t first = b * AK_EVAL_LANES, lanes = n - first;

		if (lanes > AK_EVAL_LANES)
			lanes = AK_EVAL_LANES;
		c->kernels->block(&win, c->w + b * k * AK_EVAL_LANES,
				  c->bias + first, sums, pixels);
		for (p = 0; p < pixels; p++)
			memcpy(out + p * n + first, sums + p * AK_EVAL_LANES,
			       lanes * sizeof(*out));
	}
}

/* A chunk is a row of the output, or a share of its filters. */
static void chunk(void *arg, unsigned int number, unsigned int thread)
{
	const struct job *j = arg;
	const struct ak_conv *c = j->c;
	uint32_t y = number / j->groups, x;
	size_t g = number % j->groups;
	size_t from = blocks(c) * g / j->groups;
	size_t to = blocks(c) * (g + 1) / j->groups;

	(void)thread;
	if (c->depthwise) {
		for (x = 0; x < c->out.width; x++) {
			struct ak_eval_window win = {
				.in = j->in + (size_t)y * c->stride_y * j->row +
				      (size_t)x * c->stride_x * c->in.channels,
				.row = j->row,
				.step = c->in.channels,
				.rows = c->kernel_h,
				.len = c->kernel_w,
			};

			c->kernels->depth(&win, c->w, c->bias,
					  j->out + ((size_t)y * c->out.width +
						    x) * c->out.channels,
					  c->out.channels);
		}
		return;
	}
	for (x = 0; x < c->out.width; x += AK_EVAL_PIXELS) {
		uint32_t left = c->out.width - x;

		conv_pixels(j, y, x,
			    left < AK_EVAL_PIXELS ? left : AK_EVAL_PIXELS, from,
			    to);
	}
}

void ak_conv_run(const struct ak_conv *c, struct npu_threads *threads,
		 const float *in, float outside, float *scratch, float *out)
{
	struct job j = {
		.c = c,
		.in = pad(c, in, outside, scratch),
		.out = out,
		.row = ((size_t)c->in.width + c->pad_left + c->pad_right) *
		       c->in.channels,
		.groups = 1,
	};
	size_t want = 4 * (size_t)npu_threads_count(threads);

	if (!c->depthwise && c->out.height < want) {
		j.groups = (want + c->out.height - 1) / c->out.height;
		if (j.groups > blocks(c))
			j.groups = blocks(c);
	}
	/* At most AK_MAX_SIDE rows, or some 4 chunks for each thread. */
	npu_threads_run(threads, chunk, &j,
			(unsigned int)(c->out.height * j.groups));
}

void ak_pool_max(const float *in, const struct akida_shape *is, float *out,
		 const struct akida_shape *os, const uint32_t window[2],
		 const uint32_t stride[2], const uint32_t pad[2])
{
	size_t n = is->channels, c;
	uint32_t y, x, ky, kx;

	for (y = 0; y < os->height; y++) {
		for (x = 0; x < os->width; x++, out += n) {
			for (c = 0; c < n; c++)
				out[c] = -INFINITY;
			for (ky = 0; ky < window[0]; ky++) {
				int64_t iy =
					(int64_t)y * stride[0] + ky - pad[0];

				if (iy < 0 || iy >= is->height)
					continue;
				for (kx = 0; kx < window[1]; kx++) {
					int64_t ix = (int64_t)x * stride[1] +
						     kx - pad[1];
					const float *p;

					if (ix < 0 || ix >= is->width)
						continue;
					p = in + ((size_t)iy * is->width +
						  (size_t)ix) *
							 n;
					for (c = 0; c < n; c++)
						out[c] = p[c] > out[c] ? p[c] :
									 out[c];
				}
			}
		}
	}
}
