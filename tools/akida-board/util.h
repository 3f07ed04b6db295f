/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Small things that every file of the virtual board uses.
 */
#ifndef BOARD_UTIL_H
#define BOARD_UTIL_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define BIT(n) (1u << (n))
#define NSEC_PER_SEC 1000000000ull
#define NSEC_PER_MSEC 1000000ull
/* "Never", as a point in time. */
#define TIME_NEVER UINT64_MAX

/* Registers and lists are little endian whatever the machine is. */
static inline uint32_t get_le32(const void *p)
{
	const uint8_t *b = p;

	return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
	       (uint32_t)b[3] << 24;
}

static inline void put_le32(void *p, uint32_t v)
{
	uint8_t *b = p;

	b[0] = v;
	b[1] = v >> 8;
	b[2] = v >> 16;
	b[3] = v >> 24;
}

static inline uint64_t get_le64(const void *p)
{
	return get_le32(p) | (uint64_t)get_le32((const uint8_t *)p + 4) << 32;
}

static inline uint64_t set_low32(uint64_t v, uint32_t low)
{
	return (v & ~0xffffffffull) | low;
}

static inline uint64_t set_high32(uint64_t v, uint32_t high)
{
	return (v & 0xffffffffull) | (uint64_t)high << 32;
}

static inline size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Monotonic time in nanoseconds. */
static inline uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

#endif
