// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Weights, ranges, thresholds and steps of one layer.
 */
#include "convert/quantise_step.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Above this many weights of a filter, rounding looks at weights alone. */
#define MAX_ROUNDED 2304u
/* Neurons without weights: steps of that many units keep their bias. */
#define IDLE_STEP 16
/* What boards hold; and of thresholds what corrected biases leave room for. */
#define MAX_STEP 65535.0
#define MAX_THRESHOLD 524287.0
#define ROOM 0.9

static void clear_fit(struct ak_fit *f)
{
	free((float *)f->w);
	free(f->q);
	free(f->scale);
	free(f->exact);
	memset(f, 0, sizeof(*f));
}

void ak_quant_step_clear(struct ak_quant_step *s)
{
	clear_fit(&s->main);
	clear_fit(&s->pw);
	free(s->bias);
	free(s->fires_above);
	free(s->s_out);
	free(s->threshold);
	free(s->act_step);
	free(s->yf);
	free(s->yq);
	free(s->file_weights);
}

static int new_fit(struct ak_fit *f, size_t k, size_t n, unsigned int bits,
		   float **w)
{
	*w = malloc(k * n * sizeof(**w));
	f->k = k;
	f->n = n;
	f->bits = bits;
	f->w = *w;
	f->q = calloc(k * n, 1);
	f->scale = calloc(n, sizeof(*f->scale));
	f->exact = calloc(n, sizeof(*f->exact));
	return *w && f->q && f->scale && f->exact ? 0 : -ENOMEM;
}

static bool uniform(const float *v, size_t n)
{
	size_t i;

	for (i = 1; i < n; i++)
		if (v[i] != v[0])
			return false;
	return true;
}

/*
 * Integers that the source states, or that float weights are. Without
 * @required this is a try.
 */
static int take_integers(struct ak_quant_step *s, struct ak_fit *f,
			 const float *w, const int8_t *q, const float *scale,
			 double unit, bool required, bool *taken)
{
	int most = f->bits == 1 ? 1 : (1 << (f->bits - 1)) - 1;
	size_t i, n;

	*taken = false;
	for (i = 0; i < f->k; i++) {
		for (n = 0; n < f->n; n++) {
			double v =
				q ? q[i * f->n + n] : (double)w[i * f->n + n];

			if (v == rint(v) && fabs(v) <= most)
				continue;
			if (!required)
				return 0;
			return ak_errf(
				s->err, -EINVAL,
				"layer '%s': weight %zu of filter %zu is %g, which is not a whole number of %u bits; quantise it, or say how many bits the layer has",
				s->l->name, i, n, v, f->bits);
		}
	}
	for (n = 0; n < f->n; n++) {
		f->scale[n] = (q ? (double)scale[n] : 1.0) * unit;
		f->exact[n] = true;
		for (i = 0; i < f->k; i++)
			f->q[i * f->n + n] =
				q ? q[i * f->n + n] :
				    (int8_t)lrintf(w[i * f->n + n]);
	}
	*taken = true;
	return 0;
}

/* Weights for integer inputs: a step of channel c is worth unit[c]. */
static int fit_main(struct ak_quant_step *s, bool *integers)
{
	const struct ak_net_layer *l = s->l;
	bool separable = l->type == AKIDA_LAYER_SEPARABLE_CONV;
	size_t channels = l->in.channels, n = separable ? 1 : l->filters;
	size_t k = l->type == AKIDA_LAYER_FULLY_CONNECTED ?
			   ak_shape_elements(&l->in) :
			   (size_t)l->kernel_h * l->kernel_w * channels;
	bool stated = l->weights_q && uniform(s->s_in, channels);
	size_t i, j;
	float *w;
	int rc = new_fit(&s->main, separable ? k / channels : k,
			 separable ? channels : n, s->weights_bits, &w);

	*integers = false;
	if (rc)
		return rc;
	for (i = 0; i < k; i++)
		for (j = 0; j < n; j++)
			w[i * n + j] =
				l->weights[i * n + j] * s->s_in[i % channels];
	if (stated || s->o->integer)
		rc = take_integers(s, &s->main, l->weights, l->weights_q,
				   l->weights_scale, (double)s->s_in[0],
				   s->o->integer, integers);
	if (!rc && !*integers && !(separable && ak_fit_common(&s->main)))
		ak_fit_nearest(&s->main);
	return rc;
}

static int fit_pointwise(struct ak_quant_step *s, bool *integers)
{
	const struct ak_net_layer *l = s->l;
	size_t c, n, channels = l->in.channels;
	bool same = true;
	float *w;
	int rc = new_fit(&s->pw, channels, l->filters, s->weights_bits, &w);

	if (rc)
		return rc;
	for (c = 0; c < channels; c++) {
		same &= s->main.scale[c] == s->main.scale[0];
		for (n = 0; n < l->filters; n++)
			w[c * l->filters + n] =
				(float)((double)l->weights_pw[c * l->filters +
							      n] *
					s->main.scale[c]);
	}
	*integers = false;
	if (same && (l->weights_pw_q || s->o->integer))
		rc = take_integers(s, &s->pw, l->weights_pw, l->weights_pw_q,
				   l->weights_pw_scale, s->main.scale[0],
				   s->o->integer, integers);
	else if (s->o->integer)
		rc = ak_errf(
			s->err, -EINVAL,
			"layer '%s': scales of its depthwise channels differ, so its pointwise weights cannot stay what they are",
			l->name);
	if (!rc && !*integers)
		ak_fit_nearest(&s->pw);
	return rc;
}

/* Mean potentials become those of the float network. */
static void correct_bias(struct ak_quant_step *s, const struct ak_fit *f,
			 const struct ak_rows *r)
{
	size_t n, k, i;
	double *mean = calloc(r->k, sizeof(*mean));

	if (!mean)
		return;
	for (i = 0; i < r->rows; i++)
		for (k = 0; k < r->k; k++)
			mean[k] += (double)r->x[i * r->k + k];
	for (n = 0; n < r->n; n++) {
		double have = 0, want = 0;

		for (k = 0; k < r->k; k++)
			have += mean[k] * f->q[k * f->n + n];
		for (i = 0; i < r->rows; i++)
			want += (double)r->z[i * r->n + n];
		s->bias[n] = (want - have * f->scale[n]) / (double)r->rows;
	}
	free(mean);
}

static bool idle(const struct ak_fit *f, size_t n)
{
	size_t i;

	for (i = 0; i < f->k; i++)
		if (f->q[i * f->n + n])
			return false;
	return true;
}

/* Within rounding of a whole number it is one: floor() must not miss it. */
static double settle(double v)
{
	return fabs(v - rint(v)) < 1e-5 * fmax(1, fabs(v) * 1e-3) ? rint(v) : v;
}

double ak_quant_threshold(double value, double unit)
{
	return floor(settle(value / unit));
}

static double map_pixels(const struct ak_net_layer *l)
{
	uint32_t h = l->in.height, w = l->in.width;

	if (l->pool != AKIDA_POOL_AVERAGE)
		return 1;
	h = l->same ? (h + l->stride_y - 1) / l->stride_y :
		      (h - l->kernel_h) / l->stride_y + 1;
	w = l->same ? (w + l->stride_x - 1) / l->stride_x :
		      (w - l->kernel_w) / l->stride_x + 1;
	return (double)h * w;
}

/*
 * Weights that hardly matter, as of neurons that training has given up, are
 * worth so little that a step or a threshold is millions of potential units,
 * more than boards hold. Larger units lose weights that do not matter.
 */
static void limit_units(struct ak_quant_step *s, struct ak_fit *f)
{
	const struct ak_net_layer *l = s->l;
	double pixels = map_pixels(l);
	size_t n;

	for (n = 0; n < f->n; n++) {
		double most = MAX_THRESHOLD * (f->exact[n] ? 1 : ROOM);
		double step = (double)s->s_out[n], value = -s->bias[n], unit;

		if (l->act == AK_NET_RELU)
			value += 0.5 * step;
		else if (l->act == AK_NET_SPIKE)
			value += (double)l->threshold[n];
		unit = fabs(value) / most;
		if (l->act == AK_NET_RELU)
			unit = fmax(unit, step / (MAX_STEP *
						  (1u << (4 - s->act_bits))));
		if (f->scale[n] < unit * pixels)
			ak_fit_scale(f, n, unit * pixels);
	}
}

static int neuron(struct ak_quant_step *s, struct ak_fit *f, size_t n,
		  double pixels)
{
	const struct ak_net_layer *l = s->l;
	double bias = s->bias[n], unit, step, threshold;

	if (idle(f, n))
		f->scale[n] = l->act != AK_NET_NONE ?
				      (double)s->s_out[n] / IDLE_STEP :
				      fmax(fabs(bias), 1e-3) / 32768;
	unit = f->scale[n] / pixels;
	switch (l->act) {
	case AK_NET_RELU:
		step = (double)s->s_out[n] / unit;
		threshold = floor(0.5 * step - bias / unit);
		break;
	case AK_NET_SPIKE:
		/* Any step above zero: there is one level only. */
		step = 16;
		threshold =
			s->fires_above && !isnan(s->fires_above[n]) ?
				s->fires_above[n] :
				ak_quant_threshold(
					(double)l->threshold[n] - bias, unit);
		break;
	default:
		step = 1 / unit;
		threshold = floor(-bias / unit);
	}
	if (l->act != AK_NET_NONE)
		step /= 1u << (4 - s->act_bits);
	if (!isfinite(threshold) || fabs(threshold) > INT32_MAX ||
	    !isnormal((float)step))
		return ak_errf(
			s->err, -ERANGE,
			"layer '%s': filter %zu would need the threshold %g and the act_step %g; its bias (%g) is too large for its weights (%g for each step)",
			l->name, n, threshold, step, bias, unit);
	s->threshold[n] = (int32_t)threshold;
	s->act_step[n] = (float)step;
	return 0;
}

static int neurons(struct ak_quant_step *s, struct ak_fit *f)
{
	const struct ak_net_layer *l = s->l;
	double pixels = map_pixels(l);
	size_t n;
	int rc = 0;

	s->threshold = malloc(l->filters * sizeof(*s->threshold));
	s->act_step = malloc(l->filters * sizeof(*s->act_step));
	if (!s->threshold || !s->act_step)
		return -ENOMEM;
	for (n = 0; n < l->filters && !rc; n++)
		rc = neuron(s, f, n, pixels);
	return rc;
}

int ak_quant_step_run(struct ak_quant_step *s)
{
	const struct ak_net_layer *l = s->l;
	bool separable = l->type == AKIDA_LAYER_SEPARABLE_CONV;
	struct ak_fit *f = separable ? &s->pw : &s->main;
	bool integers, want_rows;
	struct ak_rows rows = { 0 };
	size_t n;
	int rc = fit_main(s, &integers);

	if (!rc && separable)
		rc = fit_pointwise(s, &integers);
	if (rc)
		return rc;
	s->bias = malloc(l->filters * sizeof(*s->bias));
	if (!s->bias)
		return -ENOMEM;
	for (n = 0; n < l->filters; n++)
		s->bias[n] = (double)l->bias[n];
	want_rows = s->samples > 1 && !integers &&
		    (s->o->correct_bias || s->o->round);
	rc = ak_quant_forward(s, want_rows ? &rows : NULL);
	if (!rc && want_rows && s->o->round && s->weights_bits < 8 &&
	    f->k <= MAX_ROUNDED)
		rc = ak_fit_rows(f, &rows, s->threads);
	if (!rc)
		rc = ak_quant_levels(s);
	if (!rc && !integers)
		limit_units(s, f);
	if (!rc && want_rows && s->o->correct_bias)
		correct_bias(s, f, &rows);
	/* A mean over the map has a threshold of its own. */
	if (!rc && want_rows && s->o->correct_bias && l->act == AK_NET_SPIKE &&
	    l->pool != AKIDA_POOL_AVERAGE)
		rc = ak_quant_spikes(s, f, &rows);
	ak_rows_clear(&rows);
	return rc ? rc : neurons(s, f);
}
