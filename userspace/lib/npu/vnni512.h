/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The 512-bit dot product: 64 products of a byte pair per instruction.
 */
#ifndef AK_NPU_VNNI512_H
#define AK_NPU_VNNI512_H

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "common/unroll.h"

/* Four bytes of a window, for each of sixteen filters. */
static ALWAYS_INLINE __m512i quad_at(const uint8_t *p)
{
	int32_t v;

	memcpy(&v, p, sizeof(v));
	return _mm512_set1_epi32(v);
}

/*
 * The accumulator is tied to its register: gcc 12 otherwise renames it and
 * spills half of a tile. Inputs are bytes without sign, weights with one.
 */
static ALWAYS_INLINE __m512i dot(__m512i acc, __m512i x, __m512i w)
{
	__asm__("vpdpbusd %2, %1, %0" : "+v"(acc) : "v"(x), "v"(w));
	return acc;
}

#endif /* AK_NPU_VNNI512_H */
