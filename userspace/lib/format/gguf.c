// SPDX-License-Identifier: LGPL-2.1-or-later
#include "format/gguf.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/le.h"

#define OLDEST 2u
#define MIN_KEY 13u /* length of a name, type, a byte */
#define MIN_TENSOR 24u /* length of a name, dimensions, type, offset */
#define MAX_KEY_NAME 65535u
/* Far above every model; a small file cannot ask for much memory by these. */
#define MAX_KEYS 65536u
#define MAX_TENSORS (1u << 20)

struct parser {
	const uint8_t *p;
	size_t size, pos;
	struct ak_gguf *g;
	struct ak_err *err;
};

bool ak_is_gguf(const void *data, size_t size)
{
	return size >= 4 && !memcmp(data, GGUF_MAGIC, 4);
}

static int no_memory(struct ak_err *err)
{
	return ak_errf(err, -ENOMEM, "no memory for the GGUF header");
}

static int cut_short(const struct parser *p, const char *in)
{
	return ak_errf(
		p->err, -EBADMSG,
		"the GGUF file ends in %s at byte %zu; it is cut short or damaged",
		in, p->pos);
}

static int take(struct parser *p, uint64_t n, const uint8_t **data,
		const char *in)
{
	if (p->size - p->pos < n)
		return cut_short(p, in);
	*data = p->p + p->pos;
	p->pos += (size_t)n;
	return 0;
}

static int take_u32(struct parser *p, uint32_t *v, const char *in)
{
	const uint8_t *d = NULL;
	int rc = take(p, 4, &d, in);

	*v = rc ? 0 : ak_get_le32(d);
	return rc;
}

static int take_u64(struct parser *p, uint64_t *v, const char *in)
{
	const uint8_t *d = NULL;
	int rc = take(p, 8, &d, in);

	*v = rc ? 0 : ak_get_le64(d);
	return rc;
}

static int take_name(struct parser *p, char **name, const char *in)
{
	const uint8_t *d = NULL;
	uint64_t n;
	int rc = take_u64(p, &n, in);

	if (!rc && n > MAX_KEY_NAME)
		return ak_errf(p->err, -EBADMSG,
			       "%s at byte %zu has %" PRIu64
			       " bytes, more than the %u that are allowed",
			       in, p->pos, n, MAX_KEY_NAME);
	if (!rc)
		rc = take(p, n, &d, in);
	if (rc)
		return rc;
	*name = strndup((const char *)d, (size_t)n);
	if (!*name)
		return no_memory(p->err);
	if (!n || strlen(*name) != n)
		return ak_errf(p->err, -EBADMSG, "%s at byte %zu is no text",
			       in, p->pos);
	return 0;
}

/* Steps over @count strings. */
static int skip_strings(struct parser *p, uint64_t count, const char *name)
{
	const uint8_t *d;
	uint64_t n;
	int rc = 0;

	while (count-- && !rc) {
		rc = take_u64(p, &n, name);
		if (!rc)
			rc = take(p, n, &d, name);
	}
	return rc;
}

static int read_value(struct parser *p, struct ak_gguf_key *k, uint32_t type)
{
	const uint8_t *d;
	uint64_t bytes;
	int rc = 0;

	k->count = 1;
	k->array = type == AK_GGUF_ARRAY;
	if (k->array) {
		rc = take_u32(p, &type, k->name);
		if (!rc)
			rc = take_u64(p, &k->count, k->name);
		if (rc)
			return rc;
	}
	if (!ak_gguf_type_name(type))
		return ak_errf(p->err, -EBADMSG,
			       "key '%s' has a value of unknown type %u",
			       k->name, type);
	if (type == AK_GGUF_ARRAY)
		return ak_errf(
			p->err, -ENOTSUP,
			"key '%s' is an array of arrays, which is not read",
			k->name);
	k->type = type;
	k->data = p->p + p->pos;
	if (type == AK_GGUF_STRING) {
		rc = skip_strings(p, k->count, k->name);
	} else {
		if (__builtin_mul_overflow(k->count, ak_gguf_type_size(type),
					   &bytes))
			return cut_short(p, k->name);
		rc = take(p, bytes, &d, k->name);
	}
	k->size = (size_t)(p->p + p->pos - k->data);
	return rc;
}

static int read_key(struct parser *p)
{
	struct ak_gguf_key *k = &p->g->key[p->g->num_keys];
	uint32_t type;
	int rc;

	/* Counted at once: what is there is given back after an error. */
	p->g->num_keys++;
	rc = take_name(p, &k->name, "the name of a key");
	if (!rc)
		rc = take_u32(p, &type, k->name);
	if (!rc)
		rc = read_value(p, k, type);
	if (rc)
		return rc;
	rc = ak_names_add(&p->g->key_names, k->name, p->g->num_keys - 1);
	if (rc == -EEXIST)
		return ak_errf(p->err, -EBADMSG, "key '%s' is there twice",
			       k->name);
	return rc ? no_memory(p->err) : 0;
}

/* Bytes of a tensor, rows of whole blocks. */
static int measure(struct parser *p, struct ak_gguf_tensor *t)
{
	uint64_t blocks;

	if (ak_tensor_count(t->ndim, t->dim, &t->count))
		goto too_large;
	if (t->ggml->type != AK_TENSOR_OTHER) {
		int rc = ak_tensor_type_bytes(t->ggml->type, t->ndim, t->dim,
					      &t->count, &t->size);

		if (rc == -EOVERFLOW)
			goto too_large;
		if (rc)
			goto no_blocks;
		return 0;
	}
	if (t->ggml->elements > 1 &&
	    (!t->ndim || t->dim[t->ndim - 1] % t->ggml->elements))
		goto no_blocks;
	blocks = t->count / t->ggml->elements;
	if (__builtin_mul_overflow(blocks, (uint64_t)t->ggml->bytes, &t->size))
		goto too_large;
	return 0;

too_large:
	return ak_errf(p->err, -EBADMSG,
		       "tensor '%s': its shape is too large for any file",
		       t->name);
no_blocks:
	return ak_errf(p->err, -EBADMSG,
		       "tensor '%s': its rows are not whole blocks of %s",
		       t->name, t->ggml->name);
}

static int read_tensor(struct parser *p)
{
	struct ak_gguf_tensor *t = &p->g->tensor[p->g->count];
	uint32_t ndim, type = 0, i;
	int rc;

	/* The format allows 64 bytes and ggml 63; others are not so strict. */
	p->g->count++;
	rc = take_name(p, &t->name, "the name of a tensor");
	if (!rc)
		rc = take_u32(p, &ndim, t->name);
	if (rc)
		return rc;
	if (ndim > AK_TENSOR_MAX_DIMS)
		return ak_errf(
			p->err, -ENOTSUP,
			"tensor '%s' has %u dimensions; at most %u are read",
			t->name, ndim, AK_TENSOR_MAX_DIMS);
	t->ndim = ndim;
	for (i = ndim; i-- > 0 && !rc;)
		rc = take_u64(p, &t->dim[i], t->name);
	if (!rc)
		rc = take_u32(p, &type, t->name);
	if (!rc)
		rc = take_u64(p, &t->offset, t->name);
	if (rc)
		return rc;
	t->ggml = ak_ggml_by_id(type);
	if (!t->ggml)
		return ak_errf(
			p->err, -ENOTSUP,
			"tensor '%s' is of ggml type %u, which is not known or was removed from ggml (31 to 33 are repacked Q4_0)",
			t->name, type);
	rc = measure(p, t);
	if (rc)
		return rc;
	rc = ak_names_add(&p->g->names, t->name, p->g->count - 1);
	if (rc == -EEXIST)
		return ak_errf(p->err, -EBADMSG, "tensor '%s' is there twice",
			       t->name);
	return rc ? no_memory(p->err) : 0;
}

static int by_offset(const void *a, const void *b)
{
	const struct ak_gguf_tensor *x =
		*(const struct ak_gguf_tensor *const *)a;
	const struct ak_gguf_tensor *y =
		*(const struct ak_gguf_tensor *const *)b;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return (x->size > y->size) - (x->size < y->size);
}

/* Offsets in the data become offsets in the file. */
static int check_places(struct parser *p)
{
	uint64_t mask = p->g->alignment - 1, begin, end = 0;
	struct ak_gguf_tensor **order;
	size_t i;
	int rc = 0;

	/* The data may be missing where no tensor has any. */
	begin = (p->pos + mask) & ~mask;
	order = calloc(p->g->count + 1, sizeof(*order));
	if (!order)
		return no_memory(p->err);
	for (i = 0; i < p->g->count; i++)
		order[i] = &p->g->tensor[i];
	qsort(order, p->g->count, sizeof(*order), by_offset);
	for (i = 0; i < p->g->count && !rc; i++) {
		struct ak_gguf_tensor *t = order[i];

		if (t->offset & mask)
			rc = ak_errf(
				p->err, -EBADMSG,
				"tensor '%s': its data are not aligned to %u bytes",
				t->name, p->g->alignment);
		else if (t->offset < end)
			rc = ak_errf(p->err, -EBADMSG,
				     "tensor '%s' overlaps another tensor",
				     t->name);
		else if (__builtin_add_overflow(t->offset, t->size, &end) ||
			 (t->size &&
			  (begin > p->size || end > p->size - begin)))
			rc = ak_errf(
				p->err, -EBADMSG,
				"tensor '%s' reaches beyond the end of the file; it is cut short, fetch it again",
				t->name);
		t->offset += begin;
	}
	free(order);
	return rc;
}

static int read_alignment(struct parser *p)
{
	const struct ak_gguf_key *k = ak_gguf_find(p->g, GGUF_ALIGNMENT_KEY);
	int64_t v = GGUF_ALIGNMENT;

	if (k && (k->array || ak_gguf_integer(k, 0, &v) || v < 1 ||
		  v > (1 << 30) || v & (v - 1)))
		return ak_errf(p->err, -EBADMSG,
			       GGUF_ALIGNMENT_KEY " is no power of two");
	p->g->alignment = (uint32_t)v;
	return 0;
}

static int read_counts(struct parser *p, uint64_t *tensors, uint64_t *keys)
{
	struct ak_gguf *g = p->g;
	uint64_t room = p->size - GGUF_HEADER;

	g->version = ak_get_le32(p->p + 4);
	if (!(g->version & 0xffff))
		return ak_errf(
			p->err, -ENOTSUP,
			"is a GGUF file for big-endian machines; convert it with gguf-py's gguf_convert_endian.py");
	if (g->version < OLDEST || g->version > GGUF_VERSION)
		return ak_errf(
			p->err, -ENOTSUP,
			"is a GGUF file of version %u; %u and %u are read",
			g->version, OLDEST, GGUF_VERSION);
	*tensors = ak_get_le64(p->p + 8);
	*keys = ak_get_le64(p->p + 16);
	p->pos = GGUF_HEADER;
	if (*tensors > room / MIN_TENSOR || *keys > room / MIN_KEY)
		return cut_short(p, "its header");
	if (*tensors > MAX_TENSORS || *keys > MAX_KEYS)
		return ak_errf(p->err, -ENOTSUP,
			       "has %" PRIu64 " tensors and %" PRIu64
			       " keys; at most %u and %u are read",
			       *tensors, *keys, MAX_TENSORS, MAX_KEYS);
	g->key = calloc(*keys + 1, sizeof(*g->key));
	g->tensor = calloc(*tensors + 1, sizeof(*g->tensor));
	return g->key && g->tensor ? 0 : no_memory(p->err);
}

int ak_gguf_parse(const void *data, size_t size, struct ak_gguf *g,
		  struct ak_err *err)
{
	struct parser p = { .p = data, .size = size, .g = g, .err = err };
	uint64_t tensors = 0, keys = 0;
	int rc;

	memset(g, 0, sizeof(*g));
	if (!ak_is_gguf(data, size))
		return ak_errf(err, -EBADMSG, "is no GGUF file");
	if (size < GGUF_HEADER)
		return cut_short(&p, "its header");
	rc = read_counts(&p, &tensors, &keys);
	for (; keys && !rc; keys--)
		rc = read_key(&p);
	if (!rc)
		rc = read_alignment(&p);
	for (; tensors && !rc; tensors--)
		rc = read_tensor(&p);
	if (!rc)
		rc = check_places(&p);
	if (rc)
		ak_gguf_clear(g);
	return rc;
}

void ak_gguf_clear(struct ak_gguf *g)
{
	size_t i;

	for (i = 0; i < g->num_keys; i++)
		free(g->key[i].name);
	for (i = 0; i < g->count; i++)
		free(g->tensor[i].name);
	free(g->key);
	free(g->tensor);
	ak_names_clear(&g->key_names);
	ak_names_clear(&g->names);
	memset(g, 0, sizeof(*g));
}

const struct ak_gguf_key *ak_gguf_find(const struct ak_gguf *g,
				       const char *name)
{
	size_t i = ak_names_find(&g->key_names, name);

	return i == SIZE_MAX ? NULL : &g->key[i];
}

/* The element's bytes as a number of 64 bits. */
static int get_bits(const struct ak_gguf_key *k, uint64_t i, uint64_t *bits)
{
	size_t size = ak_gguf_type_size(k->type);
	const uint8_t *p;

	if (!size)
		return -EINVAL;
	if (i >= k->count)
		return -ERANGE;
	p = k->data + i * size;
	switch (size) {
	case 1:
		*bits = *p;
		break;
	case 2:
		*bits = ak_get_le16(p);
		break;
	case 4:
		*bits = ak_get_le32(p);
		break;
	default:
		*bits = ak_get_le64(p);
	}
	return 0;
}

int ak_gguf_integer(const struct ak_gguf_key *k, uint64_t i, int64_t *value)
{
	uint64_t bits = 0;
	int rc = get_bits(k, i, &bits);

	if (rc)
		return rc;
	switch (k->type) {
	case AK_GGUF_I8:
		*value = (int8_t)bits;
		return 0;
	case AK_GGUF_I16:
		*value = (int16_t)bits;
		return 0;
	case AK_GGUF_I32:
		*value = (int32_t)bits;
		return 0;
	case AK_GGUF_F32:
	case AK_GGUF_F64:
		return -EINVAL;
	case AK_GGUF_BOOL:
		*value = bits != 0;
		return 0;
	case AK_GGUF_U64:
		if (bits > INT64_MAX)
			return -ERANGE;
		break;
	default:
		break;
	}
	*value = (int64_t)bits;
	return 0;
}

int ak_gguf_float(const struct ak_gguf_key *k, uint64_t i, double *value)
{
	uint64_t bits = 0;
	uint32_t low;
	int64_t whole;
	float f;
	int rc = get_bits(k, i, &bits);

	if (rc)
		return rc;
	switch (k->type) {
	case AK_GGUF_F32:
		low = (uint32_t)bits;
		memcpy(&f, &low, sizeof(f));
		*value = (double)f;
		return 0;
	case AK_GGUF_F64:
		memcpy(value, &bits, sizeof(*value));
		return 0;
	case AK_GGUF_U64:
		*value = (double)bits;
		return 0;
	default:
		rc = ak_gguf_integer(k, i, &whole);
		*value = rc ? 0 : (double)whole;
		return rc;
	}
}

int ak_gguf_string(const struct ak_gguf_key *k, size_t *pos, const char **text,
		   size_t *length)
{
	uint64_t n;

	if (k->type != AK_GGUF_STRING)
		return -EINVAL;
	if (k->size - *pos < 8)
		return -ERANGE;
	n = ak_get_le64(k->data + *pos);
	if (n > k->size - *pos - 8)
		return -ERANGE;
	*text = (const char *)k->data + *pos + 8;
	*length = (size_t)n;
	*pos += 8 + (size_t)n;
	return 0;
}
