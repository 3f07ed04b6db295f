/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes the files of a plan. A plain file whose every offset is known is
 * written anywhere by any thread; others are written in order, and what comes
 * too early waits in a spool.
 */
#ifndef AK_WRITER_H
#define AK_WRITER_H

#include "convert/plan.h"
#include "convert/target.h"

/**
 * struct ak_writer - the files of a plan that are being written; opaque
 */
struct ak_writer;

/**
 * ak_writer_new() - begin
 * @plan: a sealed plan
 * @target: where the files go
 * @journal: of finished files, or NULL
 * @spool_memory: bytes of memory for what waits; the rest waits on disk
 * @w: where to put it
 * @err: error text
 *
 * Files are opened when there is something for them.
 *
 * Return: 0 or a negative errno.
 */
int ak_writer_new(struct ak_plan *plan, struct ak_target *target,
		  struct ak_journal *journal, size_t spool_memory,
		  struct ak_writer **w, struct ak_err *err);

/**
 * ak_writer_free() - give it back; files that are not finished are gone
 * @w: a writer or NULL
 */
void ak_writer_free(struct ak_writer *w);

/**
 * ak_writer_wants() - has a job an output in a file that is not finished
 * @w: a writer
 * @pj: the job
 *
 * Return: true if so, or if it has no outputs; false if the journal has all
 * of its files.
 */
bool ak_writer_wants(const struct ak_writer *w, const struct ak_plan_job *pj);

/**
 * ak_writer_in_order() - must an output be handed over in order
 * @w: a writer
 * @pj: the job
 * @output: which of its outputs
 *
 * Return: true for ak_writer_append(), false for ak_writer_put().
 */
bool ak_writer_in_order(const struct ak_writer *w, const struct ak_plan_job *pj,
			unsigned int output);

/**
 * ak_writer_put() - write bytes of an output at their place
 * @w: a writer
 * @pj: the job
 * @output: which of its outputs
 * @offset: from the beginning of the output
 * @data: bytes
 * @size: how many
 * @err: error text
 *
 * Any thread at any time.
 *
 * Return: 0 or a negative errno.
 */
int ak_writer_put(struct ak_writer *w, const struct ak_plan_job *pj,
		  unsigned int output, uint64_t offset, const void *data,
		  size_t size, struct ak_err *err);

/**
 * ak_writer_append() - write the next bytes of an output
 * @w: a writer
 * @pj: the job
 * @output: which of its outputs
 * @data: bytes
 * @size: how many
 * @raw: bytes before they were deflated, for AK_FILE_ZIP
 * @crc: CRC-32 of those
 * @err: error text
 *
 * One thread at a time.
 *
 * Return: 0 or a negative errno.
 */
int ak_writer_append(struct ak_writer *w, const struct ak_plan_job *pj,
		     unsigned int output, const void *data, size_t size,
		     uint64_t raw, uint32_t crc, struct ak_err *err);

/**
 * ak_writer_job_done() - all outputs of a job have been handed over
 * @w: a writer
 * @pj: the job
 * @in_order: those for ak_writer_append(), by the thread that calls that; or
 *	those for ak_writer_put(), by any
 * @err: error text
 *
 * Finishes files of folders as soon as they are complete.
 *
 * Return: 0 or a negative errno.
 */
int ak_writer_job_done(struct ak_writer *w, const struct ak_plan_job *pj,
		       bool in_order, struct ak_err *err);

/**
 * ak_writer_finish() - write what is left: late bytes, files without jobs
 * @w: a writer, all of whose jobs are done
 * @err: error text
 *
 * Return: 0 or a negative errno.
 */
int ak_writer_finish(struct ak_writer *w, struct ak_err *err);

/**
 * ak_writer_publish() - give a single file its name
 * @w: a finished writer
 * @err: error text
 *
 * Return: 0 or a negative errno.
 */
int ak_writer_publish(struct ak_writer *w, struct ak_err *err);

#endif /* AK_WRITER_H */
