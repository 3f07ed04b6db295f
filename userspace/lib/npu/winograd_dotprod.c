// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Winograd's F(4,3) along rows with dot products: all six sums of two tiles
 * and eight filters stay in registers. Transformed inputs need no offset,
 * since the instruction takes signed bytes.
 */
#include "npu/kernels_neon.h"
#include "npu/winograd.h"

#define TAPS 6
/* Tiles that share weights, vectors of filters that share inputs. */
#define TILES 2
#define HALF 2

static ALWAYS_INLINE void quad(int32x4_t m[TILES][HALF], const int8_t *w,
			       const int8x16_t x[TILES],
			       const unsigned int tiles,
			       const unsigned int lane)
{
	unsigned int i, h;

	for_unrolled(h, HALF) {
		int8x16_t v = vld1q_s8(w + 16 * h);

		for_unrolled(i, tiles)
			m[i][h] = neon_dot(m[i][h], v, x[i], lane);
	}
}

/* All sums of a row of the kernel. */
static ALWAYS_INLINE void add_row(const struct npu_winograd *w,
				  const uint8_t *in, const int8_t *weights,
				  int32x4_t m[TAPS][TILES][HALF],
				  const unsigned int tiles)
{
	const size_t pixel = (size_t)w->quads * 4;
	const size_t step = TAPS * STEP;
	int8x16_t x[TILES];
	unsigned int i, t;
	uint32_t q = w->quads;

	for (; q >= 4; q -= 4, in += 16, weights += 4 * step) {
		for_unrolled(t, TAPS) {
			const int8_t *v = weights + t * STEP;

			for_unrolled(i, tiles)
				x[i] = vreinterpretq_s8_u8(
					vld1q_u8(in + (TAPS * i + t) * pixel));
			quad(m[t], v, x, tiles, 0);
			quad(m[t], v + step, x, tiles, 1);
			quad(m[t], v + 2 * step, x, tiles, 2);
			quad(m[t], v + 3 * step, x, tiles, 3);
		}
	}
	for (; q; q--, in += 4, weights += step) {
		for_unrolled(t, TAPS) {
			for_unrolled(i, tiles)
				x[i] = neon_quad(in + (TAPS * i + t) * pixel);
			quad(m[t], weights + t * STEP, x, tiles, 0);
		}
	}
}

/* The sums of a tile become four outputs of each filter. */
static ALWAYS_INLINE void outputs(int32x4_t m[TAPS][TILES][HALF],
				  const unsigned int tile,
				  const unsigned int half,
				  int32x4_t y[NPU_WINO_OUT])
{
	int32x4_t m1 = m[1][tile][half], m2 = m[2][tile][half];
	int32x4_t m3 = m[3][tile][half], m4 = m[4][tile][half];
	int32x4_t s12 = vaddq_s32(m1, m2), d12 = vsubq_s32(m1, m2);
	int32x4_t s34 = vaddq_s32(m3, m4);
	int32x4_t e = vshlq_n_s32(vsubq_s32(m3, m4), 1);

	y[0] = vaddq_s32(m[0][tile][half], vaddq_s32(s12, s34));
	y[1] = vaddq_s32(d12, e);
	y[2] = vaddq_s32(s12, vshlq_n_s32(s34, 2));
	y[3] = vaddq_s32(d12, vshlq_n_s32(vaddq_s32(e, m[5][tile][half]), 2));
}

static ALWAYS_INLINE void finish(const struct npu_winograd *w,
				 int32x4_t m[TAPS][TILES][HALF],
				 unsigned int first, const unsigned int tile,
				 unsigned int filter)
{
	uint32_t filters = w->filters - filter, i, h, k;
	uint8x16_t max = vdupq_n_u8((uint8_t)w->max);
	uint8_t *out = w->out + filter;
	int32x4_t y[HALF][NPU_WINO_OUT];

	for_unrolled(h, HALF) {
		float32x4_t mul = vld1q_f32(w->mul + filter + 4 * h);
		float32x4_t add = vld1q_f32(w->add + filter + 4 * h);

		outputs(m, tile, h, y[h]);
		for_unrolled(i, NPU_WINO_OUT)
			y[h][i] = neon_scale(y[h][i], mul, add);
	}
	if (filters > 8)
		filters = 8;
	for_unrolled(k, NPU_WINO_OUT / 2) {
		const int32x4_t v[] = { y[0][2 * k], y[1][2 * k],
					y[0][2 * k + 1], y[1][2 * k + 1] };
		uint8x16_t bytes = neon_pack(v, max);

		i = 2 * k;

		if (first + i < w->width)
			neon_store(out + (first + i) * w->step, bytes, filters);
		if (first + i + 1 < w->width)
			neon_store(out + (first + i + 1) * w->step,
				   vextq_u8(bytes, bytes, 8), filters);
	}
}

static ALWAYS_INLINE void some(const struct npu_winograd *w, unsigned int tile,
			       unsigned int filter, const unsigned int tiles)
{
	const size_t row = (size_t)w->quads * TAPS * STEP;
	const int8_t *weights = w->w + (size_t)filter * 4;
	int32x4_t m[TAPS][TILES][HALF];
	unsigned int t, i, h;
	uint32_t r;

	for_unrolled(t, TAPS) {
		for_unrolled(i, tiles) {
			for_unrolled(h, HALF)
				m[t][i][h] =
					vld1q_s32(w->start + NPU_LANES * t +
						  filter + 4 * h);
		}
	}
	for (r = 0; r < w->kernel_rows; r++, weights += row)
		add_row(w, w->rows[r] + (size_t)tile * TAPS * w->quads * 4,
			weights, m, tiles);
	for_unrolled(i, tiles)
		finish(w, m, (tile + i) * NPU_WINO_OUT, i, filter);
}

static void winograd(const struct npu_winograd *w, unsigned int tiles)
{
	unsigned int tile, filter;

	for (filter = 0; filter < w->filters; filter += 4 * HALF) {
		for (tile = 0; tile + 1 < tiles; tile += 2)
			some(w, tile, filter, 2);
		if (tile < tiles)
			some(w, tile, filter, 1);
	}
}

/* Sums may leave a byte on the way; what they come to does not. */
static void winograd_row(const struct npu_winograd_row *r)
{
	size_t n = r->channels, pixel = (n + 3) / 4 * 4, c;
	const uint8_t *in = r->in;
	uint8_t *out = r->out;
	uint32_t tile;

	for (tile = 0; tile < r->tiles; tile++) {
		for (c = 0; c < n; c += 16) {
			uint32_t left = (uint32_t)(n - c);
			uint8x16_t d0 = vld1q_u8(in + c);
			uint8x16_t d1 = vld1q_u8(in + n + c);
			uint8x16_t d2 = vld1q_u8(in + 2 * n + c);
			uint8x16_t d3 = vld1q_u8(in + 3 * n + c);
			uint8x16_t d4 = vld1q_u8(in + 4 * n + c);
			uint8x16_t d5 = vld1q_u8(in + 5 * n + c);
			uint8x16_t sum = vaddq_u8(d3, d4);
			uint8x16_t difference = vsubq_u8(d4, d3);
			uint8x16_t rest = vsubq_u8(d4, d2);
			uint8x16_t twice = vshlq_n_u8(vsubq_u8(d3, d1), 1);
			uint8x16_t four1 = vshlq_n_u8(d1, 2);
			uint8x16_t four2 = vshlq_n_u8(d2, 2);
			uint8x16_t five3 = vaddq_u8(vshlq_n_u8(d3, 2), d3);
			uint8_t *o = out + c;

			neon_store(o,
				   vaddq_u8(vshlq_n_u8(d0, 2),
					    vsubq_u8(rest, four2)),
				   left);
			neon_store(o + pixel,
				   vsubq_u8(sum, vaddq_u8(four1, four2)), left);
			neon_store(o + 2 * pixel,
				   vaddq_u8(difference, vsubq_u8(four1, four2)),
				   left);
			neon_store(o + 3 * pixel, vaddq_u8(rest, twice), left);
			neon_store(o + 4 * pixel, vsubq_u8(rest, twice), left);
			neon_store(o + 5 * pixel,
				   vaddq_u8(four1, vsubq_u8(d5, five3)), left);
		}
		in += NPU_WINO_OUT * n;
		out += NPU_WINO_TAPS * pixel;
	}
}

void npu_winograd_init_dotprod(struct npu_kernels *k)
{
	k->winograd = winograd;
	k->winograd_row = winograd_row;
	k->winograd_name = "winograd dotprod";
	k->winograd_wins = true;
	k->winograd_signed = true;
}
