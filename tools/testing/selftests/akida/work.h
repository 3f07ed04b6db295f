/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Jobs of the small program (tiny.h), which is loaded into an open file, with
 * inputs and outputs.
 */
#ifndef WORK_H
#define WORK_H

#include "akida_test.h"
#include "tiny.h"

#define MAX_JOBS AKIDA_MAX_SUBMIT

/**
 * struct work - a program, and buffers with inputs and outputs
 * @t: program
 * @in: inputs, TINY_INPUT_BYTES each
 * @out: outputs, TINY_OUTPUT_BYTES each
 * @value: the inputs' values
 * @job: for each input
 * @arg: for AKIDA_IOC_SUBMIT
 */
struct work {
	struct tiny t;
	uint8_t *in, *out;
	uint8_t value[MAX_JOBS][TINY_INPUTS];
	struct akida_submit_job job[MAX_JOBS];
	struct akida_ioc_submit arg;
};

/**
 * work_make() - load a program and make buffers
 * @w: where to put it; it must not move afterwards
 * @fd: of the node
 * @chip: AKIDA_CHIP_*
 * @seed: of the program's weights
 *
 * Return: 0 or a negative errno.
 */
int work_make(struct work *w, int fd, uint32_t chip, unsigned int seed);

/**
 * work_unmap() - let go of the buffers' mappings
 * @w: work
 *
 * Mappings hold their file: without them close() is its end.
 */
void work_unmap(struct work *w);

/**
 * work_submit() - submit jobs, whose outputs are wiped before
 * @w: work
 * @fd: of the node
 * @from: number of the first
 * @num: how many
 * @flags: AKIDA_SUBMIT_WAIT, which waits at most a minute, or 0
 *
 * Return: 0 or a negative errno.
 */
int work_submit(struct work *w, int fd, unsigned int from, unsigned int num,
		uint32_t flags);

/**
 * work_wrong() - how many of the outputs are wrong
 * @w: work
 * @from: number of the first
 * @num: how many to look at
 */
unsigned int work_wrong(const struct work *w, unsigned int from,
			unsigned int num);

/**
 * dev_info() - what the driver says of the board
 * @fd: of the node
 *
 * Return: it; zeros if it cannot be had.
 */
struct akida_ioc_info dev_info(int fd);

#endif
