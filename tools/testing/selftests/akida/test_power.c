// SPDX-License-Identifier: GPL-2.0
/*
 * Sleep and shutdown under load. Who uses a board does not notice that the
 * machine slept; after a shutdown the board leaves the memory alone that now
 * is the next kernel's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "board_fixture.h"
#include "load.h"
#include "named.h"

#define SIZE 65536

static unsigned int resets(int fd)
{
	struct akida_ioc_info info = { 0 };

	return dev_ioctl(fd, AKIDA_IOC_INFO, &info) ? ~0U : info.resets;
}

/* Suspend to RAM; the host wakes the machine. */
static int sleep_and_wake(void)
{
	int status = vmctl("wakeup-after 0.5");

	return status ? -EPROTO : write_file("/sys/power/state", "mem");
}

/* Nobody sees an error: what was under way had been waited for, and what came
 * later has waited itself.
 */
TEST_F_TIMEOUT(board, sleep_under_load, 180)
{
	/* On one of the chips a second time, with what the first left. */
	unsigned int times = variant->chip == AKIDA_CHIP_AKD1000 ? 2 : 1;
	uint64_t stray, bus;
	struct load l;

	if (!vm_is("VM_PROFILE", "sleep"))
		SKIP(return, "the machine cannot sleep in this profile");
	stray = counter(&self->b, "interrupts.stray");
	bus = counter(&self->b, "resets.bus");
	ASSERT_EQ(0, load_begin(&l, &self->b));
	for (unsigned int i = 0; i < times; i++) {
		unsigned int before = resets(self->fd);

		ASSERT_EQ(0, sleep_and_wake());
		EXPECT_EQ(before + 1, resets(self->fd));
		EXPECT_EQ(0, load_goes_on(&l, 20000));
	}
	EXPECT_EQ(0, load_end(&l));
	EXPECT_EQ(0U, load_errors(&l, EIO));
	EXPECT_EQ(0U, load_errors(&l, ENODEV));
	EXPECT_EQ(0U, load_errors(&l, ETIMEDOUT));
	/* It really was without power each time. */
	EXPECT_LE(bus + times, counter(&self->b, "resets.bus"));
	/* The vector's message has moved meanwhile; the engines know. */
	EXPECT_EQ(stray, counter(&self->b, "interrupts.stray"));
}

/* Nor do programs go that nobody has open. */
TEST_F_TIMEOUT(board, programs_with_a_name_sleep, 60)
{
	int fd = dev_open(&self->b), handle;
	struct tiny t;

	if (!vm_is("VM_PROFILE", "sleep"))
		SKIP(return, "the machine cannot sleep in this profile");
	ASSERT_GE(fd, 0);
	handle = tiny_load(fd, &t, variant->chip, 1);
	ASSERT_GT(handle, 0);
	ASSERT_EQ(0, named_run(fd, handle, &t, 5));
	ASSERT_EQ(0, named_give(fd, handle, "sleeper", 0, 0, NULL, 0));
	close(fd);
	ASSERT_EQ(0, sleep_and_wake());
	EXPECT_EQ(1, named_count(self->fd));
	handle = named_open(self->fd, "sleeper", AKIDA_RIGHT_RUN, NULL);
	ASSERT_GT(handle, 0);
	EXPECT_EQ(0, named_run(self->fd, handle, &t, 5));
	EXPECT_EQ(0, named_delete_all(self->fd));
}

/* A transfer that stands still does not keep the machine awake. */
TEST_F_TIMEOUT(board, sleep_with_a_stalled_transfer, 120)
{
	struct akida_ioc_wait w;
	uint32_t host;
	uint8_t *p = buffer_map(self->fd, AKIDA_BUFFER_HOST, SIZE, &host);
	int d = buffer_create(self->fd, AKIDA_BUFFER_DEVICE, SIZE, NULL);
	int64_t seq;
	int err;

	if (!vm_is("VM_PROFILE", "sleep"))
		SKIP(return, "the machine cannot sleep in this profile");
	ASSERT_NE(NULL, p);
	ASSERT_GT(d, 0);
	ASSERT_EQ(0, vmctl("board %d fault stall:count=0", self->b.number));
	seq = copy_async(self->fd, d, 0, host, 0, SIZE);
	ASSERT_GT(seq, 0);
	ASSERT_EQ(0, sleep_and_wake());
	ASSERT_EQ(0, vmctl("board %d clear all", self->b.number));
	err = wait_for(self->fd, seq, 0, &w);
	EXPECT_TRUE(err == -EIO || err == -ETIMEDOUT) TH_LOG("it says %d", err);
	fill(p, SIZE, 1);
	EXPECT_EQ(0, copy(self->fd, d, 0, host, 0, SIZE));
	memset(p, 0, SIZE);
	EXPECT_EQ(0, copy(self->fd, host, 0, d, 0, SIZE));
	EXPECT_EQ(-1, differs(p, SIZE, 1));
}

/* -------------------------------------------------------------- shutdown */

/* What kexec and power-off do to the device, by the harness's module. */
static int shut_down(const struct board *b)
{
	return write_file("/sys/module/akida_vm_guard/parameters/shutdown",
			  b->pci);
}

/* The board may still write to memory, or not. */
static int bus_master(const struct board *b)
{
	uint16_t command = 0;
	int fd = open(board_attr(b, "config"), O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : pread(fd, &command, 2, 4);

	if (fd >= 0)
		close(fd);
	return n == 2 ? !!(command & 4) : -EIO;
}

TEST_F_TIMEOUT(board, shutdown_under_load, 120)
{
	struct load l;
	uint64_t bytes, elements, interrupts;
	uint32_t host;
	uint8_t *p = buffer_map(self->fd, AKIDA_BUFFER_HOST, SIZE, &host);
	int d = buffer_create(self->fd, AKIDA_BUFFER_DEVICE, SIZE, NULL);
	int64_t seq;

	ASSERT_NE(NULL, p);
	ASSERT_GT(d, 0);
	ASSERT_EQ(0, load_begin(&l, &self->b));
	/* In the middle of a transfer: it takes 8 s at this rate. */
	ASSERT_EQ(0,
		  vmctl("board %d fault slow-link:rate=8192", self->b.number));
	seq = copy_async(self->fd, host, 0, d, 0, SIZE);
	ASSERT_GT(seq, 0);
	bytes = counter(&self->b, "dma.bytes");
	sleep_ms(200);
	EXPECT_LT(bytes, counter(&self->b, "dma.bytes"));
	EXPECT_EQ(1, bus_master(&self->b));

	ASSERT_EQ(0, shut_down(&self->b));
	bytes = counter(&self->b, "dma.bytes");
	elements = counter(&self->b, "dma.elements");
	interrupts = counter(&self->b, "interrupts.delivered");
	EXPECT_EQ(0, bus_master(&self->b));
	memset(p, 0x5a, SIZE);
	ASSERT_EQ(0, vmctl("board %d clear all", self->b.number));
	EXPECT_EQ(0, load_over(&l, 10000));
	EXPECT_EQ(0, load_end(&l));
	EXPECT_EQ(-ENODEV, wait_for(self->fd, seq, 0, NULL));
	EXPECT_EQ(-ENODEV, copy(self->fd, host, 0, d, 0, SIZE));
	sleep_ms(300);
	EXPECT_EQ(bytes, counter(&self->b, "dma.bytes"));
	EXPECT_EQ(elements, counter(&self->b, "dma.elements"));
	EXPECT_EQ(interrupts, counter(&self->b, "interrupts.delivered"));
	EXPECT_EQ(0, bus_master(&self->b));
	EXPECT_EQ(-1, is_not(p, SIZE, 0x5a));

	/* The next kernel's driver finds a board that works. */
	munmap(p, SIZE);
	close(self->fd);
	ASSERT_EQ(0, board_driver(&self->b, "unbind"));
	ASSERT_EQ(0, board_driver(&self->b, "bind"));
	ASSERT_EQ(0, board_at(&self->b, self->b.number, 10000));
	self->fd = dev_open(&self->b);
	ASSERT_GE(self->fd, 0);
	p = buffer_map(self->fd, AKIDA_BUFFER_HOST, SIZE, &host);
	d = buffer_create(self->fd, AKIDA_BUFFER_DEVICE, SIZE, NULL);
	ASSERT_NE(NULL, p);
	ASSERT_GT(d, 0);
	fill(p, SIZE, 2);
	EXPECT_EQ(0, copy(self->fd, d, 0, host, 0, SIZE));
	memset(p, 0, SIZE);
	EXPECT_EQ(0, copy(self->fd, host, 0, d, 0, SIZE));
	EXPECT_EQ(-1, differs(p, SIZE, 2));
}

TEST_HARNESS_MAIN
