/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a processor could do at most: multiply-adds on registers alone.
 */
#ifndef PEAK_H
#define PEAK_H

#include <stdint.h>

/**
 * struct peak - multiply-adds per second
 * @int8: products of bytes, 0 if not known for the instruction set
 * @int16: products of 16-bit numbers
 */
struct peak {
	double int8, int16;
};

/**
 * measure_peak() - measure them now
 * @flags: AKIDA_CPU_* mask whose best member is measured
 *
 * Return: the best of some tries on one thread.
 */
struct peak measure_peak(uint32_t flags);

#endif /* PEAK_H */
