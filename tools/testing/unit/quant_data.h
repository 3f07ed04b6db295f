/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Random weights, and how far others are from them.
 */
#ifndef QUANT_DATA_H
#define QUANT_DATA_H

#include <stddef.h>

#include "quant/quant.h"

/**
 * quant_uniform() - next number of the generator of the published vectors
 *
 * Return: 0 up to 1.
 */
float quant_uniform(void);

/**
 * quant_vector() - the matrix that the published vectors were made with
 * @x: array
 * @n: how many; the generator starts anew
 */
void quant_vector(float *x, size_t n);

/**
 * quant_normal() - normal numbers, mean 0 and variance 1
 * @x: array
 * @n: how many
 */
void quant_normal(float *x, size_t n);

/**
 * quant_relative_error() - relative root mean square error of a matrix
 * @x: what is right
 * @y: approximation
 * @rows: how many
 * @cols: how many
 *
 * Return: the ratio.
 */
double quant_relative_error(const float *x, const float *y, size_t rows,
			    size_t cols);

#endif /* QUANT_DATA_H */
