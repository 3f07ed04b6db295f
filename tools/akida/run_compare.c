// SPDX-License-Identifier: GPL-2.0
/*
 * akida run --target: what a chip's coarse steps change.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"
#include "term.h"
#include "tool.h"

/**
 * struct pass - one input on its way through both programs
 * @comparison: where differences are counted
 * @kept: outputs of the exact program's layers
 * @size: bytes of each
 * @counting: the second program runs: compare, do not keep
 */
struct pass {
	struct comparison *comparison;
	uint8_t **kept;
	size_t *size;
	bool counting;
};

static void keep(struct pass *p, unsigned int layer, const char *name,
		 enum akida_dtype dtype, const void *data, size_t size)
{
	struct compared_layer *l = &p->comparison->layers[layer];

	if (!l->name) {
		l->name = tool_text("%s", name);
		l->potentials = dtype != AKIDA_DTYPE_UINT8;
	}
	if (p->size[layer] < size)
		p->kept[layer] = tool_realloc(p->kept[layer], size, 1);
	p->size[layer] = size;
	memcpy(p->kept[layer], data, size);
}

static void count(struct pass *p, unsigned int layer, enum akida_dtype dtype,
		  const void *data, size_t values)
{
	struct compared_layer *l = &p->comparison->layers[layer];
	size_t each = akida_dtype_size(dtype), i;
	const uint8_t *now = data, *before = p->kept[layer];

	if (!before || p->size[layer] != values * each)
		return;
	l->values += values;
	for (i = 0; i < values; i++)
		if (memcmp(now + i * each, before + i * each, each))
			l->changed++;
}

static void watch(void *arg, unsigned int layer, const char *name,
		  const struct akida_shape *s, enum akida_dtype dtype,
		  const void *data)
{
	struct pass *p = arg;

	if (layer >= p->comparison->num_layers)
		return;
	if (p->counting)
		count(p, layer, dtype, data, tool_values(s));
	else
		keep(p, layer, name, dtype, data,
		     tool_values(s) * akida_dtype_size(dtype));
}

/* The largest changes, largest first: a short list, so insertion will do. */
static void add_change(struct comparison *c, const struct score_change *x)
{
	double size = fabs((double)x->target - x->exact);
	unsigned int at = c->num_changes, last;

	while (at && fabs((double)c->changes[at - 1].target -
			  c->changes[at - 1].exact) < size)
		at--;
	if (at == COMPARE_CHANGES)
		return;
	if (c->num_changes < COMPARE_CHANGES)
		c->num_changes++;
	for (last = c->num_changes - 1; last > at; last--)
		c->changes[last] = c->changes[last - 1];
	c->changes[at] = *x;
}

static uint32_t best_of(const float *scores, uint32_t channels)
{
	uint32_t c, best = 0;

	for (c = 1; c < channels; c++)
		if (scores[c] > scores[best])
			best = c;
	return best;
}

static void compare_scores(const struct run *r, struct comparison *c,
			   size_t input, const float *exact)
{
	size_t values = tool_values(&r->info.output), i;
	uint32_t channels = r->info.output.channels;
	const float *target = run_scores(r, input);

	c->scores += values;
	for (i = 0; i < values; i++) {
		struct score_change x = { input, i, exact[i], target[i] };
		double size;

		if (exact[i] == target[i])
			continue;
		size = fabs((double)target[i] - exact[i]);
		c->scores_changed++;
		if (size > c->largest)
			c->largest = size;
		add_change(c, &x);
	}
	for (i = 0; i < values; i += channels)
		if (best_of(exact + i, channels) !=
		    best_of(target + i, channels))
			c->best_changed++;
}

static int run_one(const struct run *r, struct akida_program *p, size_t i,
		   void *out)
{
	size_t size = r->info.input_size;

	if (!akida_program_run(p, r->inputs.data + i * size, size, out,
			       r->info.output_size, 1))
		return 0;
	term_file_error(r->path, akida_program_error(p));
	return -1;
}

static int compare_inputs(struct run *r, struct akida_program *exact,
			  struct pass *p, void *out, float *scores)
{
	size_t values = tool_values(&r->info.output), i;

	for (i = 0; i < r->inputs.count; i++) {
		term_progress("inputs compared", i, r->inputs.count);
		p->counting = false;
		if (run_one(r, exact, i, out))
			return -1;
		if (akida_program_scores(exact, out, r->info.output_size,
					 scores, values)) {
			term_file_error(r->path, akida_program_error(exact));
			return -1;
		}
		compare_scores(r, p->comparison, i, scores);
		p->counting = true;
		if (run_one(r, r->program, i, out))
			return -1;
	}
	term_progress("inputs compared", i, i);
	return 0;
}

int compare_run(struct run *r, struct akida_device *device)
{
	struct akida_load_options load = r->load;
	struct comparison *c = &r->comparison;
	struct pass pass = { .comparison = c };
	struct akida_program_info info;
	struct akida_program *exact;
	unsigned int i;
	float *scores;
	void *out;
	int ret;

	load.target = AKIDA_TARGET_NONE;
	exact = tool_open_program(device, r->model, r->path, &load, &info);
	if (!exact)
		return -1;
	c->num_layers = info.num_layers;
	c->layers = tool_alloc(c->num_layers, sizeof(*c->layers));
	pass.kept = tool_alloc(c->num_layers, sizeof(*pass.kept));
	pass.size = tool_alloc(c->num_layers, sizeof(*pass.size));
	scores = tool_alloc(tool_values(&r->info.output), sizeof(*scores));
	out = tool_alloc(1, r->info.output_size);

	akida_program_trace(exact, watch, &pass);
	akida_program_trace(r->program, watch, &pass);
	ret = compare_inputs(r, exact, &pass, out, scores);
	akida_program_trace(r->program, NULL, NULL);

	for (i = 0; i < c->num_layers; i++) {
		free(pass.kept[i]);
		if (c->layers[i].potentials)
			continue;
		c->values += c->layers[i].values;
		c->changed += c->layers[i].changed;
	}
	free(pass.kept);
	free(pass.size);
	free(scores);
	free(out);
	akida_program_free(exact);
	return ret;
}

void compare_clear(struct comparison *c)
{
	unsigned int i;

	for (i = 0; i < c->num_layers; i++)
		free(c->layers[i].name);
	free(c->layers);
	memset(c, 0, sizeof(*c));
}
