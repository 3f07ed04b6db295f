// SPDX-License-Identifier: GPL-2.0
/*
 * Register file of the core, its resets and its interrupt controller, and the
 * loopback mode of its DMA, by which the vendor tests the way to host memory.
 */
#include <string.h>

#include "board.h"
#include "util.h"

#define IP_VERSION 0x00
#define GENERAL_CONTROL 0x04
#define FNP2_ADDR 0x10
#define MESH_INFO1 0x50
#define MESH_INFO2 0x54
#define MESH_INFO3 0x58
#define DMA_EVENT 0x20000
#define DMA_HRC 0x28000
#define DMA_CONFIG 0x30000
#define EPG 0x40000
#define INTERRUPTS 0x70000

#define GC_LOGIC_RESET BIT(8)
#define GC_CORE_RESET BIT(9)
#define GC_MESH_RESET BIT(10)
#define GC_SCC_RESET BIT(12)
#define GC_BITS 0x00171703u

/* Registers of a DMA block, as indices. */
#define R_CTRL (0x00 / 4)
#define R_DESC (0x04 / 4)
#define R_CONTAINER (0x08 / 4)
#define R_CONTAINER_SIZE (0x0c / 4)
#define R_DESC_STATUS (0x10 / 4)
#define R_IN_ADDR (0x14 / 4)
#define R_OUT_ADDR (0x18 / 4)
#define R_OUT_WORDS (0x1c / 4)
#define R_IN_WORDS (0x20 / 4)
#define R_MON_CTRL (0x24 / 4)
#define R_MON_STATUS (0x28 / 4)
#define R_MON_COUNTER (0x2c / 4)
#define R_TIMER (0x30 / 4)
#define R_DEBUG (0xb0 / 4)

#define CTRL_RUN BIT(8)
#define CTRL_RESET BIT(9)
#define CTRL_INFO_ENABLE BIT(24)
#define CTRL_HEADER_SIZE(v) ((v) >> 26)
#define NO_DESC 0xff
#define DESC_BYTES(v) (((v)&0x1f) * 32)
#define DESC_MAX(v) ((v) >> 16 & 0xff)
#define MON_STATUS_CLEAR BIT(0)
#define MON_COUNTER_CLEAR BIT(1)
#define MON_DONE 3u
#define MON_INT_OB BIT(16)
#define MON_INT_IB BIT(17)
#define MON_INTS (15u << 16)
#define DEBUG_LOOPBACK BIT(0)
#define FORMAT_LOOPBACK (0xfu << 28)
#define OUTPUT_WORDS 0x0fffffffu

static void dma_block_reset(struct core_dma *d, uint32_t ctrl)
{
	uint32_t generation = d->generation + 1;

	memset(d, 0, sizeof(*d));
	d->generation = generation;
	d->regs[R_CTRL] = ctrl;
	/* Descriptors of 64 bytes: the distance that the vendor documents. */
	d->regs[R_CONTAINER_SIZE] = 0x00ff0002;
	d->cur = NO_DESC;
	d->last = NO_DESC;
}

static void core_part_reset(struct board *b)
{
	unsigned int i;

	for (i = 0; i < NUM_CORE_DMA; i++)
		dma_block_reset(&b->core.dma[i], 0);
	memset(b->core.epg, 0, sizeof(b->core.epg));
	memset(b->core.fnp2_addr, 0, sizeof(b->core.fnp2_addr));
	b->core.int_enable = 0;
	b->core.int_mask = 0;
}

void core_reset(struct board *b)
{
	b->core.general_control = 0;
	core_part_reset(b);
}

static uint32_t interrupt_source(const struct board *b)
{
	static const uint8_t bits[NUM_CORE_DMA] = {
		[CORE_DMA_EVENT] = 0,
		[CORE_DMA_HRC] = 5,
		[CORE_DMA_CONFIG] = 2,
	};
	uint32_t source = 0;
	unsigned int i;

	for (i = 0; i < NUM_CORE_DMA; i++) {
		const uint32_t *r = b->core.dma[i].regs;

		if (r[R_MON_STATUS] & ~r[R_MON_CTRL] & MON_INTS)
			source |= BIT(bits[i]);
	}
	return source;
}

static uint32_t dma_block_read(struct board *b, struct core_dma *d,
			       uint32_t off)
{
	if (off >= sizeof(d->regs)) {
		b->stats.reserved_regs++;
		return 0;
	}
	if (off / 4 == R_DESC)
		return d->cur | (uint32_t)d->last << 16;
	return d->regs[off / 4];
}

static void dma_block_write(struct board *b, struct core_dma *d, uint32_t off,
			    uint32_t val)
{
	if (off >= sizeof(d->regs)) {
		b->stats.reserved_regs++;
		return;
	}
	switch (off / 4) {
	case R_CTRL:
		if (val & CTRL_RESET)
			dma_block_reset(d, val);
		d->regs[R_CTRL] = val;
		break;
	case R_DESC:
		d->last = val >> 16;
		break;
	case R_MON_CTRL:
		if (val & MON_STATUS_CLEAR)
			d->regs[R_MON_STATUS] = 0;
		if (val & MON_COUNTER_CLEAR)
			d->regs[R_MON_COUNTER] = 0;
		d->regs[R_MON_CTRL] =
			val & ~(MON_STATUS_CLEAR | MON_COUNTER_CLEAR);
		break;
	case R_DESC_STATUS ... R_IN_WORDS:
	case R_MON_STATUS:
	case R_MON_COUNTER:
	case R_TIMER:
		break;
	default:
		d->regs[off / 4] = val;
	}
}

static struct core_dma *dma_block(struct board *b, uint32_t off)
{
	switch (off & ~0xfffu) {
	case DMA_EVENT:
		return &b->core.dma[CORE_DMA_EVENT];
	case DMA_HRC:
		return &b->core.dma[CORE_DMA_HRC];
	case DMA_CONFIG:
		return &b->core.dma[CORE_DMA_CONFIG];
	default:
		return NULL;
	}
}

uint32_t core_read32(struct board *b, uint32_t off)
{
	struct core_dma *d = dma_block(b, off);

	if (d)
		return dma_block_read(b, d, off & 0xfff);
	if (off >= EPG && off < EPG + sizeof(b->core.epg))
		return b->core.epg[(off - EPG) / 4];
	switch (off) {
	case IP_VERSION:
		return b->chip->ip_version;
	case GENERAL_CONTROL:
		return b->core.general_control;
	case FNP2_ADDR ... FNP2_ADDR + 0xc:
		return b->core.fnp2_addr[(off - FNP2_ADDR) / 4];
	case MESH_INFO1:
		return b->chip->mesh[0];
	case MESH_INFO2:
		return b->chip->mesh[1];
	case MESH_INFO3:
		if (b->chip->has_mesh3)
			return b->chip->mesh[2];
		break;
	case INTERRUPTS:
		return b->core.int_enable;
	case INTERRUPTS + 4:
		return b->core.int_mask;
	case INTERRUPTS + 8:
		return interrupt_source(b);
	}
	b->stats.reserved_regs++;
	return 0;
}

static void general_control(struct board *b, uint32_t val)
{
	uint32_t rising = val & ~b->core.general_control;

	b->core.general_control = val & GC_BITS;
	if (!(rising & (GC_CORE_RESET | GC_SCC_RESET)))
		return;
	b->stats.core_resets++;
	trace(b, "core reset");
	core_part_reset(b);
}

void core_write32(struct board *b, uint32_t off, uint32_t val)
{
	struct core_dma *d = dma_block(b, off);

	if (d) {
		dma_block_write(b, d, off & 0xfff, val);
		return;
	}
	if (off >= EPG && off < EPG + sizeof(b->core.epg)) {
		b->core.epg[(off - EPG) / 4] = val;
		return;
	}
	switch (off) {
	case GENERAL_CONTROL:
		general_control(b, val);
		break;
	case FNP2_ADDR ... FNP2_ADDR + 0xc:
		b->core.fnp2_addr[(off - FNP2_ADDR) / 4] = val;
		break;
	case INTERRUPTS:
		b->core.int_enable = val & BIT(0);
		break;
	case INTERRUPTS + 4:
		b->core.int_mask = val & 0x2f;
		break;
	case IP_VERSION:
	case MESH_INFO1:
	case MESH_INFO2:
	case INTERRUPTS + 8:
		break;
	default:
		b->stats.reserved_regs++;
	}
}

/* Copies what the descriptor names; returns whether all of it could be. */
static bool loopback(struct board *b, struct core_dma *d, const uint8_t *desc)
{
	uint32_t generation = d->generation;
	uint64_t in = get_le32(desc + 4), out = get_le32(desc + 12);
	uint32_t words = get_le32(desc + 8);
	uint64_t left = (uint64_t)words * 4;
	uint32_t ctrl = d->regs[R_CTRL], header = CTRL_HEADER_SIZE(ctrl);

	d->regs[R_IN_ADDR] = in;
	d->regs[R_OUT_ADDR] = out;
	d->regs[R_IN_WORDS] = words;
	d->regs[R_OUT_WORDS] = words + header / 4;
	if ((ctrl & CTRL_INFO_ENABLE) && header >= 4) {
		uint8_t h[64] = { 0 };

		put_le32(h, FORMAT_LOOPBACK | (words & OUTPUT_WORDS));
		if (bus_write(b, out, h, header, BUS_CORE) ||
		    d->generation != generation)
			return false;
		out += header;
	}
	while (left) {
		size_t n = min_size(left, sizeof(b->dma.bounce));

		if (bus_read(b, in, b->dma.bounce, n, BUS_CORE) ||
		    d->generation != generation ||
		    bus_write(b, out, b->dma.bounce, n, BUS_CORE) ||
		    d->generation != generation)
			return false;
		in += n;
		out += n;
		left -= n;
	}
	return true;
}

static bool run_descriptor(struct board *b, struct core_dma *d)
{
	uint8_t desc[16];
	uint32_t size = d->regs[R_CONTAINER_SIZE], generation = d->generation;
	uint8_t next = d->cur >= DESC_MAX(size) ? 0 : d->cur + 1;
	uint64_t addr =
		d->regs[R_CONTAINER] + (uint64_t)next * DESC_BYTES(size);

	trace(b, "core: loopback of descriptor %u at 0x%llx", next,
	      (unsigned long long)addr);
	if (bus_read(b, addr, desc, sizeof(desc), BUS_CORE) ||
	    d->generation != generation || !loopback(b, d, desc)) {
		/* The core's DMA knows no bus error: it just never finishes. */
		if (d->generation == generation)
			d->last = d->cur;
		return true;
	}
	b->stats.core_jobs++;
	d->cur = next;
	d->regs[R_DESC_STATUS] = get_le32(desc) & 0xffff0000u;
	/* One clock per word: a figure of our own, for there is none. */
	d->regs[R_TIMER] += d->regs[R_IN_WORDS];
	d->regs[R_MON_STATUS] |= MON_DONE | MON_INT_OB | MON_INT_IB;
	return true;
}

bool core_tick(struct board *b)
{
	struct core_dma *d = &b->core.dma[CORE_DMA_EVENT];
	uint32_t ctrl = d->regs[R_CTRL];

	if (b->link_down || !(ctrl & CTRL_RUN) || (ctrl & CTRL_RESET) ||
	    !(d->regs[R_DEBUG] & DEBUG_LOOPBACK) || d->cur == d->last)
		return false;
	if (b->core.general_control & (GC_CORE_RESET | GC_SCC_RESET))
		return false;
	if (!pci_config_master_on(&b->config))
		return false;
	return run_descriptor(b, d);
}
