// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Tables that follow from what the machine has.
 */
#include "npu/kernels.h"

#include "akida/device.h"

void npu_kernels_init(struct npu_kernels *k, uint32_t flags)
{
	npu_kernels_init_c(k);
#if defined(__x86_64__)
	if (flags & AKIDA_CPU_AVX2)
		npu_kernels_init_avx2(k);
	if (flags & AKIDA_CPU_AVXVNNI)
		npu_kernels_init_avxvnni(k);
	if (flags & AKIDA_CPU_AVX512VNNI)
		npu_kernels_init_avx512vnni(k);
#elif defined(__AARCH64EL__)
	if (flags & AKIDA_CPU_NEON)
		npu_kernels_init_neon(k);
	if (flags & AKIDA_CPU_DOTPROD)
		npu_kernels_init_dotprod(k);
#else
	(void)flags;
#endif
}
