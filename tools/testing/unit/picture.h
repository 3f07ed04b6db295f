/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pictures of kinds that the library reads but does not write.
 */
#ifndef PICTURE_H
#define PICTURE_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct png_kind - a kind of PNG picture
 * @colour: PNG_COLOR_TYPE_*
 * @depth: bits per sample
 * @interlaced: Adam7
 * @transparent: a tRNS chunk: palette entry 1 has alpha 51, or the samples
 *	of the first pixel are transparent
 */
struct png_kind {
	int colour, depth, interlaced, transparent;
};

/**
 * write_png() - make a PNG picture
 * @kind: its kind; palettes are { 10, 20, 30 } * entry
 * @w: columns
 * @h: rows
 * @samples: packed as PNG stores them, row by row without filter bytes
 * @data: where to put the malloc()ed file
 * @size: where to put its size
 */
void write_png(const struct png_kind *kind, unsigned int w, unsigned int h,
	       const uint8_t *samples, uint8_t **data, size_t *size);

/**
 * enum jpeg_kind - a kind of JPEG picture
 * @JPEG_GREY: one component
 * @JPEG_COLOUR: YCbCr, full resolution
 * @JPEG_PROGRESSIVE: the same, in scans
 * @JPEG_CMYK: four components
 */
enum jpeg_kind {
	JPEG_GREY,
	JPEG_COLOUR,
	JPEG_PROGRESSIVE,
	JPEG_CMYK,
};

/**
 * write_jpeg() - make a JPEG picture of quality 100
 * @kind: its kind
 * @w: columns
 * @h: rows
 * @samples: 1, 3 or 4 bytes per pixel
 * @data: where to put the malloc()ed file
 * @size: where to put its size
 */
void write_jpeg(enum jpeg_kind kind, unsigned int w, unsigned int h,
		const uint8_t *samples, uint8_t **data, size_t *size);

#endif /* PICTURE_H */
