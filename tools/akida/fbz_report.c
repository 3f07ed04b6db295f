// SPDX-License-Identifier: GPL-2.0
/*
 * What became of the layers of a float network.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/file.h"
#include "fbz.h"
#include "table.h"
#include "term.h"
#include "text.h"
#include "tool.h"

void fbz_report_text(const struct ak_quant_report *r)
{
	static const char *const heads[] = {
		"Layer",  "Type",     ">Bits",	    ">Exact", ">Weight error",
		">Range", ">Largest", ">Saturated", ">Error", NULL
	};
	struct table *t = table_new(heads);
	size_t i;

	for (i = 0; i < r->num_layers; i++) {
		const struct ak_quant_layer *l = &r->layer[i];

		table_cell(t, "%s", l->name);
		table_cell(t, "%s", akida_layer_type_name(l->type));
		if (l->act_bits)
			table_cell(t, "%u/%u", l->weights_bits, l->act_bits);
		else
			table_cell(t, "%u/-", l->weights_bits);
		table_cell(t, "%zu of %zu", l->exact, l->filters);
		table_cell(t, "%.2f %%", 100 * l->weight_error);
		if (l->act_bits) {
			table_cell(t, "%.4g", l->range);
			table_cell(t, "%.4g", l->largest);
			table_cell(t, "%.2f %%", 100 * l->saturated);
		} else {
			table_cell(t, "-");
			table_cell(t, "%.4g", l->largest);
			table_cell(t, "-");
		}
		table_cell(t, "%.2f %%", 100 * l->error);
	}
	table_print(t, 0);
}

/* Bars: error of outputs dark, of weights light. */
static void draw(struct ak_buf *b, const struct ak_quant_report *r)
{
	double most = 0.01;
	size_t i;

	for (i = 0; i < r->num_layers; i++)
		most = fmax(most,
			    fmax(r->layer[i].error, r->layer[i].weight_error));
	ak_buf_printf(
		b,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"720\" height=\"%zu\" font-family=\"sans-serif\" font-size=\"12\">\n",
		r->num_layers * 34 + 50);
	ak_buf_printf(
		b,
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/><text x=\"10\" y=\"20\">Relative errors: outputs (dark), weights (light)</text>\n");
	for (i = 0; i < r->num_layers; i++) {
		const struct ak_quant_layer *l = &r->layer[i];
		char *name = text_clean(l->name), *p;
		size_t y = i * 34 + 36;

		for (p = name; *p; p++)
			if (strchr("<>&\"'", *p))
				*p = '_';
		ak_buf_printf(b, "<text x=\"10\" y=\"%zu\">%.40s</text>\n",
			      y + 16, name);
		ak_buf_printf(
			b,
			"<rect x=\"220\" y=\"%zu\" width=\"%.1f\" height=\"12\" fill=\"#1f4e79\"/><text x=\"%.1f\" y=\"%zu\">%.2f %%</text>\n",
			y, 400 * l->error / most, 226 + 400 * l->error / most,
			y + 11, 100 * l->error);
		ak_buf_printf(
			b,
			"<rect x=\"220\" y=\"%zu\" width=\"%.1f\" height=\"8\" fill=\"#9dc3e6\"/>\n",
			y + 13, 400 * l->weight_error / most);
		free(name);
	}
	ak_buf_text(b, "</svg>\n");
}

int fbz_plot(const struct ak_quant_report *r, const char *path)
{
	struct ak_buf b = { 0 };
	struct ak_err err = { "" };
	int rc;

	draw(&b, r);
	if (b.failed)
		term_die_memory();
	rc = ak_file_write(path, b.data, b.size, &err);
	if (rc)
		term_file_error(path, err.text);
	ak_buf_clear(&b);
	return rc ? -1 : 0;
}
