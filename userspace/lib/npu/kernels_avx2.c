// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * AVX2 without VNNI. vpmaddubsw adds two products of bytes in 16 bits; small
 * weights and inputs leave room for a number of such sums before they have to
 * be widened, which halves the work.
 */
#include "npu/activate_avx2.h"

/*
 * 16-bit sums go into 32-bit totals. These stay in memory, which the compiler
 * has to be told: sixteen registers hold the sums of six pixels and no more.
 */
static ALWAYS_INLINE void widen(int32_t *totals,
				__m256i sums[MAX_PIXELS][HALVES],
				const unsigned int pixels)
{
	const __m256i ones = _mm256_set1_epi16(1);
	unsigned int p, h;

	for_unrolled(p, pixels) {
		for_unrolled(h, HALVES) {
			int32_t *t = totals + p * NPU_LANES + 8 * h;

			store_si256(
				t, _mm256_add_epi32(load_si256(t),
						    _mm256_madd_epi16(
							    sums[p][h], ones)));
			sums[p][h] = _mm256_setzero_si256();
		}
	}
	__asm__ volatile("" : : "r"(totals) : "memory");
}

static ALWAYS_INLINE void accumulate(const struct npu_tile *t,
				     __m256i acc[MAX_PIXELS][HALVES],
				     const unsigned int pixels)
{
	int32_t totals[MAX_PIXELS * NPU_LANES];
	__m256i sums[MAX_PIXELS][HALVES];
	const uint8_t *px[MAX_PIXELS];
	const int8_t *w = t->w;
	size_t run = (size_t)t->quads * 4, from = 0, at;
	uint32_t room = t->room, row;
	unsigned int p, h;

	for_unrolled(p, pixels) {
		px[p] = t->px[p];
		memcpy(totals + p * NPU_LANES, t->start[p],
		       NPU_LANES * sizeof(*totals));
		for_unrolled(h, HALVES)
			sums[p][h] = _mm256_setzero_si256();
	}
	__asm__ volatile("" : : "r"(totals) : "memory");
	for (row = 0; row < t->rows; row++, from += t->pitch) {
		for (at = from; at < from + run; at += 4, w += 64) {
			__m256i w0 = load_si256(w), w1 = load_si256(w + 32);

			for_unrolled(p, pixels) {
				__m256i x = quad_at(px[p] + at);

				sums[p][0] = _mm256_add_epi16(
					sums[p][0],
					_mm256_maddubs_epi16(x, w0));
				sums[p][1] = _mm256_add_epi16(
					sums[p][1],
					_mm256_maddubs_epi16(x, w1));
			}
			if (--room)
				continue;
			widen(totals, sums, pixels);
			room = t->room;
		}
	}
	widen(totals, sums, pixels);
	for_unrolled(p, pixels) {
		for_unrolled(h, HALVES)
			acc[p][h] = load_si256(totals + p * NPU_LANES + 8 * h);
	}
}

/*
 * Any bytes: even and odd ones are widened apart, so that the packing of the
 * weights stays as it is.
 */
static ALWAYS_INLINE void accumulate_wide(const struct npu_tile *t,
					  __m256i acc[MAX_PIXELS][HALVES],
					  const unsigned int pixels)
{
	const __m256i low = _mm256_set1_epi16(0xff);
	const int8_t *w = t->w;
	size_t run = (size_t)t->quads * 4, from = 0, at;
	unsigned int p, h;
	uint32_t row;

	for_unrolled(p, pixels) {
		for_unrolled(h, HALVES)
			acc[p][h] = load_si256(t->start[p] + 8 * h);
	}
	for (row = 0; row < t->rows; row++, from += t->pitch) {
		for (at = from; at < from + run; at += 4, w += 64) {
			__m256i even[HALVES], odd[HALVES];

			for_unrolled(h, HALVES) {
				__m256i v = load_si256(w + 32 * h);

				even[h] = _mm256_srai_epi16(
					_mm256_slli_epi16(v, 8), 8);
				odd[h] = _mm256_srai_epi16(v, 8);
			}
			for_unrolled(p, pixels) {
				__m256i x = quad_at(t->px[p] + at);
				__m256i x0 = _mm256_and_si256(x, low);
				__m256i x1 = _mm256_srli_epi16(x, 8);

				for_unrolled(h, HALVES) {
					__m256i s = _mm256_add_epi32(
						_mm256_madd_epi16(x0, even[h]),
						_mm256_madd_epi16(x1, odd[h]));

					acc[p][h] =
						_mm256_add_epi32(acc[p][h], s);
				}
			}
		}
	}
}

static ALWAYS_INLINE void finish(const struct npu_tile *t,
				 __m256i acc[MAX_PIXELS][HALVES],
				 const unsigned int pixels, bool activations)
{
	unsigned int p, h;

	for_unrolled(p, pixels) {
		if (activations) {
			activate(t, acc[p], t->out[p] + t->out_offset);
			continue;
		}
		for_unrolled(h, HALVES)
			store_si256(t->pot + p * NPU_MAX_PANEL + 8 * h,
				    acc[p][h]);
	}
}

static ALWAYS_INLINE void potentials(const struct npu_tile *t,
				     const unsigned int pixels)
{
	__m256i acc[MAX_PIXELS][HALVES];

	accumulate(t, acc, pixels);
	finish(t, acc, pixels, false);
}

static ALWAYS_INLINE void activations(const struct npu_tile *t,
				      const unsigned int pixels)
{
	__m256i acc[MAX_PIXELS][HALVES];

	accumulate(t, acc, pixels);
	finish(t, acc, pixels, true);
}

static ALWAYS_INLINE void potentials_wide(const struct npu_tile *t,
					  const unsigned int pixels)
{
	__m256i acc[MAX_PIXELS][HALVES];

	accumulate_wide(t, acc, pixels);
	finish(t, acc, pixels, false);
}

static ALWAYS_INLINE void activations_wide(const struct npu_tile *t,
					   const unsigned int pixels)
{
	__m256i acc[MAX_PIXELS][HALVES];

	accumulate_wide(t, acc, pixels);
	finish(t, acc, pixels, true);
}

TILES(tile, potentials)
TILES(tile_activate, activations)
TILES(tile_wide, potentials_wide)
TILES(tile_activate_wide, activations_wide)

/* Even and odd bytes with their signs, each product in 32 bits. */
static ALWAYS_INLINE __m256i signed_dot(__m256i acc, const int8_t *w,
					__m256i even, __m256i odd)
{
	__m256i v = load_si256(w);

	acc = _mm256_add_epi32(
		acc,
		_mm256_madd_epi16(_mm256_srai_epi16(_mm256_slli_epi16(v, 8), 8),
				  even));
	return _mm256_add_epi32(
		acc, _mm256_madd_epi16(_mm256_srai_epi16(v, 8), odd));
}

static void high(const int8_t *w, uint32_t groups, const uint32_t *index,
		 const uint32_t *value, uint32_t count, const int32_t *start,
		 int32_t *out)
{
	size_t step = (size_t)groups * NPU_LANES * 4;
	uint32_t g, i;

	for (g = 0; g < groups; g++, start += 16, out += 16, w += 64) {
		__m256i a = _mm256_setzero_si256(), b = a;

		for (i = 0; i < count; i++) {
			const int8_t *p = w + index[i] * step;
			__m256i x = _mm256_set1_epi32((int)value[i]);
			__m256i even =
				_mm256_srai_epi16(_mm256_slli_epi16(x, 8), 8);
			__m256i odd = _mm256_srai_epi16(x, 8);

			a = signed_dot(a, p, even, odd);
			b = signed_dot(b, p + 32, even, odd);
		}
		store_si256(out, _mm256_add_epi32(_mm256_slli_epi32(a, 8),
						  load_si256(start)));
		store_si256(out + 8, _mm256_add_epi32(_mm256_slli_epi32(b, 8),
						      load_si256(start + 8)));
	}
}

#define BLOCK 32u

/* Appends the groups of four channels whose high bytes are not all zero. */
static ALWAYS_INLINE void append(const struct npu_high *h, uint32_t window,
				 uint32_t channel, __m256i up)
{
	__m256i none = _mm256_cmpeq_epi32(up, _mm256_setzero_si256());
	uint32_t some =
		0xff ^ (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(none));
	uint32_t value[8], n;

	if (!some)
		return;
	store_si256(value, up);
	n = h->count[window];
	for (; some; some &= some - 1, n++) {
		uint32_t i = (uint32_t)__builtin_ctz(some);

		h->index[window * h->stride + n] = channel / 4 + i;
		h->value[window * h->stride + n] = value[i];
	}
	h->count[window] = n;
}

static ALWAYS_INLINE void add_pair(const struct npu_depthwise *d,
				   const uint8_t *in, const int8_t *w,
				   unsigned int k, __m256i s[2])
{
	__m256i a = load_si256(in + d->taps[2 * k]);
	__m256i b = load_si256(in + d->taps[2 * k + 1]);

	w += (size_t)k * 2 * BLOCK;
	s[0] = _mm256_add_epi16(s[0],
				_mm256_maddubs_epi16(_mm256_unpacklo_epi8(a, b),
						     load_si256(w)));
	s[1] = _mm256_add_epi16(s[1],
				_mm256_maddubs_epi16(_mm256_unpackhi_epi8(a, b),
						     load_si256(w + BLOCK)));
}

static void depthwise(const struct npu_depthwise *d)
{
	const __m256i byte = _mm256_set1_epi16(0xff);
	uint32_t c, i, k;

	for (c = 0; c < d->channels; c += BLOCK) {
		const int8_t *w = d->w + (size_t)c * d->pairs * 2;
		const uint8_t *in = d->in + c;

		for (i = 0; i < d->windows; i++, in += d->step) {
			__m256i s[2] = { load_si256(d->offset + c),
					 load_si256(d->offset + c +
						    BLOCK / 2) };

			for (k = 0; k < d->pairs; k++)
				add_pair(d, in, w, k, s);
			store_si256(d->low + i * d->low_pitch + c,
				    _mm256_packus_epi16(
					    _mm256_and_si256(s[0], byte),
					    _mm256_and_si256(s[1], byte)));
			append(&d->high, i, c,
			       _mm256_packs_epi16(_mm256_srai_epi16(s[0], 8),
						  _mm256_srai_epi16(s[1], 8)));
		}
	}
}

static void max_bytes(uint8_t *dst, const uint8_t *src, size_t n)
{
	size_t i;

	for (i = 0; i + 32 <= n; i += 32)
		store_si256(dst + i, _mm256_max_epu8(load_si256(dst + i),
						     load_si256(src + i)));
	for (; i < n; i++)
		dst[i] = dst[i] > src[i] ? dst[i] : src[i];
}

void npu_kernels_init_avx2(struct npu_kernels *k)
{
	k->name = "avx2";
	k->panel = 16;
	k->fused = true;
	k->tile_pixels[0] = MAX_PIXELS;
	k->tile[0] = tile;
	k->tile_activate[0] = tile_activate;
	k->tile_wide[0] = tile_wide;
	k->tile_activate_wide[0] = tile_activate_wide;
	k->high = high;
	k->depthwise = depthwise;
	k->depthwise_block = BLOCK;
	k->depthwise_small = depthwise;
	k->depthwise_small_block = BLOCK;
	k->max_bytes = max_bytes;
}
