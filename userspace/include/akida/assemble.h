/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Programs by hand: packet by packet, for those who want to say themselves what
 * a neural processor (NP) is told. Programs from models: akida/build.h.
 *
 * What NPs of virtual boards take stands in Documentation/formats/program.rst;
 * what silicon's take is not public.
 */
#ifndef AKIDA_ASSEMBLE_H
#define AKIDA_ASSEMBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <akida/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct akida_assembler - a program that is being written
 *
 * Opaque. One thread at a time may use a handle. An error stays: all calls after
 * one that failed return the same, so that only the last needs to be looked at.
 */
struct akida_assembler;

/**
 * akida_assembler_new() - an empty program
 * @target: AKIDA_TARGET_AKD1000 or AKIDA_TARGET_AKD1500: it is for a virtual
 *	board of that chip
 *
 * Return: a handle to be given to akida_assembler_free(), NULL without memory
 * or for another target.
 */
struct akida_assembler *akida_assembler_new(enum akida_target target);

/**
 * akida_assembler_free() - give it back
 * @a: a handle or NULL
 */
void akida_assembler_free(struct akida_assembler *a);

/**
 * akida_assembler_error() - what went wrong first
 * @a: a handle
 *
 * Return: a sentence; "" if no call on this handle has failed.
 */
const char *akida_assembler_error(const struct akida_assembler *a);

/**
 * akida_assembler_input() - say what goes in
 * @a: a handle
 * @shape: of an input
 * @events: lists of events go in, not maps
 *
 * Return: 0, -EINVAL for an empty shape.
 */
int akida_assembler_input(struct akida_assembler *a,
			  const struct akida_shape *shape, bool events);

/**
 * akida_assembler_output() - say what comes out
 * @a: a handle
 * @shape: of an output
 * @activation: activations come out, not potentials
 * @shift: for each channel, the potential that stands for 0
 * @scale: for each channel, the potential that stands for 1 above that
 *
 * Return: 0, -EINVAL for an empty shape or one of too many channels, -ENOMEM.
 */
int akida_assembler_output(struct akida_assembler *a,
			   const struct akida_shape *shape, bool activation,
			   const int32_t *shift, const float *scale);

/**
 * akida_assembler_register() - have a register written before the program runs
 * @a: a handle
 * @offset: from 0x40000 of the core: 0x0, 0xc, 0x10, 0x14, 0x18 or 0x1c
 * @value: what to write
 *
 * A program that says nothing has the six values of all public programs.
 *
 * Return: 0, -EINVAL for another register or too many.
 */
int akida_assembler_register(struct akida_assembler *a, uint32_t offset,
			     uint32_t value);

/**
 * akida_assembler_pass() - begin a pass
 * @a: a handle
 *
 * The mesh is configured anew for each. The first is there from the beginning.
 *
 * Return: 0, -EINVAL if the one before is empty, -EFBIG, -ENOMEM.
 */
int akida_assembler_pass(struct akida_assembler *a);

/**
 * akida_assembler_layer() - begin a layer
 * @a: a handle
 *
 * Return: 0, -EINVAL if the one before is empty, -EFBIG, -ENOMEM.
 */
int akida_assembler_layer(struct akida_assembler *a);

/**
 * akida_assembler_track() - begin what one NP of the layer is told
 * @a: a handle with a layer
 *
 * Return: 0, -EINVAL without a layer or if the track before is empty, -EFBIG,
 * -ENOMEM.
 */
int akida_assembler_track(struct akida_assembler *a);

/* Units that a packet is for (official names) */
#define AKIDA_UNIT_FILTER 0u /* filters of a CNP, or of the HRC */
#define AKIDA_UNIT_FIRE 4u /* thresholds and steps */
#define AKIDA_UNIT_FNP 6u /* weights of an FNP */
#define AKIDA_UNIT_REGISTERS 8u

/**
 * struct akida_packet_place - whom a packet is for
 * @column: of the node, from 1; 0 for the input layer's processor (HRC)
 * @row: of the node, from 1
 * @np: number in the node, 0 to 3
 * @unit: AKIDA_UNIT_*, or another of 0 to 15
 * @address: where in the unit to begin, in units of 64 bytes
 */
struct akida_packet_place {
	uint32_t column, row, np, unit, address;
};

/**
 * akida_assembler_packet() - add a packet to the track
 * @a: a handle with a track
 * @to: whom it is for
 * @to_size: sizeof(*@to)
 * @words: its payload
 * @count: how many, more than 0
 *
 * Return: 0, -EINVAL without a track, for a field that its bits cannot hold or
 * for no words; -EFBIG, -ENOMEM.
 */
int akida_assembler_packet(struct akida_assembler *a,
			   const struct akida_packet_place *to, size_t to_size,
			   const uint32_t *words, size_t count);

/**
 * akida_assembler_external() - weights of the layer that stay in memory
 * @a: a handle with a layer
 * @words: what its FNP2 reads
 * @count: how many, more than 0
 *
 * Return: 0, -EINVAL without a layer, or if it has some; -EFBIG, -ENOMEM.
 */
int akida_assembler_external(struct akida_assembler *a, const uint32_t *words,
			     size_t count);

/**
 * akida_assembler_finish() - write the program
 * @a: a handle
 * @data: where to put the file, which stays the handle's
 * @size: where to put its bytes
 *
 * It is a file for akida_program_load_file() and for 'akida load'. What packets
 * mean is not looked at: the driver checks where they go, the board what they
 * say.
 *
 * Return: 0, -EINVAL for a program that lacks something, -ENOMEM.
 */
int akida_assembler_finish(struct akida_assembler *a, const void **data,
			   size_t *size);

#ifdef __cplusplus
}
#endif

#endif /* AKIDA_ASSEMBLE_H */
