/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices and the programs that run on them.
 */
#ifndef AKIDA_DEVICE_H
#define AKIDA_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <akida/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct akida_device_info - one device
 * @name: what akida_device_open() takes: "soft", "/dev/akida0"
 * @description: a line for people
 * @threads: processors that the software device may use, 0 for a board
 */
struct akida_device_info {
	char name[64];
	char description[192];
	uint32_t threads;
};

/**
 * akida_device_list() - enumerate devices
 * @i: number from 0
 * @info: where to put it
 * @info_size: sizeof(*@info)
 *
 * Return: 0, -ENOENT past the last.
 */
int akida_device_list(unsigned int i, struct akida_device_info *info,
		      size_t info_size);

/**
 * struct akida_device - something that runs programs
 *
 * Opaque. One thread at a time may use a handle.
 */
struct akida_device;

/**
 * akida_device_new() - a handle without a device
 *
 * Return: a handle to be given to akida_device_free(), NULL without memory.
 */
struct akida_device *akida_device_new(void);

/**
 * akida_device_free() - close a device
 * @d: a handle or NULL; programs on it stay valid until they are freed
 */
void akida_device_free(struct akida_device *d);

/**
 * akida_device_error() - what went wrong last
 * @d: a handle
 *
 * Return: a sentence; "" if no call on this handle has failed.
 */
const char *akida_device_error(const struct akida_device *d);

/**
 * akida_device_open() - open a device
 * @d: a handle
 * @name: "soft" for the software backend; a board's node ("/dev/akida0"),
 *	index ("0") or PCI address ("0000:01:00.0")
 *
 * Return: 0, -ENODEV for a device that does not exist, -EBUSY if the handle
 * has one already; for boards the errors of akida_board_open(), too.
 */
int akida_device_open(struct akida_device *d, const char *name);

/**
 * struct akida_load_options - how a model is prepared
 * @target: chip whose coarse steps are to be followed; AKIDA_TARGET_NONE
 *	computes with the file's exact steps
 * @threads: threads of the software device, 0 for all processors
 * @cpu_flags: instruction sets that may be used, a mask of AKIDA_CPU_*;
 *	0 for all that the machine has
 * @flags: AKIDA_LOAD_*
 */
struct akida_load_options {
	enum akida_target target;
	uint32_t threads;
	uint32_t cpu_flags;
	uint32_t flags;
};

/* AKIDA_LOAD_REFERENCE - run the scalar reference instead of fast kernels */
#define AKIDA_LOAD_REFERENCE 1u
/* AKIDA_LOAD_PARTIAL - on a board: if its chip cannot hold all layers, run the
 * longest part that it can on the board and the rest on this machine's
 * processors, with the chip's steps
 */
#define AKIDA_LOAD_PARTIAL 2u

/* Instruction sets, for &struct akida_load_options.cpu_flags */
#define AKIDA_CPU_BASELINE 0x01u /* plain C only */
#define AKIDA_CPU_AVX2 0x02u /* AVX2, FMA and F16C */
#define AKIDA_CPU_AVXVNNI 0x04u /* AVX-VNNI */
#define AKIDA_CPU_AVX512VNNI 0x08u /* AVX-512 F, BW, VL, DQ and VNNI */
#define AKIDA_CPU_NEON 0x10u /* Advanced SIMD */
#define AKIDA_CPU_DOTPROD 0x20u /* ARMv8.2 dot product */

/**
 * akida_cpu_flags() - instruction sets of this machine
 *
 * Return: a mask of AKIDA_CPU_*.
 */
uint32_t akida_cpu_flags(void);

/**
 * struct akida_program - a model that is loaded on a device
 *
 * Opaque. One thread at a time may use a handle.
 */
struct akida_program;

/**
 * struct akida_program_info - what goes in and comes out
 * @input: shape of one input, uint8 values
 * @output: shape of one output
 * @input_bits: inputs are below 2^@input_bits
 * @output_dtype: AKIDA_DTYPE_INT32 (potentials) or AKIDA_DTYPE_UINT8
 *	(activations)
 * @input_size: bytes of one input
 * @output_size: bytes of one output
 * @num_layers: layers that a trace or a profile reports, input layer included
 * @memory: bytes that the prepared program takes, packed weights and buffers
 */
struct akida_program_info {
	struct akida_shape input, output;
	uint32_t input_bits;
	enum akida_dtype output_dtype;
	size_t input_size, output_size;
	uint32_t num_layers;
	size_t memory;
};

/**
 * akida_program_new() - a program without a model
 * @d: an open device
 *
 * Return: a handle to be given to akida_program_free(), NULL without memory.
 */
struct akida_program *akida_program_new(struct akida_device *d);

/**
 * akida_program_free() - unload a program
 * @p: a handle or NULL
 */
void akida_program_free(struct akida_program *p);

/**
 * akida_program_error() - what went wrong last
 * @p: a handle
 *
 * Return: a sentence; "" if no call on this handle has failed.
 */
const char *akida_program_error(const struct akida_program *p);

/**
 * akida_program_load() - prepare a model for the device and load it
 * @p: a handle
 * @m: a model; it may be freed afterwards, and cannot be changed before @p is
 *	freed
 * @options: how, or NULL for defaults
 *
 * Return: 0 or a negative errno; those of akida_model_check_runnable(), and
 * -ERANGE for a step that the target cannot hold. On a board the model is
 * built for its chip, whose steps it follows; then also -EINVAL for a model that
 * the chip cannot hold (AKIDA_LOAD_PARTIAL: of which it can hold no layer) or
 * another target, -ENOTSUP for silicon, for which what
 * is public is not enough to build; -ENOSPC without room on the board.
 */
int akida_program_load(struct akida_program *p, struct akida_model *m,
		       const struct akida_load_options *options);

/**
 * akida_program_info() - what goes in and comes out
 * @p: a loaded program
 * @info: where to put it
 * @info_size: sizeof(*@info)
 *
 * Return: 0, -EINVAL if nothing is loaded.
 */
int akida_program_info(const struct akida_program *p,
		       struct akida_program_info *info, size_t info_size);

/**
 * akida_program_run() - run a batch
 * @p: a loaded program
 * @in: @batch inputs, one after the other
 * @in_size: bytes of @in: @batch * input_size
 * @out: where to put @batch outputs, aligned as output_dtype wants
 * @out_size: bytes of @out: @batch * output_size
 * @batch: number of inputs
 *
 * Allocates nothing. Outputs are raw: int32 potentials (threshold not
 * subtracted) or uint8 activations; akida_program_scores() turns them into
 * scores.
 *
 * Return: 0, -EINVAL for wrong sizes or alignment, -ERANGE for an input value at or above
 * 2^input_bits.
 */
int akida_program_run(struct akida_program *p, const void *in, size_t in_size,
		      void *out, size_t out_size, unsigned int batch);

/**
 * akida_program_scores() - dequantise outputs
 * @p: a loaded program
 * @out: outputs of akida_program_run()
 * @out_size: their bytes
 * @scores: one float per output value
 * @count: how many
 *
 * score = (potential - threshold) / act_step of the last layer, with the
 * file's float step (BrainChip's predict()); activations are themselves.
 *
 * Return: 0, -EINVAL for wrong sizes.
 */
int akida_program_scores(struct akida_program *p, const void *out,
			 size_t out_size, float *scores, size_t count);

/**
 * akida_program_trace() - look at every layer's output
 * @p: a loaded program
 * @fn: called after each layer of each input, in order, from the thread that
 *	runs; NULL to stop
 * @arg: handed to @fn
 *
 * The last layer's data are int32 potentials if its activation is off.
 *
 * Return: 0.
 */
int akida_program_trace(struct akida_program *p,
			void (*fn)(void *arg, unsigned int layer,
				   const char *name,
				   const struct akida_shape *shape,
				   enum akida_dtype dtype, const void *data),
			void *arg);

/**
 * struct akida_layer_profile - where the time went
 * @name: of the layer
 * @kernel: which implementation runs it
 * @macs: multiply-adds per input, border windows counted in full
 * @ns: nanoseconds over all inputs since profiling was switched on
 * @runs: how many inputs
 */
struct akida_layer_profile {
	const char *name;
	const char *kernel;
	uint64_t macs, ns, runs;
};

/**
 * akida_program_set_profiling() - measure the time of each layer
 * @p: a loaded program
 * @on: switch on (counters go to zero) or off
 *
 * Return: 0.
 */
int akida_program_set_profiling(struct akida_program *p, bool on);

/**
 * akida_program_profile() - times of one layer
 * @p: a loaded program
 * @layer: number from 0
 * @out: where to put it
 * @out_size: sizeof(*@out)
 *
 * Return: 0, -ENOENT past the last.
 */
int akida_program_profile(const struct akida_program *p, unsigned int layer,
			  struct akida_layer_profile *out, size_t out_size);

#ifdef __cplusplus
}
#endif

#endif /* AKIDA_DEVICE_H */
