/* SPDX-License-Identifier: GPL-2.0 */
/*
 * akida inspect: what its parts share.
 */
#ifndef INSPECT_H
#define INSPECT_H

#include "convert/stats.h"
#include "convert/tensors.h"

/**
 * struct inspect - what is to be shown
 * @name: file, folder or model as the user gave it
 * @path: what was opened for it
 * @set: its tensors
 * @stats: of each, or NULL
 */
struct inspect {
	const char *name;
	char *path;
	struct ak_tensors *set;
	struct ak_stats *stats;
};

/**
 * inspect_text() - tables for people
 * @i: what
 */
void inspect_text(const struct inspect *i);

/**
 * inspect_json() - the same as JSON
 * @i: what
 */
void inspect_json(const struct inspect *i);

#endif /* INSPECT_H */
