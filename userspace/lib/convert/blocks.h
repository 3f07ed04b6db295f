/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Jobs that turn a matrix into rows of blocks, interleaved or not.
 */
#ifndef AK_CONVERT_BLOCKS_H
#define AK_CONVERT_BLOCKS_H

#include "convert/convert.h"

/**
 * struct ak_blocks - what rows become
 * @type: format of a row
 * @repacked: rows of Q4_0 are interleaved
 * @how: in this way
 */
struct ak_blocks {
	enum ak_quant_type type;
	bool repacked;
	enum ak_repack how;
};

/**
 * ak_blocks_job() - fill the rest of a job in
 * @plan: its plan
 * @job: a job with its source; columns are padded to whole blocks unless the
 *	format drops the rest. NULL after an error
 * @b: what rows become, copied
 * @bytes: where to put the size of its only output
 * @err: error text
 *
 * Return: 0, -EFBIG, -EINVAL for rows that cannot be interleaved, or what the
 * plan has noted.
 */
int ak_blocks_job(struct ak_plan *plan, struct ak_job *job,
		  const struct ak_blocks *b, uint64_t *bytes,
		  struct ak_err *err);

#endif /* AK_CONVERT_BLOCKS_H */
