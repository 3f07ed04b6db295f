/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files that jobs go through ask of each other: akida_job.c begins and
 * ends them, akida_queue.c has them wait for their turn, akida_batch.c moves
 * their data, akida_run.c has the core run them.
 */
#ifndef AKIDA_JOB_H
#define AKIDA_JOB_H

#include "akida_file.h"

/**
 * struct akida_task - a job
 * @node: in its file's queue
 * @ticket: number
 * @file: whose
 * @program: held
 * @input: held
 * @output: held
 * @input_offset: where
 * @output_offset: where
 * @input_size: bytes
 * @tries: resets that it was under way during
 * @result: for who asks
 * @times: nanoseconds of each stage, 0 for those that it did not come to
 * @work: ends it
 */
struct akida_task {
	struct list_head node;
	struct akida_ticket ticket;
	struct akida_file *file;
	struct akida_program *program;
	struct akida_buffer *input;
	struct akida_buffer *output;
	u64 input_offset;
	u64 output_offset;
	u32 input_size;
	unsigned int tries;
	struct akida_result result;
	struct akida_times times;
	struct work_struct work;
};

/**
 * akida_task_end() - file a job's result
 * @t: job, in no queue nor batch any more
 * @status: 0 or a negative errno
 *
 * Its references are dropped by a work item.
 */
void akida_task_end(struct akida_task *t, int status);

/**
 * akida_queue_put_back() - jobs wait again, before those that have not run
 * @core: core
 * @q: their queue, which may be gone if there are none
 * @task: jobs
 * @num: how many
 */
void akida_queue_put_back(struct akida_core *core, struct akida_queue *q,
			  struct akida_task **task, unsigned int num);

/**
 * akida_queue_try_again() - the same, but those that tried too often fail
 * @core: core
 * @q: their queue
 * @task: jobs; the array is used up
 * @num: how many
 */
void akida_queue_try_again(struct akida_core *core, struct akida_queue *q,
			   struct akida_task **task, unsigned int num);

/**
 * akida_queue_take() - the jobs that are to run next
 * @core: core
 * @b: where to put them
 *
 * Return: false if there are none.
 */
bool akida_queue_take(struct akida_core *core, struct akida_batch *b);

/**
 * akida_batch_begin_inputs() - begin to move inputs and descriptors
 * @core: core
 * @b: batch, whose @epoch begins now
 *
 * Return: 0, -ENOMEM, -ENODEV.
 */
int akida_batch_begin_inputs(struct akida_core *core, struct akida_batch *b);

/**
 * akida_batch_begin_outputs() - begin to move outputs
 * @core: core
 * @b: batch that has run
 *
 * Return: 0; -ESTALE if the board was blocked since; -ENOMEM; -ENODEV.
 */
int akida_batch_begin_outputs(struct akida_core *core, struct akida_batch *b);

/**
 * akida_batch_end_move() - wait for what moves
 * @core: core
 * @b: batch, for which something moves or nothing
 *
 * Return: 0; -ESTALE if the board was blocked meanwhile; or what the transfer
 * ended with.
 */
int akida_batch_end_move(struct akida_core *core, struct akida_batch *b);

#endif /* AKIDA_JOB_H */
