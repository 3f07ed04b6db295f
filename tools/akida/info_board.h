/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Boards, for "akida info" and "akida list".
 */
#ifndef INFO_BOARD_H
#define INFO_BOARD_H

#include <stdbool.h>

#include <akida/akida.h>

#include "json.h"

/**
 * info_is_board() - does an argument of "akida info" name a board
 * @arg: "0", "akida0", "/dev/akida0", "0000:01:00.0"; a model file of such a
 *	name is given as "./0"
 *
 * Return: true if it has the form of a board's name.
 */
bool info_is_board(const char *arg);

/**
 * info_board() - print what is known of a board
 * @name: as info_is_board() takes it
 * @json: for machines
 *
 * What sysfs knows is printed even if the board cannot be opened.
 *
 * Return: an exit code; TOOL_FAILED, too, if it cannot be opened.
 */
int info_board(const char *name, bool json);

/**
 * info_board_json() - what anybody may see of a board
 * @d: board
 *
 * Return: an object.
 */
json_t *info_board_json(const struct akida_board_desc *d);

/**
 * info_board_kind() - silicon or not
 * @d: board
 *
 * Return: "virtual", "silicon", or "unknown" of a node that may not be opened
 * where there is no sysfs.
 */
const char *info_board_kind(const struct akida_board_desc *d);

#endif /* INFO_BOARD_H */
