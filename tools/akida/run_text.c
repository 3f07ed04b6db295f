// SPDX-License-Identifier: GPL-2.0
/*
 * akida run: predictions for people.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "run.h"
#include "table.h"
#include "term.h"
#include "tool.h"

#define CLASS_TEXT 32

/* Points stand below each other, unless a tiny step makes scores huge. */
static void cell_score(struct table *t, float score)
{
	table_cell(t, fabsf(score) < 1e6f ? "%.4f" : "%.5g", score);
}

static void cell_value(struct table *t, const struct run *r, size_t i,
		       const struct hit *h)
{
	if (r->raw && r->graph)
		cell_score(t, run_raw_float(r, i, h->at));
	else if (r->raw)
		table_cell(t, "%d", run_raw(r, i, h->at));
	else
		cell_score(t, h->score);
	table_cell(t, "%.1f %%", 100 * h->probability);
}

static void print_more(size_t shown, size_t count)
{
	if (shown < count)
		printf("  ... and %zu more (--top 0 shows all)\n",
		       count - shown);
}

static void print_boxes(const struct run *r, size_t i)
{
	static const char *const heads[] = { "Class", ">Probability", ">Left",
					     ">Top",  ">Right",	      ">Bottom",
					     NULL };
	char *name = inputs_name(&r->inputs, i), buf[CLASS_TEXT];
	size_t count, shown, k;
	struct yolo_box *boxes = run_boxes(r, i, &count, &shown);
	struct table *t;

	printf("%s%s%s: %zu boxes at %g or above, in pixels of the input's %ux%u\n",
	       term_bold(stdout), name, term_plain(stdout), count, r->threshold,
	       r->info.input.width, r->info.input.height);
	t = table_new(heads);
	for (k = 0; k < shown; k++) {
		const struct yolo_box *b = &boxes[k];

		table_cell(t, "%s",
			   labels_text(&r->labels, b->class, buf, sizeof(buf)));
		table_cell(t, "%.1f %%", 100 * b->probability);
		table_cell(t, "%.1f", b->left);
		table_cell(t, "%.1f", b->top);
		table_cell(t, "%.1f", b->right);
		table_cell(t, "%.1f", b->bottom);
	}
	if (shown)
		table_print(t, 2);
	else
		free(t);
	print_more(shown, count);
	free(boxes);
	free(name);
}

static void print_input(const struct run *r, size_t i)
{
	static const char *const class_heads[] = { "Class", ">Score",
						   ">Probability", NULL };
	static const char *const cell_heads[] = { ">Row",	  ">Column",
						  "Class",	  ">Score",
						  ">Probability", NULL };
	const struct akida_shape *s = &r->info.output;
	bool map = predict_is_map(s);
	char *name = inputs_name(&r->inputs, i), buf[CLASS_TEXT];
	size_t count, shown, k;
	struct hit *hits = run_hits(r, i, &count, &shown);
	struct table *t;

	printf("%s%s%s", term_bold(stdout), name, term_plain(stdout));
	if (map)
		printf(": %zu of %zu cells at %g or above", count,
		       (size_t)s->height * s->width, r->threshold);
	putchar('\n');
	t = table_new(map ? cell_heads : class_heads);
	for (k = 0; k < shown; k++) {
		if (map) {
			table_cell(t, "%u", hits[k].row);
			table_cell(t, "%u", hits[k].column);
		}
		table_cell(t, "%s",
			   labels_text(&r->labels, hits[k].class, buf,
				       sizeof(buf)));
		cell_value(t, r, i, &hits[k]);
	}
	if (shown)
		table_print(t, 2);
	else
		free(t);
	print_more(shown, count);
	free(hits);
	free(name);
}

static void print_layers(const struct run *r)
{
	static const char *const heads[] = { "Layer", ">Values", ">Changed",
					     ">Share", NULL };
	const struct comparison *c = &r->comparison;
	struct table *t = table_new(heads);
	unsigned int i;

	for (i = 0; i < c->num_layers; i++) {
		const struct compared_layer *l = &c->layers[i];

		table_cell(t, "%s%s", l->name,
			   l->potentials ? " (potentials)" : "");
		table_cell(t, "%llu", (unsigned long long)l->values);
		table_cell(t, "%llu", (unsigned long long)l->changed);
		table_cell(t, "%.4f %%",
			   100.0 * (double)l->changed / (double)l->values);
	}
	table_cell(t, "All activations");
	table_cell(t, "%llu", (unsigned long long)c->values);
	table_cell(t, "%llu", (unsigned long long)c->changed);
	table_cell(t, "%.4f %%",
		   c->values ? 100.0 * (double)c->changed / (double)c->values :
			       0.0);
	table_print(t, 2);
}

static void print_changes(const struct run *r)
{
	static const char *const class_heads[] = { "Input", "Class", ">Exact",
						   ">Target", NULL };
	static const char *const cell_heads[] = { "Input", ">Row",   ">Column",
						  "Class", ">Exact", ">Target",
						  NULL };
	/* Channels of boxes are no classes. */
	static const struct labels none;
	const struct comparison *c = &r->comparison;
	const struct akida_shape *s = &r->info.output;
	bool map = predict_is_map(s);
	struct table *t = table_new(map ? cell_heads : class_heads);
	char buf[CLASS_TEXT], *name;
	unsigned int i;

	for (i = 0; i < c->num_changes; i++) {
		const struct score_change *x = &c->changes[i];
		size_t cell = x->at / s->channels;

		name = inputs_name(&r->inputs, x->input);
		table_cell(t, "%s", name);
		free(name);
		if (map) {
			table_cell(t, "%zu", cell / s->width);
			table_cell(t, "%zu", cell % s->width);
		}
		table_cell(t, "%s",
			   labels_text(r->decode ? &none : &r->labels,
				       (uint32_t)(x->at % s->channels), buf,
				       sizeof(buf)));
		cell_score(t, x->exact);
		cell_score(t, x->target);
	}
	table_print(t, 2);
	if (c->scores_changed > c->num_changes)
		printf("  ... and %llu smaller ones\n",
		       (unsigned long long)(c->scores_changed -
					    c->num_changes));
}

static void print_comparison(const struct run *r)
{
	const struct comparison *c = &r->comparison;

	printf("\n%s%s against the exact steps of the file%s\n",
	       term_bold(stdout), akida_target_name(r->load.target),
	       term_plain(stdout));
	print_layers(r);
	printf("\n%llu of %llu scores change",
	       (unsigned long long)c->scores_changed,
	       (unsigned long long)c->scores);
	if (c->scores_changed)
		printf(", by %.5g at most", c->largest);
	if (r->decode)
		puts(".");
	else
		printf("; the best class changes for %llu of %llu %s.\n",
		       (unsigned long long)c->best_changed,
		       (unsigned long long)(c->scores /
					    r->info.output.channels),
		       predict_is_map(&r->info.output) ? "cells" : "inputs");
	if (c->num_changes)
		print_changes(r);
}

static void print_stats(const struct run *r)
{
	double rate = (double)r->inputs.count / r->seconds;

	printf("\nThroughput  %.1f inputs/s, %zu in %.3f s\n", rate,
	       r->inputs.count, r->seconds);
	power_print(&r->power, rate);
}

void run_text(const struct run *r)
{
	size_t i;

	for (i = 0; i < r->inputs.count && !ferror(stdout); i++)
		r->decode ? print_boxes(r, i) : print_input(r, i);
	if (r->load.target)
		print_comparison(r);
	if (r->stats)
		print_stats(r);
}
