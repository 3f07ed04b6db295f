// SPDX-License-Identifier: GPL-2.0
/*
 * akida info: what is in a model, and what a board is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "info.h"
#include "info_board.h"
#include "term.h"
#include "tool.h"

struct arguments {
	const char *path, *weights, *dir;
	enum akida_target target;
	bool json, keys;
};

static const struct argp_option options[] = {
	{ "json", OPT_JSON, NULL, 0, "Write JSON", 0 },
	{ "keys", OPT_KEYS, NULL, 0,
	  "Show every layer's keys and variables as the file has them", 0 },
	{ "target", OPT_TARGET, "CHIP", 0,
	  "Compare with the limits of akd1000 or akd1500", 0 },
	{ "weights", OPT_WEIGHTS, "LAYER", 0,
	  "Write the variables of LAYER as LAYER.VARIABLE.npy", 0 },
	{ "output", 'o', "DIR", 0,
	  "Folder for --weights (default: the current one)", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case OPT_JSON:
		a->json = true;
		return 0;
	case OPT_KEYS:
		a->keys = true;
		return 0;
	case OPT_TARGET:
		a->target = tool_target(state, arg);
		return 0;
	case OPT_WEIGHTS:
		a->weights = arg;
		return 0;
	case 'o':
		a->dir = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (a->path)
			argp_error(state, "'%s' is one argument too many", arg);
		a->path = arg;
		return 0;
	case ARGP_KEY_END:
		if (!a->path)
			argp_error(state, "MODEL.fbz or BOARD is missing");
		if (a->dir && !a->weights)
			argp_error(state, "-o needs --weights LAYER");
		if (a->weights && (a->keys || a->target))
			argp_error(state,
				   "--weights goes with -o and --json only");
		if ((a->weights || a->keys || a->target) &&
		    info_is_board(a->path))
			argp_error(state,
				   "'%s' is a board: only --json goes with it",
				   a->path);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	options,
	parse,
	"MODEL.fbz\nPROGRAM\nBOARD",
	"Show the layers of a model, and what keeps it from running; or the "
	"packets of a compiled program; or a board, given as index, node or PCI address: chip, link, interrupts, "
	"IOMMU, memory and users. Layers that this version does not know are "
	"shown as the file has them."
	"\v"
	"Examples:\n"
	"  akida info model.fbz\n"
	"  akida info --target akd1000 model.fbz\n"
	"  akida info --weights conv_0 -o weights model.fbz\n"
	"  akida info --json model.fbz | jq '.layers[].macs'\n"
	"  akida info model.akp\n"
	"  akida info 0\n"
	"  akida info --json 0000:01:00.0 | jq .memory.free\n",
	NULL,
	NULL,
	NULL,
};

const char *info_layer_type(int type, char *buf, size_t size)
{
	const char *name = akida_layer_type_name(type);

	if (strcmp(name, "unknown"))
		return name;
	snprintf(buf, size, "type %d", type);
	return buf;
}

struct info_totals info_totals(const struct akida_model *m)
{
	struct info_totals sum = { 0, 0, 0, 0, true };
	struct akida_layer_info l;
	unsigned int i;

	for (i = 0; !akida_model_layer(m, i, &l, sizeof(l)); i++) {
		if (!l.resolved) {
			sum.complete = false;
			continue;
		}
		sum.macs += l.macs;
		sum.weights += l.weight_count;
		sum.zero += l.zero_weights;
		sum.bytes += l.weight_bytes;
	}
	return sum;
}

int cmd_info(int argc, char **argv)
{
	struct arguments a = { 0 };
	struct info_request r = { 0 };
	uint8_t *program = NULL;
	char *reason = NULL;
	size_t size;
	int ret;

	tool_parse(&argp, argc, argv, &a);
	if (info_is_board(a.path))
		return info_board(a.path, a.json);
	r.path = a.path;
	r.target = a.target;
	r.keys = a.keys;
	if (a.weights || a.keys || a.target) {
		r.model = tool_open_model(a.path);
		if (!r.model)
			return TOOL_FAILED;
	} else if (tool_open_any(a.path, &r.model, &program, &size)) {
		return TOOL_FAILED;
	}
	if (program) {
		ret = info_program(a.path, program, size, a.json);
		free(program);
		return ret;
	}
	if (akida_model_check_runnable(r.model)) {
		/* The text lives only until the next call on the model. */
		reason = tool_text("%s", akida_model_error(r.model));
		r.reason = reason;
	}
	if (a.weights)
		ret = info_weights(&r, a.weights, a.dir ? a.dir : ".", a.json);
	else if (a.json)
		ret = info_json(&r);
	else
		ret = info_text(&r);
	free(reason);
	akida_model_free(r.model);
	return ret;
}
