// SPDX-License-Identifier: GPL-2.0
/*
 * akida convert --to apl: how far products are off.
 */
#include <stdbool.h>

#include "convert.h"
#include "table.h"

static void percent_cell(struct table *t, const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	if (json_is_number(v))
		table_cell(t, "%.2f %%", 100 * json_number_value(v));
	else
		table_cell(t, "-");
}

static void row(struct table *t, const json_t *o, const char *name, bool gain)
{
	const char *worst = json_string_value(json_object_get(o, "worst"));

	table_cell(t, "%s", name);
	percent_cell(t, o, "relative_error");
	percent_cell(t, o, "tolerance");
	table_cell(t, "%s",
		   json_is_true(json_object_get(o, "passed")) ? "pass" :
								"miss");
	if (gain)
		percent_cell(t, o, "calibration_gain");
	percent_cell(t, o, "worst_error");
	table_cell(t, "%s", worst ? worst : "-");
}

void convert_print_accuracy(const json_t *details)
{
	static const char *const plain[] = { "W x of",	">Error", ">Allowed",
					     "Verdict", ">Worst", "Which",
					     NULL };
	static const char *const gains[] = { "W x of",	">Error", ">Allowed",
					     "Verdict", ">Gain",  ">Worst",
					     "Which",	NULL };
	const json_t *accuracy = json_object_get(details, "accuracy");
	const json_t *model = json_object_get(accuracy, "model");
	const json_t *layers = json_object_get(accuracy, "layers");
	bool gain = json_object_get(model, "calibration_gain");
	struct table *t;
	size_t i;

	if (!json_is_object(accuracy))
		return;
	t = table_new(gain ? gains : plain);
	for (i = 0; i < json_array_size(layers); i++) {
		const json_t *one = json_array_get(layers, i);

		row(t, one, json_string_value(json_object_get(one, "layer")),
		    gain);
	}
	row(t, model, "model", gain);
	table_print(t, 0);
}
