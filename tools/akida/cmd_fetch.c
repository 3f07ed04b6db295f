// SPDX-License-Identifier: GPL-2.0
/*
 * akida fetch: a model from the hub into its cache.
 */
#include <stdio.h>
#include <stdlib.h>

#include "hub.h"
#include "json.h"
#include "term.h"
#include "tool.h"

struct arguments {
	const char *name, *revision;
	bool json;
};

static const struct argp_option options[] = {
	{ "revision", OPT_REVISION, "R", 0,
	  "Branch, tag or commit (default: main)", 0 },
	{ "json", OPT_JSON, NULL, 0, "Write JSON", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case OPT_REVISION:
		a->revision = arg;
		return 0;
	case OPT_JSON:
		a->json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (a->name)
			argp_error(state, "'%s' is one argument too many", arg);
		a->name = arg;
		return 0;
	case ARGP_KEY_END:
		if (!a->name)
			argp_error(state, "ORG/MODEL is missing");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	options,
	parse,
	"ORG/MODEL",
	"Download what a conversion needs of a model (configuration, tokenizer, "
	"weights) from a Hugging Face hub into the cache that the hub's own tools "
	"share, and print the folder. Files that are there are not fetched again; "
	"a download that was cut off goes on where it stopped; every file is "
	"checked against the size and the digest that the hub states. Instead of "
	"ORG/MODEL: tinyllama, mistral-7b, mistral-7b-instruct, gemma-2b, llama2-7b."
	"\v"
	"Environment:\n"
	"  HF_TOKEN        access token for models that require one\n"
	"  HF_ENDPOINT     another hub (default: https://huggingface.co)\n"
	"  HF_HOME, HF_HUB_CACHE  where the cache is\n"
	"  HF_HUB_OFFLINE  1: do not use the network\n"
	"\n"
	"Examples:\n"
	"  akida fetch Qwen/Qwen2.5-0.5B\n"
	"  akida fetch tinyllama --revision main\n"
	"  akida convert $(akida fetch Qwen/Qwen2.5-0.5B) qwen.gguf --to gguf\n",
	NULL,
	NULL,
	NULL,
};

int cmd_fetch(int argc, char **argv)
{
	struct arguments a = { 0 };
	json_t *root;
	char *path;

	tool_parse(&argp, argc, argv, &a);
	path = hub_fetch(a.name, a.revision);
	if (!path)
		return TOOL_FAILED;
	if (a.json) {
		root = json_object();
		json_put(root, "path", json_text(path));
		json_print(root);
	} else {
		puts(path);
	}
	free(path);
	return term_flush();
}
