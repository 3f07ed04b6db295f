/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pictures: PNG and JPEG from memory, PNG to memory.
 */
#ifndef AK_IMAGE_H
#define AK_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/** AK_IMAGE_MAX_PIXELS - larger pictures are refused before they are decoded */
#define AK_IMAGE_MAX_PIXELS (64u << 20)

/** AK_IMAGE_MAX_FILE - largest picture file that is read */
#define AK_IMAGE_MAX_FILE (512u << 20)

/**
 * struct ak_image - a picture
 * @height: rows
 * @width: columns
 * @channels: 1 (grey) or 3 (RGB)
 * @pixels: malloc()ed, @height rows of @width pixels of @channels bytes
 */
struct ak_image {
	size_t height, width;
	unsigned int channels;
	uint8_t *pixels;
};

/**
 * ak_image_decode() - read a picture
 * @data: the file; its kind is told from its first bytes
 * @size: its bytes
 * @channels: 1 or 3: what the picture is converted to
 * @image: where to put it; the caller frees @image->pixels
 * @err: error text
 *
 * Values are taken as they are stored: no colour profile, no gamma, no Exif
 * orientation is applied. Samples of 16 bits are scaled to 8, alpha is laid
 * over black (value * alpha / 255), and grey is 0.299 R + 0.587 G + 0.114 B
 * (ITU-R BT.601), for JPEG its stored luma.
 *
 * Return: 0, -EINVAL for a damaged picture or one that is cut short or is of
 * another kind, -ENOTSUP for CMYK or where the kind's library was not built
 * in, -EFBIG above AK_IMAGE_MAX_PIXELS, -ENOMEM.
 */
int ak_image_decode(const void *data, size_t size, unsigned int channels,
		    struct ak_image *image, struct ak_err *err);

/**
 * ak_image_encode_png() - write a PNG picture
 * @image: what to write
 * @data: where to put the malloc()ed file
 * @size: where to put its size
 * @err: error text
 *
 * Return: 0, -EINVAL for a picture without pixels, -EFBIG above
 * AK_IMAGE_MAX_PIXELS, -ENOTSUP without libpng, -ENOMEM.
 */
int ak_image_encode_png(const struct ak_image *image, uint8_t **data,
			size_t *size, struct ak_err *err);

#endif /* AK_IMAGE_H */
