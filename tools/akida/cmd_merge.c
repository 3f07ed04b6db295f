// SPDX-License-Identifier: GPL-2.0
/*
 * akida merge: several quantised models in one archive.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "json.h"
#include "term.h"
#include "tool.h"
#include "weights.h"

struct arguments {
	const char **model;
	size_t models;
	const char *out;
	bool json, force;
};

static const struct argp_option options[] = {
	{ "output", 'o', "OUT", 0, "Folder to make", 0 },
	{ "force", OPT_FORCE, NULL, 0, "Replace files in a folder that exists",
	  0 },
	{ "json", OPT_JSON, NULL, 0, "Write JSON", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case 'o':
		a->out = arg;
		return 0;
	case OPT_FORCE:
		a->force = true;
		return 0;
	case OPT_JSON:
		a->json = true;
		return 0;
	case ARGP_KEY_ARG:
		a->model = tool_realloc(a->model, a->models + 1,
					sizeof(*a->model));
		a->model[a->models++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (!a->models)
			argp_error(state, "MODEL is missing");
		if (!a->out)
			argp_error(state, "-o OUT is missing");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	options,
	parse,
	"MODEL...",
	"Put models that akida convert --to apl made into one .npz archive with "
	"one manifest. Arrays that are equal byte for byte are stored once, so "
	"models that share an embedding share it in the file. A MODEL is a "
	"manifest (.json), its archive, or the folder with both."
	"\v"
	"Examples:\n"
	"  akida merge base-q4 tuned-q4 -o both\n"
	"  akida merge a/a_manifest_q4.json b/b_manifest_q4.json -o both --json\n",
	NULL,
	NULL,
	NULL,
};

int cmd_merge(int argc, char **argv)
{
	struct akida_weights *w = weights_new();
	struct arguments a = { 0 };
	json_t *report;
	int rc;

	tool_parse(&argp, argc, argv, &a);
	rc = akida_weights_merge(w, a.model, a.models, a.out, a.force);
	free(a.model);
	if (rc)
		return weights_failed(w);
	report = weights_report(w);
	if (a.json) {
		json_print(report);
		return term_flush();
	}
	printf("%s: %" JSON_INTEGER_FORMAT " models, %" JSON_INTEGER_FORMAT
	       " arrays, %" JSON_INTEGER_FORMAT " shared (%" JSON_INTEGER_FORMAT
	       " bytes saved before compression)\n",
	       a.out, json_integer_value(json_object_get(report, "models")),
	       json_integer_value(json_object_get(report, "arrays")),
	       json_integer_value(json_object_get(report, "shared_arrays")),
	       json_integer_value(json_object_get(report, "shared_bytes")));
	json_decref(report);
	return term_flush();
}
