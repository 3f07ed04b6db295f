// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Nodes of boards where they have other names than udev gives them, and boards
 * where there is no sysfs: in containers.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <akida.h>

#include "common/sys.h"
#include "device/board.h"

/* 0 for a board whose number is not known. */
static dev_t device_number(int index)
{
	unsigned int major_number, minor_number;
	char text[32];

	if (ak_sys_line(text, sizeof(text), AK_BOARD_CLASS "/akida%d/dev",
			index) ||
	    sscanf(text, "%u:%u", &major_number, &minor_number) != 2)
		return 0;
	return makedev(major_number, minor_number);
}

int ak_board_node_index(const char *path)
{
	char real[PATH_MAX];
	struct dirent *e;
	struct stat st;
	DIR *class;
	int index = -1;

	if (ak_sys_stat(&st, "%s", path))
		return -ENOENT;
	if (!S_ISCHR(st.st_mode)) {
		if (!ak_sys_real(real, "%s", path))
			index = ak_sys_index(strrchr(real, '/') + 1, "akida");
		return index < 0 ? -ENOENT : index;
	}
	class = ak_sys_opendir(AK_BOARD_CLASS);
	if (!class)
		return -ENOENT;
	while ((e = readdir(class))) {
		index = ak_sys_index(e->d_name, "akida");
		if (index >= 0 && device_number(index) == st.st_rdev)
			break;
		index = -1;
	}
	closedir(class);
	return index < 0 ? -ENOENT : index;
}

static bool leads_to(const char *node, dev_t number)
{
	struct stat st;

	return !ak_sys_stat(&st, "%s", node) && S_ISCHR(st.st_mode) &&
	       st.st_rdev == number;
}

/* Next node in a folder of nodes; -1 at its end. */
static int next_node(DIR *dev, char *node, size_t size)
{
	struct dirent *e;

	while ((e = readdir(dev))) {
		if (ak_sys_index(e->d_name, "akida") < 0)
			continue;
		if (snprintf(node, size, "/dev/%s", e->d_name) < (int)size)
			return 0;
	}
	return -1;
}

void ak_board_find_node(struct akida_board_desc *d)
{
	dev_t number = device_number((int)d->index);
	char node[sizeof(d->node)];
	struct stat st;
	DIR *dev;

	snprintf(d->node, sizeof(d->node), "/dev/akida%u", d->index);
	if (!number || leads_to(d->node, number))
		return;
	/* Described machines have files. */
	if (!ak_sys_stat(&st, "%s", d->node) && !S_ISCHR(st.st_mode))
		return;
	dev = ak_sys_opendir("/dev");
	if (!dev)
		return;
	while (!next_node(dev, node, sizeof(node))) {
		if (!leads_to(node, number))
			continue;
		strcpy(d->node, node);
		break;
	}
	closedir(dev);
}

bool ak_board_has_node(const struct akida_board_desc *d)
{
	dev_t number = device_number((int)d->index);
	struct stat st;

	if (ak_sys_stat(&st, "%s", d->node))
		return false;
	return !S_ISCHR(st.st_mode) || !number || st.st_rdev == number;
}

int ak_board_ask(const char *path, struct akida_board_desc *d)
{
	struct akida_ioc_info info = { 0 };
	char full[PATH_MAX], link[64];
	struct stat st;
	int fd, index;

	if (ak_sys_stat(&st, "%s", path) || !S_ISCHR(st.st_mode) ||
	    ak_sys_path(full, "%s", path))
		return -ENOENT;
	/* Another driver's, then. */
	if (!ak_sys_link(link, sizeof(link), "/sys/dev/char/%u:%u",
			 major(st.st_rdev), minor(st.st_rdev)))
		return -ENOENT;
	memset(d, 0, sizeof(*d));
	if (strlen(path) >= sizeof(d->node))
		return -ENOENT;
	strcpy(d->node, path);
	d->numa_node = -1;
	d->iommu_group = -1;
	fd = open(full, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		index = ak_sys_index(strrchr(path, '/') + 1, "akida");
		if (errno == ENOENT || errno == ENXIO || errno == ENODEV ||
		    index < 0)
			return -ENOENT;
		d->index = (uint32_t)index;
		return 0;
	}
	if (ioctl(fd, AKIDA_IOC_INFO, &info)) {
		close(fd);
		return -ENOENT;
	}
	close(fd);
	d->index = info.index;
	d->chip = ak_board_chip(info.chip);
	d->is_virtual = info.caps & AKIDA_CAP_VIRTUAL;
	strcpy(d->driver, "akida");
	return 0;
}

int ak_board_ask_next(int from, struct akida_board_desc *d)
{
	struct akida_board_desc one;
	char node[sizeof(d->node)];
	int best = -1;
	struct stat st;
	DIR *dev;

	if (!ak_sys_stat(&st, AK_BOARD_CLASS))
		return -ENOENT;
	dev = ak_sys_opendir("/dev");
	if (!dev)
		return -ENOENT;
	while (!next_node(dev, node, sizeof(node))) {
		if (ak_board_ask(node, &one) || (int)one.index < from ||
		    (best >= 0 && (int)one.index >= best))
			continue;
		*d = one;
		best = (int)one.index;
	}
	closedir(dev);
	return best < 0 ? -ENOENT : 0;
}

bool ak_board_in_container(void)
{
	unsigned int inside, outside, count;
	char map[64];

	return !ak_sys_line(map, sizeof(map), "/proc/self/uid_map") &&
	       sscanf(map, "%u %u %u", &inside, &outside, &count) == 3 &&
	       count != ~0U;
}
