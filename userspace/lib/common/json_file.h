/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JSON files, read and written by Jansson.
 */
#ifndef AK_JSON_FILE_H
#define AK_JSON_FILE_H

#include <jansson.h>
#include <stddef.h>

#include "common/err.h"

/**
 * ak_json_read() - read a JSON file
 * @path: file name
 * @limit: refuse a file of more bytes
 * @out: where to put the value; json_decref() gives it back
 * @err: error text; names the file and the line
 *
 * Names that occur twice in an object are an error: which one counts differs
 * between programs.
 *
 * Return: 0, -ENOENT, -EFBIG, -EBADMSG for what is not JSON, -ENOMEM.
 */
int ak_json_read(const char *path, size_t limit, json_t **out,
		 struct ak_err *err);

/**
 * ak_json_parse() - the same from memory
 * @name: what to call it in messages
 * @data: text
 * @size: its bytes
 * @out: where to put the value
 * @err: error text
 *
 * Return: 0, -EBADMSG, -ENOMEM.
 */
int ak_json_parse(const char *name, const void *data, size_t size, json_t **out,
		  struct ak_err *err);

/**
 * ak_json_text() - a string from text of unknown origin
 * @s: text: a file's name, a name out of a file
 *
 * JSON is UTF-8: in text that is not, every byte beyond ASCII becomes '?'.
 *
 * Return: a new reference, NULL without memory.
 */
json_t *ak_json_text(const char *s);

#endif /* AK_JSON_FILE_H */
