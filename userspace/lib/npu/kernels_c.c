// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The kernels in portable C: what each of them means. Also what runs on a
 * machine without vector instructions that this library knows.
 */
#include "npu/kernels.h"

#include <string.h>

#include "common/unroll.h"
#include "npu/activation.h"

/* Unsigned: accumulators wrap around. */
static void tile(const struct npu_tile *t, unsigned int pixels,
		 unsigned int groups)
{
	unsigned int filters = groups * NPU_LANES, p, f;
	uint32_t row, quad;

	for (p = 0; p < pixels; p++) {
		uint32_t acc[NPU_MAX_PANEL];
		const int8_t *w = t->w;

		memcpy(acc, t->start[p], filters * sizeof(*acc));
		for (row = 0; row < t->rows; row++) {
			const uint8_t *x = t->px[p] + row * t->pitch;

			for (quad = 0; quad < t->quads; quad++, x += 4) {
				int32_t a = x[0], b = x[1], c = x[2], d = x[3];

				for (f = 0; f < filters; f++, w += 4)
					acc[f] +=
						(uint32_t)(a * w[0] + b * w[1] +
							   c * w[2] + d * w[3]);
			}
		}
		memcpy(t->pot + p * NPU_MAX_PANEL, acc, filters * sizeof(*acc));
	}
}

static void wide_16(const struct npu_tile *t, unsigned int pixels)
{
	tile(t, pixels, 1);
}

static void wide_32(const struct npu_tile *t, unsigned int pixels)
{
	tile(t, pixels, 2);
}

static void wide_48(const struct npu_tile *t, unsigned int pixels)
{
	tile(t, pixels, 3);
}

static void wide_64(const struct npu_tile *t, unsigned int pixels)
{
	tile(t, pixels, 4);
}

/*
 * The same by the compiler's generic vectors: every machine has instructions
 * for products of 16 bits, and @room says how many may be added in them.
 * Even and odd bytes are taken apart, as a little-endian machine has them.
 */
typedef int16_t words __attribute__((vector_size(16)));
typedef uint32_t quads __attribute__((vector_size(16)));
typedef int32_t signed_quads __attribute__((vector_size(16)));

#define VECTORS (NPU_LANES / 4)
#define PIXELS 2u

/* Both halves of each 32 bits go into that accumulator. */
static ALWAYS_INLINE void widen(quads acc[VECTORS], words sums[VECTORS])
{
	unsigned int i;

	for_unrolled(i, VECTORS) {
		signed_quads both;

		memcpy(&both, &sums[i], sizeof(both));
		acc[i] += (quads)(both << 16 >> 16) + (quads)(both >> 16);
		sums[i] ^= sums[i];
	}
}

static words splat(uint32_t v)
{
	quads all = { v, v, v, v };

	return (words)all;
}

static ALWAYS_INLINE void add_quad(words sums[][VECTORS],
				   const uint8_t *const px[], size_t at,
				   const int8_t *w)
{
	words even[PIXELS], odd[PIXELS];
	unsigned int p, i;

	for_unrolled(p, PIXELS) {
		uint32_t x;

		memcpy(&x, px[p] + at, sizeof(x));
		even[p] = splat(x & 0x00ff00ff);
		odd[p] = splat(x >> 8 & 0x00ff00ff);
	}
	for_unrolled(i, VECTORS) {
		words v;

		memcpy(&v, w + 16 * i, sizeof(v));
		for_unrolled(p, PIXELS)
			sums[p][i] +=
				(v << 8 >> 8) * even[p] + (v >> 8) * odd[p];
	}
}

/* Some pixels and 16 of the panel's filters. */
static void some_pixels(const struct npu_tile *t, unsigned int pixel,
			unsigned int count, unsigned int group,
			unsigned int groups)
{
	const int8_t *w = t->w + group * NPU_LANES * 4;
	words sums[PIXELS][VECTORS] = { 0 };
	quads acc[PIXELS][VECTORS];
	const uint8_t *px[PIXELS];
	uint32_t room = t->room, row, quad, p;

	for (p = 0; p < PIXELS; p++) {
		/* An odd one out is computed twice. */
		uint32_t from = pixel + (p < count ? p : 0);

		px[p] = t->px[from];
		memcpy(acc[p], t->start[from] + group * NPU_LANES,
		       sizeof(acc[p]));
	}
	for (row = 0; row < t->rows; row++) {
		size_t at = row * t->pitch;

		for (quad = 0; quad < t->quads; quad++, at += 4) {
			add_quad(sums, px, at, w);
			w += groups * NPU_LANES * 4;
			if (--room)
				continue;
			for_unrolled(p, PIXELS)
				widen(acc[p], sums[p]);
			room = t->room;
		}
	}
	for (p = 0; p < count; p++) {
		widen(acc[p], sums[p]);
		memcpy(t->pot + (pixel + p) * NPU_MAX_PANEL + group * NPU_LANES,
		       acc[p], sizeof(acc[p]));
	}
}

static void narrow(const struct npu_tile *t, unsigned int pixels,
		   unsigned int groups)
{
	unsigned int pixel, group;

	for (pixel = 0; pixel < pixels; pixel += PIXELS)
		for (group = 0; group < groups; group++)
			some_pixels(t, pixel,
				    pixels - pixel < PIXELS ? pixels - pixel :
							      PIXELS,
				    group, groups);
}

static void narrow_16(const struct npu_tile *t, unsigned int pixels)
{
	narrow(t, pixels, 1);
}

static void narrow_32(const struct npu_tile *t, unsigned int pixels)
{
	narrow(t, pixels, 2);
}

static void narrow_48(const struct npu_tile *t, unsigned int pixels)
{
	narrow(t, pixels, 3);
}

static void narrow_64(const struct npu_tile *t, unsigned int pixels)
{
	narrow(t, pixels, 4);
}

/* Each product alone: the sum of two may need 17 bits. */
static ALWAYS_INLINE quads halves(words products)
{
	signed_quads both = (signed_quads)products;

	return (quads)(both << 16 >> 16) + (quads)(both >> 16);
}

static void high_group(const int8_t *w, size_t step, const uint32_t *index,
		       const uint32_t *value, uint32_t count,
		       const int32_t *start, int32_t *out)
{
	quads acc[VECTORS] = { 0 }, first[VECTORS];
	uint32_t i, f;

	for (i = 0; i < count; i++) {
		const int8_t *p = w + index[i] * step;
		words x = splat(value[i]);

		for_unrolled(f, VECTORS) {
			words v;

			memcpy(&v, p + 16 * f, sizeof(v));
			acc[f] += halves((v << 8 >> 8) * (x << 8 >> 8)) +
				  halves((v >> 8) * (x >> 8));
		}
	}
	memcpy(first, start, sizeof(first));
	for (f = 0; f < VECTORS; f++)
		first[f] += acc[f] << 8;
	memcpy(out, first, sizeof(first));
}

static void high(const int8_t *w, uint32_t groups, const uint32_t *index,
		 const uint32_t *value, uint32_t count, const int32_t *start,
		 int32_t *out)
{
	uint32_t g;

	for (g = 0; g < groups; g++)
		high_group(w + g * NPU_LANES * 4, groups * NPU_LANES * 4, index,
			   value, count, start + g * NPU_LANES,
			   out + g * NPU_LANES);
}

typedef uint8_t bytes __attribute__((vector_size(8)));
typedef int8_t signed_bytes __attribute__((vector_size(8)));

static words bytes_at(const uint8_t *p)
{
	bytes v;

	memcpy(&v, p, sizeof(v));
	return __builtin_convertvector(v, words);
}

/*
 * Eight channels. A block is 16, the first 8 of which are its first half: the
 * order that the unpack instructions of other tables give.
 */
static void depthwise_half(const struct npu_depthwise *d, const uint8_t *in,
			   const int8_t *w, const int16_t *offset, uint8_t *low,
			   int8_t *up)
{
	signed_bytes high;
	bytes bottom;
	words sum;
	uint32_t i;

	memcpy(&sum, offset, sizeof(sum));
	for (i = 0; i < d->pairs; i++, w += 32) {
		words v;

		memcpy(&v, w, sizeof(v));
		sum += (v << 8 >> 8) * bytes_at(in + d->taps[2 * i]) +
		       (v >> 8) * bytes_at(in + d->taps[2 * i + 1]);
	}
	bottom = __builtin_convertvector(sum & 0xff, bytes);
	high = __builtin_convertvector(sum >> 8, signed_bytes);
	memcpy(low, &bottom, sizeof(bottom));
	memcpy(up, &high, sizeof(high));
}

#define BLOCK 16u

static void depthwise(const struct npu_depthwise *d)
{
	uint32_t i, c, q;

	for (i = 0; i < d->windows; i++) {
		const uint8_t *in = d->in + i * d->step;
		uint8_t *low = d->low + i * d->low_pitch;

		for (c = 0; c < d->channels; c += BLOCK) {
			const int8_t *w = d->w + (size_t)c * d->pairs * 2;
			int8_t up[BLOCK];

			depthwise_half(d, in + c, w, d->offset + c, low + c,
				       up);
			depthwise_half(d, in + c + 8, w + 16, d->offset + c + 8,
				       low + c + 8, up + 8);
			for (q = 0; q < BLOCK / 4; q++) {
				uint32_t v, n = d->high.count[i];

				memcpy(&v, up + 4 * q, sizeof(v));
				if (!v)
					continue;
				d->high.index[i * d->high.stride + n] =
					c / 4 + q;
				d->high.value[i * d->high.stride + n] = v;
				d->high.count[i]++;
			}
		}
	}
}

/* Unsigned, so that sums wrap around. */
static void winograd_tile(const struct npu_winograd *w, unsigned int tile,
			  unsigned int f, uint32_t y[NPU_WINO_OUT])
{
	size_t pixel = (size_t)w->quads * 4;
	const int8_t *p = &w->w[f * 4];
	uint32_t m[NPU_WINO_TAPS], row, q, t, b, e;

	for (t = 0; t < NPU_WINO_TAPS; t++)
		m[t] = (uint32_t)w->start[t * NPU_LANES + f];
	for (row = 0; row < w->kernel_rows; row++) {
		const uint8_t *in = w->rows[row] + tile * NPU_WINO_TAPS * pixel;

		for (q = 0; q < w->quads; q++, in += 4)
			for (t = 0; t < NPU_WINO_TAPS; t++, p += NPU_LANES * 4)
				for (b = 0; b < 4; b++)
					m[t] += (uint32_t)(in[t * pixel + b] *
							   p[b]);
	}
	e = 2 * (m[3] - m[4]);
	y[0] = m[0] + m[1] + m[2] + m[3] + m[4];
	y[1] = m[1] - m[2] + e;
	y[2] = m[1] + m[2] + 4 * (m[3] + m[4]);
	y[3] = m[1] - m[2] + 4 * (e + m[5]);
}

static void winograd(const struct npu_winograd *w, unsigned int tiles)
{
	unsigned int tile, f, i;

	for (tile = 0; tile < tiles; tile++) {
		for (f = 0; f < w->filters; f++) {
			uint32_t y[NPU_WINO_OUT], x = tile * NPU_WINO_OUT;

			winograd_tile(w, tile, f, y);
			for (i = 0; i < NPU_WINO_OUT && x + i < w->width; i++)
				w->out[(x + i) * w->step + f] =
					npu_activation_fused((int32_t)y[i],
							     w->mul[f],
							     w->add[f], w->max);
		}
	}
}

static void winograd_row(const struct npu_winograd_row *r)
{
	size_t c, n = r->channels, pixel = (n + 3) / 4 * 4;
	const uint8_t *d = r->in;
	uint8_t *o = r->out;
	uint32_t tile;

	for (tile = 0; tile < r->tiles; tile++) {
		for (c = 0; c < n; c++) {
			int d0 = d[c], d1 = d[c + n], d2 = d[c + 2 * n];
			int d3 = d[c + 3 * n], d4 = d[c + 4 * n];
			int d5 = d[c + 5 * n];

			o[c] = (uint8_t)(4 * d0 - 5 * d2 + d4 + 75);
			o[c + pixel] =
				(uint8_t)(d3 + d4 - 4 * d1 - 4 * d2 + 120);
			o[c + 2 * pixel] =
				(uint8_t)(4 * d1 - 4 * d2 - d3 + d4 + 75);
			o[c + 3 * pixel] =
				(uint8_t)(2 * d3 - 2 * d1 - d2 + d4 + 45);
			o[c + 4 * pixel] =
				(uint8_t)(2 * d1 - 2 * d3 - d2 + d4 + 45);
			o[c + 5 * pixel] = (uint8_t)(4 * d1 - 5 * d3 + d5 + 75);
		}
		d += NPU_WINO_OUT * n;
		o += NPU_WINO_TAPS * pixel;
	}
}

static void max_bytes(uint8_t *dst, const uint8_t *src, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		dst[i] = dst[i] > src[i] ? dst[i] : src[i];
}

void npu_kernels_init_c(struct npu_kernels *k)
{
	static const npu_tile_fn wide[] = { wide_16, wide_32, wide_48,
					    wide_64 };
	static const npu_tile_fn tiles[] = { narrow_16, narrow_32, narrow_48,
					     narrow_64 };
	unsigned int i;
	const bool little_endian = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;

	memset(k, 0, sizeof(*k));
	k->name = "c";
	k->panel = 16;
	for (i = 0; i < NPU_MAX_PANEL / NPU_LANES; i++) {
		k->tile_pixels[i] = 4;
		k->tile[i] = little_endian ? tiles[i] : wide[i];
		k->tile_wide[i] = wide[i];
	}
	k->high = high;
	k->depthwise = depthwise;
	k->depthwise_small = depthwise;
	k->depthwise_block = BLOCK;
	k->depthwise_small_block = BLOCK;
	k->winograd = winograd;
	k->winograd_row = winograd_row;
	k->winograd_name = "winograd c";
	k->max_bytes = max_bytes;
}
