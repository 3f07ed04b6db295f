// SPDX-License-Identifier: GPL-2.0
/*
 * AKIDA_IOC_INFO: what the driver says of the board, and what it counts.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "board_fixture.h"

TEST_F(board, chip)
{
	struct akida_ioc_info *i = &self->info;
	char name[16];

	EXPECT_EQ(AKIDA_ABI_VERSION, i->abi_version);
	EXPECT_EQ((uint32_t)variant->chip, i->chip);
	snprintf(name, sizeof(name), "/dev/akida%u", i->index);
	EXPECT_STREQ(self->b.node, name);
	/* As on silicon: AKD1000 reads zero. */
	EXPECT_EQ(variant->chip == AKIDA_CHIP_AKD1000 ? 0U : 0xbca10309U,
		  i->ip_version);
	EXPECT_EQ(0U, i->programs);
	EXPECT_EQ(0U, i->flags);
}

/* The serial number as lspci prints it, of configuration space as it is. */
TEST_F(board, serial)
{
	uint8_t config[4096] = { 0 }, *c;
	char want[32], said[32] = "", path[64];
	FILE *f = fopen(board_attr(&self->b, "config"), "re");
	unsigned int at = 0x100;

	ASSERT_NE(NULL, f);
	EXPECT_EQ(sizeof(config), fread(config, 1, sizeof(config), f));
	fclose(f);
	while (at && (config[at] | config[at + 1] << 8) != 3)
		at = (config[at + 2] >> 4 | config[at + 3] << 4) & 0xffc;
	ASSERT_NE(0U, at);
	c = config + at + 4;
	snprintf(want, sizeof(want),
		 "%02x-%02x-%02x-%02x-%02x-%02x-%02x-%02x\n", c[7], c[6], c[5],
		 c[4], c[3], c[2], c[1], c[0]);
	EXPECT_STRNE("00-00-00-00-00-00-00-00\n", want);
	snprintf(path, sizeof(path), "/sys/class/akida/akida%d/serial",
		 self->b.index);
	EXPECT_EQ(0, read_file(path, said, sizeof(said)));
	EXPECT_STREQ(want, said);
}

TEST_F(board, capabilities)
{
	uint32_t caps = self->info.caps;
	bool akd1500 = variant->chip == AKIDA_CHIP_AKD1500;

	EXPECT_TRUE(caps & AKIDA_CAP_VIRTUAL);
	EXPECT_TRUE(caps & AKIDA_CAP_COHERENT);
	EXPECT_EQ(vm_is("VM_IOMMU", "strict"), !!(caps & AKIDA_CAP_IOMMU));
	/* Of the AKD1000 a BAR shows 4 MiB, which are the firmware's. */
	EXPECT_EQ(akd1500, !!(caps & AKIDA_CAP_DEVMEM_MMAP));
	EXPECT_EQ(akd1500, !!(caps & AKIDA_CAP_WINDOW));
	EXPECT_EQ(0U, caps & ~0x3fU);
	EXPECT_EQ(2U, self->info.dma_channels);
	EXPECT_EQ(4U, self->info.dma_align);
	EXPECT_EQ((uint32_t)sysconf(_SC_PAGESIZE), self->info.page_size);
	EXPECT_GE(self->info.list_elements, 1U);
	if (caps & AKIDA_CAP_LONG_LISTS)
		EXPECT_GT(self->info.list_elements, 2U);
}

TEST_F(board, memory)
{
	struct akida_ioc_info *i = &self->info;

	if (variant->chip == AKIDA_CHIP_AKD1000) {
		/* 256 MiB, of which 64 are the firmware's. */
		EXPECT_EQ(192 * MIB, i->devmem_size);
		EXPECT_EQ(0U, i->window_size);
		EXPECT_EQ(0U, i->window_regions);
	} else {
		/* 1 MiB without the lists. */
		EXPECT_LT(i->devmem_size, MIB);
		EXPECT_GE(i->devmem_size, MIB / 2);
		EXPECT_EQ(512 * MIB, i->window_size);
		EXPECT_GE(i->window_regions, 1U);
	}
	EXPECT_EQ(0U, i->devmem_size % i->page_size);
	/* Nobody else is here. */
	EXPECT_EQ(i->devmem_size, i->devmem_free);
	EXPECT_EQ(i->devmem_size, i->devmem_largest);
	EXPECT_EQ(i->window_size, i->window_free);
}

TEST_F(board, memory_is_counted)
{
	struct akida_ioc_info i = { 0 };
	uint64_t page = self->info.page_size;
	int a, b;

	a = buffer_create(self->fd, AKIDA_BUFFER_DEVICE, 3 * page, NULL);
	ASSERT_GT(a, 0);
	b = buffer_create(self->fd, AKIDA_BUFFER_DEVICE, 1, NULL);
	ASSERT_GT(b, 0);
	ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_INFO, &i));
	EXPECT_EQ(self->info.devmem_free - 4 * page, i.devmem_free);
	EXPECT_LE(i.devmem_largest, i.devmem_free);
	EXPECT_EQ(self->info.devmem_size, i.devmem_size);
	/* A hole: the largest piece is less than what is free. */
	EXPECT_EQ(0, buffer_free(self->fd, a));
	ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_INFO, &i));
	EXPECT_EQ(self->info.devmem_free - page, i.devmem_free);
	EXPECT_LE(i.devmem_largest, i.devmem_free);
	EXPECT_EQ(0, buffer_free(self->fd, b));
	ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_INFO, &i));
	EXPECT_EQ(self->info.devmem_free, i.devmem_free);
	EXPECT_EQ(self->info.devmem_largest, i.devmem_largest);
}

TEST_F(board, window_is_counted)
{
	struct akida_ioc_info i = { 0 };
	int a;

	if (variant->chip == AKIDA_CHIP_AKD1000) {
		/* It has no window. */
		EXPECT_EQ(-EOPNOTSUPP,
			  buffer_create(self->fd, AKIDA_BUFFER_WINDOW, 4096,
					NULL));
		return;
	}
	a = buffer_create(self->fd, AKIDA_BUFFER_WINDOW, 64 * KIB, NULL);
	ASSERT_GT(a, 0);
	ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_INFO, &i));
	EXPECT_EQ(self->info.window_free - 64 * KIB, i.window_free);
	EXPECT_EQ(self->info.devmem_free, i.devmem_free);
	EXPECT_EQ(0, buffer_free(self->fd, a));
	ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_INFO, &i));
	EXPECT_EQ(self->info.window_free, i.window_free);
}

TEST_F(board, users)
{
	struct akida_ioc_info i = { 0 };
	int other[3];

	EXPECT_EQ(1U, self->info.users);
	for (int k = 0; k < 3; k++) {
		other[k] = dev_open(&self->b);
		ASSERT_GE(other[k], 0);
		ASSERT_EQ(0, dev_ioctl(other[k], AKIDA_IOC_INFO, &i));
		EXPECT_EQ(2U + k, i.users);
	}
	for (int k = 0; k < 3; k++)
		close(other[k]);
	ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_INFO, &i));
	EXPECT_EQ(1U, i.users);
	/* A second descriptor of the same open file is no other user. */
	other[0] = dup(self->fd);
	ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_INFO, &i));
	EXPECT_EQ(1U, i.users);
	close(other[0]);
}

TEST_F(board, resets)
{
	struct akida_ioc_info i = { 0 };

	ASSERT_EQ(0, write_file(board_attr(&self->b, "reset"), "1"));
	ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_INFO, &i));
	EXPECT_EQ(self->info.resets + 1, i.resets);
	EXPECT_EQ(self->info.ip_version, i.ip_version);
	EXPECT_EQ(self->info.devmem_size, i.devmem_size);
}

TEST_F(board, flags_must_be_zero)
{
	for (int bit = 0; bit < 32; bit++) {
		struct akida_ioc_info i = { .flags = 1U << bit };

		EXPECT_EQ(-EINVAL, dev_ioctl(self->fd, AKIDA_IOC_INFO, &i));
	}
}

TEST_HARNESS_MAIN
