// SPDX-License-Identifier: LGPL-2.1-or-later
#include "convert/deflate.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <zlib.h>

struct ak_deflate {
	z_stream z;
};

struct ak_deflate *ak_deflate_new(void)
{
	struct ak_deflate *d = calloc(1, sizeof(*d));

	/* No zlib header: the stream is one of a ZIP archive. */
	if (d && deflateInit2(&d->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED,
			      -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
		free(d);
		d = NULL;
	}
	return d;
}

void ak_deflate_free(struct ak_deflate *d)
{
	if (!d)
		return;
	deflateEnd(&d->z);
	free(d);
}

int ak_deflate_piece(struct ak_deflate *d, const void *data, size_t size,
		     void *out, size_t room, size_t *packed, struct ak_err *err)
{
	Bytef *in = (Bytef *)(uintptr_t)data;
	Bytef *to = out;

	deflateReset(&d->z);
	d->z.next_in = in;
	d->z.next_out = to;
	do {
		size_t more = size - (size_t)(d->z.next_in - in);
		size_t free_room = room - (size_t)(d->z.next_out - to);
		bool last = more <= UINT_MAX / 2;

		d->z.avail_in = last ? (uInt)more : UINT_MAX / 2;
		d->z.avail_out =
			free_room > UINT_MAX ? UINT_MAX : (uInt)free_room;
		if (!d->z.avail_out ||
		    deflate(&d->z, last ? Z_SYNC_FLUSH : Z_NO_FLUSH) != Z_OK)
			break;
	} while ((size_t)(d->z.next_in - in) < size);
	/* A flush is complete only when it leaves room. */
	if (d->z.avail_in || !d->z.avail_out ||
	    (size_t)(d->z.next_in - in) < size)
		return ak_errf(err, -ENOBUFS, "packed data are too large");
	*packed = (size_t)(d->z.next_out - to);
	return 0;
}

uint32_t ak_crc32(const void *data, size_t size)
{
	return (uint32_t)crc32_z(0, data, size);
}

uint32_t ak_crc32_join(uint32_t a, uint32_t b, uint64_t b_size)
{
	return (uint32_t)crc32_combine(a, b, (z_off_t)b_size);
}
