/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Host memory as the board sees it: ranges that the client mapped, and the
 * client itself for everything else.
 */
#ifndef BOARD_HOST_H
#define BOARD_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct board;

#define HOST_READ 1
#define HOST_WRITE 2
#define HOST_MAPS_MAX 65535

/**
 * struct host_file - a memory file of the client
 * @fd: of the file
 * @dev: which file it is, so that it is kept open once
 * @ino: the same
 * @flags: access mode of @fd
 * @users: ranges in it
 */
struct host_file {
	int fd;
	uint64_t dev, ino;
	int flags;
	unsigned int users;
};

/**
 * struct host_map - a range of addresses that the board may use
 * @iova: first address
 * @size: bytes
 * @flags: HOST_READ, HOST_WRITE
 * @file: what holds the bytes; NULL when the client has to be asked
 * @offset: of the range in @file
 */
struct host_map {
	uint64_t iova, size;
	uint32_t flags;
	struct host_file *file;
	uint64_t offset;
};

/**
 * struct host - all of them
 * @maps: sorted by iova, without overlap
 * @num: how many
 * @room: how many fit
 */
struct host {
	struct host_map *maps;
	size_t num, room;
	struct host_file **files;
	size_t num_files;
};

/**
 * host_map() - a new range
 * @b: the board
 * @iova: first address
 * @size: bytes, not 0
 * @flags: HOST_READ, HOST_WRITE
 * @fd: regular file, taken over; -1 for none
 * @offset: in the file
 *
 * Return: 0; -EEXIST when it overlaps another; -EINVAL for addresses that
 * wrap, an @fd that is no regular file or too short; -ENOSPC when there are
 * too many; -ENOMEM.
 */
int host_map(struct board *b, uint64_t iova, uint64_t size, uint32_t flags,
	     int fd, uint64_t offset);

/**
 * host_unmap() - take ranges away
 * @b: the board
 * @iova: first address
 * @size: bytes
 *
 * Return: 0; -EINVAL when a range would have to be cut. Ranges are taken away
 * that lie within, as <linux/vfio.h> has it; that may be none.
 */
int host_unmap(struct board *b, uint64_t iova, uint64_t size);

/**
 * host_unmap_all() - take all away
 * @b: the board
 */
void host_unmap_all(struct board *b);

/**
 * host_read() - read host memory
 * @b: the board
 * @addr: IOVA
 * @buf: destination
 * @len: bytes
 *
 * May wait for the client and serve its other messages meanwhile.
 *
 * Return: 0; -EIO when the host refused; -ETIMEDOUT when it did not answer;
 * -ECANCELED when it went away.
 */
int host_read(struct board *b, uint64_t addr, void *buf, size_t len);

/**
 * host_write() - write host memory
 * @b: the board
 * @addr: IOVA
 * @buf: source
 * @len: bytes
 *
 * Return: 0, whatever comes of it: writes on PCIe are posted, and a device
 * does not learn that one was refused. Refusals are counted.
 */
int host_write(struct board *b, uint64_t addr, const void *buf, size_t len);

#endif
