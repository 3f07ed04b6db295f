// SPDX-License-Identifier: GPL-2.0
/*
 * What moves for a batch: inputs and descriptors to the board, outputs back.
 */
#include <linux/dma-mapping.h>
#include <linux/slab.h>

#include "akida_job.h"

static void move_complete(struct akida_dma_req *req)
{
	struct akida_batch *b = container_of(req, struct akida_batch, req);

	b->arrived = ktime_get_ns();
	complete(&b->moved);
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
	if (dir == AKIDA_DMA_TO_DEVICE)
		b->begun = ktime_get_ns();
	akida_dma_submit(core->adev, &b->req);
}

static bool changed(struct akida_core *core, const struct akida_batch *b)
{
	return READ_ONCE(core->epoch) != b->epoch;
}

int akida_batch_end_move(struct akida_core *core, struct akida_batch *b)
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

int akida_batch_begin_inputs(struct akida_core *core, struct akida_batch *b)
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

int akida_batch_begin_outputs(struct akida_core *core, struct akida_batch *b)
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
