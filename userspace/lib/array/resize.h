/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef AK_RESIZE_H
#define AK_RESIZE_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct ak_resize_box - the part of a picture that is resized
 * @x: left edge, in columns; a column's centre is at a half integer
 * @y: upper edge
 * @width: columns, positive
 * @height: rows, positive
 */
struct ak_resize_box {
	double x, y, width, height;
};

/**
 * ak_resize_centred() - the largest centred box of an aspect ratio
 * @height: rows of the picture
 * @width: its columns
 * @out_height: rows wanted
 * @out_width: columns wanted
 *
 * Return: a box of out_width / out_height inside the picture.
 */
struct ak_resize_box ak_resize_centred(size_t height, size_t width,
				       size_t out_height, size_t out_width);

/**
 * ak_resize_bilinear() - resize a part of a picture
 * @from: pixels, (height, width, channels)
 * @height: rows
 * @width: columns
 * @channels: bytes per pixel
 * @box: part to resize, inside the picture
 * @to: where to put (out_height, out_width, channels)
 * @out_height: rows wanted
 * @out_width: columns wanted
 *
 * The rule is Pillow's for Image.BILINEAR: a triangle of radius max(1, scale)
 * around each result's centre, weights in fixed point of 22 bits, first along
 * the rows, then along the columns, rounded to 8 bits after each.
 *
 * Return: 0, -ENOMEM.
 */
int ak_resize_bilinear(const uint8_t *from, size_t height, size_t width,
		       size_t channels, const struct ak_resize_box *box,
		       uint8_t *to, size_t out_height, size_t out_width);

#endif /* AK_RESIZE_H */
