// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Events, counted into inputs of a model.
 */
#include <errno.h>

#include "format/events.h"

/**
 * struct pass - one way through a file
 * @b: how events are counted
 * @last: time of the last event
 * @out: inputs, or NULL to look at times only
 * @err: error text
 */
struct pass {
	struct ak_event_bins *b;
	int64_t last;
	uint8_t *out;
	struct ak_err *err;
};

static int look(void *arg, const struct ak_event *e)
{
	struct pass *p = arg;
	struct ak_event_bins *b = p->b;

	if (e->x >= b->sensor_width || e->y >= b->sensor_height)
		return ak_events_refuse(
			e, p->err,
			"(%u, %u) is outside of %ux%u pixels (columns x rows); say how large the sensor is with --sensor",
			e->x, e->y, b->sensor_width, b->sensor_height);
	if (!b->events || e->t < b->first)
		b->first = e->t;
	if (!b->events || e->t > p->last)
		p->last = e->t;
	b->events++;
	return 0;
}

int ak_events_measure(struct ak_event_bins *b, const void *data, size_t size,
		      struct ak_err *err)
{
	struct pass p = { .b = b, .err = err };
	uint32_t slices = b->shape.channels > 1 ? b->shape.channels / 2 : 1;
	uint64_t span, window;
	int rc;

	if (b->shape.channels > 1 && b->shape.channels % 2)
		return ak_errf(
			err, -EINVAL,
			"events need 1 channel, or 2 for each slice of time; the model's input has %u",
			b->shape.channels);
	b->events = 0;
	b->first = 0;
	rc = ak_events_scan(data, size, look, &p, err);
	if (rc)
		return rc;
	if (!b->events)
		return ak_errf(err, -EINVAL, "it has no events");
	span = (uint64_t)(p.last - b->first) + 1;
	window = b->window ? b->window : span;
	b->slice = window / slices + (window % slices != 0);
	b->windows = (span - 1) / window + 1;
	return 0;
}

static int count(void *arg, const struct ak_event *e)
{
	struct pass *p = arg;
	const struct ak_event_bins *b = p->b;
	const struct akida_shape *s = &b->shape;
	uint64_t after = (uint64_t)(e->t - b->first), window = 0;
	size_t at;

	/* What was measured may have been written to since. */
	if (e->x >= b->sensor_width || e->y >= b->sensor_height ||
	    e->t < b->first)
		return ak_errf(p->err, -EINVAL, "the file has changed");
	if (b->window) {
		window = after / b->window;
		after %= b->window;
	}
	if (window >= b->windows ||
	    after / b->slice >= (s->channels > 1 ? s->channels / 2 : 1))
		return ak_errf(p->err, -EINVAL, "the file has changed");
	at = (size_t)window * s->height;
	at = (at + (uint64_t)e->y * s->height / b->sensor_height) * s->width;
	at = (at + (uint64_t)e->x * s->width / b->sensor_width) * s->channels;
	if (s->channels > 1)
		at += (size_t)(after / b->slice) * 2 + e->on;
	if (p->out[at] < b->most)
		p->out[at]++;
	return 0;
}

int ak_events_count(const struct ak_event_bins *b, const void *data,
		    size_t size, uint8_t *out, struct ak_err *err)
{
	struct ak_event_bins bins = *b;
	struct pass p = { .b = &bins, .out = out, .err = err };

	return ak_events_scan(data, size, count, &p, err);
}
