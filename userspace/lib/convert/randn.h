/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Normally distributed numbers that anybody can make again: those of NumPy's
 * RandomState, whose stream is frozen for good (NEP 19).
 */
#ifndef AK_RANDN_H
#define AK_RANDN_H

#include <stddef.h>
#include <stdint.h>

/**
 * ak_randn() - numpy.random.RandomState(seed).standard_normal(n)
 * @seed: of the Mersenne Twister
 * @n: how many
 * @out: rounded to float, as .astype(numpy.float32)
 *
 * Source: MT19937 of Matsumoto and Nishimura; two 32-bit outputs make a double
 * of 53 bits; Marsaglia's polar method, of whose pair the second comes first.
 */
void ak_randn(uint32_t seed, size_t n, float *out);

#endif /* AK_RANDN_H */
