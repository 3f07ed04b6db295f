/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A fixture for programs with a name: a board without any, and after each test
 * it is looked that nothing stayed behind. Included once by each test.
 */
#ifndef NAMED_FIXTURE_H
#define NAMED_FIXTURE_H

#include <string.h>
#include <unistd.h>

#include "each_chip.h"
#include "named.h"

static struct akida_ioc_info info(int fd)
{
	struct akida_ioc_info i = { 0 };

	dev_ioctl(fd, AKIDA_IOC_INFO, &i);
	return i;
}

/* A name that leads to a program of its own file, closed again. */
static int leave(const struct board *b, const char *name, unsigned int seed,
		 uint32_t mode, uint32_t flags)
{
	int fd = dev_open(b), err;
	struct tiny t;

	if (fd < 0)
		return fd;
	err = tiny_load(fd, &t, b->chip, seed);
	if (err > 0)
		err = named_give(fd, err, name, mode, flags, NULL, 0);
	close(fd);
	return err;
}

static int open_to_run(int fd, const char *name)
{
	int handle = named_open(fd, name, AKIDA_RIGHT_RUN, NULL);

	return handle > 0 ? 0 : handle;
}

static int drop(int fd, const char *name)
{
	return named_delete(fd, name, 0);
}

EACH_CHIP(names);

FIXTURE_SETUP(names)
{
	OPEN_BOARD();
	ASSERT_EQ(0, named_count(self->fd));
}

/* Whatever a test left, and nothing may stay behind. */
FIXTURE_TEARDOWN(names)
{
	struct akida_ioc_info now;

	if (self->fd < 0)
		return;
	EXPECT_EQ(0, named_delete_all(self->fd));
	close(self->fd);
	self->fd = dev_open(&self->b);
	now = info(self->fd);
	EXPECT_EQ(0U, now.programs);
	EXPECT_EQ(self->info.devmem_free, now.devmem_free);
	EXPECT_EQ(self->info.window_free, now.window_free);
	EXPECT_EQ(0, named_debugfs(&self->b));
	close(self->fd);
}

#endif
