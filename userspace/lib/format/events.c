// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Files of events: arrays, and text with four numbers in a line.
 */
#include "format/events.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/util.h"
#include "format/npy.h"

/* What a column is, and where it stands unless a file says it. */
enum {
	COLUMN_X,
	COLUMN_Y,
	COLUMN_P,
	COLUMN_T,
	COLUMNS
};

/* Longer than any number that is meant: "%.18e" has 25. */
#define MAX_FIELD 31

/* Whole numbers up to here have a double of their own. */
#define MAX_WHOLE 9007199254740992.0

static const char *const names[COLUMNS][3] = {
	[COLUMN_X] = { "x", "x", "x" },
	[COLUMN_Y] = { "y", "y", "y" },
	[COLUMN_P] = { "p", "polarity", "pol" },
	[COLUMN_T] = { "t", "timestamp", "ts" },
};

/* COLUMNS for another name */
static unsigned int find_column(const char *name, size_t length)
{
	unsigned int c, i;

	for (c = 0; c < COLUMNS; c++)
		for (i = 0; i < ARRAY_SIZE(names[c]); i++)
			if (strlen(names[c][i]) == length &&
			    !memcmp(names[c][i], name, length))
				return c;
	return COLUMNS;
}

int ak_events_refuse(const struct ak_event *e, struct ak_err *err,
		     const char *fmt, ...)
{
	char text[AK_ERR_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (e->line)
		return ak_errf(err, -EINVAL, "line %zu: %s", e->line, text);
	return ak_errf(err, -EINVAL, "event %zu: %s", e->number, text);
}

/* What no event of any sensor has is refused here. */
static int take(struct ak_event *e, const int64_t *v, struct ak_err *err)
{
	unsigned int c;

	for (c = COLUMN_X; c <= COLUMN_Y; c++)
		if (v[c] < 0 || v[c] > AK_EVENT_MAX_COORDINATE)
			return ak_events_refuse(
				e, err, "%s is %lld; coordinates are 0 to %d",
				names[c][0], (long long)v[c],
				AK_EVENT_MAX_COORDINATE);
	if (v[COLUMN_P] < -1 || v[COLUMN_P] > 1)
		return ak_events_refuse(
			e, err,
			"polarity %lld; it is 1 for brighter, 0 or -1 for darker",
			(long long)v[COLUMN_P]);
	if (v[COLUMN_T] < 0 || v[COLUMN_T] > AK_EVENT_MAX_TIME)
		return ak_events_refuse(
			e, err, "time %lld; it is in microseconds, 0 to 2^62",
			(long long)v[COLUMN_T]);
	e->x = (uint32_t)v[COLUMN_X];
	e->y = (uint32_t)v[COLUMN_Y];
	e->on = v[COLUMN_P] == 1;
	e->t = v[COLUMN_T];
	return 0;
}

/* ------------------------------------------------------------- arrays */

/**
 * struct column - where a number of each event is
 * @at: of the first event
 * @type: of the number
 * @swap: it is in the other byte order
 */
struct column {
	const uint8_t *at;
	enum ak_tensor_type type;
	bool swap;
};

static bool whole(double x, int64_t *v)
{
	/* Not a number fails both comparisons. */
	if (!(fabs(x) <= MAX_WHOLE) || x != rint(x))
		return false;
	*v = (int64_t)x;
	return true;
}

/* False if it is no whole number, or too large for 63 bits. */
static bool element(const struct column *c, size_t offset, int64_t *v)
{
	size_t size = ak_tensor_type_size(c->type), i;
	union {
		uint8_t byte[8];
		uint8_t u8;
		int8_t i8;
		uint16_t u16;
		int16_t i16;
		uint32_t u32;
		int32_t i32;
		uint64_t u64;
		int64_t i64;
		float f32;
		double f64;
	} n = { { 0 } };

	for (i = 0; i < size; i++)
		n.byte[i] = c->at[offset + (c->swap ? size - 1 - i : i)];
	switch (c->type) {
	case AK_TENSOR_U8:
		*v = n.u8;
		return true;
	case AK_TENSOR_BOOL:
		*v = n.u8 != 0;
		return true;
	case AK_TENSOR_I8:
		*v = n.i8;
		return true;
	case AK_TENSOR_U16:
		*v = n.u16;
		return true;
	case AK_TENSOR_I16:
		*v = n.i16;
		return true;
	case AK_TENSOR_U32:
		*v = n.u32;
		return true;
	case AK_TENSOR_I32:
		*v = n.i32;
		return true;
	case AK_TENSOR_I64:
		*v = n.i64;
		return true;
	case AK_TENSOR_U64:
		*v = (int64_t)n.u64;
		return n.u64 <= INT64_MAX;
	case AK_TENSOR_F32:
		return whole((double)n.f32, v);
	case AK_TENSOR_F64:
		return whole(n.f64, v);
	default:
		return false;
	}
}

/* Finds the columns of @npy; @stride is what lies between two events. */
static int columns(const struct ak_npy *npy, const struct ak_npy_records *r,
		   const uint8_t *data, struct column *column, size_t *stride,
		   struct ak_err *err)
{
	size_t size = ak_tensor_type_size(npy->type);
	unsigned int i, c;

	data += npy->offset;
	if (r->num_fields) {
		for (i = 0; i < r->num_fields; i++) {
			const struct ak_npy_field *f = &r->field[i];

			c = find_column(f->name, strlen(f->name));
			if (c < COLUMNS)
				column[c] = (struct column){ data + f->offset,
							     f->type, f->swap };
		}
		for (c = 0; c < COLUMNS; c++)
			if (!column[c].at)
				return ak_errf(
					err, -ENOTSUP,
					"its records have no field '%s'; events have x, y, p and t",
					names[c][0]);
		*stride = r->size;
		return npy->ndim == 1 ?
			       0 :
			       ak_errf(err, -ENOTSUP,
				       "its records are no list of events");
	}
	if (npy->ndim != 2 || npy->shape[1] != COLUMNS)
		return ak_errf(
			err, -ENOTSUP,
			"its shape is not (events, 4), with columns x, y, p, t");
	for (c = 0; c < COLUMNS; c++) {
		size_t step = npy->fortran ? npy->shape[0] : 1;

		column[c] = (struct column){ data + c * step * size, npy->type,
					     npy->swap };
	}
	*stride = npy->fortran ? size : COLUMNS * size;
	return 0;
}

static int scan_npy(const uint8_t *data, size_t size,
		    int (*each)(void *arg, const struct ak_event *e), void *arg,
		    struct ak_err *err)
{
	struct column column[COLUMNS] = { { 0 } };
	struct ak_event e = { 0 };
	struct ak_npy_records r;
	int64_t v[COLUMNS];
	struct ak_npy npy;
	size_t stride = 0, i;
	unsigned int c;
	int rc = ak_npy_parse_records(data, size, &npy, &r, err);

	if (!rc)
		rc = columns(&npy, &r, data, column, &stride, err);
	for (c = 0; !rc && c < COLUMNS; c++)
		if (column[c].type == AK_TENSOR_F16)
			rc = ak_errf(
				err, -ENOTSUP,
				"half floats cannot hold coordinates; save integers");
	if (rc)
		return rc;
	for (i = 0; i < npy.shape[0] && !rc; i++) {
		e.number = i;
		for (c = 0; c < COLUMNS; c++)
			if (!element(&column[c], i * stride, &v[c]))
				return ak_events_refuse(
					&e, err,
					"its %s is no whole number below 2^63",
					names[c][0]);
		rc = take(&e, v, err);
		if (!rc)
			rc = each(arg, &e);
	}
	return rc;
}

/* --------------------------------------------------------------- text */

/**
 * struct words - fields of a line
 * @word: the first ones
 * @length: bytes of each
 * @count: how many there are; more than COLUMNS if so
 */
struct words {
	const char *word[COLUMNS];
	size_t length[COLUMNS];
	size_t count;
};

static bool separates(char c)
{
	return c == ' ' || c == '\t' || c == ',' || c == ';' || c == '\r';
}

static void split(const char *p, const char *end, struct words *w)
{
	w->count = 0;
	while (p < end) {
		const char *begin;

		while (p < end && separates(*p))
			p++;
		for (begin = p; p < end && !separates(*p); p++)
			;
		if (p == begin)
			break;
		if (w->count < COLUMNS) {
			w->word[w->count] = begin;
			w->length[w->count] = (size_t)(p - begin);
		}
		w->count++;
	}
}

/* Four names, each once: @order[i] is the column that word i names. */
static bool read_names(const struct words *w, unsigned int *order)
{
	unsigned int seen = 0, found[COLUMNS], i;

	if (w->count != COLUMNS)
		return false;
	for (i = 0; i < COLUMNS; i++) {
		found[i] = find_column(w->word[i], w->length[i]);
		if (found[i] == COLUMNS)
			return false;
		seen |= 1u << found[i];
	}
	if (seen != (1u << COLUMNS) - 1)
		return false;
	memcpy(order, found, sizeof(found));
	return true;
}

static bool read_number(const char *p, size_t length, int64_t *v)
{
	char buf[MAX_FIELD + 1], *end;
	size_t i = length && (*p == '-' || *p == '+') ? 1 : 0;

	if (length > MAX_FIELD)
		return false;
	memcpy(buf, p, length);
	buf[length] = '\0';
	while (i < length && buf[i] >= '0' && buf[i] <= '9')
		i++;
	if (i < length) {
		double x = strtod(buf, &end);

		return end == buf + length && whole(x, v);
	}
	errno = 0;
	*v = strtoll(buf, &end, 10);
	return end == buf + length && end != buf && !errno;
}

static int scan_text(const char *p, size_t size,
		     int (*each)(void *arg, const struct ak_event *e),
		     void *arg, struct ak_err *err)
{
	unsigned int order[COLUMNS] = { COLUMN_X, COLUMN_Y, COLUMN_P,
					COLUMN_T };
	const char *end = p + size, *line_end;
	struct ak_event e = { 0 };
	int64_t v[COLUMNS];
	struct words w;
	unsigned int i;
	int rc;

	for (; p < end; p = line_end + (line_end < end)) {
		bool comment;

		line_end = memchr(p, '\n', (size_t)(end - p));
		if (!line_end)
			line_end = end;
		e.line++;
		comment = *p == '#';
		split(p + comment, line_end, &w);
		/* Before the first event names may stand in a comment, too. */
		if (!w.count || (!e.number && read_names(&w, order)) || comment)
			continue;
		if (w.count != COLUMNS)
			return ak_events_refuse(
				&e, err,
				"%zu fields; an event has x, y, p and t",
				w.count);
		for (i = 0; i < COLUMNS; i++)
			if (!read_number(w.word[i], w.length[i], &v[order[i]]))
				return ak_events_refuse(
					&e, err,
					"its %s is no whole number below 2^63",
					names[order[i]][0]);
		rc = take(&e, v, err);
		if (!rc)
			rc = each(arg, &e);
		if (rc)
			return rc;
		e.number++;
	}
	return 0;
}

int ak_events_scan(const void *data, size_t size,
		   int (*each)(void *arg, const struct ak_event *e), void *arg,
		   struct ak_err *err)
{
	static const char aedat[] = "#!AER-DAT";
	int rc;

	if (size >= 6 && !memcmp(data, "\x93NUMPY", 6))
		return scan_npy(data, size, each, arg, err);
	if (size >= sizeof(aedat) - 1 &&
	    !memcmp(data, aedat, sizeof(aedat) - 1) &&
	    memchr(data, 0, size < 65536 ? size : 65536))
		return ak_errf(
			err, -ENOTSUP,
			"a binary AEDAT file; export it as text or .npy");
	rc = scan_text(data, size, each, arg, err);
	return rc;
}
