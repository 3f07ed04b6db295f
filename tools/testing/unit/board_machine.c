// SPDX-License-Identifier: GPL-2.0
/*
 * A machine with two boards, as sysfs and /dev show it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "board_machine.h"
#include "cmocka_all.h"
#include "scratch.h"

char board_root[64];

static void make_folders(char *path)
{
	char *p;

	for (p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		assert_true(!mkdir(path, 0755) || errno == EEXIST);
		*p = '/';
	}
}

void board_file(const char *path, const char *text)
{
	char full[512];
	FILE *f;

	snprintf(full, sizeof(full), "%s%s", board_root, path);
	make_folders(full);
	f = fopen(full, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

void board_link(const char *path, const char *target)
{
	char full[512];

	snprintf(full, sizeof(full), "%s%s", board_root, path);
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
		board_file(path, text);
	}
}

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
	board_link(PCI_A "/driver", "../../../../bus/pci/drivers/akida");
	board_link(PCI_B "/driver", "../../../../bus/pci/drivers/akida");
	board_link(PCI_B "/iommu_group", "../../../../kernel/iommu_groups/9");
	board_file("/sys/kernel/iommu_groups/9/type", "DMA-FQ\n");
	board_link(
		"/sys/class/akida/akida0",
		"../../devices/pci0000:00/0000:00:02.0/0000:01:00.0/akida/akida0");
	board_file(PCI_A "/akida/akida0/dev", "240:0\n");
	board_link(PCI_A "/akida/akida0/device", "../../../0000:01:00.0");
	board_link(
		"/sys/class/akida/akida12",
		"../../devices/pci0000:00/0000:00:03.0/0000:a2:1f.7/akida/akida12");
	board_file(PCI_B "/akida/akida12/dev", "240:12\n");
	board_link(PCI_B "/akida/akida12/device", "../../../0000:a2:1f.7");
	/* None of these is a board. */
	board_file("/sys/class/akida/akida", "");
	board_file("/sys/class/akida/akida01/dev", "240:1\n");
	board_file("/sys/class/akida/akida3x/dev", "240:3\n");
	/* One that goes away between listing and looking. */
	board_file("/sys/class/akida/akida5/dev", "240:5\n");
	board_file("/dev/akida0", "");
	board_file("/dev/akida12", "");
	board_link("/dev/akd1500_0", "akida12");
	board_file("/dev/null", "");
}

int board_machine_up(void **state)
{
	(void)state;
	if (scratch_make(board_root, sizeof(board_root)))
		return -1;
	make_machine();
	return setenv("AKIDA_TEST_ROOT", board_root, 1);
}

int board_machine_down(void **state)
{
	(void)state;
	unsetenv("AKIDA_TEST_ROOT");
	return scratch_remove(board_root);
}
