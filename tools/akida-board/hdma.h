/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Registers of the native HDMA (AKD1500), at the start of BAR0.
 */
#ifndef BOARD_HDMA_H
#define BOARD_HDMA_H

#include <stdint.h>

#include "dma.h"

struct board;

/* Two channels each way; what follows is the iATU. */
#define HDMA_SIZE 0x400

/**
 * struct hdma_channel - registers of one channel that struct dma_channel lacks
 * @enable: bit 0
 * @prefetch: kept and not used
 * @handshake: kept and not used
 * @watermark: local (bit 0) and remote (bit 1) watermark of a single transfer
 * @control: bit 0 list enable
 * @function: kept and not used
 * @qos: kept and not used
 * @status: stop bit 0, watermark bit 1, abort bit 2, error 6:3
 * @setup: masks 2:0, remote stop 3, local stop 4, remote abort 5, local abort 6
 * @stop_addr: where a stop interrupt is written
 * @watermark_addr: where a watermark interrupt is written
 * @abort_addr: where an abort interrupt is written
 * @data: what is written
 */
struct hdma_channel {
	uint32_t enable, prefetch, handshake, watermark, control, function, qos;
	uint32_t status, setup;
	uint64_t stop_addr, watermark_addr, abort_addr;
	uint32_t data;
};

/**
 * struct hdma - the register file
 * @ch: its channels
 */
struct hdma {
	struct hdma_channel ch[NUM_CHANNELS];
};

extern const struct dma_ops hdma_ops;

/**
 * hdma_reset() - registers after a reset
 * @b: the board
 */
void hdma_reset(struct board *b);

/**
 * hdma_read32() - a register
 * @b: the board
 * @off: offset in BAR0, below HDMA_SIZE
 *
 * Return: its value.
 */
uint32_t hdma_read32(struct board *b, uint32_t off);

/**
 * hdma_write32() - write a register
 * @b: the board
 * @off: offset in BAR0, below HDMA_SIZE
 * @val: value
 */
void hdma_write32(struct board *b, uint32_t off, uint32_t val);

#endif
