/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a plan is made of; for the pipeline, not for formats.
 */
#ifndef AK_PLAN_H
#define AK_PLAN_H

#include <pthread.h>

#include "common/buf.h"
#include "convert/convert.h"

/**
 * enum ak_segment_kind - what a file is a list of
 * @AK_SEGMENT_BYTES: bytes that are known
 * @AK_SEGMENT_OUTPUT: all of an output of a job
 * @AK_SEGMENT_LATE: bytes that are known after all jobs
 * @AK_SEGMENT_ENTRY: the beginning of an entry of an archive
 */
enum ak_segment_kind {
	AK_SEGMENT_BYTES,
	AK_SEGMENT_OUTPUT,
	AK_SEGMENT_LATE,
	AK_SEGMENT_ENTRY,
};

/**
 * struct ak_stream_sum - what is known of a stream of bytes
 * @size: bytes
 * @raw: bytes before they were deflated; @size if they were not
 * @crc: CRC-32 of those, of streams for archives only
 * @hash: XXH64 of the stream, of parts only
 */
struct ak_stream_sum {
	uint64_t size, raw;
	uint32_t crc;
	uint64_t hash;
};

/**
 * struct ak_segment - a piece of a file
 * @kind: what it is
 * @bytes: bytes that are known
 * @name: of an entry
 * @size: bytes of an output that is not variable, or of late bytes
 * @sized: they are late, but @size is known
 * @offset: in the file, where it is known
 * @job: whose output
 * @output: which of its outputs
 * @make: makes late bytes
 * @arg: handed to it
 * @complete: nothing more will come for it; set by the writer
 * @sum: what was written of it; set by the writer for files that are written
 *	in order
 */
struct ak_segment {
	enum ak_segment_kind kind;
	struct ak_buf bytes;
	char *name;
	uint64_t size;
	bool sized;
	uint64_t offset;
	struct ak_job *job;
	unsigned int output;
	int (*make)(void *arg, uint8_t **data, size_t *size,
		    struct ak_err *err);
	void *arg;
	bool complete;
	struct ak_stream_sum sum;
};

/**
 * struct ak_plan_file - a file
 * @plan: which it belongs to
 * @name: in the output's folder, NULL for the output itself
 * @kind: AK_FILE_*
 * @segment: what it consists of
 * @segments: how many
 * @room: how many are allocated
 * @position: bytes so far
 * @known: @position is right: nothing variable went before
 * @outputs: how many segments are outputs
 * @hash: make &struct ak_stream_sum.hash of its outputs
 */
struct ak_plan_file {
	struct ak_plan *plan;
	char *name;
	unsigned int kind;
	struct ak_segment *segment;
	size_t segments, room;
	uint64_t position;
	bool known;
	size_t outputs;
	bool hash;
};

/**
 * struct ak_place - where an output goes
 * @file: number of the file
 * @segment: number of its segment
 * @set: it has a place
 */
struct ak_place {
	size_t file, segment;
	bool set;
};

/**
 * struct ak_plan_job - a job and what the pipeline adds to it
 * @job: the format's part
 * @place: of each output
 * @skip: another part does it
 * @unit_rows: rows of a unit, but for the last
 * @units: how many
 * @need: bytes of buffers that a unit takes
 * @x_bytes: of those, floats
 * @read_bytes: of those, to read transposed
 * @scratch_bytes: of those, the job's scratch
 * @out_bytes: of those, output k
 * @pack_bytes: of those, output k deflated; 0 if it is not
 */
struct ak_plan_job {
	struct ak_job job;
	struct ak_place place[AK_JOB_OUTPUTS];
	bool skip;
	uint64_t unit_rows, units;
	size_t need, x_bytes, read_bytes, scratch_bytes;
	size_t out_bytes[AK_JOB_OUTPUTS], pack_bytes[AK_JOB_OUTPUTS];
};

/**
 * struct ak_plan - see convert/convert.h
 * @job: jobs in order
 * @jobs: how many
 * @job_room: how many are allocated
 * @file: files in order
 * @files: how many
 * @file_room: how many are allocated
 * @memory: list of what ak_plan_alloc() gave
 * @priv: the format's
 * @code: first error, 0 for none
 * @err: its sentence
 * @lock: for @message
 * @message: messages that nobody has been given yet
 */
struct ak_plan {
	struct ak_plan_job **job;
	size_t jobs, job_room;
	struct ak_plan_file **file;
	size_t files, file_room;
	struct ak_plan_memory *memory;
	void *priv;
	int code;
	struct ak_err err;
	pthread_mutex_t lock;
	struct ak_plan_message *message;
};

/**
 * ak_plan_new() - an empty plan
 *
 * Return: a plan for ak_plan_free(), NULL without memory.
 */
struct ak_plan *ak_plan_new(void);

/**
 * ak_plan_free() - give it back
 * @plan: a plan or NULL
 */
void ak_plan_free(struct ak_plan *plan);

/**
 * ak_plan_seal() - check what a format has planned and cut jobs into units
 * @plan: the plan
 * @err: error text
 *
 * Return: 0, -EINVAL for a plan that contradicts itself (a fault of the
 * format), or what the plan has noted.
 */
int ak_plan_seal(struct ak_plan *plan, struct ak_err *err);

/**
 * ak_plan_drop_files() - forget all files
 * @plan: a sealed plan; its jobs get new places
 */
void ak_plan_drop_files(struct ak_plan *plan);

/**
 * ak_plan_messages() - hand on what was said since the last call
 * @plan: the plan
 * @fn: given each message in order, or NULL to forget them
 * @arg: handed to it
 */
void ak_plan_messages(struct ak_plan *plan,
		      void (*fn)(void *arg, int level, const char *text),
		      void *arg);

/**
 * ak_plan_digest() - what must be the same for parts to belong together
 * @plan: a sealed plan
 * @seed: digest of format and settings
 *
 * Of the jobs: their names, tensors, shapes and types, and the first and last
 * 4096 bytes of each tensor that is mapped. Bytes of files are not part of it:
 * a time of conversion may be among them.
 *
 * Return: the digest.
 */
uint64_t ak_plan_digest(const struct ak_plan *plan, uint64_t seed);

/**
 * ak_unit_rows_of() - rows of a unit
 * @pj: a job
 * @unit: number of the unit
 *
 * Return: rows.
 */
static inline uint64_t ak_unit_rows_of(const struct ak_plan_job *pj,
				       uint64_t unit)
{
	uint64_t first = unit * pj->unit_rows;
	uint64_t left = pj->job.rows - first;

	return left < pj->unit_rows ? left : pj->unit_rows;
}

/**
 * ak_file_is_zip() - is a file an archive
 * @kind: AK_FILE_*
 *
 * Return: true if so.
 */
static inline bool ak_file_is_zip(unsigned int kind)
{
	return kind != AK_FILE_PLAIN;
}

/* ------------------------------------------------------------ source.c */

/**
 * ak_source_read_bytes() - buffer that ak_source_read() needs
 * @job: a job
 * @rows: most rows at a time
 *
 * Return: bytes; 0 unless the source is transposed.
 */
size_t ak_source_read_bytes(const struct ak_job *job, uint64_t rows);

/**
 * ak_source_read() - rows of a job as floats
 * @set: the tensors
 * @job: a job
 * @first: first row
 * @rows: how many
 * @x: [rows][job->cols]
 * @buffer: ak_source_read_bytes() bytes, aligned for floats
 * @quant: functions of this machine
 * @err: error text; names the tensor
 *
 * Return: 0 or a negative errno.
 */
int ak_source_read(const struct ak_tensors *set, const struct ak_job *job,
		   uint64_t first, uint64_t rows, float *x, void *buffer,
		   const struct ak_quant *quant, struct ak_err *err);

/**
 * ak_source_direct() - rows of a job where they are mapped
 * @job: a job
 * @first: first row
 * @rows: how many
 *
 * Return: [rows][job->cols] floats, if the file has them so; NULL if they must
 * be read.
 */
const float *ak_source_direct(const struct ak_job *job, uint64_t first,
			      uint64_t rows);

/**
 * ak_source_willneed() - have the system read ahead
 * @job: a job
 * @first: first row
 * @rows: how many
 */
void ak_source_willneed(const struct ak_job *job, uint64_t first,
			uint64_t rows);

#endif /* AK_PLAN_H */
