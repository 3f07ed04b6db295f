// SPDX-License-Identifier: GPL-2.0
/*
 * Configuration of what a board is given: what it means, and what is said of
 * what means nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "common/util.h"
#include "device/boot_config.h"
#include "temp_dir.h"

static struct boot_config config;
static struct ak_err err;

static int parse(const char *text)
{
	ak_boot_config_clear(&config);
	err.text[0] = '\0';
	return ak_boot_config_parse(&config, text, strlen(text), "b.conf",
				    &err);
}

static void test_all(void **state)
{
	(void)state;
	assert_int_equal(parse("# a comment\n"
			       "; another\n"
			       "\n"
			       "  [board]  \n"
			       "clock_mode=economy\n"
			       "\tpower_limit =  2.5 \n"
			       "[program]\n"
			       "model = /var/lib/akida/a model = 1.fbz\n"
			       "name = lamp\n"
			       "owner = lamps\n"
			       "group = 1000\n"
			       "mode = 0711\n"
			       "[program]\n"
			       "model = /b.fbz"),
			 0);
	assert_string_equal(config.clock_mode, "economy");
	assert_int_equal(config.power_limit, 2500000);
	assert_int_equal(config.num_programs, 2);
	assert_int_equal(config.program[0].line, 7);
	assert_string_equal(config.program[0].model,
			    "/var/lib/akida/a model = 1.fbz");
	assert_string_equal(config.program[0].name, "lamp");
	assert_string_equal(config.program[0].owner, "lamps");
	assert_string_equal(config.program[0].group, "1000");
	assert_int_equal(config.program[0].mode, 0711);
	assert_int_equal(config.program[1].line, 13);
	assert_string_equal(config.program[1].model, "/b.fbz");
	assert_null(config.program[1].name);
	assert_null(config.program[1].owner);
	assert_null(config.program[1].group);
	/* Its group may run it, others may not. */
	assert_int_equal(config.program[1].mode, 0710);
}

static void test_nothing(void **state)
{
	static const char *const text[] = { "", "\n", "# only that", "[board]",
					    "[board]\n# nothing\n" };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(text); i++) {
		assert_int_equal(parse(text[i]), 0);
		assert_null(config.clock_mode);
		assert_int_equal(config.power_limit, 0);
		assert_int_equal(config.num_programs, 0);
	}
}

static void test_power_limit(void **state)
{
	static const struct {
		const char *text;
		uint64_t microwatts;
	} is[] = {
		{ "1", 1000000 },	{ "0.000001", 1 },
		{ "1000", 1000000000 }, { "1000.000000", 1000000000 },
		{ "007.25", 7250000 },	{ "163.8375", 163837500 },
	};
	static const char *const isnt[] = {
		"0",	     "0.0",	  "-1",	  "+1",	 "1.",
		".5",	     "1.5.2",	  "1e3",  "1 W", "1000.000001",
		"1001",	     "0.0000001", "0x10", "nan", "99999999999999999999",
		"1.5000000",
	};
	char text[128];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(is); i++) {
		snprintf(text, sizeof(text), "[board]\npower_limit = %s\n",
			 is[i].text);
		assert_int_equal(parse(text), 0);
		assert_int_equal(config.power_limit, is[i].microwatts);
	}
	for (i = 0; i < ARRAY_SIZE(isnt); i++) {
		snprintf(text, sizeof(text), "[board]\npower_limit = %s\n",
			 isnt[i]);
		assert_int_equal(parse(text), -EINVAL);
		assert_non_null(strstr(err.text, "b.conf:2: power_limit: "));
	}
}

static void test_wrong(void **state)
{
	static const struct {
		const char *text, *said;
	} wrong[] = {
		{ "clock_mode = economy",
		  "b.conf:1: 'clock_mode' stands before the first" },
		{ "\n\n[bord]", "b.conf:3: there is no section '[bord]'" },
		{ "[board", "b.conf:1: there is no section '[board'" },
		{ "[board]\n[board]", "b.conf:2: there is a [board] already" },
		{ "[board]\nclock_mode economy",
		  "b.conf:2: 'clock_mode economy' is neither" },
		{ "[board]\nclock_mode = fast",
		  "b.conf:2: clock_mode: there is no 'fast'" },
		{ "[board]\nclock_mode =",
		  "b.conf:2: 'clock_mode' has no value" },
		{ "[board]\nmodel = /a",
		  "b.conf:2: [board] has no key 'model'" },
		{ "[board]\nclock_mode = economy\nclock_mode = economy",
		  "b.conf:3: this [board] has 'clock_mode' already" },
		{ "[board]\nclock_mode = economy\r\n",
		  "b.conf:2: there is a control character" },
		{ "[program]\nname = a\n[board]\n",
		  "b.conf:1: this [program] has no 'model" },
		{ "[board]\n[program]\n",
		  "b.conf:2: this [program] has no 'model" },
		{ "[program]\nmodel = a.fbz",
		  "b.conf:2: model: 'a.fbz' is no absolute path" },
		{ "[program]\nmodel = /a\nclock_mode = economy",
		  "b.conf:3: [program] has no key 'clock_mode'" },
		{ "[program]\nmodel = /a\nname = .a",
		  "b.conf:3: name: '.a' is no name" },
		{ "[program]\nmodel = /a\nname = -a",
		  "b.conf:3: name: '-a' is no name" },
		{ "[program]\nmodel = /a\nname = a b",
		  "b.conf:3: name: 'a b' is no name" },
		{ "[program]\nmodel = /a\nname = 1234567890123456789012345678901234567890123456789012345678901234",
		  "b.conf:3: name: '1234" },
		{ "[program]\nmodel = /a\nmode = 0",
		  "b.conf:3: mode: '0' is not" },
		{ "[program]\nmodel = /a\nmode = 1000",
		  "b.conf:3: mode: '1000' is not" },
		{ "[program]\nmodel = /a\nmode = 708",
		  "b.conf:3: mode: '708' is not" },
		{ "[program]\nmodel = /a\nmode = u=x",
		  "b.conf:3: mode: 'u=x' is not" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(parse(wrong[i].text), -EINVAL);
		if (strncmp(err.text, wrong[i].said, strlen(wrong[i].said)))
			fail_msg("%s\nnot %s", err.text, wrong[i].said);
	}
}

/* A zero hides nothing that follows it. */
static void test_zero(void **state)
{
	static const char text[] = "[board]\nclock_mode = economy\0x\n";

	(void)state;
	ak_boot_config_clear(&config);
	assert_int_equal(ak_boot_config_parse(&config, text, sizeof(text) - 1,
					      "b.conf", &err),
			 -EINVAL);
	assert_non_null(strstr(err.text, "b.conf:2: there is a control"));
}

static void test_much(void **state)
{
	static char text[BOOT_CONFIG_MAX + 1];
	unsigned int i;
	size_t n = 0;

	(void)state;
	memset(text, '#', sizeof(text));
	ak_boot_config_clear(&config);
	assert_int_equal(ak_boot_config_parse(&config, text, BOOT_CONFIG_MAX,
					      "b.conf", &err),
			 0);
	ak_boot_config_clear(&config);
	assert_int_equal(ak_boot_config_parse(&config, text, sizeof(text),
					      "b.conf", &err),
			 -EFBIG);
	for (i = 0; i < BOOT_CONFIG_PROGRAMS; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      "[program]\nmodel = /%u\n", i);
	assert_int_equal(parse(text), 0);
	assert_int_equal(config.num_programs, BOOT_CONFIG_PROGRAMS);
	assert_string_equal(config.program[BOOT_CONFIG_PROGRAMS - 1].model,
			    "/63");
	snprintf(text + n, sizeof(text) - n, "[program]\nmodel = /x\n");
	assert_int_equal(parse(text), -EINVAL);
	assert_non_null(strstr(err.text, "b.conf:129: a board keeps no more"));
}

/* A board's own file comes before that of all. */
static void test_find(void **state)
{
	static const char own[] = "/etc/akida/boards.d/0000:01:00.0.conf",
			  any[] = "/etc/akida/boards.d/default.conf";
	char path[4096], root[4096];

	(void)state;
	snprintf(root, sizeof(root), "%s", temp_path("root"));
	setenv("AKIDA_TEST_ROOT", root, 1);
	assert_int_equal(
		ak_boot_config_find(path, sizeof(path), "0000:01:00.0", &err),
		-ENOENT);
	temp_text("root/etc/akida/boards.d/default.conf",
		  "[board]\nclock_mode = lowpower\n");
	assert_int_equal(
		ak_boot_config_find(path, sizeof(path), "0000:01:00.0", &err),
		0);
	assert_string_equal(path, any);
	temp_text("root/etc/akida/boards.d/0000:01:00.0.conf",
		  "[board]\nclock_mode = economy\n");
	assert_int_equal(
		ak_boot_config_find(path, sizeof(path), "0000:01:00.0", &err),
		0);
	assert_string_equal(path, own);
	ak_boot_config_clear(&config);
	assert_int_equal(ak_boot_config_read(&config, path, &err), 0);
	assert_string_equal(config.clock_mode, "economy");
	unsetenv("AKIDA_TEST_ROOT");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_power_limit),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_zero),
		cmocka_unit_test(test_much),
		cmocka_unit_test_setup_teardown(test_find, temp_dir_make,
						temp_dir_remove),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	ak_boot_config_clear(&config);
	return failed;
}
