/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pieces of deflate streams that can be made by any thread: each ends on a
 * byte and needs nothing of those before it.
 */
#ifndef AK_DEFLATE_H
#define AK_DEFLATE_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/* What ends a stream of such pieces: an empty last block. */
#define AK_DEFLATE_END "\003\000"
#define AK_DEFLATE_END_SIZE 2

/**
 * struct ak_deflate - state of a thread that packs; opaque
 */
struct ak_deflate;

/**
 * ak_deflate_new() - state for zlib's default level, 6
 *
 * Return: a state for ak_deflate_free(), NULL without memory.
 */
struct ak_deflate *ak_deflate_new(void);

/**
 * ak_deflate_free() - give it back
 * @d: a state or NULL
 */
void ak_deflate_free(struct ak_deflate *d);

/**
 * ak_deflate_piece() - pack some bytes
 * @d: a state
 * @data: bytes
 * @size: how many
 * @out: where to put them
 * @room: bytes there; size + size / 1024 + 1024 always do
 * @packed: where to put how many there are
 * @err: error text
 *
 * Return: 0, -ENOBUFS.
 */
int ak_deflate_piece(struct ak_deflate *d, const void *data, size_t size,
		     void *out, size_t room, size_t *packed,
		     struct ak_err *err);

/**
 * ak_crc32() - CRC-32 of ZIP archives
 * @data: bytes
 * @size: how many
 *
 * Return: the CRC.
 */
uint32_t ak_crc32(const void *data, size_t size);

/**
 * ak_crc32_join() - CRC-32 of two pieces
 * @a: of the first
 * @b: of the second
 * @b_size: bytes of the second
 *
 * Return: the CRC of both.
 */
uint32_t ak_crc32_join(uint32_t a, uint32_t b, uint64_t b_size);

#endif /* AK_DEFLATE_H */
