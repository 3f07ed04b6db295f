// SPDX-License-Identifier: GPL-2.0
/*
 * Two processes at one board, and two boards at once: each has its own.
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

/* ----------------------------------------------------------- two processes */

/* What one has: a buffer in the board's memory and one to look at it. */
struct owner {
	int fd;
	int dev;
	uint32_t host;
	uint8_t *p;
	struct akida_ioc_buffer d, h;
};

static int owner(struct owner *o, const struct board *b, uint64_t size)
{
	o->fd = dev_open(b);
	if (o->fd < 0)
		return o->fd;
	o->dev = buffer_create(o->fd, AKIDA_BUFFER_DEVICE, size, &o->d);
	if (o->dev < 0)
		return o->dev;
	o->host = buffer_create(o->fd, AKIDA_BUFFER_HOST, size, &o->h);
	if ((int)o->host < 0)
		return (int)o->host;
	o->p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, o->fd,
		    (off_t)o->h.mmap_offset);
	return o->p == MAP_FAILED ? -errno : 0;
}

/* Out with a pattern, in again, many times: 0, or what went wrong. */
static int work(struct owner *o, uint64_t size, unsigned int seed, int rounds)
{
	int err = 0;

	for (int i = 0; i < rounds && !err; i++) {
		fill(o->p, size, seed + i);
		err = copy(o->fd, o->dev, 0, o->host, 0, size);
		memset(o->p, 0, size);
		if (!err)
			err = copy(o->fd, o->host, 0, o->dev, 0, size);
		if (!err && differs(o->p, size, seed + i) >= 0)
			err = -EILSEQ;
	}
	return err;
}

/* Status of a child, as it was made by _exit(-err). */
static int child_error(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -ECHILD;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -ECHILD;
}

/* Everything that a handle can be given to */
static int try_handles(int fd, uint64_t mmap_offset, uint32_t most)
{
	for (uint32_t h = 1; h <= most; h++) {
		struct akida_ioc_buffer q = { .handle = h };

		if (dev_ioctl(fd, AKIDA_IOC_BUFFER_QUERY, &q) != -ENOENT ||
		    buffer_free(fd, h) != -ENOENT ||
		    copy(fd, h, 0, h + 1, 0, 64) != -ENOENT ||
		    copy_async(fd, h + 1, 0, h, 0, 64) != -ENOENT)
			return -EPERM;
	}
	if (mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, (off_t)mmap_offset) !=
		    MAP_FAILED ||
	    errno != EINVAL)
		return -EACCES;
	return 0;
}

/* Another process, with a file of its own, gets at nothing of this one's. */
TEST_F(board, nothing_of_others)
{
	struct owner o;
	pid_t pid;

	ASSERT_EQ(0, owner(&o, &self->b, 65536));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		int fd = dev_open(&self->b);

		_exit(fd < 0 ? -fd :
			       -try_handles(fd, o.h.mmap_offset, o.host + 8));
	}
	EXPECT_EQ(0, child_error(pid));
	/* As root or not is all the same. */
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		int err = become("user"), fd = err ? err : dev_open(&self->b);

		_exit(fd < 0 ? -fd :
			       -try_handles(fd, o.h.mmap_offset, o.host + 8));
	}
	EXPECT_EQ(0, child_error(pid));
	EXPECT_EQ(0, work(&o, 65536, 1, 1));
	close(o.fd);
}

/* Both at work at once: the same handles, different memory, the right data. */
TEST_F_TIMEOUT(board, at_once, 60)
{
	enum {
		SIZE = 32768,
		ROUNDS = 60
	};
	struct owner o;
	struct {
		uint64_t at;
		int dev;
	} other;
	int pipes[2];
	pid_t pid;

	ASSERT_EQ(0, pipe(pipes));
	ASSERT_EQ(0, owner(&o, &self->b, SIZE));
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		struct owner c;
		int err = owner(&c, &self->b, SIZE);

		other.at = c.d.device_addr;
		other.dev = c.dev;
		if (!err && write(pipes[1], &other, sizeof(other)) < 0)
			err = -errno;
		_exit(err ? -err : -work(&c, SIZE, 1000, ROUNDS));
	}
	EXPECT_EQ(0, work(&o, SIZE, 5000, ROUNDS));
	ASSERT_EQ((ssize_t)sizeof(other),
		  read(pipes[0], &other, sizeof(other)));
	EXPECT_EQ(o.dev, other.dev);
	EXPECT_TRUE(other.at + SIZE <= o.d.device_addr ||
		    o.d.device_addr + SIZE <= other.at)
	TH_LOG("%#llx and %#llx", (unsigned long long)other.at,
	       (unsigned long long)o.d.device_addr);
	EXPECT_EQ(0, child_error(pid));
	/* The other's end has taken nothing with it. */
	ASSERT_EQ(0, copy(o.fd, o.host, 0, o.dev, 0, SIZE));
	EXPECT_EQ(-1, differs(o.p, SIZE, 5000 + ROUNDS - 1));
	close(o.fd);
	close(pipes[0]);
	close(pipes[1]);
}

/* Memory goes back and forth between two who both write on all they get. */
static int churn(const struct board *b, uint8_t mark, int rounds)
{
	struct owner o;
	int err = owner(&o, b, 16384);

	for (int i = 0; i < rounds && !err; i++) {
		uint64_t size = 4096 << i % 3;
		int d = buffer_create(o.fd, AKIDA_BUFFER_DEVICE, size, NULL);

		if (d < 0)
			return d;
		memset(o.p, mark, size);
		err = copy(o.fd, o.host, 0, d, 0, size);
		if (!err && is_not(o.p, size, 0) >= 0)
			err = -EKEYREVOKED;
		memset(o.p, mark, size);
		if (!err)
			err = copy(o.fd, d, 0, o.host, 0, size);
		if (!err)
			err = buffer_free(o.fd, d);
	}
	if (o.fd >= 0)
		close(o.fd);
	return err;
}

TEST_F_TIMEOUT(board, zero_between_owners, 60)
{
	pid_t pid = fork();

	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(-churn(&self->b, 0xaa, 60));
	EXPECT_EQ(0, churn(&self->b, 0xbb, 60));
	EXPECT_EQ(0, child_error(pid));
}

/* One is killed amid transfers and mappings; the other notices nothing. */
TEST_F_TIMEOUT(board, killed_beside, 60)
{
	struct akida_ioc_info i = { 0 };
	struct owner o;
	int pipes[2];
	pid_t pid;
	char c;

	for (int k = 0; k < 5; k++) {
		ASSERT_EQ(0, pipe(pipes));
		pid = fork();
		ASSERT_GE(pid, 0);
		if (!pid) {
			int err = owner(&o, &self->b, 65536);
			bool told = false;

			while (!err) {
				err = copy_async(o.fd, o.dev, 0, o.host, 0,
						 65536) < 0;
				if (err)
					err = wait_for(o.fd, 0, 0, NULL);
				if (!told)
					told = write(pipes[1], "x", 1) == 1;
			}
			_exit(-err);
		}
		ASSERT_EQ(0, owner(&o, &self->b, 65536));
		ASSERT_EQ(1, read(pipes[0], &c, 1));
		EXPECT_EQ(0, work(&o, 65536, k * 10, 3));
		kill(pid, SIGKILL);
		EXPECT_EQ(0, work(&o, 65536, k * 10 + 5, 3));
		EXPECT_EQ(-ECHILD, child_error(pid));
		close(o.fd);
		munmap(o.p, 65536);
		close(pipes[0]);
		close(pipes[1]);
	}
	ASSERT_EQ(0, dev_ioctl(self->fd, AKIDA_IOC_INFO, &i));
	EXPECT_EQ(self->info.devmem_free, i.devmem_free);
	EXPECT_EQ(1U, i.users);
}

/* ------------------------------------------------------------- two boards */

FIXTURE(boards)
{
	struct board b[2];
	struct akida_ioc_info info[2];
	struct owner o[2];
};

FIXTURE_SETUP(boards)
{
	static const int chips[2] = { AKIDA_CHIP_AKD1000, AKIDA_CHIP_AKD1500 };

	for (int i = 0; i < 2; i++) {
		memset(&self->info[i], 0, sizeof(self->info[i]));
		self->o[i].fd = -1;
		/* As in board_fixture.h */
		if (board_find(&self->b[i], chips[i]))
			SKIP(longjmp(_metadata->env, 1),
			     "this machine has no two boards");
	}
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, owner(&self->o[i], &self->b[i], 65536));
		ASSERT_EQ(0, dev_ioctl(self->o[i].fd, AKIDA_IOC_INFO,
				       &self->info[i]));
	}
}

FIXTURE_TEARDOWN(boards)
{
	for (int i = 0; i < 2; i++)
		if (self->o[i].fd >= 0)
			close(self->o[i].fd);
}

TEST_F(boards, are_two)
{
	EXPECT_NE(self->b[0].index, self->b[1].index);
	for (int i = 0; i < 2; i++) {
		EXPECT_EQ((uint32_t)self->b[i].index, self->info[i].index);
		EXPECT_EQ((uint32_t)self->b[i].chip, self->info[i].chip);
		EXPECT_EQ(1U, self->info[i].users);
	}
}

/* What one does, the other's counters do not know of. */
TEST_F(boards, use_of_one)
{
	for (int i = 0; i < 2; i++) {
		struct board *other = &self->b[!i];
		struct akida_ioc_info info = { 0 };
		uint64_t rung = counter(other, "dma.doorbells");
		uint64_t mine = counter(&self->b[i], "dma.doorbells");
		int d;

		d = buffer_create(self->o[i].fd, AKIDA_BUFFER_DEVICE, 65536,
				  NULL);
		ASSERT_GT(d, 0);
		ASSERT_EQ(0, work(&self->o[i], 65536, 1, 4));
		EXPECT_GE(counter(&self->b[i], "dma.doorbells"), mine + 8);
		EXPECT_EQ(rung, counter(other, "dma.doorbells"));
		ASSERT_EQ(0, dev_ioctl(self->o[!i].fd, AKIDA_IOC_INFO, &info));
		EXPECT_EQ(self->info[!i].devmem_free, info.devmem_free);
		EXPECT_EQ(0, buffer_free(self->o[i].fd, d));
	}
}

struct job {
	struct owner *o;
	unsigned int seed;
	int err;
};

static void *works(void *arg)
{
	struct job *j = arg;

	j->err = work(j->o, 65536, j->seed, 60);
	return NULL;
}

TEST_F_TIMEOUT(boards, both_at_work, 60)
{
	struct job j[2];
	pthread_t t[2];

	for (int i = 0; i < 2; i++) {
		j[i] = (struct job){ .o = &self->o[i], .seed = 100 + i * 1000 };
		ASSERT_EQ(0, pthread_create(&t[i], NULL, works, &j[i]));
	}
	for (int i = 0; i < 2; i++) {
		pthread_join(t[i], NULL);
		EXPECT_EQ(0, j[i].err);
	}
}

/* A buffer of one board cannot be named at the other. */
TEST_F(boards, copy_across)
{
	int more[2];

	for (int i = 0; i < 2; i++) {
		/* A handle that only this file has */
		int fd = self->o[i].fd, far = self->o[!i].fd;

		more[i] = buffer_create(fd, AKIDA_BUFFER_DEVICE, 4096, NULL);
		ASSERT_GT(more[i], 0);
		EXPECT_EQ(-ENOENT,
			  copy(far, self->o[!i].host, 0, more[i], 0, 4096));
		EXPECT_EQ(-ENOENT,
			  copy(far, more[i], 0, self->o[!i].host, 0, 4096));
		EXPECT_EQ(-ENOENT,
			  copy(far, self->o[!i].dev, 0, more[i], 0, 4096));
		EXPECT_EQ(-ENOENT, buffer_free(far, more[i]));
		EXPECT_EQ(0, buffer_free(fd, more[i]));
	}
	/* One that both have is each one's own. */
	EXPECT_EQ(self->o[0].host, self->o[1].host);
	for (int i = 0; i < 2; i++) {
		fill(self->o[i].p, 65536, i);
		ASSERT_EQ(0, copy(self->o[i].fd, self->o[i].dev, 0,
				  self->o[i].host, 0, 65536));
		memset(self->o[i].p, 0, 65536);
	}
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, copy(self->o[i].fd, self->o[i].host, 0,
				  self->o[i].dev, 0, 65536));
		EXPECT_EQ(-1, differs(self->o[i].p, 65536, i));
	}
}

/* The way across: memory that both may use. */
TEST_F(boards, shared_user_memory)
{
	uint8_t *mine = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int pin[2];

	ASSERT_NE(MAP_FAILED, mine);
	for (int i = 0; i < 2; i++) {
		pin[i] = buffer_pin(self->o[i].fd, mine, 65536, 0);
		ASSERT_GT(pin[i], 0);
	}
	for (int i = 0; i < 2; i++) {
		struct owner *from = &self->o[i], *to = &self->o[!i];

		fill(from->p, 65536, 7 + i);
		ASSERT_EQ(0,
			  copy(from->fd, from->dev, 0, from->host, 0, 65536));
		ASSERT_EQ(0, copy(from->fd, pin[i], 0, from->dev, 0, 65536));
		ASSERT_EQ(0, copy(to->fd, to->dev, 0, pin[!i], 0, 65536));
		ASSERT_EQ(0, copy(to->fd, to->host, 0, to->dev, 0, 65536));
		EXPECT_EQ(-1, differs(to->p, 65536, 7 + i));
	}
	munmap(mine, 65536);
}

/* One eventfd for both */
TEST_F(boards, shared_eventfd)
{
	struct akida_ioc_eventfd arg = {
		.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)
	};
	struct pollfd p = { .fd = arg.fd, .events = POLLIN };
	uint64_t sum = 0, v;

	ASSERT_GE(arg.fd, 0);
	for (int i = 0; i < 2; i++)
		ASSERT_EQ(0, dev_ioctl(self->o[i].fd, AKIDA_IOC_EVENTFD, &arg));
	for (int i = 0; i < 10; i++) {
		struct owner *o = &self->o[i % 2];

		ASSERT_GT(copy_async(o->fd, o->dev, 0, o->host, 0, 64), 0);
	}
	while (sum < 10 && poll(&p, 1, 5000) == 1) {
		ASSERT_EQ(8, read(arg.fd, &v, 8));
		sum += v;
	}
	EXPECT_EQ(10U, sum);
	close(arg.fd);
}

/* A claim is of one board; so is silence, and unbinding. */
TEST_F_TIMEOUT(boards, trouble_of_one, 60)
{
	for (int i = 0; i < 2; i++) {
		struct owner *other = &self->o[!i];
		uint32_t v;
		int64_t seq;

		ASSERT_EQ(0, vmctl("board %d fault stall:chan=any,count=0",
				   self->b[i].number));
		seq = copy_async(self->o[i].fd, self->o[i].dev, 0,
				 self->o[i].host, 0, 4096);
		ASSERT_GT(seq, 0);
		EXPECT_EQ(0, work(other, 65536, 30, 2));
		ASSERT_EQ(0, vmctl("board %d clear all", self->b[i].number));
		EXPECT_EQ(0, wait_for(self->o[i].fd, seq, 5000, NULL));

		close(self->o[i].fd);
		munmap(self->o[i].p, 65536);
		self->o[i].fd = dev_open(&self->b[i]);
		ASSERT_GE(self->o[i].fd, 0);
		ASSERT_EQ(4, pread(self->o[i].fd, &v, 4, 0xfcc00050));
		EXPECT_EQ(0, work(other, 65536, 40, 2));
		close(self->o[i].fd);

		ASSERT_EQ(0, board_driver(&self->b[i], "unbind"));
		EXPECT_EQ(0, work(other, 65536, 50, 2));
		ASSERT_EQ(0, board_driver(&self->b[i], "bind"));
		ASSERT_EQ(0, board_at(&self->b[i], self->b[i].number, 10000));
		ASSERT_EQ(0, owner(&self->o[i], &self->b[i], 65536));
		EXPECT_EQ(0, work(&self->o[i], 65536, 60, 1));
	}
}

TEST_HARNESS_MAIN
