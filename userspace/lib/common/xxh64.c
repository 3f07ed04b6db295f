// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * From the specification of XXH64 (xxHash, doc/xxhash_spec.md).
 */
#include "common/xxh64.h"

#include <string.h>

#include "common/le.h"

#define P1 0x9e3779b185ebca87ull
#define P2 0xc2b2ae3d27d4eb4full
#define P3 0x165667b19e3779f9ull
#define P4 0x85ebca77c2b2ae63ull
#define P5 0x27d4eb2f165667c5ull

static uint64_t rol(uint64_t x, int n)
{
	return x << n | x >> (64 - n);
}

static uint64_t mix(uint64_t v, uint64_t in)
{
	return rol(v + in * P2, 31) * P1;
}

static void stripe(uint64_t v[4], const uint8_t *p)
{
	int i;

	for (i = 0; i < 4; i++)
		v[i] = mix(v[i], ak_get_le64(p + 8 * i));
}

void ak_xxh64_init(struct ak_xxh64 *h, uint64_t seed)
{
	memset(h, 0, sizeof(*h));
	h->seed = seed;
	h->v[0] = seed + P1 + P2;
	h->v[1] = seed + P2;
	h->v[2] = seed;
	h->v[3] = seed - P1;
}

void ak_xxh64_add(struct ak_xxh64 *h, const void *data, size_t size)
{
	const uint8_t *p = data;
	size_t used = h->total & 31;

	h->total += size;
	if (used) {
		size_t n = size < 32 - used ? size : 32 - used;

		memcpy(h->rest + used, p, n);
		p += n;
		size -= n;
		if (used + n < 32)
			return;
		stripe(h->v, h->rest);
	}
	for (; size >= 32; p += 32, size -= 32)
		stripe(h->v, p);
	if (size)
		memcpy(h->rest, p, size);
}

uint64_t ak_xxh64_end(const struct ak_xxh64 *h)
{
	size_t left = h->total & 31;
	const uint8_t *p = h->rest;
	uint64_t acc;
	int i;

	if (h->total >= 32) {
		acc = rol(h->v[0], 1) + rol(h->v[1], 7) + rol(h->v[2], 12) +
		      rol(h->v[3], 18);
		for (i = 0; i < 4; i++)
			acc = (acc ^ mix(0, h->v[i])) * P1 + P4;
	} else {
		acc = h->seed + P5;
	}
	acc += h->total;
	for (; left >= 8; p += 8, left -= 8)
		acc = rol(acc ^ mix(0, ak_get_le64(p)), 27) * P1 + P4;
	for (; left >= 4; p += 4, left -= 4)
		acc = rol(acc ^ ak_get_le32(p) * P1, 23) * P2 + P3;
	for (; left; p++, left--)
		acc = rol(acc ^ *p * P5, 11) * P1;
	acc = (acc ^ acc >> 33) * P2;
	acc = (acc ^ acc >> 29) * P3;
	return acc ^ acc >> 32;
}

uint64_t ak_xxh64(const void *data, size_t size, uint64_t seed)
{
	struct ak_xxh64 h;

	ak_xxh64_init(&h, seed);
	ak_xxh64_add(&h, data, size);
	return ak_xxh64_end(&h);
}
