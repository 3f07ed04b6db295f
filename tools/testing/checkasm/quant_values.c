// SPDX-License-Identifier: GPL-2.0
/*
 * Floats that number formats may stumble over.
 */
#include "quant_values.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "common/util.h"

static float of_bits(uint32_t bits)
{
	float x;

	memcpy(&x, &bits, sizeof(x));
	return x;
}

/* Sum of four: nearly normal. */
static float bell(struct rng *r)
{
	float sum = -2;
	unsigned int i;

	for (i = 0; i < 4; i++)
		sum += (float)(rng_next(r) >> 8) * 0x1p-24f;
	return sum;
}

static float special(struct rng *r)
{
	static const uint32_t bits[] = {
		0x7f800000, 0xff800000, /* infinities */
		0x7fc00000, 0xffc00000, 0x7f800001, 0xffbfffff, 0x7fffffff,
		0x00000000, 0x80000000, 0x00000001, 0x807fffff, /* subnormal */
		0x00800000, 0x7f7fffff, 0xff7fffff, 0x33800000, 0x477ff000,
	};

	return of_bits(bits[rng_below(r, ARRAY_SIZE(bits))]);
}

static float any_bits(struct rng *r)
{
	return of_bits(rng_next(r));
}

static float any_number(struct rng *r)
{
	uint32_t bits;

	do
		bits = rng_next(r);
	while ((bits & 0x7f800000) == 0x7f800000);
	return of_bits(bits);
}

/* Multiples of one half: quotients that lie between two codes. */
static float tie(struct rng *r)
{
	return 0.5f * (float)rng_range(r, -16, 16);
}

/* -8 to 8 in sixteenths, with the largest there most of the time. */
static float sixteenth(struct rng *r)
{
	return (float)rng_range(r, -128, 128) / 16;
}

static float ternary(struct rng *r)
{
	return 0.75f * (float)rng_range(r, -1, 1);
}

static float sparse(struct rng *r)
{
	return rng_below(r, 20) ? 0 : bell(r);
}

static float subnormal(struct rng *r)
{
	return of_bits(rng_next(r) & 0x807fffff);
}

/* Where the reverse of a scale overflows. */
static float tiny(struct rng *r)
{
	return bell(r) * 1e-37f * (rng_below(r, 2) ? 1 : 0x1p-8f);
}

/* Where scales leave half floats. */
static float small(struct rng *r)
{
	return bell(r) * (rng_below(r, 2) ? 1e-7f : 1e-14f);
}

static float large(struct rng *r)
{
	return bell(r) * (rng_below(r, 2) ? 3e5f : 1e13f);
}

static float huge(struct rng *r)
{
	return bell(r) * 1.6e38f;
}

static float with_specials(struct rng *r)
{
	return rng_below(r, 200) ? bell(r) : special(r);
}

static float specials(struct rng *r)
{
	return special(r);
}

static float unequal(struct rng *r)
{
	return ldexpf(bell(r), rng_range(r, -12, 12));
}

static const struct {
	const char *name;
	float (*draw)(struct rng *r);
} kinds[] = {
	{ "bell", bell },
	{ "any bits", any_bits },
	{ "any number", any_number },
	{ "ties", tie },
	{ "sixteenths", sixteenth },
	{ "ternary", ternary },
	{ "sparse", sparse },
	{ "subnormal", subnormal },
	{ "tiny", tiny },
	{ "small", small },
	{ "large", large },
	{ "huge", huge },
	{ "with specials", with_specials },
	{ "specials", specials },
	{ "unequal", unequal },
};

#define KINDS ARRAY_SIZE(kinds)

const char *quant_values(struct rng *r, float *x, size_t n)
{
	uint32_t kind = rng_below(r, KINDS + 3);
	float v;
	size_t i, run;

	if (kind < KINDS) {
		for (i = 0; i < n; i++)
			x[i] = kinds[kind].draw(r);
		return kinds[kind].name;
	}
	if (kind == KINDS) {
		/* A kind for each few blocks, so that they meet in a row. */
		for (i = 0; i < n; i += run) {
			kind = rng_below(r, KINDS);
			for (run = 0; run < 96 && i + run < n; run++)
				x[i + run] = kinds[kind].draw(r);
		}
		return "mixed";
	}
	for (i = 0; i < n; i += run) {
		v = rng_below(r, 4) ? bell(r) : special(r);
		for (run = 0; run < 1024 && i + run < n; run++)
			x[i + run] = v;
	}
	return "constant";
}
