// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Programs on boards: a model is built for the chip that the board has, handed
 * to the driver, and run by jobs.
 */
#include "device/board_program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <akida.h>

#include "common/le.h"
#include "device/board.h"
#include "program/program.h"

/* Bytes of each of the two buffers that inputs and outputs pass through; one
 * input may take more.
 */
#define BUFFER_BYTES (1u << 20)
/* Two batches of the core: one moves while the other runs. */
#define MAX_SLOTS 30u

/* Events (np.h): what fits into their fields */
#define EVENT_BYTES 8u
#define EVENT_MAX_SIDE 0xfffu
#define EVENT_MAX_CHANNELS 0x800u

/**
 * struct board_program - a program on a board
 * @board: the device's
 * @handle: the driver's
 * @built: what was built
 * @sparse: inputs are events
 * @in: inputs
 * @out: outputs
 * @in_data: mapping of @in
 * @out_data: mapping of @out
 * @in_step: bytes of an input in it
 * @out_step: bytes of an output in it
 * @slots: inputs and outputs that there is room for
 */
struct board_program {
	struct akida_board *board;
	uint32_t handle;
	struct ak_built built;
	bool sparse;
	struct akida_buffer *in, *out;
	uint8_t *in_data, *out_data;
	size_t in_step, out_step;
	uint32_t slots;
};

/* ----------------------------------------------------------------- loading */

/* Tracks as the driver wants them: packets, and weights of FNP2s. */
static int make_tracks(const struct ak_built *b, struct akida_track *track,
		       uint32_t *num, struct ak_err *err)
{
	size_t i;

	*num = 0;
	for (i = 0; i < b->num_placements; i++) {
		const struct ak_placement *at = &b->placement[i];

		if (*num + 2 > AKIDA_MAX_TRACKS)
			return ak_errf(
				err, -EFBIG,
				"the program has more than %u parts; the driver takes no more",
				AKIDA_MAX_TRACKS);
		track[(*num)++] =
			(struct akida_track){ .offset = at->track.offset,
					      .words = at->track.words,
					      .pass = at->pass };
		if (at->external)
			track[(*num)++] = (struct akida_track){
				.offset = at->fnp2.offset,
				.words = at->fnp2.words,
				.pass = at->pass,
				.fnp2 = (uint32_t)b->mesh->np[at->np].fnp2 + 1,
			};
	}
	return 0;
}

static uint32_t version(const struct ak_program_chip *c)
{
	return (uint32_t)c->vendor << 24 | (uint32_t)c->product << 16 |
	       (uint32_t)c->major << 8 | c->minor;
}

static int refused(struct akida_program *p, struct akida_board *b, int code,
		   const struct akida_ioc_program *c)
{
	struct akida_ioc_info i = { 0 };

	switch (-code) {
	case ENOSPC:
		ak_board_ioctl(b, AKIDA_IOC_INFO, &i);
		return ak_errf(
			&p->err, code,
			"%s: no room for a program of %u bytes and its inputs (%u bytes) and outputs (%u bytes): %llu bytes of device memory are free, %u programs are on the board; free programs or buffers",
			b->node, c->data_size, c->input_size, c->output_size,
			(unsigned long long)i.devmem_free, i.programs);
	case EINVAL:
		ak_board_ioctl(b, AKIDA_IOC_INFO, &i);
		if (i.device_version != c->device_version)
			return ak_errf(
				&p->err, code,
				"%s takes programs of device version %08x; this one is of %08x",
				b->node, i.device_version, c->device_version);
		break;
	case EBADMSG:
		return ak_errf(
			&p->err, code,
			"%s: the driver refuses the program: a packet is damaged, or for an NP that the chip has not",
			b->node);
	}
	ak_board_fail(b, code, "a program cannot be loaded");
	return ak_errf(&p->err, code, "%s", akida_board_error(b));
}

static int create(struct akida_program *p, struct board_program *bp)
{
	const struct ak_model *m = &p->model->model;
	const struct ak_layer *first = &m->layers[0];
	const struct ak_layer *last = &m->layers[m->num_layers - 1];
	struct akida_track track[AKIDA_MAX_TRACKS];
	struct akida_epg epg[AKIDA_MAX_EPG];
	struct ak_program_file f;
	struct akida_ioc_program c = { 0 };
	size_t in = ak_shape_elements(&first->in);
	size_t out = ak_shape_elements(&last->out) * (last->activation ? 1 : 4);
	uint32_t i;
	int rc;

	rc = ak_program_file_parse(&f, bp->built.file, bp->built.size, &p->err);
	if (rc)
		return rc;
	bp->sparse = first->type != AKIDA_LAYER_INPUT_CONV;
	if (bp->sparse && (first->in.width >= EVENT_MAX_SIDE ||
			   first->in.height >= EVENT_MAX_SIDE ||
			   first->in.channels > EVENT_MAX_CHANNELS))
		rc = ak_errf(
			&p->err, -ERANGE,
			"an input of %ux%ux%u cannot be sent as events: a side has fewer than %u, and there are at most %u channels",
			first->in.width, first->in.height, first->in.channels,
			EVENT_MAX_SIDE, EVENT_MAX_CHANNELS);
	if (!rc && (in > AKIDA_MAX_PROGRAM_SIZE / EVENT_BYTES ||
		    out > AKIDA_MAX_PROGRAM_SIZE - AK_OUT_HEADER_BYTES - 4))
		rc = ak_errf(&p->err, -EFBIG,
			     "inputs or outputs are too large for a board");
	if (!rc)
		rc = make_tracks(&bp->built, track, &c.num_tracks, &p->err);
	if (rc)
		goto out;
	for (i = 0; i < f.num_epg && i < AKIDA_MAX_EPG; i++)
		epg[i] = (struct akida_epg){ f.epg[i].offset, f.epg[i].value };
	c.num_epg = i;
	c.data = (uintptr_t)f.data;
	c.data_size = (uint32_t)f.data_size;
	c.tracks = (uintptr_t)track;
	c.epg = (uintptr_t)epg;
	c.num_passes = f.num_passes;
	c.device_version = version(&f.chip);
	c.flags = bp->sparse ? AKIDA_PROGRAM_SPARSE : 0;
	c.width = first->in.width;
	c.height = first->in.height;
	c.channels = first->in.channels;
	c.input_size = (uint32_t)(bp->sparse ? in * EVENT_BYTES : in);
	c.output_size =
		(uint32_t)(AK_OUT_HEADER_BYTES + ((out + 3) & ~(size_t)3));
	bp->in_step = (c.input_size + 3) & ~3u;
	bp->out_step = c.output_size;
	rc = ak_board_ioctl(bp->board, AKIDA_IOC_PROGRAM_CREATE, &c);
	if (rc)
		rc = refused(p, bp->board, rc, &c);
	else
		bp->handle = c.handle;
out:
	ak_program_file_clear(&f);
	return rc;
}

/* A buffer of the driver's, mapped. */
static int buffer(struct akida_program *p, struct board_program *bp,
		  size_t size, struct akida_buffer **buf, uint8_t **data)
{
	void *at = NULL;
	int rc = akida_buffer_new(bp->board, AKIDA_MEMORY_HOST, size, buf);

	if (!rc)
		rc = akida_buffer_map(*buf, &at);
	*data = at;
	return rc ? ak_errf(&p->err, rc, "%s", akida_board_error(bp->board)) :
		    0;
}

static int make_buffers(struct akida_program *p, struct board_program *bp)
{
	size_t step = bp->in_step > bp->out_step ? bp->in_step : bp->out_step;
	int rc;

	bp->slots = (uint32_t)(BUFFER_BYTES / step);
	if (bp->slots > MAX_SLOTS)
		bp->slots = MAX_SLOTS;
	if (!bp->slots)
		bp->slots = 1;
	rc = buffer(p, bp, bp->slots * bp->in_step, &bp->in, &bp->in_data);
	if (!rc)
		rc = buffer(p, bp, bp->slots * bp->out_step, &bp->out,
			    &bp->out_data);
	return rc;
}

void ak_board_unload(struct akida_program *p)
{
	struct board_program *bp = p->priv;
	struct akida_ioc_program_free c = { 0 };

	if (bp->handle) {
		c.handle = bp->handle;
		ak_board_ioctl(bp->board, AKIDA_IOC_PROGRAM_FREE, &c);
	}
	akida_buffer_free(bp->in);
	akida_buffer_free(bp->out);
	ak_built_free(&bp->built);
	free(bp);
	p->priv = NULL;
}

static int check_target(struct akida_program *p,
			const struct akida_load_options *o,
			const struct akida_board *b,
			const struct akida_board_info *info)
{
	if (!ak_mesh_of(info->chip))
		return ak_errf(
			&p->err, -ENOTSUP,
			"%s: the mesh of this chip is not known; update libakida",
			b->node);
	if (!(info->caps & AKIDA_BOARD_VIRTUAL))
		return ak_errf(
			&p->err, -ENOTSUP,
			"%s: this board is silicon, and what is public is not enough to compile a model for silicon; it takes programs that BrainChip's SDK compiled",
			b->node);
	if (o->target && o->target != info->chip)
		return ak_errf(&p->err, -EINVAL,
			       "%s: the board is another chip than the target",
			       b->node);
	if (info->abi_version < 2)
		return ak_errf(&p->err, -ENOTTY,
			       "%s: this akida.ko runs no programs; update it",
			       b->node);
	return 0;
}

int ak_board_load(struct akida_program *p, const struct akida_load_options *o)
{
	struct akida_board *b = p->device->priv;
	struct akida_board_info info;
	struct board_program *bp;
	int rc;

	rc = akida_board_info(b, &info, sizeof(info));
	if (rc)
		return ak_errf(&p->err, rc, "%s", akida_board_error(b));
	rc = check_target(p, o, b, &info);
	if (rc)
		return rc;
	bp = calloc(1, sizeof(*bp));
	if (!bp)
		return ak_errf(&p->err, -ENOMEM, "no memory for a program");
	bp->board = b;
	p->priv = bp;
	rc = ak_build(&p->model->model, ak_mesh_of(info.chip), 0, &bp->built,
		      &p->err);
	if (!rc)
		rc = create(p, bp);
	if (!rc)
		rc = make_buffers(p, bp);
	if (rc)
		ak_board_unload(p);
	return rc;
}

/* ----------------------------------------------------------------- running */

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
				n += EVENT_BYTES;
			}
	if (!n) {
		ak_put_le32(to, s->width);
		ak_put_le32(to + 4, 0);
		n = EVENT_BYTES;
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
	}
	ak_board_fail(bp->board, code, "the program cannot be run");
	return ak_errf(&p->err, code, "%s", akida_board_error(bp->board));
}

/* Submits and waits for the end, whatever signals come. */
static int run_jobs(struct board_program *bp, struct akida_submit_job *job,
		    uint32_t num)
{
	struct akida_ioc_submit c = {
		.jobs = (uintptr_t)job,
		.program = bp->handle,
		.num_jobs = num,
		.flags = AKIDA_SUBMIT_WAIT,
	};
	int rc = ak_board_ioctl(bp->board, AKIDA_IOC_SUBMIT, &c), status = 0;
	uint32_t i;

	if (rc != -EINTR || !c.seq)
		return rc ? rc : c.status;
	for (i = 0; i < num; i++) {
		struct akida_ioc_wait w = { .seq = c.seq + i };

		do
			rc = ak_board_ioctl(bp->board, AKIDA_IOC_WAIT, &w);
		while (rc == -EINTR);
		if (rc)
			return rc;
		if (!status)
			status = w.status;
	}
	return status;
}

static int take_output(struct akida_program *p, const struct board_program *bp,
		       const uint8_t *from, uint8_t *out)
{
	uint32_t head = ak_get_le32(from), words = head & 0xfffffff;

	if ((size_t)words * 4 != bp->out_step - AK_OUT_HEADER_BYTES)
		return ak_errf(
			&p->err, -EPROTO,
			"%s: an output of %u words in format %u; %zu words were expected",
			bp->board->node, words, head >> 28,
			(bp->out_step - AK_OUT_HEADER_BYTES) / 4);
	memcpy(out, from + AK_OUT_HEADER_BYTES, p->info.output_size);
	return 0;
}

static int run_slots(struct akida_program *p, const uint8_t *in, uint8_t *out,
		     uint32_t num)
{
	struct board_program *bp = p->priv;
	struct akida_submit_job job[MAX_SLOTS];
	uint32_t i;
	int rc;

	for (i = 0; i < num; i++) {
		uint8_t *to = bp->in_data + i * bp->in_step;

		job[i] = (struct akida_submit_job){
			.input = bp->in->handle,
			.output = bp->out->handle,
			.input_offset = i * bp->in_step,
			.output_offset = i * bp->out_step,
			.input_size = (uint32_t)p->info.input_size,
		};
		if (bp->sparse)
			job[i].input_size = put_events(&p->info.input, in, to);
		else
			memcpy(to, in, p->info.input_size);
		in += p->info.input_size;
	}
	rc = ran(p, bp, run_jobs(bp, job, num));
	for (i = 0; i < num && !rc; i++)
		rc = take_output(p, bp, bp->out_data + i * bp->out_step,
				 out + i * p->info.output_size);
	return rc;
}

int ak_board_run(struct akida_program *p, const uint8_t *in, uint8_t *out,
		 unsigned int batch)
{
	struct board_program *bp = p->priv;
	int rc = 0;

	while (batch && !rc) {
		uint32_t n = batch < bp->slots ? batch : bp->slots;

		rc = run_slots(p, in, out, n);
		in += n * p->info.input_size;
		out += n * p->info.output_size;
		batch -= n;
	}
	return rc;
}

size_t ak_board_memory(const struct akida_program *p)
{
	const struct board_program *bp = p->priv;

	return bp->built.size + bp->slots * (bp->in_step + bp->out_step);
}
