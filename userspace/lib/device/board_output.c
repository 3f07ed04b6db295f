// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Outputs of boards: maps as they are, events put where they belong.
 */
#include <errno.h>
#include <string.h>

#include "common/le.h"
#include "device/board_program.h"

/* Events of two words, as engines have them (facts: official). */
static int cnp_event(const struct board_program *bp, const uint8_t *from,
		     bool potential, size_t *at, int32_t *value)
{
	const struct akida_shape *s = &bp->out_shape;
	uint32_t w1 = ak_get_le32(from), w2 = ak_get_le32(from + 4);
	uint32_t x = w1 & 0xfff, y = w1 >> 16 & 0xfff, f = w2 & 0x7ff;

	if (x >= s->width || y >= s->height || f >= s->channels)
		return -EPROTO;
	*at = ((size_t)y * s->width + x) * s->channels + f;
	/* 24 bits, the upper four in the first word. */
	*value = potential ? (int32_t)((w1 >> 28 << 20 | w2 >> 12) << 8) >> 8 :
			     (int32_t)(w2 >> 16 & 0xff);
	return 0;
}

static int fnp_event(const struct board_program *bp, const uint8_t *from,
		     size_t *at, int32_t *value)
{
	uint32_t w2 = ak_get_le32(from + 4);

	*at = ak_get_le32(from) & 0x3ffff;
	*value = (int32_t)(w2 << 6) >> 6;
	return *at < ak_shape_elements(&bp->out_shape) ? 0 : -EPROTO;
}

static int decode_events(const struct board_program *bp, uint32_t format,
			 const uint8_t *from, uint32_t words, uint8_t *out)
{
	bool fnp = format == AK_OUT_SPARSE_FNP_POT ||
		   format == AK_OUT_SPARSE_FNP_ACT;
	size_t at = 0;
	int32_t value;
	int rc;

	if (words % 2)
		return -EPROTO;
	memset(out, 0, bp->out_bytes);
	for (; words; words -= 2, from += 8) {
		rc = fnp ? fnp_event(bp, from, &at, &value) :
			   cnp_event(bp, from, !bp->activation, &at, &value);
		if (rc)
			return rc;
		if (bp->activation)
			out[at] = (uint8_t)value;
		else
			memcpy(out + at * 4, &value, sizeof(value));
	}
	return 0;
}

int ak_board_decode(struct akida_program *p, const struct board_program *bp,
		    const uint8_t *from, uint8_t *out)
{
	uint32_t head = ak_get_le32(from), words = head & 0xfffffff;
	uint32_t format = head >> 28, room, i;
	int rc = -EPROTO;

	room = (uint32_t)((bp->out_step - AK_OUT_HEADER_BYTES) / 4);
	from += AK_OUT_HEADER_BYTES;
	switch (format) {
	case AK_OUT_DENSE_CNP_POT:
	case AK_OUT_DENSE_FNP_POT:
		if (bp->activation || (size_t)words * 4 != bp->out_bytes)
			break;
		for (i = 0; i < words; i++) {
			int32_t v = (int32_t)ak_get_le32(from + (size_t)i * 4);

			memcpy(out + (size_t)i * 4, &v, sizeof(v));
		}
		return 0;
	case AK_OUT_DENSE_FNP_ACT:
	case AK_OUT_DENSE_CNP_ACT:
		if (!bp->activation || words != (bp->out_bytes + 3) / 4)
			break;
		memcpy(out, from, bp->out_bytes);
		return 0;
	case AK_OUT_SPARSE_FNP_POT:
	case AK_OUT_SPARSE_CNP_POT:
	case AK_OUT_SPARSE_FNP_ACT:
	case AK_OUT_SPARSE_CNP_ACT:
		if (words <= room)
			rc = decode_events(bp, format, from, words, out);
		break;
	}
	if (!rc)
		return 0;
	return ak_errf(
		&p->err, rc,
		"%s: an output of %u words in format %u is not one that this program gives",
		bp->board->node, words, format);
}
