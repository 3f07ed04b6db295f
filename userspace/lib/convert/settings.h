/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Options of formats, as users set them, and the list of formats.
 */
#ifndef AK_SETTINGS_H
#define AK_SETTINGS_H

#include "convert/convert.h"

/**
 * struct ak_settings_item - an option that was set
 * @name: of the option
 * @value: of it
 */
struct ak_settings_item {
	char *name, *value;
};

/**
 * struct ak_settings - options of a format
 * @format: whose they are, when it is known
 * @item: what was set, in the order of the calls
 * @count: how many
 */
struct ak_settings {
	const struct ak_output_format *format;
	struct ak_settings_item *item;
	size_t count;
};

/**
 * ak_format_at() - formats by number
 * @i: from 0
 *
 * Return: the format, NULL past the last.
 */
const struct ak_output_format *ak_format_at(size_t i);

/**
 * ak_format_find() - a format by its name
 * @name: exact name
 *
 * Return: the format or NULL.
 */
const struct ak_output_format *ak_format_find(const char *name);

/**
 * ak_settings_add() - set an option
 * @s: settings
 * @name: of the option
 * @value: of it
 * @err: error text
 *
 * The last value of an option counts.
 *
 * Return: 0, -EINVAL for an option that no format has, -ENOMEM.
 */
int ak_settings_add(struct ak_settings *s, const char *name, const char *value,
		    struct ak_err *err);

/**
 * ak_settings_check() - do they fit a format
 * @s: settings; belong to the format afterwards
 * @format: the format
 * @err: error text; names the option, and the format that it is of
 *
 * Return: 0, -EINVAL.
 */
int ak_settings_check(struct ak_settings *s,
		      const struct ak_output_format *format,
		      struct ak_err *err);

/**
 * ak_settings_digest() - what must be the same for parts to belong together
 * @s: settings of a format
 *
 * Return: hash of the format, of all its options and of the version of the
 * library.
 */
uint64_t ak_settings_digest(const struct ak_settings *s);

/**
 * ak_settings_clear() - forget all
 * @s: settings
 */
void ak_settings_clear(struct ak_settings *s);

#endif /* AK_SETTINGS_H */
