// SPDX-License-Identifier: GPL-2.0
/*
 * Arrays as users hold them: set, load, save, resize.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <akida/array.h>

#include "cmocka_all.h"
#include "common/util.h"
#include "scratch.h"

static char dir[64];
static char path[96];

static int make(void **state)
{
	if (scratch_make(dir, sizeof(dir)))
		return -1;
	snprintf(path, sizeof(path), "%s/file", dir);
	*state = akida_array_new();
	return *state ? 0 : -1;
}

static int unmake(void **state)
{
	akida_array_free(*state);
	return scratch_remove(dir);
}

static void write_bytes(const void *data, size_t size)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, size, f), size);
	assert_int_equal(fclose(f), 0);
}

static void empty(void **state)
{
	struct akida_array *a = *state;

	assert_int_equal(akida_array_dtype(a), 0);
	assert_int_equal(akida_array_ndim(a), 0);
	assert_int_equal(akida_array_bytes(a), 0);
	assert_string_equal(akida_array_error(a), "");
	assert_int_equal(akida_array_save_npy(a, path), -EINVAL);
	assert_non_null(strstr(akida_array_error(a), path));
	assert_int_equal(akida_array_save_png(a, path), -EINVAL);
	assert_int_equal(akida_array_resize_image(a, 1, 1, 0), -EINVAL);
	akida_array_free(NULL);
}

static void set(void **state)
{
	static const size_t shape[] = { 2, 3 };
	static const size_t none[] = { 2, 0, 3 };
	static const size_t huge[] = { SIZE_MAX / 2, 4 };
	static const size_t many[AKIDA_ARRAY_MAX_DIMS + 1] = { 1, 1, 1, 1, 1,
							       1, 1, 1, 1 };
	static const int32_t numbers[] = { 1, -2, 3, -4, 5, -6 };
	static const int32_t zeros[6];
	struct akida_array *a = *state;

	assert_int_equal(
		akida_array_set(a, AKIDA_DTYPE_INT32, 2, shape, numbers), 0);
	assert_int_equal(akida_array_bytes(a), 24);
	assert_int_equal((uintptr_t)akida_array_data(a) % 64, 0);
	assert_memory_equal(akida_array_data(a), numbers, 24);
	/* From itself, in another shape. */
	assert_int_equal(akida_array_set(a, AKIDA_DTYPE_INT32, 1,
					 &akida_array_shape(a)[1],
					 akida_array_data(a)),
			 0);
	assert_int_equal(akida_array_shape(a)[0], 3);
	assert_memory_equal(akida_array_data(a), numbers, 12);
	/* Refused: what it held is still there. */
	assert_int_equal(akida_array_set(a, AKIDA_DTYPE_INT32, 2, huge, NULL),
			 -EINVAL);
	assert_int_equal(akida_array_set(a, 77, 2, shape, NULL), -EINVAL);
	assert_int_equal(akida_array_set(a, AKIDA_DTYPE_INT32, ARRAY_SIZE(many),
					 many, NULL),
			 -EINVAL);
	assert_string_not_equal(akida_array_error(a), "");
	assert_memory_equal(akida_array_data(a), numbers, 12);
	assert_int_equal(akida_array_set(a, AKIDA_DTYPE_INT32, 2, shape, NULL),
			 0);
	assert_memory_equal(akida_array_data(a), zeros, 24);
	assert_int_equal(akida_array_set(a, AKIDA_DTYPE_INT32, 3, none, NULL),
			 0);
	assert_int_equal(akida_array_bytes(a), 0);
	assert_non_null(akida_array_data(a));
	assert_int_equal(akida_array_set(a, AKIDA_DTYPE_FLOAT64, 0, NULL, NULL),
			 0);
	assert_int_equal(akida_array_bytes(a), 8);
}

static void npy_files(void **state)
{
	static const size_t shape[] = { 2, 3 };
	static const float numbers[] = { 1.5f, -2, 3e30f, 0, 5, -6 };
	struct akida_array *a = *state, *b = akida_array_new();

	assert_int_equal(
		akida_array_set(a, AKIDA_DTYPE_FLOAT32, 2, shape, numbers), 0);
	assert_int_equal(akida_array_save_npy(a, path), 0);
	assert_int_equal(akida_array_load_npy(b, path), 0);
	assert_int_equal(akida_array_dtype(b), AKIDA_DTYPE_FLOAT32);
	assert_int_equal(akida_array_ndim(b), 2);
	assert_int_equal(akida_array_shape(b)[1], 3);
	assert_memory_equal(akida_array_data(b), numbers, sizeof(numbers));
	/* A bad file leaves the array as it was, and is named. */
	write_bytes("no array", 8);
	assert_int_equal(akida_array_load_npy(b, path), -EINVAL);
	assert_non_null(strstr(akida_array_error(b), path));
	assert_memory_equal(akida_array_data(b), numbers, sizeof(numbers));
	unlink(path);
	assert_int_equal(akida_array_load_npy(b, path), -ENOENT);
	assert_int_equal(akida_array_load_npy(b, dir), -EISDIR);
	akida_array_free(b);
}

static void picture_files(void **state)
{
	static const size_t shape[] = { 2, 1, 3 }, two[] = { 2, 1, 2 };
	static const uint8_t rgb[] = { 255, 0, 0, 10, 20, 30 };
	static const uint8_t grey[] = { 76, 18 };
	struct akida_array *a = *state;

	assert_int_equal(akida_array_set(a, AKIDA_DTYPE_UINT8, 3, two, NULL),
			 0);
	assert_int_equal(akida_array_save_png(a, path), -EINVAL);
	assert_int_equal(akida_array_set(a, AKIDA_DTYPE_INT8, 3, shape, rgb),
			 0);
	assert_int_equal(akida_array_save_png(a, path), -EINVAL);
	assert_int_equal(akida_array_set(a, AKIDA_DTYPE_UINT8, 3, shape, rgb),
			 0);
	write_bytes("no picture", 10);
	assert_int_equal(akida_array_load_image(a, path, 3), -EINVAL);
	assert_non_null(strstr(akida_array_error(a), path));
	assert_memory_equal(akida_array_data(a), rgb, sizeof(rgb));
	unlink(path);
	assert_int_equal(akida_array_load_image(a, path, 3), -ENOENT);
#if HAVE_LIBPNG
	assert_int_equal(akida_array_save_png(a, path), 0);
	assert_int_equal(akida_array_load_image(a, path, 1), 0);
	assert_int_equal(akida_array_shape(a)[0], 2);
	assert_int_equal(akida_array_shape(a)[1], 1);
	assert_int_equal(akida_array_shape(a)[2], 1);
	assert_memory_equal(akida_array_data(a), grey, 2);
	assert_int_equal(akida_array_load_image(a, path, 3), 0);
	assert_memory_equal(akida_array_data(a), rgb, sizeof(rgb));
	assert_int_equal(akida_array_load_image(a, path, 4), -EINVAL);
#else
	assert_int_equal(akida_array_save_png(a, path), -ENOTSUP);
	(void)grey;
#endif
}

static void assert_resized(struct akida_array *a, size_t h, size_t w,
			   const uint8_t *pixels, size_t out_h, size_t out_w,
			   unsigned int flags, const uint8_t *want)
{
	size_t shape[] = { h, w, 1 };

	assert_int_equal(
		akida_array_set(a, AKIDA_DTYPE_UINT8, 3, shape, pixels), 0);
	assert_int_equal(akida_array_resize_image(a, out_h, out_w, flags), 0);
	assert_int_equal(akida_array_shape(a)[0], out_h);
	assert_int_equal(akida_array_shape(a)[1], out_w);
	assert_int_equal(akida_array_bytes(a), out_h * out_w);
	assert_memory_equal(akida_array_data(a), want, out_h * out_w);
}

/* Cases that can be done by hand. */
static void resize_known(void **state)
{
	static const uint8_t two[] = { 0, 100 };
	static const uint8_t four[] = { 0, 100, 200, 40 };
	static const uint8_t square[] = { 0, 40, 80, 120 };
	static const uint8_t wide[] = { 0, 0, 10, 20, 250, 250 };

	/* Centres at 1/4, 3/4, 5/4, 7/4 of two pixels; the border repeats. */
	assert_resized(*state, 1, 2, two, 1, 4, 0,
		       (uint8_t[]){ 0, 25, 75, 100 });
	assert_resized(*state, 2, 1, two, 4, 1, 0,
		       (uint8_t[]){ 0, 25, 75, 100 });
	/*
	 * Halving four pixels: triangles of radius 2 at 1 and 3. Weights of
	 * the first 3/4 3/4 1/4 of 7/4, of the second mirrored.
	 */
	assert_resized(*state, 1, 4, four, 1, 2, 0, (uint8_t[]){ 71, 117 });
	assert_resized(*state, 2, 2, square, 1, 1, 0, (uint8_t[]){ 60 });
	/* The middle two of six columns, as they are. */
	assert_resized(*state, 1, 6, wide, 1, 1, AKIDA_RESIZE_CROP,
		       (uint8_t[]){ 15 });
	assert_resized(*state, 1, 6, wide, 1, 6, AKIDA_RESIZE_CROP, wide);
}

static uint8_t *noise(size_t n)
{
	uint8_t *p = malloc(n);
	uint32_t seed = 1;
	size_t i;

	for (i = 0; i < n; i++) {
		seed = seed * 1664525 + 1013904223;
		p[i] = (uint8_t)(seed >> 24);
	}
	return p;
}

/* Constants stay, identity stays, results stay within what they average. */
static void resize_properties(void **state)
{
	static const size_t sizes[] = { 1, 2, 3, 7, 16, 61, 224 };
	size_t i, j, k, shape[] = { 37, 53, 3 };
	struct akida_array *a = *state;
	uint8_t *pixels = noise(37 * 53 * 3), *p;
	unsigned int flags;

	assert_int_equal(
		akida_array_set(a, AKIDA_DTYPE_UINT8, 3, shape, pixels), 0);
	for (flags = 0; flags <= AKIDA_RESIZE_CROP; flags++) {
		assert_int_equal(akida_array_resize_image(a, 37, 53, flags), 0);
		assert_memory_equal(akida_array_data(a), pixels, 37 * 53 * 3);
	}
	for (i = 0; i < 37 * 53 * 3; i++)
		pixels[i] = i % 3 == 0 ? 0 : i % 3 == 1 ? 255 : 129;
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		for (j = 0; j < ARRAY_SIZE(sizes); j++)
			for (flags = 0; flags <= AKIDA_RESIZE_CROP; flags++) {
				akida_array_set(a, AKIDA_DTYPE_UINT8, 3, shape,
						pixels);
				assert_int_equal(
					akida_array_resize_image(
						a, sizes[i], sizes[j], flags),
					0);
				p = akida_array_data(a);
				for (k = 0; k < akida_array_bytes(a); k++)
					assert_int_equal(p[k], pixels[k % 3]);
			}
	free(pixels);
}

/* The rule in floating point, one result at a time: within rounding. */
static double exact(const uint8_t *p, size_t h, size_t w, size_t out_h,
		    size_t out_w, size_t y, size_t x)
{
	double sy = (double)h / out_h, sx = (double)w / out_w;
	double ry = sy > 1 ? sy : 1, rx = sx > 1 ? sx : 1;
	double sum = 0, weights = 0;
	size_t i, j;

	for (i = 0; i < h; i++)
		for (j = 0; j < w; j++) {
			double dy = ((i + 0.5) - (y + 0.5) * sy) / ry;
			double dx = ((j + 0.5) - (x + 0.5) * sx) / rx;
			double weight;

			dy = dy < 0 ? -dy : dy;
			dx = dx < 0 ? -dx : dx;
			if (dy >= 1 || dx >= 1)
				continue;
			weight = (1 - dy) * (1 - dx);
			sum += weight * p[i * w + j];
			weights += weight;
		}
	return sum / weights;
}

static void resize_exact(void **state)
{
	static const size_t outs[][2] = { { 5, 9 }, { 19, 23 }, { 40, 50 },
					  { 1, 1 }, { 3, 60 },	{ 64, 2 },
					  { 21, 7 } };
	enum {
		H = 21,
		W = 26
	};
	size_t shape[] = { H, W, 1 }, i, x, y;
	uint8_t *pixels = noise((size_t)H * W), *p;
	struct akida_array *a = *state;

	for (i = 0; i < ARRAY_SIZE(outs); i++) {
		akida_array_set(a, AKIDA_DTYPE_UINT8, 3, shape, pixels);
		assert_int_equal(
			akida_array_resize_image(a, outs[i][0], outs[i][1], 0),
			0);
		p = akida_array_data(a);
		for (y = 0; y < outs[i][0]; y++)
			for (x = 0; x < outs[i][1]; x++) {
				double want = exact(pixels, H, W, outs[i][0],
						    outs[i][1], y, x);
				double off = *p++ - want;

				/* Half a unit after each of two passes. */
				assert_true(off < 1.01 && off > -1.01);
			}
	}
	free(pixels);
}

static void resize_refusals(void **state)
{
	static const size_t flat[] = { 4, 4 }, none[] = { 4, 0, 3 };
	static const size_t shape[] = { 4, 4, 3 },
			    long_one[] = { 1, 1 << 21, 1 };
	struct akida_array *a = *state;

	akida_array_set(a, AKIDA_DTYPE_UINT8, 3, shape, NULL);
	assert_int_equal(akida_array_resize_image(a, 0, 4, 0), -EINVAL);
	assert_int_equal(akida_array_resize_image(a, 4, 0, 0), -EINVAL);
	assert_int_equal(akida_array_resize_image(a, 4, 4, 2), -EINVAL);
	assert_int_equal(akida_array_resize_image(a, SIZE_MAX, 4, 0), -EINVAL);
	assert_int_equal(akida_array_resize_image(a, 1 << 20, 65, 0), -EINVAL);
	akida_array_set(a, AKIDA_DTYPE_INT8, 3, shape, NULL);
	assert_int_equal(akida_array_resize_image(a, 2, 2, 0), -EINVAL);
	akida_array_set(a, AKIDA_DTYPE_UINT8, 2, flat, NULL);
	assert_int_equal(akida_array_resize_image(a, 2, 2, 0), -EINVAL);
	akida_array_set(a, AKIDA_DTYPE_UINT8, 3, none, NULL);
	assert_int_equal(akida_array_resize_image(a, 2, 2, 0), -EINVAL);
	akida_array_set(a, AKIDA_DTYPE_UINT8, 3, long_one, NULL);
	assert_int_equal(akida_array_resize_image(a, 2, 2, 0), -EINVAL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make, unmake)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(empty),	    TEST(set),
		TEST(npy_files),    TEST(picture_files),
		TEST(resize_known), TEST(resize_properties),
		TEST(resize_exact), TEST(resize_refusals),
	};

	return cmocka_run_group_tests_name("array", tests, NULL, NULL);
}
