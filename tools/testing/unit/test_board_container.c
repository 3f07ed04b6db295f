// SPDX-License-Identifier: GPL-2.0
/*
 * Boards as a container sees them: nodes of other names, some boards without
 * one, and no sysfs.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <akida/akida.h>

#include "../mock/mock_board.h"
#include "board_machine.h"
#include "cmocka_all.h"
#include "device/board.h"

/* The machine of board_machine.c has boards 0 and 12; 240:N are their nodes. */
static int up(void **state)
{
	mock_reset();
	return board_machine_up(state);
}

static void remove_file(const char *path)
{
	char full[256];

	snprintf(full, sizeof(full), "%s%s", board_root, path);
	assert_int_equal(unlink(full), 0);
}

static void find(const char *name, uint32_t index, const char *node)
{
	struct akida_board_desc d;
	int rc = akida_board_find(name, &d, sizeof(d));

	if (rc || d.index != index || strcmp(d.node, node))
		fail_msg("'%s' gives %d, board %u at %s", name, rc, d.index,
			 d.node);
}

static uint32_t opened_index(const char *name)
{
	struct akida_board *b = akida_board_new();
	struct akida_board_info i;

	if (akida_board_open(b, name))
		fail_msg("%s", akida_board_error(b));
	assert_int_equal(akida_board_info(b, &i, sizeof(i)), 0);
	akida_board_free(b);
	return i.index;
}

static void open_fails(const char *name, int code, const char *text)
{
	struct akida_board *b = akida_board_new();

	assert_int_equal(akida_board_open(b, name), code);
	if (!strstr(akida_board_error(b), text))
		fail_msg("'%s' does not have '%s'", akida_board_error(b), text);
	akida_board_free(b);
}

/* Board 12 was given to a container as /dev/akida0, board 0 was not. */
static void test_renamed(void **state)
{
	struct akida_device_info info;
	struct akida_board_desc d;

	(void)state;
	remove_file("/dev/akida12");
	remove_file("/dev/akd1500_0");
	board_file("/dev/akida0", "12\n");
	find("/dev/akida0", 12, "/dev/akida0");
	find("0", 12, "/dev/akida0");
	find("akida0", 12, "/dev/akida0");
	find("12", 12, "/dev/akida0");
	find("0000:a2:1f.7", 12, "/dev/akida0");
	assert_int_equal(akida_board_find("/dev/akida0", &d, sizeof(d)), 0);
	assert_string_equal(d.pci_address, "0000:a2:1f.7");
	assert_int_equal(opened_index("0"), 12);
	assert_int_equal(opened_index("12"), 12);
	assert_int_equal(opened_index("a2:1f.7"), 12);
	/* sysfs shows it, but its node is another's here. */
	find("0000:01:00.0", 0, "/dev/akida0");
	open_fails(
		"0000:01:00.0", -ENODEV,
		"/dev/akida0 is the node of board 12: board '0000:01:00.0' has none here; a container must be given it");
	/* Enumeration shows both, devices are those that can be opened. */
	assert_int_equal(akida_board_list(0, &d, sizeof(d)), 0);
	assert_int_equal(d.index, 0);
	assert_false(ak_board_has_node(&d));
	assert_int_equal(akida_board_list(1, &d, sizeof(d)), 0);
	assert_int_equal(d.index, 12);
	assert_true(ak_board_has_node(&d));
	assert_int_equal(akida_device_list(1, &info, sizeof(info)), 0);
	assert_string_equal(info.name, "/dev/akida0");
	assert_non_null(strstr(info.description, "0000:a2:1f.7"));
	assert_int_equal(akida_device_list(2, &info, sizeof(info)), -ENOENT);
}

/* Two boards whose nodes have changed names: a name is the node's. */
static void test_swapped(void **state)
{
	(void)state;
	remove_file("/dev/akida12");
	board_file("/dev/akida0", "12\n");
	board_file("/dev/akida1", "0\n");
	find("0", 12, "/dev/akida0");
	find("1", 0, "/dev/akida1");
	find("01:00.0", 0, "/dev/akida1");
	find("12", 12, "/dev/akida0");
	assert_int_equal(opened_index("1"), 0);
	assert_int_equal(opened_index("01:00.0"), 0);
	assert_int_equal(opened_index("a2:1f.7"), 12);
}

/* A node in a folder of its own. */
static void test_elsewhere(void **state)
{
	(void)state;
	remove_file("/dev/akida12");
	board_file("/host/dev/akida12", "12\n");
	find("/host/dev/akida12", 12, "/host/dev/akida12");
	assert_int_equal(opened_index("/host/dev/akida12"), 12);
}

static void no_sysfs(void)
{
	char from[128], to[128];

	snprintf(from, sizeof(from), "%s/sys", board_root);
	snprintf(to, sizeof(to), "%s/hidden", board_root);
	assert_int_equal(rename(from, to), 0);
}

static void test_no_sysfs(void **state)
{
	struct akida_device_info info;
	struct akida_board_desc d;

	(void)state;
	no_sysfs();
	remove_file("/dev/akida12");
	board_file("/dev/akida0", "12\n");
	mock.chip = AKIDA_CHIP_AKD1500;
	assert_int_equal(akida_board_list(0, &d, sizeof(d)), 0);
	assert_int_equal(d.index, 12);
	assert_int_equal(d.chip, AKIDA_TARGET_AKD1500);
	assert_true(d.is_virtual);
	assert_string_equal(d.node, "/dev/akida0");
	assert_string_equal(d.driver, "akida");
	assert_string_equal(d.pci_address, "");
	assert_int_equal(d.numa_node, -1);
	assert_int_equal(d.iommu_group, -1);
	assert_int_equal(akida_board_list(1, &d, sizeof(d)), -ENOENT);
	find("0", 12, "/dev/akida0");
	find("12", 12, "/dev/akida0");
	find("/dev/akida0", 12, "/dev/akida0");
	assert_int_equal(opened_index("0"), 12);
	assert_int_equal(opened_index("/dev/akida0"), 12);
	assert_int_equal(akida_board_find("1", &d, sizeof(d)), -ENOENT);
	open_fails("01:00.0", -ENOENT, "without /sys");
	assert_int_equal(akida_device_list(1, &info, sizeof(info)), 0);
	assert_string_equal(info.description, "AKD1500, virtual board");
	/* Every node that was opened to ask was closed. */
	assert_int_equal(mock.closed, mock.calls[_IOC_NR(AKIDA_IOC_INFO)] - 2);
}

/* In the order of indexes, whatever their names are. */
static void test_no_sysfs_order(void **state)
{
	struct akida_board_desc d;

	(void)state;
	no_sysfs();
	board_file("/dev/akida0", "3\n");
	board_file("/dev/akida12", "1\n");
	assert_int_equal(akida_board_list(0, &d, sizeof(d)), 0);
	assert_int_equal(d.index, 1);
	assert_string_equal(d.node, "/dev/akida12");
	assert_int_equal(akida_board_list(1, &d, sizeof(d)), 0);
	assert_int_equal(d.index, 3);
	assert_int_equal(akida_board_list(2, &d, sizeof(d)), -ENOENT);
}

/* A node that this user may not open, and one that is not ours. */
static void test_no_sysfs_closed(void **state)
{
	struct akida_board_desc d;

	(void)state;
	no_sysfs();
	mock.open_errno = EACCES;
	assert_int_equal(akida_board_list(0, &d, sizeof(d)), 0);
	assert_int_equal(d.index, 0);
	assert_int_equal(d.chip, AKIDA_TARGET_NONE);
	assert_string_equal(d.driver, "");
	mock.open_errno = ENXIO;
	assert_int_equal(akida_board_list(0, &d, sizeof(d)), -ENOENT);
	mock.open_errno = 0;
	mock.fail_errno = ENOTTY;
	mock.fail_nr = _IOC_NR(AKIDA_IOC_INFO);
	assert_int_equal(akida_board_list(0, &d, sizeof(d)), -ENOENT);
	mock.fail_errno = 0;
	/* sysfs has a class for its device: another driver's. */
	board_link("/sys/dev/char/240:0", "../../devices/other/akida0");
	board_link("/sys/dev/char/240:12", "../../devices/other/akida12");
	assert_int_equal(akida_board_list(0, &d, sizeof(d)), -ENOENT);
}

static void test_words(void **state)
{
	(void)state;
	mock.open_errno = EACCES;
	open_fails("0", -EACCES, "usermod -aG akida");
	board_file("/proc/self/uid_map", "         0          0 4294967295\n");
	open_fails("0", -EACCES, "usermod -aG akida");
	board_file("/proc/self/uid_map", "         0       1000          1\n");
	open_fails("0", -EACCES, "--group-add keep-groups");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, up, board_machine_down)
	const struct CMUnitTest tests[] = {
		TEST(test_renamed),	   TEST(test_swapped),
		TEST(test_elsewhere),	   TEST(test_no_sysfs),
		TEST(test_no_sysfs_order), TEST(test_no_sysfs_closed),
		TEST(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
