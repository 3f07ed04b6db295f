/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Vector operations in AVX2, FMA and F16C: 8 floats. What each is for stands
 * in simd_avx512.h.
 */
#ifndef AK_QUANT_SIMD_H
#define AK_QUANT_SIMD_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/unroll.h"

#define W 8u

typedef __m256 vf;
typedef __m256i vi;
typedef __m256 vm;

static ALWAYS_INLINE vf v_load(const float *p)
{
	return _mm256_loadu_ps(p);
}

static ALWAYS_INLINE void v_store(float *p, vf a)
{
	_mm256_storeu_ps(p, a);
}

static ALWAYS_INLINE vf v_set(float a)
{
	return _mm256_set1_ps(a);
}

static ALWAYS_INLINE vf v_abs(vf a)
{
	return _mm256_andnot_ps(_mm256_set1_ps(-0.f), a);
}

static ALWAYS_INLINE vf v_add(vf a, vf b)
{
	return _mm256_add_ps(a, b);
}

static ALWAYS_INLINE vf v_sub(vf a, vf b)
{
	return _mm256_sub_ps(a, b);
}

static ALWAYS_INLINE vf v_mul(vf a, vf b)
{
	return _mm256_mul_ps(a, b);
}

static ALWAYS_INLINE vf v_div(vf a, vf b)
{
	return _mm256_div_ps(a, b);
}

static ALWAYS_INLINE vf v_max(vf a, vf b)
{
	return _mm256_max_ps(b, a);
}

static ALWAYS_INLINE vf v_min(vf a, vf b)
{
	return _mm256_min_ps(b, a);
}

static ALWAYS_INLINE vm v_gt(vf a, vf b)
{
	return _mm256_cmp_ps(a, b, _CMP_GT_OQ);
}

static ALWAYS_INLINE vm v_ge(vf a, vf b)
{
	return _mm256_cmp_ps(a, b, _CMP_GE_OQ);
}

static ALWAYS_INLINE vm v_not_equal(vf a, vf b)
{
	return _mm256_cmp_ps(a, b, _CMP_NEQ_UQ);
}

static ALWAYS_INLINE vm m_and(vm a, vm b)
{
	return _mm256_and_ps(a, b);
}

static ALWAYS_INLINE vm m_not_either(vm a, vm b)
{
	__m256i all = _mm256_set1_epi32(-1);

	return _mm256_andnot_ps(_mm256_or_ps(a, b), _mm256_castsi256_ps(all));
}

static ALWAYS_INLINE vf v_select(vm m, vf a, vf b)
{
	return _mm256_blendv_ps(b, a, m);
}

static ALWAYS_INLINE vf v_round(vf a)
{
	return _mm256_round_ps(a,
			       _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

static ALWAYS_INLINE vf v_copysign(vf a, vf b)
{
	const vf sign = _mm256_set1_ps(-0.f);

	return _mm256_or_ps(_mm256_andnot_ps(sign, a), _mm256_and_ps(sign, b));
}

static ALWAYS_INLINE vi v_trunc(vf a)
{
	return _mm256_cvttps_epi32(a);
}

static ALWAYS_INLINE vi v_nearest(vf a)
{
	return _mm256_cvtps_epi32(a);
}

static ALWAYS_INLINE vf v_float(vi a)
{
	return _mm256_cvtepi32_ps(a);
}

static ALWAYS_INLINE vi v_bits(vf a)
{
	return _mm256_castps_si256(a);
}

static ALWAYS_INLINE vf v_of_bits(vi a)
{
	return _mm256_castsi256_ps(a);
}

static ALWAYS_INLINE vi i_set(int32_t a)
{
	return _mm256_set1_epi32(a);
}

static ALWAYS_INLINE vi i_add(vi a, vi b)
{
	return _mm256_add_epi32(a, b);
}

static ALWAYS_INLINE vi i_sub(vi a, vi b)
{
	return _mm256_sub_epi32(a, b);
}

static ALWAYS_INLINE vi i_mul(vi a, vi b)
{
	return _mm256_mullo_epi32(a, b);
}

static ALWAYS_INLINE vi i_and(vi a, vi b)
{
	return _mm256_and_si256(a, b);
}

static ALWAYS_INLINE vi i_or(vi a, vi b)
{
	return _mm256_or_si256(a, b);
}

static ALWAYS_INLINE vi i_min(vi a, vi b)
{
	return _mm256_min_epi32(a, b);
}

static ALWAYS_INLINE vi i_max(vi a, vi b)
{
	return _mm256_max_epi32(a, b);
}

#define i_shl(a, n) _mm256_slli_epi32(a, n)
#define i_shr(a, n) _mm256_srli_epi32(a, n)

static ALWAYS_INLINE vi i_keep(vm m, vi a)
{
	return _mm256_and_si256(_mm256_castps_si256(m), a);
}

static ALWAYS_INLINE vi i_load8(const uint8_t *p)
{
	return _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)p));
}

static ALWAYS_INLINE vi i_load16(const uint8_t *p)
{
	return _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p));
}

/* Low bytes of each half word, for packs that saturate. */
static ALWAYS_INLINE vi low_bytes(vi a)
{
	return _mm256_and_si256(a, _mm256_set1_epi32(0xff));
}

static ALWAYS_INLINE void i_store16(uint8_t *p, vi a)
{
	a = _mm256_and_si256(a, _mm256_set1_epi32(0xffff));
	a = _mm256_permute4x64_epi64(_mm256_packus_epi32(a, a), 0xd8);
	_mm_storeu_si128((__m128i *)p, _mm256_castsi256_si128(a));
}

static ALWAYS_INLINE void i_store8_16(uint8_t *p, const vi a[2])
{
	vi words = _mm256_packus_epi32(low_bytes(a[0]), low_bytes(a[1]));

	words = _mm256_permute4x64_epi64(words, 0xd8);
	_mm_storeu_si128((__m128i *)p,
			 _mm_packus_epi16(_mm256_castsi256_si128(words),
					  _mm256_extracti128_si256(words, 1)));
}

static ALWAYS_INLINE void i_store8_32(uint8_t *p, const vi a[4])
{
	const vi order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
	vi lo = _mm256_packus_epi32(low_bytes(a[0]), low_bytes(a[1]));
	vi hi = _mm256_packus_epi32(low_bytes(a[2]), low_bytes(a[3]));
	vi bytes = _mm256_packus_epi16(lo, hi);

	_mm256_storeu_si256((__m256i *)p,
			    _mm256_permutevar8x32_epi32(bytes, order));
}

static ALWAYS_INLINE vf v_load_f16(const uint8_t *p)
{
	return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p));
}

static ALWAYS_INLINE void v_store_f16(uint8_t *p, vf a)
{
	_mm_storeu_si128((__m128i *)p,
			 _mm256_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT));
}

static ALWAYS_INLINE uint16_t v_f16_of(float a)
{
	return _cvtss_sh(a, _MM_FROUND_TO_NEAREST_INT);
}

static ALWAYS_INLINE int v_all_equal(vf a, vf b)
{
	return _mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_EQ_OQ)) == 0xff;
}

static ALWAYS_INLINE float v_largest(vf a)
{
	__m128 m = _mm_max_ps(_mm256_castps256_ps128(a),
			      _mm256_extractf128_ps(a, 1));

	m = _mm_max_ps(m, _mm_movehl_ps(m, m));
	return _mm_cvtss_f32(_mm_max_ss(m, _mm_movehdup_ps(m)));
}

static ALWAYS_INLINE unsigned int v_first(const vf a[4], vf value)
{
	uint32_t bits = 0;
	unsigned int i;

	for_unrolled(i, 4) {
		vf equal = _mm256_cmp_ps(a[i], value, _CMP_EQ_OQ);

		bits |= (uint32_t)_mm256_movemask_ps(equal) << 8 * i;
	}
	return (unsigned int)__builtin_ctz(bits);
}

static ALWAYS_INLINE void v_transpose(vf r[W])
{
	vf t[W];
	unsigned int i;

	for_unrolled_by(i, 8, 2)
	{
		t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
		t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
	}
	for_unrolled_by(i, 8, 4)
	{
		r[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
		r[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xee);
		r[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
		r[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xee);
	}
	for_unrolled(i, 4) {
		t[i] = _mm256_permute2f128_ps(r[i], r[i + 4], 0x20);
		t[i + 4] = _mm256_permute2f128_ps(r[i], r[i + 4], 0x31);
	}
	memcpy(r, t, sizeof(t));
}

struct vd8 {
	__m256d half[2];
};

typedef struct vd8 vd8;

static ALWAYS_INLINE vd8 d8_zero(void)
{
	return (struct vd8){ { _mm256_setzero_pd(), _mm256_setzero_pd() } };
}

static ALWAYS_INLINE vd8 d8_load(const float *p)
{
	return (struct vd8){ { _mm256_cvtps_pd(_mm_loadu_ps(p)),
			       _mm256_cvtps_pd(_mm_loadu_ps(p + 4)) } };
}

static ALWAYS_INLINE vd8 d8_abs(vd8 a)
{
	const __m256d sign = _mm256_set1_pd(-0.);

	return (struct vd8){ { _mm256_andnot_pd(sign, a.half[0]),
			       _mm256_andnot_pd(sign, a.half[1]) } };
}

static ALWAYS_INLINE vd8 d8_add(vd8 a, vd8 b)
{
	return (struct vd8){ { _mm256_add_pd(a.half[0], b.half[0]),
			       _mm256_add_pd(a.half[1], b.half[1]) } };
}

static ALWAYS_INLINE vd8 d8_sub(vd8 a, vd8 b)
{
	return (struct vd8){ { _mm256_sub_pd(a.half[0], b.half[0]),
			       _mm256_sub_pd(a.half[1], b.half[1]) } };
}

static ALWAYS_INLINE vd8 d8_mul(vd8 a, vd8 b)
{
	return (struct vd8){ { _mm256_mul_pd(a.half[0], b.half[0]),
			       _mm256_mul_pd(a.half[1], b.half[1]) } };
}

static ALWAYS_INLINE vd8 d8_max(vd8 a, vd8 b)
{
	return (struct vd8){ { _mm256_max_pd(b.half[0], a.half[0]),
			       _mm256_max_pd(b.half[1], a.half[1]) } };
}

static ALWAYS_INLINE void d8_store(double *p, vd8 a)
{
	_mm256_storeu_pd(p, a.half[0]);
	_mm256_storeu_pd(p + 4, a.half[1]);
}

typedef __m256 vf8;

static ALWAYS_INLINE vf8 f8_abs(const float *p)
{
	return v_abs(v_load(p));
}

static ALWAYS_INLINE vf8 f8_add(vf8 a, vf8 b)
{
	return _mm256_add_ps(a, b);
}

static ALWAYS_INLINE void f8_store(float *p, vf8 a)
{
	_mm256_storeu_ps(p, a);
}

static ALWAYS_INLINE void b_pack2(uint8_t *out, const uint8_t *q, int add,
				  int drop_low)
{
	vi c[2], low;
	unsigned int i;

	for_unrolled(i, 2) {
		c[i] = _mm256_loadu_si256((const vi *)(q + 32 * i));
		c[i] = _mm256_add_epi8(c[i], _mm256_set1_epi8((char)add));
		low = _mm256_and_si256(_mm256_srli_epi16(c[i], 1),
				       _mm256_set1_epi8((char)drop_low));
		c[i] = _mm256_and_si256(_mm256_xor_si256(c[i], low),
					_mm256_set1_epi8(3));
		c[i] = _mm256_maddubs_epi16(c[i], _mm256_set1_epi16(0x0401));
		c[i] = _mm256_madd_epi16(c[i], _mm256_set1_epi32(0x00100001));
	}
	i_store8_16(out, c);
}

static ALWAYS_INLINE void b_pack4(uint8_t *out, const uint8_t *q)
{
	vi c[2];
	unsigned int i;

	for_unrolled(i, 2) {
		c[i] = _mm256_loadu_si256((const vi *)(q + 32 * i));
		c[i] = _mm256_and_si256(c[i], _mm256_set1_epi8(15));
		c[i] = _mm256_maddubs_epi16(c[i], _mm256_set1_epi16(0x1001));
	}
	c[0] = _mm256_packus_epi16(c[0], c[1]);
	_mm256_storeu_si256((vi *)out, _mm256_permute4x64_epi64(c[0], 0xd8));
}

static ALWAYS_INLINE void b_pack1(uint8_t *out, const uint8_t *q)
{
	uint32_t bits;
	unsigned int i;
	vi c;

	for_unrolled(i, 2) {
		c = _mm256_loadu_si256((const vi *)(q + 32 * i));
		bits = (uint32_t)_mm256_movemask_epi8(_mm256_slli_epi16(c, 7));
		memcpy(out + 4 * i, &bits, sizeof(bits));
	}
}

static ALWAYS_INLINE uint32_t v_signs(const float *p)
{
	uint32_t bits = 0;
	unsigned int i;

	for_unrolled(i, 4)
		bits |= (uint32_t)_mm256_movemask_ps(
				v_ge(v_load(p + 8 * i), v_set(0)))
			<< 8 * i;
	return bits;
}

#endif /* AK_QUANT_SIMD_H */
