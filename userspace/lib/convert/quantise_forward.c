// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A float layer over all calibration samples, and positions picked from it.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "convert/eval.h"
#include "convert/fold.h"
#include "convert/quantise_step.h"
#include "npu/threads.h"

/* Positions that are collected: some for each weight of a filter. */
#define ROWS_MIN 2048u
#define ROWS_MAX 16384u
#define ROWS_PER_WEIGHT 6u
#define ROWS_BYTES ((size_t)96 << 20)

/**
 * struct forward - a layer's float arithmetic
 * @s: step
 * @conv: convolution, the depthwise one of a separable layer
 * @pw: its pointwise one
 * @shape: of the convolution's output
 * @scratch: for padding
 * @mid: output of the depthwise part
 * @pot: potentials
 * @each: positions of each sample that are collected
 */
struct forward {
	struct ak_quant_step *s;
	struct ak_conv conv, pw;
	struct akida_shape shape;
	float *scratch, *mid, *pot;
	size_t each;
};

static uint32_t windows(bool same, uint32_t size, uint32_t kernel,
			uint32_t stride)
{
	return same ? (size + stride - 1) / stride :
		      (size - kernel) / stride + 1;
}

static int prepare(struct forward *f)
{
	const struct ak_net_layer *l = f->s->l;
	bool separable = l->type == AKIDA_LAYER_SEPARABLE_CONV;
	struct ak_conv *c = &f->conv;
	int rc;

	c->in = l->in;
	c->kernel_h = l->kernel_h;
	c->kernel_w = l->kernel_w;
	c->stride_y = l->stride_y;
	c->stride_x = l->stride_x;
	c->depthwise = separable;
	if (l->type == AKIDA_LAYER_FULLY_CONNECTED) {
		c->in.channels = (uint32_t)ak_shape_elements(&l->in);
		c->in.height = 1;
		c->in.width = 1;
	}
	c->out.height =
		windows(l->same, c->in.height, l->kernel_h, l->stride_y);
	c->out.width = windows(l->same, c->in.width, l->kernel_w, l->stride_x);
	c->out.channels = separable ? l->in.channels : l->filters;
	if (l->same) {
		c->pad_top =
			ak_same_before(c->in.height, l->kernel_h, l->stride_y);
		c->pad_left =
			ak_same_before(c->in.width, l->kernel_w, l->stride_x);
		/* As far as the last window sees. */
		c->pad_bottom = (c->out.height - 1) * l->stride_y + l->kernel_h;
		c->pad_bottom -= c->pad_bottom > c->in.height + c->pad_top ?
					 c->in.height + c->pad_top :
					 c->pad_bottom;
		c->pad_right = (c->out.width - 1) * l->stride_x + l->kernel_w;
		c->pad_right -= c->pad_right > c->in.width + c->pad_left ?
					c->in.width + c->pad_left :
					c->pad_right;
	}
	f->shape = c->out;
	f->shape.channels = l->filters;
	rc = ak_conv_prepare(c, l->weights, separable ? NULL : l->bias);
	if (!rc && separable) {
		f->pw.in = c->out;
		f->pw.out = f->shape;
		f->pw.kernel_h = 1;
		f->pw.kernel_w = 1;
		f->pw.stride_y = 1;
		f->pw.stride_x = 1;
		rc = ak_conv_prepare(&f->pw, l->weights_pw, l->bias);
	}
	f->scratch = malloc((ak_conv_scratch(c) + 1) * sizeof(float));
	f->mid = malloc(ak_shape_elements(&c->out) * sizeof(float));
	f->pot = malloc(ak_shape_elements(&f->shape) * sizeof(float));
	if (!f->scratch || !f->mid || !f->pot)
		rc = -ENOMEM;
	return rc;
}

static void clear(struct forward *f)
{
	ak_conv_clear(&f->conv);
	ak_conv_clear(&f->pw);
	free(f->scratch);
	free(f->mid);
	free(f->pot);
}

static float activate(const struct ak_net_layer *l, size_t n, float z)
{
	switch (l->act) {
	case AK_NET_RELU:
		z = z > 0 ? z : 0;
		return z < l->act_max ? z : l->act_max;
	case AK_NET_SPIKE:
		return z > l->threshold[n];
	case AK_NET_NONE:
		break;
	}
	return z;
}

/* Pooling and activation, as Akida orders them. */
static void finish(struct forward *f, float *y)
{
	const struct ak_net_layer *l = f->s->l;
	size_t n = l->filters, out = ak_shape_elements(&l->out), i;
	size_t pixels = (size_t)f->shape.height * f->shape.width, p;

	if (l->pool == AKIDA_POOL_AVERAGE) {
		memset(y, 0, n * sizeof(*y));
		for (p = 0; p < pixels; p++)
			for (i = 0; i < n; i++)
				y[i] += f->pot[p * n + i];
		for (i = 0; i < n; i++)
			y[i] /= (float)pixels;
	} else if (l->pool == AKIDA_POOL_MAX) {
		const uint32_t window[2] = { l->pool_h, l->pool_w };
		const uint32_t stride[2] = { l->pool_sy, l->pool_sx };
		uint32_t pad[2] = { 0, 0 };

		if (l->same) {
			pad[0] = ak_same_before(f->shape.height, l->pool_h,
						l->pool_sy);
			pad[1] = ak_same_before(f->shape.width, l->pool_w,
						l->pool_sx);
		}
		ak_pool_max(f->pot, &f->shape, y, &l->out, window, stride, pad);
	} else {
		memcpy(y, f->pot, out * sizeof(*y));
	}
	for (i = 0; i < out; i++)
		y[i] = activate(l, i % n, y[i]);
}

static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* Channels under a tap, NULL outside. */
static const uint8_t *tap(const struct forward *f, const uint8_t *x,
			  uint32_t oy, uint32_t ox, uint32_t ky, uint32_t kx)
{
	const struct ak_conv *c = &f->conv;
	int64_t iy = (int64_t)oy * c->stride_y + ky - c->pad_top;
	int64_t ix = (int64_t)ox * c->stride_x + kx - c->pad_left;

	if (iy < 0 || iy >= c->in.height || ix < 0 || ix >= c->in.width)
		return NULL;
	return x + ((size_t)iy * c->in.width + (size_t)ix) * c->in.channels;
}

static void collect_at(const struct forward *f, const uint8_t *xq, uint32_t y,
		       uint32_t x, float *row)
{
	const struct ak_quant_step *s = f->s;
	size_t channels = f->conv.in.channels, c;
	uint32_t ky, kx;

	if (f->conv.depthwise)
		memset(row, 0, channels * sizeof(*row));
	for (ky = 0; ky < f->conv.kernel_h; ky++) {
		for (kx = 0; kx < f->conv.kernel_w; kx++) {
			const uint8_t *p = tap(f, xq, y, x, ky, kx);
			size_t t = (size_t)ky * f->conv.kernel_w + kx;

			if (f->conv.depthwise) {
				for (c = 0; p && c < channels; c++)
					row[c] +=
						(float)(s->main.q[t * channels +
								  c] *
							p[c]);
				continue;
			}
			for (c = 0; c < channels; c++)
				*row++ = p ? (float)p[c] : s->l->pad_value;
		}
	}
}

static void collect(struct forward *f, size_t sample, struct ak_rows *r,
		    uint64_t *state)
{
	size_t pixels = (size_t)f->shape.height * f->shape.width, i;
	const uint8_t *xq = f->s->xq + sample * ak_shape_elements(&f->s->l->in);

	for (i = 0; i < f->each; i++, r->rows++) {
		size_t p = f->each == pixels ? i : next_random(state) % pixels;

		collect_at(f, xq, (uint32_t)(p / f->shape.width),
			   (uint32_t)(p % f->shape.width),
			   r->x + r->rows * r->k);
		memcpy(r->z + r->rows * r->n, f->pot + p * r->n,
		       r->n * sizeof(*r->z));
	}
}

static int plan_rows(struct forward *f, struct ak_rows *r)
{
	const struct ak_quant_step *s = f->s;
	size_t pixels = (size_t)f->shape.height * f->shape.width, want, most;

	memset(r, 0, sizeof(*r));
	r->k = s->pw.w ? s->pw.k : s->main.k;
	r->n = s->l->filters;
	want = r->k * ROWS_PER_WEIGHT;
	want = want < ROWS_MIN ? ROWS_MIN : want > ROWS_MAX ? ROWS_MAX : want;
	most = ROWS_BYTES / ((r->k + r->n) * sizeof(float));
	want = want < most ? want : most;
	f->each = (want + s->samples - 1) / s->samples;
	f->each = f->each < pixels ? f->each : pixels;
	r->x = malloc(f->each * s->samples * r->k * sizeof(float));
	r->z = malloc(f->each * s->samples * r->n * sizeof(float));
	return r->x && r->z ? 0 : -ENOMEM;
}

int ak_quant_forward(struct ak_quant_step *s, struct ak_rows *rows)
{
	size_t in = ak_shape_elements(&s->l->in), i;
	size_t out = ak_shape_elements(&s->l->out);
	struct forward f = { .s = s };
	uint64_t state = s->seed;
	int rc = prepare(&f);

	s->yf = malloc((s->samples * out + 1) * sizeof(*s->yf));
	if (!s->yf)
		rc = -ENOMEM;
	if (!rc && rows)
		rc = plan_rows(&f, rows);
	for (i = 0; i < s->samples && !rc; i++) {
		bool separable = f.conv.depthwise;

		ak_conv_run(&f.conv, s->threads, s->xf + i * in, s->outside,
			    f.scratch, separable ? f.mid : f.pot);
		if (separable)
			ak_conv_run(&f.pw, s->threads, f.mid, 0, NULL, f.pot);
		if (rows)
			collect(&f, i, rows, &state);
		finish(&f, s->yf + i * out);
	}
	clear(&f);
	return rc;
}
