// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Names in files are untrusted: a terminal must not act on them. */
static void clean(char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c < 0x20 || c == 0x7f)
			*s = '?';
	}
}

int ak_errf(struct ak_err *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return code;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	clean(err->text);
	return code;
}

void ak_err_prefix(struct ak_err *err, const char *fmt, ...)
{
	char rest[AK_ERR_TEXT];
	size_t n;
	va_list ap;

	if (!err)
		return;
	memcpy(rest, err->text, sizeof(rest));
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	n = strlen(err->text);
	snprintf(err->text + n, sizeof(err->text) - n, "%s", rest);
	clean(err->text);
}
