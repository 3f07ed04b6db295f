// SPDX-License-Identifier: GPL-2.0
/*
 * The native HDMA's registers (AKD1500): each channel has all of them to
 * itself.
 *
 * Offsets and bits: the vendor's GPL driver and DesignWare's public register
 * names. Its driver sets the mask bits of INT_SETUP; they are cleared here, as
 * later kernels' drivers for this engine do.
 */
#include <linux/delay.h>
#include <linux/ktime.h>

#include "akida_dma.h"

#define HDMA_ENABLE 0x00
#define HDMA_DOORBELL 0x04
#define HDMA_LLP 0x10
#define HDMA_CYCLE 0x18
#define HDMA_SIZE 0x1c
#define HDMA_SAR 0x20
#define HDMA_DAR 0x28
#define HDMA_CONTROL1 0x34
#define HDMA_STATUS 0x80
#define HDMA_INT_STATUS 0x84
#define HDMA_INT_SETUP 0x88
#define HDMA_INT_CLEAR 0x8c
#define HDMA_MSI_STOP 0x90
#define HDMA_MSI_WATERMARK 0x98
#define HDMA_MSI_ABORT 0xa0
#define HDMA_MSI_DATA 0xa8

#define HDMA_STRIDE 0x200
#define HDMA_READ 0x100

#define HDMA_DOORBELL_START BIT(0)
#define HDMA_DOORBELL_STOP BIT(1)
#define HDMA_CYCLE_BIT BIT(0)
#define HDMA_CYCLE_STATE BIT(1)
#define HDMA_CONTROL1_LIST BIT(0)
#define HDMA_STATUS_MASK 3u
#define HDMA_STATUS_RUNNING 1u
#define HDMA_INT_STOP BIT(0)
#define HDMA_INT_WATERMARK BIT(1)
#define HDMA_INT_ABORT BIT(2)
#define HDMA_INT_ALL (HDMA_INT_STOP | HDMA_INT_WATERMARK | HDMA_INT_ABORT)
#define HDMA_INT_ERROR 0x78u
#define HDMA_INT_ERROR_SHIFT 3
#define HDMA_SETUP_REMOTE_STOP BIT(3)
#define HDMA_SETUP_LOCAL_STOP BIT(4)
#define HDMA_SETUP_REMOTE_ABORT BIT(5)
#define HDMA_SETUP_LOCAL_ABORT BIT(6)
#define HDMA_SETUP_ON                                     \
	(HDMA_SETUP_REMOTE_STOP | HDMA_SETUP_LOCAL_STOP | \
	 HDMA_SETUP_REMOTE_ABORT | HDMA_SETUP_LOCAL_ABORT)

#define ENABLE_PATIENCE_MS 50

static u32 chan_offset(const struct akida_chan *ch)
{
	return ch->id * HDMA_STRIDE +
	       (ch->dir == AKIDA_DMA_TO_DEVICE ? HDMA_READ : 0);
}

static u32 chan_read(struct akida_chan *ch, u32 reg)
{
	return akida_dma_read(ch->dma, chan_offset(ch) + reg);
}

static void chan_write(struct akida_chan *ch, u32 reg, u32 value)
{
	akida_dma_write(ch->dma, chan_offset(ch) + reg, value);
}

static void chan_write64(struct akida_chan *ch, u32 reg, u64 value)
{
	chan_write(ch, reg, lower_32_bits(value));
	chan_write(ch, reg + 4, upper_32_bits(value));
}

static u64 chan_read64(struct akida_chan *ch, u32 reg)
{
	u64 low = chan_read(ch, reg);

	return low | (u64)chan_read(ch, reg + 4) << 32;
}

/* No register says how many there are: as many as the vendor's driver uses. */
static unsigned int hdma_channels(struct akida_dma *dma)
{
	return AKIDA_DMA_CHANNELS;
}

static bool hdma_running(struct akida_chan *ch)
{
	return (chan_read(ch, HDMA_STATUS) & HDMA_STATUS_MASK) ==
	       HDMA_STATUS_RUNNING;
}

static bool hdma_wait_enable(struct akida_chan *ch, bool on)
{
	ktime_t end = ktime_add_ms(ktime_get(), ENABLE_PATIENCE_MS);
	bool late;
	u32 val;

	for (;;) {
		late = ktime_after(ktime_get(), end);
		val = chan_read(ch, HDMA_ENABLE);
		if (val == U32_MAX)
			return false;
		if ((val & BIT(0)) == on && (on || !hdma_running(ch)))
			return true;
		if (late)
			return false;
		usleep_range(20, 50);
	}
}

/* The register must be seen to change: a dead board is no quiet one. */
static int hdma_off(struct akida_chan *ch)
{
	chan_write(ch, HDMA_ENABLE, 0);
	return hdma_wait_enable(ch, false) ? 0 : -EIO;
}

static int hdma_on(struct akida_chan *ch)
{
	chan_write(ch, HDMA_INT_CLEAR, HDMA_INT_ALL);
	chan_write(ch, HDMA_ENABLE, 1);
	chan_write(ch, HDMA_INT_SETUP, HDMA_SETUP_ON);
	chan_write(ch, HDMA_CONTROL1, HDMA_CONTROL1_LIST);
	return hdma_wait_enable(ch, true) ? 0 : -EIO;
}

static int hdma_quiesce(struct akida_dma *dma)
{
	struct akida_chan *ch;
	int err;

	akida_for_each_chan(dma, ch) {
		err = hdma_off(ch);
		if (err)
			return err;
	}
	return 0;
}

static int hdma_start(struct akida_dma *dma)
{
	struct akida_chan *ch;
	int err;

	akida_for_each_chan(dma, ch) {
		err = hdma_on(ch);
		if (err)
			return err;
	}
	return 0;
}

static int hdma_reset(struct akida_chan *ch)
{
	int err = hdma_off(ch);

	return err ?: hdma_on(ch);
}

/*
 * Disabled meanwhile: half a message would go astray. No element asks for a
 * watermark; its address is set so that none could ever go to address 0.
 */
static void hdma_set_message(struct akida_dma *dma, const struct akida_msi *msi)
{
	struct akida_chan *ch;

	akida_for_each_chan(dma, ch) {
		chan_write(ch, HDMA_INT_SETUP,
			   HDMA_SETUP_LOCAL_STOP | HDMA_SETUP_LOCAL_ABORT);
		chan_write64(ch, HDMA_MSI_STOP, msi->address);
		chan_write64(ch, HDMA_MSI_WATERMARK, msi->address);
		chan_write64(ch, HDMA_MSI_ABORT, msi->address);
		chan_write(ch, HDMA_MSI_DATA, msi->data);
		chan_write(ch, HDMA_INT_SETUP, HDMA_SETUP_ON);
	}
}

static void hdma_ring(struct akida_chan *ch)
{
	chan_write64(ch, HDMA_LLP, ch->list);
	chan_write(ch, HDMA_CYCLE, HDMA_CYCLE_STATE | HDMA_CYCLE_BIT);
	chan_write(ch, HDMA_DOORBELL, HDMA_DOORBELL_START);
}

static bool hdma_status(struct akida_dma *dma, unsigned int running,
			unsigned int *done, unsigned int *aborted)
{
	struct akida_chan *ch;

	akida_for_each_chan(dma, ch) {
		unsigned int bit = BIT(akida_chan_index(ch));
		u32 status;

		if (!(running & bit))
			continue;
		status = chan_read(ch, HDMA_INT_STATUS);
		if (status == U32_MAX)
			return false;
		if (status & HDMA_INT_ABORT) {
			*aborted |= bit;
		} else if (status & HDMA_INT_STOP) {
			*done |= bit;
			chan_write(ch, HDMA_INT_CLEAR,
				   HDMA_INT_STOP | HDMA_INT_WATERMARK);
		}
	}
	return true;
}

static enum akida_outcome hdma_outcome(struct akida_chan *ch)
{
	u32 status = chan_read(ch, HDMA_INT_STATUS);

	if (status == U32_MAX)
		return AKIDA_OUTCOME_NONE;
	if (status & HDMA_INT_ABORT)
		return AKIDA_OUTCOME_ABORTED;
	if (status & HDMA_INT_STOP)
		return AKIDA_OUTCOME_DONE;
	return AKIDA_OUTCOME_NONE;
}

static void hdma_stop(struct akida_chan *ch)
{
	chan_write(ch, HDMA_DOORBELL, HDMA_DOORBELL_STOP);
}

static void hdma_position(struct akida_chan *ch, struct akida_dma_position *p)
{
	p->size = chan_read(ch, HDMA_SIZE);
	p->src = chan_read64(ch, HDMA_SAR);
	p->dst = chan_read64(ch, HDMA_DAR);
	p->llp = chan_read64(ch, HDMA_LLP);
}

static void hdma_describe(struct akida_chan *ch, char *buf, size_t size)
{
	u32 status = chan_read(ch, HDMA_INT_STATUS);

	/* What the codes mean on silicon is not public. */
	snprintf(buf, size, "error code %u (0x%x)",
		 (status & HDMA_INT_ERROR) >> HDMA_INT_ERROR_SHIFT, status);
}

const struct akida_dma_ops akida_hdma_ops = {
	.name = "HDMA",
	.channels = hdma_channels,
	.quiesce = hdma_quiesce,
	.start = hdma_start,
	.set_message = hdma_set_message,
	.ring = hdma_ring,
	.status = hdma_status,
	.outcome = hdma_outcome,
	.running = hdma_running,
	.stop = hdma_stop,
	.position = hdma_position,
	.describe = hdma_describe,
	.reset = hdma_reset,
};
