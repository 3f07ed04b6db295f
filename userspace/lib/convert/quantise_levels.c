// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the steps of activations are worth.
 *
 * Every neuron has an act_step of its own, so one that stays small may have
 * finer steps than one that does not; the next layer's weights make up for it.
 * That makes activations more precise and the next layer's integers less even,
 * so its weights' rounding grows. Both are estimated as noise in the next
 * layer's potentials, and what gives the least is taken.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "convert/quantise_step.h"

/* Finest steps, as a share of the coarsest of the layer. */
#define FINEST 0.1f
/* Steps follow ranges to the power of 0, 1/4 ... 1. */
#define POWERS 5
/* Positions that are looked at for the estimate. */
#define MOST_POSITIONS 20000u
/*
 * What scales of least error, and then the search for the best integers, leave
 * of the error of weights that are rounded with the largest one at the end of the
 * scale. Estimates; what comes out hardly depends on them.
 */
#define SCALED 0.6
#define SEARCHED 0.25

/**
 * struct next - weights of the next layer as seen by a channel of this one
 * @w: [k][n], of separable layers pointwise weights times the norm of spatial
 *	ones
 * @own: @w if it was made for this
 * @k: inputs
 * @n: filters
 * @channels: of this layer: input i belongs to channel i % @channels
 * @noise: of a weight, in squared units of its filter's largest
 * @importance: [channels] sum of squared weights
 */
struct next {
	const float *w;
	float *own;
	size_t k, n, channels;
	double noise;
	double *importance;
};

static void next_clear(struct next *x)
{
	free(x->own);
	free(x->importance);
}

/* Pointwise weights times the norm of what is before them. */
static float *join_separable(const struct ak_net_layer *l)
{
	size_t channels = l->in.channels, n = l->filters, c, i;
	size_t taps = (size_t)l->kernel_h * l->kernel_w;
	float *w = malloc(channels * n * sizeof(*w));

	for (c = 0; w && c < channels; c++) {
		float norm = 0;

		for (i = 0; i < taps; i++)
			norm += l->weights[i * channels + c] *
				l->weights[i * channels + c];
		for (i = 0; i < n; i++)
			w[c * n + i] = sqrtf(norm) * l->weights_pw[c * n + i];
	}
	return w;
}

static int next_prepare(struct next *x, const struct ak_quant_step *s)
{
	const struct ak_net_layer *l = s->next;
	double most =
		s->next_bits == 1 ? 1 : (double)(1u << (s->next_bits - 1)) - 1;
	size_t i, f;

	x->channels = l->in.channels;
	x->n = l->filters;
	x->k = l->type == AKIDA_LAYER_FULLY_CONNECTED ?
		       ak_shape_elements(&l->in) :
		       (size_t)l->kernel_h * l->kernel_w * x->channels;
	x->w = l->weights;
	x->noise = (s->o->round ? SEARCHED : SCALED) / (12 * most * most);
	if (l->type == AKIDA_LAYER_SEPARABLE_CONV) {
		x->k = x->channels;
		x->own = join_separable(l);
		x->w = x->own;
	}
	x->importance = calloc(x->channels, sizeof(*x->importance));
	if (!x->w || !x->importance)
		return -ENOMEM;
	for (i = 0; i < x->k; i++)
		for (f = 0; f < x->n; f++)
			x->importance[i % x->channels] +=
				(double)x->w[i * x->n + f] *
				(double)x->w[i * x->n + f];
	return 0;
}

/**
 * struct levels - the choice of steps
 * @s: layer
 * @next: the layer behind
 * @y: [count][n] float activations
 * @count: positions
 * @some: [num_some][n] of them, enough for estimates
 * @num_some: how many
 * @largest: [n] of each neuron
 * @power: [n] mean square of each neuron
 * @ratio: [n] of steps, the coarsest 1
 */
struct levels {
	struct ak_quant_step *s;
	struct next next;
	const float *y;
	size_t count;
	float *some;
	size_t num_some;
	float *largest, *ratio;
	double *power;
};

static void look(struct levels *v)
{
	size_t n = v->s->l->filters, i, c;
	const float *y = v->y;

	for (i = 0; i < v->count; i++, y += n) {
		for (c = 0; c < n; c++) {
			v->largest[c] = fmaxf(v->largest[c], y[c]);
			v->power[c] += (double)y[c] * (double)y[c];
		}
	}
	for (c = 0; c < n; c++)
		v->power[c] /= (double)v->count;
}

static void set_ratios(struct levels *v, float power)
{
	size_t n = v->s->l->filters, c;
	float most = 0;

	for (c = 0; c < n; c++)
		most = fmaxf(most, v->largest[c]);
	for (c = 0; c < n; c++)
		v->ratio[c] = most > 0 ?
				      fmaxf(powf(v->largest[c] / most, power),
					    FINEST) :
				      1;
}

static double find_range(struct levels *v, const float *y, size_t count)
{
	const struct ak_quant_step *s = v->s;
	unsigned int levels = (1u << s->act_bits) - 1;
	const struct ak_net_layer *l = s->l;
	double range;

	if (l->act_scale > 0)
		return (double)l->act_scale * levels;
	if (s->o->range == AK_RANGE_CLIP && isfinite(l->act_max))
		return (double)l->act_max;
	range = ak_range_find(y, count, l->filters, v->ratio, levels, s->o);
	/* Nothing was ever active: any step will do. */
	if (!(range > 0))
		range = isfinite(l->act_max) ? (double)l->act_max : levels;
	return range;
}

static void set_steps(struct levels *v, double range)
{
	struct ak_quant_step *s = v->s;
	unsigned int levels = (1u << s->act_bits) - 1;
	size_t c;

	for (c = 0; c < s->l->filters; c++)
		s->s_out[c] = (float)(fmin(range * (double)v->ratio[c],
					   (double)s->l->act_max) /
				      levels);
	s->range = fmin(range, (double)s->l->act_max);
}

/* Noise of activations in the next layer's potentials, its filters summed. */
static double activation_noise(const struct levels *v)
{
	const struct ak_quant_step *s = v->s;
	float levels = (float)((1u << s->act_bits) - 1);
	size_t n = s->l->filters, i, c;
	const float *y = v->some;
	double noise = 0;

	for (i = 0; i < v->num_some; i++, y += n) {
		for (c = 0; c < n; c++) {
			float step = s->s_out[c];
			float q = fminf(rintf(y[c] / step), levels);
			float d = y[c] - q * step;

			noise += (double)(d * d) * v->next.importance[c];
		}
	}
	return noise / (double)v->num_some;
}

/* Noise of the next layer's weights likewise. */
static double weight_noise(const struct levels *v)
{
	const struct next *x = &v->next;
	const float *s_out = v->s->s_out;
	double power = 0, sum = 0;
	size_t i, f;

	for (i = 0; i < x->k; i++) {
		size_t c = i % x->channels;

		power += v->power[c] / ((double)s_out[c] * (double)s_out[c]);
	}
	for (f = 0; f < x->n; f++) {
		double most = 0;

		for (i = 0; i < x->k; i++)
			most = fmax(most,
				    fabs((double)(x->w[i * x->n + f] *
						  s_out[i % x->channels])));
		sum += most * most;
	}
	return sum * power * x->noise;
}

/* Every position counts alike, so some at equal distances will do. */
static int take_some(struct levels *v)
{
	size_t n = v->s->l->filters, stride, i;

	stride = v->count / MOST_POSITIONS + 1;
	v->num_some = (v->count + stride - 1) / stride;
	v->some = malloc(v->num_some * n * sizeof(*v->some));
	for (i = 0; v->some && i < v->num_some; i++)
		memcpy(v->some + i * n, v->y + i * stride * n,
		       n * sizeof(*v->some));
	return v->some ? 0 : -ENOMEM;
}

static int choose(struct levels *v)
{
	double least = INFINITY;
	float best = 0;
	int p, rc = next_prepare(&v->next, v->s);

	if (!rc)
		rc = take_some(v);
	for (p = 0; p < POWERS && !rc; p++) {
		float power = (float)p / (POWERS - 1);
		double noise;

		set_ratios(v, power);
		set_steps(v, find_range(v, v->some, v->num_some));
		noise = activation_noise(v) + weight_noise(v);
		if (noise < least) {
			least = noise;
			best = power;
		}
	}
	set_ratios(v, best);
	next_clear(&v->next);
	free(v->some);
	return rc;
}

/* May neurons have steps of their own? */
static bool is_free(const struct ak_quant_step *s)
{
	const struct ak_net_layer *l = s->l;

	return s->o->equalise && s->next && s->samples && l->filters > 1 &&
	       !s->o->integer && l->act_scale == 0 &&
	       !(s->o->range == AK_RANGE_CLIP && isfinite(l->act_max)) &&
	       !ak_fit_is_integer(s->next, s->next_bits);
}

int ak_quant_levels(struct ak_quant_step *s)
{
	const struct ak_net_layer *l = s->l;
	size_t n = l->filters, c;
	struct levels v = {
		.s = s,
		.y = s->yf,
		.count = s->samples * l->out.height * l->out.width,
	};
	int rc = 0;

	s->s_out = malloc(n * sizeof(*s->s_out));
	v.largest = calloc(n, sizeof(*v.largest));
	v.ratio = malloc(n * sizeof(*v.ratio));
	v.power = calloc(n, sizeof(*v.power));
	if (!s->s_out || !v.largest || !v.ratio || !v.power) {
		rc = -ENOMEM;
		goto out;
	}
	look(&v);
	for (c = 0; c < n; c++) {
		s->largest = fmax(s->largest, (double)v.largest[c]);
		v.ratio[c] = 1;
		s->s_out[c] = 1;
	}
	if (l->act != AK_NET_RELU) {
		s->range = l->act == AK_NET_SPIKE ? 1 : 0;
		goto out;
	}
	if (is_free(s))
		rc = choose(&v);
	if (!rc)
		set_steps(&v, find_range(&v, v.y, v.count));
out:
	free(v.largest);
	free(v.ratio);
	free(v.power);
	return rc;
}
