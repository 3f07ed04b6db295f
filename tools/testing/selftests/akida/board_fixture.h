/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A fixture that runs a test on each chip: an open file of a board. Included
 * once by each test that wants it, after the harness.
 */
#ifndef BOARD_FIXTURE_H
#define BOARD_FIXTURE_H

#include <unistd.h>

#include "each_chip.h"

EACH_CHIP(board);

FIXTURE_SETUP(board)
{
	OPEN_BOARD();
}

FIXTURE_TEARDOWN(board)
{
	if (self->fd >= 0)
		close(self->fd);
}

#endif
