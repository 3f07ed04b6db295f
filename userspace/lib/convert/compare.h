/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How far a converted model is from its source.
 */
#ifndef AK_COMPARE_H
#define AK_COMPARE_H

#include <jansson.h>

#include "common/err.h"
#include "convert/convert.h"
#include "convert/view.h"

/**
 * struct ak_pair - a tensor of a converted model and what it was made of
 * @out: its number in the view
 * @name: of the source, for reports
 * @add: was added to each element
 * @head_rows: rows are permuted within heads of so many, 0 for none
 * @source: how rows of the source are read in the converted one's order
 */
struct ak_pair {
	size_t out;
	const char *name;
	float add;
	uint64_t head_rows;
	struct ak_job source;
};

/**
 * struct ak_pairs - tensors that belong together
 * @pair: in the order of the model
 * @count: how many
 * @missing: names of the source without a counterpart
 * @missings: how many
 * @used: for each tensor of the view, whether a pair has it
 */
struct ak_pairs {
	struct ak_pair *pair;
	size_t count;
	const char **missing;
	size_t missings;
	bool *used;
};

/**
 * ak_pairs_find() - find the counterpart of every tensor
 * @in: tensors of the source
 * @c: its configuration, or NULL: then names must be equal
 * @m: its parameters, or NULL
 * @v: the converted model
 * @out: where to put them; ak_pairs_free() gives it back
 * @err: error text
 *
 * Return: 0, -ENOENT if nothing has a counterpart, -ENOMEM.
 */
int ak_pairs_find(const struct ak_tensors *in, const struct ak_arch_config *c,
		  const struct ak_arch_model *m, const struct ak_view *v,
		  struct ak_pairs *out, struct ak_err *err);

/**
 * ak_pairs_free() - give it back
 * @p: filled by ak_pairs_find(), or all zero
 */
void ak_pairs_free(struct ak_pairs *p);

/**
 * ak_compare() - compare a converted model with its source
 * @in: the source: a folder or a file
 * @out: the converted model
 * @threads: threads, 0 for one per processor
 * @report: object to be filled, see akida_weights_compare()
 * @err: error text
 *
 * Return: 0 or a negative errno.
 */
int ak_compare(const char *in, const char *out, unsigned int threads,
	       json_t *report, struct ak_err *err);

#endif /* AK_COMPARE_H */
