// SPDX-License-Identifier: GPL-2.0
/*
 * akida inspect: JSON.
 */
#include <stdlib.h>

#include "inspect.h"
#include "json.h"
#include "text.h"

static json_t *stats(const struct ak_stats *s)
{
	json_t *o;

	if (!s->known)
		return json_null();
	o = json_object();
	json_put(o, "min", s->finite ? json_number(s->min) : json_null());
	json_put(o, "max", s->finite ? json_number(s->max) : json_null());
	json_put(o, "rms", s->finite ? json_number(s->rms) : json_null());
	json_put(o, "nan", json_integer((json_int_t)s->nan));
	json_put(o, "inf", json_integer((json_int_t)s->inf));
	return o;
}

static json_t *tensor(const struct inspect *i, const struct inspect_row *x)
{
	json_t *o = json_object(), *shape = json_array();
	unsigned int d;

	for (d = 0; d < x->ndim; d++)
		json_add(shape, json_integer((json_int_t)x->dim[d]));
	json_put(o, "name", json_text(x->name));
	json_put(o, "type", json_text(x->type));
	json_put(o, "dtype", json_text(x->dtype));
	json_put(o, "shape", shape);
	json_put(o, "elements", json_integer((json_int_t)x->count));
	json_put(o, "bytes",
		 x->file ? json_integer((json_int_t)x->bytes) : json_null());
	json_put(o, "file", json_text(x->file));
	if (i->stats)
		json_put(o, "stats", stats(&x->stats));
	return o;
}

static json_t *files(const struct inspect *i)
{
	json_t *list = json_array(), *file;
	const char *path;
	uint64_t size;
	size_t k;

	for (k = 0; i->set && (path = ak_tensors_file(i->set, k, &size)); k++) {
		file = json_object();
		json_put(file, "path", json_text(path));
		json_put(file, "bytes", json_integer((json_int_t)size));
		json_add(list, file);
	}
	return list;
}

static json_t *metadata(const struct inspect *i)
{
	const struct ak_tensors_meta *m;
	json_t *meta = json_object(), *value;
	size_t k;
	char *key;

	for (k = 0; i->set && (m = ak_tensors_meta(i->set, k)); k++) {
		value = m->json ? json_loads(m->value, JSON_DECODE_ANY, NULL) :
				  NULL;
		key = text_clean(m->key);
		json_put(meta, key, value ? value : json_text(m->value));
		free(key);
	}
	return meta;
}

void inspect_json(const struct inspect *i)
{
	json_t *root = json_object(), *tensors = json_array();
	size_t k;

	for (k = 0; k < i->rows; k++)
		json_add(tensors, tensor(i, &i->row[k]));
	json_put(root, "path", json_text(i->path));
	json_put(root, "format", json_text(inspect_format(i)));
	json_put(root, "files", files(i));
	json_put(root, "metadata", metadata(i));
	json_put(root, "tensors", tensors);
	json_print(root);
}
