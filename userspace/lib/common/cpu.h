/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Instruction sets of the machine.
 */
#ifndef AK_CPU_H
#define AK_CPU_H

#include <stdint.h>

/**
 * ak_cpu_flags() - instruction sets of this machine
 *
 * AKIDA_CPU_AVX2 stands for AVX2, FMA and F16C: whatever has the first has all.
 *
 * Return: a mask of AKIDA_CPU_*.
 */
uint32_t ak_cpu_flags(void);

#endif /* AK_CPU_H */
