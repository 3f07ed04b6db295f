/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Registers of the legacy eDMA (AKD1000), at 0x970 of the controller's
 * registers.
 */
#ifndef BOARD_EDMA_H
#define BOARD_EDMA_H

#include <stdint.h>

#include "dma.h"

struct board;

#define EDMA_BASE 0x970
#define EDMA_SIZE 0x124

/**
 * struct edma_side - what write and read channels have separately
 * @enable: bit 0
 * @status: done 7:0, abort 23:16
 * @mask: the same bits; no interrupt write while set
 * @error: error status, low word
 * @error_high: error status, high word (read side)
 * @list_error_enable: abort interrupts of lists, one bit per channel
 * @done_addr: where a done interrupt is written
 * @abort_addr: where an abort interrupt is written
 * @data: what is written: 16 bits per channel, even ones in the low half
 * @weight: arbitration weights, kept and not used
 */
struct edma_side {
	uint32_t enable, status, mask, error, error_high, list_error_enable;
	uint64_t done_addr, abort_addr, weight;
	uint32_t data[4];
};

/**
 * struct edma - the register file
 * @side: 0 write channels (device to host), 1 read channels
 * @viewport: which channel the channel registers show
 * @priority: arbitration priority, kept and not used
 * @control: the channels' control1, less its status field
 * @control2: the channels' control2, kept and not used
 */
struct edma {
	struct edma_side side[2];
	uint32_t viewport, priority;
	uint32_t control[NUM_CHANNELS], control2[NUM_CHANNELS];
};

extern const struct dma_ops edma_ops;

/**
 * edma_reset() - registers after a reset
 * @b: the board
 */
void edma_reset(struct board *b);

/**
 * edma_read32() - a register
 * @b: the board
 * @off: offset from EDMA_BASE
 *
 * Return: its value.
 */
uint32_t edma_read32(struct board *b, uint32_t off);

/**
 * edma_write32() - write a register
 * @b: the board
 * @off: offset from EDMA_BASE
 * @val: value
 */
void edma_write32(struct board *b, uint32_t off, uint32_t val);

#endif
