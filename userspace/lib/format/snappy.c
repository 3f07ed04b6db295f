// SPDX-License-Identifier: LGPL-2.1-or-later
#include "format/snappy.h"

#include <errno.h>
#include <snappy-c.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum snappy_tag {
	TAG_LITERAL = 0,
	TAG_COPY_1 = 1, /* 4..11 bytes, 11-bit offset */
	TAG_COPY_2 = 2, /* 1..64 bytes, 16-bit offset */
	TAG_COPY_4 = 3, /* 1..64 bytes, 32-bit offset */
};

/* Literal lengths from here on are in the 1 to 4 bytes behind the tag. */
#define LONG_LITERAL 60

struct stream {
	const uint8_t *src;
	size_t size, pos;
	struct ak_err *err;
};

static int ends_early(const struct stream *s, size_t at)
{
	return ak_errf(
		s->err, -EINVAL,
		"the Snappy block ends in the middle (element at byte %zu, %zu bytes in all); the file is cut short",
		at, s->size);
}

static int read_length(struct stream *s, uint32_t *length)
{
	uint64_t n = 0;
	unsigned int shift;

	for (shift = 0; shift < 35; shift += 7) {
		uint8_t c;

		if (s->pos >= s->size)
			return ends_early(s, 0);
		c = s->src[s->pos++];
		n |= (uint64_t)(c & 0x7f) << shift;
		if (c & 0x80)
			continue;
		if (n > UINT32_MAX)
			break;
		*length = (uint32_t)n;
		return 0;
	}
	return ak_errf(s->err, -EINVAL,
		       "does not begin with the length of a Snappy block");
}

/* @bytes is 1 to 4. */
static bool read_le(struct stream *s, unsigned int bytes, uint32_t *value)
{
	unsigned int i;

	if (s->size - s->pos < bytes)
		return false;
	*value = 0;
	for (i = 0; i < bytes; i++)
		*value |= (uint32_t)s->src[s->pos++] << (8 * i);
	return true;
}

/*
 * A copy may reach into its own result (offset < length), which repeats the
 * last @offset bytes: each round doubles what can be copied at once.
 */
static void copy_back(uint8_t *to, size_t offset, size_t length)
{
	while (length > offset) {
		memcpy(to, to - offset, offset);
		to += offset;
		length -= offset;
		offset *= 2;
	}
	memcpy(to, to - offset, length);
}

/* One literal or copy; *out bytes of @dst's @room are filled. */
static int element(struct stream *s, uint8_t *dst, size_t room, size_t *out)
{
	size_t at = s->pos, left = room - *out;
	uint64_t length;
	uint32_t offset = 0;
	uint8_t tag;
	bool ok = true;

	if (s->pos >= s->size)
		return ends_early(s, at);
	tag = s->src[s->pos++];
	length = (tag >> 2) + 1u;
	switch (tag & 3) {
	case TAG_LITERAL:
		if (length > LONG_LITERAL) {
			ok = read_le(s, (unsigned int)(length - LONG_LITERAL),
				     &offset);
			length = (uint64_t)offset + 1;
		}
		if (!ok || length > s->size - s->pos)
			return ends_early(s, at);
		break;
	case TAG_COPY_1:
		length = 4 + ((tag >> 2) & 7);
		ok = read_le(s, 1, &offset);
		offset |= (uint32_t)(tag >> 5) << 8;
		break;
	case TAG_COPY_2:
		ok = read_le(s, 2, &offset);
		break;
	case TAG_COPY_4:
		ok = read_le(s, 4, &offset);
		break;
	}
	if (!ok)
		return ends_early(s, at);
	if (length > left)
		return ak_errf(
			s->err, -EINVAL,
			"the Snappy block is damaged: the element at byte %zu goes beyond the declared %zu bytes",
			at, room);
	if ((tag & 3) == TAG_LITERAL) {
		memcpy(dst + *out, s->src + s->pos, length);
		s->pos += length;
	} else if (!offset || offset > *out) {
		return ak_errf(
			s->err, -EINVAL,
			"the Snappy block is damaged: the copy at byte %zu reaches back %u of %zu bytes",
			at, offset, *out);
	} else {
		copy_back(dst + *out, offset, length);
	}
	*out += length;
	return 0;
}

int ak_snappy_unpack(const void *src, size_t size, size_t limit,
		     unsigned int ratio, uint8_t **dst, size_t *dst_size,
		     struct ak_err *err)
{
	struct stream s = { .src = src, .size = size, .err = err };
	size_t allowed, out = 0;
	uint32_t length = 0;
	uint8_t *buf;
	int rc;

	*dst = NULL;
	*dst_size = 0;
	rc = read_length(&s, &length);
	if (rc)
		return rc;
	if (length > limit)
		return ak_errf(
			err, -EFBIG,
			"declares %u bytes of content; more than %zu are not read",
			length, limit);
	if (__builtin_mul_overflow(size, ratio, &allowed))
		allowed = SIZE_MAX;
	if (length > allowed)
		return ak_errf(
			err, -EFBIG,
			"declares %u bytes of content, which a Snappy block of %zu bytes cannot hold",
			length, size);
	buf = malloc(length ? length : 1);
	if (!buf)
		return ak_errf(err, -ENOMEM, "no memory for %u bytes", length);
	while (!rc && out < length)
		rc = element(&s, buf, length, &out);
	if (rc) {
		free(buf);
		return rc;
	}
	*dst = buf;
	*dst_size = length;
	return 0;
}

int ak_snappy_pack(const void *src, size_t size, uint8_t **dst, size_t *used,
		   size_t *capacity, struct ak_err *err)
{
	size_t room, written;
	uint8_t *buf;

	*dst = NULL;
	if (size > UINT32_MAX ||
	    __builtin_add_overflow(size / 6 + 32, size, &room))
		return ak_errf(err, -EFBIG,
			       "%zu bytes do not fit a Snappy block", size);
	buf = calloc(1, room);
	if (!buf)
		return ak_errf(err, -ENOMEM, "no memory for %zu bytes", room);
	written = room;
	if (snappy_compress(src, size, (char *)buf, &written) != SNAPPY_OK) {
		free(buf);
		return ak_errf(err, -ENOMEM, "libsnappy refused %zu bytes",
			       size);
	}
	/* libsnappy may have used the rest as scratch space. */
	memset(buf + written, 0, room - written);
	*dst = buf;
	*used = written;
	*capacity = room;
	return 0;
}
