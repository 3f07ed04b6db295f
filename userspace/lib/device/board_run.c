// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Programs on boards: running them.
 */
#include <errno.h>
#include <string.h>

#include <akida.h>

#include "common/clock.h"
#include "common/le.h"
#include "device/board_program.h"

/* What is not zero, as events; an empty input is one outside the tensor. */
static uint32_t put_events(const struct akida_shape *s, const uint8_t *in,
			   uint8_t *to)
{
	uint32_t x, y, f, n = 0;

	for (y = 0; y < s->height; y++)
		for (x = 0; x < s->width; x++)
			for (f = 0; f < s->channels; f++, in++) {
				if (!*in)
					continue;
				ak_put_le32(to + n, x | y << 16);
				ak_put_le32(to + n + 4,
					    f | (uint32_t)*in << 16);
				n += AK_EVENT_BYTES;
			}
	if (!n) {
		ak_put_le32(to, s->width);
		ak_put_le32(to + 4, 0);
		n = AK_EVENT_BYTES;
	}
	return n;
}

static int ran(struct akida_program *p, const struct board_program *bp,
	       int code)
{
	const char *node = bp->board->node;

	switch (-code) {
	case 0:
		return 0;
	case EIO:
		return ak_errf(
			&p->err, code,
			"%s: the board could not run an input and was reset, or its DMA failed; the kernel's log says more",
			node);
	case ETIMEDOUT:
		return ak_errf(
			&p->err, code,
			"%s: a transfer did not get on; the kernel's log says more",
			node);
	case EACCES:
		return ak_errf(
			&p->err, code,
			"%s: the program was opened without the right to run it",
			node);
	}
	ak_board_fail(bp->board, code, "the program cannot be run");
	return ak_errf(&p->err, code, "%s", akida_board_error(bp->board));
}

/* Puts an input into a slot. */
static void put_input(const struct board_program *bp, uint32_t slot,
		      const uint8_t *in, struct akida_submit_job *job)
{
	uint8_t *to = bp->in_data + slot * bp->in_step;

	*job = (struct akida_submit_job){
		.input = bp->in->handle,
		.output = bp->out->handle,
		.input_offset = slot * bp->in_step,
		.output_offset = slot * bp->out_step,
		.input_size = (uint32_t)bp->in_size,
	};
	if (bp->sparse)
		job->input_size = put_events(&bp->shape, in, to);
	else
		memcpy(to, in, bp->in_size);
}

/* Waits for a job, whatever signals come if there is no deadline. */
static int wait_job(struct akida_program *p, const struct board_program *bp,
		    uint64_t seq, uint64_t deadline, int *status)
{
	struct akida_ioc_wait w = { .seq = seq, .deadline = deadline };
	int rc;

	do
		rc = ak_board_ioctl(bp->board, AKIDA_IOC_WAIT, &w);
	while (rc == -EINTR && !deadline);
	*status = w.status;
	if (!rc && p->profiling && w.started) {
		p->stats.clocks += w.clocks;
		p->stats.queue_ns += w.started - w.queued;
		p->stats.run_ns += w.ended - w.started;
	}
	return rc;
}

/* Submits and waits for the end, whatever signals come. */
static int run_jobs(struct akida_program *p, struct board_program *bp,
		    struct akida_submit_job *job, uint32_t num)
{
	struct akida_ioc_submit c = {
		.jobs = (uintptr_t)job,
		.program = bp->handle,
		.num_jobs = num,
		.flags = AKIDA_SUBMIT_WAIT,
	};
	int rc = ak_board_ioctl(bp->board, AKIDA_IOC_SUBMIT, &c), one;
	int status = rc ? 0 : c.status;
	uint32_t i;

	if ((rc && rc != -EINTR) || !c.seq)
		return rc;
	if (!rc && !p->profiling)
		return status;
	for (i = 0; i < num; i++) {
		rc = wait_job(p, bp, c.seq + i, 0, &one);
		if (rc)
			return rc;
		if (!status)
			status = one;
	}
	return status;
}

static uint32_t free_slots(const struct board_program *bp, uint32_t *slot)
{
	uint32_t i, n = 0;

	for (i = 0; i < bp->slots; i++)
		if (!bp->slot[i].ticket)
			slot[n++] = i;
	return n;
}

static int run_slots(struct akida_program *p, const uint8_t *in, uint8_t *out,
		     const uint32_t *slot, uint32_t num)
{
	struct board_program *bp = p->priv;
	struct akida_submit_job job[BOARD_SLOTS];
	uint64_t begun = p->profiling ? ak_now_ns() : 0, put = 0, took = 0;
	uint32_t i;
	int rc;

	for (i = 0; i < num; i++)
		put_input(bp, slot[i], in + i * bp->in_size, &job[i]);
	if (p->profiling)
		put = ak_now_ns();
	rc = ran(p, bp, run_jobs(p, bp, job, num));
	if (p->profiling)
		took = ak_now_ns();
	for (i = 0; i < num && !rc; i++)
		rc = ak_board_decode(p, bp,
				     bp->out_data + slot[i] * bp->out_step,
				     out + i * bp->out_bytes);
	if (p->profiling) {
		p->stats.runs += num;
		p->stats.host_ns += put - begun + (ak_now_ns() - took);
	}
	return rc;
}

/* Layers here, those on the board, layers here. */
static int run_parts(struct akida_program *p, const uint8_t *in, uint8_t *out,
		     const uint32_t *slot, uint32_t num)
{
	struct board_program *bp = p->priv;
	uint8_t *to = bp->after.npu ? bp->after_map : out;
	uint64_t begun = p->profiling ? ak_now_ns() : 0;
	uint32_t i;
	int rc;

	for (i = 0; i < num && bp->before.npu; i++)
		npu_run(bp->before.npu, in + i * p->info.input_size,
			bp->before_map + i * bp->in_size, NULL, NULL);
	if (p->profiling)
		p->stats.host_ns += ak_now_ns() - begun;
	rc = run_slots(p, bp->before.npu ? bp->before_map : in, to, slot, num);
	begun = p->profiling ? ak_now_ns() : 0;
	for (i = 0; i < num && bp->after.npu && !rc; i++)
		npu_run(bp->after.npu, to + i * bp->out_bytes,
			out + i * p->info.output_size, NULL, NULL);
	if (p->profiling)
		p->stats.host_ns += ak_now_ns() - begun;
	return rc;
}

int ak_board_run(struct akida_program *p, const uint8_t *in, uint8_t *out,
		 unsigned int batch)
{
	struct board_program *bp = p->priv;
	uint32_t slot[BOARD_SLOTS], room = free_slots(bp, slot);
	int rc = 0;

	if (!room)
		return ak_errf(
			&p->err, -EBUSY,
			"all room for inputs is taken by batches that were submitted; wait for one first");
	while (batch && !rc) {
		uint32_t n = batch < room ? batch : room;

		rc = run_parts(p, in, out, slot, n);
		in += n * p->info.input_size;
		out += n * p->info.output_size;
		batch -= n;
	}
	return rc;
}

unsigned int ak_board_slots(const struct akida_program *p)
{
	const struct board_program *bp = p->priv;

	return bp->before.npu || bp->after.npu ? 0 : bp->slots;
}

int ak_board_submit(struct akida_program *p, const uint8_t *in,
		    unsigned int batch, uint64_t *ticket)
{
	struct board_program *bp = p->priv;
	struct akida_submit_job job[BOARD_SLOTS];
	struct akida_ioc_submit c = { .jobs = (uintptr_t)job,
				      .program = bp->handle,
				      .num_jobs = batch };
	uint32_t slot[BOARD_SLOTS], room = free_slots(bp, slot), i;
	int rc;

	if (batch > room)
		return -EAGAIN;
	for (i = 0; i < batch; i++)
		put_input(bp, slot[i], in + i * bp->in_size, &job[i]);
	rc = ak_board_ioctl(bp->board, AKIDA_IOC_SUBMIT, &c);
	if (rc)
		return rc == -EAGAIN ? rc : ran(p, bp, rc);
	for (i = 0; i < batch; i++)
		bp->slot[slot[i]] = (struct board_slot){ .ticket = c.seq,
							 .seq = c.seq + i,
							 .at = i };
	*ticket = c.seq;
	return 0;
}

int ak_board_wait(struct akida_program *p, uint64_t ticket, uint64_t deadline,
		  uint8_t *out, size_t out_size)
{
	struct board_program *bp = p->priv;
	uint32_t i, num = 0;
	int rc, status = 0, one = 0;

	for (i = 0; i < bp->slots; i++)
		num += ticket && bp->slot[i].ticket == ticket;
	if (!num)
		return ak_errf(&p->err, -EINVAL,
			       "no batch of this number is under way");
	rc = ak_program_check_out(p, out, out_size, num);
	if (rc)
		return rc;
	/* The last ends last; the statistics come from the pass below. */
	if (num > 1 || deadline) {
		struct akida_ioc_wait w = { .seq = ticket + num - 1,
					    .deadline = deadline };

		do
			rc = ak_board_ioctl(bp->board, AKIDA_IOC_WAIT, &w);
		while (rc == -EINTR && !deadline);
		if (rc == -ETIME || rc == -EINTR)
			return ak_errf(&p->err, rc,
				       "the batch has not ended yet");
	}
	rc = 0;
	for (i = 0; i < bp->slots; i++) {
		struct board_slot *s = &bp->slot[i];

		if (s->ticket != ticket)
			continue;
		if (!rc)
			rc = wait_job(p, bp, s->seq, 0, &one);
		if (!rc && !status)
			status = one;
		if (!rc && !one && !status)
			status = ak_board_decode(
				p, bp, bp->out_data + i * bp->out_step,
				out + s->at * bp->out_bytes);
		s->ticket = 0;
	}
	if (p->profiling)
		p->stats.runs += num;
	if (rc == -ESTALE)
		return ak_errf(
			&p->err, rc,
			"the driver keeps only the last results, and many have ended since");
	if (rc)
		return ran(p, bp, rc);
	return status == -EPROTO ? status : ran(p, bp, status);
}
