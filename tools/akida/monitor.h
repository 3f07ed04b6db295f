/* SPDX-License-Identifier: GPL-2.0 */
/*
 * akida monitor: events of boards, how they are shown, and commands that are
 * run for them.
 */
#ifndef MONITOR_H
#define MONITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include <akida_netlink.h>

/**
 * struct monitor_event - an event as it came from the driver
 * @cmd: AKIDA_NL_CMD_*
 * @has: bit AKIDA_NL_A_* for each attribute that it has
 * @value: of numeric attributes; 64-bit two's complement
 * @pci: AKIDA_NL_A_PCI, with nothing in it but hexadecimal digits, ':' and '.'
 */
struct monitor_event {
	uint8_t cmd;
	uint32_t has;
	uint64_t value[AKIDA_NL_A_MAX + 1];
	char pci[24];
};

/**
 * monitor_name() - what an event is called
 * @cmd: AKIDA_NL_CMD_*
 *
 * Return: "job-failed" and the like, NULL if this is none that we know.
 */
const char *monitor_name(unsigned int cmd);

/**
 * monitor_set_pci() - take a board's address over
 * @e: event
 * @text: untrusted; what is no address becomes "?"
 */
void monitor_set_pci(struct monitor_event *e, const char *text);

/**
 * monitor_print() - write an event as a line
 * @f: stream
 * @e: event that has a name
 * @json: an object instead of a sentence
 */
void monitor_print(FILE *f, const struct monitor_event *e, bool json);

/**
 * monitor_environment() - the variables of a command
 * @e: event that has a name
 *
 * Return: an array as of environ, with this process's variables and those of
 * the event, for monitor_free_environment().
 */
char **monitor_environment(const struct monitor_event *e);
void monitor_free_environment(char **env);

/* Commands that run at a time, and events that wait for their turn */
#define MONITOR_COMMANDS 4
#define MONITOR_WAITING 256

/**
 * struct monitor_exec - commands that are run
 * @command: for the shell
 * @child: those that run, 0 for a free slot
 * @waiting: events whose commands come next, a ring
 * @first: of them
 * @num: how many
 * @dropped: events without room among them
 */
struct monitor_exec {
	const char *command;
	pid_t child[MONITOR_COMMANDS];
	struct monitor_event waiting[MONITOR_WAITING];
	size_t first, num;
	uint64_t dropped;
};

/**
 * monitor_run() - run the command for an event, now or when there is room
 * @x: commands
 * @e: event
 */
void monitor_run(struct monitor_exec *x, const struct monitor_event *e);

/**
 * monitor_reap() - take note of commands that ended, and start what waits
 * @x: commands
 * @start: start what waits
 *
 * Return: how many run.
 */
size_t monitor_reap(struct monitor_exec *x, bool start);

#endif /* MONITOR_H */
