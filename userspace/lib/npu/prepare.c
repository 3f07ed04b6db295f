// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Load time: choose how each layer is run, pack its weights, and prove that
 * what its kernels compute cannot leave the numbers they compute it in.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "npu/activation.h"
#include "npu/internal.h"
#include "npu/reference.h"
#include "npu/winograd.h"

/* Below this many multiply-adds, waking threads costs more than it saves. */
#define SMALL_LAYER 150000u
/* Bytes of a block's windows that should stay in the first level cache. */
#define BLOCK_BYTES 24576u
#define MAX_BLOCK 192u
#define MAX_CHUNKS 4096u

static size_t round_up(size_t v, size_t to)
{
	return (v + to - 1) / to * to;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static int make_thresholds(struct npu *n, struct npu_layer *y,
			   struct ak_err *err)
{
	uint32_t levels = npu_num_thresholds(y->l), filters, i;

	filters = y->l->out.channels;
	if (!levels)
		return 0;
	y->thresholds =
		npu_alloc(n, (size_t)filters * levels * sizeof(*y->thresholds));
	if (!y->thresholds)
		return -ENOMEM;
	for (i = 0; i < filters; i++)
		if (npu_thresholds(y->l, i, n->target,
				   y->thresholds + (size_t)i * levels))
			return ak_errf(
				err, -ERANGE,
				"layer '%s': act_step[%u] is %g; %s holds steps from 1/16 to below 65536 in sixteenths (inferred)",
				y->l->name, i, (double)y->l->act_step[i],
				akida_target_name(n->target));
	return 0;
}

/* The weight of filter @f for byte @t of run @row of a window. */
static int8_t weight_at(const struct ak_layer *l, uint32_t row, uint32_t t,
			uint32_t f)
{
	uint32_t c = t % l->in.channels, x = t / l->in.channels;
	size_t filters = l->out.channels, at;

	switch (l->type) {
	case AKIDA_LAYER_FULLY_CONNECTED:
		/* Stored (c, y, x); maps are (y, x, c). */
		at = (size_t)c * l->in.height * l->in.width + x;
		return l->weights[at * filters + f];
	case AKIDA_LAYER_SEPARABLE_CONV:
		return l->weights_pw[t * filters + f];
	case AKIDA_LAYER_INPUT_CONV:
		at = (size_t)x * l->kernel_h + row;
		break;
	default:
		at = (size_t)(l->kernel_w - 1 - x) * l->kernel_h +
		     (l->kernel_h - 1 - row);
		break;
	}
	return l->weights[(at * l->in.channels + c) * filters + f];
}

/* Bytes in each run of a window. */
static uint32_t run_length(const struct ak_layer *l)
{
	if (l->type == AKIDA_LAYER_FULLY_CONNECTED)
		return (uint32_t)ak_shape_elements(&l->in);
	if (l->type == AKIDA_LAYER_SEPARABLE_CONV)
		return l->in.channels;
	return l->kernel_w * l->in.channels;
}

/* Filters of panel @p, rounded up to whole groups. */
static uint32_t panel_width(const struct npu_layer *y, uint32_t p)
{
	uint32_t left = y->l->out.channels - p * y->panel;

	return (uint32_t)round_up(least(left, y->panel), NPU_LANES);
}

static int pack_weights(struct npu *n, struct npu_layer *y)
{
	const struct ak_layer *l = y->l;
	uint32_t length = run_length(l), p, row, q, f, b;
	size_t filters = round_up(l->out.channels, NPU_LANES);

	y->panel = n->kernels.panel;
	y->panels = (l->out.channels + y->panel - 1) / y->panel;
	y->rows = l->type == AKIDA_LAYER_CONV ||
				  l->type == AKIDA_LAYER_INPUT_CONV ?
			  l->kernel_h :
			  1;
	y->quads = (length + 3) / 4;
	y->panel_size = (size_t)y->rows * y->quads * y->panel * 4;
	if (y->kind == NPU_PLAIN)
		return 0;
	y->w = npu_alloc(n, (size_t)y->rows * y->quads * filters * 4);
	y->start = npu_alloc(n, filters * sizeof(*y->start));
	if (!y->w || !y->start)
		return -ENOMEM;
	for (p = 0; p < y->panels; p++) {
		int8_t *w = y->w + p * y->panel_size;
		uint32_t width = panel_width(y, p);

		for (row = 0; row < y->rows; row++)
			for (q = 0; q < y->quads; q++)
				for (f = 0; f < width; f++)
					for (b = 0; b < 4; b++, w++) {
						uint32_t k = p * y->panel + f;

						if (k < l->out.channels &&
						    4 * q + b < length)
							*w = weight_at(
								l, row,
								4 * q + b, k);
					}
	}
	return 0;
}

static uint32_t largest_byte(const struct ak_layer *l)
{
	if (l->type == AKIDA_LAYER_SEPARABLE_CONV)
		return 255;
	if (l->type == AKIDA_LAYER_INPUT_CONV && l->padding_value > l->in_max)
		return l->padding_value;
	return l->in_max;
}

static uint32_t largest_weight(const int8_t *w, size_t n)
{
	uint32_t largest = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		uint32_t v = (uint32_t)(w[i] < 0 ? -w[i] : w[i]);

		if (v > largest)
			largest = v;
	}
	return largest;
}

/* What is added here is added to every output of the filter. */
static int32_t *start_of(struct npu_layer *y, uint32_t f)
{
	if (y->kind != NPU_WINOGRAD)
		return &y->start[f];
	return &y->start[f / NPU_LANES * NPU_WINO_TAPS * NPU_LANES + NPU_LANES +
			 f % NPU_LANES];
}

/*
 * Start values and activations. Where activations follow at once, the
 * threshold goes into the start value: accumulators are small near it, so
 * that their conversion to float keeps every bit that matters.
 */
static int make_activations(struct npu *n, struct npu_layer *y, int64_t *lo,
			    int64_t *hi)
{
	const struct ak_layer *l = y->l;
	uint32_t levels = npu_num_thresholds(l), f;
	size_t filters = round_up(l->out.channels, NPU_LANES);
	int64_t scale = y->kind == NPU_WINOGRAD ? NPU_WINO_SCALE : 1;
	bool all = true;

	y->fast = npu_alloc(n, y->panels * sizeof(*y->fast));
	if (!y->fast)
		return -ENOMEM;
	if (y->sink != NPU_ACTIVATE || y->kind == NPU_PLAIN ||
	    !n->kernels.fused)
		return 0;
	y->act.mul = npu_alloc(n, filters * sizeof(*y->act.mul));
	y->act.add = npu_alloc(n, filters * sizeof(*y->act.add));
	if (!y->act.mul || !y->act.add)
		return -ENOMEM;
	y->act.max = levels;
	ak_layer_bounds_all(l, lo, hi);
	for (f = 0; f < l->out.channels; f++) {
		int64_t bias = -(int64_t)l->threshold[f];
		double step = (double)l->act_step[f] * (1 << (4 - l->act_bits));
		uint32_t p = f / y->panel;

		if (f % y->panel == 0)
			y->fast[p] = true;
		if (!npu_activation_fit(y->thresholds + (size_t)f * levels,
					levels, step, bias, scale, lo[f], hi[f],
					&y->act.mul[f], &y->act.add[f]))
			y->fast[p] = false;
	}
	for (f = 0; f < l->out.channels; f++) {
		if (y->fast[f / y->panel])
			*start_of(y, f) = (int32_t)((uint32_t)*start_of(y, f) -
						    (uint32_t)l->threshold[f] *
							    (uint32_t)scale);
		else
			all = false;
	}
	if (all) {
		npu_release(n, y->thresholds);
		y->thresholds = NULL;
	}
	return 0;
}

/*
 * Depthwise results go into the product as bytes. The offset moves as many
 * of them as possible into 0..255; @high handles the rest. Where the range is
 * wider than a byte, the middle is put where inputs of an average of a sixth
 * of the largest put it: activations are mostly small.
 */
static int64_t byte_offset(const struct ak_layer *l, uint32_t c, int64_t lo,
			   int64_t hi)
{
	size_t taps = (size_t)l->kernel_w * l->kernel_h, i;
	int64_t sum = 0;

	if (hi - lo <= 255)
		return -lo;
	for (i = 0; i < taps; i++)
		sum += l->weights[i * l->in.channels + c];
	return 128 - sum * (int64_t)l->in_max / 6;
}

/* Can the depthwise kernels, which have 16 bits, compute this layer? */
static bool depthwise_fits(const struct ak_layer *l)
{
	size_t taps = (size_t)l->kernel_w * l->kernel_h;
	int64_t lo, hi, offset;
	uint32_t c;

	if (2 * largest_weight(l->weights, taps * l->in.channels) * l->in_max >
	    INT16_MAX)
		return false;
	for (c = 0; c < l->in.channels; c++) {
		ak_layer_depthwise_bounds(l, c, &lo, &hi);
		offset = byte_offset(l, c, lo, hi);
		if (offset < INT16_MIN || offset > INT16_MAX ||
		    lo + offset < INT16_MIN || hi + offset > INT16_MAX)
			return false;
	}
	return true;
}

static void pack_depthwise(struct npu_layer *y, uint32_t block)
{
	const struct ak_layer *l = y->l;
	uint32_t taps = l->kernel_w * l->kernel_h, half = block / 2;
	uint32_t b, h, j, t;
	int64_t lo, hi;

	for (b = 0; b < y->dw.channels; b += block) {
		int8_t *w = y->dw.w + (size_t)b * y->dw.pairs * 2;

		for (h = 0; h < 2; h++) {
			for (j = 0; j < half; j++) {
				uint32_t c = b + j / 8 * 16 + h * 8 + j % 8;

				if (c >= l->in.channels)
					continue;
				for (t = 0; t < taps; t++) {
					uint32_t ky = t / l->kernel_w;
					uint32_t kx = t % l->kernel_w;
					size_t at =
						(size_t)(l->kernel_w - 1 - kx) *
							l->kernel_h +
						(l->kernel_h - 1 - ky);

					w[(t / 2 * 2 + h) * block + j * 2 +
					  t % 2] =
						l->weights[at * l->in.channels +
							   c];
				}
				ak_layer_depthwise_bounds(l, c, &lo, &hi);
				y->dw.offset[b + h * half + j] =
					(int16_t)byte_offset(l, c, lo, hi);
			}
		}
	}
}

static int prepare_depthwise(struct npu *n, struct npu_layer *y)
{
	const struct ak_layer *l = y->l;
	const struct npu_kernels *k = &n->kernels;
	uint32_t taps = l->kernel_w * l->kernel_h, block, rest, c, f;
	size_t pitch;
	int64_t lo, hi;

	block = k->depthwise_block;
	y->dw.run = k->depthwise;
	rest = l->in.channels % block;
	if (rest && rest <= k->depthwise_small_block) {
		block = k->depthwise_small_block;
		y->dw.run = k->depthwise_small;
	}
	y->dw.channels = (uint32_t)round_up(l->in.channels, block);
	y->dw.pairs = (taps + 1) / 2;
	y->dw.w = npu_alloc(n, (size_t)y->dw.channels * y->dw.pairs * 2);
	y->dw.offset = npu_alloc(n, y->dw.channels * sizeof(*y->dw.offset));
	y->dw.taps = npu_alloc(n, y->dw.pairs * 2 * sizeof(*y->dw.taps));
	if (!y->dw.w || !y->dw.offset || !y->dw.taps)
		return -ENOMEM;
	pack_depthwise(y, block);
	pitch = ((size_t)l->pad_left + l->in.width + l->pad_right) *
		l->in.channels;
	for (f = 0; f < taps; f++)
		y->dw.taps[f] =
			(int32_t)(f / l->kernel_w * pitch +
				  (size_t)(f % l->kernel_w) * l->in.channels);
	/* What the offsets add to each potential is taken off beforehand. */
	for (c = 0; c < l->in.channels; c++) {
		const int8_t *w = l->weights_pw + (size_t)c * l->out.channels;

		ak_layer_depthwise_bounds(l, c, &lo, &hi);
		lo = byte_offset(l, c, lo, hi);
		for (f = 0; f < l->out.channels; f++)
			y->start[f] = (int32_t)((uint32_t)y->start[f] -
						(uint32_t)(lo * w[f]));
	}
	return 0;
}

/* How the work is split among threads. */
static void split(struct npu *n, struct npu_layer *y)
{
	uint32_t threads = npu_threads_count(n->pool);
	uint32_t pixels = y->l->conv.height * y->l->conv.width;
	uint32_t width = panel_width(y, 0), block = MAX_BLOCK;
	uint32_t tile = n->kernels.tile_pixels[width / NPU_LANES - 1];
	/* A few more chunks than threads: not all run all the time. */
	uint32_t chunks = (uint32_t)least(4 * (size_t)threads, MAX_CHUNKS);

	y->chunks_x = 1;
	y->chunks_n = 1;
	if (y->kind == NPU_WINOGRAD) {
		/* By rows, and not many: they share rows of the input. */
		if (threads > 1 && ak_layer_macs(y->l) >= SMALL_LAYER)
			y->chunks_x =
				(uint32_t)least(2 * threads, y->l->conv.height);
		return;
	}
	if (threads > 1 && ak_layer_macs(y->l) >= SMALL_LAYER) {
		if (y->sink == NPU_SUM || y->sink == NPU_LARGEST ||
		    pixels < 4 * tile)
			y->chunks_n = (uint32_t)least(y->panels, chunks);
		else
			y->chunks_x =
				(uint32_t)least(chunks, pixels / (2 * tile));
	}
	if (y->kind == NPU_SEPARABLE)
		block = (uint32_t)least(block, BLOCK_BYTES / y->dw.channels);
	block -= block % tile;
	y->block = block ? block : tile;
}

static enum npu_sink choose_sink(const struct ak_layer *l)
{
	if (l->pool_type == AKIDA_POOL_AVERAGE)
		return NPU_SUM;
	if (l->activation)
		return NPU_ACTIVATE;
	return l->pool_type == AKIDA_POOL_MAX ? NPU_LARGEST : NPU_POTENTIALS;
}

static bool all_fast(const struct npu_layer *y)
{
	uint32_t p;

	for (p = 0; p < y->panels; p++)
		if (!y->fast[p])
			return false;
	return true;
}

/* Winograd has no other way to activations: it is all panels or none. */
static int try_winograd(struct npu *n, struct npu_layer *y, int64_t *bounds,
			bool *taken)
{
	int rc;

	*taken = false;
	if (!n->kernels.winograd_wins || y->sink != NPU_ACTIVATE ||
	    !npu_winograd_possible(y->l))
		return 0;
	y->kind = NPU_WINOGRAD;
	rc = npu_winograd_pack(n, y);
	if (!rc)
		rc = make_activations(n, y, bounds,
				      bounds + y->l->out.channels);
	if (rc)
		return rc;
	*taken = all_fast(y);
	if (*taken)
		return 0;
	npu_release(n, y->w);
	npu_release(n, y->start);
	npu_release(n, y->fast);
	npu_release(n, y->act.mul);
	npu_release(n, y->act.add);
	return 0;
}

/* What products of inputs and weights need. */
static void set_room(const struct npu *n, struct npu_layer *y, uint32_t weight)
{
	uint32_t input = largest_byte(y->l), pair;
	bool wide = input > INT8_MAX;

	if (n->kernels.signed_inputs && wide)
		input = 128;
	pair = 2 * input * weight;
	y->room = INT16_MAX / (pair ? pair : 1);
	y->wide = n->kernels.signed_inputs ? wide : !y->room;
}

/* Kernels that take 128 off each input lack this in every potential. */
static void make_up_for_128(struct npu_layer *y)
{
	const int8_t *w = y->w;
	uint32_t p, i, f, b, width;

	for (p = 0; p < y->panels; p++) {
		int32_t *start = y->start + p * y->panel;

		width = panel_width(y, p);
		for (i = 0; i < y->rows * y->quads; i++)
			for (f = 0; f < width; f++)
				for (b = 0; b < 4; b++, w++)
					start[f] =
						(int32_t)((uint32_t)start[f] +
							  128u * (uint32_t)*w);
	}
}

static int prepare_direct(struct npu *n, struct npu_layer *y, int64_t *bounds)
{
	const struct ak_layer *l = y->l;
	bool separable = l->type == AKIDA_LAYER_SEPARABLE_CONV;
	const int8_t *w = separable ? l->weights_pw : l->weights;
	size_t weights = ak_layer_num_weights(l, separable);
	int rc;

	y->kind = separable ? NPU_SEPARABLE : NPU_DIRECT;
	if (separable && !depthwise_fits(l))
		y->kind = NPU_PLAIN;
	set_room(n, y, largest_weight(w, weights));
	rc = pack_weights(n, y);
	if (!rc && y->w && y->wide && n->kernels.signed_inputs)
		make_up_for_128(y);
	if (!rc && y->kind == NPU_SEPARABLE)
		rc = prepare_depthwise(n, y);
	return rc ? rc :
		    make_activations(n, y, bounds, bounds + l->out.channels);
}

static int prepare_fast(struct npu *n, struct npu_layer *y)
{
	int64_t *bounds =
		malloc(2 * (size_t)y->l->out.channels * sizeof(*bounds));
	bool taken;
	int rc;

	if (!bounds)
		return -ENOMEM;
	y->sink = choose_sink(y->l);
	rc = try_winograd(n, y, bounds, &taken);
	if (!rc && !taken)
		rc = prepare_direct(n, y, bounds);
	free(bounds);
	if (rc)
		return rc;
	y->name = n->kernels.name;
	if (y->kind == NPU_WINOGRAD)
		y->name = n->kernels.winograd_name;
	else if (y->kind == NPU_PLAIN)
		y->name = "plain";
	split(n, y);
	return 0;
}

int npu_prepare_layer(struct npu *n, struct npu_layer *y, struct ak_err *err)
{
	int rc;

	if (y->l->type == AKIDA_LAYER_INPUT_DATA) {
		y->kind = NPU_INPUT;
		y->name = "input";
		return 0;
	}
	rc = make_thresholds(n, y, err);
	if (rc || !n->reference)
		return rc ? rc : prepare_fast(n, y);
	y->kind = NPU_REFERENCE;
	y->name = "reference";
	return 0;
}

void npu_map_padding(const struct npu_layer *y, uint32_t *left, uint32_t *right,
		     uint32_t *top, uint32_t *bottom)
{
	if (y->kind == NPU_REFERENCE || y->kind == NPU_PLAIN)
		return;
	*left = y->l->pad_left;
	*right = y->l->pad_right;
	*top = y->l->pad_top;
	*bottom = y->l->pad_bottom;
	/* The last tile may reach further; what it reads must be in range. */
	if (y->kind == NPU_WINOGRAD)
		*right = npu_winograd_tiles(y->l) * NPU_WINO_OUT + 2 -
			 y->l->in.width - *left;
}
