/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a board does, at a moment and between two of them, for those who watch
 * boards: akida top, akida export, akida report. Reads sysfs and /proc; opens
 * no board and wakes none.
 */
#ifndef STATUS_H
#define STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <akida/akida.h>

#include "power.h"

/* Buckets of the driver's histogram of latencies; see Documentation/driver.rst */
#define STATUS_BUCKETS 128

/**
 * struct status_histogram - how long jobs took from submission to completion
 * @count: buckets in use; 0 if the driver does not tell
 * @upper: longest time of each bucket in nanoseconds, ascending; the last one
 *	is UINT64_MAX
 * @jobs: in each bucket, since the driver was loaded
 * @sum: of all latencies, nanoseconds
 */
struct status_histogram {
	uint32_t count;
	uint64_t upper[STATUS_BUCKETS];
	uint64_t jobs[STATUS_BUCKETS];
	uint64_t sum;
};

/**
 * struct status_board - a board at a moment
 * @desc: which
 * @source: its sensors
 * @sensors: what they tell
 * @time: CLOCK_MONOTONIC, nanoseconds
 * @busy: time that it computed, nanoseconds
 * @completed: jobs
 * @failed: jobs
 * @switches: times that another program was loaded
 * @resets: of the board
 * @has_memory: @memory_total and @memory_used are known
 * @memory_total: bytes of the board's memory that programs and buffers can take
 * @memory_used: of it
 * @state: of runtime power management: "active", "suspended", "" if unknown
 * @latency: of jobs
 */
struct status_board {
	struct akida_board_desc desc;
	struct power_source source;
	struct power_reading sensors;
	uint64_t time;
	uint64_t busy, completed, failed, switches, resets;
	bool has_memory;
	uint64_t memory_total, memory_used;
	char state[16];
	struct status_histogram latency;
};

/**
 * struct status_rates - what happened between two moments
 * @seconds: between them
 * @utilisation: share of the time that the board computed, 0 to 1
 * @jobs: completed a second
 * @failed: a second
 * @switches: a second
 * @latencies: jobs that @latency is about; 0: it tells nothing
 * @latency: seconds, percentiles 50, 90, 99 and 100 as the buckets tell them
 */
struct status_rates {
	double seconds, utilisation, jobs, failed, switches;
	uint64_t latencies;
	double latency[4];
};

/**
 * struct status_client - an open file of a board, as fdinfo has it
 * @board: index
 * @pid: process
 * @fd: number of the file in it
 * @id: the driver's number of the open file: the same in each process that
 *	shares it
 * @command: name of the process
 * @user: its user id
 * @busy: time that the board computed for it, nanoseconds
 * @completed: jobs
 * @failed: jobs
 * @memory: bytes of buffers and programs
 * @program: what it ran last: name, or "" for a program without one
 */
struct status_client {
	uint32_t board;
	pid_t pid;
	int fd;
	uint64_t id;
	char command[32];
	uid_t user;
	uint64_t busy, completed, failed, memory;
	char program[64];
};

/**
 * status_board_read() - ask for the state of a board
 * @s: where to put it
 * @desc: which
 *
 * What a file does not tell, or tells in a way that the driver would not, is
 * unknown: 0, "", and no histogram.
 *
 * Return: 0, -ENODEV if it is gone.
 */
int status_board_read(struct status_board *s,
		      const struct akida_board_desc *desc);

/**
 * status_rates() - compare two moments of one board
 * @before: earlier
 * @now: later
 * @r: where to put it; zeros if counters went backwards (another driver), or
 *	these are different boards, or no time is between them
 *
 * A percentile is taken as if the jobs of its bucket were spread evenly over it,
 * as Prometheus' histogram_quantile() does: it is off by less than the bucket is
 * wide, at most a quarter of the time (16 us below 16 us). The last one is the
 * upper end of the slowest job's bucket. Jobs that took longer than the last
 * limit (67 s) count as if they took just that.
 */
void status_rates(const struct status_board *before,
		  const struct status_board *now, struct status_rates *r);

/**
 * status_clients() - which processes have boards open
 * @list: where to put them, by board, then process, then file; for free(); each
 *	open file once for each process that has it
 * @count: how many
 * @hidden: where to put how many processes could not be looked into, or NULL
 *
 * Sees the caller's own processes, and those of others with CAP_SYS_PTRACE. A
 * number that a file tells wrongly is 0. Names are printable ASCII.
 *
 * Return: 0, -ENOMEM, what /proc answered.
 */
int status_clients(struct status_client **list, size_t *count, size_t *hidden);

#endif /* STATUS_H */
