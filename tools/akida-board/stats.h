/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the board counts. Every number is exact: one message of the client is
 * one access, one list element one element.
 */
#ifndef BOARD_STATS_H
#define BOARD_STATS_H

#include <stdint.h>

#include <jansson.h>

struct board;

#define NUM_BARS 3
/* Channels in the order wr0, wr1, rd0, rd1. */
#define NUM_CHANNELS 4
#define NUM_FAULT_KINDS 11

/**
 * struct channel_stats - counters of one DMA channel
 * @doorbells: start doorbells that were obeyed
 * @elements: data elements moved to their end
 * @links: link elements followed
 * @bytes: bytes moved, those of unfinished elements included
 * @done: runs that came to their end
 * @aborts: runs that ended in an error
 * @stops: runs that the driver stopped
 */
struct channel_stats {
	uint64_t doorbells, elements, links, bytes, done, aborts, stops;
};

/**
 * struct stats - counters of the whole board
 * @bar_reads: accesses per BAR (0, 2, 4)
 * @bar_writes: the same
 * @config_reads: accesses to configuration space
 * @config_writes: the same
 * @channel: per DMA channel
 * @doorbells_ignored: rung while the engine was off or the channel busy
 * @irq_delivered: interrupts that reached the guest, spurious ones excluded
 * @irq_stray: interrupt writes that were not the current MSI message
 * @irq_unrouted: watermark writes whose address was never programmed
 * @irq_lost: interrupts swallowed by a lost-irq fault
 * @irq_spurious: interrupts made up by a spurious-irq fault
 * @illegal_mmio: BAR accesses that nothing answers
 * @illegal_dma: accesses of the DMA engines that nothing answers
 * @illegal_core: accesses of the core's own DMA that nothing answers
 * @reserved_regs: accesses to registers that do not exist, in a block that does
 * @host_read_faults: reads of host memory that the client refused
 * @host_write_faults: writes of host memory that the client refused
 * @host_messages: DMA_READ and DMA_WRITE messages sent
 * @core_jobs: inputs that the core has run, and loopbacks
 * @core_packets: configuration packets that it took
 * @core_errors: descriptors that it could not run
 * @core_resets: core resets by GENERAL_CONTROL
 * @resets_flr: function level resets
 * @resets_bus: bus resets
 * @protocol_errors: malformed or refused messages of the client
 * @clients: connections accepted
 * @faults: how often each kind of fault took effect
 */
struct stats {
	uint64_t bar_reads[NUM_BARS], bar_writes[NUM_BARS];
	uint64_t config_reads, config_writes;
	struct channel_stats channel[NUM_CHANNELS];
	uint64_t doorbells_ignored;
	uint64_t irq_delivered, irq_stray, irq_unrouted, irq_lost, irq_spurious;
	uint64_t illegal_mmio, illegal_dma, illegal_core, reserved_regs;
	uint64_t host_read_faults, host_write_faults, host_messages;
	uint64_t core_jobs, core_packets, core_errors, core_resets;
	uint64_t resets_flr, resets_bus;
	uint64_t protocol_errors, clients;
	uint64_t faults[NUM_FAULT_KINDS];
};

/**
 * stats_json() - the counters as a JSON object
 * @b: the board
 *
 * Return: a new reference, or NULL without memory.
 */
json_t *stats_json(const struct board *b);

/**
 * stats_save() - write the counters to the file given by --stats
 * @b: the board
 *
 * The file is replaced in one step, so that a reader never sees half of it.
 *
 * Return: 0, also when no file was asked for, or a negative errno.
 */
int stats_save(const struct board *b);

#endif
