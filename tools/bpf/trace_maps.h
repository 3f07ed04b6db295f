/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the BPF programs of akida trace and their loader share: what is in the
 * maps. Included by both compilers.
 */
#ifndef TRACE_MAPS_H
#define TRACE_MAPS_H

#include <linux/types.h>

/* Slot i counts values from 2^i up to 2^(i+1), slot 0 those below 2, too. */
#define TRACE_SLOTS 64
#define TRACE_COMM 16

/* Stages of a job; all of it */
enum trace_stage {
	STAGE_QUEUED,
	STAGE_UPLOAD,
	STAGE_WAIT,
	STAGE_COMPUTE,
	STAGE_DOWNLOAD,
	STAGE_TOTAL,
	NUM_STAGES,
};

/**
 * struct trace_key - whose jobs
 * @program: number
 * @pid: process that submitted them; 0 if that was not seen
 * @board: index
 */
struct trace_key {
	__u64 program;
	__u32 pid;
	__u32 board;
};

struct trace_hist {
	__u64 slot[TRACE_SLOTS];
	__u64 sum;
	__u64 max;
};

/**
 * struct trace_jobs - jobs of a key
 * @done: well
 * @failed: not well
 * @clocks: of the core's timer
 * @input_bytes: of those done
 * @output_bytes: of those done
 * @comm: name of the process
 */
struct trace_jobs {
	__u64 done;
	__u64 failed;
	__u64 clocks;
	__u64 input_bytes;
	__u64 output_bytes;
	char comm[TRACE_COMM];
};

struct trace_stage_key {
	struct trace_key key;
	__u64 stage;
};

/* Who submits to a file */
struct trace_owner {
	__u32 pid;
	char comm[TRACE_COMM];
};

/**
 * struct trace_job - a job at its end
 * @key: whose
 * @file: number
 * @seq: number
 * @status: 0 or a negative errno
 * @input_size: bytes
 * @output_size: bytes
 * @clocks: of the core's timer
 * @ns: of each stage
 * @comm: name of the process
 */
struct trace_job {
	struct trace_key key;
	__u64 file;
	__u64 seq;
	__s32 status;
	__u32 input_size;
	__u32 output_size;
	__u32 reserved;
	__u64 clocks;
	__u64 ns[NUM_STAGES];
	char comm[TRACE_COMM];
};

/* Fields of tracepoints, where classic ones have them */
enum trace_field {
	FIELD_BOARD,
	FIELD_STATUS,
	FIELD_FILE,
	FIELD_SEQ,
	FIELD_PROGRAM,
	FIELD_CLOCKS,
	FIELD_INPUT_SIZE,
	FIELD_OUTPUT_SIZE,
	FIELD_QUEUED,
	FIELD_UPLOAD,
	FIELD_WAIT,
	FIELD_COMPUTE,
	FIELD_DOWNLOAD,
	FIELD_SUBMIT_FILE,
	FIELD_DMA_BOARD,
	FIELD_DMA_TO_DEVICE,
	FIELD_DMA_DONE,
	NUM_FIELDS,
};

/**
 * struct trace_settings - what the loader wants
 * @slower_than: nanoseconds; jobs that took longer go to the log; 0 none
 * @board: index, or -1 for all
 * @offset: of each field, for classic tracepoints
 */
struct trace_settings {
	__u64 slower_than;
	__s64 board;
	__u32 offset[NUM_FIELDS];
};

/* Counters of what was lost */
enum trace_lost {
	LOST_KEYS,
	LOST_LOG,
	NUM_LOST,
};

#endif /* TRACE_MAPS_H */
