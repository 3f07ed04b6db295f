// SPDX-License-Identifier: GPL-2.0
/*
 * Sets of tensors: every container and layout read as floats, folders and
 * indices, what is refused.
 */
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "common/buf.h"
#include "common/le.h"
#include "common/util.h"
#include "convert/stats.h"
#include "convert/tensors.h"
#include "format/gguf_write.h"
#include "format/safetensors_write.h"
#include "python.h"
#include "quant/quant.h"
#include "temp_dir.h"

static struct ak_tensors *open_set(const char *path)
{
	struct ak_err err = { "" };
	struct ak_tensors *s;

	if (ak_tensors_open(path, &s, &err))
		fail_msg("%s", err.text);
	return s;
}

static void refuse(const char *path, int code, const char *says)
{
	struct ak_err err = { "" };
	struct ak_tensors *s;
	int rc = ak_tensors_open(path, &s, &err);

	assert_null(s);
	if (rc != code || !strstr(err.text, says) ||
	    !strstr(err.text, temp_path("")))
		fail_msg("%d, '%s' has no '%s'", rc, err.text, says);
}

static void assert_floats(const struct ak_tensors *s, const char *name,
			  const float *want, size_t n)
{
	const struct ak_tensor *t = ak_tensors_find(s, name);
	struct ak_err err = { "" };
	uint64_t rows, cols, r;
	float *got = malloc(n * sizeof(float) + 1);

	if (!t)
		fail_msg("there is no '%s'", name);
	rows = ak_tensor_rows(t);
	cols = ak_tensor_cols(t);
	assert_int_equal(rows * cols, n);
	if (ak_tensor_read(s, t, 0, rows, got, &err))
		fail_msg("%s", err.text);
	assert_memory_equal(got, want, n * sizeof(float));
	/* Row by row from the last, and by parts. */
	for (r = rows; r-- > 0;) {
		if (ak_tensor_read(s, t, r, 1, got, &err))
			fail_msg("%s", err.text);
		assert_memory_equal(got, want + r * cols, cols * sizeof(float));
		if (cols < 3 || !ak_tensor_type_size(t->type))
			continue;
		if (ak_tensor_read_part(s, t, r, 1, cols - 2, got, &err))
			fail_msg("%s", err.text);
		assert_memory_equal(got, want + r * cols + 1,
				    (cols - 2) * sizeof(float));
	}
	assert_int_equal(ak_tensor_read(s, t, rows, 1, got, &err), -ERANGE);
	assert_int_equal(ak_tensor_read(s, t, 1, rows, got, &err),
			 rows ? -ERANGE : -ERANGE);
	assert_int_equal(ak_tensor_read(s, t, UINT64_MAX, 2, got, &err),
			 -ERANGE);
	assert_int_equal(ak_tensor_read(s, t, rows, 0, got, &err), 0);
	assert_int_equal(ak_tensor_read_part(s, t, 0, cols, 1, got, &err),
			 -ERANGE);
	free(got);
}

/* ------------------------------------------------------------ safetensors */

static void put_st(struct ak_buf *b, const char *json, const void *data,
		   size_t n)
{
	uint8_t length[8];

	ak_put_le64(length, strlen(json));
	ak_buf_add(b, length, 8);
	ak_buf_text(b, json);
	ak_buf_add(b, data, n);
}

static const char *write_st(const char *name, const char *json,
			    const void *data, size_t n)
{
	struct ak_buf b = { 0 };
	const char *path;

	put_st(&b, json, data, n);
	path = temp_write(name, b.data, b.size);
	ak_buf_clear(&b);
	return path;
}

/* One element of each type beside the next, so that none is aligned. */
static void types(void **state)
{
	static const char json[] =
		"{\"bool\":{\"dtype\":\"BOOL\",\"shape\":[3],\"data_offsets\":[0,3]},"
		"\"f64\":{\"dtype\":\"F64\",\"shape\":[3],\"data_offsets\":[3,27]},"
		"\"f32\":{\"dtype\":\"F32\",\"shape\":[1,1],\"data_offsets\":[27,31]},"
		"\"f16\":{\"dtype\":\"F16\",\"shape\":[4],\"data_offsets\":[31,39]},"
		"\"bf16\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[39,43]},"
		"\"i64\":{\"dtype\":\"I64\",\"shape\":[2],\"data_offsets\":[43,59]},"
		"\"u64\":{\"dtype\":\"U64\",\"shape\":[1],\"data_offsets\":[59,67]},"
		"\"i32\":{\"dtype\":\"I32\",\"shape\":[2],\"data_offsets\":[67,75]},"
		"\"u32\":{\"dtype\":\"U32\",\"shape\":[1],\"data_offsets\":[75,79]},"
		"\"i16\":{\"dtype\":\"I16\",\"shape\":[1],\"data_offsets\":[79,81]},"
		"\"u16\":{\"dtype\":\"U16\",\"shape\":[1],\"data_offsets\":[81,83]},"
		"\"i8\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[83,84]},"
		"\"u8\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[84,85]},"
		"\"f8\":{\"dtype\":\"F8_E4M3\",\"shape\":[1],\"data_offsets\":[85,86]},"
		"\"none\":{\"dtype\":\"F32\",\"shape\":[3,0],\"data_offsets\":[86,86]}}";
	/* 1 + 2^-24 lies between two floats, 1 + 3 2^-24 too: nearest even. */
	static const double f64[] = { 1.0 + 0x1p-24, 1.0 + 3 * 0x1p-24, -2.5 };
	static const float want64[] = { 1, 1 + 2 * 0x1p-23f, -2.5f };
	static const float f32[] = { 0x1.fffffep-3f };
	static const uint16_t f16[] = { 0x3c00, 0x0001, 0xfbff, 0x8000 };
	static const float want16[] = { 1, 0x1p-24f, -65504, -0.0f };
	static const uint16_t bf16[] = { 0x3f80, 0xc049 };
	static const float wantb[] = { 1, -3.140625f };
	static const int64_t i64[] = { -(1ll << 62) - 1, 16777217 };
	static const float wanti[] = { -0x1p62f, 16777216 };
	static const uint64_t u64 = UINT64_MAX;
	static const float wantu = 0x1p64f;
	static const int32_t i32[] = { INT32_MIN, 16777219 };
	static const float want32[] = { -0x1p31f, 16777220 };
	static const uint32_t u32 = UINT32_MAX;
	static const float wantu32 = 0x1p32f;
	static const float truth[] = { 0, 1, 1 };
	static const float a = -2, b = 65534, c = -3, d = 253;
	struct ak_buf data = { 0 };
	struct ak_tensors *s;
	struct ak_err err = { "" };
	float x;

	(void)state;
	ak_buf_add(&data, "\0\1\xff", 3);
	ak_buf_add(&data, f64, sizeof(f64));
	ak_buf_add(&data, f32, sizeof(f32));
	ak_buf_add(&data, f16, sizeof(f16));
	ak_buf_add(&data, bf16, sizeof(bf16));
	ak_buf_add(&data, i64, sizeof(i64));
	ak_buf_add(&data, &u64, sizeof(u64));
	ak_buf_add(&data, i32, sizeof(i32));
	ak_buf_add(&data, &u32, sizeof(u32));
	ak_buf_add(&data, "\xfe\xff\xfe\xff\xfd\xfd\x38", 7);
	s = open_set(write_st("types", json, data.data, data.size));
	ak_buf_clear(&data);
	assert_string_equal(ak_tensors_format(s), "safetensors");
	assert_floats(s, "bool", truth, 3);
	assert_floats(s, "f64", want64, 3);
	assert_floats(s, "f32", f32, 1);
	assert_floats(s, "f16", want16, 4);
	assert_floats(s, "bf16", wantb, 2);
	assert_floats(s, "i64", wanti, 2);
	assert_floats(s, "u64", &wantu, 1);
	assert_floats(s, "i32", want32, 2);
	assert_floats(s, "u32", &wantu32, 1);
	assert_floats(s, "i16", &a, 1);
	assert_floats(s, "u16", &b, 1);
	assert_floats(s, "i8", &c, 1);
	assert_floats(s, "u8", &d, 1);
	assert_false(ak_tensor_readable(ak_tensors_find(s, "f8")));
	assert_int_equal(
		ak_tensor_read(s, ak_tensors_find(s, "f8"), 0, 1, &x, &err),
		-ENOTSUP);
	assert_non_null(strstr(err.text, "'f8' is of type F8_E4M3"));
	assert_int_equal(ak_tensor_rows(ak_tensors_find(s, "none")), 0);
	assert_int_equal(ak_tensors_count(s), 15);
	assert_null(ak_tensors_at(s, 15));
	assert_string_equal(ak_tensors_at(s, 4)->name, "bf16");
	assert_int_equal(ak_tensor_number(s, ak_tensors_at(s, 4)), 4);
	assert_non_null(ak_tensors_find(s, "f64")->data);
	ak_tensors_close(s);
	ak_tensors_close(NULL);
}

#define ONE(name) \
	"{\"" name "\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}"

static void folders(void **state)
{
	static const float five = 5, six = 6;
	struct ak_tensors *s;
	uint64_t size;

	(void)state;
	temp_text("x/empty", "");
	refuse(temp_path("x"), -ENOENT, "neither model.safetensors");
	refuse(temp_path("none"), -ENOENT, "No such file");
	write_st("x/model-b.safetensors", ONE("a"), "\5", 1);
	write_st("x/model-a.safetensors", ONE("b"), "\6", 1);
	temp_text("x/pytorch_model.bin.index.json", "not looked at");
	temp_text(
		"x/model.safetensors.index.json",
		"{\"metadata\":{\"total_size\":2},\"weight_map\":"
		"{\"b\":\"model-a.safetensors\",\"a\":\"model-b.safetensors\"}}");
	s = open_set(temp_path("x"));
	assert_int_equal(ak_tensors_count(s), 2);
	assert_string_equal(ak_tensors_at(s, 0)->name, "a");
	assert_string_equal(ak_tensors_at(s, 1)->name, "b");
	assert_non_null(strstr(ak_tensors_at(s, 1)->file, "model-a.safe"));
	assert_floats(s, "a", &five, 1);
	assert_floats(s, "b", &six, 1);
	assert_non_null(ak_tensors_file(s, 2, &size));
	assert_null(ak_tensors_file(s, 3, &size));
	ak_tensors_close(s);
	/* The same by the name of the index, whatever that is. */
	temp_text("x/index",
		  "\n {\"weight_map\":{\"a\":\"model-b.safetensors\"}}");
	s = open_set(temp_path("x/index"));
	assert_int_equal(ak_tensors_count(s), 1);
	ak_tensors_close(s);
	/* One file is preferred to an index. */
	write_st("x/model.safetensors", ONE("c"), "\6", 1);
	s = open_set(temp_path("x"));
	assert_string_equal(ak_tensors_at(s, 0)->name, "c");
	ak_tensors_close(s);
}

static void indices(void **state)
{
	static const struct {
		const char *json;
		int code;
		const char *says;
	} cases[] = {
		{ "{\"weight_map\":{\"a\":\"../y/a\"}}", -EBADMSG, "plain" },
		{ "{\"weight_map\":{\"a\":\"/etc/passwd\"}}", -EBADMSG,
		  "plain" },
		{ "{\"weight_map\":{\"a\":\"..\"}}", -EBADMSG, "plain" },
		{ "{\"weight_map\":{\"a\":\".\"}}", -EBADMSG, "plain" },
		{ "{\"weight_map\":{\"a\":\"\"}}", -EBADMSG, "plain" },
		{ "{\"weight_map\":{\"a\":7}}", -EBADMSG, "plain" },
		{ "{\"weight_map\":{\"a\":\"gone\"}}", -ENOENT,
		  "fetch all files" },
		{ "{\"weight_map\":{\"z\":\"a\"}}", -EBADMSG,
		  "different models" },
		{ "{\"weight_map\":{\"a\":\"b\"}}", -EBADMSG,
		  "different models" },
		{ "{\"weight_map\":{\"a\":\"a\",\"c\":\"c\"}}", -EBADMSG,
		  "twice" },
		{ "{\"weight_map\":{\"a\":\"a\",\"a\":\"a\"}}", -EBADMSG,
		  "JSON" },
		{ "{\"weight_map\":{\"a\":\"self\"}}", -EBADMSG,
		  "no known format" },
		{ "{\"weight_map\":{\"a\":\"sub\"}}", -EISDIR, "directory" },
		{ "{\"weight_map\":{}}", -EBADMSG, "no weight_map" },
		{ "{\"weight_map\":[]}", -EBADMSG, "no weight_map" },
		{ "{}", -EBADMSG, "no weight_map" },
		{ "{", -EBADMSG, "JSON" },
		{ "{\"weight_map\":", -EBADMSG, "JSON" },
	};
	size_t i;

	(void)state;
	write_st("x/a", ONE("a"), "\1", 1);
	write_st("x/b", ONE("b"), "\1", 1);
	/* It has a tensor that is in another file, too. */
	write_st(
		"x/c",
		"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
		"\"c\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
		"\1\2", 2);
	temp_text("x/sub/file", "");
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		temp_text("x/self", cases[i].json);
		refuse(temp_path("x/self"), cases[i].code, cases[i].says);
	}
}

static void strangers(void **state)
{
	static char tar[1024];

	(void)state;
	memcpy(tar + 257, "ustar", 5);
	refuse(temp_text("a", ""), -EBADMSG, "no known format");
	refuse(temp_text("b", "hello"), -EBADMSG, "no known format");
	refuse(temp_text("c", "\x80\x04}."), -ENOTSUP, "bare pickle");
	setenv("AKIDA_HDF5", "/nowhere/akida-hdf5", 1);
	refuse(temp_write("d", "\x89HDF\r\n\x1a\n...", 11), -ENOTSUP,
	       "AKIDA_HDF5");
	refuse(temp_write("e", tar, sizeof(tar)), -ENOTSUP, "before 1.6");
	refuse(temp_write("f", "PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1",
			  22),
	       -EBADMSG, "archive");
	refuse(temp_text("g", "\x93NUMPY"), -EBADMSG, "header");
	refuse(temp_text("h", "GGUF"), -EBADMSG, "GGUF");
	refuse(temp_path("i"), -ENOENT, "No such file");
}

/* ------------------------------------------------------------ .npy, .npz */

/* Sizes that are neither a tile nor a multiple of one. */
static const char by_numpy[] =
	"import sys, io, zipfile\n"
	"import numpy as np\n"
	"path, packed = sys.argv[1:]\n"
	"a = ((np.arange(70 * 131) * 37 % 1000) - 500).reshape(70, 131).astype('<f4') / 8\n"
	"b = a.reshape(10, 7, 131)\n"
	"d = {'c': a, 'f': np.asfortranarray(a), 'big': a.astype('>f4'),\n"
	"     'bigf': np.asfortranarray(a.astype('>f8')), 'h': a.astype('<f2'),\n"
	"     'bigh': a.astype('>f2'), 'd': a.astype('<f8'), 'f3': np.asfortranarray(b),\n"
	"     'i2': (a * 8).astype('>i2'), 'bools': np.asfortranarray(a > 0),\n"
	"     'u': np.array(['text']), 'v': a[3], 's': a[3, 3],\n"
	"     'vbig': a[5].astype('>f2'), 'none': a[:0]}\n"
	"save = np.savez_compressed if packed == 'packed' else np.savez\n"
	"save(path, **d)\n"
	"with zipfile.ZipFile(path, 'a') as z:\n"
	"    z.writestr('readme.txt', 'not an array')\n"
	"    z.writestr('folder/x.npy', z.read('v.npy'))\n";

static float element(size_t i)
{
	return (float)((int)(i * 37 % 1000) - 500) / 8;
}

static void numpy_archive(void **state)
{
	static const char *const how[] = { "stored", "packed" };
	float *a = malloc(70 * 131 * sizeof(float));
	float *half = malloc(70 * 131 * sizeof(float));
	float *other = malloc(70 * 131 * sizeof(float)), x;
	struct ak_err err = { "" };
	struct ak_tensors *s;
	size_t i, k;

	(void)state;
	if (!have_python("numpy"))
		skip();
	for (i = 0; i < 70 * 131; i++) {
		a[i] = element(i);
		/* Values of eleven bits are halves. */
		half[i] = a[i];
	}
	for (k = 0; k < ARRAY_SIZE(how); k++) {
		run_python(by_numpy, temp_path("a.npz"), how[k]);
		s = open_set(temp_path("a.npz"));
		assert_string_equal(ak_tensors_format(s), ".npz");
		assert_int_equal(ak_tensors_count(s), 16);
		assert_floats(s, "c", a, 70 * 131);
		assert_floats(s, "f", a, 70 * 131);
		assert_floats(s, "big", a, 70 * 131);
		assert_floats(s, "bigf", a, 70 * 131);
		assert_floats(s, "h", half, 70 * 131);
		assert_floats(s, "bigh", half, 70 * 131);
		assert_floats(s, "d", a, 70 * 131);
		assert_floats(s, "f3", a, 70 * 131);
		for (i = 0; i < 70 * 131; i++)
			other[i] = a[i] * 8;
		assert_floats(s, "i2", other, 70 * 131);
		for (i = 0; i < 70 * 131; i++)
			other[i] = a[i] > 0;
		assert_floats(s, "bools", other, 70 * 131);
		assert_floats(s, "v", a + 3 * 131, 131);
		assert_floats(s, "vbig", a + 5 * 131, 131);
		assert_floats(s, "folder/x", a + 3 * 131, 131);
		assert_floats(s, "s", a + 3 * 131 + 3, 1);
		assert_int_equal(ak_tensors_find(s, "none")->count, 0);
		assert_int_equal(ak_tensor_read(s, ak_tensors_find(s, "u"), 0,
						0, &x, &err),
				 -ENOTSUP);
		/* Only what lies in the file as it is can be used there. */
		assert_true(!ak_tensors_find(s, "c")->data == (k == 1));
		assert_null(ak_tensors_find(s, "f")->data);
		assert_null(ak_tensors_find(s, "big")->data);
		ak_tensors_close(s);
	}
	free(a);
	free(half);
	free(other);
}

static void one_array(void **state)
{
	char npy[10 + 70 + 8 + 1] = "\x93NUMPY\1\0\x46";
	static const float want[] = { 1, 2, 3, 4 };
	struct ak_tensors *s;

	(void)state;
	sprintf(npy + 10, "%-69s\n",
		"{'descr': '>i2', 'fortran_order': True, 'shape': (2, 2), }");
	memcpy(npy + 80, "\0\1\0\3\0\2\0\4", 8);
	s = open_set(temp_write("some.array.npy", npy, sizeof(npy) - 1));
	assert_string_equal(ak_tensors_at(s, 0)->name, "some.array");
	assert_floats(s, "some.array", want, 4);
	ak_tensors_close(s);
	refuse(temp_write("cut.npy", npy, sizeof(npy) - 2), -EBADMSG,
	       "cut short");
}

/* A packed array whose data are damaged: an error of the one who reads. */
static const char damaged_npz[] =
	"import sys\n"
	"import numpy as np\n"
	"np.savez_compressed(sys.argv[1], a=np.arange(3000) % 77, b=np.arange(5))\n"
	"b = bytearray(open(sys.argv[1], 'rb').read())\n"
	"b[b.find(b'b.npy') - 100] ^= 255\n"
	"open(sys.argv[1], 'wb').write(b)\n";

static void damaged_array(void **state)
{
	static const float want[] = { 0, 1, 2, 3, 4 };
	struct ak_err err = { "" };
	struct ak_tensors *s;
	float x[3000];
	int i;

	(void)state;
	if (!have_python("numpy"))
		skip();
	run_python(damaged_npz, temp_path("a.npz"), NULL);
	s = open_set(temp_path("a.npz"));
	for (i = 0; i < 2; i++) {
		assert_int_equal(ak_tensor_read(s, ak_tensors_find(s, "a"), 0,
						1, x, &err),
				 -EBADMSG);
		assert_non_null(strstr(err.text, "a.npz: entry 'a.npy'"));
	}
	assert_floats(s, "b", want, 5);
	ak_tensors_close(s);
}

struct reader {
	pthread_t id;
	const struct ak_tensors *s;
	size_t first;
	int wrong;
};

static void *read_rows(void *arg)
{
	struct reader *r = arg;
	const struct ak_tensor *t = ak_tensors_find(r->s, "f");
	float x[131];
	size_t i, k;

	for (i = 0; i < 70; i++) {
		size_t row = (i * 31 + r->first) % 70;

		if (ak_tensor_read(r->s, t, row, 1, x, NULL))
			r->wrong++;
		for (k = 0; k < 131; k++)
			r->wrong += x[k] != element(row * 131 + k);
	}
	return NULL;
}

static void threads(void **state)
{
	struct reader r[8];
	size_t i;

	(void)state;
	if (!have_python("numpy"))
		skip();
	run_python(by_numpy, temp_path("a.npz"), "packed");
	r[0].s = open_set(temp_path("a.npz"));
	for (i = 0; i < ARRAY_SIZE(r); i++) {
		r[i].s = r[0].s;
		r[i].first = i * 7;
		r[i].wrong = 0;
		pthread_create(&r[i].id, NULL, read_rows, &r[i]);
	}
	for (i = 0; i < ARRAY_SIZE(r); i++) {
		pthread_join(r[i].id, NULL);
		assert_int_equal(r[i].wrong, 0);
	}
	ak_tensors_close((struct ak_tensors *)(uintptr_t)r[0].s);
}

/* More than is kept in memory: it goes to $TMPDIR, which may be missing. */
static const char large[] =
	"import sys\n"
	"import numpy as np\n"
	"np.savez_compressed(sys.argv[1], a=np.zeros((1000, 20000), 'f4') + np.arange(20000, dtype='f4'))\n";

static void on_disk(void **state)
{
	static float x[2 * 20000];
	struct ak_err err = { "" };
	struct ak_tensors *s;
	size_t i;

	(void)state;
	if (!have_python("numpy"))
		skip();
	run_python(large, temp_path("a.npz"), NULL);
	s = open_set(temp_path("a.npz"));
	setenv("TMPDIR", temp_path("nowhere"), 1);
	assert_int_equal(ak_tensor_read(s, ak_tensors_at(s, 0), 0, 1, x, &err),
			 -ENOENT);
	assert_non_null(strstr(err.text, "TMPDIR"));
	setenv("TMPDIR", temp_path("."), 1);
	if (ak_tensor_read(s, ak_tensors_at(s, 0), 998, 2, x, &err))
		fail_msg("%s", err.text);
	unsetenv("TMPDIR");
	for (i = 0; i < 2 * 20000; i++)
		assert_true(x[i] == (float)(i % 20000));
	ak_tensors_close(s);
}

/* ----------------------------------------------------------------- blocks */

static void blocks(void **state)
{
	static const enum ak_tensor_type all[] = {
		AK_TENSOR_Q4_0, AK_TENSOR_Q8_0, AK_TENSOR_Q6_K, AK_TENSOR_TQ1_0,
		AK_TENSOR_TQ2_0
	};
	static const uint64_t dim[] = { 3, 512 };
	struct ak_gguf_writer *w = ak_gguf_writer_new(32);
	struct ak_err err = { "" };
	struct ak_tensors *s;
	struct ak_out *out;
	static float x[3 * 512], want[3 * 512];
	uint8_t q[3 * 512 * 2];
	float part[256];
	size_t i, n;

	(void)state;
	for (i = 0; i < 3 * 512; i++)
		x[i] = element(i);
	for (i = 0; i < ARRAY_SIZE(all); i++)
		ak_gguf_add_tensor(w, ak_tensor_type_name(all[i]), all[i], 2,
				   dim);
	assert_int_equal(ak_out_open(temp_path("a.gguf"), &out, &err), 0);
	assert_int_equal(ak_gguf_begin(w, out, &err), 0);
	for (i = 0; i < ARRAY_SIZE(all); i++) {
		const struct ak_quant_format *f =
			ak_quant_find(ak_tensor_type_name(all[i]));

		ak_quantise_rows(ak_quant_best(), f, x, 3, 512, q);
		n = 3 * 512 / f->block * f->block_bytes;
		assert_int_equal(n, ak_gguf_size(w, i));
		assert_int_equal(ak_gguf_write(w, q, n, &err), 0);
	}
	assert_int_equal(ak_gguf_finish(w, &err), 0);
	ak_gguf_writer_free(w);
	assert_int_equal(ak_out_finish(out, &err), 0);
	s = open_set(temp_path("a.gguf"));
	for (i = 0; i < ARRAY_SIZE(all); i++) {
		const char *name = ak_tensor_type_name(all[i]);
		const struct ak_tensor *t = ak_tensors_find(s, name);

		assert_int_equal(t->type, all[i]);
		ak_dequantise_rows(ak_quant_best(), ak_quant_find(name),
				   t->data, 3, 512, want);
		assert_floats(s, name, want, 3 * 512);
		assert_int_equal(
			ak_tensor_read_part(s, t, 1, 256, 256, part, &err), 0);
		assert_memory_equal(part, want + 512 + 256, sizeof(part));
		assert_int_equal(
			ak_tensor_read_part(s, t, 1, 1, 256, part, &err),
			-EINVAL);
	}
	ak_tensors_close(s);
}

static void i2_s(void **state)
{
	static const uint64_t dim[] = { 4, 96 }, arm[] = { 1, 64 };
	struct ak_gguf_writer *w = ak_gguf_writer_new(32);
	static const float half = 0.5f;
	uint8_t body[96 + 32] = { 0 };
	struct ak_err err = { "" };
	struct ak_tensors *s;
	struct ak_out *out;
	float want[384], x;
	int8_t q[384];
	size_t i;

	(void)state;
	for (i = 0; i < 384; i++) {
		q[i] = (int8_t)((int)(i * 7 % 11 % 3) - 1);
		want[i] = (float)q[i] * half;
	}
	assert_int_equal(ak_i2s_pack(ak_quant_best(), AK_I2S_X86, q, 384, body),
			 0);
	memcpy(body + 96, &half, 4);
	ak_gguf_add_tensor(w, "w", AK_TENSOR_I2_S, 2, dim);
	ak_gguf_add_tensor(w, "arm", AK_TENSOR_I2_S, 2, arm);
	ak_gguf_add_tensor(w, "bad", AK_TENSOR_I2_S, 2, dim);
	assert_int_equal(ak_out_open(temp_path("a.gguf"), &out, &err), 0);
	assert_int_equal(ak_gguf_begin(w, out, &err), 0);
	assert_int_equal(ak_gguf_write(w, body, sizeof(body), &err), 0);
	assert_int_equal(ak_gguf_write(w, body, 48, &err), 0);
	body[50] = 255;
	assert_int_equal(ak_gguf_write(w, body, sizeof(body), &err), 0);
	assert_int_equal(ak_gguf_finish(w, &err), 0);
	ak_gguf_writer_free(w);
	assert_int_equal(ak_out_finish(out, &err), 0);
	s = open_set(temp_path("a.gguf"));
	assert_floats(s, "w", want, 384);
	assert_int_equal(
		ak_tensor_read(s, ak_tensors_find(s, "arm"), 0, 1, &x, &err),
		-ENOTSUP);
	assert_int_equal(
		ak_tensor_read(s, ak_tensors_find(s, "bad"), 0, 4, want, &err),
		-EBADMSG);
	ak_tensors_close(s);
}

/* ------------------------------------------------------------------ stats */

static void stats(void **state)
{
	static const uint64_t rows = 700, cols = 1001;
	static const char json[] =
		"{\"x\":{\"dtype\":\"F32\",\"shape\":[700,1001],\"data_offsets\":[0,2802800]},"
		"\"long\":{\"dtype\":\"F32\",\"shape\":[700700],\"data_offsets\":[2802800,5605600]},"
		"\"f8\":{\"dtype\":\"F8_E5M2\",\"shape\":[1],\"data_offsets\":[5605600,5605601]},"
		"\"none\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[5605601,5605601]}}";
	size_t n = rows * cols, i, k;
	float *x = malloc(2 * n * sizeof(float) + 1);
	struct ak_stats one[4], many[4];
	double squares[2] = { 0, 0 };
	struct ak_tensors *s;
	struct ak_err err = { "" };

	(void)state;
	for (i = 0; i < 2 * n; i++) {
		x[i] = element(i % n) * (i < n ? 1.0f : -3.0f);
		squares[i / n] += (double)x[i] * (double)x[i];
	}
	/* Some that are none, and the extremes. */
	x[5] = x[n - 1] = NAN;
	x[77] = -INFINITY;
	squares[0] -= pow((double)element(5), 2) +
		      pow((double)element(n - 1), 2) +
		      pow((double)element(77), 2);
	x[n + 3] = 1000;
	x[2 * n - 1] = -1000;
	squares[1] += 2e6 - pow((double)element(3) * 3, 2) -
		      pow((double)element(n - 1) * 3, 2);
	s = open_set(write_st("x", json, x, 2 * n * sizeof(float) + 1));
	for (k = 1; k < 4; k++) {
		if (ak_stats(s, (unsigned int)k, k == 1 ? one : many, NULL,
			     NULL, &err))
			fail_msg("%s", err.text);
		if (k > 1)
			assert_memory_equal(one, many, sizeof(one));
	}
	assert_true(one[0].known && one[0].nan == 2 && one[0].inf == 1);
	assert_int_equal(one[0].finite, n - 3);
	assert_true(one[0].min == -62.5 && one[0].max == 62.375);
	assert_true(fabs(one[0].rms / sqrt(squares[0] / (double)(n - 3)) - 1) <
		    1e-12);
	assert_true(one[1].min == -1000 && one[1].max == 1000);
	assert_true(fabs(one[1].rms / sqrt(squares[1] / (double)n) - 1) <
		    1e-12);
	assert_false(one[2].known);
	assert_true(one[3].known && !one[3].finite);
	ak_tensors_close(s);
	free(x);
}

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, temp_dir_make, temp_dir_remove)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(types),	     TEST(folders),	  TEST(indices),
		TEST(strangers),     TEST(numpy_archive), TEST(one_array),
		TEST(damaged_array), TEST(threads),	  TEST(on_disk),
		TEST(blocks),	     TEST(i2_s),	  TEST(stats),
	};

	return cmocka_run_group_tests_name("tensors", tests, NULL, NULL);
}
