/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Floats that number formats may stumble over.
 */
#ifndef QUANT_VALUES_H
#define QUANT_VALUES_H

#include "random_model.h"

/**
 * quant_values() - fill an array with one of many kinds of floats
 * @r: source
 * @x: array
 * @n: how many
 *
 * Bells, any bits at all, ties, constants, zeros, subnormals, the very large
 * and the very small, and numbers with a few NaN and infinities among them.
 *
 * Return: name of the kind.
 */
const char *quant_values(struct rng *r, float *x, size_t n);

#endif /* QUANT_VALUES_H */
