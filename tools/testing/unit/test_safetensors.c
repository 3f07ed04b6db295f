// SPDX-License-Identifier: GPL-2.0
/*
 * safetensors headers, right and hostile. The rules are those of the format's
 * description and of the checks of its reference implementation.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "common/le.h"
#include "common/util.h"
#include "format/safetensors.h"

/* A file of a header and @n bytes; on the heap, so that ASan sees its end. */
static uint8_t *file_of(const char *json, size_t n, size_t *size)
{
	size_t length = strlen(json);
	uint8_t *f = malloc(8 + length + n);

	*size = 8 + length + n;
	ak_put_le64(f, length);
	memcpy(f + 8, json, length);
	memset(f + 8 + length, 0, n);
	return f;
}

static int parse_all(const char *json, size_t n, struct ak_safetensors *st,
		     struct ak_err *err)
{
	size_t size;
	uint8_t *f = file_of(json, n, &size);
	int rc = ak_safetensors_parse(f, size, st, err);

	assert_true(ak_is_safetensors(f, size) || rc || !n);
	free(f);
	return rc;
}

static void right(void **state)
{
	static const char json[] =
		"{\"__metadata__\": {\"format\":\"pt\", \"a\\u00e9\\n\": \"\"},"
		" \"b\":{\"dtype\":\"BF16\",\"shape\":[2,3],\"data_offsets\":[4,16]},"
		"\"a\" : {\"shape\" : [ ] , \"data_offsets\":[0,4],\"dtype\":\"F32\"},\n"
		"\"empty\":{\"dtype\":\"I64\",\"shape\":[3,0,2],\"data_offsets\":[16,16]},"
		"\"f8\":{\"dtype\":\"F8_E4M3\",\"shape\":[3],\"data_offsets\":[16,19]},"
		"\"f4\":{\"dtype\":\"F4\",\"shape\":[4],\"data_offsets\":[19,21]},"
		"\"q\":{\"dtype\":\"U8\",\"shape\":[18],\"data_offsets\":[21,39],"
		"\"nntr_dtype\":\"Q4_0\",\"nntr_shape\":[1,1,1,32],\"more\":{\"x\":[1.5e3,null,{}]}}}  ";
	struct ak_err err = { "" };
	struct ak_safetensors st;
	size_t i, data = 8 + strlen(json);

	(void)state;
	if (parse_all(json, 39, &st, &err))
		fail_msg("%s", err.text);
	assert_int_equal(st.count, 6);
	assert_int_equal(st.num_meta, 2);
	assert_string_equal(st.meta[0].key, "format");
	assert_string_equal(st.meta[0].value, "pt");
	assert_string_equal(st.meta[1].key, "a\xc3\xa9\n");
	assert_string_equal(st.meta[1].value, "");
	assert_string_equal(st.tensor[0].name, "b");
	assert_int_equal(st.tensor[0].type, AK_TENSOR_BF16);
	assert_int_equal(st.tensor[0].ndim, 2);
	assert_int_equal(st.tensor[0].dim[0], 2);
	assert_int_equal(st.tensor[0].dim[1], 3);
	assert_int_equal(st.tensor[0].count, 6);
	assert_int_equal(st.tensor[0].offset, data + 4);
	assert_int_equal(st.tensor[0].size, 12);
	assert_int_equal(st.tensor[1].ndim, 0);
	assert_int_equal(st.tensor[1].count, 1);
	assert_int_equal(st.tensor[1].offset, data);
	assert_int_equal(st.tensor[2].count, 0);
	assert_int_equal(st.tensor[3].type, AK_TENSOR_OTHER);
	assert_string_equal(st.tensor[3].dtype, "F8_E4M3");
	assert_int_equal(st.tensor[4].size, 2);
	assert_string_equal(st.tensor[5].nntr_dtype, "Q4_0");
	assert_int_equal(st.tensor[5].nntr_ndim, 4);
	assert_int_equal(st.tensor[5].nntr_dim[3], 32);
	assert_null(st.tensor[0].nntr_dtype);
	for (i = 0; i < st.count; i++)
		assert_int_equal(ak_names_find(&st.names, st.tensor[i].name),
				 i);
	assert_int_equal(ak_names_find(&st.names, "c"), SIZE_MAX);
	ak_safetensors_clear(&st);
	/* No tensors at all. */
	assert_int_equal(parse_all("{}", 0, &st, &err), 0);
	ak_safetensors_clear(&st);
}

#define T(dtype, shape, offsets)                           \
	"{\"a\":{\"dtype\":\"" dtype "\",\"shape\":" shape \
	",\"data_offsets\":" offsets "}}"

static const struct {
	const char *json;
	size_t n;
	int code;
	const char *says;
} cases[] = {
	/* Sizes. */
	{ T("F32", "[2]", "[0,8]"), 7, -EBADMSG, "cut short" },
	{ T("F32", "[2]", "[0,8]"), 9, -EBADMSG, "8 bytes" },
	{ T("F32", "[2]", "[0,7]"), 7, -EBADMSG, "'a'" },
	{ T("F32", "[2]", "[8,0]"), 8, -EBADMSG, "'a'" },
	{ T("F32", "[2]", "[4,12]"), 12, -EBADMSG, "gap" },
	{ T("F32", "[4294967296,4294967296]", "[0,0]"), 0, -EBADMSG, "large" },
	{ T("F32", "[0,4294967296,4294967296]", "[0,0]"), 0, -EBADMSG,
	  "large" },
	{ T("F64", "[2305843009213693952]", "[0,0]"), 0, -EBADMSG, "large" },
	{ T("U8", "[18446744073709551615]", "[0,18446744073709551615]"), 8,
	  -EBADMSG, "large" },
	{ T("U8", "[18446744073709551616]", "[0,0]"), 0, -EBADMSG, "smaller" },
	{ T("F4", "[3]", "[0,2]"), 2, -EBADMSG, "whole number of bytes" },
	{ T("F6_E2M3", "[2]", "[0,2]"), 2, -EBADMSG, "whole number of bytes" },
	/* Places. */
	{ "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
	  "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}",
	  3, -EBADMSG, "'b'" },
	{ "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
	  "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}",
	  2, -EBADMSG, "overlaps" },
	{ "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
	  "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[3,5]}}",
	  5, -EBADMSG, "gap" },
	{ "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
	  "\"b\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[1,1]}}",
	  2, -EBADMSG, "'b'" },
	/* Names. */
	{ "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
	  "\"\\u0061\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
	  2, -EBADMSG, "twice" },
	{ "{\"__metadata__\":{},\"__metadata__\":{}}", 0, -EBADMSG, "twice" },
	{ "{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", 0, -EBADMSG,
	  "twice" },
	{ "{\"__metadata__\":{\"a\":1}}", 0, -EBADMSG, "string" },
	{ "{\"__metadata__\":[]}", 0, -EBADMSG, "object" },
	{ "{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
	  1, -EBADMSG, "twice" },
	{ "{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}", 0, -EBADMSG, "lacks" },
	{ "{\"a\":{\"shape\":[1],\"data_offsets\":[0,1]}}", 1, -EBADMSG,
	  "lacks" },
	{ "{\"a\":{}}", 0, -EBADMSG, "lacks" },
	{ "{\"a\":1}", 0, -EBADMSG, "object" },
	/* Types. */
	{ T("F128", "[1]", "[0,16]"), 16, -ENOTSUP, "F128" },
	{ T("Q4_0", "[32]", "[0,18]"), 18, -ENOTSUP, "Q4_0" },
	{ T("f32", "[1]", "[0,4]"), 4, -ENOTSUP, "f32" },
	{ T("F32", "[1,1,1,1,1,1,1,1,1]", "[0,4]"), 4, -ENOTSUP, "dimensions" },
	/* Numbers. */
	{ T("U8", "[-1]", "[0,1]"), 1, -EBADMSG, "whole number" },
	{ T("U8", "[1.0]", "[0,1]"), 1, -EBADMSG, "whole number" },
	{ T("U8", "[1e0]", "[0,1]"), 1, -EBADMSG, "whole number" },
	{ T("U8", "[01]", "[0,1]"), 1, -EBADMSG, "leading 0" },
	{ T("U8", "[\"1\"]", "[0,1]"), 1, -EBADMSG, "whole number" },
	{ T("U8", "[1,]", "[0,1]"), 1, -EBADMSG, "whole number" },
	{ T("U8", "[1 1]", "[0,1]"), 1, -EBADMSG, "comma" },
	{ T("U8", "1", "[0,1]"), 1, -EBADMSG, "list" },
	{ T("U8", "[1]", "[0]"), 1, -EBADMSG, "two offsets" },
	{ T("U8", "[1]", "[0,1,1]"), 1, -EBADMSG, "two offsets" },
	/* JSON. */
	{ "", 0, -EBADMSG, "brace" },
	{ " {}", 0, -EBADMSG, "brace" },
	{ "[]", 0, -EBADMSG, "brace" },
	{ "{", 0, -EBADMSG, "string" },
	{ "{}x", 0, -EBADMSG, "end" },
	{ "{}{}", 0, -EBADMSG, "end" },
	{ "{\"a\"", 0, -EBADMSG, "colon" },
	{ "{\"a", 0, -EBADMSG, "end of a string" },
	{ "{\"a\n\":1}", 0, -EBADMSG, "end of a string" },
	{ "{\"\\x\":1}", 0, -EBADMSG, "escape" },
	{ "{\"\\u00g0\":1}", 0, -EBADMSG, "hexadecimal" },
	{ "{\"\\u0000\":1}", 0, -EBADMSG, "character" },
	{ "{\"\\ud800\":1}", 0, -EBADMSG, "surrogate" },
	{ "{\"\\ud800\\u0041\":1}", 0, -EBADMSG, "surrogate" },
	{ "{\"\\udc00\":1}", 0, -EBADMSG, "character" },
	{ "{\"\xff\":1}", 0, -EBADMSG, "UTF-8" },
	{ "{\"\xc0\x80\":1}", 0, -EBADMSG, "UTF-8" },
	{ "{\"\xed\xa0\x80\":1}", 0, -EBADMSG, "UTF-8" },
	{ "{\"\xf4\x90\x80\x80\":1}", 0, -EBADMSG, "UTF-8" },
	{ "{\"\xe2\x82\":1}", 0, -EBADMSG, "UTF-8" },
};

static void hostile(void **state)
{
	struct ak_safetensors st;
	struct ak_err err;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int rc;

		err.text[0] = '\0';
		rc = parse_all(cases[i].json, cases[i].n, &st, &err);
		if (rc != cases[i].code || !strstr(err.text, cases[i].says))
			fail_msg("case %zu: %d, '%s' has no '%s'", i, rc,
				 err.text, cases[i].says);
		assert_null(st.tensor);
	}
}

static void lengths(void **state)
{
	struct ak_err err = { "" };
	struct ak_safetensors st;
	uint8_t f[16] = { 0 };

	(void)state;
	assert_int_equal(ak_safetensors_parse(f, 0, &st, &err), -EBADMSG);
	assert_int_equal(ak_safetensors_parse(f, 7, &st, &err), -EBADMSG);
	assert_int_equal(ak_safetensors_parse(f, 8, &st, &err), -EBADMSG);
	f[8] = '{';
	f[9] = '}';
	/* A header that ends where the file ends, and behind that. */
	ak_put_le64(f, 2);
	assert_int_equal(ak_safetensors_parse(f, 10, &st, &err), 0);
	ak_safetensors_clear(&st);
	assert_true(ak_is_safetensors(f, 10));
	ak_put_le64(f, 3);
	assert_int_equal(ak_safetensors_parse(f, 10, &st, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "cut short"));
	ak_put_le64(f, 100000001);
	assert_int_equal(ak_safetensors_parse(f, 10, &st, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "100000000"));
	assert_false(ak_is_safetensors(f, 10));
	ak_put_le64(f, UINT64_MAX);
	assert_int_equal(ak_safetensors_parse(f, 10, &st, &err), -EBADMSG);
}

static void depth(void **state)
{
	static char json[400];
	struct ak_err err = { "" };
	struct ak_safetensors st;
	int levels;

	(void)state;
	for (levels = 63; levels <= 65; levels++) {
		char *p =
			json +
			sprintf(json,
				"{\"a\":{\"dtype\":\"U8\","
				"\"shape\":[0],\"data_offsets\":[0,0],\"x\":");

		memset(p, '[', (size_t)levels);
		memset(p + levels, ']', (size_t)levels);
		strcpy(p + 2 * levels, "}}");
		assert_int_equal(parse_all(json, 0, &st, &err),
				 levels <= 64 ? 0 : -EBADMSG);
		if (levels <= 64)
			ak_safetensors_clear(&st);
	}
}

/* Every prefix is an error, every changed byte at most one. */
static void damaged(void **state)
{
	static const char json[] =
		"{\"__metadata__\":{\"k\":\"\\ud83d\\ude00\"},"
		"\"b\":{\"dtype\":\"BF16\",\"shape\":[2,3],\"data_offsets\":[4,16]},"
		"\"a\":{\"shape\":[1],\"data_offsets\":[0,4],\"dtype\":\"F32\",\"x\":[true,{\"y\":-1.5}]}} ";
	struct ak_safetensors st;
	struct ak_err err;
	size_t size, i, refused = 0;
	uint8_t *f = file_of(json, 16, &size), *copy;
	unsigned int v;

	(void)state;
	assert_int_equal(ak_safetensors_parse(f, size, &st, NULL), 0);
	assert_string_equal(st.meta[0].value, "\xf0\x9f\x98\x80");
	ak_safetensors_clear(&st);
	for (i = 0; i < size; i++) {
		copy = malloc(i ? i : 1);
		memcpy(copy, f, i);
		err.text[0] = '\0';
		assert_int_not_equal(ak_safetensors_parse(copy, i, &st, &err),
				     0);
		assert_true(err.text[0]);
		free(copy);
	}
	for (i = 0; i < size - 16; i++)
		for (v = 0; v < 256; v++) {
			uint8_t was = f[i];

			f[i] = (uint8_t)v;
			err.text[0] = '\0';
			if (ak_safetensors_parse(f, size, &st, &err)) {
				refused++;
				assert_true(err.text[0]);
			}
			ak_safetensors_clear(&st);
			f[i] = was;
		}
	assert_true(refused > size * 100);
	free(f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(right),   cmocka_unit_test(hostile),
		cmocka_unit_test(lengths), cmocka_unit_test(depth),
		cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests_name("safetensors", tests, NULL, NULL);
}
