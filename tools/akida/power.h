/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a board's sensors tell, as hwmon has it, and averages of it: the driver
 * makes none.
 */
#ifndef POWER_H
#define POWER_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include <akida/akida.h>

struct power_meter;

/**
 * struct power_source - where a board's sensors are
 * @hwmon: folder of its hwmon device below /sys, "" without
 * @desc: the board
 */
struct power_source {
	char hwmon[PATH_MAX];
	struct akida_board_desc desc;
};

/**
 * struct power_reading - what sensors tell at a moment
 * @has: what could be read: bits by POWER_*
 * @value: of each: watts, volts, amperes, degrees Celsius, hertz
 * @why: errno of the first that there is and could not be read, or 0
 * @mode: of the clock, "" if the board has none or does not tell now
 */
enum power_value {
	POWER_WATTS,
	POWER_VOLTS,
	POWER_AMPERES,
	POWER_CELSIUS,
	POWER_HERTZ,
	POWER_VALUES,
};

struct power_reading {
	unsigned int has;
	double value[POWER_VALUES];
	int why;
	char mode[32];
};

/**
 * struct power_average - of a stretch of time
 * @samples: how many; 0 if power could not be read
 * @watts: their average
 * @min: lowest
 * @max: highest
 * @seconds: that they were taken in
 */
struct power_average {
	uint32_t samples;
	double watts, min, max, seconds;
};

/**
 * power_find() - a board's sensors
 * @s: where to put it
 * @name: of a board, as akida_board_find() takes it
 *
 * Return: 0, -ENOENT if there is no such board, -ENODATA if it has no sensors.
 */
int power_find(struct power_source *s, const char *name);

/**
 * power_read() - ask the sensors; wakes no board
 * @s: where they are
 * @r: where to put it
 */
void power_read(const struct power_source *s, struct power_reading *r);

/**
 * power_begin() - sample power from now on, in a thread
 * @device: name of a device, "soft" too
 *
 * Return: for power_end(); NULL if the device tells no power.
 */
struct power_meter *power_begin(const char *device);

/**
 * power_end() - stop sampling
 * @m: of power_begin(), or NULL
 * @a: where to put the average
 */
void power_end(struct power_meter *m, struct power_average *a);

/**
 * power_print() - lines about the energy that inferences took
 * @a: average; nothing is printed without samples
 * @per_second: inferences
 */
void power_print(const struct power_average *a, double per_second);

/**
 * power_json() - the same for machines
 * @a: average
 * @per_second: inferences
 *
 * Return: a new reference: an object, or null without samples.
 */
json_t *power_json(const struct power_average *a, double per_second);

#endif /* POWER_H */
