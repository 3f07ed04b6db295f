/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What both DMA engines share: channels, list walking and the movement of
 * bytes. edma.h and hdma.h are their two register layouts.
 */
#ifndef BOARD_DMA_H
#define BOARD_DMA_H

#include <stdbool.h>
#include <stdint.h>

#include "stats.h"

struct board;

/* Bits of a list element's control word. */
#define ELEMENT_CB BIT(0)
#define ELEMENT_TCB BIT(1)
#define ELEMENT_LLP BIT(2)
#define ELEMENT_LIE BIT(3)
#define ELEMENT_RIE BIT(4)
#define ELEMENT_SIZE 24

/* What one step moves at most; less on a slow link. */
#define DMA_SLICE_MAX 65536u

#define CHANNEL_WR(n) (n)
#define CHANNEL_RD(n) (2 + (n))

/* As the hardware encodes it, in both engines. */
enum channel_status {
	CHANNEL_RESET = 0,
	CHANNEL_RUNNING = 1,
	CHANNEL_HALTED = 2,
	CHANNEL_STOPPED = 3,
};

enum dma_error {
	DMA_ERROR_NONE,
	DMA_ERROR_LIST,
	DMA_ERROR_DEVICE,
	DMA_ERROR_UNSUPPORTED,
	DMA_ERROR_COMPLETER,
	DMA_ERROR_TIMEOUT,
	DMA_ERROR_POISONED,
};

/**
 * struct dma_channel - a channel while it runs
 * @status: what its status field shows
 * @list: it follows a list (else one transfer from its registers)
 * @ccs: consumer cycle state
 * @cb: cycle bit of the last element looked at
 * @llp: the next list element, an address of the board
 * @loaded: an element is under way
 * @control: the control word of that element
 * @size: bytes of it that are left
 * @sar: source of the next byte
 * @dar: destination of the next byte
 * @generation: changes whenever a run is cut short from outside
 * @run_bytes: bytes moved since the doorbell
 * @slice: bytes on the (slow) wire, 0 for none
 * @slice_end: when they have arrived
 * @stalled: a stall fault holds it
 * @abort_after: an abort fault ends the run after so many bytes; -1 for none
 * @bad_completion: the next read of host memory ends like this; 0 for well
 * @fresh: no element of this run was looked at yet
 */
struct dma_channel {
	enum channel_status status;
	bool list, ccs, cb;
	uint64_t llp;
	bool loaded;
	uint32_t control, size;
	uint64_t sar, dar;
	uint32_t generation;
	uint64_t run_bytes;
	uint32_t slice;
	uint64_t slice_end;
	bool stalled;
	int64_t abort_after;
	enum dma_error bad_completion;
	bool fresh;
};

/**
 * struct dma_ops - how an engine tells the driver
 * @element: an element that asked for an interrupt is done
 * @stopped: the run came to its end
 * @aborted: the run ended early; @error is DMA_ERROR_NONE for an abort fault
 */
struct dma_ops {
	void (*element)(struct board *b, unsigned int ch, uint32_t control);
	void (*stopped)(struct board *b, unsigned int ch);
	void (*aborted)(struct board *b, unsigned int ch, enum dma_error error);
};

/**
 * struct dma - the engine
 * @ch: its channels: wr0, wr1, rd0, rd1
 * @ops: the register layout
 * @next: channel that is served next
 * @link_free: when the slow link has carried all it was given
 * @bounce: the bytes of the step under way
 */
struct dma {
	struct dma_channel ch[NUM_CHANNELS];
	const struct dma_ops *ops;
	unsigned int next;
	uint64_t link_free;
	uint8_t bounce[DMA_SLICE_MAX];
};

/**
 * dma_reset() - stop everything, forget everything
 * @b: the board
 */
void dma_reset(struct board *b);

/**
 * dma_start() - a doorbell was rung
 * @b: the board
 * @ch: channel
 * @list: follow the list at llp, else move size bytes from sar to dar
 *
 * Only marks the channel as running: bytes move in dma_run(), after the
 * doorbell's write was answered. Ignored while the channel is running.
 */
void dma_start(struct board *b, unsigned int ch, bool list);

/**
 * dma_stop() - end a run from outside
 * @b: the board
 * @ch: channel
 *
 * Return: whether it was running.
 */
bool dma_stop(struct board *b, unsigned int ch);

/**
 * dma_run() - let one channel make one step
 * @b: the board
 *
 * Return: whether there may be more to do at once.
 */
bool dma_run(struct board *b);

/**
 * dma_deadline() - when the slow link next delivers
 * @b: the board
 *
 * Return: monotonic ns, TIME_NEVER for no transfer under way.
 */
uint64_t dma_deadline(const struct board *b);

/**
 * dma_busy() - is any channel running?
 * @b: the board
 *
 * Return: whether one is.
 */
bool dma_busy(const struct board *b);

/**
 * dma_unstall() - let stalled channels go on
 * @b: the board
 */
void dma_unstall(struct board *b);

/**
 * channel_name() - for people
 * @ch: channel
 *
 * Return: "wr0", "wr1", "rd0" or "rd1".
 */
const char *channel_name(unsigned int ch);

#endif
