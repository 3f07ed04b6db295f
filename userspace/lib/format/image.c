// SPDX-License-Identifier: LGPL-2.1-or-later
#include "format/image_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t png_magic[] = {
	0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'
};
static const uint8_t jpeg_magic[] = { 0xff, 0xd8, 0xff };

int ak_image_alloc(struct ak_image *image, struct ak_err *err)
{
	size_t pixels;

	if (!image->height || !image->width)
		return ak_errf(err, -EINVAL, "the picture has no pixels");
	if (__builtin_mul_overflow(image->height, image->width, &pixels) ||
	    pixels > AK_IMAGE_MAX_PIXELS)
		return ak_errf(
			err, -EFBIG,
			"the picture has %zu x %zu pixels; %u are the most, make it smaller",
			image->width, image->height, AK_IMAGE_MAX_PIXELS);
	image->pixels = malloc(pixels * image->channels);
	if (!image->pixels)
		return ak_errf(err, -ENOMEM, "no memory for %zu x %zu pixels",
			       image->width, image->height);
	return 0;
}

int ak_image_decode(const void *data, size_t size, unsigned int channels,
		    struct ak_image *image, struct ak_err *err)
{
	int rc;

	memset(image, 0, sizeof(*image));
	image->channels = channels;
	if (channels != 1 && channels != 3)
		return ak_errf(err, -EINVAL,
			       "pictures have 1 or 3 channels, not %u",
			       channels);
	if (size >= sizeof(png_magic) &&
	    !memcmp(data, png_magic, sizeof(png_magic)))
		rc = ak_image_decode_png(data, size, image, err);
	else if (size >= sizeof(jpeg_magic) &&
		 !memcmp(data, jpeg_magic, sizeof(jpeg_magic)))
		rc = ak_image_decode_jpeg(data, size, image, err);
	else
		rc = ak_errf(err, -EINVAL,
			     "is not a PNG or JPEG picture; convert it to one");
	if (rc) {
		free(image->pixels);
		image->pixels = NULL;
	}
	return rc;
}
