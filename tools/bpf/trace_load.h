/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Loads the BPF programs of akida trace, and reads what they have added up.
 */
#ifndef TRACE_LOAD_H
#define TRACE_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace_maps.h"

/**
 * struct trace_row - jobs of a key
 * @key: whose
 * @jobs: how many
 * @hist: of each stage, nanoseconds
 */
struct trace_row {
	struct trace_key key;
	struct trace_jobs jobs;
	struct trace_hist hist[NUM_STAGES];
};

/**
 * struct trace_result - all that was added up
 * @row: for each process and program on a board; for free()
 * @num: how many
 * @size: of transfers from the board, then to it, bytes
 * @lost: what did not fit
 */
struct trace_result {
	struct trace_row *row;
	size_t num;
	struct trace_hist size[2];
	uint64_t lost[NUM_LOST];
};

struct tracer;

/**
 * trace_open() - load and attach
 * @slower_than: nanoseconds; jobs that took longer are told; 0 for none
 * @board: index, or -1 for all
 * @slow: is told
 * @arg: for @slow
 * @why: where to put a sentence that says what to do, on failure
 * @size: room there
 *
 * Return: a tracer for trace_close(), or NULL.
 */
struct tracer *trace_open(uint64_t slower_than, int board,
			  void (*slow)(void *arg, const struct trace_job *job),
			  void *arg, char *why, size_t size);

/**
 * trace_by_btf() - how the driver's structures are read
 * @t: tracer
 *
 * Return: by the kernel's BTF of the module; false: as tracefs describes them.
 */
bool trace_by_btf(const struct tracer *t);

/**
 * trace_poll() - tell of slow jobs
 * @t: tracer
 * @ms: wait so long for one
 *
 * Return: 0, also if a signal came, or a negative errno.
 */
int trace_poll(struct tracer *t, int ms);

/**
 * trace_read() - what was added up until now
 * @t: tracer
 * @r: where to put it
 *
 * Return: 0 or a negative errno.
 */
int trace_read(struct tracer *t, struct trace_result *r);

/**
 * trace_close() - detach and unload
 * @t: tracer or NULL
 */
void trace_close(struct tracer *t);

#endif /* TRACE_LOAD_H */
