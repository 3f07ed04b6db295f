/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Snappy blocks: a varint length, then literals and copies; no frame and no
 * checksum. The decoder is our own because files of BrainChip's SDK carry
 * bytes behind the stream, which libsnappy refuses.
 */
#ifndef AK_SNAPPY_H
#define AK_SNAPPY_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/**
 * ak_snappy_unpack() - decode a block
 * @src: the block; what follows its end is ignored
 * @size: bytes of @src
 * @limit: refuse a declared length above this
 * @ratio: refuse a declared length above @ratio * @size (a copy of 64 bytes
 *	takes 3, so that no block expands by more than 22)
 * @dst: where to put the malloc()ed content
 * @dst_size: where to put its size
 * @err: error text; says at which byte
 *
 * Nothing is allocated before the declared length has passed both limits.
 *
 * Return: 0, -EINVAL for a damaged block, -EFBIG over a limit, -ENOMEM.
 */
int ak_snappy_unpack(const void *src, size_t size, size_t limit,
		     unsigned int ratio, uint8_t **dst, size_t *dst_size,
		     struct ak_err *err);

/**
 * ak_snappy_pack() - encode a block
 * @src: what to encode
 * @size: bytes of @src
 * @dst: where to put the malloc()ed block
 * @used: where to put the size of the block
 * @capacity: where to put the size of @dst, 32 + @size + @size / 6; zeros
 *	follow the block up to here
 * @err: error text
 *
 * Return: 0, -EFBIG for 4 GiB or more (the length is a 32-bit number), -ENOMEM.
 */
int ak_snappy_pack(const void *src, size_t size, uint8_t **dst, size_t *used,
		   size_t *capacity, struct ak_err *err);

#endif /* AK_SNAPPY_H */
