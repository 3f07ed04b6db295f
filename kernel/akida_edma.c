// SPDX-License-Identifier: GPL-2.0
/*
 * The legacy eDMA's registers (AKD1000): some for each direction, and those of
 * a channel behind a viewport.
 *
 * Offsets and bits: the vendor's GPL driver; meaning of error, mask and enable
 * bits: DesignWare's public register names. Directions are the endpoint's:
 * "write" moves from the device to the host.
 */
#include <linux/delay.h>
#include <linux/ktime.h>

#include "akida_dma.h"

#define EDMA_CTRL 0x08
#define EDMA_WR_ENABLE 0x0c
#define EDMA_WR_DOORBELL 0x10
#define EDMA_RD_ENABLE 0x2c
#define EDMA_RD_DOORBELL 0x30
#define EDMA_WR_STATUS 0x4c
#define EDMA_WR_MASK 0x54
#define EDMA_WR_CLEAR 0x58
#define EDMA_WR_ERROR 0x5c
#define EDMA_WR_DONE_ADDR 0x60
#define EDMA_WR_ABORT_ADDR 0x68
#define EDMA_WR_DATA 0x70
#define EDMA_WR_LIST_ERROR 0x90
#define EDMA_RD_STATUS 0xa0
#define EDMA_RD_MASK 0xa8
#define EDMA_RD_CLEAR 0xac
#define EDMA_RD_ERROR_LOW 0xb4
#define EDMA_RD_ERROR_HIGH 0xb8
#define EDMA_RD_LIST_ERROR 0xc4
#define EDMA_RD_DONE_ADDR 0xcc
#define EDMA_RD_ABORT_ADDR 0xd4
#define EDMA_RD_DATA 0xdc
#define EDMA_VIEWPORT 0xfc
#define EDMA_CH_CONTROL1 0x100
#define EDMA_CH_SIZE 0x108
#define EDMA_CH_SAR 0x10c
#define EDMA_CH_DAR 0x114
#define EDMA_CH_LLP 0x11c

#define EDMA_DOORBELL_STOP BIT(31)
#define EDMA_VIEWPORT_READ BIT(31)
#define EDMA_DONE(id) BIT(id)
#define EDMA_ABORT(id) BIT(16 + (id))
#define EDMA_ALL_STATUS 0x00ff00ffu
#define EDMA_CONTROL_STATUS 0x60u
#define EDMA_CONTROL_RUNNING 0x20u
#define EDMA_CONTROL_CCS BIT(8)
#define EDMA_CONTROL_LLE BIT(9)

#define ENABLE_PATIENCE_MS 50

/* The registers that a direction has for itself */
static const struct edma_side {
	u32 enable, doorbell, status, mask, clear, list_error;
	u32 done_addr, abort_addr, data;
} sides[] = {
	[AKIDA_DMA_FROM_DEVICE] = {
		.enable = EDMA_WR_ENABLE,
		.doorbell = EDMA_WR_DOORBELL,
		.status = EDMA_WR_STATUS,
		.mask = EDMA_WR_MASK,
		.clear = EDMA_WR_CLEAR,
		.list_error = EDMA_WR_LIST_ERROR,
		.done_addr = EDMA_WR_DONE_ADDR,
		.abort_addr = EDMA_WR_ABORT_ADDR,
		.data = EDMA_WR_DATA,
	},
	[AKIDA_DMA_TO_DEVICE] = {
		.enable = EDMA_RD_ENABLE,
		.doorbell = EDMA_RD_DOORBELL,
		.status = EDMA_RD_STATUS,
		.mask = EDMA_RD_MASK,
		.clear = EDMA_RD_CLEAR,
		.list_error = EDMA_RD_LIST_ERROR,
		.done_addr = EDMA_RD_DONE_ADDR,
		.abort_addr = EDMA_RD_ABORT_ADDR,
		.data = EDMA_RD_DATA,
	},
};

static unsigned int edma_channels(struct akida_dma *dma)
{
	u32 ctrl = akida_dma_read(dma, EDMA_CTRL);
	u32 wr = ctrl & 0xf, rd = ctrl >> 16 & 0xf;

	if (ctrl == U32_MAX)
		return 0;
	return min3(wr, rd, (u32)AKIDA_DMA_CHANNELS);
}

/* Status bits of the channels that the driver uses */
static u32 used_bits(struct akida_dma *dma)
{
	u32 ids = GENMASK(dma->channels - 1, 0);

	return ids | ids << 16;
}

static void select_channel(struct akida_chan *ch)
{
	struct akida_dma *dma = ch->dma;
	int want = akida_chan_index(ch);

	if (dma->viewport == want)
		return;
	akida_dma_write(dma, EDMA_VIEWPORT,
			ch->id | (ch->dir == AKIDA_DMA_TO_DEVICE ?
					  EDMA_VIEWPORT_READ :
					  0));
	dma->viewport = want;
}

static void write64(struct akida_dma *dma, u32 offset, u64 value)
{
	akida_dma_write(dma, offset, lower_32_bits(value));
	akida_dma_write(dma, offset + 4, upper_32_bits(value));
}

static u64 read64(struct akida_dma *dma, u32 offset)
{
	u64 low = akida_dma_read(dma, offset);

	return low | (u64)akida_dma_read(dma, offset + 4) << 32;
}

static bool edma_wait_enable(struct akida_dma *dma, u32 reg, bool on)
{
	ktime_t end = ktime_add_ms(ktime_get(), ENABLE_PATIENCE_MS);
	bool late;
	u32 val;

	for (;;) {
		late = ktime_after(ktime_get(), end);
		raw_spin_lock_irq(&dma->lock);
		val = akida_dma_read(dma, reg);
		raw_spin_unlock_irq(&dma->lock);
		if (val == U32_MAX)
			return false;
		if ((val & BIT(0)) == on)
			return true;
		if (late)
			return false;
		usleep_range(20, 50);
	}
}

/*
 * Off, and nothing of a direction is left: DesignWare's soft reset of it. The
 * register must be seen to change, so that no dead board is taken for a quiet
 * one.
 */
static int edma_off(struct akida_dma *dma, enum akida_dma_dir dir)
{
	const struct edma_side *s = &sides[dir];

	raw_spin_lock_irq(&dma->lock);
	akida_dma_write(dma, s->enable, 0);
	raw_spin_unlock_irq(&dma->lock);
	if (!edma_wait_enable(dma, s->enable, false))
		return -EIO;
	return 0;
}

static int edma_on(struct akida_dma *dma, enum akida_dma_dir dir)
{
	const struct edma_side *s = &sides[dir];

	raw_spin_lock_irq(&dma->lock);
	akida_dma_write(dma, s->clear, EDMA_ALL_STATUS);
	akida_dma_write(dma, s->enable, 1);
	akida_dma_write(dma, s->mask, EDMA_ALL_STATUS & ~used_bits(dma));
	/* Aborts of lists are written to the host, too. */
	akida_dma_write(dma, s->list_error, used_bits(dma) & 0xff);
	raw_spin_unlock_irq(&dma->lock);
	return edma_wait_enable(dma, s->enable, true) ? 0 : -EIO;
}

static bool edma_running(struct akida_chan *ch)
{
	select_channel(ch);
	return (akida_dma_read(ch->dma, EDMA_CH_CONTROL1) &
		EDMA_CONTROL_STATUS) == EDMA_CONTROL_RUNNING;
}

static int edma_quiesce(struct akida_dma *dma)
{
	enum akida_dma_dir dir;
	struct akida_chan *ch;
	bool running;
	int err;

	dma->viewport = -1;
	for (dir = 0; dir < AKIDA_DMA_DIRS; dir++) {
		err = edma_off(dma, dir);
		if (err)
			return err;
	}
	akida_for_each_chan(dma, ch) {
		raw_spin_lock_irq(&dma->lock);
		running = edma_running(ch);
		raw_spin_unlock_irq(&dma->lock);
		if (running)
			return -EIO;
	}
	return 0;
}

static int edma_start(struct akida_dma *dma)
{
	enum akida_dma_dir dir;
	int err;

	for (dir = 0; dir < AKIDA_DMA_DIRS; dir++) {
		err = edma_on(dma, dir);
		if (err)
			return err;
	}
	return 0;
}

static int edma_reset(struct akida_chan *ch)
{
	int err = edma_off(ch->dma, ch->dir);

	return err ?: edma_on(ch->dma, ch->dir);
}

/* Masked meanwhile: half a message would go astray. */
static void edma_set_message(struct akida_dma *dma, const struct akida_msi *msi)
{
	/* One half of the register for each channel of a pair */
	u32 data = msi->data & 0xffff;
	enum akida_dma_dir dir;

	for (dir = 0; dir < AKIDA_DMA_DIRS; dir++) {
		const struct edma_side *s = &sides[dir];

		akida_dma_write(dma, s->mask, EDMA_ALL_STATUS);
		write64(dma, s->done_addr, msi->address);
		write64(dma, s->abort_addr, msi->address);
		akida_dma_write(dma, s->data, data | data << 16);
		akida_dma_write(dma, s->mask,
				EDMA_ALL_STATUS & ~used_bits(dma));
	}
}

static void edma_ring(struct akida_chan *ch)
{
	struct akida_dma *dma = ch->dma;

	select_channel(ch);
	akida_dma_write(dma, EDMA_CH_CONTROL1,
			EDMA_CONTROL_CCS | EDMA_CONTROL_LLE);
	write64(dma, EDMA_CH_LLP, ch->list);
	akida_dma_write(dma, sides[ch->dir].doorbell, ch->id);
}

static bool edma_status(struct akida_dma *dma, unsigned int running,
			unsigned int *done, unsigned int *aborted)
{
	u32 status[AKIDA_DMA_DIRS] = {}, clear[AKIDA_DMA_DIRS] = {};
	enum akida_dma_dir dir;
	struct akida_chan *ch;

	akida_for_each_chan(dma, ch) {
		unsigned int bit = BIT(akida_chan_index(ch));

		if (!(running & bit))
			continue;
		/* One read for both channels; 0 is read again, harmlessly. */
		if (!status[ch->dir])
			status[ch->dir] =
				akida_dma_read(dma, sides[ch->dir].status);
		if (status[ch->dir] == U32_MAX)
			return false;
		if (status[ch->dir] & EDMA_DONE(ch->id)) {
			*done |= bit;
			clear[ch->dir] |= EDMA_DONE(ch->id);
		} else if (status[ch->dir] & EDMA_ABORT(ch->id)) {
			*aborted |= bit;
		}
	}
	for (dir = 0; dir < AKIDA_DMA_DIRS; dir++)
		if (clear[dir])
			akida_dma_write(dma, sides[dir].clear, clear[dir]);
	return true;
}

static enum akida_outcome edma_outcome(struct akida_chan *ch)
{
	u32 status = akida_dma_read(ch->dma, sides[ch->dir].status);

	if (status == U32_MAX)
		return AKIDA_OUTCOME_NONE;
	if (status & EDMA_DONE(ch->id))
		return AKIDA_OUTCOME_DONE;
	if (status & EDMA_ABORT(ch->id))
		return AKIDA_OUTCOME_ABORTED;
	return AKIDA_OUTCOME_NONE;
}

static void edma_stop(struct akida_chan *ch)
{
	akida_dma_write(ch->dma, sides[ch->dir].doorbell,
			EDMA_DOORBELL_STOP | ch->id);
}

static void edma_position(struct akida_chan *ch, struct akida_dma_position *p)
{
	select_channel(ch);
	p->size = akida_dma_read(ch->dma, EDMA_CH_SIZE);
	p->src = read64(ch->dma, EDMA_CH_SAR);
	p->dst = read64(ch->dma, EDMA_CH_DAR);
	p->llp = read64(ch->dma, EDMA_CH_LLP);
}

static void edma_describe(struct akida_chan *ch, char *buf, size_t size)
{
	struct akida_dma *dma = ch->dma;
	u32 low, high = 0;
	const char *what = "no reason given";

	raw_spin_lock_irq(&dma->lock);
	if (ch->dir == AKIDA_DMA_TO_DEVICE) {
		low = akida_dma_read(dma, EDMA_RD_ERROR_LOW);
		high = akida_dma_read(dma, EDMA_RD_ERROR_HIGH);
	} else {
		low = akida_dma_read(dma, EDMA_WR_ERROR);
	}
	raw_spin_unlock_irq(&dma->lock);
	if (low & EDMA_DONE(ch->id))
		what = "error of the device's memory";
	else if (low & EDMA_ABORT(ch->id))
		what = "its list cannot be read";
	else if (high & BIT(ch->id))
		what = "host memory: unsupported request";
	else if (high & BIT(8 + ch->id))
		what = "host memory: completer abort";
	else if (high & BIT(16 + ch->id))
		what = "host memory: completion timeout";
	else if (high & BIT(24 + ch->id))
		what = "host memory: poisoned data";
	snprintf(buf, size, "%s (0x%x, 0x%x)", what, low, high);
}

const struct akida_dma_ops akida_edma_ops = {
	.name = "eDMA",
	.whole_direction = true,
	.flags = AKIDA_ELEMENT_LIE | AKIDA_ELEMENT_RIE,
	.channels = edma_channels,
	.quiesce = edma_quiesce,
	.start = edma_start,
	.set_message = edma_set_message,
	.ring = edma_ring,
	.status = edma_status,
	.outcome = edma_outcome,
	.running = edma_running,
	.stop = edma_stop,
	.position = edma_position,
	.describe = edma_describe,
	.reset = edma_reset,
};
