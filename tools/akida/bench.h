/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Parts of "akida bench".
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>

#include <akida/akida.h>

#include "input.h"
#include "power.h"
#include "place.h"

/* One time is kept per call: this many take 32 MB. */
#define BENCH_MAX_CALLS 4000000u

/**
 * struct bench - one call of "akida bench"
 * @path: file name of the model or program
 * @loaded: @path is the name of a program on the board
 * @place: what runs, and where
 * @device: name of the device
 * @source: file of inputs, or NULL for random values
 * @load: how the model is prepared
 * @cpu: highest instruction set, or NULL
 * @batch: inputs per call
 * @iterations: calls to measure, 0 to go by time
 * @seconds: time to measure
 * @compare: run the reference too
 * @quant: measure conversion of weights, no model
 * @json: for machines
 * @model: the model
 * @program: it, loaded on the device
 * @info: of the program
 * @in: inputs of a call
 * @out: outputs of a call
 * @calls: calls that were measured
 * @total: their time in seconds
 * @min: shortest call in milliseconds
 * @median: middle call in milliseconds
 * @p99: time in milliseconds that 99 of 100 calls stay within
 * @power: average while that was measured
 * @layers: profile of each layer
 * @num_layers: how many
 * @macs: multiply-adds of one input
 * @stats: what the runs of the profile have cost
 * @reference_ms: median of a call of the scalar reference
 * @reference_equal: its outputs are the same
 */
struct bench {
	const char *path, *device, *source;
	struct akida_load_options load;
	const struct cpu_level *cpu;
	uint32_t batch, iterations;
	double seconds;
	bool compare, quant, json, loaded;
	struct place place;

	struct akida_model *model;
	struct akida_program *program;
	struct akida_program_info info;
	uint8_t *in, *out;
	uint32_t calls;
	double total, min, median, p99;
	struct power_average power;
	struct akida_layer_profile *layers;
	unsigned int num_layers;
	uint64_t macs;
	struct akida_program_stats stats;
	double reference_ms;
	bool reference_equal;
};

/**
 * bench_measure() - latency and throughput
 * @b: with a program and inputs
 *
 * Return: 0, -1 after an error was printed.
 */
int bench_measure(struct bench *b);

/**
 * bench_profile() - time of each layer, in a run of its own
 * @b: measured
 *
 * Return: 0, -1 after an error was printed.
 */
int bench_profile(struct bench *b);

/**
 * bench_reference() - time and outputs of the scalar reference
 * @b: measured
 * @device: its device
 *
 * Return: 0, -1 after an error was printed.
 */
int bench_reference(struct bench *b, struct akida_device *device);

/**
 * bench_text() - print for people
 * @b: measured
 */
void bench_text(const struct bench *b);

/**
 * bench_json() - print for machines
 * @b: measured
 */
void bench_json(const struct bench *b);

/**
 * bench_quant() - speed of number formats, measured and printed
 * @b: options
 *
 * Return: an exit code.
 */
int bench_quant(const struct bench *b);

#endif /* BENCH_H */
