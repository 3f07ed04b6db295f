// SPDX-License-Identifier: GPL-2.0
/*
 * .npy: NumPy's own bytes, every dtype and order, damage.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "common/util.h"
#include "format/dtype.h"
#include "format/npy.h"

/* What numpy.save() writes for numpy.array([1, 2, 3], numpy.uint8). */
static const char numpy_bytes[] =
	"\x93NUMPY\x01\x00\x76\x00"
	"{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }"
	"                                                            \n"
	"\x01\x02\x03";

/* A version 1.0 file of a header (padded by nothing) and elements. */
static uint8_t *file_of(const char *dict, const void *elements, size_t bytes,
			size_t *size)
{
	size_t n = strlen(dict);
	uint8_t *p = malloc(10 + n + bytes);

	memcpy(p, "\x93NUMPY\x01", 8);
	p[8] = (uint8_t)n;
	p[9] = (uint8_t)(n >> 8);
	memcpy(p + 10, dict, n);
	if (bytes)
		memcpy(p + 10 + n, elements, bytes);
	*size = 10 + n + bytes;
	return p;
}

static int parse(const void *data, size_t size, struct ak_npy *npy)
{
	struct ak_err err = { "" };
	int rc = ak_npy_parse(data, size, npy, &err);

	assert_int_equal(rc != 0, err.text[0] != '\0');
	return rc;
}

static void assert_elements(const char *dict, const void *elements,
			    size_t bytes, const void *want)
{
	struct ak_npy npy;
	uint8_t *file, *out;
	size_t size;

	file = file_of(dict, elements, bytes, &size);
	assert_int_equal(parse(file, size, &npy), 0);
	assert_int_equal(npy.bytes, bytes);
	out = malloc(bytes ? bytes : 1);
	ak_npy_elements(&npy, file, out);
	assert_memory_equal(out, want, bytes);
	free(out);
	free(file);
}

static void refuse(const char *dict, size_t bytes, int code)
{
	uint8_t zeros[64] = { 0 };
	struct ak_npy npy;
	uint8_t *file;
	size_t size;

	file = file_of(dict, zeros, bytes, &size);
	if (parse(file, size, &npy) != code)
		fail_msg("%s was not refused with %d", dict, code);
	free(file);
}

static void as_numpy(void **state)
{
	const uint8_t elements[] = { 1, 2, 3 };
	const size_t shape[] = { 3 };
	struct ak_npy npy;
	uint8_t *file;
	size_t size;

	(void)state;
	assert_int_equal(ak_npy_build(AKIDA_DTYPE_UINT8, 1, shape, elements,
				      &file, &size, NULL),
			 0);
	assert_int_equal(size, sizeof(numpy_bytes) - 1);
	assert_memory_equal(file, numpy_bytes, size);
	assert_int_equal(parse(file, size, &npy), 0);
	assert_int_equal(npy.dtype, AKIDA_DTYPE_UINT8);
	assert_int_equal(npy.ndim, 1);
	assert_int_equal(npy.shape[0], 3);
	assert_int_equal(npy.offset, 128);
	free(file);
}

static void every_dtype(void **state)
{
	static const size_t shape[] = { 2, 0, 3 }, full[] = { 2, 1, 3 };
	uint8_t elements[48], back[48];
	struct ak_npy npy;
	uint8_t *file;
	size_t size, i;
	int dtype;

	(void)state;
	for (i = 0; i < sizeof(elements); i++)
		elements[i] = (uint8_t)(i * 37);
	for (dtype = AKIDA_DTYPE_UINT8; dtype <= AKIDA_DTYPE_BOOL; dtype++) {
		size_t bytes = 6 * akida_dtype_size(dtype);

		if (dtype == AKIDA_DTYPE_BOOL)
			memset(elements, 1, bytes);
		assert_int_equal(ak_npy_build(dtype, 3, full, elements, &file,
					      &size, NULL),
				 0);
		assert_int_equal((size - bytes) % 64, 0);
		assert_int_equal(parse(file, size, &npy), 0);
		assert_int_equal(npy.dtype, dtype);
		assert_int_equal(npy.bytes, bytes);
		ak_npy_elements(&npy, file, back);
		assert_memory_equal(back, elements, bytes);
		free(file);
		/* Without elements, and without dimensions. */
		assert_int_equal(
			ak_npy_build(dtype, 3, shape, NULL, &file, &size, NULL),
			0);
		assert_int_equal(parse(file, size, &npy), 0);
		assert_int_equal(npy.bytes, 0);
		assert_int_equal(npy.shape[2], 3);
		free(file);
		assert_int_equal(ak_npy_build(dtype, 0, NULL, elements, &file,
					      &size, NULL),
				 0);
		assert_int_equal(parse(file, size, &npy), 0);
		assert_int_equal(npy.ndim, 0);
		assert_int_equal(npy.count, 1);
		free(file);
	}
	assert_int_equal(ak_npy_build(0, 3, full, elements, &file, &size, NULL),
			 -EINVAL);
	assert_int_equal(ak_npy_build(AKIDA_DTYPE_BOOL + 1, 3, full, elements,
				      &file, &size, NULL),
			 -EINVAL);
	assert_int_equal(akida_dtype_size(-1), 0);
	assert_string_equal(akida_dtype_name(0), "unknown");
	assert_string_equal(akida_dtype_name(AKIDA_DTYPE_FLOAT64), "float64");
}

static void orders(void **state)
{
	static const uint8_t f[] = { 1, 4, 2, 5, 3, 6 };
	static const uint8_t c[] = { 1, 2, 3, 4, 5, 6 };
	static const uint8_t big[] = { 0x12, 0x34, 0xff, 0xfe };
	static const int16_t swapped[] = { 0x1234, -2 };
	static const uint8_t big8[] = { 0x40, 9,    0x21, 0xfb,
					0x54, 0x44, 0x2d, 0x18 };
	static const double pi = 3.14159265358979311600;
	static const uint8_t truth[] = { 0, 1, 2, 255 };
	static const uint8_t bools[] = { 0, 1, 1, 1 };
	/* [[0, 1, 2], [256, 257, 258]] by columns, big endian. */
	static const uint8_t both[] = { 0, 0, 1, 0, 0, 1, 1, 1, 0, 2, 1, 2 };
	static const uint16_t rows[] = { 0, 1, 2, 256, 257, 258 };

	(void)state;
	assert_elements("{'descr': '|u1', 'fortran_order': True, "
			"'shape': (2, 3), }\n",
			f, 6, c);
	assert_elements("{'descr': '>i2', 'fortran_order': False, "
			"'shape': (2,), }\n",
			big, 4, swapped);
	assert_elements("{'descr': '>f8', 'fortran_order': False, "
			"'shape': (), }\n",
			big8, 8, &pi);
	assert_elements("{'descr': '|b1', 'fortran_order': False, "
			"'shape': (4,), }\n",
			truth, 4, bools);
	assert_elements("{'descr': '>u2', 'fortran_order': True, "
			"'shape': (2, 3), }\n",
			both, 12, rows);
}

/* Element (i, j, k, l) of a Fortran array, by its definition. */
static void fortran_4d(void **state)
{
	enum {
		A = 3,
		B = 4,
		C = 2,
		D = 5
	};
	int32_t in[A * B * C * D], want[A * B * C * D];
	int i, j, k, l;

	(void)state;
	for (i = 0; i < A; i++)
		for (j = 0; j < B; j++)
			for (k = 0; k < C; k++)
				for (l = 0; l < D; l++) {
					int v = 1000 * i + 100 * j + 10 * k + l;

					in[i + A * (j + B * (k + C * l))] = v;
					want[((i * B + j) * C + k) * D + l] = v;
				}
	assert_elements("{'descr': '<i4', 'fortran_order': True, "
			"'shape': (3, 4, 2, 5), }\n",
			in, sizeof(in), want);
}

static void headers(void **state)
{
	static const uint8_t c[] = { 1, 2, 3, 4, 5, 6 };
	struct ak_npy npy;
	uint8_t *file, long_header[200];
	size_t size;

	(void)state;
	/* Any order, other quotes, no trailing comma, spaces, Python 2. */
	assert_elements("{\"shape\": (2, 3), \"descr\": \"|u1\", "
			"\"fortran_order\": False}",
			c, 6, c);
	assert_elements(" { 'fortran_order' :False,'shape':( 2 , 3 , ) ,"
			"'descr':'|u1' , } \n",
			c, 6, c);
	assert_elements("{'descr': '|u1', 'fortran_order': False, "
			"'shape': (6L,), }\n",
			c, 6, c);
	/* Versions 2 and 3 have a longer length. */
	memset(long_header, ' ', sizeof(long_header));
	memcpy(long_header, "\x93NUMPY\x02\x00\xb6\x00\x00\x00", 12);
	memcpy(long_header + 12, numpy_bytes + 10, 57);
	assert_int_equal(parse(long_header, 194 + 3, &npy), 0);
	assert_int_equal(npy.offset, 194);
	long_header[6] = 3;
	assert_int_equal(parse(long_header, 194 + 3, &npy), 0);
	assert_int_equal(parse(long_header, 194 + 2, &npy), -EINVAL);
	long_header[11] = 0xff;
	assert_int_equal(parse(long_header, 194 + 3, &npy), -EINVAL);
	long_header[6] = 4;
	assert_int_equal(parse(long_header, 194 + 3, &npy), -EINVAL);
	/* More elements than the shape says are ignored. */
	file = file_of("{'descr': '|u1', 'fortran_order': False, "
		       "'shape': (2,), }\n",
		       c, 6, &size);
	assert_int_equal(parse(file, size, &npy), 0);
	assert_int_equal(npy.bytes, 2);
	free(file);
}

#define HEAD(descr, shape) \
	"{'descr': " descr ", 'fortran_order': False, 'shape': " shape ", }\n"

static void refusals(void **state)
{
	static const struct {
		const char *dict;
		int code;
	} cases[] = {
		{ HEAD("'|O'", "(1,)"), -ENOTSUP },
		{ HEAD("'<U5'", "(1,)"), -ENOTSUP },
		{ HEAD("'|S5'", "(1,)"), -ENOTSUP },
		{ HEAD("'<f2'", "(1,)"), -ENOTSUP },
		{ HEAD("'<c8'", "(1,)"), -ENOTSUP },
		{ HEAD("'<M8[ns]'", "(1,)"), -ENOTSUP },
		{ HEAD("''", "(1,)"), -ENOTSUP },
		{ HEAD("'|i4'", "(1,)"), -ENOTSUP },
		{ HEAD("[('a', '<i4')]", "(1,)"), -ENOTSUP },
		{ HEAD("'<i4'", "(9,)"), -EINVAL },
		{ HEAD("'<i4'", "(1)"), -EINVAL },
		{ HEAD("'<i4'", "1"), -EINVAL },
		{ HEAD("'<i4'", "(-1,)"), -EINVAL },
		{ HEAD("'<i4'", "(,)"), -EINVAL },
		{ HEAD("'<i4'", "(1,,)"), -EINVAL },
		{ HEAD("'<i4'", "(1 1)"), -EINVAL },
		{ HEAD("'<i4'", "(1,"), -EINVAL },
		{ HEAD("'<i4'", "(1,1,1,1,1,1,1,1,1)"), -EINVAL },
		{ HEAD("'<i4'", "(18446744073709551616,)"), -EINVAL },
		{ HEAD("'<i4'", "(4294967296, 4294967296)"), -EINVAL },
		{ HEAD("'<i4'", "(4611686018427387904,)"), -EINVAL },
		{ HEAD("'<i4'", "(0, 9223372036854775807)"), -EINVAL },
		{ HEAD("'<i4", "(1,)"), -ENOTSUP },
		{ HEAD("'<i\\4'", "(1,)"), -EINVAL },
		{ "{'descr': '<i4', 'fortran_order': 0, 'shape': (1,), }",
		  -EINVAL },
		{ "{'descr': '<i4', 'fortran_order': False, }", -EINVAL },
		{ "{'descr': '<i4', 'descr': '<i4', 'fortran_order': False, "
		  "'shape': (1,), }",
		  -EINVAL },
		{ "{'descr': '<i4', 'fortran_order': False, 'shape': (1,), "
		  "'extra': 1}",
		  -EINVAL },
		{ HEAD("'<i4'", "(1,)") "x", -EINVAL },
		{ "{}", -EINVAL },
		{ "", -EINVAL },
		{ "[]", -EINVAL },
		{ "{'descr' '<i4'}", -EINVAL },
	};
	struct ak_npy npy;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		refuse(cases[i].dict, 8, cases[i].code);
	assert_int_equal(parse("PK\x03\x04", 4, &npy), -EINVAL);
	assert_int_equal(parse("", 0, &npy), -EINVAL);
}

static void truncated(void **state)
{
	struct ak_npy npy;
	size_t size = sizeof(numpy_bytes) - 1, i;

	(void)state;
	for (i = 0; i < size; i++) {
		uint8_t *copy = malloc(i ? i : 1);

		memcpy(copy, numpy_bytes, i);
		assert_int_equal(parse(copy, i, &npy), -EINVAL);
		free(copy);
	}
}

static void corrupt(void **state)
{
	size_t size = sizeof(numpy_bytes) - 1, i, refused = 0;
	uint8_t *copy = malloc(size), *out;
	unsigned int bit;
	struct ak_npy npy;

	(void)state;
	memcpy(copy, numpy_bytes, size);
	for (i = 0; i < size; i++)
		for (bit = 0; bit < 8; bit++) {
			copy[i] ^= 1u << bit;
			if (parse(copy, size, &npy)) {
				refused++;
			} else {
				out = malloc(npy.bytes ? npy.bytes : 1);
				ak_npy_elements(&npy, copy, out);
				free(out);
			}
			copy[i] ^= 1u << bit;
		}
	/* All but a few bits of the header matter, none of the elements. */
	assert_true(refused > 800);
	free(copy);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_numpy),  cmocka_unit_test(every_dtype),
		cmocka_unit_test(orders),    cmocka_unit_test(fortran_4d),
		cmocka_unit_test(headers),   cmocka_unit_test(refusals),
		cmocka_unit_test(truncated), cmocka_unit_test(corrupt),
	};

	return cmocka_run_group_tests_name("npy", tests, NULL, NULL);
}
