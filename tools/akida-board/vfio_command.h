/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the client's commands do.
 */
#ifndef BOARD_VFIO_COMMAND_H
#define BOARD_VFIO_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct board;

enum vu_command {
	VU_VERSION = 1,
	VU_DMA_MAP = 2,
	VU_DMA_UNMAP = 3,
	VU_GET_INFO = 4,
	VU_GET_REGION_INFO = 5,
	VU_GET_IRQ_INFO = 7,
	VU_SET_IRQS = 8,
	VU_REGION_READ = 9,
	VU_REGION_WRITE = 10,
	VU_DMA_READ = 11,
	VU_DMA_WRITE = 12,
	VU_RESET = 13,
};

/**
 * struct vu_reply - what to answer
 * @err: 0 or a negative errno; then nothing else counts
 * @data: the reply after its header, to be freed by the caller
 * @size: bytes of it
 * @fd: goes along, borrowed; -1 for none
 * @hang_up: close the connection after the reply
 */
struct vu_reply {
	int err;
	uint8_t *data;
	size_t size;
	int fd;
	bool hang_up;
};

/**
 * vfio_command() - run a command of the client
 * @b: the board; file descriptors that came along are in its server
 * @command: number
 * @body: the message after its header
 * @size: bytes of it
 * @r: the reply
 */
void vfio_command(struct board *b, uint16_t command, const uint8_t *body,
		  size_t size, struct vu_reply *r);

#endif
