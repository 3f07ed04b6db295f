// SPDX-License-Identifier: GPL-2.0
/*
 * Protocol buffers' wire format and SentencePiece models in it. Bytes are
 * written out by hand from protobuf.dev, "Encoding".
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "common/util.h"
#include "format/sentencepiece.h"
#include "format/wire.h"

static int next(const void *bytes, size_t size, struct ak_wire_field *f)
{
	struct ak_wire w = { bytes, (const uint8_t *)bytes + size };

	return ak_wire_next(&w, f);
}

static void test_fields(void **state)
{
	/* 1: 150; 2: "testing"; 3: 1.5f; 4: fixed64 1; 16: 1 */
	static const uint8_t bytes[] = {
		0x08, 0x96, 0x01, 0x12, 0x07, 't',  'e',  's',	't',  'i',
		'n',  'g',  0x1d, 0x00, 0x00, 0xc0, 0x3f, 0x21, 1,    0,
		0,    0,    0,	  0,	0,    0,    0x80, 0x01, 0x01,
	};
	struct ak_wire w = { bytes, bytes + sizeof(bytes) };
	struct ak_wire_field f;

	(void)state;
	assert_int_equal(ak_wire_next(&w, &f), 1);
	assert_int_equal(f.number, 1);
	assert_int_equal(f.kind, AK_WIRE_VARINT);
	assert_int_equal(f.value, 150);
	assert_int_equal(ak_wire_next(&w, &f), 1);
	assert_int_equal(f.number, 2);
	assert_int_equal(f.kind, AK_WIRE_BYTES);
	assert_int_equal(f.size, 7);
	assert_memory_equal(f.data, "testing", 7);
	assert_int_equal(ak_wire_next(&w, &f), 1);
	assert_int_equal(f.kind, AK_WIRE_FIXED32);
	assert_true(ak_wire_float(&f) == 1.5f);
	assert_int_equal(ak_wire_next(&w, &f), 1);
	assert_int_equal(f.kind, AK_WIRE_FIXED64);
	assert_int_equal(f.value, 1);
	assert_int_equal(ak_wire_next(&w, &f), 1);
	assert_int_equal(f.number, 16);
	assert_int_equal(ak_wire_next(&w, &f), 0);
}

static void test_largest_varint(void **state)
{
	static const uint8_t max[] = { 8,    0xff, 0xff, 0xff, 0xff, 0xff,
				       0xff, 0xff, 0xff, 0xff, 1 };
	static const uint8_t over[] = { 8,    0xff, 0xff, 0xff, 0xff, 0xff,
					0xff, 0xff, 0xff, 0xff, 2 };
	static const uint8_t endless[] = { 8,	 0x80, 0x80, 0x80, 0x80, 0x80,
					   0x80, 0x80, 0x80, 0x80, 0x80, 0 };
	struct ak_wire_field f;

	(void)state;
	assert_int_equal(next(max, sizeof(max), &f), 1);
	assert_true(f.value == UINT64_MAX);
	assert_int_equal(next(over, sizeof(over), &f), -EBADMSG);
	assert_int_equal(next(endless, sizeof(endless), &f), -EBADMSG);
}

static void test_bad_fields(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
	} bad[] = {
		{ "\x08", 1 }, /* no value */
		{ "\x80", 1 }, /* no end of the tag */
		{ "\x00\x01", 2 }, /* number 0 */
		{ "\x0b", 1 }, /* a group */
		{ "\x0c", 1 }, /* its end */
		{ "\x0e\x01", 2 }, /* no such kind */
		{ "\x0d\x01\x02\x03", 4 }, /* three bytes of four */
		{ "\x09\x01\x02\x03\x04\x05\x06\x07", 8 },
		{ "\x0a\x02x", 3 }, /* one byte of two */
		{ "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01x", 12 },
		{ "\x80\x80\x80\x80\x80\x80\x01\x01",
		  8 }, /* tag over 32 bits */
	};
	struct ak_wire_field f;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(next(bad[i].bytes, bad[i].size, &f), -EBADMSG);
}

/* pieces: "<unk>" unknown, U+2581 "a" -1.5, "<0x41>" byte; BPE; no prefix */
static const uint8_t model[] = {
	0x0a, 0x09, 0x0a, 0x05, '<',  'u',  'n',  'k',	'>',  0x18, 0x02,
	0x0a, 0x0b, 0x0a, 0x04, 0xe2, 0x96, 0x81, 'a',	0x15, 0x00, 0x00,
	0xc0, 0xbf, 0x0a, 0x0a, 0x0a, 0x06, '<',  '0',	'x',  '4',  '1',
	'>',  0x18, 0x06, 0x12, 0x06, 0x0a, 0x02, 'i',	'n',  0x18, 0x02,
	0x1a, 0x02, 0x18, 0x00, 0x22, 0x02, 0xff, 0xff,
};

static void test_model(void **state)
{
	struct ak_err err = { "" };
	struct ak_sp sp;

	(void)state;
	assert_int_equal(ak_sp_parse(model, sizeof(model), &sp, &err), 0);
	assert_int_equal(sp.count, 3);
	assert_int_equal(sp.piece[0].kind, AK_SP_UNKNOWN);
	assert_int_equal(sp.piece[0].size, 5);
	assert_memory_equal(sp.piece[0].text, "<unk>", 5);
	assert_true(sp.piece[0].score == 0);
	assert_int_equal(sp.piece[1].kind, AK_SP_NORMAL);
	assert_memory_equal(sp.piece[1].text, "\xe2\x96\x81\x61", 4);
	assert_true(sp.piece[1].score == -1.5f);
	assert_int_equal(sp.piece[2].kind, AK_SP_BYTE);
	assert_int_equal(sp.algorithm, AK_SP_BPE);
	assert_false(sp.dummy_prefix);
	ak_sp_free(&sp);
}

/* What the file does not say is what the .proto says. */
static void test_defaults(void **state)
{
	static const uint8_t bytes[] = { 0x0a, 0x03, 0x0a, 0x01, 'x' };
	struct ak_err err = { "" };
	struct ak_sp sp;

	(void)state;
	assert_int_equal(ak_sp_parse(bytes, sizeof(bytes), &sp, &err), 0);
	assert_int_equal(sp.algorithm, AK_SP_UNIGRAM);
	assert_true(sp.dummy_prefix);
	assert_int_equal(sp.piece[0].kind, AK_SP_NORMAL);
	ak_sp_free(&sp);
}

static void test_cut_model(void **state)
{
	struct ak_err err;
	struct ak_sp sp;
	size_t i, bad = 0;

	(void)state;
	for (i = 0; i < sizeof(model); i++) {
		err.text[0] = '\0';
		if (!ak_sp_parse(model, i, &sp, &err)) {
			ak_sp_free(&sp);
			continue;
		}
		assert_true(err.text[0]);
		bad++;
	}
	/* Whole messages are left at five places only. */
	assert_int_equal(bad, sizeof(model) - 5);
}

static void test_bad_models(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		const char *why;
	} bad[] = {
		{ "", 0, "no pieces" },
		{ "\x0a\x00", 2, "a piece is empty" },
		{ "\x0a\x05\x0a\x01x\x18\x07", 7, "no known kind" },
		{ "\x0a\x05\x0a\x01x\x18\x00", 7, "no known kind" },
		{ "\x0a\x02\x0a\x01", 4, "a piece is cut off" },
		{ "\x12\x02\x18\x05", 4, "algorithm" },
		{ "\x12\x01\x18", 3, "trainer" },
		{ "\x1a\x01\x18", 3, "normalizer" },
	};
	struct ak_err err;
	struct ak_sp sp;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(
			ak_sp_parse(bad[i].bytes, bad[i].size, &sp, &err),
			-EBADMSG);
		if (!strstr(err.text, bad[i].why))
			fail_msg("%zu: %s", i, err.text);
		assert_null(sp.piece);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_largest_varint),
		cmocka_unit_test(test_bad_fields),
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_cut_model),
		cmocka_unit_test(test_bad_models),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
