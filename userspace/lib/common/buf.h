/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bytes that grow.
 */
#ifndef AK_BUF_H
#define AK_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct ak_buf - bytes that grow; all zero to begin with
 * @data: malloc()ed; NULL while there are none
 * @size: how many
 * @room: how many fit
 * @failed: memory ran out; what was added then is not there
 */
struct ak_buf {
	uint8_t *data;
	size_t size, room;
	bool failed;
};

/**
 * ak_buf_add() - append bytes
 * @b: buffer
 * @data: what
 * @size: how many
 */
void ak_buf_add(struct ak_buf *b, const void *data, size_t size);

/**
 * ak_buf_text() - append a string without its end
 * @b: buffer
 * @text: what
 */
void ak_buf_text(struct ak_buf *b, const char *text);

/**
 * ak_buf_printf() - append formatted text
 * @b: buffer
 * @fmt: as printf; at most 255 bytes come out of it
 */
void ak_buf_printf(struct ak_buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * ak_buf_fill() - append the same byte
 * @b: buffer
 * @byte: what
 * @size: how many
 */
void ak_buf_fill(struct ak_buf *b, int byte, size_t size);

/**
 * ak_buf_clear() - give the bytes back
 * @b: buffer, empty afterwards
 */
void ak_buf_clear(struct ak_buf *b);

#endif /* AK_BUF_H */
