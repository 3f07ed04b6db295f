// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Winograd's F(4,3) along rows: six multiplications where three taps for four
 * outputs take twelve. All six sums of up to four tiles stay in registers.
 */
#include "npu/kernels.h"
#include "npu/vnni512.h"
#include "npu/winograd.h"

#define TAPS 6

static ALWAYS_INLINE __m512i scale(__m512i v, __m512 mul, __m512 add)
{
	return _mm512_cvtps_epi32(
		_mm512_fmadd_ps(_mm512_cvtepi32_ps(v), mul, add));
}

/* The sums of a tile become four outputs of sixteen filters each. */
static ALWAYS_INLINE void finish(const struct npu_winograd *w,
				 const __m512i m[TAPS], __m512 mul, __m512 add,
				 unsigned int first)
{
	const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6,
						10, 14, 3, 7, 11, 15);
	__m512i s12 = _mm512_add_epi32(m[1], m[2]);
	__m512i d12 = _mm512_sub_epi32(m[1], m[2]);
	__m512i s34 = _mm512_add_epi32(m[3], m[4]);
	__m512i e = _mm512_slli_epi32(_mm512_sub_epi32(m[3], m[4]), 1);
	__m512i y0 = _mm512_add_epi32(m[0], _mm512_add_epi32(s12, s34));
	__m512i y1 = _mm512_add_epi32(d12, e);
	__m512i y2 = _mm512_add_epi32(s12, _mm512_slli_epi32(s34, 2));
	__m512i y3 = _mm512_add_epi32(
		d12, _mm512_slli_epi32(_mm512_add_epi32(e, m[5]), 2));
	__m512i bytes = _mm512_packus_epi16(
		_mm512_packs_epi32(scale(y0, mul, add), scale(y1, mul, add)),
		_mm512_packs_epi32(scale(y2, mul, add), scale(y3, mul, add)));
	__mmask16 some = (__mmask16)(0xffffu >> (16 - w->filters));
	uint8_t *out = w->out + first * w->step;
	uint32_t n = w->width - first;

	bytes = _mm512_min_epu8(bytes, _mm512_set1_epi8((char)w->max));
	bytes = _mm512_permutexvar_epi32(order, bytes);
	_mm_mask_storeu_epi8(out, some, _mm512_castsi512_si128(bytes));
	if (n > 1)
		_mm_mask_storeu_epi8(out + w->step, some,
				     _mm512_extracti32x4_epi32(bytes, 1));
	if (n > 2)
		_mm_mask_storeu_epi8(out + 2 * w->step, some,
				     _mm512_extracti32x4_epi32(bytes, 2));
	if (n > 3)
		_mm_mask_storeu_epi8(out + 3 * w->step, some,
				     _mm512_extracti32x4_epi32(bytes, 3));
}

static ALWAYS_INLINE void tiles_of(const struct npu_winograd *w,
				   const unsigned int tiles)
{
	const size_t pixel = (size_t)w->quads * 4;
	const int8_t *weights = w->w;
	__m512i m[NPU_WINO_TILES][TAPS];
	__m512 mul, add;
	unsigned int i, t, row;
	size_t at;

	for_unrolled(t, TAPS) {
		__m512i first = _mm512_loadu_si512(w->start + 16 * t);

		for_unrolled(i, tiles)
			m[i][t] = first;
	}
	for (row = 0; row < w->kernel_rows; row++) {
		const uint8_t *in = w->rows[row];

		for (at = 0; at < pixel; at += 4, in += 4) {
			for_unrolled(t, TAPS) {
				__m512i v = _mm512_load_si512(weights + 64 * t);

				for_unrolled(i, tiles) {
					const uint8_t *p =
						in + (TAPS * i + t) * pixel;

					m[i][t] = dot(m[i][t], quad_at(p), v);
				}
			}
			weights += 64 * TAPS;
		}
	}
	mul = _mm512_loadu_ps(w->mul);
	add = _mm512_loadu_ps(w->add);
	for_unrolled(i, tiles)
		finish(w, m[i], mul, add, 4 * i);
}

static void winograd(const struct npu_winograd *w, unsigned int tiles)
{
	switch (tiles) {
	case 1:
		tiles_of(w, 1);
		break;
	case 2:
		tiles_of(w, 2);
		break;
	case 3:
		tiles_of(w, 3);
		break;
	case 4:
		tiles_of(w, 4);
		break;
	}
}

/* Shifting pairs of bytes is fine: four times 15 stays in its byte. */
#define TRANSFORM(load, store)                                                 \
	do {                                                                   \
		V d0 = load(0), d1 = load(1), d2 = load(2), d3 = load(3);      \
		V d4 = load(4), d5 = load(5);                                  \
		V four1 = SHIFT(d1, 2), four2 = SHIFT(d2, 2);                  \
		V two1 = SHIFT(d1, 1), two3 = SHIFT(d3, 1);                    \
		V five2 = ADD(four2, d2), five3 = ADD(SHIFT(d3, 2), d3);       \
		V rest = ADD(SUB(d4, d2), BYTE(45));                           \
		store(0, ADD(SUB(ADD(SHIFT(d0, 2), d4), five2), BYTE(75)));    \
		store(1, ADD(SUB(ADD(d3, d4), ADD(four1, four2)), BYTE(120))); \
		store(2, ADD(SUB(ADD(four1, d4), ADD(four2, d3)), BYTE(75)));  \
		store(3, ADD(rest, SUB(two3, two1)));                          \
		store(4, ADD(rest, SUB(two1, two3)));                          \
		store(5, ADD(SUB(ADD(four1, d5), five3), BYTE(75)));           \
	} while (0)

static void row_512(const struct npu_winograd_row *r)
{
	size_t n = r->channels, pixel = (n + 3) / 4 * 4, c;
	const uint8_t *in = r->in;
	uint8_t *out = r->out;
	uint32_t tile;

#define V __m512i
#define SHIFT _mm512_slli_epi16
#define ADD _mm512_add_epi8
#define SUB _mm512_sub_epi8
#define BYTE(v) _mm512_set1_epi8(v)
#define LOAD(i) _mm512_maskz_loadu_epi8(some, in + (i)*n + c)
#define STORE(i, v) _mm512_mask_storeu_epi8(out + (i)*pixel + c, some, v)
	for (tile = 0; tile < r->tiles; tile++) {
		for (c = 0; c < n; c += 64) {
			__mmask64 some =
				n - c < 64 ? ~0ull >> (64 - (n - c)) : ~0ull;

			TRANSFORM(LOAD, STORE);
		}
		in += NPU_WINO_OUT * n;
		out += NPU_WINO_TAPS * pixel;
	}
#undef V
#undef SHIFT
#undef ADD
#undef SUB
#undef BYTE
#undef LOAD
#undef STORE
}

static void row_128(const struct npu_winograd_row *r)
{
	size_t n = r->channels, pixel = (n + 3) / 4 * 4;
	__mmask16 some = (__mmask16)(0xffffu >> (16 - n));
	const uint8_t *in = r->in;
	uint8_t *out = r->out;
	uint32_t tile;

#define V __m128i
#define SHIFT _mm_slli_epi16
#define ADD _mm_add_epi8
#define SUB _mm_sub_epi8
#define BYTE(v) _mm_set1_epi8(v)
#define LOAD(i) _mm_maskz_loadu_epi8(some, in + (i)*n)
#define STORE(i, v) _mm_mask_storeu_epi8(out + (i)*pixel, some, v)
	for (tile = 0; tile < r->tiles; tile++) {
		TRANSFORM(LOAD, STORE);
		in += NPU_WINO_OUT * n;
		out += NPU_WINO_TAPS * pixel;
	}
#undef V
#undef SHIFT
#undef ADD
#undef SUB
#undef BYTE
#undef LOAD
#undef STORE
}

static void winograd_row(const struct npu_winograd_row *r)
{
	if (r->channels <= 16)
		row_128(r);
	else
		row_512(r);
}

void npu_winograd_init_avx512vnni(struct npu_kernels *k)
{
	k->winograd = winograd;
	k->winograd_row = winograd_row;
	k->winograd_name = "winograd avx512vnni";
	k->winograd_wins = true;
}
