// SPDX-License-Identifier: GPL-2.0
/*
 * Normally distributed numbers are NumPy's, to the bit. The expected ones are
 * numpy.random.RandomState(seed).standard_normal(2001).astype('<f4').
 */
#include <string.h>

#include "cmocka_all.h"
#include "common/util.h"
#include "convert/randn.h"
#include "digest.h"

static void test_numpy(void **state)
{
	static const struct {
		uint32_t seed, first[4];
		const char *digest;
	} expected[] = {
		{ 42,
		  { 1056854353u, 3188561192u, 1059442411u, 1069740708u },
		  "8e0de2da2a5680f8c92669aa4e402eb5" },
		{ 0,
		  { 1071762552u, 1053614440u, 1064996499u, 1074752203u },
		  "9a7ede0a1961b13845438d47db5a2725" },
		{ UINT32_MAX,
		  { 1059454492u, 1059805385u, 3213512514u, 1049733663u },
		  "1743b21557211f2a0c3122c701ad76f9" },
	};
	static float x[2001];
	char digest[65];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(expected); i++) {
		ak_randn(expected[i].seed, ARRAY_SIZE(x), x);
		assert_memory_equal(x, expected[i].first, 16);
		sha256_hex(x, sizeof(x), digest);
		digest[32] = '\0';
		assert_string_equal(digest, expected[i].digest);
	}
}

static void test_none(void **state)
{
	float x = 3;

	(void)state;
	ak_randn(42, 0, &x);
	assert_true(x == 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numpy),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
