// SPDX-License-Identifier: GPL-2.0
/*
 * akida bench: figures for people and for machines.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "cpu.h"
#include "json.h"
#include "table.h"
#include "term.h"
#include "text.h"
#include "tool.h"

static double inputs_per_second(const struct bench *b)
{
	return (double)b->calls * b->batch / b->total;
}

static double layer_ms(const struct akida_layer_profile *l)
{
	return l->runs ? (double)l->ns / (double)l->runs * 1e-6 : 0;
}

/* A billion multiply-adds per second is a million per millisecond. */
static double layer_gmacs(const struct akida_layer_profile *l)
{
	double ms = layer_ms(l);

	return ms > 0 ? (double)l->macs / ms * 1e-6 : 0;
}

static double all_ms(const struct bench *b)
{
	double sum = 0;
	unsigned int i;

	for (i = 0; i < b->num_layers; i++)
		sum += layer_ms(&b->layers[i]);
	return sum;
}

static double share(const struct bench *b, const struct akida_layer_profile *l)
{
	double all = all_ms(b);

	return all > 0 ? layer_ms(l) / all : 0;
}

/* A board does not tell how long a layer takes. */
static bool timed(const struct bench *b)
{
	return all_ms(b) > 0;
}

/* A small model takes no tenth of a millisecond: then microseconds. */
static bool is_short(double ms)
{
	return ms < 0.1;
}

static void print_time(double ms, const char *what)
{
	printf("%.*f %s %s", is_short(ms) ? 2 : 4, is_short(ms) ? ms * 1e3 : ms,
	       is_short(ms) ? "us" : "ms", what);
}

static void print_layers(const struct bench *b)
{
	double all = all_ms(b), unit = is_short(all) ? 1e3 : 1;
	const char *const heads[] = {
		"Layer",  "Kernel", is_short(all) ? ">us" : ">ms",
		">Share", ">MACs",  ">GMAC/s",
		NULL
	};
	struct table *t = table_new(heads);
	char human[32];
	unsigned int i;

	for (i = 0; i < b->num_layers; i++) {
		const struct akida_layer_profile *l = &b->layers[i];

		table_cell(t, "%s", l->name);
		table_cell(t, "%s", l->kernel);
		table_cell(t, "%.4f", layer_ms(l) * unit);
		table_cell(t, "%.1f %%", 100 * share(b, l));
		table_cell(t, "%s", tool_human(l->macs, human, sizeof(human)));
		table_cell(t, "%.2f", layer_gmacs(l));
	}
	table_cell(t, "Total");
	table_cell(t, "%s", "");
	table_cell(t, "%.4f", all * unit);
	table_cell(t, "%s", "");
	table_cell(t, "%s", tool_human(b->macs, human, sizeof(human)));
	table_cell(t, "%.2f", all > 0 ? (double)b->macs / all * 1e-6 : 0);
	table_print(t, 0);
}

void bench_text(const struct bench *b)
{
	char *path = text_clean(b->path);
	double rate = inputs_per_second(b);

	printf("%s%s%s on %s: %u calls, %u input%s each, in %.2f s\n\n",
	       term_bold(stdout), path, term_plain(stdout), b->device, b->calls,
	       b->batch, b->batch > 1 ? "s" : "", b->total);
	free(path);
	printf("Latency     ");
	print_time(b->min, "min, ");
	print_time(b->median, "median, ");
	print_time(b->p99, "p99\n");
	printf("Throughput  %.1f inputs/s", rate);
	/* A compiled program does not say how many it has. */
	if (b->macs)
		printf(", %.2f GMAC/s", rate * (double)b->macs * 1e-9);
	putchar('\n');
	power_print(&b->power, rate);
	printf("Memory      %.2f MiB\n", (double)b->info.memory / 1048576);
	if (b->compare) {
		printf("Reference   ");
		print_time(b->reference_ms, "median, ");
		printf("%.1f times as long, %s\n", b->reference_ms / b->median,
		       b->reference_equal ? "same outputs" : "OTHER OUTPUTS");
	}
	if (b->stats.clocks) {
		double n = (double)b->stats.runs;

		printf("\nOn %s, per input, from a run of its own:\n",
		       b->place.name[0]);
		printf("Core        %.0f clocks, by the timer register (0x30) of its DMA\n",
		       (double)b->stats.clocks / n);
		printf("Queue       ");
		print_time((double)b->stats.queue_ns / n * 1e-6,
			   "waiting, and the transfer of the input\n");
		printf("Run         ");
		print_time((double)b->stats.run_ns / n * 1e-6,
			   "computing, and the transfer of the output\n");
		printf("Host        ");
		print_time((double)b->stats.host_ns / n * 1e-6,
			   "of this machine's processors\n");
	}
	if (timed(b)) {
		printf("\nLayers, per input, from a run of their own:\n");
		print_layers(b);
	} else {
		printf("\nA board does not tell the times of its layers.\n");
	}
}

static json_t *layers(const struct bench *b)
{
	json_t *list = json_array(), *o;
	bool times = timed(b);
	unsigned int i;

	for (i = 0; i < b->num_layers; i++) {
		const struct akida_layer_profile *l = &b->layers[i];

		o = json_object();
		json_put(o, "name", json_text(l->name));
		json_put(o, "kernel", json_text(l->kernel));
		json_put(o, "ms",
			 times ? json_number(layer_ms(l)) : json_null());
		json_put(o, "share",
			 times ? json_number(share(b, l)) : json_null());
		json_put(o, "macs", json_integer((json_int_t)l->macs));
		json_put(o, "gmacs_per_second",
			 times ? json_number(layer_gmacs(l)) : json_null());
		json_add(list, o);
	}
	return list;
}

void bench_json(const struct bench *b)
{
	json_t *root = json_object(), *o = json_object();

	json_put(o, "min", json_number(b->min));
	json_put(o, "median", json_number(b->median));
	json_put(o, "p99", json_number(b->p99));

	json_put(root, "model", json_text(b->path));
	json_put(root, "device", json_text(b->device));
	json_put(root, "cpu", json_text(b->cpu ? b->cpu->name : NULL));
	json_put(root, "reference",
		 json_boolean(b->load.flags & AKIDA_LOAD_REFERENCE));
	json_put(root, "threads",
		 b->load.threads ? json_integer(b->load.threads) : json_null());
	json_put(root, "batch", json_integer(b->batch));
	json_put(root, "calls", json_integer(b->calls));
	json_put(root, "seconds", json_number(b->total));
	json_put(root, "latency_ms", o);
	json_put(root, "inputs_per_second", json_number(inputs_per_second(b)));
	json_put(root, "power", power_json(&b->power, inputs_per_second(b)));
	json_put(root, "macs", json_integer((json_int_t)b->macs));
	json_put(root, "memory_bytes",
		 json_integer((json_int_t)b->info.memory));
	if (b->compare) {
		o = json_object();
		json_put(o, "median_ms", json_number(b->reference_ms));
		json_put(o, "ratio", json_number(b->reference_ms / b->median));
		json_put(o, "equal", json_boolean(b->reference_equal));
		json_put(root, "compared_reference", o);
	}
	json_put(root, "devices", json_integer(b->place.count));
	o = json_null();
	if (b->stats.clocks) {
		double n = (double)b->stats.runs;

		o = json_object();
		json_put(o, "device", json_text(b->place.name[0]));
		json_put(o, "inputs", json_integer((json_int_t)b->stats.runs));
		json_put(o, "clocks_per_input",
			 json_number((double)b->stats.clocks / n));
		json_put(o, "queue_ms",
			 json_number((double)b->stats.queue_ns / n * 1e-6));
		json_put(o, "run_ms",
			 json_number((double)b->stats.run_ns / n * 1e-6));
		json_put(o, "host_ms",
			 json_number((double)b->stats.host_ns / n * 1e-6));
	}
	json_put(root, "board", o);
	json_put(root, "layers", layers(b));
	json_print(root);
}
