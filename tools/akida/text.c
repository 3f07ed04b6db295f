// SPDX-License-Identifier: GPL-2.0
#include "text.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "term.h"
#include "tool.h"

#define REFUSED 0xfffdu
#define MAX_FILE_NAME 100
#define MAX_FILE (1 << 20)

/* Control characters, and those that reorder the text around them. */
static int steers(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c ||
	       c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

uint32_t text_next(const char **s)
{
	static const uint32_t smallest[] = { 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)*s;
	unsigned int more, i;
	uint32_t c = *p;

	if (!c)
		return 0;
	*s += 1;
	if (c < 0x80)
		return steers(c) ? REFUSED : c;
	if (c >= 0xc0 && c < 0xe0) {
		more = 1;
		c &= 0x1f;
	} else if (c >= 0xe0 && c < 0xf0) {
		more = 2;
		c &= 0x0f;
	} else if (c >= 0xf0 && c < 0xf8) {
		more = 3;
		c &= 0x07;
	} else {
		return REFUSED;
	}
	/* The end of the string is no continuation byte, so this stops there. */
	for (i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return REFUSED;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < smallest[more] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return REFUSED;
	*s += more;
	return steers(c) ? REFUSED : c;
}

char *text_clean(const char *s)
{
	char *copy = tool_alloc(strlen(s) + 1, 1);
	const char *from = s;
	size_t n = 0;
	uint32_t c;

	while ((c = text_next(&s))) {
		if (c == REFUSED) {
			copy[n++] = '?';
		} else {
			memcpy(copy + n, from, (size_t)(s - from));
			n += (size_t)(s - from);
		}
		from = s;
	}
	return copy;
}

size_t text_width(const char *s)
{
	size_t n = 0;

	while (text_next(&s))
		n++;
	return n;
}

char *text_file_name(const char *s, char *const *taken, size_t count)
{
	size_t i, n = strnlen(s, MAX_FILE_NAME);
	char *name = tool_alloc(n + 2, 1), *longer;

	for (i = 0; i < n; i++) {
		char c = s[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || c == '_' || c == '-' ||
		    (c == '.' && i))
			name[i] = c;
		else
			name[i] = '_';
	}
	if (!n)
		name[0] = '_';
	/* Two names may become one; a number makes them two again. */
	for (i = 0; i < count; i++)
		if (taken[i] && !strcmp(taken[i], name)) {
			longer = tool_text("%s.%zu", name, count);
			free(name);
			return longer;
		}
	return name;
}

size_t text_distance(const char *a, const char *b)
{
	enum {
		MOST = 31
	};
	size_t d[MOST + 1][MOST + 1];
	size_t na = strlen(a), nb = strlen(b), i, j;

	if (na > MOST || nb > MOST)
		return SIZE_MAX;
	for (i = 0; i <= na; i++)
		for (j = 0; j <= nb; j++) {
			size_t best;

			if (!i || !j) {
				d[i][j] = i + j;
				continue;
			}
			best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
			if (d[i - 1][j] + 1 < best)
				best = d[i - 1][j] + 1;
			if (d[i][j - 1] + 1 < best)
				best = d[i][j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && d[i - 2][j - 2] + 1 < best)
				best = d[i - 2][j - 2] + 1;
			d[i][j] = best;
		}
	return d[na][nb];
}

char *text_load(const char *path, const char *remedy, size_t *size)
{
	char *text = tool_alloc(MAX_FILE + 2, 1);
	FILE *f = fopen(path, "re");
	int failed;

	if (f) {
		*size = fread(text, 1, MAX_FILE + 1, f);
		failed = ferror(f);
		if (!failed && *size <= MAX_FILE) {
			fclose(f);
			return text;
		}
	}
	if (!f || failed)
		term_error("%s: %s", path, strerror(errno));
	else
		term_error("%s: longer than 1 MiB; %s", path, remedy);
	if (f)
		fclose(f);
	free(text);
	return NULL;
}
