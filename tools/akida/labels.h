/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names of classes.
 */
#ifndef LABELS_H
#define LABELS_H

#include <stddef.h>
#include <stdint.h>

#include <akida/akida.h>

/**
 * struct labels - names of classes
 * @name: made harmless; the first belongs to class @first
 * @count: how many
 * @first: class of the first name
 */
struct labels {
	char **name;
	size_t count;
	uint32_t first;
};

/**
 * labels_load() - read a file with one name per line, say what is wrong
 * @l: where to put them
 * @path: file name
 * @shape: of the model's output; a map with one name less than channels has
 *	none for channel 0, the background
 *
 * Return: 0, -1 after an error was printed.
 */
int labels_load(struct labels *l, const char *path,
		const struct akida_shape *shape);

/**
 * labels_get() - name of a class
 * @l: names
 * @class: number
 *
 * Return: its name, NULL if it has none.
 */
const char *labels_get(const struct labels *l, uint32_t class);

/**
 * labels_text() - name of a class for people
 * @l: names
 * @class: number
 * @buf: where to put "class 3" for one without a name
 * @size: of it
 *
 * Return: the name.
 */
const char *labels_text(const struct labels *l, uint32_t class, char *buf,
			size_t size);

/**
 * labels_clear() - give the memory back
 * @l: names
 */
void labels_clear(struct labels *l);

#endif /* LABELS_H */
