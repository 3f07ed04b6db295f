// SPDX-License-Identifier: GPL-2.0
/*
 * Readers of NNTR files, of bitnet.rs's records and of parts, with files that
 * are right, cut at every byte and changed at every byte.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "common/le.h"
#include "common/util.h"
#include "common/xxh64.h"
#include "convert/parts.h"
#include "format/bincode.h"
#include "format/nntr.h"

static void check(int rc, const struct ak_err *err)
{
	if (rc)
		fail_msg("%d: %s", rc, err->text);
}

/* In memory of its own, so that a sanitizer sees a byte too many. */
static uint8_t *copy(const void *data, size_t size)
{
	uint8_t *p = malloc(size ? size : 1);

	memcpy(p, data, size);
	return p;
}

/* ------------------------------------------------------------------- NNTR */

/* As weight_converter.py begins, and as facts about it say that it goes on. */
static const uint8_t nntr[] = {
	/* magic, version, keys */
	0x52, 0x54, 0x4e, 0x4e, 1, 0, 0, 0, 3, 0, 0, 0,
	/* vocab_size = 64 */
	10, 0, 0, 0, 'v', 'o', 'c', 'a', 'b', '_', 's', 'i', 'z', 'e', 0, 64, 0,
	0, 0,
	/* eps = 0.5 */
	3, 0, 0, 0, 'e', 'p', 's', 1, 0, 0, 0, 0x3f,
	/* repack_format = None */
	13, 0, 0, 0, 'r', 'e', 'p', 'a', 'c', 'k', '_', 'f', 'o', 'r', 'm', 'a',
	't', 2, 0, 0, 0, 0,
	/* tensors */
	2, 0, 0, 0,
	/* w: 1 x 32, Q4_0, 18 bytes */
	1, 0, 0, 0, 'w', 2, 0, 0, 0, 1, 0, 0, 0, 32, 0, 0, 0, 4, 18, 0, 0, 0, 0,
	0x40, 0x80, 0x91, 0x91, 0xa2, 0xa2, 0xb3, 0xb3, 0xc4, 0xc4, 0xd5, 0xd5,
	0xe6, 0xe6, 0xf7, 0xf7, 0xf8,
	/* n: 1, F32 */
	1, 0, 0, 0, 'n', 1, 0, 0, 0, 1, 0, 0, 0, 6, 4, 0, 0, 0, 0, 0, 0x80, 0x3f
};

static void test_nntr(void **state)
{
	struct ak_err err = { "" };
	const struct ak_nntr_key *k;
	struct ak_nntr n;
	uint64_t cols;

	(void)state;
	check(ak_nntr_parse(nntr, sizeof(nntr), &n, &err), &err);
	assert_int_equal(n.keys, 3);
	k = ak_nntr_key(&n, "vocab_size");
	assert_int_equal(k->type, AK_NNTR_INT);
	assert_int_equal(k->i, 64);
	k = ak_nntr_key(&n, "eps");
	assert_int_equal(k->type, AK_NNTR_FLOAT);
	assert_true(k->f == 0.5f);
	k = ak_nntr_key(&n, "repack_format");
	assert_int_equal(k->type, AK_NNTR_STRING);
	assert_string_equal(k->text, "");
	assert_null(ak_nntr_key(&n, "vocab"));
	assert_false(n.ggml);
	assert_int_equal(n.tensors, 2);
	assert_ptr_equal(ak_nntr_tensor(&n, "w"), &n.tensor[0]);
	assert_int_equal(n.tensor[0].type, AK_NNTR_Q4_0);
	assert_string_equal(ak_nntr_type_name(n.tensor[0].type), "Q4_0");
	assert_int_equal(n.tensor[0].size, 18);
	assert_memory_equal(n.tensor[0].data + 1, "\x40\x80", 2);
	assert_int_equal(ak_nntr_rows(&n.tensor[0], &cols), 1);
	assert_int_equal(cols, 32);
	assert_int_equal(n.tensor[1].ndim, 1);
	assert_null(ak_nntr_tensor(&n, "x"));
	ak_nntr_clear(&n);
	ak_nntr_clear(&n);
}

static void test_nntr_damaged(void **state)
{
	struct ak_err err;
	struct ak_nntr n;
	unsigned int bit;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(nntr); i++) {
		uint8_t *p = copy(nntr, i);

		err.text[0] = '\0';
		assert_int_equal(ak_nntr_parse(p, i, &n, &err), -EBADMSG);
		assert_true(err.text[0]);
		free(p);
		for (bit = 0; bit < 8; bit++) {
			p = copy(nntr, sizeof(nntr));
			p[i] ^= (uint8_t)(1u << bit);
			/* Values may change; what was read must be sound. */
			if (!ak_nntr_parse(p, sizeof(nntr), &n, &err))
				ak_nntr_clear(&n);
			free(p);
		}
	}
}

static void nntr_refused(size_t at, uint8_t byte, const char *why)
{
	uint8_t *p = copy(nntr, sizeof(nntr));
	struct ak_err err = { "" };
	struct ak_nntr n;

	p[at] = byte;
	assert_int_equal(ak_nntr_parse(p, sizeof(nntr), &n, &err), -EBADMSG);
	if (!strstr(err.text, why))
		fail_msg("'%s' is not '%s'", err.text, why);
	free(p);
}

static void test_nntr_refused(void **state)
{
	size_t tensor = sizeof(nntr) - 22 - 40, last = sizeof(nntr) - 22;
	uint8_t *p = malloc(sizeof(nntr) + 1);
	struct ak_err err = { "" };
	struct ak_nntr n;

	(void)state;
	nntr_refused(0, 'N', "no NNTR file");
	nntr_refused(4, 2, "version 1");
	nntr_refused(9, 255, "too short for so many");
	nntr_refused(26, 3, "type that is not known");
	nntr_refused(tensor + 3, 255, "too long");
	nntr_refused(tensor + 4, 0, "NUL");
	nntr_refused(tensor + 5, 9, "too many dimensions");
	nntr_refused(tensor + 9, 2, "does not fit its shape");
	nntr_refused(tensor + 17, 5, "does not fit its shape");
	nntr_refused(last + 4, 'w', "twice");
	memcpy(p, nntr, sizeof(nntr));
	p[sizeof(nntr)] = 0;
	assert_int_equal(ak_nntr_parse(p, sizeof(nntr) + 1, &n, &err),
			 -EBADMSG);
	assert_non_null(strstr(err.text, "follows"));
	free(p);
}

/* ---------------------------------------------------------------- bincode */

static void test_integers(void **state)
{
	static const struct {
		uint64_t v;
		size_t n;
		uint8_t bytes[9];
	} t[] = {
		{ 0, 1, { 0 } },
		{ 250, 1, { 250 } },
		{ 251, 3, { 251, 251, 0 } },
		{ 65535, 3, { 251, 255, 255 } },
		{ 65536, 5, { 252, 0, 0, 1, 0 } },
		{ UINT32_MAX, 5, { 252, 255, 255, 255, 255 } },
		{ 1ull << 32, 9, { 253, 0, 0, 0, 0, 1, 0, 0, 0 } },
		{ UINT64_MAX,
		  9,
		  { 253, 255, 255, 255, 255, 255, 255, 255, 255 } },
	};
	uint32_t words[ARRAY_SIZE(t)];
	uint8_t to[64], *p;
	size_t i, n, cut, total = 0, count = 0;
	uint64_t v;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		n = ak_bincode_put(to, t[i].v);
		assert_int_equal(n, t[i].n);
		assert_memory_equal(to, t[i].bytes, n);
		assert_int_equal(ak_bincode_get(to, n, &v), n);
		assert_true(v == t[i].v);
		for (cut = 0; cut < n; cut++) {
			p = copy(to, cut);
			assert_int_equal(ak_bincode_get(p, cut, &v), 0);
			free(p);
		}
		if (t[i].v > UINT32_MAX)
			continue;
		words[count++] = (uint32_t)t[i].v;
		total += n;
	}
	assert_int_equal(ak_bincode_put_words(to, words, count), total);
	for (i = 0, n = 0; i < count; n += t[i].n, i++)
		assert_memory_equal(to + n, t[i].bytes, t[i].n);
	/* 254 and 255 are no integers of 64 bits. */
	assert_int_equal(
		ak_bincode_get((const uint8_t *)"\376\0\0\0\0\0\0\0\0", 9, &v),
		0);
	assert_int_equal(
		ak_bincode_get((const uint8_t *)"\377\0\0\0\0\0\0\0\0", 9, &v),
		0);
}

/* BitLinearRecord([123,456],[0.5,0.6],2,2) */
static const uint8_t linear[] = { 0x02, 0x7b, 0xfb, 0xc8, 0x01, 0x02,
				  0x00, 0x00, 0x00, 0x3f, 0x9a, 0x99,
				  0x19, 0x3f, 0x02, 0x02 };
/* RmsNormRecord([1.0, 2.0], [1, 2]) */
static const uint8_t norm[] = { 2, 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 2, 1, 2 };

static void test_records(void **state)
{
	uint8_t block[4 * sizeof(linear) + 2 * sizeof(norm)], *p = block;
	struct ak_bincode b;
	struct ak_err err = { "" };
	uint32_t words[4];
	size_t at = 0, i;

	(void)state;
	check(ak_bincode_parse(linear, sizeof(linear), &b, &err), &err);
	assert_int_equal(b.record, AK_RECORD_LINEAR);
	assert_int_equal(b.linear[0].in, 2);
	assert_int_equal(b.linear[0].out, 2);
	assert_int_equal(b.linear[0].num_scales, 2);
	assert_memory_equal(b.linear[0].scales, linear + 6, 8);
	assert_int_equal(ak_record_words(&b.linear[0], &at, 1, words), 1);
	assert_int_equal(words[0], 123);
	assert_int_equal(ak_record_words(&b.linear[0], &at, 4, words), 1);
	assert_int_equal(words[0], 456);

	check(ak_bincode_parse(norm, sizeof(norm), &b, &err), &err);
	assert_int_equal(b.record, AK_RECORD_FLOATS);
	assert_int_equal(b.floats[0].count, 2);
	assert_int_equal(b.floats[0].ndim, 2);
	assert_int_equal(b.floats[0].dim[1], 2);

	for (i = 0; i < 4; i++, p += sizeof(linear))
		memcpy(p, linear, sizeof(linear));
	for (i = 0; i < 2; i++, p += sizeof(norm))
		memcpy(p, norm, sizeof(norm));
	check(ak_bincode_parse(block, sizeof(block), &b, &err), &err);
	assert_int_equal(b.record, AK_RECORD_BLOCK);
	assert_ptr_equal(b.linear[3].scales, block + 3 * sizeof(linear) + 6);
	assert_ptr_equal(b.floats[1].floats, block + sizeof(block) - 11);

	check(ak_bincode_parse("\x02\x40\xfb\x00\x01\xfc\x00\xf1\x53\x65", 10,
			       &b, &err),
	      &err);
	assert_int_equal(b.record, AK_RECORD_METADATA);
	assert_int_equal(b.layers, 2);
	assert_int_equal(b.vocab_size, 64);
	assert_int_equal(b.hidden_size, 256);
	assert_int_equal(b.timestamp, 1700000000);

	for (i = 0; i < sizeof(block); i++) {
		p = copy(block, i);
		/* Shorter ones may be other records, but not those. */
		if (!ak_bincode_parse(p, i, &b, &err))
			assert_int_not_equal(b.record, AK_RECORD_BLOCK);
		free(p);
		p = copy(block, sizeof(block));
		p[i] ^= 0x81;
		ak_bincode_parse(p, sizeof(block), &b, &err);
		free(p);
	}
	/* A scale is missing; a shape has other elements; something follows. */
	assert_int_equal(ak_bincode_parse("\x01\x00\x00\x01\x02", 5, &b, &err),
			 -EBADMSG);
	assert_int_equal(
		ak_bincode_parse("\x01\x00\x00\x80\x3f\x01\x02", 7, &b, &err),
		-EBADMSG);
	assert_true(err.text[0]);
	/* Sizes whose product does not fit; words that are too few. */
	assert_int_equal(
		ak_bincode_parse("\0\2abcdefgh\xfd\0\0\0\0\0\0\0\x80\2", 20, &b,
				 &err),
		-EBADMSG);
	assert_int_equal(ak_bincode_parse("\0\2abcdefgh\2\2", 12, &b, &err),
			 -EBADMSG);
}

/* ------------------------------------------------------------------ parts */

/* One output of 4 bytes, one result of 2. */
static size_t make_part(uint8_t *p)
{
	uint8_t *index;

	memset(p, 0, 256);
	memcpy(p, "AKIDAPRT", 8);
	ak_put_le32(p + 8, 1);
	ak_put_le32(p + 12, 2);
	ak_put_le32(p + 16, 3);
	ak_put_le64(p + 24, 42);
	memcpy(p + 32, "data", 4);
	index = p + 36;
	ak_put_le64(index, 1);
	ak_put_le64(index + 8, 7);
	ak_put_le64(index + 24, 32);
	ak_put_le64(index + 32, 4);
	ak_put_le64(index + 40, 4);
	ak_put_le64(index + 48, ak_xxh64("data", 4, 0));
	ak_put_le64(index + 56, 1);
	ak_put_le64(index + 64, 7);
	ak_put_le64(index + 72, 2);
	memcpy(index + 80, "ok", 2);
	ak_put_le64(index + 82, 82);
	ak_put_le64(index + 90, ak_xxh64(index, 82, 0));
	memcpy(index + 98, "AKIDAEND", 8);
	return 36 + 106;
}

/* A change whose index has a right hash. */
static void part_refused(size_t at, uint64_t value)
{
	uint8_t p[256];
	size_t n = make_part(p);
	struct ak_err err = { "" };
	struct ak_part part;

	ak_put_le64(p + 36 + at, value);
	ak_put_le64(p + 36 + 90, ak_xxh64(p + 36, 82, 0));
	assert_int_equal(ak_part_parse("p", p, n, &part, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "p: "));
}

static void test_parts(void **state)
{
	uint8_t p[256], *q;
	size_t n = make_part(p), i;
	struct ak_part_output o;
	struct ak_err err = { "" };
	struct ak_part part;

	(void)state;
	check(ak_part_parse("p", p, n, &part, &err), &err);
	assert_int_equal(part.part, 2);
	assert_int_equal(part.parts, 3);
	assert_int_equal(part.digest, 42);
	assert_int_equal(part.outputs, 1);
	assert_int_equal(part.results, 1);
	o = ak_part_output(&part, 0);
	assert_int_equal(o.job, 7);
	assert_int_equal(o.offset, 32);
	assert_int_equal(o.size, 4);
	for (i = 0; i < n; i++) {
		q = copy(p, i);
		assert_int_equal(ak_part_parse("p", q, i, &part, &err),
				 -EBADMSG);
		free(q);
	}
	part_refused(0, 2);
	part_refused(0, UINT64_MAX);
	part_refused(24, 31);
	part_refused(24, 37);
	part_refused(24, UINT64_MAX);
	part_refused(32, 5);
	part_refused(32, UINT64_MAX);
	part_refused(56, 0);
	part_refused(56, 2);
	part_refused(72, 1);
	part_refused(72, 3);
	part_refused(72, UINT64_MAX);
	/* A version that is not known is said so. */
	ak_put_le32(p + 8, 9);
	assert_int_equal(ak_part_parse("p", p, n, &part, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "version 9"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nntr),
		cmocka_unit_test(test_nntr_damaged),
		cmocka_unit_test(test_nntr_refused),
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
