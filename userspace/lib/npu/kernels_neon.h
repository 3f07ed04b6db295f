/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the kernels for AArch64 have in common. A panel is NPU_LANES filters:
 * more would not fit the registers together with enough pixels.
 */
#ifndef AK_NPU_KERNELS_NEON_H
#define AK_NPU_KERNELS_NEON_H

#include <arm_neon.h>
#include <stdint.h>
#include <string.h>

#include "common/unroll.h"
#include "npu/kernels.h"

/* Vectors of four int32 that make a panel, and bytes of its weights. */
#define VECTORS 4
#define STEP (NPU_LANES * 4)

/**
 * neon_quad() - four inputs, repeated
 * @p: first of them
 *
 * Return: them as signed bytes.
 */
static ALWAYS_INLINE int8x16_t neon_quad(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return vreinterpretq_s8_u32(vdupq_n_u32(v));
}

/**
 * neon_less_128() - make signed bytes of unsigned ones
 * @x: unsigned bytes
 *
 * Return: @x - 128.
 */
static ALWAYS_INLINE int8x16_t neon_less_128(int8x16_t x)
{
	return veorq_s8(x, vdupq_n_s8(INT8_MIN));
}

#ifdef __ARM_FEATURE_DOTPROD
/**
 * neon_dot() - add dot products of four bytes
 * @acc: accumulators of four filters
 * @w: their weights
 * @x: inputs
 * @lane: which four of them
 *
 * The accumulator is tied to its register, and the order is kept: gcc 12
 * otherwise renames it or loads too much ahead, and spills some.
 *
 * Return: new accumulators.
 */
static ALWAYS_INLINE int32x4_t neon_dot(int32x4_t acc, int8x16_t w, int8x16_t x,
					const unsigned int lane)
{
#define DOT(lane)                                               \
	__asm__ volatile("sdot %0.4s, %1.16b, %2.4b[" #lane "]" \
			 : "+w"(acc)                            \
			 : "w"(w), "w"(x))
	switch (lane) {
	case 0:
		DOT(0);
		break;
	case 1:
		DOT(1);
		break;
	case 2:
		DOT(2);
		break;
	case 3:
		DOT(3);
		break;
	}
#undef DOT
	return acc;
}
#endif

/**
 * neon_store() - store some bytes of a vector
 * @out: where to
 * @v: bytes
 * @n: how many; all if more than there are
 */
static ALWAYS_INLINE void neon_store(uint8_t *out, uint8x16_t v, uint32_t n)
{
	if (n >= 16) {
		vst1q_u8(out, v);
		return;
	}
	if (n & 8) {
		vst1_u8(out, vget_low_u8(v));
		v = vextq_u8(v, v, 8);
		out += 8;
	}
	if (n & 4) {
		uint32_t u = vgetq_lane_u32(vreinterpretq_u32_u8(v), 0);

		memcpy(out, &u, sizeof(u));
		v = vextq_u8(v, v, 4);
		out += 4;
	}
	if (n & 2) {
		uint16_t u = vgetq_lane_u16(vreinterpretq_u16_u8(v), 0);

		memcpy(out, &u, sizeof(u));
		v = vextq_u8(v, v, 2);
		out += 2;
	}
	if (n & 1)
		*out = vgetq_lane_u8(v, 0);
}

/**
 * neon_scale() - activations that may still be out of range
 * @acc: accumulators of four filters
 * @mul: factors
 * @add: summands
 *
 * Return: them, rounded to the nearest, ties to even.
 */
static ALWAYS_INLINE int32x4_t neon_scale(int32x4_t acc, float32x4_t mul,
					  float32x4_t add)
{
	return vcvtnq_s32_f32(vfmaq_f32(add, vcvtq_f32_s32(acc), mul));
}

/**
 * neon_pack() - bytes of the activations of a panel
 * @v: activations that may be out of range
 * @max: largest, in each byte
 *
 * Return: bytes from 0 to @max.
 */
static ALWAYS_INLINE uint8x16_t neon_pack(const int32x4_t v[VECTORS],
					  uint8x16_t max)
{
	int16x8_t lo = vqmovn_high_s32(vqmovn_s32(v[0]), v[1]);
	int16x8_t hi = vqmovn_high_s32(vqmovn_s32(v[2]), v[3]);

	return vminq_u8(vqmovun_high_s16(vqmovun_s16(lo), hi), max);
}

/**
 * neon_finish() - what becomes of a pixel's accumulators
 * @t: operands of the tile
 * @pixel: which
 * @acc: accumulators
 * @activate: store activations, not potentials
 */
static ALWAYS_INLINE void neon_finish(const struct npu_tile *t,
				      unsigned int pixel,
				      const int32x4_t acc[VECTORS],
				      bool activate)
{
	int32_t *pot = t->pot + pixel * NPU_MAX_PANEL;
	int32x4_t v[VECTORS];
	unsigned int i;

	if (!activate) {
		for_unrolled(i, VECTORS)
			vst1q_s32(pot + 4 * i, acc[i]);
		return;
	}
	for_unrolled(i, VECTORS)
		v[i] = neon_scale(acc[i], vld1q_f32(t->mul + 4 * i),
				  vld1q_f32(t->add + 4 * i));
	neon_store(t->out[pixel] + t->out_offset,
		   neon_pack(v, vdupq_n_u8((uint8_t)t->max)), t->filters);
}

/**
 * neon_set_tiles() - fill in a table for panels of one group
 * @k: table
 * @pixels: most pixels of a tile
 * @tile: potentials, inputs up to 127
 * @activate: activations, inputs up to 127
 * @wide: potentials, any inputs
 * @activate_wide: activations, any inputs
 */
static inline void neon_set_tiles(struct npu_kernels *k, uint32_t pixels,
				  npu_tile_fn tile, npu_tile_fn activate,
				  npu_tile_fn wide, npu_tile_fn activate_wide)
{
	k->panel = NPU_LANES;
	k->fused = true;
	k->signed_inputs = true;
	k->tile_pixels[0] = pixels;
	k->tile[0] = tile;
	k->tile_activate[0] = activate;
	k->tile_wide[0] = wide;
	k->tile_activate_wide[0] = activate_wide;
}

#endif /* AK_NPU_KERNELS_NEON_H */
