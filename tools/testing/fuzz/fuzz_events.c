// SPDX-License-Identifier: GPL-2.0
/*
 * Any bytes as a file of events. What can be read is counted, in inputs of
 * several shapes: no count is lost but for what a pixel cannot hold.
 */
#include <stdlib.h>
#include <string.h>

#include "format/events.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int look(void *arg, const struct ak_event *e)
{
	size_t *number = arg;

	if (e->number != *number || e->x > AK_EVENT_MAX_COORDINATE ||
	    e->y > AK_EVENT_MAX_COORDINATE || e->t < 0 ||
	    e->t > AK_EVENT_MAX_TIME)
		abort();
	(*number)++;
	return 0;
}

static void count(const uint8_t *data, size_t size, uint32_t channels,
		  uint64_t window, size_t events)
{
	struct ak_event_bins b = {
		.shape = { 3, 4, channels },
		.most = UINT8_MAX,
		.sensor_width = 65536,
		.sensor_height = 65536,
		.window = window,
	};
	size_t sum = 0, full = 0, values, i;
	struct ak_err err = { "" };
	uint8_t *out;

	if (ak_events_measure(&b, data, size, &err)) {
		if (events || !err.text[0])
			abort();
		return;
	}
	if (b.windows > 4096)
		return;
	values = b.windows * 12 * channels;
	out = calloc(values, 1);
	if (!out || b.events != events ||
	    ak_events_count(&b, data, size, out, &err))
		abort();
	for (i = 0; i < values; i++) {
		sum += out[i];
		full += out[i] == UINT8_MAX;
	}
	if (sum > events || (!full && sum != events))
		abort();
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ak_err err = { "" };
	size_t events = 0;

	if (ak_events_scan(data, size, look, &events, &err)) {
		if (!err.text[0])
			abort();
		return 0;
	}
	count(data, size, 1, 0, events);
	count(data, size, 2, 1000, events);
	count(data, size, 10, 0, events);
	count(data, size, 6, 7, events);
	return 0;
}
