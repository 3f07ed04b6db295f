// SPDX-License-Identifier: GPL-2.0
/*
 * akida run: JSON.
 */
#include <stdlib.h>

#include "json.h"
#include "run.h"
#include "tool.h"

static void put_place(json_t *o, const struct run *r, size_t at)
{
	const struct akida_shape *s = &r->info.output;
	size_t cell = at / s->channels;
	uint32_t class = (uint32_t)(at % s->channels);

	if (predict_is_map(s)) {
		json_put(o, "row", json_integer((json_int_t)(cell / s->width)));
		json_put(o, "column",
			 json_integer((json_int_t)(cell % s->width)));
	}
	json_put(o, "class", json_integer(class));
	json_put(o, "label",
		 json_text(r->decode ? NULL : labels_get(&r->labels, class)));
}

static json_t *boxes_of(const struct run *r, size_t i)
{
	json_t *o = json_object(), *list = json_array(), *entry;
	size_t count, shown, k;
	struct yolo_box *boxes = run_boxes(r, i, &count, &shown);

	for (k = 0; k < shown; k++) {
		const struct yolo_box *b = &boxes[k];

		entry = json_object();
		json_put(entry, "class", json_integer(b->class));
		json_put(entry, "label",
			 json_text(labels_get(&r->labels, b->class)));
		json_put(entry, "probability", json_number(b->probability));
		json_put(entry, "left", json_number(b->left));
		json_put(entry, "top", json_number(b->top));
		json_put(entry, "right", json_number(b->right));
		json_put(entry, "bottom", json_number(b->bottom));
		json_put(entry, "row", json_integer(b->row));
		json_put(entry, "column", json_integer(b->column));
		json_put(entry, "anchor", json_integer(b->anchor));
		json_add(list, entry);
	}
	json_put(o, "input", json_text(r->inputs.source[i]));
	json_put(o, "index", json_integer((json_int_t)r->inputs.index[i]));
	json_put(o, "threshold", json_number(r->threshold));
	json_put(o, "nms", json_number(r->yolo.nms));
	json_put(o, "boxes_found", json_integer((json_int_t)count));
	json_put(o, "boxes", list);
	free(boxes);
	return o;
}

static json_t *one_input(const struct run *r, size_t i)
{
	json_t *o = json_object(), *list = json_array(), *entry;
	bool map = predict_is_map(&r->info.output);
	size_t count, shown, k;
	struct hit *hits = run_hits(r, i, &count, &shown);

	for (k = 0; k < shown; k++) {
		entry = json_object();
		put_place(entry, r, hits[k].at);
		if (r->raw && r->graph)
			json_put(entry, "output",
				 json_number(run_raw_float(r, i, hits[k].at)));
		else if (r->raw)
			json_put(entry,
				 r->info.output_dtype == AKIDA_DTYPE_UINT8 ?
					 "activation" :
					 "potential",
				 json_integer(run_raw(r, i, hits[k].at)));
		else
			json_put(entry, "score", json_number(hits[k].score));
		json_put(entry, "probability",
			 json_number(hits[k].probability));
		json_add(list, entry);
	}
	json_put(o, "input", json_text(r->inputs.source[i]));
	json_put(o, "index", json_integer((json_int_t)r->inputs.index[i]));
	if (map) {
		json_put(o, "threshold", json_number(r->threshold));
		json_put(o, "cells_found", json_integer((json_int_t)count));
	}
	json_put(o, map ? "cells" : "classes", list);
	free(hits);
	return o;
}

static json_t *comparison(const struct run *r)
{
	const struct comparison *c = &r->comparison;
	json_t *o = json_object(), *layers = json_array();
	json_t *changes = json_array(), *entry;
	unsigned int i;

	for (i = 0; i < c->num_layers; i++) {
		entry = json_object();
		json_put(entry, "name", json_text(c->layers[i].name));
		json_put(entry, "potentials",
			 json_boolean(c->layers[i].potentials));
		json_put(entry, "values",
			 json_integer((json_int_t)c->layers[i].values));
		json_put(entry, "changed",
			 json_integer((json_int_t)c->layers[i].changed));
		json_add(layers, entry);
	}
	for (i = 0; i < c->num_changes; i++) {
		const struct score_change *x = &c->changes[i];

		entry = json_object();
		json_put(entry, "input", json_text(r->inputs.source[x->input]));
		json_put(entry, "index",
			 json_integer((json_int_t)r->inputs.index[x->input]));
		put_place(entry, r, x->at);
		json_put(entry, "exact", json_number(x->exact));
		json_put(entry, "target", json_number(x->target));
		json_add(changes, entry);
	}
	json_put(o, "layers", layers);
	json_put(o, "activations", json_integer((json_int_t)c->values));
	json_put(o, "activations_changed",
		 json_integer((json_int_t)c->changed));
	json_put(o, "scores", json_integer((json_int_t)c->scores));
	json_put(o, "scores_changed",
		 json_integer((json_int_t)c->scores_changed));
	json_put(o, "largest_difference", json_number(c->largest));
	json_put(o, "best_class_changed",
		 json_integer((json_int_t)c->best_changed));
	json_put(o, "largest_changes", changes);
	return o;
}

static json_t *stats(const struct run *r)
{
	double rate = (double)r->inputs.count / r->seconds;
	json_t *o = json_object();

	json_put(o, "seconds", json_number(r->seconds));
	json_put(o, "inputs_per_second", json_number(rate));
	json_put(o, "power", power_json(&r->power, rate));
	return o;
}

void run_json(const struct run *r)
{
	json_t *root = json_object(), *results = json_array();
	size_t i;

	for (i = 0; i < r->inputs.count; i++)
		json_add(results, r->decode ? boxes_of(r, i) : one_input(r, i));
	json_put(root, "model", json_text(r->path));
	json_put(root, "device", json_text(r->graph ? NULL : r->device));
	json_put(root, "target",
		 json_text(r->load.target ? akida_target_name(r->load.target) :
					    NULL));
	json_put(root, "input_shape", json_shape(&r->info.input));
	json_put(root, "output_shape", json_shape(&r->info.output));
	json_put(root, "results", results);
	if (r->load.target)
		json_put(root, "comparison", comparison(r));
	if (r->stats)
		json_put(root, "stats", stats(r));
	json_print(root);
}
