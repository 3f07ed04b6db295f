// SPDX-License-Identifier: GPL-2.0
/*
 * The native HDMA's register layout: each channel has all its registers to
 * itself, write channel n at n * 0x200, read channel n 0x100 further.
 */
#include <string.h>

#include "board.h"
#include "util.h"

#define ENABLE 0x00
#define DOORBELL 0x04
#define PREFETCH 0x08
#define HANDSHAKE 0x0c
#define LLP 0x10
#define CYCLE 0x18
#define SIZE 0x1c
#define SAR 0x20
#define DAR 0x28
#define WATERMARK 0x30
#define CONTROL 0x34
#define FUNCTION 0x38
#define QOS 0x3c
#define STATUS 0x80
#define INT_STATUS 0x84
#define INT_SETUP 0x88
#define INT_CLEAR 0x8c
#define MSI_STOP 0x90
#define MSI_WATERMARK 0x98
#define MSI_ABORT 0xa0
#define MSI_DATA 0xa8

#define DOORBELL_START BIT(0)
#define DOORBELL_STOP BIT(1)
#define CYCLE_BIT BIT(0)
#define CYCLE_STATE BIT(1)
#define CONTROL_LIST BIT(0)
#define WATERMARK_LOCAL BIT(0)
#define WATERMARK_REMOTE BIT(1)
#define INT_STOP BIT(0)
#define INT_WATERMARK BIT(1)
#define INT_ABORT BIT(2)
#define INT_ERROR_SHIFT 3
#define INT_ERROR (15u << INT_ERROR_SHIFT)
#define SETUP_BITS 0x7fu
#define SETUP_REMOTE_STOP BIT(3)
#define SETUP_REMOTE_ABORT BIT(5)

void hdma_reset(struct board *b)
{
	memset(&b->hdma, 0, sizeof(b->hdma));
}

/*
 * The mask bits of the set-up register are for the local interrupt: the
 * vendor's driver sets them and still gets its remote ones.
 */
static void hdma_element(struct board *b, unsigned int ch, uint32_t control)
{
	struct hdma_channel *h = &b->hdma.ch[ch];

	h->status |= INT_WATERMARK;
	if (!(control & ELEMENT_RIE))
		return;
	if (h->watermark_addr)
		irq_memory_write(b, ch, h->watermark_addr, h->data);
	else
		b->stats.irq_unrouted++;
}

static void hdma_stopped(struct board *b, unsigned int ch)
{
	struct hdma_channel *h = &b->hdma.ch[ch];

	h->status |= INT_STOP;
	if (h->setup & SETUP_REMOTE_STOP)
		irq_memory_write(b, ch, h->stop_addr, h->data);
}

static void hdma_aborted(struct board *b, unsigned int ch, enum dma_error error)
{
	struct hdma_channel *h = &b->hdma.ch[ch];

	h->status &= ~INT_ERROR;
	h->status |= INT_ABORT | (uint32_t)error << INT_ERROR_SHIFT;
	if (h->setup & SETUP_REMOTE_ABORT)
		irq_memory_write(b, ch, h->abort_addr, h->data);
}

const struct dma_ops hdma_ops = {
	.element = hdma_element,
	.stopped = hdma_stopped,
	.aborted = hdma_aborted,
};

static unsigned int channel_at(uint32_t off)
{
	return off & 0x100 ? CHANNEL_RD(off >> 9) : CHANNEL_WR(off >> 9);
}

static uint32_t *storage(struct hdma_channel *h, uint32_t reg)
{
	switch (reg) {
	case PREFETCH:
		return &h->prefetch;
	case HANDSHAKE:
		return &h->handshake;
	case WATERMARK:
		return &h->watermark;
	case CONTROL:
		return &h->control;
	case FUNCTION:
		return &h->function;
	case QOS:
		return &h->qos;
	case MSI_DATA:
		return &h->data;
	default:
		return NULL;
	}
}

static uint64_t *storage64(struct hdma_channel *h, struct dma_channel *c,
			   uint32_t reg)
{
	switch (reg & ~7u) {
	case LLP:
		return &c->llp;
	case SAR:
		return &c->sar;
	case DAR:
		return &c->dar;
	case MSI_STOP:
		return &h->stop_addr;
	case MSI_WATERMARK:
		return &h->watermark_addr;
	case MSI_ABORT:
		return &h->abort_addr;
	default:
		return NULL;
	}
}

uint32_t hdma_read32(struct board *b, uint32_t off)
{
	unsigned int ch = channel_at(off);
	struct hdma_channel *h = &b->hdma.ch[ch];
	struct dma_channel *c = &b->dma.ch[ch];
	uint32_t reg = off & 0xff;
	uint32_t *p = storage(h, reg);
	uint64_t *q = storage64(h, c, reg);

	if (p)
		return *p;
	if (q)
		return reg & 4 ? *q >> 32 : *q;
	switch (reg) {
	case ENABLE:
		return h->enable;
	case CYCLE:
		return (c->ccs ? CYCLE_STATE : 0) | (c->cb ? CYCLE_BIT : 0);
	case SIZE:
		return c->size;
	case STATUS:
		return c->status;
	case INT_STATUS:
		return h->status;
	case INT_SETUP:
		return h->setup;
	case DOORBELL:
	case INT_CLEAR:
		return 0;
	}
	b->stats.reserved_regs++;
	return 0;
}

static void doorbell(struct board *b, unsigned int ch, uint32_t val)
{
	struct hdma_channel *h = &b->hdma.ch[ch];

	if (val & DOORBELL_STOP) {
		if (dma_stop(b, ch))
			hdma_stopped(b, ch);
		return;
	}
	if (!(val & DOORBELL_START))
		return;
	if (!h->enable) {
		b->stats.doorbells_ignored++;
		return;
	}
	if (!(h->control & CONTROL_LIST))
		b->dma.ch[ch].control =
			(h->watermark & WATERMARK_LOCAL ? ELEMENT_LIE : 0) |
			(h->watermark & WATERMARK_REMOTE ? ELEMENT_RIE : 0);
	dma_start(b, ch, h->control & CONTROL_LIST);
}

void hdma_write32(struct board *b, uint32_t off, uint32_t val)
{
	unsigned int ch = channel_at(off);
	struct hdma_channel *h = &b->hdma.ch[ch];
	struct dma_channel *c = &b->dma.ch[ch];
	uint32_t reg = off & 0xff;
	uint32_t *p = storage(h, reg);
	uint64_t *q = storage64(h, c, reg);

	if (p) {
		*p = val;
		return;
	}
	if (q) {
		*q = reg & 4 ? set_high32(*q, val) : set_low32(*q, val);
		return;
	}
	switch (reg) {
	case ENABLE:
		h->enable = val & BIT(0);
		if (!h->enable)
			dma_stop(b, ch);
		break;
	case DOORBELL:
		doorbell(b, ch, val);
		break;
	case CYCLE:
		c->ccs = val & CYCLE_STATE;
		c->cb = val & CYCLE_BIT;
		break;
	case SIZE:
		c->size = val;
		break;
	case INT_SETUP:
		h->setup = val & SETUP_BITS;
		break;
	case INT_CLEAR:
		h->status &= ~(val & (INT_STOP | INT_WATERMARK | INT_ABORT));
		if (val & INT_ABORT)
			h->status &= ~INT_ERROR;
		break;
	case STATUS:
	case INT_STATUS:
		break;
	default:
		b->stats.reserved_regs++;
	}
}
