// SPDX-License-Identifier: GPL-2.0
/*
 * akida unload: take a program off a board.
 */
#include <stdio.h>

#include "json.h"
#include "load.h"
#include "place.h"
#include "term.h"
#include "tool.h"

struct arguments {
	const char *name, *device;
	bool json, configured;
};

static const struct argp_option options[] = {
	{ "configured", OPT_CONFIGURED, NULL, 0,
	  "Take away what /etc/akida/boards.d names for the board", 0 },
	{ "json", OPT_JSON, NULL, 0, "Write JSON", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case OPT_CONFIGURED:
		a->configured = true;
		return 0;
	case OPT_JSON:
		a->json = true;
		return 0;
	case ARGP_KEY_ARG:
		return tool_argument(state, arg, &a->name, &a->device, NULL);
	case ARGP_KEY_END:
		if (a->configured && a->device)
			argp_error(
				state,
				"'%s' is one argument too many: --configured takes a board alone",
				a->device);
		if (!a->configured && !a->name)
			argp_error(state, "NAME is missing");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	options,
	parse,
	"NAME [DEVICE]\n--configured [DEVICE]",
	"Take away the name of a program that 'akida load' left on a board. Its "
	"memory is free when nobody has it open any more. DEVICE may be left out if "
	"there is one board."
	"\v"
	"Examples:\n"
	"  akida unload lamp\n"
	"  akida unload lamp /dev/akida0\n"
	"  akida unload --configured 0000:01:00.0\n",
	NULL,
	NULL,
	NULL,
};

int cmd_unload(int argc, char **argv)
{
	struct arguments a = { 0 };
	struct akida_board *b;
	char board[64];
	int ret = TOOL_FAILED;

	tool_parse(&argp, argc, argv, &a);
	if (a.configured)
		return unload_configured(a.name, a.json);
	if (place_board(a.device, board))
		return TOOL_FAILED;
	b = akida_board_new();
	if (!b)
		term_die_memory();
	if (akida_board_open(b, board) || akida_board_unload(b, a.name, 0)) {
		term_error("%s", akida_board_error(b));
	} else {
		if (a.json) {
			json_t *o = json_object();

			json_put(o, "name", json_text(a.name));
			json_put(o, "device", json_text(board));
			json_print(o);
		}
		ret = term_flush();
	}
	akida_board_free(b);
	return ret;
}
