// SPDX-License-Identifier: GPL-2.0
/*
 * akida set-weights: other weights for a program that is on a board.
 */
#include <stdio.h>

#include "json.h"
#include "place.h"
#include "term.h"
#include "tool.h"

struct arguments {
	const char *name, *layer, *weights, *pointwise, *device;
	bool json;
};

static const struct argp_option options[] = {
	{ "device", OPT_DEVICE, "NAME", 0, "The board (the only one)", 0 },
	{ "json", OPT_JSON, NULL, 0, "Write JSON", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case OPT_DEVICE:
		a->device = arg;
		return 0;
	case OPT_JSON:
		a->json = true;
		return 0;
	case ARGP_KEY_ARG:
		return tool_argument(state, arg, &a->name, &a->layer,
				     &a->weights, &a->pointwise, NULL);
	case ARGP_KEY_END:
		if (!a->weights)
			argp_error(state, "%s is missing",
				   !a->name  ? "NAME" :
				   !a->layer ? "LAYER" :
					       "WEIGHTS.npy");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	options,
	parse,
	"NAME LAYER WEIGHTS.npy [POINTWISE.npy]",
	"Replace the weights of a layer of a program that is on a board: int8, in "
	"the shape that 'akida info --weights' writes. A SeparableConvolutional "
	"layer takes its pointwise weights, too. Thresholds and steps stay as they "
	"are. Only that layer's part of the program is moved, and runs that others "
	"begin afterwards have the new weights."
	"\v"
	"Examples:\n"
	"  akida set-weights lamp dense_2 dense_2.weights.npy\n"
	"  akida set-weights lamp separable_2 w.npy w_pw.npy --device /dev/akida0\n",
	NULL,
	NULL,
	NULL,
};

static struct akida_array *read_array(const char *path)
{
	struct akida_array *a = akida_array_new();

	if (!a)
		term_die_memory();
	if (!akida_array_load_npy(a, path))
		return a;
	term_file_error(path, akida_array_error(a));
	akida_array_free(a);
	return NULL;
}

static int set(const struct arguments *a, const char *board,
	       const struct akida_array *weights,
	       const struct akida_array *pointwise)
{
	struct akida_device *d = tool_open_device(board);
	struct akida_program *p = NULL;
	int ret = TOOL_FAILED;

	if (d) {
		p = akida_program_new(d);
		if (!p)
			term_die_memory();
		if (akida_program_open(p, a->name, AKIDA_OPEN_WRITE) ||
		    akida_program_set_weights(p, a->layer, weights, pointwise))
			term_error("%s", akida_program_error(p));
		else
			ret = TOOL_OK;
	}
	akida_program_free(p);
	akida_device_free(d);
	return ret;
}

int cmd_set_weights(int argc, char **argv)
{
	struct akida_array *weights, *pointwise = NULL;
	struct arguments a = { 0 };
	char board[64];
	int ret = TOOL_FAILED;

	tool_parse(&argp, argc, argv, &a);
	if (place_board(a.device, board))
		return TOOL_FAILED;
	weights = read_array(a.weights);
	if (weights && a.pointwise)
		pointwise = read_array(a.pointwise);
	if (weights && (pointwise || !a.pointwise))
		ret = set(&a, board, weights, pointwise);
	akida_array_free(weights);
	akida_array_free(pointwise);
	if (!ret && a.json) {
		json_t *o = json_object();

		json_put(o, "name", json_text(a.name));
		json_put(o, "layer", json_text(a.layer));
		json_put(o, "device", json_text(board));
		json_print(o);
	}
	return ret ? ret : term_flush();
}
