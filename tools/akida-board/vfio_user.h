/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The vfio-user protocol: one client at a time on a UNIX socket.
 */
#ifndef BOARD_VFIO_USER_H
#define BOARD_VFIO_USER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct board;

#define VFIO_USER_HEADER 16
/* Most data in one message, either way. */
#define VFIO_USER_MAX_DATA (1u << 20)
#define VFIO_USER_MAX_FDS 8

/**
 * struct vu_header - in front of every message
 * @id: chosen by the sender of the command, echoed in the reply
 * @command: what
 * @size: bytes, this header included
 * @flags: type 3:0, no reply 4, error 5
 * @error: errno of an error reply
 */
struct vu_header {
	uint16_t id, command;
	uint32_t size, flags, error;
};

/**
 * struct vu_out - a message on its way to the client
 * @next: the one after it
 * @size: bytes
 * @sent: of them
 * @fd: goes along with the first byte; borrowed; -1 for none
 * @data: the bytes
 */
struct vu_out {
	struct vu_out *next;
	size_t size, sent;
	int fd;
	uint8_t data[];
};

/**
 * struct vu_wait - a command of ours that waits for its reply
 * @active: there is one
 * @done: the reply is there
 * @id: of the message
 * @error: errno of the reply
 * @buf: where data of a reply goes, or NULL
 * @len: bytes of it
 */
struct vu_wait {
	bool active, done;
	uint16_t id;
	int error;
	uint8_t *buf;
	size_t len;
};

/**
 * struct server - the socket and its client
 * @path: of the socket
 * @listen_fd: the socket, -1 while the board is removed
 * @fd: the client, -1 for none
 * @generation: changes with each client
 * @greeted: versions were exchanged
 * @max_data: most data that the client takes in one message
 * @header: of the message that is coming in
 * @body: of that message
 * @got: how many bytes of it are there
 * @fds: that came with it
 * @num_fds: how many
 * @out: messages not sent yet
 * @out_last: the last of them
 * @out_bytes: what they take
 * @next_id: for our own commands
 * @wait: our own command
 */
struct server {
	const char *path;
	int listen_fd, fd;
	uint32_t generation;
	bool greeted;
	uint32_t max_data;
	struct vu_header header;
	uint8_t *body;
	size_t got;
	int fds[VFIO_USER_MAX_FDS];
	unsigned int num_fds;
	struct vu_out *out, *out_last;
	size_t out_bytes;
	uint16_t next_id;
	struct vu_wait wait;
};

/**
 * vfio_user_listen() - open the socket
 * @b: the board
 *
 * Return: 0 or a negative errno.
 */
int vfio_user_listen(struct board *b);

/**
 * vfio_user_unlisten() - close the socket and remove its path
 * @b: the board
 */
void vfio_user_unlisten(struct board *b);

/**
 * vfio_user_accept() - take a new client
 * @b: the board
 */
void vfio_user_accept(struct board *b);

/**
 * vfio_user_close() - the client is gone or is to go
 * @b: the board
 *
 * Its memory and eventfds are forgotten, the board's state stays.
 */
void vfio_user_close(struct board *b);

/**
 * vfio_user_receive() - take at most one message of the client
 * @b: the board
 */
void vfio_user_receive(struct board *b);

/**
 * vfio_user_send() - send what the socket takes
 * @b: the board
 */
void vfio_user_send(struct board *b);

/**
 * vfio_user_events() - what to wait for on the client's socket
 * @b: the board
 *
 * Return: poll() events. A client that does not read is not read from either.
 */
short vfio_user_events(const struct board *b);

/**
 * vfio_user_dma() - let the client read or write its memory
 * @b: the board
 * @addr: IOVA
 * @buf: destination or source
 * @len: bytes
 * @write: which
 *
 * Serves other messages while it waits: the client answers only when its CPUs
 * do not wait for the board.
 *
 * Return: 0; -EIO, -ETIMEDOUT or -ECANCELED.
 */
int vfio_user_dma(struct board *b, uint64_t addr, uint8_t *buf, size_t len,
		  bool write);

#endif
