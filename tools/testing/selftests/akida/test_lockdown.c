// SPDX-License-Identifier: GPL-2.0
/*
 * A kernel that is locked down, as with Secure Boot, lets nobody have the
 * board's registers, root neither. run-selftests runs this last, for nothing
 * lifts a lockdown.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>

#include "board_fixture.h"

#define LOCKDOWN "/sys/kernel/security/lockdown"

static off_t scratch(int chip)
{
	return chip == AKIDA_CHIP_AKD1000 ? 0x24000000 : 0x20010000;
}

static off_t core_offset(int chip)
{
	return chip == AKIDA_CHIP_AKD1000 ? 0 : 0xfcc00000;
}

static int look(int fd, int chip)
{
	uint32_t v;
	ssize_t n = pread(fd, &v, 4, scratch(chip));

	return n < 0 ? -errno : (int)n;
}

/* 0, or why there is no lockdown. */
static const char *lock_down(void)
{
	char text[64] = "";

	if (access(LOCKDOWN, F_OK) &&
	    mount("securityfs", "/sys/kernel/security", "securityfs", 0, NULL))
		return "the kernel has no securityfs";
	if (read_file(LOCKDOWN, text, sizeof(text)))
		return "the kernel has no lockdown";
	if (strstr(text, "[none]") && write_file(LOCKDOWN, "integrity"))
		return "lockdown cannot be set";
	return NULL;
}

TEST_F(board, vendor_interface)
{
	int chip = variant->chip, h, d, other;
	char text[64] = "";
	const char *why;

	/* The first variant still finds it as usual. */
	if (read_file(LOCKDOWN, text, sizeof(text)) || strstr(text, "[none]"))
		ASSERT_EQ(4, look(self->fd, chip));
	close(self->fd);
	why = lock_down();
	self->fd = dev_open(&self->b);
	ASSERT_GE(self->fd, 0);
	if (why)
		SKIP(return, "%s", why);

	ASSERT_EQ(0, read_file(LOCKDOWN, text, sizeof(text)));
	ASSERT_EQ(NULL, strstr(text, "[none]"));
	EXPECT_EQ(-EPERM, look(self->fd, chip));
	EXPECT_EQ(-1, pwrite(self->fd, text, 4, scratch(chip)));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, self->fd,
				   core_offset(chip)));
	EXPECT_EQ(EPERM, errno);
	if (self->info.caps & AKIDA_CAP_WINDOW) {
		EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED,
					   self->fd, 0xc0000000));
		EXPECT_EQ(EPERM, errno);
	}
	/* An IOMMU does not make up for it. */
	EXPECT_EQ(0, write_file("/sys/module/akida/parameters/raw", "group"));
	EXPECT_EQ(-EPERM, look(self->fd, chip));
	EXPECT_EQ(0, write_file("/sys/module/akida/parameters/raw", "admin"));
	/* Nor was the board claimed by any of that; buffers work. */
	other = dev_open(&self->b);
	ASSERT_GE(other, 0);
	h = buffer_create(other, AKIDA_BUFFER_HOST, 4096, NULL);
	d = buffer_create(other, AKIDA_BUFFER_DEVICE, 4096, NULL);
	ASSERT_GT(h, 0);
	ASSERT_GT(d, 0);
	EXPECT_EQ(0, copy(other, d, 0, h, 0, 4096));
	close(other);
}

TEST_HARNESS_MAIN
