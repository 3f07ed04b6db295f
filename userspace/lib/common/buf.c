// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIN_ROOM 256
#define MAX_PRINTED 256

/* Room for @size more bytes. */
static bool grow(struct ak_buf *b, size_t size)
{
	size_t need, room = b->room ? b->room : MIN_ROOM;
	uint8_t *p;

	if (b->failed)
		return false;
	if (__builtin_add_overflow(b->size, size, &need) ||
	    need > PTRDIFF_MAX) {
		b->failed = true;
		return false;
	}
	if (need <= b->room)
		return true;
	while (room < need)
		room *= 2;
	p = realloc(b->data, room);
	if (!p) {
		b->failed = true;
		return false;
	}
	b->data = p;
	b->room = room;
	return true;
}

void ak_buf_add(struct ak_buf *b, const void *data, size_t size)
{
	if (!size || !grow(b, size))
		return;
	memcpy(b->data + b->size, data, size);
	b->size += size;
}

void ak_buf_text(struct ak_buf *b, const char *text)
{
	ak_buf_add(b, text, strlen(text));
}

void ak_buf_printf(struct ak_buf *b, const char *fmt, ...)
{
	char text[MAX_PRINTED];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0 || n >= MAX_PRINTED)
		b->failed = true;
	else
		ak_buf_add(b, text, (size_t)n);
}

void ak_buf_fill(struct ak_buf *b, int byte, size_t size)
{
	if (!size || !grow(b, size))
		return;
	memset(b->data + b->size, byte, size);
	b->size += size;
}

void ak_buf_clear(struct ak_buf *b)
{
	free(b->data);
	memset(b, 0, sizeof(*b));
}
