/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JSON taken from mapped memory value by value, for headers that are too
 * large, and too little trusted, to be made into a tree first. Needs memory
 * for nothing but the strings that are asked for.
 */
#ifndef AK_JSON_SCAN_H
#define AK_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"

/**
 * struct ak_json_scan - a place in a text
 * @text: begin of the text
 * @size: its bytes
 * @pos: where scanning is
 * @offset: what to add to @pos in messages
 * @what: "the safetensors header", for messages
 * @err: error text, or NULL
 */
struct ak_json_scan {
	const uint8_t *text;
	size_t size, pos, offset;
	const char *what;
	struct ak_err *err;
};

/**
 * ak_json_damaged() - say what should stand at this place
 * @s: scanner
 * @expected: "a colon"
 *
 * Return: -EBADMSG.
 */
int ak_json_damaged(const struct ak_json_scan *s, const char *expected);

/**
 * ak_json_eat() - take one character, after white space
 * @s: scanner
 * @c: which
 *
 * Return: true if it stood there.
 */
bool ak_json_eat(struct ak_json_scan *s, char c);

/**
 * ak_json_string() - take a string
 * @s: scanner
 * @out: where to append it, without escapes and with a NUL at its end; NULL
 *	to leave it
 *
 * Return: 0, -EBADMSG for what is no string, is not UTF-8, or holds U+0000.
 * @out->failed is the caller's to look at.
 */
int ak_json_string(struct ak_json_scan *s, struct ak_buf *out);

/**
 * ak_json_u64() - take a whole number that is not negative
 * @s: scanner
 * @value: where to put it
 *
 * Return: 0, -EBADMSG also for one above 2^64 - 1.
 */
int ak_json_u64(struct ak_json_scan *s, uint64_t *value);

/**
 * ak_json_skip() - take any value and forget it
 * @s: scanner
 *
 * Return: 0, -EBADMSG also for one with more than 64 levels.
 */
int ak_json_skip(struct ak_json_scan *s);

/**
 * ak_json_more() - after "[" or "{" and after each element: is there one more
 * @s: scanner
 * @close: ']' or '}'
 * @first: true before the first element; false afterwards
 * @more: where to put the answer; when false, @close has been taken
 *
 * Return: 0, -EBADMSG.
 */
int ak_json_more(struct ak_json_scan *s, char close, bool *first, bool *more);

/**
 * ak_json_end() - nothing but white space follows
 * @s: scanner
 *
 * Return: 0, -EBADMSG.
 */
int ak_json_end(struct ak_json_scan *s);

#endif /* AK_JSON_SCAN_H */
