/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bytes that wait until it is their turn: in memory, or, when they are many,
 * in a file without a name.
 */
#ifndef AK_SPOOL_H
#define AK_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "convert/plan.h"

/**
 * struct ak_spools - what all spools of a conversion share
 * @folder: where the file is made
 * @limit: bytes of memory for all of them
 * @used: bytes of memory that they take
 * @fd: the file, -1 while there is none
 * @end: its size
 */
struct ak_spools {
	char *folder;
	size_t limit, used;
	int fd;
	uint64_t end;
};

/**
 * struct ak_spool_chunk - some bytes
 * @data: in memory; NULL for bytes in the file
 * @offset: in the file
 * @size: how many
 * @raw: before they were deflated
 * @crc: CRC-32 of those
 */
struct ak_spool_chunk {
	uint8_t *data;
	uint64_t offset;
	size_t size, raw;
	uint32_t crc;
};

/**
 * struct ak_spool - a queue of bytes
 * @chunk: its pieces in order
 * @chunks: how many
 * @room: how many are allocated
 */
struct ak_spool {
	struct ak_spool_chunk *chunk;
	size_t chunks, room;
};

/**
 * ak_spools_init() - begin
 * @s: what is shared
 * @path: a path in the folder where the file is made
 * @limit: bytes of memory
 *
 * Return: 0, -ENOMEM.
 */
int ak_spools_init(struct ak_spools *s, const char *path, size_t limit);

/**
 * ak_spools_end() - remove the file
 * @s: what is shared
 */
void ak_spools_end(struct ak_spools *s);

/**
 * ak_spool_add() - append to a spool
 * @s: what is shared
 * @p: the spool
 * @data: bytes
 * @size: how many
 * @raw: bytes before they were deflated
 * @crc: CRC-32 of those
 * @err: error text
 *
 * Return: 0 or a negative errno.
 */
int ak_spool_add(struct ak_spools *s, struct ak_spool *p, const void *data,
		 size_t size, size_t raw, uint32_t crc, struct ak_err *err);

/**
 * ak_spool_drain() - hand all bytes on, and empty it
 * @s: what is shared
 * @p: the spool
 * @fn: given pieces in order
 * @arg: handed to it
 * @err: error text
 *
 * Return: 0, what @fn returned, or a negative errno.
 */
int ak_spool_drain(struct ak_spools *s, struct ak_spool *p,
		   int (*fn)(void *arg, const void *data, size_t size,
			     size_t raw, uint32_t crc, struct ak_err *err),
		   void *arg, struct ak_err *err);

/**
 * ak_spool_free() - forget all bytes
 * @s: what is shared
 * @p: the spool
 */
void ak_spool_free(struct ak_spools *s, struct ak_spool *p);

#endif /* AK_SPOOL_H */
