// SPDX-License-Identifier: GPL-2.0
#include "picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"

#if HAVE_LIBPNG

#include <png.h>

struct sink {
	uint8_t *data;
	size_t size;
};

static void on_write(png_structp png, png_bytep from, size_t bytes)
{
	struct sink *s = png_get_io_ptr(png);

	s->data = realloc(s->data, s->size + bytes);
	memcpy(s->data + s->size, from, bytes);
	s->size += bytes;
}

static void set_colours(png_structp png, png_infop info,
			const struct png_kind *kind, const uint8_t *samples)
{
	static const uint8_t alpha[] = { 255, 51 };
	png_color palette[16];
	png_color_16 first = { 0 };
	int i;

	for (i = 0; i < 16; i++) {
		palette[i].red = (uint8_t)(10 * i);
		palette[i].green = (uint8_t)(20 * i % 256);
		palette[i].blue = (uint8_t)(30 * i % 256);
	}
	if (kind->colour == PNG_COLOR_TYPE_PALETTE)
		png_set_PLTE(png, info, palette,
			     kind->depth < 4 ? 1 << kind->depth : 16);
	if (!kind->transparent)
		return;
	if (kind->colour == PNG_COLOR_TYPE_PALETTE) {
		png_set_tRNS(png, info, alpha, 2, NULL);
		return;
	}
	first.gray = samples[0];
	if (kind->colour == PNG_COLOR_TYPE_RGB) {
		first.red = samples[0];
		first.green = samples[1];
		first.blue = samples[2];
	}
	png_set_tRNS(png, info, NULL, 0, &first);
}

void write_png(const struct png_kind *kind, unsigned int w, unsigned int h,
	       const uint8_t *samples, uint8_t **data, size_t *size)
{
	struct sink sink = { NULL, 0 };
	png_structp png;
	png_infop info;
	png_bytep *rows = calloc(h, sizeof(*rows));
	size_t bytes;
	unsigned int y;

	png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
	info = png_create_info_struct(png);
	png_set_write_fn(png, &sink, on_write, NULL);
	png_set_IHDR(png, info, w, h, kind->depth, kind->colour,
		     kind->interlaced ? PNG_INTERLACE_ADAM7 :
					PNG_INTERLACE_NONE,
		     PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	set_colours(png, info, kind, samples);
	png_write_info(png, info);
	bytes = png_get_rowbytes(png, info);
	for (y = 0; y < h; y++)
		rows[y] = (png_bytep)samples + y * bytes;
	png_write_image(png, rows);
	png_write_end(png, info);
	png_destroy_write_struct(&png, &info);
	free(rows);
	*data = sink.data;
	*size = sink.size;
}

#endif /* HAVE_LIBPNG */

#if HAVE_LIBJPEG

#include <jpeglib.h>

void write_jpeg(enum jpeg_kind kind, unsigned int w, unsigned int h,
		const uint8_t *samples, uint8_t **data, size_t *size)
{
	static const int components[] = { 1, 3, 3, 4 };
	struct jpeg_compress_struct jpeg;
	struct jpeg_error_mgr errors;
	unsigned long length = 0;
	unsigned int y;

	*data = NULL;
	jpeg.err = jpeg_std_error(&errors);
	jpeg_create_compress(&jpeg);
	jpeg_mem_dest(&jpeg, data, &length);
	jpeg.image_width = w;
	jpeg.image_height = h;
	jpeg.input_components = components[kind];
	jpeg.in_color_space = kind == JPEG_GREY ? JCS_GRAYSCALE :
			      kind == JPEG_CMYK ? JCS_CMYK :
						  JCS_RGB;
	jpeg_set_defaults(&jpeg);
	jpeg_set_quality(&jpeg, 100, TRUE);
	jpeg.comp_info[0].h_samp_factor = 1;
	jpeg.comp_info[0].v_samp_factor = 1;
	if (kind == JPEG_PROGRESSIVE)
		jpeg_simple_progression(&jpeg);
	jpeg_start_compress(&jpeg, TRUE);
	for (y = 0; y < h; y++) {
		JSAMPROW row = (JSAMPROW)samples +
			       (size_t)y * w * (unsigned int)components[kind];

		jpeg_write_scanlines(&jpeg, &row, 1);
	}
	jpeg_finish_compress(&jpeg);
	jpeg_destroy_compress(&jpeg);
	*size = length;
}

#endif /* HAVE_LIBJPEG */
