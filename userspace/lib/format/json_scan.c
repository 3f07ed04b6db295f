// SPDX-License-Identifier: LGPL-2.1-or-later
#include "format/json_scan.h"

#include <errno.h>
#include <string.h>

#define MAX_DEPTH 64

int ak_json_damaged(const struct ak_json_scan *s, const char *expected)
{
	return ak_errf(s->err, -EBADMSG,
		       "%s is damaged at byte %zu: %s expected", s->what,
		       s->offset + s->pos, expected);
}

static void skip_space(struct ak_json_scan *s)
{
	while (s->pos < s->size &&
	       (s->text[s->pos] == ' ' || s->text[s->pos] == '\t' ||
		s->text[s->pos] == '\n' || s->text[s->pos] == '\r'))
		s->pos++;
}

bool ak_json_eat(struct ak_json_scan *s, char c)
{
	skip_space(s);
	if (s->pos >= s->size || s->text[s->pos] != (uint8_t)c)
		return false;
	s->pos++;
	return true;
}

int ak_json_more(struct ak_json_scan *s, char close, bool *first, bool *more)
{
	*more = !ak_json_eat(s, close);
	if (*more && !*first && !ak_json_eat(s, ','))
		return ak_json_damaged(s, "a comma or the end of the list");
	*first = false;
	return 0;
}

/* Four hexadecimal digits. */
static int hex4(struct ak_json_scan *s, uint32_t *value)
{
	int i;

	*value = 0;
	for (i = 0; i < 4; i++) {
		uint32_t c = s->pos < s->size ? s->text[s->pos] : 0;

		if (c >= '0' && c <= '9')
			c -= '0';
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			c = (c | 0x20) - 'a' + 10;
		else
			return ak_json_damaged(s, "four hexadecimal digits");
		*value = *value << 4 | c;
		s->pos++;
	}
	return 0;
}

static void add_utf8(struct ak_buf *out, uint32_t c)
{
	uint8_t b[4];
	size_t n = 0;

	if (c < 0x80) {
		b[n++] = (uint8_t)c;
	} else if (c < 0x800) {
		b[n++] = (uint8_t)(0xc0 | c >> 6);
		b[n++] = (uint8_t)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		b[n++] = (uint8_t)(0xe0 | c >> 12);
		b[n++] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		b[n++] = (uint8_t)(0x80 | (c & 0x3f));
	} else {
		b[n++] = (uint8_t)(0xf0 | c >> 18);
		b[n++] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
		b[n++] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		b[n++] = (uint8_t)(0x80 | (c & 0x3f));
	}
	ak_buf_add(out, b, n);
}

/* What follows a backslash. */
static int escape(struct ak_json_scan *s, struct ak_buf *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	uint32_t c, low;
	const char *k;
	int rc;

	if (s->pos >= s->size)
		return ak_json_damaged(s, "the end of a string");
	c = s->text[s->pos++];
	if (c != 'u') {
		k = c ? strchr(from, (int)c) : NULL;
		if (!k)
			return ak_json_damaged(s, "an escape of JSON");
		if (out)
			ak_buf_add(out, &to[k - from], 1);
		return 0;
	}
	rc = hex4(s, &c);
	if (rc)
		return rc;
	if (c >= 0xd800 && c < 0xdc00) {
		if (s->size - s->pos < 6 || s->text[s->pos] != '\\' ||
		    s->text[s->pos + 1] != 'u')
			return ak_json_damaged(s, "a second surrogate");
		s->pos += 2;
		rc = hex4(s, &low);
		if (rc)
			return rc;
		if (low < 0xdc00 || low > 0xdfff)
			return ak_json_damaged(s, "a second surrogate");
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	} else if (!c || (c >= 0xdc00 && c < 0xe000)) {
		return ak_json_damaged(s, "a character");
	}
	if (out)
		add_utf8(out, c);
	return 0;
}

/* One character of UTF-8 above U+007F. */
static int utf8(struct ak_json_scan *s, struct ak_buf *out)
{
	const uint8_t *p = s->text + s->pos;
	uint32_t c = *p, smallest;
	size_t more, i;

	if (c >= 0xc2 && c < 0xe0) {
		more = 1;
		smallest = 0x80;
		c &= 0x1f;
	} else if (c >= 0xe0 && c < 0xf0) {
		more = 2;
		smallest = 0x800;
		c &= 0x0f;
	} else if (c >= 0xf0 && c < 0xf5) {
		more = 3;
		smallest = 0x10000;
		c &= 0x07;
	} else {
		return ak_json_damaged(s, "UTF-8");
	}
	if (s->size - s->pos <= more)
		return ak_json_damaged(s, "UTF-8");
	for (i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return ak_json_damaged(s, "UTF-8");
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < smallest || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return ak_json_damaged(s, "UTF-8");
	if (out)
		add_utf8(out, c);
	s->pos += 1 + more;
	return 0;
}

int ak_json_string(struct ak_json_scan *s, struct ak_buf *out)
{
	if (!ak_json_eat(s, '"'))
		return ak_json_damaged(s, "a string in quotes");
	while (s->pos < s->size) {
		uint8_t c = s->text[s->pos];
		int rc = 0;

		if (c == '"') {
			s->pos++;
			if (out)
				ak_buf_add(out, "", 1);
			return 0;
		}
		if (c < 0x20)
			break;
		if (c == '\\') {
			s->pos++;
			rc = escape(s, out);
		} else if (c >= 0x80) {
			rc = utf8(s, out);
		} else {
			if (out)
				ak_buf_add(out, &c, 1);
			s->pos++;
		}
		if (rc)
			return rc;
	}
	return ak_json_damaged(s, "the end of a string");
}

int ak_json_u64(struct ak_json_scan *s, uint64_t *value)
{
	size_t begin;

	skip_space(s);
	*value = 0;
	for (begin = s->pos; s->pos < s->size; s->pos++) {
		uint8_t c = s->text[s->pos];

		if (c < '0' || c > '9')
			break;
		if (s->pos == begin + 1 && s->text[begin] == '0')
			return ak_json_damaged(s, "a number without leading 0");
		if (__builtin_mul_overflow(*value, (uint64_t)10, value) ||
		    __builtin_add_overflow(*value, (uint64_t)(c - '0'), value))
			return ak_json_damaged(s, "a smaller number");
	}
	if (s->pos == begin)
		return ak_json_damaged(s, "a whole number");
	if (s->pos < s->size &&
	    (s->text[s->pos] == '.' || (s->text[s->pos] | 0x20) == 'e'))
		return ak_json_damaged(s, "a whole number");
	return 0;
}

static int skip_word(struct ak_json_scan *s)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t i;

	for (i = 0; i < 3; i++) {
		size_t n = strlen(words[i]);

		if (s->size - s->pos >= n &&
		    !memcmp(s->text + s->pos, words[i], n)) {
			s->pos += n;
			return 0;
		}
	}
	return ak_json_damaged(s, "a value");
}

static size_t skip_digits(struct ak_json_scan *s)
{
	size_t begin = s->pos;

	while (s->pos < s->size && s->text[s->pos] >= '0' &&
	       s->text[s->pos] <= '9')
		s->pos++;
	return s->pos - begin;
}

static int skip_number(struct ak_json_scan *s)
{
	if (s->text[s->pos] == '-')
		s->pos++;
	if (!skip_digits(s))
		return ak_json_damaged(s, "a number");
	if (s->pos < s->size && s->text[s->pos] == '.') {
		s->pos++;
		if (!skip_digits(s))
			return ak_json_damaged(s, "a number");
	}
	if (s->pos < s->size && (s->text[s->pos] | 0x20) == 'e') {
		s->pos++;
		if (s->pos < s->size &&
		    (s->text[s->pos] == '+' || s->text[s->pos] == '-'))
			s->pos++;
		if (!skip_digits(s))
			return ak_json_damaged(s, "a number");
	}
	return 0;
}

/* A value that is neither list nor object. */
static int skip_plain(struct ak_json_scan *s)
{
	uint8_t c;

	skip_space(s);
	c = s->pos < s->size ? s->text[s->pos] : 0;
	if (c == '"')
		return ak_json_string(s, NULL);
	if (c == '-' || (c >= '0' && c <= '9'))
		return skip_number(s);
	return skip_word(s);
}

int ak_json_skip(struct ak_json_scan *s)
{
	char close[MAX_DEPTH];
	bool first = true, more;
	size_t depth = 0;
	int rc;

	do {
		/* At a value, or at what follows one in the same list. */
		if (ak_json_eat(s, '[') || ak_json_eat(s, '{')) {
			if (depth == MAX_DEPTH)
				return ak_json_damaged(s, "less depth");
			close[depth++] = s->text[s->pos - 1] == '[' ? ']' : '}';
			first = true;
		} else {
			rc = skip_plain(s);
			if (rc)
				return rc;
			first = false;
		}
		while (depth) {
			rc = ak_json_more(s, close[depth - 1], &first, &more);
			if (rc)
				return rc;
			if (more)
				break;
			depth--;
		}
		if (depth && close[depth - 1] == '}') {
			rc = ak_json_string(s, NULL);
			if (rc)
				return rc;
			if (!ak_json_eat(s, ':'))
				return ak_json_damaged(s, "a colon");
		}
	} while (depth);
	return 0;
}

int ak_json_end(struct ak_json_scan *s)
{
	skip_space(s);
	return s->pos < s->size ? ak_json_damaged(s, "the end") : 0;
}
