/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From float layers to an integer Akida 1.0 model.
 *
 * One layer after the other, each with the activations that the integer layers
 * before it really give: what they got wrong, its rounding and its bias make
 * good where they can.
 */
#ifndef AK_QUANTISE_H
#define AK_QUANTISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "convert/graph.h"

struct akida_model;

/**
 * enum ak_range - how large the largest activation is
 * @AK_RANGE_MSE: what gives the least squared error over calibration data
 * @AK_RANGE_MAX: the largest one seen
 * @AK_RANGE_PERCENTILE: what a share of those above zero does not exceed
 * @AK_RANGE_CLIP: where the network itself clips, as ReLU6 does; the largest
 *	one seen where it does not
 */
enum ak_range {
	AK_RANGE_MSE,
	AK_RANGE_MAX,
	AK_RANGE_PERCENTILE,
	AK_RANGE_CLIP,
};

/**
 * struct ak_quant_bits - bits of one layer
 * @layer: its name
 * @weights: 1, 2, 4 or 8; 0 for the preset
 * @act: 1, 2 or 4; 0 for the preset
 */
struct ak_quant_bits {
	const char *layer;
	unsigned int weights, act;
};

/**
 * struct ak_quant_options - how to quantise
 * @weights_bits: of all layers but an InputConvolutional: 1, 2, 4 (8)
 * @input_weights_bits: of InputConvolutional: 1, 2, 4, 8
 * @act_bits: 1, 2, 4
 * @bits: exceptions
 * @num_bits: how many
 * @range: how activations are limited
 * @percentile: of AK_RANGE_PERCENTILE, 50 to 100
 * @equalise: steps of single neurons may follow their ranges; the next layer's
 *	weights make up for it
 * @correct_bias: mean potentials become those of the float network, and
 *	thresholds of spiking neurons are put where the least spikes are wrong
 * @round: weights are rounded so that potentials, not weights, have the least
 *	squared error
 * @integer: weights are integers already and must stay what they are
 * @canonical: name layers conv_0, separable_1, dense_2, ... instead of as in
 *	the source
 * @threads: 0 for all processors
 * @progress: called before each layer and at the end; not 0 ends it; or NULL
 * @arg: handed to @progress
 */
struct ak_quant_options {
	unsigned int weights_bits, input_weights_bits, act_bits;
	const struct ak_quant_bits *bits;
	size_t num_bits;
	enum ak_range range;
	double percentile;
	bool equalise, correct_bias, round, integer, canonical;
	unsigned int threads;
	int (*progress)(void *arg, size_t done, size_t total);
	void *arg;
};

/**
 * struct ak_quant_layer - what became of a layer
 * @name: its name
 * @type: of the Akida layer
 * @weights_bits: bits of a weight
 * @act_bits: bits of an activation, 0 for potentials
 * @weight_error: |w - scale * q| / |w| over all weights
 * @range: largest activation that is told apart
 * @largest: largest activation that the float network had
 * @saturated: share of activations at their largest value
 * @error: |activation - float activation| / |float activation|, with all
 *	errors of layers before it
 * @exact: filters whose integer weights are the float ones but for a scale
 * @filters: how many there are
 */
struct ak_quant_layer {
	char *name;
	enum akida_layer_type type;
	unsigned int weights_bits, act_bits;
	double weight_error, range, largest, saturated, error;
	size_t exact, filters;
};

/**
 * struct ak_quant_report - what became of a network
 * @layer: layers
 * @num_layers: how many
 * @samples: calibration samples used
 */
struct ak_quant_report {
	struct ak_quant_layer *layer;
	size_t num_layers, samples;
};

/**
 * ak_quant_preset() - what is right for most networks
 * @o: filled in: 8-bit input weights, all else 4 bits, everything on
 */
void ak_quant_preset(struct ak_quant_options *o);

/**
 * ak_quantise() - make an integer model
 * @net: float layers
 * @calibration: [@samples][y][x][c], integers of @net->input_bits
 * @samples: how many; 0 is enough only where ranges need none
 * @o: how
 * @out: where to put the model
 * @report: filled in, for ak_quant_report_clear(); may be NULL
 * @err: error text
 *
 * With s_in a step of the layer's input, s_out one of its output and s_w[n]
 * the scale of filter n, a unit of potential is worth u = s_in * s_w[n] and
 *
 *	act_step = s_out / u / 2^(4 - act_bits)
 *	threshold = floor(0.5 * s_out / u - bias / u)	with activation
 *	threshold = floor(-bias / u), act_step = 1 / u	without
 *
 * For a global average, which Akida takes as a sum, both are multiplied by the
 * number of pixels before rounding. The same input gives the same model,
 * whatever the number of threads.
 *
 * Return: 0, -EINVAL, -ERANGE for thresholds beyond 32 bits, -ECANCELED,
 * -ENOMEM.
 */
int ak_quantise(const struct ak_net *net, const uint8_t *calibration,
		size_t samples, const struct ak_quant_options *o,
		struct akida_model **out, struct ak_quant_report *report,
		struct ak_err *err);

/**
 * ak_quant_report_clear() - give a report back
 * @r: report, empty afterwards
 */
void ak_quant_report_clear(struct ak_quant_report *r);

#endif /* AK_QUANTISE_H */
