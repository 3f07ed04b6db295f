// SPDX-License-Identifier: GPL-2.0
/*
 * akida bench: how fast a model runs.
 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "cpu.h"
#include "term.h"
#include "tool.h"

static const struct argp_option options[] = {
	{ NULL, 0, NULL, 0, "What to measure:", 1 },
	{ "input", 'i', "FILE", 0,
	  "Input as for 'akida run' (random values, always the same)", 1 },
	{ "batch", 'b', "N", 0, "Inputs per call (1)", 1 },
	{ "iterations", 'n', "N", 0, "Measure N calls", 1 },
	{ "seconds", 's', "S", 0,
	  "Measure for S seconds (2; with --quant 0.3 for each figure)", 1 },
	{ "compare-reference", OPT_COMPARE_REFERENCE, NULL, 0,
	  "Run the scalar reference too: same bytes, how much slower", 1 },
	{ "quant", OPT_QUANT, NULL, 0,
	  "Measure how fast weights are converted, no model: each format, "
	  "beside plain C and memcpy, on one core",
	  1 },
	{ "json", OPT_JSON, NULL, 0, "Write JSON", 1 },
	{ NULL, 0, NULL, 0, "How to run:", 2 },
	{ "device", OPT_DEVICE, "NAME", 0,
	  "Device of 'akida list' (soft); all spreads a batch over all boards",
	  2 },
	{ "loaded", OPT_LOADED, "NAME", 0,
	  "Measure a program that is on the board ('akida load'), no model",
	  2 },
	{ "threads", 't', "N", 0, "Threads of the software device (all cores)",
	  2 },
	{ "cpu", OPT_CPU, "LEVEL", 0,
	  "Use no instruction set above LEVEL: baseline, avx2, avxvnni, "
	  "avx512vnni, neon or dotprod",
	  2 },
	{ "reference", OPT_REFERENCE, NULL, 0,
	  "Measure the scalar reference itself", 2 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static void set_cpu(struct bench *b, struct argp_state *state, const char *arg)
{
	unsigned int i;

	for (i = 0; i < cpu_num_levels(); i++)
		if (!strcmp(arg, cpu_level(i)->name)) {
			b->cpu = cpu_level(i);
			b->load.cpu_flags = cpu_level(i)->mask;
			return;
		}
	argp_error(state,
		   "--cpu: '%s' is none of baseline, avx2, avxvnni, "
		   "avx512vnni, neon, dotprod",
		   arg);
}

/* One core converts its own weights: nothing of a model applies. */
static void check_quant(const struct bench *b, struct argp_state *state)
{
	if (b->path || b->source || b->iterations || b->compare ||
	    b->load.threads || b->load.flags || b->batch != 1 ||
	    strcmp(b->device, "soft"))
		argp_error(
			state,
			"--quant goes with --seconds, --cpu and --json only");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct bench *b = state->input;

	switch (key) {
	case 'i':
		b->source = arg;
		return 0;
	case 'b':
		b->batch = tool_number(state, "--batch", arg, 1, 1 << 16);
		return 0;
	case 'n':
		b->iterations = tool_number(state, "--iterations", arg, 1,
					    BENCH_MAX_CALLS);
		return 0;
	case 's':
		b->seconds =
			tool_fraction(state, "--seconds", arg, 0.001, 3600);
		return 0;
	case OPT_COMPARE_REFERENCE:
		b->compare = true;
		return 0;
	case OPT_QUANT:
		b->quant = true;
		return 0;
	case OPT_JSON:
		b->json = true;
		return 0;
	case OPT_DEVICE:
		b->device = arg;
		return 0;
	case OPT_LOADED:
		b->loaded = true;
		b->path = arg;
		return 0;
	case 't':
		b->load.threads = tool_number(state, "--threads", arg, 1, 1024);
		return 0;
	case OPT_CPU:
		set_cpu(b, state, arg);
		return 0;
	case OPT_REFERENCE:
		b->load.flags |= AKIDA_LOAD_REFERENCE;
		return 0;
	case ARGP_KEY_ARG:
		if (b->path)
			argp_error(state, "'%s' is one argument too many", arg);
		b->path = arg;
		return 0;
	case ARGP_KEY_END:
		if (b->quant) {
			check_quant(b, state);
			return 0;
		}
		if (!b->path)
			argp_error(state, "MODEL.fbz is missing");
		if (b->loaded && !strcmp(b->device, "soft"))
			argp_error(state, "--loaded needs --device BOARD");
		if (b->compare && (b->loaded || !strcmp(b->device, PLACE_ALL)))
			argp_error(
				state,
				"--compare-reference is for a model on one device");
		if (b->iterations && b->seconds > 0)
			argp_error(
				state,
				"--iterations and --seconds exclude each other");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	options,
	parse,
	"MODEL.fbz\n--loaded NAME --device BOARD\n--quant",
	"Measure how fast a model runs: latency of a call, throughput, and each "
	"layer's share."
	"\v"
	"Examples:\n"
	"  akida bench model.fbz\n"
	"  akida bench --threads 1 --iterations 1000 model.fbz\n"
	"  akida bench --batch 16 -i frames.npy --json model.fbz\n"
	"  akida bench --cpu avx2 --compare-reference model.fbz\n"
	"  akida bench --loaded lamp --device /dev/akida0\n"
	"  akida bench --quant\n",
	NULL,
	NULL,
	NULL,
};

static int has_cpu(const struct bench *b)
{
	char have[128] = "";
	size_t n = 0;
	unsigned int i;

	if (!b->cpu || akida_cpu_flags() & b->cpu->flag)
		return 1;
	for (i = 0; i < cpu_num_levels(); i++)
		if (akida_cpu_flags() & cpu_level(i)->flag)
			n += (size_t)snprintf(have + n, sizeof(have) - n,
					      "%s%s", n ? ", " : "",
					      cpu_level(i)->name);
	term_error("this machine has no %s; it has %s", b->cpu->name, have);
	return 0;
}

/* The inputs of a call: those given, over and over, or one random one. */
static int read_inputs(struct bench *b)
{
	struct inputs in = { .info = &b->info };
	uint32_t i;
	int ret = 0;

	if (b->source)
		ret = inputs_add(&in, b->source, false);
	else
		inputs_random(&in);
	if (!ret) {
		b->in = tool_alloc(b->batch, b->info.input_size);
		b->out = tool_alloc(b->batch, b->info.output_size);
		for (i = 0; i < b->batch; i++)
			memcpy(b->in + i * b->info.input_size,
			       in.data + i % in.count * b->info.input_size,
			       b->info.input_size);
	}
	inputs_clear(&in);
	return ret;
}

static int bench_on(struct bench *b, struct akida_device *device)
{
	if (read_inputs(b) || bench_measure(b) || bench_profile(b))
		return TOOL_FAILED;
	if (b->compare && bench_reference(b, device))
		return TOOL_FAILED;
	if (b->json)
		bench_json(b);
	else
		bench_text(b);
	if (b->compare && !b->reference_equal) {
		term_error("%s: the outputs differ from those of the scalar "
			   "reference; this is a fault in akida",
			   b->path);
		return TOOL_FAILED;
	}
	return TOOL_OK;
}

int cmd_bench(int argc, char **argv)
{
	struct bench b = { .device = "soft", .batch = 1 };
	int ret = TOOL_FAILED;

	tool_parse(&argp, argc, argv, &b);
	if (!has_cpu(&b))
		return TOOL_FAILED;
	if (!b.iterations && b.seconds <= 0)
		b.seconds = b.quant ? 0.3 : 2;
	if (b.quant)
		return bench_quant(&b);
	b.place = (struct place){ .device = b.device,
				  .path = b.path,
				  .loaded = b.loaded,
				  .options = &b.load };
	if (!place_open(&b.place)) {
		b.model = b.place.model;
		if (b.compare && !b.model) {
			term_error("%s: --compare-reference needs a model",
				   b.path);
			place_close(&b.place);
			return TOOL_FAILED;
		}
		b.program = b.place.programs[0];
		b.info = b.place.info;
		ret = bench_on(&b, b.place.devices[0]);
	}
	place_close(&b.place);
	free(b.in);
	free(b.out);
	free(b.layers);
	return ret;
}
