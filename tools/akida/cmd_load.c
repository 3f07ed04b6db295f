// SPDX-License-Identifier: GPL-2.0
/*
 * akida load: a program that stays on a board.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "load.h"
#include "place.h"
#include "term.h"
#include "tool.h"

struct arguments {
	const char *path, *device, *name;
	unsigned int flags, mode;
	bool json, configured;
};

static const struct argp_option options[] = {
	{ "name", OPT_NAME, "NAME", 0,
	  "Name on the board (the file's, without its ending)", 0 },
	{ "replace", OPT_REPLACE, NULL, 0,
	  "Take the place of a program that has this name", 0 },
	{ "mode", OPT_MODE, "MODE", 0,
	  "Who may run it (x) and change it (w), in octal (600: its owner alone)",
	  0 },
	{ "configured", OPT_CONFIGURED, NULL, 0,
	  "Load what /etc/akida/boards.d names for the board, as is done when the board is found",
	  0 },
	{ "json", OPT_JSON, NULL, 0, "Write JSON", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static unsigned int parse_mode(struct argp_state *state, const char *arg)
{
	char *end;
	unsigned long mode = strtoul(arg, &end, 8);

	if (*arg < '0' || *arg > '7' || *end || mode > 0777 || !mode)
		argp_error(state,
			   "--mode: '%s' is not an octal number from 1 to 777",
			   arg);
	return (unsigned int)mode;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case OPT_NAME:
		a->name = arg;
		return 0;
	case OPT_REPLACE:
		a->flags |= AKIDA_NAME_REPLACES;
		return 0;
	case OPT_MODE:
		a->mode = parse_mode(state, arg);
		return 0;
	case OPT_CONFIGURED:
		a->configured = true;
		return 0;
	case OPT_JSON:
		a->json = true;
		return 0;
	case ARGP_KEY_ARG:
		return tool_argument(state, arg, &a->path, &a->device, NULL);
	case ARGP_KEY_END:
		if (a->configured) {
			if (a->device)
				argp_error(
					state,
					"'%s' is one argument too many: --configured takes a board alone",
					a->device);
			if (a->name || a->mode || a->flags)
				argp_error(
					state,
					"--name, --mode and --replace are the configuration's to say");
			return 0;
		}
		if (!a->path)
			argp_error(state, "MODEL.fbz or PROGRAM is missing");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	options,
	parse,
	"MODEL.fbz|PROGRAM [DEVICE]\n--configured [DEVICE]",
	"Load a model onto a board, where it stays under a name for every process "
	"that may run it, until 'akida unload' or the board goes. DEVICE may be left "
	"out if there is one board. A model is built for the chip that the board "
	"has, which works for virtual boards: what is public of silicon is not "
	"enough to compile for it. Silicon takes programs that BrainChip's SDK "
	"compiled, and loads them the same way."
	"\v"
	"Examples:\n"
	"  akida load model.fbz /dev/akida0\n"
	"  akida-load model.fbz /dev/akida0\n"
	"  akida load model.fbz --name lamp --mode 711\n"
	"  akida load model-2.fbz 0 --name lamp --replace\n"
	"  akida load sdk-program.bin /dev/akida0\n"
	"  akida load --configured 0000:01:00.0\n",
	NULL,
	NULL,
	NULL,
};

static void print_loaded(const struct place *p, const char *name, bool json)
{
	const struct akida_shape *in = &p->info.input, *out = &p->info.output;
	json_t *o;

	if (!json) {
		printf("'%s' is on %s: %ux%ux%u in, %ux%ux%u %s out (height x width x channels)\n",
		       name, p->name[0], in->height, in->width, in->channels,
		       out->height, out->width, out->channels,
		       p->info.output_dtype == AKIDA_DTYPE_UINT8 ?
			       "activations" :
			       "potentials");
		return;
	}
	o = json_object();
	json_put(o, "name", json_text(name));
	json_put(o, "device", json_text(p->name[0]));
	json_put(o, "file", json_text(p->path));
	json_put(o, "input_shape", json_shape(in));
	json_put(o, "input_bits", json_integer(p->info.input_bits));
	json_put(o, "output_shape", json_shape(out));
	json_print(o);
}

static int load(const struct arguments *a, struct place *p)
{
	char name[LOAD_MAX_NAME + 1];

	if (place_open(p))
		return TOOL_FAILED;
	if (!a->name)
		load_name(a->path, name);
	if (akida_program_set_name(p->programs[0], a->name ? a->name : name,
				   a->mode, a->flags)) {
		term_error("%s", akida_program_error(p->programs[0]));
		return TOOL_FAILED;
	}
	print_loaded(p, a->name ? a->name : name, a->json);
	return term_flush();
}

int cmd_load(int argc, char **argv)
{
	struct akida_load_options options = { 0 };
	struct arguments a = { 0 };
	char board[64];
	struct place p = { .options = &options };
	int ret = TOOL_FAILED;

	tool_parse(&argp, argc, argv, &a);
	/* What is the file of a model otherwise, is the board here. */
	if (a.configured)
		return load_configured(a.path, a.json);
	p.path = a.path;
	p.device = board;
	if (!place_board(a.device, board))
		ret = load(&a, &p);
	place_close(&p);
	return ret;
}
