// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * AArch64 with dot products: four vectors of weights, each of four filters,
 * meet four bytes of each pixel; sixteen bytes of a pixel are loaded at once.
 */
#include "npu/kernels_neon.h"
#include "npu/winograd.h"

#define MAX_PIXELS 6

static ALWAYS_INLINE void quad(int32x4_t acc[MAX_PIXELS][VECTORS],
			       const int8x16_t x[MAX_PIXELS], const int8_t *w,
			       const unsigned int pixels,
			       const unsigned int lane)
{
	unsigned int p, i;

	for_unrolled(i, VECTORS) {
		int8x16_t v = vld1q_s8(w + 16 * i);

		for_unrolled(p, pixels)
			acc[p][i] = neon_dot(acc[p][i], v, x[p], lane);
	}
}

static ALWAYS_INLINE void tile(const struct npu_tile *t,
			       const unsigned int pixels, bool activate,
			       const bool wide)
{
	int32x4_t acc[MAX_PIXELS][VECTORS];
	const uint8_t *px[MAX_PIXELS];
	const int8_t *w = t->w;
	int8x16_t x[MAX_PIXELS];
	size_t from = 0, at;
	unsigned int p, i;
	uint32_t row, q;

	for_unrolled(p, pixels) {
		px[p] = t->px[p];
		for_unrolled(i, VECTORS)
			acc[p][i] = vld1q_s32(t->start[p] + 4 * i);
	}
	for (row = 0; row < t->rows; row++, from += t->pitch) {
		at = from;
		for (q = t->quads; q >= 4; q -= 4, at += 16) {
			for_unrolled(p, pixels) {
				x[p] = vreinterpretq_s8_u8(
					vld1q_u8(px[p] + at));
				if (wide)
					x[p] = neon_less_128(x[p]);
			}
			quad(acc, x, w, pixels, 0);
			quad(acc, x, w + STEP, pixels, 1);
			quad(acc, x, w + 2 * STEP, pixels, 2);
			quad(acc, x, w + 3 * STEP, pixels, 3);
			w += 4 * STEP;
		}
		for (; q; q--, at += 4) {
			for_unrolled(p, pixels) {
				x[p] = neon_quad(px[p] + at);
				if (wide)
					x[p] = neon_less_128(x[p]);
			}
			quad(acc, x, w, pixels, 0);
			w += STEP;
		}
	}
	for_unrolled(p, pixels)
		neon_finish(t, p, acc[p], activate);
}

static ALWAYS_INLINE void tiles(const struct npu_tile *t, unsigned int pixels,
				bool activate, const bool wide)
{
	switch (pixels) {
	case 1:
		tile(t, 1, activate, wide);
		break;
	case 2:
		tile(t, 2, activate, wide);
		break;
	case 3:
		tile(t, 3, activate, wide);
		break;
	case 4:
		tile(t, 4, activate, wide);
		break;
	case 5:
		tile(t, 5, activate, wide);
		break;
	case 6:
		tile(t, 6, activate, wide);
		break;
	}
}

/* One copy of all loops: what becomes of the sums is seen at the end. */
static __attribute__((noinline)) void narrow(const struct npu_tile *t,
					     unsigned int pixels, bool activate)
{
	tiles(t, pixels, activate, false);
}

static __attribute__((noinline)) void wide(const struct npu_tile *t,
					   unsigned int pixels, bool activate)
{
	tiles(t, pixels, activate, true);
}

static void potentials(const struct npu_tile *t, unsigned int pixels)
{
	narrow(t, pixels, false);
}

static void activations(const struct npu_tile *t, unsigned int pixels)
{
	narrow(t, pixels, true);
}

static void potentials_wide(const struct npu_tile *t, unsigned int pixels)
{
	wide(t, pixels, false);
}

static void activations_wide(const struct npu_tile *t, unsigned int pixels)
{
	wide(t, pixels, true);
}

static void high(const int8_t *w, uint32_t groups, const uint32_t *index,
		 const uint32_t *value, uint32_t count, const int32_t *start,
		 int32_t *out)
{
	int32x4_t acc[VECTORS];
	unsigned int i;
	uint32_t n;

	(void)groups; /* one, as panels are */
	for_unrolled(i, VECTORS)
		acc[i] = vdupq_n_s32(0);
	for (n = 0; n < count; n++) {
		const int8_t *p = w + (size_t)index[n] * STEP;
		int8x16_t x = vreinterpretq_s8_u32(vdupq_n_u32(value[n]));

		for_unrolled(i, VECTORS)
			acc[i] = vdotq_s32(acc[i], vld1q_s8(p + 16 * i), x);
	}
	for_unrolled(i, VECTORS)
		vst1q_s32(out + 4 * i, vaddq_s32(vld1q_s32(start + 4 * i),
						 vshlq_n_s32(acc[i], 8)));
}

void npu_kernels_init_dotprod(struct npu_kernels *k)
{
	k->name = "dotprod";
	neon_set_tiles(k, MAX_PIXELS, potentials, activations, potentials_wide,
		       activations_wide);
	k->high = high;
	npu_winograd_init_dotprod(k);
}
