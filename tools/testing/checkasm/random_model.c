// SPDX-License-Identifier: GPL-2.0
/*
 * Layers are drawn so that every branch of the preparation is taken now and
 * then, not so that the result looks like a network that somebody would train.
 */
#include "random_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* splitmix64 */
uint32_t rng_next(struct rng *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (uint32_t)((z ^ z >> 31) >> 32);
}

uint32_t rng_below(struct rng *r, uint32_t n)
{
	return (uint32_t)((uint64_t)rng_next(r) * n >> 32);
}

int32_t rng_range(struct rng *r, int32_t lo, int32_t hi)
{
	return (int32_t)((uint32_t)lo +
			 rng_below(r, (uint32_t)hi - (uint32_t)lo + 1));
}

static bool one_in(struct rng *r, uint32_t n)
{
	return rng_below(r, n) == 0;
}

static uint32_t draw_channels(struct rng *r, unsigned int size)
{
	static const uint32_t usual[] = { 1, 2, 3, 4, 8, 16, 32, 64, 128 };

	if (one_in(r, 12) && size)
		return 1 + rng_below(r, 300);
	if (one_in(r, 2))
		return usual[rng_below(r, size ? 9 : 7)];
	return 1 + rng_below(r, size ? 80 : 24);
}

static uint32_t draw_side(struct rng *r, unsigned int size)
{
	if (one_in(r, 8))
		return 1 + rng_below(r, 3);
	return 1 + size * 3 + rng_below(r, 10 + 10 * size);
}

static uint32_t draw_kernel(struct rng *r)
{
	static const uint32_t usual[] = { 1, 3, 3, 3, 3, 3, 5, 7 };

	return one_in(r, 6) ? 1 + rng_below(r, 8) : usual[rng_below(r, 8)];
}

static uint32_t draw_bits(struct rng *r, bool eight)
{
	static const uint32_t bits[] = { 4, 1, 2, 4, 8 };

	return bits[rng_below(r, eight ? 5 : 4)];
}

static void draw_window(struct rng *r, struct ak_layer *l)
{
	l->kernel_w = draw_kernel(r);
	l->kernel_h = one_in(r, 3) ? draw_kernel(r) : l->kernel_w;
	l->stride_x = one_in(r, 2) ? 1 : 1 + rng_below(r, 3);
	l->stride_y = one_in(r, 4) ? 1 + rng_below(r, 3) : l->stride_x;
	l->padding = one_in(r, 3) ? AKIDA_PADDING_VALID : AKIDA_PADDING_SAME;
	if (l->type == AKIDA_LAYER_INPUT_CONV && one_in(r, 2))
		l->padding_value = rng_below(r, 256);
	if (one_in(r, 3)) {
		l->pool_type = AKIDA_POOL_MAX;
		l->pool_w = 1 + rng_below(r, 3);
		l->pool_h = one_in(r, 3) ? 1 + rng_below(r, 3) : l->pool_w;
		l->pool_sx = one_in(r, 3) ? 1 + rng_below(r, 3) : 0;
		l->pool_sy = one_in(r, 3) ? 1 + rng_below(r, 3) : 0;
	} else if (one_in(r, 6)) {
		l->pool_type = AKIDA_POOL_AVERAGE;
	}
}

static int8_t *draw_weights(struct rng *r, size_t n, uint32_t bits)
{
	int32_t hi = bits == 1 ? 1 : (1 << (bits - 1)) - 1;
	/* The files are symmetric; the rules allow one more below. */
	int32_t lo = bits > 1 && one_in(r, 4) ? -hi - 1 : -hi;
	uint32_t style = rng_below(r, 5);
	int8_t *w = malloc(n ? n : 1);
	size_t i;

	for (i = 0; w && i < n; i++) {
		w[i] = (int8_t)rng_range(r, lo, hi);
		if (style == 0 && rng_below(r, 3))
			w[i] = 0;
		else if (style == 1)
			w[i] = (int8_t)(rng_below(r, 8) ? hi : lo);
		else if (style == 2)
			w[i] = (int8_t)lo;
	}
	return w;
}

/* Thresholds and steps that leave most activations between the extremes. */
static bool draw_neurons(struct rng *r, struct ak_layer *l)
{
	uint32_t n = l->out.channels, i;
	int32_t *threshold = malloc(n * sizeof(*threshold));
	float *step = malloc(n * sizeof(*step));
	int64_t *bounds = malloc(2 * n * sizeof(*bounds));
	bool wild = one_in(r, 10);

	l->threshold = threshold;
	l->act_step = step;
	if (!threshold || !step || !bounds) {
		free(bounds);
		return false;
	}
	ak_layer_bounds_all(l, bounds, bounds + n);
	for (i = 0; i < n; i++) {
		double range = (double)(bounds[n + i] - bounds[i]) / 8 + 1;
		int32_t third =
			range < 3e8 ? (int32_t)(range / 3) + 1 : 100000000;

		threshold[i] = rng_range(r, -third, third);
		step[i] = (float)(range / 16 * (rng_below(r, 1000) + 1) / 500);
		if (one_in(r, 8))
			step[i] = (float)(1 + rng_below(r, 40)) / 16;
		if (wild && one_in(r, 3)) {
			static const float steps[] = { 1e-30f, 1e-3f, 0.01f,
						       1e6f, 1e30f };

			step[i] = steps[rng_below(r, 5)];
		}
		if (wild && one_in(r, 3))
			threshold[i] =
				one_in(r, 2) ? INT32_MAX - 5 : INT32_MIN + 5;
	}
	free(bounds);
	return true;
}

/* ak_layer_resolve() needs the arrays, whose sizes follow from shapes. */
static bool draw_arrays(struct rng *r, struct ak_layer *l,
			const struct ak_layer *prev)
{
	if (prev) {
		l->in = prev->out;
		l->in_bits = prev->type == AKIDA_LAYER_INPUT_DATA ?
				     prev->in_bits :
				     prev->act_bits;
	}
	l->in_max = (1u << l->in_bits) - 1;
	if (l->type == AKIDA_LAYER_INPUT_DATA)
		return true;
	l->weights = draw_weights(r, ak_layer_num_weights(l, false),
				  l->weights_bits);
	if (l->type == AKIDA_LAYER_SEPARABLE_CONV)
		l->weights_pw = draw_weights(r, ak_layer_num_weights(l, true),
					     l->weights_bits);
	return l->weights &&
	       (l->type != AKIDA_LAYER_SEPARABLE_CONV || l->weights_pw) &&
	       draw_neurons(r, l);
}

static void draw_type(struct rng *r, struct ak_layer *l,
		      const struct ak_layer *prev, unsigned int size)
{
	if (!prev) {
		l->type = one_in(r, 3) ? AKIDA_LAYER_INPUT_DATA :
					 AKIDA_LAYER_INPUT_CONV;
		l->in.height = draw_side(r, size);
		l->in.width = draw_side(r, size);
		l->in.channels = one_in(r, 2) ? 3 : 1 + rng_below(r, 4);
		l->in_bits = 8;
		if (l->type == AKIDA_LAYER_INPUT_DATA) {
			l->in.channels = draw_channels(r, size);
			l->in_bits = 1 + rng_below(r, 8);
		}
		return;
	}
	switch (rng_below(r, 8)) {
	case 0:
		l->type = AKIDA_LAYER_FULLY_CONNECTED;
		break;
	case 1:
	case 2:
	case 3:
		l->type = AKIDA_LAYER_SEPARABLE_CONV;
		break;
	default:
		l->type = AKIDA_LAYER_CONV;
		break;
	}
}

static bool draw_layer(struct rng *r, struct ak_layer *l,
		       const struct ak_layer *prev, bool last,
		       unsigned int size)
{
	draw_type(r, l, prev, size);
	l->weights_bits = draw_bits(r, true);
	l->act_bits = draw_bits(r, false);
	l->activation = !last || one_in(r, 2);
	if (l->type == AKIDA_LAYER_FULLY_CONNECTED) {
		l->kernel_w = 1;
		l->kernel_h = 1;
	} else if (l->type != AKIDA_LAYER_INPUT_DATA) {
		draw_window(r, l);
	}
	l->conv.channels = draw_channels(r, size);
	l->out.channels = l->conv.channels;
	return draw_arrays(r, l, prev) &&
	       !ak_layer_resolve(l, prev, last, NULL);
}

bool random_model_new(struct random_model *rm, struct rng *r, unsigned int size)
{
	uint32_t n = 1 + rng_below(r, 5), i;
	bool ok;

	memset(rm, 0, sizeof(*rm));
	rm->m.layers = calloc(n, sizeof(*rm->m.layers));
	rm->names = calloc(n, sizeof(*rm->names));
	ok = rm->m.layers && rm->names;
	for (i = 0; ok && i < n; i++) {
		struct ak_layer *l = &rm->m.layers[i];

		rm->m.num_layers = i + 1;
		snprintf(rm->names[i], sizeof(rm->names[i]), "layer_%u", i);
		l->name = rm->names[i];
		ok = draw_layer(r, l, i ? l - 1 : NULL, i + 1 == n, size);
	}
	if (!ok)
		random_model_free(rm);
	return ok;
}

void random_model_free(struct random_model *rm)
{
	uint32_t i;

	for (i = 0; rm->m.layers && i < rm->m.num_layers; i++) {
		struct ak_layer *l = &rm->m.layers[i];

		free((void *)l->weights);
		free((void *)l->weights_pw);
		free((void *)l->threshold);
		free((void *)l->act_step);
	}
	free(rm->m.layers);
	free(rm->names);
	memset(rm, 0, sizeof(*rm));
}

void random_model_input(const struct random_model *rm, struct rng *r,
			uint8_t *in)
{
	const struct ak_layer *l = &rm->m.layers[0];
	size_t n = ak_shape_elements(&l->in), i;
	uint32_t style = rng_below(r, 6), v = rng_below(r, l->in_max + 1);

	for (i = 0; i < n; i++) {
		if (style == 0)
			in[i] = 0;
		else if (style == 1)
			in[i] = (uint8_t)l->in_max;
		else if (style == 2)
			in[i] = (uint8_t)((v + i / 7) & l->in_max);
		else
			in[i] = (uint8_t)(rng_next(r) & l->in_max);
	}
}

void random_model_print(const struct random_model *rm)
{
	uint32_t i;

	for (i = 0; i < rm->m.num_layers; i++) {
		const struct ak_layer *l = &rm->m.layers[i];

		printf("# %u: %s %ux%ux%u (%u bits) -> %ux%ux%u -> %ux%ux%u, kernel %ux%u, stride %ux%u, padding %d value %u, pool %d %ux%u stride %ux%u, weights %u, act %u %s\n",
		       i, akida_layer_type_name(l->type), l->in.height,
		       l->in.width, l->in.channels, l->in_bits, l->conv.height,
		       l->conv.width, l->conv.channels, l->out.height,
		       l->out.width, l->out.channels, l->kernel_w, l->kernel_h,
		       l->stride_x, l->stride_y, l->padding, l->padding_value,
		       l->pool_type, l->pool_w, l->pool_h, l->pool_sx,
		       l->pool_sy, l->weights_bits, l->act_bits,
		       l->activation ? "on" : "off");
	}
}
