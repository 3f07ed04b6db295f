// SPDX-License-Identifier: GPL-2.0
/*
 * Jobs: a queue for each file, and the runner that gives them to the core.
 *
 * The file that has had the least of the core's time comes next. A batch of it
 * is jobs that follow each other and are of one program. While it runs, the
 * inputs of the file's next batch move to the board; while that runs, the
 * outputs of the first move back.
 *
 * A job's end is a work item of its own, since it drops buffers, which may have
 * to wait for their owner.
 */
#include <linux/dma-mapping.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "akida_file.h"
#include "akida_trace.h"

static struct kmem_cache *task_cache;
static atomic64_t file_ids = ATOMIC64_INIT(0);

/**
 * struct akida_task - a job
 * @node: in its file's queue
 * @ticket: number
 * @file: whose
 * @program: held
 * @input: held
 * @output: held
 * @input_offset: where
 * @output_offset: where
 * @input_size: bytes
 * @tries: resets that it was under way during
 * @result: for who asks
 * @work: ends it
 */
struct akida_task {
	struct list_head node;
	struct akida_ticket ticket;
	struct akida_file *file;
	struct akida_program *program;
	struct akida_buffer *input;
	struct akida_buffer *output;
	u64 input_offset;
	u64 output_offset;
	u32 input_size;
	unsigned int tries;
	struct akida_result result;
	struct work_struct work;
};

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

void akida_queue_init(struct akida_queue *q)
{
	INIT_LIST_HEAD(&q->tasks);
	INIT_LIST_HEAD(&q->node);
	q->id = atomic64_inc_return(&file_ids);
	atomic_set(&q->under_way, 0);
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
	if (atomic_dec_and_test(&f->run.under_way))
		wake_up_all(&f->wq);
	akida_ticket_drop(f);
}

static void end_task(struct akida_task *t, int status)
{
	struct akida_device *adev = t->file->adev;

	t->result.status = status;
	t->result.done = status ? 0 : t->program->output_size;
	t->result.ended = ktime_get_ns();
	trace_akida_job_done(adev, t->file->run.id, t->ticket.seq,
			     t->result.clocks, status);
	/* A file that is closed is no failure. */
	if (status && status != -ECANCELED)
		akida_event_job_failed(adev, t->file->run.id, t->program->id,
				       t->ticket.seq, status);
	queue_work(adev->wq, &t->work);
}

/* ------------------------------------------------------------------- queues */

/* Jobs that have to run again, before those that have not run. */
static void put_back(struct akida_core *core, struct akida_queue *q,
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

/* The same, but for those that have run often enough. */
static void try_again(struct akida_core *core, struct akida_queue *q,
		      struct akida_task **task, unsigned int num)
{
	unsigned int i, n = 0;

	for (i = 0; i < num; i++) {
		if (++task[i]->tries < AKIDA_MAX_TRIES)
			task[n++] = task[i];
		else
			end_task(task[i], -EIO);
	}
	put_back(core, q, task, n);
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

/* The jobs that are to run next; false if there are none. */
static bool take_batch(struct akida_core *core, struct akida_batch *b)
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
			end_task(t, -ECANCELED);
		}
		/* Those that run end, or come back here. */
		if (wait_event_timeout(f->wq, !atomic_read(&f->run.under_way),
				       HZ / 10))
			return;
	}
}

/* ------------------------------------------------------------------ transfers */

static void move_complete(struct akida_dma_req *req)
{
	complete(&container_of(req, struct akida_batch, req)->moved);
}

static void begin_move(struct akida_core *core, struct akida_batch *b,
		       enum akida_dma_dir dir, unsigned int segs)
{
	b->req = (struct akida_dma_req){
		.dir = dir,
		.seg = b->seg,
		.num_segs = segs,
		.complete = move_complete,
	};
	init_completion(&b->moved);
	b->moving = true;
	akida_dma_submit(core->adev, &b->req);
}

static bool changed(struct akida_core *core, const struct akida_batch *b)
{
	return READ_ONCE(core->epoch) != b->epoch;
}

/* Waits for the transfer; what it ended with, -ESTALE if it was a reset. */
static int end_move(struct akida_core *core, struct akida_batch *b)
{
	int err = 0;

	if (b->moving) {
		wait_for_completion(&b->moved);
		b->moving = false;
		err = b->req.status;
	}
	if (err && err != -ENODEV && changed(core, b))
		err = -ESTALE;
	return err;
}

/* Outputs of others become zero: pieces of a transfer of zeros, or how many. */
static unsigned int zero_segs(struct akida_core *core, struct akida_batch *b,
			      struct akida_dma_seg *seg)
{
	const struct akida_mem *mem = core->adev->mem;
	const struct akida_program *p = b->program;
	u32 left = p->halves * p->depth * p->out_slot;
	u32 at = core->arena + core->arena_size - left;
	unsigned int n;

	if (core->owner == b->queue->id && core->owner_program == p->id &&
	    core->owner_epoch == b->epoch)
		return 0;
	for (n = 0; left; n++) {
		u32 size = min_t(u32, left, mem->zero_size);

		if (seg) {
			seg[n].host = mem->zero_dma;
			seg[n].dev = at;
			seg[n].len = size;
		}
		at += size;
		left -= size;
	}
	return n;
}

static void write_desc(const struct akida_core *core,
		       const struct akida_batch *b, unsigned int i, __le32 *d)
{
	const struct akida_program *p = b->program;
	u32 in = akida_batch_input(core, b, i);
	u32 out = akida_batch_output(core, b, i);
	u32 row = p->width * p->channels;

	memset(d, 0, AKIDA_DESC_BYTES);
	d[0] = cpu_to_le32(i << 16 | 1);
	d[1] = cpu_to_le32(in);
	if (p->sparse) {
		d[2] = cpu_to_le32(b->task[i]->input_size / 4);
		d[3] = cpu_to_le32(out);
	} else {
		d[2] = cpu_to_le32((row & 0xffff) | p->height << 16);
		d[3] = cpu_to_le32(row & 0xffff0000);
		d[7] = cpu_to_le32(out);
	}
}

/* Pieces of all that a batch needs in the arena, or how many. */
static unsigned int input_segs(struct akida_core *core, struct akida_batch *b,
			       struct akida_dma_seg *seg)
{
	unsigned int n = zero_segs(core, b, seg), k, i;
	struct akida_task *t;
	dma_addr_t dma;
	u8 *desc;

	for (i = 0; i < b->num; i++) {
		u32 size;

		t = b->task[i];
		size = ALIGN(t->input_size, AKIDA_DMA_ALIGN);
		k = akida_buffer_segs(t->input, t->input_offset, size,
				      akida_batch_input(core, b, i),
				      seg ? seg + n : NULL);
		if (seg && t->input->pin)
			akida_pin_sync(core->adev, seg + n, k, size,
				       AKIDA_DMA_TO_DEVICE, false);
		n += k;
	}
	desc = akida_batch_desc_cpu(core, b, &dma);
	if (seg) {
		for (i = 0; i < b->num; i++)
			write_desc(core, b, i,
				   (__le32 *)(desc + i * AKIDA_DESC_BYTES));
		seg[n].host = dma;
		seg[n].dev = akida_batch_desc(core, b);
		seg[n].len = b->num * AKIDA_DESC_BYTES;
	}
	return n + 1;
}

static unsigned int output_segs(struct akida_core *core, struct akida_batch *b,
				struct akida_dma_seg *seg)
{
	u32 size = b->program->output_size;
	struct akida_task *t;
	unsigned int n = 0, i;

	for (i = 0; i < b->num; i++) {
		t = b->task[i];
		b->first[i] = n;
		n += akida_buffer_segs(t->output, t->output_offset, size,
				       akida_batch_output(core, b, i),
				       seg ? seg + n : NULL);
		if (seg && t->output->pin)
			akida_pin_sync(core->adev, seg + b->first[i],
				       n - b->first[i], size,
				       AKIDA_DMA_FROM_DEVICE, false);
	}
	b->first[b->num] = n;
	return n;
}

static struct akida_dma_seg *alloc_segs(struct akida_batch *b, unsigned int n)
{
	kvfree(b->seg);
	b->seg = kvmalloc_array(n, sizeof(*b->seg), GFP_KERNEL);
	return b->seg;
}

static int begin_inputs(struct akida_core *core, struct akida_batch *b)
{
	unsigned int n;
	int err = akida_enter(core->adev);

	if (err)
		return err;
	b->epoch = READ_ONCE(core->epoch);
	n = input_segs(core, b, NULL);
	if (!alloc_segs(b, n)) {
		err = -ENOMEM;
	} else {
		input_segs(core, b, b->seg);
		begin_move(core, b, AKIDA_DMA_TO_DEVICE, n);
	}
	akida_leave(core->adev);
	return err;
}

static int begin_outputs(struct akida_core *core, struct akida_batch *b)
{
	unsigned int n;
	int err = akida_enter(core->adev);

	if (err)
		return err;
	n = output_segs(core, b, NULL);
	if (changed(core, b)) {
		err = -ESTALE;
	} else if (!alloc_segs(b, n)) {
		err = -ENOMEM;
	} else {
		output_segs(core, b, b->seg);
		begin_move(core, b, AKIDA_DMA_FROM_DEVICE, n);
	}
	akida_leave(core->adev);
	return err;
}

/* ------------------------------------------------------------------ batches */

static void fail(struct akida_core *core, struct akida_batch *b, int err)
{
	unsigned int i;

	if (err == -ESTALE)
		try_again(core, b->queue, b->task, b->num);
	else
		for (i = 0; i < b->num; i++)
			end_task(b->task[i], err);
	b->num = 0;
}

/* A batch that was only prepared becomes jobs that wait again. */
static void put_batch_back(struct akida_core *core, struct akida_batch *b)
{
	end_move(core, b);
	put_back(core, b->queue, b->task, b->num);
	b->num = 0;
}

/*
 * The core did not get through job @done: it alone fails. Those before it are
 * done, those behind it run again.
 */
static void blame(struct akida_core *core, struct akida_batch *b)
{
	struct akida_task *guilty = b->task[b->done];

	akida_core_recover(core, b,
			   "the core could not run a job, or did not end it");
	b->queue->hangs++;
	put_back(core, b->queue, b->task + b->done + 1, b->num - b->done - 1);
	b->num = b->done;
	end_task(guilty, -EIO);
}

/* Outputs have arrived: the end of a batch. */
static void finish(struct akida_core *core, struct akida_batch *b)
{
	int err = b->err ?: end_move(core, b);
	unsigned int i;

	if (err) {
		fail(core, b, err);
		return;
	}
	for (i = 0; i < b->num; i++) {
		struct akida_task *t = b->task[i];

		if (t->output->pin)
			akida_pin_sync(core->adev, b->seg + b->first[i],
				       b->first[i + 1] - b->first[i],
				       b->program->output_size,
				       AKIDA_DMA_FROM_DEVICE, true);
		core->jobs++;
		atomic64_inc(&b->program->done);
		end_task(t, 0);
	}
	b->num = 0;
}

static void note(struct akida_core *core, struct akida_batch *b)
{
	unsigned int i;

	for (i = 0; i < b->done; i++) {
		b->task[i]->result.clocks = b->clocks / b->done;
		b->task[i]->result.started = b->rung;
	}
	if (b->done < b->num)
		b->task[b->done]->result.started = b->rung;
	b->queue->time += ktime_get_ns() - b->rung;
	if (b->done)
		b->queue->hangs = 0;
}

/* Inputs of the same file and program may move while the core runs. */
static bool may_overlap(const struct akida_batch *a,
			const struct akida_batch *b)
{
	return a->queue == b->queue && a->program == b->program &&
	       a->program->halves > 1 && a->half != b->half;
}

/*
 * Runs a batch; its outputs are moving afterwards. @prev, whose outputs are
 * moving, is finished meanwhile, and @next prepared if there is one.
 */
static void run_batch(struct akida_core *core, struct akida_batch *b,
		      struct akida_batch *prev, struct akida_batch *next)
{
	int err = b->err;

	if (prev->num && !may_overlap(prev, b))
		finish(core, prev);
	if (!err && !b->moving)
		err = begin_inputs(core, b);
	if (!err)
		err = akida_core_configure(core, b->program, b->epoch);
	if (b->moving) {
		int moved = end_move(core, b);

		err = err ?: moved;
	}
	if (!err) {
		core->owner = b->queue->id;
		core->owner_program = b->program->id;
		core->owner_epoch = b->epoch;
		trace_akida_job_start(core->adev, b);
		err = akida_core_ring(core, b);
	}
	if (prev->num)
		finish(core, prev);
	if (err == -EBADMSG) {
		/* A mesh that refuses its program is as good as hung. */
		akida_core_recover(core, b, "a program could not be loaded");
		b->queue->hangs++;
		err = -EIO;
	}
	if (err) {
		fail(core, b, err);
		take_batch(core, next);
		return;
	}
	if (take_batch(core, next) && !next->err && may_overlap(b, next))
		next->err = begin_inputs(core, next);
	err = akida_core_wait(core, b);
	note(core, b);
	if (err) {
		/* Jobs that come back come before those that were next. */
		put_batch_back(core, next);
		if (err == -EIO)
			blame(core, b);
		else
			fail(core, b, err);
	}
	if (b->num) {
		err = begin_outputs(core, b);
		if (err)
			fail(core, b, err);
	}
	if (!next->num)
		take_batch(core, next);
}

void akida_run_work(struct work_struct *work)
{
	struct akida_core *core = container_of(work, struct akida_core, runner);
	struct akida_batch *b = &core->batch[0], *other = &core->batch[1];
	struct akida_batch *next = &core->batch[2];
	unsigned int i;

	b->half = 0;
	other->num = 0;
	take_batch(core, b);
	while (b->num) {
		struct akida_batch *done = other;

		if (b->program->halves == 1)
			b->half = 0;
		next->half = !b->half;
		run_batch(core, b, done, next);
		/* What has run is finished while the next one runs. */
		other = b;
		b = next;
		next = done;
		if (!b->num && other->num) {
			finish(core, other);
			/* Some may have come back, or arrived. */
			take_batch(core, b);
		}
	}
	for (i = 0; i < ARRAY_SIZE(core->batch); i++) {
		kvfree(core->batch[i].seg);
		core->batch[i].seg = NULL;
	}
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
