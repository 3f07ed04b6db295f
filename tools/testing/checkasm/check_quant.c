// SPDX-License-Identifier: GPL-2.0
/*
 * Number formats: every vector function against the portable one, bit for bit,
 * on floats of every kind; and published vectors on this machine.
 */
#include "checkasm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quant/kernels.h"
#include "../unit/digest.h"
#include "../unit/quant_data.h"
#include "quant_values.h"

/* Floats that are looked at together, and the largest output. */
#define CHUNK 16384u
#define OUT_BYTES (CHUNK * 6u)
/* Most columns of the matrices in it. */
#define MAX_COLS 700u

/**
 * struct quant_pair - a table to be tested and the one that is right
 * @t: plain C, then the one under test
 * @r: source
 * @x: floats
 * @y: more of them
 * @q: bytes
 * @n: how many of each; outputs end at the guard zone
 * @out: what each wrote
 * @size: how much
 */
struct quant_pair {
	struct ak_quant t[2];
	struct rng r;
	const float *x, *y;
	const uint8_t *q;
	size_t n;
	struct guarded out[2];
	size_t size;
};

/* Room for @size bytes of output, right before the guard zone. */
static void *room(struct quant_pair *p, unsigned int i, size_t size)
{
	p->size = size;
	return p->out[i].p + p->out[i].size - size;
}

static bool same(struct quant_pair *p)
{
	bool ok = guarded_ok(&p->out[1]);

	return ok && !memcmp(room(p, 0, p->size), room(p, 1, p->size), p->size);
}

/* NaN of sums may have any payload: that is not what they are for. */
static bool same_double(double a, double b)
{
	return a == b || (a != a && b != b);
}

static bool blocks(struct quant_pair *p, enum ak_quant_type type)
{
	const struct ak_quant_format *f = ak_quant_format(type);
	size_t count = p->n / f->block;
	unsigned int i;

	for (i = 0; i < 2; i++)
		p->t[i].quantise[type](p->x, count,
				       room(p, i, count * f->block_bytes));
	return same(p);
}

/* Any bytes are blocks. */
static bool back(struct quant_pair *p, enum ak_quant_type type)
{
	const struct ak_quant_format *f = ak_quant_format(type);
	size_t count = p->n / f->block;
	unsigned int i;

	for (i = 0; i < 2; i++)
		p->t[i].dequantise[type](p->q, count,
					 room(p, i, count * f->block * 4));
	return same(p);
}

static bool sums(struct quant_pair *p)
{
	const struct ak_quant *c = &p->t[0], *k = &p->t[1];
	struct ak_error a, b;
	float lo[2], hi[2], m[2];
	bool ok;

	ok = same_double(c->sum_abs(p->x, p->n), k->sum_abs(p->x, p->n));
	ok &= same_double(c->dot(p->x, p->y, p->n), k->dot(p->x, p->y, p->n));
	m[0] = c->max_abs(p->x, p->n);
	m[1] = k->max_abs(p->x, p->n);
	ok &= !memcmp(&m[0], &m[1], sizeof(m[0]));
	c->error(p->x, p->y, p->n, &a);
	k->error(p->x, p->y, p->n, &b);
	ok &= a.n == b.n && same_double(a.signal, b.signal) &&
	      same_double(a.noise, b.noise) && a.max == b.max;
	c->range(p->x, p->n, &lo[0], &hi[0]);
	k->range(p->x, p->n, &lo[1], &hi[1]);
	return ok && lo[0] == lo[1] && hi[0] == hi[1];
}

static bool columns(struct quant_pair *p)
{
	size_t cols = 1 + rng_below(&p->r, MAX_COLS), rows = p->n / cols;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		float *max = room(p, i, cols * 4);

		memset(max, 0, cols * 4);
		p->t[i].max_abs_cols(p->x, rows, cols, max);
	}
	return same(p);
}

static bool row_sums(struct quant_pair *p)
{
	size_t cols = 1 + rng_below(&p->r, MAX_COLS), rows = p->n / cols, j;
	bool ok = true;
	unsigned int i;
	float *a, *b;

	if (rows > 40)
		rows = 40;
	for (i = 0; i < 2; i++)
		p->t[i].row_sums(p->x, rows, cols, room(p, i, rows * 4));
	a = room(p, 0, rows * 4);
	b = room(p, 1, rows * 4);
	for (j = 0; j < rows; j++)
		ok &= same_double((double)a[j], (double)b[j]);
	return ok && guarded_ok(&p->out[1]);
}

static bool bitnet(struct quant_pair *p)
{
	size_t cols = 1 + rng_below(&p->r, MAX_COLS), rows;
	unsigned int i, code = rng_below(&p->r, 2);

	/* Rows of several hundred columns fill more than one word's rest. */
	for (rows = p->n / cols; rows * cols % 16; rows--)
		;
	for (i = 0; i < 2; i++) {
		uint8_t *out = room(p, i, rows * cols / 4 + rows * 4);

		ak_bitnet_rows(&p->t[i], code, p->x, rows, cols,
			       (uint32_t *)(void *)(out + rows * 4),
			       (float *)(void *)out);
	}
	return same(p);
}

/* Long rows, which go to the packer in parts. */
static bool bitnet_long(struct quant_pair *p)
{
	size_t cols = p->n / 2 - rng_below(&p->r, 200), j;
	static int8_t q[CHUNK], wanted[CHUNK];
	uint32_t *packed;
	float scales[2];
	unsigned int i;

	cols -= cols % 8;
	for (i = 0; i < 2; i++) {
		packed = room(p, i, cols / 2);
		ak_bitnet_rows(&p->t[i], AK_CODE_TWOS, p->x, 2, cols, packed,
			       scales);
	}
	/* Values that were never packed must be the same. */
	ak_bitnet_ternary(&p->t[1], p->x, 2, cols, wanted, scales);
	ak_ternary_unpack(AK_CODE_TWOS, room(p, 1, cols / 2), 2 * cols, q);
	for (j = 0; j < 2 * cols; j++)
		if (q[j] != wanted[j])
			return false;
	return same(p);
}

static float a_scale(struct quant_pair *p)
{
	static const float scales[] = { 1,	  0.3f, 1e-30f, 1e-45f, 3e38f,
					INFINITY, 0.5f, 7,	2e-3f,	0 };
	uint32_t i = rng_below(&p->r, 2 * ARRAY_SIZE(scales));

	return i < ARRAY_SIZE(scales) ? scales[i] :
					p->t[0].max_abs(p->x, 50) / 3;
}

static bool ternary(struct quant_pair *p)
{
	float by = a_scale(p);
	unsigned int i;
	bool ok;

	for (i = 0; i < 2; i++)
		p->t[i].bitnet_ternary(p->x, p->n, by, room(p, i, p->n));
	ok = same(p);
	for (i = 0; i < 2; i++)
		p->t[i].ms_ternary(p->x, p->n, by, room(p, i, p->n));
	ok &= same(p);
	for (i = 0; i < 2; i++)
		p->t[i].threshold(p->x, p->n, by, room(p, i, p->n));
	return ok && same(p);
}

static bool affine(struct quant_pair *p)
{
	static const float zeros[] = { 0, 1, 7, 8, -3, 20, 300, 2e9f };
	static const float levels[] = { 1, 3, 15, 255 };
	struct ak_affine_grid g = {
		.scale = a_scale(p),
		.zero = zeros[rng_below(&p->r, ARRAY_SIZE(zeros))],
		.levels = levels[rng_below(&p->r, ARRAY_SIZE(levels))],
		.of_nan = (uint8_t)rng_below(&p->r, 2),
	};
	float lanes[2][AK_GROUP_LANES] = { { 0 } };
	bool ok = true;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		p->t[i].affine(p->x, p->n, &g, room(p, i, p->n));
		p->t[i].affine_error(p->x, p->n, &g, lanes[i]);
	}
	for (i = 0; i < AK_GROUP_LANES; i++)
		ok &= same_double((double)lanes[0][i], (double)lanes[1][i]);
	return ok && same(p);
}

static bool signs(struct quant_pair *p)
{
	size_t cols = 1 + rng_below(&p->r, MAX_COLS), rows = p->n / cols;
	static float scales[2][CHUNK];
	unsigned int i;

	for (i = 0; i < 2; i++)
		ak_binarise_rows(&p->t[i], p->x, rows, cols,
				 room(p, i, rows * ((cols + 7) / 8)),
				 scales[i]);
	return same(p) && !memcmp(scales[0], scales[1], rows * 4);
}

static bool integers(struct quant_pair *p)
{
	static const float largest[] = { 1, 7, 127 };
	struct ak_intn_grid g = { .divide = rng_below(&p->r, 2),
				  .by = a_scale(p) };
	size_t cols = 1 + rng_below(&p->r, MAX_COLS), rows = p->n / cols;
	unsigned int i;
	bool ok;

	g.hi = largest[rng_below(&p->r, ARRAY_SIZE(largest))];
	g.lo = g.divide ? -g.hi : -g.hi - 1;
	for (i = 0; i < 2; i++)
		p->t[i].intn(p->x, p->n, &g, room(p, i, p->n));
	ok = same(p);
	for (i = 0; i < 2; i++)
		p->t[i].intn_cols(p->x, rows, cols, cols, &g, p->y,
				  room(p, i, rows * cols));
	return ok && same(p);
}

static bool packing(struct quant_pair *p)
{
	static const unsigned int per_byte[] = { 2, 4, 8 };
	enum ak_ternary_code code = rng_below(&p->r, 2);
	static int8_t trits[CHUNK];
	unsigned int i, w;
	bool ok = true;
	size_t n, j;

	for (w = 0; w < ARRAY_SIZE(per_byte); w++) {
		n = p->n - p->n % per_byte[w];
		for (i = 0; i < 2; i++)
			p->t[i].pack[w](p->q, n, room(p, i, n / per_byte[w]));
		ok &= same(p);
		for (i = 0; i < 2; i++)
			p->t[i].unpack[w](p->q, n, room(p, i, n));
		ok &= same(p);
	}
	for (j = 0; j < p->n; j++)
		trits[j] = (int8_t)(p->q[j] % 3 - 1);
	n = p->n - p->n % 4;
	for (i = 0; i < 2; i++)
		p->t[i].code_ternary(code, trits, n, room(p, i, n / 4));
	return ok && same(p);
}

struct quant_test {
	const char *name;
	bool (*check)(struct quant_pair *p);
	bool (*check_type)(struct quant_pair *p, enum ak_quant_type type);
	enum ak_quant_type type;
};

static const struct quant_test quant_tests[] = {
	{ "F16", .check_type = blocks, .type = AK_QUANT_F16 },
	{ "BF16", .check_type = blocks, .type = AK_QUANT_BF16 },
	{ "Q4_0", .check_type = blocks, .type = AK_QUANT_Q4_0 },
	{ "Q8_0", .check_type = blocks, .type = AK_QUANT_Q8_0 },
	{ "Q6_K", .check_type = blocks, .type = AK_QUANT_Q6_K },
	{ "TQ1_0", .check_type = blocks, .type = AK_QUANT_TQ1_0 },
	{ "TQ2_0", .check_type = blocks, .type = AK_QUANT_TQ2_0 },
	{ "script-Q4_0", .check_type = blocks, .type = AK_QUANT_SCRIPT_Q4_0 },
	{ "of F16", .check_type = back, .type = AK_QUANT_F16 },
	{ "of BF16", .check_type = back, .type = AK_QUANT_BF16 },
	{ "of Q4_0", .check_type = back, .type = AK_QUANT_Q4_0 },
	{ "of Q8_0", .check_type = back, .type = AK_QUANT_Q8_0 },
	{ "of Q6_K", .check_type = back, .type = AK_QUANT_Q6_K },
	{ "of TQ1_0", .check_type = back, .type = AK_QUANT_TQ1_0 },
	{ "of TQ2_0", .check_type = back, .type = AK_QUANT_TQ2_0 },
	{ "sums, maxima, ranges", .check = sums },
	{ "maxima of columns", .check = columns },
	{ "sums of rows", .check = row_sums },
	{ "bitnet.rs", .check = bitnet },
	{ "bitnet.rs, long rows", .check = bitnet_long },
	{ "ternary", .check = ternary },
	{ "n bits per row", .check = affine },
	{ "signs", .check = signs },
	{ "integers by the maximum", .check = integers },
	{ "packing", .check = packing },
};

#define QUANT_TESTS ARRAY_SIZE(quant_tests)

static void check_level(const struct options *o, struct quant_pair *p,
			const char *level)
{
	float *x = random_bytes(&p->r, (CHUNK + 16) * 4, 0, 0);
	float *y = random_bytes(&p->r, (CHUNK + 16) * 4, 0, 0);
	uint8_t *q = random_bytes(&p->r, CHUNK * 4 + 64, 0, 255);
	const char *failed[QUANT_TESTS] = { NULL };
	uint64_t seen = 0;
	unsigned int i;

	while (seen < o->values) {
		size_t at = rng_below(&p->r, 16);
		const char *kind = quant_values(&p->r, x + at, CHUNK);

		quant_values(&p->r, y, CHUNK);
		p->x = x + at;
		p->y = y;
		p->q = q + rng_below(&p->r, 64);
		p->n = CHUNK - rng_below(&p->r, 80);
		for (i = 0; i < QUANT_TESTS; i++) {
			const struct quant_test *t = &quant_tests[i];
			bool ok = t->check ? t->check(p) :
					     t->check_type(p, t->type);

			if (!ok && !failed[i])
				failed[i] = kind;
		}
		seen += p->n;
		/* New bytes in a tenth of the array. */
		for (i = 0; i < CHUNK / 10; i++)
			q[rng_below(&p->r, CHUNK * 4 + 64)] =
				(uint8_t)rng_next(&p->r);
	}
	for (i = 0; i < QUANT_TESTS; i++) {
		if (failed[i])
			printf("# %s: first on floats of the kind '%s'\n",
			       quant_tests[i].name, failed[i]);
		result(!failed[i], "%s: %s on %llu values", level,
		       quant_tests[i].name, (unsigned long long)seen);
	}
	free(x);
	free(y);
	free(q);
}

/*
 * Hashes of what ggml's C makes of 4096 x 4096 weights (Q6_K: of the first 512
 * rows). A fused multiply-add anywhere changes them.
 */
static void check_vectors(const struct ak_quant *k, const char *level)
{
	static const struct {
		enum ak_quant_type type;
		size_t rows;
		uint32_t hash;
	} cases[] = {
		{ AK_QUANT_Q4_0, 4096, 0x12bd5d68 },
		{ AK_QUANT_Q8_0, 4096, 0xb404f152 },
		{ AK_QUANT_Q6_K, 512, 0xb1ba521b },
		{ AK_QUANT_TQ1_0, 4096, 0xe5eacf80 },
		{ AK_QUANT_TQ2_0, 4096, 0x1da9caca },
	};
	const size_t cols = 4096;
	float *x = malloc(cols * cols * 4);
	uint8_t *out = malloc(cols * cols * 2);
	size_t i, bytes;

	if (!x || !out) {
		puts("Bail out! out of memory");
		exit(1);
	}
	quant_vector(x, cols * cols);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct ak_quant_format *f =
			ak_quant_format(cases[i].type);

		ak_quant_row_bytes(f, cols, &bytes);
		ak_quantise_rows(k, f, x, cases[i].rows, cols, out);
		result(fnv1a(out, bytes * cases[i].rows) == cases[i].hash,
		       "%s: the published vector of %s", level, f->name);
	}
	free(x);
	free(out);
}

void check_quant(const struct options *o)
{
	unsigned int count, i, j;
	const struct level *l = levels(&count);
	struct quant_pair p = { .r = { o->seed ^ 0x7175616e74 } };

	ak_quant_init_c(&p.t[0]);
	for (j = 0; j < 2; j++)
		p.out[j] = guarded_new(OUT_BYTES);
	for (i = 0; i < count; i++) {
		if (!l[i].present) {
			skip("this machine has no such instructions",
			     "%s: number formats", l[i].name);
			continue;
		}
		ak_quant_init(&p.t[1], l[i].flags);
		/* A level may bring nothing new. */
		if (strcmp(p.t[1].name, l[i].name))
			continue;
		check_vectors(&p.t[1], l[i].name);
		if (i)
			check_level(o, &p, l[i].name);
	}
	for (j = 0; j < 2; j++)
		guarded_free(&p.out[j]);
}
