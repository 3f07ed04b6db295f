/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Models of a hub, for the subcommands that take them.
 */
#ifndef TOOL_HUB_H
#define TOOL_HUB_H

/**
 * hub_fetch() - have a model in the hub's cache, with a progress bar
 * @name: ORG/MODEL or a short name
 * @revision: branch, tag or commit; NULL for main
 *
 * Return: its folder, for free(); NULL after an error was printed.
 */
char *hub_fetch(const char *name, const char *revision);

/**
 * hub_input() - what a conversion reads
 * @name: file, folder, ORG/MODEL or short name
 *
 * What exists under the name is meant, else what the cache has, else the hub
 * is asked.
 *
 * Return: file or folder, for free(); NULL after an error was printed.
 */
char *hub_input(const char *name);

#endif /* TOOL_HUB_H */
