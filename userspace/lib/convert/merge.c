// SPDX-License-Identifier: LGPL-2.1-or-later
#include "convert/merge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "common/map.h"
#include "common/out.h"
#include "convert/in_apl.h"
#include "convert/target.h"
#include "format/zip_write.h"

/* More than this is unpacked into a file to be compared. */
#define IN_MEMORY ((size_t)64 << 20)

/**
 * struct stored - an array of the new archive
 * @apl: archive that it came from
 * @entry: there
 * @name: in the new one
 */
struct stored {
	const struct ak_apl *apl;
	const struct ak_zip_entry *entry;
	char *name;
};

/**
 * struct merge - what is being merged
 * @apl: open models
 * @name: of each
 * @count: how many
 * @stored: arrays of the new archive
 * @stores: how many
 * @shared: arrays that were there already
 * @shared_bytes: their bytes, unpacked
 * @models: members of the new manifest
 * @err: error text
 */
struct merge {
	struct ak_apl *apl;
	char **name;
	size_t count;
	struct stored *stored;
	size_t stores, shared;
	uint64_t shared_bytes;
	json_t *models;
	struct ak_err *err;
};

static int no_memory(struct merge *m)
{
	return ak_errf(m->err, -ENOMEM, "no memory for a merged model");
}

/* ------------------------------------------------------------- equal arrays */

/* The bytes of an entry; @map gives them back. */
static int content(const struct stored *s, struct ak_map *map,
		   const uint8_t **data, struct ak_err *err)
{
	size_t size = s->entry->size;
	int ret;

	memset(map, 0, sizeof(*map));
	*data = ak_zip_stored(&s->apl->zip, s->entry);
	if (*data)
		return 0;
	ret = ak_map_scratch(size, size > IN_MEMORY, map, err);
	if (!ret)
		ret = ak_zip_read(&s->apl->zip, s->entry, (void *)map->data,
				  size, err);
	if (ret) {
		ak_err_prefix(err, "%s: ", s->apl->npz);
		ak_map_close(map);
	}
	*data = map->data;
	return ret;
}

/* Return: 1 for equal bytes, 0 for others, or a negative errno. */
static int equal(const struct stored *a, const struct stored *b,
		 struct ak_err *err)
{
	struct ak_map ma, mb;
	const uint8_t *da, *db;
	int ret;

	if (a->entry->crc != b->entry->crc || a->entry->size != b->entry->size)
		return 0;
	ret = content(a, &ma, &da, err);
	if (ret)
		return ret;
	ret = content(b, &mb, &db, err);
	if (!ret) {
		ret = !memcmp(da, db, a->entry->size);
		ak_map_close(&mb);
	}
	ak_map_close(&ma);
	return ret;
}

/* Entries are only read as arrays, but somebody might unpack an archive. */
static bool stays_inside(const char *name)
{
	const char *p = name;

	if (*p == '/')
		return false;
	while ((p = strstr(p, ".."))) {
		if ((p == name || p[-1] == '/') && (!p[2] || p[2] == '/'))
			return false;
		p += 2;
	}
	return true;
}

/* Entries are copied as they are packed, so nobody else would see damage. */
static int check(const struct stored *s, struct ak_err *err)
{
	const struct ak_zip_entry *e = s->entry;
	struct ak_map map;
	const uint8_t *data;
	int ret = content(s, &map, &data, err);

	if (ret)
		return ret;
	if (!map.data && crc32_z(0, data, e->size) != e->crc)
		ret = ak_errf(err, -EBADMSG, "%s: %s: its checksum is wrong",
			      s->apl->npz, e->name);
	ak_map_close(&map);
	return ret;
}

/* What an entry is called in the new archive; it is put there if new. */
static int store(struct merge *m, size_t model, const struct ak_zip_entry *e,
		 const char **name)
{
	struct stored one = { &m->apl[model], e, NULL }, *grown;
	size_t i;
	int ret;

	if (!stays_inside(e->name))
		return ak_errf(m->err, -EBADMSG,
			       "%s: entry '%s' leads out of the archive",
			       m->apl[model].npz, e->name);
	for (i = 0; i < m->stores; i++) {
		int same = equal(&m->stored[i], &one, m->err);

		if (same < 0)
			return same;
		if (!same)
			continue;
		m->shared++;
		m->shared_bytes += e->size;
		*name = m->stored[i].name;
		return 0;
	}
	ret = check(&one, m->err);
	if (ret)
		return ret;
	if (asprintf(&one.name, "%s/%s", m->name[model], e->name) < 0)
		return no_memory(m);
	grown = reallocarray(m->stored, m->stores + 1, sizeof(*grown));
	if (!grown) {
		free(one.name);
		return no_memory(m);
	}
	m->stored = grown;
	grown[m->stores++] = one;
	*name = one.name;
	return 0;
}

/* -------------------------------------------------------------- the manifest */

/* Names of entries in a part of a manifest become those of the new archive. */
static int rename_files(struct merge *m, json_t *value, json_t *map)
{
	const char *key, *name;
	json_t *child;

	json_object_foreach(value, key, child)
	{
		name = json_string_value(child);
		name = name ? json_string_value(json_object_get(map, name)) :
			      NULL;
		/* A text that is replaced is gone: child is not looked at again. */
		if (name) {
			if (json_object_set_new(value, key, json_string(name)))
				return no_memory(m);
		} else if (json_is_object(child) &&
			   rename_files(m, child, map)) {
			return -ENOMEM;
		}
	}
	return 0;
}

static json_t *strip(const json_t *weights, struct merge *m)
{
	json_t *list = json_array(), *copy, *entry;
	const char *key;
	size_t i;

	(void)m;
	for (i = 0; i < json_array_size(weights); i++)
		json_array_append_new(
			list, json_deep_copy(json_array_get(weights, i)));
	/* The exporter's object becomes a list; texts of scales are not there. */
	json_object_foreach((json_t *)weights, key, entry)
	{
		copy = json_deep_copy(entry);
		json_object_del(copy, "q_scales_txt");
		json_object_del(copy, "scales_txt");
		json_object_set_new(copy, "name", json_string(key));
		json_array_append_new(list, copy);
	}
	return list;
}

static int add_model(struct merge *m, size_t model, json_t *map)
{
	const json_t *old = m->apl[model].member[0].object;
	const json_t *metadata = json_object_get(old, "metadata");
	json_t *object = json_object(), *about, *weights, *entry;
	size_t i;
	int ret = 0;

	about = json_deep_copy(json_object_get(old, "model"));
	if (!about)
		about = json_object();
	json_object_set_new(about, "name", json_string(m->name[model]));
	json_object_del(about, "source_npz");
	weights = strip(json_object_get(old, "weights"), m);
	json_array_foreach(weights, i, entry)
	{
		ret = rename_files(m, entry, map);
		if (ret)
			break;
	}
	json_object_set_new(object, "model", about);
	json_object_set_new(object, "weights", weights);
	if (metadata)
		json_object_set_new(object, "metadata",
				    json_deep_copy(metadata));
	json_object_del(json_object_get(object, "metadata"), "source_npz");
	if (json_array_append_new(m->models, object) && !ret)
		ret = no_memory(m);
	return ret;
}

static int take_model(struct merge *m, size_t model)
{
	const struct ak_zip *zip = &m->apl[model].zip;
	json_t *map = json_object();
	size_t i;
	int ret = map ? 0 : no_memory(m);

	for (i = 0; !ret && i < zip->count; i++) {
		const char *name = NULL;

		ret = store(m, model, &zip->entry[i], &name);
		if (!ret && json_object_set_new(map, zip->entry[i].name,
						json_string(name)))
			ret = ak_errf(
				m->err, -EBADMSG,
				"%s: entry %zu has a name that is no text",
				m->apl[model].npz, i);
	}
	if (!ret)
		ret = add_model(m, model, map);
	json_decref(map);
	return ret;
}

/* -------------------------------------------------------------------- output */

static int write_entry(struct ak_zip_writer *w, const struct stored *s,
		       struct ak_err *err)
{
	const struct ak_zip_entry *e = s->entry;
	const uint8_t *stored = ak_zip_stored(&s->apl->zip, e);
	struct ak_zip_packed packed = {
		.data = (uint8_t *)s->apl->zip.data + e->offset,
		.packed = e->packed,
		.size = e->size,
		.crc = e->crc,
	};
	int ret;

	if (!stored)
		return ak_zip_add(w, s->name, &packed, err);
	ret = ak_zip_begin(w, s->name, false, err);
	if (!ret)
		ret = ak_zip_write(w, stored, e->size, err);
	return ret ? ret : ak_zip_end(w, err);
}

static int write_archive(const struct merge *m, const char *path,
			 uint64_t *bytes, struct ak_err *err)
{
	struct ak_zip_writer *w = NULL;
	struct ak_out *out;
	size_t i;
	int ret;

	ret = ak_out_open(path, &out, err);
	if (ret)
		return ret;
	ret = ak_zip_writer_new(out, AK_ZIP_PYTHON_3_11, &w, err);
	for (i = 0; !ret && i < m->stores; i++)
		ret = write_entry(w, &m->stored[i], err);
	if (!ret)
		ret = ak_zip_finish(w, err);
	ak_zip_writer_free(w);
	*bytes = ak_out_tell(out);
	if (!ret)
		return ak_out_finish(out, err);
	ak_out_abandon(out);
	return ret;
}

static int write_manifest(const struct merge *m, const char *path,
			  const char *npz, struct ak_err *err)
{
	json_t *root = json_object(), *about = json_object();
	struct ak_out *out;
	char *text;
	int ret;

	json_object_set_new(about, "generator",
			    json_string("akida " AKIDA_VERSION));
	json_object_set_new(about, "source_npz", json_string(npz));
	json_object_set_new(about, "arrays",
			    json_integer((json_int_t)m->stores));
	json_object_set_new(about, "shared_arrays",
			    json_integer((json_int_t)m->shared));
	json_object_set_new(about, "shared_bytes",
			    json_integer((json_int_t)m->shared_bytes));
	json_object_set_new(root, "format_version", json_string("2"));
	json_object_set(root, "models", m->models);
	json_object_set_new(root, "metadata", about);
	text = json_dumps(root, JSON_INDENT(2) | JSON_ENSURE_ASCII |
					JSON_REAL_PRECISION(8));
	json_decref(root);
	if (!text)
		return ak_errf(err, -ENOMEM, "no memory for the manifest");
	ret = ak_out_open(path, &out, err);
	if (!ret) {
		ret = ak_out_write(out, text, strlen(text), err);
		if (ret)
			ak_out_abandon(out);
		else
			ret = ak_out_finish(out, err);
	}
	free(text);
	return ret;
}

/* The last part of the folder's name is that of the files. */
static int write_folder(const struct merge *m, struct ak_target *t,
			json_t *report, struct ak_err *err)
{
	const char *slash = strrchr(t->out, '/');
	const char *stem = slash ? slash + 1 : t->out;
	char *npz = NULL, *manifest = NULL, *path = NULL, *other = NULL;
	uint64_t bytes = 0;
	int ret = -ENOMEM;

	if (asprintf(&npz, "%s_quantized.npz", stem) < 0)
		npz = NULL;
	if (asprintf(&manifest, "%s_manifest.json", stem) < 0)
		manifest = NULL;
	if (npz && manifest) {
		path = ak_target_path(t, npz);
		other = ak_target_path(t, manifest);
	}
	if (path && other)
		ret = write_archive(m, path, &bytes, err);
	else
		ak_errf(err, ret, "no memory for a file name");
	if (!ret)
		ret = write_manifest(m, other, npz, err);
	if (!ret)
		ret = ak_target_publish(t, err);
	if (!ret)
		ret = json_object_set_new(report, "bytes",
					  json_integer((json_int_t)bytes)) ||
				      json_object_set_new(report, "files",
							  json_pack("[s, s]",
								    npz,
								    manifest)) ?
			      -ENOMEM :
			      0;
	free(npz);
	free(manifest);
	free(path);
	free(other);
	return ret;
}

static int write_all(const struct merge *m, const char *out, bool force,
		     json_t *report, struct ak_err *err)
{
	struct ak_target t = { .force = force, .lock = -1 };
	int ret;

	ret = ak_target_init(&t, out, err);
	if (!ret)
		ret = ak_target_folder(&t, err);
	if (!ret)
		ret = write_folder(m, &t, report, err);
	ak_target_end(&t);
	return ret;
}

/* --------------------------------------------------------------------- input */

static bool taken(const struct merge *m, size_t until, const char *name)
{
	size_t i;

	for (i = 0; i < until; i++)
		if (!strcmp(m->name[i], name))
			return true;
	return false;
}

/* A model's name is a folder in the archive. */
static void make_plain(char *name)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	char *p = name;

	if (*p == '.')
		*p = '_';
	while (*(p += strspn(p, allowed)))
		*p = '_';
}

/* "tinyllama", or "tinyllama_quantized_q4" if that is taken. */
static int name_model(struct merge *m, size_t i)
{
	const struct ak_apl *a = &m->apl[i];
	const char *slash = strrchr(a->npz, '/');
	char *stem = strdup(slash ? slash + 1 : a->npz), *cut;

	if (!stem)
		return no_memory(m);
	if (strlen(stem) > 4)
		stem[strlen(stem) - 4] = '\0';
	cut = strstr(stem, "_quantized");
	/* The exporter's manifests have no names but those of their archives. */
	if (json_object_get(json_object_get(a->member[0].object, "model"),
			    "name") ||
	    !cut || cut == stem)
		m->name[i] = strdup(a->member[0].name);
	else
		m->name[i] = strndup(stem, (size_t)(cut - stem));
	if (m->name[i])
		make_plain(m->name[i]);
	if (m->name[i] && taken(m, i, m->name[i])) {
		free(m->name[i]);
		make_plain(stem);
		m->name[i] = strdup(stem);
	}
	free(stem);
	if (!m->name[i])
		return no_memory(m);
	if (taken(m, i, m->name[i]))
		return ak_errf(m->err, -EINVAL,
			       "%s: a model called '%s' is among them already",
			       a->path, m->name[i]);
	return 0;
}

static int open_model(struct merge *m, size_t i, const char *path)
{
	int ret = ak_apl_open(path, &m->apl[i], m->err);

	if (!ret && (m->apl[i].merged || m->apl[i].members != 1))
		ret = ak_errf(
			m->err, -ENOTSUP,
			"%s: is a merged model already; merge its parts instead",
			path);
	return ret ? ret : name_model(m, i);
}

int ak_merge(const char *const *paths, size_t count, const char *out,
	     bool force, json_t *report, struct ak_err *err)
{
	struct merge m = { .count = count, .err = err };
	size_t i;
	int ret = 0;

	m.apl = calloc(count, sizeof(*m.apl));
	m.name = calloc(count, sizeof(*m.name));
	m.models = json_array();
	if (!m.apl || !m.name || !m.models)
		ret = no_memory(&m);
	for (i = 0; !ret && i < count; i++)
		ret = open_model(&m, i, paths[i]);
	for (i = 0; !ret && i < count; i++)
		ret = take_model(&m, i);
	if (!ret)
		ret = write_all(&m, out, force, report, err);
	if (!ret &&
	    (json_object_set_new(report, "models",
				 json_integer((json_int_t)count)) ||
	     json_object_set_new(report, "arrays",
				 json_integer((json_int_t)m.stores)) ||
	     json_object_set_new(report, "shared_arrays",
				 json_integer((json_int_t)m.shared)) ||
	     json_object_set_new(report, "shared_bytes",
				 json_integer((json_int_t)m.shared_bytes))))
		ret = no_memory(&m);
	for (i = 0; i < m.stores; i++)
		free(m.stored[i].name);
	for (i = 0; m.apl && i < count; i++)
		ak_apl_close(&m.apl[i]);
	for (i = 0; m.name && i < count; i++)
		free(m.name[i]);
	free(m.stored);
	free(m.apl);
	free(m.name);
	json_decref(m.models);
	return ret;
}
