/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A stand-in for akida.ko in the process that calls it: open(), ioctl(),
 * poll() and close() of /dev/akidaN are answered here as uapi/akida.h says,
 * mmap() is real. Memory of a board is a sparse file, copies are memcpy().
 *
 * Linked into unit tests, which look at @mock; preloaded into the command, with
 * its settings from $MOCK_AKIDA ("chip=akd1500,flip=0x20001234,open=EACCES").
 *
 * What no caller may do, such as leaving a reserved field non-zero, ends the
 * process with a message.
 */
#ifndef MOCK_BOARD_H
#define MOCK_BOARD_H

#include <stdbool.h>
#include <stdint.h>

#include <akida.h>

/**
 * struct mock - settings, and what was asked
 * @chip: AKIDA_CHIP_* of every board
 * @caps: added to what the chip has
 * @silicon: boards are silicon, of a driver that takes programs for an AKD1500;
 *	it has none of the calls behind that
 * @open_errno: open() fails with it
 * @fail_nr: number of the ioctl that fails
 * @fail_errno: with this; 0 for none
 * @fail_after: so many calls of it succeed first
 * @flip: device address at which the lowest bit of a byte is stuck at the
 *	wrong value once data got there; 0 for none
 * @abort_after: copies end with -EIO after so many bytes, if it is not 0
 * @stuck: asynchronous copies do not end
 * @memlock: bytes of user memory that can be pinned
 * @calls: ioctls seen, by number
 * @closed: files closed
 * @buffers: buffers that are there now, of all files
 * @info, @buffer, @free, @copy, @wait, @eventfd: what was asked last
 */
struct mock {
	uint32_t chip;
	bool silicon;
	uint32_t caps;
	int open_errno;
	unsigned int fail_nr, fail_after;
	int fail_errno;
	uint64_t flip;
	uint64_t abort_after;
	bool stuck;
	uint64_t memlock;

	unsigned int calls[64];
	unsigned int closed;
	unsigned int buffers;
	struct akida_ioc_info info;
	struct akida_ioc_buffer buffer;
	struct akida_ioc_buffer_free free;
	struct akida_ioc_copy copy;
	struct akida_ioc_wait wait;
	struct akida_ioc_eventfd eventfd;
};

extern struct mock mock;

/**
 * mock_reset() - forget what was asked, settings to their defaults
 *
 * An AKD1000, 8 MiB of memory to be locked, no faults.
 */
void mock_reset(void);

#endif /* MOCK_BOARD_H */
