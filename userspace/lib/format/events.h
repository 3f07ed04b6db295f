/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Events of event cameras: files of (x, y, p, t), and how they become inputs
 * of a model. Documentation/formats/events.rst.
 */
#ifndef AK_EVENTS_H
#define AK_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "akida/model.h"
#include "common/err.h"

/* Above that a coordinate or a time is a mistake. */
#define AK_EVENT_MAX_COORDINATE 65535
#define AK_EVENT_MAX_TIME ((int64_t)1 << 62)

/**
 * struct ak_event - a pixel became brighter or darker
 * @t: microseconds, 0 to AK_EVENT_MAX_TIME
 * @x: column
 * @y: row
 * @on: brighter
 * @number: of the event in its file, from 0
 * @line: of a text file, from 1; 0 for arrays
 */
struct ak_event {
	int64_t t;
	uint32_t x, y;
	bool on;
	size_t number, line;
};

/**
 * ak_events_scan() - read a file of events
 * @data: the file: .npy with fields x, y, p, t or four columns of that order,
 *	or text
 * @size: its bytes
 * @each: called with each event; other than 0 ends the reading
 * @arg: handed to @each
 * @err: error text; names the line or the event
 *
 * Return: 0, -EINVAL for what is no such file or a value that no event has,
 * -ENOTSUP for an array of another kind, or what @each returned.
 */
int ak_events_scan(const void *data, size_t size,
		   int (*each)(void *arg, const struct ak_event *e), void *arg,
		   struct ak_err *err);

/**
 * ak_events_refuse() - say what is wrong with an event
 * @e: it
 * @err: error text
 * @fmt: what is wrong, as for printf
 *
 * Return: -EINVAL.
 */
int ak_events_refuse(const struct ak_event *e, struct ak_err *err,
		     const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * struct ak_event_bins - how events are counted
 * @shape: of an input: 1 channel for events of both kinds, or two for each
 *	slice of time, off before on
 * @most: largest count
 * @sensor_width: columns that events come from
 * @sensor_height: rows
 * @window: microseconds of an input; 0 for all events in one
 * @first: filled in: time of the first event, where the first window begins
 * @slice: filled in: microseconds of a slice
 * @windows: filled in: inputs
 * @events: filled in: events
 */
struct ak_event_bins {
	struct akida_shape shape;
	uint32_t most, sensor_width, sensor_height;
	uint64_t window;
	int64_t first;
	uint64_t slice, windows;
	size_t events;
};

/**
 * ak_events_measure() - how many inputs a file of events makes
 * @b: members up to @window are set; the others are filled in
 * @data: the file
 * @size: its bytes
 * @err: error text
 *
 * Return: 0, -EINVAL for a shape that no events fit, for an event outside of
 * the sensor, and for a file without events; what ak_events_scan() returns.
 */
int ak_events_measure(struct ak_event_bins *b, const void *data, size_t size,
		      struct ak_err *err);

/**
 * ak_events_count() - count events
 * @b: as ak_events_measure() has left it
 * @data: the same file
 * @size: its bytes
 * @out: @b->windows inputs, [y][x][c], zeroed
 * @err: error text
 *
 * A pixel of the sensor counts where it lies: column x * width / sensor_width.
 *
 * Return: 0, -EINVAL if the file has changed.
 */
int ak_events_count(const struct ak_event_bins *b, const void *data,
		    size_t size, uint8_t *out, struct ak_err *err);

#endif /* AK_EVENTS_H */
