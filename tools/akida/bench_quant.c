// SPDX-License-Identifier: GPL-2.0
/*
 * akida bench --quant: how fast this machine converts weights.
 */
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "cpu.h"
#include "json.h"
#include "table.h"
#include "term.h"
#include "tool.h"

#define MILLION 1e-6

static void show(const struct akida_quant_rate *r, struct table *t)
{
	table_cell(t, "%s", r->name);
	table_cell(t, "%.0f", r->weights * MILLION);
	table_cell(t, "%.1f", r->weights / r->reference);
	table_cell(t, "%.0f", r->copy * MILLION);
	table_cell(t, "%.0f %%", 100 * r->weights / r->copy);
}

static json_t *as_json(const struct akida_quant_rate *r)
{
	json_t *o = json_object();

	json_put(o, "format", json_text(r->name));
	json_put(o, "weights_per_second", json_number(r->weights));
	json_put(o, "reference_weights_per_second", json_number(r->reference));
	json_put(o, "ratio_to_reference",
		 json_number(r->weights / r->reference));
	json_put(o, "memcpy_weights_per_second", json_number(r->copy));
	json_put(o, "ratio_to_memcpy", json_number(r->weights / r->copy));
	json_put(o, "bytes_read_per_weight", json_number(r->bytes_in));
	json_put(o, "bytes_written_per_weight", json_number(r->bytes_out));
	return o;
}

static void measure_all(struct akida_quant_meter *m, const struct bench *b)
{
	static const char *const heads[] = { "Format",	   ">Mweights/s",
					     ">x plain C", ">memcpy",
					     ">of memcpy", NULL };
	struct akida_quant_rate r = { .weights = 0 };
	json_t *list = json_array(), *root = json_object();
	struct table *t = b->json ? NULL : table_new(heads);
	unsigned int count = akida_quant_meter_formats(m), i;

	for (i = 0; !akida_quant_meter_run(m, i, &r, sizeof(r)); i++) {
		term_progress("formats", i + 1, count);
		if (b->json)
			json_add(list, as_json(&r));
		else
			show(&r, t);
	}
	if (b->json) {
		json_put(root, "isa", json_text(r.isa));
		json_put(root, "seconds_per_figure", json_number(b->seconds));
		json_put(root, "formats", list);
		json_print(root);
		return;
	}
	json_decref(list);
	json_decref(root);
	printf("%sConversion of weights%s on one core, %s\n\n",
	       term_bold(stdout), term_plain(stdout), r.isa);
	table_print(t, 0);
	puts("\nmemcpy: weights per second if their bytes, read and written, "
	     "were only copied.");
}

int bench_quant(const struct bench *b)
{
	struct akida_quant_options o = { .cpu_flags = b->load.cpu_flags,
					 .seconds = b->seconds };
	struct akida_quant_meter *m = akida_quant_meter_new(&o, sizeof(o));

	if (!m) {
		term_error("out of memory: 256 MiB are needed");
		return TOOL_FAILED;
	}
	measure_all(m, b);
	akida_quant_meter_free(m);
	return TOOL_OK;
}
