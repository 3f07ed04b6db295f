// SPDX-License-Identifier: GPL-2.0
/*
 * akida info: tables for people.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "info.h"
#include "table.h"
#include "term.h"
#include "text.h"
#include "tool.h"

static void cell_shape(struct table *t, const struct akida_shape *s)
{
	table_cell(t, "%ux%ux%u", s->height, s->width, s->channels);
}

/* Rows first, as in shapes; one number where both sides are equal. */
static void cell_stride(struct table *t, uint32_t rows, uint32_t columns)
{
	if (rows == columns)
		table_cell(t, "%u", rows);
	else
		table_cell(t, "%ux%u", rows, columns);
}

static void cell_pool(struct table *t, const struct akida_layer_info *l)
{
	if (l->pool_type == AKIDA_POOL_NONE)
		table_cell(t, "-");
	else if (l->pool_type == AKIDA_POOL_AVERAGE)
		table_cell(t, "average");
	else if (l->pool_stride_y == l->pool_stride_x)
		table_cell(t, "max %ux%u/%u", l->pool_height, l->pool_width,
			   l->pool_stride_y);
	else
		table_cell(t, "max %ux%u/%ux%u", l->pool_height, l->pool_width,
			   l->pool_stride_y, l->pool_stride_x);
}

static void cell_sparsity(struct table *t, uint64_t zero, uint64_t all)
{
	if (all)
		table_cell(t, "%.1f %%", 100.0 * (double)zero / (double)all);
	else
		table_cell(t, "-");
}

static void cell_bits(struct table *t, const struct akida_layer_info *l)
{
	if (l->weights_bits)
		table_cell(t, "%u", l->weights_bits);
	else
		table_cell(t, "-");
	if (l->type == AKIDA_LAYER_INPUT_DATA)
		table_cell(t, "%u", l->input_bits);
	else if (l->activation)
		table_cell(t, "%u", l->act_bits);
	else
		table_cell(t, "off");
}

static void row_resolved(struct table *t, const struct akida_layer_info *l)
{
	bool window = l->type == AKIDA_LAYER_INPUT_CONV ||
		      l->type == AKIDA_LAYER_CONV ||
		      l->type == AKIDA_LAYER_SEPARABLE_CONV;
	char human[32];

	cell_shape(t, &l->input);
	cell_shape(t, &l->output);
	if (window) {
		table_cell(t, "%ux%u", l->kernel_height, l->kernel_width);
		cell_stride(t, l->stride_y, l->stride_x);
		table_cell(t, "%s",
			   l->padding == AKIDA_PADDING_SAME ? "same" : "valid");
	} else {
		table_cell(t, "-");
		table_cell(t, "-");
		table_cell(t, "-");
	}
	cell_pool(t, l);
	cell_bits(t, l);
	table_cell(t, "%s", tool_human(l->weight_count, human, sizeof(human)));
	table_cell(t, "%s", tool_human(l->macs, human, sizeof(human)));
	cell_sparsity(t, l->zero_weights, l->weight_count);
}

static void print_layers(const struct info_request *r,
			 const struct info_totals *sum)
{
	static const char *const heads[] = { "Layer",	  "Type",     "Input",
					     "Output",	  "Kernel",   "Stride",
					     "Padding",	  "Pool",     ">W bits",
					     ">A bits",	  ">Weights", ">MACs",
					     ">Sparsity", NULL };
	struct table *t = table_new(heads);
	struct akida_layer_info l;
	char type[32], human[32];
	unsigned int i, c;

	for (i = 0; !akida_model_layer(r->model, i, &l, sizeof(l)); i++) {
		table_cell(t, "%s", l.name);
		table_cell(t, "%s",
			   info_layer_type(l.type, type, sizeof(type)));
		if (l.resolved)
			row_resolved(t, &l);
		else
			for (c = 2; heads[c]; c++)
				table_cell(t, "?");
	}
	table_cell(t, sum->complete ? "Total" : "Total of those understood");
	for (c = 1; c < 10; c++)
		table_cell(t, "%s", "");
	table_cell(t, "%s", tool_human(sum->weights, human, sizeof(human)));
	table_cell(t, "%s", tool_human(sum->macs, human, sizeof(human)));
	cell_sparsity(t, sum->zero, sum->weights);
	table_print(t, 0);
}

static void print_keys(const struct info_request *r, unsigned int layer)
{
	static const char *const heads[] = { "Key", ">Value", NULL };
	struct table *t = table_new(heads);
	const char *name;
	unsigned int i;
	int32_t value;

	for (i = 0; !akida_model_layer_key(r->model, layer, i, &name, &value);
	     i++) {
		table_cell(t, "%s", name);
		table_cell(t, "%d", value);
	}
	if (i)
		table_print(t, 2);
	else
		free(t);
}

static void print_variables(const struct info_request *r, unsigned int layer)
{
	static const char *const heads[] = { "Variable", "Elements", ">Code",
					     "Shape",	 ">Bytes",   NULL };
	struct table *t = table_new(heads);
	struct akida_variable_info v;
	unsigned int i, d;
	char shape[24 * AKIDA_ARRAY_MAX_DIMS];

	for (i = 0; !akida_model_variable(r->model, layer, i, &v, sizeof(v));
	     i++) {
		size_t n = 0;

		shape[0] = 0;
		for (d = 0; d < v.ndim && d < AKIDA_ARRAY_MAX_DIMS; d++)
			n += (size_t)snprintf(shape + n, sizeof(shape) - n,
					      "%s%zu", d ? "x" : "",
					      v.shape[d]);
		table_cell(t, "%s", v.name);
		table_cell(t, "%s",
			   v.dtype ? akida_dtype_name(v.dtype) : "unknown");
		table_cell(t, "%u", v.file_dtype);
		table_cell(t, "%s", shape);
		table_cell(t, "%zu", v.size);
	}
	if (i)
		table_print(t, 2);
	else
		free(t);
}

static void print_raw_layers(const struct info_request *r)
{
	struct akida_layer_info l;
	const char *inbound;
	char type[32], *name;
	unsigned int i, k;

	for (i = 0; !akida_model_layer(r->model, i, &l, sizeof(l)); i++) {
		if (l.resolved && !r->keys)
			continue;
		name = text_clean(l.name);
		printf("\n%s%s%s (%s)", term_bold(stdout), name,
		       term_plain(stdout),
		       info_layer_type(l.type, type, sizeof(type)));
		free(name);
		for (k = 0;
		     (inbound = akida_model_layer_inbound(r->model, i, k));
		     k++) {
			name = text_clean(inbound);
			printf("%s %s", k ? "," : " fed by", name);
			free(name);
		}
		putchar('\n');
		print_keys(r, i);
		print_variables(r, i);
	}
}

static void print_limit(void *arg, const char *layer, const char *text)
{
	unsigned int *count = arg;
	char *clean_layer = text_clean(layer ? layer : "");
	char *clean_text = text_clean(text);

	printf("  %s: %s\n", clean_layer, clean_text);
	(*count)++;
	free(clean_layer);
	free(clean_text);
}

static int print_target(const struct info_request *r)
{
	const char *name = akida_target_name(r->target);
	unsigned int count = 0;

	if (r->reason) {
		term_file_error(r->path, "limits of a chip are compared only "
					 "with models that can be run");
		return TOOL_FAILED;
	}
	printf("\nLimits of %s that this model breaks:\n", name);
	if (akida_model_check_target(r->model, r->target, print_limit, &count) <
	    0) {
		term_file_error(r->path, akida_model_error(r->model));
		return TOOL_FAILED;
	}
	if (!count)
		printf("  none\n");
	return TOOL_OK;
}

static void print_summary(const struct info_request *r,
			  const struct info_totals *sum)
{
	unsigned int n = akida_model_num_layers(r->model);
	const char *sdk = akida_model_sdk_version(r->model);
	struct akida_layer_info first, last;
	char human[32], *clean;

	if (sdk) {
		clean = text_clean(sdk);
		printf("SDK       %s\n", clean);
		free(clean);
	} else {
		printf("SDK       not named (2.2 or older)\n");
	}
	if (n && !akida_model_layer(r->model, 0, &first, sizeof(first)) &&
	    first.resolved)
		printf("Input     %ux%ux%u, %u bits\n", first.input.height,
		       first.input.width, first.input.channels,
		       first.input_bits);
	if (n && !akida_model_layer(r->model, n - 1, &last, sizeof(last)) &&
	    last.resolved) {
		printf("Output    %ux%ux%u, ", last.output.height,
		       last.output.width, last.output.channels);
		if (last.activation)
			printf("activations of %u bits\n", last.act_bits);
		else
			printf("potentials\n");
	}
	printf("Weights   %s at their bits\n",
	       tool_bytes(sum->bytes, human, sizeof(human)));
	if (r->reason) {
		clean = text_clean(r->reason);
		printf("Runs      no: %s\n", clean);
		free(clean);
	} else {
		printf("Runs      yes\n");
	}
}

int info_text(const struct info_request *r)
{
	struct info_totals sum = info_totals(r->model);

	print_layers(r, &sum);
	putchar('\n');
	print_summary(r, &sum);
	print_raw_layers(r);
	return r->target ? print_target(r) : TOOL_OK;
}
