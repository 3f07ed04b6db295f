// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Copies by DMA, and waiting for them.
 */
#include <errno.h>

#include <akida.h>

#include "common/export.h"
#include "device/board.h"

static const char *side(const struct akida_buffer *buf)
{
	return buf->memory == AKIDA_MEMORY_DEVICE ? "device" : "host";
}

/*
 * A sentence for what a copy ended with; the driver checks everything, the
 * library only says what it found.
 */
static int copy_failed(struct akida_board *b, int code,
		       const struct akida_copy *c, uint64_t done)
{
	unsigned long long size = c->size;

	switch (-code) {
	case EINVAL:
		return ak_errf(
			&b->err, code,
			"%s: a copy of %llu bytes from byte %llu of %llu to byte %llu of %llu is not possible: it must lie inside both buffers, with offsets and size multiples of %u",
			b->node, size, (unsigned long long)c->src_offset,
			(unsigned long long)c->src->size,
			(unsigned long long)c->dst_offset,
			(unsigned long long)c->dst->size, b->align);
	case EOPNOTSUPP:
		return ak_errf(
			&b->err, code,
			"%s: both buffers are %s memory; copies go from one side to the other",
			b->node, side(c->src));
	case EACCES:
		return ak_errf(
			&b->err, code,
			"%s: the buffer to be written was made as read-only",
			b->node);
	case EAGAIN:
		return ak_errf(
			&b->err, code,
			"%s: %u copies are under way; wait for one of them",
			b->node, AKIDA_MAX_ASYNC);
	case EIO:
		return ak_errf(
			&b->err, code,
			"%s: the board aborted a copy from %s memory after %llu of %llu bytes, or was reset; the kernel log says more, and 'akida doctor' looks for a bad link",
			b->node, side(c->src), (unsigned long long)done, size);
	case ETIMEDOUT:
		return ak_errf(
			&b->err, code,
			"%s: a copy from %s memory stopped moving after %llu of %llu bytes, and the driver has stopped its channel; the kernel log says more, and 'akida doctor' looks for a bad link",
			b->node, side(c->src), (unsigned long long)done, size);
	}
	return ak_board_fail(b, code, "a copy of %llu bytes", size);
}

static int start(struct akida_board *b, const struct akida_copy *c,
		 struct akida_ioc_copy *ask)
{
	int rc;

	if (c->src->board != b || c->dst->board != b)
		return ak_errf(&b->err, -EINVAL,
			       "a buffer belongs to another open board");
	ask->src = c->src->handle;
	ask->dst = c->dst->handle;
	ask->src_offset = c->src_offset;
	ask->dst_offset = c->dst_offset;
	ask->size = c->size;
	rc = ak_board_ioctl(b, AKIDA_IOC_COPY, ask);
	return rc ? copy_failed(b, rc, c, ask->done) : 0;
}

AK_EXPORT int akida_board_copy(struct akida_board *b,
			       const struct akida_copy *copy, uint64_t *done)
{
	struct akida_ioc_copy ask = { 0 };
	int rc = start(b, copy, &ask);

	if (done)
		*done = ask.done;
	return rc;
}

AK_EXPORT int akida_board_copy_async(struct akida_board *b,
				     const struct akida_copy *copy,
				     uint64_t *seq)
{
	struct akida_ioc_copy ask = { .flags = AKIDA_COPY_ASYNC };
	int rc = start(b, copy, &ask);

	*seq = ask.seq;
	return rc;
}

/* Of a copy whose buffers are not known any more. */
static int ended_badly(struct akida_board *b, int code, uint64_t seq,
		       uint64_t done)
{
	unsigned long long number = seq, bytes = done;

	switch (-code) {
	case EIO:
		return ak_errf(
			&b->err, code,
			"%s: the board aborted copy %llu after %llu bytes, or was reset; the kernel log says more, and 'akida doctor' looks for a bad link",
			b->node, number, bytes);
	case ETIMEDOUT:
		return ak_errf(
			&b->err, code,
			"%s: copy %llu stopped moving after %llu bytes, and the driver has stopped its channel; the kernel log says more, and 'akida doctor' looks for a bad link",
			b->node, number, bytes);
	}
	return ak_board_fail(b, code, "copy %llu", number);
}

AK_EXPORT int akida_board_wait(struct akida_board *b, uint64_t seq,
			       uint64_t deadline, uint64_t *done)
{
	struct akida_ioc_wait ask = { .seq = seq, .deadline = deadline };
	unsigned long long number = seq;
	int rc;

	if (done)
		*done = 0;
	/* For the driver, 0 asks about no copy at all. */
	if (!seq)
		return ak_errf(&b->err, -EINVAL,
			       "copies are counted from 1, not 0");
	rc = ak_board_ioctl(b, AKIDA_IOC_WAIT, &ask);
	switch (-rc) {
	case 0:
		break;
	case ETIME:
		return ak_errf(&b->err, rc, "%s: copy %llu has not ended yet",
			       b->node, number);
	case EINVAL:
		return ak_errf(&b->err, rc, "%s: there was no copy %llu",
			       b->node, number);
	case ESTALE:
		return ak_errf(
			&b->err, rc,
			"%s: what became of copy %llu is forgotten: more than %u have ended since",
			b->node, number, AKIDA_MAX_RESULTS);
	default:
		return ak_board_fail(b, rc, "waiting for copy %llu", number);
	}
	if (done)
		*done = ask.done;
	return ask.status ? ended_badly(b, ask.status, seq, ask.done) : 0;
}

AK_EXPORT int akida_board_completed(struct akida_board *b, uint64_t *seq)
{
	struct akida_ioc_wait ask = { .flags = AKIDA_WAIT_POLL };
	int rc = ak_board_ioctl(b, AKIDA_IOC_WAIT, &ask);

	*seq = ask.completed;
	return rc ? ak_board_fail(b, rc, "its copies cannot be counted") : 0;
}

AK_EXPORT int akida_board_set_eventfd(struct akida_board *b, int fd)
{
	struct akida_ioc_eventfd ask = { .fd = fd };
	int rc = ak_board_ioctl(b, AKIDA_IOC_EVENTFD, &ask);

	/* Which file is bad: the board's or the eventfd? */
	if (rc == -EINVAL || (rc == -EBADF && b->fd >= 0))
		return ak_errf(&b->err, rc,
			       "%s: file descriptor %d is no eventfd", b->node,
			       fd);
	return rc ? ak_board_fail(b, rc, "its events cannot be had") : 0;
}
