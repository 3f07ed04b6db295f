// SPDX-License-Identifier: GPL-2.0
/*
 * akida build: the report, for people and as JSON.
 */
#include <stdio.h>
#include <stdlib.h>

#include "build.h"
#include "json.h"
#include "table.h"
#include "tool.h"

/**
 * struct share - what a layer got
 * @pass: which pass it is in
 * @nps: how many NPs
 * @most_filter: bytes of the fullest filter memory
 * @filter_capacity: of that memory
 * @words: that configure it
 * @hrc: it is on the input layer's own processor
 * @external: its weights stay in the board's memory
 */
struct share {
	uint32_t pass, nps, most_filter, filter_capacity, words;
	bool hrc, external;
};

static struct share share_of(const struct akida_build *b, unsigned int layer)
{
	struct akida_placement_info p;
	struct share s = { 0 };
	unsigned int i;

	for (i = 0; !akida_build_placement(b, i, &p, sizeof(p)); i++) {
		if (p.layer != layer)
			continue;
		s.pass = p.pass;
		s.nps++;
		s.words += p.words;
		s.hrc = !p.column;
		s.external = p.external;
		s.filter_capacity = p.filter_capacity;
		if (p.filter_bytes > s.most_filter)
			s.most_filter = p.filter_bytes;
	}
	return s;
}

static void memory_cell(struct table *t, const struct share *s)
{
	if (s->filter_capacity)
		table_cell(t, "%u B (%.0f %%)", s->most_filter,
			   100.0 * s->most_filter / s->filter_capacity);
	else
		table_cell(t, "%u B external", s->most_filter);
}

void build_text(const struct akida_build *b, const struct akida_model *m,
		enum akida_target target)
{
	static const char *const heads[] = { "Layer",	       "Type",
					     ">Pass",	       ">NPs",
					     ">Filter memory", ">Words",
					     ">Clocks",	       NULL };
	struct table *t = table_new(heads);
	struct akida_build_info info;
	struct akida_layer_info l;
	uint32_t words = 0, nps = 0;
	uint64_t clocks = 0;
	unsigned int i;
	size_t size;

	akida_build_info(b, &info, sizeof(info));
	akida_build_data(b, &size);
	for (i = 0; i < info.first_layer + info.num_layers &&
		    !akida_model_layer(m, i, &l, sizeof(l));
	     i++) {
		struct share s = share_of(b, i);

		if (!s.nps)
			continue;
		table_cell(t, "%s", l.name);
		table_cell(t, "%s", akida_layer_type_name(l.type));
		table_cell(t, "%u", s.pass + 1);
		if (s.hrc)
			table_cell(t, "HRC");
		else
			table_cell(t, "%u", s.nps);
		memory_cell(t, &s);
		table_cell(t, "%u", s.words);
		table_cell(t, "%llu",
			   (unsigned long long)akida_build_cycles(b, i));
		words += s.words;
		nps += s.hrc ? 0 : s.nps;
		clocks += akida_build_cycles(b, i);
	}
	table_cell(t, "Total");
	table_cell(t, " ");
	table_cell(t, "%u", info.num_passes);
	table_cell(t, "%u", nps);
	table_cell(t, " ");
	table_cell(t, "%u", words);
	table_cell(t, "%llu", (unsigned long long)clocks);
	table_print(t, 0);
	printf("\nTarget    virtual %s, %u NPs\n", akida_target_name(target),
	       info.num_nps);
	printf("Program   %zu B\n", size);
	printf("Clocks    estimated, every input value other than zero\n");
}

static json_t *placements(const struct akida_build *b, unsigned int layer)
{
	struct akida_placement_info p;
	json_t *list = json_array();
	unsigned int i;

	for (i = 0; !akida_build_placement(b, i, &p, sizeof(p)); i++) {
		json_t *o;

		if (p.layer != layer)
			continue;
		o = json_object();
		json_put(o, "hrc", json_boolean(!p.column));
		if (p.column) {
			json_put(o, "column", json_integer(p.column));
			json_put(o, "row", json_integer(p.row));
			json_put(o, "np", json_integer(p.np));
		}
		json_put(o, "first_filter", json_integer(p.first_filter));
		json_put(o, "filters", json_integer(p.num_filters));
		json_put(o, "filter_bytes", json_integer(p.filter_bytes));
		json_put(o, "filter_capacity",
			 p.external ? json_null() :
				      json_integer(p.filter_capacity));
		json_put(o, "fire_bytes", json_integer(p.fire_bytes));
		json_put(o, "words", json_integer(p.words));
		json_add(list, o);
	}
	return list;
}

void build_json(const struct akida_build *b, const struct akida_model *m,
		enum akida_target target)
{
	json_t *root = json_object(), *list = json_array();
	struct akida_build_info info;
	struct akida_layer_info l;
	unsigned int i;
	size_t size;

	akida_build_info(b, &info, sizeof(info));
	akida_build_data(b, &size);
	for (i = 0; i < info.first_layer + info.num_layers &&
		    !akida_model_layer(m, i, &l, sizeof(l));
	     i++) {
		struct share s = share_of(b, i);
		json_t *o;

		if (!s.nps)
			continue;
		o = json_object();
		json_put(o, "name", json_text(l.name));
		json_put(o, "pass", json_integer(s.pass));
		json_put(o, "clocks",
			 json_integer((json_int_t)akida_build_cycles(b, i)));
		json_put(o, "nps", placements(b, i));
		json_add(list, o);
	}
	json_put(root, "target", json_text(akida_target_name(target)));
	json_put(root, "bytes", json_integer((json_int_t)size));
	json_put(root, "passes", json_integer(info.num_passes));
	json_put(root, "first_layer", json_integer(info.first_layer));
	json_put(root, "layers_built", json_integer(info.num_layers));
	json_put(root, "layers_left",
		 json_integer(akida_model_num_layers(m) - info.num_layers));
	json_put(root, "reason",
		 info.rest_reason[0] ? json_text(info.rest_reason) :
				       json_null());
	json_put(root, "layers", list);
	json_print(root);
}
