// SPDX-License-Identifier: GPL-2.0
/*
 * Boards that go: the driver is unbound, the board removed through sysfs,
 * unplugged, or all at once not there, while files are open, memory is mapped
 * and transfers are under way. All of them end with errors, none hangs, and a
 * board that comes back works.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "board_fixture.h"
#include "load.h"

#define SIZE 65536

/* A file that is open when the board goes, and who waits there. */
struct user {
	int fd, eventfd;
	uint32_t host, dev;
	uint8_t *p;
	int64_t seq;
	struct pollfd poll;
	struct akida_ioc_wait wait;
	int polled, waited, copied;
	pthread_t poller, waiter, copier;
};

static void *polls(void *arg)
{
	struct user *u = arg;

	u->poll = (struct pollfd){ .fd = u->fd, .events = POLLPRI };
	u->polled = poll(&u->poll, 1, 60000);
	return NULL;
}

static void *waits(void *arg)
{
	struct user *u = arg;

	u->wait = (struct akida_ioc_wait){ .seq = u->seq };
	u->waited = dev_ioctl(u->fd, AKIDA_IOC_WAIT, &u->wait);
	return NULL;
}

static void *copies(void *arg)
{
	struct user *u = arg;

	u->copied = copy(u->fd, u->dev, 0, u->host, 0, SIZE);
	return NULL;
}

/* Works, with data, and nobody else has it open. */
static int works(const struct board *b, unsigned int users)
{
	struct akida_ioc_info info = { 0 };
	uint32_t host;
	uint8_t *p;
	int fd = dev_open(b), d, err;

	if (fd < 0)
		return fd;
	p = buffer_map(fd, AKIDA_BUFFER_HOST, SIZE, &host);
	d = buffer_create(fd, AKIDA_BUFFER_DEVICE, SIZE, NULL);
	err = !p ? -ENOMEM : d < 0 ? d : 0;
	for (unsigned int k = 0; !err && k < 4; k++) {
		fill(p, SIZE, k);
		err = copy(fd, d, 0, host, 0, SIZE);
		memset(p, 0, SIZE);
		if (!err)
			err = copy(fd, host, 0, d, 0, SIZE);
		if (!err && differs(p, SIZE, k) >= 0)
			err = -EILSEQ;
	}
	if (!err)
		err = dev_ioctl(fd, AKIDA_IOC_INFO, &info);
	if (!err && info.users != users)
		err = -EUSERS;
	if (p)
		munmap(p, SIZE);
	close(fd);
	return err;
}

/* Transfers that stand still, one waited for, one synchronous; and a poll(). */
static int use(struct user *u, const struct board *b)
{
	int d;

	memset(u, 0, sizeof(*u));
	u->fd = dev_open(b);
	if (u->fd < 0)
		return u->fd;
	u->p = buffer_map(u->fd, AKIDA_BUFFER_HOST, SIZE, &u->host);
	d = buffer_create(u->fd, AKIDA_BUFFER_DEVICE, SIZE, NULL);
	if (!u->p || d < 0)
		return -ENOMEM;
	u->dev = d;
	memset(u->p, 0x5a, SIZE);
	if (vmctl("board %d fault stall:count=0", b->number))
		return -EPROTO;
	for (int i = 0; i < 4; i++) {
		u->seq = copy_async(u->fd, u->dev, 0, u->host, 0, SIZE);
		if (u->seq < 0)
			return (int)u->seq;
	}
	if (pthread_create(&u->poller, NULL, polls, u) ||
	    pthread_create(&u->waiter, NULL, waits, u) ||
	    pthread_create(&u->copier, NULL, copies, u))
		return -EAGAIN;
	sleep_ms(100);
	return 0;
}

/* What became of them, and what the file is good for now: nothing. */
static void used(struct __test_metadata *_metadata, struct user *u)
{
	struct akida_ioc_info info = { 0 };
	struct akida_ioc_buffer buf;
	struct akida_ioc_wait w;
	uint64_t start = now_ns();

	pthread_join(u->poller, NULL);
	pthread_join(u->waiter, NULL);
	pthread_join(u->copier, NULL);
	EXPECT_LT(now_ns() - start, 5 * NS);
	EXPECT_EQ(1, u->polled);
	EXPECT_EQ(POLLERR | POLLHUP, u->poll.revents);
	EXPECT_EQ(0, u->waited);
	EXPECT_EQ(-ENODEV, u->wait.status);
	EXPECT_EQ(-ENODEV, u->copied);
	/* All numbers have an end. */
	for (int64_t seq = 1; seq <= u->seq; seq++) {
		EXPECT_EQ(-ENODEV, wait_for(u->fd, seq, 0, &w));
		EXPECT_GT((uint64_t)SIZE, w.done);
	}
	EXPECT_LE((uint64_t)u->seq, w.completed);
	EXPECT_EQ(-ENODEV, dev_ioctl(u->fd, AKIDA_IOC_INFO, &info));
	EXPECT_EQ(-ENODEV, copy(u->fd, u->dev, 0, u->host, 0, SIZE));
	EXPECT_EQ(-ENODEV, copy_async(u->fd, u->dev, 0, u->host, 0, SIZE));
	EXPECT_EQ(-ENODEV, buffer_create(u->fd, AKIDA_BUFFER_HOST, SIZE, &buf));
	EXPECT_EQ(-ENODEV,
		  buffer_create(u->fd, AKIDA_BUFFER_DEVICE, SIZE, &buf));
	EXPECT_EQ(-ENODEV, buffer_pin(u->fd, u, 64, 0));
	/* The mapping stays, of memory that is nobody else's. */
	for (size_t i = 0; i < SIZE; i += 4096) {
		EXPECT_TRUE(u->p[i] == 0x5a || u->p[i] == 0);
		((volatile uint8_t *)u->p)[i] = 0;
	}
	EXPECT_EQ(0, buffer_free(u->fd, u->host));
	EXPECT_EQ(0, munmap(u->p, SIZE / 2));
	EXPECT_EQ(0, close(u->fd));
	EXPECT_EQ(0, munmap(u->p + SIZE / 2, SIZE / 2));
}

/* Takes the board away, one way or another, and brings it back. */
static int unbind(const struct board *b)
{
	return board_driver(b, "unbind");
}

static int bind(const struct board *b)
{
	return board_driver(b, "bind");
}

static int remove_it(const struct board *b)
{
	return write_file(board_attr(b, "remove"), "1");
}

static int rescan(const struct board *b)
{
	(void)b;
	return write_file("/sys/bus/pci/rescan", "1");
}

static const struct {
	const char *name;
	int (*away)(const struct board *b);
	int (*back)(const struct board *b);
} ways[] = {
	{ "unbind", unbind, bind },
	{ "remove", remove_it, rescan },
};

/* Transfers that would never end by themselves, and all who wait for them. */
TEST_F_TIMEOUT(board, files_left_open, 120)
{
	struct user u;
	uint64_t start;

	close(self->fd);
	self->fd = -1;
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		ASSERT_EQ(0, use(&u, &self->b));
		start = now_ns();
		ASSERT_EQ(0, ways[i].away(&self->b)) TH_LOG("%s", ways[i].name);
		/* It does not wait for timeouts. */
		EXPECT_LT(now_ns() - start, 5 * NS);
		EXPECT_EQ(-ENOENT, dev_open(&self->b));
		if (i)
			used(_metadata, &u);
		ASSERT_EQ(0, vmctl("board %d clear all", self->b.number));
		ASSERT_EQ(0, ways[i].back(&self->b));
		ASSERT_EQ(0, board_at(&self->b, self->b.number, 10000));
		/* A new object: files of the old one are none of its users. */
		EXPECT_EQ(0, works(&self->b, 1));
		if (!i)
			used(_metadata, &u);
	}
}

TEST_F_TIMEOUT(board, under_load, 180)
{
	struct load l;

	close(self->fd);
	self->fd = -1;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(ways); i++) {
		EXPECT_EQ(0, load_begin(&l, &self->b));
		ASSERT_EQ(0, ways[i % 2].away(&self->b))
		TH_LOG("%s", ways[i % 2].name);
		EXPECT_EQ(0, load_over(&l, 10000));
		EXPECT_EQ(0, load_end(&l));
		/* It was taken away in good order. */
		EXPECT_EQ(0U, load_errors(&l, EIO));
		EXPECT_EQ(0U, load_errors(&l, ETIMEDOUT));
		ASSERT_EQ(0, ways[i % 2].back(&self->b));
		ASSERT_EQ(0, board_at(&self->b, self->b.number, 10000));
		EXPECT_EQ(0, works(&self->b, 1));
	}
}

static atomic_bool stop;

/* All that a program can do in a hurry, errors or not. */
static void *hurries(void *arg)
{
	const struct board *b = arg;
	unsigned long n = 0;

	while (!stop) {
		struct pollfd p = { .events = POLLIN };
		uint32_t host;
		uint8_t *m;
		int d;

		p.fd = open(b->node, O_RDWR | O_CLOEXEC);
		if (p.fd < 0)
			continue;
		m = buffer_map(p.fd, AKIDA_BUFFER_HOST, 8192, &host);
		d = buffer_create(p.fd, AKIDA_BUFFER_DEVICE, 8192, NULL);
		if (m && d > 0) {
			copy_async(p.fd, d, 0, host, 0, 8192);
			m[4096] = 1;
			if (!copy(p.fd, d, 0, host, 0, 8192))
				n++;
			poll(&p, 1, 0);
		}
		if (m && n % 2)
			munmap(m, 8192);
		close(p.fd);
		if (m && n % 2 == 0)
			munmap(m, 8192);
	}
	return (void *)n;
}

/* Open, map, close and unmap against bind and unbind, at any moment. */
TEST_F_TIMEOUT(board, races, 120)
{
	uint64_t end = now_ns() + 30 * NS;
	unsigned long n = 0;
	unsigned int rounds = 0;
	pthread_t t[3];
	void *did;

	close(self->fd);
	self->fd = -1;
	stop = false;
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(0, pthread_create(&t[i], NULL, hurries, &self->b));
	while (rounds < 12 && now_ns() < end) {
		ASSERT_EQ(0, board_driver(&self->b, "unbind"));
		ASSERT_EQ(0, board_driver(&self->b, "bind"));
		sleep_ms(rounds++ % 8 * 10);
	}
	stop = true;
	for (int i = 0; i < 3; i++) {
		pthread_join(t[i], &did);
		n += (unsigned long)did;
	}
	TH_LOG("%u times unbound, %lu copies", rounds, n);
	EXPECT_EQ(12U, rounds);
	EXPECT_GT(n, 0U);
	ASSERT_EQ(0, board_at(&self->b, self->b.number, 10000));
	EXPECT_EQ(0, works(&self->b, 1));
}

/* ------------------------------------------------- the vendor's interface */

/* A file that has claimed the board, and what its thread got in the end. */
struct claimer {
	int fd;
	off_t at;
	atomic_uint good, failed;
	int last;
	volatile uint32_t *core;
};

static void *reads_and_writes(void *arg)
{
	static uint8_t out[SIZE], in[SIZE];
	struct claimer *c = arg;
	ssize_t n;

	for (unsigned int k = 0; !c->last; k++) {
		fill(out, SIZE, k);
		memset(in, 0, SIZE);
		n = pwrite(c->fd, out, SIZE, c->at);
		if (n == SIZE)
			n = pread(c->fd, in, SIZE, c->at);
		(void)c->core[0x50 / 4];
		if (n < 0 && errno != EIO)
			c->last = -errno;
		else if (n != SIZE)
			c->failed++;
		else if (memcmp(in, out, SIZE))
			c->last = -EILSEQ;
		else
			c->good++;
	}
	return NULL;
}

static bool gets_on(struct claimer *c)
{
	unsigned int want = c->good + 3;
	uint64_t end = now_ns() + 20 * NS;

	while (c->good < want && !c->last && now_ns() < end)
		sleep_ms(5);
	return c->good >= want;
}

/* Reset, then unbound, in the middle of its reads and writes. */
TEST_F_TIMEOUT(board, claimed_under_load, 60)
{
	bool akd1000 = variant->chip == AKIDA_CHIP_AKD1000;
	struct claimer c = { .fd = self->fd,
			     .at = akd1000 ? 0x20400000 : 0x20010000 };
	pthread_t t;

	c.core = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd,
		      akd1000 ? 0 : 0xfcc00000);
	ASSERT_NE(MAP_FAILED, c.core);
	ASSERT_EQ(0, pthread_create(&t, NULL, reads_and_writes, &c));
	EXPECT_TRUE(gets_on(&c));
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, write_file(board_attr(&self->b, "reset"), "1"));
		EXPECT_TRUE(gets_on(&c));
	}
	ASSERT_EQ(0, board_driver(&self->b, "unbind"));
	pthread_join(t, NULL);
	EXPECT_EQ(-ENODEV, c.last);
	TH_LOG("%u rounds, %u broken by resets", c.good, c.failed);
	ASSERT_EQ(0, board_driver(&self->b, "bind"));
	ASSERT_EQ(0, board_at(&self->b, self->b.number, 10000));
	/* The old file holds nothing of the new board. */
	EXPECT_EQ(0, works(&self->b, 1));
	munmap((void *)c.core, 4096);
}

/* ----------------------------------------------------------- the module */

static int unload(void)
{
	return syscall(SYS_delete_module, "akida", O_NONBLOCK) ? -errno : 0;
}

/* By a file, by a mapping alone, by a file of a board that is gone. */
TEST_F_TIMEOUT(board, the_module_stays_while_in_use, 60)
{
	uint32_t host;
	uint8_t *p = buffer_map(self->fd, AKIDA_BUFFER_HOST, 8192, &host);
	int fd;

	ASSERT_NE(NULL, p);
	EXPECT_EQ(-EAGAIN, unload());
	close(self->fd);
	self->fd = -1;
	EXPECT_EQ(-EAGAIN, unload());
	p[0] = 1;
	munmap(p, 8192);

	fd = dev_open(&self->b);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, board_driver(&self->b, "unbind"));
	EXPECT_EQ(-EAGAIN, unload());
	ASSERT_EQ(0, board_driver(&self->b, "bind"));
	close(fd);
	EXPECT_EQ(0, module_reload(""));
	ASSERT_EQ(0, board_at(&self->b, self->b.number, 10000));
	EXPECT_EQ(0, works(&self->b, 1));
}

/* -------------------------------------------------------- surprise removal */

/* The board's process is killed: everything reads all ones from then on. */
TEST_F_TIMEOUT(board, surprise_removal, 180)
{
	struct load l;
	uint64_t start;

	if (!vm_is("VM_PROFILE", "hotplug"))
		SKIP(return, "boards cannot be unplugged in this profile");
	close(self->fd);
	self->fd = -1;
	EXPECT_EQ(0, load_begin(&l, &self->b));
	ASSERT_EQ(0, vmctl("kill-board %d", self->b.number));
	/* The driver finds out by itself, by what it reads. */
	start = now_ns();
	EXPECT_EQ(0, load_over(&l, 30000));
	TH_LOG("noticed after %llu ms",
	       (unsigned long long)((now_ns() - start) / 1000000));
	EXPECT_EQ(0, load_end(&l));
	/* The slot says so later. */
	ASSERT_EQ(0, vmctl("unplug %d", self->b.number));
	EXPECT_EQ(-ENOENT, dev_open(&self->b));
	ASSERT_EQ(0, vmctl("start-board %d", self->b.number));
	ASSERT_EQ(0, vmctl("replug %d", self->b.number));
	ASSERT_EQ(0, board_at(&self->b, self->b.number, 20000));
	EXPECT_EQ(0, works(&self->b, 1));
}

/* In good order, by the slot's button: half of it for each chip, as it takes
 * its time.
 */
TEST_F_TIMEOUT(board, unplugged, 120)
{
	struct load l;

	if (!vm_is("VM_PROFILE", "hotplug"))
		SKIP(return, "boards cannot be unplugged in this profile");
	if (variant->chip != AKIDA_CHIP_AKD1000)
		SKIP(return, "the other chip is enough");
	close(self->fd);
	self->fd = -1;
	EXPECT_EQ(0, load_begin(&l, &self->b));
	ASSERT_EQ(0, vmctl("unplug %d", self->b.number));
	EXPECT_EQ(0, load_over(&l, 10000));
	EXPECT_EQ(0, load_end(&l));
	EXPECT_EQ(0U, load_errors(&l, EIO));
	ASSERT_EQ(0, vmctl("replug %d", self->b.number));
	ASSERT_EQ(0, board_at(&self->b, self->b.number, 20000));
	EXPECT_EQ(0, works(&self->b, 1));
}

/* Nobody has noticed yet that the board is not there any more. */
TEST_F_TIMEOUT(board, unbound_when_gone, 120)
{
	struct user u;

	if (!vm_is("VM_PROFILE", "hotplug"))
		SKIP(return, "boards cannot be unplugged in this profile");
	if (variant->chip != AKIDA_CHIP_AKD1500)
		SKIP(return, "the other chip is enough");
	close(self->fd);
	self->fd = -1;
	ASSERT_EQ(0, use(&u, &self->b));
	ASSERT_EQ(0, vmctl("kill-board %d", self->b.number));
	ASSERT_EQ(0, board_driver(&self->b, "unbind"));
	used(_metadata, &u);
	ASSERT_EQ(0, vmctl("unplug %d", self->b.number));
	ASSERT_EQ(0, vmctl("start-board %d", self->b.number));
	ASSERT_EQ(0, vmctl("replug %d", self->b.number));
	ASSERT_EQ(0, board_at(&self->b, self->b.number, 20000));
	EXPECT_EQ(0, works(&self->b, 1));
}

TEST_HARNESS_MAIN
