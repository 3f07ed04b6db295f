// SPDX-License-Identifier: GPL-2.0
/*
 * Snappy blocks: hand-made elements, libsnappy's own output, damage.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <snappy-c.h>

#include "cmocka_all.h"
#include "common/util.h"
#include "format/snappy.h"

#define LIMIT (1u << 20)
#define RATIO 22

static int unpack(const void *src, size_t size, uint8_t **dst, size_t *n)
{
	struct ak_err err = { "" };
	int rc = ak_snappy_unpack(src, size, LIMIT, RATIO, dst, n, &err);

	if (rc) {
		assert_null(*dst);
		assert_string_not_equal(err.text, "");
	}
	return rc;
}

static void assert_unpacks(const void *src, size_t size, const char *want)
{
	uint8_t *dst;
	size_t n;

	assert_int_equal(unpack(src, size, &dst, &n), 0);
	assert_int_equal(n, strlen(want));
	assert_memory_equal(dst, want, n);
	free(dst);
}

static void assert_refused(const void *src, size_t size, int code)
{
	uint8_t *dst;
	size_t n;

	assert_int_equal(unpack(src, size, &dst, &n), code);
}

static void elements(void **state)
{
	/* Copies of one, two and four bytes of offset, near and overlapping. */
	static const uint8_t copy1[] = { 8, 3 << 2, 'a', 'b', 'c', 'd', 1, 4 };
	static const uint8_t copy2[] = { 9, 0, 'x', 7 << 2 | 2, 1, 0 };
	static const uint8_t copy4[] = { 5,	     2 << 2, 'p', 'q', 'r',
					 1 << 2 | 3, 3,	     0,	  0,   0 };
	static const uint8_t copy3[] = { 11,  2 << 2,	  'a', 'b',
					 'c', 7 << 2 | 2, 3,   0 };
	static const uint8_t literal1[] = { 3, 60 << 2, 2, 'a', 'b', 'c' };
	static const uint8_t literal4[] = { 3, 63 << 2, 2,   0,	 0,
					    0, 'a',	'b', 'c' };
	static const uint8_t empty[] = { 0 };

	(void)state;
	assert_unpacks(copy1, sizeof(copy1), "abcdabcd");
	assert_unpacks(copy2, sizeof(copy2), "xxxxxxxxx");
	assert_unpacks(copy3, sizeof(copy3), "abcabcabcab");
	assert_unpacks(copy4, sizeof(copy4), "pqrpq");
	assert_unpacks(literal1, sizeof(literal1), "abc");
	assert_unpacks(literal4, sizeof(literal4), "abc");
	assert_unpacks(empty, sizeof(empty), "");
}

static void damage(void **state)
{
	static const uint8_t no_offset[] = { 8, 0, 'x', 6 << 2 | 2, 0, 0 };
	static const uint8_t too_far[] = { 8, 0, 'x', 6 << 2 | 2, 2, 0 };
	static const uint8_t too_long[] = { 3, 3 << 2, 'a', 'b', 'c', 'd' };
	static const uint8_t copy_long[] = { 3, 0, 'x', 6 << 2 | 2, 1, 0 };
	static const uint8_t huge[] = { 3,    63 << 2, 0xff, 0xff,
					0xff, 0xff,    'a',  'b' };
	static const uint8_t length[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 1 };
	static const uint8_t length33[] = { 0x80, 0x80, 0x80, 0x80, 0x10, 0 };

	(void)state;
	assert_refused(no_offset, sizeof(no_offset), -EINVAL);
	assert_refused(too_far, sizeof(too_far), -EINVAL);
	assert_refused(too_long, sizeof(too_long), -EINVAL);
	assert_refused(copy_long, sizeof(copy_long), -EINVAL);
	assert_refused(huge, sizeof(huge), -EINVAL);
	assert_refused(length, sizeof(length), -EINVAL);
	assert_refused(length33, sizeof(length33), -EINVAL);
	assert_refused("", 0, -EINVAL);
}

static void limits(void **state)
{
	/* 2^20 + 1 bytes; 100 bytes in 4; 4 bytes hold 88 at most. */
	static const uint8_t above[] = { 0x81, 0x80, 0x40, 0 };
	static const uint8_t ratio[] = { 89, 0, 'x', 0 };
	static const uint8_t just[] = { 88, 0, 'x', 0 };
	struct ak_err err;
	uint8_t *dst;
	size_t n;

	(void)state;
	assert_refused(above, sizeof(above), -EFBIG);
	assert_refused(ratio, sizeof(ratio), -EFBIG);
	assert_refused(just, sizeof(just), -EINVAL);
	assert_int_equal(ak_snappy_unpack(above, sizeof(above), SIZE_MAX,
					  UINT32_MAX, &dst, &n, &err),
			 -EINVAL);
}

/* Bytes with repeats at many distances; a small generator, a fixed seed. */
static void fill(uint8_t *p, size_t n, uint32_t seed)
{
	size_t i;

	for (i = 0; i < n; i++) {
		seed = seed * 1664525 + 1013904223;
		if (i > 70 && seed >> 28 < 12)
			p[i] = p[i - 1 - (seed >> 20) % 70];
		else
			p[i] = (uint8_t)(seed >> 24);
	}
}

static void round_trip(void **state)
{
	static const size_t sizes[] = { 0,   1,	    2,	   59,	  60,
					61,  63,    64,	   65,	  255,
					256, 65535, 65536, 65537, 300000 };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t n = sizes[i], used, capacity, m, length;
		uint8_t *src = malloc(n + 1), *packed, *back;

		fill(src, n, (uint32_t)n);
		assert_int_equal(
			ak_snappy_pack(src, n, &packed, &used, &capacity, NULL),
			0);
		assert_int_equal(capacity, 32 + n + n / 6);
		assert_true(used <= capacity);
		/* libsnappy reads what was packed, without what follows. */
		assert_int_equal(snappy_uncompressed_length((char *)packed,
							    used, &length),
				 SNAPPY_OK);
		assert_int_equal(length, n);
		for (m = used; m < capacity; m++)
			assert_int_equal(packed[m], 0);
		memset(packed + used, 0xee, capacity - used);
		assert_int_equal(unpack(packed, capacity, &back, &m), 0);
		assert_int_equal(m, n);
		assert_memory_equal(back, src, n);
		free(back);
		if (n)
			assert_refused(packed, used - 1, -EINVAL);
		free(packed);
		free(src);
	}
}

static void corrupt_bytes(void **state)
{
	size_t n = 4000, used, capacity, i, m;
	uint8_t *src = malloc(n), *packed, *back;
	unsigned int refused = 0;

	(void)state;
	fill(src, n, 7);
	assert_int_equal(
		ak_snappy_pack(src, n, &packed, &used, &capacity, NULL), 0);
	for (i = 0; i < used; i++) {
		uint8_t *copy = malloc(used);

		memcpy(copy, packed, used);
		copy[i] ^= 0xff;
		if (unpack(copy, used, &back, &m))
			refused++;
		else
			assert_true(m != n || memcmp(back, src, n));
		free(back);
		/* Cut here, exactly: what is beyond must not be read. */
		memcpy(copy, packed, i);
		copy = realloc(copy, i ? i : 1);
		assert_true(unpack(copy, i, &back, &m) < 0);
		free(copy);
	}
	assert_true(refused > 0);
	free(packed);
	free(src);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(elements),	 cmocka_unit_test(damage),
		cmocka_unit_test(limits),	 cmocka_unit_test(round_trip),
		cmocka_unit_test(corrupt_bytes),
	};

	return cmocka_run_group_tests_name("snappy", tests, NULL, NULL);
}
