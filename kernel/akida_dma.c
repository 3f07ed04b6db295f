// SPDX-License-Identifier: GPL-2.0
/*
 * DMA: transfers wait in a queue for each direction, channels take them, their
 * ends come by interrupt. What ends otherwise is in akida_dma_end.c.
 */
#include <linux/jiffies.h>
#include <linux/moduleparam.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "akida_dma.h"
#include "akida_power.h"
#include "akida_trace.h"

static unsigned int dma_timeout_ms = 2000;
module_param(dma_timeout_ms, uint, 0444);
MODULE_PARM_DESC(
	dma_timeout_ms,
	"milliseconds after which a DMA transfer that does not move fails (default 2000, 100 to 600000)");

static int long_lists = -1;
module_param(long_lists, int, 0444);
MODULE_PARM_DESC(
	long_lists,
	"DMA lists longer than the vendor's 64 bytes: 1 yes, 0 no, -1 on virtual boards only (default)");

void akida_chan_element(struct akida_chan *ch, unsigned int i,
			struct akida_element *e)
{
	const struct akida_dma_seg *seg = &ch->req->seg[ch->first + i];

	e->size = seg->len;
	if (ch->dir == AKIDA_DMA_TO_DEVICE) {
		e->src = seg->host;
		e->dst = seg->dev;
	} else {
		e->src = seg->dev;
		e->dst = seg->host;
	}
}

/* Written last, the control word says that the element is the engine's. */
static void write_words(struct akida_chan *ch, unsigned int at,
			const u32 *words)
{
	u8 __iomem *p = ch->mem + at * AKIDA_ELEMENT_SIZE;
	unsigned int i;

	for (i = 1; i < AKIDA_ELEMENT_WORDS; i++)
		iowrite32(words[i], p + 4 * i);
	iowrite32(words[0], p);
}

static void write_elements(struct akida_chan *ch, unsigned int from,
			   unsigned int to)
{
	u32 words[AKIDA_ELEMENT_WORDS];
	struct akida_element e;
	unsigned int i;

	for (i = from; i < to; i++) {
		akida_chan_element(ch, i, &e);
		akida_element_encode(
			&e, i == ch->count - 1 ? ch->dma->ops->flags : 0,
			words);
		write_words(ch, i, words);
	}
	/* The link stays from list to list while it is at the right place. */
	if (to == ch->count && ch->link_at != to) {
		akida_link_encode(ch->list, words);
		write_words(ch, to, words);
		ch->link_at = to;
	}
}

void akida_dma_watch(struct akida_dma *dma)
{
	if (dma->watching || dma->stopped)
		return;
	dma->watching = true;
	queue_delayed_work(akida_wq, &dma->watchdog, dma->timeout / 4);
}

void akida_chan_ring(struct akida_chan *ch)
{
	struct akida_dma *dma = ch->dma;
	u8 __iomem *last = ch->mem + (ch->count - 1) * AKIDA_ELEMENT_SIZE;

	if (dma->hold[ch->dir] || dma->stopped) {
		ch->state = AKIDA_CHAN_READY;
		return;
	}
	if (!dma->written_valid || dma->msi.address != dma->written.address ||
	    dma->msi.data != dma->written.data) {
		dma->ops->set_message(dma, &dma->msi);
		dma->written = dma->msi;
		dma->written_valid = true;
		dma->messages++;
		/* Ends of the other channels may just have gone untold. */
		queue_work(akida_wq, &dma->look);
	}
	/*
	 * A read does not overtake writes: when it is back, the list is in the
	 * board's memory. It is the only one on this path.
	 */
	if (ioread32(last) != (AKIDA_ELEMENT_CB | dma->ops->flags)) {
		ch->state = AKIDA_CHAN_ENDING;
		ch->reason = -EIO;
		akida_recover(dma->adev);
		return;
	}
	ch->state = AKIDA_CHAN_RUNNING;
	ch->run++;
	ch->runs++;
	ch->since = jiffies;
	ch->looked = false;
	ch->rung = true;
	dma->ops->ring(ch);
	akida_dma_watch(dma);
}

/* Takes as many of the transfer's pieces as the list holds. */
static void begin_run(struct akida_chan *ch)
{
	struct akida_dma *dma = ch->dma;
	struct akida_dma_req *req = ch->req;
	unsigned int i;

	ch->state = AKIDA_CHAN_BUILDING;
	ch->first = req->next_seg;
	ch->count = min(req->num_segs - req->next_seg, dma->elements);
	ch->bytes = 0;
	ch->rung = false;
	for (i = 0; i < ch->count; i++)
		ch->bytes += req->seg[ch->first + i].len;
	if (dma->stopped)
		return;
	/* The link of the list before lies in the middle of this one. */
	if (ch->link_at < ch->count)
		ch->link_at = 0;
	if (ch->count > AKIDA_DMA_DIRECT) {
		queue_work(akida_wq, &ch->build);
		return;
	}
	write_elements(ch, 0, ch->count);
	akida_chan_ring(ch);
}

static void build_work(struct work_struct *work)
{
	struct akida_chan *ch = container_of(work, struct akida_chan, build);
	struct akida_dma *dma = ch->dma;
	unsigned long flags;
	unsigned int i, n;

	/*
	 * While it is BUILDING, list and transfer are this function's; who
	 * stops the engine cancels the work and waits for it.
	 */
	for (i = 0; i < ch->count; i += n) {
		if (READ_ONCE(dma->stopped))
			return;
		n = min(ch->count - i, 64u);
		write_elements(ch, i, i + n);
		cond_resched();
	}
	raw_spin_lock_irqsave(&dma->lock, flags);
	if (!dma->stopped && ch->state == AKIDA_CHAN_BUILDING)
		akida_chan_ring(ch);
	raw_spin_unlock_irqrestore(&dma->lock, flags);
}

void akida_req_end(struct akida_dma *dma, struct akida_dma_req *req, int status)
{
	req->status = status;
	req->state = AKIDA_REQ_DONE;
	list_add_tail(&req->node, &dma->done);
}

void akida_chan_finish(struct akida_chan *ch, int status)
{
	struct akida_dma_req *req = ch->req;

	ch->req = NULL;
	ch->state = AKIDA_CHAN_IDLE;
	ch->reason = 0;
	if (status)
		trace_akida_dma_error(ch->dma->adev, req, status);
	akida_req_end(ch->dma, req, status);
}

void akida_chan_run_done(struct akida_chan *ch)
{
	struct akida_dma_req *req = ch->req;

	req->done += ch->bytes;
	req->next_seg += ch->count;
	ch->moved += ch->bytes;
	if (req->next_seg < req->num_segs)
		begin_run(ch);
	else
		akida_chan_finish(ch, 0);
}

void akida_dma_kick(struct akida_dma *dma, enum akida_dma_dir dir)
{
	struct akida_dma_req *req;
	struct akida_chan *ch;

	if (dma->stopped)
		return;
	akida_for_each_chan_of(dma, ch, dir) {
		if (ch->state != AKIDA_CHAN_IDLE)
			continue;
		req = list_first_entry_or_null(&dma->queue[dir],
					       struct akida_dma_req, node);
		if (!req)
			return;
		list_del_init(&req->node);
		req->state = AKIDA_REQ_RUNNING;
		req->channel = akida_chan_index(ch);
		ch->req = req;
		begin_run(ch);
	}
}

bool akida_dma_look(struct akida_dma *dma)
{
	unsigned int running = 0, done = 0, aborted = 0, bit;
	struct akida_chan *ch;

	akida_for_each_chan(dma, ch)
		if (ch->state == AKIDA_CHAN_RUNNING)
			running |= BIT(akida_chan_index(ch));
	if (!running)
		return false;
	if (!dma->ops->status(dma, running, &done, &aborted)) {
		akida_recover(dma->adev);
		return true;
	}
	akida_for_each_chan(dma, ch) {
		bit = BIT(akida_chan_index(ch));
		if (ch->state != AKIDA_CHAN_RUNNING || !(running & bit))
			continue;
		if (done & bit) {
			akida_chan_run_done(ch);
		} else if (aborted & bit) {
			ch->state = AKIDA_CHAN_ENDING;
			ch->reason = -EIO;
			ch->aborts++;
			queue_work(akida_wq, &dma->end);
		}
	}
	akida_dma_kick(dma, AKIDA_DMA_TO_DEVICE);
	akida_dma_kick(dma, AKIDA_DMA_FROM_DEVICE);
	return done || aborted;
}

irqreturn_t akida_dma_irq(struct akida_device *adev)
{
	struct akida_dma *dma = adev->dma;
	irqreturn_t ret = IRQ_NONE;
	unsigned long flags;

	raw_spin_lock_irqsave(&dma->lock, flags);
	if (!dma->stopped && akida_dma_look(dma))
		ret = list_empty(&dma->done) ? IRQ_HANDLED : IRQ_WAKE_THREAD;
	raw_spin_unlock_irqrestore(&dma->lock, flags);
	return ret;
}

void akida_dma_spurious(struct akida_device *adev)
{
	struct akida_dma *dma = adev->dma;
	unsigned long flags;

	raw_spin_lock_irqsave(&dma->lock, flags);
	dma->spurious++;
	raw_spin_unlock_irqrestore(&dma->lock, flags);
}

void akida_dma_complete(struct akida_device *adev)
{
	struct akida_dma *dma = adev->dma;
	struct akida_dma_req *req, *next;
	LIST_HEAD(list);

	raw_spin_lock_irq(&dma->lock);
	list_splice_init(&dma->done, &list);
	dma->completing++;
	raw_spin_unlock_irq(&dma->lock);

	list_for_each_entry_safe(req, next, &list, node) {
		list_del_init(&req->node);
		trace_akida_dma_complete(adev, req, req->status);
		req->complete(req);
		akida_unhold(adev);
	}

	raw_spin_lock_irq(&dma->lock);
	dma->completing--;
	raw_spin_unlock_irq(&dma->lock);
	wake_up_all(&dma->wait);
}

static void look_work(struct work_struct *work)
{
	struct akida_dma *dma = container_of(work, struct akida_dma, look);

	raw_spin_lock_irq(&dma->lock);
	if (!dma->stopped)
		akida_dma_look(dma);
	raw_spin_unlock_irq(&dma->lock);
	akida_dma_complete(dma->adev);
}

static void finish_work(struct work_struct *work)
{
	akida_dma_complete(container_of(work, struct akida_dma, finish)->adev);
}

void akida_dma_submit(struct akida_device *adev, struct akida_dma_req *req)
{
	struct akida_dma *dma = adev->dma;
	unsigned long flags;

	trace_akida_dma_submit(adev, req);
	akida_hold(adev);
	req->status = 0;
	req->done = 0;
	req->next_seg = 0;
	req->channel = -1;
	raw_spin_lock_irqsave(&dma->lock, flags);
	if (dma->stopped || !req->num_segs) {
		akida_req_end(dma, req, dma->stopped ? dma->error : 0);
		queue_work(akida_wq, &dma->finish);
	} else {
		req->state = AKIDA_REQ_QUEUED;
		list_add_tail(&req->node, &dma->queue[req->dir]);
		akida_dma_kick(dma, req->dir);
	}
	raw_spin_unlock_irqrestore(&dma->lock, flags);
}

void akida_dma_set_message(struct akida_device *adev,
			   const struct akida_msi *msi)
{
	struct akida_dma *dma = adev->dma;
	unsigned long flags;

	raw_spin_lock_irqsave(&dma->lock, flags);
	dma->msi = *msi;
	if (!dma->stopped) {
		dma->ops->set_message(dma, msi);
		dma->written = *msi;
		dma->written_valid = true;
		dma->messages++;
		/* What ended meanwhile told nobody, or the old vector. */
		queue_work(akida_wq, &dma->look);
	}
	raw_spin_unlock_irqrestore(&dma->lock, flags);
}

static void place_list(struct akida_chan *ch)
{
	struct akida_dma *dma = ch->dma;
	const struct akida_range *memory = &dma->adev->chip->memory;
	/* The vendor's order: write channels first */
	u32 offset =
		(ch->dir == AKIDA_DMA_FROM_DEVICE ? ch->id :
						    dma->channels + ch->id) *
		dma->list_bytes;

	ch->list = memory->base + offset;
	ch->mem = dma->adev->bar[memory->bar] + offset;
}

int akida_dma_restart(struct akida_device *adev)
{
	struct akida_dma *dma = adev->dma;
	u32 words[AKIDA_ELEMENT_WORDS];
	struct akida_chan *ch;
	int err;

	/* Nothing is under way: akida_dma_stop_all() came before. */
	err = dma->ops->quiesce(dma);
	if (err) {
		dev_err(&adev->pdev->dev, "the DMA engine cannot be stopped\n");
		return err;
	}
	dma->list_bytes = dma->shorten ? AKIDA_SHORT_LIST : dma->list_room;
	dma->elements = akida_list_capacity(dma->list_bytes);
	akida_for_each_chan(dma, ch) {
		place_list(ch);
		ch->link_at = dma->elements;
		akida_link_encode(ch->list, words);
		write_words(ch, ch->link_at, words);
		if (ioread32(ch->mem + ch->link_at * AKIDA_ELEMENT_SIZE + 8) !=
		    ch->list) {
			dev_err(&adev->pdev->dev,
				"device memory at 0x%x does not hold what is written: no DMA lists\n",
				ch->list);
			return -EIO;
		}
	}
	err = dma->ops->start(dma);
	if (err) {
		dev_err(&adev->pdev->dev, "the DMA engine does not start\n");
		return err;
	}

	raw_spin_lock_irq(&dma->lock);
	dma->ops->set_message(dma, &dma->msi);
	dma->written = dma->msi;
	dma->written_valid = true;
	dma->messages++;
	memset(dma->hold, 0, sizeof(dma->hold));
	dma->error = 0;
	dma->watching = false;
	WRITE_ONCE(dma->stopped, false);
	raw_spin_unlock_irq(&dma->lock);
	return 0;
}

static void init_channel(struct akida_dma *dma, struct akida_chan *ch,
			 enum akida_dma_dir dir, unsigned int id)
{
	ch->dma = dma;
	ch->dir = dir;
	ch->id = id;
	snprintf(ch->name, sizeof(ch->name), "%s%u",
		 dir == AKIDA_DMA_FROM_DEVICE ? "wr" : "rd", id);
	INIT_WORK(&ch->build, build_work);
}

int akida_dma_init(struct akida_device *adev)
{
	const struct akida_chip *chip = adev->chip;
	struct akida_dma *dma;
	unsigned int ms, i;

	dma = kzalloc(sizeof(*dma), GFP_KERNEL);
	if (!dma)
		return -ENOMEM;
	dma->adev = adev;
	dma->ops = chip->dma_ops;
	dma->regs = adev->bar[chip->dma_bar] + chip->dma_offset;
	dma->channels = dma->ops->channels(dma);
	if (!dma->channels) {
		dev_err(&adev->pdev->dev, "there is no DMA engine in BAR %d\n",
			2 * chip->dma_bar);
		kfree(dma);
		return -ENODEV;
	}
	dma->list_room = AKIDA_SHORT_LIST;
	if (long_lists > 0 || (long_lists < 0 && adev->virtual))
		dma->list_room = chip->long_list;
	dma->list_bytes = dma->list_room;
	dma->elements = akida_list_capacity(dma->list_bytes);
	ms = clamp(dma_timeout_ms, 100u, 600000u);
	dma->timeout = msecs_to_jiffies(ms);
	raw_spin_lock_init(&dma->lock);
	mutex_init(&dma->end_lock);
	init_waitqueue_head(&dma->wait);
	INIT_LIST_HEAD(&dma->done);
	for (i = 0; i < AKIDA_DMA_DIRS; i++)
		INIT_LIST_HEAD(&dma->queue[i]);
	INIT_DELAYED_WORK(&dma->watchdog, akida_dma_watchdog_work);
	INIT_WORK(&dma->end, akida_dma_end_work);
	INIT_WORK(&dma->look, look_work);
	INIT_WORK(&dma->finish, finish_work);
	for (i = 0; i < AKIDA_DMA_DIRS * dma->channels; i++)
		init_channel(dma, &dma->ch[i], i / dma->channels,
			     i % dma->channels);
	dma->stopped = true;
	dma->error = -EIO;
	dma->viewport = -1;
	adev->dma = dma;
	return 0;
}

void akida_dma_exit(struct akida_device *adev)
{
	struct akida_dma *dma = adev->dma;

	cancel_delayed_work_sync(&dma->watchdog);
	cancel_work_sync(&dma->end);
	cancel_work_sync(&dma->look);
	flush_work(&dma->finish);
}

void akida_dma_free(struct akida_device *adev)
{
	kfree(adev->dma);
	adev->dma = NULL;
}

unsigned int akida_dma_channels(struct akida_device *adev)
{
	return adev->dma->channels;
}

unsigned int akida_dma_list_elements(struct akida_device *adev)
{
	return adev->dma->elements;
}

u32 akida_dma_list_bytes(struct akida_device *adev)
{
	return AKIDA_DMA_DIRS * adev->dma->channels * adev->dma->list_bytes;
}

void akida_dma_shorten(struct akida_device *adev, bool shorten)
{
	WRITE_ONCE(adev->dma->shorten, shorten);
}

u32 akida_dma_list_room(struct akida_device *adev)
{
	return AKIDA_DMA_DIRS * adev->dma->channels * adev->dma->list_room;
}

u32 akida_dma_reserved(struct akida_device *adev)
{
	return max_t(u32, PAGE_ALIGN(akida_dma_list_room(adev)),
		     adev->chip->list_page);
}

static const char *const state_names[] = {
	[AKIDA_CHAN_IDLE] = "idle",	[AKIDA_CHAN_BUILDING] = "building",
	[AKIDA_CHAN_READY] = "ready",	[AKIDA_CHAN_RUNNING] = "running",
	[AKIDA_CHAN_ENDING] = "ending",
};

static void show_channel(struct akida_chan *ch, struct seq_file *m)
{
	u64 runs, moved, aborts, timeouts, lost;
	enum akida_chan_state state;

	raw_spin_lock_irq(&ch->dma->lock);
	state = ch->state;
	runs = ch->runs;
	moved = ch->moved;
	aborts = ch->aborts;
	timeouts = ch->timeouts;
	lost = ch->lost;
	raw_spin_unlock_irq(&ch->dma->lock);
	seq_printf(
		m,
		"%s: %s, %llu doorbells, %llu bytes, %llu aborts, %llu timeouts, %llu lost interrupts\n",
		ch->name, state_names[state], runs, moved, aborts, timeouts,
		lost);
}

void akida_dma_show(struct akida_device *adev, struct seq_file *m)
{
	struct akida_dma *dma = adev->dma;
	unsigned int queued[AKIDA_DMA_DIRS] = {}, i;
	struct akida_dma_req *req;
	struct akida_chan *ch;
	u64 spurious, messages;
	bool stopped;

	raw_spin_lock_irq(&dma->lock);
	for (i = 0; i < AKIDA_DMA_DIRS; i++)
		list_for_each_entry(req, &dma->queue[i], node)
			queued[i]++;
	spurious = dma->spurious;
	messages = dma->messages;
	stopped = dma->stopped;
	raw_spin_unlock_irq(&dma->lock);

	seq_printf(m, "engine: %s, %s, lists of %u elements\n", dma->ops->name,
		   stopped ? "stopped" : "on", dma->elements);
	seq_printf(m, "waiting: %u to the device, %u from it\n",
		   queued[AKIDA_DMA_TO_DEVICE], queued[AKIDA_DMA_FROM_DEVICE]);
	seq_printf(
		m,
		"interrupts: %llu without reason, message written %llu times\n",
		spurious, messages);
	akida_for_each_chan(dma, ch)
		show_channel(ch, m);
}
