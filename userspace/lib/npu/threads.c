// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A whole inference takes about a millisecond and a layer some ten
 * microseconds, so threads wait by looking for a while before they sleep.
 * How long they look is bounded: a machine with other work to do must not be
 * kept busy, and chunks are taken, not given, so that a thread without a
 * processor delays nobody unless it lost it in the middle of a chunk.
 */
#include "npu/threads.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Nanoseconds of looking before sleeping. */
#define LOOK_NS 100000
/* Looks between two glances at the clock. */
#define LOOKS 64

/*
 * The ticket: job number in the upper half, then its chunks and the next one
 * to be taken, 16 bits each. Taking a chunk is one compare-and-swap that also
 * proves that the job is still the one whose number was read.
 */
struct npu_threads {
	_Atomic uint64_t ticket;
	_Atomic uint32_t done;
	_Atomic uint32_t job;
	_Atomic uint32_t sleepers;
	_Atomic bool main_sleeps;
	_Atomic bool stop;
	unsigned int count;
	bool crowded;
	npu_chunk_fn fn;
	void *arg;
	pthread_t *workers;
	unsigned int started;
};

struct start {
	struct npu_threads *t;
	unsigned int thread;
};

static void relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield" ::: "memory");
#endif
}

static void futex_wait(_Atomic uint32_t *word, uint32_t value)
{
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void futex_wake(_Atomic uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Takes and does chunks until none is left. */
static void work(struct npu_threads *t, unsigned int thread)
{
	uint64_t ticket =
		atomic_load_explicit(&t->ticket, memory_order_acquire);

	for (;;) {
		uint32_t chunks = (uint32_t)ticket >> 16;
		uint32_t next = (uint32_t)ticket & 0xffff;

		if (next >= chunks)
			return;
		if (!atomic_compare_exchange_weak_explicit(
			    &t->ticket, &ticket, ticket + 1,
			    memory_order_acq_rel, memory_order_acquire))
			continue;
		t->fn(t->arg, next, thread);
		if (atomic_fetch_add(&t->done, 1) + 1 == chunks &&
		    atomic_load(&t->main_sleeps))
			futex_wake(&t->done);
		ticket = atomic_load_explicit(&t->ticket, memory_order_acquire);
	}
}

/* Looks for another job than @job for a while. */
static bool look_for_job(struct npu_threads *t, uint32_t job)
{
	uint64_t until = t->crowded ? 0 : now() + LOOK_NS;
	unsigned int i;

	do {
		for (i = 0; i < LOOKS; i++) {
			if (atomic_load_explicit(&t->job,
						 memory_order_acquire) != job)
				return true;
			relax();
		}
	} while (until && now() < until);
	return false;
}

static void *worker(void *arg)
{
	struct start s = *(struct start *)arg;
	struct npu_threads *t = s.t;
	uint32_t job = 0;

	free(arg);
	while (!atomic_load(&t->stop)) {
		if (!look_for_job(t, job)) {
			atomic_fetch_add(&t->sleepers, 1);
			while (atomic_load(&t->job) == job)
				futex_wait(&t->job, job);
			atomic_fetch_sub(&t->sleepers, 1);
		}
		job = atomic_load(&t->job);
		work(t, s.thread);
	}
	return NULL;
}

static void next_job(struct npu_threads *t)
{
	/* Sequentially consistent with the sleepers' own order. */
	atomic_fetch_add(&t->job, 1);
	if (atomic_load(&t->sleepers))
		futex_wake(&t->job);
}

struct npu_threads *npu_threads_new(unsigned int threads)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	struct npu_threads *t;
	cpu_set_t allowed;

	/* What the machine has and what this process may use differ. */
	if (!sched_getaffinity(0, sizeof(allowed), &allowed))
		online = CPU_COUNT(&allowed);
	if (online < 1)
		online = 1;
	if (!threads)
		threads = (unsigned int)online;
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->count = threads;
	t->crowded = threads > (unsigned int)online;
	t->workers = calloc(threads, sizeof(*t->workers));
	if (!t->workers) {
		free(t);
		return NULL;
	}
	for (t->started = 0; t->started + 1 < threads; t->started++) {
		struct start *s = malloc(sizeof(*s));
		int rc = ENOMEM;

		if (s) {
			s->t = t;
			s->thread = t->started + 1;
			rc = pthread_create(&t->workers[t->started], NULL,
					    worker, s);
		}
		if (rc) {
			free(s);
			npu_threads_free(t);
			errno = rc;
			return NULL;
		}
	}
	return t;
}

void npu_threads_free(struct npu_threads *t)
{
	unsigned int i;

	if (!t)
		return;
	atomic_store(&t->stop, true);
	next_job(t);
	for (i = 0; i < t->started; i++)
		pthread_join(t->workers[i], NULL);
	free(t->workers);
	free(t);
}

unsigned int npu_threads_count(const struct npu_threads *t)
{
	return t->count;
}

static void wait_done(struct npu_threads *t, unsigned int chunks)
{
	uint64_t until = t->crowded ? 0 : now() + LOOK_NS;
	uint32_t done;
	unsigned int i;

	do {
		for (i = 0; i < LOOKS; i++) {
			if (atomic_load_explicit(
				    &t->done, memory_order_acquire) == chunks)
				return;
			relax();
		}
	} while (until && now() < until);
	atomic_store(&t->main_sleeps, true);
	while ((done = atomic_load(&t->done)) != chunks)
		futex_wait(&t->done, done);
	atomic_store(&t->main_sleeps, false);
}

void npu_threads_run(struct npu_threads *t, npu_chunk_fn fn, void *arg,
		     unsigned int chunks)
{
	uint64_t job;
	unsigned int i;

	if (t->count == 1 || chunks == 1) {
		for (i = 0; i < chunks; i++)
			fn(arg, i, 0);
		return;
	}
	t->fn = fn;
	t->arg = arg;
	atomic_store(&t->done, 0);
	job = (uint64_t)atomic_load(&t->job) + 1;
	atomic_store(&t->ticket, job << 32 | (uint64_t)chunks << 16);
	next_job(t);
	work(t, 0);
	wait_done(t, chunks);
}
