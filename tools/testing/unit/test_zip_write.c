// SPDX-License-Identifier: GPL-2.0
/*
 * ZIP archives against what NumPy and zipfile write and read.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "common/file.h"
#include "format/zip_write.h"
#include "python.h"
#include "scratch.h"

static char dir[64];
static char path[96];

static int make_dir(void **state)
{
	(void)state;
	if (scratch_make(dir, sizeof(dir)))
		return -1;
	snprintf(path, sizeof(path), "%s/a.npz", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	return scratch_remove(dir);
}

/* Numbers that pack neither well nor badly; the scripts have the same. */
static uint8_t element(size_t i)
{
	return (uint8_t)(i * i / 7 % 251);
}

#define ELEMENTS "(lambda i: (i * i // 7 % 251).astype(np.uint8))"

static void check(int rc, const struct ak_err *err)
{
	if (rc)
		fail_msg("%d: %s", rc, err->text);
}

static void write_npz(enum ak_zip_form form, bool deflate, bool packed)
{
	static const uint64_t big[] = { 300, 1000 }, small[] = { 3 },
			      none[] = { 0, 5 };
	static const float f[] = { 1, -2.5f, 1e-3f };
	struct ak_err err = { "" };
	struct ak_zip_packed p;
	struct ak_zip_writer *w;
	uint8_t *e = malloc(300000);
	struct ak_out *out;
	size_t i, n;

	for (i = 0; i < 300000; i++)
		e[i] = element(i);
	check(ak_out_open(path, &out, &err), &err);
	check(ak_zip_writer_new(out, form, &w, &err), &err);
	if (packed) {
		check(ak_npz_pack(AK_TENSOR_U8, 2, big, e, &p, &err), &err);
		check(ak_zip_add(w, "big.npy", &p, &err), &err);
		free(p.data);
	} else {
		check(ak_npz_begin(w, "big", deflate, AK_TENSOR_U8, 2, big,
				   &err),
		      &err);
		for (i = 0; i < 300000; i += n) {
			n = i + 7777 < 300000 ? 7777 : 300000 - i;
			check(ak_zip_write(w, e + i, n, &err), &err);
		}
		check(ak_zip_end(w, &err), &err);
	}
	check(ak_npz_begin(w, "f_\xc3\xa9", deflate, AK_TENSOR_F32, 1, small,
			   &err),
	      &err);
	check(ak_zip_write(w, f, sizeof(f), &err), &err);
	check(ak_zip_end(w, &err), &err);
	check(ak_npz_begin(w, "none", deflate, AK_TENSOR_I32, 2, none, &err),
	      &err);
	check(ak_zip_end(w, &err), &err);
	check(ak_npz_begin(w, "scalar", deflate, AK_TENSOR_I64, 0, NULL, &err),
	      &err);
	check(ak_zip_write(w, "\x05\0\0\0\0\0\0\0", 8, &err), &err);
	check(ak_zip_end(w, &err), &err);
	check(ak_zip_finish(w, &err), &err);
	ak_zip_writer_free(w);
	check(ak_out_finish(out, &err), &err);
	free(e);
}

/* The same arrays by NumPy; its Python says which form it is. */
static const char equal[] =
	"import io, sys, zlib\n"
	"import numpy as np\n"
	"path, how = sys.argv[1:]\n"
	"save = np.savez if 's' in how else np.savez_compressed\n"
	"want = io.BytesIO()\n"
	"save(want, big=" ELEMENTS "(np.arange(300000)).reshape(300, 1000),\n"
	"     **{'f_\\u00e9': np.float32([1, -2.5, 1e-3]),\n"
	"        'none': np.zeros((0, 5), '<i4'), 'scalar': np.int64(5)})\n"
	"want, got = want.getvalue(), open(path, 'rb').read()\n"
	"new = int.from_bytes(want[4:6], 'little') == 45\n"
	"if new == ('n' in how):\n"
	"    at = next((i for i, (a, b) in enumerate(zip(want, got)) if a != b), None)\n"
	"    assert want == got, (len(want), len(got), at)\n"
	"z = np.load(path)\n"
	"assert z.files == ['big', 'f_\\u00e9', 'none', 'scalar'], z.files\n"
	"assert z['big'].shape == (300, 1000) and z['none'].shape == (0, 5)\n"
	"assert (z['big'].ravel() == " ELEMENTS "(np.arange(300000))).all()\n"
	"assert z['scalar'][()] == 5 and z['f_\\u00e9'].tolist()[1] == -2.5\n"
	"import zipfile\n"
	"assert zipfile.ZipFile(path).testzip() is None\n";

static void as_numpy(void **state)
{
	(void)state;
	if (!have_python("numpy"))
		skip();
	write_npz(AK_ZIP_PYTHON_3_11, true, false);
	run_python(equal, path, "c");
	write_npz(AK_ZIP_PYTHON_3_11, true, true);
	run_python(equal, path, "c");
	write_npz(AK_ZIP_PYTHON_3_11, false, false);
	run_python(equal, path, "s");
	write_npz(AK_ZIP_PYTHON_3_12, true, false);
	run_python(equal, path, "cn");
	write_npz(AK_ZIP_PYTHON_3_12, false, false);
	run_python(equal, path, "sn");
}

/* Head, central directory and end of an archive with one empty entry. */
static void bytes(void **state)
{
	static const uint8_t want[] =
		"PK\3\4\x14\0\0\0\0\0\0\0\x21\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\x14\0"
		"a\1\0\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
		"PK\1\2\x14\3\x14\0\0\0\0\0\0\0\x21\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0"
		"\0\0\0\0\0\0\0\0\0\0\x80\1\0\0\0\0a"
		"PK\5\6\0\0\0\0\1\0\1\0\x2f\0\0\0\x33\0\0\0\0";
	struct ak_err err = { "" };
	struct ak_zip_writer *w;
	struct ak_out *out;
	uint8_t *file;
	size_t size;

	(void)state;
	check(ak_out_open(path, &out, &err), &err);
	check(ak_zip_writer_new(out, AK_ZIP_PYTHON_3_11, &w, &err), &err);
	check(ak_zip_begin(w, "a", false, &err), &err);
	check(ak_zip_end(w, &err), &err);
	check(ak_zip_finish(w, &err), &err);
	ak_zip_writer_free(w);
	check(ak_out_finish(out, &err), &err);
	check(ak_file_read(path, 1000, &file, &size, &err), &err);
	assert_int_equal(size, sizeof(want));
	assert_memory_equal(file, want, sizeof(want));
	free(file);
}

static void refusals(void **state)
{
	static const uint64_t two[] = { 2 }, huge[] = { UINT64_MAX, 2 };
	struct ak_err err = { "" };
	struct ak_zip_packed p;
	struct ak_zip_writer *w;
	struct ak_out *out;
	char *name = calloc(1, 65537);

	(void)state;
	check(ak_out_open(path, &out, &err), &err);
	check(ak_zip_writer_new(out, AK_ZIP_PYTHON_3_11, &w, &err), &err);
	assert_int_equal(ak_zip_begin(w, "", false, &err), -EINVAL);
	memset(name, 'a', 65536);
	assert_int_equal(ak_zip_begin(w, name, false, &err), -EINVAL);
	free(name);
	check(ak_zip_begin(w, "a", false, &err), &err);
	assert_int_equal(ak_zip_finish(w, &err), -EINVAL);
	check(ak_zip_end(w, &err), &err);
	assert_int_equal(ak_zip_begin(w, "a", true, &err), -EEXIST);
	assert_int_equal(
		ak_npz_begin(w, "b", true, AK_TENSOR_BF16, 1, two, &err),
		-EINVAL);
	assert_int_equal(
		ak_npz_begin(w, "b", true, AK_TENSOR_U8, 2, huge, &err),
		-EINVAL);
	assert_int_equal(ak_npz_pack(AK_TENSOR_U8, 2, huge, NULL, &p, &err),
			 -EINVAL);
	/* An array that got too few elements. */
	check(ak_npz_begin(w, "c", true, AK_TENSOR_U8, 1, two, &err), &err);
	check(ak_zip_write(w, "1", 1, &err), &err);
	assert_int_equal(ak_zip_end(w, &err), -EINVAL);
	assert_non_null(strstr(err.text, "c.npy"));
	/* One that is given up in the middle. */
	check(ak_zip_begin(w, "d", true, &err), &err);
	ak_zip_writer_free(w);
	ak_out_abandon(out);
}

/* Counts and offsets of more than 16 and 32 bits. */
static const char large[] =
	"import sys, zipfile\n"
	"z = zipfile.ZipFile(sys.argv[1])\n"
	"n = z.namelist()\n"
	"assert len(n) == 70000 and n[69999] == '69999' and len(set(n)) == 70000\n"
	"assert z.read('12345') == b'x' and z.read('69999') == b'x'\n";

static void many(void **state)
{
	struct ak_err err = { "" };
	struct ak_zip_writer *w;
	struct ak_out *out;
	char name[16];
	int i;

	(void)state;
	if (!have_python(NULL))
		skip();
	check(ak_out_open(path, &out, &err), &err);
	check(ak_zip_writer_new(out, AK_ZIP_PYTHON_3_11, &w, &err), &err);
	for (i = 0; i < 70000; i++) {
		snprintf(name, sizeof(name), "%d", i);
		check(ak_zip_begin(w, name, false, &err), &err);
		check(ak_zip_write(w, "x", 1, &err), &err);
		check(ak_zip_end(w, &err), &err);
	}
	check(ak_zip_finish(w, &err), &err);
	ak_zip_writer_free(w);
	check(ak_out_finish(out, &err), &err);
	run_python(large, path, NULL);
}

static const char sparse[] =
	"import sys, zipfile\n"
	"import numpy as np\n"
	"z = np.load(sys.argv[1])\n"
	"assert z['after'].tolist() == [7, 8]\n"
	"i = zipfile.ZipFile(sys.argv[1]).getinfo('large.npy')\n"
	"assert i.file_size == i.compress_size == 4500000128, i\n"
	"assert zipfile.ZipFile(sys.argv[1]).getinfo('after.npy').header_offset > 1 << 32\n";

/* An entry above 4 GiB and one behind it; packed zeros would be small. */
static void beyond_4_gib(void **state)
{
	static const uint64_t dim[] = { 4500000000ull }, two[] = { 2 };
	struct ak_err err = { "" };
	struct ak_zip_writer *w;
	struct ak_out *out;
	uint8_t *zeros;
	uint64_t left;

	(void)state;
	if (!getenv("AKIDA_TEST_LARGE")) {
		print_message(
			"# skipped: writes 4.5 GB; set AKIDA_TEST_LARGE=1\n");
		skip();
	}
	if (!have_python("numpy"))
		skip();
	zeros = calloc(1, 1 << 20);
	check(ak_out_open(path, &out, &err), &err);
	check(ak_zip_writer_new(out, AK_ZIP_PYTHON_3_11, &w, &err), &err);
	check(ak_npz_begin(w, "large", false, AK_TENSOR_U8, 1, dim, &err),
	      &err);
	for (left = dim[0]; left;) {
		size_t n = left < 1 << 20 ? (size_t)left : 1 << 20;

		check(ak_zip_write(w, zeros, n, &err), &err);
		left -= n;
	}
	check(ak_zip_end(w, &err), &err);
	check(ak_npz_begin(w, "after", true, AK_TENSOR_U8, 1, two, &err), &err);
	check(ak_zip_write(w, "\7\10", 2, &err), &err);
	check(ak_zip_end(w, &err), &err);
	check(ak_zip_finish(w, &err), &err);
	ak_zip_writer_free(w);
	check(ak_out_finish(out, &err), &err);
	free(zeros);
	run_python(sparse, path, NULL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(as_numpy), TEST(bytes),	    TEST(refusals),
		TEST(many),	TEST(beyond_4_gib),
	};

	return cmocka_run_group_tests_name("zip_write", tests, NULL, NULL);
}
