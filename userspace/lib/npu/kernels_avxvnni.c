// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * VNNI in its 256-bit form: sums of four products never leave 32 bits.
 */
#include "npu/activate_avx2.h"
#include "npu/vnni256.h"
#include "npu/winograd.h"

/* Tied to its register, or gcc 12 spills a part of a tile. */
static ALWAYS_INLINE __m256i dot(__m256i acc, __m256i x, __m256i w)
{
	__asm__(VPDPBUSD " %2, %1, %0" : "+x"(acc) : "x"(x), "x"(w));
	return acc;
}

static ALWAYS_INLINE void accumulate(const struct npu_tile *t,
				     __m256i acc[MAX_PIXELS][HALVES],
				     const unsigned int pixels)
{
	const uint8_t *px[MAX_PIXELS];
	const int8_t *w = t->w;
	size_t run = (size_t)t->quads * 4, from = 0, at;
	unsigned int p, h;
	uint32_t row;

	for_unrolled(p, pixels) {
		px[p] = t->px[p];
		for_unrolled(h, HALVES)
			acc[p][h] = load_si256(t->start[p] + 8 * h);
	}
	for (row = 0; row < t->rows; row++, from += t->pitch) {
		for (at = from; at < from + run; at += 4, w += 64) {
			__m256i w0 = load_si256(w), w1 = load_si256(w + 32);

			for_unrolled(p, pixels) {
				__m256i x = quad_at(px[p] + at);

				acc[p][0] = dot(acc[p][0], x, w0);
				acc[p][1] = dot(acc[p][1], x, w1);
			}
		}
	}
}

static ALWAYS_INLINE void potentials(const struct npu_tile *t,
				     const unsigned int pixels)
{
	__m256i acc[MAX_PIXELS][HALVES];
	unsigned int p, h;

	accumulate(t, acc, pixels);
	for_unrolled(p, pixels) {
		for_unrolled(h, HALVES)
			store_si256(t->pot + p * NPU_MAX_PANEL + 8 * h,
				    acc[p][h]);
	}
}

static ALWAYS_INLINE void activations(const struct npu_tile *t,
				      const unsigned int pixels)
{
	__m256i acc[MAX_PIXELS][HALVES];
	unsigned int p;

	accumulate(t, acc, pixels);
	for_unrolled(p, pixels)
		activate(t, acc[p], t->out[p] + t->out_offset);
}

TILES(tile, potentials)
TILES(tile_activate, activations)

/*
 * The signed operand is the value here, so weights lose their sign by adding
 * 128; what that adds is counted along and taken off.
 */
static void high(const int8_t *w, uint32_t groups, const uint32_t *index,
		 const uint32_t *value, uint32_t count, const int32_t *start,
		 int32_t *out)
{
	const __m256i sign = _mm256_set1_epi8((char)0x80);
	uint32_t halves = groups * HALVES, h, i;

	for (h = 0; h < halves; h += 2) {
		__m256i a = _mm256_setzero_si256(), b = a, sum = a;
		const int8_t *p = w + h * 32;

		for (i = 0; i < count; i++) {
			const int8_t *v = p + (size_t)index[i] * halves * 32;
			__m256i x = _mm256_set1_epi32((int)value[i]);

			sum = dot(sum, sign, x);
			a = dot(a, _mm256_xor_si256(load_si256(v), sign), x);
			b = dot(b, _mm256_xor_si256(load_si256(v + 32), sign),
				x);
		}
		a = _mm256_slli_epi32(_mm256_sub_epi32(a, sum), 8);
		b = _mm256_slli_epi32(_mm256_sub_epi32(b, sum), 8);
		store_si256(out + 8 * h,
			    _mm256_add_epi32(a, load_si256(start + 8 * h)));
		store_si256(out + 8 * h + 8,
			    _mm256_add_epi32(b, load_si256(start + 8 * h + 8)));
	}
}

void npu_kernels_init_avxvnni(struct npu_kernels *k)
{
	k->name = "avxvnni";
	k->panel = 16;
	k->fused = true;
	k->tile_pixels[0] = MAX_PIXELS;
	k->tile[0] = tile;
	k->tile_activate[0] = tile_activate;
	k->tile_wide[0] = tile;
	k->tile_activate_wide[0] = tile_activate;
	k->high = high;
	npu_winograd_init_avxvnni(k);
}
