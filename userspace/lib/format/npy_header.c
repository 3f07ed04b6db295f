// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * .npy headers: a parser for the one kind of Python literal that they are.
 */
#include "format/npy_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/util.h"

/* NumPy's kinds; half floats have no dtype that models know. */
static const struct {
	const char *kind;
	enum akida_dtype dtype;
	enum ak_tensor_type type;
} kinds[] = {
	{ "u1", AKIDA_DTYPE_UINT8, AK_TENSOR_U8 },
	{ "i1", AKIDA_DTYPE_INT8, AK_TENSOR_I8 },
	{ "i2", AKIDA_DTYPE_INT16, AK_TENSOR_I16 },
	{ "u2", AKIDA_DTYPE_UINT16, AK_TENSOR_U16 },
	{ "i4", AKIDA_DTYPE_INT32, AK_TENSOR_I32 },
	{ "u4", AKIDA_DTYPE_UINT32, AK_TENSOR_U32 },
	{ "i8", AKIDA_DTYPE_INT64, AK_TENSOR_I64 },
	{ "u8", AKIDA_DTYPE_UINT64, AK_TENSOR_U64 },
	{ "f2", AK_NPY_NO_DTYPE, AK_TENSOR_F16 },
	{ "f4", AKIDA_DTYPE_FLOAT32, AK_TENSOR_F32 },
	{ "f8", AKIDA_DTYPE_FLOAT64, AK_TENSOR_F64 },
	{ "b1", AKIDA_DTYPE_BOOL, AK_TENSOR_BOOL },
};

/* Longest dtype that an error message quotes. */
#define MAX_DESCR 32

struct parser {
	const char *text;
	size_t size, pos;
	struct ak_npy_records *records;
	struct ak_err *err;
};

static int damaged(const struct parser *p, const char *expected)
{
	return ak_errf(p->err, -EINVAL,
		       "the .npy header is damaged at byte %zu: %s expected",
		       p->pos + NPY_PREFIX, expected);
}

static void skip_space(struct parser *p)
{
	while (p->pos < p->size &&
	       (p->text[p->pos] == ' ' || p->text[p->pos] == '\t' ||
		p->text[p->pos] == '\n' || p->text[p->pos] == '\r'))
		p->pos++;
}

/* Eats @c, after spaces. */
static bool eat(struct parser *p, char c)
{
	skip_space(p);
	if (p->pos >= p->size || p->text[p->pos] != c)
		return false;
	p->pos++;
	return true;
}

static bool eat_word(struct parser *p, const char *word)
{
	size_t n = strlen(word);

	skip_space(p);
	if (p->size - p->pos < n || memcmp(p->text + p->pos, word, n))
		return false;
	p->pos += n;
	return true;
}

/* A string in quotes without escapes, cut to fit @s. */
static int string(struct parser *p, char *s, size_t room)
{
	char quote = eat(p, '\'') ? '\'' : '"';
	size_t begin, n;

	if (quote == '"' && !eat(p, '"'))
		return damaged(p, "a string in quotes");
	begin = p->pos;
	while (p->pos < p->size && p->text[p->pos] != quote &&
	       p->text[p->pos] != '\\')
		p->pos++;
	if (p->pos >= p->size || p->text[p->pos] != quote)
		return damaged(p, "the end of a string");
	n = p->pos++ - begin;
	if (n >= room)
		n = room - 1;
	memcpy(s, p->text + begin, n);
	s[n] = '\0';
	return 0;
}

static int number(struct parser *p, size_t *value)
{
	size_t begin;

	skip_space(p);
	*value = 0;
	for (begin = p->pos; p->pos < p->size; p->pos++) {
		char c = p->text[p->pos];

		if (c < '0' || c > '9')
			break;
		if (__builtin_mul_overflow(*value, (size_t)10, value) ||
		    __builtin_add_overflow(*value, (size_t)(c - '0'), value))
			return damaged(p, "a size of fewer digits");
	}
	if (p->pos == begin)
		return damaged(p, "a number");
	/* Python 2 wrote long integers with a suffix. */
	if (p->pos < p->size && p->text[p->pos] == 'L')
		p->pos++;
	return 0;
}

/* "(3, 4)", "(3,)", "()" */
static int shape(struct parser *p, struct ak_npy *npy)
{
	npy->ndim = 0;
	if (!eat(p, '('))
		return damaged(p, "a shape in parentheses");
	while (!eat(p, ')')) {
		int rc;

		if (npy->ndim == AKIDA_ARRAY_MAX_DIMS)
			return ak_errf(
				p->err, -EINVAL,
				"the array has more than %d dimensions; reshape it",
				AKIDA_ARRAY_MAX_DIMS);
		rc = number(p, &npy->shape[npy->ndim]);
		if (rc)
			return rc;
		npy->ndim++;
		/* To Python "(3)" is a number; only "(3,)" is a shape. */
		if (!eat(p, ',')) {
			if (npy->ndim > 1 && eat(p, ')'))
				break;
			return damaged(p, "a comma or a parenthesis");
		}
	}
	return 0;
}

static int refuse_dtype(struct ak_err *err, const char *descr)
{
	const char *kind = descr + (strchr("<>|=", descr[0]) ? 1 : 0);

	if (kind[0] == 'O')
		return ak_errf(
			err, -ENOTSUP,
			"holds Python objects (dtype '%s'), which only Python can read; save it as an array of numbers",
			descr);
	if (kind[0] == 'U' || kind[0] == 'S' || kind[0] == 'V')
		return ak_errf(
			err, -ENOTSUP,
			"holds text or raw records (dtype '%s'), not numbers",
			descr);
	return ak_errf(
		err, -ENOTSUP,
		"dtype '%s' is not supported; convert it with .astype() to (u)int8 to (u)int64, float32, float64 or bool",
		descr);
}

/* Which of @kinds "<f4" is, ARRAY_SIZE(kinds) for none. */
static size_t find_kind(const char *s, bool *swap)
{
	size_t i, size;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (s[0] && !strcmp(s + 1, kinds[i].kind))
			break;
	if (i == ARRAY_SIZE(kinds) || !strchr("<>|=", s[0]))
		return ARRAY_SIZE(kinds);
	size = ak_tensor_type_size(kinds[i].type);
	/* Bytes have no order; '|' says so, and '=' is the writer's. */
	if (s[0] == '|' && size > 1)
		return ARRAY_SIZE(kinds);
	*swap = size > 1 &&
		((s[0] == '<' && !HOST_LITTLE) || (s[0] == '>' && HOST_LITTLE));
	return i;
}

/* "|V3": bytes that are no field, between those that are. */
static bool raw_bytes(const char *s, size_t *size)
{
	struct ak_err err;
	struct parser p = { .text = s, .size = strlen(s), .err = &err };

	return eat(&p, '|') && eat(&p, 'V') && !number(&p, size) &&
	       p.pos == p.size && *size <= UINT16_MAX;
}

/* "('x', '<u2')" */
static int field(struct parser *p)
{
	struct ak_npy_records *r = p->records;
	struct ak_npy_field *f = &r->field[r->num_fields];
	char name[AK_NPY_MAX_NAME], s[MAX_DESCR];
	size_t i, size;
	bool swap;
	int rc;

	rc = string(p, name, sizeof(name));
	if (rc)
		return rc;
	if (!eat(p, ','))
		return damaged(p, "a comma");
	rc = string(p, s, sizeof(s));
	if (rc)
		return rc;
	if (!eat(p, ')'))
		return ak_errf(
			p->err, -ENOTSUP,
			"a field of its records is an array or has a title; keep plain numbers");
	if (raw_bytes(s, &size)) {
		r->size += size;
		return 0;
	}
	i = find_kind(s, &swap);
	if (i == ARRAY_SIZE(kinds))
		return refuse_dtype(p->err, s);
	if (r->num_fields == AK_NPY_MAX_FIELDS)
		return ak_errf(p->err, -ENOTSUP,
			       "its records have more than %d fields",
			       AK_NPY_MAX_FIELDS);
	memcpy(f->name, name, sizeof(name));
	f->type = kinds[i].type;
	f->swap = swap;
	f->offset = r->size;
	r->size += ak_tensor_type_size(f->type);
	r->num_fields++;
	return 0;
}

/* "[('x', '<u2'), ('y', '<u2')]" */
static int fields(struct parser *p, struct ak_npy *npy)
{
	if (!p->records)
		return ak_errf(
			p->err, -ENOTSUP,
			"is an array of records with named fields; save one field as an array of its own");
	npy->dtype = AK_NPY_NO_DTYPE;
	npy->type = AK_TENSOR_OTHER;
	while (!eat(p, ']')) {
		int rc;

		if (!eat(p, '('))
			return damaged(p, "a field in parentheses");
		rc = field(p);
		if (rc)
			return rc;
		if (!eat(p, ',')) {
			if (eat(p, ']'))
				break;
			return damaged(p, "a comma or a bracket");
		}
	}
	if (!p->records->num_fields)
		return ak_errf(p->err, -ENOTSUP, "its records have no fields");
	return 0;
}

static int descr(struct parser *p, struct ak_npy *npy)
{
	char s[MAX_DESCR];
	size_t i;
	int rc;

	if (eat(p, '['))
		return fields(p, npy);
	rc = string(p, s, sizeof(s));
	if (rc)
		return rc;
	i = find_kind(s, &npy->swap);
	if (i == ARRAY_SIZE(kinds)) {
		if (!npy->lenient)
			return refuse_dtype(p->err, s);
		npy->dtype = AK_NPY_NO_DTYPE;
		npy->type = AK_TENSOR_OTHER;
		return 0;
	}
	npy->dtype = kinds[i].dtype;
	npy->type = kinds[i].type;
	return 0;
}

static int order(struct parser *p, struct ak_npy *npy)
{
	if (eat_word(p, "True"))
		npy->fortran = true;
	else if (eat_word(p, "False"))
		npy->fortran = false;
	else
		return damaged(p, "True or False");
	return 0;
}

static const struct {
	const char *name;
	int (*read)(struct parser *p, struct ak_npy *npy);
} entries[] = {
	{ "descr", descr },
	{ "fortran_order", order },
	{ "shape", shape },
};

/* One "'name': value"; @seen has a bit per entry. */
static int entry(struct parser *p, struct ak_npy *npy, unsigned int *seen)
{
	char name[16];
	size_t i;
	int rc = string(p, name, sizeof(name));

	if (rc)
		return rc;
	for (i = 0; i < ARRAY_SIZE(entries); i++)
		if (!strcmp(name, entries[i].name))
			break;
	if (i == ARRAY_SIZE(entries) || *seen & 1u << i)
		return damaged(p, "descr, fortran_order and shape, once each,");
	*seen |= 1u << i;
	if (!eat(p, ':'))
		return damaged(p, "a colon");
	return entries[i].read(p, npy);
}

int ak_npy_dictionary(const char *text, size_t size, struct ak_npy *npy,
		      struct ak_npy_records *records, struct ak_err *err)
{
	struct parser p = {
		.text = text, .size = size, .records = records, .err = err
	};
	unsigned int seen = 0;

	if (!eat(&p, '{'))
		return damaged(&p, "a dictionary in braces");
	while (!eat(&p, '}')) {
		int rc = entry(&p, npy, &seen);

		if (rc)
			return rc;
		if (!eat(&p, ',')) {
			if (eat(&p, '}'))
				break;
			return damaged(&p, "a comma or a brace");
		}
	}
	skip_space(&p);
	if (p.pos != p.size)
		return damaged(&p, "the end of the header");
	if (seen != (1u << ARRAY_SIZE(entries)) - 1)
		return ak_errf(
			err, -EINVAL,
			"the .npy header lacks descr, fortran_order or shape");
	return 0;
}

int ak_npy_refuse_type(const struct ak_npy *npy, struct ak_err *err)
{
	char descr[4] = { npy->swap == HOST_LITTLE ? '>' : '<' };
	size_t k;

	for (k = 0; kinds[k].type != npy->type; k++)
		;
	memcpy(descr + 1, kinds[k].kind, 3);
	return refuse_dtype(err, descr);
}

size_t ak_npy_print(enum ak_tensor_type type, bool little, unsigned int ndim,
		    const uint64_t *sizes, char *text, size_t room)
{
	char order = little ? '<' : '>';
	char digits[24];
	int n = 0, pad = 0;
	unsigned int i;
	size_t k;

	for (k = 0; k < ARRAY_SIZE(kinds); k++)
		if (kinds[k].type == type)
			break;
	if (k == ARRAY_SIZE(kinds))
		return 0;
	if (ak_tensor_type_size(type) == 1)
		order = '|';
	n = snprintf(text, room,
		     "{'descr': '%c%s', 'fortran_order': False, 'shape': (",
		     order, kinds[k].kind);
	for (i = 0; i < ndim; i++)
		n += snprintf(text + n, room - (size_t)n, "%s%" PRIu64,
			      i ? ", " : "", sizes[i]);
	/* NumPy leaves room for the first size to grow to 21 digits. */
	if (ndim)
		pad = NPY_GROWTH_DIGITS -
		      snprintf(digits, sizeof(digits), "%" PRIu64, sizes[0]);
	n += snprintf(text + n, room - (size_t)n, "%s), }%*s",
		      ndim == 1 ? "," : "", pad, "");
	return (size_t)n;
}

enum ak_tensor_type ak_npy_type(enum akida_dtype dtype)
{
	size_t k;

	for (k = 0; k < ARRAY_SIZE(kinds); k++)
		if (kinds[k].dtype == dtype && dtype != AK_NPY_NO_DTYPE)
			return kinds[k].type;
	return AK_TENSOR_OTHER;
}
