/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The monitor block: power sensor, temperature, clock. A block of this
 * project's own, at an address where nothing of silicon is known to be; how
 * silicon's sensor and clock are reached is not public. Registers and figures:
 * Documentation/virtual-board.rst.
 */
#ifndef BOARD_MONITOR_H
#define BOARD_MONITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

struct board;

#define MONITOR_BASE 0xfcd00000
#define MONITOR_SIZE 0x1000

/* What a board can be without; bits of SOURCES from bit 8 on. */
enum monitor_source {
	SOURCE_POWER,
	SOURCE_VOLTAGE,
	SOURCE_CURRENT,
	SOURCE_TEMPERATURE,
	SOURCE_FREQUENCY,
	SOURCE_MODES,
	SOURCE_ALERT,
	NUM_SOURCES,
};

enum clock_mode {
	CLOCK_PERFORMANCE,
	CLOCK_ECONOMY,
	CLOCK_LOW_POWER,
	NUM_CLOCK_MODES,
};

/**
 * struct monitor - the block
 * @missing: one bit per source that the board is without
 * @absent: the whole block is not there: it reads zero
 * @seed: of the noise
 * @start: monotonic ns when it was powered
 * @slot: number of the conversion under way, counted from @start
 * @energy: nJ of work in it
 * @last_energy: nJ of work in the one before
 * @total_energy: nJ of work since power-on
 * @busy_ns: how long the core worked, by its own clock
 * @busy_high: upper half of @busy_ns when its lower half was read
 * @shunt: last conversion, 2.5 uV
 * @bus: last conversion, 1.25 mV
 * @current: last conversion, 100 uA
 * @power: last conversion, 2.5 mW
 * @temperature: last conversion, 1/16 degree C
 * @limit: of @power; LIMIT_NEVER for none
 * @mode: of the clock
 * @interrupts: alerts interrupt
 * @over: the last conversion was over the limit
 * @latched: an alert was not acknowledged
 * @remind: monotonic ns when its interrupt is sent again
 */
struct monitor {
	uint32_t missing;
	bool absent;
	uint64_t seed, start, slot, energy, last_energy, total_energy;
	uint64_t busy_ns;
	uint32_t busy_high;
	int16_t shunt, current, temperature;
	uint16_t bus, power, limit;
	enum clock_mode mode;
	bool interrupts, over, latched;
	uint64_t remind;
};

/**
 * monitor_without() - leave sources out, before the board starts
 * @m: the block
 * @list: names with commas between them; "monitor" for the block itself
 *
 * Return: 0, or -EINVAL when there is no such source.
 */
int monitor_without(struct monitor *m, const char *list);

/**
 * monitor_power_on() - begin to measure
 * @b: the board
 */
void monitor_power_on(struct board *b);

/**
 * monitor_reset() - settings as after power-on
 * @b: the board
 *
 * Measuring goes on: the sensor is a chip of its own.
 */
void monitor_reset(struct board *b);

/**
 * monitor_clocks_ns() - how long clocks of the core take
 * @b: the board
 * @clocks: how many
 *
 * Return: ns in the current mode.
 */
uint64_t monitor_clocks_ns(const struct board *b, uint64_t clocks);

/**
 * monitor_work() - the core has worked
 * @b: the board
 * @begin: monotonic ns
 * @end: the same, not before @begin
 * @clocks: of the core
 */
void monitor_work(struct board *b, uint64_t begin, uint64_t end,
		  uint64_t clocks);

/**
 * monitor_alert() - the sensor's comparator struck
 * @b: the board
 */
void monitor_alert(struct board *b);

/**
 * monitor_tick() - conversions and interrupts that are due
 * @b: the board
 */
void monitor_tick(struct board *b);

/**
 * monitor_deadline() - when monitor_tick() has something to do
 * @b: the board
 *
 * Return: monotonic ns, TIME_NEVER for nothing.
 */
uint64_t monitor_deadline(const struct board *b);

/**
 * monitor_read32() - a register
 * @b: the board
 * @off: offset from MONITOR_BASE
 *
 * Return: its value.
 */
uint32_t monitor_read32(struct board *b, uint32_t off);

/**
 * monitor_write32() - write a register
 * @b: the board
 * @off: offset from MONITOR_BASE
 * @val: value
 */
void monitor_write32(struct board *b, uint32_t off, uint32_t val);

/**
 * monitor_json() - what it knows better than its sensor
 * @b: the board
 *
 * Return: a new reference, or NULL without memory.
 */
json_t *monitor_json(struct board *b);

#endif
