/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The scalar reference: what every kernel must reproduce byte by byte.
 */
#ifndef AK_NPU_REFERENCE_H
#define AK_NPU_REFERENCE_H

#include <stddef.h>
#include <stdint.h>

#include "model/model.h"

/* A 4-bit activation has this many thresholds. */
#define NPU_MAX_THRESHOLDS 15

/**
 * npu_num_thresholds() - thresholds of a neuron
 * @l: a resolved layer
 *
 * Return: 2^act_bits - 1, 0 if the activation is off.
 */
uint32_t npu_num_thresholds(const struct ak_layer *l);

/**
 * npu_activation() - the definition of the activation
 * @t: thresholds of the neuron, ascending
 * @n: how many
 * @potential: of the neuron, after pooling
 *
 * Return: the number of thresholds below the potential.
 */
uint8_t npu_activation(const int32_t *t, uint32_t n, int32_t potential);

/**
 * npu_reference_depthwise() - the first half of a separable layer
 * @l: a resolved layer
 * @in: uint8 (row, column, channel), without border
 * @y: row of the result
 * @x: column of the result
 * @depth: where to put one value per input channel
 */
void npu_reference_depthwise(const struct ak_layer *l, const uint8_t *in,
			     uint32_t y, uint32_t x, int32_t *depth);

/**
 * npu_reference_scratch() - scratch of npu_reference_layer()
 * @l: a resolved layer
 *
 * Return: how many int32 it needs.
 */
size_t npu_reference_scratch(const struct ak_layer *l);

/**
 * npu_reference_layer() - run a layer
 * @l: a resolved layer
 * @thresholds: [filter][npu_num_thresholds()], unused if the activation is off
 * @in: uint8 (row, column, channel)
 * @scratch: npu_reference_scratch() int32
 * @out: uint8 activations, or int32 potentials if the activation is off
 */
void npu_reference_layer(const struct ak_layer *l, const int32_t *thresholds,
			 const uint8_t *in, int32_t *scratch, void *out);

#endif /* AK_NPU_REFERENCE_H */
