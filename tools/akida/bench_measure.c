// SPDX-License-Identifier: GPL-2.0
/*
 * akida bench: the clock.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "term.h"
#include "tool.h"

/* Caches, clock speed and threads settle in this time. */
#define WARM_UP_SECONDS 0.1
#define PROFILE_SECONDS 0.5
#define REFERENCE_SECONDS 1.0

/**
 * struct clocked - calls and their times
 * @ms: of each call
 * @calls: how many
 * @room: of @ms
 * @total: seconds of all
 */
struct clocked {
	double *ms;
	uint32_t calls, room;
	double total;
};

static double seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Runs @calls times, or for @seconds and at least once when @calls is 0. */
static int run_clocked(struct bench *b, struct akida_program *p, uint32_t calls,
		       double seconds, struct clocked *c)
{
	size_t in_size = b->batch * b->info.input_size;
	size_t out_size = b->batch * b->info.output_size;
	double begin = seconds_now(), before = begin, after;
	uint32_t most = calls ? calls : BENCH_MAX_CALLS;

	while (c->calls < most) {
		if (c->calls == c->room) {
			c->room = c->room ? c->room * 2 : 1024;
			c->ms = tool_realloc(c->ms, c->room, sizeof(*c->ms));
			before = seconds_now();
		}
		if (b->place.count > 1) {
			if (place_run(&b->place, b->in, b->out, b->batch, 0,
				      false))
				return -1;
		} else if (akida_program_run(p, b->in, in_size, b->out,
					     out_size, b->batch)) {
			term_file_error(b->path, akida_program_error(p));
			return -1;
		}
		after = seconds_now();
		c->ms[c->calls++] = (after - before) * 1e3;
		c->total += after - before;
		before = after;
		if (!calls && after - begin >= seconds)
			break;
	}
	return 0;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median_of(const double *sorted, uint32_t n)
{
	return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

int bench_measure(struct bench *b)
{
	struct clocked warm = { 0 }, c = { 0 };
	int ret = run_clocked(b, b->program, 0, WARM_UP_SECONDS, &warm);

	free(warm.ms);
	if (!ret) {
		struct power_meter *meter = power_begin(b->device);

		ret = run_clocked(b, b->program, b->iterations, b->seconds, &c);
		power_end(meter, &b->power);
	}
	if (!ret) {
		qsort(c.ms, c.calls, sizeof(*c.ms), ascending);
		b->calls = c.calls;
		b->total = c.total;
		b->min = c.ms[0];
		b->median = median_of(c.ms, c.calls);
		b->p99 = c.ms[(uint64_t)c.calls * 99 / 100];
	}
	free(c.ms);
	return ret;
}

int bench_profile(struct bench *b)
{
	struct clocked c = { 0 };
	unsigned int i;
	int ret;

	akida_program_set_profiling(b->program, true);
	ret = run_clocked(b, b->program, 0, PROFILE_SECONDS, &c);
	free(c.ms);
	b->layers = tool_alloc(b->info.num_layers, sizeof(*b->layers));
	for (i = 0; i < b->info.num_layers; i++) {
		struct akida_layer_profile *l = &b->layers[i];

		if (akida_program_profile(b->program, i, l, sizeof(*l)))
			break;
		b->macs += l->macs;
	}
	b->num_layers = i;
	akida_program_stats(b->program, &b->stats, sizeof(b->stats));
	akida_program_set_profiling(b->program, false);
	return ret;
}

int bench_reference(struct bench *b, struct akida_device *device)
{
	size_t size = b->batch * b->info.output_size;
	struct akida_load_options load = b->load;
	uint8_t *fast = tool_alloc(size, 1);
	struct akida_program_info info;
	struct akida_program *p;
	struct clocked c = { 0 };
	int ret = -1;

	memcpy(fast, b->out, size);
	load.flags |= AKIDA_LOAD_REFERENCE;
	p = tool_open_program(device, b->model, b->path, &load, &info);
	if (p)
		ret = run_clocked(b, p, 0, REFERENCE_SECONDS, &c);
	if (!ret) {
		qsort(c.ms, c.calls, sizeof(*c.ms), ascending);
		b->reference_ms = median_of(c.ms, c.calls);
		b->reference_equal = !memcmp(fast, b->out, size);
	}
	akida_program_free(p);
	free(c.ms);
	free(fast);
	return ret;
}
