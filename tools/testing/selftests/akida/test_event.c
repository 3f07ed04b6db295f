// SPDX-License-Identifier: GPL-2.0
/*
 * Events over generic netlink: each kind, caused by what the board is made to
 * do, with what it says; numbers without gaps, limits, and who gets them.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "board_fixture.h"
#include "netlink.h"
#include "tiny.h"

/* Of a board of our own, whose numbers follow each other */
#define NEXT(cmd_)                                                   \
	do {                                                         \
		ASSERT_EQ(0, netlink_expect(&n, &e, self->b.index)); \
		ASSERT_EQ(cmd_, e.cmd)                               \
		TH_LOG("event %u instead of %u", e.cmd, cmd_);       \
		EXPECT_EQ(seq + 1, e.value[AKIDA_NL_A_SEQ]);         \
		EXPECT_STREQ(self->b.pci, e.pci);                    \
		EXPECT_GE(e.value[AKIDA_NL_A_TIME], start);          \
		EXPECT_LE(e.value[AKIDA_NL_A_TIME], now_ns());       \
		EXPECT_FALSE(event_has(&e, AKIDA_NL_A_MISSED));      \
		seq++;                                               \
	} while (0)
#define QUIET() EXPECT_EQ(-ETIME, netlink_next(&n, &e, 300))
#define V(a) (e.value[AKIDA_NL_A_##a])

/**
 * struct work - a program and a job
 * @t: program
 * @program: handle
 * @submit: for AKIDA_IOC_SUBMIT
 * @job: of it
 * @in: input
 * @out: output
 */
struct work {
	struct tiny t;
	int program;
	struct akida_ioc_submit submit;
	struct akida_submit_job job;
	uint8_t *in, *out;
};

static int work_make(struct work *w, int fd, int chip)
{
	uint8_t value[TINY_INPUTS];
	uint32_t in, out;

	w->program = tiny_load(fd, &w->t, chip, 1);
	if (w->program < 0)
		return w->program;
	w->in = buffer_map(fd, AKIDA_BUFFER_HOST, 4096, &in);
	w->out = buffer_map(fd, AKIDA_BUFFER_HOST, 4096, &out);
	if (!w->in || !w->out)
		return -errno;
	w->job = (struct akida_submit_job){
		.input = in,
		.output = out,
		.input_size = tiny_input(value, (uint32_t *)w->in, 1),
	};
	w->submit = (struct akida_ioc_submit){
		.program = w->program,
		.jobs = (uintptr_t)&w->job,
		.num_jobs = 1,
	};
	return 0;
}

static int run_job(struct work *w, int fd)
{
	w->submit.flags = AKIDA_SUBMIT_WAIT;
	w->submit.deadline = now_ns() + 60 * NS;
	return dev_ioctl(fd, AKIDA_IOC_SUBMIT, &w->submit);
}

static void work_unmap(struct work *w)
{
	munmap(w->in, 4096);
	munmap(w->out, 4096);
}

/* Number of the last event of a board */
static uint64_t last_event(int index)
{
	struct netlink n;
	struct event e;
	uint64_t seq = UINT64_MAX;

	if (!netlink_open(&n) && netlink_get(&n, index, &e, 1) == 1)
		seq = V(SEQ);
	netlink_close(&n);
	return seq;
}

static int reset_function(const struct board *b)
{
	return write_file(board_attr(b, "reset"), "1");
}

/* That the link changed is seen after a reset, or by the clock just before. */
static int link_event(struct netlink *n, struct event *e, int index)
{
	int err;

	do
		err = netlink_expect(n, e, index);
	while (!err && e->cmd == AKIDA_NL_CMD_RESET_NTF);
	return err ?: e->cmd == AKIDA_NL_CMD_LINK_NTF ? 0 : -EBADMSG;
}

/* Programs come and go; each has its number and its size. */
TEST_F(board, programs)
{
	uint64_t start = now_ns(), seq = last_event(self->b.index), first, file;
	struct akida_ioc_program_free drop = { 0 };
	struct netlink n;
	struct event e;
	struct tiny t;

	ASSERT_EQ(0, netlink_open(&n));
	drop.handle = tiny_load(self->fd, &t, variant->chip, 1);
	ASSERT_GT((int)drop.handle, 0);
	NEXT(AKIDA_NL_CMD_PROGRAM_ADD_NTF);
	EXPECT_EQ(t.arg.data_size, V(SIZE));
	EXPECT_NE(0U, V(FILE));
	first = V(PROGRAM);
	file = V(FILE);
	ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_PROGRAM_FREE, &drop));
	NEXT(AKIDA_NL_CMD_PROGRAM_DEL_NTF);
	EXPECT_EQ(first, V(PROGRAM));
	EXPECT_EQ(file, V(FILE));
	EXPECT_EQ(t.arg.data_size, V(SIZE));
	ASSERT_GT(tiny_load(self->fd, &t, variant->chip, 2), 0);
	NEXT(AKIDA_NL_CMD_PROGRAM_ADD_NTF);
	EXPECT_GT(V(PROGRAM), first);
	EXPECT_EQ(file, V(FILE));
	/* One that is refused is no event; that it is closed is one. */
	t.arg.device_version++;
	EXPECT_EQ(-EINVAL,
		  dev_ioctl(self->fd, AKIDA_IOC_PROGRAM_CREATE, &t.arg));
	close(self->fd);
	self->fd = -1;
	NEXT(AKIDA_NL_CMD_PROGRAM_DEL_NTF);
	QUIET();
	netlink_close(&n);
}

/* The core refuses a job: a hang, the core's reset, and the job's failure. */
TEST_F_TIMEOUT(board, failed_job, 60)
{
	uint64_t start = now_ns(), seq = last_event(self->b.index);
	uint64_t file, program;
	struct netlink n;
	struct event e;
	struct work w;

	ASSERT_EQ(0, netlink_open(&n));
	ASSERT_EQ(0, work_make(&w, self->fd, variant->chip));
	NEXT(AKIDA_NL_CMD_PROGRAM_ADD_NTF);
	file = V(FILE);
	program = V(PROGRAM);
	ASSERT_EQ(0, run_job(&w, self->fd));
	ASSERT_EQ(0, w.submit.status);
	ASSERT_EQ(0, vmctl("board %d fault abort:chan=core", self->b.number));
	ASSERT_EQ(0, run_job(&w, self->fd));
	ASSERT_EQ(-EIO, w.submit.status);
	NEXT(AKIDA_NL_CMD_HANG_NTF);
	EXPECT_EQ(file, V(FILE));
	EXPECT_EQ(program, V(PROGRAM));
	NEXT(AKIDA_NL_CMD_RESET_NTF);
	EXPECT_EQ(AKIDA_NL_RESET_CORE, V(RESET));
	EXPECT_EQ(0U, V(STATUS));
	NEXT(AKIDA_NL_CMD_JOB_FAIL_NTF);
	EXPECT_EQ(file, V(FILE));
	EXPECT_EQ(program, V(PROGRAM));
	EXPECT_EQ(w.submit.seq, V(JOB));
	EXPECT_EQ(-EIO, (int64_t)V(STATUS));
	ASSERT_EQ(0, run_job(&w, self->fd));
	EXPECT_EQ(0, w.submit.status);
	/* What ends because its file is closed has not failed. */
	ASSERT_EQ(0, vmctl("board %d fault stall:chan=core", self->b.number));
	w.submit.flags = 0;
	w.submit.deadline = 0;
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_SUBMIT, &w.submit));
	work_unmap(&w);
	ASSERT_EQ(0, vmctl("board %d clear all", self->b.number));
	close(self->fd);
	self->fd = -1;
	NEXT(AKIDA_NL_CMD_PROGRAM_DEL_NTF);
	QUIET();
	netlink_close(&n);
}

/* A reset by the PCI core, and what the link is after it. */
TEST_F_TIMEOUT(board, reset_and_link, 60)
{
	uint64_t start = now_ns(), seq = last_event(self->b.index);
	struct netlink n;
	struct event e;

	ASSERT_EQ(0, netlink_open(&n));
	ASSERT_EQ(0, reset_function(&self->b));
	NEXT(AKIDA_NL_CMD_RESET_NTF);
	EXPECT_EQ(AKIDA_NL_RESET_BUS, V(RESET));
	EXPECT_EQ(0U, V(STATUS));
	ASSERT_EQ(0, vmctl("board %d fault degraded-link", self->b.number));
	ASSERT_EQ(0, reset_function(&self->b));
	ASSERT_EQ(0, link_event(&n, &e, self->b.index));
	EXPECT_EQ(2500U, V(LINK_SPEED));
	EXPECT_EQ(5000U, V(LINK_SPEED_MAX));
	EXPECT_EQ(1U, V(LINK_WIDTH));
	EXPECT_EQ(1U, V(LINK_WIDTH_MAX));
	ASSERT_EQ(0, vmctl("board %d clear degraded-link", self->b.number));
	ASSERT_EQ(0, reset_function(&self->b));
	ASSERT_EQ(0, link_event(&n, &e, self->b.index));
	EXPECT_EQ(5000U, V(LINK_SPEED));
	EXPECT_EQ(5000U, V(LINK_SPEED_MAX));
	EXPECT_EQ(seq + 4, last_event(self->b.index));
	netlink_close(&n);
}

/* The vendor's file interface leaves no state to those before and after it. */
TEST_F_TIMEOUT(board, reset_board, 60)
{
	uint64_t start = now_ns(), seq = last_event(self->b.index);
	bool akd1000 = variant->chip == AKIDA_CHIP_AKD1000;
	struct netlink n;
	struct event e;
	uint32_t v;

	ASSERT_EQ(0, netlink_open(&n));
	ASSERT_EQ(4, pread(self->fd, &v, 4, akd1000 ? 0x24000000 : 0x20010000));
	close(self->fd);
	self->fd = -1;
	for (int i = 0; i < 2; i++) {
		NEXT(AKIDA_NL_CMD_RESET_NTF);
		EXPECT_EQ(AKIDA_NL_RESET_BOARD, V(RESET));
		EXPECT_EQ(0U, V(STATUS));
	}
	QUIET();
	netlink_close(&n);
}

/* The comparator of the board's power sensor strikes. */
TEST_F_TIMEOUT(board, sensor_alert, 60)
{
	uint64_t start = now_ns(), seq = last_event(self->b.index);
	struct netlink n;
	struct event e;

	ASSERT_EQ(0, netlink_open(&n));
	ASSERT_EQ(0, vmctl("board %d fault sensor-alert", self->b.number));
	NEXT(AKIDA_NL_CMD_SENSOR_NTF);
	EXPECT_EQ(AKIDA_NL_SENSOR_POWER, V(SENSOR));
	EXPECT_EQ(AKIDA_NL_LIMIT_MAX, V(LIMIT));
	/* Microwatts: no board takes none, nor 100 W. */
	if (event_has(&e, AKIDA_NL_A_VALUE)) {
		EXPECT_GT(V(VALUE), 0U);
		EXPECT_LT(V(VALUE), 100000000U);
	}
	/* It lasts until the board says that it does not, which is asked twice. */
	EXPECT_EQ(-ETIME, netlink_next(&n, &e, 1200));
	ASSERT_EQ(0, vmctl("board %d clear sensor-alert", self->b.number));
	NEXT(AKIDA_NL_CMD_SENSOR_NTF);
	EXPECT_EQ(AKIDA_NL_SENSOR_POWER, V(SENSOR));
	EXPECT_EQ(AKIDA_NL_LIMIT_NONE, V(LIMIT));
	EXPECT_GT(V(VALUE), 0U);
	EXPECT_LT(V(VALUE), 100000000U);
	QUIET();
	netlink_close(&n);
}

/* The driver lets go of the board and takes it again. */
TEST_F_TIMEOUT(board, comes_and_goes, 60)
{
	uint64_t start = now_ns(), seq = last_event(self->b.index);
	struct netlink n;
	struct event e;

	ASSERT_EQ(0, netlink_open(&n));
	close(self->fd);
	self->fd = -1;
	ASSERT_EQ(0, board_driver(&self->b, "unbind"));
	NEXT(AKIDA_NL_CMD_DEVICE_DEL_NTF);
	EXPECT_EQ((uint64_t)variant->chip, V(CHIP));
	EXPECT_EQ(UINT64_MAX, last_event(self->b.index));
	ASSERT_EQ(0, board_driver(&self->b, "bind"));
	ASSERT_EQ(0, board_at(&self->b, self->b.number, 10000));
	seq = 0;
	NEXT(AKIDA_NL_CMD_DEVICE_ADD_NTF);
	EXPECT_EQ((uint64_t)variant->chip, V(CHIP));
	EXPECT_TRUE(event_has(&e, AKIDA_NL_A_VIRTUAL));
	EXPECT_EQ(5000U, V(LINK_SPEED));
	EXPECT_EQ(1U, V(LINK_WIDTH));
	EXPECT_EQ(5000U, V(LINK_SPEED_MAX));
	EXPECT_EQ(1U, V(LINK_WIDTH_MAX));
	QUIET();
	/* One that finds a bad link says so at once. */
	ASSERT_EQ(0, board_driver(&self->b, "unbind"));
	ASSERT_EQ(0, vmctl("board %d fault degraded-link", self->b.number));
	NEXT(AKIDA_NL_CMD_DEVICE_DEL_NTF);
	ASSERT_EQ(0, board_driver(&self->b, "bind"));
	ASSERT_EQ(0, board_at(&self->b, self->b.number, 10000));
	seq = 0;
	NEXT(AKIDA_NL_CMD_DEVICE_ADD_NTF);
	EXPECT_EQ(2500U, V(LINK_SPEED));
	NEXT(AKIDA_NL_CMD_LINK_NTF);
	EXPECT_EQ(2500U, V(LINK_SPEED));
	EXPECT_EQ(5000U, V(LINK_SPEED_MAX));
	ASSERT_EQ(0, vmctl("board %d clear degraded-link", self->b.number));
	ASSERT_EQ(0, reset_function(&self->b));
	ASSERT_EQ(0, link_event(&n, &e, self->b.index));
	EXPECT_EQ(5000U, V(LINK_SPEED));
	netlink_close(&n);
}

/* Many at once: some are sent, none is forgotten. */
TEST_F_TIMEOUT(board, limit, 60)
{
	enum {
		N = 200
	};
	uint64_t seq = last_event(self->b.index), begin = now_ns(), seconds;
	unsigned int sent = 0, counted = 0;
	struct akida_ioc_program_free drop = { 0 };
	struct netlink n;
	struct event e;
	struct tiny t;

	ASSERT_EQ(0, netlink_open(&n));
	for (int i = 0; i < N; i++) {
		drop.handle = tiny_load(self->fd, &t, variant->chip, 1);
		ASSERT_GT((int)drop.handle, 0);
		ASSERT_EQ(0,
			  dev_ioctl(self->fd, AKIDA_IOC_PROGRAM_FREE, &drop));
	}
	seconds = (now_ns() - begin) / NS;
	sleep_ms(1200);
	ASSERT_GT(tiny_load(self->fd, &t, variant->chip, 1), 0);
	while (!netlink_next(&n, &e, 500)) {
		if (e.cmd != AKIDA_NL_CMD_PROGRAM_ADD_NTF ||
		    V(INDEX) != (uint64_t)self->b.index)
			continue;
		sent++;
		counted += 1 + V(MISSED);
		/* Of the number of an event anybody sees what was missed. */
		if (counted == N + 1)
			EXPECT_EQ(seq + 2 * N + 1, V(SEQ));
	}
	TH_LOG("%u of %d events in %d s", sent, N + 1, (int)seconds);
	EXPECT_EQ(N + 1U, counted);
	EXPECT_LE(sent, 20 * (seconds + 2) + 1);
	EXPECT_GE(sent, 21U);
	netlink_close(&n);
}

/* Boards by request: one, all, and none. */
TEST_F(board, get)
{
	struct event one, all[8];
	struct netlink n;
	int num, found = 0;

	ASSERT_EQ(0, netlink_open(&n));
	ASSERT_EQ(1, netlink_get(&n, self->b.index, &one, 1));
	EXPECT_STREQ(self->b.pci, one.pci);
	EXPECT_EQ((uint64_t)variant->chip, one.value[AKIDA_NL_A_CHIP]);
	EXPECT_EQ(AKIDA_NL_STATE_LIVE, one.value[AKIDA_NL_A_STATE]);
	EXPECT_EQ(5000U, one.value[AKIDA_NL_A_LINK_SPEED]);
	num = netlink_get(&n, -1, all, 8);
	ASSERT_GE(num, 1);
	for (int i = 0; i < num; i++)
		found += !memcmp(&all[i], &one, sizeof(one));
	EXPECT_EQ(1, found);
	EXPECT_EQ(-ENODEV, netlink_get(&n, 63, &one, 1));
	EXPECT_EQ(-ENODEV, netlink_get(&n, INT32_MAX, &one, 1));
	netlink_close(&n);
}

/* Anybody may listen, but not from another network namespace. */
TEST_F(board, who)
{
	int status;
	pid_t pid = fork();

	ASSERT_GE(pid, 0);
	if (!pid) {
		struct netlink n;
		struct event e;
		struct tiny t;

		if (become("nobody") || netlink_open(&n) ||
		    netlink_get(&n, self->b.index, &e, 1) != 1)
			_exit(1);
		/* By a file that was opened before */
		if (tiny_load(self->fd, &t, variant->chip, 1) <= 0 ||
		    netlink_expect(&n, &e, self->b.index) ||
		    e.cmd != AKIDA_NL_CMD_PROGRAM_ADD_NTF)
			_exit(2);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		struct netlink n;

		if (unshare(CLONE_NEWNET))
			_exit(1);
		_exit(netlink_open(&n) == -ENOENT ? 0 : 2);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* Without a reset, too: the driver looks now and then. */
TEST(link_by_the_clock)
{
	struct netlink n;
	struct event e;
	struct board b;

	if (board_find(&b, 0))
		SKIP(return, "this machine has no board");
	ASSERT_EQ(0, module_reload("link_poll_ms=100"));
	ASSERT_EQ(0, board_at(&b, b.number, 10000));
	ASSERT_EQ(0, netlink_open(&n));
	ASSERT_EQ(0, vmctl("board %d fault degraded-link", b.number));
	ASSERT_EQ(0, netlink_expect(&n, &e, b.index));
	EXPECT_EQ(AKIDA_NL_CMD_LINK_NTF, e.cmd);
	EXPECT_EQ(2500U, V(LINK_SPEED));
	ASSERT_EQ(0, vmctl("board %d clear degraded-link", b.number));
	ASSERT_EQ(0, netlink_expect(&n, &e, b.index));
	EXPECT_EQ(AKIDA_NL_CMD_LINK_NTF, e.cmd);
	EXPECT_EQ(5000U, V(LINK_SPEED));
	netlink_close(&n);
	EXPECT_EQ(0, module_reload(""));
}

/* A board that does not answer: the driver resets it and gives it up. */
TEST_F_TIMEOUT(board, gives_up, 60)
{
	uint64_t start = now_ns(), seq = last_event(self->b.index);
	struct netlink n;
	struct event e;
	struct work w;

	if (variant->chip != AKIDA_CHIP_AKD1000)
		SKIP(return, "giving up is the same for all chips");
	ASSERT_EQ(0, netlink_open(&n));
	ASSERT_EQ(0, work_make(&w, self->fd, variant->chip));
	NEXT(AKIDA_NL_CMD_PROGRAM_ADD_NTF);
	ASSERT_EQ(0, vmctl("board %d fault link-down:after=1", self->b.number));
	EXPECT_NE(0, run_job(&w, self->fd) ?: w.submit.status);
	do {
		ASSERT_EQ(0, netlink_expect(&n, &e, self->b.index));
	} while (e.cmd != AKIDA_NL_CMD_RESET_NTF ||
		 V(RESET) == AKIDA_NL_RESET_CORE);
	EXPECT_EQ(AKIDA_NL_RESET_RECOVERY, V(RESET));
	EXPECT_EQ(-ENODEV, (int64_t)V(STATUS));
	do {
		ASSERT_EQ(0, netlink_expect(&n, &e, self->b.index));
	} while (e.cmd != AKIDA_NL_CMD_RESET_NTF);
	EXPECT_EQ(AKIDA_NL_RESET_GIVEN_UP, V(RESET));
	EXPECT_EQ(-ENODEV, (int64_t)V(STATUS));
	close(self->fd);
	self->fd = -1;
	ASSERT_EQ(0, vmctl("board %d clear all", self->b.number));
	ASSERT_EQ(0, write_file(board_attr(&self->b, "remove"), "1"));
	do {
		ASSERT_EQ(0, netlink_expect(&n, &e, self->b.index));
	} while (e.cmd != AKIDA_NL_CMD_DEVICE_DEL_NTF);
	ASSERT_EQ(0, write_file("/sys/bus/pci/rescan", "1"));
	ASSERT_EQ(0, board_at(&self->b, self->b.number, 10000));
	netlink_close(&n);
}

TEST_HARNESS_MAIN
