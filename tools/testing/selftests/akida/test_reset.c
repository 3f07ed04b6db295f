// SPDX-License-Identifier: GPL-2.0
/*
 * Resets and PCI errors under load: through sysfs by each method there is, and
 * AER errors, injected. What was under way ends with -EIO, what comes waits,
 * and all goes on afterwards.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "board_fixture.h"
#include "load.h"

#define SIZE 65536

static unsigned int resets(int fd)
{
	struct akida_ioc_info info = { 0 };

	return dev_ioctl(fd, AKIDA_IOC_INFO, &info) ? ~0U : info.resets;
}

/* ----------------------------------------------------------------- sysfs */

TEST_F_TIMEOUT(board, sysfs_reset_under_load, 120)
{
	uint64_t flr = counter(&self->b, "resets.flr");
	uint64_t bus = counter(&self->b, "resets.bus");
	struct load l;

	ASSERT_EQ(0, load_begin(&l, &self->b));
	for (int i = 0; i < 3; i++) {
		unsigned int before = resets(self->fd);

		ASSERT_EQ(0, write_file(board_attr(&self->b, "reset_method"),
					i % 2 ? "bus" : "flr"));
		ASSERT_EQ(0, write_file(board_attr(&self->b, "reset"), "1"));
		EXPECT_EQ(before + 1, resets(self->fd));
		EXPECT_EQ(0, load_goes_on(&l, 20000)) TH_LOG("reset %d", i);
	}
	EXPECT_EQ(0, load_end(&l));
	EXPECT_EQ(0U, load_errors(&l, ENODEV));
	EXPECT_EQ(0U, load_errors(&l, ETIMEDOUT));
	EXPECT_EQ(flr + 2, counter(&self->b, "resets.flr"));
	EXPECT_EQ(bus + 1, counter(&self->b, "resets.bus"));
	ASSERT_EQ(0,
		  write_file(board_attr(&self->b, "reset_method"), "default"));
}

/* Transfers that stand still end with the reset, not with their timeout; and
 * mappings show device memory again.
 */
TEST_F(board, reset_ends_transfers)
{
	struct akida_ioc_buffer buf;
	struct akida_ioc_wait w;
	volatile uint32_t *dev = NULL;
	uint32_t host;
	uint8_t *p = buffer_map(self->fd, AKIDA_BUFFER_HOST, SIZE, &host);
	int d = buffer_create(self->fd, AKIDA_BUFFER_DEVICE, SIZE, &buf);
	int64_t seq[6];
	uint64_t start;

	ASSERT_NE(NULL, p);
	ASSERT_GT(d, 0);
	if (buf.mmap_offset) {
		dev = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			   self->fd, (off_t)buf.mmap_offset);
		ASSERT_NE(MAP_FAILED, dev);
		dev[100] = 0x12345678;
	}
	ASSERT_EQ(0, vmctl("board %d fault stall:count=0", self->b.number));
	for (int i = 0; i < 6; i++) {
		seq[i] = copy_async(self->fd, i % 2 ? (int)host : d, 0,
				    i % 2 ? d : (int)host, 0, SIZE);
		ASSERT_GT(seq[i], 0);
	}
	start = now_ns();
	ASSERT_EQ(0, write_file(board_attr(&self->b, "reset"), "1"));
	for (int i = 0; i < 6; i++) {
		EXPECT_EQ(-EIO, wait_for(self->fd, seq[i], 0, &w));
		EXPECT_GT((uint64_t)SIZE, w.done);
	}
	EXPECT_EQ((uint64_t)seq[5], w.completed);
	EXPECT_LT(now_ns() - start, 5 * NS);
	ASSERT_EQ(0, vmctl("board %d clear all", self->b.number));
	fill(p, SIZE, 1);
	EXPECT_EQ(0, copy(self->fd, d, 0, host, 0, SIZE));
	for (int i = 0; dev && i < SIZE / 4; i += 512)
		EXPECT_EQ(((uint32_t *)p)[i], dev[i]);
	memset(p, 0, SIZE);
	EXPECT_EQ(0, copy(self->fd, host, 0, d, 0, SIZE));
	EXPECT_EQ(-1, differs(p, SIZE, 1));
}

/* ------------------------------------------------------------------- AER */

/* What aer_inject.ko takes. */
struct aer_error {
	uint8_t bus, dev, fn;
	uint32_t uncorrectable;
	uint32_t correctable;
	uint32_t header[4];
	uint32_t domain;
};

static int inject(const struct board *b, uint32_t uncorrectable,
		  uint32_t correctable)
{
	struct aer_error e = { .uncorrectable = uncorrectable,
			       .correctable = correctable,
			       .header = { 1, 2, 3, 4 } };
	unsigned int domain, bus, dev, fn;
	int fd, err = 0;

	if (sscanf(b->pci, "%x:%x:%x.%x", &domain, &bus, &dev, &fn) != 4)
		return -EINVAL;
	e.domain = domain;
	e.bus = bus;
	e.dev = dev;
	e.fn = fn;
	fd = open("/dev/aer_inject", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, &e, sizeof(e)) != sizeof(e))
		err = -errno;
	close(fd);
	return err;
}

/* The message in the kernel's log that ends a recovery. */
static int log_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

static int log_wait(int fd, const struct board *b, const char *text, int ms)
{
	uint64_t end = now_ns() + ms * (NS / 1000);
	char line[1024];

	while (now_ns() < end) {
		ssize_t n = read(fd, line, sizeof(line) - 1);

		if (n < 0 && errno == EAGAIN) {
			sleep_ms(20);
			continue;
		}
		if (n < 0 && errno != EPIPE)
			return -errno;
		line[n > 0 ? n : 0] = '\0';
		if (strstr(line, b->pci) && strstr(line, text))
			return 0;
	}
	return -ETIME;
}

#define POISONED 0x00001000
#define UNSUPPORTED 0x00100000
#define MALFORMED 0x00040000
#define BAD_TLP 0x00000040

static const struct {
	const char *name;
	uint32_t uncorrectable, correctable;
	bool recovers, fatal;
} errors[] = {
	{ "corrected", 0, BAD_TLP, false, false },
	{ "poisoned TLP", POISONED, 0, true, false },
	{ "malformed TLP", MALFORMED, 0, true, true },
	{ "unsupported request", UNSUPPORTED, 0, true, false },
};

TEST_F_TIMEOUT(board, aer_under_load, 180)
{
	bool fatal = vm_is("VM_PROFILE", "hotplug");
	uint64_t bus = counter(&self->b, "resets.bus");
	struct load l;
	int log = log_open();

	ASSERT_GE(log, 0);
	if (access("/dev/aer_inject", F_OK))
		SKIP(return, "this kernel has no aer_inject");
	ASSERT_EQ(0, load_begin(&l, &self->b));
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		unsigned int before = resets(self->fd);

		if (errors[i].fatal && !fatal)
			continue;
		ASSERT_EQ(0, inject(&self->b, errors[i].uncorrectable,
				    errors[i].correctable))
		TH_LOG("%s", errors[i].name);
		if (errors[i].recovers) {
			ASSERT_EQ(0, log_wait(log, &self->b,
					      "set up again after an error",
					      30000))
			TH_LOG("%s", errors[i].name);
		}
		EXPECT_EQ(0, load_goes_on(&l, 20000))
		TH_LOG("%s", errors[i].name);
		EXPECT_EQ(before + errors[i].recovers, resets(self->fd))
		TH_LOG("%s", errors[i].name);
	}
	close(log);
	EXPECT_EQ(0, load_end(&l));
	EXPECT_EQ(0U, load_errors(&l, ENODEV));
	EXPECT_EQ(0U, load_errors(&l, ETIMEDOUT));
	/* The slot was reset for the fatal one, and only for that. */
	EXPECT_EQ(bus + fatal, counter(&self->b, "resets.bus"));
}

/* ------------------------------------------------------- all at one time */

static atomic_bool stop;
static atomic_uint did;

static void *resetter(void *arg)
{
	char path[128];

	snprintf(path, sizeof(path), "%s", board_attr(arg, "reset"));
	while (!stop) {
		if (!write_file(path, "1"))
			did++;
		sleep_ms(did % 5 * 20);
	}
	return NULL;
}

/* Resets from two sides, the driver's own recovery in between. */
TEST_F_TIMEOUT(board, resets_meet, 120)
{
	uint64_t end = now_ns() + 30 * NS;
	struct load l;
	pthread_t t[2];

	ASSERT_EQ(0, load_begin(&l, &self->b));
	stop = false;
	did = 0;
	for (int i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&t[i], NULL, resetter, &self->b));
	while (did < 8 && now_ns() < end) {
		ASSERT_EQ(0, vmctl("board %d fault abort:chan=any",
				   self->b.number));
		sleep_ms(50);
	}
	stop = true;
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	ASSERT_EQ(0, vmctl("board %d clear all", self->b.number));
	EXPECT_GE(did, 8U);
	EXPECT_EQ(0, load_goes_on(&l, 20000));
	EXPECT_EQ(0, load_end(&l));
	EXPECT_EQ(0U, load_errors(&l, ENODEV));
}

/* The board is reset under those who take it away. */
TEST_F_TIMEOUT(board, reset_and_unbind_meet, 120)
{
	pthread_t t;

	close(self->fd);
	self->fd = -1;
	stop = false;
	did = 0;
	ASSERT_EQ(0, pthread_create(&t, NULL, resetter, &self->b));
	for (int i = 0; i < 2; i++) {
		struct load l;

		EXPECT_EQ(0, load_begin(&l, &self->b));
		ASSERT_EQ(0, board_driver(&self->b, "unbind"));
		EXPECT_EQ(0, load_over(&l, 20000));
		EXPECT_EQ(0, load_end(&l));
		ASSERT_EQ(0, board_driver(&self->b, "bind"));
		ASSERT_EQ(0, board_at(&self->b, self->b.number, 10000));
	}
	stop = true;
	pthread_join(t, NULL);
	EXPECT_GT(did, 0U);
}

TEST_HARNESS_MAIN
