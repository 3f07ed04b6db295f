// SPDX-License-Identifier: GPL-2.0
/*
 * akida run: what a model predicts.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "run.h"
#include "term.h"
#include "tool.h"

/* One call for this many inputs at most, so that progress can be shown. */
#define DEFAULT_BATCH 64

/* Outputs are kept until all inputs have run. */
#define MAX_OUTPUT_BYTES ((size_t)1 << 30)

const float *run_scores(const struct run *r, size_t i)
{
	return r->scores + i * tool_values(&r->info.output);
}

int32_t run_raw(const struct run *r, size_t i, size_t at)
{
	const uint8_t *out = r->out + i * r->info.output_size;
	int32_t value;

	if (r->info.output_dtype == AKIDA_DTYPE_UINT8)
		return out[at];
	memcpy(&value, out + at * sizeof(value), sizeof(value));
	return value;
}

static int read_inputs(struct run *r)
{
	struct akida_shape classes = r->info.output;
	size_t i;

	r->inputs.info = &r->info;
	if (r->graph) {
		r->inputs.meaning = &r->float_input;
		r->inputs.nchw = r->graph->input_nchw;
	}
	for (i = 0; i < r->num_sources; i++)
		if (inputs_add(&r->inputs, r->sources[i], r->crop))
			return -1;
	for (i = 0; i < r->num_events; i++)
		if (inputs_add_events(&r->inputs, r->events[i], &r->binning))
			return -1;
	if (r->anchors) {
		if (yolo_load(&r->yolo, r->anchors, &r->info.output))
			return -1;
		r->yolo.threshold = r->threshold;
		classes = (struct akida_shape){ 1, 1, r->yolo.classes };
	}
	if (r->labels_path && labels_load(&r->labels, r->labels_path, &classes))
		return -1;
	return 0;
}

static int run_batches(struct run *r)
{
	size_t count = r->inputs.count, done = 0, n;

	if (r->place.count > 1)
		return place_run(&r->place, r->inputs.data, r->out, count,
				 r->batch, true);
	while (done < count) {
		n = r->batch ? r->batch : DEFAULT_BATCH;
		if (n > count - done)
			n = count - done;
		term_progress("inputs", done, count);
		if (akida_program_run(
			    r->program,
			    r->inputs.data + done * r->info.input_size,
			    n * r->info.input_size,
			    r->out + done * r->info.output_size,
			    n * r->info.output_size, (unsigned int)n)) {
			term_file_error(r->path,
					akida_program_error(r->program));
			return -1;
		}
		done += n;
	}
	term_progress("inputs", count, count);
	return 0;
}

static int make_scores(struct run *r)
{
	size_t values = tool_values(&r->info.output), i;

	for (i = 0; i < r->inputs.count; i++)
		if (akida_program_scores(r->program,
					 r->out + i * r->info.output_size,
					 r->info.output_size,
					 r->scores + i * values, values)) {
			term_file_error(r->path,
					akida_program_error(r->program));
			return -1;
		}
	return 0;
}

static double seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int run_measured(struct run *r, struct dump *dump)
{
	struct power_meter *meter =
		r->device && !r->graph ? power_begin(r->device) : NULL;
	int ret;

	r->seconds = -seconds_now();
	ret = r->graph ? run_float_all(r, dump) : run_batches(r);
	r->seconds += seconds_now();
	power_end(meter, &r->power);
	return ret;
}

static int run_all(struct run *r)
{
	size_t values = tool_values(&r->info.output);
	struct dump *dump = NULL;
	int ret;

	if (r->inputs.count >
	    MAX_OUTPUT_BYTES / (values * sizeof(*r->scores))) {
		term_error("the outputs of %zu inputs take more than 1 GiB; "
			   "run them in parts",
			   r->inputs.count);
		return -1;
	}
	r->out = tool_alloc(r->inputs.count, r->info.output_size);
	r->scores = tool_alloc(r->inputs.count, values * sizeof(*r->scores));
	if (r->dump) {
		dump = dump_begin(r);
		if (!dump)
			return -1;
	}
	if (r->stats)
		ret = run_measured(r, dump);
	else
		ret = r->graph ? run_float_all(r, dump) : run_batches(r);
	if (dump && dump_end(dump, r))
		ret = -1;
	return ret || r->graph ? ret : make_scores(r);
}

static int write_output(const struct run *r)
{
	const struct akida_shape *s = &r->info.output;
	size_t shape[] = { r->inputs.count, s->height, s->width, s->channels };
	struct akida_array *a = akida_array_new();
	int ret = 0;

	if (!a)
		term_die_memory();
	if (akida_array_set(a,
			    r->raw ? r->info.output_dtype : AKIDA_DTYPE_FLOAT32,
			    4, shape, r->raw ? (void *)r->out : r->scores) ||
	    akida_array_save_npy(a, r->output)) {
		term_file_error(r->output, akida_array_error(a));
		ret = -1;
	}
	akida_array_free(a);
	return ret;
}

static int run_open(struct run *r)
{
	struct place *p = &r->place;

	p->device = r->device;
	p->path = r->path;
	p->loaded = r->loaded;
	p->options = &r->load;
	if (place_open(p))
		return -1;
	if (!p->model && (r->load.target || r->dump)) {
		term_error(
			"%s: --target and --dump need a model: a compiled program has no layers to look at",
			r->path);
		return -1;
	}
	r->model = p->model;
	r->program = p->programs[0];
	r->info = p->info;
	return 0;
}

static int run_on(struct run *r, struct akida_device *device)
{
	if (read_inputs(r) || run_all(r))
		return TOOL_FAILED;
	if (r->load.target && compare_run(r, device))
		return TOOL_FAILED;
	if (r->output && write_output(r))
		return TOOL_FAILED;
	if (r->draw && draw_run(r))
		return TOOL_FAILED;
	if (r->json)
		run_json(r);
	else
		run_text(r);
	return TOOL_OK;
}

int cmd_run(int argc, char **argv)
{
	struct run r;
	int ret = TOOL_FAILED;

	run_parse(&r, argc, argv);
	if (!r.loaded && (r.float_input.arch || ak_graph_probe(r.path))) {
		if (!run_float_open(&r))
			ret = run_on(&r, NULL);
	} else if (!run_float_refuse(&r)) {
		if (!run_open(&r))
			ret = run_on(&r, r.place.devices[0]);
	}
	ak_graph_free(r.graph);
	place_close(&r.place);
	inputs_clear(&r.inputs);
	labels_clear(&r.labels);
	compare_clear(&r.comparison);
	free(r.out);
	free(r.scores);
	free(r.sources);
	free(r.events);
	return ret;
}
