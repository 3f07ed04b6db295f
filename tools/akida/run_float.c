// SPDX-License-Identifier: GPL-2.0
/*
 * akida run of a float network: the reference that conversions are measured
 * against.
 */
#include <stdlib.h>
#include <string.h>

#include "run.h"
#include "term.h"
#include "tool.h"

float run_raw_float(const struct run *r, size_t i, size_t at)
{
	float value;

	memcpy(&value, r->out + i * r->info.output_size + at * sizeof(value),
	       sizeof(value));
	return value;
}

int run_float_refuse(const struct run *r)
{
	const struct fbz_input *in = &r->float_input;

	if (!in->arch && !in->scale_given && !in->options && !in->bits &&
	    in->offset == 0 && !in->num_mean && !in->num_std && !in->layout)
		return 0;
	term_error(
		"%s: --arch, --input-scale, --input-offset, --input-bits, --mean, --std, --layout and --ignore-beta are for float networks; a model's inputs are integers as they are",
		r->path);
	return -1;
}

int run_float_open(struct run *r)
{
	const char *option = NULL;

	if (r->load.target)
		option = "--target";
	else if (r->load.flags & AKIDA_LOAD_REFERENCE)
		option = "--reference";
	else if (r->load.flags & AKIDA_LOAD_PARTIAL)
		option = "--partial";
	else if (strcmp(r->device, "soft"))
		option = "--device";
	if (option) {
		term_error(
			"%s: %s is for .fbz models; make one with 'akida convert'",
			r->path, option);
		return -1;
	}
	r->graph = fbz_import(r->path, &r->float_input);
	if (!r->graph)
		return -1;
	r->info.input = r->graph->input;
	r->info.output = r->graph->op[r->graph->num_ops - 1].out;
	r->info.input_bits = r->float_input.bits ? r->float_input.bits : 8;
	r->info.input_size = tool_values(&r->info.input);
	r->info.output_dtype = AKIDA_DTYPE_FLOAT32;
	r->info.output_size = tool_values(&r->info.output) * sizeof(float);
	r->info.num_layers = (uint32_t)r->graph->num_ops;
	return 0;
}

/**
 * struct watch - what happens with outputs of operations
 * @r: the run
 * @dump: where to write all, or NULL
 * @logits: operation whose output are the scores
 * @scores: where to put these
 */
struct watch {
	const struct run *r;
	struct dump *dump;
	size_t logits;
	float *scores;
};

static void see(void *arg, size_t op, const float *data, size_t count)
{
	const struct watch *w = arg;
	const struct ak_op *o = &w->r->graph->op[op];

	if (op == w->logits)
		memcpy(w->scores, data, count * sizeof(*data));
	if (w->dump)
		dump_layer(w->dump, (unsigned int)op, o->name, &o->out,
			   AKIDA_DTYPE_FLOAT32, data);
}

int run_float_all(struct run *r, struct dump *dump)
{
	struct watch w = { .r = r,
			   .dump = dump,
			   .logits = fbz_logits(r->graph) };
	size_t values = tool_values(&r->info.output), i;
	struct ak_eval *e = NULL;
	struct ak_err err = { "" };
	float *out;

	if (ak_eval_new(r->graph, r->load.threads, &e, &err)) {
		term_file_error(r->path, err.text);
		return -1;
	}
	out = tool_alloc(values, sizeof(*out));
	for (i = 0; i < r->inputs.count; i++) {
		term_progress("inputs", i, r->inputs.count);
		w.scores = r->scores + i * values;
		ak_eval_run(e, r->inputs.values + i * r->info.input_size, out,
			    see, &w);
		memcpy(r->out + i * r->info.output_size, out,
		       r->info.output_size);
	}
	term_progress("inputs", i, i);
	free(out);
	ak_eval_free(e);
	return 0;
}
