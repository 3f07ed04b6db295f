// SPDX-License-Identifier: GPL-2.0
/*
 * Random weights, and how far others are from them.
 */
#include "quant_data.h"

#include <math.h>
#include <stdint.h>

static uint32_t state = 1;

float quant_uniform(void)
{
	state = state * 1664525u + 1013904223u;
	return (float)(state >> 8) / 16777216.f;
}

void quant_vector(float *x, size_t n)
{
	unsigned int j;
	size_t i;

	state = 1;
	for (i = 0; i < n; i++)
		for (j = 0, x[i] = 0; j < 4; j++)
			x[i] += quant_uniform() - 0.5f;
}

void quant_normal(float *x, size_t n)
{
	double u, v;
	size_t i;

	for (i = 0; i < n; i++) {
		u = 1 - (double)quant_uniform();
		v = (double)quant_uniform();
		x[i] = (float)(sqrt(-2 * log(u)) * cos(6.283185307179586 * v));
	}
}

/* In plain double, not by the library. */
double quant_relative_error(const float *x, const float *y, size_t rows,
			    size_t cols)
{
	double signal = 0, noise = 0, d;
	size_t i;

	for (i = 0; i < rows * cols; i++) {
		d = (double)x[i] - (double)y[i];
		signal += (double)x[i] * (double)x[i];
		noise += d * d;
	}
	return sqrt(noise / signal);
}
