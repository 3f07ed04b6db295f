/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The virtual board: what it is made of, and the chips it can be.
 */
#ifndef BOARD_H
#define BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util.h"
#include "control.h"
#include "core.h"
#include "dma.h"
#include "edma.h"
#include "fault.h"
#include "hdma.h"
#include "host.h"
#include "iatu.h"
#include "irq.h"
#include "memory.h"
#include "monitor.h"
#include "pci_config.h"
#include "stats.h"
#include "vfio_user.h"

/* Where the controller's port logic begins in configuration space. */
#define PORT_LOGIC 0x700

enum reset_kind {
	RESET_POWER,
	RESET_FLR,
	RESET_BUS,
};

/**
 * struct chip - what differs between the chips
 * @name: as --chip takes it
 * @device_id: PCI device id
 * @port_logic: port logic is reached through configuration space
 * @control_bar: BAR0 is the controller's registers, whatever the iATU says
 * @ip_version: core register 0
 * @clock_hz: of the core in the fastest mode
 * @mesh: core registers 0x50, 0x54, 0x58
 * @has_mesh3: core register 0x58 exists
 * @dma: register layout of the DMA engine
 * @map: address space; ends with an entry of size 0
 */
struct chip {
	const char *name;
	uint16_t device_id;
	bool port_logic, control_bar;
	uint32_t ip_version, clock_hz;
	uint32_t mesh[3];
	bool has_mesh3;
	const struct dma_ops *dma;
	const struct map_entry *map;
};

/**
 * struct board - everything
 * @chip: which chip
 * @config: configuration space
 * @iatu: address translation
 * @mem: memory
 * @dma: DMA channels
 * @edma: AKD1000's DMA registers
 * @hdma: AKD1500's DMA registers
 * @core: Akida core
 * @monitor: sensors and clock
 * @host: host memory, as the client told
 * @irq: interrupts, as the client told
 * @faults: faults in force
 * @stats: counters
 * @server: the client's socket
 * @control: the control socket
 * @link_down: all reads are all ones, nothing else happens
 * @removed: the board was pulled out
 * @trace: say every access on standard error
 * @map_bar4: let the client map BAR4
 * @once: end with the first client
 * @quit: end
 * @stats_path: where counters go at the end, or NULL
 */
struct board {
	const struct chip *chip;
	struct pci_config config;
	struct iatu iatu;
	struct memory mem;
	struct dma dma;
	struct edma edma;
	struct hdma hdma;
	struct core core;
	struct monitor monitor;
	struct host host;
	struct irq irq;
	struct faults faults;
	struct stats stats;
	struct server server;
	struct control control;
	bool link_down, removed;
	bool trace, map_bar4, once, quit;
	const char *stats_path;
};

extern const struct chip chips[2];

/**
 * trace() - a line on standard error, with --trace
 * @b: the board
 * @fmt: as for printf()
 */
void trace(const struct board *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * board_reset() - reset the board
 * @b: the board
 * @kind: without power memory is lost as well
 */
void board_reset(struct board *b, enum reset_kind kind);

/**
 * board_link() - take the link down or up
 * @b: the board
 * @down: which
 *
 * A link that comes up again has gone through a hot reset.
 */
void board_link(struct board *b, bool down);

/**
 * board_remove() - pull the board out or put it back
 * @b: the board
 * @removed: which
 */
void board_remove(struct board *b, bool removed);

/**
 * board_poll() - wait for sockets and handle what came
 * @b: the board
 * @timeout_ns: how long at most
 * @nested: called while a DMA engine waits for the client; no new client then
 */
void board_poll(struct board *b, uint64_t timeout_ns, bool nested);

/**
 * bar_read() - a guest's read of a BAR
 * @b: the board
 * @bar: 0, 2 or 4
 * @off: offset; @off + @len is at most BAR_SIZE
 * @buf: destination; all ones where nothing answers
 * @len: bytes
 */
void bar_read(struct board *b, unsigned int bar, uint64_t off, uint8_t *buf,
	      size_t len);

/**
 * bar_write() - a guest's write of a BAR
 * @b: the board
 * @bar: 0, 2 or 4
 * @off: offset; @off + @len is at most BAR_SIZE
 * @buf: source
 * @len: bytes
 */
void bar_write(struct board *b, unsigned int bar, uint64_t off,
	       const uint8_t *buf, size_t len);

/**
 * dbi_read32() - a register of the AKD1000's PCIe controller
 * @b: the board
 * @off: offset below 4096, multiple of 4
 *
 * Return: its value.
 */
uint32_t dbi_read32(struct board *b, uint32_t off);

/**
 * dbi_write32() - write such a register
 * @b: the board
 * @off: as for reading
 * @val: value
 */
void dbi_write32(struct board *b, uint32_t off, uint32_t val);

#endif
