// SPDX-License-Identifier: GPL-2.0
/*
 * What the driver counts for those who watch boards: the histogram of
 * latencies, device memory, and what fdinfo tells of each open file. All of it
 * is compared with what the jobs themselves tell.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "named_fixture.h"
#include "work.h"

#define BUCKETS 90

struct histogram {
	unsigned long long upper[BUCKETS], jobs[BUCKETS], total, sum;
};

static const char *class_attr(const struct board *b, const char *name)
{
	static __thread char path[128];

	snprintf(path, sizeof(path), "/sys/class/akida/akida%d/%s", b->index,
		 name);
	return path;
}

static unsigned long long class_number(const struct board *b, const char *name)
{
	char text[64];

	if (read_file(class_attr(b, name), text, sizeof(text)))
		return ULLONG_MAX;
	return strtoull(text, NULL, 10);
}

/* 0, or -EPROTO if it is not what the documentation says. */
static int histogram_read(const struct board *b, struct histogram *h)
{
	char text[8192], word[32], *line, *save = NULL;
	unsigned int n = 0;

	memset(h, 0, sizeof(*h));
	if (read_file(class_attr(b, "job_latency_us"), text, sizeof(text)))
		return -EIO;
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (n == BUCKETS ||
		    sscanf(line, "%31s %llu", word, &h->jobs[n]) != 2)
			return -EPROTO;
		h->upper[n] = strcmp(word, "inf") ? strtoull(word, NULL, 10) :
						    ULLONG_MAX;
		/* Four an octave, from 16 us to 2^26 us */
		if (h->upper[n] !=
		    (n == 0 ? 16 :
		     n == BUCKETS - 1 ?
			      ULLONG_MAX :
			      ((n - 1) % 4 + 5ULL) << (2 + (n - 1) / 4)))
			return -EPROTO;
		h->total += h->jobs[n++];
	}
	h->sum = class_number(b, "job_latency_sum_us");
	return n == BUCKETS ? 0 : -EPROTO;
}

/* ------------------------------------------------------------------ fdinfo */

struct fdinfo {
	unsigned long long id, busy_ns, jobs, failed, memory_kib;
	char node[32], pdev[32], program[AKIDA_NAME_SIZE];
};

static int fdinfo_read(pid_t pid, int fd, struct fdinfo *i)
{
	char path[64], line[256];
	unsigned int have = 0;
	FILE *f;

	memset(i, 0, sizeof(*i));
	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", (int)pid, fd);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		have += sscanf(line, "akida-node:\t%31s", i->node) == 1;
		have += sscanf(line, "akida-pdev:\t%31s", i->pdev) == 1;
		have += sscanf(line, "akida-client-id:\t%llu", &i->id) == 1;
		have += sscanf(line, "akida-busy-time:\t%llu ns\n",
			       &i->busy_ns) == 1;
		have += sscanf(line, "akida-jobs:\t%llu", &i->jobs) == 1;
		have += sscanf(line, "akida-jobs-failed:\t%llu", &i->failed) ==
			1;
		have += sscanf(line, "akida-memory:\t%llu KiB\n",
			       &i->memory_kib) == 1;
		sscanf(line, "akida-program:\t%63s", i->program);
	}
	fclose(f);
	return have == 7 ? 0 : -EPROTO;
}

/* --------------------------------------------------------- two processes */

/**
 * struct told - by a process, when its jobs have ended
 * @err: 0 or a negative errno
 * @fd: of its node
 * @jobs: that ended well, in buckets by the times that the driver told of each
 * @ns: the sum of these times
 */
struct told {
	int err, fd;
	unsigned int jobs[BUCKETS];
	unsigned long long ns;
};

#define MINE 100
#define THEIRS 60

static void count(struct told *t, const struct akida_ioc_wait *w)
{
	uint64_t ns = w->ended - w->queued;
	unsigned int n = 0;

	t->ns += ns;
	/* Limits belong to their buckets. */
	for (uint64_t limit = 16; n < BUCKETS - 1 && ns > limit * 1000; n++)
		limit = (n % 4 + 5ULL) << (2 + n / 4);
	t->jobs[n]++;
}

/* Jobs of a program, all under way at once. */
static void use(struct told *t, uint32_t handle, unsigned int num)
{
	static struct named_work w;
	struct akida_ioc_wait wait;

	t->err = named_begin(&w, t->fd, handle, num);
	for (unsigned int i = 0; i < num && !t->err; i++) {
		t->err = wait_for(t->fd, w.seq + i, 60000, &wait);
		if (!t->err)
			count(t, &wait);
	}
	/* Mappings would hold the file. */
	if (w.in)
		munmap(w.in, num * TINY_INPUT_BYTES);
	if (w.out)
		munmap(w.out, num * TINY_OUTPUT_BYTES);
}

/* Runs the other's program by its name, and then stays until it is told. */
static pid_t other_process(const struct board *b, int tell[2], int stay[2])
{
	pid_t pid = fork();
	struct told t = { 0 };
	int handle;
	char c;

	if (pid)
		return pid;
	close(stay[1]);
	t.fd = dev_open(b);
	handle = named_open(t.fd, "counted", AKIDA_RIGHT_RUN, NULL);
	t.err = handle < 0 ? handle : 0;
	if (!t.err)
		use(&t, handle, THEIRS);
	if (write(tell[1], &t, sizeof(t)) != sizeof(t) ||
	    read(stay[0], &c, 1) < 0)
		_exit(1);
	_exit(0);
}

TEST_F_TIMEOUT(names, two_processes, 120)
{
	struct histogram before, after;
	struct fdinfo mine, theirs;
	unsigned long long done, failed, busy;
	struct told t = { .fd = self->fd }, o;
	int tell[2], stay[2], handle, status;
	struct tiny tiny;
	pid_t pid;

	/* The node is open in both, but the file is another. */
	ASSERT_EQ(0, leave(&self->b, "counted", 3, 0, 0));
	ASSERT_EQ(0, pipe(tell));
	ASSERT_EQ(0, pipe(stay));
	ASSERT_EQ(0, histogram_read(&self->b, &before));
	done = class_number(&self->b, "jobs_completed");
	failed = class_number(&self->b, "jobs_failed");
	EXPECT_EQ(done, before.total);
	busy = class_number(&self->b, "busy_time_us");
	ASSERT_EQ(0, fdinfo_read(getpid(), self->fd, &mine));
	EXPECT_EQ(0U, mine.jobs + mine.failed + mine.busy_ns);
	EXPECT_EQ(0U, mine.memory_kib);
	EXPECT_STREQ("", mine.program);

	pid = other_process(&self->b, tell, stay);
	ASSERT_GT(pid, 0);
	handle = tiny_load(self->fd, &tiny, variant->chip, 4);
	ASSERT_GT(handle, 0);
	use(&t, handle, MINE);
	ASSERT_EQ(0, t.err);
	ASSERT_EQ((ssize_t)sizeof(o), read(tell[0], &o, sizeof(o)));
	ASSERT_EQ(0, o.err);

	/* All of them, each in the bucket that its own times tell. */
	ASSERT_EQ(0, histogram_read(&self->b, &after));
	EXPECT_EQ(before.total + MINE + THEIRS, after.total);
	EXPECT_EQ(done + MINE + THEIRS,
		  class_number(&self->b, "jobs_completed"));
	EXPECT_EQ(failed, class_number(&self->b, "jobs_failed"));
	for (unsigned int i = 0; i < BUCKETS; i++) {
		EXPECT_EQ(before.jobs[i] + t.jobs[i] + o.jobs[i], after.jobs[i])
		{
			TH_LOG("bucket %u", i);
		}
	}
	EXPECT_LE((t.ns + o.ns) / 1000, after.sum - before.sum);
	EXPECT_GE((t.ns + o.ns) / 1000 + 1, after.sum - before.sum);

	ASSERT_EQ(0, fdinfo_read(getpid(), self->fd, &mine));
	ASSERT_EQ(0, fdinfo_read(pid, o.fd, &theirs));
	EXPECT_EQ((unsigned int)MINE, mine.jobs);
	EXPECT_EQ((unsigned int)THEIRS, theirs.jobs);
	EXPECT_EQ(0U, mine.failed + theirs.failed);
	EXPECT_NE(mine.id, theirs.id);
	EXPECT_STREQ(self->b.pci, mine.pdev);
	EXPECT_STREQ(strrchr(self->b.node, '/') + 1, theirs.node);
	EXPECT_STREQ("", mine.program);
	EXPECT_STREQ("counted", theirs.program);
	EXPECT_LT(0U, mine.busy_ns);
	EXPECT_LT(0U, theirs.busy_ns);
	busy = class_number(&self->b, "busy_time_us") - busy;
	EXPECT_LE((mine.busy_ns + theirs.busy_ns) / 1000, busy);
	EXPECT_GE((mine.busy_ns + theirs.busy_ns) / 1000 + 1, busy);

	/* The name that it was run by stays, whatever becomes of it. */
	ASSERT_EQ(0, drop(self->fd, "counted"));
	ASSERT_EQ(0, fdinfo_read(pid, o.fd, &theirs));
	EXPECT_STREQ("counted", theirs.program);
	close(stay[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);

	/* A job that fails has no latency. */
	ASSERT_EQ(0, vmctl("board %d fault abort:chan=core", self->b.number));
	EXPECT_EQ(-EIO, named_run(self->fd, handle, &tiny, 1));
	ASSERT_EQ(0, histogram_read(&self->b, &before));
	EXPECT_EQ(after.total, before.total);
	EXPECT_EQ(after.sum, before.sum);
	ASSERT_EQ(0, fdinfo_read(getpid(), self->fd, &mine));
	EXPECT_EQ((unsigned int)MINE, mine.jobs);
	EXPECT_EQ(1U, mine.failed);
	EXPECT_EQ(failed + 1, class_number(&self->b, "jobs_failed"));
	for (int i = 0; i < 2; i++)
		close(tell[i]);
	close(stay[0]);
}

/* ------------------------------------------------------------------ memory */

static unsigned long long used(const struct board *b)
{
	return class_number(b, "memory_used");
}

TEST_F(names, memory)
{
	unsigned long long total = class_number(&self->b, "memory_total");
	unsigned long long with, program;
	int a, b, handle, other = dev_open(&self->b);
	struct fdinfo i, o;
	struct tiny t;

	ASSERT_GE(other, 0);
	EXPECT_EQ(self->info.devmem_size, total);
	EXPECT_EQ(0U, used(&self->b));
	a = buffer_create(self->fd, AKIDA_BUFFER_DEVICE, 65536, NULL);
	b = buffer_create(other, AKIDA_BUFFER_DEVICE, 8192, NULL);
	ASSERT_GT(a, 0);
	ASSERT_GT(b, 0);
	/* None of the board's */
	ASSERT_GT(buffer_create(self->fd, AKIDA_BUFFER_HOST, 65536, NULL), 0);
	EXPECT_EQ(65536U + 8192, used(&self->b));
	EXPECT_EQ(total - info(self->fd).devmem_free, used(&self->b));
	ASSERT_EQ(0, fdinfo_read(getpid(), self->fd, &i));
	ASSERT_EQ(0, fdinfo_read(getpid(), other, &o));
	EXPECT_EQ(64U, i.memory_kib);
	EXPECT_EQ(8U, o.memory_kib);
	EXPECT_EQ(0, buffer_free(self->fd, a));
	EXPECT_EQ(8192U, used(&self->b));
	ASSERT_EQ(0, fdinfo_read(getpid(), self->fd, &i));
	EXPECT_EQ(0U, i.memory_kib);

	/* A program's, and what all jobs share. */
	handle = tiny_load(self->fd, &t, variant->chip, 6);
	ASSERT_GT(handle, 0);
	with = used(&self->b);
	ASSERT_EQ(0, fdinfo_read(getpid(), self->fd, &i));
	program = i.memory_kib * 1024;
	EXPECT_LE(sizeof(t.word), program);
	EXPECT_GT(with, 8192 + program);
	/* Whoever has a handle of it, but once in each file. */
	ASSERT_EQ(0, named_give(self->fd, handle, "kept", 0, 0, NULL, 0));
	ASSERT_EQ(0, open_to_run(self->fd, "kept"));
	ASSERT_EQ(0, open_to_run(other, "kept"));
	EXPECT_EQ(with, used(&self->b));
	ASSERT_EQ(0, fdinfo_read(getpid(), self->fd, &i));
	ASSERT_EQ(0, fdinfo_read(getpid(), other, &o));
	EXPECT_EQ(program / 1024, i.memory_kib);
	EXPECT_EQ(8 + program / 1024, o.memory_kib);
	close(other);
	EXPECT_EQ(with - 8192, used(&self->b));
}

/* ------------------------------------------------------------ sleep, removal */

/* Who asks wakes no board. */
TEST_F_TIMEOUT(names, asleep, 60)
{
	char text[32] = "";
	struct histogram h;
	struct fdinfo i;
	uint64_t end = now_ns() + 20 * NS;

	ASSERT_EQ(0,
		  write_file(board_attr(&self->b, "power/autosuspend_delay_ms"),
			     "1"));
	ASSERT_EQ(0, write_file(board_attr(&self->b, "power/control"), "auto"));
	while (strncmp(text, "suspended", 9) && now_ns() < end) {
		ASSERT_EQ(0, read_file(board_attr(&self->b,
						  "power/runtime_status"),
				       text, sizeof(text)));
		sleep_ms(10);
	}
	ASSERT_EQ(0, strncmp(text, "suspended", 9));
	for (unsigned int k = 0; k < 20; k++) {
		EXPECT_EQ(0, histogram_read(&self->b, &h));
		EXPECT_EQ(0, fdinfo_read(getpid(), self->fd, &i));
		EXPECT_NE(ULLONG_MAX, class_number(&self->b, "memory_total"));
		EXPECT_EQ(0U, used(&self->b));
		ASSERT_EQ(0, read_file(board_attr(&self->b,
						  "power/runtime_status"),
				       text, sizeof(text)));
		EXPECT_EQ(0, strncmp(text, "suspended", 9));
	}
	ASSERT_EQ(0,
		  write_file(board_attr(&self->b, "power/autosuspend_delay_ms"),
			     "2000"));
	ASSERT_EQ(0, write_file(board_attr(&self->b, "power/control"), "on"));
}

/**
 * struct reader - a thread that reads fdinfo all the time
 * @thread: itself
 * @fd: of the node
 * @stop: it shall end
 * @reads: that told all
 * @odd: reads that did not
 */
struct reader {
	pthread_t thread;
	int fd;
	atomic_bool stop;
	atomic_uint reads, odd;
};

static void *read_on(void *arg)
{
	struct reader *r = arg;
	struct fdinfo i;

	while (!r->stop) {
		if (fdinfo_read(getpid(), r->fd, &i))
			r->odd++;
		else
			r->reads++;
	}
	return NULL;
}

/* Pulled where that can be, else taken from the driver */
static int goes(const struct board *b)
{
	return vm_is("VM_PROFILE", "hotplug") ? vmctl("unplug %d", b->number) :
						board_driver(b, "unbind");
}

static int comes(const struct board *b)
{
	return vm_is("VM_PROFILE", "hotplug") ? vmctl("replug %d", b->number) :
						board_driver(b, "bind");
}

/* The board goes while its file is asked, and jobs are under way. */
TEST_F_TIMEOUT(names, removed, 120)
{
	static struct named_work w;
	struct reader r = { .fd = self->fd };
	struct fdinfo i, after;
	unsigned int reads;
	struct tiny t;
	int handle, info_fd;
	char path[64], text[1024];

	handle = tiny_load(self->fd, &t, variant->chip, 8);
	ASSERT_GT(handle, 0);
	ASSERT_EQ(0, named_give(self->fd, handle, "goes", 0, 0, NULL, 0));
	ASSERT_EQ(0, named_run(self->fd, handle, &t, 5));
	ASSERT_EQ(0, fdinfo_read(getpid(), self->fd, &i));
	EXPECT_STREQ("goes", i.program);
	/* One that is open before, and read after. */
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", self->fd);
	info_fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_GE(info_fd, 0);
	ASSERT_EQ(0, pthread_create(&r.thread, NULL, read_on, &r));
	ASSERT_EQ(0, named_begin(&w, self->fd, handle, AKIDA_MAX_SUBMIT));
	ASSERT_EQ(0, goes(&self->b));
	/* They end, well or with the board. */
	for (unsigned int k = 0; k < AKIDA_MAX_SUBMIT; k++)
		EXPECT_NE(-ETIME, wait_for(self->fd, w.seq + k, 60000, NULL));
	reads = r.reads;
	while (r.reads < reads + 100 && !r.odd)
		sleep_ms(1);
	r.stop = true;
	pthread_join(r.thread, NULL);
	EXPECT_EQ(0U, r.odd);
	ASSERT_EQ(0, fdinfo_read(getpid(), self->fd, &after));
	EXPECT_EQ(i.id, after.id);
	EXPECT_LE(i.jobs, after.jobs);
	EXPECT_EQ(5U + AKIDA_MAX_SUBMIT, after.jobs + after.failed);
	EXPECT_LT(0, read(info_fd, text, sizeof(text) - 1));
	close(info_fd);
	munmap(w.in, AKIDA_MAX_SUBMIT * TINY_INPUT_BYTES);
	munmap(w.out, AKIDA_MAX_SUBMIT * TINY_OUTPUT_BYTES);
	close(self->fd);
	self->fd = -1;
	ASSERT_EQ(0, comes(&self->b));
	ASSERT_EQ(0, board_at(&self->b, self->b.number, 20000));
}

TEST_HARNESS_MAIN
