// SPDX-License-Identifier: GPL-2.0
/*
 * akida verify: how far a converted model is from its source.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub.h"
#include "json.h"
#include "table.h"
#include "term.h"
#include "tool.h"
#include "weights.h"

struct arguments {
	const char *in, *out;
	uint32_t threads;
	double max_error;
	bool json, limited;
};

static const struct argp_option options[] = {
	{ "max-error", OPT_MAX_ERROR, "E", 0,
	  "Fail if W x of any matrix is off by more than E percent, or if a tensor has no counterpart",
	  0 },
	{ "threads", 't', "N", 0, "Threads (default: one per processor)", 0 },
	{ "json", OPT_JSON, NULL, 0, "Write JSON", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case OPT_MAX_ERROR:
		a->max_error = tool_fraction(state, "--max-error", arg, 0, 1e6);
		a->limited = true;
		return 0;
	case 't':
		a->threads = tool_number(state, "--threads", arg, 1, 1024);
		return 0;
	case OPT_JSON:
		a->json = true;
		return 0;
	case ARGP_KEY_ARG:
		return tool_argument(state, arg, &a->in, &a->out, NULL);
	case ARGP_KEY_END:
		if (!a->out)
			argp_error(state, "IN or OUT is missing");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	options,
	parse,
	"IN OUT",
	"Compare every tensor of OUT, which akida convert made, with what it was "
	"made of in IN. Three errors are given: of the weights, |W - W'| / |W| (a "
	"root mean square) and the largest difference; and of a product, "
	"|W x - W' x| / |W x|, with x normally distributed "
	"(numpy.random.RandomState(42))."
	"\v"
	"Permutations, transpositions and offsets that a format wants are undone "
	"first. IN should be a folder with config.json; without one, names must be "
	"equal.\n"
	"\n"
	"Examples:\n"
	"  akida verify tinyllama tinyllama-q4_0.gguf\n"
	"  akida verify --max-error 10 tinyllama tinyllama-apl\n",
	NULL,
	NULL,
	NULL,
};

static void error_cell(struct table *t, const json_t *object, const char *key,
		       bool percent)
{
	const json_t *v = json_object_get(object, key);

	if (!json_is_number(v))
		table_cell(t, "-");
	else if (percent)
		table_cell(t, "%.4f %%", 100 * json_number_value(v));
	else
		table_cell(t, "%.3g", json_number_value(v));
}

static void errors(struct table *t, const json_t *object)
{
	error_cell(t, object, "relative_rmse", true);
	error_cell(t, object, "max_abs", false);
	error_cell(t, object, "relative_error", true);
}

static const char *text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void print_table(const json_t *report)
{
	static const char *const heads[] = { "Tensor",	 "Type", ">RMSE",
					     ">Largest", ">W x", NULL };
	const json_t *list = json_object_get(report, "tensors");
	struct table *t = table_new(heads);
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);

		table_cell(t, "%s", text(one, "out"));
		table_cell(t, "%s", text(one, "type"));
		errors(t, one);
	}
	table_cell(t, "Total");
	table_cell(t, "-");
	errors(t, json_object_get(report, "total"));
	table_print(t, 0);
}

static void print_names(const json_t *report, const char *key, const char *what)
{
	const json_t *list = json_object_get(report, key);
	size_t n = json_array_size(list), i;

	if (!n)
		return;
	printf("\n%zu %s:\n", n, what);
	for (i = 0; i < n && i < 10; i++)
		printf("  %s\n", json_string_value(json_array_get(list, i)));
	if (n > 10)
		printf("  ... and %zu more (--json shows all)\n", n - 10);
}

/* Tensors above the limit; what is no number is above it. */
static size_t misses(const struct arguments *a, const json_t *report)
{
	const json_t *list = json_object_get(report, "tensors");
	size_t i, n = 0;

	for (i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);
		const json_t *e = json_object_get(one, "relative_error");

		/* Vectors have the error of their elements only. */
		if (!json_is_true(json_object_get(one, "matrix")))
			e = json_object_get(one, "relative_rmse");
		if (!json_is_number(e) ||
		    100 * json_number_value(e) > a->max_error)
			n++;
	}
	return n;
}

int cmd_verify(int argc, char **argv)
{
	struct akida_weights *w = weights_new();
	struct arguments a = { 0 };
	size_t above = 0, missing;
	json_t *report;
	char *in;
	int ret;

	tool_parse(&argp, argc, argv, &a);
	in = hub_input(a.in);
	if (!in) {
		akida_weights_free(w);
		return TOOL_FAILED;
	}
	ret = akida_weights_compare(w, in, a.out, a.threads);
	free(in);
	if (ret)
		return weights_failed(w);
	report = weights_report(w);
	missing = json_array_size(json_object_get(report, "missing"));
	if (a.limited)
		above = misses(&a, report);
	if (a.json) {
		json_print(report);
	} else {
		print_table(report);
		print_names(report, "missing", "without a counterpart in OUT");
		print_names(report, "extra", "in OUT only");
		json_decref(report);
	}
	ret = term_flush();
	if (!a.limited || (!above && !missing))
		return ret;
	term_error(
		"%s: %zu tensors are off by more than %g %%, %zu have no counterpart",
		a.out, above, a.max_error, missing);
	return TOOL_FAILED;
}
