// SPDX-License-Identifier: GPL-2.0
/*
 * akida export: which format a client wants, by its Accept header (RFC 9110,
 * 12.5.1).
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "export.h"

#define SPACE " \t"

/**
 * struct range - one element of Accept, without blanks around its parts
 * @type: "text/plain"
 * @type_length: of it
 * @version: value of that parameter, or NULL
 * @version_length: of it
 * @q: how much it is wanted
 */
struct range {
	const char *type, *version;
	size_t type_length, version_length;
	double q;
};

/* [start, end) without blanks around it. */
static const char *trim(const char *start, const char **end)
{
	while (start < *end && strchr(SPACE, *start))
		start++;
	while (*end > start && strchr(SPACE, (*end)[-1]))
		(*end)--;
	return start;
}

static bool is(const char *p, size_t n, const char *name)
{
	return n == strlen(name) && !strncasecmp(p, name, n);
}

/* "0.5": three digits at most; anything else is no wish. */
static double quality(const char *p, size_t n)
{
	char text[8] = "", *end;
	double q;

	if (!n || n >= sizeof(text) || (*p != '0' && *p != '1'))
		return 0;
	memcpy(text, p, n);
	q = strtod(text, &end);
	return *end || q < 0 || q > 1 ? 0 : q;
}

static void take_parameter(struct range *r, const char *p, const char *end)
{
	const char *equals, *name_end, *value;

	p = trim(p, &end);
	equals = memchr(p, '=', (size_t)(end - p));
	if (!equals)
		return;
	name_end = equals;
	p = trim(p, &name_end);
	value = trim(equals + 1, &end);
	if (end - value >= 2 && *value == '"' && end[-1] == '"') {
		value++;
		end--;
	}
	if (is(p, (size_t)(name_end - p), "q")) {
		r->q = quality(value, (size_t)(end - value));
	} else if (is(p, (size_t)(name_end - p), "version")) {
		r->version = value;
		r->version_length = (size_t)(end - value);
	}
}

static const char *find(const char *p, const char *end, int c)
{
	const char *found = memchr(p, c, (size_t)(end - p));

	return found ? found : end;
}

static struct range take_range(const char *p, const char *end)
{
	const char *stop = find(p, end, ';'), *type_end = stop;
	struct range r = { .q = 1 };

	r.type = trim(p, &type_end);
	r.type_length = (size_t)(type_end - r.type);
	while (stop < end) {
		p = stop + 1;
		stop = find(p, end, ';');
		take_parameter(&r, p, stop);
	}
	return r;
}

/* How well a range fits text: the more exact one decides. */
static int text_rank(const struct range *r)
{
	if (is(r->type, r->type_length, "text/plain"))
		return 3;
	if (is(r->type, r->type_length, "text/*"))
		return 2;
	return is(r->type, r->type_length, "*/*") ? 1 : 0;
}

static bool is_openmetrics(const struct range *r)
{
	return is(r->type, r->type_length, "application/openmetrics-text") &&
	       (!r->version || is(r->version, r->version_length, "1.0.0"));
}

enum export_format export_negotiate(const char *accept)
{
	const char *end, *stop;
	double text = 0, open = 0;
	struct range r;
	int rank = 0;

	if (!accept)
		return EXPORT_TEXT;
	end = accept + strlen(accept);
	for (; accept < end; accept = stop + (stop < end)) {
		stop = find(accept, end, ',');
		r = take_range(accept, stop);
		if (is_openmetrics(&r) && r.q > open)
			open = r.q;
		if (text_rank(&r) > rank ||
		    (rank && text_rank(&r) == rank && r.q > text)) {
			rank = text_rank(&r);
			text = r.q;
		}
	}
	return open > 0 && open >= text ? EXPORT_OPENMETRICS : EXPORT_TEXT;
}

const char *export_content_type(enum export_format format)
{
	if (format == EXPORT_OPENMETRICS)
		return "application/openmetrics-text; version=1.0.0; charset=utf-8";
	return "text/plain; version=0.0.4; charset=utf-8";
}
