// SPDX-License-Identifier: GPL-2.0
/*
 * akida build: a model as a program for a virtual board.
 */
#include <stdio.h>
#include <string.h>

#include "build.h"
#include "term.h"
#include "tool.h"

struct arguments {
	const char *path, *out, *mesh;
	enum akida_target target;
	unsigned int flags;
	bool report, json;
};

static const struct argp_option options[] = {
	{ "target", OPT_TARGET, "CHIP", 0,
	  "Chip of the board: akd1000 or akd1500", 0 },
	{ "output", 'o', "PROGRAM", 0, "File to write", 0 },
	{ "passes", OPT_PASSES, "max", 0,
	  "max: one layer in each pass (default: as few passes as possible)",
	  0 },
	{ "partial", OPT_PARTIAL, NULL, 0,
	  "Build the longest part that the chip can hold", 0 },
	{ "sparse-output", OPT_SPARSE_OUTPUT, NULL, 0,
	  "Have the board put out events instead of maps", 0 },
	{ "report", OPT_REPORT, NULL, 0,
	  "Show which NPs each layer got, their memory and clocks", 0 },
	{ "mesh", OPT_MESH, "FILE.svg", 0,
	  "Draw the mesh, NPs coloured by layer", 0 },
	{ "json", OPT_JSON, NULL, 0, "Write the report as JSON", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case OPT_TARGET:
		a->target = tool_target(state, arg);
		return 0;
	case 'o':
		a->out = arg;
		return 0;
	case OPT_PASSES:
		if (strcmp(arg, "max"))
			argp_error(state, "--passes is '%s'; it takes 'max'",
				   arg);
		a->flags |= AKIDA_BUILD_PASSES_MAX;
		return 0;
	case OPT_PARTIAL:
		a->flags |= AKIDA_BUILD_PARTIAL;
		return 0;
	case OPT_SPARSE_OUTPUT:
		a->flags |= AKIDA_BUILD_SPARSE_OUTPUT;
		return 0;
	case OPT_REPORT:
		a->report = true;
		return 0;
	case OPT_MESH:
		a->mesh = arg;
		return 0;
	case OPT_JSON:
		a->json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (a->path)
			argp_error(state, "'%s' is one argument too many", arg);
		a->path = arg;
		return 0;
	case ARGP_KEY_END:
		if (!a->path)
			argp_error(state, "MODEL.fbz is missing");
		if (!a->target)
			argp_error(state,
				   "--target akd1000 or akd1500 is missing");
		if (!a->out && !a->report && !a->mesh && !a->json)
			argp_error(
				state,
				"nothing to do: give -o PROGRAM, --report, --mesh FILE.svg or --json");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	options,
	parse,
	"MODEL.fbz",
	"Map a model to the neural processors (NPs) of a chip and pack it into a "
	"program that a virtual board can be loaded with. Programs for silicon "
	"cannot be built with what is public; those that BrainChip's SDK compiled "
	"are shown by akida info."
	"\v"
	"Examples:\n"
	"  akida build model.fbz --target akd1000 -o model.akp\n"
	"  akida build model.fbz --target akd1500 --report\n"
	"  akida build model.fbz --target akd1000 --mesh mesh.svg\n",
	NULL,
	NULL,
	NULL,
};

static int failed(const char *path, const struct akida_build *b)
{
	term_file_error(path, akida_build_error(b));
	return TOOL_FAILED;
}

int cmd_build(int argc, char **argv)
{
	struct akida_build *b = akida_build_new();
	struct arguments a = { 0 };
	struct akida_build_info info;
	struct akida_model *m;
	int ret = TOOL_OK;

	if (!b)
		term_die_memory();
	tool_parse(&argp, argc, argv, &a);
	m = tool_open_model(a.path);
	if (!m) {
		akida_build_free(b);
		return TOOL_FAILED;
	}
	if (akida_build_model(b, m, a.target, a.flags))
		ret = failed(a.path, b);
	else if (!akida_build_info(b, &info, sizeof(info)) &&
		 info.rest_reason[0])
		term_warning("%s: built %u of %u layers, from number %u on: %s",
			     a.path, info.num_layers, akida_model_num_layers(m),
			     info.first_layer, info.rest_reason);
	if (!ret && a.out && akida_build_save(b, a.out))
		ret = failed(a.out, b);
	if (!ret && a.mesh)
		ret = build_svg(b, m, a.mesh);
	if (!ret && a.json)
		build_json(b, m, a.target);
	else if (!ret && a.report)
		build_text(b, m, a.target);
	if (!ret)
		ret = term_flush();
	akida_model_free(m);
	akida_build_free(b);
	return ret;
}
