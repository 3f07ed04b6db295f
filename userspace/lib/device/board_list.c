// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which boards there are, from sysfs; who has them open, from procfs.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/export.h"
#include "common/pci.h"
#include "common/sys.h"
#include "common/util.h"
#include "device/board.h"

#define CLASS AK_BOARD_CLASS

static int64_t number(const char *dir, const char *name, int64_t otherwise)
{
	int64_t value;

	return ak_sys_number(&value, "%s/%s", dir, name) ? otherwise : value;
}

static void read_irqs(struct akida_board_desc *d, const char *dir)
{
	DIR *irqs = ak_sys_opendir("%s/msi_irqs", dir);
	struct dirent *e;
	int irq;

	if (!irqs) {
		/* A legacy interrupt, or none. */
		d->irq = (uint32_t)number(dir, "irq", 0);
		d->num_irqs = d->irq ? 1 : 0;
		return;
	}
	while ((e = readdir(irqs))) {
		irq = ak_sys_index(e->d_name, "");
		if (irq < 0)
			continue;
		if (!d->num_irqs || (uint32_t)irq < d->irq)
			d->irq = (uint32_t)irq;
		d->num_irqs++;
	}
	closedir(irqs);
}

static int describe(struct akida_board_desc *d, int index)
{
	char dir[PATH_MAX], group[32];
	struct ak_pci_link l;
	int rc;

	memset(d, 0, sizeof(*d));
	rc = ak_sys_real(dir, CLASS "/akida%d/device", index);
	if (rc)
		return rc;
	d->index = (uint32_t)index;
	ak_board_find_node(d);
	snprintf(d->pci_address, sizeof(d->pci_address), "%s",
		 strrchr(dir, '/') + 1);
	ak_sys_link(d->driver, sizeof(d->driver), "%s/driver", dir);
	d->pci_vendor = ak_pci_id(dir, "vendor");
	d->pci_device = ak_pci_id(dir, "device");
	d->pci_subvendor = ak_pci_id(dir, "subsystem_vendor");
	d->pci_subdevice = ak_pci_id(dir, "subsystem_device");
	d->chip = ak_pci_chip(d->pci_vendor, d->pci_device);
	d->is_virtual = ak_pci_virtual(d->pci_subvendor, d->pci_subdevice);
	l = ak_pci_link(dir, "current");
	d->link_speed = l.speed;
	d->link_width = l.width;
	l = ak_pci_link(dir, "max");
	d->link_speed_max = l.speed;
	d->link_width_max = l.width;
	d->numa_node = (int32_t)number(dir, "numa_node", -1);
	read_irqs(d, dir);
	d->iommu_group = -1;
	if (!ak_sys_link(group, sizeof(group), "%s/iommu_group", dir))
		d->iommu_group = ak_sys_index(group, "");
	ak_sys_line(d->iommu_type, sizeof(d->iommu_type), "%s/iommu_group/type",
		    dir);
	return 0;
}

/* The smallest index that is not below @from; -1 if there is none. */
static int next_index(int from)
{
	DIR *class = ak_sys_opendir(CLASS);
	struct dirent *e;
	int best = -1;

	if (!class)
		return -1;
	while ((e = readdir(class))) {
		int index = ak_sys_index(e->d_name, "akida");

		if (index >= from && (best < 0 || index < best))
			best = index;
	}
	closedir(class);
	return best;
}

int ak_board_next(int *from, struct akida_board_desc *d)
{
	int index;

	while ((index = next_index(*from)) >= 0) {
		*from = index + 1;
		if (!describe(d, index))
			return 0;
	}
	/* Without sysfs the nodes are all that there is. */
	if (ak_board_ask_next(*from, d))
		return -ENOENT;
	*from = (int)d->index + 1;
	return 0;
}

AK_EXPORT int akida_board_list(unsigned int i, struct akida_board_desc *desc,
			       size_t desc_size)
{
	struct akida_board_desc d;
	int from = 0;

	do {
		if (ak_board_next(&from, &d))
			return -ENOENT;
	} while (i--);
	return ak_copy_out(desc, desc_size, &d, sizeof(d));
}

/* "0000:01:00.0" or, in domain 0, "01:00.0"; gives the long form. */
static bool pci_address(const char *name, char buf[24])
{
	unsigned int domain = 0, bus, slot, function;
	int n = 0;

	if (strlen(name) > 20)
		return false;
	if (sscanf(name, "%x:%x:%x.%x%n", &domain, &bus, &slot, &function,
		   &n) != 4 ||
	    name[n]) {
		domain = 0;
		if (sscanf(name, "%x:%x.%x%n", &bus, &slot, &function, &n) !=
			    3 ||
		    name[n])
			return false;
	}
	/* sscanf() would take signs, blanks and 0x, too. */
	for (; *name; name++)
		if (!isxdigit((unsigned char)*name) && *name != ':' &&
		    *name != '.')
			return false;
	if (bus > 0xff || slot > 0x1f || function > 7)
		return false;
	snprintf(buf, 24, "%04x:%02x:%02x.%x", domain, bus, slot, function);
	return true;
}

static int find_address(const char *address, struct akida_board_desc *d)
{
	int from = 0;

	while (!ak_board_next(&from, d))
		if (!strcmp(d->pci_address, address))
			return 0;
	return -ENOENT;
}

/*
 * Links such as /dev/akd1500_0 lead to a node, and in a container it may have
 * any name.
 */
static int find_node(const char *path, struct akida_board_desc *d)
{
	int index = ak_board_node_index(path);

	if (index < 0)
		return ak_board_ask(path, d);
	if (describe(d, index))
		return -ENOENT;
	/* A node outside /dev. */
	if (!ak_board_has_node(d) && strlen(path) < sizeof(d->node))
		strcpy(d->node, path);
	return 0;
}

/*
 * "0" and "akida0" are the node of that name, which in a container may be any
 * board's, and else the board with that index.
 */
static int find_index(int index, struct akida_board_desc *d)
{
	char node[32];
	int from;

	snprintf(node, sizeof(node), "/dev/akida%d", index);
	if (!find_node(node, d) || !describe(d, index))
		return 0;
	from = index;
	return ak_board_next(&from, d) || d->index != (uint32_t)index ?
		       -ENOENT :
		       0;
}

AK_EXPORT int akida_board_find(const char *name, struct akida_board_desc *desc,
			       size_t desc_size)
{
	struct akida_board_desc d;
	char address[24];
	int index, rc;

	if (pci_address(name, address)) {
		rc = find_address(address, &d);
	} else if (*name == '/') {
		rc = find_node(name, &d);
	} else {
		index = ak_sys_index(name, "akida");
		if (index < 0)
			index = ak_sys_index(name, "");
		if (index < 0)
			return -EINVAL;
		rc = find_index(index, &d);
	}
	if (rc)
		return rc;
	return ak_copy_out(desc, desc_size, &d, sizeof(d));
}

/* How often a process has a node open. */
static uint32_t count_files(int pid, const char *node, dev_t rdev)
{
	DIR *fds = ak_sys_opendir("/proc/%d/fd", pid);
	char path[PATH_MAX], target[PATH_MAX];
	struct dirent *e;
	struct stat st;
	uint32_t n = 0;
	ssize_t len;

	if (!fds)
		return 0;
	while ((e = readdir(fds))) {
		if (ak_sys_index(e->d_name, "") < 0 ||
		    ak_sys_path(path, "/proc/%d/fd/%s", pid, e->d_name))
			continue;
		/* In a container the node may have another path. */
		if (!stat(path, &st) && S_ISCHR(st.st_mode) &&
		    st.st_rdev == rdev) {
			n++;
			continue;
		}
		len = readlink(path, target, sizeof(target) - 1);
		if (len < 0)
			continue;
		target[len] = '\0';
		n += !strcmp(target, node);
	}
	closedir(fds);
	return n;
}

static dev_t device_number(const struct akida_board_desc *d)
{
	unsigned int major_number, minor_number;
	char text[32];

	if (ak_sys_line(text, sizeof(text), CLASS "/akida%u/dev", d->index) ||
	    sscanf(text, "%u:%u", &major_number, &minor_number) != 2)
		return 0;
	return makedev(major_number, minor_number);
}

static int by_pid(const void *a, const void *b)
{
	const struct akida_board_user *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

AK_EXPORT int akida_board_users(const struct akida_board_desc *desc,
				struct akida_board_user *users, size_t max)
{
	dev_t rdev = device_number(desc);
	DIR *proc = ak_sys_opendir("/proc");
	struct dirent *e;
	size_t n = 0;

	if (!proc)
		return -errno;
	while ((e = readdir(proc)) && n < INT_MAX) {
		struct akida_board_user u = { 0 };
		struct stat st;

		u.pid = ak_sys_index(e->d_name, "");
		if (u.pid <= 0)
			continue;
		u.files = count_files(u.pid, desc->node, rdev);
		if (!u.files)
			continue;
		ak_sys_line(u.comm, sizeof(u.comm), "/proc/%d/comm", u.pid);
		if (!ak_sys_stat(&st, "/proc/%d", u.pid))
			u.uid = st.st_uid;
		if (n < max)
			users[n] = u;
		n++;
	}
	closedir(proc);
	if (max)
		qsort(users, n < max ? n : max, sizeof(*users), by_pid);
	return (int)n;
}

AK_EXPORT const char *akida_ip_version_name(uint32_t version)
{
	/* Source: akida_product.py of BrainChip's published tools. */
	static const struct {
		uint32_t version;
		const char *name;
	} known[] = {
		{ 0xbc000001, "NSoC_v1" },    { 0xbc000002, "NSoC_v2" },
		{ 0xbca10306, "TwoNodesIP" }, { 0xbca10309, "AKD1500" },
		{ 0xbca20100, "FPGA_v2" },    { 0xbcb10100, "Pico" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].version == version)
			return known[i].name;
	return NULL;
}
