// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Programs that stay on a board under a name.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <akida.h>

#include "common/export.h"
#include "common/util.h"
#include "device/board_program.h"

_Static_assert(AKIDA_OPEN_RUN == AKIDA_RIGHT_RUN &&
		       AKIDA_OPEN_WRITE == AKIDA_RIGHT_WRITE &&
		       AKIDA_NAME_REPLACES == AKIDA_NAME_REPLACE,
	       "public flags are the driver's");

/* A name in its field; false if it does not fit. */
static bool put_name(char field[AKIDA_NAME_SIZE], const char *name)
{
	size_t length = strnlen(name, AKIDA_NAME_SIZE);

	memset(field, 0, AKIDA_NAME_SIZE);
	if (!length || length >= AKIDA_NAME_SIZE)
		return false;
	memcpy(field, name, length);
	return true;
}

/* A sentence for what goes wrong with names. */
static int named_error(struct ak_err *err, struct akida_board *b, int code,
		       const char *name)
{
	switch (-code) {
	case ENOTTY:
		return ak_errf(
			err, code,
			"%s: this akida.ko keeps no programs under names; update it",
			b->node);
	case ENOENT:
		return ak_errf(
			err, code,
			"%s: there is no program '%s' on the board; 'akida info %s' lists those that there are",
			b->node, name, b->node);
	case EEXIST:
		return ak_errf(
			err, code,
			"%s: there is a program '%s' already; --replace puts another in its place",
			b->node, name);
	case EALREADY:
		return ak_errf(err, code, "%s: this program has a name already",
			       b->node);
	case EACCES:
		return ak_errf(
			err, code,
			"%s: program '%s' belongs to somebody else, who does not let you do this",
			b->node, name);
	case EINVAL:
		return ak_errf(
			err, code,
			"%s: '%s' is no name for a program, or the mode is none: a name has 1 to %u letters, digits or . _ - + @ :, and does not begin with . or -",
			b->node, name, AKIDA_NAME_SIZE - 1);
	case EDQUOT:
		return ak_errf(
			err, code,
			"%s: you have too many programs on the board, or too large ones; unload one (akida unload)",
			b->node);
	case ENOSPC:
		return ak_errf(
			err, code,
			"%s: there are too many programs on the board; unload one (akida unload)",
			b->node);
	case ESTALE:
		return ak_errf(err, code,
			       "%s: the name '%s' is another program's by now",
			       b->node, name);
	}
	ak_board_fail(b, code, "program '%s' cannot be used", name);
	return ak_errf(err, code, "%s", akida_board_error(b));
}

int ak_board_set_name(struct akida_program *p, const char *name,
		      unsigned int mode, unsigned int flags)
{
	struct board_program *bp = p->priv;
	struct akida_ioc_program_name c = {
		.note = (uintptr_t)bp->note_data,
		.handle = bp->handle,
		.note_size = (uint32_t)bp->note_size,
		.mode = mode,
		.flags = flags,
	};
	int rc;

	if (bp->before.npu || bp->after.npu)
		return ak_errf(
			&p->err, -ENOTSUP,
			"%s: only a part of the model is on the board; the rest runs in this process and cannot stay",
			bp->board->node);
	if (!bp->note_data)
		return ak_errf(
			&p->err, -EFBIG,
			"%s: what others must know of this program takes more than the driver keeps",
			bp->board->node);
	rc = put_name(c.name, name) ?
		     ak_board_ioctl(bp->board, AKIDA_IOC_PROGRAM_NAME, &c) :
		     -EINVAL;
	return rc ? named_error(&p->err, bp->board, rc, name) : 0;
}

static int read_note(struct akida_program *p, struct board_program *bp,
		     uint32_t size)
{
	struct akida_ioc_program_note c = { .handle = bp->handle,
					    .size = size };
	int rc;

	if (!size || size > AK_NOTE_MAX)
		return ak_errf(&p->err, -EPROTO,
			       "%s: this program was not named by libakida",
			       bp->board->node);
	bp->note_data = malloc(size);
	if (!bp->note_data)
		return ak_errf(&p->err, -ENOMEM, "no memory for a program");
	c.note = (uintptr_t)bp->note_data;
	rc = ak_board_ioctl(bp->board, AKIDA_IOC_PROGRAM_NOTE, &c);
	if (rc) {
		ak_board_fail(bp->board, rc, "a program's note cannot be read");
		return ak_errf(&p->err, rc, "%s", akida_board_error(bp->board));
	}
	bp->note_size = size;
	rc = ak_note_parse(&bp->note, bp->note_data, size, &p->err);
	return rc == -EINVAL ? -EPROTO : rc;
}

/* What the driver says of a program must be what the note says of it: outputs
 * are taken apart as the note has them, from buffers of the driver's sizes.
 */
static int agree(struct akida_program *p, const struct board_program *bp,
		 const struct akida_named *n)
{
	if (n->width == bp->shape.width && n->height == bp->shape.height &&
	    n->channels == bp->shape.channels &&
	    n->output_size == bp->out_step &&
	    !(n->flags & AKIDA_PROGRAM_SPARSE) == !bp->sparse)
		return 0;
	return ak_errf(
		&p->err, -EPROTO,
		"%s: what was left with the program is not about this program",
		bp->board->node);
}

int ak_board_open_named(struct akida_program *p, const char *name,
			unsigned int rights)
{
	struct board_program *bp = calloc(1, sizeof(*bp));
	struct akida_ioc_program_open c = { .rights = rights };
	int rc;

	if (!bp)
		return ak_errf(&p->err, -ENOMEM, "no memory for a program");
	bp->board = p->device->priv;
	p->priv = bp;
	rc = put_name(c.name, name) ?
		     ak_board_ioctl(bp->board, AKIDA_IOC_PROGRAM_OPEN, &c) :
		     -EINVAL;
	if (rc) {
		named_error(&p->err, bp->board, rc, name);
		goto fail;
	}
	bp->handle = c.handle;
	rc = read_note(p, bp, c.program.note_size);
	if (!rc)
		rc = ak_board_sizes(p, bp, &bp->note.file);
	if (!rc)
		rc = agree(p, bp, &c.program);
	if (!rc)
		rc = ak_board_buffers(p, bp);
	if (!rc) {
		ak_board_describe(p, bp);
		return 0;
	}
fail:
	ak_board_unload(p);
	return rc;
}

static void describe(const struct akida_named *n, struct akida_named_program *o)
{
	*o = (struct akida_named_program){
		.id = n->id,
		.jobs = n->jobs,
		.since = n->since,
		.uid = n->uid,
		.gid = n->gid,
		.mode = n->mode,
		.rights = n->rights,
		.handles = n->handles,
		.input = { .height = n->height,
			   .width = n->width,
			   .channels = n->channels },
		.data_size = n->data_size,
		.num_tracks = n->num_tracks,
		.num_passes = n->num_passes,
		.device_version = n->device_version,
	};
	memcpy(o->name, n->name, sizeof(o->name));
	o->name[sizeof(o->name) - 1] = '\0';
}

AK_EXPORT int akida_board_program(struct akida_board *b, unsigned int i,
				  struct akida_named_program *info,
				  size_t info_size)
{
	struct akida_ioc_program_list c = { .size = sizeof(struct akida_named),
					    .num = i + 1 };
	struct akida_named_program full;
	struct akida_named *list;
	int rc;

	if (i >= AKIDA_MAX_NAMED)
		return -ENOENT;
	list = calloc(i + 1, sizeof(*list));
	if (!list)
		return ak_errf(&b->err, -ENOMEM, "no memory for a list");
	c.programs = (uintptr_t)list;
	rc = ak_board_ioctl(b, AKIDA_IOC_PROGRAM_LIST, &c);
	if (!rc && i >= c.num) {
		rc = -ENOENT;
	} else if (!rc) {
		describe(&list[i], &full);
		rc = ak_copy_out(info, info_size, &full, sizeof(full));
	} else {
		named_error(&b->err, b, rc, "");
	}
	free(list);
	return rc;
}

AK_EXPORT int akida_board_unload(struct akida_board *b, const char *name,
				 uint64_t id)
{
	struct akida_ioc_program_delete c = { .id = id };
	int rc = put_name(c.name, name) ?
			 ak_board_ioctl(b, AKIDA_IOC_PROGRAM_DELETE, &c) :
			 -EINVAL;

	return rc ? named_error(&b->err, b, rc, name) : 0;
}

AK_EXPORT int akida_board_set_access(struct akida_board *b, const char *name,
				     uint32_t mode, uint32_t uid, uint32_t gid)
{
	struct akida_ioc_program_mode c = { .mode = mode,
					    .uid = uid,
					    .gid = gid };
	int rc = put_name(c.name, name) ?
			 ak_board_ioctl(b, AKIDA_IOC_PROGRAM_MODE, &c) :
			 -EINVAL;

	if (rc == -EPERM)
		return ak_errf(
			&b->err, rc,
			"%s: only the owner of program '%s' may say who may use it, and only root whose it is",
			b->node, name);
	return rc ? named_error(&b->err, b, rc, name) : 0;
}
