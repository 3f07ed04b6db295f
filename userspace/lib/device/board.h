/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files behind akida/board.h share.
 */
#ifndef AK_BOARD_H
#define AK_BOARD_H

#include <limits.h>

#include "akida/board.h"
#include "common/err.h"

/**
 * struct akida_board - an open board
 * @refs: the handle, and the buffers on it
 * @fd: the open node; -1 before akida_board_open()
 * @node: its path, for messages
 * @align: multiple of which addresses and sizes must be
 * @err: last error
 */
struct akida_board {
	unsigned int refs;
	int fd;
	char node[PATH_MAX];
	uint32_t align;
	struct ak_err err;
};

/**
 * struct akida_buffer - memory for copies
 * @board: held
 * @memory: where it is
 * @handle: the driver's
 * @flags: AKIDA_MEMORY_*
 * @size: bytes
 * @mmap_offset: where the file shows it, 0 where it does not
 * @device_address: 0 for memory that the board does not see
 * @data: its mapping, or the caller's memory; NULL before
 */
struct akida_buffer {
	struct akida_board *board;
	enum akida_memory memory;
	uint32_t handle;
	uint32_t flags;
	uint64_t size;
	uint64_t mmap_offset;
	uint64_t device_address;
	void *data;
};

/**
 * ak_board_put() - let go of a board
 * @b: a board
 */
void ak_board_put(struct akida_board *b);

/**
 * ak_board_ioctl() - ask the driver
 * @b: a board
 * @request: AKIDA_IOC_*
 * @arg: its structure
 *
 * Return: 0; -EBADF if @b is not open, what the driver said. No text.
 */
int ak_board_ioctl(struct akida_board *b, unsigned long request, void *arg);

/**
 * ak_board_fail() - a sentence for an errno that any call may give
 * @b: board
 * @code: negative errno
 * @fmt: what could not be done, as printf: "board information cannot be read"
 *
 * Return: @code.
 */
int ak_board_fail(struct akida_board *b, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif /* AK_BOARD_H */
