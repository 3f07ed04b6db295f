// SPDX-License-Identifier: GPL-2.0
/*
 * Jobs: how they are submitted, and how they end. Between these they are in
 * their file's queue (akida_queue.c) or in a batch (akida_run.c).
 *
 * A job's end is a work item of its own, since it drops buffers, which may have
 * to wait for their owner.
 */
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "akida_job.h"
#include "akida_power.h"
#include "akida_trace.h"

static struct kmem_cache *task_cache;

int akida_tasks_module_init(void)
{
	task_cache = KMEM_CACHE(akida_task, 0);
	return task_cache ? 0 : -ENOMEM;
}

void akida_tasks_module_exit(void)
{
	kmem_cache_destroy(task_cache);
	task_cache = NULL;
}

/* --------------------------------------------------------------- end of jobs */

static void task_free(struct akida_task *t)
{
	if (t->input)
		akida_buffer_put(t->input);
	if (t->output)
		akida_buffer_put(t->output);
	kmem_cache_free(task_cache, t);
}

static void task_work(struct work_struct *work)
{
	struct akida_task *t = container_of(work, struct akida_task, work);
	struct akida_program *p = t->program;
	struct akida_file *f = t->file;

	/* Who has seen the end may replace the program's tracks. */
	if (atomic_dec_and_test(&p->jobs))
		wake_up_all(&p->wq);
	akida_ticket_end(f, &t->ticket, &t->result);
	/* While it has buffers a file uses the board, programs' memory too. */
	akida_program_put(p);
	task_free(t);
	akida_unhold(f->adev);
	if (atomic_dec_and_test(&f->run.under_way))
		wake_up_all(&f->wq);
	akida_ticket_drop(f);
}

static void trace_end(const struct akida_task *t)
{
	const struct akida_job_trace j = {
		.file = t->file->run.id,
		.seq = t->ticket.seq,
		.program = t->program->id,
		.clocks = t->result.clocks,
		.status = t->result.status,
		.input_size = t->input_size,
		.output_size = t->program->output_size,
		.times = t->times,
	};

	trace_akida_job_done(t->file->adev, &j);
}

/* That a file is closed is none. */
static bool is_failure(int status)
{
	return status && status != -ECANCELED;
}

/* Before anybody is told, so that who has seen the end sees it counted. */
static void count(const struct akida_task *t, int status)
{
	struct akida_core *core = t->file->adev->core;
	struct akida_queue *q = &t->file->run;

	if (!status) {
		atomic64_inc(&q->jobs);
		akida_latency_count(&core->latency,
				    t->result.ended - t->result.queued);
	} else if (is_failure(status)) {
		atomic64_inc(&q->failed);
		atomic64_inc(&core->failed);
	}
}

void akida_task_end(struct akida_task *t, int status)
{
	struct akida_device *adev = t->file->adev;

	t->result.status = status;
	t->result.done = status ? 0 : t->program->output_size;
	t->result.ended = ktime_get_ns();
	count(t, status);
	if (trace_akida_job_done_enabled())
		trace_end(t);
	if (is_failure(status))
		akida_event_job_failed(adev, t->file->run.id, t->program->id,
				       t->ticket.seq, status);
	queue_work(adev->wq, &t->work);
}

/* ------------------------------------------------------------------ submitting */

static int check_job(const struct akida_program *p,
		     const struct akida_submit_job *j)
{
	if (j->reserved ||
	    (j->input_offset | j->output_offset) % AKIDA_DMA_ALIGN)
		return -EINVAL;
	if (!p->sparse)
		return j->input_size == p->input_size ? 0 : -EINVAL;
	return j->input_size && j->input_size % 8 == 0 &&
			       j->input_size <= p->input_size ?
		       0 :
		       -EINVAL;
}

static int check_buffers(const struct akida_task *t)
{
	if (!t->input || !t->output)
		return -ENOENT;
	if (t->input->kind == AKIDA_BUFFER_DEVICE ||
	    t->output->kind == AKIDA_BUFFER_DEVICE)
		return -EOPNOTSUPP;
	if (t->output->flags & AKIDA_BUFFER_READ_ONLY)
		return -EACCES;
	if (akida_buffer_outside(t->input, t->input_offset,
				 ALIGN(t->input_size, AKIDA_DMA_ALIGN)) ||
	    akida_buffer_outside(t->output, t->output_offset,
				 t->program->output_size))
		return -EINVAL;
	return 0;
}

static int add_task(struct akida_file *f, struct akida_program *p,
		    const struct akida_submit_job *j, struct list_head *list)
{
	struct akida_task *t;
	int err = check_job(p, j);

	if (err)
		return err;
	t = kmem_cache_zalloc(task_cache, GFP_KERNEL_ACCOUNT);
	if (!t)
		return -ENOMEM;
	list_add_tail(&t->node, list);
	t->file = f;
	t->program = p;
	t->ticket.async = true;
	t->input_offset = j->input_offset;
	t->output_offset = j->output_offset;
	t->input_size = j->input_size;
	t->result.cookie = j->cookie;
	INIT_WORK(&t->work, task_work);
	t->input = akida_buffer_get(f, j->input);
	t->output = akida_buffer_get(f, j->output);
	return check_buffers(t);
}

/* From then on the program's tracks stay as they are. */
static bool begin_jobs(struct akida_program *p, unsigned int num)
{
	bool may;

	mutex_lock(&p->lock);
	may = !p->updates;
	if (may)
		atomic_add(num, &p->jobs);
	mutex_unlock(&p->lock);
	return may;
}

/*
 * Gives jobs their numbers and queues them; the board is entered. 1 if somebody
 * waits to update the program, and comes first.
 */
static int queue_tasks(struct akida_file *f, struct akida_program *p,
		       struct list_head *list, unsigned int num, u64 *first)
{
	struct akida_core *core = f->adev->core;
	struct akida_queue *q = &f->run;
	struct akida_task *t;
	int err;

	if (!begin_jobs(p, num))
		return 1;
	err = akida_tickets_reserve(f, num);
	if (err) {
		if (atomic_sub_and_test(num, &p->jobs))
			wake_up_all(&p->wq);
		return err;
	}
	atomic_add(num, &q->under_way);

	spin_lock(&core->lock);
	spin_lock(&f->jobs_lock);
	*first = f->last_seq + 1;
	list_for_each_entry(t, list, node) {
		kref_get(&p->ref);
		akida_hold(f->adev);
		akida_ticket_take(f, &t->ticket);
		t->result.queued = ktime_get_ns();
		trace_akida_job_submit(f->adev, q->id, t->ticket.seq, p->id);
	}
	spin_unlock(&f->jobs_lock);
	/* Who was away does not get what was missed. */
	if (list_empty(&q->node)) {
		q->time = max(q->time, core->time);
		list_add_tail(&q->node, &core->busy);
	}
	q->program = p->id;
	list_splice_tail_init(list, &q->tasks);
	spin_unlock(&core->lock);
	queue_work(f->adev->wq, &core->runner);
	return 0;
}

/* One attempt, see queue_tasks(). */
static int try_queue(struct akida_file *f, struct akida_program *p,
		     struct list_head *list, struct akida_ioc_submit *c)
{
	struct akida_core *core = f->adev->core;
	int err;

	err = wait_event_state(p->wq, !READ_ONCE(p->updates),
			       (TASK_INTERRUPTIBLE | TASK_FREEZABLE));
	if (err)
		return -ERESTARTNOHAND;
	err = akida_enter(f->adev);
	if (err)
		return err;
	spin_lock(&core->lock);
	if (f->run.hangs >= AKIDA_MAX_HANGS)
		err = -EIO;
	spin_unlock(&core->lock);
	if (!err)
		err = queue_tasks(f, p, list, c->num_jobs, &c->seq);
	akida_leave(f->adev);
	return err;
}

static int submit(struct akida_file *f, struct akida_program *p,
		  struct akida_ioc_submit *c)
{
	struct akida_submit_job *jobs;
	struct akida_task *t, *next;
	LIST_HEAD(list);
	unsigned int i;
	int err = 0;

	jobs = memdup_user(u64_to_user_ptr(c->jobs),
			   c->num_jobs * sizeof(*jobs));
	if (IS_ERR(jobs))
		return PTR_ERR(jobs);
	for (i = 0; i < c->num_jobs && !err; i++)
		err = add_task(f, p, &jobs[i], &list);
	kfree(jobs);
	if (!err) {
		do
			err = try_queue(f, p, &list, c);
		while (err > 0);
	}
	list_for_each_entry_safe(t, next, &list, node) {
		list_del(&t->node);
		task_free(t);
	}
	return err;
}

/* Each in turn: their ends are told one by one. */
static int wait_all(struct akida_file *f, struct akida_ioc_submit *c)
{
	unsigned int i;
	int err;

	for (i = 0; i < c->num_jobs; i++) {
		struct akida_ioc_wait w = {
			.seq = c->seq + i,
			.deadline = c->deadline,
		};

		err = akida_ioc_wait(f, &w);
		/* Made again, the call would submit the jobs again. */
		if (err == -ERESTARTNOHAND)
			return -EINTR;
		if (err)
			return err;
		if (!c->status)
			c->status = w.status;
	}
	return 0;
}

int akida_ioc_submit(struct akida_file *f, void *arg)
{
	struct akida_ioc_submit *c = arg;
	struct akida_program *p;
	int err;

	c->seq = 0;
	c->status = 0;
	if ((c->flags & ~AKIDA_SUBMIT_WAIT) || !c->num_jobs ||
	    c->num_jobs > AKIDA_MAX_SUBMIT ||
	    (c->deadline && !(c->flags & AKIDA_SUBMIT_WAIT)))
		return -EINVAL;
	err = akida_results_init(f);
	if (err)
		return err;
	p = akida_program_get(f, c->program, AKIDA_RIGHT_RUN);
	if (IS_ERR(p))
		return PTR_ERR(p);
	err = submit(f, p, c);
	akida_program_put(p);
	if (!err && (c->flags & AKIDA_SUBMIT_WAIT))
		err = wait_all(f, c);
	return err;
}
