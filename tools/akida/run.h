/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Parts of "akida run".
 */
#ifndef RUN_H
#define RUN_H

#include <stdbool.h>

#include <akida/akida.h>

#include "fbz.h"
#include "input.h"
#include "labels.h"
#include "place.h"
#include "power.h"
#include "predict.h"
#include "yolo.h"

/* Only so many score changes are kept: the largest. */
#define COMPARE_CHANGES 20

struct dump;

/**
 * struct compared_layer - what coarse steps change in a layer
 * @name: of the layer
 * @potentials: it puts out potentials, not activations
 * @values: values of all inputs
 * @changed: how many of them differ
 */
struct compared_layer {
	char *name;
	bool potentials;
	uint64_t values, changed;
};

/**
 * struct score_change - a score that coarse steps change
 * @input: number of the input
 * @at: number of the output value
 * @exact: score with the file's steps
 * @target: score with those of the target
 */
struct score_change {
	size_t input, at;
	float exact, target;
};

/**
 * struct comparison - a chip's coarse steps against the file's exact ones
 * @layers: layers
 * @num_layers: how many
 * @values: activations of all layers and inputs; potentials are not among them
 * @changed: how many of those differ
 * @scores: scores of all inputs
 * @scores_changed: how many of those differ
 * @best_changed: inputs, or cells of maps, whose best class is another one
 * @largest: largest difference of a score
 * @changes: the largest changes of scores, largest first
 * @num_changes: how many
 */
struct comparison {
	struct compared_layer *layers;
	unsigned int num_layers;
	uint64_t values, changed, scores, scores_changed, best_changed;
	double largest;
	struct score_change changes[COMPARE_CHANGES];
	unsigned int num_changes;
};

/**
 * struct run - one call of "akida run"
 * @path: file name of the model, or of a compiled program
 * @loaded: name of a program on the board, or NULL; then @path is the same
 * @place: what runs, and where
 * @device: name of the device
 * @output: file for the outputs, or NULL
 * @labels_path: file of labels, or NULL
 * @draw: picture to draw, or NULL
 * @anchors: file of anchors: the output tells boxes; or NULL
 * @dump: folder for every layer's output, or NULL
 * @sources: names of inputs
 * @num_sources: how many
 * @events: names of files of events
 * @num_events: how many
 * @binning: how they become inputs
 * @load: how the model is prepared
 * @batch: inputs per call, 0 for as many as make sense
 * @top: most predictions to show, 0 for all
 * @threshold: probability from which a cell of a map, or a box, counts
 * @yolo: with @anchors, how boxes are told
 * @float_input: of a float network
 * @decode: the output tells boxes
 * @nms_given: --nms was there
 * @top_given: @top was asked for
 * @raw: show and keep integers
 * @crop: cut pictures
 * @json: for machines
 * @stats: say how long inputs took, and what energy
 * @seconds: that all inputs took
 * @power: average meanwhile
 * @graph: a float network, or NULL
 * @model: the model, if it is none
 * @program: it, loaded on the device
 * @info: of the program, or what it would be of a float network
 * @inputs: all inputs
 * @labels: names of classes
 * @out: all outputs, raw: floats of a float network, as it computes them
 * @scores: all outputs, dequantised; without softmax or sigmoid at the end
 * @comparison: filled in with a target
 */
struct run {
	const char *path, *loaded, *device, *output, *labels_path, *draw;
	const char *dump;
	struct place place;
	const char *anchors;
	const char **sources;
	size_t num_sources;
	const char **events;
	size_t num_events;
	struct input_events binning;
	struct akida_load_options load;
	uint32_t batch, top;
	double threshold;
	struct yolo yolo;
	struct fbz_input float_input;
	bool decode, nms_given, top_given, raw, crop, json, stats;
	double seconds;
	struct power_average power;

	struct ak_graph *graph;
	struct akida_model *model;
	struct akida_program *program;
	struct akida_program_info info;
	struct inputs inputs;
	struct labels labels;
	uint8_t *out;
	float *scores;
	struct comparison comparison;
};

/**
 * run_parse() - read the command line of "akida run"
 * @r: filled in
 * @argc: of the subcommand
 * @argv: of the subcommand
 */
void run_parse(struct run *r, int argc, char **argv);

/**
 * run_scores() - scores of one input
 * @r: a run
 * @i: number of the input
 *
 * Return: one per output value.
 */
const float *run_scores(const struct run *r, size_t i);

/**
 * run_raw() - one raw output value
 * @r: a run
 * @i: number of the input
 * @at: number of the value
 *
 * Return: potential or activation.
 */
int32_t run_raw(const struct run *r, size_t i, size_t at);

/**
 * run_raw_float() - one output value of a float network
 * @r: a run with r->graph
 * @i: number of the input
 * @at: number of the value
 *
 * Return: what the network computes.
 */
float run_raw_float(const struct run *r, size_t i, size_t at);

/**
 * run_float_open() - read a float network instead of a model
 * @r: a run; @graph and @info are filled in
 *
 * Return: 0, -1 after an error was printed.
 */
int run_float_open(struct run *r);

/**
 * run_float_refuse() - options for float networks that a model has no use for
 * @r: a run of a model
 *
 * Return: 0, -1 after an error was printed.
 */
int run_float_refuse(const struct run *r);

/**
 * run_float_all() - evaluate all inputs
 * @r: a run with inputs, and room for outputs
 * @dump: where operations' outputs go, or NULL
 *
 * Return: 0, -1 after an error was printed.
 */
int run_float_all(struct run *r, struct dump *dump);

/**
 * run_hits() - predictions of one input
 * @r: a run
 * @i: number of the input
 * @count: how many there are
 * @shown: how many of them are to be shown
 *
 * Return: an array for free(), best first.
 */
struct hit *run_hits(const struct run *r, size_t i, size_t *count,
		     size_t *shown);

/**
 * run_boxes() - boxes of one input
 * @r: a run with @anchors
 * @i: number of the input
 * @count: how many there are
 * @shown: how many of them are to be shown
 *
 * Return: an array for free(), best first.
 */
struct yolo_box *run_boxes(const struct run *r, size_t i, size_t *count,
			   size_t *shown);

/**
 * run_text() - print for people
 * @r: a run
 */
void run_text(const struct run *r);

/**
 * run_json() - print for machines
 * @r: a run
 */
void run_json(const struct run *r);

/**
 * dump_layer() - write one layer's output
 * @arg: a dump
 * @layer: its number; layers come in order, a step back is the next input
 * @name: of the layer
 * @s: shape of its output
 * @dtype: of its output
 * @data: output
 */
void dump_layer(void *arg, unsigned int layer, const char *name,
		const struct akida_shape *s, enum akida_dtype dtype,
		const void *data);

/**
 * dump_begin() - make the folder and watch the program, if there is one
 * @r: a run with r->dump
 *
 * Return: state for dump_end(), NULL after an error was printed.
 */
struct dump *dump_begin(struct run *r);

/**
 * dump_end() - stop watching
 * @d: state
 * @r: a run
 *
 * Return: 0, -1 when a file could not be written; an error was printed.
 */
int dump_end(struct dump *d, struct run *r);

/**
 * compare_run() - run both ways and count what differs
 * @r: a run whose program is prepared for a target
 * @device: its device
 *
 * Return: 0, -1 after an error was printed.
 */
int compare_run(struct run *r, struct akida_device *device);

/**
 * compare_clear() - give the memory back
 * @c: a comparison
 */
void compare_clear(struct comparison *c);

/**
 * draw_run() - draw every input's prediction
 * @r: a run with r->draw
 *
 * Return: 0, -1 after an error was printed.
 */
int draw_run(const struct run *r);

#endif /* RUN_H */
