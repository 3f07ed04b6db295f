// SPDX-License-Identifier: GPL-2.0
/*
 * akida top: changing the mode of a board's clock.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/sys.h"
#include "top.h"

const char *const top_modes[] = { "performance", "economy", "lowpower" };

static int write_mode(const struct status_board *b, const char *mode)
{
	char path[PATH_MAX];
	ssize_t n = (ssize_t)strlen(mode), done;
	int fd, rc;

	rc = ak_sys_path(path, "/sys/class/akida/akida%u/clock_mode",
			 b->desc.index);
	if (rc)
		return rc;
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	done = write(fd, mode, (size_t)n);
	rc = done == n ? 0 : done < 0 ? -errno : -EIO;
	if (close(fd) && !rc)
		rc = -errno;
	return rc;
}

int top_set_mode(const struct status_board *b, unsigned int mode, char *said,
		 size_t size)
{
	unsigned int n = b->desc.index;
	int rc = write_mode(b, top_modes[mode]);

	switch (rc) {
	case 0:
		snprintf(said, size, "akida%u: its clock's mode is now %s", n,
			 top_modes[mode]);
		break;
	case -EACCES:
	case -EPERM:
		snprintf(
			said, size,
			"akida%u: you may not change its clock: only root may write clock_mode; try sudo akida top",
			n);
		break;
	case -EROFS:
		snprintf(
			said, size,
			"akida%u: its clock cannot be changed from here: /sys is read-only, as in a container",
			n);
		break;
	case -ENOENT:
		snprintf(
			said, size,
			b->desc.is_virtual ?
				"akida%u: this virtual board's clock has no modes" :
				"akida%u: its clock has no modes: how silicon's is reached is not public",
			n);
		break;
	case -ENODEV:
		snprintf(said, size, "akida%u: the board is gone", n);
		break;
	default:
		snprintf(said, size, "akida%u: its clock's mode stays: %s", n,
			 strerror(-rc));
		break;
	}
	return rc;
}
