/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Vector operations in Advanced SIMD: 4 floats. What each is for stands in
 * simd_avx512.h.
 */
#ifndef AK_QUANT_SIMD_H
#define AK_QUANT_SIMD_H

#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/unroll.h"

#define W 4u

typedef float32x4_t vf;
typedef int32x4_t vi;
typedef uint32x4_t vm;

static ALWAYS_INLINE vf v_load(const float *p)
{
	return vld1q_f32(p);
}

static ALWAYS_INLINE void v_store(float *p, vf a)
{
	vst1q_f32(p, a);
}

static ALWAYS_INLINE vf v_set(float a)
{
	return vdupq_n_f32(a);
}

static ALWAYS_INLINE vf v_abs(vf a)
{
	return vabsq_f32(a);
}

static ALWAYS_INLINE vf v_add(vf a, vf b)
{
	return vaddq_f32(a, b);
}

static ALWAYS_INLINE vf v_sub(vf a, vf b)
{
	return vsubq_f32(a, b);
}

static ALWAYS_INLINE vf v_mul(vf a, vf b)
{
	return vmulq_f32(a, b);
}

static ALWAYS_INLINE vf v_div(vf a, vf b)
{
	return vdivq_f32(a, b);
}

static ALWAYS_INLINE vm v_gt(vf a, vf b)
{
	return vcgtq_f32(a, b);
}

static ALWAYS_INLINE vm v_ge(vf a, vf b)
{
	return vcgeq_f32(a, b);
}

static ALWAYS_INLINE vm v_not_equal(vf a, vf b)
{
	return vmvnq_u32(vceqq_f32(a, b));
}

static ALWAYS_INLINE vm m_and(vm a, vm b)
{
	return vandq_u32(a, b);
}

static ALWAYS_INLINE vm m_not_either(vm a, vm b)
{
	return vmvnq_u32(vorrq_u32(a, b));
}

static ALWAYS_INLINE vf v_select(vm m, vf a, vf b)
{
	return vbslq_f32(m, a, b);
}

static ALWAYS_INLINE vf v_max(vf a, vf b)
{
	return v_select(v_gt(b, a), b, a);
}

static ALWAYS_INLINE vf v_min(vf a, vf b)
{
	return v_select(v_gt(a, b), b, a);
}

static ALWAYS_INLINE vf v_round(vf a)
{
	return vrndnq_f32(a);
}

static ALWAYS_INLINE vf v_copysign(vf a, vf b)
{
	return vbslq_f32(vdupq_n_u32(0x80000000), b, a);
}

static ALWAYS_INLINE vi v_trunc(vf a)
{
	return vcvtq_s32_f32(a);
}

static ALWAYS_INLINE vi v_nearest(vf a)
{
	return vcvtnq_s32_f32(a);
}

static ALWAYS_INLINE vf v_float(vi a)
{
	return vcvtq_f32_s32(a);
}

static ALWAYS_INLINE vi v_bits(vf a)
{
	return vreinterpretq_s32_f32(a);
}

static ALWAYS_INLINE vf v_of_bits(vi a)
{
	return vreinterpretq_f32_s32(a);
}

static ALWAYS_INLINE vi i_set(int32_t a)
{
	return vdupq_n_s32(a);
}

static ALWAYS_INLINE vi i_add(vi a, vi b)
{
	return vaddq_s32(a, b);
}

static ALWAYS_INLINE vi i_sub(vi a, vi b)
{
	return vsubq_s32(a, b);
}

static ALWAYS_INLINE vi i_mul(vi a, vi b)
{
	return vmulq_s32(a, b);
}

static ALWAYS_INLINE vi i_and(vi a, vi b)
{
	return vandq_s32(a, b);
}

static ALWAYS_INLINE vi i_or(vi a, vi b)
{
	return vorrq_s32(a, b);
}

static ALWAYS_INLINE vi i_min(vi a, vi b)
{
	return vminq_s32(a, b);
}

static ALWAYS_INLINE vi i_max(vi a, vi b)
{
	return vmaxq_s32(a, b);
}

#define i_shl(a, n) vshlq_n_s32(a, n)
#define i_shr(a, n) \
	vreinterpretq_s32_u32(vshrq_n_u32(vreinterpretq_u32_s32(a), n))

static ALWAYS_INLINE vi i_keep(vm m, vi a)
{
	return vandq_s32(vreinterpretq_s32_u32(m), a);
}

static ALWAYS_INLINE vi i_load8(const uint8_t *p)
{
	int32_t four;

	memcpy(&four, p, sizeof(four));
	return vmovl_s16(
		vget_low_s16(vmovl_s8(vreinterpret_s8_s32(vdup_n_s32(four)))));
}

static ALWAYS_INLINE vi i_load16(const uint8_t *p)
{
	uint64_t four;

	memcpy(&four, p, sizeof(four));
	return vreinterpretq_s32_u32(
		vmovl_u16(vreinterpret_u16_u64(vdup_n_u64(four))));
}

static ALWAYS_INLINE void i_store16(uint8_t *p, vi a)
{
	uint16x4_t words = vmovn_u32(vreinterpretq_u32_s32(a));
	uint64_t four = vget_lane_u64(vreinterpret_u64_u16(words), 0);

	memcpy(p, &four, sizeof(four));
}

static ALWAYS_INLINE void i_store8_16(uint8_t *p, const vi a[4])
{
	int16x8_t lo = vcombine_s16(vmovn_s32(a[0]), vmovn_s32(a[1]));
	int16x8_t hi = vcombine_s16(vmovn_s32(a[2]), vmovn_s32(a[3]));

	vst1q_u8(p, vreinterpretq_u8_s8(
			    vcombine_s8(vmovn_s16(lo), vmovn_s16(hi))));
}

static ALWAYS_INLINE void i_store8_32(uint8_t *p, const vi a[8])
{
	i_store8_16(p, a);
	i_store8_16(p + 16, a + 4);
}

static ALWAYS_INLINE vf v_load_f16(const uint8_t *p)
{
	uint64_t four;

	memcpy(&four, p, sizeof(four));
	return vcvt_f32_f16(vreinterpret_f16_u64(vdup_n_u64(four)));
}

static ALWAYS_INLINE void v_store_f16(uint8_t *p, vf a)
{
	float16x4_t half = vcvt_f16_f32(a);
	uint64_t four = vget_lane_u64(vreinterpret_u64_f16(half), 0);

	memcpy(p, &four, sizeof(four));
}

static ALWAYS_INLINE uint16_t v_f16_of(float a)
{
	float16x4_t half = vcvt_f16_f32(vdupq_n_f32(a));

	return vget_lane_u16(vreinterpret_u16_f16(half), 0);
}

static ALWAYS_INLINE int v_all_equal(vf a, vf b)
{
	return vminvq_u32(vceqq_f32(a, b)) != 0;
}

static ALWAYS_INLINE float v_largest(vf a)
{
	return vmaxvq_f32(a);
}

/* Four bits for each of 16 floats, all set where it equals @value. */
static ALWAYS_INLINE uint64_t equal16(const vf a[4], vf value)
{
	uint16x4_t h[4];
	uint8x16_t b;
	unsigned int j;

	for_unrolled(j, 4)
		h[j] = vmovn_u32(vceqq_f32(a[j], value));
	b = vcombine_u8(vmovn_u16(vcombine_u16(h[0], h[1])),
			vmovn_u16(vcombine_u16(h[2], h[3])));
	return vget_lane_u64(
		vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(b), 4)),
		0);
}

static ALWAYS_INLINE unsigned int v_first(const vf a[8], vf value)
{
	uint64_t bits = equal16(a, value);

	if (bits)
		return (unsigned int)__builtin_ctzll(bits) / 4;
	return 16 + (unsigned int)__builtin_ctzll(equal16(a + 4, value)) / 4;
}

static ALWAYS_INLINE void v_transpose(vf r[W])
{
	float32x4x2_t a = vtrnq_f32(r[0], r[1]), b = vtrnq_f32(r[2], r[3]);

	r[0] = vcombine_f32(vget_low_f32(a.val[0]), vget_low_f32(b.val[0]));
	r[1] = vcombine_f32(vget_low_f32(a.val[1]), vget_low_f32(b.val[1]));
	r[2] = vcombine_f32(vget_high_f32(a.val[0]), vget_high_f32(b.val[0]));
	r[3] = vcombine_f32(vget_high_f32(a.val[1]), vget_high_f32(b.val[1]));
}

struct vd8 {
	float64x2_t part[4];
};

typedef struct vd8 vd8;

static ALWAYS_INLINE vd8 d8_zero(void)
{
	const float64x2_t zero = vdupq_n_f64(0);

	return (struct vd8){ { zero, zero, zero, zero } };
}

static ALWAYS_INLINE vd8 d8_load(const float *p)
{
	float32x4_t lo = vld1q_f32(p), hi = vld1q_f32(p + 4);

	return (struct vd8){
		{ vcvt_f64_f32(vget_low_f32(lo)), vcvt_high_f64_f32(lo),
		  vcvt_f64_f32(vget_low_f32(hi)), vcvt_high_f64_f32(hi) }
	};
}

static ALWAYS_INLINE vd8 d8_abs(vd8 a)
{
	unsigned int i;

	for_unrolled(i, 4)
		a.part[i] = vabsq_f64(a.part[i]);
	return a;
}

static ALWAYS_INLINE vd8 d8_add(vd8 a, vd8 b)
{
	unsigned int i;

	for_unrolled(i, 4)
		a.part[i] = vaddq_f64(a.part[i], b.part[i]);
	return a;
}

static ALWAYS_INLINE vd8 d8_sub(vd8 a, vd8 b)
{
	unsigned int i;

	for_unrolled(i, 4)
		a.part[i] = vsubq_f64(a.part[i], b.part[i]);
	return a;
}

static ALWAYS_INLINE vd8 d8_mul(vd8 a, vd8 b)
{
	unsigned int i;

	for_unrolled(i, 4)
		a.part[i] = vmulq_f64(a.part[i], b.part[i]);
	return a;
}

static ALWAYS_INLINE vd8 d8_max(vd8 a, vd8 b)
{
	unsigned int i;

	for_unrolled(i, 4)
		a.part[i] = vbslq_f64(vcgtq_f64(b.part[i], a.part[i]),
				      b.part[i], a.part[i]);
	return a;
}

static ALWAYS_INLINE void d8_store(double *p, vd8 a)
{
	unsigned int i;

	for_unrolled(i, 4)
		vst1q_f64(p + 2 * i, a.part[i]);
}

struct vf8 {
	float32x4_t half[2];
};

typedef struct vf8 vf8;

static ALWAYS_INLINE vf8 f8_abs(const float *p)
{
	return (struct vf8){ { v_abs(v_load(p)), v_abs(v_load(p + 4)) } };
}

static ALWAYS_INLINE vf8 f8_add(vf8 a, vf8 b)
{
	return (struct vf8){ { v_add(a.half[0], b.half[0]),
			       v_add(a.half[1], b.half[1]) } };
}

static ALWAYS_INLINE void f8_store(float *p, vf8 a)
{
	v_store(p, a.half[0]);
	v_store(p + 4, a.half[1]);
}

static ALWAYS_INLINE void b_pack2(uint8_t *out, const uint8_t *q, int add,
				  int drop_low)
{
	uint8x16x4_t c = vld4q_u8(q);
	uint8x16_t low;
	unsigned int i;

	for_unrolled(i, 4) {
		c.val[i] = vaddq_u8(c.val[i], vdupq_n_u8((uint8_t)add));
		low = vandq_u8(vshrq_n_u8(c.val[i], 1),
			       vdupq_n_u8((uint8_t)drop_low));
		c.val[i] = vandq_u8(veorq_u8(c.val[i], low), vdupq_n_u8(3));
	}
	c.val[0] = vsliq_n_u8(c.val[0], c.val[1], 2);
	c.val[2] = vsliq_n_u8(c.val[2], c.val[3], 2);
	vst1q_u8(out, vsliq_n_u8(c.val[0], c.val[2], 4));
}

static ALWAYS_INLINE void b_pack4(uint8_t *out, const uint8_t *q)
{
	uint8x16x2_t c = vld2q_u8(q);

	vst1q_u8(out, vsliq_n_u8(c.val[0], c.val[1], 4));
	c = vld2q_u8(q + 32);
	vst1q_u8(out + 16, vsliq_n_u8(c.val[0], c.val[1], 4));
}

static ALWAYS_INLINE void b_pack1(uint8_t *out, const uint8_t *q)
{
	uint8x16x4_t c = vld4q_u8(q);
	uint8x16_t n;

	/* Four bits of each group of four, then pairs of groups. */
	c.val[0] = vsliq_n_u8(vandq_u8(c.val[0], vdupq_n_u8(1)), c.val[1], 1);
	c.val[2] = vsliq_n_u8(vandq_u8(c.val[2], vdupq_n_u8(1)), c.val[3], 1);
	n = vandq_u8(vsliq_n_u8(vandq_u8(c.val[0], vdupq_n_u8(3)), c.val[2], 2),
		     vdupq_n_u8(15));
	vst1_u8(out, vmovn_u16(vreinterpretq_u16_u8(vorrq_u8(
			     n, vreinterpretq_u8_u16(vshrq_n_u16(
					vreinterpretq_u16_u8(n), 4))))));
}

static ALWAYS_INLINE uint32_t v_signs(const float *p)
{
	const uint32x4_t weights = { 1, 2, 4, 8 };
	uint32_t bits = 0;
	unsigned int i;

	for_unrolled(i, 8)
		bits |= vaddvq_u32(vandq_u32(v_ge(v_load(p + 4 * i), v_set(0)),
					     weights))
			<< 4 * i;
	return bits;
}

#endif /* AK_QUANT_SIMD_H */
