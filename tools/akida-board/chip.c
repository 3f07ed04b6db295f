// SPDX-License-Identifier: GPL-2.0
/*
 * The two chips, their address spaces, and what their BARs reach.
 */
#include <string.h>

#include "board.h"
#include "util.h"

#define DBI_SIZE 4096
#define VIEWPORT 0x900
#define VIEWPORT_END 0x928
#define CONTROL_SIZE 4096
#define UNROLLED_IATU HDMA_SIZE
#define MESH(a, b, c, d) \
	((a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

uint32_t dbi_read32(struct board *b, uint32_t off)
{
	if (off < PORT_LOGIC)
		return get_le32(b->config.val + off);
	if (off >= VIEWPORT && off < VIEWPORT_END)
		return iatu_viewport_read(&b->iatu, off - VIEWPORT);
	if (off >= EDMA_BASE && off < EDMA_BASE + EDMA_SIZE)
		return edma_read32(b, off - EDMA_BASE);
	return 0;
}

void dbi_write32(struct board *b, uint32_t off, uint32_t val)
{
	if (off >= VIEWPORT && off < VIEWPORT_END)
		iatu_viewport_write(&b->iatu, off - VIEWPORT, val);
	else if (off >= EDMA_BASE && off < EDMA_BASE + EDMA_SIZE)
		edma_write32(b, off - EDMA_BASE, val);
	else
		b->stats.reserved_regs++;
}

/* AKD1500, BAR0: DMA channels, then the iATU, whose absent regions read 0. */
static uint32_t control_read32(struct board *b, uint32_t off)
{
	if (off < HDMA_SIZE)
		return hdma_read32(b, off);
	return iatu_unrolled_read(&b->iatu, off - UNROLLED_IATU);
}

static void control_write32(struct board *b, uint32_t off, uint32_t val)
{
	if (off < HDMA_SIZE)
		hdma_write32(b, off, val);
	else
		iatu_unrolled_write(&b->iatu, off - UNROLLED_IATU, val);
}

/* Blocks that are known to be there and of which nothing else is known. */
static uint32_t zero_read32(struct board *b, uint32_t off)
{
	(void)b;
	(void)off;
	return 0;
}

static void zero_write32(struct board *b, uint32_t off, uint32_t val)
{
	(void)b;
	(void)off;
	(void)val;
}

#define REGS(base, size, name, fn)                                    \
	{                                                             \
		base, size, MAP_REGS, name, fn##_read32, fn##_write32 \
	}
#define RAM(base, size, name)                         \
	{                                             \
		base, size, MAP_RAM, name, NULL, NULL \
	}

static const struct map_entry akd1000_map[] = {
	/* A build option of the vendor's driver has DMA lists at 0x10060000. */
	RAM(0x10000000, 0x80000, "SRAM"),
	RAM(0x20000000, 256ul << 20, "LPDDR"),
	REGS(0xf0000000, 0x10000, "system", zero),
	REGS(0xf8c00000, DBI_SIZE, "DBI", dbi),
	REGS(CORE_BASE, CORE_SIZE, "core", core),
	REGS(MONITOR_BASE, MONITOR_SIZE, "monitor", monitor),
	{ 0 }
};

static const struct map_entry akd1500_map[] = {
	RAM(0x20000000, 1ul << 20, "memory"),
	{ 0xc0000000, 0x20000000, MAP_WINDOW, "host window", NULL, NULL },
	REGS(0xf0000000, 0x10000, "system", zero),
	RAM(0xfc800000, 1ul << 20, "scratch"),
	REGS(CORE_BASE, CORE_SIZE, "core", core),
	REGS(MONITOR_BASE, MONITOR_SIZE, "monitor", monitor),
	REGS(0xfce00000, 0x10000, "syscfg", zero),
	REGS(0xfcf20000, 0x10000, "SPI master", zero),
	{ 0 }
};

const struct chip chips[2] = {
	{
		.name = "akd1000",
		.device_id = 0xbca1,
		.port_logic = true,
		.ip_version = 0, /* as on silicon */
		.clock_hz = 300000000,
		.mesh = { MESH(4, 5, 1, 1), MESH(0x04, 1, 3, 0x10), 0 },
		.dma = &edma_ops,
		.map = akd1000_map,
	},
	{
		.name = "akd1500",
		.device_id = 0xa500,
		.control_bar = true,
		.ip_version = 0xbca10309,
		.clock_hz = 400000000,
		.mesh = { MESH(3, 3, 1, 1), MESH(0x14, 1, 1, 0x10),
			  MESH(2, 1, 1, 3) },
		.has_mesh3 = true,
		.dma = &hdma_ops,
		.map = akd1500_map,
	},
};

void board_reset(struct board *b, enum reset_kind kind)
{
	static const char *const names[] = { "power-on", "function level",
					     "bus" };

	trace(b, "%s reset", names[kind]);
	switch (kind) {
	case RESET_POWER:
		pci_config_init(b);
		memory_clear(b);
		monitor_power_on(b);
		break;
	case RESET_FLR:
		b->stats.resets_flr++;
		pci_config_reset(b);
		break;
	case RESET_BUS:
		b->stats.resets_bus++;
		pci_config_reset(b);
		break;
	}
	iatu_reset(&b->iatu);
	dma_reset(b);
	edma_reset(b);
	hdma_reset(b);
	core_reset(b);
	monitor_reset(b);
}

void board_link(struct board *b, bool down)
{
	if (b->link_down == down)
		return;
	trace(b, "link %s", down ? "down" : "up");
	b->link_down = down;
	board_reset(b, RESET_BUS);
}

void board_remove(struct board *b, bool removed)
{
	if (b->removed == removed)
		return;
	trace(b, "board %s", removed ? "removed" : "put back");
	b->removed = removed;
	board_reset(b, RESET_POWER);
}

/* Returns 0 and the address of the board, or says that nothing answers. */
static int translate(struct board *b, unsigned int bar, uint64_t off,
		     uint64_t *addr)
{
	if (pci_config_memory_on(&b->config) && iatu_inbound(b, bar, off, addr))
		return 0;
	b->stats.illegal_mmio++;
	trace(b, "BAR%u offset 0x%llx leads nowhere", bar,
	      (unsigned long long)off);
	return -1;
}

static bool is_control(struct board *b, unsigned int bar, uint64_t off,
		       size_t len)
{
	return b->chip->control_bar && bar == 0 && off + len <= CONTROL_SIZE &&
	       pci_config_memory_on(&b->config);
}

void bar_read(struct board *b, unsigned int bar, uint64_t off, uint8_t *buf,
	      size_t len)
{
	uint64_t addr;

	b->stats.bar_reads[bar / 2]++;
	if (b->link_down) {
		memset(buf, 0xff, len);
		return;
	}
	if (is_control(b, bar, off, len)) {
		regs_access(b, control_read32, NULL, off, buf, len);
	} else if (translate(b, bar, off, &addr) ||
		   bus_read(b, addr, buf, len, BUS_MMIO)) {
		memset(buf, 0xff, len);
		pci_config_error(&b->config, AER_UNSUPPORTED_REQUEST);
	}
	trace(b, "BAR%u read 0x%llx +%zu: %08x", bar, (unsigned long long)off,
	      len,
	      len >= 4 ? get_le32(buf) :
	      len      ? buf[0] :
			 0);
}

void bar_write(struct board *b, unsigned int bar, uint64_t off,
	       const uint8_t *buf, size_t len)
{
	uint64_t addr;

	b->stats.bar_writes[bar / 2]++;
	if (b->link_down)
		return;
	trace(b, "BAR%u write 0x%llx +%zu: %08x", bar, (unsigned long long)off,
	      len,
	      len >= 4 ? get_le32(buf) :
	      len      ? buf[0] :
			 0);
	if (is_control(b, bar, off, len))
		regs_access(b, control_read32, control_write32, off,
			    (uint8_t *)buf, len);
	else if (translate(b, bar, off, &addr) ||
		 bus_write(b, addr, buf, len, BUS_MMIO))
		pci_config_error(&b->config, AER_UNSUPPORTED_REQUEST);
}
