/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a board is given when it is found: a file of sections and keys in
 * /etc/akida/boards.d. Described in akida.conf(5).
 */
#ifndef BOOT_CONFIG_H
#define BOOT_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/* Largest file: far more than what a board can hold programs. */
#define BOOT_CONFIG_MAX (64u << 10)
/* As many programs as a board keeps under names */
#define BOOT_CONFIG_PROGRAMS 64
/* Of who may run a program: its owner everything, its group may run it */
#define BOOT_CONFIG_MODE 0710

/**
 * struct boot_program - a section [program]
 * @line: where it begins
 * @model: absolute path of a model or program
 * @name: on the board; NULL for that of the file
 * @owner: user, a name or a number; NULL for who loads it
 * @group: group, a name or a number; NULL for group akida
 * @mode: who may run it (x) and change it (w)
 */
struct boot_program {
	unsigned int line;
	const char *model, *name, *owner, *group;
	unsigned int mode;
};

/**
 * struct boot_config - a file
 * @clock_mode: "performance", "economy" or "lowpower"; NULL for what the board has
 * @power_limit: microwatts; 0 for what the board has
 * @num_programs: sections [program]
 * @program: these, in their order
 * @text: the file, which the strings point into
 */
struct boot_config {
	const char *clock_mode;
	uint64_t power_limit;
	unsigned int num_programs;
	struct boot_program program[BOOT_CONFIG_PROGRAMS];
	char *text;
};

/**
 * ak_boot_config_parse() - understand a file
 * @c: filled in; for ak_boot_config_clear(), also after an error
 * @data: the file
 * @size: its bytes
 * @path: its name, for messages
 * @err: error text: file, line, and what is wrong with it
 *
 * Nothing is looked for that the file names.
 *
 * Return: 0, -EINVAL, -EFBIG or -ENOMEM.
 */
int ak_boot_config_parse(struct boot_config *c, const void *data, size_t size,
			 const char *path, struct ak_err *err);

/**
 * ak_boot_config_find() - the file of a board
 * @path: where to put its name: /etc/akida/boards.d/ADDRESS.conf, or if that does
 *	not exist default.conf beside it
 * @path_size: of @path
 * @address: "0000:01:00.0"
 * @err: error text
 *
 * Return: 0; -ENOENT if there is neither; what the system said.
 */
int ak_boot_config_find(char *path, size_t path_size, const char *address,
			struct ak_err *err);

/**
 * ak_boot_config_read() - read and understand a file
 * @c: filled in; for ak_boot_config_clear(), also after an error
 * @path: its name
 * @err: error text
 *
 * Return: 0, -EINVAL for what is in it, what the system said.
 */
int ak_boot_config_read(struct boot_config *c, const char *path,
			struct ak_err *err);

/**
 * ak_boot_config_clear() - give it back
 * @c: parsed or zeroed
 */
void ak_boot_config_clear(struct boot_config *c);

#endif /* BOOT_CONFIG_H */
