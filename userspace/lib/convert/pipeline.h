/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Does the jobs of a plan on all cores, within a memory limit.
 */
#ifndef AK_PIPELINE_H
#define AK_PIPELINE_H

#include "akida/convert.h"
#include "convert/plan.h"
#include "convert/writer.h"

/**
 * struct ak_watch - whom to tell about progress
 * @options: progress, message and arg count
 * @plan: whose messages are handed on
 */
struct ak_watch {
	const struct akida_convert_options *options;
	struct ak_plan *plan;
};

/**
 * ak_watch_look() - tell about progress and messages
 * @watch: whom to tell
 * @done: work done
 * @total: of how much
 * @err: error text
 *
 * Return: 0, -ECANCELED if the user has had enough.
 */
int ak_watch_look(const struct ak_watch *watch, uint64_t done, uint64_t total,
		  struct ak_err *err);

/**
 * ak_pipeline_memory() - how the memory is divided
 * @options: memory counts
 * @units: where to put bytes for units and states of jobs
 *
 * Return: bytes for what waits to be written.
 */
size_t ak_pipeline_memory(const struct akida_convert_options *options,
			  size_t *units);

/**
 * ak_pipeline_threads() - how many threads
 * @options: threads count
 *
 * Return: at least 1; one per processor that may be used unless @options says
 * another number.
 */
unsigned int ak_pipeline_threads(const struct akida_convert_options *options);

/**
 * ak_pipeline_run() - do all jobs that the writer wants
 * @plan: a sealed plan
 * @set: the tensors of its jobs
 * @w: where the outputs go
 * @options: threads and memory count
 * @watch: whom to tell
 * @err: error text
 *
 * Return: 0, -ECANCELED, -ERANGE if a job needs more memory than there may be,
 * or what a job or the writer returned.
 */
int ak_pipeline_run(struct ak_plan *plan, const struct ak_tensors *set,
		    struct ak_writer *w,
		    const struct akida_convert_options *options,
		    const struct ak_watch *watch, struct ak_err *err);

#endif /* AK_PIPELINE_H */
