/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * N-dimensional arrays: how inputs and outputs get in and out of files.
 */
#ifndef AKIDA_ARRAY_H
#define AKIDA_ARRAY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** AKIDA_ARRAY_MAX_DIMS - most dimensions that an array can have */
#define AKIDA_ARRAY_MAX_DIMS 8

/**
 * enum akida_dtype - element type of an array or of a model variable
 * @AKIDA_DTYPE_UINT8:   unsigned byte
 * @AKIDA_DTYPE_INT8:    signed byte (4- and 2-bit weights too, one per byte)
 * @AKIDA_DTYPE_INT16:   signed 16 bits
 * @AKIDA_DTYPE_UINT16:  unsigned 16 bits
 * @AKIDA_DTYPE_INT32:   signed 32 bits
 * @AKIDA_DTYPE_UINT32:  unsigned 32 bits
 * @AKIDA_DTYPE_INT64:   signed 64 bits
 * @AKIDA_DTYPE_UINT64:  unsigned 64 bits
 * @AKIDA_DTYPE_FLOAT32: IEEE 754 binary32
 * @AKIDA_DTYPE_FLOAT64: IEEE 754 binary64
 * @AKIDA_DTYPE_BOOL:    a byte that is 0 or 1
 */
enum akida_dtype {
	AKIDA_DTYPE_UINT8 = 1,
	AKIDA_DTYPE_INT8,
	AKIDA_DTYPE_INT16,
	AKIDA_DTYPE_UINT16,
	AKIDA_DTYPE_INT32,
	AKIDA_DTYPE_UINT32,
	AKIDA_DTYPE_INT64,
	AKIDA_DTYPE_UINT64,
	AKIDA_DTYPE_FLOAT32,
	AKIDA_DTYPE_FLOAT64,
	AKIDA_DTYPE_BOOL,
};

/**
 * akida_dtype_size() - size of one element
 * @dtype: an &enum akida_dtype
 *
 * Return: bytes per element, 0 for a value that is not a dtype.
 */
size_t akida_dtype_size(enum akida_dtype dtype);

/**
 * akida_dtype_name() - NumPy's name of a dtype
 * @dtype: an &enum akida_dtype
 *
 * Return: "uint8", "float32", ...; "unknown" for anything else.
 */
const char *akida_dtype_name(enum akida_dtype dtype);

/**
 * struct akida_array - an owned array in C order (last index fastest)
 *
 * Opaque. One thread at a time may use a handle; different handles are
 * independent of each other.
 */
struct akida_array;

/**
 * akida_array_new() - an empty array
 *
 * Return: a handle to be given to akida_array_free(), NULL without memory.
 */
struct akida_array *akida_array_new(void);

/**
 * akida_array_free() - give an array and its elements back
 * @a: a handle or NULL
 */
void akida_array_free(struct akida_array *a);

/**
 * akida_array_error() - what went wrong last
 * @a: a handle
 *
 * Return: a sentence that names the file, the place and the remedy; "" if no
 * call on this handle has failed. Valid until the next call on @a.
 */
const char *akida_array_error(const struct akida_array *a);

/**
 * akida_array_set() - shape the array, zeroed or copied from memory
 * @a: a handle; what it held before is given back
 * @dtype: element type
 * @ndim: number of dimensions, 0 (a scalar) to AKIDA_ARRAY_MAX_DIMS
 * @shape: @ndim sizes, slowest first
 * @data: elements in C order and host byte order, or NULL for zeros
 *
 * Return: 0, -EINVAL for an impossible shape or dtype, -ENOMEM.
 */
int akida_array_set(struct akida_array *a, enum akida_dtype dtype,
		    unsigned int ndim, const size_t *shape, const void *data);

/**
 * akida_array_load_npy() - read a NumPy .npy file
 * @a: a handle; what it held before is given back
 * @path: file name
 *
 * Format versions 1 to 3, little and big endian, C and Fortran order (the
 * array is brought to C order and host byte order). Object and string dtypes
 * are refused: they would need Python's unpickler.
 *
 * Return: 0 or a negative errno: -EINVAL for a file that is not a well-formed
 * array, -ENOTSUP for a dtype that is not in &enum akida_dtype, or what the
 * system said when it opened or read the file.
 */
int akida_array_load_npy(struct akida_array *a, const char *path);

/**
 * akida_array_load_image() - read a PNG or JPEG picture
 * @a: a handle; what it held before is given back
 * @path: file name; the kind is told from the first bytes, not from the name
 * @channels: 1 (grey) or 3 (RGB); pictures are converted, alpha is laid over
 *	black
 *
 * The result is uint8 of shape (height, width, channels).
 *
 * Return: 0 or a negative errno: -EINVAL for an unreadable picture, -ENOTSUP
 * if libakida was built without that format's library, -EFBIG above 64
 * megapixels.
 */
int akida_array_load_image(struct akida_array *a, const char *path,
			   unsigned int channels);

/** AKIDA_RESIZE_CROP - keep the aspect ratio and cut the middle out */
#define AKIDA_RESIZE_CROP 1u

/**
 * akida_array_resize_image() - bilinear resize of a picture
 * @a: uint8 array of shape (height, width, channels), replaced by the result
 * @height: rows wanted
 * @width: columns wanted
 * @flags: 0 stretches, AKIDA_RESIZE_CROP keeps the aspect ratio and cuts the
 *	largest centred window that has the wanted one
 *
 * Pixel centres are at half integers, and a shrink averages over the pixels
 * that it merges (a triangle filter as wide as the scale), as Pillow's
 * Image.BILINEAR does.
 *
 * Return: 0, -EINVAL for an array that is not a picture or a zero size,
 * -ENOMEM.
 */
int akida_array_resize_image(struct akida_array *a, size_t height,
			     size_t width, unsigned int flags);

/**
 * akida_array_save_npy() - write a NumPy .npy file (version 1.0)
 * @a: a handle
 * @path: file name; written under a temporary name beside it, then renamed
 *
 * Return: 0 or a negative errno.
 */
int akida_array_save_npy(struct akida_array *a, const char *path);

/**
 * akida_array_save_png() - write a PNG picture
 * @a: uint8 array of shape (height, width, 1 or 3)
 * @path: file name; written under a temporary name beside it, then renamed
 *
 * Return: 0 or a negative errno.
 */
int akida_array_save_png(struct akida_array *a, const char *path);

/**
 * akida_array_dtype() - element type
 * @a: a handle
 *
 * Return: the dtype, 0 for an empty array.
 */
enum akida_dtype akida_array_dtype(const struct akida_array *a);

/**
 * akida_array_ndim() - number of dimensions
 * @a: a handle
 *
 * Return: 0 for a scalar or an empty array.
 */
unsigned int akida_array_ndim(const struct akida_array *a);

/**
 * akida_array_shape() - sizes of the dimensions, slowest first
 * @a: a handle
 *
 * Return: akida_array_ndim() numbers.
 */
const size_t *akida_array_shape(const struct akida_array *a);

/**
 * akida_array_data() - the elements, C order, host byte order
 * @a: a handle
 *
 * Return: akida_array_bytes() bytes, aligned to 64.
 */
void *akida_array_data(const struct akida_array *a);

/**
 * akida_array_bytes() - size of the elements
 * @a: a handle
 *
 * Return: bytes.
 */
size_t akida_array_bytes(const struct akida_array *a);

#ifdef __cplusplus
}
#endif

#endif /* AKIDA_ARRAY_H */
