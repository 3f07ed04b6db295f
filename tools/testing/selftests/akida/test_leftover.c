// SPDX-License-Identifier: GPL-2.0
/*
 * What one user of the vendor's file interface can see of others: nothing, in
 * all device memory that is not firmware's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "board_fixture.h"

/* Behind the vendor's lists */
#define FIRST 0x20000100UL

/* The next user's view of it. */
static void is_zero(struct __test_metadata *_metadata, struct board *b,
		    uint8_t *p, size_t size, off_t at)
{
	int fd = dev_open(b);

	ASSERT_GE(fd, 0);
	memset(p, 1, size);
	ASSERT_EQ((ssize_t)size, pread(fd, p, size, at));
	EXPECT_EQ(-1, is_not(p, size, 0));
	close(fd);
}

TEST_F(board, of_transfers)
{
	/* With pieces enough to fill a long list */
	const size_t pages = 160, size = pages * 4096;
	uint8_t *p = aligned_alloc(4096, size);
	int host, device;

	ASSERT_NE(NULL, p);
	fill(p, size, 1);
	host = buffer_pin(self->fd, p, size, 0);
	ASSERT_GT(host, 0);
	device = buffer_create(self->fd, AKIDA_BUFFER_DEVICE, size, NULL);
	ASSERT_GT(device, 0);
	ASSERT_EQ(0, copy(self->fd, device, 0, host, 0, size));
	ASSERT_EQ(0, copy(self->fd, host, 0, device, 0, size));
	close(self->fd);
	self->fd = -1;
	/* Addresses of its memory were in the lists. */
	is_zero(_metadata, &self->b, p, 16 * KIB - 256, FIRST);
	free(p);
}

TEST_F(board, of_claims)
{
	static const off_t firmware = 0x24000000;
	bool small = variant->chip == AKIDA_CHIP_AKD1500;
	/* An AKD1500's memory is all ours. */
	off_t at = small ? (off_t)FIRST : firmware;
	size_t size = small ? MIB - 256 : MIB;
	uint8_t *p = malloc(size);

	ASSERT_NE(NULL, p);
	fill(p, size, 2);
	ASSERT_EQ((ssize_t)size, pwrite(self->fd, p, size, at));
	close(self->fd);
	self->fd = -1;
	is_zero(_metadata, &self->b, p, size, at);
	free(p);
}

TEST_HARNESS_MAIN
