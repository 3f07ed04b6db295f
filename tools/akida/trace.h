/* SPDX-License-Identifier: GPL-2.0 */
/*
 * akida trace: how what was traced is shown.
 */
#ifndef TRACE_H
#define TRACE_H

#include <stdbool.h>

#include "../bpf/trace_load.h"

/**
 * enum trace_by - whose histograms are shown
 * @TRACE_BY_NONE: of all jobs together
 * @TRACE_BY_PROGRAM: of each program
 * @TRACE_BY_PROCESS: of each process
 */
enum trace_by {
	TRACE_BY_NONE,
	TRACE_BY_PROGRAM,
	TRACE_BY_PROCESS,
};

/* A line about a job that took long, for people or as an object */
void trace_slow_text(const struct trace_job *job);
void trace_slow_json(const struct trace_job *job);

/**
 * trace_print_text() - tables and histograms
 * @r: what was traced
 * @by: whose
 */
void trace_print_text(const struct trace_result *r, enum trace_by by);

/**
 * trace_print_json() - an object on one line
 * @r: what was traced
 * @btf: structures were read by BTF
 */
void trace_print_json(const struct trace_result *r, bool btf);

/* Names of stages: "queued" ... "total" */
extern const char *const trace_stages[NUM_STAGES];

/**
 * trace_merge() - sum of rows
 * @r: what was traced
 * @by: rows of the same program, or process, as @like; or all
 * @like: a row
 * @sum: where to put it
 */
void trace_merge(const struct trace_result *r, enum trace_by by,
		 const struct trace_key *like, struct trace_row *sum);

/**
 * trace_groups() - one row for each program or process
 * @r: what was traced
 * @by: which
 * @num: how many
 *
 * Return: rows, those with most clocks first; for free().
 */
struct trace_row *trace_groups(const struct trace_result *r, enum trace_by by,
			       size_t *num);

#endif /* TRACE_H */
