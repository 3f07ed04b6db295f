// SPDX-License-Identifier: GPL-2.0
/*
 * akida matvec: multiply by a quantised matrix.
 */
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "term.h"
#include "tool.h"
#include "weights.h"

/* Values that are shown where there is no -o. */
#define SHOWN 10

struct arguments {
	const char *file, *tensor, *in, *out;
	uint32_t threads;
	bool json;
};

static const struct argp_option options[] = {
	{ "input", 'i', "X", 0,
	  "The vector, or a matrix whose rows are vectors (.npy, float32 or float64)",
	  0 },
	{ "output", 'o', "Y", 0, "Write the product to Y (.npy, float32)", 0 },
	{ "threads", 't', "N", 0, "Threads (default: one per processor)", 0 },
	{ "json", OPT_JSON, NULL, 0, "Write JSON, with all values of Y", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case 'i':
		a->in = arg;
		return 0;
	case 'o':
		a->out = arg;
		return 0;
	case 't':
		a->threads = tool_number(state, "--threads", arg, 1, 1024);
		return 0;
	case OPT_JSON:
		a->json = true;
		return 0;
	case ARGP_KEY_ARG:
		return tool_argument(state, arg, &a->file, &a->tensor, NULL);
	case ARGP_KEY_END:
		if (!a->tensor)
			argp_error(state, "FILE or TENSOR is missing");
		if (!a->in)
			argp_error(state, "-i X is missing");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	options,
	parse,
	"FILE TENSOR",
	"Compute Y = W X with the matrix TENSOR of FILE, which may be quantised in "
	"any format that akida convert writes: .gguf, .safetensors, NNTR, an APL "
	"manifest or folder, BitNet files; or not be quantised. Weights become "
	"floats by their format's own rule; products are added up in double."
	"\v"
	"Names of tensors are those of the file; akida inspect lists them. Rows of "
	"q and k in a GGUF file of a Llama model are permuted, and so is Y.\n"
	"\n"
	"Examples:\n"
	"  akida matvec model.gguf blk.0.attn_q.weight -i x.npy -o y.npy\n"
	"  akida matvec model-apl layer_0.mlp.down_proj -i x.npy --json\n",
	NULL,
	NULL,
	NULL,
};

static void put_values(json_t *report, const struct akida_array *y)
{
	const float *v = akida_array_data(y);
	size_t n = akida_array_bytes(y) / sizeof(*v), i;
	json_t *list = json_array();

	for (i = 0; i < n; i++)
		json_add(list, json_number((double)v[i]));
	json_put(report, "values", list);
}

static void print_values(const struct akida_array *y)
{
	const float *v = akida_array_data(y);
	size_t n = akida_array_bytes(y) / sizeof(*v), i;

	for (i = 0; i < n && i < SHOWN; i++)
		printf("%.9g\n", (double)v[i]);
	if (n > SHOWN)
		printf("... and %zu more (-o writes all)\n", n - SHOWN);
}

static int show(const struct arguments *a, const struct akida_array *y,
		json_t *report)
{
	if (a->json) {
		put_values(report, y);
		json_print(report);
		return term_flush();
	}
	printf("%s: %s, %" JSON_INTEGER_FORMAT " x %" JSON_INTEGER_FORMAT "\n",
	       a->tensor, json_string_value(json_object_get(report, "type")),
	       json_integer_value(json_object_get(report, "rows")),
	       json_integer_value(json_object_get(report, "columns")));
	if (!a->out)
		print_values(y);
	json_decref(report);
	return term_flush();
}

int cmd_matvec(int argc, char **argv)
{
	struct akida_array *x = akida_array_new(), *y = akida_array_new();
	struct akida_weights *w = weights_new();
	struct arguments a = { 0 };
	int ret = TOOL_FAILED;

	if (!x || !y)
		term_die_memory();
	tool_parse(&argp, argc, argv, &a);
	if (akida_array_load_npy(x, a.in)) {
		term_file_error(a.in, akida_array_error(x));
		akida_weights_free(w);
	} else if (akida_weights_multiply(w, a.file, a.tensor, x, y,
					  a.threads)) {
		weights_failed(w);
	} else if (a.out && akida_array_save_npy(y, a.out)) {
		term_file_error(a.out, akida_array_error(y));
		akida_weights_free(w);
	} else {
		ret = show(&a, y, weights_report(w));
	}
	akida_array_free(x);
	akida_array_free(y);
	return ret;
}
