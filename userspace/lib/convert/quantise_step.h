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
 * @last: the last layer
 * @seed: of the choice of positions
 * @err: error text
 * @main: weights; the depthwise part of a separable layer
 * @pw: its pointwise part
 * @bias: [filters] with what was corrected
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
	bool last;
	uint64_t seed;
	struct ak_err *err;

	struct ak_fit main, pw;
	double *bias;
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
