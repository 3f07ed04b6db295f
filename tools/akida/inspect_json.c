// SPDX-License-Identifier: GPL-2.0
/*
 * akida inspect: JSON.
 */
#include "inspect.h"
#include "json.h"

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

static json_t *tensor(const struct inspect *i, size_t k)
{
	const struct ak_tensor *x = ak_tensors_at(i->set, k);
	json_t *o = json_object(), *shape = json_array();
	unsigned int d;

	for (d = 0; d < x->ndim; d++)
		json_add(shape, json_integer((json_int_t)x->dim[d]));
	json_put(o, "name", json_text(x->name));
	json_put(o, "type", json_text(ak_tensor_type_name(x->type)));
	json_put(o, "dtype", json_text(x->dtype));
	json_put(o, "shape", shape);
	json_put(o, "elements", json_integer((json_int_t)x->count));
	json_put(o, "bytes", json_integer((json_int_t)x->size));
	json_put(o, "file", json_text(x->file));
	if (i->stats)
		json_put(o, "stats", stats(&i->stats[k]));
	return o;
}

void inspect_json(const struct inspect *i)
{
	json_t *root = json_object(), *files = json_array(), *file;
	json_t *tensors = json_array(), *meta = json_object(), *value;
	const struct ak_tensors_meta *m;
	const char *path;
	uint64_t size;
	size_t k;

	for (k = 0; (path = ak_tensors_file(i->set, k, &size)); k++) {
		file = json_object();
		json_put(file, "path", json_text(path));
		json_put(file, "bytes", json_integer((json_int_t)size));
		json_add(files, file);
	}
	for (k = 0; k < ak_tensors_count(i->set); k++)
		json_add(tensors, tensor(i, k));
	for (k = 0; (m = ak_tensors_meta(i->set, k)); k++) {
		value = m->json ? json_loads(m->value, JSON_DECODE_ANY, NULL) :
				  NULL;
		json_put(meta, m->key, value ? value : json_text(m->value));
	}
	json_put(root, "path", json_text(i->path));
	json_put(root, "format", json_text(ak_tensors_format(i->set)));
	json_put(root, "files", files);
	json_put(root, "metadata", meta);
	json_put(root, "tensors", tensors);
	json_print(root);
}
