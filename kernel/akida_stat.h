/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is counted for those who watch boards (akida_stat.c): how long jobs
 * took, of a board, and what each open file has had of it.
 *
 * All of it is told without touching hardware, so whoever reads it wakes no
 * board and waits for no reset. Counters have 64 bits everywhere and only grow;
 * they begin with 0 when the driver finds the board, or the file is opened.
 */
#ifndef AKIDA_STAT_H
#define AKIDA_STAT_H

#include <linux/atomic.h>
#include <linux/types.h>

struct akida_device;
struct akida_file;
struct file;
struct seq_file;

/* The first bucket ends at 16 us, the last but one at 2^26 us; 4 an octave. */
#define AKIDA_LATENCY_FIRST 4
#define AKIDA_LATENCY_LAST 26
#define AKIDA_LATENCY_BUCKETS \
	((AKIDA_LATENCY_LAST - AKIDA_LATENCY_FIRST) * 4 + 2)

/**
 * struct akida_latency - how long jobs took from submission to completion
 * @jobs: in each bucket; the last is for all that took longer than the others
 *	can say
 * @sum_ns: of all of them, nanoseconds
 *
 * From akida_result.queued, when AKIDA_IOC_SUBMIT had checked the job and gave
 * it its number, to akida_result.ended, when its output had arrived in host
 * memory and its result is filed. Jobs that failed are not in it: how long that
 * took is a matter of time limits.
 */
struct akida_latency {
	atomic64_t jobs[AKIDA_LATENCY_BUCKETS];
	atomic64_t sum_ns;
};

/**
 * akida_latency_count() - count a job
 * @l: counters
 * @ns: that it took
 */
void akida_latency_count(struct akida_latency *l, u64 ns);

/**
 * akida_latency_show() - the histogram as sysfs has it
 * @l: counters
 * @buf: a page
 *
 * Lines "UPPER JOBS", UPPER being the longest time of the bucket in whole
 * microseconds, ascending; the last line's is "inf". Buckets are read one by
 * one while jobs go on.
 *
 * Return: bytes written.
 */
ssize_t akida_latency_show(const struct akida_latency *l, char *buf);

/**
 * akida_fdinfo() - what /proc/PID/fdinfo/FD tells of an open node
 * @m: where to write it
 * @filp: node; the caller holds it, so it is not being closed
 */
void akida_fdinfo(struct seq_file *m, struct file *filp);

#endif /* AKIDA_STAT_H */
