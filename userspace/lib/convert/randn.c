// SPDX-License-Identifier: LGPL-2.1-or-later
#include "convert/randn.h"

#include <math.h>

#define WORDS 624
#define SHIFT 397

struct twister {
	uint32_t word[WORDS];
	unsigned int next;
};

static void seed_twister(struct twister *t, uint32_t seed)
{
	uint32_t i;

	t->word[0] = seed;
	for (i = 1; i < WORDS; i++)
		t->word[i] = 1812433253u *
				     (t->word[i - 1] ^ (t->word[i - 1] >> 30)) +
			     i;
	t->next = WORDS;
}

static void refill(struct twister *t)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++) {
		uint32_t y = (t->word[i] & 0x80000000u) |
			     (t->word[(i + 1) % WORDS] & 0x7fffffffu);

		t->word[i] = t->word[(i + SHIFT) % WORDS] ^ (y >> 1) ^
			     (y & 1 ? 0x9908b0dfu : 0);
	}
	t->next = 0;
}

static uint32_t next_word(struct twister *t)
{
	uint32_t y;

	if (t->next == WORDS)
		refill(t);
	y = t->word[t->next++];
	y ^= y >> 11;
	y ^= (y << 7) & 0x9d2c5680u;
	y ^= (y << 15) & 0xefc60000u;
	return y ^ (y >> 18);
}

/* From 0 up to 1, of 53 bits. */
static double next_double(struct twister *t)
{
	uint32_t high = next_word(t) >> 5, low = next_word(t) >> 6;

	return (high * 67108864.0 + low) / 9007199254740992.0;
}

void ak_randn(uint32_t seed, size_t n, float *out)
{
	struct twister t;
	size_t i;

	seed_twister(&t, seed);
	for (i = 0; i < n; i += 2) {
		double a, b, r, f;

		do {
			a = 2 * next_double(&t) - 1;
			b = 2 * next_double(&t) - 1;
			r = a * a + b * b;
		} while (r >= 1 || r == 0);
		f = sqrt(-2 * log(r) / r);
		out[i] = (float)(f * b);
		if (i + 1 < n)
			out[i + 1] = (float)(f * a);
	}
}
