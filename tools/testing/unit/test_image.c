// SPDX-License-Identifier: GPL-2.0
/*
 * Pictures: every colour type of PNG, JPEG, sizes, damage.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "common/util.h"
#include "format/image.h"
#include "picture.h"

static int decode(const void *data, size_t size, unsigned int channels,
		  struct ak_image *image)
{
	struct ak_err err = { "" };
	int rc = ak_image_decode(data, size, channels, image, &err);

	assert_int_equal(rc != 0, err.text[0] != '\0');
	assert_int_equal(rc != 0, !image->pixels);
	return rc;
}

static void other_kinds(void **state)
{
	static const char *const files[] = {
		"",	    "GIF89a",	    "\x89PNG",
		"\xff\xd8", "RIFF....WEBP", "P6 1 1 255 xyz"
	};
	struct ak_image image;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(files); i++)
		assert_int_equal(decode(files[i], strlen(files[i]), 3, &image),
				 -EINVAL);
	assert_int_equal(decode("", 0, 2, &image), -EINVAL);
}

#if HAVE_LIBPNG

#include <png.h>

static void assert_png(const struct png_kind *kind, unsigned int w,
		       unsigned int h, const uint8_t *samples,
		       const uint8_t *rgb, const uint8_t *grey)
{
	struct ak_image image;
	uint8_t *file;
	size_t size;

	write_png(kind, w, h, samples, &file, &size);
	assert_int_equal(decode(file, size, 3, &image), 0);
	assert_int_equal(image.width, w);
	assert_int_equal(image.height, h);
	assert_memory_equal(image.pixels, rgb, 3 * w * h);
	free(image.pixels);
	assert_int_equal(decode(file, size, 1, &image), 0);
	assert_memory_equal(image.pixels, grey, w * h);
	free(image.pixels);
	free(file);
}

static void png_grey(void **state)
{
	static const struct png_kind bit = { PNG_COLOR_TYPE_GRAY, 1, 0, 0 };
	static const struct png_kind two = { PNG_COLOR_TYPE_GRAY, 2, 0, 0 };
	static const struct png_kind eight = { PNG_COLOR_TYPE_GRAY, 8, 0, 0 };
	static const struct png_kind wide = { PNG_COLOR_TYPE_GRAY, 16, 0, 0 };
	static const struct png_kind hole = { PNG_COLOR_TYPE_GRAY, 8, 0, 1 };
	static const struct png_kind alpha = { PNG_COLOR_TYPE_GRAY_ALPHA, 8, 0,
					       0 };
	static const uint8_t bits[] = { 0x80, 0x40 };
	static const uint8_t twos[] = { 0x60, 0xb0 };
	static const uint8_t bytes[] = { 0, 50, 100, 255 };
	static const uint8_t holes[] = { 50, 9, 50, 51 };
	/* 0x0180 / 257 = 1.49; 0x8080 = 128 * 257; 0xff00 / 257 = 254.0 */
	static const uint8_t words[] = { 0x01, 0x80, 0x80, 0x80,
					 0xff, 0xff, 0xff, 0x00 };
	static const uint8_t pairs[] = { 200, 255, 200, 0, 200, 128, 7, 51 };

	(void)state;
	assert_png(
		&bit, 2, 2, bits,
		(uint8_t[]){ 255, 255, 255, 0, 0, 0, 0, 0, 0, 255, 255, 255 },
		(uint8_t[]){ 255, 0, 0, 255 });
	assert_png(&two, 2, 2, twos,
		   (uint8_t[]){ 85, 85, 85, 170, 170, 170, 170, 170, 170, 255,
				255, 255 },
		   (uint8_t[]){ 85, 170, 170, 255 });
	assert_png(&eight, 2, 2, bytes,
		   (uint8_t[]){ 0, 0, 0, 50, 50, 50, 100, 100, 100, 255, 255,
				255 },
		   bytes);
	assert_png(&wide, 2, 2, words,
		   (uint8_t[]){ 1, 1, 1, 128, 128, 128, 255, 255, 255, 254, 254,
				254 },
		   (uint8_t[]){ 1, 128, 255, 254 });
	/* The first pixel's value, transparent: black. */
	assert_png(&hole, 2, 2, holes,
		   (uint8_t[]){ 0, 0, 0, 9, 9, 9, 0, 0, 0, 51, 51, 51 },
		   (uint8_t[]){ 0, 9, 0, 51 });
	assert_png(
		&alpha, 2, 2, pairs,
		(uint8_t[]){ 200, 200, 200, 0, 0, 0, 100, 100, 100, 1, 1, 1 },
		(uint8_t[]){ 200, 0, 100, 1 });
}

static void png_colour(void **state)
{
	static const struct png_kind rgb = { PNG_COLOR_TYPE_RGB, 8, 0, 0 };
	static const struct png_kind hole = { PNG_COLOR_TYPE_RGB, 8, 0, 1 };
	static const struct png_kind rgba = { PNG_COLOR_TYPE_RGBA, 8, 0, 0 };
	static const struct png_kind deep = { PNG_COLOR_TYPE_RGBA, 16, 0, 0 };
	static const struct png_kind table = { PNG_COLOR_TYPE_PALETTE, 4, 0,
					       0 };
	static const struct png_kind clear = { PNG_COLOR_TYPE_PALETTE, 2, 0,
					       1 };
	static const uint8_t colours[] = { 255, 0, 0,	0,  255, 0,
					   0,	0, 255, 10, 20,	 30 };
	static const uint8_t four[] = { 255, 0, 0,   255, 0,   255, 0,	 0,
					0,   0, 255, 51,  100, 50,  200, 128 };
	static const uint8_t words[] = { 0xff, 0xff, 0,	   0,
					 0x80, 0x80, 0xff, 0xff };
	static const uint8_t indices[] = { 0x01, 0x23 };
	static const uint8_t packed[] = { 0x10, 0x60 };

	(void)state;
	assert_png(&rgb, 2, 2, colours, colours,
		   (uint8_t[]){ 76, 150, 29, 18 });
	assert_png(&hole, 2, 2, colours,
		   (uint8_t[]){ 0, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30 },
		   (uint8_t[]){ 0, 150, 29, 18 });
	assert_png(&rgba, 2, 2, four,
		   (uint8_t[]){ 255, 0, 0, 0, 0, 0, 0, 0, 51, 50, 25, 100 },
		   (uint8_t[]){ 76, 0, 6, 41 });
	assert_png(&deep, 1, 1, words, (uint8_t[]){ 255, 0, 128 },
		   (uint8_t[]){ 91 });
	assert_png(&table, 2, 2, indices,
		   (uint8_t[]){ 0, 0, 0, 10, 20, 30, 20, 40, 60, 30, 60, 90 },
		   (uint8_t[]){ 0, 18, 36, 54 });
	/* Entry 1 has an alpha of a fifth. */
	assert_png(&clear, 2, 2, packed,
		   (uint8_t[]){ 0, 0, 0, 2, 4, 6, 2, 4, 6, 20, 40, 60 },
		   (uint8_t[]){ 0, 4, 4, 36 });
}

/* A picture whose every pixel is another one. */
static uint8_t *gradient(unsigned int w, unsigned int h, unsigned int channels)
{
	uint8_t *p = malloc((size_t)w * h * channels);
	unsigned int x, y, c;

	for (y = 0; y < h; y++)
		for (x = 0; x < w; x++)
			for (c = 0; c < channels; c++)
				p[(y * w + x) * channels + c] =
					(uint8_t)(x * 5 + y * 3 + c * 40);
	return p;
}

static void png_interlaced(void **state)
{
	static const struct png_kind kind = { PNG_COLOR_TYPE_RGB, 8, 1, 0 };
	uint8_t *samples = gradient(13, 11, 3), *file;
	struct ak_image image;
	size_t size;

	(void)state;
	write_png(&kind, 13, 11, samples, &file, &size);
	assert_int_equal(decode(file, size, 3, &image), 0);
	assert_memory_equal(image.pixels, samples, 13 * 11 * 3);
	free(image.pixels);
	free(file);
	free(samples);
}

static void png_round_trip(void **state)
{
	static const unsigned int sizes[][2] = { { 1, 1 },
						 { 7, 3 },
						 { 64, 200 } };
	unsigned int channels;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		for (channels = 1; channels <= 3; channels += 2) {
			struct ak_image in = { .width = sizes[i][0],
					       .height = sizes[i][1],
					       .channels = channels },
					out;
			uint8_t *file;
			size_t size;

			in.pixels =
				gradient(sizes[i][0], sizes[i][1], channels);
			assert_int_equal(
				ak_image_encode_png(&in, &file, &size, NULL),
				0);
			assert_int_equal(decode(file, size, channels, &out), 0);
			assert_int_equal(out.width, in.width);
			assert_int_equal(out.height, in.height);
			assert_memory_equal(out.pixels, in.pixels,
					    in.width * in.height * channels);
			free(out.pixels);
			free(in.pixels);
			free(file);
		}
}

static void png_bad_sizes(void **state)
{
	struct ak_image image = { .width = 1, .height = 1, .channels = 2 };
	uint8_t *file;
	size_t size;

	(void)state;
	assert_int_equal(ak_image_encode_png(&image, &file, &size, NULL),
			 -EINVAL);
	image = (struct ak_image){ .width = 0, .height = 1, .channels = 3 };
	assert_int_equal(ak_image_encode_png(&image, &file, &size, NULL),
			 -EINVAL);
	image = (struct ak_image){ .width = 1 << 20,
				   .height = 65,
				   .channels = 3 };
	assert_int_equal(ak_image_encode_png(&image, &file, &size, NULL),
			 -EFBIG);
	image.height = SIZE_MAX;
	assert_int_equal(ak_image_encode_png(&image, &file, &size, NULL),
			 -EFBIG);
}

static uint32_t crc(const uint8_t *p, size_t n)
{
	uint32_t c = 0xffffffff;
	int bit;

	while (n--) {
		c ^= *p++;
		for (bit = 0; bit < 8; bit++)
			c = c >> 1 ^ (c & 1 ? 0xedb88320 : 0);
	}
	return ~c;
}

static void put_be32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

/* A small file that says that it is large: nothing is allocated for it. */
static void png_claims(void **state)
{
	static const struct {
		uint32_t w, h;
		int code;
	} claims[] = {
		{ 8192, 8193, -EFBIG },	    { 0x7fffffff, 0x7fffffff, -EFBIG },
		{ 8192, 8192, -EINVAL },    { 0, 5, -EINVAL },
		{ 0xffffffff, 1, -EINVAL },
	};
	static const struct png_kind kind = { PNG_COLOR_TYPE_GRAY, 8, 0, 0 };
	struct ak_image image;
	uint8_t *file;
	size_t size, i;

	(void)state;
	write_png(&kind, 1, 1, (const uint8_t *)"x", &file, &size);
	for (i = 0; i < ARRAY_SIZE(claims); i++) {
		put_be32(file + 16, claims[i].w);
		put_be32(file + 20, claims[i].h);
		put_be32(file + 29, crc(file + 12, 17));
		assert_int_equal(decode(file, size, 3, &image), claims[i].code);
	}
	free(file);
}

static void png_damage(void **state)
{
	static const struct png_kind kind = { PNG_COLOR_TYPE_RGB, 8, 1, 0 };
	uint8_t *samples = gradient(9, 7, 3), *file, *copy;
	struct ak_image image;
	size_t size, i;

	(void)state;
	write_png(&kind, 9, 7, samples, &file, &size);
	for (i = 0; i < size; i++) {
		copy = malloc(i ? i : 1);
		memcpy(copy, file, i);
		assert_int_equal(decode(copy, i, 3, &image), -EINVAL);
		free(copy);
		/* Every byte is under a checksum, or is one. */
		file[i] ^= 0x55;
		assert_int_equal(decode(file, size, 3, &image), -EINVAL);
		file[i] ^= 0x55;
	}
	free(file);
	free(samples);
}

#else /* !HAVE_LIBPNG */

static void png_absent(void **state)
{
	struct ak_image image = { .width = 1, .height = 1, .channels = 1 };
	struct ak_image out;
	uint8_t *file;
	size_t size;

	(void)state;
	assert_int_equal(decode("\x89PNG\r\n\x1a\n", 8, 3, &out), -ENOTSUP);
	assert_int_equal(ak_image_encode_png(&image, &file, &size, NULL),
			 -ENOTSUP);
}

#endif /* HAVE_LIBPNG */

#if HAVE_LIBJPEG

/* A slope that quality 100 keeps to within a few units. */
static uint8_t *slope(unsigned int w, unsigned int h, unsigned int channels)
{
	uint8_t *p = malloc((size_t)w * h * channels);
	unsigned int x, y, c;

	for (y = 0; y < h; y++)
		for (x = 0; x < w; x++)
			for (c = 0; c < channels; c++)
				p[(y * w + x) * channels + c] =
					(uint8_t)(2 * x + y + 50 * c);
	return p;
}

static void assert_near(const struct ak_image *image, const uint8_t *want)
{
	size_t i, n = image->width * image->height * image->channels;

	for (i = 0; i < n; i++)
		assert_in_range(image->pixels[i] + 4 - want[i], 0, 8);
}

static void jpeg_kinds(void **state)
{
	uint8_t *grey = slope(41, 23, 1), *rgb = slope(41, 23, 3), *file;
	struct ak_image image;
	size_t size, i;
	int kind;

	(void)state;
	for (kind = JPEG_COLOUR; kind <= JPEG_PROGRESSIVE; kind++) {
		write_jpeg(kind, 41, 23, rgb, &file, &size);
		assert_int_equal(decode(file, size, 3, &image), 0);
		assert_int_equal(image.width, 41);
		assert_int_equal(image.height, 23);
		assert_near(&image, rgb);
		free(image.pixels);
		free(file);
	}
	write_jpeg(JPEG_GREY, 41, 23, grey, &file, &size);
	assert_int_equal(decode(file, size, 1, &image), 0);
	assert_near(&image, grey);
	free(image.pixels);
	/* Grey to three equal channels. */
	assert_int_equal(decode(file, size, 3, &image), 0);
	for (i = 0; i < 41 * 23; i++) {
		assert_int_equal(image.pixels[3 * i], image.pixels[3 * i + 1]);
		assert_int_equal(image.pixels[3 * i], image.pixels[3 * i + 2]);
		assert_in_range(image.pixels[3 * i] + 4 - grey[i], 0, 8);
	}
	free(image.pixels);
	free(file);
	/* Colour to grey: 0.299 v + 0.587 (v + 50) + 0.114 (v + 100) */
	write_jpeg(JPEG_COLOUR, 41, 23, rgb, &file, &size);
	assert_int_equal(decode(file, size, 1, &image), 0);
	for (i = 0; i < 41 * 23; i++)
		assert_in_range(image.pixels[i] + 4 - (grey[i] + 41), 0, 8);
	free(image.pixels);
	free(file);
	free(grey);
	free(rgb);
}

static void jpeg_cmyk(void **state)
{
	uint8_t *samples = slope(16, 16, 4), *file;
	struct ak_image image;
	size_t size;

	(void)state;
	write_jpeg(JPEG_CMYK, 16, 16, samples, &file, &size);
	assert_int_equal(decode(file, size, 3, &image), -ENOTSUP);
	assert_int_equal(decode(file, size, 1, &image), -ENOTSUP);
	free(file);
	free(samples);
}

/* Where the frame header says how large the picture is. */
static uint8_t *frame(uint8_t *file, size_t size)
{
	size_t i;

	for (i = 2; i + 9 < size; i++)
		if (file[i] == 0xff && file[i + 1] == 0xc0)
			return file + i + 5;
	fail();
	return NULL;
}

static void jpeg_claims(void **state)
{
	uint8_t *grey = slope(16, 16, 1), *file;
	struct ak_image image;
	size_t size;

	(void)state;
	write_jpeg(JPEG_GREY, 16, 16, grey, &file, &size);
	memcpy(frame(file, size), "\xff\xdc\xff\xdc", 4);
	assert_int_equal(decode(file, size, 1, &image), -EFBIG);
	memcpy(frame(file, size), "\x20\x00\x20\x00", 4);
	assert_int_equal(decode(file, size, 1, &image), -EINVAL);
	memcpy(frame(file, size), "\x00\x10\x00\x00", 4);
	assert_int_equal(decode(file, size, 1, &image), -EINVAL);
	free(file);
	free(grey);
}

static void jpeg_damage(void **state)
{
	uint8_t *rgb = slope(24, 24, 3), *file, *copy;
	struct ak_image image;
	size_t size, i;
	int kind;

	(void)state;
	for (kind = JPEG_COLOUR; kind <= JPEG_PROGRESSIVE; kind++) {
		write_jpeg(kind, 24, 24, rgb, &file, &size);
		for (i = 0; i < size; i++) {
			copy = malloc(i ? i : 1);
			memcpy(copy, file, i);
			assert_int_equal(decode(copy, i, 3, &image), -EINVAL);
			free(copy);
			/* JPEG has no checksum: pixels may come out of it. */
			file[i] ^= 0x55;
			decode(file, size, 3, &image);
			free(image.pixels);
			file[i] ^= 0x55;
		}
		free(file);
	}
	free(rgb);
}

#else /* !HAVE_LIBJPEG */

static void jpeg_absent(void **state)
{
	struct ak_image out;

	(void)state;
	assert_int_equal(decode("\xff\xd8\xff\xe0", 4, 3, &out), -ENOTSUP);
}

#endif /* HAVE_LIBJPEG */

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(other_kinds),
#if HAVE_LIBPNG
		cmocka_unit_test(png_grey),
		cmocka_unit_test(png_colour),
		cmocka_unit_test(png_interlaced),
		cmocka_unit_test(png_round_trip),
		cmocka_unit_test(png_bad_sizes),
		cmocka_unit_test(png_claims),
		cmocka_unit_test(png_damage),
#else
		cmocka_unit_test(png_absent),
#endif
#if HAVE_LIBJPEG
		cmocka_unit_test(jpeg_kinds),
		cmocka_unit_test(jpeg_cmyk),
		cmocka_unit_test(jpeg_claims),
		cmocka_unit_test(jpeg_damage),
#else
		cmocka_unit_test(jpeg_absent),
#endif
	};

	return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
