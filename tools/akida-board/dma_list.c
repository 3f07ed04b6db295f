// SPDX-License-Identifier: GPL-2.0
/*
 * The part of a DMA engine that does not depend on its registers: it walks
 * lists in the board's memory and moves bytes, a slice at a time, so that the
 * guest's accesses are served in between.
 */
#include <errno.h>
#include <string.h>

#include "board.h"
#include "util.h"

#define SLOW_SLICE_NS (10 * NSEC_PER_MSEC)
/* A list of nothing but links would keep the board busy for ever. */
#define LINKS_PER_STEP 16

static bool is_read(unsigned int ch)
{
	return ch >= CHANNEL_RD(0);
}

const char *channel_name(unsigned int ch)
{
	static const char *const names[] = { "wr0", "wr1", "rd0", "rd1" };

	return names[ch];
}

void dma_reset(struct board *b)
{
	unsigned int i;

	for (i = 0; i < NUM_CHANNELS; i++) {
		uint32_t generation = b->dma.ch[i].generation + 1;

		memset(&b->dma.ch[i], 0, sizeof(b->dma.ch[i]));
		b->dma.ch[i].generation = generation;
		b->dma.ch[i].abort_after = -1;
	}
	b->dma.link_free = 0;
}

void dma_start(struct board *b, unsigned int ch, bool list)
{
	struct dma_channel *c = &b->dma.ch[ch];

	if (c->status == CHANNEL_RUNNING) {
		b->stats.doorbells_ignored++;
		return;
	}
	b->stats.channel[ch].doorbells++;
	trace(b, "%s: start, %s", channel_name(ch), list ? "list" : "single");
	c->status = CHANNEL_RUNNING;
	c->list = list;
	c->loaded = false;
	c->fresh = true;
	c->run_bytes = 0;
	c->slice = 0;
	c->slice_end = 0;
	c->stalled = false;
	c->abort_after = -1;
	c->bad_completion = 0;
	fault_doorbell(b, ch);
}

bool dma_stop(struct board *b, unsigned int ch)
{
	struct dma_channel *c = &b->dma.ch[ch];

	if (c->status != CHANNEL_RUNNING)
		return false;
	c->status = CHANNEL_STOPPED;
	c->generation++;
	c->loaded = false;
	b->stats.channel[ch].stops++;
	trace(b, "%s: stopped by the driver", channel_name(ch));
	return true;
}

bool dma_busy(const struct board *b)
{
	unsigned int i;

	for (i = 0; i < NUM_CHANNELS; i++)
		if (b->dma.ch[i].status == CHANNEL_RUNNING)
			return true;
	return false;
}

void dma_unstall(struct board *b)
{
	unsigned int i;

	for (i = 0; i < NUM_CHANNELS; i++)
		b->dma.ch[i].stalled = false;
}

static void abort_run(struct board *b, unsigned int ch, enum dma_error error)
{
	struct dma_channel *c = &b->dma.ch[ch];

	c->status = CHANNEL_HALTED;
	c->loaded = false;
	b->stats.channel[ch].aborts++;
	trace(b, "%s: aborted, error %d, %u bytes of the element left",
	      channel_name(ch), error, c->size);
}

enum load_result {
	LOAD_READY,
	LOAD_END,
	LOAD_ERROR,
	LOAD_AGAIN,
	LOAD_GONE,
};

/* Makes the next data element the current one, following links. */
static enum load_result load_element(struct board *b, unsigned int ch)
{
	struct dma_channel *c = &b->dma.ch[ch];
	uint32_t generation = c->generation;
	uint8_t e[ELEMENT_SIZE];
	unsigned int links;

	for (links = 0; links < LINKS_PER_STEP; links++) {
		int err = bus_read(b, c->llp, e, sizeof(e), BUS_DMA);
		uint32_t control = get_le32(e);

		if (c->generation != generation)
			return LOAD_GONE;
		if (err)
			return LOAD_ERROR;
		c->cb = control & ELEMENT_CB;
		if (c->cb != c->ccs)
			return LOAD_END;
		if (!(control & ELEMENT_LLP)) {
			c->control = control;
			c->size = get_le32(e + 4);
			c->sar = get_le64(e + 8);
			c->dar = get_le64(e + 16);
			c->llp += sizeof(e);
			c->loaded = true;
			return LOAD_READY;
		}
		b->stats.channel[ch].links++;
		c->llp = get_le64(e + 8);
		if (control & ELEMENT_TCB)
			c->ccs = !c->ccs;
	}
	return LOAD_AGAIN;
}

/* The end of a run comes in two parts: first its state ... */
static void settle(struct board *b, unsigned int ch, enum load_result r)
{
	struct dma_channel *c = &b->dma.ch[ch];

	if (r == LOAD_END) {
		c->status = CHANNEL_STOPPED;
		c->loaded = false;
		b->stats.channel[ch].done++;
		trace(b, "%s: done, %llu bytes", channel_name(ch),
		      (unsigned long long)c->run_bytes);
	} else if (r == LOAD_ERROR) {
		abort_run(b, ch, DMA_ERROR_LIST);
	}
}

/* ... then the engine's interrupts. */
static void tell(struct board *b, unsigned int ch, enum load_result r)
{
	if (r == LOAD_END)
		b->dma.ops->stopped(b, ch);
	else if (r == LOAD_ERROR)
		b->dma.ops->aborted(b, ch, DMA_ERROR_LIST);
}

/* Faults aim at whole runs: they are decided when the first element comes. */
static void begin_run(struct board *b, unsigned int ch)
{
	struct dma_channel *c = &b->dma.ch[ch];
	struct fault f;

	c->fresh = false;
	if (fault_take(b, FAULT_STALL, ch, &f))
		c->stalled = true;
	if (fault_take(b, FAULT_ABORT, ch, &f))
		c->abort_after = f.bytes;
	if (is_read(ch) && fault_take(b, FAULT_BAD_COMPLETION, ch, &f))
		c->bad_completion = f.status;
}

static uint32_t slice_size(struct board *b, unsigned int ch)
{
	const struct dma_channel *c = &b->dma.ch[ch];
	uint64_t n = c->size, rate = fault_link_rate(b);
	uint64_t most = DMA_SLICE_MAX;

	if (rate && rate * SLOW_SLICE_NS / NSEC_PER_SEC < most)
		most = rate * SLOW_SLICE_NS / NSEC_PER_SEC;
	if (!most)
		most = 1;
	if (c->abort_after >= 0 && c->abort_after - c->run_bytes < most)
		most = c->abort_after - c->run_bytes;
	return n < most ? n : most;
}

/* Records a read of host memory that ended badly. */
static enum dma_error bad_read(struct board *b, enum dma_error error)
{
	switch (error) {
	case DMA_ERROR_COMPLETER:
		pci_config_error(&b->config, AER_COMPLETER_ABORT);
		break;
	case DMA_ERROR_TIMEOUT:
		pci_config_error(&b->config, AER_COMPLETION_TIMEOUT);
		break;
	case DMA_ERROR_POISONED:
		pci_config_error(&b->config, AER_POISONED);
		break;
	default:
		pci_config_error(&b->config, AER_UNSUPPORTED_REQUEST);
		break;
	}
	return error;
}

/* Moves n bytes; returns 0, an error, or -1 when the run is no longer. */
static int move(struct board *b, unsigned int ch, uint32_t n)
{
	struct dma_channel *c = &b->dma.ch[ch];
	uint32_t generation = c->generation;
	uint64_t device = is_read(ch) ? c->dar : c->sar;
	size_t span = bus_span(b, device, n);
	int err;

	if (!span) {
		/* Nothing is there: let the bus say and count it. */
		bus_read(b, device, b->dma.bounce, 1, BUS_DMA);
		return DMA_ERROR_DEVICE;
	}
	n = span;
	if (is_read(ch)) {
		if (c->bad_completion)
			return bad_read(b, c->bad_completion);
		err = host_read(b, c->sar, b->dma.bounce, n);
		if (c->generation != generation)
			return -1;
		if (err)
			return bad_read(b, err == -ETIMEDOUT ?
						   DMA_ERROR_TIMEOUT :
						   DMA_ERROR_UNSUPPORTED);
		err = bus_write(b, c->dar, b->dma.bounce, n, BUS_DMA);
	} else {
		err = bus_read(b, c->sar, b->dma.bounce, n, BUS_DMA);
		if (c->generation != generation)
			return -1;
		if (!err)
			host_write(b, c->dar, b->dma.bounce, n);
	}
	if (c->generation != generation)
		return -1;
	if (err)
		return DMA_ERROR_DEVICE;
	c->size -= n;
	c->sar += n;
	c->dar += n;
	c->run_bytes += n;
	b->stats.channel[ch].bytes += n;
	return 0;
}

static void element_finished(struct board *b, unsigned int ch)
{
	struct dma_channel *c = &b->dma.ch[ch];
	enum load_result r = LOAD_END;
	uint32_t control = c->control;

	b->stats.channel[ch].elements++;
	c->loaded = false;
	/*
	 * Look at what follows before telling: a driver that reads the status
	 * from its interrupt finds the channel stopped if this was the last.
	 */
	if (c->list)
		r = load_element(b, ch);
	if (r == LOAD_GONE)
		return;
	settle(b, ch, r);
	if (control & (ELEMENT_LIE | ELEMENT_RIE))
		b->dma.ops->element(b, ch, control);
	tell(b, ch, r);
}

/* Returns whether the channel could do more right away. */
static bool step(struct board *b, unsigned int ch)
{
	struct dma_channel *c = &b->dma.ch[ch];
	uint64_t rate = fault_link_rate(b);
	int err;

	if (c->fresh)
		begin_run(b, ch);
	if (c->stalled)
		return false;
	if (!c->loaded && c->list) {
		enum load_result r = load_element(b, ch);

		if (r == LOAD_GONE)
			return false;
		settle(b, ch, r);
		tell(b, ch, r);
		if (r != LOAD_READY)
			return r == LOAD_AGAIN;
	}
	c->loaded = true;
	if (c->abort_after >= 0 && c->run_bytes >= (uint64_t)c->abort_after) {
		abort_run(b, ch, DMA_ERROR_NONE);
		b->dma.ops->aborted(b, ch, DMA_ERROR_NONE);
		return false;
	}
	if (!c->slice)
		c->slice = slice_size(b, ch);
	if (rate && c->slice && !c->slice_end) {
		uint64_t now = now_ns();

		if (b->dma.link_free < now)
			b->dma.link_free = now;
		b->dma.link_free += c->slice * NSEC_PER_SEC / rate;
		c->slice_end = b->dma.link_free;
		b->stats.faults[FAULT_SLOW_LINK]++;
	}
	if (c->slice_end > now_ns())
		return false;
	err = c->slice ? move(b, ch, c->slice) : 0;
	if (err < 0)
		return true;
	c->slice = 0;
	c->slice_end = 0;
	if (err) {
		abort_run(b, ch, err);
		b->dma.ops->aborted(b, ch, err);
	} else if (!c->size) {
		element_finished(b, ch);
	}
	return c->status == CHANNEL_RUNNING;
}

/* Without bus mastering requests stay in the engine, and so it waits. */
static bool requests_possible(const struct board *b)
{
	return pci_config_master_on(&b->config) && !b->link_down;
}

bool dma_run(struct board *b)
{
	unsigned int i;
	bool more = false;

	if (!requests_possible(b))
		return false;
	for (i = 0; i < NUM_CHANNELS; i++) {
		unsigned int ch = (b->dma.next + i) % NUM_CHANNELS;

		if (b->dma.ch[ch].status != CHANNEL_RUNNING)
			continue;
		if (step(b, ch)) {
			more = true;
			b->dma.next = (ch + 1) % NUM_CHANNELS;
			break;
		}
	}
	return more;
}

uint64_t dma_deadline(const struct board *b)
{
	uint64_t t = TIME_NEVER;
	unsigned int i;

	if (!requests_possible(b))
		return t;
	for (i = 0; i < NUM_CHANNELS; i++) {
		const struct dma_channel *c = &b->dma.ch[i];

		if (c->status == CHANNEL_RUNNING && c->slice_end &&
		    !c->stalled && c->slice_end < t)
			t = c->slice_end;
	}
	return t;
}
