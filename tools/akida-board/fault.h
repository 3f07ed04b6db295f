/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Faults on demand.
 */
#ifndef BOARD_FAULT_H
#define BOARD_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "dma.h"

struct board;

enum fault_kind {
	FAULT_STALL,
	FAULT_ABORT,
	FAULT_BAD_COMPLETION,
	FAULT_LINK_DOWN,
	FAULT_LOST_IRQ,
	FAULT_SPURIOUS_IRQ,
	FAULT_SLOW_LINK,
	FAULT_SURPRISE_REMOVAL,
	FAULT_SENSOR_ALERT,
	FAULT_SENSOR_ABSENT,
	FAULT_DEGRADED_LINK,
};

#define FAULTS_MAX 16

/* The core as one to whom faults apply, beside the channels: stall, abort and
 * lost-irq.
 */
#define FAULT_CORE NUM_CHANNELS

/**
 * struct fault - one fault in force
 * @armed: the slot is in use
 * @kind: what happens
 * @channels: one bit per channel it applies to
 * @after: events that pass unharmed first
 * @count: events that are hit; 0 for no end
 * @bytes: abort: after so many bytes of the run
 * @rate: slow-link: bytes per second
 * @period: spurious-irq: nanoseconds between them
 * @next: spurious-irq: when
 * @status: bad-completion: how it ends
 */
struct fault {
	bool armed;
	enum fault_kind kind;
	uint32_t channels;
	uint64_t after, count, bytes, rate, period, next;
	enum dma_error status;
};

/**
 * struct faults - all of them
 * @slot: in the order they were asked for
 */
struct faults {
	struct fault slot[FAULTS_MAX];
};

/**
 * fault_name() - for people
 * @kind: a kind
 *
 * Return: its name as fault_add() takes it.
 */
const char *fault_name(enum fault_kind kind);

/**
 * fault_add() - ask for a fault
 * @b: the board
 * @spec: "KIND" or "KIND:key=value,...", see Documentation/virtual-board.rst
 * @why: set to a sentence on failure
 * @size: room in @why
 *
 * Return: 0 or -EINVAL.
 */
int fault_add(struct board *b, const char *spec, char *why, size_t size);

/**
 * fault_clear() - end faults
 * @b: the board
 * @name: a kind, or "all"
 *
 * Stalled channels go on, the link comes up, the board comes back.
 *
 * Return: 0, or -EINVAL when there is no such kind.
 */
int fault_clear(struct board *b, const char *name);

/**
 * fault_json() - faults in force
 * @b: the board
 *
 * Return: a new reference to an array, or NULL without memory.
 */
json_t *fault_json(const struct board *b);

/**
 * fault_take() - does a fault hit this event?
 * @b: the board
 * @kind: of fault
 * @ch: channel that the event belongs to
 * @f: a copy of the fault
 *
 * Counts the event.
 *
 * Return: whether one does.
 */
bool fault_take(struct board *b, enum fault_kind kind, unsigned int ch,
		struct fault *f);

/**
 * fault_armed() - is a fault in force?
 * @b: the board
 * @kind: of fault
 *
 * Return: whether one is; it is not counted.
 */
bool fault_armed(const struct board *b, enum fault_kind kind);

/**
 * fault_doorbell() - a doorbell was rung
 * @b: the board
 * @ch: channel
 *
 * Link-down and removal wait for this.
 */
void fault_doorbell(struct board *b, unsigned int ch);

/**
 * fault_link_rate() - speed of a slow link
 * @b: the board
 *
 * Return: bytes per second, 0 for no limit.
 */
uint64_t fault_link_rate(const struct board *b);

/**
 * fault_tick() - do what is due by now
 * @b: the board
 */
void fault_tick(struct board *b);

/**
 * fault_deadline() - when fault_tick() has something to do
 * @b: the board
 *
 * Return: monotonic ns, TIME_NEVER for nothing.
 */
uint64_t fault_deadline(const struct board *b);

#endif
