// SPDX-License-Identifier: LGPL-2.1-or-later
#include "format/safetensors.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/le.h"
#include "common/util.h"
#include "format/json_scan.h"
#include "format/safetensors_format.h"

/* Types by their names, and their size in bits. */
static const struct {
	const char *name;
	enum ak_tensor_type type;
	unsigned int bits;
} dtypes[] = {
	{ "F64", AK_TENSOR_F64, 64 },
	{ "F32", AK_TENSOR_F32, 32 },
	{ "F16", AK_TENSOR_F16, 16 },
	{ "BF16", AK_TENSOR_BF16, 16 },
	{ "I64", AK_TENSOR_I64, 64 },
	{ "I32", AK_TENSOR_I32, 32 },
	{ "I16", AK_TENSOR_I16, 16 },
	{ "I8", AK_TENSOR_I8, 8 },
	{ "U64", AK_TENSOR_U64, 64 },
	{ "U32", AK_TENSOR_U32, 32 },
	{ "U16", AK_TENSOR_U16, 16 },
	{ "U8", AK_TENSOR_U8, 8 },
	{ "BOOL", AK_TENSOR_BOOL, 8 },
	{ "F8_E4M3", AK_TENSOR_OTHER, 8 },
	{ "F8_E5M2", AK_TENSOR_OTHER, 8 },
	{ "F8_E8M0", AK_TENSOR_OTHER, 8 },
	{ "F8_E4M3FNUZ", AK_TENSOR_OTHER, 8 },
	{ "F8_E5M2FNUZ", AK_TENSOR_OTHER, 8 },
	{ "F6_E2M3", AK_TENSOR_OTHER, 6 },
	{ "F6_E3M2", AK_TENSOR_OTHER, 6 },
	{ "F4", AK_TENSOR_OTHER, 4 },
	{ "C64", AK_TENSOR_OTHER, 64 },
};

/*
 * A tensor while the header is read. Texts move while they grow, so here are
 * their places: @name and @nntr count from the begin of the text.
 */
struct raw {
	size_t name, nntr;
	bool has_nntr;
	uint64_t begin, end;
	struct ak_st_tensor t;
};

struct parser {
	struct ak_json_scan s;
	struct ak_safetensors *st;
	struct raw *raw;
	size_t room;
	size_t *meta; /* places of keys; values follow them */
	size_t num_meta, meta_room;
};

bool ak_is_safetensors(const void *data, size_t size)
{
	const uint8_t *p = data;

	return size > ST_PREFIX && ak_get_le64(p) <= ST_MAX_HEADER &&
	       p[ST_PREFIX] == '{';
}

static const char *text_at(const struct parser *p, size_t place)
{
	return (const char *)p->st->text.data + place;
}

/* Appends a string to the texts. */
static int take_text(struct parser *p, size_t *place)
{
	int rc;

	*place = p->st->text.size;
	rc = ak_json_string(&p->s, &p->st->text);
	if (!rc && p->st->text.failed)
		return ak_errf(p->s.err, -ENOMEM, "no memory for the header");
	return rc;
}

/* The same for a string that is looked at and forgotten. */
static int take_word(struct parser *p, char *word, size_t room)
{
	size_t place;
	int rc = take_text(p, &place);

	if (rc)
		return rc;
	strncpy(word, text_at(p, place), room - 1);
	word[room - 1] = '\0';
	p->st->text.size = place;
	return 0;
}

static int read_numbers(struct parser *p, uint64_t *value, unsigned int room,
			unsigned int *count)
{
	bool first = true, more;
	int rc;

	*count = 0;
	if (!ak_json_eat(&p->s, '['))
		return ak_json_damaged(&p->s, "a list of numbers");
	for (;;) {
		rc = ak_json_more(&p->s, ']', &first, &more);
		if (rc || !more)
			return rc;
		if (*count == room)
			return ak_errf(
				p->s.err, -ENOTSUP,
				"the safetensors header has a tensor of more than %u dimensions at byte %zu; reshape it",
				room, p->s.offset + p->s.pos);
		rc = ak_json_u64(&p->s, &value[(*count)++]);
		if (rc)
			return rc;
	}
}

static int read_dtype(struct parser *p, struct raw *raw)
{
	char name[16];
	size_t i;
	int rc = take_word(p, name, sizeof(name));

	if (rc)
		return rc;
	for (i = 0; i < ARRAY_SIZE(dtypes); i++)
		if (!strcmp(dtypes[i].name, name))
			break;
	if (i == ARRAY_SIZE(dtypes))
		return ak_errf(
			p->s.err, -ENOTSUP,
			"tensor '%s': its type '%s' is not one of safetensors",
			text_at(p, raw->name), name);
	raw->t.dtype = dtypes[i].name;
	raw->t.type = dtypes[i].type;
	return 0;
}

static int read_shape(struct parser *p, struct raw *raw)
{
	return read_numbers(p, raw->t.dim, AK_TENSOR_MAX_DIMS, &raw->t.ndim);
}

static int read_offsets(struct parser *p, struct raw *raw)
{
	unsigned int n;
	uint64_t v[2];
	int rc = read_numbers(p, v, 2, &n);

	if (rc == -ENOTSUP || (!rc && n != 2))
		return ak_json_damaged(&p->s, "two offsets");
	raw->begin = rc ? 0 : v[0];
	raw->end = rc ? 0 : v[1];
	return rc;
}

static int read_nntr_dtype(struct parser *p, struct raw *raw)
{
	raw->has_nntr = true;
	return take_text(p, &raw->nntr);
}

static int read_nntr_shape(struct parser *p, struct raw *raw)
{
	return read_numbers(p, raw->t.nntr_dim, AK_TENSOR_MAX_DIMS,
			    &raw->t.nntr_ndim);
}

/* The first three must be there; others are left unread. */
static const struct {
	const char *name;
	int (*read)(struct parser *p, struct raw *raw);
} members[] = {
	{ "dtype", read_dtype },	   { "shape", read_shape },
	{ "data_offsets", read_offsets },  { "nntr_dtype", read_nntr_dtype },
	{ "nntr_shape", read_nntr_shape },
};

#define NEEDED 7u

static int read_member(struct parser *p, struct raw *raw, unsigned int *seen)
{
	char name[16];
	size_t i;
	int rc = take_word(p, name, sizeof(name));

	if (rc)
		return rc;
	if (!ak_json_eat(&p->s, ':'))
		return ak_json_damaged(&p->s, "a colon");
	for (i = 0; i < ARRAY_SIZE(members); i++)
		if (!strcmp(members[i].name, name))
			break;
	if (i == ARRAY_SIZE(members))
		return ak_json_skip(&p->s);
	if (*seen & 1u << i)
		return ak_errf(p->s.err, -EBADMSG,
			       "tensor '%s': the header has its %s twice",
			       text_at(p, raw->name), name);
	*seen |= 1u << i;
	return members[i].read(p, raw);
}

/* Bytes of a tensor from its shape; @raw has all members. */
static int check_size(struct parser *p, struct raw *raw)
{
	const char *name = text_at(p, raw->name);
	struct ak_st_tensor *t = &raw->t;
	uint64_t bits;
	size_t i;

	for (i = 0; dtypes[i].name != t->dtype; i++)
		;
	if (ak_tensor_count(t->ndim, t->dim, &t->count) ||
	    __builtin_mul_overflow(t->count, dtypes[i].bits, &bits))
		return ak_errf(
			p->s.err, -EBADMSG,
			"tensor '%s': its shape is too large for any file",
			name);
	if (bits % 8)
		return ak_errf(
			p->s.err, -EBADMSG,
			"tensor '%s': its elements are no whole number of bytes",
			name);
	if (raw->end < raw->begin || raw->end - raw->begin != bits / 8)
		return ak_errf(p->s.err, -EBADMSG,
			       "tensor '%s': its shape needs %" PRIu64
			       " bytes, its offsets are %" PRIu64
			       " and %" PRIu64,
			       name, bits / 8, raw->begin, raw->end);
	t->size = bits / 8;
	return 0;
}

static int read_tensor(struct parser *p, size_t name)
{
	struct ak_safetensors *st = p->st;
	bool first = true, more;
	unsigned int seen = 0;
	struct raw *raw;
	int rc;

	if (st->count == p->room) {
		p->room = p->room ? p->room * 2 : 64;
		raw = reallocarray(p->raw, p->room, sizeof(*raw));
		if (!raw)
			return ak_errf(p->s.err, -ENOMEM,
				       "no memory for the header");
		p->raw = raw;
	}
	raw = &p->raw[st->count];
	memset(raw, 0, sizeof(*raw));
	raw->name = name;
	if (!ak_json_eat(&p->s, '{'))
		return ak_json_damaged(&p->s, "an object");
	for (;;) {
		rc = ak_json_more(&p->s, '}', &first, &more);
		if (rc)
			return rc;
		if (!more)
			break;
		rc = read_member(p, raw, &seen);
		if (rc)
			return rc;
	}
	if ((seen & NEEDED) != NEEDED)
		return ak_errf(
			p->s.err, -EBADMSG,
			"tensor '%s': the header lacks its dtype, shape or data_offsets",
			text_at(p, name));
	st->count++;
	return check_size(p, raw);
}

static int read_metadata(struct parser *p)
{
	bool first = true, more;
	size_t *meta, value;
	int rc;

	if (!ak_json_eat(&p->s, '{'))
		return ak_json_damaged(&p->s, "an object");
	for (;;) {
		rc = ak_json_more(&p->s, '}', &first, &more);
		if (rc || !more)
			return rc;
		if (p->num_meta == p->meta_room) {
			p->meta_room = p->meta_room ? p->meta_room * 2 : 16;
			meta = reallocarray(p->meta, p->meta_room,
					    sizeof(*meta));
			if (!meta)
				return ak_errf(p->s.err, -ENOMEM,
					       "no memory for the header");
			p->meta = meta;
		}
		rc = take_text(p, &p->meta[p->num_meta]);
		if (!rc && !ak_json_eat(&p->s, ':'))
			rc = ak_json_damaged(&p->s, "a colon");
		if (!rc)
			rc = take_text(p, &value);
		if (rc)
			return rc;
		p->num_meta++;
	}
}

static int read_header(struct parser *p)
{
	bool first = true, more, metadata = false;
	size_t name;
	int rc;

	if (!ak_json_eat(&p->s, '{'))
		return ak_json_damaged(&p->s, "a brace");
	for (;;) {
		rc = ak_json_more(&p->s, '}', &first, &more);
		if (rc)
			return rc;
		if (!more)
			break;
		rc = take_text(p, &name);
		if (!rc && !ak_json_eat(&p->s, ':'))
			rc = ak_json_damaged(&p->s, "a colon");
		if (rc)
			return rc;
		if (strcmp(text_at(p, name), ST_METADATA)) {
			rc = read_tensor(p, name);
		} else if (metadata) {
			rc = ak_errf(p->s.err, -EBADMSG,
				     "the header has " ST_METADATA " twice");
		} else {
			metadata = true;
			rc = read_metadata(p);
		}
		if (rc)
			return rc;
	}
	return ak_json_end(&p->s);
}

static int by_begin(const void *a, const void *b)
{
	const struct raw *x = *(const struct raw *const *)a;
	const struct raw *y = *(const struct raw *const *)b;

	if (x->begin != y->begin)
		return x->begin < y->begin ? -1 : 1;
	return (x->end > y->end) - (x->end < y->end);
}

/* Neither gaps nor overlaps, and nothing behind the last one. */
static int check_places(const struct parser *p, uint64_t size)
{
	const struct raw **order;
	uint64_t at = 0;
	size_t i;
	int rc = 0;

	order = calloc(p->st->count + 1, sizeof(*order));
	if (!order)
		return ak_errf(p->s.err, -ENOMEM, "no memory for the header");
	for (i = 0; i < p->st->count; i++)
		order[i] = &p->raw[i];
	qsort(order, p->st->count, sizeof(*order), by_begin);
	for (i = 0; i < p->st->count && !rc; i++) {
		if (order[i]->begin != at)
			rc = ak_errf(
				p->s.err, -EBADMSG,
				"tensor '%s': its data begin at byte %" PRIu64
				" where %" PRIu64
				" should follow; the header leaves a gap or overlaps",
				text_at(p, order[i]->name), order[i]->begin,
				at);
		at = order[i]->end;
	}
	if (!rc && at != size)
		rc = ak_errf(
			p->s.err, -EBADMSG,
			"its tensors need %" PRIu64
			" bytes behind the header, but %" PRIu64 " are there%s",
			at, size,
			at > size ? "; the file is cut short, fetch it again" :
				    "");
	free(order);
	return rc;
}

static int settle_metadata(struct parser *p)
{
	struct ak_safetensors *st = p->st;
	struct ak_names names = { 0 };
	size_t i;
	int rc = 0;

	for (i = 0; i < p->num_meta && !rc; i++) {
		const char *key = text_at(p, p->meta[i]);

		st->meta[i].key = key;
		st->meta[i].value = key + strlen(key) + 1;
		rc = ak_names_add(&names, key, i);
		if (rc == -EEXIST)
			rc = ak_errf(p->s.err, -EBADMSG,
				     ST_METADATA " has '%s' twice", key);
		else if (rc)
			ak_errf(p->s.err, rc, "no memory for the header");
	}
	ak_names_clear(&names);
	st->num_meta = p->num_meta;
	return rc;
}

/* Texts no longer move: places become pointers. */
static int settle(struct parser *p, uint64_t data)
{
	struct ak_safetensors *st = p->st;
	size_t i;
	int rc;

	st->tensor = calloc(st->count + 1, sizeof(*st->tensor));
	st->meta = calloc(p->num_meta + 1, sizeof(*st->meta));
	if (!st->tensor || !st->meta)
		return ak_errf(p->s.err, -ENOMEM, "no memory for the header");
	for (i = 0; i < st->count; i++) {
		struct ak_st_tensor *t = &st->tensor[i];

		*t = p->raw[i].t;
		t->name = text_at(p, p->raw[i].name);
		t->offset = data + p->raw[i].begin;
		if (p->raw[i].has_nntr)
			t->nntr_dtype = text_at(p, p->raw[i].nntr);
		rc = ak_names_add(&st->names, t->name, i);
		if (rc == -EEXIST)
			return ak_errf(p->s.err, -EBADMSG,
				       "tensor '%s' is in the header twice",
				       t->name);
		if (rc)
			return ak_errf(p->s.err, rc,
				       "no memory for the header");
	}
	return settle_metadata(p);
}

int ak_safetensors_parse(const void *data, size_t size,
			 struct ak_safetensors *st, struct ak_err *err)
{
	const uint8_t *file = data;
	struct parser p = { .st = st };
	uint64_t length;
	int rc;

	memset(st, 0, sizeof(*st));
	if (size < ST_PREFIX)
		return ak_errf(err, -EBADMSG,
			       "%zu bytes are too few for a safetensors file",
			       size);
	length = ak_get_le64(file);
	if (length > ST_MAX_HEADER)
		return ak_errf(err, -EBADMSG,
			       "is no safetensors file: a header of %" PRIu64
			       " bytes is more than the %u that are allowed",
			       length, ST_MAX_HEADER);
	if (length > size - ST_PREFIX)
		return ak_errf(
			err, -EBADMSG,
			"the safetensors file ends in its header; it is cut short, fetch it again");
	p.s.text = file + ST_PREFIX;
	p.s.size = (size_t)length;
	p.s.offset = ST_PREFIX;
	p.s.what = "the safetensors header";
	p.s.err = err;
	if (!length || p.s.text[0] != '{')
		return ak_json_damaged(&p.s, "a brace");
	rc = read_header(&p);
	if (!rc)
		rc = check_places(&p, size - ST_PREFIX - length);
	if (!rc)
		rc = settle(&p, ST_PREFIX + length);
	free(p.raw);
	free(p.meta);
	if (rc)
		ak_safetensors_clear(st);
	return rc;
}

void ak_safetensors_clear(struct ak_safetensors *st)
{
	free(st->tensor);
	free(st->meta);
	ak_names_clear(&st->names);
	ak_buf_clear(&st->text);
	memset(st, 0, sizeof(*st));
}
