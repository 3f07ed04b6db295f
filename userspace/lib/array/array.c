// SPDX-License-Identifier: LGPL-2.1-or-later
#include "array/array.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "array/resize.h"
#include "common/export.h"
#include "common/file.h"
#include "format/dtype.h"
#include "format/image.h"
#include "format/npy.h"

/* Largest .npy file that is read. */
#define MAX_NPY ((size_t)4 << 30)
/* Longest side that is resized: sums of rounded weights stay in 31 bits. */
#define MAX_SIDE ((size_t)1 << 20)

AK_EXPORT struct akida_array *akida_array_new(void)
{
	return calloc(1, sizeof(struct akida_array));
}

AK_EXPORT void akida_array_free(struct akida_array *a)
{
	if (!a)
		return;
	free(a->data);
	free(a);
}

AK_EXPORT const char *akida_array_error(const struct akida_array *a)
{
	return a->err.text;
}

/* Memory for an array of a shape; @a is left as it is. */
static int alloc_elements(struct akida_array *a, enum akida_dtype dtype,
			  unsigned int ndim, const size_t *shape, size_t *bytes,
			  void **data)
{
	size_t count, room;

	if (ak_array_bytes(dtype, ndim, shape, &count, bytes))
		return ak_errf(
			&a->err, -EINVAL,
			"no array of dtype %s can have this shape of %u dimensions",
			akida_dtype_name(dtype), ndim);
	/* Whole lines, and one for an array without elements. */
	room = (*bytes / AK_ARRAY_ALIGN + 1) * AK_ARRAY_ALIGN;
	*data = aligned_alloc(AK_ARRAY_ALIGN, room);
	if (!*data)
		return ak_errf(&a->err, -ENOMEM,
			       "no memory for an array of %zu bytes", *bytes);
	return 0;
}

static void replace(struct akida_array *a, enum akida_dtype dtype,
		    unsigned int ndim, const size_t *shape, void *data,
		    size_t bytes)
{
	/* @shape may be that of @a. */
	if (ndim)
		memmove(a->shape, shape, ndim * sizeof(*shape));
	free(a->data);
	a->dtype = dtype;
	a->ndim = ndim;
	a->data = data;
	a->bytes = bytes;
}

AK_EXPORT int akida_array_set(struct akida_array *a, enum akida_dtype dtype,
			      unsigned int ndim, const size_t *shape,
			      const void *data)
{
	size_t bytes;
	void *to;
	int rc;

	rc = alloc_elements(a, dtype, ndim, shape, &bytes, &to);
	if (rc)
		return rc;
	if (!data)
		memset(to, 0, bytes);
	else if (bytes)
		memcpy(to, data, bytes);
	replace(a, dtype, ndim, shape, to, bytes);
	return 0;
}

AK_EXPORT int akida_array_load_npy(struct akida_array *a, const char *path)
{
	struct ak_npy npy;
	size_t size, bytes;
	uint8_t *file;
	void *to;
	int rc;

	rc = ak_file_read(path, MAX_NPY, &file, &size, &a->err);
	if (rc)
		return rc;
	rc = ak_npy_parse(file, size, &npy, &a->err);
	if (!rc)
		rc = alloc_elements(a, npy.dtype, npy.ndim, npy.shape, &bytes,
				    &to);
	if (rc) {
		ak_err_prefix(&a->err, "%s: ", path);
	} else {
		ak_npy_elements(&npy, file, to);
		replace(a, npy.dtype, npy.ndim, npy.shape, to, bytes);
	}
	free(file);
	return rc;
}

AK_EXPORT int akida_array_load_image(struct akida_array *a, const char *path,
				     unsigned int channels)
{
	struct ak_image image = { 0 };
	uint8_t *file;
	size_t size;
	int rc;

	rc = ak_file_read(path, AK_IMAGE_MAX_FILE, &file, &size, &a->err);
	if (rc)
		return rc;
	rc = ak_image_decode(file, size, channels, &image, &a->err);
	free(file);
	if (!rc) {
		size_t shape[3] = { image.height, image.width, channels };

		rc = akida_array_set(a, AKIDA_DTYPE_UINT8, 3, shape,
				     image.pixels);
	}
	if (rc)
		ak_err_prefix(&a->err, "%s: ", path);
	free(image.pixels);
	return rc;
}

static int check_picture(struct akida_array *a)
{
	if (a->dtype != AKIDA_DTYPE_UINT8 || a->ndim != 3)
		return ak_errf(
			&a->err, -EINVAL,
			"an array of dtype %s and %u dimensions is not a picture; it must be uint8 of shape (height, width, channels)",
			akida_dtype_name(a->dtype), a->ndim);
	if (!a->bytes)
		return ak_errf(&a->err, -EINVAL, "the picture has no pixels");
	return 0;
}

AK_EXPORT int akida_array_resize_image(struct akida_array *a, size_t height,
				       size_t width, unsigned int flags)
{
	size_t shape[3] = { height, width, 0 }, pixels, bytes;
	struct ak_resize_box box;
	void *to;
	int rc;

	rc = check_picture(a);
	if (rc)
		return rc;
	if (flags & ~AKIDA_RESIZE_CROP)
		return ak_errf(&a->err, -EINVAL,
			       "unknown flags 0x%x for a resize", flags);
	if (a->shape[0] > MAX_SIDE || a->shape[1] > MAX_SIDE)
		return ak_errf(&a->err, -EINVAL,
			       "a picture of %zu x %zu is too long to resize",
			       a->shape[1], a->shape[0]);
	if (!height || !width ||
	    __builtin_mul_overflow(height, width, &pixels) ||
	    pixels > AK_IMAGE_MAX_PIXELS)
		return ak_errf(
			&a->err, -EINVAL,
			"a picture cannot be resized to %zu x %zu; 1 to %u pixels are possible",
			width, height, AK_IMAGE_MAX_PIXELS);
	shape[2] = a->shape[2];
	rc = alloc_elements(a, AKIDA_DTYPE_UINT8, 3, shape, &bytes, &to);
	if (rc)
		return rc;
	box = (struct ak_resize_box){ .width = (double)a->shape[1],
				      .height = (double)a->shape[0] };
	if (flags & AKIDA_RESIZE_CROP)
		box = ak_resize_centred(a->shape[0], a->shape[1], height,
					width);
	rc = ak_resize_bilinear(a->data, a->shape[0], a->shape[1], a->shape[2],
				&box, to, height, width);
	if (rc) {
		free(to);
		return ak_errf(&a->err, rc, "no memory to resize a picture");
	}
	replace(a, AKIDA_DTYPE_UINT8, 3, shape, to, bytes);
	return 0;
}

AK_EXPORT int akida_array_save_npy(struct akida_array *a, const char *path)
{
	uint8_t *file;
	size_t size;
	int rc;

	if (!a->dtype)
		return ak_errf(&a->err, -EINVAL,
			       "%s: there is no array to save", path);
	rc = ak_npy_build(a->dtype, a->ndim, a->shape, a->data, &file, &size,
			  &a->err);
	if (rc) {
		ak_err_prefix(&a->err, "%s: ", path);
		return rc;
	}
	rc = ak_file_write(path, file, size, &a->err);
	free(file);
	return rc;
}

AK_EXPORT int akida_array_save_png(struct akida_array *a, const char *path)
{
	struct ak_image image;
	uint8_t *file = NULL;
	size_t size;
	int rc;

	rc = check_picture(a);
	if (!rc && a->shape[2] != 1 && a->shape[2] != 3)
		rc = ak_errf(&a->err, -EINVAL,
			     "a PNG picture has 1 or 3 channels, not %zu",
			     a->shape[2]);
	if (!rc) {
		image = (struct ak_image){ .height = a->shape[0],
					   .width = a->shape[1],
					   .channels =
						   (unsigned int)a->shape[2],
					   .pixels = a->data };
		rc = ak_image_encode_png(&image, &file, &size, &a->err);
	}
	if (rc) {
		ak_err_prefix(&a->err, "%s: ", path);
		return rc;
	}
	rc = ak_file_write(path, file, size, &a->err);
	free(file);
	return rc;
}

AK_EXPORT enum akida_dtype akida_array_dtype(const struct akida_array *a)
{
	return a->dtype;
}

AK_EXPORT unsigned int akida_array_ndim(const struct akida_array *a)
{
	return a->ndim;
}

AK_EXPORT const size_t *akida_array_shape(const struct akida_array *a)
{
	return a->shape;
}

AK_EXPORT void *akida_array_data(const struct akida_array *a)
{
	return a->data;
}

AK_EXPORT size_t akida_array_bytes(const struct akida_array *a)
{
	return a->bytes;
}
