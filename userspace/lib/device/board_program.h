/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Programs on boards, shared by the files behind them: board_program.c loads,
 * board_run.c runs, board_named.c gives names.
 */
#ifndef AK_BOARD_PROGRAM_H
#define AK_BOARD_PROGRAM_H

#include "device/backend.h"
#include "device/board.h"
#include "npu/npu.h"
#include "program/note.h"
#include "program/program.h"

/* Two batches of the core: one moves while the other runs. */
#define BOARD_SLOTS 30u

/**
 * struct board_slot - room for an input and its output
 * @ticket: of the batch that has it, 0 if it is free
 * @seq: of its job
 * @at: which of the batch it is
 */
struct board_slot {
	uint64_t ticket, seq;
	uint32_t at;
};

/**
 * struct board_rest - layers that run on this machine's processors
 * @npu: prepared; NULL if there are none
 * @part: the layers
 */
struct board_rest {
	struct npu *npu;
	struct ak_model part;
};

/**
 * struct board_program - a program on a board
 * @board: the device's
 * @handle: the driver's, 0 before there is one
 * @built: what was built from a model; its file is NULL otherwise
 * @note: of a program that was opened by name or loaded from a file
 * @note_data: what @note points into
 * @note_size: bytes of it
 * @sparse: inputs are events
 * @shape: of what the board takes
 * @in_size: bytes of it as a map
 * @out_shape: of what the board gives
 * @out_bytes: bytes of one of its outputs as a map
 * @activation: outputs are bytes, not int32
 * @in: inputs
 * @out: outputs
 * @in_data: mapping of @in
 * @out_data: mapping of @out
 * @in_step: bytes of an input in it
 * @out_step: bytes of an output in it
 * @slots: inputs and outputs that there is room for
 * @slot: who has them
 * @options: how the rest was prepared
 * @before: layers before those on the board
 * @after: layers behind them
 * @before_map: outputs of @before
 * @after_map: inputs of @after
 */
struct board_program {
	struct akida_board *board;
	uint32_t handle;
	struct ak_built built;
	struct ak_note note;
	uint8_t *note_data;
	size_t note_size;
	bool sparse;
	struct akida_shape shape, out_shape;
	size_t in_size, out_bytes;
	bool activation;
	struct akida_buffer *in, *out;
	uint8_t *in_data, *out_data;
	size_t in_step, out_step;
	uint32_t slots;
	struct board_slot slot[BOARD_SLOTS];
	struct akida_load_options options;
	struct board_rest before, after;
	uint8_t *before_map, *after_map;
};

/* ---------------------------------------------------- what a backend has */

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
 * ak_board_load_file() - load a compiled program
 * @p: program
 * @f: the file, of a known version
 * @info: its info part
 *
 * Return: 0; -EINVAL for another device version; what the driver says.
 */
int ak_board_load_file(struct akida_program *p, const struct ak_program_file *f,
		       const uint8_t *info);

/**
 * ak_board_open_named() - use a program that is on the board
 * @p: program
 * @name: its name
 * @rights: AKIDA_OPEN_*
 *
 * Return: as akida_program_open().
 */
int ak_board_open_named(struct akida_program *p, const char *name,
			unsigned int rights);

/**
 * ak_board_set_name() - have a program stay
 * @p: program
 * @name: for it
 * @mode: permissions
 * @flags: AKIDA_NAME_REPLACES or 0
 *
 * Return: as akida_program_set_name().
 */
int ak_board_set_name(struct akida_program *p, const char *name,
		      unsigned int mode, unsigned int flags);

/**
 * ak_board_unload() - take it off the board
 * @p: loaded program
 */
void ak_board_unload(struct akida_program *p);

/**
 * ak_board_memory() - bytes of host memory that it takes
 * @p: loaded program
 *
 * Return: bytes.
 */
size_t ak_board_memory(const struct akida_program *p);

/**
 * ak_board_replace() - new weights for a program that was built here
 * @p: loaded from a model
 * @next: the model with other weights in one layer
 * @layer: which
 *
 * Return: 0 or a negative errno; then all is as before.
 */
int ak_board_replace(struct akida_program *p, const struct ak_model *next,
		     uint32_t layer);

/**
 * ak_board_set_weights() - new weights for a program without a model
 * @p: opened by name
 * @layer: name or number
 * @weights: new weights
 * @pointwise: of a separable layer
 *
 * Return: as akida_program_set_weights().
 */
int ak_board_set_weights(struct akida_program *p, const char *layer,
			 const struct akida_array *weights,
			 const struct akida_array *pointwise);

/**
 * ak_board_slots() - inputs that may be under way
 * @p: loaded program
 *
 * Return: how many; 0 if layers of it run here.
 */
unsigned int ak_board_slots(const struct akida_program *p);

/**
 * ak_board_submit() - begin a batch
 * @p: loaded program
 * @in: inputs
 * @batch: how many
 * @ticket: its number
 *
 * Return: 0; -EAGAIN without free slots; what the driver says.
 */
int ak_board_submit(struct akida_program *p, const uint8_t *in,
		    unsigned int batch, uint64_t *ticket);

/**
 * ak_board_wait() - end a batch
 * @p: loaded program
 * @ticket: its number
 * @deadline: CLOCK_MONOTONIC nanoseconds, 0 for none
 * @out: where to put outputs
 * @out_size: bytes of it
 *
 * Return: as akida_program_wait().
 */
int ak_board_wait(struct akida_program *p, uint64_t ticket, uint64_t deadline,
		  uint8_t *out, size_t out_size);

/**
 * ak_board_run() - run a batch
 * @p: loaded program
 * @in: @batch inputs
 * @out: @batch outputs
 * @batch: how many
 *
 * Return: 0; -EIO if the core could not run one, or its DMA failed; -ENODEV;
 * -EBUSY if batches that were not waited for have all the room.
 */
int ak_board_run(struct akida_program *p, const uint8_t *in, uint8_t *out,
		 unsigned int batch);

/* ------------------------------------------------- among the files */

/**
 * ak_board_create() - hand a program to the driver
 * @p: for errors
 * @bp: its handle and what goes in and out are set
 * @f: the program
 *
 * Return: 0 or a negative errno.
 */
int ak_board_create(struct akida_program *p, struct board_program *bp,
		    const struct ak_program_file *f);

/**
 * ak_board_sizes() - what goes in and out of a program
 * @p: for errors
 * @bp: its shapes, sizes and steps are set
 * @f: the program
 *
 * Return: 0, -EINVAL for dimensions that cannot be, -ERANGE, -EFBIG.
 */
int ak_board_sizes(struct akida_program *p, struct board_program *bp,
		   const struct ak_program_file *f);

/**
 * ak_board_buffers() - make room for inputs and outputs
 * @p: for errors
 * @bp: its slots and buffers are set
 *
 * Return: 0 or a negative errno.
 */
int ak_board_buffers(struct akida_program *p, struct board_program *bp);

/**
 * ak_board_update() - replace tracks
 * @p: for errors
 * @bp: program
 * @first: number of the first track
 * @words: contents, host byte order; freed by the caller
 * @num: how many tracks, one after the other
 *
 * Return: 0 or a negative errno.
 */
int ak_board_update(struct akida_program *p, struct board_program *bp,
		    uint32_t first, const struct ak_program_words *words,
		    uint32_t num);

/**
 * ak_board_describe() - say what goes in and out, from a note
 * @p: program without a model; @p->info, @p->shift and @p->scale are set
 * @bp: program
 */
void ak_board_describe(struct akida_program *p, struct board_program *bp);

/**
 * ak_board_decode() - an output of the board as a map
 * @p: for errors
 * @bp: program
 * @from: the output as it arrived
 * @out: where to put @bp->out_bytes
 *
 * Return: 0, -EPROTO for an output that this program cannot give.
 */
int ak_board_decode(struct akida_program *p, const struct board_program *bp,
		    const uint8_t *from, uint8_t *out);

#endif /* AK_BOARD_PROGRAM_H */
