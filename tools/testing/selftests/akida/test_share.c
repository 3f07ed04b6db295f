// SPDX-License-Identifier: GPL-2.0
/*
 * Three processes share a board, each with a program of its own, and are killed
 * at random: the results of those that live are right, and each has its share.
 *
 * The amount of work is fixed, not the time, so that it is the same on a slow
 * machine; with VM_FULL=1 processes are killed for 60 s. VM_SEED is the seed of
 * chance; it is printed.
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "board_fixture.h"
#include "work.h"

#define PROCESSES 3
/* Two such batches of each process are on their way, so that none is idle. */
#define BATCH 60
/* Jobs of all processes together while shares are measured */
#define MEASURED 1800
#define KILLS 10

/**
 * struct shared - what processes tell
 * @jobs: whose results were right
 * @wrong: whose were not
 * @err: of the last call that failed
 */
struct shared {
	atomic_uint jobs[PROCESSES];
	atomic_uint wrong;
	atomic_int err;
};

static struct shared *shared;

static bool batch_ends(struct work *w, int fd, unsigned int half, uint64_t seq,
		       unsigned int who)
{
	unsigned int wrong;

	for (unsigned int k = 0; k < BATCH; k++) {
		int err = wait_for(fd, seq + k, 120000, NULL);

		if (err) {
			shared->err = err;
			return false;
		}
	}
	wrong = work_wrong(w, half * BATCH, BATCH);
	shared->wrong += wrong;
	shared->jobs[who] += BATCH - wrong;
	return true;
}

/* For ever, until it is killed. */
static void use_board(const struct board *b, uint32_t chip, unsigned int who)
{
	static struct work w;
	uint64_t seq[2] = { 0, 0 };
	int fd = dev_open(b), err;

	err = fd < 0 ? fd : work_make(&w, fd, chip, 100 + who);
	for (unsigned int half = 0; !err; half = !half) {
		if (seq[half] && !batch_ends(&w, fd, half, seq[half], who))
			_exit(1);
		err = work_submit(&w, fd, half * BATCH, BATCH, 0);
		seq[half] = w.arg.seq;
	}
	shared->err = err;
	_exit(1);
}

static pid_t begin(const struct board *b, uint32_t chip, unsigned int who)
{
	pid_t pid = fork();

	if (!pid)
		use_board(b, chip, who);
	return pid;
}

static unsigned int total(void)
{
	unsigned int n = 0;

	for (int i = 0; i < PROCESSES; i++)
		n += shared->jobs[i];
	return n;
}

/* Waits until so much more was done, by each; false if it takes too long. */
static bool each_does(unsigned int more)
{
	unsigned int from[PROCESSES], i;
	uint64_t end = now_ns() + 120 * NS;

	for (i = 0; i < PROCESSES; i++)
		from[i] = shared->jobs[i];
	for (i = 0; i < PROCESSES; i++)
		while (shared->jobs[i] - from[i] < more) {
			if (now_ns() > end || shared->err)
				return false;
			sleep_ms(5);
		}
	return true;
}

/* Shares of MEASURED jobs that are as costly as each other: a third, within a
 * fifth of it.
 */
static void check_shares(struct __test_metadata *_metadata)
{
	unsigned int from[PROCESSES], begin, sum = 0, i, n[PROCESSES];

	ASSERT_TRUE(each_does(2 * BATCH));
	for (i = 0; i < PROCESSES; i++)
		from[i] = shared->jobs[i];
	begin = total();
	while (total() - begin < MEASURED && !shared->err)
		sleep_ms(5);
	for (i = 0; i < PROCESSES; i++) {
		n[i] = shared->jobs[i] - from[i];
		sum += n[i];
	}
	TH_LOG("shares: %u, %u, %u jobs", n[0], n[1], n[2]);
	for (i = 0; i < PROCESSES; i++) {
		EXPECT_LE(sum * 4 / 15, n[i]);
		EXPECT_GE(sum * 6 / 15, n[i]);
	}
}

static unsigned int chance(unsigned int *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

TEST_F_TIMEOUT(board, three_processes, 300)
{
	const char *text = getenv("VM_SEED");
	unsigned int seed = text ? strtoul(text, NULL, 0) : 1, kills = 0, i;
	bool full = vm_is("VM_FULL", "1");
	struct akida_ioc_info info;
	uint64_t end;
	pid_t pid[PROCESSES];
	int status;

	TH_LOG("VM_SEED=%u", seed);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	for (i = 0; i < PROCESSES; i++) {
		pid[i] = begin(&self->b, variant->chip, i);
		ASSERT_GT(pid[i], 0);
	}
	check_shares(_metadata);
	end = now_ns() + 60 * NS;
	while (full ? now_ns() < end : kills < KILLS) {
		unsigned int who = chance(&seed) % PROCESSES;
		unsigned int until = total() + chance(&seed) % (5 * BATCH);

		while (total() < until && !shared->err)
			sleep_ms(1);
		/* In the midst of a batch, or of anything else */
		kill(pid[who], SIGKILL);
		ASSERT_EQ(pid[who], waitpid(pid[who], &status, 0));
		/* Not by an error of its own. */
		EXPECT_TRUE(WIFSIGNALED(status));
		pid[who] = begin(&self->b, variant->chip, who);
		ASSERT_GT(pid[who], 0);
		kills++;
	}
	/* All of them live, and nobody has more than others. */
	check_shares(_metadata);
	for (i = 0; i < PROCESSES; i++) {
		kill(pid[i], SIGKILL);
		waitpid(pid[i], &status, 0);
		EXPECT_TRUE(WIFSIGNALED(status));
	}
	TH_LOG("%u killed, %u jobs", kills, total());
	EXPECT_EQ(0U, shared->wrong);
	EXPECT_EQ(0, shared->err);
	/* Nothing of them is left, and nothing went wrong. */
	info = dev_info(self->fd);
	EXPECT_EQ(self->info.programs, info.programs);
	EXPECT_EQ(self->info.users, info.users);
	EXPECT_EQ(self->info.devmem_free, info.devmem_free);
	EXPECT_EQ(self->info.devmem_largest, info.devmem_largest);
	EXPECT_EQ(self->info.core_errors, info.core_errors);
	EXPECT_EQ(self->info.resets, info.resets);
	munmap(shared, sizeof(*shared));
}

TEST_HARNESS_MAIN
