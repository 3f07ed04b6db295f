// SPDX-License-Identifier: GPL-2.0
/*
 * A queue for each file, and whose turn it is: the file that has had the least of
 * the core's time comes next.
 */
#include "akida_job.h"

static atomic64_t file_ids = ATOMIC64_INIT(0);

void akida_queue_init(struct akida_queue *q)
{
	INIT_LIST_HEAD(&q->tasks);
	INIT_LIST_HEAD(&q->node);
	q->id = atomic64_inc_return(&file_ids);
	atomic_set(&q->under_way, 0);
}

void akida_queue_put_back(struct akida_core *core, struct akida_queue *q,
			  struct akida_task **task, unsigned int num)
{
	/* Without jobs the queue may be gone. */
	if (!num)
		return;
	spin_lock(&core->lock);
	while (num)
		list_add(&task[--num]->node, &q->tasks);
	if (list_empty(&q->node))
		list_add_tail(&q->node, &core->busy);
	spin_unlock(&core->lock);
}

void akida_queue_try_again(struct akida_core *core, struct akida_queue *q,
			   struct akida_task **task, unsigned int num)
{
	unsigned int i, n = 0;

	for (i = 0; i < num; i++) {
		if (++task[i]->tries < AKIDA_MAX_TRIES)
			task[n++] = task[i];
		else
			akida_task_end(task[i], -EIO);
	}
	akida_queue_put_back(core, q, task, n);
}

/* Under the lock. */
static struct akida_queue *next_queue(struct akida_core *core)
{
	struct akida_queue *q, *best = NULL;

	list_for_each_entry(q, &core->busy, node)
		if (!best || q->time < best->time)
			best = q;
	return best;
}

bool akida_queue_take(struct akida_core *core, struct akida_batch *b)
{
	struct akida_task *t, *next;
	struct akida_queue *q;

	b->num = 0;
	b->done = 0;
	b->err = 0;
	b->moving = false;
	spin_lock(&core->lock);
	q = next_queue(core);
	if (q) {
		core->time = q->time;
		list_for_each_entry_safe(t, next, &q->tasks, node) {
			if (!b->num)
				b->program = t->program;
			if (t->program != b->program ||
			    b->num == b->program->depth)
				break;
			list_del_init(&t->node);
			b->task[b->num++] = t;
		}
		if (list_empty(&q->tasks))
			list_del_init(&q->node);
		/* Whose turn is next among equals changes. */
		else
			list_move_tail(&q->node, &core->busy);
		if (q->hangs >= AKIDA_MAX_HANGS)
			b->err = -EIO;
	}
	spin_unlock(&core->lock);
	b->queue = q;
	return q;
}

void akida_queue_close(struct akida_file *f)
{
	struct akida_core *core = f->adev->core;
	struct akida_task *t, *next;
	LIST_HEAD(list);

	for (;;) {
		spin_lock(&core->lock);
		list_splice_init(&f->run.tasks, &list);
		list_del_init(&f->run.node);
		spin_unlock(&core->lock);
		list_for_each_entry_safe(t, next, &list, node) {
			list_del_init(&t->node);
			akida_task_end(t, -ECANCELED);
		}
		/* Those that run end, or come back here. */
		if (wait_event_timeout(f->wq, !atomic_read(&f->run.under_way),
				       HZ / 10))
			return;
	}
}
