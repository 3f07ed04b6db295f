// SPDX-License-Identifier: GPL-2.0
/*
 * Boards, the bridges above them and the driver, as sysfs has them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/sys.h"
#include "host.h"
#include "report.h"
#include "term.h"
#include "tool.h"

/* Of any PCI function. None of them is a number that only one board has. */
static const char *const function_files[] = {
	"vendor",
	"device",
	"subsystem_vendor",
	"subsystem_device",
	"revision",
	"class",
	"irq",
	"enable",
	"resource",
	"numa_node",
	"local_cpulist",
	"msi_bus",
	"dma_mask_bits",
	"consistent_dma_mask_bits",
	"driver_override",
	"reset_method",
	"d3cold_allowed",
	"power_state",
	"current_link_speed",
	"current_link_width",
	"max_link_speed",
	"max_link_width",
	"aer_dev_correctable",
	"aer_dev_nonfatal",
	"aer_dev_fatal",
	"aer_rootport_total_err_cor",
	"aer_rootport_total_err_fatal",
	"aer_rootport_total_err_nonfatal",
	"link/clkpm",
	"link/l0s_aspm",
	"link/l1_aspm",
	"link/l1_1_aspm",
	"link/l1_2_aspm",
	"link/l1_1_pcipm",
	"link/l1_2_pcipm",
	"power/control",
	"power/runtime_status",
	"power/runtime_enabled",
	"power/runtime_usage",
	"power/runtime_active_time",
	"power/runtime_suspended_time",
	"power/autosuspend_delay_ms",
	"iommu_group/type",
};

static uint32_t word(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

/*
 * Extended capability 3 of PCI Express, in a list from 0x100 on: the serial
 * number of the device, whose eight bytes follow the header.
 */
static void hide_serial(struct report *r, uint8_t *config, size_t size)
{
	char digits[17], dashes[24];
	unsigned int at = 0x100, left = 64, i;

	while (left-- && at >= 0x100 && at + 12 <= size) {
		uint32_t head = word(config + at);

		if ((head & 0xffff) == 3) {
			for (i = 0; i < 8; i++) {
				snprintf(digits + 2 * i, 3, "%02x",
					 config[at + 11 - i]);
				snprintf(dashes + 3 * i, i < 7 ? 4 : 3,
					 i < 7 ? "%02x-" : "%02x",
					 config[at + 11 - i]);
			}
			report_secret(r, digits, "<serial>");
			report_secret(r, dashes, "<serial>");
			memset(config + at + 4, 0, 8);
		}
		at = head >> 20 & 0xffc;
	}
}

/* As lspci -F reads it. */
static void add_config(struct report *r, const char *folder,
		       const char *address, const char *dir)
{
	char *path = tool_text("%s/config", dir);
	struct ak_buf out = { 0 };
	uint8_t *config;
	size_t size, i;

	config = (uint8_t *)report_read(r, path, &size);
	free(path);
	if (!config)
		return;
	if (!r->serials)
		hide_serial(r, config, size);
	ak_buf_printf(&out, "%s PCI function\n", address);
	for (i = 0; i < size && i < 4096; i++) {
		if (i % 16 == 0)
			ak_buf_printf(&out, "%02zx:", i);
		ak_buf_printf(&out, " %02x%s", config[i],
			      i % 16 == 15 || i + 1 == size ? "\n" : "");
	}
	free(config);
	if (out.failed)
		term_die_memory();
	report_add(r, (char *)out.data, out.size, "%s/config.txt", folder);
	ak_buf_clear(&out);
}

/* Where a link leads, without the way there. */
static void add_link(struct report *r, const char *folder, const char *dir,
		     const char *name, const char *as)
{
	char target[64];

	if (!ak_sys_link(target, sizeof(target), "%s/%s", dir, name))
		report_add(r, target, strlen(target), "%s/%s", folder, as);
}

static void add_function(struct report *r, const char *folder,
			 const char *address, const char *dir)
{
	size_t i;

	add_config(r, folder, address, dir);
	for (i = 0; i < ARRAY_SIZE(function_files); i++) {
		char *name = tool_text("%s/%s", folder, function_files[i]);
		char *path = tool_text("%s/%s", dir, function_files[i]);

		report_file(r, name, path);
		free(name);
		free(path);
	}
	add_link(r, folder, dir, "driver", "driver");
	add_link(r, folder, dir, "iommu_group", "iommu_group/number");
}

/*
 * All files of a folder of the driver's own. Those that say how the kernel
 * knows a device are left out, and numbers that only one board has.
 */
static void add_folder(struct report *r, const char *folder, const char *dir)
{
	DIR *d = ak_sys_opendir("%s", dir);
	struct dirent *e;
	struct stat st;

	if (!d)
		return;
	while ((e = readdir(d))) {
		char *name, *path;

		if (e->d_name[0] == '.' || !strcmp(e->d_name, "uevent") ||
		    (!r->serials && strstr(e->d_name, "serial")))
			continue;
		name = tool_text("%s/%s", folder, e->d_name);
		path = tool_text("%s/%s", dir, e->d_name);
		/* Not the folders below it, and what can only be written. */
		if (!ak_sys_stat(&st, "%s", path) && S_ISREG(st.st_mode) &&
		    st.st_mode & 0444)
			report_file(r, name, path);
		free(name);
		free(path);
	}
	closedir(d);
}

/* Folders in a folder whose names begin so, with what is in them. */
static void add_folders(struct report *r, const char *folder, const char *dir,
			const char *prefix)
{
	DIR *d = ak_sys_opendir("%s", dir);
	struct dirent *e;

	if (!d)
		return;
	while ((e = readdir(d))) {
		char *name, *path;

		if (strncmp(e->d_name, prefix, strlen(prefix)))
			continue;
		name = tool_text("%s/%s", folder, e->d_name);
		path = tool_text("%s/%s", dir, e->d_name);
		add_folder(r, name, path);
		free(name);
		free(path);
	}
	closedir(d);
}

/* Bridges on the way to a board, each once. */
static void add_bridges(struct report *r, const char *dir)
{
	char *at = tool_text("%s", dir), *last;

	for (;;) {
		char *folder;
		struct stat st;
		size_t i;

		last = strrchr(at, '/');
		*last = '\0';
		last = strrchr(at, '/');
		if (!last || ak_sys_stat(&st, "%s/vendor", at))
			break;
		folder = tool_text("bridges/%s", last + 1);
		for (i = 0; i < r->count; i++)
			if (!strncmp(r->entries[i].name, folder,
				     strlen(folder)))
				break;
		if (i == r->count)
			add_function(r, folder, last + 1, at);
		free(folder);
	}
	free(at);
}

static void add_board(struct report *r, const struct host_pci *f)
{
	char *folder = tool_text("boards/%s", f->address);
	char *path = tool_text("%s/akida", f->dir);
	char serial[64];
	struct dirent *e;
	DIR *d;

	add_function(r, folder, f->address, f->dir);
	if (!r->serials &&
	    !ak_sys_line(serial, sizeof(serial), "%s/serial_number", f->dir))
		report_secret(r, serial, "<serial>");
	d = ak_sys_opendir("%s", path);
	while (d && (e = readdir(d))) {
		char *name, *own;

		if (ak_sys_index(e->d_name, "akida") < 0)
			continue;
		if (!r->serials &&
		    !ak_sys_line(serial, sizeof(serial), "%s/%s/serial", path,
				 e->d_name))
			report_secret(r, serial, "<serial>");
		name = tool_text("%s/%s", folder, e->d_name);
		own = tool_text("%s/%s", path, e->d_name);
		add_folder(r, name, own);
		free(name);
		free(own);
	}
	if (d)
		closedir(d);
	free(path);
	path = tool_text("%s/hwmon", f->dir);
	add_folders(r, folder, path, "hwmon");
	free(path);
	free(folder);
}

void report_boards(struct report *r)
{
	struct host_pci *list;
	int i, n = host_pci_list(&list);

	/* Whatever is in sysfs leaves room for the rest. */
	r->max_count = REPORT_MAX_ENTRIES / 2;
	r->max_total = REPORT_MAX_TOTAL / 2;

	if (n < 0)
		report_miss(r, "this kernel shows no PCI bus",
			    "/sys/bus/pci/devices");
	for (i = 0; i < n; i++)
		add_board(r, &list[i]);
	for (i = 0; i < n; i++)
		add_bridges(r, list[i].dir);
	host_pci_free(list, n);
	add_folder(r, "module", "/sys/module/akida");
	add_folder(r, "module/parameters", "/sys/module/akida/parameters");
	r->max_count = REPORT_MAX_ENTRIES;
	r->max_total = REPORT_MAX_TOTAL;
}
