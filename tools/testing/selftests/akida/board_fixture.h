/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A fixture that runs a test on each chip: an open file of a board. Included
 * once by each test that wants it, after the harness.
 */
#ifndef BOARD_FIXTURE_H
#define BOARD_FIXTURE_H

#include <unistd.h>

#include <kselftest_harness.h>

#include "akida_test.h"

FIXTURE(board)
{
	struct board b;
	struct akida_ioc_info info;
	int fd;
};

FIXTURE_VARIANT(board)
{
	int chip;
};

/* clang-format off */
FIXTURE_VARIANT_ADD(board, akd1000) {
	.chip = AKIDA_CHIP_AKD1000,
};

FIXTURE_VARIANT_ADD(board, akd1500) {
	.chip = AKIDA_CHIP_AKD1500,
};

/* clang-format on */
FIXTURE_SETUP(board)
{
	self->fd = -1;
	/* 6.1's harness runs the test after a setup that just returns. */
	if (board_find(&self->b, variant->chip))
		SKIP(longjmp(_metadata->env, 1),
		     "this machine has no such board");
	self->fd = dev_open(&self->b);
	ASSERT_GE(self->fd, 0);
	memset(&self->info, 0, sizeof(self->info));
	ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_INFO, &self->info));
}

FIXTURE_TEARDOWN(board)
{
	if (self->fd >= 0)
		close(self->fd);
}

#endif
