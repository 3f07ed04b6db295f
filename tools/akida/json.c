// SPDX-License-Identifier: GPL-2.0
#include "json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "term.h"
#include "text.h"

void json_put(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value))
		term_die_memory();
}

void json_add(json_t *array, json_t *value)
{
	if (json_array_append_new(array, value))
		term_die_memory();
}

json_t *json_text(const char *s)
{
	json_t *value;
	char *clean;

	if (!s)
		return json_null();
	clean = text_clean(s);
	value = json_string(clean);
	free(clean);
	return value;
}

json_t *json_number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

json_t *json_shape(const struct akida_shape *s)
{
	return json_pack("[I,I,I]", (json_int_t)s->height, (json_int_t)s->width,
			 (json_int_t)s->channels);
}

json_t *json_pair(uint32_t rows, uint32_t columns)
{
	return json_pack("[I,I]", (json_int_t)rows, (json_int_t)columns);
}

void json_print(json_t *root)
{
	/* Nine digits give every float back. */
	json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
	putchar('\n');
	json_decref(root);
}
