// SPDX-License-Identifier: LGPL-2.1-or-later
#include "format/nntr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/le.h"
#include "common/names.h"

#define MAX_NAME 4096u
#define MAX_TEXT 65536u

/* A reader that notes the first error and then gives zeros. */
struct reader {
	const uint8_t *data;
	size_t size, at;
	int code;
	struct ak_err *err;
};

static void bad(struct reader *r, const char *what)
{
	if (!r->code)
		r->code = ak_errf(r->err, -EBADMSG, "at byte %zu: %s", r->at,
				  what);
}

static const uint8_t *take(struct reader *r, size_t n)
{
	const uint8_t *p = r->data + r->at;

	if (r->code)
		return NULL;
	if (n > r->size - r->at) {
		bad(r, "the file ends here");
		return NULL;
	}
	r->at += n;
	return p;
}

static uint32_t u32(struct reader *r)
{
	const uint8_t *p = take(r, 4);

	return p ? ak_get_le32(p) : 0;
}

static unsigned int u8(struct reader *r)
{
	const uint8_t *p = take(r, 1);

	return p ? *p : 0;
}

/* A string of at most @most bytes without NUL inside. */
static char *string(struct reader *r, size_t most)
{
	uint32_t n = u32(r);
	const uint8_t *p;
	char *s;

	if (n > most)
		bad(r, "a string is too long");
	p = take(r, n);
	if (!p)
		return NULL;
	if (memchr(p, 0, n)) {
		bad(r, "a string has a NUL byte");
		return NULL;
	}
	s = strndup((const char *)p, n);
	if (!s)
		r->code = ak_errf(r->err, -ENOMEM, "no memory for a string");
	return s;
}

/* How many there are; each takes at least @least bytes. */
static size_t counted(struct reader *r, size_t least)
{
	uint32_t n = u32(r);

	if (!r->code && n > (r->size - r->at) / least)
		bad(r, "the file is too short for so many");
	return r->code ? 0 : n;
}

static void read_key(struct reader *r, struct ak_nntr_key *k)
{
	uint32_t bits;

	k->name = string(r, MAX_NAME);
	k->type = u8(r);
	switch (k->type) {
	case AK_NNTR_INT:
		k->i = u32(r);
		break;
	case AK_NNTR_FLOAT:
		bits = u32(r);
		memcpy(&k->f, &bits, sizeof(bits));
		break;
	case AK_NNTR_STRING:
		k->text = string(r, MAX_TEXT);
		break;
	default:
		bad(r, "a key has a type that is not known");
	}
}

uint64_t ak_nntr_rows(const struct ak_nntr_tensor *t, uint64_t *cols)
{
	uint64_t rows = 1;
	unsigned int i;

	*cols = t->ndim ? t->dim[t->ndim - 1] : 1;
	for (i = 0; i + 1 < t->ndim; i++)
		rows *= t->dim[i];
	return rows;
}

/*
 * Rows of blocks are padded to whole blocks; the script drops what does not
 * fill a block of Q6_K.
 */
static bool fits(const struct ak_nntr *n, const struct ak_nntr_tensor *t)
{
	uint64_t cols, rows = ak_nntr_rows(t, &cols), row;

	switch (t->type) {
	case AK_NNTR_F32:
		row = cols * 4;
		break;
	case AK_NNTR_REPACKED:
	case AK_NNTR_Q4_0:
		row = (cols + 31) / 32 * 18;
		break;
	case AK_NNTR_Q8_0:
		row = (cols + 31) / 32 * 34;
		break;
	case AK_NNTR_Q6_K:
		row = (n->ggml ? (cols + 255) / 256 : cols / 256) * 210;
		break;
	default:
		return true;
	}
	return !rows || row == t->size / rows * (t->size % rows == 0);
}

static void read_tensor(struct reader *r, const struct ak_nntr *n,
			struct ak_nntr_tensor *t)
{
	uint64_t count;
	unsigned int i;

	t->name = string(r, MAX_NAME);
	t->ndim = u32(r);
	if (t->ndim > AK_TENSOR_MAX_DIMS)
		bad(r, "a tensor has too many dimensions");
	for (i = 0; !r->code && i < t->ndim; i++)
		t->dim[i] = u32(r);
	t->type = u8(r);
	t->size = u32(r);
	t->data = take(r, t->size);
	if (r->code)
		return;
	if (ak_tensor_count(t->ndim, t->dim, &count) || count > INT64_MAX / 256)
		bad(r, "a tensor is too large");
	else if (!fits(n, t))
		bad(r, "the size of a tensor does not fit its shape and type");
}

static int add_name(struct reader *r, struct ak_names *names, const char *name,
		    size_t i)
{
	int rc = r->code ? 0 : ak_names_add(names, name, i);

	if (rc == -EEXIST)
		bad(r, "a name is there twice");
	else if (rc)
		r->code = ak_errf(r->err, rc, "no memory for names");
	return r->code;
}

static void read_all(struct reader *r, struct ak_nntr *n)
{
	struct ak_names names = { 0 };
	const struct ak_nntr_key *k;
	size_t count, i;

	if (u32(r) != AK_NNTR_MAGIC)
		bad(r, "this is no NNTR file");
	if (u32(r) != AK_NNTR_VERSION)
		bad(r, "this is no NNTR file of version 1");
	count = counted(r, 9);
	n->key = calloc(count + 1, sizeof(*n->key));
	for (i = 0; n->key && !r->code && i < count; i++) {
		n->keys++;
		read_key(r, &n->key[i]);
		add_name(r, &names, n->key[i].name, i);
	}
	ak_names_clear(&names);
	if (r->code)
		return;
	k = n->key ? ak_nntr_key(n, AK_NNTR_BLOCKS) : NULL;
	n->ggml = k && k->type == AK_NNTR_STRING &&
		  !strcmp(k->text, AK_NNTR_BLOCKS_GGML);
	count = counted(r, 13);
	n->tensor = calloc(count + 1, sizeof(*n->tensor));
	if (!n->key || !n->tensor) {
		r->code = ak_errf(r->err, -ENOMEM, "no memory for the header");
		return;
	}
	for (i = 0; !r->code && i < count; i++) {
		n->tensors++;
		read_tensor(r, n, &n->tensor[i]);
		add_name(r, &names, n->tensor[i].name, i);
	}
	ak_names_clear(&names);
	if (!r->code && r->at != r->size)
		bad(r, "something follows the last tensor");
}

int ak_nntr_parse(const void *data, size_t size, struct ak_nntr *out,
		  struct ak_err *err)
{
	struct reader r = { .data = data, .size = size, .err = err };

	memset(out, 0, sizeof(*out));
	read_all(&r, out);
	if (r.code)
		ak_nntr_clear(out);
	return r.code;
}

void ak_nntr_clear(struct ak_nntr *n)
{
	size_t i;

	for (i = 0; i < n->keys; i++) {
		free(n->key[i].name);
		free(n->key[i].text);
	}
	for (i = 0; i < n->tensors; i++)
		free(n->tensor[i].name);
	free(n->key);
	free(n->tensor);
	memset(n, 0, sizeof(*n));
}

const struct ak_nntr_key *ak_nntr_key(const struct ak_nntr *n, const char *name)
{
	size_t i;

	for (i = 0; i < n->keys; i++)
		if (!strcmp(n->key[i].name, name))
			return &n->key[i];
	return NULL;
}

const struct ak_nntr_tensor *ak_nntr_tensor(const struct ak_nntr *n,
					    const char *name)
{
	size_t i;

	for (i = 0; i < n->tensors; i++)
		if (!strcmp(n->tensor[i].name, name))
			return &n->tensor[i];
	return NULL;
}

const char *ak_nntr_type_name(unsigned int type)
{
	switch (type) {
	case AK_NNTR_REPACKED:
		return "Q4_0 repacked";
	case AK_NNTR_Q4_0:
		return "Q4_0";
	case AK_NNTR_Q6_K:
		return "Q6_K";
	case AK_NNTR_F32:
		return "F32";
	case AK_NNTR_Q8_0:
		return "Q8_0";
	}
	return "?";
}
