/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Vector operations in AVX-512 (F, BW, VL, DQ): 16 floats.
 */
#ifndef AK_QUANT_SIMD_H
#define AK_QUANT_SIMD_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/unroll.h"

#define W 16u

typedef __m512 vf;
typedef __m512i vi;
typedef __mmask16 vm;

static ALWAYS_INLINE vf v_load(const float *p)
{
	return _mm512_loadu_ps(p);
}

static ALWAYS_INLINE void v_store(float *p, vf a)
{
	_mm512_storeu_ps(p, a);
}

static ALWAYS_INLINE vf v_set(float a)
{
	return _mm512_set1_ps(a);
}

static ALWAYS_INLINE vf v_abs(vf a)
{
	return _mm512_abs_ps(a);
}

static ALWAYS_INLINE vf v_add(vf a, vf b)
{
	return _mm512_add_ps(a, b);
}

static ALWAYS_INLINE vf v_sub(vf a, vf b)
{
	return _mm512_sub_ps(a, b);
}

static ALWAYS_INLINE vf v_mul(vf a, vf b)
{
	return _mm512_mul_ps(a, b);
}

static ALWAYS_INLINE vf v_div(vf a, vf b)
{
	return _mm512_div_ps(a, b);
}

/* @b unless it is a NaN or not beyond @a, which is no NaN. */
static ALWAYS_INLINE vf v_max(vf a, vf b)
{
	return _mm512_max_ps(b, a);
}

static ALWAYS_INLINE vf v_min(vf a, vf b)
{
	return _mm512_min_ps(b, a);
}

static ALWAYS_INLINE vm v_gt(vf a, vf b)
{
	return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ);
}

static ALWAYS_INLINE vm v_ge(vf a, vf b)
{
	return _mm512_cmp_ps_mask(a, b, _CMP_GE_OQ);
}

static ALWAYS_INLINE vm v_not_equal(vf a, vf b)
{
	return _mm512_cmp_ps_mask(a, b, _CMP_NEQ_UQ);
}

static ALWAYS_INLINE vm m_and(vm a, vm b)
{
	return _kand_mask16(a, b);
}

static ALWAYS_INLINE vm m_not_either(vm a, vm b)
{
	return _kxnor_mask16(_kor_mask16(a, b), 0);
}

/* Where @m is set @a, elsewhere @b. */
static ALWAYS_INLINE vf v_select(vm m, vf a, vf b)
{
	return _mm512_mask_blend_ps(m, b, a);
}

static ALWAYS_INLINE vf v_round(vf a)
{
	return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT |
					       _MM_FROUND_NO_EXC);
}

/* Magnitude of @a, sign of @b. */
static ALWAYS_INLINE vf v_copysign(vf a, vf b)
{
	const vf sign = _mm512_set1_ps(-0.f);

	return _mm512_or_ps(_mm512_andnot_ps(sign, a), _mm512_and_ps(sign, b));
}

static ALWAYS_INLINE vi v_trunc(vf a)
{
	return _mm512_cvttps_epi32(a);
}

static ALWAYS_INLINE vi v_nearest(vf a)
{
	return _mm512_cvtps_epi32(a);
}

static ALWAYS_INLINE vf v_float(vi a)
{
	return _mm512_cvtepi32_ps(a);
}

static ALWAYS_INLINE vi v_bits(vf a)
{
	return _mm512_castps_si512(a);
}

static ALWAYS_INLINE vf v_of_bits(vi a)
{
	return _mm512_castsi512_ps(a);
}

static ALWAYS_INLINE vi i_set(int32_t a)
{
	return _mm512_set1_epi32(a);
}

static ALWAYS_INLINE vi i_add(vi a, vi b)
{
	return _mm512_add_epi32(a, b);
}

static ALWAYS_INLINE vi i_sub(vi a, vi b)
{
	return _mm512_sub_epi32(a, b);
}

static ALWAYS_INLINE vi i_mul(vi a, vi b)
{
	return _mm512_mullo_epi32(a, b);
}

static ALWAYS_INLINE vi i_and(vi a, vi b)
{
	return _mm512_and_si512(a, b);
}

static ALWAYS_INLINE vi i_or(vi a, vi b)
{
	return _mm512_or_si512(a, b);
}

static ALWAYS_INLINE vi i_min(vi a, vi b)
{
	return _mm512_min_epi32(a, b);
}

static ALWAYS_INLINE vi i_max(vi a, vi b)
{
	return _mm512_max_epi32(a, b);
}

#define i_shl(a, n) _mm512_slli_epi32(a, n)
#define i_shr(a, n) _mm512_srli_epi32(a, n)

/* Where @m is set @a, elsewhere 0. */
static ALWAYS_INLINE vi i_keep(vm m, vi a)
{
	return _mm512_maskz_mov_epi32(m, a);
}

static ALWAYS_INLINE vi i_load8(const uint8_t *p)
{
	return _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)p));
}

static ALWAYS_INLINE vi i_load16(const uint8_t *p)
{
	return _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)p));
}

static ALWAYS_INLINE void i_store16(uint8_t *p, vi a)
{
	_mm256_storeu_si256((__m256i *)p, _mm512_cvtepi32_epi16(a));
}

/* Low bytes of 16 lanes. */
static ALWAYS_INLINE void i_store8_16(uint8_t *p, const vi a[1])
{
	_mm_storeu_si128((__m128i *)p, _mm512_cvtepi32_epi8(a[0]));
}

/* Low bytes of 32 lanes. */
static ALWAYS_INLINE void i_store8_32(uint8_t *p, const vi a[2])
{
	i_store8_16(p, a);
	i_store8_16(p + 16, a + 1);
}

static ALWAYS_INLINE vf v_load_f16(const uint8_t *p)
{
	return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p));
}

static ALWAYS_INLINE void v_store_f16(uint8_t *p, vf a)
{
	_mm256_storeu_si256((__m256i *)p,
			    _mm512_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT |
						       _MM_FROUND_NO_EXC));
}

/* Bits of binary16. */
static ALWAYS_INLINE uint16_t v_f16_of(float a)
{
	return _cvtss_sh(a, _MM_FROUND_TO_NEAREST_INT);
}

static ALWAYS_INLINE int v_all_equal(vf a, vf b)
{
	return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ) == 0xffff;
}

static ALWAYS_INLINE float v_largest(vf a)
{
	return _mm512_reduce_max_ps(a);
}

/* Number of the first of 32 floats that equals @value; one does. */
static ALWAYS_INLINE unsigned int v_first(const vf a[2], vf value)
{
	uint32_t lo = _mm512_cmp_ps_mask(a[0], value, _CMP_EQ_OQ);
	uint32_t hi = _mm512_cmp_ps_mask(a[1], value, _CMP_EQ_OQ);

	return (unsigned int)__builtin_ctz(lo | hi << 16);
}

/* Rows become columns. */
static ALWAYS_INLINE void v_transpose(vf r[W])
{
	vf t[W];
	unsigned int i;

	for_unrolled_by(i, 16, 2)
	{
		t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
		t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
	}
	for_unrolled_by(i, 16, 4)
	{
		__m512d a = _mm512_castps_pd(t[i]);
		__m512d b = _mm512_castps_pd(t[i + 1]);
		__m512d c = _mm512_castps_pd(t[i + 2]);
		__m512d d = _mm512_castps_pd(t[i + 3]);

		r[i] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, c));
		r[i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, c));
		r[i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(b, d));
		r[i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(b, d));
	}
	for_unrolled(i, 4) {
		t[i] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0x88);
		t[i + 4] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0xdd);
		t[i + 8] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0x88);
		t[i + 12] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0xdd);
	}
	for_unrolled(i, 4) {
		r[i] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0x88);
		r[i + 8] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0xdd);
		r[i + 4] = _mm512_shuffle_f32x4(t[i + 4], t[i + 12], 0x88);
		r[i + 12] = _mm512_shuffle_f32x4(t[i + 4], t[i + 12], 0xdd);
	}
}

/* Eight doubles. */
typedef __m512d vd8;

static ALWAYS_INLINE vd8 d8_zero(void)
{
	return _mm512_setzero_pd();
}

static ALWAYS_INLINE vd8 d8_load(const float *p)
{
	return _mm512_cvtps_pd(_mm256_loadu_ps(p));
}

static ALWAYS_INLINE vd8 d8_abs(vd8 a)
{
	return _mm512_abs_pd(a);
}

static ALWAYS_INLINE vd8 d8_add(vd8 a, vd8 b)
{
	return _mm512_add_pd(a, b);
}

static ALWAYS_INLINE vd8 d8_sub(vd8 a, vd8 b)
{
	return _mm512_sub_pd(a, b);
}

static ALWAYS_INLINE vd8 d8_mul(vd8 a, vd8 b)
{
	return _mm512_mul_pd(a, b);
}

/* As v_max(). */
static ALWAYS_INLINE vd8 d8_max(vd8 a, vd8 b)
{
	return _mm512_max_pd(b, a);
}

static ALWAYS_INLINE void d8_store(double *p, vd8 a)
{
	_mm512_storeu_pd(p, a);
}

/* Eight floats. */
typedef __m256 vf8;

static ALWAYS_INLINE vf8 f8_abs(const float *p)
{
	return _mm256_andnot_ps(_mm256_set1_ps(-0.f), _mm256_loadu_ps(p));
}

static ALWAYS_INLINE vf8 f8_add(vf8 a, vf8 b)
{
	return _mm256_add_ps(a, b);
}

static ALWAYS_INLINE void f8_store(float *p, vf8 a)
{
	_mm256_storeu_ps(p, a);
}

/* 64 values of two bits, in bytes, become 16 bytes. */
static ALWAYS_INLINE void b_pack2(uint8_t *out, const uint8_t *q, int add,
				  int drop_low)
{
	__m512i c = _mm512_add_epi8(_mm512_loadu_si512(q),
				    _mm512_set1_epi8((char)add));
	__m512i low = _mm512_and_si512(_mm512_srli_epi16(c, 1),
				       _mm512_set1_epi8((char)drop_low));

	c = _mm512_and_si512(_mm512_xor_si512(c, low), _mm512_set1_epi8(3));
	c = _mm512_maddubs_epi16(c, _mm512_set1_epi16(0x0401));
	c = _mm512_madd_epi16(c, _mm512_set1_epi32(0x00100001));
	_mm_storeu_si128((__m128i *)out, _mm512_cvtepi32_epi8(c));
}

/* 64 nibbles, in bytes, become 32 bytes. */
static ALWAYS_INLINE void b_pack4(uint8_t *out, const uint8_t *q)
{
	__m512i c =
		_mm512_and_si512(_mm512_loadu_si512(q), _mm512_set1_epi8(15));

	c = _mm512_maddubs_epi16(c, _mm512_set1_epi16(0x1001));
	_mm256_storeu_si256((__m256i *)out, _mm512_cvtepi16_epi8(c));
}

/* 64 bits, in bytes, become 8 bytes. */
static ALWAYS_INLINE void b_pack1(uint8_t *out, const uint8_t *q)
{
	uint64_t bits = _mm512_test_epi8_mask(_mm512_loadu_si512(q),
					      _mm512_set1_epi8(1));

	memcpy(out, &bits, sizeof(bits));
}

/* Bits of 32 floats >= 0, the first lowest. */
static ALWAYS_INLINE uint32_t v_signs(const float *p)
{
	uint32_t lo = v_ge(v_load(p), v_set(0));
	uint32_t hi = v_ge(v_load(p + 16), v_set(0));

	return lo | hi << 16;
}

#endif /* AK_QUANT_SIMD_H */
