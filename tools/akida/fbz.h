/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Float networks: how "akida convert" makes a .fbz file of one, and what
 * "akida evaluate" and "akida run" do with them.
 */
#ifndef FBZ_H
#define FBZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <akida/akida.h>

#include "convert/graph.h"
#include "convert/quantise.h"

/* Most values of --mean and --std, most layers of --layer-bits. */
#define FBZ_MAX_LIST 64

/**
 * struct fbz_input - what the values of an input mean
 * @arch: --arch, or NULL
 * @options: of importers, "ignore-beta" or NULL
 * @scale: what one step of the integer input is worth
 * @offset: what zero is worth
 * @bits: of the integer input, 0 for what the first layer takes
 * @mean: subtracted by the network's preprocessing
 * @num_mean: how many, 0, 1 or one for each channel
 * @std: divided by
 * @num_std: likewise
 * @layout: 0 for what the file says, 'h' for nhwc, 'c' for nchw
 * @scale_given: --input-scale was there
 */
struct fbz_input {
	const char *arch, *options;
	double scale, offset;
	unsigned int bits;
	float mean[FBZ_MAX_LIST], std[FBZ_MAX_LIST];
	size_t num_mean, num_std;
	char layout;
	bool scale_given;
};

/**
 * struct fbz_options - the command line of a conversion to .fbz
 * @input: of the network
 * @calib: calibration data, or NULL
 * @holdout: data to compare on, or NULL
 * @plot: picture of errors, or NULL
 * @quant: how to quantise
 * @bits: exceptions of @quant
 * @target: chip to check for
 */
struct fbz_options {
	struct fbz_input input;
	const char *calib, *holdout, *plot;
	struct ak_quant_options quant;
	struct ak_quant_bits bits[FBZ_MAX_LIST];
	enum akida_target target;
};

/**
 * struct fbz_data - inputs as integers
 * @count: how many
 * @size: values of each
 * @data: [count][y][x][c]
 */
struct fbz_data {
	size_t count, size;
	uint8_t *data;
};

/**
 * struct fbz_agreement - an integer network against its float network
 * @samples: inputs
 * @cells: positions of all outputs (one for each input without a map)
 * @same: of them with the same best class
 * @error: |score - float| / |float|
 */
struct fbz_agreement {
	size_t samples, cells, same;
	double error;
};

/**
 * fbz_import() - read a float network with its preprocessing, say what is wrong
 * @path: file name
 * @in: what inputs mean
 *
 * Return: a chain, NULL after an error was printed.
 */
struct ak_graph *fbz_import(const char *path, const struct fbz_input *in);

/**
 * fbz_data_load() - read inputs, say what is wrong
 * @d: where to put them
 * @path: .npy file: integers, or floats that are steps of @in->scale
 * @g: network
 * @in: what inputs mean
 * @bits: of an integer
 *
 * Return: 0, -1 after an error was printed.
 */
int fbz_data_load(struct fbz_data *d, const char *path,
		  const struct ak_graph *g, const struct fbz_input *in,
		  unsigned int bits);

/**
 * fbz_element() - a number of an array
 * @a: array
 * @i: its place
 *
 * Return: the number; NAN for a dtype that is none.
 */
double fbz_element(const struct akida_array *a, size_t i);

/**
 * fbz_is_float() - does an array hold numbers with a point?
 * @a: array
 *
 * Return: true for float32 and float64.
 */
bool fbz_is_float(const struct akida_array *a);

/**
 * fbz_count() - how many inputs an array holds
 * @a: array
 * @s: shape of an input
 * @in: what inputs mean
 * @nchw: the order that the network's own data have; false if data turn out to
 *	be of the other
 *
 * Return: inputs; 0 if its shape is another.
 */
size_t fbz_count(const struct akida_array *a, const struct akida_shape *s,
		 const struct fbz_input *in, bool *nchw);

/**
 * fbz_place() - where a value stands in channels-first data
 * @i: its number, counted through all inputs as [y][x][c]
 * @s: shape of an input
 *
 * Return: its number there.
 */
size_t fbz_place(size_t i, const struct akida_shape *s);

/**
 * fbz_data_clear() - give them back
 * @d: inputs
 */
void fbz_data_clear(struct fbz_data *d);

/**
 * fbz_float_scores() - evaluate a float network on all inputs
 * @g: network
 * @d: inputs
 * @scale: what a step is worth
 * @threads: 0 for all
 *
 * A softmax or sigmoid at the end is left out: Akida has none.
 *
 * Return: [count][output], NULL after an error was printed.
 */
float *fbz_float_scores(const struct ak_graph *g, const struct fbz_data *d,
			double scale, unsigned int threads);

/**
 * fbz_logits() - the operation whose output stands for scores
 * @g: network
 *
 * Return: the number of the last one that is neither softmax nor sigmoid.
 */
size_t fbz_logits(const struct ak_graph *g);

/**
 * fbz_int_scores() - run an integer network on all inputs
 * @m: model
 * @path: its name, for errors
 * @d: inputs
 * @threads: 0 for all
 * @info: filled in
 *
 * Return: [count][output], NULL after an error was printed.
 */
float *fbz_int_scores(struct akida_model *m, const char *path,
		      const struct fbz_data *d, unsigned int threads,
		      struct akida_program_info *info);

/**
 * fbz_best() - best class of each position
 * @scores: [cells][classes]
 * @cells: positions
 * @classes: how many
 *
 * Return: an array for free().
 */
uint32_t *fbz_best(const float *scores, size_t cells, size_t classes);

/**
 * fbz_compare() - how far scores are apart
 * @a: filled in
 * @scores: of the integer network
 * @want: of the float one
 * @samples: inputs
 * @shape: of an output
 */
void fbz_compare(struct fbz_agreement *a, const float *scores,
		 const float *want, size_t samples,
		 const struct akida_shape *shape);

/**
 * fbz_convert() - convert a float network
 * @o: how
 * @in: its file
 * @out: the .fbz file
 * @json: report for machines
 *
 * Return: an exit code.
 */
int fbz_convert(struct fbz_options *o, const char *in, const char *out,
		bool json);

/**
 * fbz_report_text() - print the table of layers
 * @r: report
 */
void fbz_report_text(const struct ak_quant_report *r);

/**
 * fbz_plot() - draw errors of layers, say what is wrong
 * @r: report
 * @path: an .svg file
 *
 * Return: 0, -1 after an error was printed.
 */
int fbz_plot(const struct ak_quant_report *r, const char *path);

#endif /* FBZ_H */
