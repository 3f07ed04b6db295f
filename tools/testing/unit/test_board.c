// SPDX-License-Identifier: GPL-2.0
/*
 * Boards: enumeration of a described machine, and every call against a stand-in
 * for the driver that checks every field.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <akida/akida.h>

#include "../mock/mock_board.h"
#include "cmocka_all.h"
#include "model_build.h"

static char root[64];

/* --------------------------------------------------------- the machine */

static void make_folders(char *path)
{
	char *p;

	for (p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		assert_true(!mkdir(path, 0755) || errno == EEXIST);
		*p = '/';
	}
}

static void file(const char *path, const char *text)
{
	char full[512];
	FILE *f;

	snprintf(full, sizeof(full), "%s%s", root, path);
	make_folders(full);
	f = fopen(full, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void link_to(const char *path, const char *target)
{
	char full[512];

	snprintf(full, sizeof(full), "%s%s", root, path);
	make_folders(full);
	assert_int_equal(symlink(target, full), 0);
}

/* Attributes of a PCI function, as sysfs shows them. */
static void attributes(const char *dir, const char *const (*list)[2])
{
	char path[256], text[64];

	for (; (*list)[0]; list++) {
		snprintf(path, sizeof(path), "%s/%s", dir, (*list)[0]);
		snprintf(text, sizeof(text), "%s\n", (*list)[1]);
		file(path, text);
	}
}

#define PCI_A "/sys/devices/pci0000:00/0000:00:02.0/0000:01:00.0"
#define PCI_B "/sys/devices/pci0000:00/0000:00:03.0/0000:a2:1f.7"

static void make_machine(void)
{
	static const char *const a[][2] = {
		{ "vendor", "0x1e7c" },
		{ "device", "0xbca1" },
		{ "subsystem_vendor", "0x1af4" },
		{ "subsystem_device", "0x1100" },
		{ "current_link_speed", "5.0 GT/s PCIe" },
		{ "max_link_speed", "5.0 GT/s PCIe" },
		{ "current_link_width", "1" },
		{ "max_link_width", "1" },
		{ "numa_node", "-1" },
		{ "irq", "11" },
		{ "msi_irqs/44", "msi" },
		{ NULL, NULL },
	};
	static const char *const b[][2] = {
		{ "vendor", "0x1e7c" },
		{ "device", "0xa500" },
		{ "subsystem_vendor", "0x1e7c" },
		{ "subsystem_device", "0x0001" },
		{ "current_link_speed", "2.5 GT/s PCIe" },
		{ "max_link_speed", "16.0 GT/s PCIe" },
		{ "current_link_width", "1" },
		{ "max_link_width", "255" },
		{ "numa_node", "1" },
		{ "irq", "17" },
		{ NULL, NULL },
	};

	attributes(PCI_A, a);
	attributes(PCI_B, b);
	link_to(PCI_A "/driver", "../../../../bus/pci/drivers/akida");
	link_to(PCI_B "/driver", "../../../../bus/pci/drivers/akida");
	link_to(PCI_B "/iommu_group", "../../../../kernel/iommu_groups/9");
	file("/sys/kernel/iommu_groups/9/type", "DMA-FQ\n");
	link_to("/sys/class/akida/akida0",
		"../../devices/pci0000:00/0000:00:02.0/0000:01:00.0/akida/akida0");
	file(PCI_A "/akida/akida0/dev", "240:0\n");
	link_to(PCI_A "/akida/akida0/device", "../../../0000:01:00.0");
	link_to("/sys/class/akida/akida12",
		"../../devices/pci0000:00/0000:00:03.0/0000:a2:1f.7/akida/akida12");
	file(PCI_B "/akida/akida12/dev", "240:12\n");
	link_to(PCI_B "/akida/akida12/device", "../../../0000:a2:1f.7");
	/* None of these is a board. */
	file("/sys/class/akida/akida", "");
	file("/sys/class/akida/akida01/dev", "240:1\n");
	file("/sys/class/akida/akida3x/dev", "240:3\n");
	/* One that goes away between listing and looking. */
	file("/sys/class/akida/akida5/dev", "240:5\n");
	file("/dev/akida0", "");
	file("/dev/akida12", "");
	link_to("/dev/akd1500_0", "akida12");
	file("/dev/null", "");
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int machine_up(void **state)
{
	(void)state;
	strcpy(root, "/tmp/akida-board-XXXXXX");
	if (!mkdtemp(root))
		return -1;
	make_machine();
	return setenv("AKIDA_TEST_ROOT", root, 1);
}

static int machine_down(void **state)
{
	(void)state;
	unsetenv("AKIDA_TEST_ROOT");
	return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

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

	(void)state;
	setenv("AKIDA_TEST_ROOT", "/nonexistent", 1);
	assert_int_equal(akida_board_list(0, &d, sizeof(d)), -ENOENT);
	assert_int_equal(akida_board_find("0", &d, sizeof(d)), -ENOENT);
	assert_int_equal(akida_board_open(b, "0"), -ENOENT);
	assert_non_null(strstr(akida_board_error(b), "modprobe akida"));
	assert_int_equal(akida_board_open(b, "/dev/akida0"), -ENOENT);
	assert_non_null(strstr(akida_board_error(b), "modprobe akida"));
	setenv("AKIDA_TEST_ROOT", root, 1);
	akida_board_free(b);
}

static void test_users(void **state)
{
	struct akida_board_user u[4];
	struct akida_board_desc d;

	(void)state;
	file("/proc/4194000/comm", "python3\n");
	link_to("/proc/4194000/fd/3", "/dev/akida0");
	link_to("/proc/4194000/fd/4", "/dev/akida12");
	link_to("/proc/4194000/fd/17", "/dev/akida0");
	file("/proc/22/comm", "akida\n");
	link_to("/proc/22/fd/0", "/dev/akida0");
	file("/proc/23/comm", "sh\n");
	link_to("/proc/23/fd/0", "/dev/akida01");
	file("/proc/sys/fd", "");
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
	assert_int_equal(i.abi_version, AKIDA_ABI_VERSION);
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
	link_to("/proc/777/fd/5", "/dev/akida0");
	file("/proc/777/comm", "vendor-sdk\n");
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

/* -------------------------------------------------------------- buffers */

static struct akida_buffer *make(struct akida_board *b, enum akida_memory m,
				 uint64_t size)
{
	struct akida_buffer *buf;

	assert_int_equal(akida_buffer_new(b, m, size, &buf), 0);
	return buf;
}

static void test_buffers(void **state)
{
	struct akida_board *b = opened("0");
	struct akida_buffer *buf, *second;
	void *p, *q;

	(void)state;
	buf = make(b, AKIDA_MEMORY_HOST, 5000);
	assert_int_equal(mock.buffer.kind, AKIDA_BUFFER_HOST);
	assert_int_equal(mock.buffer.size, 5000);
	assert_int_equal(mock.buffer.flags, 0);
	assert_int_equal(mock.buffer.user_addr, 0);
	assert_int_equal(akida_buffer_size(buf), 8192);
	assert_int_equal(akida_buffer_device_address(buf), 0);
	assert_int_equal(akida_buffer_map(buf, &p), 0);
	assert_int_equal(((char *)p)[8191], 0);
	memset(p, 1, 8192);
	assert_int_equal(akida_buffer_map(buf, &q), 0);
	assert_ptr_equal(p, q);
	second = make(b, AKIDA_MEMORY_HOST, 1);
	assert_int_equal(akida_buffer_map(second, &q), 0);
	assert_int_equal(((char *)q)[0], 0);
	akida_buffer_free(second);
	assert_int_equal(mock.free.handle, 2);

	second = make(b, AKIDA_MEMORY_DEVICE, 12345);
	assert_int_equal(mock.buffer.kind, AKIDA_BUFFER_DEVICE);
	assert_int_equal(akida_buffer_device_address(second), 0x24000000);
	assert_int_equal(akida_buffer_map(second, &q), -EOPNOTSUPP);
	assert_non_null(strstr(akida_board_error(b), "BAR"));

	/* The handle may go first. */
	assert_int_equal(mock.buffers, 2);
	akida_board_free(b);
	assert_int_equal(mock.closed, 0);
	assert_int_equal(((char *)p)[0], 1);
	akida_buffer_free(second);
	akida_buffer_free(buf);
	akida_buffer_free(NULL);
	assert_int_equal(mock.buffers, 0);
	assert_int_equal(mock.closed, 1);
}

static void test_window(void **state)
{
	struct akida_board *b;
	struct akida_buffer *buf;
	void *p;

	(void)state;
	b = opened("0");
	assert_int_equal(akida_buffer_new(b, AKIDA_MEMORY_WINDOW, 4096, &buf),
			 -EOPNOTSUPP);
	assert_null(buf);
	assert_non_null(strstr(akida_board_error(b), "an AKD1500 has one"));
	mock.chip = AKIDA_CHIP_AKD1500;
	buf = make(b, AKIDA_MEMORY_WINDOW, 1 << 20);
	assert_int_equal(mock.buffer.kind, AKIDA_BUFFER_WINDOW);
	assert_int_equal(akida_buffer_device_address(buf), 0xc0000000);
	assert_int_equal(akida_buffer_map(buf, &p), 0);
	akida_buffer_free(buf);
	buf = make(b, AKIDA_MEMORY_DEVICE, 8192);
	assert_int_equal(akida_buffer_device_address(buf), 0x20001000);
	assert_int_equal(akida_buffer_map(buf, &p), 0);
	memset(p, 1, 8192);
	akida_buffer_free(buf);
	akida_board_free(b);
}

static void buffer_fails(struct akida_board *b, enum akida_memory m,
			 uint64_t size, int code, const char *text)
{
	struct akida_buffer *buf = (void *)b;

	assert_int_equal(akida_buffer_new(b, m, size, &buf), code);
	assert_null(buf);
	if (!strstr(akida_board_error(b), text))
		fail_msg("'%s' does not have '%s'", akida_board_error(b), text);
}

static void test_buffer_errors(void **state)
{
	static char memory[1 << 16] __attribute__((aligned(4096)));
	struct akida_board *b = opened("0");
	struct akida_buffer *buf;

	(void)state;
	buffer_fails(b, AKIDA_MEMORY_HOST, 0, -EINVAL, "from 1 to 4294967296");
	buffer_fails(b, AKIDA_MEMORY_HOST, (1ull << 32) + 1, -EINVAL,
		     "4294967297 bytes");
	buffer_fails(b, AKIDA_MEMORY_USER, 4096, -EINVAL, "new_user");
	buffer_fails(b, (enum akida_memory)9, 4096, -EINVAL, "unknown memory");
	buffer_fails(b, AKIDA_MEMORY_DEVICE, 200u << 20, -ENOSPC,
		     "201326592 of 201326592 are free");
	mock.fail_nr = _IOC_NR(AKIDA_IOC_BUFFER_CREATE);
	mock.fail_errno = ENOMEM;
	buffer_fails(b, AKIDA_MEMORY_HOST, 4096, -ENOMEM, "in one piece");
	mock.fail_errno = ENODEV;
	buffer_fails(b, AKIDA_MEMORY_HOST, 4096, -ENODEV, "gone");
	mock.fail_errno = EFAULT;
	assert_int_equal(akida_buffer_new_user(b, memory, 4096, 0, &buf),
			 -EFAULT);
	assert_non_null(strstr(akida_board_error(b), "not writable"));
	mock.fail_errno = EOPNOTSUPP;
	assert_int_equal(akida_buffer_new_user(b, memory, 4096, 0, &buf),
			 -EOPNOTSUPP);
	assert_non_null(strstr(akida_board_error(b), "cannot be pinned"));
	mock.fail_errno = 0;
	mock.memlock = 4096;
	assert_int_equal(akida_buffer_new_user(b, memory, 8192, 0, &buf),
			 -ENOMEM);
	assert_non_null(strstr(akida_board_error(b), "RLIMIT_MEMLOCK"));
	assert_null(buf);
	assert_int_equal(akida_buffer_new_user(b, memory + 2, 4096, 0, &buf),
			 -EINVAL);
	assert_non_null(strstr(akida_board_error(b), "multiples of 4"));
	akida_board_free(b);
	assert_int_equal(mock.buffers, 0);
}

/* --------------------------------------------------------------- copies */

static void copies(struct akida_board *b, struct akida_buffer *dst,
		   uint64_t dst_offset, struct akida_buffer *src,
		   uint64_t src_offset, uint64_t size)
{
	const struct akida_copy c = { dst, src, dst_offset, src_offset, size };
	uint64_t done = 77;

	assert_int_equal(akida_board_copy(b, &c, &done), 0);
	assert_int_equal(done, size);
}

static void test_copy(void **state)
{
	static uint32_t mine[4096], back[4096];
	struct akida_board *b = opened("0");
	struct akida_buffer *dev = make(b, AKIDA_MEMORY_DEVICE, 1 << 16);
	struct akida_buffer *host = make(b, AKIDA_MEMORY_HOST, 1 << 16);
	struct akida_buffer *user, *user_back;
	uint32_t *p;
	void *map;
	size_t i;

	(void)state;
	assert_int_equal(akida_buffer_new_user(b, mine, sizeof(mine),
					       AKIDA_MEMORY_READ_ONLY, &user),
			 0);
	assert_int_equal(mock.buffer.kind, AKIDA_BUFFER_USER);
	assert_int_equal(mock.buffer.flags, AKIDA_BUFFER_READ_ONLY);
	assert_int_equal(mock.buffer.user_addr, (uintptr_t)mine);
	assert_int_equal(mock.buffer.size, sizeof(mine));
	assert_int_equal(akida_buffer_map(user, &map), 0);
	assert_ptr_equal(map, mine);
	assert_int_equal(
		akida_buffer_new_user(b, back, sizeof(back), 0, &user_back), 0);
	for (i = 0; i < 4096; i++)
		mine[i] = (uint32_t)i * 2654435761u;
	copies(b, dev, 256, user, 16, sizeof(mine) - 16);
	assert_int_equal(mock.copy.src, 3);
	assert_int_equal(mock.copy.dst, 1);
	assert_int_equal(mock.copy.src_offset, 16);
	assert_int_equal(mock.copy.dst_offset, 256);
	assert_int_equal(mock.copy.size, sizeof(mine) - 16);
	assert_int_equal(mock.copy.flags, 0);
	copies(b, user_back, 0, dev, 256, sizeof(mine) - 16);
	assert_memory_equal(back, mine + 4, sizeof(mine) - 16);
	copies(b, host, 4, dev, 252, 8);
	assert_int_equal(akida_buffer_map(host, &map), 0);
	p = map;
	assert_int_equal(p[0], 0);
	assert_int_equal(p[1], 0);
	assert_int_equal(p[2], mine[4]);
	assert_int_equal(p[3], 0);
	akida_buffer_free(user);
	akida_buffer_free(user_back);
	akida_buffer_free(dev);
	akida_buffer_free(host);
	akida_board_free(b);
}

static void copy_fails(struct akida_board *b, const struct akida_copy *c,
		       int code, const char *text, uint64_t done)
{
	uint64_t got = 77;

	assert_int_equal(akida_board_copy(b, c, &got), code);
	if (!strstr(akida_board_error(b), text))
		fail_msg("'%s' does not have '%s'", akida_board_error(b), text);
	assert_int_equal(got, done);
}

static void test_copy_errors(void **state)
{
	static uint32_t mine[1024];
	struct akida_board *b = opened("0"), *other = opened("0");
	struct akida_buffer *dev = make(b, AKIDA_MEMORY_DEVICE, 4096);
	struct akida_buffer *host = make(b, AKIDA_MEMORY_HOST, 4096);
	struct akida_buffer *user, *foreign;
	struct akida_copy c = { dev, host, 0, 0, 4096 };

	(void)state;
	c.size = 0;
	copy_fails(b, &c, -EINVAL, "a copy of 0 bytes", 0);
	c.size = 4100;
	copy_fails(b, &c, -EINVAL, "inside both buffers", 0);
	c.size = 8;
	c.dst_offset = 2;
	copy_fails(b, &c, -EINVAL, "multiples of 4", 0);
	c.dst_offset = UINT64_MAX - 3;
	copy_fails(b, &c, -EINVAL, "18446744073709551612", 0);
	c.dst_offset = 0;
	c.dst = host;
	copy_fails(b, &c, -EOPNOTSUPP, "both buffers are host memory", 0);
	c.dst = c.src = dev;
	copy_fails(b, &c, -EOPNOTSUPP, "both buffers are device memory", 0);
	assert_int_equal(akida_buffer_new_user(b, mine, sizeof(mine),
					       AKIDA_MEMORY_READ_ONLY, &user),
			 0);
	c.dst = user;
	copy_fails(b, &c, -EACCES, "read-only", 0);
	c.dst = dev;
	c.src = host;
	c.size = 4096;
	mock.abort_after = 1024;
	copy_fails(b, &c, -EIO, "after 1024 of 4096 bytes", 1024);
	mock.abort_after = 0;
	mock.fail_nr = _IOC_NR(AKIDA_IOC_COPY);
	mock.fail_errno = ETIMEDOUT;
	copy_fails(b, &c, -ETIMEDOUT, "stopped moving", 0);
	mock.fail_errno = EINTR;
	copy_fails(b, &c, -EINTR, "signal", 0);
	mock.fail_errno = EAGAIN;
	copy_fails(b, &c, -EAGAIN, "256 copies", 0);
	mock.fail_errno = 0;

	/* Handles of another file mean other buffers: never sent there. */
	mock.calls[mock.fail_nr] = 0;
	foreign = make(other, AKIDA_MEMORY_HOST, 4096);
	c.src = foreign;
	copy_fails(b, &c, -EINVAL, "another open board", 0);
	copy_fails(other, &c, -EINVAL, "another open board", 0);
	assert_int_equal(mock.calls[mock.fail_nr], 0);
	akida_buffer_free(foreign);
	akida_buffer_free(user);
	akida_buffer_free(dev);
	akida_buffer_free(host);
	akida_board_free(b);
	akida_board_free(other);
}

static uint64_t from_now(unsigned int seconds)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return ((uint64_t)t.tv_sec + seconds) * 1000000000u;
}

static void test_async(void **state)
{
	struct akida_board *b = opened("0");
	struct akida_buffer *dev = make(b, AKIDA_MEMORY_DEVICE, 4096);
	struct akida_buffer *host = make(b, AKIDA_MEMORY_HOST, 4096);
	const struct akida_copy c = { dev, host, 0, 0, 4096 };
	struct pollfd p = { .fd = akida_board_fd(b), .events = POLLIN };
	uint64_t seq, done, deadline;
	unsigned int i;

	(void)state;
	assert_int_equal(akida_board_copy_async(b, &c, &seq), 0);
	assert_int_equal(mock.copy.flags, AKIDA_COPY_ASYNC);
	assert_int_equal(seq, 1);
	assert_int_equal(akida_board_completed(b, &seq), 0);
	assert_int_equal(mock.wait.seq, 0);
	assert_int_equal(mock.wait.flags, AKIDA_WAIT_POLL);
	assert_int_equal(seq, 0);
	done = 77;
	assert_int_equal(akida_board_wait(b, 1, 1, &done), -ETIME);
	assert_int_equal(mock.wait.deadline, 1);
	assert_int_equal(done, 0);
	deadline = from_now(60);
	assert_int_equal(akida_board_wait(b, 1, deadline, &done), 0);
	assert_int_equal(mock.wait.seq, 1);
	assert_int_equal(mock.wait.deadline, deadline);
	assert_int_equal(mock.wait.flags, 0);
	assert_int_equal(done, 4096);
	/* poll() reports what has ended since. */
	assert_int_equal(poll(&p, 1, 0), 0);
	assert_int_equal(akida_board_copy_async(b, &c, &seq), 0);
	assert_int_equal(poll(&p, 1, 1000), 1);
	assert_int_equal(akida_board_completed(b, &seq), 0);
	assert_int_equal(seq, 2);
	assert_int_equal(poll(&p, 1, 0), 0);

	assert_int_equal(akida_board_wait(b, 3, 1, NULL), -EINVAL);
	assert_non_null(strstr(akida_board_error(b), "no copy 3"));
	assert_int_equal(akida_board_wait(b, 0, 1, NULL), -EINVAL);

	mock.abort_after = 512;
	assert_int_equal(akida_board_copy_async(b, &c, &seq), 0);
	assert_int_equal(akida_board_wait(b, seq, 0, &done), -EIO);
	assert_int_equal(done, 512);
	assert_non_null(strstr(akida_board_error(b), "copy 3 after 512"));
	mock.abort_after = 0;

	mock.stuck = true;
	for (i = 0; i < AKIDA_MAX_ASYNC; i++)
		assert_int_equal(akida_board_copy_async(b, &c, &seq), 0);
	assert_int_equal(akida_board_copy_async(b, &c, &seq), -EAGAIN);
	mock.stuck = false;
	assert_int_equal(akida_board_wait(b, 3 + AKIDA_MAX_ASYNC, 0, NULL), 0);
	for (i = 0; i < AKIDA_MAX_RESULTS; i++)
		assert_int_equal(akida_board_copy(b, &c, NULL), 0);
	assert_int_equal(akida_board_wait(b, 3, 1, NULL), -ESTALE);
	assert_non_null(strstr(akida_board_error(b), "forgotten"));
	akida_buffer_free(dev);
	akida_buffer_free(host);
	akida_board_free(b);
}

static void test_eventfd(void **state)
{
	struct akida_board *b = opened("0");
	struct akida_buffer *dev = make(b, AKIDA_MEMORY_DEVICE, 4096);
	struct akida_buffer *host = make(b, AKIDA_MEMORY_HOST, 4096);
	const struct akida_copy c = { dev, host, 0, 0, 4096 };
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	uint64_t seq, count = 0;

	(void)state;
	assert_int_equal(akida_board_set_eventfd(b, fd), 0);
	assert_int_equal(mock.eventfd.fd, fd);
	assert_int_equal(akida_board_copy_async(b, &c, &seq), 0);
	assert_int_equal(akida_board_copy_async(b, &c, &seq), 0);
	assert_int_equal(akida_board_wait(b, seq, 0, NULL), 0);
	assert_int_equal(read(fd, &count, sizeof(count)), sizeof(count));
	assert_int_equal(count, 2);
	assert_int_equal(akida_board_set_eventfd(b, 0), -EINVAL);
	assert_non_null(strstr(akida_board_error(b), "0 is no eventfd"));
	assert_int_equal(akida_board_set_eventfd(b, 12345), -EBADF);
	assert_non_null(strstr(akida_board_error(b), "12345 is no eventfd"));
	assert_int_equal(akida_board_set_eventfd(b, -1), 0);
	assert_int_equal(mock.eventfd.fd, -1);
	close(fd);
	akida_buffer_free(dev);
	akida_buffer_free(host);
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
	assert_int_equal(akida_program_load(p, m, NULL), -ENOTSUP);
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
		WITH_MOCK(test_list),	       WITH_MOCK(test_list_sizes),
		WITH_MOCK(test_find),	       WITH_MOCK(test_no_driver),
		WITH_MOCK(test_users),	       WITH_MOCK(test_open),
		WITH_MOCK(test_open_errors),   WITH_MOCK(test_not_open),
		WITH_MOCK(test_buffers),       WITH_MOCK(test_window),
		WITH_MOCK(test_buffer_errors), WITH_MOCK(test_copy),
		WITH_MOCK(test_copy_errors),   WITH_MOCK(test_async),
		WITH_MOCK(test_eventfd),       WITH_MOCK(test_device),
		WITH_MOCK(test_versions),
	};

	return cmocka_run_group_tests(tests, machine_up, machine_down);
}
