// SPDX-License-Identifier: GPL-2.0
/*
 * akida-bench - speed of the integer arithmetic, layer by layer
 *
 * Every ratio is of two figures of the same run: machines differ, and the same
 * machine does from minute to minute.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "akida/device.h"
#include "bench_quant.h"
#include "common/cpu.h"
#include "mesh.h"
#include "model/handle.h"
#include "npu/kernels.h"
#include "npu/npu.h"
#include "peak.h"
#include "timing.h"

struct bench {
	const struct ak_model *m;
	uint8_t *in;
	void *out;
	unsigned int runs;
	double reference;
};

struct level {
	const char *name;
	uint32_t flags;
};

#define NUM_LEVELS 6u

static const struct level levels[NUM_LEVELS] = {
	{ "c", AKIDA_CPU_BASELINE },
	{ "avx2", AKIDA_CPU_AVX2 },
	{ "avxvnni", AKIDA_CPU_AVX2 | AKIDA_CPU_AVXVNNI },
	{ "avx512vnni", AKIDA_CPU_AVX2 | AKIDA_CPU_AVX512VNNI },
	{ "neon", AKIDA_CPU_NEON },
	{ "dotprod", AKIDA_CPU_NEON | AKIDA_CPU_DOTPROD },
};

static struct npu *prepare(const struct bench *b, uint32_t flags,
			   uint32_t threads, bool reference)
{
	struct akida_load_options o = {
		.threads = threads,
		.cpu_flags = flags,
		.flags = reference ? AKIDA_LOAD_REFERENCE : 0,
	};
	struct ak_err err;
	struct npu *n;

	if (npu_new(&n, b->m, &o, &err)) {
		fprintf(stderr, "akida-bench: %s\n", err.text);
		exit(1);
	}
	return n;
}

/* Median and least time of a whole inference. */
static double time_model(const struct bench *b, struct npu *n,
			 unsigned int runs, double *least)
{
	double *ms = must(malloc(runs * sizeof(*ms))), v;
	unsigned int i;

	npu_run(n, b->in, b->out, NULL, NULL);
	for (i = 0; i < runs; i++) {
		double t = now();

		npu_run(n, b->in, b->out, NULL, NULL);
		ms[i] = now() - t;
	}
	v = median(ms, runs);
	*least = ms[0];
	free(ms);
	return v;
}

static void time_levels(struct bench *b)
{
	uint32_t have = ak_cpu_flags(), threads;
	struct npu *n = prepare(b, 0, 1, true);
	double least;
	size_t i;

	b->reference = time_model(b, n, 3, &least);
	npu_free(n);
	printf("  %-12s %10.3f ms\n", "reference", b->reference);
	for (i = 0; i < NUM_LEVELS; i++) {
		if ((have & levels[i].flags) != levels[i].flags)
			continue;
		for (threads = 1; threads <= 2; threads++) {
			double ms;

			n = prepare(b, levels[i].flags, threads, false);
			ms = time_model(b, n, i ? b->runs : 5, &least);
			printf("  %-12s %10.3f ms (least %.3f), %u thread%s, %.0f x reference, %zu KiB\n",
			       levels[i].name, ms, least, threads,
			       threads > 1 ? "s" : "", b->reference / ms,
			       npu_memory(n) / 1024);
			npu_free(n);
		}
	}
}

static void print_layer(const struct ak_layer *l, const char *name, double ms,
			const struct peak *peak)
{
	double rate = (double)ak_layer_macs(l) / (ms * 1e-3);

	printf("  %-16s %-20s %8.1f %8.1f", l->name, name, ms * 1e3,
	       rate * 1e-9);
	if (peak->int8 > 0)
		printf(" %7.0f %% %7.0f %%", 100 * rate / peak->int8,
		       100 * rate / peak->int16);
	putchar('\n');
}

static void time_layers(const struct bench *b, uint32_t threads)
{
	struct npu *n = prepare(b, 0, threads, false);
	struct peak peak = measure_peak(ak_cpu_flags());
	uint32_t layers = b->m->num_layers, i;
	double *ms = must(calloc((size_t)layers * b->runs, sizeof(*ms)));
	unsigned int r;
	uint64_t ns, runs;

	for (r = 0; r < b->runs; r++) {
		npu_set_profiling(n, true);
		npu_run(n, b->in, b->out, NULL, NULL);
		for (i = 0; i < layers; i++) {
			npu_layer_time(n, i, &ns, &runs);
			ms[(size_t)i * b->runs + r] = (double)ns * 1e-6;
		}
	}
	peak.int8 *= threads;
	peak.int16 *= threads;
	printf("  %u thread%s: peak of int8 %.1f, of int16 %.1f GMAC/s\n",
	       threads, threads > 1 ? "s" : "", peak.int8 * 1e-9,
	       peak.int16 * 1e-9);
	printf("  %-16s %-20s %8s %8s %9s %9s\n", "layer", "implementation",
	       "us", "GMAC/s", "of int8", "of int16");
	for (i = 0; i < layers; i++)
		print_layer(&b->m->layers[i], npu_layer_time(n, i, &ns, &runs),
			    median(ms + (size_t)i * b->runs, b->runs), &peak);
	free(ms);
	npu_free(n);
}

/* Noise, as in the golden inputs: the worst that a picture can be. */
static void noise(uint8_t *in, size_t n, uint32_t max)
{
	uint32_t s = 3;
	size_t i;

	for (i = 0; i < n; i++) {
		s = s * 1664525u + 1013904223u;
		in[i] = (uint8_t)((s >> 24) & max);
	}
}

/* Slow waves: nearer to what a camera sees. */
static void waves(uint8_t *in, const struct ak_layer *l)
{
	size_t n = ak_shape_elements(&l->in), i;
	uint32_t c = l->in.channels, w = l->in.width;

	for (i = 0; i < n; i++) {
		uint32_t x = (uint32_t)(i / c % w), y = (uint32_t)(i / c / w);
		uint32_t v = (x * (3 + y / 32) + 40 * (uint32_t)(i % c)) & 511;

		v = v > 255 ? 511 - v : v;
		in[i] = (uint8_t)((v * (64 + (y & 127)) / 192) & l->in_max);
	}
}

static int bench_model(const char *path, unsigned int runs)
{
	struct akida_model *model = must(akida_model_new());
	struct bench b = { .runs = runs };
	const struct ak_layer *first, *last;
	uint64_t macs = 0;
	struct npu *n;
	double ms, least;
	uint32_t i;

	if (akida_model_load(model, path) ||
	    akida_model_check_runnable(model)) {
		fprintf(stderr, "akida-bench: %s\n", akida_model_error(model));
		akida_model_free(model);
		return 1;
	}
	b.m = &model->model;
	first = &b.m->layers[0];
	last = &b.m->layers[b.m->num_layers - 1];
	for (i = 0; i < b.m->num_layers; i++)
		macs += ak_layer_macs(&b.m->layers[i]);
	b.in = must(malloc(ak_shape_elements(&first->in)));
	b.out = must(malloc(ak_shape_elements(&last->out) * 4));
	printf("%s: %.1f M multiply-adds\n", path, (double)macs * 1e-6);
	noise(b.in, ak_shape_elements(&first->in), first->in_max);
	time_levels(&b);
	time_layers(&b, 1);
	time_layers(&b, 2);
	waves(b.in, first);
	n = prepare(&b, 0, 1, false);
	ms = time_model(&b, n, runs, &least);
	printf("  smooth picture instead of noise: %.3f ms (least %.3f), 1 thread\n",
	       ms, least);
	npu_free(n);
	bench_mesh(b.m, b.in, runs, ms);
	free(b.in);
	free(b.out);
	akida_model_free(model);
	return 0;
}

static void usage(FILE *f)
{
	fputs("usage: akida-bench [--runs N] [--quant] [MODEL.fbz...]\n"
	      "\n"
	      "Times the scalar reference, every instruction set on one and two threads,\n"
	      "and every layer beside the processor's peak; and the virtual board's core\n"
	      "with the same model as a program.\n"
	      "\n"
	      "  --runs N   inferences per figure (default 500)\n"
	      "  --quant    time conversion of weights, too\n",
	      f);
}

int main(int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "runs", required_argument, NULL, 'r' },
		{ "quant", no_argument, NULL, 'q' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned int runs = 500;
	bool quant = false;
	int c, rc = 0;

	while ((c = getopt_long(argc, argv, "r:qh", longopts, NULL)) != -1) {
		switch (c) {
		case 'r':
			runs = (unsigned int)strtoul(optarg, NULL, 0);
			break;
		case 'q':
			quant = true;
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	if ((optind == argc && !quant) || !runs) {
		usage(stderr);
		return 2;
	}
	for (; optind < argc; optind++)
		rc |= bench_model(argv[optind], runs);
	if (quant)
		rc |= bench_quant();
	return rc;
}
