/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Load: threads that use a board in all ways at once and verify what they get,
 * for tests that take the board away or reset it meanwhile.
 *
 * Whatever happens to the board, a thread may only see what uapi/akida.h says:
 * -EIO for what was under way, and -ENODEV for good once it is gone. Anything
 * else, wrong data, and waits that do not end are failures of load_end().
 */
#ifndef LOAD_H
#define LOAD_H

#include <pthread.h>
#include <stdatomic.h>

#include "akida_test.h"

/**
 * enum load_kind - what a thread does
 * @LOAD_SYNC: synchronous copies of host buffers, there and back
 * @LOAD_USER: the same with pinned memory of many pieces
 * @LOAD_ASYNC: bursts of asynchronous copies
 * @LOAD_TOUCH: reads and writes mappings of host and device memory
 * @LOAD_CHURN: opens files, makes buffers, and closes all with copies under way
 */
enum load_kind {
	LOAD_SYNC,
	LOAD_USER,
	LOAD_ASYNC,
	LOAD_TOUCH,
	LOAD_CHURN,
	LOAD_KINDS
};

/**
 * struct load_thread - one of them
 * @load: all of them
 * @kind: what it does
 * @thread: itself
 * @good: how often all was well
 * @eio: calls and transfers that ended so
 * @enodev: likewise
 * @timedout: likewise
 * @odd: what it got that nobody may get, 0 if nothing
 * @where: what it was doing then
 */
struct load_thread {
	struct load *load;
	enum load_kind kind;
	pthread_t thread;
	atomic_uint good, eio, enodev, timedout;
	int odd;
	const char *where;
};

/**
 * struct load - threads at work on a board
 * @b: the board
 * @stop: they shall end
 * @running: how many have not ended
 * @t: they
 */
struct load {
	struct board b;
	atomic_bool stop;
	atomic_int running;
	struct load_thread t[LOAD_KINDS];
};

/**
 * load_begin() - begin, and wait until all threads have done something
 * @l: load
 * @b: board
 *
 * Return: 0, or a negative errno; load_end() is due either way.
 */
int load_begin(struct load *l, const struct board *b);

/**
 * load_goes_on() - wait until each thread has done something more
 * @l: load
 * @ms: so long
 *
 * Return: 0, or -ETIME with a line that says which did not.
 */
int load_goes_on(struct load *l, int ms);

/**
 * load_over() - wait until all threads have found that the board is gone
 * @l: load
 * @ms: so long
 *
 * Return: 0, or -ETIME with a line that says which did not.
 */
int load_over(struct load *l, int ms);

/**
 * load_errors() - how many calls and transfers failed so
 * @l: load
 * @err: EIO, ENODEV or ETIMEDOUT
 */
unsigned int load_errors(const struct load *l, int err);

/**
 * load_end() - end all threads
 * @l: load
 *
 * Return: 0, or the negative errno of the first that got what nobody may get,
 * with a line that says what.
 */
int load_end(struct load *l);

#endif
