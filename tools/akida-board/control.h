/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The control socket: a line in, a line of JSON out.
 */
#ifndef BOARD_CONTROL_H
#define BOARD_CONTROL_H

#include <stddef.h>

struct board;
struct pollfd;

#define CONTROL_CLIENTS 4
#define CONTROL_LINE 8192

/**
 * struct control_client - one connection
 * @fd: its socket, -1 for a free place
 * @line: what came of the next line
 * @len: bytes of it
 */
struct control_client {
	int fd;
	char line[CONTROL_LINE];
	size_t len;
};

/**
 * struct control - the socket
 * @path: of the socket, NULL for none
 * @listen_fd: the socket
 * @client: its connections
 */
struct control {
	const char *path;
	int listen_fd;
	struct control_client client[CONTROL_CLIENTS];
};

/**
 * control_open() - open the socket
 * @b: the board
 *
 * Return: 0 or a negative errno.
 */
int control_open(struct board *b);

/**
 * control_close() - close it and its connections
 * @b: the board
 */
void control_close(struct board *b);

/**
 * control_accept() - take a new connection, if there is room
 * @b: the board
 */
void control_accept(struct board *b);

/**
 * control_receive() - read from a connection and run its lines
 * @b: the board
 * @i: which
 */
void control_receive(struct board *b, unsigned int i);

#endif
