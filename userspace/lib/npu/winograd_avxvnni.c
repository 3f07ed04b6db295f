// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Winograd's F(4,3) with 256-bit VNNI: the six sums of one tile and sixteen
 * filters are twelve of sixteen registers.
 */
#include "npu/activate_avx2.h"
#include "npu/vnni256.h"
#include "npu/winograd.h"

#define TAPS 6

/* Tied to its register, or gcc 12 spills half of them. */
static ALWAYS_INLINE __m256i dot(__m256i acc, __m256i x, const int8_t *w)
{
	__asm__(VPDPBUSD " %2, %1, %0"
		: "+x"(acc)
		: "x"(x), "m"(*(const __m256i *)w));
	return acc;
}

/* Half of the filters: eight accumulators of each output. */
static ALWAYS_INLINE void outputs(const __m256i m[TAPS][HALVES], unsigned int h,
				  __m256i y[NPU_WINO_OUT][HALVES])
{
	__m256i s12 = _mm256_add_epi32(m[1][h], m[2][h]);
	__m256i d12 = _mm256_sub_epi32(m[1][h], m[2][h]);
	__m256i s34 = _mm256_add_epi32(m[3][h], m[4][h]);
	__m256i e = _mm256_slli_epi32(_mm256_sub_epi32(m[3][h], m[4][h]), 1);

	y[0][h] = _mm256_add_epi32(m[0][h], _mm256_add_epi32(s12, s34));
	y[1][h] = _mm256_add_epi32(d12, e);
	y[2][h] = _mm256_add_epi32(s12, _mm256_slli_epi32(s34, 2));
	y[3][h] = _mm256_add_epi32(
		d12, _mm256_slli_epi32(_mm256_add_epi32(e, m[5][h]), 2));
}

static void one_tile(const struct npu_winograd *w, unsigned int tile)
{
	const size_t pixel = (size_t)w->quads * 4;
	const int8_t *weights = w->w;
	const struct npu_tile act = { .mul = w->mul,
				      .add = w->add,
				      .max = w->max,
				      .filters = w->filters };
	__m256i m[TAPS][HALVES], y[NPU_WINO_OUT][HALVES];
	unsigned int t, h, row, i, x = tile * NPU_WINO_OUT;
	size_t at;

	for_unrolled(t, TAPS) {
		for_unrolled(h, HALVES)
			m[t][h] = load_si256(w->start + 16 * t + 8 * h);
	}
	for (row = 0; row < w->kernel_rows; row++) {
		const uint8_t *in = w->rows[row] + tile * TAPS * pixel;

		for (at = 0; at < pixel; at += 4, in += 4) {
			for_unrolled(t, TAPS) {
				__m256i v = quad_at(in + t * pixel);

				m[t][0] = dot(m[t][0], v, weights + 64 * t);
				m[t][1] =
					dot(m[t][1], v, weights + 64 * t + 32);
			}
			weights += 64 * TAPS;
		}
	}
	outputs(m, 0, y);
	outputs(m, 1, y);
	for (i = 0; i < NPU_WINO_OUT && x + i < w->width; i++)
		activate(&act, y[i], w->out + (x + i) * w->step);
}

static void winograd(const struct npu_winograd *w, unsigned int tiles)
{
	unsigned int i;

	for (i = 0; i < tiles; i++)
		one_tile(w, i);
}

static ALWAYS_INLINE __m128i load_si128(const uint8_t *p)
{
	return _mm_loadu_si128((const __m128i *)p);
}

static ALWAYS_INLINE void store_si128(uint8_t *p, __m128i v)
{
	_mm_storeu_si128((__m128i *)p, v);
}

/*
 * Sixteen channels of a tile, @n bytes from pixel to pixel, @o from tap to tap.
 * Shifting pairs of bytes is fine: four times 15 stays in its byte.
 */
static ALWAYS_INLINE void transform(const uint8_t *in, size_t n, uint8_t *out,
				    size_t o)
{
	__m128i d0 = load_si128(in), d1 = load_si128(in + n);
	__m128i d2 = load_si128(in + 2 * n), d3 = load_si128(in + 3 * n);
	__m128i d4 = load_si128(in + 4 * n), d5 = load_si128(in + 5 * n);
	__m128i four1 = _mm_slli_epi16(d1, 2), four2 = _mm_slli_epi16(d2, 2);
	__m128i five2 = _mm_add_epi8(four2, d2);
	__m128i five3 = _mm_add_epi8(_mm_slli_epi16(d3, 2), d3);
	__m128i difference =
		_mm_sub_epi8(_mm_slli_epi16(d3, 1), _mm_slli_epi16(d1, 1));
	__m128i offset = _mm_set1_epi8(75);
	__m128i rest = _mm_add_epi8(_mm_sub_epi8(d4, d2), _mm_set1_epi8(45));
	__m128i t0 =
		_mm_sub_epi8(_mm_add_epi8(_mm_slli_epi16(d0, 2), d4), five2);
	__m128i t1 =
		_mm_sub_epi8(_mm_add_epi8(d3, d4), _mm_add_epi8(four1, four2));
	__m128i t2 =
		_mm_sub_epi8(_mm_add_epi8(four1, d4), _mm_add_epi8(four2, d3));
	__m128i t5 = _mm_sub_epi8(_mm_add_epi8(four1, d5), five3);

	store_si128(out, _mm_add_epi8(t0, offset));
	store_si128(out + o, _mm_add_epi8(t1, _mm_set1_epi8(120)));
	store_si128(out + 2 * o, _mm_add_epi8(t2, offset));
	store_si128(out + 3 * o, _mm_add_epi8(rest, difference));
	store_si128(out + 4 * o, _mm_sub_epi8(rest, difference));
	store_si128(out + 5 * o, _mm_add_epi8(t5, offset));
}

/* The last channels go by way of copies that have room for sixteen. */
static void transform_rest(const uint8_t *in, size_t n, size_t some,
			   uint8_t *out, size_t o)
{
	uint8_t from[TAPS * 16] = { 0 }, to[TAPS * 16];
	unsigned int t;

	for (t = 0; t < TAPS; t++)
		memcpy(from + 16 * t, in + t * n, some);
	transform(from, 16, to, 16);
	for (t = 0; t < TAPS; t++)
		memcpy(out + t * o, to + 16 * t, some);
}

static void winograd_row(const struct npu_winograd_row *r)
{
	size_t n = r->channels, pixel = (n + 3) / 4 * 4, c;
	const uint8_t *in = r->in;
	uint8_t *out = r->out;
	uint32_t tile;

	for (tile = 0; tile < r->tiles; tile++) {
		for (c = 0; c + 16 <= n; c += 16)
			transform(in + c, n, out + c, pixel);
		if (c < n)
			transform_rest(in + c, n, n - c, out + c, pixel);
		in += NPU_WINO_OUT * n;
		out += TAPS * pixel;
	}
}

void npu_winograd_init_avxvnni(struct npu_kernels *k)
{
	k->winograd = winograd;
	k->winograd_row = winograd_row;
	k->winograd_name = "winograd avxvnni";
	k->winograd_wins = true;
}
