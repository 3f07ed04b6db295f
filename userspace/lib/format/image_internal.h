/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AK_IMAGE_INTERNAL_H
#define AK_IMAGE_INTERNAL_H

#include "format/image.h"

/**
 * ak_image_decode_png() - read a PNG picture
 * @data: the file
 * @size: its bytes
 * @image: @channels says what is wanted; the rest is filled in
 * @err: error text
 *
 * Return: as ak_image_decode().
 */
int ak_image_decode_png(const uint8_t *data, size_t size,
			struct ak_image *image, struct ak_err *err);

/**
 * ak_image_decode_jpeg() - read a JPEG picture
 * @data: the file
 * @size: its bytes
 * @image: @channels says what is wanted; the rest is filled in
 * @err: error text
 *
 * Return: as ak_image_decode().
 */
int ak_image_decode_jpeg(const uint8_t *data, size_t size,
			 struct ak_image *image, struct ak_err *err);

/**
 * ak_image_alloc() - check a picture's size and find memory for it
 * @image: @height, @width and @channels are set; @pixels is filled in
 * @err: error text
 *
 * Return: 0, -EINVAL for a size of 0, -EFBIG, -ENOMEM.
 */
int ak_image_alloc(struct ak_image *image, struct ak_err *err);

#endif /* AK_IMAGE_INTERNAL_H */
