// SPDX-License-Identifier: GPL-2.0
/*
 * akida run: the command line.
 */
#include <stdio.h>
#include <string.h>

#include "fbz_options.h"
#include "run.h"
#include "tool.h"

#define TOP_CLASSES 5
#define TOP_CELLS 20

static const struct argp_option options[] = {
	{ NULL, 0, NULL, 0, "Input and output:", 1 },
	{ "input", 'i', "FILE", 0,
	  "Input: .npy array of uint8 (one input or a batch; of any numbers for "
	  "a float network), PNG or JPEG picture, or - for raw bytes on standard "
	  "input; may be given several times",
	  1 },
	{ "events", OPT_EVENTS, "FILE", 0,
	  "Input: events of an event camera (x, y, p, t) as .npy or text, counted "
	  "for each pixel; may be given several times",
	  1 },
	{ "window", OPT_WINDOW, "US", 0,
	  "For events: microseconds of an input (all events in one)", 1 },
	{ "sensor", OPT_SENSOR, "WxH", 0,
	  "For events: columns and rows of the camera (those of the input)",
	  1 },
	{ "output", 'o', "FILE.npy", 0,
	  "Write the scores of all inputs (batch, row, column, channel)", 1 },
	{ "raw", 'r', NULL, 0,
	  "Show and write integer outputs instead of scores; of a float network "
	  "its outputs as they are",
	  1 },
	{ "layout", OPT_LAYOUT, "ORDER", 0,
	  "Order of a float network's .npy inputs: nhwc or nchw (what its file "
	  "says)",
	  1 },
	{ "crop", OPT_CROP, NULL, 0,
	  "Cut pictures to the shape of the input instead of stretching them",
	  1 },
	{ "labels", 'l', "FILE", 0, "Names of classes, one per line", 1 },
	{ "top", 'k', "K", 0,
	  "Show the K best classes (5), or cells or boxes (20); 0 shows all",
	  1 },
	{ "threshold", OPT_THRESHOLD, "P", 0,
	  "For maps: probability from which a cell or box is shown (0.5)", 1 },
	{ "decode", OPT_DECODE, "KIND", 0,
	  "What the output is: yolo (boxes; a YOLOv2 head)", 1 },
	{ "anchors", OPT_ANCHORS, "FILE", 0,
	  "For yolo: width and height of each anchor in cells of the output, as "
	  "text or .npy",
	  1 },
	{ "nms", OPT_NMS, "IOU", 0,
	  "For yolo: of two boxes of a class that overlap more than this, only "
	  "the more probable one is shown (0.5)",
	  1 },
	{ "json", OPT_JSON, NULL, 0, "Write JSON", 1 },
	{ "stats", OPT_STATS, NULL, 0,
	  "Tell time and, of boards with sensors, power and energy", 1 },
	{ "draw", OPT_DRAW, "FILE.png", 0,
	  "Draw the predictions over the picture", 1 },
	{ "dump", OPT_DUMP, "DIR", 0, "Write every layer's output as .npy", 1 },
	{ NULL, 0, NULL, 0, "How to run:", 2 },
	{ "device", OPT_DEVICE, "NAME", 0,
	  "Device of 'akida list' (soft); all spreads the inputs over all boards",
	  2 },
	{ "loaded", OPT_LOADED, "NAME", 0,
	  "Run a program that is on the board ('akida load'), no model", 2 },
	{ "partial", OPT_PARTIAL, NULL, 0,
	  "On a board that cannot hold all layers: the longest part that it can "
	  "on the board, the rest on this machine's processors",
	  2 },
	{ "batch", 'b', "N", 0, "Inputs per call (at most 64)", 2 },
	{ "threads", 't', "N", 0, "Threads of the software device (all cores)",
	  2 },
	{ "target", OPT_TARGET, "CHIP", 0,
	  "Prepare for akd1000 or akd1500, whose steps are coarser, and show "
	  "what changes against the exact steps",
	  2 },
	{ "reference", OPT_REFERENCE, NULL, 0,
	  "Use the scalar reference instead of the fast kernels", 2 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static void add(const char ***list, size_t *count, const char *arg)
{
	*list = tool_realloc(*list, *count + 1, sizeof(**list));
	(*list)[(*count)++] = arg;
}

static void end(struct run *r, struct argp_state *state)
{
	const char *dot = r->draw ? strrchr(r->draw, '.') : NULL;

	if (r->loaded) {
		/* There is no model: what stands alone is an input. */
		if (r->path)
			add(&r->sources, &r->num_sources, r->path);
		r->path = r->loaded;
		if (r->load.target || r->load.flags || r->dump)
			argp_error(
				state,
				"--loaded: the program is on the board already; --target, --partial, --reference and --dump are for models");
		if (!strcmp(r->device, "soft"))
			argp_error(state, "--loaded needs --device BOARD");
	}
	if (!r->path)
		argp_error(state, "MODEL is missing");
	if (!r->num_sources && !r->num_events)
		argp_error(state, "an input is missing; give one with -i FILE");
	if ((r->binning.window || r->binning.width) && !r->num_events)
		argp_error(state, "--window and --sensor are for --events");
	if (r->draw && (!dot || strcmp(dot, ".png")))
		argp_error(state, "--draw: '%s' does not end in .png", r->draw);
	if (r->decode && !r->anchors)
		argp_error(state, "--decode yolo needs --anchors FILE");
	if ((r->anchors || r->nms_given) && !r->decode)
		argp_error(state, "--anchors and --nms are for --decode yolo");
}

/* "128x96" */
static void sensor(struct run *r, struct argp_state *state, const char *arg)
{
	unsigned int width = 0, height = 0;
	char end;

	if (arg[strspn(arg, "0123456789x")] || strlen(arg) > 11 ||
	    sscanf(arg, "%ux%u%c", &width, &height, &end) != 2 || !width ||
	    !height || width > 65536 || height > 65536)
		argp_error(state,
			   "--sensor: '%s' is no size such as 128x96, up to "
			   "65536x65536",
			   arg);
	r->binning.width = width;
	r->binning.height = height;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct run *r = state->input;

	switch (key) {
	case 'i':
		add(&r->sources, &r->num_sources, arg);
		return 0;
	case OPT_EVENTS:
		add(&r->events, &r->num_events, arg);
		return 0;
	case OPT_WINDOW:
		r->binning.window =
			tool_number(state, "--window", arg, 1, UINT32_MAX);
		return 0;
	case OPT_SENSOR:
		sensor(r, state, arg);
		return 0;
	case 'o':
		r->output = arg;
		return 0;
	case 'r':
		r->raw = true;
		return 0;
	case OPT_CROP:
		r->crop = true;
		return 0;
	case OPT_LAYOUT:
		if (!fbz_layout(arg, &r->float_input.layout))
			argp_error(state, "--layout: '%s' is not nhwc or nchw",
				   arg);
		return 0;
	case 'l':
		r->labels_path = arg;
		return 0;
	case 'k':
		r->top = tool_number(state, "--top", arg, 0, UINT32_MAX);
		r->top_given = true;
		return 0;
	case OPT_THRESHOLD:
		r->threshold = tool_fraction(state, "--threshold", arg, 0, 1);
		return 0;
	case OPT_DECODE:
		if (strcmp(arg, "yolo"))
			argp_error(state, "--decode: '%s' is not yolo", arg);
		r->decode = true;
		return 0;
	case OPT_ANCHORS:
		r->anchors = arg;
		return 0;
	case OPT_NMS:
		r->yolo.nms = tool_fraction(state, "--nms", arg, 0, 1);
		r->nms_given = true;
		return 0;
	case OPT_JSON:
		r->json = true;
		return 0;
	case OPT_STATS:
		r->stats = true;
		return 0;
	case OPT_DRAW:
		r->draw = arg;
		return 0;
	case OPT_DUMP:
		r->dump = arg;
		return 0;
	case OPT_DEVICE:
		r->device = arg;
		return 0;
	case OPT_LOADED:
		r->loaded = arg;
		return 0;
	case OPT_PARTIAL:
		r->load.flags |= AKIDA_LOAD_PARTIAL;
		return 0;
	case 'b':
		r->batch = tool_number(state, "--batch", arg, 1, 1 << 20);
		return 0;
	case 't':
		r->load.threads = tool_number(state, "--threads", arg, 1, 1024);
		return 0;
	case OPT_TARGET:
		r->load.target = tool_target(state, arg);
		return 0;
	case OPT_REFERENCE:
		r->load.flags |= AKIDA_LOAD_REFERENCE;
		return 0;
	case ARGP_KEY_ARG:
		/* "-i *.png" leaves all but the first picture here. */
		if (r->path)
			add(&r->sources, &r->num_sources, arg);
		else
			r->path = arg;
		return 0;
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &r->float_input;
		return 0;
	case ARGP_KEY_END:
		end(r, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_child children[] = {
	{ &fbz_input_argp, 0, NULL, 0 },
	{ NULL, 0, NULL, 0 },
};

static const struct argp argp = {
	options,
	parse,
	"MODEL -i FILE [FILE...]\n--loaded NAME --device BOARD -i FILE [FILE...]",
	"Run a model and show what it predicts: the best classes with their "
	"scores, or, for an output with rows and columns, the cells where a "
	"class is likely (channel 0 is the background). MODEL is a .fbz file, a "
	"float network, which is computed in floats, or, on a board, a compiled "
	"program."
	"\v"
	"Examples:\n"
	"  akida run model.fbz -i lamp.png --labels labels.txt\n"
	"  akida run model.fbz -i frames/*.jpg -o scores.npy\n"
	"  akida run fomo.fbz -i shelf.jpg --crop --draw shelf-boxes.png\n"
	"  camera | akida run model.fbz -i - --json\n"
	"  akida run model.fbz -i lamp.png --target akd1000\n"
	"  akida run model.fbz -i frames.npy --device all -o scores.npy\n"
	"  akida run --loaded lamp --device /dev/akida0 -i lamp.png\n"
	"  akida run model.onnx -i lamp.png --input-scale 1/255\n"
	"  akida run yolo.fbz -i street.jpg --decode yolo --anchors anchors.txt --draw boxes.png\n"
	"  akida run gesture.fbz --events hand.npy --sensor 128x128 --window 50000\n",
	children,
	NULL,
	NULL,
};

void run_parse(struct run *r, int argc, char **argv)
{
	memset(r, 0, sizeof(*r));
	r->device = "soft";
	r->threshold = 0.5;
	r->yolo.nms = 0.5;
	tool_parse(&argp, argc, argv, r);
}

struct yolo_box *run_boxes(const struct run *r, size_t i, size_t *count,
			   size_t *shown)
{
	size_t top = r->top_given ? r->top : TOP_CELLS;
	struct yolo_box *boxes;

	boxes = yolo_boxes(&r->yolo, run_scores(r, i), &r->info.output,
			   &r->info.input, count);
	*shown = top && top < *count ? top : *count;
	return boxes;
}

struct hit *run_hits(const struct run *r, size_t i, size_t *count,
		     size_t *shown)
{
	const struct akida_shape *s = &r->info.output;
	bool map = predict_is_map(s);
	size_t top = map ? TOP_CELLS : TOP_CLASSES;
	struct hit *hits;

	if (map) {
		hits = tool_alloc((size_t)s->height * s->width, sizeof(*hits));
		*count = predict_cells(run_scores(r, i), s, r->threshold, hits);
	} else {
		hits = tool_alloc(s->channels, sizeof(*hits));
		predict_classes(run_scores(r, i), s->channels, hits);
		*count = s->channels;
	}
	if (r->top_given)
		top = r->top;
	*shown = top && top < *count ? top : *count;
	return hits;
}
