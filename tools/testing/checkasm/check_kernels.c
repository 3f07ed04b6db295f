// SPDX-License-Identifier: GPL-2.0
/*
 * Kernels with random arguments, each against the portable one.
 */
#include "checkasm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "npu/activation.h"

/* A table to be tested and the one that is right. */
struct pair {
	struct npu_kernels c, k;
	const char *level;
	struct rng r;
	const struct options *o;
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

/* Least time of a call, in ns, over a few milliseconds. */
#define TIME(call, best)                               \
	do {                                           \
		unsigned int round, rep;               \
		best = 1e18;                           \
		for (round = 0; round < 50; round++) { \
			double t0 = now(), t1;         \
			for (rep = 0; rep < 50; rep++) \
				call;                  \
			t1 = (now() - t0) / 50;        \
			if (t1 < best)                 \
				best = t1;             \
		}                                      \
	} while (0)

static void print_bench(const struct pair *p, const char *name, double c,
			double k)
{
	printf("# bench %-12s %-22s %10.0f ns, c %10.0f ns, %6.1f x\n",
	       p->level, name, k, c, c / k);
}

/* @other_start: for kernels that take 128 off each input */
struct tile_case {
	struct npu_tile t;
	const uint8_t *px[NPU_MAX_TILE];
	const int32_t *start[NPU_MAX_TILE], *other_start[NPU_MAX_TILE];
	uint8_t *out[NPU_MAX_TILE];
	uint8_t *bytes;
	int8_t *w;
	int32_t *starts, *other_starts;
	float mul[NPU_MAX_PANEL], add[NPU_MAX_PANEL];
};

/* 128 times the weights that each of @lanes filters has, modulo 2^32. */
static void add_128_times(int32_t *start, const int8_t *w, size_t quads,
			  unsigned int lanes)
{
	size_t q;
	unsigned int f, b;

	for (q = 0; q < quads; q++)
		for (f = 0; f < lanes; f++)
			for (b = 0; b < 4; b++, w++)
				start[f] = (int32_t)((uint32_t)start[f] +
						     128u * (uint32_t)*w);
}

/* Largest input and weight (the smallest is one below its negative). */
static void draw_range(struct pair *p, bool wide, int *in, int *weight)
{
	static const int narrow[][2] = {
		{ 15, 7 }, { 15, 2 }, { 255, 7 }, { 255, 2 }
	};
	static const int narrow_signed[][2] = {
		{ 15, 7 }, { 15, 127 }, { 127, 7 }, { 127, 127 }
	};
	static const int wide_signed[] = { 127, 127, 7, 40 };
	uint32_t i = rng_below(&p->r, 4);

	*in = 255;
	*weight = 127;
	if (wide && p->k.signed_inputs) {
		*weight = wide_signed[i];
	} else if (!wide) {
		*in = p->k.signed_inputs ? narrow_signed[i][0] : narrow[i][0];
		*weight =
			p->k.signed_inputs ? narrow_signed[i][1] : narrow[i][1];
	}
}

static void draw_tile(struct pair *p, struct tile_case *c, unsigned int pixels,
		      unsigned int groups, bool wide, uint32_t rows,
		      uint32_t quads)
{
	struct rng *r = &p->r;
	bool less_128 = wide && p->k.signed_inputs;
	size_t pitch = quads * 4 + rng_below(r, 9);
	size_t window = rows * pitch, i;
	int in, weight;

	draw_range(p, wide, &in, &weight);
	c->bytes = random_bytes(r, window * pixels, 0, in);
	c->w = random_bytes(r, (size_t)rows * quads * groups * 64, -weight - 1,
			    weight);
	c->starts = random_words(r, (size_t)pixels * NPU_MAX_PANEL, 1000000);
	c->other_starts = random_words(r, (size_t)pixels * NPU_MAX_PANEL, 0);
	memcpy(c->other_starts, c->starts,
	       (size_t)pixels * NPU_MAX_PANEL * sizeof(*c->starts));
	for (i = 0; i < pixels; i++) {
		int32_t *other = c->other_starts + i * NPU_MAX_PANEL;

		c->px[i] = c->bytes + i * window;
		c->start[i] = c->starts + i * NPU_MAX_PANEL;
		c->other_start[i] = other;
		if (less_128)
			add_128_times(other, c->w, (size_t)rows * quads,
				      groups * NPU_LANES);
	}
	for (i = 0; i < NPU_MAX_PANEL; i++) {
		c->mul[i] = (float)(1 + rng_below(r, 1000)) * 1e-6f;
		c->add[i] = (float)rng_range(r, -20000, 20000) * 1e-3f;
	}
	c->t = (struct npu_tile){ .px = c->px,
				  .start = c->start,
				  .w = c->w,
				  .pitch = pitch,
				  .rows = rows,
				  .quads = quads,
				  .filters = groups * NPU_LANES -
					     rng_below(r, NPU_LANES),
				  .mul = c->mul,
				  .add = c->add,
				  .max = (1u << (1 + rng_below(r, 4))) - 1,
				  .out = c->out };
	c->t.room =
		(uint32_t)(32767 / (2 * (less_128 ? 128 : in) * (weight + 1)));
}

static void free_tile(struct tile_case *c)
{
	free(c->bytes);
	free(c->w);
	free(c->starts);
	free(c->other_starts);
}

/* The kernel under test, with the start values that it wants. */
static void run_tile(struct tile_case *c, npu_tile_fn fn, unsigned int pixels)
{
	c->t.start = c->other_start;
	fn(&c->t, pixels);
	c->t.start = c->start;
}

static bool same_potentials(struct tile_case *c, npu_tile_fn right,
			    npu_tile_fn fn, unsigned int pixels,
			    unsigned int groups)
{
	size_t size = (size_t)pixels * NPU_MAX_PANEL * sizeof(int32_t);
	struct guarded a = guarded_new(size), b = guarded_new(size);
	size_t row = groups * NPU_LANES * sizeof(int32_t), i;
	bool ok = true;

	c->t.pot = (int32_t *)a.p;
	right(&c->t, pixels);
	c->t.pot = (int32_t *)b.p;
	run_tile(c, fn, pixels);
	for (i = 0; i < pixels; i++)
		ok &= !memcmp(a.p + i * NPU_MAX_PANEL * 4,
			      b.p + i * NPU_MAX_PANEL * 4, row);
	ok &= guarded_ok(&b);
	guarded_free(&a);
	guarded_free(&b);
	return ok;
}

static bool right_activations(struct tile_case *c, npu_tile_fn right,
			      npu_tile_fn fn, unsigned int pixels)
{
	struct guarded out[NPU_MAX_TILE];
	int32_t pot[NPU_MAX_TILE * NPU_MAX_PANEL];
	unsigned int i, f;
	bool ok = true;

	for (i = 0; i < pixels; i++) {
		out[i] = guarded_new(c->t.filters);
		c->out[i] = out[i].p - 5;
	}
	c->t.out_offset = 5;
	c->t.pot = pot;
	right(&c->t, pixels);
	run_tile(c, fn, pixels);
	for (i = 0; i < pixels; i++) {
		for (f = 0; f < c->t.filters; f++)
			ok &= out[i].p[f] ==
			      npu_activation_fused(pot[i * NPU_MAX_PANEL + f],
						   c->mul[f], c->add[f],
						   c->t.max);
		ok &= guarded_ok(&out[i]);
		guarded_free(&out[i]);
	}
	return ok;
}

static void bench_tile(struct pair *p, unsigned int pixels, unsigned int groups,
		       npu_tile_fn right, npu_tile_fn fn, const char *name)
{
	struct tile_case c;
	uint8_t *out = random_bytes(&p->r, NPU_MAX_TILE * NPU_MAX_PANEL, 0, 0);
	int32_t pot[NPU_MAX_TILE * NPU_MAX_PANEL];
	double slow, fast;
	unsigned int i;

	draw_tile(p, &c, pixels, groups, false, 1, 64);
	c.t.pot = pot;
	for (i = 0; i < pixels; i++)
		c.out[i] = out + i * NPU_MAX_PANEL;
	TIME(right(&c.t, pixels), slow);
	TIME(fn(&c.t, pixels), fast);
	print_bench(p, name, slow, fast);
	free_tile(&c);
	free(out);
}

static void check_tiles(struct pair *p, const char *name,
			const npu_tile_fn table[], bool wide, bool activate)
{
	unsigned int groups, pixels, i;

	for (groups = 1; groups <= p->k.panel / NPU_LANES; groups++) {
		npu_tile_fn right = p->c.tile_wide[groups - 1];
		npu_tile_fn fn = table[groups - 1];
		bool ok = true;
		char what[64];

		for (i = 0; i < p->o->cases; i++) {
			struct tile_case c;

			pixels = 1 + i % p->k.tile_pixels[groups - 1];
			draw_tile(p, &c, pixels, groups, wide,
				  1 + rng_below(&p->r, 4),
				  1 + rng_below(&p->r, 40));
			if (activate)
				ok &= right_activations(&c, right, fn, pixels);
			else
				ok &= same_potentials(&c, right, fn, pixels,
						      groups);
			free_tile(&c);
		}
		snprintf(what, sizeof(what), "%s of %u filters", name,
			 groups * NPU_LANES);
		result(ok, "%s: %s", p->level, what);
		if (p->o->bench)
			bench_tile(p, p->k.tile_pixels[groups - 1], groups,
				   right, fn, what);
	}
}

/* What &struct npu_kernels says of it, word by word. */
static void plain_high(const int8_t *w, uint32_t groups, const uint32_t *index,
		       const uint32_t *value, uint32_t count,
		       const int32_t *start, int32_t *out)
{
	uint32_t filters = groups * NPU_LANES, i, f, b;

	memcpy(out, start, filters * sizeof(*out));
	for (i = 0; i < count; i++) {
		for (f = 0; f < filters; f++) {
			for (b = 0; b < 4; b++) {
				int x = (int8_t)(value[i] >> 8 * b);
				int v = w[(index[i] * filters + f) * 4 + b];

				out[f] = (int32_t)((uint32_t)out[f] +
						   (uint32_t)(256 * x * v));
			}
		}
	}
}

static void check_high(struct pair *p)
{
	unsigned int groups, i, j;
	bool ok = true;

	for (i = 0; i < p->o->cases; i++) {
		uint32_t quads = 1 + rng_below(&p->r, 60);
		uint32_t count = 1 + rng_below(&p->r, quads);
		uint32_t index[64], value[64];
		int32_t right[NPU_MAX_PANEL], *start;
		struct guarded out;
		int8_t *w;

		groups = 1 + i % (p->k.panel / NPU_LANES);
		w = random_bytes(&p->r, (size_t)quads * groups * 64, -128, 127);
		start = random_words(&p->r, NPU_MAX_PANEL, 1 << 30);
		for (j = 0; j < count; j++) {
			index[j] = rng_below(&p->r, quads);
			value[j] = rng_next(&p->r);
		}
		out = guarded_new(groups * NPU_LANES * 4);
		plain_high(w, groups, index, value, count, start, right);
		p->k.high(w, groups, index, value, count, start,
			  (int32_t *)out.p);
		ok &= !memcmp(out.p, right, out.size) && guarded_ok(&out);
		guarded_free(&out);
		free(w);
		free(start);
	}
	result(ok, "%s: high bytes", p->level);
}

struct high_lists {
	struct guarded count, index, value;
	struct npu_high h;
};

static struct high_lists new_lists(uint32_t windows, uint32_t channels)
{
	struct high_lists l;

	l.h.stride = channels / 4 + NPU_LANES;
	l.count = guarded_new(windows * 4);
	l.index = guarded_new(windows * l.h.stride * 4);
	l.value = guarded_new(windows * l.h.stride * 4);
	memset(l.count.p, 0, l.count.size);
	l.h.count = (uint32_t *)l.count.p;
	l.h.index = (uint32_t *)l.index.p;
	l.h.value = (uint32_t *)l.value.p;
	return l;
}

static bool same_lists(const struct high_lists *a, const struct high_lists *b,
		       uint32_t windows)
{
	uint32_t i;

	for (i = 0; i < windows; i++) {
		size_t at = i * a->h.stride, n = a->h.count[i];

		if (b->h.count[i] != n ||
		    memcmp(a->h.index + at, b->h.index + at, n * 4) ||
		    memcmp(a->h.value + at, b->h.value + at, n * 4))
			return false;
	}
	return guarded_ok(&b->count) && guarded_ok(&b->index) &&
	       guarded_ok(&b->value);
}

static void free_lists(struct high_lists *l)
{
	guarded_free(&l->count);
	guarded_free(&l->index);
	guarded_free(&l->value);
}

/* Weights and offsets are packed by blocks: @from by 16, @to by @block. */
static uint32_t packed_at(uint32_t c, uint32_t block, uint32_t *half)
{
	uint32_t in = c % block;

	*half = in % 16 / 8;
	return in / 16 * 8 + in % 8;
}

static void pack_depthwise(int8_t *w, int16_t *offset, const int8_t *plain,
			   const int16_t *plain_offset, uint32_t channels,
			   uint32_t pairs, uint32_t block)
{
	uint32_t c, k, half, j, b;

	for (c = 0; c < channels; c++) {
		j = packed_at(c, block, &half);
		b = c / block * block;
		offset[b + half * block / 2 + j] = plain_offset[c];
		for (k = 0; k < 2 * pairs; k++)
			w[b * pairs * 2 + (k / 2 * 2 + half) * block + 2 * j +
			  k % 2] = plain[k * channels + c];
	}
}

static bool check_one_depthwise(struct pair *p, npu_depthwise_fn fn,
				uint32_t block)
{
	struct rng *r = &p->r;
	uint32_t channels = block * (1 + rng_below(r, 3));
	uint32_t pairs = rng_below(r, 2) ? 5 : 1 + rng_below(r, 12);
	uint32_t windows = 1 + rng_below(r, 9), i;
	size_t step = channels, size = step * windows + 2048;
	int largest = rng_below(r, 3) ? 15 : rng_below(r, 2) ? 127 : 255;
	uint8_t *in = random_bytes(r, size, 0, largest);
	/* 24 products and the offset stay in 16 bits. */
	int weight = largest == 255 ? 3 : 7;
	int8_t *plain = random_bytes(r, (size_t)channels * pairs * 2,
				     -weight - 1, weight);
	int8_t *w[2];
	int16_t *plain_offset = calloc(channels, 2), *offset[2];
	int32_t taps[24];
	struct guarded low[2];
	struct high_lists lists[2];
	struct npu_depthwise d = { .in = in,
				   .step = step,
				   .taps = taps,
				   .pairs = pairs,
				   .channels = channels,
				   .windows = windows,
				   .small = largest <= INT8_MAX,
				   .low_pitch = channels };
	int range = rng_below(r, 2) ? 100 : 1000;
	bool ok;

	for (i = 0; i < 2 * pairs; i++)
		taps[i] = (int32_t)rng_below(r, 2048);
	for (i = 0; i < channels; i++)
		plain_offset[i] = (int16_t)rng_range(r, -range, range);
	for (i = 0; i < 2; i++) {
		w[i] = random_bytes(r, (size_t)channels * pairs * 2, 0, 0);
		offset[i] = random_bytes(r, channels * 2, 0, 0);
		pack_depthwise(w[i], offset[i], plain, plain_offset, channels,
			       pairs, i ? block : 16);
		low[i] = guarded_new((size_t)windows * channels);
		lists[i] = new_lists(windows, channels);
		d.w = w[i];
		d.offset = offset[i];
		d.low = low[i].p;
		d.high = lists[i].h;
		(i ? fn : p->c.depthwise)(&d);
	}
	ok = !memcmp(low[0].p, low[1].p, low[0].size) && guarded_ok(&low[1]) &&
	     same_lists(&lists[0], &lists[1], windows);
	for (i = 0; i < 2; i++) {
		free(w[i]);
		free(offset[i]);
		guarded_free(&low[i]);
		free_lists(&lists[i]);
	}
	free(in);
	free(plain);
	free(plain_offset);
	return ok;
}

static void check_depthwise(struct pair *p)
{
	unsigned int i;
	bool ok = true, small = true;

	for (i = 0; i < p->o->cases; i++) {
		ok &= check_one_depthwise(p, p->k.depthwise,
					  p->k.depthwise_block);
		small &= check_one_depthwise(p, p->k.depthwise_small,
					     p->k.depthwise_small_block);
	}
	result(ok, "%s: depthwise", p->level);
	result(small, "%s: depthwise of few channels", p->level);
}

static bool check_one_winograd(struct pair *p, unsigned int tiles)
{
	struct rng *r = &p->r;
	uint32_t rows = 1 + rng_below(r, 5), quads = 1 + rng_below(r, 20), i;
	uint32_t filters = 1 + rng_below(r, NPU_LANES);
	uint32_t width = NPU_WINO_OUT * tiles - rng_below(r, 4);
	size_t row = (size_t)tiles * NPU_WINO_TAPS * quads * 4;
	size_t step = filters + rng_below(r, 20), y, f;
	const uint8_t *in[5];
	uint8_t *bytes = random_bytes(r, rows * row, 0, 150), *other;
	int8_t *weights = random_bytes(
		r, (size_t)rows * quads * NPU_WINO_TAPS * 64, -120, 120);
	int32_t *start = random_words(r, NPU_WINO_TAPS * NPU_LANES, 1 << 24);
	float mul[NPU_LANES], add[NPU_LANES];
	int32_t *other_start = random_words(r, NPU_WINO_TAPS * NPU_LANES, 0);
	struct guarded out[2];
	struct npu_winograd w = { .rows = in,
				  .kernel_rows = rows,
				  .quads = quads,
				  .w = weights,
				  .start = start,
				  .mul = mul,
				  .add = add,
				  .max = 15,
				  .filters = filters,
				  .step = step,
				  .width = width };
	bool ok = true;

	/* Signed: 128 less, for which other start values make up. */
	other = random_bytes(r, rows * row, 0, 0);
	for (y = 0; y < rows * row; y++)
		other[y] = p->k.winograd_signed ? bytes[y] ^ 0x80 : bytes[y];
	memcpy(other_start, start, NPU_WINO_TAPS * NPU_LANES * sizeof(*start));
	if (p->k.winograd_signed)
		add_128_times(other_start, weights, (size_t)rows * quads,
			      NPU_WINO_TAPS * NPU_LANES);
	for (i = 0; i < NPU_LANES; i++) {
		mul[i] = (float)(1 + rng_below(r, 1000)) * 1e-8f;
		add[i] = (float)rng_range(r, -20000, 20000) * 1e-3f;
	}
	for (i = 0; i < 2; i++) {
		out[i] = guarded_new((width - 1) * step + filters);
		w.out = out[i].p;
		w.start = i ? other_start : start;
		for (y = 0; y < rows; y++)
			in[y] = (i ? other : bytes) + y * row;
		(i ? p->k.winograd : p->c.winograd)(&w, tiles);
	}
	for (y = 0; y < width; y++)
		for (f = 0; f < filters; f++)
			ok &= out[0].p[y * step + f] == out[1].p[y * step + f];
	ok &= !memcmp(out[0].p, out[1].p, out[0].size) && guarded_ok(&out[1]);
	guarded_free(&out[0]);
	guarded_free(&out[1]);
	free(bytes);
	free(other);
	free(weights);
	free(start);
	free(other_start);
	return ok;
}

static bool check_one_row(struct pair *p)
{
	static const uint8_t offsets[] = { 75, 120, 75, 45, 45, 75 };
	struct rng *r = &p->r;
	uint32_t channels = 1 + rng_below(r, 150), tiles = 1 + rng_below(r, 6);
	uint32_t pixel = (channels + 3) / 4 * 4, i, t, c;
	uint8_t *in =
		random_bytes(r, (size_t)(tiles * 4 + 2) * channels, 0, 15);
	struct guarded out[2];
	bool ok = true;

	for (i = 0; i < 2; i++) {
		struct npu_winograd_row row = { in, channels, tiles, NULL };

		out[i] = guarded_new((size_t)tiles * NPU_WINO_TAPS * pixel);
		row.out = out[i].p;
		(i ? p->k.winograd_row : p->c.winograd_row)(&row);
	}
	/* Channels beyond the last are anything: their weights are zero. */
	for (t = 0; t < tiles * NPU_WINO_TAPS; t++) {
		uint8_t less =
			p->k.winograd_signed ? offsets[t % NPU_WINO_TAPS] : 0;

		for (c = 0; c < channels; c++)
			ok &= (uint8_t)(out[0].p[t * pixel + c] - less) ==
			      out[1].p[t * pixel + c];
	}
	ok &= guarded_ok(&out[1]);
	guarded_free(&out[0]);
	guarded_free(&out[1]);
	free(in);
	return ok;
}

static void check_winograd(struct pair *p)
{
	unsigned int i;
	bool ok = true, row = true;

	for (i = 0; i < p->o->cases; i++) {
		ok &= check_one_winograd(p, 1 + i % NPU_WINO_TILES);
		row &= check_one_row(p);
	}
	result(ok, "%s: winograd", p->level);
	result(row, "%s: winograd rows", p->level);
}

static void check_max(struct pair *p)
{
	unsigned int i, j;
	bool ok = true;

	for (i = 0; i < p->o->cases; i++) {
		size_t n = rng_below(&p->r, 300);
		uint8_t *src = random_bytes(&p->r, n, 0, 255);
		struct guarded a = guarded_new(n), b = guarded_new(n);

		for (j = 0; j < n; j++)
			a.p[j] = b.p[j] = (uint8_t)rng_next(&p->r);
		p->c.max_bytes(a.p, src, n);
		p->k.max_bytes(b.p, src, n);
		ok &= !memcmp(a.p, b.p, n) && guarded_ok(&b);
		guarded_free(&a);
		guarded_free(&b);
		free(src);
	}
	result(ok, "%s: max_bytes", p->level);
}

void check_kernels(const struct options *o)
{
	unsigned int count, i;
	const struct level *l = levels(&count);
	struct pair p = { .r = { o->seed }, .o = o };

	npu_kernels_init_c(&p.c);
	for (i = 0; i < count; i++) {
		if (!l[i].present) {
			skip("this machine has no such instructions",
			     "%s: all kernels", l[i].name);
			continue;
		}
		p.level = l[i].name;
		npu_kernels_init(&p.k, l[i].flags);
		check_tiles(&p, "tile", p.k.tile, false, false);
		check_tiles(&p, "tile, any bytes", p.k.tile_wide, true, false);
		if (p.k.fused) {
			check_tiles(&p, "activating tile", p.k.tile_activate,
				    false, true);
			check_tiles(&p, "activating tile, any bytes",
				    p.k.tile_activate_wide, true, true);
		}
		check_high(&p);
		check_depthwise(&p);
		check_winograd(&p);
		check_max(&p);
	}
}
