// SPDX-License-Identifier: GPL-2.0
/*
 * Options about float networks, which several subcommands have.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fbz_options.h"
#include "tool.h"

/* "0.5", "1/255" */
static double ratio(struct argp_state *state, const char *option,
		    const char *arg)
{
	char *end;
	double v, w = 1;

	v = strtod(arg, &end);
	if (end != arg && *end == '/')
		w = strtod(end + 1, &end);
	if (end == arg || *end || !(v - v == 0) || !(w - w == 0) || w == 0)
		argp_error(state, "%s: '%s' is no number, such as 0.5 or 1/255",
			   option, arg);
	return v / w;
}

static size_t list(struct argp_state *state, const char *option, char *arg,
		   float *values)
{
	size_t n = 0;
	char *word, *save = NULL;

	for (word = strtok_r(arg, ",", &save); word;
	     word = strtok_r(NULL, ",", &save)) {
		if (n == FBZ_MAX_LIST)
			argp_error(state, "%s: more than %d values", option,
				   FBZ_MAX_LIST);
		values[n++] = (float)ratio(state, option, word);
	}
	return n;
}

static const struct argp_option input_options[] = {
	{ NULL, 0, NULL, 0, "Float networks:", 5 },
	{ "arch", OPT_ARCH, "FILE.json", 0,
	  "Architecture of a network whose file has weights only", 5 },
	{ "input-scale", OPT_INPUT_SCALE, "S", 0,
	  "What a step of the integer input is for the network: 1 (preset) for "
	  "pictures of 0 to 255, 1/255 for 0 to 1",
	  5 },
	{ "input-offset", OPT_INPUT_OFFSET, "X", 0,
	  "What the integer input 0 is for the network (0)", 5 },
	{ "input-bits", OPT_INPUT_BITS, "N", 0,
	  "Bits of the integer input (8 for pictures, else 4)", 5 },
	{ "mean", OPT_MEAN, "X[,X...]", 0,
	  "What the network's preprocessing subtracts, for each channel", 5 },
	{ "std", OPT_STD, "X[,X...]", 0, "What it divides by", 5 },
	{ "ignore-beta", OPT_IGNORE_BETA, NULL, 0,
	  "Read leaky neurons as if they forgot at once", 5 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t parse_input(int key, char *arg, struct argp_state *state)
{
	struct fbz_input *in = state->input;
	size_t i;

	switch (key) {
	case OPT_ARCH:
		in->arch = arg;
		return 0;
	case OPT_INPUT_SCALE:
		in->scale = ratio(state, "--input-scale", arg);
		in->scale_given = true;
		if (!(in->scale > 0))
			argp_error(state, "--input-scale must be above 0");
		return 0;
	case OPT_INPUT_OFFSET:
		in->offset = ratio(state, "--input-offset", arg);
		return 0;
	case OPT_INPUT_BITS:
		in->bits = tool_number(state, "--input-bits", arg, 1, 8);
		return 0;
	case OPT_MEAN:
		in->num_mean = list(state, "--mean", arg, in->mean);
		return 0;
	case OPT_STD:
		in->num_std = list(state, "--std", arg, in->std);
		for (i = 0; i < in->num_std; i++)
			if (!(in->std[i] > 0))
				argp_error(state, "--std must be above 0");
		return 0;
	case OPT_IGNORE_BETA:
		in->options = "ignore-beta";
		return 0;
	case ARGP_KEY_INIT:
		in->scale = 1;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

const struct argp fbz_input_argp = { input_options, parse_input, NULL, NULL,
				     NULL,	    NULL,	 NULL };

static const struct argp_option quant_options[] = {
	{ NULL, 0, NULL, 0, "To .fbz:", 4 },
	{ "calib", OPT_CALIB, "FILE.npy", 0,
	  "Calibration data: a few dozen to some hundred inputs", 4 },
	{ "holdout", OPT_HOLDOUT, "FILE.npy", 0,
	  "Other inputs, on which integer and float network are compared", 4 },
	{ "weights-bits", OPT_WEIGHTS_BITS, "N", 0,
	  "Bits of weights: 1, 2, 4 (preset), 8", 4 },
	{ "input-weights-bits", OPT_INPUT_WEIGHTS_BITS, "N", 0,
	  "Bits of weights of an InputConvolutional layer: 1, 2, 4, 8 (preset)",
	  4 },
	{ "act-bits", OPT_ACT_BITS, "N", 0,
	  "Bits of activations: 1, 2, 4 (preset)", 4 },
	{ "layer-bits", OPT_LAYER_BITS, "LAYER=W[/A]", 0,
	  "Bits of weights, and of activations, of one layer; may be given "
	  "several times",
	  4 },
	{ "range", OPT_RANGE, "HOW", 0,
	  "Largest activation: mse (preset; least squared error), max (of "
	  "calibration data), clip (where the network clips), or a percentile "
	  "such as 99.9",
	  4 },
	{ "no-bias-correction", OPT_NO_BIAS, NULL, 0,
	  "Leave mean potentials as rounding makes them", 4 },
	{ "no-equalise", OPT_NO_EQUALISE, NULL, 0,
	  "Give all neurons of a layer the same step", 4 },
	{ "no-rounding", OPT_NO_ROUNDING, NULL, 0,
	  "Round weights to the nearest, without a search", 4 },
	{ "quantize", OPT_QUANTIZE, "HOW", 0,
	  "ptq (preset), or none: weights are integers already", 4 },
	{ "names", OPT_NAMES, "WHICH", 0,
	  "Names of layers: source (preset) or canonical", 4 },
	{ "target", OPT_TARGET, "CHIP", 0,
	  "Refuse what akd1000 or akd1500 does not hold", 4 },
	{ "plot", OPT_PLOT, "FILE.svg", 0, "Draw the errors of layers", 4 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static unsigned int bits(struct argp_state *state, const char *option,
			 const char *arg, uint32_t most)
{
	uint32_t n = tool_number(state, option, arg, 1, most);

	if (n & (n - 1))
		argp_error(state, "%s: %u; it must be 1, 2, 4%s", option, n,
			   most == 8 ? " or 8" : "");
	return n;
}

static void layer_bits(struct fbz_options *o, struct argp_state *state,
		       char *arg)
{
	struct ak_quant_bits *b = &o->bits[o->quant.num_bits];
	char *equal = strrchr(arg, '='), *slash;

	if (!equal || equal == arg)
		argp_error(state,
			   "--layer-bits: '%s' is not LAYER=W or LAYER=W/A",
			   arg);
	if (o->quant.num_bits == FBZ_MAX_LIST)
		argp_error(state, "--layer-bits: more than %d layers",
			   FBZ_MAX_LIST);
	*equal = '\0';
	slash = strchr(equal + 1, '/');
	if (slash)
		*slash = '\0';
	b->layer = arg;
	b->weights = bits(state, "--layer-bits", equal + 1, 8);
	b->act = slash ? bits(state, "--layer-bits", slash + 1, 4) : 0;
	o->quant.num_bits++;
}

static void range(struct fbz_options *o, struct argp_state *state,
		  const char *arg)
{
	if (!strcmp(arg, "mse")) {
		o->quant.range = AK_RANGE_MSE;
	} else if (!strcmp(arg, "max")) {
		o->quant.range = AK_RANGE_MAX;
	} else if (!strcmp(arg, "clip")) {
		o->quant.range = AK_RANGE_CLIP;
	} else if (*arg >= '0' && *arg <= '9') {
		o->quant.range = AK_RANGE_PERCENTILE;
		o->quant.percentile =
			tool_fraction(state, "--range", arg, 50, 100);
	} else {
		argp_error(
			state,
			"--range: '%s' is not mse, max, clip or a percentile of 50 to 100",
			arg);
	}
}

/* One of two words: is it the second? */
static bool second(struct argp_state *state, const char *option,
		   const char *arg, const char *a, const char *b)
{
	if (strcmp(arg, a) && strcmp(arg, b))
		argp_error(state, "%s: '%s' is not %s or %s", option, arg, a,
			   b);
	return !strcmp(arg, b);
}

static error_t parse_quant(int key, char *arg, struct argp_state *state)
{
	struct fbz_options *o = state->input;

	switch (key) {
	case OPT_CALIB:
		o->calib = arg;
		return 0;
	case OPT_HOLDOUT:
		o->holdout = arg;
		return 0;
	case OPT_WEIGHTS_BITS:
		o->quant.weights_bits = bits(state, "--weights-bits", arg, 8);
		return 0;
	case OPT_INPUT_WEIGHTS_BITS:
		o->quant.input_weights_bits =
			bits(state, "--input-weights-bits", arg, 8);
		return 0;
	case OPT_ACT_BITS:
		o->quant.act_bits = bits(state, "--act-bits", arg, 4);
		return 0;
	case OPT_LAYER_BITS:
		layer_bits(o, state, arg);
		return 0;
	case OPT_RANGE:
		range(o, state, arg);
		return 0;
	case OPT_NO_EQUALISE:
		o->quant.equalise = false;
		return 0;
	case OPT_NO_BIAS:
		o->quant.correct_bias = false;
		return 0;
	case OPT_NO_ROUNDING:
		o->quant.round = false;
		return 0;
	case OPT_QUANTIZE:
		o->quant.integer =
			second(state, "--quantize", arg, "ptq", "none");
		return 0;
	case OPT_NAMES:
		o->quant.canonical =
			second(state, "--names", arg, "source", "canonical");
		return 0;
	case OPT_TARGET:
		o->target = tool_target(state, arg);
		return 0;
	case OPT_PLOT:
		o->plot = arg;
		return 0;
	case ARGP_KEY_INIT:
		ak_quant_preset(&o->quant);
		o->quant.bits = o->bits;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

const struct argp fbz_quant_argp = { quant_options, parse_quant, NULL, NULL,
				     NULL,	    NULL,	 NULL };

bool fbz_layout(const char *arg, char *layout)
{
	if (strcmp(arg, "nhwc") && strcmp(arg, "nchw"))
		return false;
	*layout = arg[1];
	return true;
}
