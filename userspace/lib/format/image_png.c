// SPDX-License-Identifier: LGPL-2.1-or-later
#include "format/image_internal.h"

#include <errno.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#if HAVE_LIBPNG

#include <png.h>

/* Chunks beside the pixels (text, profiles): this many, each of this size. */
#define MAX_CHUNKS 1000
#define MAX_CHUNK (8u << 20)
/* Deflate expands by less than this; a picture that needs more is cut short. */
#define DEFLATE_RATIO 1032u

struct png_state {
	png_structp png;
	png_infop info;
	const uint8_t *data;
	size_t size, pos;
	uint8_t *out;
	size_t out_size, out_used;
	png_bytep *rows;
	uint8_t *samples;
	size_t row_bytes;
	unsigned int channels;
	int code;
	struct ak_err *err;
};

/* libpng expects that this does not return. */
static void on_error(png_structp png, png_const_charp text)
{
	struct png_state *s = png_get_error_ptr(png);

	if (!s->code)
		s->code = ak_errf(s->err, -EINVAL,
				  "the PNG picture is damaged: %s", text);
	png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text)
{
	(void)png;
	(void)text;
}

static void fail(struct png_state *s, int code, const char *text)
{
	s->code = ak_errf(s->err, code, "%s", text);
	png_error(s->png, text);
}

static void on_read(png_structp png, png_bytep to, size_t bytes)
{
	struct png_state *s = png_get_io_ptr(png);

	if (bytes > s->size - s->pos)
		fail(s, -EINVAL, "the PNG picture is cut short");
	memcpy(to, s->data + s->pos, bytes);
	s->pos += bytes;
}

/* Grey, grey + alpha, RGB or RGBA of 8 bits, whatever the file has. */
static void convert_samples(struct png_state *s)
{
	png_set_expand(s->png);
	png_set_scale_16(s->png);
	png_set_interlace_handling(s->png);
	png_read_update_info(s->png, s->info);
	s->channels = png_get_channels(s->png, s->info);
	s->row_bytes = png_get_rowbytes(s->png, s->info);
}

static void read_header(struct png_state *s, struct ak_image *image)
{
	uint64_t stored;

	png_set_read_fn(s->png, s, on_read);
	/*
	 * A damaged file is refused, wherever it is damaged; left alone, it
	 * depends on libpng's version which checksums matter.
	 */
	png_set_crc_action(s->png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
	png_set_chunk_cache_max(s->png, MAX_CHUNKS);
	png_set_chunk_malloc_max(s->png, MAX_CHUNK);
	/* The number of pixels is what counts, and is checked below. */
	png_set_user_limits(s->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
	png_read_info(s->png, s->info);
	image->width = png_get_image_width(s->png, s->info);
	image->height = png_get_image_height(s->png, s->info);
	s->code = ak_image_alloc(image, s->err);
	if (s->code)
		png_error(s->png, "size");
	stored = (uint64_t)png_get_rowbytes(s->png, s->info) * image->height;
	if (stored / DEFLATE_RATIO > s->size)
		fail(s, -EINVAL,
		     "the PNG picture is cut short: the file is too small for its size");
	convert_samples(s);
}

static void read_samples(struct png_state *s, const struct ak_image *image)
{
	size_t y;

	s->rows = malloc(image->height * sizeof(*s->rows));
	s->samples = malloc(image->height * s->row_bytes);
	if (!s->rows || !s->samples)
		fail(s, -ENOMEM, "no memory for the PNG picture");
	for (y = 0; y < image->height; y++)
		s->rows[y] = s->samples + y * s->row_bytes;
	png_read_image(s->png, s->rows);
	/* The end has a checksum too: without it the file is cut short. */
	png_read_end(s->png, NULL);
}

/* Nothing but @s and what it points at is changed behind setjmp(). */
static int decode(struct png_state *s, struct ak_image *image)
{
	if (setjmp(png_jmpbuf(s->png)))
		return s->code;
	read_header(s, image);
	read_samples(s, image);
	return 0;
}

/* value * alpha / 255, rounded */
static uint8_t over_black(uint8_t value, uint8_t alpha)
{
	return (uint8_t)((value * alpha + 127) / 255);
}

static uint8_t luma(const uint8_t *rgb)
{
	/* BT.601 weights in 16 bits; they sum to 65536. */
	return (uint8_t)((rgb[0] * 19595u + rgb[1] * 38470u + rgb[2] * 7471u +
			  32768u) >>
			 16);
}

/* From 1 to 4 samples per pixel to what is wanted. */
static void convert_pixels(const uint8_t *from, unsigned int samples,
			   struct ak_image *image)
{
	size_t pixels = image->height * image->width;
	bool has_alpha = samples == 2 || samples == 4;
	unsigned int colours = samples - has_alpha, c;
	uint8_t *to = image->pixels;

	for (; pixels--; from += samples, to += image->channels) {
		uint8_t alpha = has_alpha ? from[colours] : 255;
		uint8_t rgb[3];

		for (c = 0; c < 3; c++)
			rgb[c] = over_black(from[colours == 3 ? c : 0], alpha);
		if (image->channels == 3)
			memcpy(to, rgb, 3);
		else
			*to = colours == 3 ? luma(rgb) : rgb[0];
	}
}

int ak_image_decode_png(const uint8_t *data, size_t size,
			struct ak_image *image, struct ak_err *err)
{
	struct png_state s = { .data = data, .size = size, .err = err };
	int rc = -ENOMEM;

	s.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &s, on_error,
				       on_warning);
	s.info = s.png ? png_create_info_struct(s.png) : NULL;
	if (s.info)
		rc = decode(&s, image);
	else
		ak_errf(err, rc, "no memory for the PNG picture");
	if (!rc)
		convert_pixels(s.samples, s.channels, image);
	free(s.rows);
	free(s.samples);
	png_destroy_read_struct(&s.png, &s.info, NULL);
	return rc;
}

static void on_write(png_structp png, png_bytep from, size_t bytes)
{
	struct png_state *s = png_get_io_ptr(png);
	size_t need = s->out_used + bytes;

	if (need > s->out_size) {
		size_t room = s->out_size ? 2 * s->out_size : 4096;
		uint8_t *grown;

		if (room < need)
			room = need;
		grown = realloc(s->out, room);
		if (!grown)
			fail(s, -ENOMEM, "no memory for the PNG picture");
		s->out = grown;
		s->out_size = room;
	}
	memcpy(s->out + s->out_used, from, bytes);
	s->out_used = need;
}

static void on_flush(png_structp png)
{
	(void)png;
}

static int encode(struct png_state *s, const struct ak_image *image)
{
	size_t y;

	if (setjmp(png_jmpbuf(s->png)))
		return s->code;
	png_set_write_fn(s->png, s, on_write, on_flush);
	png_set_user_limits(s->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
	png_set_IHDR(s->png, s->info, (png_uint_32)image->width,
		     (png_uint_32)image->height, 8,
		     image->channels == 3 ? PNG_COLOR_TYPE_RGB :
					    PNG_COLOR_TYPE_GRAY,
		     PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
		     PNG_FILTER_TYPE_DEFAULT);
	png_write_info(s->png, s->info);
	for (y = 0; y < image->height; y++)
		png_write_row(s->png, image->pixels + y * image->width *
							      image->channels);
	png_write_end(s->png, NULL);
	return 0;
}

int ak_image_encode_png(const struct ak_image *image, uint8_t **data,
			size_t *size, struct ak_err *err)
{
	struct png_state s = { .err = err };
	size_t pixels;
	int rc = -ENOMEM;

	*data = NULL;
	*size = 0;
	if (!image->height || !image->width ||
	    (image->channels != 1 && image->channels != 3))
		return ak_errf(
			err, -EINVAL,
			"a picture has pixels of 1 or 3 channels, not %zu x %zu of %u",
			image->width, image->height, image->channels);
	if (__builtin_mul_overflow(image->height, image->width, &pixels) ||
	    pixels > AK_IMAGE_MAX_PIXELS)
		return ak_errf(err, -EFBIG,
			       "%zu x %zu pixels are too many for a picture",
			       image->width, image->height);
	s.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &s, on_error,
					on_warning);
	s.info = s.png ? png_create_info_struct(s.png) : NULL;
	if (s.info)
		rc = encode(&s, image);
	else
		ak_errf(err, rc, "no memory for the PNG picture");
	png_destroy_write_struct(&s.png, &s.info);
	if (rc) {
		free(s.out);
		return rc;
	}
	*data = s.out;
	*size = s.out_used;
	return 0;
}

#else /* !HAVE_LIBPNG */

static int no_libpng(struct ak_err *err)
{
	return ak_errf(
		err, -ENOTSUP,
		"PNG pictures need libpng, without which libakida was built; use a JPEG or .npy file");
}

int ak_image_decode_png(const uint8_t *data, size_t size,
			struct ak_image *image, struct ak_err *err)
{
	(void)data;
	(void)size;
	(void)image;
	return no_libpng(err);
}

int ak_image_encode_png(const struct ak_image *image, uint8_t **data,
			size_t *size, struct ak_err *err)
{
	(void)image;
	*data = NULL;
	*size = 0;
	return no_libpng(err);
}

#endif /* HAVE_LIBPNG */
