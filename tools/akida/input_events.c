// SPDX-License-Identifier: GPL-2.0
/*
 * Events of event cameras as inputs.
 */
#include <stdint.h>

#include "common/map.h"
#include "format/events.h"
#include "input.h"
#include "term.h"
#include "tool.h"

static int add(struct inputs *in, const char *path, const struct ak_map *map,
	       struct ak_event_bins *b)
{
	struct ak_err err = { "" };
	uint8_t *to;

	if (ak_events_measure(b, map->data, map->size, &err)) {
		term_error("%s: %s", path, err.text);
		return -1;
	}
	if (b->windows > SIZE_MAX / 2) {
		term_error(
			"%s: its events make %llu windows; give a longer --window",
			path, (unsigned long long)b->windows);
		return -1;
	}
	to = inputs_grow(in, path, (size_t)b->windows);
	if (!to)
		return -1;
	if (ak_events_count(b, map->data, map->size, to, &err)) {
		term_error("%s: %s", path, err.text);
		return -1;
	}
	inputs_filled(in, (size_t)b->windows);
	return 0;
}

int inputs_add_events(struct inputs *in, const char *path,
		      const struct input_events *how)
{
	const struct akida_shape *s = &in->info->input;
	struct ak_event_bins b = {
		.shape = *s,
		.most = (1u << in->info->input_bits) - 1,
		.sensor_width = how->width ? how->width : s->width,
		.sensor_height = how->height ? how->height : s->height,
		.window = how->window,
	};
	struct ak_err err = { "" };
	struct ak_map map;
	int ret;

	if (ak_map_open(path, &map, &err)) {
		term_error("%s", err.text);
		return -1;
	}
	ret = add(in, path, &map, &b);
	ak_map_close(&map);
	return ret;
}
