// SPDX-License-Identifier: GPL-2.0
/*
 * akida top: changing the mode of a board's clock.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/sys.h"
#include "device/board.h"
#include "top.h"

int top_set_mode(const struct status_board *b, unsigned int mode, char *said,
		 size_t size)
{
	unsigned int n = b->desc.index;
	int rc = ak_sys_write(ak_clock_modes[mode],
			      AK_BOARD_CLASS "/akida%u/clock_mode", n);

	switch (rc) {
	case 0:
		snprintf(said, size, "akida%u: its clock's mode is now %s", n,
			 ak_clock_modes[mode]);
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
