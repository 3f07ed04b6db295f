// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * An open board: opening, what the driver says of it, sentences for errors.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <akida.h>

#include "common/export.h"
#include "common/sys.h"
#include "common/util.h"
#include "device/board.h"

#define MAX_NAMED_USERS 4

AK_EXPORT struct akida_board *akida_board_new(void)
{
	struct akida_board *b = calloc(1, sizeof(*b));

	if (b) {
		b->refs = 1;
		b->fd = -1;
	}
	return b;
}

void ak_board_put(struct akida_board *b)
{
	if (--b->refs)
		return;
	if (b->fd >= 0)
		close(b->fd);
	free(b);
}

AK_EXPORT void akida_board_free(struct akida_board *b)
{
	if (b)
		ak_board_put(b);
}

AK_EXPORT const char *akida_board_error(const struct akida_board *b)
{
	return b->err.text;
}

AK_EXPORT int akida_board_fd(const struct akida_board *b)
{
	return b->fd < 0 ? -EBADF : b->fd;
}

int ak_board_ioctl(struct akida_board *b, unsigned long request, void *arg)
{
	if (b->fd < 0)
		return -EBADF;
	return ioctl(b->fd, request, arg) ? -errno : 0;
}

/* " (frobnicate, process 12; python3, process 99)" for a message. */
static void name_users(const char *node, char *buf, size_t size)
{
	struct akida_board_user users[MAX_NAMED_USERS];
	struct akida_board_desc d;
	size_t used = 0;
	int i, n;

	buf[0] = '\0';
	if (akida_board_find(node, &d, sizeof(d)))
		return;
	n = akida_board_users(&d, users, ARRAY_SIZE(users));
	for (i = 0; i < n && i < MAX_NAMED_USERS; i++) {
		if (users[i].pid == getpid())
			continue;
		used += (size_t)snprintf(
			buf + used, size - used, "%s%s, process %d",
			used ? "; " : " (open in: ", users[i].comm,
			users[i].pid);
	}
	if (used)
		snprintf(buf + used, size - used, ")");
}

int ak_board_fail(struct akida_board *b, int code, const char *fmt, ...)
{
	char what[256], users[MAX_NAMED_USERS * 64 + 32];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	switch (-code) {
	case EBADF:
		return ak_errf(&b->err, code, "%s: the board is not open",
			       what);
	case EBUSY:
		name_users(b->node, users, sizeof(users));
		return ak_errf(
			&b->err, code,
			"%s: %s: another process has claimed the board through the vendor's file interface%s; end it first",
			b->node, what, users);
	case ENODEV:
	case ENXIO:
		return ak_errf(
			&b->err, code,
			"%s: %s: the board is gone (unplugged, or its driver was unloaded); open it again when it is back",
			b->node, what);
	case ENOTTY:
		return ak_errf(
			&b->err, code,
			"%s: %s: the driver behind this node does not know the call; it is not akida.ko, or older than this program: 'akida doctor' says which driver it is",
			b->node, what);
	case E2BIG:
		return ak_errf(
			&b->err, code,
			"%s: %s: the driver is older than this program and lacks something that was asked for; update akida.ko",
			b->node, what);
	case EINTR:
		return ak_errf(&b->err, code, "%s: %s: interrupted by a signal",
			       b->node, what);
	default:
		return ak_errf(&b->err, code, "%s: %s: %s", b->node, what,
			       strerror(-code));
	}
}

const char *const ak_clock_modes[AK_CLOCK_MODES] = { "performance", "economy",
						     "lowpower" };

static int open_failed(struct akida_board *b, const char *path, int code)
{
	switch (-code) {
	case EACCES:
		/* Rights are there, and still it does not open. */
		if (!access(path, R_OK | W_OK))
			return ak_errf(
				&b->err, code,
				"%s: opening is forbidden although the node's permissions allow it: it is on a file system mounted without devices (nodev, or made in a container), or a security module forbids it; a container must be given the device (--device %s)",
				b->node, b->node);
		if (ak_board_in_container())
			return ak_errf(
				&b->err, code,
				"%s: you may not open the board; in a container its group counts: the host's user must be in group akida, and the container must keep that group ('podman run --group-add keep-groups', 'docker run --group-add GID')",
				b->node);
		return ak_errf(
			&b->err, code,
			"%s: permission denied: add yourself to group akida: 'sudo usermod -aG akida $USER', then log in again ('akida doctor' checks the rest)",
			b->node);
	case EPERM:
		return ak_errf(
			&b->err, code,
			"%s: opening is forbidden although the node is there; a container must be given the device (--device %s)",
			b->node, b->node);
	case ENOENT:
		return ak_errf(
			&b->err, code,
			"%s: there is no such node; if 'akida list' shows the board, udev or the container does not make its node: see 'akida doctor'",
			b->node);
	case EMFILE:
	case ENFILE:
		return ak_errf(&b->err, code, "%s: too many open files: %s",
			       b->node, strerror(-code));
	}
	return ak_board_fail(b, code, "it cannot be opened");
}

static int not_found(struct akida_board *b, const char *name, int code)
{
	struct stat st;

	if (code == -EINVAL)
		return ak_errf(
			&b->err, code,
			"'%s' is no name of a board; give its index (0), its node (/dev/akida0) or its PCI address (0000:01:00.0)",
			name);
	if (ak_sys_stat(&st, "/sys/class"))
		return ak_errf(
			&b->err, code,
			"there is no board '%s': without /sys, which is not mounted here, only nodes (/dev/akida0) tell of boards; a container must be given them (--device /dev/akida0), and /sys for PCI addresses",
			name);
	if (ak_sys_stat(&st, AK_BOARD_CLASS))
		return ak_errf(
			&b->err, code,
			"there is no board '%s': the driver is not loaded; 'sudo modprobe akida' loads it, and 'akida doctor' says what is in its way",
			name);
	return ak_errf(
		&b->err, code,
		"there is no board '%s'; 'akida list' shows those that there are, 'akida doctor' why one may be missing",
		name);
}

AK_EXPORT int akida_board_open(struct akida_board *b, const char *name)
{
	char path[PATH_MAX];
	struct akida_board_desc d;
	struct akida_ioc_info info = { 0 };
	bool by_name = *name != '/';
	int fd, rc;

	if (b->fd >= 0)
		return ak_errf(&b->err, -EBUSY,
			       "this handle has a board open already");
	if (!by_name) {
		if (strlen(name) >= sizeof(b->node))
			return not_found(b, name, -EINVAL);
		strcpy(b->node, name);
	} else {
		rc = akida_board_find(name, &d, sizeof(d));
		if (rc)
			return not_found(b, name, rc);
		strcpy(b->node, d.node);
	}
	if (ak_sys_path(path, "%s", b->node))
		return not_found(b, name, -EINVAL);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		rc = -errno;
		/* Without the driver there is no node either. */
		if (rc == -ENOENT && akida_board_find(name, &d, sizeof(d)))
			return not_found(b, name, rc);
		return open_failed(b, path, rc);
	}
	rc = ioctl(fd, AKIDA_IOC_INFO, &info) ? -errno : 0;
	/* What is no device of ours may say anything. */
	if (rc == -EINVAL || rc == -EOPNOTSUPP)
		rc = -ENOTTY;
	if (!rc && (!info.dma_align || info.dma_align & (info.dma_align - 1)))
		rc = -ENOTTY;
	if (rc) {
		close(fd);
		return ak_board_fail(b, rc, "it cannot be used");
	}
	if (by_name && info.index != d.index) {
		close(fd);
		return ak_errf(
			&b->err, -ENODEV,
			"%s is the node of board %u: board '%s' has none here; a container must be given it (--device)",
			b->node, info.index, name);
	}
	b->fd = fd;
	b->align = info.dma_align;
	return 0;
}

enum akida_target ak_board_chip(uint32_t id)
{
	switch (id) {
	case AKIDA_CHIP_AKD1000:
		return AKIDA_TARGET_AKD1000;
	case AKIDA_CHIP_AKD1500:
		return AKIDA_TARGET_AKD1500;
	}
	return AKIDA_TARGET_NONE;
}

/* Capabilities are handed through. */
#define SAME(ours, drivers) _Static_assert((ours) == (drivers), #ours)
SAME(AKIDA_BOARD_VIRTUAL, AKIDA_CAP_VIRTUAL);
SAME(AKIDA_BOARD_IOMMU, AKIDA_CAP_IOMMU);
SAME(AKIDA_BOARD_COHERENT, AKIDA_CAP_COHERENT);
SAME(AKIDA_BOARD_MAPS_DEVICE, AKIDA_CAP_DEVMEM_MMAP);
SAME(AKIDA_BOARD_WINDOW, AKIDA_CAP_WINDOW);
SAME(AKIDA_BOARD_LONG_LISTS, AKIDA_CAP_LONG_LISTS);

AK_EXPORT int akida_board_info(struct akida_board *b,
			       struct akida_board_info *info, size_t info_size)
{
	struct akida_ioc_info i = { 0 };
	struct akida_board_info full = { 0 };
	int rc = ak_board_ioctl(b, AKIDA_IOC_INFO, &i);

	if (rc)
		return ak_board_fail(b, rc, "its information cannot be read");
	full.abi_version = i.abi_version;
	full.chip = ak_board_chip(i.chip);
	full.caps = i.caps;
	full.ip_version = i.ip_version;
	full.index = i.index;
	full.window_regions = i.window_regions;
	full.device_memory = i.devmem_size;
	full.device_free = i.devmem_free;
	full.device_largest = i.devmem_largest;
	full.window_size = i.window_size;
	full.window_free = i.window_free;
	full.dma_channels = i.dma_channels;
	full.list_elements = i.list_elements;
	full.align = i.dma_align;
	full.page_size = i.page_size;
	full.users = i.users;
	full.resets = i.resets;
	return ak_copy_out(info, info_size, &full, sizeof(full));
}
