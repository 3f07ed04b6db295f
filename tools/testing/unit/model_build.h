/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Small models for tests, made through the public builder.
 */
#ifndef MODEL_BUILD_H
#define MODEL_BUILD_H

#include <akida/akida.h>

/**
 * build_key() - set a key, or fail the test
 * @m: a model
 * @layer: number
 * @name: of the key
 * @value: its value
 */
void build_key(struct akida_model *m, int layer, const char *name, int value);

/**
 * build_neurons() - thresholds and steps of a layer
 * @m: a model
 * @layer: number
 * @n: neurons
 * @threshold: of all of them
 * @step: of all of them
 */
void build_neurons(struct akida_model *m, int layer, size_t n, int threshold,
		   float step);

/**
 * build_weights() - a variable of weights, w[i] = i * 5 % 15 - 7
 * @m: a model
 * @layer: number
 * @name: "weights" or "weights_pw"
 * @kw: columns
 * @kh: rows
 * @c: channels
 * @n: filters
 */
void build_weights(struct akida_model *m, int layer, const char *name,
		   size_t kw, size_t kh, size_t c, size_t n);

/**
 * build_input_data() - append an InputData layer
 * @m: a model
 * @h: rows
 * @w: columns
 * @c: channels
 * @bits: input_bits
 *
 * Return: its number.
 */
int build_input_data(struct akida_model *m, int h, int w, int c, int bits);

/**
 * build_spatial() - append a convolution without pooling, all keys set
 * @m: a model
 * @type: AKIDA_LAYER_INPUT_CONV, _CONV or _SEPARABLE_CONV
 * @name: of the layer
 * @filters: how many
 * @kernel: side of the kernel
 * @in_channels: channels of its input
 * @last: activation off
 *
 * Return: its number. Stride 1, Same, 4-bit weights and activations.
 */
int build_spatial(struct akida_model *m, int type, const char *name,
		  int filters, int kernel, int in_channels, bool last);

/**
 * build_fc() - append a fully connected layer
 * @m: a model
 * @name: of the layer
 * @inputs: elements of its input
 * @units: neurons
 * @last: activation off
 *
 * Return: its number. 4-bit weights and activations.
 */
int build_fc(struct akida_model *m, const char *name, int inputs, int units,
	     bool last);

/**
 * build_cnn() - InputConvolutional 8x8x3 -> 4, Convolutional -> 6,
 *	SeparableConvolutional -> 8 with global average, FullyConnected -> 3
 *
 * Return: a model that can be run.
 */
struct akida_model *build_cnn(void);

#endif /* MODEL_BUILD_H */
