/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Words and numbers of files that status.c and status_clients.c read, whose
 * every byte may be anything.
 */
#ifndef STATUS_TEXT_H
#define STATUS_TEXT_H

#include <stdbool.h>
#include <stdint.h>

/**
 * status_number() - a decimal number without a sign
 * @p: where it begins; afterwards behind it
 * @value: where to put it; 0 if there is none
 *
 * Return: false if there is none, or it has more than 64 bits.
 */
static inline bool status_number(const char **p, uint64_t *value)
{
	const char *s = *p;
	uint64_t v = 0;

	*value = 0;
	if (*s < '0' || *s > '9')
		return false;
	for (; *s >= '0' && *s <= '9'; s++)
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*s - '0'), &v))
			return false;
	*p = s;
	*value = v;
	return true;
}

/**
 * status_word() - a word of small letters, or nothing
 * @text: becomes "" if it has anything but small letters, '-' and '_'
 */
static inline void status_word(char *text)
{
	const char *s;

	for (s = text; *s; s++)
		if ((*s < 'a' || *s > 'z') && *s != '-' && *s != '_')
			*text = '\0';
}

/**
 * status_printable() - what a terminal and a JSON string can take
 * @text: anything but printable ASCII becomes '?'
 */
static inline void status_printable(char *text)
{
	for (; *text; text++)
		if (*text < 0x20 || *text > 0x7e)
			*text = '?';
}

#endif /* STATUS_TEXT_H */
