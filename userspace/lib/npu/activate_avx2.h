/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the 256-bit kernels, with VNNI and without, have in common.
 */
#ifndef AK_NPU_ACTIVATE_AVX2_H
#define AK_NPU_ACTIVATE_AVX2_H

#include <immintrin.h>
#include <string.h>

#include "common/unroll.h"
#include "npu/kernels.h"

/* A panel is 16 filters: two vectors. */
#define HALVES 2
#define MAX_PIXELS 6

static ALWAYS_INLINE __m256i load_si256(const void *p)
{
	return _mm256_loadu_si256((const __m256i *)p);
}

static ALWAYS_INLINE void store_si256(void *p, __m256i v)
{
	_mm256_storeu_si256((__m256i *)p, v);
}

static ALWAYS_INLINE __m256i quad_at(const uint8_t *p)
{
	int32_t v;

	memcpy(&v, p, sizeof(v));
	return _mm256_set1_epi32(v);
}

static ALWAYS_INLINE __m256i scale(__m256i acc, const float *mul,
				   const float *add)
{
	__m256 v = _mm256_fmadd_ps(_mm256_cvtepi32_ps(acc),
				   _mm256_loadu_ps(mul), _mm256_loadu_ps(add));

	return _mm256_cvtps_epi32(v);
}

/* Packing saturates, first to 16 bits with sign, then to bytes without. */
static ALWAYS_INLINE void activate(const struct npu_tile *t,
				   const __m256i acc[HALVES], uint8_t *out)
{
	const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 0, 4, 1, 5);
	__m256i words =
		_mm256_packs_epi32(scale(acc[0], t->mul, t->add),
				   scale(acc[1], t->mul + 8, t->add + 8));
	__m256i bytes = _mm256_packus_epi16(words, words);
	__m128i v;

	bytes = _mm256_min_epu8(bytes, _mm256_set1_epi8((char)t->max));
	bytes = _mm256_permutevar8x32_epi32(bytes, order);
	v = _mm256_castsi256_si128(bytes);
	if (t->filters == 16) {
		_mm_storeu_si128((__m128i *)out, v);
	} else {
		uint8_t b[16];

		_mm_storeu_si128((__m128i *)b, v);
		memcpy(out, b, t->filters);
	}
}

/* One loop per number of pixels in a function. */
#define TILES(name, kind)                                               \
	static void name(const struct npu_tile *t, unsigned int pixels) \
	{                                                               \
		switch (pixels) {                                       \
		case 1:                                                 \
			kind(t, 1);                                     \
			break;                                          \
		case 2:                                                 \
			kind(t, 2);                                     \
			break;                                          \
		case 3:                                                 \
			kind(t, 3);                                     \
			break;                                          \
		case 4:                                                 \
			kind(t, 4);                                     \
			break;                                          \
		case 5:                                                 \
			kind(t, 5);                                     \
			break;                                          \
		case 6:                                                 \
			kind(t, 6);                                     \
			break;                                          \
		}                                                       \
	}

#endif /* AK_NPU_ACTIVATE_AVX2_H */
