/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of quantisation share.
 */
#ifndef AK_QUANTISE_INTERNAL_H
#define AK_QUANTISE_INTERNAL_H

#include "convert/quantise.h"
#include "model/model.h"

struct npu_threads;

/**
 * struct ak_rows - inputs of single positions, and what they should give
 * @rows: how many positions
 * @k: inputs of a position: taps x channels, or all of a dense layer
 * @n: filters
 * @x: [rows][k] as integers
 * @z: [rows][n] float potentials, bias included
 */
struct ak_rows {
	size_t rows, k, n;
	float *x, *z;
};

/**
 * ak_rows_clear() - give them back
 * @r: rows, empty afterwards
 */
void ak_rows_clear(struct ak_rows *r);

/**
 * struct ak_fit - integer weights of one matrix
 * @k: rows
 * @n: filters (or channels of a depthwise part, then k are taps)
 * @bits: of a weight
 * @w: [k][n] float weights for integer inputs
 * @q: [k][n] integers
 * @scale: [n] what one of them is worth
 * @exact: [n] w is scale * q
 */
struct ak_fit {
	size_t k, n;
	unsigned int bits;
	const float *w;
	int8_t *q;
	double *scale;
	bool *exact;
};

/**
 * ak_fit_nearest() - nearest integers, scales of least squared error
 * @f: @w is set, the arrays are there
 *
 * A filter that is integers times a number already keeps them: the largest
 * multiple that fits its bits. Weights of one bit are -1 and 1, zeros stay.
 */
void ak_fit_nearest(struct ak_fit *f);

/**
 * ak_fit_common() - are all weights integers times one number?
 * @f: @w is set, the arrays are there
 *
 * So depthwise weights of BrainChip's SDK are; a scale for each channel would
 * take pointwise weights from being integers times a number.
 *
 * Return: true if so: then integers and scales are set.
 */
bool ak_fit_common(struct ak_fit *f);

/**
 * ak_fit_scale() - nearest integers at a given scale
 * @f: fitted
 * @n: filter
 * @scale: what an integer is worth
 */
void ak_fit_scale(struct ak_fit *f, size_t n, double scale);

/**
 * ak_fit_is_integer() - are a layer's weights integers times a number?
 * @l: layer
 * @bits: of a weight
 *
 * Then steps of its inputs must be equal, or they would not stay so.
 *
 * Return: true if the source states integers, or if most filters are such.
 */
bool ak_fit_is_integer(const struct ak_net_layer *l, unsigned int bits);

/**
 * ak_fit_rows() - integers and scales of least squared error of potentials
 * @f: after ak_fit_nearest(); exact filters stay
 * @r: positions
 * @threads: who computes
 *
 * Coordinate descent on |X (scale * q - w)|^2 with a small weight on
 * |scale * q - w|^2, from the nearest integers of several scales.
 *
 * Return: 0, -ENOMEM.
 */
int ak_fit_rows(struct ak_fit *f, const struct ak_rows *r,
		struct npu_threads *threads);

/**
 * ak_fit_product() - multiply matrices
 * @a: [rows][k]
 * @rows: below 2^32
 * @k: below 2^32
 * @b: [k][n]
 * @n: below 2^32
 * @out: [rows][n]
 * @threads: who computes
 *
 * Return: 0, -ENOMEM.
 */
int ak_fit_product(const float *a, size_t rows, size_t k, const float *b,
		   size_t n, float *out, struct npu_threads *threads);

/**
 * ak_fit_error() - how far integers are from float weights
 * @f: fitted
 * @sum: |w|^2 is added
 *
 * Return: |w - scale * q|^2.
 */
double ak_fit_error(const struct ak_fit *f, double *sum);

/**
 * ak_range_find() - largest activation to tell apart
 * @y: activations, [count][n]
 * @count: positions
 * @n: channels
 * @ratio: [n] what each channel is divided by first
 * @levels: of an activation, zero not counted
 * @o: how
 *
 * Return: the range in units of y / ratio; 0 if all are zero.
 */
double ak_range_find(const float *y, size_t count, size_t n, const float *ratio,
		     unsigned int levels, const struct ak_quant_options *o);

/**
 * ak_quant_build() - append a layer to a model
 * @m: model
 * @l: a resolved layer
 * @err: error text
 *
 * Return: 0 or what the builder said.
 */
int ak_quant_build(struct akida_model *m, const struct ak_layer *l,
		   struct ak_err *err);

/**
 * ak_quant_weights() - weights in the order of .fbz files
 * @l: type, kernel and filters are set
 * @in: shape of its input
 * @q: [y][x][c][n], or [y][x][c] of a depthwise part
 * @n: filters, 1 for a depthwise part
 * @to: x slowest; flipped on both axes but for InputConvolutional; (c, y, x)
 *	for FullyConnected
 */
void ak_quant_weights(const struct ak_layer *l, const struct akida_shape *in,
		      const int8_t *q, size_t n, int8_t *to);

#endif /* AK_QUANTISE_INTERNAL_H */
