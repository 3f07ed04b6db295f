/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One layer on its way to integers.
 */
#ifndef AK_QUANTISE_STEP_H
#define AK_QUANTISE_STEP_H

#include "convert/quantise_internal.h"

/**
 * struct ak_quant_step - a layer
 * @l: float layer
 * @o: how
 * @threads: who computes
 * @samples: calibration samples
 * @in_bits: bits of its input
 * @weights_bits: bits of its weights
 * @act_bits: bits of its activations
 * @s_in: for each input channel what a step is worth
 * @xq: [samples] inputs as integers
 * @xf: [samples] inputs as the float network has them
 * @outside: value of the border, as the float network has it
 * @next: the layer behind it, NULL for the last
 * @next_bits: bits of its weights
 * @seed: of the choice of positions
 * @err: error text
 * @main: weights; the depthwise part of a separable layer
 * @pw: its pointwise part
 * @bias: [filters] with what was corrected
 * @fires_above: [filters] integer thresholds of spiking neurons that were
 *	searched for, NAN where there is none; or NULL
 * @s_out: [filters] what a step of its output is worth
 * @threshold: [filters]
 * @act_step: [filters]
 * @yf: [samples] outputs as the float network has them
 * @yq: [samples] outputs as integers, filled in by who runs the layer
 * @file_weights: for who builds the layer
 * @range: largest activation that is told apart
 * @largest: largest activation there was
 */
struct ak_quant_step {
	const struct ak_net_layer *l;
	const struct ak_quant_options *o;
	struct npu_threads *threads;
	size_t samples;
	unsigned int in_bits, weights_bits, act_bits;
	const float *s_in;
	const uint8_t *xq;
	const float *xf;
	float outside;
	const struct ak_net_layer *next;
	unsigned int next_bits;
	uint64_t seed;
	struct ak_err *err;

	struct ak_fit main, pw;
	double *bias, *fires_above;
	float *s_out;
	int32_t *threshold;
	float *act_step;
	float *yf;
	uint8_t *yq;
	int8_t *file_weights;
	double range, largest;
};

/**
 * ak_quant_step_run() - weights, ranges, thresholds and steps of a layer
 * @s: inputs are set, all else is zero
 *
 * Return: 0, -ERANGE, -EINVAL, -ENOMEM.
 */
int ak_quant_step_run(struct ak_quant_step *s);

/**
 * ak_quant_step_clear() - give all of it back that is still there
 * @s: step
 */
void ak_quant_step_clear(struct ak_quant_step *s);

/**
 * ak_quant_threshold() - integer threshold of a spiking neuron
 * @value: of its potential without bias
 * @unit: what a unit of integer potential is worth
 *
 * A neuron fires above it: what is a whole number but for rounding is one.
 *
 * Return: the largest integer potential with which it does not fire.
 */
double ak_quant_threshold(double value, double unit);

/**
 * ak_quant_spikes() - thresholds of spiking neurons
 * @s: step of a layer of spiking neurons, after weights and biases;
 *	@fires_above is made here
 * @f: its integer weights
 * @r: positions
 *
 * Return: 0, -ENOMEM.
 */
int ak_quant_spikes(struct ak_quant_step *s, const struct ak_fit *f,
		    const struct ak_rows *r);

/**
 * ak_quant_levels() - what steps of activations are worth
 * @s: after ak_quant_forward(); @s_out, @range and @largest are set
 *
 * A range for the layer as the options say, and, where they and the source
 * leave it open, a share of it for each neuron: of five ways from equal steps to
 * steps that follow each neuron's largest activation, that with the least
 * estimated noise in the next layer's potentials. Noise of activations is
 * measured; that of weights is rounding's (steps squared / 12).
 *
 * Return: 0, -ENOMEM.
 */
int ak_quant_levels(struct ak_quant_step *s);

/**
 * ak_quant_forward() - what the float network does in this layer
 * @s: step; @yf is made here
 * @rows: positions are collected here if it is not NULL: float potentials, and
 *	integer inputs as the layer (the pointwise part of a separable one)
 *	sees them
 *
 * Return: 0, -ENOMEM.
 */
int ak_quant_forward(struct ak_quant_step *s, struct ak_rows *rows);

#endif /* AK_QUANTISE_STEP_H */
