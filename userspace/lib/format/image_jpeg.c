// SPDX-License-Identifier: LGPL-2.1-or-later
#include "format/image_internal.h"

#include <errno.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#if HAVE_LIBJPEG

/* jpeglib.h uses FILE and size_t without including what has them. */
#include <stdio.h>

#include <jpeglib.h>
#include <jerror.h>

/* Encoders make about ten; each costs a pass over the whole picture. */
#define MAX_SCANS 100
/*
 * A Huffman-coded block of 8x8 pixels takes a bit at least, a byte holds 512
 * pixels at most. Arithmetic coding can do better on an even picture.
 */
#define MAX_PIXELS_PER_BYTE 4096u

struct jpeg_state {
	struct jpeg_decompress_struct jpeg;
	struct jpeg_error_mgr errors;
	struct jpeg_progress_mgr progress;
	jmp_buf jump;
	size_t size;
	int code;
	struct ak_err *err;
};

static struct jpeg_state *state(j_common_ptr jpeg)
{
	return jpeg->client_data;
}

static void fail(struct jpeg_state *s, int code, const char *text)
{
	s->code = ak_errf(s->err, code, "%s", text);
	longjmp(s->jump, 1);
}

/* libjpeg's own would end the process. */
static void on_error(j_common_ptr jpeg)
{
	struct jpeg_state *s = state(jpeg);
	char text[JMSG_LENGTH_MAX];

	s->errors.format_message(jpeg, text);
	s->code = ak_errf(
		s->err,
		s->errors.msg_code == JERR_OUT_OF_MEMORY ? -ENOMEM : -EINVAL,
		"the JPEG picture is damaged or of an unknown kind: %s", text);
	longjmp(s->jump, 1);
}

/*
 * To libjpeg it is a warning that the data end early, and the rest of the
 * picture is grey. These are the warnings that leave all pixels as they were.
 */
static void on_message(j_common_ptr jpeg, int level)
{
	struct jpeg_state *s = state(jpeg);
	char text[JMSG_LENGTH_MAX];

	if (level >= 0)
		return;
	switch (s->errors.msg_code) {
	case JWRN_EXTRANEOUS_DATA:
	case JWRN_TOO_MUCH_DATA:
	case JWRN_ADOBE_XFORM:
	case JWRN_JFIF_MAJOR:
		return;
	}
	s->errors.format_message(jpeg, text);
	s->code = ak_errf(s->err, -EINVAL,
			  "the JPEG picture is damaged or cut short: %s", text);
	longjmp(s->jump, 1);
}

static void on_output(j_common_ptr jpeg)
{
	(void)jpeg;
}

static void on_progress(j_common_ptr jpeg)
{
	struct jpeg_state *s = state(jpeg);

	if (s->jpeg.input_scan_number > MAX_SCANS)
		fail(s, -EINVAL,
		     "the JPEG picture has more than 100 scans; save it again");
}

static void read_header(struct jpeg_state *s, struct ak_image *image)
{
	struct jpeg_decompress_struct *jpeg = &s->jpeg;

	jpeg_read_header(jpeg, TRUE);
	image->width = jpeg->image_width;
	image->height = jpeg->image_height;
	s->code = ak_image_alloc(image, s->err);
	if (s->code)
		longjmp(s->jump, 1);
	if (image->width * image->height / MAX_PIXELS_PER_BYTE > s->size)
		fail(s, -EINVAL,
		     "the JPEG picture is cut short: the file is too small for its size");
	switch (jpeg->jpeg_color_space) {
	case JCS_GRAYSCALE:
	case JCS_YCbCr:
	case JCS_RGB:
		break;
	default:
		fail(s, -ENOTSUP,
		     "the JPEG picture is CMYK or of another colour space; convert it to RGB");
	}
	jpeg->out_color_space = image->channels == 3 ? JCS_RGB : JCS_GRAYSCALE;
}

/* Nothing but @s and @image is changed behind setjmp(). */
static int decode(struct jpeg_state *s, const uint8_t *data,
		  struct ak_image *image)
{
	struct jpeg_decompress_struct *jpeg = &s->jpeg;

	if (setjmp(s->jump))
		return s->code;
	jpeg_create_decompress(jpeg);
	jpeg->progress = &s->progress;
	jpeg_mem_src(jpeg, data, s->size);
	read_header(s, image);
	jpeg_start_decompress(jpeg);
	while (jpeg->output_scanline < jpeg->output_height) {
		JSAMPROW row = image->pixels + (size_t)jpeg->output_scanline *
						       image->width *
						       image->channels;

		jpeg_read_scanlines(jpeg, &row, 1);
	}
	jpeg_finish_decompress(jpeg);
	return 0;
}

int ak_image_decode_jpeg(const uint8_t *data, size_t size,
			 struct ak_image *image, struct ak_err *err)
{
	struct jpeg_state s = { .size = size, .err = err };
	int rc;

	s.jpeg.err = jpeg_std_error(&s.errors);
	s.errors.error_exit = on_error;
	s.errors.emit_message = on_message;
	s.errors.output_message = on_output;
	s.progress.progress_monitor = on_progress;
	s.jpeg.client_data = &s;
	rc = decode(&s, data, image);
	jpeg_destroy_decompress(&s.jpeg);
	return rc;
}

#else /* !HAVE_LIBJPEG */

int ak_image_decode_jpeg(const uint8_t *data, size_t size,
			 struct ak_image *image, struct ak_err *err)
{
	(void)data;
	(void)size;
	(void)image;
	return ak_errf(
		err, -ENOTSUP,
		"JPEG pictures need libjpeg, without which libakida was built; use a PNG or .npy file");
}

#endif /* HAVE_LIBJPEG */
