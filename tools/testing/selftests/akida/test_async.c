// SPDX-License-Identifier: GPL-2.0
/*
 * Asynchronous copies: numbers, waiting, poll, eventfd, limits, signals.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "board_fixture.h"

static int wait_flags(int fd, uint64_t seq, uint32_t flags, uint64_t deadline,
		      struct akida_ioc_wait *w)
{
	*w = (struct akida_ioc_wait){ .seq = seq,
				      .flags = flags,
				      .deadline = deadline };
	return dev_ioctl(fd, AKIDA_IOC_WAIT, w);
}

static bool readable(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms) == 1 && (p.revents & POLLIN);
}

/* Buffers of 64 KiB on both sides. */
static int pair(int fd, uint8_t **p, uint32_t *h, uint32_t *d)
{
	int n;

	*h = *d = 0;
	*p = buffer_map(fd, AKIDA_BUFFER_HOST, 65536, h);
	if (!*p)
		return -errno;
	n = buffer_create(fd, AKIDA_BUFFER_DEVICE, 65536, NULL);
	*d = n;
	return n < 0 ? n : 0;
}

TEST_F(board, numbers)
{
	struct akida_ioc_wait w;
	uint32_t h, d;
	uint8_t *p;

	ASSERT_EQ(0, pair(self->fd, &p, &h, &d));
	/* Synchronous and asynchronous ones are counted together. */
	for (uint64_t n = 1; n <= 40; n++) {
		if (n % 2) {
			EXPECT_EQ((int64_t)n,
				  copy_async(self->fd, d, 0, h, 0, 64));
		} else {
			struct akida_ioc_copy c = { .src = h,
						    .dst = d,
						    .size = 64 };

			EXPECT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_COPY, &c));
			EXPECT_EQ(n, c.seq);
		}
	}
	for (uint64_t n = 1; n <= 40; n++)
		EXPECT_EQ(0, wait_for(self->fd, n, 5000, &w));
	EXPECT_EQ(40U, w.completed);
	EXPECT_EQ(64U, w.done);
	/* Another file counts for itself. */
	{
		int other = dev_open(&self->b);

		ASSERT_GE(other, 0);
		ASSERT_EQ(0, pair(other, &p, &h, &d));
		EXPECT_EQ(1, copy_async(other, d, 0, h, 0, 64));
		EXPECT_EQ(0, wait_for(other, 1, 5000, NULL));
		close(other);
	}
}

TEST_F(board, numbers_that_were_not_given)
{
	static const uint64_t wrong[] = { 1, 2, 1000, 1ULL << 63, ~0ULL };
	struct akida_ioc_wait w;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		EXPECT_EQ(-EINVAL,
			  wait_flags(self->fd, wrong[i], 0, now_ns() + NS, &w));
		EXPECT_EQ(-EINVAL, wait_flags(self->fd, wrong[i],
					      AKIDA_WAIT_POLL, 0, &w));
	}
	/* Zero only looks. */
	EXPECT_EQ(0, wait_flags(self->fd, 0, 0, 0, &w));
	EXPECT_EQ(0U, w.completed);
}

/* Data of transfers that overlap in time: both channels, both directions. */
TEST_F_TIMEOUT(board, many_at_once, 60)
{
	enum {
		N = 32,
		PIECE = 8192
	};
	uint32_t in, out;
	uint8_t *p = buffer_map(self->fd, AKIDA_BUFFER_HOST, N * PIECE, &in);
	uint8_t *q = buffer_map(self->fd, AKIDA_BUFFER_HOST, N * PIECE, &out);
	int d = buffer_create(self->fd, AKIDA_BUFFER_DEVICE, N * PIECE, NULL);
	int64_t seq[N];

	ASSERT_NE(NULL, p);
	ASSERT_NE(NULL, q);
	ASSERT_GT(d, 0);
	fill(p, N * PIECE, 1);
	for (int i = 0; i < N; i++) {
		seq[i] = copy_async(self->fd, d, i * PIECE, in, i * PIECE,
				    PIECE);
		ASSERT_GT(seq[i], 0);
	}
	for (int i = 0; i < N; i++) {
		ASSERT_EQ(0, wait_for(self->fd, seq[i], 10000, NULL));
		seq[i] = copy_async(self->fd, out, i * PIECE, d, i * PIECE,
				    PIECE);
		ASSERT_GT(seq[i], 0);
	}
	for (int i = N - 1; i >= 0; i--)
		ASSERT_EQ(0, wait_for(self->fd, seq[i], 10000, NULL));
	EXPECT_EQ(0, memcmp(p, q, N * PIECE));
	/* More than one channel did that. */
	EXPECT_GT(counter(&self->b, "dma.channels.rd1.doorbells"), 0U);
	EXPECT_GT(counter(&self->b, "dma.channels.wr1.doorbells"), 0U);
}

TEST_F(board, deadlines)
{
	struct akida_ioc_wait w;
	uint64_t start;
	uint32_t h, d;
	int64_t seq;
	uint8_t *p;

	ASSERT_EQ(0, pair(self->fd, &p, &h, &d));
	ASSERT_EQ(0, vmctl("board %d fault stall:chan=any,count=0",
			   self->b.number));
	seq = copy_async(self->fd, d, 0, h, 0, 64);
	ASSERT_EQ(1, seq);
	EXPECT_EQ(-ETIME, wait_flags(self->fd, seq, AKIDA_WAIT_POLL, 0, &w));
	/* Long past, just past, soon. */
	EXPECT_EQ(-ETIME, wait_flags(self->fd, seq, 0, 1, &w));
	EXPECT_EQ(-ETIME, wait_flags(self->fd, seq, 0, now_ns(), &w));
	start = now_ns();
	EXPECT_EQ(-ETIME, wait_flags(self->fd, seq, 0, start + NS / 5, &w));
	EXPECT_GE(now_ns(), start + NS / 5);
	EXPECT_LT(now_ns(), start + 3 * NS);
	EXPECT_EQ(0U, w.completed);
	EXPECT_FALSE(readable(self->fd, 0));
	ASSERT_EQ(0, vmctl("board %d clear all", self->b.number));
	/* Zero waits for ever, and deadlines beyond all time do, too. */
	EXPECT_EQ(0, wait_flags(self->fd, seq, 0, 0, &w));
	EXPECT_EQ(0, w.status);
	EXPECT_EQ(1U, w.completed);
	EXPECT_EQ(0, wait_flags(self->fd, seq, 0, ~0ULL, &w));
	EXPECT_EQ(0, wait_flags(self->fd, seq, AKIDA_WAIT_POLL, 1, &w));
}

TEST_F(board, poll)
{
	struct akida_ioc_wait w;
	uint32_t h, d;
	int64_t seq;
	uint8_t *p;

	ASSERT_EQ(0, pair(self->fd, &p, &h, &d));
	EXPECT_FALSE(readable(self->fd, 0));
	seq = copy_async(self->fd, d, 0, h, 0, 4096);
	ASSERT_GT(seq, 0);
	EXPECT_TRUE(readable(self->fd, 5000));
	/* Looking does not make it quiet, asking does. */
	EXPECT_TRUE(readable(self->fd, 0));
	EXPECT_EQ(0, wait_flags(self->fd, 0, 0, 0, &w));
	EXPECT_EQ((uint64_t)seq, w.completed);
	EXPECT_FALSE(readable(self->fd, 0));
	/* A waiter is woken while it sleeps. */
	ASSERT_EQ(0, vmctl("board %d fault stall:chan=any", self->b.number));
	seq = copy_async(self->fd, d, 0, h, 0, 4096);
	ASSERT_GT(seq, 0);
	EXPECT_FALSE(readable(self->fd, 200));
	ASSERT_EQ(0, vmctl("board %d clear all", self->b.number));
	EXPECT_TRUE(readable(self->fd, 5000));
	EXPECT_EQ(0, wait_for(self->fd, seq, 5000, NULL));
	EXPECT_FALSE(readable(self->fd, 0));
}

TEST_F(board, eventfd)
{
	int e = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
	    e2 = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	struct akida_ioc_eventfd arg = { .fd = e };
	uint64_t sum = 0, v;
	uint32_t h, d;
	uint8_t *p;

	ASSERT_GE(e, 0);
	ASSERT_GE(e2, 0);
	ASSERT_EQ(0, pair(self->fd, &p, &h, &d));
	ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_EVENTFD, &arg));
	for (int i = 0; i < 10; i++)
		ASSERT_GT(copy_async(self->fd, d, 0, h, 0, 64), 0);
	/* Synchronous ones do not count. */
	ASSERT_EQ(0, copy(self->fd, d, 0, h, 0, 64));
	while (sum < 10 && readable(e, 5000)) {
		ASSERT_EQ(8, read(e, &v, 8));
		sum += v;
	}
	EXPECT_EQ(10U, sum);
	EXPECT_FALSE(readable(e, 100));
	/* Another takes its place. */
	arg.fd = e2;
	ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_EVENTFD, &arg));
	ASSERT_GT(copy_async(self->fd, d, 0, h, 0, 64), 0);
	EXPECT_TRUE(readable(e2, 5000));
	EXPECT_FALSE(readable(e, 0));
	/* None. */
	arg.fd = -1;
	ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_EVENTFD, &arg));
	ASSERT_EQ(8, read(e2, &v, 8));
	ASSERT_GT(copy_async(self->fd, d, 0, h, 0, 64), 0);
	EXPECT_FALSE(readable(e2, 200));
	/* What is no eventfd. */
	arg.fd = 9999;
	EXPECT_EQ(-EBADF, dev_ioctl(self->fd, AKIDA_IOC_EVENTFD, &arg));
	arg.fd = self->fd;
	EXPECT_EQ(-EINVAL, dev_ioctl(self->fd, AKIDA_IOC_EVENTFD, &arg));
	arg.fd = -2;
	EXPECT_TRUE(dev_ioctl(self->fd, AKIDA_IOC_EVENTFD, &arg) < 0);
	/* It is closed while transfers are under way that would signal it. */
	arg.fd = e;
	ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_EVENTFD, &arg));
	for (int i = 0; i < 20; i++)
		ASSERT_GT(copy_async(self->fd, d, 0, h, 0, 65536), 0);
	close(e);
	close(e2);
}

TEST_F_TIMEOUT(board, limit_of_transfers, 60)
{
	uint32_t h, d;
	int64_t seq = 0;
	uint8_t *p;
	int n = 0;

	ASSERT_EQ(0, pair(self->fd, &p, &h, &d));
	ASSERT_EQ(0, vmctl("board %d fault stall:chan=any,count=0",
			   self->b.number));
	while (n <= AKIDA_MAX_ASYNC &&
	       (seq = copy_async(self->fd, d, 0, h, 0, 64)) > 0)
		n++;
	EXPECT_EQ(-EAGAIN, seq);
	EXPECT_EQ(AKIDA_MAX_ASYNC, n);
	ASSERT_EQ(0, vmctl("board %d clear all", self->b.number));
	for (int i = 1; i <= n; i++)
		ASSERT_EQ(0, wait_for(self->fd, i, 10000, NULL));
	EXPECT_EQ(n + 1, copy_async(self->fd, d, 0, h, 0, 64));
	EXPECT_EQ(0, wait_for(self->fd, n + 1, 10000, NULL));
}

TEST_F_TIMEOUT(board, results_are_kept, 120)
{
	struct akida_ioc_wait w;
	uint32_t h, d;
	uint8_t *p;
	int64_t seq = 0;

	ASSERT_EQ(0, pair(self->fd, &p, &h, &d));
	for (int i = 0; i < AKIDA_MAX_RESULTS; i++) {
		seq = copy_async(self->fd, d, 0, h, 0, 4);
		ASSERT_GT(seq, 0);
		if (i % 64 == 63)
			ASSERT_EQ(0, wait_for(self->fd, seq, 10000, NULL));
	}
	/* The first is still known, and then it is not. */
	EXPECT_EQ(0, wait_flags(self->fd, 1, AKIDA_WAIT_POLL, 0, &w));
	seq = copy_async(self->fd, d, 0, h, 0, 4);
	ASSERT_GT(seq, 0);
	ASSERT_EQ(0, wait_for(self->fd, seq, 5000, NULL));
	EXPECT_EQ(-ESTALE, wait_flags(self->fd, 1, AKIDA_WAIT_POLL, 0, &w));
	EXPECT_EQ(-ESTALE, wait_flags(self->fd, 1, 0, 0, &w));
	EXPECT_EQ(0, wait_flags(self->fd, 2, AKIDA_WAIT_POLL, 0, &w));
	EXPECT_EQ((uint64_t)seq, w.completed);
}

/* Buffers may be freed while transfers use them. */
TEST_F(board, freed_under_way)
{
	uint32_t h, d;
	int64_t seq;
	uint8_t *p;

	ASSERT_EQ(0, pair(self->fd, &p, &h, &d));
	fill(p, 65536, 60);
	ASSERT_EQ(0, vmctl("board %d fault stall:chan=any", self->b.number));
	seq = copy_async(self->fd, d, 0, h, 0, 65536);
	ASSERT_GT(seq, 0);
	EXPECT_EQ(0, buffer_free(self->fd, h));
	EXPECT_EQ(0, buffer_free(self->fd, d));
	EXPECT_EQ(0, munmap(p, 65536));
	EXPECT_EQ(-ENOENT, copy(self->fd, d, 0, h, 0, 64));
	ASSERT_EQ(0, vmctl("board %d clear all", self->b.number));
	EXPECT_EQ(0, wait_for(self->fd, seq, 5000, NULL));
}

/* The file may be closed, too. */
TEST_F(board, closed_under_way)
{
	struct akida_ioc_info i = { 0 };

	for (int k = 0; k < 10; k++) {
		int other = dev_open(&self->b);
		uint32_t h, d;
		uint8_t *p;

		ASSERT_GE(other, 0);
		ASSERT_EQ(0, pair(other, &p, &h, &d));
		if (k == 3)
			ASSERT_EQ(0,
				  vmctl("board %d fault stall:chan=any,count=0",
					self->b.number));
		for (int n = 0; n < 30; n++) {
			ASSERT_GT(copy_async(other, d, 0, h, 0, 65536), 0);
			ASSERT_GT(copy_async(other, h, 0, d, 0, 65536), 0);
		}
		close(other);
		munmap(p, 65536);
		if (k == 3)
			ASSERT_EQ(0,
				  vmctl("board %d clear all", self->b.number));
	}
	ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_INFO, &i));
	EXPECT_EQ(self->info.devmem_free, i.devmem_free);
	EXPECT_EQ(1U, i.users);
}

static void nothing(int sig)
{
	(void)sig;
}

struct waiter {
	int fd, result;
	uint64_t seq;
	struct akida_ioc_wait w;
	struct akida_ioc_copy *c;
};

static void *waits(void *arg)
{
	struct waiter *x = arg;

	x->result = x->c ? dev_ioctl(x->fd, AKIDA_IOC_COPY, x->c) :
			   wait_flags(x->fd, x->seq, 0, 0, &x->w);
	return NULL;
}

/* Stops a child that waits, lets it go on; 0 if it waits as before. */
static int stop_and_continue(pid_t child)
{
	int status;

	sleep_ms(200);
	kill(child, SIGSTOP);
	if (waitpid(child, &status, WUNTRACED) != child)
		return -ECHILD;
	if (!WIFSTOPPED(status))
		return -WEXITSTATUS(status);
	kill(child, SIGCONT);
	sleep_ms(200);
	return waitpid(child, &status, WNOHANG);
}

/*
 * A signal without a handler, as of a debugger or a machine that goes to
 * sleep, is not told to the program: the call is made again.
 */
TEST_F(board, stopped_and_continued)
{
	struct akida_ioc_copy c = { .size = 64 };
	struct akida_ioc_wait w;
	int64_t seq;
	uint32_t h, d;
	pid_t child;
	uint8_t *p;
	int status;

	ASSERT_EQ(0, pair(self->fd, &p, &h, &d));
	ASSERT_EQ(0, vmctl("board %d fault stall:chan=any,count=0",
			   self->b.number));
	seq = copy_async(self->fd, d, 0, h, 0, 64);
	ASSERT_GT(seq, 0);
	child = fork();
	if (!child)
		_exit(-wait_flags(self->fd, seq, 0, 0, &w));
	EXPECT_EQ(0, stop_and_continue(child));
	kill(child, SIGKILL);
	EXPECT_EQ(child, waitpid(child, &status, 0));

	c.src = h;
	c.dst = d;
	child = fork();
	if (!child)
		_exit(-dev_ioctl(self->fd, AKIDA_IOC_COPY, &c));
	EXPECT_EQ(0, stop_and_continue(child));
	ASSERT_EQ(0, vmctl("board %d clear all", self->b.number));
	EXPECT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, wait_for(self->fd, seq, 5000, NULL));
}

TEST_F(board, signals)
{
	struct sigaction sa = { .sa_handler = nothing };
	struct waiter x = { .fd = self->fd };
	struct akida_ioc_copy c = { .size = 64 };
	struct akida_ioc_wait w;
	uint32_t h, d;
	pthread_t t;
	uint8_t *p;

	ASSERT_EQ(0, pair(self->fd, &p, &h, &d));
	sigaction(SIGUSR1, &sa, NULL);
	ASSERT_EQ(0, vmctl("board %d fault stall:chan=any,count=0",
			   self->b.number));
	x.seq = copy_async(self->fd, d, 0, h, 0, 64);
	ASSERT_EQ(1U, x.seq);
	ASSERT_EQ(0, pthread_create(&t, NULL, waits, &x));
	sleep_ms(200);
	pthread_kill(t, SIGUSR1);
	pthread_join(t, NULL);
	EXPECT_EQ(-EINTR, x.result);
	/* The transfer goes on. */
	EXPECT_EQ(-ETIME, wait_flags(self->fd, 1, AKIDA_WAIT_POLL, 0, &w));
	/* A synchronous one is cancelled. */
	c.src = h;
	c.dst = d;
	x.c = &c;
	ASSERT_EQ(0, pthread_create(&t, NULL, waits, &x));
	sleep_ms(300);
	pthread_kill(t, SIGUSR1);
	pthread_join(t, NULL);
	EXPECT_EQ(-EINTR, x.result);
	ASSERT_EQ(0, vmctl("board %d clear all", self->b.number));
	EXPECT_EQ(0, wait_for(self->fd, 1, 5000, NULL));
	EXPECT_EQ(0, copy(self->fd, d, 0, h, 0, 65536));
	EXPECT_EQ(0, copy(self->fd, h, 0, d, 0, 65536));
}

/* Two threads wait for one transfer, and for different ones. */
TEST_F(board, threads)
{
	struct waiter x[4];
	pthread_t t[4];
	uint32_t h, d;
	uint8_t *p;

	ASSERT_EQ(0, pair(self->fd, &p, &h, &d));
	ASSERT_EQ(0, vmctl("board %d fault stall:chan=any,count=2",
			   self->b.number));
	for (int i = 0; i < 4; i++) {
		x[i] = (struct waiter){ .fd = self->fd };
		if (i % 2 == 0)
			x[i].seq = copy_async(self->fd, d, 0, h, 0, 4096);
		else
			x[i].seq = x[i - 1].seq;
		ASSERT_GT((int64_t)x[i].seq, 0);
	}
	for (int i = 0; i < 4; i++)
		ASSERT_EQ(0, pthread_create(&t[i], NULL, waits, &x[i]));
	sleep_ms(100);
	ASSERT_EQ(0, vmctl("board %d clear all", self->b.number));
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], NULL);
		EXPECT_EQ(0, x[i].result);
		EXPECT_EQ(0, x[i].w.status);
		EXPECT_EQ(4096U, x[i].w.done);
	}
}

TEST_HARNESS_MAIN
