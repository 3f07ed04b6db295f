// SPDX-License-Identifier: GPL-2.0
#include "cpu.h"

#include <akida/akida.h>

#include "tool.h"

#define X86_UP_TO_AVX2 (AKIDA_CPU_BASELINE | AKIDA_CPU_AVX2)
#define X86_UP_TO_AVXVNNI (X86_UP_TO_AVX2 | AKIDA_CPU_AVXVNNI)
#define X86_UP_TO_AVX512 (X86_UP_TO_AVXVNNI | AKIDA_CPU_AVX512VNNI)
#define ARM_UP_TO_NEON (AKIDA_CPU_BASELINE | AKIDA_CPU_NEON)
#define ARM_UP_TO_DOTPROD (ARM_UP_TO_NEON | AKIDA_CPU_DOTPROD)

static const struct cpu_level levels[] = {
	{ "baseline", AKIDA_CPU_BASELINE, AKIDA_CPU_BASELINE },
	{ "avx2", AKIDA_CPU_AVX2, X86_UP_TO_AVX2 },
	{ "avxvnni", AKIDA_CPU_AVXVNNI, X86_UP_TO_AVXVNNI },
	{ "avx512vnni", AKIDA_CPU_AVX512VNNI, X86_UP_TO_AVX512 },
	{ "neon", AKIDA_CPU_NEON, ARM_UP_TO_NEON },
	{ "dotprod", AKIDA_CPU_DOTPROD, ARM_UP_TO_DOTPROD },
};

unsigned int cpu_num_levels(void)
{
	return ARRAY_SIZE(levels);
}

const struct cpu_level *cpu_level(unsigned int i)
{
	return &levels[i];
}
