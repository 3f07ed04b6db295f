// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Running a prepared layer: blocks of pixels, panels of filters, tiles of both.
 */
#include <string.h>

#include "npu/internal.h"
#include "npu/reference.h"
#include "npu/winograd.h"

/* A layer that is being run. */
struct job {
	struct npu *n;
	struct npu_layer *y;
	const uint8_t *src;
	uint8_t *mid;
	void *dst;
};

/* What of it: pixels and panels, ends excluded. */
struct part {
	uint32_t first, last, panel, panel_end;
};

static uint32_t panel_filters(const struct npu_layer *y, uint32_t panel)
{
	uint32_t left = y->l->out.channels - panel * y->panel;

	return left < y->panel ? left : y->panel;
}

/* As npu_activation(), by halving: thresholds ascend, 2^bits - 1 of them. */
static uint8_t count_below(const int32_t *t, uint32_t n, int32_t potential)
{
	uint32_t y = 0, step;

	for (step = (n + 1) / 2; step; step /= 2)
		y += t[y + step - 1] < potential ? step : 0;
	return (uint8_t)y;
}

/*
 * Everything that is not an activation by a kernel: @pot has @pixels rows of
 * @ld potentials, of which the first belongs to filter @filter.
 */
static void sink_activate(const struct job *j, uint32_t first, uint32_t pixels,
			  uint32_t filter, uint32_t filters, const int32_t *pot,
			  size_t ld)
{
	const struct npu_layer *y = j->y;
	uint32_t levels = npu_num_thresholds(y->l), p, f;
	uint32_t width = y->l->conv.width;

	for (p = 0; p < pixels; p++, pot += ld) {
		uint8_t *out =
			j->mid + y->mid.origin +
			(first + p) / width * y->mid.pitch +
			(size_t)((first + p) % width) * y->l->conv.channels;

		for (f = 0; f < filters; f++)
			out[filter + f] = count_below(
				y->thresholds + (size_t)(filter + f) * levels,
				levels, pot[f]);
	}
}

static void sink_sum(const struct job *j, uint32_t pixels, uint32_t filter,
		     uint32_t filters, const int32_t *pot, size_t ld)
{
	int32_t *sum = j->n->sums + filter;
	uint32_t p, f;

	for (p = 0; p < pixels; p++, pot += ld)
		for (f = 0; f < filters; f++)
			sum[f] += pot[f];
}

static void sink_potentials(const struct job *j, uint32_t first,
			    uint32_t pixels, uint32_t filter, uint32_t filters,
			    const int32_t *pot, size_t ld)
{
	size_t channels = j->y->l->out.channels;
	int32_t *out = (int32_t *)j->dst + first * channels + filter;
	uint32_t p;

	for (p = 0; p < pixels; p++, pot += ld, out += channels)
		memcpy(out, pot, filters * sizeof(*out));
}

/* Every pooling window that pixel (@y, @x) lies in. */
static void largest(const struct job *j, uint32_t y, uint32_t x,
		    uint32_t filter, uint32_t filters, const int32_t *pot)
{
	const struct ak_layer *l = j->y->l;
	int64_t top = (int64_t)y + l->pool_pad_top;
	int64_t left = (int64_t)x + l->pool_pad_left;
	int64_t oy, ox;
	uint32_t f;

	for (oy = top / l->pool_sy; oy >= 0; oy--) {
		if (oy * l->pool_sy + l->pool_h <= top)
			break;
		for (ox = left / l->pool_sx; ox >= 0; ox--) {
			int32_t *out = j->dst;

			if (ox * l->pool_sx + l->pool_w <= left)
				break;
			if (oy >= l->out.height || ox >= l->out.width)
				continue;
			out += ((size_t)oy * l->out.width + (size_t)ox) *
				       l->out.channels +
			       filter;
			for (f = 0; f < filters; f++)
				if (out[f] < pot[f])
					out[f] = pot[f];
		}
	}
}

static void sink(const struct job *j, uint32_t first, uint32_t pixels,
		 uint32_t filter, uint32_t filters, const int32_t *pot,
		 size_t ld)
{
	uint32_t width = j->y->l->conv.width, p;

	switch (j->y->sink) {
	case NPU_ACTIVATE:
		sink_activate(j, first, pixels, filter, filters, pot, ld);
		break;
	case NPU_POTENTIALS:
		sink_potentials(j, first, pixels, filter, filters, pot, ld);
		break;
	case NPU_SUM:
		sink_sum(j, pixels, filter, filters, pot, ld);
		break;
	case NPU_LARGEST:
		for (p = first; p < first + pixels; p++, pot += ld)
			largest(j, p / width, p % width, filter, filters, pot);
		break;
	}
}

/* Where the windows of a block begin and where their activations go. */
static void point_at_pixels(const struct job *j, struct npu_scratch *s,
			    uint32_t first, uint32_t pixels)
{
	const struct npu_layer *y = j->y;
	const struct ak_layer *l = y->l;
	uint32_t row = first / l->conv.width, x = first % l->conv.width, i = 0;
	size_t step = (size_t)l->stride_x * l->in.channels;
	size_t out_step = l->conv.channels;

	for (; i < pixels; row++, x = 0) {
		const uint8_t *px =
			j->src + row * y->src.pitch * l->stride_y + x * step;
		uint8_t *out = j->mid + y->mid.origin + row * y->mid.pitch +
			       x * out_step;
		uint32_t end = i + l->conv.width - x;

		if (end > pixels)
			end = pixels;
		for (; i < end; i++, px += step, out += out_step) {
			s->px[i] = px;
			s->out[i] = out;
		}
	}
	if (y->kind != NPU_SEPARABLE)
		return;
	for (i = 0; i < pixels; i++)
		s->px[i] = s->bytes + (size_t)i * y->dw.channels;
}

static void depthwise(const struct job *j, struct npu_scratch *s,
		      uint32_t first, uint32_t pixels)
{
	const struct npu_layer *y = j->y;
	const struct ak_layer *l = y->l;
	struct npu_depthwise d = {
		.step = (size_t)l->stride_x * l->in.channels,
		.taps = y->dw.taps,
		.pairs = y->dw.pairs,
		.w = y->dw.w,
		.offset = y->dw.offset,
		.channels = y->dw.channels,
		.small = l->in_max <= INT8_MAX,
		.low = s->bytes,
		.low_pitch = y->dw.channels,
		.high = s->high,
	};

	d.high.stride = y->dw.channels / 4 + NPU_LANES;
	memset(s->high.count, 0, pixels * sizeof(*s->high.count));
	while (pixels) {
		uint32_t row = first / l->conv.width;
		uint32_t x = first % l->conv.width;

		d.windows = l->conv.width - x;
		if (d.windows > pixels)
			d.windows = pixels;
		d.in = j->src + row * y->src.pitch * l->stride_y + x * d.step;
		y->dw.run(&d);
		first += d.windows;
		pixels -= d.windows;
		d.low += d.windows * d.low_pitch;
		d.high.count += d.windows;
		d.high.index += d.windows * d.high.stride;
		d.high.value += d.windows * d.high.stride;
	}
}

/* Accumulators of pixels with high bytes start with the products of these. */
static void set_starts(const struct job *j, struct npu_scratch *s,
		       uint32_t panel, uint32_t pixels)
{
	const struct npu_layer *y = j->y;
	const int32_t *start = y->start + panel * y->panel;
	uint32_t groups = (panel_filters(y, panel) + NPU_LANES - 1) / NPU_LANES;
	size_t stride = y->dw.channels / 4 + NPU_LANES;
	uint32_t i;

	for (i = 0; i < pixels; i++)
		s->start[i] = start;
	if (y->kind != NPU_SEPARABLE)
		return;
	for (i = 0; i < pixels; i++) {
		if (!s->high.count[i])
			continue;
		s->start[i] = s->corrected + (size_t)i * NPU_MAX_PANEL;
		j->n->kernels.high(y->w + panel * y->panel_size, groups,
				   s->high.index + i * stride,
				   s->high.value + i * stride, s->high.count[i],
				   start,
				   s->corrected + (size_t)i * NPU_MAX_PANEL);
	}
}

static void run_panel(const struct job *j, struct npu_scratch *s,
		      uint32_t first, uint32_t pixels, uint32_t panel)
{
	const struct npu_layer *y = j->y;
	const struct npu_kernels *k = &j->n->kernels;
	uint32_t filters = panel_filters(y, panel);
	uint32_t filter = panel * y->panel, groups, i, tiles, most;
	bool fast = y->fast[panel];
	const npu_tile_fn *table;
	struct npu_tile t = {
		.w = y->w + panel * y->panel_size,
		.pitch = y->src.pitch,
		.rows = y->rows,
		.quads = y->quads,
		.filters = filters,
		.room = y->room,
		.max = y->act.max,
		.out_offset = filter,
		.pot = s->pot,
	};

	if (fast) {
		t.mul = y->act.mul + filter;
		t.add = y->act.add + filter;
	}
	groups = (filters + NPU_LANES - 1) / NPU_LANES;
	if (y->wide)
		table = fast ? k->tile_activate_wide : k->tile_wide;
	else
		table = fast ? k->tile_activate : k->tile;
	/* Tiles of about equal size: a small one costs as much as a large. */
	most = k->tile_pixels[groups - 1];
	tiles = (pixels + most - 1) / most;
	for (i = 0; i < pixels; tiles--) {
		uint32_t m = (pixels - i + tiles - 1) / tiles;

		t.px = s->px + i;
		t.out = s->out + i;
		t.start = s->start + i;
		table[groups - 1](&t, m);
		if (!fast)
			sink(j, first + i, m, filter, filters, s->pot,
			     NPU_MAX_PANEL);
		i += m;
	}
}

static void run_part(const struct job *j, struct npu_scratch *s,
		     const struct part *a)
{
	uint32_t first, panel, pixels;

	for (first = a->first; first < a->last; first += pixels) {
		pixels = a->last - first;
		if (pixels > j->y->block)
			pixels = j->y->block;
		if (j->y->kind == NPU_SEPARABLE)
			depthwise(j, s, first, pixels);
		point_at_pixels(j, s, first, pixels);
		for (panel = a->panel; panel < a->panel_end; panel++) {
			set_starts(j, s, panel, pixels);
			run_panel(j, s, first, pixels, panel);
		}
	}
}

/* A separable layer in 32 bits, straight from its weights. */
static void run_plain(const struct job *j, struct npu_scratch *s,
		      const struct part *a)
{
	const struct ak_layer *l = j->y->l;
	uint32_t filters = l->out.channels, c, f, p;
	uint32_t from = a->panel * j->y->panel;
	uint32_t to = a->panel_end * j->y->panel;
	int32_t *pot = s->pot + l->in.channels;

	if (to > filters)
		to = filters;
	for (p = a->first; p < a->last; p++) {
		npu_reference_depthwise(l, j->src + j->y->src.origin,
					p / l->conv.width, p % l->conv.width,
					s->pot);
		memset(pot, 0, (to - from) * sizeof(*pot));
		for (c = 0; c < l->in.channels; c++) {
			const int8_t *w = l->weights_pw + (size_t)c * filters;

			for (f = from; f < to; f++)
				pot[f - from] += w[f] * s->pot[c];
		}
		sink(j, p, 1, from, to - from, pot, 0);
	}
}

static void run_chunk(void *arg, unsigned int chunk, unsigned int thread)
{
	const struct job *j = arg;
	const struct npu_layer *y = j->y;
	uint64_t pixels = (uint64_t)y->l->conv.height * y->l->conv.width;
	uint32_t cx = chunk / y->chunks_n, cn = chunk % y->chunks_n;
	uint32_t rows = y->l->conv.height;
	struct part a = {
		.first = (uint32_t)(pixels * cx / y->chunks_x),
		.last = (uint32_t)(pixels * (cx + 1) / y->chunks_x),
		.panel = y->panels * cn / y->chunks_n,
		.panel_end = y->panels * (cn + 1) / y->chunks_n,
	};

	if (y->kind == NPU_WINOGRAD)
		npu_winograd_run(
			j->n, y, j->src, j->mid, &j->n->scratch[thread],
			(uint32_t)((uint64_t)rows * cx / y->chunks_x),
			(uint32_t)((uint64_t)rows * (cx + 1) / y->chunks_x));
	else if (y->kind == NPU_PLAIN)
		run_plain(j, &j->n->scratch[thread], &a);
	else
		run_part(j, &j->n->scratch[thread], &a);
}

static void pool_pixel(const struct npu_kernels *k, const struct npu_layer *y,
		       const uint8_t *mid, uint32_t oy, uint32_t ox,
		       uint8_t *out)
{
	const struct ak_layer *l = y->l;
	uint32_t channels = l->out.channels, ky, kx;

	memset(out, 0, channels);
	for (ky = 0; ky < l->pool_h; ky++) {
		int64_t py = (int64_t)oy * l->pool_sy + ky - l->pool_pad_top;

		if (py < 0 || py >= l->conv.height)
			continue;
		for (kx = 0; kx < l->pool_w; kx++) {
			int64_t px = (int64_t)ox * l->pool_sx + kx -
				     l->pool_pad_left;

			if (px >= 0 && px < l->conv.width)
				k->max_bytes(out,
					     mid + (size_t)py * y->mid.pitch +
						     (size_t)px * channels,
					     channels);
		}
	}
}

static void pool_chunk(void *arg, unsigned int chunk, unsigned int thread)
{
	const struct job *j = arg;
	const struct npu_layer *y = j->y;
	const struct ak_layer *l = y->l;
	uint32_t row =
		(uint32_t)((uint64_t)l->out.height * chunk / y->chunks_x);
	uint32_t end =
		(uint32_t)((uint64_t)l->out.height * (chunk + 1) / y->chunks_x);
	uint32_t x;

	(void)thread;
	for (; row < end; row++) {
		uint8_t *out =
			(uint8_t *)j->dst + y->dst.origin + row * y->dst.pitch;

		for (x = 0; x < l->out.width; x++, out += l->out.channels)
			pool_pixel(&j->n->kernels, y, j->mid + y->mid.origin,
				   row, x, out);
	}
}

static void finish_sums(const struct job *j)
{
	const struct npu_layer *y = j->y;
	uint32_t levels = npu_num_thresholds(y->l), f;
	const int32_t *sum = j->n->sums;
	uint8_t *out = (uint8_t *)j->dst + y->dst.origin;

	for (f = 0; f < y->l->out.channels; f++)
		out[f] = count_below(y->thresholds + (size_t)f * levels, levels,
				     sum[f]);
}

void npu_run_layer(struct npu *n, struct npu_layer *y, const uint8_t *src,
		   uint8_t *mid, void *dst)
{
	struct job j = { n, y, src, mid, dst };
	size_t filters = y->l->out.channels, i;

	if (y->sink == NPU_SUM)
		memset(n->sums, 0, filters * sizeof(*n->sums));
	if (y->sink == NPU_LARGEST)
		for (i = 0; i < ak_shape_elements(&y->l->out); i++)
			((int32_t *)dst)[i] = INT32_MIN;
	npu_threads_run(n->pool, run_chunk, &j, y->chunks_x * y->chunks_n);
	if (y->sink == NPU_SUM && y->l->activation)
		finish_sums(&j);
	else if (y->sink == NPU_SUM)
		memcpy(dst, n->sums, filters * sizeof(*n->sums));
	if (y->sink == NPU_ACTIVATE && y->l->pool_type == AKIDA_POOL_MAX)
		npu_threads_run(n->pool, pool_chunk, &j, y->chunks_x);
}
