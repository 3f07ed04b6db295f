/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Small things that every folder needs.
 */
#ifndef AK_UTIL_H
#define AK_UTIL_H

#include <stddef.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/**
 * ak_copy_out() - hand a structure to a caller that may know less or more
 * @to: the caller's
 * @to_size: its size for the caller
 * @from: the library's
 * @from_size: its size for the library
 *
 * What the library does not know is zero for a caller that is newer.
 *
 * Return: 0.
 */
static inline int ak_copy_out(void *to, size_t to_size, const void *from,
			      size_t from_size)
{
	size_t n = to_size < from_size ? to_size : from_size;

	memcpy(to, from, n);
	memset((char *)to + n, 0, to_size - n);
	return 0;
}

#endif /* AK_UTIL_H */
