// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The kernels in portable C: what each of them means. Also what runs on a
 * machine without vector instructions that this library knows.
 */
#include "npu/kernels.h"

#include <string.h>

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

static void tile_16(const struct npu_tile *t, unsigned int pixels)
{
	tile(t, pixels, 1);
}

static void tile_32(const struct npu_tile *t, unsigned int pixels)
{
	tile(t, pixels, 2);
}

static void tile_48(const struct npu_tile *t, unsigned int pixels)
{
	tile(t, pixels, 3);
}

static void tile_64(const struct npu_tile *t, unsigned int pixels)
{
	tile(t, pixels, 4);
}

static void high(const int8_t *w, uint32_t groups, const uint32_t *index,
		 const uint32_t *value, uint32_t count, const int32_t *start,
		 int32_t *out)
{
	uint32_t filters = groups * NPU_LANES, i, f, b;
	uint32_t acc[NPU_MAX_PANEL] = { 0 };

	for (i = 0; i < count; i++) {
		const int8_t *p = w + (size_t)index[i] * filters * 4;
		int8_t x[4];

		memcpy(x, &value[i], sizeof(x));
		for (f = 0; f < filters; f++, p += 4)
			for (b = 0; b < 4; b++)
				acc[f] += (uint32_t)(x[b] * p[b]);
	}
	for (f = 0; f < filters; f++)
		out[f] = (int32_t)((uint32_t)start[f] + (acc[f] << 8));
}

/* Half h, channel j of a half: the order of the unpack instructions. */
static uint32_t channel_of(uint32_t h, uint32_t j)
{
	return j / 8 * 16 + h * 8 + j % 8;
}

static void depthwise_block(const struct npu_depthwise *d, const uint8_t *in,
			    const int8_t *w, const int16_t *offset,
			    uint32_t block, uint8_t *low, int8_t *up)
{
	uint32_t h, j, i, half = block / 2;

	for (h = 0; h < 2; h++) {
		for (j = 0; j < half; j++) {
			uint32_t c = channel_of(h, j);
			int32_t sum = offset[h * half + j];
			const int8_t *p = w + (h * half + j) * 2;

			for (i = 0; i < d->pairs; i++, p += block * 2)
				sum += in[d->taps[2 * i] + (int32_t)c] * p[0] +
				       in[d->taps[2 * i + 1] + (int32_t)c] *
					       p[1];
			low[c] = (uint8_t)sum;
			up[c] = (int8_t)((sum - (sum & 0xff)) / 256);
		}
	}
}

#define BLOCK 16u

static void depthwise(const struct npu_depthwise *d)
{
	uint32_t i, c, q;

	for (i = 0; i < d->windows; i++) {
		for (c = 0; c < d->channels; c += BLOCK) {
			int8_t up[BLOCK];

			depthwise_block(d, d->in + i * d->step + c,
					d->w + (size_t)c * d->pairs * 2,
					d->offset + c, BLOCK,
					d->low + i * d->low_pitch + c, up);
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
	const int8_t *p = w->w + f * 4;
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
	static const npu_tile_fn tiles[] = { tile_16, tile_32, tile_48,
					     tile_64 };
	unsigned int i;

	memset(k, 0, sizeof(*k));
	k->name = "c";
	k->panel = 16;
	for (i = 0; i < NPU_MAX_PANEL / NPU_LANES; i++) {
		k->tile_pixels[i] = 4;
		k->tile[i] = tiles[i];
		k->tile_wide[i] = tiles[i];
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
