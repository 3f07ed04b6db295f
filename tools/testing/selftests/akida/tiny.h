/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A small program for a virtual board, written by hand from the specification
 * of its NPs (userspace/lib/program/np.h) and not by the builder: one fully
 * connected layer on one NP, inputs as events, outputs as potentials. What it
 * computes is a sum of products, which the tests compute themselves.
 */
#ifndef TINY_H
#define TINY_H

#include <stdint.h>

#include <akida.h>

#define TINY_INPUTS 32
#define TINY_FILTERS 8
#define TINY_INPUT_BYTES (TINY_INPUTS * 8)
#define TINY_OUTPUT_BYTES (32 + TINY_FILTERS * 4)

/* Packets: 16 registers, then weights of 4 bits, 4 words a filter. */
#define TINY_REGS 16
#define TINY_WEIGHT_WORDS (TINY_FILTERS * TINY_INPUTS * 4 / 32)
#define TINY_TRACK_WORDS (2 + TINY_REGS + 2 + TINY_WEIGHT_WORDS)

/**
 * struct tiny - a program
 * @weight: of each filter, -7 to 7
 * @word: its one track
 * @track: where it is
 * @epg: registers as known programs write them
 * @arg: for AKIDA_IOC_PROGRAM_CREATE
 */
struct tiny {
	int8_t weight[TINY_FILTERS][TINY_INPUTS];
	uint32_t word[TINY_TRACK_WORDS];
	struct akida_track track;
	struct akida_epg epg[2];
	struct akida_ioc_program arg;
};

/**
 * tiny_make() - a program with weights that follow from a seed
 * @t: where to put it; it must not move afterwards
 * @chip: AKIDA_CHIP_*
 * @seed: of its weights
 */
void tiny_make(struct tiny *t, uint32_t chip, unsigned int seed);

/* What a board takes: device version of programs for a virtual one. */
uint32_t tiny_version(uint32_t chip);

/**
 * tiny_load() - make one and put it on the board
 * @fd: of the node
 * @t: where to put it
 * @chip: AKIDA_CHIP_*
 * @seed: of its weights
 *
 * Return: handle or a negative errno.
 */
int tiny_load(int fd, struct tiny *t, uint32_t chip, unsigned int seed);

/**
 * tiny_input() - events that follow from a seed
 * @value: where to put the values that they stand for
 * @event: where to put the events
 * @seed: 0 for an empty input, which is one event outside the tensor
 *
 * Return: bytes of the events.
 */
uint32_t tiny_input(uint8_t value[TINY_INPUTS], uint32_t *event,
		    unsigned int seed);

/**
 * tiny_check() - is this the output that the input has
 * @t: program
 * @value: input
 * @output: TINY_OUTPUT_BYTES
 *
 * Return: 0, or -1 if header or values are others.
 */
int tiny_check(const struct tiny *t, const uint8_t value[TINY_INPUTS],
	       const void *output);

#endif
