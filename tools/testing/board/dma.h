/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Driving either DMA engine as the vendor's driver does, so that one test
 * covers both.
 */
#ifndef TEST_DMA_H
#define TEST_DMA_H

#include "client.h"

/* Bits of an element's control word. */
#define CB 1u
#define TCB 2u
#define LLP 4u
#define LIE 8u
#define RIE 16u

/* Channels as the board counts them. */
enum channel {
	WR0,
	WR1,
	RD0,
	RD1,
};

/* Status field of a channel. */
#define RUNNING 1
#define HALTED 2
#define STOPPED 3

extern const char *const channel_names[4];

/** is_read() - host to device? */
bool is_read(enum channel ch);
/** list_addr() - where the vendor's driver keeps a channel's list */
uint64_t list_addr(enum channel ch);
/** put_data() - a data element; @from and @to as the engine sees them */
void put_data(struct vm *vm, uint64_t at, uint32_t control, uint32_t size,
	      uint64_t from, uint64_t to);
/** put_link() - a link element */
void put_link(struct vm *vm, uint64_t at, uint32_t control, uint64_t to);
/** dma_program() - all that a driver does before the first doorbell */
void dma_program(struct vm *vm, enum channel ch, uint64_t list, bool ccs);
/** dma_doorbell() - start */
void dma_doorbell(struct vm *vm, enum channel ch);
/** dma_halt() - the stop doorbell */
void dma_halt(struct vm *vm, enum channel ch);
/** dma_status() - the channel's status field */
uint32_t dma_status(struct vm *vm, enum channel ch);
/** dma_left() - bytes of the current element not yet moved */
uint32_t dma_left(struct vm *vm, enum channel ch);
/** dma_llp() - the list pointer */
uint64_t dma_llp(struct vm *vm, enum channel ch);
/** dma_done() - done interrupt pending? */
bool dma_done(struct vm *vm, enum channel ch);
/** dma_aborted() - abort interrupt pending? */
bool dma_aborted(struct vm *vm, enum channel ch);
/** dma_clear() - clear both */
void dma_clear(struct vm *vm, enum channel ch);
/** dma_one() - program and start the vendor's list for one transfer */
void dma_one(struct vm *vm, enum channel ch, uint64_t device, uint64_t host,
	     uint32_t size);
/** dma_until() - wait for a status */
void dma_until(struct vm *vm, enum channel ch, uint32_t status);

/* Legacy eDMA registers, BAR2. */
#define E(off) (0x970 + (off))
/** edma_ch_read() - a channel register, through the viewport */
uint32_t edma_ch_read(struct vm *vm, enum channel ch, uint32_t off);
/** edma_ch_write() - the same */
void edma_ch_write(struct vm *vm, enum channel ch, uint32_t off, uint32_t val);
/* Native HDMA registers, BAR0. */
/** hdma_at() - where a channel's register lies */
uint32_t hdma_at(enum channel ch, uint32_t off);

#endif
