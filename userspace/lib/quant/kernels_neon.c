// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Number formats in Advanced SIMD: bit for bit the portable results.
 */
#include "quant/simd_neon.h"

#include "quant/blocks_simd.h"
#include "quant/q6_k_simd.h"
#include "quant/rows_simd.h"
#include "quant/ternary_simd.h"

void ak_quant_init_neon(struct ak_quant *k)
{
	k->name = "neon";
	init_blocks(k);
	init_q6_k(k);
	init_rows(k);
	init_ternary(k);
}
