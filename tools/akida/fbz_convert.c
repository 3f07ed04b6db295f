// SPDX-License-Identifier: GPL-2.0
/*
 * From a float network to a .fbz file.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fbz.h"
#include "json.h"
#include "term.h"
#include "tool.h"

static int on_progress(void *arg, size_t done, size_t total)
{
	(void)arg;
	term_progress("layers", done, total);
	return 0;
}

static void on_limit(void *arg, const char *layer, const char *text)
{
	const struct fbz_options *o = arg;

	term_error("layer '%s': %s does not hold it: %s", layer,
		   akida_target_name(o->target), text);
}

/**
 * struct conversion - a conversion and what it found
 * @o: command line
 * @in: float network's file
 * @out: .fbz file
 * @g: chain
 * @net: layers
 * @m: model
 * @report: of the layers
 * @agreement: on calibration and held-out data
 * @json: for machines
 */
struct conversion {
	struct fbz_options *o;
	const char *in, *out;
	struct ak_graph *g;
	struct ak_net *net;
	struct akida_model *m;
	struct ak_quant_report report;
	struct fbz_agreement agreement[2];
	bool json;
};

static int compare(struct conversion *c, const struct fbz_data *d,
		   struct fbz_agreement *a)
{
	unsigned int threads = c->o->quant.threads;
	struct akida_program_info info;
	float *want, *have;
	int ret = -1;

	if (!d->count)
		return 0;
	want = fbz_float_scores(c->g, d, c->o->input.scale, threads);
	have = fbz_int_scores(c->m, c->out, d, threads, &info);
	if (want && have) {
		fbz_compare(a, have, want, d->count, &info.output);
		ret = 0;
	}
	free(want);
	free(have);
	return ret;
}

static json_t *agreement_json(const struct fbz_agreement *a)
{
	json_t *j = json_object();

	if (!a->samples) {
		json_decref(j);
		return json_null();
	}
	json_put(j, "samples", json_integer((json_int_t)a->samples));
	json_put(j, "top1_agreement",
		 json_number((double)a->same / (double)a->cells));
	json_put(j, "relative_error", json_number(a->error));
	return j;
}

static void report_json(const struct conversion *c, double seconds)
{
	json_t *root = json_object(), *layers = json_array();
	json_t *notes = json_array();
	size_t i;

	json_put(root, "source", json_text(c->in));
	json_put(root, "framework", json_text(c->g->framework));
	json_put(root, "output", json_text(c->out));
	json_put(root, "samples", json_integer((json_int_t)c->report.samples));
	for (i = 0; i < c->report.num_layers; i++) {
		const struct ak_quant_layer *l = &c->report.layer[i];
		json_t *j = json_object();

		json_put(j, "name", json_text(l->name));
		json_put(j, "type", json_text(akida_layer_type_name(l->type)));
		json_put(j, "weights_bits",
			 json_integer((json_int_t)l->weights_bits));
		json_put(j, "act_bits", json_integer((json_int_t)l->act_bits));
		json_put(j, "exact_filters",
			 json_integer((json_int_t)l->exact));
		json_put(j, "filters", json_integer((json_int_t)l->filters));
		json_put(j, "weight_error", json_number(l->weight_error));
		json_put(j, "range", json_number(l->range));
		json_put(j, "largest", json_number(l->largest));
		json_put(j, "saturated", json_number(l->saturated));
		json_put(j, "error", json_number(l->error));
		json_add(layers, j);
	}
	json_put(root, "layers", layers);
	for (i = 0; i < c->net->num_notes; i++)
		json_add(notes, json_text(c->net->note[i]));
	json_put(root, "notes", notes);
	json_put(root, "calibration", agreement_json(&c->agreement[0]));
	json_put(root, "holdout", agreement_json(&c->agreement[1]));
	json_put(root, "seconds", json_number(seconds));
	json_print(root);
}

static void print_agreement(const char *what, const struct fbz_agreement *a)
{
	if (a->samples)
		printf("%s: %zu inputs, the same best class in %.2f %%, relative error of scores %.2f %%\n",
		       what, a->samples,
		       100 * (double)a->same / (double)a->cells,
		       100 * a->error);
}

static void report_text(const struct conversion *c, double seconds)
{
	fbz_report_text(&c->report);
	if (c->report.samples && c->report.samples < c->agreement[0].samples)
		printf("Calibrated with the first %zu inputs, which fill the memory for it\n",
		       c->report.samples);
	print_agreement("Calibration", &c->agreement[0]);
	print_agreement("Held out", &c->agreement[1]);
	printf("Wrote %s: %zu layers in %.1f s\n", c->out, c->report.num_layers,
	       seconds);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int quantise(struct conversion *c, const struct fbz_data *calib)
{
	struct fbz_options *o = c->o;
	struct ak_err err = { "" };
	int rc;

	o->quant.progress = on_progress;
	rc = ak_quantise(c->net, calib->data, calib->count, &o->quant, &c->m,
			 &c->report, &err);
	term_progress("layers", 1, 1);
	if (rc) {
		term_file_error(c->in, err.text);
		return -1;
	}
	if (!o->target)
		return 0;
	rc = akida_model_check_target(c->m, o->target, on_limit, o);
	if (rc < 0)
		term_file_error(c->in, akida_model_error(c->m));
	return rc ? -1 : 0;
}

static int convert(struct conversion *c)
{
	struct fbz_options *o = c->o;
	struct fbz_data calib = { 0 }, holdout = { 0 };
	struct ak_err err = { "" };
	double start = now();
	int ret = TOOL_FAILED;
	size_t i;

	c->g = fbz_import(c->in, &o->input);
	if (!c->g)
		return TOOL_FAILED;
	if (ak_fold(c->g, (float)o->input.scale, o->input.bits, &c->net,
		    &err)) {
		term_file_error(c->in, err.text);
		return TOOL_FAILED;
	}
	for (i = 0; i < c->net->num_notes; i++)
		term_file_warning(c->in, c->net->note[i]);
	if ((o->calib && fbz_data_load(&calib, o->calib, c->g, &o->input,
				       c->net->input_bits)) ||
	    (o->holdout && fbz_data_load(&holdout, o->holdout, c->g, &o->input,
					 c->net->input_bits)) ||
	    quantise(c, &calib) || compare(c, &calib, &c->agreement[0]) ||
	    compare(c, &holdout, &c->agreement[1]))
		goto out;
	if (akida_model_save(c->m, c->out, 0)) {
		term_file_error(c->out, akida_model_error(c->m));
		goto out;
	}
	if (o->plot && fbz_plot(&c->report, o->plot))
		goto out;
	if (c->json)
		report_json(c, now() - start);
	else
		report_text(c, now() - start);
	ret = TOOL_OK;
out:
	fbz_data_clear(&calib);
	fbz_data_clear(&holdout);
	return ret;
}

int fbz_convert(struct fbz_options *o, const char *in, const char *out,
		bool json)
{
	struct conversion c = { .o = o, .in = in, .out = out, .json = json };
	int ret = convert(&c);

	ak_quant_report_clear(&c.report);
	akida_model_free(c.m);
	ak_net_free(c.net);
	ak_graph_free(c.g);
	return ret;
}
