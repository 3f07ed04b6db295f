/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files mapped for reading.
 */
#ifndef AK_MAP_H
#define AK_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/**
 * struct ak_map - a mapped file
 * @data: its bytes; not NULL for an empty file either
 * @size: how many
 */
struct ak_map {
	const uint8_t *data;
	size_t size;
};

/**
 * ak_map_open() - map a file
 * @path: file name
 * @map: where to put it, zero after an error
 * @err: error text; names the file
 *
 * For files too large to be read into memory. Another process that shortens
 * the file kills the reader with SIGBUS; one that changes it changes @data,
 * so what was checked must not be fetched from there again.
 *
 * Return: 0, -EISDIR for a directory, -EINVAL for what is not a regular file,
 * -ENOMEM, or what the system said.
 */
int ak_map_open(const char *path, struct ak_map *map, struct ak_err *err);

/**
 * ak_map_scratch() - memory for unpacked data, on disk where it is much
 * @size: bytes
 * @on_disk: use an unlinked file in $TMPDIR or /var/tmp and not memory
 * @map: where to put it; zero bytes that may be written through @data
 * @err: error text; names the folder and what to do
 *
 * The file's blocks are allocated at once, so that a full disk is an error
 * here and no SIGBUS later.
 *
 * Return: 0, -ENOMEM, -ENOSPC or what the system said.
 */
int ak_map_scratch(size_t size, bool on_disk, struct ak_map *map,
		   struct ak_err *err);

/**
 * ak_map_close() - give a mapping back
 * @map: filled by ak_map_open() or ak_map_scratch(), or all zero
 */
void ak_map_close(struct ak_map *map);

#endif /* AK_MAP_H */
