/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Programs beyond loading a model and running it: runs that go on meanwhile,
 * what they cost, new weights, compiled programs, and programs that stay on a
 * board under a name.
 */
#ifndef AKIDA_PROGRAM_H
#define AKIDA_PROGRAM_H

#include <akida/array.h>
#include <akida/board.h>
#include <akida/device.h>

#ifdef __cplusplus
extern "C" {
#endif

/* -------------------------------------------------- compiled programs */

/**
 * akida_program_load_file() - load a compiled program
 * @p: a handle on a board
 * @data: the program's file: what akida_build_data() gives, or what
 *	BrainChip's SDK compiled
 * @size: its bytes
 *
 * The program must be of the device version that the board takes: one that was
 * built for a virtual board is for these, one that the SDK compiled for the chip
 * it names. Values are those of the file: akida_program_scores() uses its shifts
 * and scales, and &struct akida_program_info.num_layers is 0, since names of
 * layers are not in it.
 *
 * Return: 0; -EINVAL for a damaged file, or another device version (the text has
 * both); -ENOTSUP for the software device, and for a version of the format that
 * is not known; -ENOSPC without room on the board; what the driver says.
 */
int akida_program_load_file(struct akida_program *p, const void *data,
			    size_t size);

/**
 * akida_program_external() - load a program whose data are on the board already
 * @p: a handle on a board
 * @info: the first part of a program's file, its size prefix included
 * @info_size: its bytes
 * @data: buffer that the second part lies in, of any kind, on this board or
 *	another
 * @offset: where in it the second part begins, with its size prefix
 * @data_size: its bytes
 *
 * The call of that name in BrainChip's engine takes a bare device address and
 * has the board's DMA read from there while it is in use. Here the address is a
 * place in a buffer, since a process reaches no other memory of the board, and
 * the driver takes a copy, which nobody can change once it was checked:
 * @data may be freed afterwards.
 *
 * Return: as akida_program_load_file(); -EINVAL also for a range outside @data.
 */
int akida_program_external(struct akida_program *p, const void *info,
			   size_t info_size, struct akida_buffer *data,
			   uint64_t offset, size_t data_size);

/* ---------------------------------------------------- runs, and their cost */

/**
 * akida_program_submit() - begin to run a batch
 * @p: a loaded program
 * @in: @batch inputs; they are copied
 * @in_size: bytes of @in: @batch * input_size
 * @batch: number of inputs, at least 1
 * @ticket: where to put what akida_program_wait() takes
 *
 * A board runs it meanwhile; the software device, and a program of which only a
 * part is on a board (AKIDA_LOAD_PARTIAL), run it before this returns.
 *
 * Return: 0; -EAGAIN if what was submitted and not waited for leaves no room:
 * wait for the oldest first (a batch that is larger than there will ever be room
 * for is -E2BIG); else as akida_program_run().
 */
int akida_program_submit(struct akida_program *p, const void *in,
			 size_t in_size, unsigned int batch, uint64_t *ticket);

/**
 * akida_program_wait() - wait for the end of a batch, and take its outputs
 * @p: program
 * @ticket: of the batch
 * @deadline: CLOCK_MONOTONIC nanoseconds; 0 waits for ever, and 1, which is
 *	long past, only looks
 * @out: where to put the outputs, aligned as output_dtype wants
 * @out_size: bytes of @out: the batch's inputs * output_size
 *
 * Batches end in the order in which they were submitted. After any result but
 * -ETIME, -EINVAL and -EINTR the ticket is used up.
 *
 * Return: 0 or what akida_program_run() would have returned; -ETIME after the
 * deadline; -EINVAL for a ticket that is none, or wrong sizes; -ESTALE if the
 * driver has dropped the result because many have ended since; -EINTR: call
 * again.
 */
int akida_program_wait(struct akida_program *p, uint64_t ticket,
		       uint64_t deadline, void *out, size_t out_size);

/**
 * akida_program_slots() - inputs that may be under way at a time
 * @p: a loaded program
 *
 * Return: how many inputs akida_program_submit() takes before the first
 * akida_program_wait(); a number that keeps the board busy.
 */
unsigned int akida_program_slots(const struct akida_program *p);

/**
 * struct akida_program_stats - what runs have cost
 * @runs: inputs
 * @clocks: clocks of the core; 0 for the software device
 * @queue_ns: from being submitted until the core was told to run it: waiting,
 *	and the transfer of the input
 * @run_ns: from then until its output was in host memory: computing, and the
 *	transfer of the output
 * @host_ns: this process's own time: putting inputs into place, taking outputs
 *	out, and layers that run here
 *
 * Sums over inputs; those of a batch overlap. The driver does not tell transfers
 * from what stands beside them; @clocks does.
 */
struct akida_program_stats {
	uint64_t runs, clocks;
	uint64_t queue_ns, run_ns, host_ns;
};

/**
 * akida_program_stats() - what runs have cost
 * @p: a loaded program
 * @stats: where to put it
 * @stats_size: sizeof(*@stats)
 *
 * Counts while akida_program_set_profiling() is on, from zero each time that it
 * is switched on. It then costs a call of the driver for each input.
 *
 * Return: 0, -EINVAL if nothing is loaded.
 */
int akida_program_stats(const struct akida_program *p,
			struct akida_program_stats *stats, size_t stats_size);

/* ------------------------------------------------------------ new weights */

/**
 * akida_program_set_weights() - replace the weights of a layer
 * @p: a program that was loaded from a model, or opened by name with the right to
 *	write
 * @layer: name of the layer, or, if none has it, its number
 * @weights: int8 numbers, in the shape and order of akida_model_set_variable()
 * @pointwise: the same for the pointwise weights of a SeparableConvolutional
 *	layer. NULL for other layers; of a program that was loaded from a model
 *	also to keep them
 *
 * Runs that are submitted afterwards have the new weights. On a board only the
 * tracks of that layer are moved. Thresholds and steps stay as they are. A
 * program that another process has open changes for that process, too.
 *
 * Return: 0; -ENOENT for a layer that there is not, or that has no weights;
 * -EINVAL for a wrong type or shape, or a weight that the layer's bits cannot
 * hold; -EOVERFLOW if a potential could leave int32; -EBUSY while runs are under
 * way that were not waited for; -EACCES without the right; -ENOTSUP for a
 * program that was loaded as a file, or that BrainChip's SDK compiled.
 */
int akida_program_set_weights(struct akida_program *p, const char *layer,
			      const struct akida_array *weights,
			      const struct akida_array *pointwise);

/* -------------------------------------------------- programs with a name */

/* The name may be another program's */
#define AKIDA_NAME_REPLACES 0x1u

/**
 * akida_program_set_name() - have a program stay on the board
 * @p: a loaded program; all of it must be on the board
 * @name: 1 to 63 letters, digits and . _ - + @ :, not . or - first
 * @mode: who may run it (x) and change it (w), as the mode of a file; 0 stands
 *	for 0600, of which the owner may do both
 * @flags: AKIDA_NAME_REPLACES or 0
 *
 * It stays when @p is freed and the process has ended, through resets of the
 * board and sleep.
 *
 * Return: 0; -EINVAL for a name or mode that is none; -EEXIST for a name that is
 * taken; -EALREADY if it has a name; -EACCES without the right to replace;
 * -EDQUOT or -ENOSPC for too many; -ENOTSUP for the software device and for a
 * program of which only a part is on the board.
 */
int akida_program_set_name(struct akida_program *p, const char *name,
			   unsigned int mode, unsigned int flags);

/* Rights of a program that was opened by name */
#define AKIDA_OPEN_RUN 0x1u
#define AKIDA_OPEN_WRITE 0x2u

/**
 * akida_program_open() - use a program that is on the board
 * @p: a handle on a board
 * @name: name of the program
 * @rights: AKIDA_OPEN_*, at least one
 *
 * Afterwards @p is loaded. It goes on to be that program when its name is given
 * to another.
 *
 * Return: 0; -ENOENT without such a program; -EACCES; -EPROTO for a program that
 * this library did not name; -ENOTSUP for the software device.
 */
int akida_program_open(struct akida_program *p, const char *name,
		       unsigned int rights);

/**
 * struct akida_named_program - a program with a name
 * @name: its name
 * @id: a number that no other program of this board has had
 * @jobs: inputs that it has run on
 * @since: when it got its name, in nanoseconds since 1970
 * @uid: owner
 * @gid: group
 * @mode: permissions
 * @rights: AKIDA_OPEN_* that the caller has
 * @handles: how often it is open
 * @input: shape of an input
 * @data_size: bytes of its data on the board
 * @num_tracks: parts of its data
 * @num_passes: of it
 * @device_version: that it was made for
 */
struct akida_named_program {
	char name[64];
	uint64_t id, jobs, since;
	uint32_t uid, gid, mode, rights, handles;
	struct akida_shape input;
	uint32_t data_size, num_tracks, num_passes, device_version;
};

/**
 * akida_board_program() - one of the programs with a name
 * @b: an open board
 * @i: number from 0, in the order in which they got their names
 * @info: where to put it
 * @info_size: sizeof(*@info)
 *
 * Return: 0; -ENOENT past the last; -ENOTTY for a driver that has none.
 */
int akida_board_program(struct akida_board *b, unsigned int i,
			struct akida_named_program *info, size_t info_size);

/**
 * akida_board_unload() - take a program's name away
 * @b: an open board
 * @name: its name
 * @id: of the program that is meant; 0 for any
 *
 * It is gone when nobody has it open any more.
 *
 * Return: 0; -ENOENT; -EACCES without the right to write; -ESTALE if the name is
 * another program's by now; -ENOTTY.
 */
int akida_board_unload(struct akida_board *b, const char *name, uint64_t id);

/**
 * akida_board_set_access() - whose a program is, and who may do what with it
 * @b: an open board
 * @name: its name
 * @mode: who may run it (x) and change it (w), as the mode of a file
 * @uid: owner; UINT32_MAX leaves the one it has
 * @gid: group; UINT32_MAX leaves the one it has
 *
 * For its owner, who can give it to a group of theirs, and for root.
 *
 * Return: 0; -ENOENT; -EPERM without the right; -EINVAL for a mode that is none;
 * -ENOTTY.
 */
int akida_board_set_access(struct akida_board *b, const char *name,
			   uint32_t mode, uint32_t uid, uint32_t gid);

#ifdef __cplusplus
}
#endif

#endif /* AKIDA_PROGRAM_H */
