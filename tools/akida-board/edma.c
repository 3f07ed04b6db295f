// SPDX-License-Identifier: GPL-2.0
/*
 * The legacy eDMA's register layout: global registers for each direction and
 * one set of channel registers seen through a viewport.
 */
#include <string.h>

#include "board.h"
#include "util.h"

#define CTRL 0x08
#define WR_ENABLE 0x0c
#define WR_DOORBELL 0x10
#define WR_WEIGHT 0x18
#define RD_ENABLE 0x2c
#define RD_DOORBELL 0x30
#define RD_WEIGHT 0x38
#define WR_STATUS 0x4c
#define WR_MASK 0x54
#define WR_CLEAR 0x58
#define WR_ERROR 0x5c
#define WR_DONE 0x60
#define WR_ABORT 0x68
#define WR_DATA 0x70
#define WR_LIST_ERROR 0x90
#define RD_STATUS 0xa0
#define RD_MASK 0xa8
#define RD_CLEAR 0xac
#define RD_ERROR 0xb4
#define RD_ERROR_HIGH 0xb8
#define RD_LIST_ERROR 0xc4
#define RD_DONE 0xcc
#define RD_ABORT 0xd4
#define RD_DATA 0xdc
#define VIEWPORT 0xfc
#define CH_CONTROL1 0x100
#define CH_CONTROL2 0x104
#define CH_SIZE 0x108
#define CH_SAR 0x10c
#define CH_DAR 0x114
#define CH_LLP 0x11c

#define CHANNELS_EACH 2
#define DOORBELL_STOP BIT(31)
#define DOORBELL_CHANNEL 7u
#define VIEWPORT_READ BIT(31)
#define STATUS_BITS 0x00ff00ffu
#define CONTROL_LIE BIT(3)
#define CONTROL_RIE BIT(4)
#define CONTROL_STATUS_SHIFT 5
#define CONTROL_STATUS (3u << CONTROL_STATUS_SHIFT)
#define CONTROL_CCS BIT(8)
#define CONTROL_LLE BIT(9)

static unsigned int side_of(unsigned int ch)
{
	return ch / CHANNELS_EACH;
}

void edma_reset(struct board *b)
{
	memset(&b->edma, 0, sizeof(b->edma));
}

/* The interrupt is a memory write to where the driver said. */
static void interrupt(struct board *b, unsigned int ch, bool abort)
{
	const struct edma_side *s = &b->edma.side[side_of(ch)];
	unsigned int n = ch % CHANNELS_EACH;

	irq_memory_write(b, ch, abort ? s->abort_addr : s->done_addr,
			 s->data[n / 2] >> (16 * (n % 2)) & 0xffff);
}

static void edma_element(struct board *b, unsigned int ch, uint32_t control)
{
	struct edma_side *s = &b->edma.side[side_of(ch)];
	uint32_t bit = BIT(ch % CHANNELS_EACH);

	s->status |= bit;
	if ((control & ELEMENT_RIE) && !(s->mask & bit))
		interrupt(b, ch, false);
}

static void edma_stopped(struct board *b, unsigned int ch)
{
	/*
	 * In a list interrupts belong to elements, so that its end makes none
	 * of its own; a single transfer told as its one element.
	 */
	(void)b;
	(void)ch;
}

static void edma_aborted(struct board *b, unsigned int ch, enum dma_error error)
{
	struct edma_side *s = &b->edma.side[side_of(ch)];
	uint32_t bit = BIT(ch % CHANNELS_EACH);
	bool remote;

	switch (error) {
	case DMA_ERROR_NONE:
		break;
	case DMA_ERROR_LIST:
		s->error |= bit << 16;
		break;
	case DMA_ERROR_DEVICE:
		s->error |= bit;
		break;
	case DMA_ERROR_UNSUPPORTED:
		s->error_high |= bit;
		break;
	case DMA_ERROR_COMPLETER:
		s->error_high |= bit << 8;
		break;
	case DMA_ERROR_TIMEOUT:
		s->error_high |= bit << 16;
		break;
	case DMA_ERROR_POISONED:
		s->error_high |= bit << 24;
		break;
	}
	s->status |= bit << 16;
	remote = b->dma.ch[ch].list ? s->list_error_enable & bit :
				      b->edma.control[ch] & CONTROL_RIE;
	if (remote && !(s->mask & bit << 16))
		interrupt(b, ch, true);
}

const struct dma_ops edma_ops = {
	.element = edma_element,
	.stopped = edma_stopped,
	.aborted = edma_aborted,
};

static int viewport_channel(const struct board *b)
{
	uint32_t n = b->edma.viewport & DOORBELL_CHANNEL;

	if (n >= CHANNELS_EACH)
		return -1;
	return n + (b->edma.viewport & VIEWPORT_READ ? CHANNELS_EACH : 0);
}

static uint32_t channel_read(struct board *b, uint32_t off)
{
	int ch = viewport_channel(b);
	const struct dma_channel *c;

	if (ch < 0) {
		b->stats.reserved_regs++;
		return 0;
	}
	c = &b->dma.ch[ch];
	switch (off) {
	case CH_CONTROL1:
		return (b->edma.control[ch] &
			~(CONTROL_STATUS | CONTROL_CCS | ELEMENT_CB)) |
		       (uint32_t)c->status << CONTROL_STATUS_SHIFT |
		       (c->ccs ? CONTROL_CCS : 0) | (c->cb ? ELEMENT_CB : 0);
	case CH_CONTROL2:
		return b->edma.control2[ch];
	case CH_SIZE:
		return c->size;
	case CH_SAR:
		return c->sar;
	case CH_SAR + 4:
		return c->sar >> 32;
	case CH_DAR:
		return c->dar;
	case CH_DAR + 4:
		return c->dar >> 32;
	case CH_LLP:
		return c->llp;
	case CH_LLP + 4:
		return c->llp >> 32;
	}
	return 0;
}

static void channel_write(struct board *b, uint32_t off, uint32_t val)
{
	int ch = viewport_channel(b);
	struct dma_channel *c;

	if (ch < 0) {
		b->stats.reserved_regs++;
		return;
	}
	c = &b->dma.ch[ch];
	switch (off) {
	case CH_CONTROL1:
		b->edma.control[ch] = val & ~CONTROL_STATUS;
		c->ccs = val & CONTROL_CCS;
		c->cb = val & ELEMENT_CB;
		break;
	case CH_CONTROL2:
		b->edma.control2[ch] = val;
		break;
	case CH_SIZE:
		c->size = val;
		break;
	case CH_SAR:
		c->sar = set_low32(c->sar, val);
		break;
	case CH_SAR + 4:
		c->sar = set_high32(c->sar, val);
		break;
	case CH_DAR:
		c->dar = set_low32(c->dar, val);
		break;
	case CH_DAR + 4:
		c->dar = set_high32(c->dar, val);
		break;
	case CH_LLP:
		c->llp = set_low32(c->llp, val);
		break;
	case CH_LLP + 4:
		c->llp = set_high32(c->llp, val);
		break;
	}
}

static void doorbell(struct board *b, unsigned int side, uint32_t val)
{
	unsigned int n = val & DOORBELL_CHANNEL;
	unsigned int ch = n + side * CHANNELS_EACH;

	if (n >= CHANNELS_EACH || !b->edma.side[side].enable) {
		b->stats.doorbells_ignored++;
		return;
	}
	if (val & DOORBELL_STOP) {
		/* The databook: status becomes "stopped", abort is signalled. */
		if (dma_stop(b, ch))
			edma_aborted(b, ch, DMA_ERROR_NONE);
		return;
	}
	/* A transfer without a list has its control word in the register. */
	if (!(b->edma.control[ch] & CONTROL_LLE))
		b->dma.ch[ch].control = b->edma.control[ch];
	dma_start(b, ch, b->edma.control[ch] & CONTROL_LLE);
}

static void enable(struct board *b, unsigned int side, uint32_t val)
{
	unsigned int n;

	b->edma.side[side].enable = val & BIT(0);
	if (b->edma.side[side].enable)
		return;
	for (n = 0; n < CHANNELS_EACH; n++)
		dma_stop(b, n + side * CHANNELS_EACH);
}

/* An abort's error bits go with the abort bit. */
static void clear(struct edma_side *s, uint32_t val)
{
	uint32_t aborts = val >> 16 & 0xff;

	s->status &= ~(val & STATUS_BITS);
	s->error &= ~(aborts | aborts << 16);
	s->error_high &= ~(aborts | aborts << 8 | aborts << 16 | aborts << 24);
}

/*
 * Where a register of a direction lives; NULL for those that are no plain
 * storage. The two directions have the same registers at other offsets.
 */
static uint32_t *storage(struct edma *e, uint32_t off)
{
	struct edma_side *wr = &e->side[0], *rd = &e->side[1];

	switch (off) {
	case 0:
		return &e->priority;
	case WR_MASK:
		return &wr->mask;
	case WR_LIST_ERROR:
		return &wr->list_error_enable;
	case WR_DATA ... WR_DATA + 0xc:
		return &wr->data[(off - WR_DATA) / 4];
	case RD_MASK:
		return &rd->mask;
	case RD_LIST_ERROR:
		return &rd->list_error_enable;
	case RD_DATA ... RD_DATA + 0xc:
		return &rd->data[(off - RD_DATA) / 4];
	case VIEWPORT:
		return &e->viewport;
	default:
		return NULL;
	}
}

static uint64_t *storage64(struct edma *e, uint32_t off)
{
	switch (off & ~7u) {
	case WR_DONE:
		return &e->side[0].done_addr;
	case WR_ABORT:
		return &e->side[0].abort_addr;
	case WR_WEIGHT:
		return &e->side[0].weight;
	case RD_WEIGHT:
		return &e->side[1].weight;
	}
	/* The read side's addresses are not aligned to 8. */
	switch ((off - 4) & ~7u) {
	case RD_DONE - 4:
		return &e->side[1].done_addr;
	case RD_ABORT - 4:
		return &e->side[1].abort_addr;
	}
	return NULL;
}

static bool high_half(uint32_t off)
{
	return off >= RD_DONE ? (off - 4) & 4 : off & 4;
}

uint32_t edma_read32(struct board *b, uint32_t off)
{
	struct edma *e = &b->edma;
	uint32_t *p = storage(e, off);
	uint64_t *q = storage64(e, off);

	if (off >= CH_CONTROL1)
		return channel_read(b, off);
	if (p)
		return *p;
	if (q)
		return high_half(off) ? *q >> 32 : *q;
	switch (off) {
	case CTRL:
		return CHANNELS_EACH | CHANNELS_EACH << 16;
	case WR_ENABLE:
		return e->side[0].enable;
	case RD_ENABLE:
		return e->side[1].enable;
	case WR_STATUS:
		return e->side[0].status;
	case RD_STATUS:
		return e->side[1].status;
	case WR_ERROR:
		return e->side[0].error;
	case RD_ERROR:
		return e->side[1].error;
	case RD_ERROR_HIGH:
		return e->side[1].error_high;
	case WR_DOORBELL:
	case RD_DOORBELL:
	case WR_CLEAR:
	case RD_CLEAR:
		return 0;
	}
	b->stats.reserved_regs++;
	return 0;
}

void edma_write32(struct board *b, uint32_t off, uint32_t val)
{
	struct edma *e = &b->edma;
	uint32_t *p = storage(e, off);
	uint64_t *q = storage64(e, off);

	if (off >= CH_CONTROL1) {
		channel_write(b, off, val);
		return;
	}
	if (p) {
		*p = val;
		return;
	}
	if (q) {
		*q = high_half(off) ? set_high32(*q, val) : set_low32(*q, val);
		return;
	}
	switch (off) {
	case WR_ENABLE:
	case RD_ENABLE:
		enable(b, off == RD_ENABLE, val);
		break;
	case WR_DOORBELL:
	case RD_DOORBELL:
		doorbell(b, off == RD_DOORBELL, val);
		break;
	case WR_CLEAR:
	case RD_CLEAR:
		clear(&e->side[off == RD_CLEAR], val);
		break;
	case CTRL:
	case WR_STATUS:
	case RD_STATUS:
	case WR_ERROR:
	case RD_ERROR:
	case RD_ERROR_HIGH:
		break;
	default:
		b->stats.reserved_regs++;
	}
}
