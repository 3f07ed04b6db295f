/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The Akida core's registers. Nothing here computes: the neural processors are
 * reached by the core's own DMA, of which only the loopback mode works.
 */
#ifndef BOARD_CORE_H
#define BOARD_CORE_H

#include <stdbool.h>
#include <stdint.h>

struct board;

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
 */
struct core_dma {
	uint32_t regs[CORE_DMA_REGS];
	uint8_t cur, last;
	uint32_t generation;
};

/**
 * struct core - the core
 * @general_control: register 0x4
 * @fnp2_addr: registers 0x10 to 0x1c
 * @dma: its DMA blocks
 * @epg: registers from 0x40000 on
 * @int_enable: interrupt controller, global enable
 * @int_mask: interrupt controller, mask
 */
struct core {
	uint32_t general_control;
	uint32_t fnp2_addr[4];
	struct core_dma dma[NUM_CORE_DMA];
	uint32_t epg[CORE_EPG_REGS];
	uint32_t int_enable, int_mask;
};

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
 * core_tick() - let the core's DMA run one descriptor
 * @b: the board
 *
 * Return: whether there was one.
 */
bool core_tick(struct board *b);

#endif
