// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Number formats in AVX2, FMA and F16C: bit for bit the portable results.
 */
#include "quant/simd_avx2.h"

#include "quant/blocks_simd.h"
#include "quant/q6_k_simd.h"
#include "quant/rows_simd.h"
#include "quant/ternary_simd.h"

void ak_quant_init_avx2(struct ak_quant *k)
{
	k->name = "avx2";
	init_blocks(k);
	init_q6_k(k);
	init_rows(k);
	init_ternary(k);
}
