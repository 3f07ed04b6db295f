// SPDX-License-Identifier: GPL-2.0
/*
 * akida inspect: the tensors of a file of weights.
 */
#include <stdio.h>
#include <stdlib.h>

#include "convert/hub_cache.h"
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
	".bin), NumPy (.npy, .npz), GGUF, NNTR, and records of bitnet.rs; of a "
	"model in a folder, also in several files; or of one in the Hugging "
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

static void on_progress(void *arg, uint64_t done, uint64_t total)
{
	(void)arg;
	term_bar(" elements", done, total);
}

static int show(struct inspect *i, const struct arguments *a)
{
	struct ak_err err = { "" };
	int rc = 0;

	if (a->stats) {
		i->stats =
			tool_alloc(ak_tensors_count(i->set), sizeof(*i->stats));
		rc = ak_stats(i->set, a->threads, i->stats, on_progress, NULL,
			      &err);
		term_bar(" elements", 1, 1);
	}
	if (rc) {
		term_error("%s", err.text);
		return TOOL_FAILED;
	}
	if (a->json)
		inspect_json(i);
	else
		inspect_text(i);
	return TOOL_OK;
}

int cmd_inspect(int argc, char **argv)
{
	struct arguments a = { 0 };
	struct inspect i = { 0 };
	struct ak_err err = { "" };
	int ret = TOOL_FAILED;

	tool_parse(&argp, argc, argv, &a);
	i.name = a.name;
	if (ak_hub_input(a.name, &i.path, &err) ||
	    ak_tensors_open(i.path, &i.set, &err))
		term_error("%s", err.text);
	else
		ret = show(&i, &a);
	free(i.stats);
	ak_tensors_close(i.set);
	free(i.path);
	return ret;
}
