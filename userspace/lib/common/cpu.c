// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the machine has.
 */
#include "common/cpu.h"

#include "akida/device.h"

#if defined(__x86_64__)
#include <cpuid.h>

static uint64_t xgetbv(void)
{
	uint32_t lo, hi;

	__asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	return (uint64_t)hi << 32 | lo;
}

/*
 * By hand, because compilers older than the instruction set have no name for
 * it. A feature counts only if the system saves its registers, too.
 */
uint32_t ak_cpu_flags(void)
{
	const uint64_t avx_state = 0x6, avx512_state = 0xe6;
	const uint32_t avx512 =
		bit_AVX512F | bit_AVX512BW | bit_AVX512VL | bit_AVX512DQ;
	uint32_t flags = AKIDA_CPU_BASELINE, a, b, c, d;
	uint64_t state;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE))
		return flags;
	state = xgetbv();
	if (!(c & bit_FMA) || !(c & bit_F16C) ||
	    (state & avx_state) != avx_state)
		return flags;
	if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & bit_AVX2))
		return flags;
	flags |= AKIDA_CPU_AVX2;
	if ((state & avx512_state) == avx512_state && (b & avx512) == avx512 &&
	    (c & bit_AVX512VNNI))
		flags |= AKIDA_CPU_AVX512VNNI;
	/* Leaf 7.1, EAX bit 4. */
	if (a >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & 1u << 4))
		flags |= AKIDA_CPU_AVXVNNI;
#ifdef AKIDA_EVEX
	/* Its kernels were built with AVX-512's form of its instruction. */
	flags &= ~AKIDA_CPU_AVXVNNI;
	if (flags & AKIDA_CPU_AVX512VNNI)
		flags |= AKIDA_CPU_AVXVNNI;
#endif
	return flags;
}
#elif defined(__AARCH64EL__)
#include <sys/auxv.h>

/* Bits of AT_HWCAP; older headers lack the name of the second. */
#define ADVANCED_SIMD (1ul << 1)
#define DOT_PRODUCT (1ul << 20)

uint32_t ak_cpu_flags(void)
{
	uint32_t flags = AKIDA_CPU_BASELINE;
	unsigned long has = getauxval(AT_HWCAP);

	if (!(has & ADVANCED_SIMD))
		return flags;
	flags |= AKIDA_CPU_NEON;
	if (has & DOT_PRODUCT)
		flags |= AKIDA_CPU_DOTPROD;
	return flags;
}
#else
uint32_t ak_cpu_flags(void)
{
	return AKIDA_CPU_BASELINE;
}
#endif
