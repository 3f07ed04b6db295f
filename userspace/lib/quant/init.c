// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Tables that follow from what the machine has.
 */
#include <pthread.h>

#include "akida/device.h"
#include "common/cpu.h"
#include "quant/kernels.h"

void ak_quant_init_c(struct ak_quant *k)
{
	*k = (struct ak_quant){ .name = "c" };
	ak_half_init_c(k);
	ak_q4_0_init_c(k);
	ak_q8_0_init_c(k);
	ak_q6_k_init_c(k);
	ak_tq_init_c(k);
	ak_script_init_c(k);
	ak_sums_init_c(k);
	ak_ternary_init_c(k);
	ak_ternary_pack_init_c(k);
	ak_affine_init_c(k);
	ak_binary_init_c(k);
	ak_intn_init_c(k);
	ak_pack_init_c(k);
}

void ak_quant_init(struct ak_quant *k, uint32_t flags)
{
	ak_quant_init_c(k);
#if defined(__x86_64__)
	if (flags & AKIDA_CPU_AVX2)
		ak_quant_init_avx2(k);
	if (flags & AKIDA_CPU_AVX512VNNI)
		ak_quant_init_avx512vnni(k);
#elif defined(__AARCH64EL__)
	if (flags & AKIDA_CPU_NEON)
		ak_quant_init_neon(k);
#else
	(void)flags;
#endif
}

static struct ak_quant best;

static void make_best(void)
{
	ak_quant_init(&best, ak_cpu_flags());
}

const struct ak_quant *ak_quant_best(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_best);
	return &best;
}
