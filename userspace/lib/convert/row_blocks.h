/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Blocks of rows, shared out among threads.
 */
#ifndef AK_ROW_BLOCKS_H
#define AK_ROW_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/**
 * struct ak_row_blocks - what is to be done with rows
 * @rows: how many there are
 * @row_bytes: scratch that a row needs
 * @fixed_bytes: scratch that a block needs beside that
 * @fn: does a block; called by several threads at a time
 * @arg: handed to it
 */
struct ak_row_blocks {
	uint64_t rows;
	size_t row_bytes, fixed_bytes;
	int (*fn)(void *arg, size_t block, uint64_t first, uint64_t rows,
		  void *scratch, struct ak_err *err);
	void *arg;
};

/**
 * ak_row_blocks_size() - rows of a block
 * @b: rows and their bytes
 *
 * Depends on nothing else, so that sums over blocks are the same for any
 * number of threads.
 *
 * Return: rows, at least 1.
 */
uint64_t ak_row_blocks_size(const struct ak_row_blocks *b);

/**
 * ak_row_blocks_count() - blocks
 * @b: rows and their bytes
 *
 * Return: how many.
 */
size_t ak_row_blocks_count(const struct ak_row_blocks *b);

/**
 * ak_row_blocks_run() - do all blocks
 * @b: what is to be done
 * @threads: threads, 0 for one per processor
 * @err: error text of a block that failed
 *
 * Return: 0, -ENOMEM, or what a block returned.
 */
int ak_row_blocks_run(const struct ak_row_blocks *b, unsigned int threads,
		      struct ak_err *err);

#endif /* AK_ROW_BLOCKS_H */
