// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Kernels for AVX-512 with VNNI.
 */
#include "npu/kernels.h"
#include "npu/vnni512.h"
#include "npu/winograd.h"

#define MAX_PIXELS 8
#define MAX_GROUPS 4

static ALWAYS_INLINE void accumulate(const struct npu_tile *t,
				     __m512i acc[MAX_PIXELS][MAX_GROUPS],
				     const unsigned int pixels,
				     const unsigned int groups)
{
	const uint8_t *px[MAX_PIXELS];
	const int8_t *w = t->w;
	size_t run = (size_t)t->quads * 4, from = 0, at;
	unsigned int p, g, row;

	for_unrolled(p, pixels) {
		px[p] = t->px[p];
		for_unrolled(g, groups)
			acc[p][g] = _mm512_loadu_si512(t->start[p] + 16 * g);
	}
	for (row = 0; row < t->rows; row++, from += t->pitch) {
		for (at = from; at < from + run; at += 4) {
			__m512i weights[MAX_GROUPS];

			for_unrolled(g, groups)
				weights[g] = _mm512_load_si512(w + 64 * g);
			w += 64 * groups;
			for_unrolled(p, pixels) {
				__m512i x = quad_at(px[p] + at);

				for_unrolled(g, groups)
					acc[p][g] =
						dot(acc[p][g], x, weights[g]);
			}
		}
	}
}

static ALWAYS_INLINE void tile(const struct npu_tile *t,
			       const unsigned int pixels,
			       const unsigned int groups)
{
	__m512i acc[MAX_PIXELS][MAX_GROUPS];
	unsigned int p, g;

	accumulate(t, acc, pixels, groups);
	for_unrolled(p, pixels) {
		for_unrolled(g, groups)
			_mm512_storeu_si512(t->pot + p * NPU_MAX_PANEL + 16 * g,
					    acc[p][g]);
	}
}

static ALWAYS_INLINE __m512i scale(__m512i acc, const float *mul,
				   const float *add)
{
	__m512 v = _mm512_fmadd_ps(_mm512_cvtepi32_ps(acc),
				   _mm512_loadu_ps(mul), _mm512_loadu_ps(add));

	return _mm512_cvtps_epi32(v);
}

/*
 * Packing saturates, first to 16 bits with sign, then to bytes without; what
 * it does to the order of the filters one permutation undoes.
 */
static ALWAYS_INLINE void activate(const struct npu_tile *t, __m512i acc[],
				   uint8_t *out, const unsigned int groups)
{
	const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6,
						10, 14, 3, 7, 11, 15);
	__m512i v[MAX_GROUPS], zero = _mm512_setzero_si512(), bytes;
	unsigned int g;

	for_unrolled(g, MAX_GROUPS)
		v[g] = g < groups ?
			       scale(acc[g], t->mul + 16 * g, t->add + 16 * g) :
			       zero;
	bytes = _mm512_packus_epi16(_mm512_packs_epi32(v[0], v[1]),
				    _mm512_packs_epi32(v[2], v[3]));
	bytes = _mm512_min_epu8(bytes, _mm512_set1_epi8((char)t->max));
	bytes = _mm512_permutexvar_epi32(order, bytes);
	_mm512_mask_storeu_epi8(out, ~0ull >> (64 - t->filters), bytes);
}

/* With one group of filters, four pixels share a vector. */
static ALWAYS_INLINE void activate_four(const struct npu_tile *t,
					__m512i acc[][MAX_GROUPS],
					uint8_t *const *out,
					const unsigned int pixels)
{
	const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6,
						10, 14, 3, 7, 11, 15);
	__mmask16 some = (__mmask16)(0xffffu >> (16 - t->filters));
	__m512i v[4], bytes;
	unsigned int p;

	for_unrolled(p, 4)
		v[p] = p < pixels ? scale(acc[p][0], t->mul, t->add) :
				    _mm512_setzero_si512();
	bytes = _mm512_packus_epi16(_mm512_packs_epi32(v[0], v[1]),
				    _mm512_packs_epi32(v[2], v[3]));
	bytes = _mm512_min_epu8(bytes, _mm512_set1_epi8((char)t->max));
	bytes = _mm512_permutexvar_epi32(order, bytes);
	_mm_mask_storeu_epi8(out[0] + t->out_offset, some,
			     _mm512_castsi512_si128(bytes));
	if (pixels > 1)
		_mm_mask_storeu_epi8(out[1] + t->out_offset, some,
				     _mm512_extracti32x4_epi32(bytes, 1));
	if (pixels > 2)
		_mm_mask_storeu_epi8(out[2] + t->out_offset, some,
				     _mm512_extracti32x4_epi32(bytes, 2));
	if (pixels > 3)
		_mm_mask_storeu_epi8(out[3] + t->out_offset, some,
				     _mm512_extracti32x4_epi32(bytes, 3));
}

static ALWAYS_INLINE void tile_activate(const struct npu_tile *t,
					const unsigned int pixels,
					const unsigned int groups)
{
	__m512i acc[MAX_PIXELS][MAX_GROUPS];
	unsigned int p;

	accumulate(t, acc, pixels, groups);
	if (groups == 1) {
		activate_four(t, acc, t->out, pixels);
		if (pixels > 4)
			activate_four(t, acc + 4, t->out + 4, pixels - 4);
		return;
	}
	for_unrolled(p, pixels)
		activate(t, acc[p], t->out[p] + t->out_offset, groups);
}

/* One function per number of groups, one loop in it per number of pixels. */
#define TILES(kind, groups)                                   \
	static void kind##_##groups(const struct npu_tile *t, \
				    unsigned int pixels)      \
	{                                                     \
		switch (pixels) {                             \
		case 1:                                       \
			kind(t, 1, groups);                   \
			break;                                \
		case 2:                                       \
			kind(t, 2, groups);                   \
			break;                                \
		case 3:                                       \
			kind(t, 3, groups);                   \
			break;                                \
		case 4:                                       \
			kind(t, 4, groups);                   \
			break;                                \
		case 5:                                       \
			kind(t, 5, groups);                   \
			break;                                \
		case 6:                                       \
			kind(t, 6, groups);                   \
			break;                                \
		case 7:                                       \
			kind(t, groups < 4 ? 7 : 6, groups);  \
			break;                                \
		case 8:                                       \
			kind(t, groups < 4 ? 8 : 6, groups);  \
			break;                                \
		}                                             \
	}

TILES(tile, 1)
TILES(tile, 2)
TILES(tile, 3)
TILES(tile, 4)
TILES(tile_activate, 1)
TILES(tile_activate, 2)
TILES(tile_activate, 3)
TILES(tile_activate, 4)

/*
 * The signed operand is the value here, so weights lose their sign by adding
 * 128; what that adds is counted along and taken off.
 */
static ALWAYS_INLINE void high_groups(const int8_t *w, const uint32_t *index,
				      const uint32_t *value, uint32_t count,
				      const int32_t *start, int32_t *out,
				      const unsigned int groups)
{
	const __m512i sign = _mm512_set1_epi8((char)0x80);
	__m512i acc[MAX_GROUPS], sum = _mm512_setzero_si512();
	unsigned int g;
	uint32_t i;

	for_unrolled(g, groups)
		acc[g] = _mm512_setzero_si512();
	for (i = 0; i < count; i++) {
		const int8_t *p = w + (size_t)index[i] * groups * 64;
		__m512i x = _mm512_set1_epi32((int)value[i]);

		sum = dot(sum, sign, x);
		for_unrolled(g, groups) {
			__m512i v = _mm512_load_si512(p + 64 * g);

			acc[g] = dot(acc[g], _mm512_xor_si512(v, sign), x);
		}
	}
	for_unrolled(g, groups) {
		__m512i v = _mm512_sub_epi32(acc[g], sum);

		v = _mm512_add_epi32(_mm512_slli_epi32(v, 8),
				     _mm512_loadu_si512(start + 16 * g));
		_mm512_storeu_si512(out + 16 * g, v);
	}
}

static void high(const int8_t *w, uint32_t groups, const uint32_t *index,
		 const uint32_t *value, uint32_t count, const int32_t *start,
		 int32_t *out)
{
	switch (groups) {
	case 1:
		high_groups(w, index, value, count, start, out, 1);
		break;
	case 2:
		high_groups(w, index, value, count, start, out, 2);
		break;
	case 3:
		high_groups(w, index, value, count, start, out, 3);
		break;
	case 4:
		high_groups(w, index, value, count, start, out, 4);
		break;
	}
}

#define BLOCK 64u

/* Appends the groups of four channels whose high bytes are not all zero. */
static ALWAYS_INLINE void append(const struct npu_high *h, uint32_t window,
				 uint32_t channel, __m512i up)
{
	const __m512i number = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
						 10, 11, 12, 13, 14, 15);
	__mmask16 some = _mm512_test_epi32_mask(up, up);
	uint32_t n;
	size_t at;

	if (!some)
		return;
	n = h->count[window];
	at = window * h->stride + n;
	_mm512_storeu_si512(
		h->index + at,
		_mm512_maskz_compress_epi32(
			some,
			_mm512_add_epi32(number, _mm512_set1_epi32(
							 (int)(channel / 4)))));
	_mm512_storeu_si512(h->value + at,
			    _mm512_maskz_compress_epi32(some, up));
	h->count[window] = n + (uint32_t)__builtin_popcount(some);
}

/* @known: pairs if known when compiling, so that weights stay in registers. */
static ALWAYS_INLINE void depthwise_pairs(const struct npu_depthwise *d,
					  const unsigned int known)
{
	const __m512i byte = _mm512_set1_epi16(0xff);
	unsigned int pairs = known ? known : d->pairs, k;
	uint32_t c, i;

	for (c = 0; c < d->channels; c += BLOCK) {
		const int8_t *w = d->w + (size_t)c * pairs * 2;
		__m512i off0 = _mm512_loadu_si512(d->offset + c);
		__m512i off1 = _mm512_loadu_si512(d->offset + c + BLOCK / 2);
		const uint8_t *in = d->in + c;

		for (i = 0; i < d->windows; i++, in += d->step) {
			__m512i s0 = off0, s1 = off1;

#define PAIR(k)                                                               \
	do {                                                                  \
		__m512i a = _mm512_loadu_si512(in + d->taps[2 * (k)]);        \
		__m512i b = _mm512_loadu_si512(in + d->taps[2 * (k) + 1]);    \
		const int8_t *wk = w + (size_t)(k)*2 * BLOCK;                 \
		s0 = _mm512_add_epi16(                                        \
			s0, _mm512_maddubs_epi16(_mm512_unpacklo_epi8(a, b),  \
						 _mm512_load_si512(wk)));     \
		s1 = _mm512_add_epi16(                                        \
			s1,                                                   \
			_mm512_maddubs_epi16(_mm512_unpackhi_epi8(a, b),      \
					     _mm512_load_si512(wk + BLOCK))); \
	} while (0)
			if (known)
				for_unrolled(k, known)
					PAIR(k);
			else
				for (k = 0; k < pairs; k++)
					PAIR(k);
#undef PAIR
			_mm512_storeu_si512(
				d->low + i * d->low_pitch + c,
				_mm512_packus_epi16(
					_mm512_and_si512(s0, byte),
					_mm512_and_si512(s1, byte)));
			append(&d->high, i, c,
			       _mm512_packs_epi16(_mm512_srai_epi16(s0, 8),
						  _mm512_srai_epi16(s1, 8)));
		}
	}
}

static void depthwise(const struct npu_depthwise *d)
{
	if (d->pairs == 5)
		depthwise_pairs(d, 5);
	else
		depthwise_pairs(d, 0);
}

void npu_kernels_init_avx512vnni(struct npu_kernels *k)
{
	static const npu_tile_fn tiles[] = { tile_1, tile_2, tile_3, tile_4 };
	static const npu_tile_fn activating[] = { tile_activate_1,
						  tile_activate_2,
						  tile_activate_3,
						  tile_activate_4 };
	static const uint32_t pixels[] = { 8, 8, 8, 6 };
	unsigned int i;

	k->name = "avx512vnni";
	k->panel = 64;
	k->fused = true;
	for (i = 0; i < MAX_GROUPS; i++) {
		k->tile_pixels[i] = pixels[i];
		k->tile[i] = tiles[i];
		k->tile_wide[i] = tiles[i];
		k->tile_activate[i] = activating[i];
		k->tile_activate_wide[i] = activating[i];
	}
	k->high = high;
	k->depthwise = depthwise;
	k->depthwise_block = BLOCK;
	npu_winograd_init_avx512vnni(k);
}
