// SPDX-License-Identifier: GPL-2.0
/*
 * Numbers of transfers and jobs, their results, and the ways to learn of their
 * end: waiting, poll, eventfd.
 *
 * Waits freeze where they are, so that sleep of the machine is no signal.
 */
#include <linux/hrtimer.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/wait_bit.h>

#include "akida_compat.h"
#include "akida_file.h"

/* A slot belongs to the last number that used it. */
static struct akida_result *result_slot(struct akida_file *f, u64 seq)
{
	return &f->results[seq % AKIDA_MAX_RESULTS];
}

static u64 completed(struct akida_file *f)
{
	struct akida_ticket *first =
		list_first_entry_or_null(&f->jobs, struct akida_ticket, node);

	return first ? first->seq - 1 : f->last_seq;
}

int akida_results_init(struct akida_file *f)
{
	struct akida_result *r;

	if (READ_ONCE(f->results))
		return 0;
	r = kvcalloc(AKIDA_MAX_RESULTS, sizeof(*r), GFP_KERNEL_ACCOUNT);
	if (!r)
		return -ENOMEM;
	mutex_lock(&f->lock);
	if (f->results) {
		kvfree(r);
	} else {
		/* Readers have taken a lock since, or just looked for NULL. */
		WRITE_ONCE(f->results, r);
	}
	mutex_unlock(&f->lock);
	return 0;
}

int akida_tickets_reserve(struct akida_file *f, unsigned int num)
{
	int err = 0;

	spin_lock(&f->jobs_lock);
	if (f->num_async + num > AKIDA_MAX_ASYNC)
		err = -EAGAIN;
	else
		f->num_async += num;
	spin_unlock(&f->jobs_lock);
	return err;
}

u64 akida_ticket_take(struct akida_file *f, struct akida_ticket *t)
{
	lockdep_assert_held(&f->jobs_lock);
	atomic_inc(&f->num_jobs);
	t->seq = ++f->last_seq;
	list_add_tail(&t->node, &f->jobs);
	*result_slot(f, t->seq) = (struct akida_result){ .seq = t->seq };
	return t->seq;
}

void akida_ticket_end(struct akida_file *f, struct akida_ticket *t,
		      const struct akida_result *result)
{
	struct akida_result *r;

	spin_lock(&f->jobs_lock);
	list_del_init(&t->node);
	if (t->async)
		f->num_async--;
	r = result_slot(f, t->seq);
	if (r->seq == t->seq) {
		*r = *result;
		r->seq = t->seq;
		r->has_ended = true;
	}
	if (t->async && f->eventfd)
		akida_eventfd_signal(f->eventfd);
	/* akida_jobs_wait() is among them. */
	wake_up_all(&f->wq);
	spin_unlock(&f->jobs_lock);
}

void akida_ticket_drop(struct akida_file *f)
{
	if (atomic_dec_and_test(&f->num_jobs))
		wake_up_var(&f->num_jobs);
}

void akida_jobs_wait(struct akida_file *f)
{
	bool idle;

	do {
		wait_event(f->wq, list_empty_careful(&f->jobs));
		/* Who removed the last one has left the lock. */
		spin_lock(&f->jobs_lock);
		idle = list_empty(&f->jobs);
		spin_unlock(&f->jobs_lock);
	} while (!idle);
}

/* Looks a number up: 1 it has ended, 0 it has not, or a negative errno. */
static int look(struct akida_file *f, struct akida_ioc_wait *w)
{
	struct akida_result *r;
	struct akida_ticket *t;
	int ret = -ESTALE;

	spin_lock(&f->jobs_lock);
	w->completed = completed(f);
	f->seen = w->completed;
	if (!w->seq) {
		ret = 1;
	} else if (w->seq > f->last_seq) {
		ret = -EINVAL;
	} else {
		r = result_slot(f, w->seq);
		if (r->seq == w->seq) {
			ret = r->has_ended;
			w->status = r->status;
			w->done = r->done;
			w->cookie = r->cookie;
			w->clocks = r->clocks;
			w->queued = r->queued;
			w->started = r->started;
			w->ended = r->ended;
		} else {
			/* Overtaken by so many, but still under way? */
			list_for_each_entry(t, &f->jobs, node)
				if (t->seq == w->seq)
					ret = 0;
		}
	}
	spin_unlock(&f->jobs_lock);
	return ret;
}

int akida_ioc_wait(struct akida_file *f, void *arg)
{
	struct akida_ioc_wait *w = arg;
	ktime_t deadline = ns_to_ktime(min_t(u64, w->deadline, KTIME_MAX));
	DEFINE_WAIT(wait);
	int ret;

	*w = (struct akida_ioc_wait){
		.seq = w->seq,
		.deadline = w->deadline,
		.flags = w->flags,
	};
	if (w->flags & ~AKIDA_WAIT_POLL)
		return -EINVAL;
	for (;;) {
		prepare_to_wait(&f->wq, &wait,
				TASK_INTERRUPTIBLE | TASK_FREEZABLE);
		ret = look(f, w);
		if (ret)
			break;
		if (w->flags & AKIDA_WAIT_POLL)
			ret = -ETIME;
		else if (signal_pending(current))
			ret = -ERESTARTNOHAND;
		else if (w->deadline &&
			 ktime_compare(ktime_get(), deadline) >= 0)
			ret = -ETIME;
		if (ret)
			break;
		schedule_hrtimeout_range(w->deadline ? &deadline : NULL,
					 current->timer_slack_ns,
					 HRTIMER_MODE_ABS);
	}
	finish_wait(&f->wq, &wait);
	return min(ret, 0);
}

int akida_ioc_eventfd(struct akida_file *f, void *arg)
{
	struct akida_ioc_eventfd *e = arg;
	struct eventfd_ctx *ctx = NULL;

	if (e->flags || e->fd < -1)
		return e->flags ? -EINVAL : -EBADF;
	if (e->fd >= 0) {
		ctx = eventfd_ctx_fdget(e->fd);
		if (IS_ERR(ctx))
			return PTR_ERR(ctx);
	}
	spin_lock(&f->jobs_lock);
	swap(f->eventfd, ctx);
	spin_unlock(&f->jobs_lock);
	if (ctx)
		eventfd_ctx_put(ctx);
	return 0;
}

__poll_t akida_jobs_poll(struct akida_file *f)
{
	__poll_t mask = 0;

	spin_lock(&f->jobs_lock);
	if (completed(f) > f->seen)
		mask = EPOLLIN | EPOLLRDNORM;
	spin_unlock(&f->jobs_lock);
	return mask;
}
