/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From thresholds to the floating point that kernels use, with a proof.
 */
#ifndef AK_NPU_ACTIVATION_H
#define AK_NPU_ACTIVATION_H

#include <stdbool.h>
#include <stdint.h>

/**
 * npu_activation_fit() - find a multiply-add that equals a neuron's thresholds
 * @t: thresholds, ascending
 * @n: how many
 * @step: about how far they are apart
 * @bias: the accumulator is the potential plus this, times @scale
 * @scale: factor
 * @lo: smallest potential
 * @hi: largest potential
 * @mul: where to put the factor
 * @add: where to put the summand
 *
 * Every step of round(fma((float)accumulator, mul, add)) is monotone, so it is
 * equal to the number of thresholds below the potential everywhere if it is
 * equal at each threshold and at each threshold + 1; these are tried.
 *
 * Return: true if they are equal.
 */
bool npu_activation_fit(const int32_t *t, uint32_t n, double step, int64_t bias,
			int64_t scale, int64_t lo, int64_t hi, float *mul,
			float *add);

/**
 * npu_activation_fused() - what kernels compute
 * @acc: accumulator
 * @mul: factor
 * @add: summand
 * @max: largest activation
 *
 * Return: the activation.
 */
uint8_t npu_activation_fused(int32_t acc, float mul, float add, uint32_t max);

#endif /* AK_NPU_ACTIVATION_H */
