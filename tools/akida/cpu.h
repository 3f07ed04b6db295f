/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names of instruction sets.
 */
#ifndef CPU_H
#define CPU_H

#include <stdint.h>

/**
 * struct cpu_level - an instruction set
 * @name: what the user types
 * @flag: its own AKIDA_CPU_* bit
 * @mask: it and all that it is built on
 */
struct cpu_level {
	const char *name;
	uint32_t flag, mask;
};

/**
 * cpu_num_levels() - how many are known
 *
 * Return: their number.
 */
unsigned int cpu_num_levels(void);

/**
 * cpu_level() - one of them, weakest first
 * @i: number from 0
 *
 * Return: the level.
 */
const struct cpu_level *cpu_level(unsigned int i);

#endif /* CPU_H */
