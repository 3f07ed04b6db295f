/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Time that only goes forward.
 */
#ifndef AK_CLOCK_H
#define AK_CLOCK_H

#include <stdint.h>
#include <time.h>

/**
 * ak_now_ns() - a clock for short times
 *
 * Return: CLOCK_MONOTONIC in nanoseconds.
 */
static inline uint64_t ak_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

#endif /* AK_CLOCK_H */
