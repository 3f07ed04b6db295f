// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/json_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"

int ak_json_parse(const char *name, const void *data, size_t size, json_t **out,
		  struct ak_err *err)
{
	const int flags =
		JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES | JSON_DECODE_ANY;
	json_error_t e;

	*out = json_loadb(data, size, flags, &e);
	if (*out)
		return 0;
	if (json_error_code(&e) == json_error_out_of_memory)
		return ak_errf(err, -ENOMEM, "%s: no memory for it", name);
	return ak_errf(err, -EBADMSG,
		       "%s: is not JSON at line %d, column %d: %s", name,
		       e.line, e.column, e.text);
}

int ak_json_read(const char *path, size_t limit, json_t **out,
		 struct ak_err *err)
{
	uint8_t *data;
	size_t size;
	int ret;

	*out = NULL;
	ret = ak_file_read(path, limit, &data, &size, err);
	if (ret)
		return ret;
	ret = ak_json_parse(path, data, size, out, err);
	free(data);
	return ret;
}

json_t *ak_json_text(const char *s)
{
	json_t *value = json_string(s);
	char *plain, *p;

	if (value)
		return value;
	plain = strdup(s);
	if (!plain)
		return NULL;
	for (p = plain; *p; p++)
		if (*p & 0x80)
			*p = '?';
	value = json_string(plain);
	free(plain);
	return value;
}
