// SPDX-License-Identifier: GPL-2.0
/*
 * akida inspect: the tensors of a file of weights.
 */
#include "inspect.h"
#include "term.h"
#include "tool.h"

#define MAX_THREADS 256

struct arguments {
	const char *name;
	uint32_t threads;
	bool json, stats;
};

static const struct argp_option options[] = {
	{ "stats", OPT_STATS, NULL, 0,
	  "Read all elements: smallest, largest, RMS, and how many are not finite",
	  0 },
	{ "json", OPT_JSON, NULL, 0, "Write JSON", 0 },
	{ "threads", 't', "N", 0,
	  "Threads that read (default: one per processor)", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case OPT_STATS:
		a->stats = true;
		return 0;
	case OPT_JSON:
		a->json = true;
		return 0;
	case 't':
		a->threads =
			tool_number(state, "--threads", arg, 1, MAX_THREADS);
		return 0;
	case ARGP_KEY_ARG:
		if (a->name)
			argp_error(state, "'%s' is one argument too many", arg);
		a->name = arg;
		return 0;
	case ARGP_KEY_END:
		if (!a->name)
			argp_error(state,
				   "a file, a folder or a model is missing");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	options,
	parse,
	"FILE|FOLDER|MODEL",
	"Show the tensors of a file of weights: safetensors, PyTorch (.pt, .pth, "
	".bin), NumPy (.npy, .npz), GGUF, NNTR, bitnet.rs and APL; of a model in "
	"a folder, also in several files; or of one in the Hugging "
	"Face hub's cache, by its name (ORG/MODEL, tinyllama, mistral-7b, "
	"mistral-7b-instruct, gemma-2b, llama2-7b)."
	"\v"
	"Examples:\n"
	"  akida inspect model.safetensors\n"
	"  akida inspect --stats folder\n"
	"  akida inspect tinyllama\n"
	"  akida inspect --json model.gguf | jq '.tensors[].name'\n",
	NULL,
	NULL,
	NULL,
};

int cmd_inspect(int argc, char **argv)
{
	struct arguments a = { 0 };
	struct ak_err err = { "" };
	struct inspect i;
	int rc;

	tool_parse(&argp, argc, argv, &a);
	rc = inspect_open(&i, a.name, &err);
	if (!rc && a.stats)
		rc = inspect_stats(&i, a.threads, &err);
	if (rc)
		term_error("%s", err.text);
	else if (a.json)
		inspect_json(&i);
	else
		inspect_text(&i);
	inspect_close(&i);
	return rc ? TOOL_FAILED : TOOL_OK;
}
