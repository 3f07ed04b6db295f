// SPDX-License-Identifier: GPL-2.0
/*
 * Copies between buffers: transfers with numbers (akida_wait.c).
 *
 * The engine calls back with the locks of nobody, but others wait for it. So a
 * caller that waits is woken there and does the rest itself; for one that does
 * not a worker does it. The rest is to hand user memory back to the CPU, to
 * file the result, and to drop the buffers, which may need mmap_lock.
 *
 * Waits freeze where they are, so that sleep of the machine is no signal.
 */
#include <linux/dma-mapping.h>
#include <linux/slab.h>
#include <linux/wait_bit.h>

#include "akida_compat.h"
#include "akida_file.h"

static struct kmem_cache *job_cache;

/**
 * struct akida_job - a transfer under way
 * @req: the engine's part
 * @ref: of the list of its file, and of who looks at it meanwhile
 * @ticket: number, and place in akida_file.jobs
 * @file: whose
 * @host: the buffer on the host's side
 * @device: the buffer on the board
 * @seg: pieces; @one if that is enough
 * @one: a piece
 * @ended: the engine has called back
 * @work: to do the rest of an asynchronous one
 */
struct akida_job {
	struct akida_dma_req req;
	struct kref ref;
	struct akida_ticket ticket;
	struct akida_file *file;
	struct akida_buffer *host;
	struct akida_buffer *device;
	struct akida_dma_seg *seg;
	struct akida_dma_seg one;
	struct completion ended;
	struct work_struct work;
};

int akida_copies_module_init(void)
{
	job_cache = KMEM_CACHE(akida_job, 0);
	return job_cache ? 0 : -ENOMEM;
}

void akida_copies_module_exit(void)
{
	kmem_cache_destroy(job_cache);
	job_cache = NULL;
}

/* -------------------------------------------- transfers of the driver's own */

struct akida_run {
	struct akida_dma_req req;
	struct completion ended;
};

static void run_complete(struct akida_dma_req *req)
{
	complete(&container_of(req, struct akida_run, req)->ended);
}

int akida_dma_run(struct akida_device *adev, enum akida_dma_dir dir,
		  const struct akida_dma_seg *seg, unsigned int num, u64 *done)
{
	struct akida_run run = {
		.req = {
			.dir = dir,
			.seg = seg,
			.num_segs = num,
			.complete = run_complete,
		},
	};
	int err;

	if (done)
		*done = 0;
	init_completion(&run.ended);
	err = akida_enter(adev);
	if (err)
		return err;
	akida_dma_submit(adev, &run.req);
	akida_leave(adev);

	if (wait_for_completion_state(&run.ended,
				      TASK_KILLABLE | TASK_FREEZABLE)) {
		akida_dma_cancel(adev, &run.req);
		wait_for_completion(&run.ended);
	}
	if (done)
		*done = run.req.done;
	return run.req.status == -ECANCELED ? -EINTR : run.req.status;
}

/* ------------------------------------------------------------ end of a job */

static void job_release(struct kref *ref)
{
	struct akida_job *job = container_of(ref, struct akida_job, ref);

	if (job->seg != &job->one)
		kvfree(job->seg);
	kmem_cache_free(job_cache, job);
}

static void job_put(struct akida_job *job)
{
	kref_put(&job->ref, job_release);
}

static int job_status(const struct akida_job *job)
{
	/* Who cancels is a signal, or nobody who will ask. */
	return job->req.status == -ECANCELED ? -EINTR : job->req.status;
}

/* The engine has called back. In process context; drops the list's reference. */
static void job_finish(struct akida_job *job)
{
	struct akida_result r = {};
	struct akida_file *f = job->file;

	if (job->host->pin && job->req.dir == AKIDA_DMA_FROM_DEVICE)
		akida_pin_sync(f->adev, job->seg, job->req.num_segs,
			       job->req.done, job->req.dir, true);

	r.done = job->req.done;
	r.status = job_status(job);
	akida_ticket_end(f, &job->ticket, &r);

	akida_buffer_put(job->host);
	akida_buffer_put(job->device);
	job_put(job);
	akida_ticket_drop(f);
}

static void job_work(struct work_struct *work)
{
	job_finish(container_of(work, struct akida_job, work));
}

static void job_complete(struct akida_dma_req *req)
{
	struct akida_job *job = container_of(req, struct akida_job, req);

	if (job->ticket.async)
		queue_work(job->file->adev->wq, &job->work);
	else
		complete(&job->ended);
}

/* ---------------------------------------------------------- start of a job */

/* Which buffer is on which side, and may they be used so? */
static int check_copy(struct akida_job *job, const struct akida_ioc_copy *c,
		      struct akida_buffer *src, struct akida_buffer *dst)
{
	if (akida_buffer_outside(src, c->src_offset, c->size) ||
	    akida_buffer_outside(dst, c->dst_offset, c->size))
		return -EINVAL;
	if ((src->kind == AKIDA_BUFFER_DEVICE) ==
	    (dst->kind == AKIDA_BUFFER_DEVICE))
		return -EOPNOTSUPP;
	if (dst->flags & AKIDA_BUFFER_READ_ONLY)
		return -EACCES;
	if (dst->kind == AKIDA_BUFFER_DEVICE) {
		job->req.dir = AKIDA_DMA_TO_DEVICE;
		job->host = src;
		job->device = dst;
	} else {
		job->req.dir = AKIDA_DMA_FROM_DEVICE;
		job->host = dst;
		job->device = src;
	}
	return 0;
}

/* The pieces, of an entered board; the host's memory has its addresses then. */
static int make_segs(struct akida_job *job, const struct akida_ioc_copy *c)
{
	bool to = job->req.dir == AKIDA_DMA_TO_DEVICE;
	u64 offset = to ? c->src_offset : c->dst_offset;
	u32 dev = job->device->dev + (u32)(to ? c->dst_offset : c->src_offset);
	struct akida_buffer *h = job->host;
	unsigned int n = akida_buffer_segs(h, offset, c->size, dev, NULL);

	job->seg = &job->one;
	if (n > 1) {
		job->seg = kvmalloc_array(n, sizeof(*job->seg),
					  GFP_KERNEL_ACCOUNT);
		if (!job->seg)
			return -ENOMEM;
	}
	akida_buffer_segs(h, offset, c->size, dev, job->seg);
	job->req.seg = job->seg;
	job->req.num_segs = n;
	job->req.complete = job_complete;
	return 0;
}

static int submit(struct akida_job *job, struct akida_ioc_copy *c)
{
	struct akida_device *adev = job->file->adev;
	int err;

	err = akida_enter(adev);
	if (err)
		return err;
	err = make_segs(job, c);
	if (!err)
		err = akida_tickets_reserve(job->file,
					    job->ticket.async ? 1 : 0);
	if (!err) {
		spin_lock(&job->file->jobs_lock);
		c->seq = akida_ticket_take(job->file, &job->ticket);
		spin_unlock(&job->file->jobs_lock);
		if (job->host->pin)
			akida_pin_sync(adev, job->seg, job->req.num_segs,
				       c->size, job->req.dir, false);
		/* An asynchronous job may be gone when this returns. */
		akida_dma_submit(adev, &job->req);
	}
	akida_leave(adev);
	return err;
}

static struct akida_job *make_job(struct akida_file *f,
				  const struct akida_ioc_copy *c)
{
	struct akida_job *job;

	job = kmem_cache_zalloc(job_cache, GFP_KERNEL_ACCOUNT);
	if (!job)
		return NULL;
	kref_init(&job->ref);
	job->file = f;
	job->seg = &job->one;
	job->ticket.async = c->flags & AKIDA_COPY_ASYNC;
	init_completion(&job->ended);
	INIT_WORK(&job->work, job_work);
	return job;
}

int akida_ioc_copy(struct akida_file *f, void *arg)
{
	struct akida_ioc_copy *c = arg;
	struct akida_buffer *src, *dst;
	struct akida_job *job;
	int err;

	c->seq = 0;
	c->done = 0;
	if ((c->flags & ~AKIDA_COPY_ASYNC) || c->reserved || !c->size ||
	    (c->size | c->src_offset | c->dst_offset) % AKIDA_DMA_ALIGN)
		return -EINVAL;
	err = akida_results_init(f);
	if (err)
		return err;
	job = make_job(f, c);
	if (!job)
		return -ENOMEM;
	src = akida_buffer_get(f, c->src);
	dst = akida_buffer_get(f, c->dst);
	err = src && dst ? check_copy(job, c, src, dst) : -ENOENT;
	if (!err)
		err = submit(job, c);
	if (err) {
		if (src)
			akida_buffer_put(src);
		if (dst)
			akida_buffer_put(dst);
		job_put(job);
		return err;
	}
	if (c->flags & AKIDA_COPY_ASYNC)
		return 0;

	if (wait_for_completion_state(&job->ended,
				      TASK_INTERRUPTIBLE | TASK_FREEZABLE)) {
		akida_dma_cancel(f->adev, &job->req);
		wait_for_completion(&job->ended);
	}
	c->done = job->req.done;
	err = job_status(job);
	job_finish(job);
	/* A copy can be made again: only a handler's signal shows. */
	return err == -EINTR ? -ERESTARTNOHAND : err;
}

/* ------------------------------------------------------------ end of a file */

void akida_copies_close(struct akida_file *f)
{
	struct akida_job *job;

	/* No ioctl is under way, so none are added, and all are asynchronous. */
	for (;;) {
		spin_lock(&f->jobs_lock);
		job = list_first_entry_or_null(&f->jobs, struct akida_job,
					       ticket.node);
		if (job)
			kref_get(&job->ref);
		spin_unlock(&f->jobs_lock);
		if (!job)
			break;
		akida_dma_cancel(f->adev, &job->req);
		wait_event(f->wq, list_empty_careful(&job->ticket.node));
		job_put(job);
	}
	wait_var_event(&f->num_jobs, !atomic_read(&f->num_jobs));
}
