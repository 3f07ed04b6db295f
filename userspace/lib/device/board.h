/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files behind akida/board.h share.
 */
#ifndef AK_BOARD_H
#define AK_BOARD_H

#include <limits.h>

#include "akida/board.h"
#include "common/err.h"

#define AK_BOARD_CLASS "/sys/class/akida"

/* Modes of a clock, as the driver's clock_mode has them */
#define AK_CLOCK_MODES 3
extern const char *const ak_clock_modes[AK_CLOCK_MODES];

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

/**
 * ak_board_next() - go through boards by their indexes
 * @from: smallest index to be found, 0 at first; afterwards the one behind @d
 * @d: where to put the board
 *
 * One that goes meanwhile makes no other be passed over, as it would in counting
 * with akida_board_list().
 *
 * Return: 0, -ENOENT behind the last.
 */
int ak_board_next(int *from, struct akida_board_desc *d);

/**
 * ak_board_node_index() - which board a node leads to
 * @path: of the node: its name may be any, as in a container
 *
 * By the numbers of the device, as /sys/class/akida has them. What is no
 * character device, as in tests, is known by its name.
 *
 * Return: index; -ENOENT if there is no such file or sysfs does not know it.
 */
int ak_board_node_index(const char *path);

/**
 * ak_board_find_node() - set the node of a board that sysfs told of
 * @d: its index is set; its node becomes that of this name, or else one in
 *	/dev with the numbers of this device, or else /dev/akidaN
 *
 * Containers have boards under other names, and not all that sysfs shows.
 */
void ak_board_find_node(struct akida_board_desc *d);

/**
 * ak_board_has_node() - can a board be opened by its node
 * @d: a board
 *
 * Return: false if there is no such file, or it is another device.
 */
bool ak_board_has_node(const struct akida_board_desc *d);

/**
 * ak_board_ask() - describe a board without sysfs
 * @path: of its node, which is opened
 * @d: filled in: index, chip and kind only; of a node that may not be opened,
 *	the index by its name
 *
 * Return: 0; -ENOENT if it is no board, or sysfs has its device number: then
 * sysfs tells of boards.
 */
int ak_board_ask(const char *path, struct akida_board_desc *d);

/**
 * ak_board_ask_next() - the same for the nodes in /dev
 * @from: smallest index to be found
 * @d: filled in: the board with the smallest index that is not below @from
 *
 * Return: 0; -ENOENT if there is none, or sysfs tells of boards.
 */
int ak_board_ask_next(int from, struct akida_board_desc *d);

/**
 * ak_board_chip() - a chip by the driver's number
 * @id: AKIDA_CHIP_*
 *
 * Return: the chip; AKIDA_TARGET_NONE for one that is not known.
 */
enum akida_target ak_board_chip(uint32_t id);

/**
 * ak_board_in_container() - do user ids mean something else here
 *
 * Return: true in a user namespace that has not all ids.
 */
bool ak_board_in_container(void);

#endif /* AK_BOARD_H */
