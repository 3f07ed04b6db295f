// SPDX-License-Identifier: GPL-2.0
/*
 * GGUF files, right and hostile, put together field by field.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "common/buf.h"
#include "common/le.h"
#include "common/util.h"
#include "format/gguf.h"

static void put32(struct ak_buf *b, uint32_t v)
{
	uint8_t p[4];

	ak_put_le32(p, v);
	ak_buf_add(b, p, 4);
}

static void put64(struct ak_buf *b, uint64_t v)
{
	uint8_t p[8];

	ak_put_le64(p, v);
	ak_buf_add(b, p, 8);
}

static void put_text(struct ak_buf *b, const char *s)
{
	put64(b, strlen(s));
	ak_buf_text(b, s);
}

static void head(struct ak_buf *b, uint32_t version, uint64_t tensors,
		 uint64_t keys)
{
	ak_buf_text(b, "GGUF");
	put32(b, version);
	put64(b, tensors);
	put64(b, keys);
}

static void put_key(struct ak_buf *b, const char *name, uint32_t type)
{
	put_text(b, name);
	put32(b, type);
}

static void put_tensor(struct ak_buf *b, const char *name, uint32_t ndim,
		       const uint64_t *dim, uint32_t type, uint64_t offset)
{
	uint32_t i;

	put_text(b, name);
	put32(b, ndim);
	for (i = 0; i < ndim; i++)
		put64(b, dim[i]);
	put32(b, type);
	put64(b, offset);
}

static void put_data(struct ak_buf *b, size_t alignment, size_t size)
{
	ak_buf_fill(b, 0, -b->size % alignment);
	ak_buf_fill(b, 7, size);
}

static int parse(const struct ak_buf *b, size_t size, struct ak_gguf *g,
		 struct ak_err *err)
{
	uint8_t *copy = malloc(size ? size : 1);
	int rc;

	memcpy(copy, b->data, size);
	err->text[0] = '\0';
	rc = ak_gguf_parse(copy, size, g, err);
	/* Values are in the file: none may be looked at afterwards. */
	free(copy);
	return rc;
}

/* A file with a key of each type and a tensor of some. */
static void whole(struct ak_buf *b, uint32_t version)
{
	static const uint64_t two[] = { 3, 2 }, row[] = { 32 }, none[] = { 0 };

	head(b, version, 4, 15);
	put_key(b, "u8", 0);
	ak_buf_fill(b, 255, 1);
	put_key(b, "i8", 1);
	ak_buf_fill(b, 255, 1);
	put_key(b, "u16", 2);
	ak_buf_add(b, "\xfe\xff", 2);
	put_key(b, "i16", 3);
	ak_buf_add(b, "\xfe\xff", 2);
	put_key(b, "u32", 4);
	put32(b, 0xfffffffe);
	put_key(b, "i32", 5);
	put32(b, 0xfffffffe);
	put_key(b, "f32", 6);
	put32(b, 0x3f000000);
	put_key(b, "bool", 7);
	ak_buf_fill(b, 1, 1);
	put_key(b, "text", 8);
	put_text(b, "ab");
	put_key(b, "u64", 10);
	put64(b, UINT64_MAX);
	put_key(b, "i64", 11);
	put64(b, UINT64_MAX);
	put_key(b, "f64", 12);
	put64(b, 0x3fe0000000000000);
	put_key(b, "list", 9);
	put32(b, 5);
	put64(b, 2);
	put32(b, 1);
	put32(b, 0xffffffff);
	put_key(b, "tokens", 9);
	put32(b, 8);
	put64(b, 3);
	put_text(b, "<s>");
	put_text(b, "");
	put_text(b, "\xff");
	put_key(b, "general.alignment", 4);
	put32(b, 64);
	put_tensor(b, "a", 2, two, 0, 64);
	put_tensor(b, "b", 1, row, 2, 0);
	put_tensor(b, "c", 1, none, 1, 128);
	put_tensor(b, "d", 0, NULL, 30, 128);
	put_data(b, 64, 130);
}

static void right(void **state)
{
	struct ak_err err = { "" };
	struct ak_buf b = { 0 };
	struct ak_gguf g;
	const char *text;
	size_t pos = 0, n, data;
	int64_t whole_number;
	double v;
	uint32_t version;

	(void)state;
	for (version = 2; version <= 3; version++) {
		whole(&b, version);
		if (ak_gguf_parse(b.data, b.size, &g, &err))
			fail_msg("%s", err.text);
		assert_int_equal(g.version, version);
		assert_int_equal(g.alignment, 64);
		assert_int_equal(g.num_keys, 15);
		assert_int_equal(g.count, 4);
		data = b.size - 130;
		assert_string_equal(g.tensor[0].name, "a");
		assert_int_equal(g.tensor[0].ndim, 2);
		assert_int_equal(g.tensor[0].dim[0], 2);
		assert_int_equal(g.tensor[0].dim[1], 3);
		assert_int_equal(g.tensor[0].size, 24);
		assert_int_equal(g.tensor[0].offset, data + 64);
		assert_string_equal(g.tensor[1].ggml->name, "Q4_0");
		assert_int_equal(g.tensor[1].size, 18);
		assert_int_equal(g.tensor[2].count, 0);
		assert_int_equal(g.tensor[3].count, 1);
		assert_int_equal(g.tensor[3].size, 2);
		ak_gguf_clear(&g);
		ak_buf_clear(&b);
	}
	whole(&b, 3);
	assert_int_equal(ak_gguf_parse(b.data, b.size, &g, &err), 0);
#define INTEGER(key, want)                                                    \
	do {                                                                  \
		assert_int_equal(ak_gguf_integer(ak_gguf_find(&g, key), 0,    \
						 &whole_number),              \
				 0);                                          \
		assert_true(whole_number == (want));                          \
		assert_int_equal(ak_gguf_float(ak_gguf_find(&g, key), 0, &v), \
				 0);                                          \
		assert_true(v == (double)(want));                             \
	} while (0)
	INTEGER("u8", 255);
	INTEGER("i8", -1);
	INTEGER("u16", 65534);
	INTEGER("i16", -2);
	INTEGER("u32", 0xfffffffeLL);
	INTEGER("i32", -2);
	INTEGER("bool", 1);
	INTEGER("i64", -1);
	INTEGER("list", 1);
	assert_int_equal(
		ak_gguf_integer(ak_gguf_find(&g, "list"), 1, &whole_number), 0);
	assert_true(whole_number == -1);
	assert_int_equal(
		ak_gguf_integer(ak_gguf_find(&g, "list"), 2, &whole_number),
		-ERANGE);
	assert_int_equal(
		ak_gguf_integer(ak_gguf_find(&g, "u64"), 0, &whole_number),
		-ERANGE);
	assert_int_equal(ak_gguf_float(ak_gguf_find(&g, "u64"), 0, &v), 0);
	assert_true(v == 18446744073709551616.0);
	assert_int_equal(
		ak_gguf_integer(ak_gguf_find(&g, "f32"), 0, &whole_number),
		-EINVAL);
	assert_int_equal(ak_gguf_float(ak_gguf_find(&g, "f32"), 0, &v), 0);
	assert_true(v == 0.5);
	assert_int_equal(ak_gguf_float(ak_gguf_find(&g, "f64"), 0, &v), 0);
	assert_true(v == 0.5);
	assert_int_equal(ak_gguf_float(ak_gguf_find(&g, "text"), 0, &v),
			 -EINVAL);
	assert_int_equal(
		ak_gguf_string(ak_gguf_find(&g, "u8"), &pos, &text, &n),
		-EINVAL);
	assert_int_equal(
		ak_gguf_string(ak_gguf_find(&g, "tokens"), &pos, &text, &n), 0);
	assert_int_equal(n, 3);
	assert_memory_equal(text, "<s>", 3);
	assert_int_equal(
		ak_gguf_string(ak_gguf_find(&g, "tokens"), &pos, &text, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(
		ak_gguf_string(ak_gguf_find(&g, "tokens"), &pos, &text, &n), 0);
	assert_memory_equal(text, "\xff", 1);
	assert_int_equal(
		ak_gguf_string(ak_gguf_find(&g, "tokens"), &pos, &text, &n),
		-ERANGE);
	assert_null(ak_gguf_find(&g, "none"));
	ak_gguf_clear(&g);
	ak_buf_clear(&b);
}

static void refuse(struct ak_buf *b, int code, const char *says)
{
	struct ak_gguf g;
	struct ak_err err;
	int rc = parse(b, b->size, &g, &err);

	if (rc != code || !strstr(err.text, says))
		fail_msg("%d, '%s' has no '%s'", rc, err.text, says);
	assert_null(g.tensor);
	ak_buf_clear(b);
}

static void versions(void **state)
{
	struct ak_buf b = { 0 };

	(void)state;
	head(&b, 1, 0, 0);
	refuse(&b, -ENOTSUP, "version 1");
	head(&b, 4, 0, 0);
	refuse(&b, -ENOTSUP, "version 4");
	head(&b, 0x03000000, 0, 0);
	refuse(&b, -ENOTSUP, "big-endian");
	ak_buf_text(&b, "GGML1234123412341234123412341234");
	refuse(&b, -EBADMSG, "no GGUF");
	ak_buf_text(&b, "GGU");
	refuse(&b, -EBADMSG, "no GGUF");
	ak_buf_text(&b, "GGUF\3");
	refuse(&b, -EBADMSG, "ends");
	head(&b, 3, 1, 0);
	refuse(&b, -EBADMSG, "ends");
	head(&b, 3, UINT64_MAX, 0);
	refuse(&b, -EBADMSG, "ends");
	head(&b, 3, 0, UINT64_MAX);
	refuse(&b, -EBADMSG, "ends");
}

static void keys(void **state)
{
	struct ak_buf b = { 0 };

	(void)state;
	head(&b, 3, 0, 1);
	put64(&b, UINT64_MAX);
	ak_buf_fill(&b, 'a', 100);
	refuse(&b, -EBADMSG, "allowed");
	head(&b, 3, 0, 1);
	put64(&b, 101);
	ak_buf_fill(&b, 'a', 100);
	refuse(&b, -EBADMSG, "ends");
	head(&b, 3, 0, 1);
	put_key(&b, "", 4);
	put32(&b, 1);
	refuse(&b, -EBADMSG, "no text");
	head(&b, 3, 0, 1);
	put64(&b, 2);
	ak_buf_add(&b, "a\0", 2);
	put32(&b, 4);
	put32(&b, 1);
	refuse(&b, -EBADMSG, "no text");
	head(&b, 3, 0, 2);
	put_key(&b, "a", 4);
	put32(&b, 1);
	put_key(&b, "a", 4);
	put32(&b, 1);
	refuse(&b, -EBADMSG, "'a' is there twice");
	head(&b, 3, 0, 1);
	put_key(&b, "a", 13);
	put64(&b, 1);
	refuse(&b, -EBADMSG, "type 13");
	head(&b, 3, 0, 1);
	put_key(&b, "a", 9);
	put32(&b, 9);
	put64(&b, 0);
	refuse(&b, -ENOTSUP, "array of arrays");
	head(&b, 3, 0, 1);
	put_key(&b, "a", 9);
	put32(&b, 12);
	put64(&b, 1ull << 61);
	refuse(&b, -EBADMSG, "ends in a");
	head(&b, 3, 0, 1);
	put_key(&b, "a", 9);
	put32(&b, 0);
	put64(&b, 1ull << 40);
	refuse(&b, -EBADMSG, "ends in a");
	head(&b, 3, 0, 1);
	put_key(&b, "a", 9);
	put32(&b, 8);
	put64(&b, UINT64_MAX);
	put_text(&b, "b");
	refuse(&b, -EBADMSG, "ends in a");
	head(&b, 3, 0, 1);
	put_key(&b, "a", 8);
	put64(&b, UINT64_MAX - 7);
	refuse(&b, -EBADMSG, "ends in a");
	head(&b, 3, 0, 1);
	put_key(&b, "general.alignment", 4);
	put32(&b, 24);
	refuse(&b, -EBADMSG, "power of two");
	head(&b, 3, 0, 1);
	put_key(&b, "general.alignment", 4);
	put32(&b, 0);
	refuse(&b, -EBADMSG, "power of two");
	head(&b, 3, 0, 1);
	put_key(&b, "general.alignment", 8);
	put_text(&b, "32");
	refuse(&b, -EBADMSG, "power of two");
}

static void one_tensor(struct ak_buf *b, const char *name, uint32_t ndim,
		       const uint64_t *dim, uint32_t type, uint64_t offset)
{
	head(b, 3, 1, 0);
	put_tensor(b, name, ndim, dim, type, offset);
	put_data(b, 32, 64);
}

static void tensors(void **state)
{
	static const uint64_t one[] = { 1 }, row[] = { 33 },
			      huge[] = { 1ull << 32, 1ull << 32 },
			      large[] = { 1ull << 62 }, sixteen[] = { 16 },
			      seventeen[] = { 17 }, nine[9] = { 1 };
	struct ak_buf b = { 0 };
	uint32_t type;

	(void)state;
	for (type = 31; type <= 33; type++) {
		one_tensor(&b, "a", 1, one, type, 0);
		refuse(&b, -ENOTSUP, "repacked");
	}
	one_tensor(&b, "a", 1, one, 4, 0);
	refuse(&b, -ENOTSUP, "type 4");
	one_tensor(&b, "a", 1, one, 1000, 0);
	refuse(&b, -ENOTSUP, "type 1000");
	one_tensor(&b, "a", 1, row, 2, 0);
	refuse(&b, -EBADMSG, "whole blocks of Q4_0");
	one_tensor(&b, "a", 1, row, 12, 0);
	refuse(&b, -EBADMSG, "whole blocks of Q4_K");
	one_tensor(&b, "a", 0, NULL, 2, 0);
	refuse(&b, -EBADMSG, "whole blocks");
	one_tensor(&b, "a", 2, huge, 0, 0);
	refuse(&b, -EBADMSG, "large");
	one_tensor(&b, "a", 1, large, 0, 0);
	refuse(&b, -EBADMSG, "large");
	one_tensor(&b, "a", 9, nine, 0, 0);
	refuse(&b, -ENOTSUP, "9 dimensions");
	one_tensor(&b, "", 1, one, 0, 0);
	refuse(&b, -EBADMSG, "no text");
	one_tensor(&b, "a", 1, one, 0, 4);
	refuse(&b, -EBADMSG, "aligned");
	one_tensor(&b, "a", 1, seventeen, 0, 0);
	refuse(&b, -EBADMSG, "end of the file");
	one_tensor(&b, "a", 1, one, 0, 64);
	refuse(&b, -EBADMSG, "end of the file");
	one_tensor(&b, "a", 1, one, 0, UINT64_MAX - 31);
	refuse(&b, -EBADMSG, "end of the file");
	head(&b, 3, 2, 0);
	put_tensor(&b, "a", 1, one, 0, 0);
	put_tensor(&b, "a", 1, one, 0, 32);
	put_data(&b, 32, 64);
	refuse(&b, -EBADMSG, "'a' is there twice");
	head(&b, 3, 2, 0);
	put_tensor(&b, "a", 1, sixteen, 0, 0);
	put_tensor(&b, "b", 1, one, 0, 32);
	put_data(&b, 32, 64);
	refuse(&b, -EBADMSG, "'b' overlaps");
	head(&b, 3, 2, 0);
	put_tensor(&b, "a", 1, one, 0, 0);
	put_tensor(&b, "b", 1, one, 0, 0);
	put_data(&b, 32, 64);
	refuse(&b, -EBADMSG, "overlaps");
}

static void damaged(void **state)
{
	struct ak_buf b = { 0 };
	struct ak_gguf g;
	struct ak_err err;
	size_t i, refused = 0;
	unsigned int v;

	(void)state;
	whole(&b, 3);
	for (i = 0; i < b.size; i++) {
		assert_int_not_equal(parse(&b, i, &g, &err), 0);
		assert_true(err.text[0]);
	}
	for (i = 0; i < b.size - 130; i++)
		for (v = 1; v < 256; v++) {
			b.data[i] ^= (uint8_t)v;
			if (parse(&b, b.size, &g, &err)) {
				assert_true(err.text[0]);
				refused++;
			}
			ak_gguf_clear(&g);
			b.data[i] ^= (uint8_t)v;
		}
	assert_true(refused > b.size * 80);
	ak_buf_clear(&b);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(right),   cmocka_unit_test(versions),
		cmocka_unit_test(keys),	   cmocka_unit_test(tensors),
		cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests_name("gguf", tests, NULL, NULL);
}
