/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The Akida core: registers (core.c), descriptors of its own DMA (core_dma.c),
 * and the mesh of neural processors that they configure and run
 * (userspace/lib/program/vmesh.h).
 */
#ifndef BOARD_CORE_H
#define BOARD_CORE_H

#include <stdbool.h>
#include <stdint.h>

struct board;
struct ak_vmesh;

#define CORE_BASE 0xfcc00000
#define CORE_SIZE 0x100000

enum core_dma_kind {
	CORE_DMA_EVENT,
	CORE_DMA_HRC,
	CORE_DMA_CONFIG,
	NUM_CORE_DMA,
};

#define CORE_DMA_REGS 0x40
#define CORE_EPG_REGS 0x40

/**
 * struct core_dma - one of the core's DMA blocks
 * @regs: its registers, 0x00 to 0xfc
 * @cur: descriptor that was run last, 0xff for none
 * @last: descriptor to run up to
 * @generation: changes with each reset of the block
 * @error: a descriptor could not be run; until the block is reset
 */
struct core_dma {
	uint32_t regs[CORE_DMA_REGS];
	uint8_t cur, last;
	uint32_t generation;
	bool error;
};

/**
 * struct core_end - a descriptor whose work is done before its time is up
 * @kind: its block, NUM_CORE_DMA for none
 * @generation: of the block; another one when it was reset meanwhile
 * @begin: monotonic ns when it began
 * @until: monotonic ns when it ends
 * @clocks: that it took
 * @desc: its number
 * @head: its first word
 * @rc: 0, or why it could not be run
 */
struct core_end {
	enum core_dma_kind kind;
	uint32_t generation;
	uint64_t begin, until, clocks;
	uint8_t desc;
	uint32_t head;
	int rc;
};

/**
 * struct core - the core
 * @general_control: register 0x4
 * @fnp2_addr: registers 0x10 to 0x1c
 * @dma: its DMA blocks
 * @epg: registers from 0x40000 on
 * @int_enable: interrupt controller, global enable
 * @int_mask: interrupt controller, mask
 * @int_level: an interrupt is pending: the next is sent when it was cleared
 * @stalled: by a fault, until it is cleared or the core is reset
 * @busy: a descriptor is being run
 * @reset_due: the NPs are to be reset after it
 * @mesh: neural processors
 * @end: the descriptor that takes its time
 * @free_at: monotonic ns until when the core is at work
 */
struct core {
	uint32_t general_control;
	uint32_t fnp2_addr[4];
	struct core_dma dma[NUM_CORE_DMA];
	uint32_t epg[CORE_EPG_REGS];
	uint32_t int_enable, int_mask;
	bool int_level, stalled, busy, reset_due;
	struct ak_vmesh *mesh;
	struct core_end end;
	uint64_t free_at;
};

/**
 * core_init() - make the mesh of the board's chip
 * @b: the board
 *
 * Return: 0, -ENOMEM.
 */
int core_init(struct board *b);

/**
 * core_exit() - give it back
 * @b: the board
 */
void core_exit(struct board *b);

/**
 * core_mesh_reset() - no NP is configured any more
 * @b: the board
 */
void core_mesh_reset(struct board *b);

/**
 * core_interrupt() - send an interrupt if one has become pending
 * @b: the board
 */
void core_interrupt(struct board *b);

/**
 * core_reset() - all registers as after power-on
 * @b: the board
 */
void core_reset(struct board *b);

/**
 * core_read32() - a register
 * @b: the board
 * @off: offset from CORE_BASE
 *
 * Return: its value.
 */
uint32_t core_read32(struct board *b, uint32_t off);

/**
 * core_write32() - write a register
 * @b: the board
 * @off: offset from CORE_BASE
 * @val: value
 */
void core_write32(struct board *b, uint32_t off, uint32_t val);

/**
 * core_tick() - let the core's DMA run one descriptor (core_dma.c)
 * @b: the board
 *
 * Return: whether there was one.
 */
bool core_tick(struct board *b);

/**
 * core_deadline() - when core_tick() has something to do
 * @b: the board
 *
 * Return: monotonic ns, TIME_NEVER for nothing, or what it finds itself.
 */
uint64_t core_deadline(const struct board *b);

#endif
