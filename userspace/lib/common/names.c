// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define MIN_ROOM 64

struct ak_name {
	const char *name;
	size_t number;
};

/* FNV-1a from a secret start, with the upper bits folded in at the end. */
static uint64_t hash(uint64_t seed, const char *name)
{
	uint64_t h = seed ^ 0xcbf29ce484222325ull;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 0x100000001b3ull;
	h ^= h >> 32;
	h *= 0x9e3779b97f4a7c15ull;
	return h ^ h >> 29;
}

/* The slot of a name, or the free one where it would be. */
static struct ak_name *slot(const struct ak_names *n, const char *name)
{
	size_t i = (size_t)hash(n->seed, name) & (n->room - 1);

	while (n->slot[i].name && strcmp(n->slot[i].name, name))
		i = (i + 1) & (n->room - 1);
	return &n->slot[i];
}

static int grow(struct ak_names *n)
{
	struct ak_names old = *n;
	size_t i;

	if (!n->room &&
	    getrandom(&n->seed, sizeof(n->seed), 0) != (ssize_t)sizeof(n->seed))
		n->seed = (uintptr_t)n;
	n->room = old.room ? old.room * 2 : MIN_ROOM;
	n->slot = calloc(n->room, sizeof(*n->slot));
	if (!n->slot) {
		*n = old;
		return -ENOMEM;
	}
	for (i = 0; i < old.room; i++)
		if (old.slot[i].name)
			*slot(n, old.slot[i].name) = old.slot[i];
	free(old.slot);
	return 0;
}

int ak_names_add(struct ak_names *n, const char *name, size_t number)
{
	struct ak_name *s;

	if (n->count >= n->room / 2 && grow(n))
		return -ENOMEM;
	s = slot(n, name);
	if (s->name)
		return -EEXIST;
	s->name = name;
	s->number = number;
	n->count++;
	return 0;
}

size_t ak_names_find(const struct ak_names *n, const char *name)
{
	const struct ak_name *s;

	if (!n->count)
		return SIZE_MAX;
	s = slot(n, name);
	return s->name ? s->number : SIZE_MAX;
}

void ak_names_clear(struct ak_names *n)
{
	free(n->slot);
	memset(n, 0, sizeof(*n));
}
