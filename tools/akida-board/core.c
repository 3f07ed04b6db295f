// SPDX-License-Identifier: GPL-2.0
/*
 * Register file of the core, its resets and its interrupt controller.
 */
#include <string.h>

#include "board.h"
#include "core_regs.h"
#include "util.h"

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
	b->core.int_level = false;
	b->core.stalled = false;
}

void core_reset(struct board *b)
{
	b->core.general_control = 0;
	core_part_reset(b);
	core_mesh_reset(b);
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

void core_interrupt(struct board *b)
{
	bool level =
		b->core.int_enable && (interrupt_source(b) & ~b->core.int_mask);

	if (level && !b->core.int_level)
		irq_core(b);
	b->core.int_level = level;
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
	if (rising & (GC_LOGIC_RESET | GC_MESH_RESET)) {
		trace(b, "reset of the NPs");
		core_mesh_reset(b);
	}
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
		core_interrupt(b);
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
		core_interrupt(b);
		break;
	case INTERRUPTS + 4:
		b->core.int_mask = val & INT_MASK_BITS;
		core_interrupt(b);
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
