// SPDX-License-Identifier: GPL-2.0
/*
 * DMA transfers that do not end by themselves: aborted, standing still,
 * cancelled, stopped with the board.
 *
 * A transfer completes only when the hardware cannot touch its memory any
 * more: the engine came to its end, or was seen to have stopped and answers
 * sanely to being turned off and on; or bus mastering is off. A channel for
 * which neither can be had keeps its transfer until akida_recover() has turned
 * bus mastering off.
 */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>

#include "akida_dma.h"
#include "akida_trace.h"

#define STOP_PATIENCE_MS 50

/* Bytes of the channel's list that were moved, as far as can be known. */
static u64 moved_bytes(struct akida_chan *ch)
{
	struct akida_dma_position p;
	struct akida_element e;
	unsigned int i, last;
	u64 before = 0;
	s64 index, moved;

	if (!ch->rung)
		return 0;
	ch->dma->ops->position(ch, &p);
	index = akida_position_index(&p, ch->list, ch->count);
	/* At the first element registers may be those of the list before. */
	if (index <= 0)
		return 0;
	/*
	 * The pointer is at the element or already behind it; which of the
	 * two the registers are about they say themselves.
	 */
	last = min_t(unsigned int, index, ch->count - 1);
	for (i = 0; i <= last; i++) {
		akida_chan_element(ch, i, &e);
		moved = i + 1 < index ? -1 : akida_element_moved(&p, &e);
		if (moved >= 0)
			return before + moved;
		before += e.size;
	}
	return 0;
}

/* Stops a channel; true if it does not run afterwards. */
static bool stop_channel(struct akida_chan *ch)
{
	struct akida_dma *dma = ch->dma;
	ktime_t end = ktime_add_ms(ktime_get(), STOP_PATIENCE_MS);
	bool running, late;

	raw_spin_lock_irq(&dma->lock);
	running = dma->ops->running(ch);
	if (running)
		dma->ops->stop(ch);
	raw_spin_unlock_irq(&dma->lock);
	while (running) {
		late = ktime_after(ktime_get(), end);
		raw_spin_lock_irq(&dma->lock);
		running = dma->ops->running(ch);
		raw_spin_unlock_irq(&dma->lock);
		if (late)
			break;
		usleep_range(50, 100);
	}
	return !running;
}

static void report(struct akida_chan *ch, u64 moved)
{
	struct device *dev = &ch->dma->adev->pdev->dev;
	char why[64] = "";

	switch (ch->reason) {
	case -EIO:
		ch->dma->ops->describe(ch, why, sizeof(why));
		dev_err_ratelimited(
			dev, "%s: DMA aborted after %llu of %llu bytes: %s\n",
			ch->name, moved, ch->bytes, why);
		break;
	case -ETIMEDOUT:
		dev_err_ratelimited(
			dev,
			"%s: DMA stands still after %llu of %llu bytes: stopped\n",
			ch->name, moved, ch->bytes);
		break;
	}
}

/* Ends the transfer of a channel that was stopped; @lock held. */
static void settle(struct akida_chan *ch, enum akida_outcome outcome, u64 moved)
{
	struct akida_dma_req *req = ch->req;
	int reason = ch->reason;
	bool whole;

	if (ch->rung && outcome == AKIDA_OUTCOME_DONE)
		moved = ch->bytes;
	whole = moved == ch->bytes;
	if (whole && (reason != -ECANCELED ||
		      req->next_seg + ch->count == req->num_segs)) {
		/* It came to its end before it could be stopped. */
		ch->reason = 0;
		akida_chan_run_done(ch);
	} else if (!reason) {
		ch->state = AKIDA_CHAN_READY;
	} else {
		req->done += moved;
		ch->moved += moved;
		akida_chan_finish(ch, reason);
	}
}

/* The neighbour shares the reset: it runs again afterwards. */
static void take_neighbours(struct akida_chan *first)
{
	struct akida_dma *dma = first->dma;
	struct akida_chan *ch;

	if (!dma->ops->whole_direction)
		return;
	akida_for_each_chan_of(dma, ch, first->dir) {
		if (ch->state != AKIDA_CHAN_RUNNING)
			continue;
		ch->state = AKIDA_CHAN_ENDING;
		ch->reason = 0;
	}
}

/*
 * Ends what is ENDING in a direction; @end_lock held. False if a channel
 * cannot be stopped: it stays ENDING, and nobody rings in this direction.
 */
static bool end_direction(struct akida_dma *dma, enum akida_dma_dir dir)
{
	enum akida_outcome outcome[AKIDA_DMA_CHANNELS] = {};
	struct akida_chan *ch, *first = NULL;
	u64 moved[AKIDA_DMA_CHANNELS] = {};
	bool ok = true, ending[AKIDA_DMA_CHANNELS] = {};

	raw_spin_lock_irq(&dma->lock);
	if (dma->stopped) {
		raw_spin_unlock_irq(&dma->lock);
		return true;
	}
	akida_for_each_chan_of(dma, ch, dir)
		if (ch->state == AKIDA_CHAN_ENDING)
			first = ch;
	if (first) {
		take_neighbours(first);
		dma->hold[dir] = true;
		akida_for_each_chan_of(dma, ch, dir)
			ending[ch->id] = ch->state == AKIDA_CHAN_ENDING;
	}
	raw_spin_unlock_irq(&dma->lock);
	if (!first)
		return true;

	akida_for_each_chan_of(dma, ch, dir) {
		if (!ending[ch->id])
			continue;
		cancel_work_sync(&ch->build);
		raw_spin_lock_irq(&dma->lock);
		outcome[ch->id] = dma->ops->outcome(ch);
		if (outcome[ch->id] == AKIDA_OUTCOME_ABORTED && !ch->reason) {
			ch->reason = -EIO;
			ch->aborts++;
		}
		raw_spin_unlock_irq(&dma->lock);
		ok &= stop_channel(ch);
		raw_spin_lock_irq(&dma->lock);
		moved[ch->id] = moved_bytes(ch);
		raw_spin_unlock_irq(&dma->lock);
		if (outcome[ch->id] != AKIDA_OUTCOME_DONE)
			report(ch, moved[ch->id]);
	}
	akida_for_each_chan_of(dma, ch, dir)
		if (ok && ending[ch->id] &&
		    (ch == first || !dma->ops->whole_direction))
			ok = !dma->ops->reset(ch);
	if (!ok) {
		akida_recover(dma->adev);
		return false;
	}

	raw_spin_lock_irq(&dma->lock);
	dma->hold[dir] = false;
	akida_for_each_chan_of(dma, ch, dir)
		if (ending[ch->id])
			settle(ch, outcome[ch->id], moved[ch->id]);
	akida_for_each_chan_of(dma, ch, dir)
		if (ch->state == AKIDA_CHAN_READY)
			akida_chan_ring(ch);
	akida_dma_kick(dma, dir);
	raw_spin_unlock_irq(&dma->lock);
	return true;
}

static void end_channels(struct akida_dma *dma)
{
	mutex_lock(&dma->end_lock);
	end_direction(dma, AKIDA_DMA_TO_DEVICE);
	end_direction(dma, AKIDA_DMA_FROM_DEVICE);
	mutex_unlock(&dma->end_lock);
	akida_dma_complete(dma->adev);
}

void akida_dma_end_work(struct work_struct *work)
{
	end_channels(container_of(work, struct akida_dma, end));
}

/* When a channel that has not been seen to move since is stuck. */
static unsigned long stuck_at(const struct akida_chan *ch)
{
	unsigned int i;
	u32 longest = 0;

	/*
	 * Whether silicon's registers move within an element is not known:
	 * a long one gets the time that it may need.
	 */
	for (i = 0; i < ch->count; i++)
		longest = max(longest, ch->req->seg[ch->first + i].len);
	return ch->since + ch->dma->timeout +
	       msecs_to_jiffies(longest / (AKIDA_DMA_LEAST_RATE / 1000));
}

/* Channels that run for longer than usual; @lock held. */
static unsigned int late_channels(struct akida_dma *dma, u32 *runs)
{
	unsigned int late = 0;
	struct akida_chan *ch;

	akida_for_each_chan(dma, ch) {
		if (ch->state != AKIDA_CHAN_RUNNING ||
		    time_before(jiffies, ch->since + dma->timeout / 8))
			continue;
		late |= BIT(akida_chan_index(ch));
		runs[akida_chan_index(ch)] = ch->run;
	}
	return late;
}

static bool still_late(const struct akida_chan *ch, unsigned int late,
		       const u32 *runs)
{
	return late & BIT(akida_chan_index(ch)) &&
	       ch->state == AKIDA_CHAN_RUNNING &&
	       ch->run == runs[akida_chan_index(ch)];
}

/* Has it moved, or is it stuck; @lock held. */
static bool is_stuck(struct akida_chan *ch)
{
	struct akida_dma_position p;

	ch->dma->ops->position(ch, &p);
	if (ch->looked && !akida_position_equal(&p, &ch->seen))
		ch->since = jiffies;
	ch->looked = true;
	ch->seen = p;
	return time_after_eq(jiffies, stuck_at(ch));
}

/*
 * Status first: an end whose interrupt was lost is an end. Registers next: a
 * slow link is no failure.
 */
static void look_at_late(struct akida_dma *dma)
{
	unsigned int late, lost = 0, told = 0;
	u32 runs[AKIDA_DMA_TOTAL];
	struct akida_chan *ch;

	raw_spin_lock_irq(&dma->lock);
	late = late_channels(dma, runs);
	akida_for_each_chan(dma, ch)
		if (still_late(ch, late, runs) && dma->ops->outcome(ch))
			lost |= BIT(akida_chan_index(ch));
	raw_spin_unlock_irq(&dma->lock);
	if (!late)
		return;
	/* An interrupt that is only on its way gets here. */
	if (lost)
		usleep_range(2000, 4000);

	raw_spin_lock_irq(&dma->lock);
	akida_for_each_chan(dma, ch) {
		if (!still_late(ch, late & lost, runs))
			continue;
		ch->lost++;
		told |= BIT(akida_chan_index(ch));
	}
	if (!dma->stopped && lost)
		akida_dma_look(dma);
	akida_for_each_chan(dma, ch) {
		if (dma->stopped || !still_late(ch, late, runs) ||
		    !is_stuck(ch))
			continue;
		ch->state = AKIDA_CHAN_ENDING;
		ch->reason = -ETIMEDOUT;
		ch->timeouts++;
	}
	raw_spin_unlock_irq(&dma->lock);

	akida_for_each_chan(dma, ch)
		if (told & BIT(akida_chan_index(ch)))
			dev_warn_ratelimited(
				&dma->adev->pdev->dev,
				"%s: DMA ended without an interrupt\n",
				ch->name);
	end_channels(dma);
}

void akida_dma_watchdog_work(struct work_struct *work)
{
	struct akida_dma *dma =
		container_of(work, struct akida_dma, watchdog.work);
	struct akida_chan *ch;

	look_at_late(dma);

	raw_spin_lock_irq(&dma->lock);
	dma->watching = false;
	akida_for_each_chan(dma, ch)
		if (ch->state == AKIDA_CHAN_RUNNING)
			akida_dma_watch(dma);
	raw_spin_unlock_irq(&dma->lock);
}

void akida_dma_cancel(struct akida_device *adev, struct akida_dma_req *req)
{
	struct akida_dma *dma = adev->dma;
	struct akida_chan *ch;

	raw_spin_lock_irq(&dma->lock);
	if (req->state == AKIDA_REQ_QUEUED) {
		list_del_init(&req->node);
		akida_req_end(dma, req, -ECANCELED);
	}
	akida_for_each_chan(dma, ch) {
		/* One that is ENDING is completed by who ends it. */
		if (ch->req != req || ch->state == AKIDA_CHAN_ENDING)
			continue;
		ch->state = AKIDA_CHAN_ENDING;
		ch->reason = -ECANCELED;
	}
	raw_spin_unlock_irq(&dma->lock);
	end_channels(dma);
}

/* Stops what runs in good order; what had ended by itself succeeded. */
static void stop_running(struct akida_dma *dma)
{
	enum akida_outcome outcome;
	struct akida_dma_req *req;
	struct akida_chan *ch;
	u64 moved;

	akida_for_each_chan(dma, ch) {
		req = ch->req;
		if (!req || !ch->rung)
			continue;
		raw_spin_lock_irq(&dma->lock);
		outcome = dma->ops->outcome(ch);
		raw_spin_unlock_irq(&dma->lock);
		stop_channel(ch);
		raw_spin_lock_irq(&dma->lock);
		moved = outcome == AKIDA_OUTCOME_DONE ? ch->bytes :
							moved_bytes(ch);
		req->done += moved;
		ch->moved += moved;
		if (moved == ch->bytes &&
		    req->next_seg + ch->count == req->num_segs)
			akida_chan_finish(ch, 0);
		raw_spin_unlock_irq(&dma->lock);
	}
}

static bool all_quiet(struct akida_dma *dma)
{
	struct akida_chan *ch;
	bool quiet;
	unsigned int i;

	raw_spin_lock_irq(&dma->lock);
	quiet = !dma->completing && list_empty(&dma->done);
	for (i = 0; i < AKIDA_DMA_DIRS; i++)
		quiet &= list_empty(&dma->queue[i]);
	akida_for_each_chan(dma, ch)
		quiet &= !ch->req;
	raw_spin_unlock_irq(&dma->lock);
	return quiet;
}

void akida_dma_stop_all(struct akida_device *adev, int error, bool touch)
{
	struct akida_dma *dma = adev->dma;
	struct akida_dma_req *req, *next;
	struct akida_chan *ch;
	unsigned int i;

	raw_spin_lock_irq(&dma->lock);
	WRITE_ONCE(dma->stopped, true);
	dma->error = error;
	for (i = 0; i < AKIDA_DMA_DIRS; i++)
		list_for_each_entry_safe(req, next, &dma->queue[i], node) {
			list_del_init(&req->node);
			akida_req_end(dma, req, error);
		}
	raw_spin_unlock_irq(&dma->lock);

	/* With @end_lock nobody else starts or ends anything. */
	mutex_lock(&dma->end_lock);
	akida_for_each_chan(dma, ch)
		cancel_work_sync(&ch->build);
	if (touch)
		stop_running(dma);
	/*
	 * Off by a configuration write, whose answer does not overtake the
	 * board's writes to memory: after it there are no more.
	 */
	pci_clear_master(adev->pdev);
	raw_spin_lock_irq(&dma->lock);
	akida_for_each_chan(dma, ch)
		if (ch->req)
			akida_chan_finish(ch, error);
	raw_spin_unlock_irq(&dma->lock);
	mutex_unlock(&dma->end_lock);

	akida_dma_complete(adev);
	wait_event(dma->wait, all_quiet(dma));
}

void akida_dma_drain(struct akida_device *adev)
{
	struct akida_dma *dma = adev->dma;

	wait_event_timeout(dma->wait, all_quiet(dma), dma->timeout);
}
