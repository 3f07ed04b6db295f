// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A compiled program, as the driver takes it: tracks, registers, sizes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <akida.h>

#include "common/le.h"
#include "device/board_program.h"

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
	case EBADMSG:
		return ak_errf(
			&p->err, code,
			"%s: the driver refuses the program: a packet is damaged, or for an NP that the chip has not",
			b->node);
	}
	ak_board_fail(b, code, "a program cannot be loaded");
	return ak_errf(&p->err, code, "%s", akida_board_error(b));
}

/* Which of a chip's four address registers the FNP2 of a record has. */
static int fnp2_of(const struct ak_mesh *mesh, const struct ak_program_file *f,
		   const struct ak_record *r, uint32_t *number)
{
	struct ak_packet packet;
	uint32_t pos = 0;
	unsigned int i;

	if (!r->num_tracks ||
	    ak_packet_next(f->data + r->track[0].offset, r->track[0].words,
			   &pos, &packet) != 1)
		return -EINVAL;
	for (i = 0; i < mesh->num_nps; i++)
		if (mesh->np[i].col == packet.col &&
		    mesh->np[i].row == packet.row &&
		    mesh->np[i].id == packet.np && mesh->np[i].fnp2 >= 0) {
			*number = (uint32_t)mesh->np[i].fnp2 + 1;
			return 0;
		}
	return -EINVAL;
}

/* Records in order, the weights of an FNP2 behind its tracks. */
static int make_tracks(const struct ak_program_file *f,
		       const struct ak_mesh *mesh, struct akida_track *track,
		       uint32_t *num, struct ak_err *err)
{
	uint32_t i, j, k;

	*num = 0;
	for (i = 0; i < f->num_passes; i++)
		for (j = 0; j < f->pass[i].num_records; j++) {
			const struct ak_record *r = &f->pass[i].record[j];
			struct akida_track *t = track + *num;

			if (r->num_tracks + r->has_fnp2 >
			    AKIDA_MAX_TRACKS - *num)
				return ak_errf(
					err, -EFBIG,
					"the program has more than %u parts; the driver takes no more",
					AKIDA_MAX_TRACKS);
			for (k = 0; k < r->num_tracks; k++)
				*t++ = (struct akida_track){
					.offset = r->track[k].offset,
					.words = r->track[k].words,
					.pass = i,
				};
			*num += r->num_tracks + r->has_fnp2;
			if (!r->has_fnp2)
				continue;
			*t = (struct akida_track){ .offset = r->fnp2.offset,
						   .words = r->fnp2.words,
						   .pass = i };
			if (!mesh || fnp2_of(mesh, f, r, &t->fnp2))
				return ak_errf(
					err, -EINVAL,
					"the program has weights in the board's memory for an NP that cannot read them");
		}
	return 0;
}

static int check_version(struct akida_program *p, struct akida_board *b,
			 const struct ak_program_file *f)
{
	struct akida_ioc_info i = { 0 };
	int rc = ak_board_ioctl(b, AKIDA_IOC_INFO, &i);

	if (rc) {
		ak_board_fail(b, rc, "board information cannot be read");
		return ak_errf(&p->err, rc, "%s", akida_board_error(b));
	}
	if (i.abi_version < 2)
		return ak_errf(&p->err, -ENOTTY,
			       "%s: this akida.ko runs no programs; update it",
			       b->node);
	if (i.device_version == version(&f->chip))
		return 0;
	return ak_errf(
		&p->err, -EINVAL,
		"%s takes programs of device version %02X.%02X.%u.%u; this one is of %02X.%02X.%u.%u",
		b->node, i.device_version >> 24, i.device_version >> 16 & 0xff,
		i.device_version >> 8 & 0xff, i.device_version & 0xff,
		f->chip.vendor, f->chip.product, f->chip.major, f->chip.minor);
}

int ak_board_create(struct akida_program *p, struct board_program *bp,
		    const struct ak_program_file *f)
{
	struct akida_track track[AKIDA_MAX_TRACKS];
	struct akida_epg epg[AKIDA_MAX_EPG];
	struct akida_board_info info;
	struct akida_ioc_program c = { 0 };
	uint32_t i;
	int rc = check_version(p, bp->board, f);

	if (!rc && akida_board_info(bp->board, &info, sizeof(info)))
		rc = ak_errf(&p->err, -EIO, "%s", akida_board_error(bp->board));
	if (!rc)
		rc = make_tracks(f, ak_mesh_of(info.chip), track, &c.num_tracks,
				 &p->err);
	if (rc)
		return rc;
	if (f->num_epg > AKIDA_MAX_EPG)
		return ak_errf(&p->err, -EFBIG,
			       "the program writes more than %u registers",
			       AKIDA_MAX_EPG);
	for (i = 0; i < f->num_epg; i++)
		epg[i] =
			(struct akida_epg){ f->epg[i].offset, f->epg[i].value };
	c.num_epg = f->num_epg;
	c.data = (uintptr_t)f->data;
	c.data_size = (uint32_t)(f->data_size & ~(size_t)3);
	c.tracks = (uintptr_t)track;
	c.epg = (uintptr_t)epg;
	c.num_passes = f->num_passes;
	c.device_version = version(&f->chip);
	c.flags = bp->sparse ? AKIDA_PROGRAM_SPARSE : 0;
	c.width = bp->shape.width;
	c.height = bp->shape.height;
	c.channels = bp->shape.channels;
	c.input_size = (uint32_t)(bp->sparse ? bp->in_size * AK_EVENT_BYTES :
					       bp->in_size);
	c.output_size = (uint32_t)bp->out_step;
	rc = ak_board_ioctl(bp->board, AKIDA_IOC_PROGRAM_CREATE, &c);
	if (rc)
		return refused(p, bp->board, rc, &c);
	bp->handle = c.handle;
	return 0;
}

static int read_shape(const uint32_t *dims, uint32_t num, struct akida_shape *s)
{
	uint64_t n;

	if (num != 3 || !dims[0] || !dims[1] || !dims[2] ||
	    dims[0] > AK_MAX_SIDE || dims[1] > AK_MAX_SIDE ||
	    dims[2] > AK_MAX_CHANNELS)
		return -EINVAL;
	n = (uint64_t)dims[0] * dims[1] * dims[2];
	if (n > AK_MAX_ELEMENTS)
		return -EINVAL;
	s->width = dims[0];
	s->height = dims[1];
	s->channels = dims[2];
	return 0;
}

int ak_board_sizes(struct akida_program *p, struct board_program *bp,
		   const struct ak_program_file *f)
{
	size_t values, out;

	if (read_shape(f->in_dims, f->num_in_dims, &bp->shape) ||
	    read_shape(f->out_dims, f->num_out_dims, &bp->out_shape) ||
	    f->num_shifts < bp->out_shape.channels ||
	    f->num_scales < bp->out_shape.channels)
		return ak_errf(
			&p->err, -EINVAL,
			"the program's inputs or outputs have sizes that cannot be");
	bp->sparse = f->input_type;
	bp->activation = f->activation;
	if (bp->sparse && !ak_np_events_fit(&bp->shape))
		return ak_errf(
			&p->err, -ERANGE,
			"an input of %ux%ux%u cannot be sent as events: a side has fewer than 4095, and there are at most 2048 channels",
			bp->shape.width, bp->shape.height, bp->shape.channels);
	bp->in_size = ak_shape_elements(&bp->shape);
	values = ak_shape_elements(&bp->out_shape);
	bp->out_bytes = values * (f->activation ? 1 : 4);
	out = f->output_type ? values * AK_EVENT_BYTES :
			       (bp->out_bytes + 3) & ~(size_t)3;
	if (bp->in_size > AKIDA_MAX_PROGRAM_SIZE / AK_EVENT_BYTES ||
	    out > AKIDA_MAX_PROGRAM_SIZE - AK_OUT_HEADER_BYTES)
		return ak_errf(&p->err, -EFBIG,
			       "inputs or outputs are too large for a board");
	bp->in_step =
		(bp->sparse ? bp->in_size * AK_EVENT_BYTES : bp->in_size + 3) &
		~(size_t)3;
	bp->out_step = AK_OUT_HEADER_BYTES + out;
	return 0;
}

int ak_board_update(struct akida_program *p, struct board_program *bp,
		    uint32_t first, const struct ak_program_words *words,
		    uint32_t num)
{
	struct akida_new_track *track = calloc(num, sizeof(*track));
	struct akida_ioc_program_update c = {
		.tracks = (uintptr_t)track,
		.handle = bp->handle,
		.num_tracks = num,
	};
	uint32_t i;
	size_t k;
	int rc;

	if (!track)
		return ak_errf(&p->err, -ENOMEM, "no memory for new weights");
	for (i = 0; i < num; i++) {
		for (k = 0; k < words[i].count; k++)
			ak_put_le32((uint8_t *)&words[i].word[k],
				    words[i].word[k]);
		track[i] = (struct akida_new_track){
			.data = (uintptr_t)words[i].word,
			.track = first + i,
			.words = (uint32_t)words[i].count,
		};
	}
	/* Others may have jobs of it under way at any time. */
	c.flags = AKIDA_UPDATE_WAIT;
	do
		rc = ak_board_ioctl(bp->board, AKIDA_IOC_PROGRAM_UPDATE, &c);
	while (rc == -EINTR);
	if (rc == -EINVAL) {
		/* Drivers before version 3 know no flags. */
		c.flags = 0;
		rc = ak_board_ioctl(bp->board, AKIDA_IOC_PROGRAM_UPDATE, &c);
	}
	free(track);
	if (!rc)
		return 0;
	if (rc == -EACCES)
		return ak_errf(
			&p->err, rc,
			"%s: the program was opened without the right to change it",
			bp->board->node);
	ak_board_fail(bp->board, rc, "weights cannot be replaced");
	return ak_errf(&p->err, rc, "%s", akida_board_error(bp->board));
}
