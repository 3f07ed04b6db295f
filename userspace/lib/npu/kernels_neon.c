// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * AArch64 without dot products: products of signed bytes are added up in 16
 * bits as long as they fit, and only then in 32.
 */
#include "npu/kernels_neon.h"

#define MAX_PIXELS 3
/* Half vectors: two filters, each with four sums of products. */
#define HALVES (2 * VECTORS)
/* With room for fewer products than this, 16-bit sums are not worth it. */
#define MANY 8u

/*
 * The sum is tied to its register, and the order is kept: gcc 12 otherwise
 * renames it or loads too much ahead, and spills some.
 */
static ALWAYS_INLINE int16x8_t add_low(int16x8_t sum, int8x16_t w, int8x16_t x)
{
	__asm__ volatile("smlal %0.8h, %1.8b, %2.8b"
			 : "+w"(sum)
			 : "w"(w), "w"(x));
	return sum;
}

static ALWAYS_INLINE int16x8_t add_high(int16x8_t sum, int8x16_t w, int8x16_t x)
{
	__asm__ volatile("smlal2 %0.8h, %1.16b, %2.16b"
			 : "+w"(sum)
			 : "w"(w), "w"(x));
	return sum;
}

static ALWAYS_INLINE int32x4_t add_pairs(int32x4_t acc, int16x8_t v)
{
	__asm__ volatile("sadalp %0.4s, %1.8h" : "+w"(acc) : "w"(v));
	return acc;
}

static ALWAYS_INLINE int8x16_t input_at(const uint8_t *p, const bool wide)
{
	int8x16_t x = neon_quad(p);

	return wide ? neon_less_128(x) : x;
}

/* Where a tile is: row of the window, quads of it done, weights. */
struct place {
	uint32_t row, quad;
	size_t at;
	const int8_t *w;
};

/* Sums of up to @n quads, as many as the row still has. */
static ALWAYS_INLINE void add_run(const struct npu_tile *t, struct place *c,
				  int16x8_t sum[MAX_PIXELS][HALVES], uint32_t n,
				  const unsigned int pixels, const bool wide)
{
	const uint8_t *px[MAX_PIXELS];
	const int8_t *w = c->w;
	size_t at = c->at, end = at + (size_t)n * 4;
	unsigned int p, i;

	for_unrolled(p, pixels)
		px[p] = t->px[p];
	for (; at < end; at += 4, w += STEP) {
		int8x16_t x[MAX_PIXELS];

		for_unrolled(p, pixels)
			x[p] = input_at(px[p] + at, wide);
		for_unrolled(i, VECTORS) {
			int8x16_t v = vld1q_s8(w + 16 * i);

			for_unrolled(p, pixels) {
				sum[p][2 * i] = add_low(sum[p][2 * i], v, x[p]);
				sum[p][2 * i + 1] =
					add_high(sum[p][2 * i + 1], v, x[p]);
			}
		}
	}
	c->at = at;
	c->w = w;
}

/* @together: so many products fit into 16 bits. */
static ALWAYS_INLINE void tile_many(const struct npu_tile *t, uint32_t together,
				    const unsigned int pixels, bool activate,
				    const bool wide)
{
	int32x4_t acc[MAX_PIXELS][VECTORS];
	struct place c = { .w = t->w };
	unsigned int p, i;

	for_unrolled(p, pixels) {
		for_unrolled(i, VECTORS)
			acc[p][i] = vld1q_s32(t->start[p] + 4 * i);
	}
	while (c.row < t->rows) {
		int16x8_t sum[MAX_PIXELS][HALVES];
		uint32_t left = together;

		for_unrolled(p, pixels) {
			for_unrolled(i, HALVES)
				sum[p][i] = vdupq_n_s16(0);
		}
		while (left && c.row < t->rows) {
			uint32_t n = t->quads - c.quad;

			if (n > left)
				n = left;
			add_run(t, &c, sum, n, pixels, wide);
			left -= n;
			c.quad += n;
			if (c.quad < t->quads)
				continue;
			c.quad = 0;
			c.row++;
			c.at = c.row * t->pitch;
		}
		for_unrolled(p, pixels) {
			for_unrolled(i, VECTORS)
				acc[p][i] = vaddq_s32(
					acc[p][i],
					vpaddq_s32(vpaddlq_s16(sum[p][2 * i]),
						   vpaddlq_s16(
							   sum[p][2 * i + 1])));
		}
	}
	for_unrolled(p, pixels)
		neon_finish(t, p, acc[p], activate);
}

/* At most this many pixels where 32-bit sums are kept in registers. */
#define FEW_PIXELS 2

/* Products of one quad, or of two where two fit into 16 bits. */
static ALWAYS_INLINE void add_quads(int32x4_t acc[FEW_PIXELS][HALVES],
				    const uint8_t *const px[FEW_PIXELS],
				    const int8_t *w, size_t at,
				    const unsigned int quads,
				    const unsigned int pixels, const bool wide)
{
	int8x16_t x[2][FEW_PIXELS];
	unsigned int p, i;

	for_unrolled(p, pixels) {
		x[0][p] = input_at(px[p] + at, wide);
		if (quads > 1)
			x[1][p] = input_at(px[p] + at + 4, wide);
	}
	for_unrolled(i, VECTORS) {
		int8x16_t v = vld1q_s8(w + 16 * i);
		int8x16_t u = quads > 1 ? vld1q_s8(w + STEP + 16 * i) : v;

		for_unrolled(p, pixels) {
			int16x8_t lo =
				vmull_s8(vget_low_s8(v), vget_low_s8(x[0][p]));
			int16x8_t hi = vmull_high_s8(v, x[0][p]);

			if (quads > 1) {
				lo = vmlal_s8(lo, vget_low_s8(u),
					      vget_low_s8(x[1][p]));
				hi = vmlal_high_s8(hi, u, x[1][p]);
			}
			acc[p][2 * i] = add_pairs(acc[p][2 * i], lo);
			acc[p][2 * i + 1] = add_pairs(acc[p][2 * i + 1], hi);
		}
	}
}

static ALWAYS_INLINE void tile_few(const struct npu_tile *t, unsigned int first,
				   const unsigned int quads,
				   const unsigned int pixels, bool activate,
				   const bool wide)
{
	int32x4_t acc[FEW_PIXELS][HALVES];
	const int8_t *w = t->w;
	const uint8_t *px[FEW_PIXELS];
	size_t from = 0, at;
	unsigned int p, i;
	uint32_t row, q;

	for_unrolled(p, pixels) {
		px[p] = t->px[first + p];
		for_unrolled(i, HALVES)
			acc[p][i] = vdupq_n_s32(0);
	}
	for (row = 0; row < t->rows; row++, from += t->pitch) {
		at = from;
		for (q = t->quads; q >= quads; q -= quads) {
			add_quads(acc, px, w, at, quads, pixels, wide);
			at += 4 * quads;
			w += quads * STEP;
		}
		if (!q)
			continue;
		add_quads(acc, px, w, at, 1, pixels, wide);
		w += STEP;
	}
	for_unrolled(p, pixels) {
		const int32_t *start = t->start[first + p];
		int32x4_t v[VECTORS];

		for_unrolled(i, VECTORS)
			v[i] = vaddq_s32(
				vld1q_s32(start + 4 * i),
				vpaddq_s32(acc[p][2 * i], acc[p][2 * i + 1]));
		neon_finish(t, first + p, v, activate);
	}
}

static ALWAYS_INLINE void few(const struct npu_tile *t,
			      const unsigned int quads, unsigned int pixels,
			      bool activate, const bool wide)
{
	unsigned int p;

	for (p = 0; p + 1 < pixels; p += 2)
		tile_few(t, p, quads, 2, activate, wide);
	if (p < pixels)
		tile_few(t, p, quads, 1, activate, wide);
}

static ALWAYS_INLINE void many(const struct npu_tile *t, unsigned int pixels,
			       bool activate, const bool wide)
{
	uint32_t together = 2 * t->room;

	switch (pixels) {
	case 1:
		tile_many(t, together, 1, activate, wide);
		break;
	case 2:
		tile_many(t, together, 2, activate, wide);
		break;
	case 3:
		tile_many(t, together, 3, activate, wide);
		break;
	}
}

static __attribute__((noinline)) void narrow(const struct npu_tile *t,
					     unsigned int pixels, bool activate)
{
	if (2 * t->room >= MANY)
		many(t, pixels, activate, false);
	else
		few(t, 2, pixels, activate, false);
}

static __attribute__((noinline)) void wide(const struct npu_tile *t,
					   unsigned int pixels, bool activate)
{
	if (2 * t->room >= MANY)
		many(t, pixels, activate, true);
	else if (t->room)
		few(t, 2, pixels, activate, true);
	else
		few(t, 1, pixels, activate, true);
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
	int32x4_t acc[HALVES];
	unsigned int i;
	uint32_t n;

	(void)groups; /* one, as panels are */
	for_unrolled(i, HALVES)
		acc[i] = vdupq_n_s32(0);
	for (n = 0; n < count; n++) {
		const int8_t *p = w + (size_t)index[n] * STEP;
		int8x16_t x = vreinterpretq_s8_u32(vdupq_n_u32(value[n]));

		for_unrolled(i, VECTORS) {
			int8x16_t v = vld1q_s8(p + 16 * i);

			acc[2 * i] = vpadalq_s16(
				acc[2 * i],
				vmull_s8(vget_low_s8(v), vget_low_s8(x)));
			acc[2 * i + 1] = vpadalq_s16(acc[2 * i + 1],
						     vmull_high_s8(v, x));
		}
	}
	for_unrolled(i, VECTORS) {
		int32x4_t v = vpaddq_s32(acc[2 * i], acc[2 * i + 1]);

		vst1q_s32(out + 4 * i, vaddq_s32(vld1q_s32(start + 4 * i),
						 vshlq_n_s32(v, 8)));
	}
}

#define BLOCK 16u
#define MAX_PAIRS 5

/* Appends the groups of four channels whose high bytes are not all zero. */
static ALWAYS_INLINE void append(const struct npu_high *h, uint32_t window,
				 uint32_t channel, uint8x16_t up)
{
	uint32_t v[VECTORS], *index, *value, n, i;

	if (!vmaxvq_u32(vreinterpretq_u32_u8(up)))
		return;
	vst1q_u32(v, vreinterpretq_u32_u8(up));
	n = h->count[window];
	index = h->index + window * h->stride;
	value = h->value + window * h->stride;
	for (i = 0; i < VECTORS; i++) {
		index[n] = channel / 4 + i;
		value[n] = v[i];
		n += v[i] != 0;
	}
	h->count[window] = n;
}

/* Results of a block of channels, modulo 2^16. */
struct sums {
	int16x8_t lo, hi;
};

static ALWAYS_INLINE struct sums add_tap(struct sums s, const uint8_t *in,
					 int8x16_t w, const bool small)
{
	int8x16_t x = vreinterpretq_s8_u8(vld1q_u8(in));

	if (!small)
		x = neon_less_128(x);
	s.lo = vmlal_s8(s.lo, vget_low_s8(x), vget_low_s8(w));
	s.hi = vmlal_high_s8(s.hi, x, w);
	return s;
}

/* The 128 that are taken off each input make this of a weight. */
static ALWAYS_INLINE struct sums make_up(struct sums s, int8x16_t w)
{
	s.lo = vaddq_s16(s.lo, vshll_n_s8(vget_low_s8(w), 7));
	s.hi = vaddq_s16(s.hi, vshll_n_s8(vget_high_s8(w), 7));
	return s;
}

/* @known: pairs if known when compiling, so that weights stay in registers. */
static ALWAYS_INLINE void depthwise_pairs(const struct npu_depthwise *d,
					  const unsigned int known,
					  const bool small)
{
	const unsigned int pairs = known ? known : d->pairs;
	uint32_t c, i, k;

	for (c = 0; c < d->channels; c += BLOCK) {
		const int8_t *w = d->w + (size_t)c * pairs * 2;
		const uint8_t *in = d->in + c;
		struct sums start = { vld1q_s16(d->offset + c),
				      vld1q_s16(d->offset + c + BLOCK / 2) };
		int8x16x2_t kept[MAX_PAIRS];

		for_unrolled(k, known)
			kept[k] = vld2q_s8(w + 2 * BLOCK * k);
		for (k = 0; !small && k < pairs; k++) {
			int8x16x2_t v = vld2q_s8(w + 2 * BLOCK * k);

			start = make_up(make_up(start, v.val[0]), v.val[1]);
		}
		for (i = 0; i < d->windows; i++, in += d->step) {
			struct sums s = start;
			int8x16_t lo, hi;

			for_unrolled(k, known) {
				s = add_tap(s, in + d->taps[2 * k],
					    kept[k].val[0], small);
				s = add_tap(s, in + d->taps[2 * k + 1],
					    kept[k].val[1], small);
			}
			for (k = known; k < pairs; k++) {
				int8x16x2_t v = vld2q_s8(w + 2 * BLOCK * k);

				s = add_tap(s, in + d->taps[2 * k], v.val[0],
					    small);
				s = add_tap(s, in + d->taps[2 * k + 1],
					    v.val[1], small);
			}
			lo = vreinterpretq_s8_s16(s.lo);
			hi = vreinterpretq_s8_s16(s.hi);
			vst1q_u8(d->low + i * d->low_pitch + c,
				 vreinterpretq_u8_s8(vuzp1q_s8(lo, hi)));
			append(&d->high, i, c,
			       vreinterpretq_u8_s8(vuzp2q_s8(lo, hi)));
		}
	}
}

static void depthwise(const struct npu_depthwise *d)
{
	if (d->pairs == MAX_PAIRS && d->small)
		depthwise_pairs(d, MAX_PAIRS, true);
	else if (d->pairs == MAX_PAIRS)
		depthwise_pairs(d, MAX_PAIRS, false);
	else if (d->small)
		depthwise_pairs(d, 0, true);
	else
		depthwise_pairs(d, 0, false);
}

static void max_bytes(uint8_t *dst, const uint8_t *src, size_t n)
{
	size_t i = 0;

	for (; n - i >= 16; i += 16)
		vst1q_u8(dst + i,
			 vmaxq_u8(vld1q_u8(dst + i), vld1q_u8(src + i)));
	for (; n - i >= 8; i += 8)
		vst1_u8(dst + i, vmax_u8(vld1_u8(dst + i), vld1_u8(src + i)));
	for (; i < n; i++)
		dst[i] = dst[i] > src[i] ? dst[i] : src[i];
}

void npu_kernels_init_neon(struct npu_kernels *k)
{
	k->name = "neon";
	neon_set_tiles(k, MAX_PIXELS, potentials, activations, potentials_wide,
		       activations_wide);
	k->high = high;
	k->depthwise = depthwise;
	k->depthwise_small = depthwise;
	k->depthwise_block = BLOCK;
	k->depthwise_small_block = BLOCK;
	k->max_bytes = max_bytes;
}
