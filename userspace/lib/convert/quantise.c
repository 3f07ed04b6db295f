// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Quantisation, layer by layer.
 */
#include "convert/quantise.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "convert/fold.h"
#include "convert/quantise_internal.h"
#include "convert/quantise_step.h"
#include "npu/npu.h"
#include "npu/threads.h"

/* Memory for activations of all samples; above it fewer samples are used. */
#define MAX_BYTES ((size_t)640 << 20)

void ak_quant_preset(struct ak_quant_options *o)
{
	memset(o, 0, sizeof(*o));
	o->weights_bits = 4;
	o->input_weights_bits = 8;
	o->act_bits = 4;
	o->percentile = 99.9;
	o->equalise = true;
	o->correct_bias = true;
	o->round = true;
}

void ak_quant_report_clear(struct ak_quant_report *r)
{
	size_t i;

	for (i = 0; i < r->num_layers; i++)
		free(r->layer[i].name);
	free(r->layer);
	memset(r, 0, sizeof(*r));
}

static unsigned int weights_bits(const struct ak_quant_options *o,
				 const struct ak_net_layer *l)
{
	size_t i;

	for (i = 0; i < o->num_bits; i++)
		if (o->bits[i].weights && !strcmp(o->bits[i].layer, l->name))
			return o->bits[i].weights;
	return l->type == AKIDA_LAYER_INPUT_CONV ? o->input_weights_bits :
						   o->weights_bits;
}

static unsigned int act_bits(const struct ak_quant_options *o,
			     const struct ak_net_layer *l)
{
	size_t i;

	if (l->act == AK_NET_SPIKE)
		return 1;
	for (i = 0; i < o->num_bits; i++)
		if (o->bits[i].act && !strcmp(o->bits[i].layer, l->name))
			return o->bits[i].act;
	return o->act_bits;
}

static int check_options(const struct ak_net *net,
			 const struct ak_quant_options *o, size_t samples,
			 struct ak_err *err)
{
	size_t i, k;

	for (i = 0; i < o->num_bits; i++) {
		for (k = 0; k < net->num_layers; k++)
			if (!strcmp(net->layer[k].name, o->bits[i].layer))
				break;
		if (k == net->num_layers)
			return ak_errf(
				err, -EINVAL,
				"there is no layer '%s' whose bits could be set",
				o->bits[i].layer);
	}
	for (i = 0; i < net->num_layers; i++) {
		const struct ak_net_layer *l = &net->layer[i];
		bool clips = o->range == AK_RANGE_CLIP && isfinite(l->act_max);

		if (!samples && l->act == AK_NET_RELU && l->act_scale == 0 &&
		    !clips)
			return ak_errf(
				err, -EINVAL,
				"layer '%s': how large its activations become is not known; give calibration data, a few dozen inputs as they will be",
				l->name);
	}
	return 0;
}

/* What of the calibration data fits into memory. */
static size_t samples_that_fit(const struct ak_net *net, size_t samples)
{
	size_t most = 1, i, fit;

	for (i = 0; i < net->num_layers; i++) {
		const struct ak_net_layer *l = &net->layer[i];
		size_t n =
			ak_shape_elements(&l->in) + ak_shape_elements(&l->out);

		if (n > most)
			most = n;
	}
	/* A float and a byte of each value. */
	fit = MAX_BYTES / (most * 5);
	if (!fit)
		fit = 1;
	return samples < fit ? samples : fit;
}

static char *layer_name(const struct ak_quant_options *o,
			const struct ak_net_layer *l, size_t number)
{
	const char *kind = l->type == AKIDA_LAYER_FULLY_CONNECTED ? "dense" :
			   l->type == AKIDA_LAYER_SEPARABLE_CONV ? "separable" :
								   "conv";
	char *name = NULL;

	if (!o->canonical)
		return strdup(l->name);
	return asprintf(&name, "%s_%zu", kind, number) < 0 ? NULL : name;
}

/* The integer layer, weights in file order; arrays belong to the step. */
static int make_layer(struct ak_quant_step *s, const char *name,
		      struct ak_layer *q)
{
	const struct ak_net_layer *l = s->l;

	memset(q, 0, sizeof(*q));
	q->name = name;
	q->type = l->type;
	q->in = l->in;
	q->in_bits = s->in_bits;
	q->kernel_h = l->kernel_h;
	q->kernel_w = l->kernel_w;
	q->stride_y = l->stride_y;
	q->stride_x = l->stride_x;
	q->padding = l->same ? AKIDA_PADDING_SAME : AKIDA_PADDING_VALID;
	if (l->type == AKIDA_LAYER_INPUT_CONV)
		q->padding_value = (uint32_t)l->pad_value;
	q->pool_type = l->pool;
	if (l->pool == AKIDA_POOL_MAX) {
		q->pool_h = l->pool_h;
		q->pool_w = l->pool_w;
		q->pool_sy = l->pool_sy;
		q->pool_sx = l->pool_sx;
	}
	q->conv.channels = l->filters;
	q->weights_bits = s->weights_bits;
	q->act_bits = s->act_bits;
	q->activation = l->act != AK_NET_NONE;
	s->file_weights = malloc(s->main.k * s->main.n);
	if (!s->file_weights)
		return -ENOMEM;
	ak_quant_weights(q, &l->in, s->main.q,
			 l->type == AKIDA_LAYER_SEPARABLE_CONV ? 1 : l->filters,
			 s->file_weights);
	q->weights = s->file_weights;
	q->weights_pw = l->type == AKIDA_LAYER_SEPARABLE_CONV ? s->pw.q : NULL;
	q->threshold = s->threshold;
	q->act_step = s->act_step;
	return 0;
}

/**
 * struct work - a conversion
 * @net: float layers
 * @o: how
 * @threads: who computes
 * @m: the model so far
 * @samples: calibration samples
 * @xq: [samples] inputs of the next layer as integers
 * @xf: [samples] as the float network has them
 * @s_in: for each channel what a step of the next layer's input is worth
 * @in_bits: bits of it
 * @report: filled in
 * @err: error text
 */
struct work {
	const struct ak_net *net;
	const struct ak_quant_options *o;
	struct npu_threads *threads;
	struct akida_model *m;
	size_t samples;
	uint8_t *xq;
	float *xf, *s_in;
	unsigned int in_bits;
	struct ak_quant_report *report;
	struct ak_err *err;
};

/* Run the integer layer alone over all samples; measure it. */
static int run_layer(struct work *w, struct ak_quant_step *s,
		     struct ak_layer *q, struct ak_quant_layer *r)
{
	struct ak_layer chain[2] = { 0 };
	struct ak_model m = { .layers = chain };
	struct akida_load_options load = { .threads = w->o->threads };
	size_t in, out, i, c, top = 0, n;
	unsigned int levels = (1u << q->act_bits) - 1;
	double error = 0, sum = 0;
	struct npu *npu = NULL;
	int32_t *pot;
	int rc;

	if (q->type != AKIDA_LAYER_INPUT_CONV) {
		chain[0] = (struct ak_layer){
			.name = "input",
			.type = AKIDA_LAYER_INPUT_DATA,
			.in = q->in,
			.in_bits = q->in_bits,
			.conv = q->in,
		};
		rc = ak_layer_resolve(&chain[0], NULL, false, w->err);
		if (rc)
			return rc;
		m.num_layers = 1;
	}
	rc = ak_layer_resolve(q, m.num_layers ? &chain[0] : NULL, true, w->err);
	if (rc)
		return rc;
	chain[m.num_layers++] = *q;
	if (!w->samples)
		return 0;
	rc = npu_new(&npu, &m, &load, w->err);
	if (rc)
		return rc;
	in = ak_shape_elements(&q->in);
	out = ak_shape_elements(&q->out);
	n = q->out.channels;
	pot = malloc(out * sizeof(*pot));
	s->yq = malloc(w->samples * out);
	if (!pot || !s->yq)
		rc = ak_errf(w->err, -ENOMEM, "out of memory");
	for (i = 0; i < w->samples && !rc; i++) {
		uint8_t *y = s->yq + i * out;
		const float *f = s->yf + i * out;

		npu_run(npu, w->xq + i * in, q->activation ? (void *)y : pot,
			NULL, NULL);
		for (c = 0; c < out; c++) {
			double v =
				q->activation ?
					(double)y[c] * (double)s->s_out[c % n] :
					((double)pot[c] - q->threshold[c % n]) /
						(double)q->act_step[c % n];
			double d = v - (double)f[c];

			error += d * d;
			sum += (double)f[c] * (double)f[c];
			top += q->activation && y[c] == levels;
		}
	}
	free(pot);
	npu_free(npu);
	r->error = sum > 0 ? sqrt(error / sum) : sqrt(error);
	r->saturated = (double)top / (double)(w->samples * out);
	return rc;
}

static int report_layer(struct work *w, struct ak_quant_step *s,
			const char *name, struct ak_quant_layer *r)
{
	double sum = 0, error = ak_fit_error(&s->main, &sum);
	size_t i;

	r->name = strdup(name);
	if (!r->name)
		return ak_errf(w->err, -ENOMEM, "out of memory");
	r->type = s->l->type;
	r->weights_bits = s->weights_bits;
	r->act_bits = s->l->act == AK_NET_NONE ? 0 : s->act_bits;
	r->filters = s->l->filters;
	if (s->pw.q) {
		double pw_sum = 0, pw = ak_fit_error(&s->pw, &pw_sum);

		/* Of the two parts the worse. */
		if (pw_sum > 0 && pw * sum > error * pw_sum) {
			error = pw;
			sum = pw_sum;
		}
	}
	r->weight_error = sum > 0 ? sqrt(error / sum) : 0;
	r->range = s->range;
	r->largest = s->largest;
	for (i = 0; i < s->l->filters; i++)
		r->exact += s->pw.q ? s->pw.exact[i] : s->main.exact[i];
	return 0;
}

static int convert_layer(struct work *w, size_t number)
{
	const struct ak_net_layer *l = &w->net->layer[number];
	const struct ak_net_layer *next =
		number + 1 < w->net->num_layers ? l + 1 : NULL;
	struct ak_quant_layer discard = { 0 };
	struct ak_quant_layer *r =
		w->report ? &w->report->layer[number] : &discard;
	struct ak_quant_step s = {
		.l = l,
		.o = w->o,
		.threads = w->threads,
		.samples = w->samples,
		.in_bits = w->in_bits,
		.weights_bits = weights_bits(w->o, l),
		.act_bits = act_bits(w->o, l),
		.s_in = w->s_in,
		.xq = w->xq,
		.xf = w->xf,
		.outside = (float)l->pad_value * w->net->input_scale,
		.next = next,
		.next_bits = next ? weights_bits(w->o, next) : 0,
		.seed = number + 1,
		.err = w->err,
	};
	char *name = layer_name(w->o, l, number);
	struct ak_layer q;
	int rc = name ? ak_quant_step_run(&s) : -ENOMEM;

	if (!rc)
		rc = make_layer(&s, name, &q);
	if (rc == -ENOMEM)
		ak_errf(w->err, -ENOMEM, "out of memory");
	if (!rc)
		rc = run_layer(w, &s, &q, r);
	if (!rc)
		rc = report_layer(w, &s, name, r);
	if (!rc)
		rc = ak_quant_build(w->m, &q, w->err);
	if (!rc) {
		free(w->xq);
		free(w->xf);
		free(w->s_in);
		w->xq = s.yq;
		w->xf = s.yf;
		w->s_in = s.s_out;
		w->in_bits = s.act_bits;
		s.yq = NULL;
		s.yf = NULL;
		s.s_out = NULL;
	}
	if (r == &discard)
		free(r->name);
	ak_quant_step_clear(&s);
	free(name);
	return rc;
}

static int add_input(struct work *w)
{
	const struct ak_layer input = {
		.name = "input",
		.type = AKIDA_LAYER_INPUT_DATA,
		.in = w->net->input,
		.in_bits = w->net->input_bits,
	};

	if (w->net->layer[0].type == AKIDA_LAYER_INPUT_CONV)
		return 0;
	return ak_quant_build(w->m, &input, w->err);
}

static int begin(struct work *w, const uint8_t *calibration)
{
	size_t n = w->samples * ak_shape_elements(&w->net->input), i;
	unsigned int most = (1u << w->net->input_bits) - 1;

	w->in_bits = w->net->input_bits;
	w->m = akida_model_new();
	w->threads = npu_threads_new(w->o->threads);
	w->xq = malloc(n + 1);
	w->xf = malloc((n + 1) * sizeof(*w->xf));
	w->s_in = malloc(w->net->input.channels * sizeof(*w->s_in));
	if (!w->m || !w->threads || !w->xq || !w->xf || !w->s_in)
		return ak_errf(w->err, -ENOMEM, "out of memory");
	for (i = 0; i < n; i++) {
		if (calibration[i] > most)
			return ak_errf(
				w->err, -EINVAL,
				"calibration data have the value %u; inputs have %u bits",
				calibration[i], w->net->input_bits);
		w->xq[i] = calibration[i];
		w->xf[i] = (float)calibration[i] * w->net->input_scale;
	}
	for (i = 0; i < w->net->input.channels; i++)
		w->s_in[i] = w->net->input_scale;
	if (!w->report)
		return 0;
	w->report->layer =
		calloc(w->net->num_layers, sizeof(*w->report->layer));
	if (!w->report->layer)
		return ak_errf(w->err, -ENOMEM, "out of memory");
	w->report->num_layers = w->net->num_layers;
	w->report->samples = w->samples;
	return 0;
}

int ak_quantise(const struct ak_net *net, const uint8_t *calibration,
		size_t samples, const struct ak_quant_options *o,
		struct akida_model **out, struct ak_quant_report *report,
		struct ak_err *err)
{
	struct work w = {
		.net = net,
		.o = o,
		.samples = samples_that_fit(net, samples),
		.report = report,
		.err = err,
	};
	size_t i;
	int rc;

	if (report)
		memset(report, 0, sizeof(*report));
	rc = check_options(net, o, samples, err);
	if (!rc)
		rc = begin(&w, calibration);
	if (!rc)
		rc = add_input(&w);
	for (i = 0; i < net->num_layers && !rc; i++) {
		if (o->progress && o->progress(o->arg, i, net->num_layers))
			rc = ak_errf(err, -ECANCELED, "interrupted");
		else
			rc = convert_layer(&w, i);
	}
	if (!rc && o->progress)
		o->progress(o->arg, net->num_layers, net->num_layers);
	if (!rc) {
		rc = akida_model_check_runnable(w.m);
		if (rc)
			ak_errf(err, rc, "%s", akida_model_error(w.m));
	}
	free(w.xq);
	free(w.xf);
	free(w.s_in);
	npu_threads_free(w.threads);
	if (rc) {
		akida_model_free(w.m);
		if (report)
			ak_quant_report_clear(report);
		return rc;
	}
	*out = w.m;
	return 0;
}
