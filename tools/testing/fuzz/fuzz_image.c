// SPDX-License-Identifier: GPL-2.0
/*
 * Any bytes as a picture. The checksums of PNG chunks are put right after
 * every mutation: else next to nothing would get beyond them.
 */
#include <stdlib.h>
#include <string.h>

#include "format/image.h"

#define PNG_HEAD 8 /* before the first chunk */
#define CHUNK_HEAD 8 /* length and type */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned int channels;

	for (channels = 1; channels <= 3; channels += 2) {
		struct ak_err err = { "" };
		struct ak_image image;
		size_t i, sum = 0, n;

		if (ak_image_decode(data, size, channels, &image, &err)) {
			if (!err.text[0] || image.pixels)
				abort();
			continue;
		}
		/* Every pixel must be there. */
		n = image.height * image.width * channels;
		for (i = 0; i < n; i++)
			sum += image.pixels[i];
		if (!n || sum > 255 * n)
			abort();
		free(image.pixels);
	}
	return 0;
}

static uint32_t get_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static void put_crc(uint8_t *p, size_t n)
{
	uint32_t c = 0xffffffff;
	unsigned int bit;

	for (; n--; p++) {
		c ^= *p;
		for (bit = 0; bit < 8; bit++)
			c = c >> 1 ^ (c & 1 ? 0xedb88320 : 0);
	}
	c = ~c;
	p[0] = (uint8_t)(c >> 24);
	p[1] = (uint8_t)(c >> 16);
	p[2] = (uint8_t)(c >> 8);
	p[3] = (uint8_t)c;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed)
{
	size_t pos = PNG_HEAD;

	(void)seed;
	size = LLVMFuzzerMutate(data, size, max_size);
	if (size < PNG_HEAD || memcmp(data, "\x89PNG", 4))
		return size;
	while (size - pos >= CHUNK_HEAD + 4) {
		uint32_t length = get_be32(data + pos);

		if (length > size - pos - CHUNK_HEAD - 4)
			break;
		put_crc(data + pos + 4, (size_t)length + 4);
		pos += CHUNK_HEAD + (size_t)length + 4;
	}
	return size;
}
