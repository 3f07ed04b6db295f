// SPDX-License-Identifier: LGPL-2.1-or-later
#include "convert/tensors_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "common/json_file.h"
#include "common/util.h"

/* An index has some hundred bytes per tensor. */
#define MAX_INDEX (64u << 20)

static int no_memory(struct ak_err *err)
{
	return ak_errf(err, -ENOMEM, "no memory for a list of tensors");
}

int ak_tensors_add(struct ak_tensors *set, struct ak_tensor_file *file,
		   const char *name, const struct ak_tensor *t,
		   const struct ak_tensor_place *place, struct ak_err *err)
{
	struct ak_tensor_entry *e;

	if (set->count == set->room) {
		set->room = set->room ? set->room * 2 : 64;
		e = reallocarray(set->entry, set->room, sizeof(*e));
		if (!e)
			return no_memory(err);
		set->entry = e;
	}
	e = &set->entry[set->count];
	e->t = *t;
	e->place = *place;
	e->place.file = file;
	e->t.file = file->path;
	e->t.name = strdup(name);
	if (!e->t.name)
		return no_memory(err);
	if (t->type != AK_TENSOR_OTHER && place->raw && !place->swap &&
	    !place->strided)
		e->t.data = place->raw;
	set->count++;
	return 0;
}

int ak_tensors_add_meta(struct ak_tensors *set, const char *key,
			const char *value, bool json, struct ak_err *err)
{
	size_t n = set->num_meta, room = n & (n - 1) ? 0 : n ? n * 2 : 1;
	struct ak_tensors_meta *m;

	if (room) {
		m = reallocarray(set->meta, room, sizeof(*m));
		if (!m)
			return no_memory(err);
		set->meta = m;
	}
	m = &set->meta[n];
	m->key = strdup(key);
	m->value = strdup(value);
	m->json = json;
	set->num_meta++;
	return m->key && m->value ? 0 : no_memory(err);
}

static void close_file(struct ak_tensor_file *f)
{
	size_t i;

	for (i = 0; f->unpacked && i < f->zip.count; i++)
		ak_map_close(&f->unpacked[i].map);
	free(f->unpacked);
	if (f->h5)
		ak_h5_clear(f->h5);
	free(f->h5);
	ak_zip_close(&f->zip);
	ak_map_close(&f->map);
	free(f->path);
	free(f);
}

/* Maps a file and adds it to the set, whatever it is. */
static int map_file(struct ak_tensors *set, const char *path,
		    struct ak_tensor_file **file, struct ak_err *err)
{
	struct ak_tensor_file **grown, *f;
	int rc;

	grown = reallocarray(set->file, set->num_files + 1, sizeof(*grown));
	if (!grown)
		return no_memory(err);
	set->file = grown;
	f = calloc(1, sizeof(*f));
	if (!f)
		return no_memory(err);
	f->path = strdup(path);
	rc = f->path ? ak_map_open(path, &f->map, err) : no_memory(err);
	if (rc) {
		close_file(f);
		return rc;
	}
	set->file[set->num_files++] = f;
	*file = f;
	return 0;
}

static int load_file(struct ak_tensors *set, struct ak_tensor_file *f,
		     struct ak_err *err)
{
	const struct ak_container *c;
	int rc;

	for (c = ak_containers; c->name; c++)
		if (c->is(f)) {
			if (!set->format)
				set->format = c->name;
			rc = c->load(set, f, err);
			if (rc && rc != -ENOMEM)
				ak_err_prefix(err, "%s: ", f->path);
			return rc;
		}
	return ak_errf(
		err, -EBADMSG,
		"%s: is of no known format; safetensors, PyTorch (.pt, .pth, .bin), .npy, .npz, GGUF and NNTR are read (and nntr-bin with config.json beside it)",
		f->path);
}

/* ------------------------------------------------------------- an index */

/* A name in the same folder and nowhere else. */
static bool is_plain(const char *name)
{
	return *name && !strchr(name, '/') && strcmp(name, ".") &&
	       strcmp(name, "..");
}

/* "FOLDER/" of @path and @name. */
static char *beside(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');
	char *s;

	if (asprintf(&s, "%.*s%s", slash ? (int)(slash - path) + 1 : 0, path,
		     name) < 0)
		return NULL;
	return s;
}

static int load_shard(struct ak_tensors *set, const char *index,
		      const char *name, struct ak_err *err)
{
	struct ak_tensor_file *f = NULL;
	char *path;
	int rc;

	path = beside(index, name);
	if (!path)
		return no_memory(err);
	rc = map_file(set, path, &f, err);
	if (rc == -ENOENT)
		ak_errf(err, rc,
			"%s: is not there, but %s names it; fetch all files of the model",
			path, index);
	if (!rc)
		rc = load_file(set, f, err);
	free(path);
	return rc;
}

/* Every shard once, in the order in which they are first named. */
static int load_shards(struct ak_tensors *set, const char *index, json_t *map,
		       struct ak_err *err)
{
	json_t *seen = json_object(), *value;
	const char *name, *file;
	int rc = seen ? 0 : no_memory(err);

	if (rc)
		return rc;
	json_object_foreach(map, name, value)
	{
		file = json_string_value(value);
		if (!file || !is_plain(file))
			rc = ak_errf(
				err, -EBADMSG,
				"%s: the file of tensor '%s' is no plain file name",
				index, name);
		else if (!json_object_get(seen, file))
			rc = json_object_set_new(seen, file, json_true()) ?
				     no_memory(err) :
				     load_shard(set, index, file, err);
		if (rc)
			break;
	}
	json_decref(seen);
	return rc;
}

/* Is every tensor of the index in the file that it says? */
static int check_index(const struct ak_tensors *set, const char *index,
		       json_t *map, struct ak_err *err)
{
	const char *name;
	json_t *value;

	json_object_foreach(map, name, value)
	{
		const struct ak_tensor *t = ak_tensors_find(set, name);
		const char *file = json_string_value(value), *slash;

		slash = t ? strrchr(t->file, '/') : NULL;
		if (!t || strcmp(slash ? slash + 1 : t->file, file))
			return ak_errf(
				err, -EBADMSG,
				"%s: tensor '%s' is not in %s; index and shards are of different models",
				index, name, file);
	}
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct ak_tensor_entry *x = a, *y = b;

	return strcmp(x->t.name, y->t.name);
}

static int build_names(struct ak_tensors *set, struct ak_err *err)
{
	size_t i;

	for (i = 0; i < set->count; i++) {
		const struct ak_tensor *t = &set->entry[i].t;
		int rc = ak_names_add(&set->names, t->name, i);

		if (rc == -EEXIST)
			return ak_errf(
				err, -EBADMSG,
				"%s: tensor '%s' is there twice; the other one is in %s",
				t->file, t->name,
				ak_tensors_find(set, t->name)->file);
		if (rc)
			return no_memory(err);
	}
	return 0;
}

static int open_index(struct ak_tensors *set, const char *path,
		      struct ak_err *err)
{
	json_t *root, *map;
	int rc = ak_json_read(path, MAX_INDEX, &root, err);

	if (rc)
		return rc;
	map = json_object_get(root, "weight_map");
	if (!json_is_object(map) || !json_object_size(map))
		rc = ak_errf(
			err, -EBADMSG,
			"%s: has no weight_map, so it is no index of shards",
			path);
	if (!rc)
		rc = load_shards(set, path, map, err);
	if (!rc) {
		qsort(set->entry, set->count, sizeof(*set->entry), by_name);
		rc = build_names(set, err);
	}
	if (!rc)
		rc = check_index(set, path, map, err);
	json_decref(root);
	return rc;
}

/* ----------------------------------------------------------------- open */

/* What begins as JSON can only be an index. */
static bool is_json(const struct ak_map *map)
{
	size_t i = 0;

	while (i < map->size && map->data[i] && strchr(" \t\r\n", map->data[i]))
		i++;
	return i < map->size && map->data[i] == '{';
}

static int open_path(struct ak_tensors *set, const char *path,
		     struct ak_err *err)
{
	struct ak_tensor_file *f = NULL;
	int rc;

	rc = map_file(set, path, &f, err);
	if (rc)
		return rc;
	if (is_json(&f->map))
		return open_index(set, path, err);
	rc = load_file(set, f, err);
	return rc ? rc : build_names(set, err);
}

static int open_folder(struct ak_tensors *set, const char *path,
		       struct ak_err *err)
{
	static const char *const names[] = {
		"model.safetensors",
		"model.safetensors.index.json",
		"pytorch_model.bin",
		"pytorch_model.bin.index.json",
	};
	struct stat st;
	bool found;
	char *file;
	size_t i;
	int rc;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (asprintf(&file, "%s/%s", path, names[i]) < 0)
			return no_memory(err);
		found = !stat(file, &st);
		rc = found ? open_path(set, file, err) : 0;
		free(file);
		if (found)
			return rc;
	}
	return ak_errf(
		err, -ENOENT,
		"%s: has neither model.safetensors nor pytorch_model.bin nor an index of either; name the file itself",
		path);
}

static struct ak_tensors *new_set(void)
{
	struct ak_tensors *set = calloc(1, sizeof(*set));

	if (!set)
		return NULL;
	pthread_mutex_init(&set->lock, NULL);
	pthread_cond_init(&set->changed, NULL);
	return set;
}

int ak_tensors_open_with(const char *path,
			 int (*load)(struct ak_tensors *set,
				     struct ak_tensor_file *file, void *arg,
				     struct ak_err *err),
			 void *arg, struct ak_tensors **out, struct ak_err *err)
{
	struct ak_tensors *set = new_set();
	struct ak_tensor_file *f = NULL;
	int rc;

	*out = NULL;
	if (!set)
		return no_memory(err);
	rc = map_file(set, path, &f, err);
	if (!rc)
		rc = load(set, f, arg, err);
	if (!rc)
		rc = build_names(set, err);
	if (rc)
		ak_tensors_close(set);
	else
		*out = set;
	return rc;
}

int ak_tensors_open(const char *path, struct ak_tensors **out,
		    struct ak_err *err)
{
	struct ak_tensors *set = new_set();
	struct stat st;
	int rc;

	*out = NULL;
	if (!set)
		return no_memory(err);
	if (!stat(path, &st) && S_ISDIR(st.st_mode))
		rc = open_folder(set, path, err);
	else
		rc = open_path(set, path, err);
	if (rc) {
		ak_tensors_close(set);
		return rc;
	}
	*out = set;
	return 0;
}

void ak_tensors_close(struct ak_tensors *t)
{
	size_t i;

	if (!t)
		return;
	for (i = 0; i < t->count; i++)
		free((void *)(uintptr_t)t->entry[i].t.name);
	for (i = 0; i < t->num_files; i++)
		close_file(t->file[i]);
	for (i = 0; i < t->num_meta; i++) {
		free((void *)(uintptr_t)t->meta[i].key);
		free((void *)(uintptr_t)t->meta[i].value);
	}
	free(t->meta);
	free(t->entry);
	free(t->file);
	ak_names_clear(&t->names);
	pthread_cond_destroy(&t->changed);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

size_t ak_tensors_count(const struct ak_tensors *t)
{
	return t->count;
}

const struct ak_tensor *ak_tensors_at(const struct ak_tensors *t, size_t i)
{
	return i < t->count ? &t->entry[i].t : NULL;
}

const struct ak_tensor *ak_tensors_find(const struct ak_tensors *t,
					const char *name)
{
	size_t i = ak_names_find(&t->names, name);

	return i == SIZE_MAX ? NULL : &t->entry[i].t;
}

size_t ak_tensor_number(const struct ak_tensors *t,
			const struct ak_tensor *tensor)
{
	/* A tensor is the begin of its entry. */
	return (size_t)((const struct ak_tensor_entry *)(const void *)tensor -
			t->entry);
}

uint64_t ak_tensor_cols(const struct ak_tensor *t)
{
	return t->ndim ? t->dim[t->ndim - 1] : 1;
}

uint64_t ak_tensor_rows(const struct ak_tensor *t)
{
	uint64_t cols = ak_tensor_cols(t);

	return cols ? t->count / cols : 0;
}

bool ak_tensor_readable(const struct ak_tensor *t)
{
	const struct ak_tensor_entry *e = (const void *)t;

	return t->type != AK_TENSOR_OTHER || e->place.read;
}

const struct ak_tensors_meta *ak_tensors_meta(const struct ak_tensors *t,
					      size_t i)
{
	return i < t->num_meta ? &t->meta[i] : NULL;
}

const char *ak_tensors_format(const struct ak_tensors *t)
{
	return t->format;
}

const char *ak_tensors_file(const struct ak_tensors *t, size_t i,
			    uint64_t *size)
{
	if (i >= t->num_files)
		return NULL;
	*size = t->file[i]->map.size;
	return t->file[i]->path;
}
