/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What range the values of tensors have.
 */
#ifndef AK_STATS_H
#define AK_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "convert/tensors.h"
#include "convert/view.h"

/**
 * struct ak_stats - values of a tensor
 * @known: it has float values
 * @finite: how many are finite
 * @nan: how many are none
 * @inf: how many are infinite
 * @min: smallest finite one, 0 without any
 * @max: largest finite one
 * @rms: root of the mean of squares of the finite ones
 */
struct ak_stats {
	bool known;
	uint64_t finite, nan, inf;
	double min, max, rms;
};

/**
 * ak_stats_progress - is told how far it is
 * @arg: the caller's
 * @done: elements that were read
 * @total: of how many
 */
typedef void (*ak_stats_progress)(void *arg, uint64_t done, uint64_t total);

/**
 * ak_stats() - read all tensors of a set
 * @set: the set
 * @threads: how many threads read, 0 for one per processor
 * @stats: ak_tensors_count() of them
 * @progress: told from time to time, or NULL
 * @arg: for @progress
 * @err: error text
 *
 * Sums are made in double, in pieces of the same size whatever the number of
 * threads, so the result does not depend on it.
 *
 * Return: 0, or what ak_tensor_read() gave.
 */
int ak_stats(const struct ak_tensors *set, unsigned int threads,
	     struct ak_stats *stats, ak_stats_progress progress, void *arg,
	     struct ak_err *err);

/**
 * ak_stats_view() - the same for one weight of a view
 * @view: the view
 * @weight: of ak_view_get()
 * @threads: how many threads read, 0 for one per processor
 * @stats: where to put them
 * @err: error text
 *
 * Return: 0, or what ak_view_read() gave.
 */
int ak_stats_view(const struct ak_view *view,
		  const struct ak_view_tensor *weight, unsigned int threads,
		  struct ak_stats *stats, struct ak_err *err);

#endif /* AK_STATS_H */
