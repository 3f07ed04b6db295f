// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Manifests: which weights there are, and where their arrays lie.
 */
#include "convert/in_apl.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/json_file.h"
#include "common/util.h"
#include "convert/in_apl_arrays.h"

#define MAX_MANIFEST ((size_t)256 << 20)

static int no_memory(struct ak_err *err)
{
	return ak_errf(err, -ENOMEM, "no memory for a manifest");
}

bool ak_apl_is(const json_t *root)
{
	return json_object_get(root, "format_version") &&
	       (json_object_get(root, "weights") ||
		json_is_array(json_object_get(root, "models")));
}

/* ------------------------------------------------------------ finding files */

static bool ends(const char *s, const char *with)
{
	size_t n = strlen(s), m = strlen(with);

	return n >= m && !strcmp(s + n - m, with);
}

/* The last @from in @s replaced by @to, and its end by @end. */
static char *sibling(const char *s, const char *from, const char *to,
		     const char *suffix, const char *end)
{
	size_t stem = strlen(s) - strlen(suffix);
	const char *at = NULL, *next = s;
	char *out;

	while ((next = strstr(next, from)))
		at = next++;
	if (!ends(s, suffix) || !at || at + strlen(from) > s + stem)
		return NULL;
	if (asprintf(&out, "%.*s%s%.*s%s", (int)(at - s), s, to,
		     (int)(s + stem - at - strlen(from)), at + strlen(from),
		     end) < 0)
		return NULL;
	return out;
}

/* The one manifest in a folder. */
static int find_in_folder(const char *folder, char **path, struct ak_err *err)
{
	DIR *d = opendir(folder);
	struct dirent *e;
	char *found = NULL;
	int n = 0;

	if (!d)
		return ak_errf(err, -errno, "%s: cannot be read: %s", folder,
			       strerror(errno));
	while ((e = readdir(d))) {
		if (!ends(e->d_name, ".json") || !strstr(e->d_name, "manifest"))
			continue;
		n++;
		free(found);
		if (asprintf(&found, "%s/%s", folder, e->d_name) < 0)
			found = NULL;
	}
	closedir(d);
	*path = found;
	if (n == 1)
		return found ? 0 : no_memory(err);
	free(found);
	*path = NULL;
	return ak_errf(
		err, n ? -EINVAL : -ENOENT,
		n ? "%s: there are %d manifests in it; name one" :
		    "%s: there is no manifest in it (a .json file with 'manifest' in its name)",
		folder, n);
}

static int find_manifest(const char *path, char **manifest, struct ak_err *err)
{
	struct stat st;

	*manifest = NULL;
	if (stat(path, &st))
		return ak_errf(err, -errno, "%s: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return find_in_folder(path, manifest, err);
	if (!ends(path, ".npz")) {
		*manifest = strdup(path);
		return *manifest ? 0 : no_memory(err);
	}
	*manifest = sibling(path, "_quantized", "_manifest", ".npz", ".json");
	if (*manifest && !access(*manifest, F_OK))
		return 0;
	free(*manifest);
	*manifest = NULL;
	return ak_errf(
		err, -ENOENT,
		"%s: the manifest that belongs to this archive is not beside it; name the manifest",
		path);
}

/* A name of a file without folders, of Windows either. */
static const char *plain_name(const char *s)
{
	const char *slash = strrchr(s, '/'), *other;

	s = slash ? slash + 1 : s;
	other = strrchr(s, '\\');
	s = other ? other + 1 : s;
	return *s && strcmp(s, ".") && strcmp(s, "..") ? s : NULL;
}

static char *beside(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');
	char *out;

	if (asprintf(&out, "%.*s%s", slash ? (int)(slash - path) + 1 : 0, path,
		     name) < 0)
		return NULL;
	return out;
}

/* Where the archive is: as the manifest says, or by the manifest's name. */
static int find_archive(struct ak_apl *a, struct ak_err *err)
{
	static const char *const places[] = { "metadata", "model" };
	const char *name;
	size_t i;

	for (i = 0; i < 2; i++) {
		name = json_string_value(json_object_get(
			json_object_get(a->root, places[i]), "source_npz"));
		name = name ? plain_name(name) : NULL;
		if (!name)
			continue;
		a->npz = beside(a->path, name);
		if (!a->npz)
			return no_memory(err);
		if (!access(a->npz, F_OK))
			return 0;
		free(a->npz);
	}
	a->npz = sibling(a->path, "_manifest", "_quantized", ".json", ".npz");
	if (a->npz && !access(a->npz, F_OK))
		return 0;
	return ak_errf(
		err, -ENOENT,
		"%s: the archive that belongs to this manifest is not beside it",
		a->path);
}

/* ----------------------------------------------------------------- weights */

static int damaged(const struct ak_apl *a, struct ak_err *err, const char *name,
		   const char *what)
{
	return ak_errf(err, -EBADMSG, "%s: weight '%s': %s", a->path, name,
		       what);
}

const struct ak_zip_entry *ak_apl_file(const struct ak_apl *a,
				       const json_t *entry, const char *key)
{
	const char *name = json_string_value(json_object_get(entry, key));

	return name ? ak_zip_find(&a->zip, name) : NULL;
}

/* Every array that it names is in the archive, and there is something. */
static int check_files(const struct ak_apl *a, const char *name,
		       const json_t *entry, struct ak_err *err)
{
	static const char *const keys[] = {
		"q", "q_scales", "packed", "scales", "fp32", "q_zero_point"
	};
	size_t i, n = 0;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		const json_t *file = json_object_get(entry, keys[i]);

		if (!file || json_is_null(file))
			continue;
		if (!ak_apl_file(a, entry, keys[i]))
			return ak_errf(err, -EBADMSG,
				       "%s: weight '%s': its '%s' is not in %s",
				       a->path, name, keys[i], a->npz);
		n++;
	}
	return n ? 0 : damaged(a, err, name, "it names no array");
}

static int add_weight(struct ak_apl *a, const char *name, const json_t *entry,
		      struct ak_err *err)
{
	const char *prefix = a->member[a->members - 1].name;
	struct ak_apl_weight *w, *grown;
	int ret;

	if (!name || !json_is_object(entry))
		return damaged(a, err, name ? name : "?",
			       "its entry is no object with a name");
	ret = check_files(a, name, entry, err);
	if (ret)
		return ret;
	grown = reallocarray(a->weight, a->count + 1, sizeof(*grown));
	if (!grown)
		return no_memory(err);
	a->weight = grown;
	w = &grown[a->count];
	memset(w, 0, sizeof(*w));
	if (!a->merged)
		w->name = strdup(name);
	else if (asprintf(&w->name, "%s/%s", prefix, name) < 0)
		w->name = NULL;
	if (!w->name)
		return no_memory(err);
	w->entry = entry;
	w->model = a->members - 1;
	a->count++;
	return 0;
}

/* The guide's list, or the exporter's object. */
static int add_weights(struct ak_apl *a, const json_t *weights,
		       struct ak_err *err)
{
	const char *key;
	json_t *entry;
	size_t i;
	int ret = 0;

	if (!json_is_array(weights) && !json_is_object(weights))
		return ak_errf(err, -EBADMSG,
			       "%s: 'weights' is neither a list nor an object",
			       a->path);
	for (i = 0; !ret && i < json_array_size(weights); i++) {
		entry = json_array_get(weights, i);
		ret = add_weight(
			a, json_string_value(json_object_get(entry, "name")),
			entry, err);
	}
	json_object_foreach((json_t *)weights, key, entry)
	{
		if (ret)
			break;
		ret = add_weight(a, key, entry, err);
	}
	return ret;
}

static int add_member(struct ak_apl *a, const json_t *object,
		      struct ak_err *err)
{
	const json_t *model = json_object_get(object, "model");
	const char *name = json_string_value(json_object_get(model, "name"));
	struct ak_apl_member *grown;

	if (!name)
		name = json_string_value(
			json_object_get(model, "primary_family"));
	grown = reallocarray(a->member, a->members + 1, sizeof(*grown));
	if (!grown)
		return no_memory(err);
	a->member = grown;
	grown[a->members].object = object;
	grown[a->members].name = strdup(name ? name : "model");
	if (!grown[a->members].name)
		return no_memory(err);
	a->members++;
	return add_weights(a, json_object_get(object, "weights"), err);
}

static int read_members(struct ak_apl *a, struct ak_err *err)
{
	const json_t *models = json_object_get(a->root, "models");
	size_t i;
	int ret = 0;

	a->merged = json_is_array(models);
	if (!a->merged)
		return add_member(a, a->root, err);
	for (i = 0; !ret && i < json_array_size(models); i++)
		ret = add_member(a, json_array_get(models, i), err);
	return ret;
}

static int open_files(const char *path, struct ak_apl *a, struct ak_err *err)
{
	int ret;

	ret = find_manifest(path, &a->path, err);
	if (!ret)
		ret = ak_json_read(a->path, MAX_MANIFEST, &a->root, err);
	if (ret)
		return ret;
	if (!ak_apl_is(a->root))
		return ak_errf(
			err, -EBADMSG,
			"%s: is no APL manifest (no 'format_version' and 'weights' in it)",
			a->path);
	ret = find_archive(a, err);
	if (!ret)
		ret = ak_map_open(a->npz, &a->map, err);
	if (!ret) {
		ret = ak_zip_open(a->map.data, a->map.size, &a->zip, err);
		if (ret)
			ak_err_prefix(err, "%s: ", a->npz);
	}
	return ret;
}

int ak_apl_open(const char *path, struct ak_apl *out, struct ak_err *err)
{
	int ret;

	memset(out, 0, sizeof(*out));
	ret = open_files(path, out, err);
	if (!ret)
		ret = read_members(out, err);
	if (ret)
		ak_apl_close(out);
	return ret;
}

void ak_apl_close(struct ak_apl *a)
{
	size_t i;

	for (i = 0; i < a->count; i++) {
		ak_apl_unload(&a->weight[i]);
		free(a->weight[i].name);
	}
	for (i = 0; i < a->members; i++)
		free(a->member[i].name);
	free(a->weight);
	free(a->member);
	ak_zip_close(&a->zip);
	ak_map_close(&a->map);
	json_decref(a->root);
	free(a->path);
	free(a->npz);
	memset(a, 0, sizeof(*a));
}
