// SPDX-License-Identifier: GPL-2.0
/*
 * Boards: enumeration of a described machine, and opening them, against a
 * stand-in for the driver that checks every field.
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
#include "model_build.h"

static int fresh(void **state)
{
	(void)state;
	mock_reset();
	return 0;
}

/* -------------------------------------------------------- enumeration */

static void test_list(void **state)
{
	struct akida_board_desc d;

	(void)state;
	assert_int_equal(akida_board_list(0, &d, sizeof(d)), 0);
	assert_int_equal(d.index, 0);
	assert_string_equal(d.node, "/dev/akida0");
	assert_string_equal(d.pci_address, "0000:01:00.0");
	assert_string_equal(d.driver, "akida");
	assert_int_equal(d.chip, AKIDA_TARGET_AKD1000);
	assert_true(d.is_virtual);
	assert_int_equal(d.pci_vendor, 0x1e7c);
	assert_int_equal(d.pci_device, 0xbca1);
	assert_int_equal(d.pci_subvendor, 0x1af4);
	assert_int_equal(d.pci_subdevice, 0x1100);
	assert_int_equal(d.link_speed, 5000);
	assert_int_equal(d.link_speed_max, 5000);
	assert_int_equal(d.link_width, 1);
	assert_int_equal(d.link_width_max, 1);
	assert_int_equal(d.irq, 44);
	assert_int_equal(d.num_irqs, 1);
	assert_int_equal(d.numa_node, -1);
	assert_int_equal(d.iommu_group, -1);
	assert_string_equal(d.iommu_type, "");

	assert_int_equal(akida_board_list(1, &d, sizeof(d)), 0);
	assert_int_equal(d.index, 12);
	assert_string_equal(d.node, "/dev/akida12");
	assert_string_equal(d.pci_address, "0000:a2:1f.7");
	assert_int_equal(d.chip, AKIDA_TARGET_AKD1500);
	assert_false(d.is_virtual);
	assert_int_equal(d.link_speed, 2500);
	assert_int_equal(d.link_speed_max, 16000);
	/* 255: the kernel does not know. */
	assert_int_equal(d.link_width_max, 0);
	assert_int_equal(d.irq, 17);
	assert_int_equal(d.num_irqs, 1);
	assert_int_equal(d.numa_node, 1);
	assert_int_equal(d.iommu_group, 9);
	assert_string_equal(d.iommu_type, "DMA-FQ");

	assert_int_equal(akida_board_list(2, &d, sizeof(d)), -ENOENT);
}

/* A caller that knows less, or more, than the library. */
static void test_list_sizes(void **state)
{
	struct {
		struct akida_board_desc d;
		uint64_t later;
	} big;
	uint32_t index = 77;

	(void)state;
	memset(&big, 0x55, sizeof(big));
	assert_int_equal(akida_board_list(1, &big.d, sizeof(big)), 0);
	assert_int_equal(big.d.index, 12);
	assert_int_equal(big.later, 0);
	assert_int_equal(akida_board_list(1, (void *)&index, sizeof(index)), 0);
	assert_int_equal(index, 12);
}

static void found(const char *name, int index)
{
	struct akida_board_desc d;
	int rc = akida_board_find(name, &d, sizeof(d));

	if (rc || d.index != (uint32_t)index)
		fail_msg("'%s' gives %d, board %u", name, rc, d.index);
}

static void not_found(const char *name, int code)
{
	struct akida_board_desc d;
	int rc = akida_board_find(name, &d, sizeof(d));

	if (rc != code)
		fail_msg("'%s' gives %d, not %d", name, rc, code);
}

static void test_find(void **state)
{
	(void)state;
	found("0", 0);
	found("akida0", 0);
	found("/dev/akida0", 0);
	found("0000:01:00.0", 0);
	found("01:00.0", 0);
	found("0000:a2:1f.7", 12);
	found("a2:1f.7", 12);
	found("A2:1F.7", 12);
	found("12", 12);
	found("akida12", 12);
	found("/dev/akida12", 12);
	found("/dev/akd1500_0", 12);
	not_found("1", -ENOENT);
	not_found("5", -ENOENT);
	not_found("akida1", -ENOENT);
	not_found("/dev/akida1", -ENOENT);
	not_found("/dev/null", -ENOENT);
	not_found("0001:01:00.0", -ENOENT);
	not_found("01:00.1", -ENOENT);
	not_found("", -EINVAL);
	not_found("-1", -EINVAL);
	not_found("00", -EINVAL);
	not_found("+0", -EINVAL);
	not_found("0x0", -EINVAL);
	not_found("soft", -EINVAL);
	not_found("akida", -EINVAL);
	not_found("01:00.8", -EINVAL);
	not_found("01:20.0", -EINVAL);
	not_found("100:00.0", -EINVAL);
	not_found("0x01:00.0", -EINVAL);
	not_found(" 01:00.0", -EINVAL);
	not_found("01:00.0 ", -EINVAL);
	not_found("01:00", -EINVAL);
	not_found("99999999999999999999", -EINVAL);
}

static void test_no_driver(void **state)
{
	struct akida_board *b = akida_board_new();
	struct akida_board_desc d;
	char none[128];

	(void)state;
	setenv("AKIDA_TEST_ROOT", "/nonexistent", 1);
	assert_int_equal(akida_board_list(0, &d, sizeof(d)), -ENOENT);
	assert_int_equal(akida_board_find("0", &d, sizeof(d)), -ENOENT);
	assert_int_equal(akida_board_open(b, "0"), -ENOENT);
	assert_non_null(strstr(akida_board_error(b), "without /sys"));
	board_file("/none/sys/class/net/lo", "");
	snprintf(none, sizeof(none), "%s/none", board_root);
	setenv("AKIDA_TEST_ROOT", none, 1);
	assert_int_equal(akida_board_open(b, "0"), -ENOENT);
	assert_non_null(strstr(akida_board_error(b), "modprobe akida"));
	assert_int_equal(akida_board_open(b, "/dev/akida0"), -ENOENT);
	assert_non_null(strstr(akida_board_error(b), "modprobe akida"));
	setenv("AKIDA_TEST_ROOT", board_root, 1);
	akida_board_free(b);
}

static void test_users(void **state)
{
	struct akida_board_user u[4];
	struct akida_board_desc d;

	(void)state;
	board_file("/proc/4194000/comm", "python3\n");
	board_link("/proc/4194000/fd/3", "/dev/akida0");
	board_link("/proc/4194000/fd/4", "/dev/akida12");
	board_link("/proc/4194000/fd/17", "/dev/akida0");
	board_file("/proc/22/comm", "akida\n");
	board_link("/proc/22/fd/0", "/dev/akida0");
	board_file("/proc/23/comm", "sh\n");
	board_link("/proc/23/fd/0", "/dev/akida01");
	board_file("/proc/sys/fd", "");
	assert_int_equal(akida_board_find("0", &d, sizeof(d)), 0);
	memset(u, 0x55, sizeof(u));
	assert_int_equal(akida_board_users(&d, u, 4), 2);
	assert_int_equal(u[0].pid, 22);
	assert_string_equal(u[0].comm, "akida");
	assert_int_equal(u[0].files, 1);
	assert_int_equal(u[0].uid, geteuid());
	assert_int_equal(u[1].pid, 4194000);
	assert_int_equal(u[1].files, 2);
	/* Fewer places than users. */
	memset(u, 0x55, sizeof(u));
	assert_int_equal(akida_board_users(&d, u, 1), 2);
	assert_int_equal(u[1].pid, 0x55555555);
	assert_int_equal(akida_board_users(&d, NULL, 0), 2);
}

/* -------------------------------------------------------------- opening */

static struct akida_board *opened(const char *name)
{
	struct akida_board *b = akida_board_new();

	assert_int_equal(akida_board_fd(b), -EBADF);
	assert_int_equal(akida_board_open(b, name), 0);
	assert_true(akida_board_fd(b) >= 0);
	assert_string_equal(akida_board_error(b), "");
	return b;
}

static void test_open(void **state)
{
	static const char *const names[] = { "12", "akida12", "/dev/akida12",
					     "a2:1f.7", "/dev/akd1500_0" };
	struct akida_board_info i;
	struct akida_board *b;
	size_t n;

	(void)state;
	mock.chip = AKIDA_CHIP_AKD1500;
	mock.caps = AKIDA_CAP_IOMMU;
	for (n = 0; n < 5; n++) {
		b = opened(names[n]);
		assert_int_equal(akida_board_info(b, &i, sizeof(i)), 0);
		assert_int_equal(i.index, 12);
		akida_board_free(b);
		assert_int_equal(mock.closed, n + 1);
	}
	b = opened("0");
	assert_int_equal(akida_board_open(b, "12"), -EBUSY);
	assert_int_equal(akida_board_info(b, &i, sizeof(i)), 0);
	assert_int_equal(i.abi_version, 1);
	assert_int_equal(i.chip, AKIDA_TARGET_AKD1500);
	assert_int_equal(i.caps,
			 AKIDA_BOARD_VIRTUAL | AKIDA_BOARD_COHERENT |
				 AKIDA_BOARD_LONG_LISTS | AKIDA_BOARD_WINDOW |
				 AKIDA_BOARD_MAPS_DEVICE | AKIDA_BOARD_IOMMU);
	assert_int_equal(i.ip_version, 0xbca10309);
	assert_string_equal(akida_ip_version_name(i.ip_version), "AKD1500");
	assert_int_equal(i.index, 0);
	assert_int_equal(i.window_regions, 3);
	assert_int_equal(i.device_memory, (1 << 20) - 4096);
	assert_int_equal(i.device_free, (1 << 20) - 4096);
	assert_int_equal(i.device_largest, (1 << 20) - 4096);
	assert_int_equal(i.window_size, 32 << 20);
	assert_int_equal(i.window_free, 32 << 20);
	assert_int_equal(i.dma_channels, 2);
	assert_int_equal(i.list_elements, 1000);
	assert_int_equal(i.align, 4);
	assert_int_equal(i.page_size, 4096);
	assert_int_equal(i.users, 1);
	assert_int_equal(i.resets, 0);
	akida_board_free(b);
	akida_board_free(NULL);
}

static void open_fails(const char *name, int code, const char *text)
{
	struct akida_board *b = akida_board_new();

	assert_int_equal(akida_board_open(b, name), code);
	if (!strstr(akida_board_error(b), text))
		fail_msg("'%s' does not have '%s'", akida_board_error(b), text);
	assert_int_equal(akida_board_fd(b), -EBADF);
	akida_board_free(b);
}

static void test_open_errors(void **state)
{
	(void)state;
	open_fails("7", -ENOENT, "there is no board '7'");
	open_fails("soft", -EINVAL, "'soft' is no name of a board");
	open_fails("/dev/akida7", -ENOENT, "there is no board '/dev/akida7'");
	/* A file that is no board, and one that is not there. */
	open_fails("/dev/null", -ENOTTY, "not akida.ko");
	mock.open_errno = EACCES;
	open_fails("0", -EACCES, "usermod -aG akida $USER");
	mock.open_errno = EPERM;
	open_fails("0", -EPERM, "--device /dev/akida0");
	mock.open_errno = ENXIO;
	open_fails("0", -ENXIO, "gone");
	mock.open_errno = ENODEV;
	open_fails("0", -ENODEV, "gone");
	mock.open_errno = ENOENT;
	open_fails("0", -ENOENT, "no such node");
	mock.open_errno = EMFILE;
	open_fails("0", -EMFILE, "too many open files");
	/* Who has claimed it is named, where that can be seen. */
	mock.open_errno = EBUSY;
	board_link("/proc/777/fd/5", "/dev/akida0");
	board_file("/proc/777/comm", "vendor-sdk\n");
	open_fails("0", -EBUSY, "vendor-sdk, process 777");
	/* A driver that refuses the first question. */
	mock.open_errno = 0;
	mock.fail_errno = EBUSY;
	mock.fail_nr = _IOC_NR(AKIDA_IOC_INFO);
	open_fails("0", -EBUSY, "vendor-sdk, process 777");
	assert_int_equal(mock.closed, 1);
	mock.fail_errno = E2BIG;
	open_fails("0", -E2BIG, "older than this program");
	mock.fail_errno = EINVAL;
	open_fails("0", -ENOTTY, "not akida.ko");
}

static void test_not_open(void **state)
{
	struct akida_board *b = akida_board_new();
	struct akida_board_info i;
	struct akida_buffer *buf = (void *)b;
	uint64_t seq;
	int word;

	(void)state;
	assert_int_equal(akida_board_info(b, &i, sizeof(i)), -EBADF);
	assert_non_null(strstr(akida_board_error(b), "not open"));
	assert_int_equal(akida_buffer_new(b, AKIDA_MEMORY_HOST, 4096, &buf),
			 -EBADF);
	assert_null(buf);
	assert_int_equal(akida_buffer_new_user(b, &word, 4, 0, &buf), -EBADF);
	assert_int_equal(akida_board_wait(b, 1, 1, NULL), -EBADF);
	assert_int_equal(akida_board_completed(b, &seq), -EBADF);
	assert_int_equal(akida_board_set_eventfd(b, -1), -EBADF);
	akida_board_free(b);
}

/* ------------------------------------------------------- boards as devices */

static void test_device(void **state)
{
	struct akida_device *d = akida_device_new();
	struct akida_model *m = build_cnn();
	struct akida_device_info i;
	struct akida_program *p;

	(void)state;
	assert_int_equal(akida_device_list(0, &i, sizeof(i)), 0);
	assert_string_equal(i.name, "soft");
	assert_int_equal(akida_device_list(1, &i, sizeof(i)), 0);
	assert_string_equal(i.name, "/dev/akida0");
	assert_string_equal(
		i.description,
		"AKD1000, virtual board at 0000:01:00.0, 5.0 GT/s x1");
	assert_int_equal(i.threads, 0);
	assert_int_equal(akida_device_list(2, &i, sizeof(i)), 0);
	assert_string_equal(i.name, "/dev/akida12");
	assert_string_equal(
		i.description,
		"AKD1500, silicon board at 0000:a2:1f.7, 2.5 GT/s x1");
	assert_int_equal(akida_device_list(3, &i, sizeof(i)), -ENOENT);

	assert_int_equal(akida_device_open(d, "nonsense"), -ENODEV);
	assert_non_null(strstr(akida_device_error(d), "'nonsense'"));
	assert_int_equal(akida_device_open(d, "4"), -ENOENT);
	assert_non_null(strstr(akida_device_error(d), "no board '4'"));
	mock.open_errno = EACCES;
	assert_int_equal(akida_device_open(d, "/dev/akida0"), -EACCES);
	assert_non_null(strstr(akida_device_error(d), "usermod"));
	mock.open_errno = 0;
	assert_int_equal(akida_device_open(d, "/dev/akida0"), 0);
	assert_int_equal(akida_device_open(d, "soft"), -EBUSY);
	p = akida_program_new(d);
	assert_int_equal(akida_program_load(p, m, NULL), -ENOTTY);
	assert_non_null(strstr(akida_program_error(p), "/dev/akida0"));
	/* The model is free again, the board is open as long as the program. */
	assert_int_equal(akida_model_set_key(m, 0, "input_bits", 8), 0);
	akida_device_free(d);
	assert_int_equal(mock.closed, 0);
	akida_program_free(p);
	assert_int_equal(mock.closed, 1);
	akida_model_free(m);
}

static void test_versions(void **state)
{
	(void)state;
	assert_string_equal(akida_ip_version_name(0xbc000001), "NSoC_v1");
	assert_string_equal(akida_ip_version_name(0xbc000002), "NSoC_v2");
	assert_string_equal(akida_ip_version_name(0xbca10306), "TwoNodesIP");
	assert_string_equal(akida_ip_version_name(0xbca10309), "AKD1500");
	assert_string_equal(akida_ip_version_name(0xbca20100), "FPGA_v2");
	assert_string_equal(akida_ip_version_name(0xbcb10100), "Pico");
	assert_null(akida_ip_version_name(0));
	assert_null(akida_ip_version_name(0xffffffff));
}

#define WITH_MOCK(f) cmocka_unit_test_setup(f, fresh)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_MOCK(test_list),	     WITH_MOCK(test_list_sizes),
		WITH_MOCK(test_find),	     WITH_MOCK(test_no_driver),
		WITH_MOCK(test_users),	     WITH_MOCK(test_open),
		WITH_MOCK(test_open_errors), WITH_MOCK(test_not_open),
		WITH_MOCK(test_device),	     WITH_MOCK(test_versions),
	};

	return cmocka_run_group_tests(tests, board_machine_up,
				      board_machine_down);
}
