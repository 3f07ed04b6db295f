/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The address translation unit between PCIe and the board's address space.
 */
#ifndef BOARD_IATU_H
#define BOARD_IATU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct board;

/* Regions each way: our choice; drivers find out by reading back. */
#define IATU_REGIONS 4

/* Register offsets in a region; the viewport has them from 0x904 on. */
#define IATU_CTRL1 0x00
#define IATU_CTRL2 0x04
#define IATU_LOWER_BASE 0x08
#define IATU_UPPER_BASE 0x0c
#define IATU_LIMIT 0x10
#define IATU_LOWER_TARGET 0x14
#define IATU_UPPER_TARGET 0x18
#define IATU_UPPER_LIMIT 0x20

#define IATU_CTRL2_ENABLE BIT(31)
#define IATU_CTRL2_BAR_MATCH BIT(30)

/**
 * struct iatu_region - one region
 * @ctrl1: type of the transactions it is for; 0 is memory
 * @ctrl2: enable, match mode, BAR number
 * @base: first address
 * @limit: last address
 * @target: what @base becomes
 */
struct iatu_region {
	uint32_t ctrl1, ctrl2;
	uint64_t base, limit, target;
};

/**
 * struct iatu - the unit
 * @in: regions from PCIe to the board
 * @out: regions from the board to PCIe
 * @viewport: AKD1000: which region its registers show, bit 31 inbound
 */
struct iatu {
	struct iatu_region in[IATU_REGIONS], out[IATU_REGIONS];
	uint32_t viewport;
};

/**
 * iatu_reset() - all regions off
 * @u: the unit
 */
void iatu_reset(struct iatu *u);

/**
 * iatu_inbound() - where in the board a BAR access goes
 * @b: the board
 * @bar: 0, 2 or 4
 * @off: offset in the BAR
 * @addr: result, an address of the board
 *
 * Return: whether an enabled region matches.
 */
bool iatu_inbound(const struct board *b, unsigned int bar, uint64_t off,
		  uint64_t *addr);

/**
 * iatu_outbound() - where in host memory an access of the board goes
 * @u: the unit
 * @addr: an address of the board, in the window
 * @len: bytes wanted
 * @host: result, an address on PCIe
 *
 * Return: how many of the bytes the matching region covers, 0 without one.
 */
size_t iatu_outbound(const struct iatu *u, uint64_t addr, size_t len,
		     uint64_t *host);

/**
 * iatu_viewport_read() - a register of the AKD1000's viewport
 * @u: the unit
 * @off: offset from 0x900
 *
 * Return: its value; 0 for a region that does not exist.
 */
uint32_t iatu_viewport_read(const struct iatu *u, uint32_t off);

/**
 * iatu_viewport_write() - write such a register
 * @u: the unit
 * @off: offset from 0x900
 * @val: value
 */
void iatu_viewport_write(struct iatu *u, uint32_t off, uint32_t val);

/**
 * iatu_unrolled_read() - a register of the AKD1500's layout
 * @u: the unit
 * @off: offset from the first outbound region; 0x200 per region, the inbound
 *	 one at +0x100
 *
 * Return: its value; 0 for a region that does not exist.
 */
uint32_t iatu_unrolled_read(const struct iatu *u, uint32_t off);

/**
 * iatu_unrolled_write() - write such a register
 * @u: the unit
 * @off: as for reading
 * @val: value
 */
void iatu_unrolled_write(struct iatu *u, uint32_t off, uint32_t val);

#endif
