/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parts of Q6_K that its scalar and its vector code share.
 */
#ifndef AK_QUANT_Q6_K_H
#define AK_QUANT_Q6_K_H

#include "quant/half.h"

/* Below this a sub-block counts as zero. */
#define Q6_K_TINY 1e-15f
/* Factors that are tried beside -32 / max. */
#define Q6_K_TRIALS 18u

/**
 * q6_k_nearest() - nearest integer, of ties the even one
 * @x: a float
 *
 * Return: the integer, by the last bits of a sum; beyond 2^22 whatever these
 * bits are. A NaN gives 0, as the one that x86-64 makes.
 */
static inline int q6_k_nearest(float x)
{
	if (x != x)
		return 0;
	return (int)(ak_float_bits(x + 12582912.f) & 0x7fffff) - 0x400000;
}

/**
 * q6_k_numerator() - what is divided by the largest weight to be tried
 * @trial: 0 to Q6_K_TRIALS - 1
 *
 * Return: -(32 + 0.1 t) for t = -9..-1, 1..9.
 */
static inline float q6_k_numerator(unsigned int trial)
{
	int t = (int)trial - 9;

	return -(32 + 0.1f * (float)(t < 0 ? t : t + 1));
}

/**
 * ak_q6_k_block_c() - one block in plain C
 * @x: 256 floats, finite or not
 * @out: 210 bytes
 */
void ak_q6_k_block_c(const float *x, uint8_t *out);

#endif /* AK_QUANT_Q6_K_H */
