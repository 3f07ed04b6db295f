/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Programs on boards.
 */
#ifndef AK_BOARD_PROGRAM_H
#define AK_BOARD_PROGRAM_H

#include "device/backend.h"

/**
 * ak_board_load() - build a model for the device's board and load it
 * @p: program; its device's priv is a board
 * @o: how; its target must be none or the board's chip, whose rounding of
 *	steps applies either way
 *
 * Return: 0; what ak_build() returns; -ENOTSUP for silicon, for which nothing
 * public says how to build; -EINVAL for another target; what the driver says.
 */
int ak_board_load(struct akida_program *p, const struct akida_load_options *o);

/**
 * ak_board_unload() - take it off the board
 * @p: loaded program
 */
void ak_board_unload(struct akida_program *p);

/**
 * ak_board_run() - run a batch
 * @p: loaded program
 * @in: @batch inputs
 * @out: @batch outputs
 * @batch: how many
 *
 * Return: 0; -EIO if the core could not run one, or its DMA failed; -ENODEV.
 */
int ak_board_run(struct akida_program *p, const uint8_t *in, uint8_t *out,
		 unsigned int batch);

/**
 * ak_board_memory() - bytes of host memory that it takes
 * @p: loaded program
 *
 * Return: bytes.
 */
size_t ak_board_memory(const struct akida_program *p);

#endif /* AK_BOARD_PROGRAM_H */
