// SPDX-License-Identifier: GPL-2.0
/*
 * safetensors and GGUF files, read back by scripts that were written from the
 * formats' descriptions.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "common/file.h"
#include "common/util.h"
#include "format/gguf_write.h"
#include "format/safetensors_write.h"
#include "python.h"
#include "scratch.h"

static char dir[64];
static char path[96];

static int make_dir(void **state)
{
	(void)state;
	if (scratch_make(dir, sizeof(dir)))
		return -1;
	snprintf(path, sizeof(path), "%s/file", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	return scratch_remove(dir);
}

static void check(int rc, const struct ak_err *err)
{
	if (rc)
		fail_msg("%d: %s", rc, err->text);
}

/* Bytes 0, 1, 2, ... over all tensors, in the order of the file. */
static void put_bytes(uint8_t *b, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		b[i] = (uint8_t)i;
}

static const struct ak_st_new tensors[] = {
	{ "b", AK_TENSOR_U8, 1, { 3 }, NULL },
	{ "norm", AK_TENSOR_BF16, 1, { 4 }, NULL },
	{ "w2", AK_TENSOR_U32, 2, { 2, 1 }, NULL },
	{ "a\"\\\n\xc3\xa9", AK_TENSOR_BF16, 2, { 1, 2 }, NULL },
	{ "empty", AK_TENSOR_F32, 2, { 0, 7 }, NULL },
	{ "scalar", AK_TENSOR_I64, 0, { 0 }, NULL },
	{ "q", AK_TENSOR_U8, 1, { 18 }, "\"nntr_dtype\":\"Q4_0\"" },
};

static const struct ak_st_text meta[] = { { "format", "nntrainer" },
					  { "x", "\"y\"" } };

static void check_file(const void *want, size_t head, const uint8_t *elements,
		       size_t n)
{
	struct ak_err err = { "" };
	uint8_t *file;
	size_t size;

	check(ak_file_read(path, 10000, &file, &size, &err), &err);
	assert_int_equal(size, head + n);
	assert_memory_equal(file, want, head);
	assert_memory_equal(file + head, elements, n);
	free(file);
}

/* By hand from the description. */
static const char given[] =
	"{\"__metadata__\":{\"format\":\"nntrainer\",\"x\":\"\\\"y\\\"\"},"
	"\"b\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]},"
	"\"norm\":{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[3,11]},"
	"\"w2\":{\"dtype\":\"U32\",\"shape\":[2,1],\"data_offsets\":[11,19]},"
	"\"a\\\"\\\\\\n\xc3\xa9\":{\"dtype\":\"BF16\",\"shape\":[1,2],\"data_offsets\":[19,23]},"
	"\"empty\":{\"dtype\":\"F32\",\"shape\":[0,7],\"data_offsets\":[23,23]},"
	"\"scalar\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[23,31]},"
	"\"q\":{\"dtype\":\"U8\",\"shape\":[18],\"nntr_dtype\":\"Q4_0\",\"data_offsets\":[31,49]}}";
/* safetensors 0.5.3: types downwards, then names. */
static const char sorted[] =
	"{\"scalar\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]},"
	"\"empty\":{\"dtype\":\"F32\",\"shape\":[0,7],\"data_offsets\":[8,8]},"
	"\"w2\":{\"dtype\":\"U32\",\"shape\":[2,1],\"data_offsets\":[8,16]},"
	"\"a\\\"\\\\\\n\xc3\xa9\":{\"dtype\":\"BF16\",\"shape\":[1,2],\"data_offsets\":[16,20]},"
	"\"norm\":{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[20,28]},"
	"\"b\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[28,31]},"
	"\"q\":{\"dtype\":\"U8\",\"shape\":[18],\"nntr_dtype\":\"Q4_0\",\"data_offsets\":[31,49]}}";

static size_t with_length(const char *json, char *head)
{
	size_t n = (strlen(json) + 7) / 8 * 8;

	memset(head, 0, 8);
	memset(head + 8, ' ', n);
	memcpy(head + 8, json, strlen(json));
	head[0] = (char)n;
	head[1] = (char)(n >> 8);
	return n + 8;
}

static void safetensors(void **state)
{
	struct ak_err err = { "" };
	struct ak_st_writer *w;
	struct ak_out *out;
	uint8_t elements[49];
	char head[1000];
	size_t n, i, k;

	(void)state;
	put_bytes(elements, sizeof(elements));
	check(ak_out_open(path, &out, &err), &err);
	check(ak_st_writer_new(out, tensors, ARRAY_SIZE(tensors), AK_ST_GIVEN,
			       meta, ARRAY_SIZE(meta), &w, &err),
	      &err);
	check(ak_st_write(w, elements, 20, &err), &err);
	assert_int_equal(ak_st_finish(w, &err), -EINVAL);
	check(ak_st_write(w, elements + 20, 29, &err), &err);
	assert_int_equal(ak_st_write(w, elements, 1, &err), -EINVAL);
	check(ak_st_finish(w, &err), &err);
	ak_st_writer_free(w);
	check(ak_out_finish(out, &err), &err);
	n = with_length(given, head);
	check_file(head, n, elements, sizeof(elements));

	/* Sorted, and written in the order of the array by their offsets. */
	check(ak_out_open(path, &out, &err), &err);
	check(ak_st_writer_new(out, tensors, ARRAY_SIZE(tensors), AK_ST_SORTED,
			       NULL, 0, &w, &err),
	      &err);
	check(ak_st_reserve(w, &err), &err);
	check(ak_st_finish(w, &err), &err);
	n = with_length(sorted, head);
	for (i = 0; i < ARRAY_SIZE(tensors); i++)
		check(ak_out_pwrite(out, ak_st_offset(w, i),
				    elements + ak_st_offset(w, i) - n,
				    ak_st_size(w, i), &err),
		      &err);
	for (k = 0, i = n; k < ARRAY_SIZE(tensors); k++) {
		assert_int_equal(ak_st_offset(w, ak_st_at(w, k)), i);
		i += ak_st_size(w, ak_st_at(w, k));
	}
	ak_st_writer_free(w);
	check(ak_out_finish(out, &err), &err);
	check_file(head, n, elements, sizeof(elements));
}

static void safetensors_refusals(void **state)
{
	static const struct ak_st_new bad[][2] = {
		{ { "a", AK_TENSOR_U8, 1, { 3 }, NULL },
		  { "a", AK_TENSOR_F32, 1, { 3 }, NULL } },
		{ { "\xff", AK_TENSOR_U8, 1, { 3 }, NULL },
		  { "a", AK_TENSOR_F32, 1, { 3 }, NULL } },
		{ { "__metadata__", AK_TENSOR_U8, 1, { 3 }, NULL },
		  { "a", AK_TENSOR_F32, 1, { 3 }, NULL } },
		{ { "q", AK_TENSOR_Q4_0, 1, { 32 }, NULL },
		  { "a", AK_TENSOR_F32, 1, { 3 }, NULL } },
		{ { "q", AK_TENSOR_U8, 2, { UINT64_MAX, 2 }, NULL },
		  { "a", AK_TENSOR_F32, 1, { 3 }, NULL } },
		{ { "q", AK_TENSOR_U8, 1, { INT64_MAX }, NULL },
		  { "a", AK_TENSOR_F32, 1, { 3 }, NULL } },
	};
	struct ak_st_text text = { "k", "\xff" };
	struct ak_st_writer *w;
	struct ak_err err;
	struct ak_out *out;
	size_t i;

	(void)state;
	check(ak_out_open(path, &out, &err), &err);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(ak_st_writer_new(out, bad[i], 2, AK_ST_GIVEN,
						  NULL, 0, &w, &err),
				 -EINVAL);
		assert_null(w);
	}
	assert_int_equal(ak_st_writer_new(out, tensors, 1, AK_ST_GIVEN, &text,
					  1, &w, &err),
			 -EINVAL);
	ak_out_abandon(out);
}

/* GGUF by its description, with nothing but struct. */
static const char read_gguf[] =
	"import struct, sys\n"
	"b = open(sys.argv[1], 'rb').read()\n"
	"align = int(sys.argv[2])\n"
	"at = 0\n"
	"def get(f):\n"
	"    global at\n"
	"    v = struct.unpack_from('<' + f, b, at)[0]\n"
	"    at += struct.calcsize('<' + f)\n"
	"    return v\n"
	"def string():\n"
	"    global at\n"
	"    n = get('Q')\n"
	"    at += n\n"
	"    return b[at - n:at]\n"
	"codes = 'BbHhIif?'\n"
	"def value(t):\n"
	"    if t == 8: return string()\n"
	"    if t == 9:\n"
	"        e = get('I')\n"
	"        return (e, [value(e) for i in range(get('Q'))])\n"
	"    return get({10: 'Q', 11: 'q', 12: 'd'}[t] if t > 9 else codes[t])\n"
	"assert b[:4] == b'GGUF'\n"
	"at = 4\n"
	"assert get('I') == 3\n"
	"n, k = get('Q'), get('Q')\n"
	"keys = []\n"
	"for i in range(k):\n"
	"    name = string()\n"
	"    t = get('I')\n"
	"    keys.append((name.decode(), t, value(t)))\n"
	"want = [('general.alignment', 4, 64)] if align == 64 else []\n"
	"want += [('general.architecture', 8, b'llama'), ('u8', 0, 255), ('i8', 1, -1),\n"
	"  ('u16', 2, 65535), ('i16', 3, -2), ('u32', 4, 1 << 31), ('i32', 5, -3),\n"
	"  ('f32', 6, 0.5), ('bool', 7, True), ('u64', 10, 1 << 63), ('i64', 11, -4),\n"
	"  ('f64', 12, 0.1), ('scores', 9, (6, [0.25, -1.0])), ('types', 9, (5, [1, -6])),\n"
	"  ('none', 9, (8, [])), ('tokens', 9, (8, [b'<s>', b'\\xff\\x00', b'']))]\n"
	"assert keys == want, keys\n"
	"tensors = []\n"
	"for i in range(n):\n"
	"    name = string()\n"
	"    tensors.append((name.decode(), [get('Q') for i in range(get('I'))], get('I'), get('Q')))\n"
	"at = -(-at // align) * align\n"
	"sizes = [12, 36, 0, 2 * 210, 256 // 4 + 32]\n"
	"off, want = 0, []\n"
	"for s in sizes:\n"
	"    want.append(off)\n"
	"    off += -(-s // align) * align\n"
	"assert [t[:3] for t in tensors] == [('norm', [3], 0), ('q', [32, 2], 2), ('nothing', [0], 1),\n"
	"  ('k', [256, 2, 1], 14), ('t', [64, 4], 36)], tensors\n"
	"assert [t[3] for t in tensors] == want, tensors\n"
	"assert len(b) == at + off, (len(b), at, off)\n"
	"byte = 0\n"
	"for s, o in zip(sizes, want):\n"
	"    assert b[at + o:at + o + s] == bytes((byte + i) % 256 for i in range(s)), o\n"
	"    assert not any(b[at + o + s:at + o + -(-s // align) * align])\n"
	"    byte += s\n";

static struct ak_gguf_writer *gguf(uint32_t alignment)
{
	static const char *const tokens[] = { "<s>", "\xff\0", "" };
	static const size_t lengths[] = { 3, 2, 0 };
	static const float scores[] = { 0.25f, -1 };
	static const int32_t types[] = { 1, -6 };
	static const uint64_t dims[][3] = {
		{ 3 }, { 2, 32 }, { 0 }, { 1, 2, 256 }, { 4, 64 },
	};
	struct ak_gguf_writer *w = ak_gguf_writer_new(alignment);

	ak_gguf_put_string(w, "general.architecture", "llama");
	ak_gguf_put_u8(w, "u8", 255);
	ak_gguf_put_i8(w, "i8", -1);
	ak_gguf_put_u16(w, "u16", 65535);
	ak_gguf_put_i16(w, "i16", -2);
	ak_gguf_put_u32(w, "u32", 1u << 31);
	ak_gguf_put_i32(w, "i32", -3);
	ak_gguf_put_f32(w, "f32", 0.5f);
	ak_gguf_put_bool(w, "bool", true);
	ak_gguf_put_u64(w, "u64", 1ull << 63);
	ak_gguf_put_i64(w, "i64", -4);
	ak_gguf_put_f64(w, "f64", 0.1);
	ak_gguf_put_array(w, "scores", AK_TENSOR_F32, scores, 2);
	ak_gguf_put_array(w, "types", AK_TENSOR_I32, types, 2);
	ak_gguf_put_strings(w, "none", NULL, NULL, 0);
	ak_gguf_put_strings(w, "tokens", tokens, lengths, 3);
	ak_gguf_add_tensor(w, "norm", AK_TENSOR_F32, 1, dims[0]);
	ak_gguf_add_tensor(w, "q", AK_TENSOR_Q4_0, 2, dims[1]);
	ak_gguf_add_tensor(w, "nothing", AK_TENSOR_F16, 1, dims[2]);
	ak_gguf_add_tensor(w, "k", AK_TENSOR_Q6_K, 3, dims[3]);
	ak_gguf_add_tensor(w, "t", AK_TENSOR_I2_S, 2, dims[4]);
	return w;
}

static void write_gguf(uint32_t alignment, bool reserve)
{
	struct ak_gguf_writer *w = gguf(alignment);
	struct ak_err err = { "" };
	uint8_t elements[1000];
	struct ak_out *out;
	size_t i, at = 0;

	put_bytes(elements, sizeof(elements));
	check(ak_out_open(path, &out, &err), &err);
	check(ak_gguf_begin(w, out, &err), &err);
	if (reserve)
		check(ak_gguf_reserve(w, &err), &err);
	else
		assert_int_equal(ak_gguf_finish(w, &err), -EINVAL);
	for (i = 0; i < 5; i++) {
		size_t n = ak_gguf_size(w, i);

		if (reserve) {
			check(ak_out_pwrite(out, ak_gguf_offset(w, i),
					    elements + at, n, &err),
			      &err);
		} else {
			/* In two pieces. */
			check(ak_gguf_write(w, elements + at, n / 2, &err),
			      &err);
			check(ak_gguf_write(w, elements + at + n / 2, n - n / 2,
					    &err),
			      &err);
		}
		at += n;
	}
	assert_int_equal(ak_gguf_write(w, elements, 1, &err), -EINVAL);
	check(ak_gguf_finish(w, &err), &err);
	ak_gguf_writer_free(w);
	check(ak_out_finish(out, &err), &err);
}

static void gguf_round_trip(void **state)
{
	(void)state;
	if (!have_python(NULL))
		skip();
	write_gguf(32, false);
	run_python(read_gguf, path, "32");
	write_gguf(32, true);
	run_python(read_gguf, path, "32");
	write_gguf(64, false);
	run_python(read_gguf, path, "64");
}

static void refuse(struct ak_gguf_writer *w, const char *what)
{
	struct ak_err err = { "" };
	struct ak_out *out;

	check(ak_out_open(path, &out, &err), &err);
	assert_int_equal(ak_gguf_begin(w, out, &err), -EINVAL);
	if (!strstr(err.text, what))
		fail_msg("no '%s' in: %s", what, err.text);
	ak_out_abandon(out);
	ak_gguf_writer_free(w);
}

static void gguf_refusals(void **state)
{
	static const uint64_t dims[] = { 1, 1, 1, 1, 33 },
			      huge[] = { UINT64_MAX, 2 };
	char name[65];
	struct ak_gguf_writer *w;

	(void)state;
	assert_null(ak_gguf_writer_new(0));
	assert_null(ak_gguf_writer_new(4));
	assert_null(ak_gguf_writer_new(48));
	w = gguf(32);
	ak_gguf_put_i8(w, "u8", 1);
	refuse(w, "'u8'");
	w = gguf(32);
	ak_gguf_put_array(w, "x", AK_TENSOR_F16, "", 0);
	ak_gguf_put_array(w, "y", AK_TENSOR_BF16, "", 0);
	refuse(w, "'x'");
	w = gguf(32);
	ak_gguf_add_tensor(w, "norm", AK_TENSOR_F32, 1, dims);
	refuse(w, "'norm'");
	w = gguf(32);
	ak_gguf_add_tensor(w, "x", AK_TENSOR_Q4_0, 1, dims + 4);
	refuse(w, "33");
	w = gguf(32);
	ak_gguf_add_tensor(w, "x", AK_TENSOR_U8, 1, dims);
	refuse(w, "U8");
	w = gguf(32);
	ak_gguf_add_tensor(w, "x", AK_TENSOR_F32, 5, dims);
	refuse(w, "dimensions");
	w = gguf(32);
	ak_gguf_add_tensor(w, "x", AK_TENSOR_F32, 2, huge);
	refuse(w, "large");
	memset(name, 'x', 64);
	name[64] = '\0';
	w = gguf(32);
	ak_gguf_add_tensor(w, name, AK_TENSOR_F32, 1, dims);
	refuse(w, "63");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(safetensors),
		TEST(safetensors_refusals),
		TEST(gguf_round_trip),
		TEST(gguf_refusals),
	};

	return cmocka_run_group_tests_name("tensor_write", tests, NULL, NULL);
}
