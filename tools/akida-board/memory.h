/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The board's own address space: memory, register blocks, the window to the
 * host, and holes between them.
 */
#ifndef BOARD_MEMORY_H
#define BOARD_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct board;

/* Who accesses; MMIO comes from the host's CPU, the others are masters. */
enum bus_master {
	BUS_MMIO,
	BUS_DMA,
	BUS_CORE,
};

enum map_kind {
	MAP_RAM,
	MAP_REGS,
	MAP_WINDOW,
};

/**
 * struct map_entry - one range of the board's address space
 * @base: first address
 * @size: bytes
 * @kind: memory, registers, or the window to host memory
 * @name: for the trace
 * @read32: registers only; @off is a multiple of 4 below @size
 * @write32: registers only
 */
struct map_entry {
	uint64_t base;
	uint64_t size;
	enum map_kind kind;
	const char *name;
	uint32_t (*read32)(struct board *b, uint32_t off);
	void (*write32)(struct board *b, uint32_t off, uint32_t val);
};

/**
 * struct memory - the bytes behind all MAP_RAM entries
 * @fd: memfd; a page takes space only once it was written
 * @data: the memfd mapped
 * @size: bytes
 */
struct memory {
	int fd;
	uint8_t *data;
	size_t size;
};

/**
 * memory_init() - make the memory of the board's chip, all zero
 * @b: the board
 *
 * Return: 0 or a negative errno.
 */
int memory_init(struct board *b);

/**
 * memory_clear() - what happens to memory without power
 * @b: the board
 */
void memory_clear(struct board *b);

/**
 * memory_exit() - give the memory back
 * @b: the board
 */
void memory_exit(struct board *b);

/**
 * memory_offset() - where in the memfd an address of the board lies
 * @b: the board
 * @addr: an address in a MAP_RAM entry
 * @avail: how many bytes of it follow, or NULL
 *
 * Return: the offset, or -1 when the address is no memory.
 */
int64_t memory_offset(const struct board *b, uint64_t addr, uint64_t *avail);

/**
 * bus_span() - how far an access may go before something else answers
 * @b: the board
 * @addr: first address
 * @len: bytes wanted
 *
 * Return: how many of @len bytes from @addr belong to one entry (and, in the
 * window, to one outbound region); 0 when nothing answers.
 */
size_t bus_span(const struct board *b, uint64_t addr, size_t len);

/**
 * bus_read() - read the board's address space
 * @b: the board
 * @addr: first address
 * @buf: destination
 * @len: bytes
 * @who: the master; the CPU may not reach host memory through the window
 *
 * Return: 0; -EFAULT where nothing answers (counted); -EIO when host memory
 * did not answer; -ECANCELED when the client went away meanwhile.
 */
int bus_read(struct board *b, uint64_t addr, void *buf, size_t len,
	     enum bus_master who);

/**
 * bus_write() - write the board's address space
 * @b: the board
 * @addr: first address
 * @buf: source
 * @len: bytes
 * @who: the master
 *
 * Return: as bus_read(). Writes to host memory are posted: they do not fail.
 */
int bus_write(struct board *b, uint64_t addr, const void *buf, size_t len,
	      enum bus_master who);

/**
 * regs_access() - any access to 32-bit registers
 * @b: the board
 * @read32: reads one register
 * @write32: writes one register, NULL for a read access
 * @off: byte offset
 * @buf: data
 * @len: bytes; a write of part of a register keeps its other bytes
 */
void regs_access(struct board *b, uint32_t (*read32)(struct board *, uint32_t),
		 void (*write32)(struct board *, uint32_t, uint32_t),
		 uint32_t off, uint8_t *buf, size_t len);

#endif
