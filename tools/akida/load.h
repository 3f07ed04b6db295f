/* SPDX-License-Identifier: GPL-2.0 */
/*
 * akida load and unload: names of programs, and what the configuration names
 * for a board.
 */
#ifndef TOOL_LOAD_H
#define TOOL_LOAD_H

#include <stdbool.h>

#include <akida.h>

#define LOAD_MAX_NAME (AKIDA_NAME_SIZE - 1)

/**
 * load_name() - the name that a program gets after its file
 * @path: of the file
 * @name: without folder and ending; what no name has becomes "-"
 */
void load_name(const char *path, char name[LOAD_MAX_NAME + 1]);

/**
 * load_configured() - load what /etc/akida/boards.d names for a board
 * @device: the board, or NULL for the only one
 * @json: write JSON
 *
 * Programs that are there take the place of those of the same names, so that
 * doing it again changes nothing. What fails does not keep the rest from
 * being done.
 *
 * Return: TOOL_OK, also for a board that has no configuration; TOOL_FAILED;
 * TOOL_USAGE for a configuration that is wrong.
 */
int load_configured(const char *device, bool json);

/**
 * unload_configured() - take away what it names
 * @device: the board, or NULL for the only one
 * @json: write JSON
 *
 * Return: TOOL_OK, also if there is no such program or board any more;
 * TOOL_FAILED; TOOL_USAGE for a configuration that is wrong.
 */
int unload_configured(const char *device, bool json);

#endif /* TOOL_LOAD_H */
