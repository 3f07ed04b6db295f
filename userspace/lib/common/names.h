/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which number has a name: for names that must be there once.
 */
#ifndef AK_NAMES_H
#define AK_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct ak_name;

/**
 * struct ak_names - a table of names; all zero to begin with
 * @slot: where they are
 * @room: slots, a power of two
 * @count: names
 * @seed: of the hash, so that no file can make all names collide
 */
struct ak_names {
	struct ak_name *slot;
	size_t room, count;
	uint64_t seed;
};

/**
 * ak_names_add() - add a name
 * @n: table
 * @name: stays the caller's and must stay where it is
 * @number: what it stands for
 *
 * Return: 0, -EEXIST if it is there, -ENOMEM.
 */
int ak_names_add(struct ak_names *n, const char *name, size_t number);

/**
 * ak_names_find() - look a name up
 * @n: table
 * @name: exact name
 *
 * Return: its number, SIZE_MAX if it is not there.
 */
size_t ak_names_find(const struct ak_names *n, const char *name);

/**
 * ak_names_clear() - give the table back
 * @n: table, empty afterwards
 */
void ak_names_clear(struct ak_names *n);

#endif /* AK_NAMES_H */
