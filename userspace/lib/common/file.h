/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files: read as a whole into memory, written under a temporary name.
 */
#ifndef AK_FILE_H
#define AK_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/**
 * ak_file_read() - read a whole file
 * @path: file name
 * @limit: refuse a file of more bytes
 * @data: where to put the malloc()ed content (never NULL on success)
 * @size: where to put its size
 * @err: error text; names the file
 *
 * Pipes are read to their end; the limit bounds the memory either way. A
 * file is read and not mapped because a mapped file that shrinks kills the
 * reader.
 *
 * Return: 0, -EFBIG over @limit, -EISDIR for a directory, -ENOMEM, or what
 * the system said.
 */
int ak_file_read(const char *path, size_t limit, uint8_t **data, size_t *size,
		 struct ak_err *err);

/**
 * ak_file_write() - write a whole file, or nothing
 * @path: file name
 * @data: content
 * @size: its size
 * @err: error text; names the file
 *
 * Writes beside @path under a temporary name, flushes, renames, and keeps
 * the mode of a file that is replaced. Something that is not a regular file
 * (/dev/stdout, a pipe) is written directly.
 *
 * Return: 0 or a negative errno.
 */
int ak_file_write(const char *path, const void *data, size_t size,
		  struct ak_err *err);

#endif /* AK_FILE_H */
