/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Generic netlink family "akida" by plain sockets: what the driver says, read
 * without the library that the command uses.
 */
#ifndef TEST_NETLINK_H
#define TEST_NETLINK_H

#include <stdbool.h>
#include <stdint.h>

#include <akida_netlink.h>

/**
 * struct event - a message of the family
 * @cmd: AKIDA_NL_CMD_*
 * @has: bit of each attribute that it has
 * @value: of those of 4 and 8 bytes
 * @pci: AKIDA_NL_A_PCI
 */
struct event {
	uint8_t cmd;
	uint32_t has;
	uint64_t value[AKIDA_NL_A_MAX + 1];
	char pci[32];
};

/**
 * struct netlink - a socket
 * @fd: itself
 * @family: number
 * @seq: of the last request
 */
struct netlink {
	int fd;
	int family;
	uint32_t seq;
};

/**
 * netlink_open() - open a socket and join all groups of the family
 * @n: where to put it
 *
 * Return: 0, -ENOENT if there is no such family, another negative errno.
 */
int netlink_open(struct netlink *n);
void netlink_close(struct netlink *n);

/**
 * netlink_next() - wait for an event
 * @n: socket
 * @e: where to put it
 * @ms: so long
 *
 * Return: 0, -ETIME, or a negative errno.
 */
int netlink_next(struct netlink *n, struct event *e, int ms);

/**
 * netlink_expect() - wait for an event of a board, passing over those of others
 * @n: socket
 * @e: where to put it
 * @index: of the board
 *
 * Return: as netlink_next().
 */
int netlink_expect(struct netlink *n, struct event *e, int index);

/**
 * netlink_get() - ask for boards
 * @n: socket that is used for nothing else
 * @index: of one, or -1 for all
 * @e: where to put them
 * @max: room there
 *
 * Return: how many, or a negative errno, the driver's among them.
 */
int netlink_get(struct netlink *n, int index, struct event *e, int max);

static inline bool event_has(const struct event *e, unsigned int attr)
{
	return e->has >> attr & 1;
}

#endif
