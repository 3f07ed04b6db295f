// SPDX-License-Identifier: GPL-2.0
/*
 * FlatBuffers: what the builder writes, read back; damage; limits.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "common/util.h"
#include "format/flatbuf.h"

#define BUDGET 100000

/* A struct of 12 bytes, aligned to 4, and one of 16, aligned to 8. */
static const uint8_t triple[] = { 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0 };
static const uint8_t pairs[] = { 1, 2,	3,  4,	5,  6,	7,  8,
				 9, 10, 11, 12, 13, 14, 15, 16 };
static const uint32_t numbers[] = { 7, 0, 0xffffffff };

/*
 * root { 0 byte, 1 number, 2 struct, 3 string, 4 [u32], 5 [struct of 8 bytes],
 *	6 [table], 8 table }, each table { 0 string, 1 number }
 */
static void build(struct fb_builder *b, bool prefixed, const uint8_t **data,
		  size_t *size)
{
	fb_ref children[3], string, vec, structs, list;
	char name[] = "child 0";
	int i;

	fbb_init(b, FB_MAX_SIZE);
	for (i = 0; i < 3; i++) {
		fb_ref s;

		name[6] = (char)('0' + i);
		s = fbb_string(b, name);
		fbb_table(b, 2);
		fbb_add_ref(b, 0, s);
		fbb_add_u32(b, 1, (uint32_t)i, 0);
		children[i] = fbb_end(b);
	}
	string = fbb_string(b, "hello");
	vec = fbb_vector_u32(b, numbers, 3);
	structs = fbb_vector(b, pairs, 2, 8, 8);
	list = fbb_vector_refs(b, children, 3);
	fbb_table(b, 10);
	fbb_add_u8(b, 0, 0xa5, 0);
	fbb_add_u32(b, 1, 0x12345678, 0);
	fbb_add_struct(b, 2, triple, sizeof(triple), 4);
	fbb_add_ref(b, 3, string);
	fbb_add_ref(b, 4, vec);
	fbb_add_ref(b, 5, structs);
	fbb_add_ref(b, 6, list);
	fbb_add_ref(b, 8, children[2]);
	fbb_add_u32(b, 9, 5, 5);
	assert_int_equal(fbb_finish(b, fbb_end(b), prefixed, data, size), 0);
}

static void check(const struct fb_table *root)
{
	struct fb_vector v;
	struct fb_table t;
	uint32_t n, i;

	assert_non_null(root->r);
	/* A trailing field that has its default is not written. */
	assert_int_equal(fb_num_slots(root), 9);
	assert_int_equal(fb_u8(root, 0, 0), 0xa5);
	assert_int_equal(fb_u32(root, 1, 0), 0x12345678);
	assert_memory_equal(fb_struct(root, 2, 12, 4), triple, 12);
	assert_string_equal(fb_string(root, 3, &n), "hello");
	assert_int_equal(n, 5);
	v = fb_vec(root, 4, 4, 4);
	assert_int_equal(v.count, 3);
	for (i = 0; i < 3; i++)
		assert_int_equal(fb_vec_u32(&v, i), numbers[i]);
	assert_int_equal(fb_vec_u32(&v, 3), 0);
	v = fb_vec(root, 5, 8, 8);
	assert_int_equal(v.count, 2);
	assert_int_equal((fb_vec_bytes(&v) - root->r->data) % 8, 0);
	assert_memory_equal(fb_vec_bytes(&v), pairs, 16);
	v = fb_vec(root, 6, 4, 4);
	assert_int_equal(v.count, 3);
	for (i = 0; i < 3; i++) {
		char name[] = "child 0";

		name[6] = (char)('0' + i);
		t = fb_vec_table(&v, i);
		assert_string_equal(fb_string(&t, 0, &n), name);
		assert_int_equal(fb_u32(&t, 1, 0), i);
		assert_int_equal(fb_has(&t, 1), i > 0);
	}
	t = fb_vec_table(&v, 3);
	assert_null(t.r);
	t = fb_child(root, 8);
	assert_string_equal(fb_string(&t, 0, &n), "child 2");
	/* Absent: in the middle, at the end, beyond any vtable. */
	assert_false(fb_has(root, 7));
	assert_int_equal(fb_u8(root, 7, 3), 3);
	assert_int_equal(fb_u32(root, 9, 5), 5);
	assert_null(fb_string(root, 7, &n));
	assert_null(fb_struct(root, 40000, 4, 4));
	t = fb_child(root, 7);
	assert_null(t.r);
	assert_int_equal(fb_u32(&t, 0, 9), 9);
	v = fb_vec(&t, 0, 4, 4);
	assert_int_equal(v.count, 0);
	assert_int_equal(root->r->error, 0);
}

static void round_trip(void **state)
{
	struct fb_builder b;
	struct fb_reader r;
	struct fb_table root;
	const uint8_t *data;
	size_t size;

	(void)state;
	build(&b, false, &data, &size);
	assert_int_equal(size % 8, 0);
	root = fb_open(&r, data, size, BUDGET, NULL);
	check(&root);
	fbb_free(&b);
}

static void prefixed(void **state)
{
	struct fb_builder b;
	struct fb_reader r;
	struct fb_table root;
	const uint8_t *data;
	uint8_t *longer;
	size_t size;

	(void)state;
	build(&b, true, &data, &size);
	/* Two buffers may follow each other: what is behind is left alone. */
	longer = malloc(size + 20);
	memcpy(longer, data, size);
	memset(longer + size, 0xff, 20);
	root = fb_open_prefixed(&r, longer, size + 20, BUDGET, NULL);
	assert_int_equal(r.size, size);
	check(&root);
	root = fb_open_prefixed(&r, longer, size - 1, BUDGET, NULL);
	assert_null(root.r);
	assert_int_equal(r.error, -EINVAL);
	root = fb_open_prefixed(&r, longer, 3, BUDGET, NULL);
	assert_int_equal(r.error, -EINVAL);
	free(longer);
	fbb_free(&b);
}

/* The bytes that the FlatBuffers format prescribes for { 1: u32 = 42 }. */
static void exact_bytes(void **state)
{
	static const uint8_t want[] = {
		12, 0, 0, 0, /* root table at 12 */
		8,  0, 8, 0, 0,	 0, 4, 0, /* vtable: sizes, slots 0 and 1 */
		8,  0, 0, 0, 42, 0, 0, 0, /* table: vtable 8 before, value */
	};
	struct fb_builder b;
	const uint8_t *data;
	size_t size;

	(void)state;
	fbb_init(&b, FB_MAX_SIZE);
	fbb_table(&b, 2);
	fbb_add_u32(&b, 1, 42, 0);
	assert_int_equal(fbb_finish(&b, fbb_end(&b), false, &data, &size), 0);
	assert_int_equal(size, sizeof(want));
	assert_memory_equal(data, want, sizeof(want));
	fbb_free(&b);
}

static void shared_vtables(void **state)
{
	struct fb_builder b;
	size_t before, first, i;

	(void)state;
	fbb_init(&b, FB_MAX_SIZE);
	before = b.used;
	fbb_table(&b, 1);
	fbb_add_u32(&b, 0, 1, 0);
	fbb_end(&b);
	first = b.used - before;
	for (i = 0; i < 100; i++) {
		before = b.used;
		fbb_table(&b, 1);
		fbb_add_u32(&b, 0, 1, 0);
		fbb_end(&b);
		assert_true(b.used - before < first);
	}
	assert_int_equal(b.num_vtables, 1);
	fbb_free(&b);
}

static void builder_limit(void **state)
{
	struct fb_builder b;
	const uint8_t *data;
	size_t size;

	(void)state;
	fbb_init(&b, 100);
	fbb_vector(&b, numbers, SIZE_MAX / 2, 4, 4);
	assert_int_equal(fbb_finish(&b, 0, false, &data, &size), -EFBIG);
	fbb_free(&b);
	fbb_init(&b, 16);
	fbb_string(&b, "more than sixteen bytes");
	fbb_table(&b, 1);
	assert_int_equal(fbb_finish(&b, fbb_end(&b), false, &data, &size),
			 -EFBIG);
	fbb_free(&b);
}

/* Keeps a compiler from leaving reads out. */
static volatile uint8_t used;

/* Reads all that check() reads, without believing any of it. */
static int walk(const uint8_t *data, size_t size)
{
	struct ak_err err = { "" };
	struct fb_reader r;
	struct fb_table root = fb_open(&r, data, size, BUDGET, &err);
	uint8_t sink = 0;
	unsigned int slot;
	uint32_t n, i;

	for (slot = 0; slot < fb_num_slots(&root) && !r.error; slot++)
		sink += (uint8_t)fb_raw(&root, slot);
	sink += fb_u8(&root, 0, 0);
	if (fb_struct(&root, 2, 12, 4))
		sink += fb_struct(&root, 2, 12, 4)[11];
	fb_string(&root, 3, &n);
	for (slot = 4; slot <= 6; slot++) {
		struct fb_vector v = fb_vec(&root, slot, 4, 4);

		for (i = 0; i < v.count && !r.error; i++) {
			struct fb_table t;

			sink += (uint8_t)fb_vec_u32(&v, i);
			if (slot != 6)
				continue;
			t = fb_vec_table(&v, i);
			if (fb_string(&t, 0, &n))
				sink += (uint8_t)fb_string(&t, 0, &n)[n];
			sink += (uint8_t)fb_u32(&t, 1, 0);
		}
	}
	assert_int_equal(r.error != 0, err.text[0] != '\0');
	used = sink;
	return r.error;
}

static void damage(void **state)
{
	static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };
	unsigned int refused = 0;
	struct fb_builder b;
	const uint8_t *data;
	size_t size, i, j;

	(void)state;
	build(&b, false, &data, &size);
	assert_int_equal(walk(data, size), 0);
	for (i = 0; i < size; i++) {
		uint8_t *copy = malloc(size);

		for (j = 0; j < ARRAY_SIZE(values); j++) {
			memcpy(copy, data, size);
			copy[i] = values[j];
			refused += walk(copy, size) != 0;
		}
		free(copy);
		/* Exactly as long, so that a reader's excess is noticed. */
		copy = malloc(i ? i : 1);
		memcpy(copy, data, i);
		assert_int_equal(walk(copy, i), -EINVAL);
		free(copy);
	}
	assert_true(refused > size / 4);
	fbb_free(&b);
}

static void refused_cases(void **state)
{
	/* A root offset out of the buffer, misaligned, and a table's vtable. */
	static const uint8_t far[] = { 200, 0, 0, 0, 0, 0, 0, 0 };
	static const uint8_t odd[] = { 5, 0, 0, 0, 4, 0, 4, 0, 0, 0, 0, 0 };
	static const uint8_t self[] = { 4, 0, 0, 0, 0, 0, 0, 0x80 };
	static const uint8_t small[] = { 4, 0, 0 };
	/* vtable { size 4, table size 4 } at 4, table at 8: an empty table. */
	static const uint8_t empty[] = { 8, 0, 0, 0, 4, 0, 4, 0, 4, 0, 0, 0 };
	static const struct {
		const uint8_t *data;
		size_t size;
		int rc;
	} cases[] = {
		{ far, sizeof(far), -EINVAL },	 { odd, sizeof(odd), -EINVAL },
		{ self, sizeof(self), -EINVAL }, { small, 3, -EINVAL },
		{ empty, sizeof(empty), 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(walk(cases[i].data, cases[i].size),
				 cases[i].rc);
}

/* A table whose field leads to a table ... : 0 points at a copy of itself. */
static void depth(void **state)
{
	struct fb_builder b;
	struct fb_reader r;
	struct fb_table t;
	const uint8_t *data;
	fb_ref inner = 0;
	unsigned int i;
	size_t size;

	(void)state;
	fbb_init(&b, FB_MAX_SIZE);
	for (i = 0; i < FB_MAX_DEPTH + 2; i++) {
		fbb_table(&b, 1);
		fbb_add_ref(&b, 0, inner);
		inner = fbb_end(&b);
	}
	assert_int_equal(fbb_finish(&b, inner, false, &data, &size), 0);
	t = fb_open(&r, data, size, BUDGET, NULL);
	for (i = 0; i < FB_MAX_DEPTH; i++)
		t = fb_child(&t, 0);
	assert_int_equal(r.error, 0);
	assert_non_null(t.r);
	t = fb_child(&t, 0);
	assert_null(t.r);
	assert_int_equal(r.error, -EINVAL);
	fbb_free(&b);
}

static void budget(void **state)
{
	struct ak_err err = { "" };
	struct fb_builder b;
	struct fb_reader r;
	struct fb_table root;
	const uint8_t *data;
	uint32_t n;
	size_t size;

	(void)state;
	build(&b, false, &data, &size);
	root = fb_open(&r, data, size, 12, &err);
	assert_non_null(fb_string(&root, 3, &n));
	assert_non_null(fb_string(&root, 3, &n));
	assert_null(fb_string(&root, 3, &n));
	assert_int_equal(r.error, -EFBIG);
	assert_string_not_equal(err.text, "");
	/* After an error all is absent. */
	assert_int_equal(fb_u32(&root, 1, 77), 77);
	assert_int_equal(fb_vec(&root, 4, 4, 4).count, 0);
	fbb_free(&b);
}

static void raw_fields(void **state)
{
	static const uint8_t late[8] = { 0, 0, 0, 0, 0, 9, 0, 0 };
	struct fb_builder b;
	struct fb_reader r;
	struct fb_table t;
	const uint8_t *data;
	size_t size;

	(void)state;
	fbb_init(&b, FB_MAX_SIZE);
	fbb_table(&b, 5);
	fbb_add_struct(&b, 0, late, 8, 8);
	fbb_add_u32(&b, 1, 0x01020304, 0);
	fbb_add_u8(&b, 2, 200, 0);
	fbb_add_u8(&b, 3, 100, 0);
	assert_int_equal(fbb_finish(&b, fbb_end(&b), false, &data, &size), 0);
	t = fb_open(&r, data, size, BUDGET, NULL);
	assert_int_equal(fb_raw(&t, 0), 1);
	assert_int_equal(fb_raw(&t, 1), 0x01020304);
	assert_int_equal(fb_raw(&t, 2), 200);
	assert_int_equal(fb_raw(&t, 3), 100);
	assert_int_equal(fb_raw(&t, 4), 0);
	assert_int_equal(r.error, 0);
	fbb_free(&b);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(prefixed),
		cmocka_unit_test(exact_bytes),
		cmocka_unit_test(shared_vtables),
		cmocka_unit_test(builder_limit),
		cmocka_unit_test(damage),
		cmocka_unit_test(refused_cases),
		cmocka_unit_test(depth),
		cmocka_unit_test(budget),
		cmocka_unit_test(raw_fields),
	};

	return cmocka_run_group_tests_name("flatbuf", tests, NULL, NULL);
}
