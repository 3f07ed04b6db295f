// SPDX-License-Identifier: LGPL-2.1-or-later
#include "format/bincode.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common/le.h"
#include "common/util.h"

/* What a first byte means; below, it is the number itself. */
#define TAG_U16 251
#define TAG_U32 252
#define TAG_U64 253

size_t ak_bincode_put(uint8_t *to, uint64_t v)
{
	if (v < TAG_U16) {
		to[0] = (uint8_t)v;
		return 1;
	}
	if (v <= UINT16_MAX) {
		to[0] = TAG_U16;
		ak_put_le16(to + 1, (uint16_t)v);
		return 3;
	}
	if (v <= UINT32_MAX) {
		to[0] = TAG_U32;
		ak_put_le32(to + 1, (uint32_t)v);
		return 5;
	}
	to[0] = TAG_U64;
	ak_put_le64(to + 1, v);
	return 9;
}

size_t ak_bincode_put_words(uint8_t *to, const uint32_t *words, size_t n)
{
	uint8_t *p = to;
	size_t i;

	for (i = 0; i < n; i++) {
		/* Nearly all words of weights are large. */
		if (words[i] > UINT16_MAX) {
			p[0] = TAG_U32;
			ak_put_le32(p + 1, words[i]);
			p += 5;
		} else {
			p += ak_bincode_put(p, words[i]);
		}
	}
	return (size_t)(p - to);
}

size_t ak_bincode_get(const uint8_t *p, size_t left, uint64_t *v)
{
	if (!left)
		return 0;
	if (*p < TAG_U16) {
		*v = *p;
		return 1;
	}
	if (*p == TAG_U16 && left >= 3) {
		*v = ak_get_le16(p + 1);
		return 3;
	}
	if (*p == TAG_U32 && left >= 5) {
		*v = ak_get_le32(p + 1);
		return 5;
	}
	if (*p == TAG_U64 && left >= 9) {
		*v = ak_get_le64(p + 1);
		return 9;
	}
	return 0;
}

struct reader {
	const uint8_t *p;
	size_t left;
};

static bool number(struct reader *r, uint64_t *v)
{
	size_t n = ak_bincode_get(r->p, r->left, v);

	r->p += n;
	r->left -= n;
	return n;
}

static bool floats(struct reader *r, const uint8_t **p, uint64_t *count)
{
	if (!number(r, count) || *count > r->left / 4)
		return false;
	*p = r->p;
	r->p += *count * 4;
	r->left -= *count * 4;
	return true;
}

static bool words(struct reader *r, struct ak_record_linear *l)
{
	uint64_t i, v;

	if (!number(r, &l->num_words) || l->num_words > r->left)
		return false;
	l->words = r->p;
	for (i = 0; i < l->num_words; i++)
		if (!number(r, &v) || v > UINT32_MAX)
			return false;
	l->words_size = (size_t)(r->p - l->words);
	return true;
}

static bool linear(struct reader *r, struct ak_record_linear *l)
{
	uint64_t weights;

	if (!words(r, l) || !floats(r, &l->scales, &l->num_scales) ||
	    !number(r, &l->in) || !number(r, &l->out) ||
	    __builtin_mul_overflow(l->in, l->out, &weights))
		return false;
	/* The crate's own golden record has two words for four weights. */
	return l->num_words >= weights / 16 + (weights % 16 != 0) &&
	       l->num_scales == l->out;
}

static bool shaped(struct reader *r, struct ak_record_floats *f)
{
	uint64_t ndim, count = 1;
	unsigned int i;

	if (!floats(r, &f->floats, &f->count) || !number(r, &ndim) ||
	    ndim > ARRAY_SIZE(f->dim))
		return false;
	f->ndim = (unsigned int)ndim;
	for (i = 0; i < f->ndim; i++)
		if (!number(r, &f->dim[i]) ||
		    __builtin_mul_overflow(count, f->dim[i], &count))
			return false;
	return count == f->count;
}

static bool metadata(struct reader *r, struct ak_bincode *b)
{
	return number(r, &b->layers) && number(r, &b->vocab_size) &&
	       number(r, &b->hidden_size) && number(r, &b->timestamp);
}

static bool block(struct reader *r, struct ak_bincode *b)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(b->linear); i++)
		if (!linear(r, &b->linear[i]))
			return false;
	return shaped(r, &b->floats[0]) && shaped(r, &b->floats[1]);
}

int ak_bincode_parse(const void *data, size_t size, struct ak_bincode *out,
		     struct ak_err *err)
{
	static const enum ak_record tries[] = {
		AK_RECORD_METADATA,
		AK_RECORD_FLOATS,
		AK_RECORD_LINEAR,
		AK_RECORD_BLOCK,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		struct reader r = { data, size };
		bool fits = false;

		memset(out, 0, sizeof(*out));
		out->record = tries[i];
		switch (tries[i]) {
		case AK_RECORD_METADATA:
			fits = metadata(&r, out);
			break;
		case AK_RECORD_FLOATS:
			fits = shaped(&r, &out->floats[0]);
			break;
		case AK_RECORD_LINEAR:
			fits = linear(&r, &out->linear[0]);
			break;
		case AK_RECORD_BLOCK:
			fits = block(&r, out);
			break;
		}
		if (fits && !r.left)
			return 0;
	}
	return ak_errf(err, -EBADMSG, "this is no record of bitnet.rs");
}

size_t ak_record_words(const struct ak_record_linear *l, size_t *at, size_t n,
		       uint32_t *out)
{
	size_t i;

	for (i = 0; i < n && *at < l->words_size; i++) {
		uint64_t v;
		size_t bytes =
			ak_bincode_get(l->words + *at, l->words_size - *at, &v);

		if (!bytes)
			break;
		out[i] = (uint32_t)v;
		*at += bytes;
	}
	return i;
}
