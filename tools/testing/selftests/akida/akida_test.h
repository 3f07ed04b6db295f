/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of the driver share. They run in a virtual machine of
 * scripts/vm, as root, with at least one virtual board.
 */
#ifndef AKIDA_TEST_H
#define AKIDA_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <akida.h>

#define NS 1000000000ULL
#define KIB 1024ULL
#define MIB (1024 * KIB)

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#endif

/**
 * struct board - a board that the driver has bound
 * @number: by which vmctl knows it
 * @index: N of /dev/akidaN
 * @chip: AKIDA_CHIP_*
 * @node: /dev/akidaN
 * @pci: 0000:01:00.0
 */
struct board {
	int number;
	int index;
	int chip;
	char node[32];
	char pci[16];
};

/**
 * board_find() - a board of that kind
 * @b: where to put it
 * @chip: AKIDA_CHIP_*, 0 for any
 *
 * Return: 0 or -ENODEV.
 */
int board_find(struct board *b, int chip);

/**
 * board_at() - the board in a slot of vmctl's
 * @b: where to put it
 * @number: slot
 * @ms: wait so long for it
 *
 * Return: 0 or -ENODEV.
 */
int board_at(struct board *b, int number, int ms);

/**
 * board_attr() - path of a file of its PCI device in sysfs
 * @b: board
 * @name: of the file
 *
 * Return: path, valid until the next call.
 */
const char *board_attr(const struct board *b, const char *name);

/**
 * board_driver() - bind or unbind the driver
 * @b: board
 * @what: "bind" or "unbind"
 *
 * Return: 0 or a negative errno.
 */
int board_driver(const struct board *b, const char *what);

/* Calls that return what the system call did, or a negative errno. */
int dev_open(const struct board *b);
int dev_ioctl(int fd, unsigned long cmd, void *arg);

/**
 * buffer_create() - make a buffer
 * @fd: of the node
 * @kind: AKIDA_BUFFER_*
 * @size: bytes
 * @buf: where to put the description, or NULL
 *
 * Return: handle or a negative errno.
 */
int buffer_create(int fd, uint32_t kind, uint64_t size,
		  struct akida_ioc_buffer *buf);

/**
 * buffer_pin() - make a buffer of user memory
 * @fd: of the node
 * @addr: memory
 * @size: bytes
 * @flags: AKIDA_BUFFER_READ_ONLY or 0
 *
 * Return: handle or a negative errno.
 */
int buffer_pin(int fd, const void *addr, uint64_t size, uint32_t flags);
int buffer_free(int fd, uint32_t handle);

/**
 * buffer_map() - make a buffer and map all of it
 * @fd: of the node
 * @kind: AKIDA_BUFFER_HOST, AKIDA_BUFFER_WINDOW, or device memory
 * @size: bytes
 * @handle: where to put the handle
 *
 * Return: mapping, or NULL with errno.
 */
void *buffer_map(int fd, uint32_t kind, uint64_t size, uint32_t *handle);

/**
 * copy() - a synchronous or asynchronous copy
 * @fd: of the node
 * @dst: handle
 * @dst_offset: bytes
 * @src: handle
 * @src_offset: bytes
 * @size: bytes
 *
 * Return: 0 or a negative errno.
 */
int copy(int fd, uint32_t dst, uint64_t dst_offset, uint32_t src,
	 uint64_t src_offset, uint64_t size);

/* The same, asynchronous. Return: number of the transfer, negative errno. */
int64_t copy_async(int fd, uint32_t dst, uint64_t dst_offset, uint32_t src,
		   uint64_t src_offset, uint64_t size);

/**
 * wait_for() - wait for a transfer
 * @fd: of the node
 * @seq: its number
 * @ms: so long, from now on
 * @w: where to put all of the answer, or NULL
 *
 * Return: 0 or a negative errno: of the call, or else of the transfer.
 */
int wait_for(int fd, uint64_t seq, int ms, struct akida_ioc_wait *w);

/* CLOCK_MONOTONIC, nanoseconds */
uint64_t now_ns(void);
void sleep_ms(unsigned int ms);

/* Bytes that follow from a seed, and where memory first differs from them;
 * -1 if nowhere.
 */
void fill(void *p, size_t size, unsigned int seed);
ssize_t differs(const void *p, size_t size, unsigned int seed);
/* Where memory first is not this byte; -1 if it is everywhere. */
ssize_t is_not(const void *p, size_t size, int byte);

/**
 * edge() - memory that ends where nothing is mapped
 * @size: bytes, at most a page
 *
 * Return: address, NULL if there is no memory.
 */
void *edge(size_t size);

/**
 * vmctl() - have the host do something
 * @format: words of vmctl, as for printf(); the shell sees them
 *
 * Return: exit status.
 */
int vmctl(const char *format, ...) __attribute__((format(printf, 1, 2)));

/**
 * counter() - a counter of a board
 * @b: board
 * @path: such as "dma.channels.wr0.bytes"
 *
 * Return: its value; UINT64_MAX if it cannot be had.
 */
uint64_t counter(const struct board *b, const char *path);

/**
 * counters() - several counters of a board at one moment
 * @b: board
 * @paths: as for counter()
 * @values: where to put them
 * @n: how many
 *
 * Return: 0 or -EIO.
 */
int counters(const struct board *b, const char *const *paths, uint64_t *values,
	     size_t n);

/* A text file: 0 or a negative errno. */
int write_file(const char *path, const char *text);
int read_file(const char *path, char *text, size_t size);

/* The number behind a word in a file such as /proc/self/status; -1 without. */
long number_in(const char *path, const char *word);

/**
 * module_reload() - unload the driver and load it with other parameters
 * @params: as for insmod
 *
 * Waits until as many boards are bound as before. Return: 0 or -1.
 */
int module_reload(const char *params);

/* Become another user for good. Return: 0 or a negative errno. */
int become(const char *name);

/* What scripts/vm-tests said: "none", "strict" ... of VM_IOMMU and the like */
bool vm_is(const char *variable, const char *value);

#endif
