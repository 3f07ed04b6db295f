// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The hub's answer about a model: which files there are, and which of them a
 * conversion needs.
 */
#include "convert/hub_fetch.h"

#include <errno.h>
#include <fnmatch.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/util.h"

#define MAX_FILES 20000
#define MAX_SIZE (1ull << 50)

static const char *const always[] = {
	"config.json",
	"generation_config.json",
	"tokenizer.json",
	"tokenizer.model",
	"tokenizer_config.json",
	"special_tokens_map.json",
	"added_tokens.json",
	"vocab.json",
	"merges.txt",
};

static const char *const safetensors[] = {
	"model.safetensors",
	"model.safetensors.index.json",
	"model-*-of-*.safetensors",
};

static const char *const pytorch[] = {
	"pytorch_model.bin",
	"pytorch_model.bin.index.json",
	"pytorch_model-*-of-*.bin",
};

static bool matches(const char *name, const char *const *patterns, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!fnmatch(patterns[i], name, FNM_PATHNAME))
			return true;
	return false;
}

#define IS(name, list) matches(name, list, ARRAY_SIZE(list))

/* Converters look at the top folder only, and nothing may leave it. */
static bool is_plain(const char *name)
{
	return *name && *name != '.' && !strpbrk(name, "/\\") &&
	       strlen(name) < 200;
}

static bool is_hex(const char *s, size_t n)
{
	return s && strlen(s) == n && strspn(s, "0123456789abcdef") == n;
}

static int bad(struct ak_err *err, const char *what)
{
	return ak_errf(err, -EBADMSG, "the hub's answer %s", what);
}

/* A file's size and digest: those of large-file storage if it is there. */
static int read_file(const json_t *entry, const char *name,
		     struct ak_hub_file *f, struct ak_err *err)
{
	const json_t *lfs = json_object_get(entry, "lfs");
	const json_t *size = json_object_get(entry, "size");
	const char *digest;

	if (json_is_object(lfs)) {
		size = json_object_get(lfs, "size");
		digest = json_string_value(json_object_get(lfs, "sha256"));
		if (!is_hex(digest, 64))
			return ak_errf(err, -EBADMSG,
				       "the hub states no SHA-256 of %s", name);
	} else {
		digest = json_string_value(json_object_get(entry, "blobId"));
		if (!is_hex(digest, 40))
			return ak_errf(err, -EBADMSG,
				       "the hub states no digest of %s", name);
	}
	if (!json_is_integer(size) || json_integer_value(size) < 0 ||
	    (uint64_t)json_integer_value(size) > MAX_SIZE)
		return ak_errf(err, -EBADMSG, "the hub states no size of %s",
			       name);
	f->size = (uint64_t)json_integer_value(size);
	strcpy(f->digest, digest);
	f->name = strdup(name);
	return f->name ? 0 : ak_errf(err, -ENOMEM, "no memory");
}

static int read_files(const json_t *siblings, struct ak_hub_list *out,
		      struct ak_err *err)
{
	bool have_safetensors = false, have_weights = false;
	const json_t *entry;
	const char *name;
	size_t i;
	int rc;

	json_array_foreach(siblings, i, entry)
	{
		name = json_string_value(json_object_get(entry, "rfilename"));
		if (!name)
			return bad(err, "has a file without a name");
		have_safetensors |= is_plain(name) && IS(name, safetensors);
	}
	json_array_foreach(siblings, i, entry)
	{
		bool weights;

		name = json_string_value(json_object_get(entry, "rfilename"));
		if (!is_plain(name))
			continue;
		weights = have_safetensors ? IS(name, safetensors) :
					     IS(name, pytorch);
		if (!weights && !IS(name, always))
			continue;
		rc = read_file(entry, name, &out->file[out->count], err);
		if (rc)
			return rc;
		/* At most MAX_FILES times MAX_SIZE. */
		out->total += out->file[out->count++].size;
		have_weights |= weights;
	}
	if (!have_weights)
		return ak_errf(
			err, -ENOENT,
			"the model has neither model.safetensors nor pytorch_model.bin; nothing can be converted");
	return 0;
}

int ak_hub_parse_list(const char *json, size_t size, struct ak_hub_list *out,
		      struct ak_err *err)
{
	json_t *root = json_loadb(json, size, JSON_REJECT_DUPLICATES, NULL);
	const json_t *siblings = json_object_get(root, "siblings");
	const char *sha = json_string_value(json_object_get(root, "sha"));
	int rc;

	memset(out, 0, sizeof(*out));
	if (!root) {
		rc = bad(err, "is no JSON");
	} else if (!is_hex(sha, 40)) {
		rc = bad(err, "names no commit");
	} else if (!json_is_array(siblings) ||
		   json_array_size(siblings) > MAX_FILES) {
		rc = bad(err, "has no list of files");
	} else {
		strcpy(out->commit, sha);
		out->file = calloc(json_array_size(siblings) + 1,
				   sizeof(*out->file));
		rc = out->file ? read_files(siblings, out, err) :
				 ak_errf(err, -ENOMEM, "no memory");
	}
	json_decref(root);
	if (rc)
		ak_hub_list_free(out);
	return rc;
}

void ak_hub_list_free(struct ak_hub_list *l)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		free(l->file[i].name);
	free(l->file);
	memset(l, 0, sizeof(*l));
}
