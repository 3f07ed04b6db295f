// SPDX-License-Identifier: GPL-2.0
/*
 * The runner, which gives batches to the core.
 *
 * A batch is jobs that follow each other, of one file and of one program. While
 * it runs, the inputs of the file's next batch move to the board; while that
 * runs, the outputs of the first move back.
 */
#include <linux/slab.h>

#include "akida_job.h"
#include "akida_trace.h"

static void fail(struct akida_core *core, struct akida_batch *b, int err)
{
	unsigned int i;

	if (err == -ESTALE)
		akida_queue_try_again(core, b->queue, b->task, b->num);
	else
		for (i = 0; i < b->num; i++)
			akida_task_end(b->task[i], err);
	b->num = 0;
}

/* A batch that was only prepared becomes jobs that wait again. */
static void put_batch_back(struct akida_core *core, struct akida_batch *b)
{
	akida_batch_end_move(core, b);
	akida_queue_put_back(core, b->queue, b->task, b->num);
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
	akida_queue_put_back(core, b->queue, b->task + b->done + 1,
			     b->num - b->done - 1);
	b->num = b->done;
	akida_task_end(guilty, -EIO);
}

/* Outputs have arrived: the end of a batch. */
static void finish(struct akida_core *core, struct akida_batch *b)
{
	int err = b->err ?: akida_batch_end_move(core, b);
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
		t->times.download = b->arrived - b->ended;
		core->jobs++;
		atomic64_inc(&b->program->done);
		akida_task_end(t, 0);
	}
	b->num = 0;
}

static void note_times(struct akida_task *t, const struct akida_batch *b)
{
	t->result.started = b->rung;
	t->times = (struct akida_times){
		.queued = b->begun - t->result.queued,
		.upload = b->uploaded - b->begun,
		.wait = b->rung - b->uploaded,
		.compute = b->ended - b->rung,
	};
}

static void note(struct akida_core *core, struct akida_batch *b)
{
	unsigned int i;
	u64 time;

	b->ended = ktime_get_ns();
	time = b->ended - b->rung;
	for (i = 0; i < b->done; i++) {
		b->task[i]->result.clocks = b->clocks / b->done;
		note_times(b->task[i], b);
	}
	if (b->done < b->num)
		note_times(b->task[b->done], b);
	/* Clocks of a virtual core are exact, where time is the host's mood. */
	b->queue->time += core->adev->virtual && b->clocks ? b->clocks : time;
	atomic64_add(time, &b->queue->busy_ns);
	atomic64_add(time, &core->busy_ns);
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
		err = akida_batch_begin_inputs(core, b);
	if (!err)
		err = akida_core_configure(core, b->program, b->epoch);
	if (b->moving) {
		int moved = akida_batch_end_move(core, b);

		b->uploaded = b->arrived;
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
		akida_queue_take(core, next);
		return;
	}
	if (akida_queue_take(core, next) && !next->err && may_overlap(b, next))
		next->err = akida_batch_begin_inputs(core, next);
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
		err = akida_batch_begin_outputs(core, b);
		if (err)
			fail(core, b, err);
	}
	if (!next->num)
		akida_queue_take(core, next);
}

void akida_run_work(struct work_struct *work)
{
	struct akida_core *core = container_of(work, struct akida_core, runner);
	struct akida_batch *b = &core->batch[0], *other = &core->batch[1];
	struct akida_batch *next = &core->batch[2];
	unsigned int i;

	b->half = 0;
	other->num = 0;
	akida_queue_take(core, b);
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
			akida_queue_take(core, b);
		}
	}
	for (i = 0; i < ARRAY_SIZE(core->batch); i++) {
		kvfree(core->batch[i].seg);
		core->batch[i].seg = NULL;
	}
}
