/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fixtures whose tests run on each chip, with an open file of a board.
 */
#ifndef EACH_CHIP_H
#define EACH_CHIP_H

#include <string.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "akida_test.h"

/* Members b, info and fd; variants akd1000 and akd1500. */
/* clang-format off */
#define EACH_CHIP(fixture)			\
	FIXTURE(fixture)			\
	{					\
		struct board b;			\
		struct akida_ioc_info info;	\
		int fd;				\
	};					\
	FIXTURE_VARIANT(fixture)		\
	{					\
		int chip;			\
	};					\
	FIXTURE_VARIANT_ADD(fixture, akd1000) {	\
		.chip = AKIDA_CHIP_AKD1000,	\
	};					\
	FIXTURE_VARIANT_ADD(fixture, akd1500) {	\
		.chip = AKIDA_CHIP_AKD1500,	\
	}

/* clang-format on */
/* For set-ups. 6.1's harness runs the test after one that just returns. */
#define OPEN_BOARD()                                                         \
	do {                                                                 \
		self->fd = -1;                                               \
		if (board_find(&self->b, variant->chip))                     \
			SKIP(longjmp(_metadata->env, 1),                     \
			     "this machine has no such board");              \
		self->fd = dev_open(&self->b);                               \
		ASSERT_GE(self->fd, 0);                                      \
		memset(&self->info, 0, sizeof(self->info));                  \
		ASSERT_EQ(0,                                                 \
			  dev_ioctl(self->fd, AKIDA_IOC_INFO, &self->info)); \
	} while (0)

#endif
