// SPDX-License-Identifier: LGPL-2.1-or-later
#include "convert/hub_cache.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/util.h"

#define MAX_REF 256 /* bytes of a file below refs/ */
#define COMMIT 40 /* digits of a commit */
#define MAX_PART 96 /* bytes of ORG and of MODEL, the hub's limit */

/* The models that the APL guide converts. */
static const struct {
	const char *name, *repo;
} short_names[] = {
	{ "tinyllama", "TinyLlama/TinyLlama-1.1B-Chat-v1.0" },
	{ "mistral-7b", "mistralai/Mistral-7B-v0.1" },
	{ "mistral-7b-instruct", "mistralai/Mistral-7B-Instruct-v0.1" },
	{ "gemma-2b", "google/gemma-2b" },
	{ "llama2-7b", "meta-llama/Llama-2-7b-hf" },
};

/* ORG--MODEL/snapshots/COMMIT: the short name, or where MODEL begins. */
static const char *in_cache(const char *repo, bool guide, size_t *size)
{
	const char *model = strstr(repo, "--"), *slash = strchr(repo, '/');
	size_t i, org;

	if (!model || !slash || model > slash ||
	    strncmp(slash, "/snapshots/", 11))
		return NULL;
	org = (size_t)(model - repo);
	model += 2;
	*size = (size_t)(slash - model);
	for (i = 0; guide && i < ARRAY_SIZE(short_names); i++) {
		const char *name = short_names[i].repo;

		if (strlen(name) == org + 1 + *size &&
		    !strncmp(name, repo, org) &&
		    !strncmp(name + org + 1, model, *size)) {
			*size = strlen(short_names[i].name);
			return short_names[i].name;
		}
	}
	return *size ? model : NULL;
}

char *ak_hub_model_name(const char *path, bool guide)
{
	char *full = realpath(path, NULL), *name;
	const char *repo = full ? strstr(full, "/models--") : NULL;
	const char *found = NULL, *slash;
	size_t size = 0;

	if (repo)
		found = in_cache(repo + strlen("/models--"), guide, &size);
	slash = full ? strrchr(full, '/') : NULL;
	name = found		 ? strndup(found, size) :
	       slash && slash[1] ? strdup(slash + 1) :
				   strdup("model");
	free(full);
	return name;
}

static bool is_word(const char *s, size_t n, const char *more)
{
	size_t i;

	if (!n || s[0] == '-' || s[0] == '.' || s[0] == '/')
		return false;
	for (i = 0; i < n; i++) {
		char c = s[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      (c >= '0' && c <= '9') || strchr(more, c)))
			return false;
		/* ".." would leave the folder, "--" stands for a slash. */
		if (i && c == s[i - 1] && (c == '.' || c == '-' || c == '/'))
			return false;
	}
	return true;
}

const char *ak_hub_repo(const char *name)
{
	const char *slash = strchr(name, '/');
	size_t i, org;

	for (i = 0; i < ARRAY_SIZE(short_names); i++)
		if (!strcmp(short_names[i].name, name))
			return short_names[i].repo;
	if (!slash)
		return NULL;
	org = (size_t)(slash - name);
	if (org > MAX_PART || strlen(slash + 1) > MAX_PART ||
	    !is_word(name, org, "._-") ||
	    !is_word(slash + 1, strlen(slash + 1), "._-"))
		return NULL;
	return name;
}

bool ak_hub_is_revision(const char *revision)
{
	size_t n = strlen(revision);

	return n < MAX_REF && is_word(revision, n, "._/-") &&
	       revision[n - 1] != '/';
}

static int no_memory(struct ak_err *err)
{
	return ak_errf(err, -ENOMEM, "no memory for a name");
}

/* $@variable and what follows, if it is set. */
static int from_environment(const char *variable, const char *rest, char **path,
			    struct ak_err *err)
{
	const char *value = getenv(variable);

	if (!value || !*value)
		return -ENOENT;
	return asprintf(path, "%s%s", value, rest) < 0 ? no_memory(err) : 0;
}

int ak_hub_cache(char **path, struct ak_err *err)
{
	static const struct {
		const char *variable, *rest;
	} places[] = {
		{ "HF_HUB_CACHE", "" },
		{ "HUGGINGFACE_HUB_CACHE", "" },
		{ "HF_HOME", "/hub" },
		{ "XDG_CACHE_HOME", "/huggingface/hub" },
		{ "HOME", "/.cache/huggingface/hub" },
	};
	struct passwd entry, *found = NULL;
	char buffer[4096];
	size_t i;
	int rc = -ENOENT;

	*path = NULL;
	for (i = 0; i < ARRAY_SIZE(places) && rc == -ENOENT; i++)
		rc = from_environment(places[i].variable, places[i].rest, path,
				      err);
	if (rc != -ENOENT)
		return rc;
	if (getpwuid_r(getuid(), &entry, buffer, sizeof(buffer), &found) ||
	    !found)
		return ak_errf(
			err, -ENOENT,
			"there is no home folder for the hub's cache; set HF_HUB_CACHE");
	if (asprintf(path, "%s/.cache/huggingface/hub", found->pw_dir) < 0)
		return no_memory(err);
	return 0;
}

int ak_hub_repo_folder(const char *repo, char **path, struct ak_err *err)
{
	const char *slash = strchr(repo, '/');
	char *cache;
	int rc = ak_hub_cache(&cache, err);

	*path = NULL;
	if (rc)
		return rc;
	if (asprintf(path, "%s/models--%.*s--%s", cache, (int)(slash - repo),
		     repo, slash + 1) < 0) {
		*path = NULL;
		rc = no_memory(err);
	}
	free(cache);
	return rc;
}

static bool is_commit(const char *s)
{
	return strlen(s) == COMMIT && strspn(s, "0123456789abcdef") == COMMIT;
}

static bool is_folder(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

/* The commit that a branch or tag is at. */
static int read_ref(const char *folder, const char *revision,
		    char commit[COMMIT + 1], struct ak_err *err)
{
	uint8_t *text;
	size_t size;
	char *path;
	int rc;

	if (asprintf(&path, "%s/refs/%s", folder, revision) < 0)
		return no_memory(err);
	rc = ak_file_read(path, MAX_REF, &text, &size, err);
	if (!rc) {
		while (size &&
		       (text[size - 1] == '\n' || text[size - 1] == '\r' ||
			text[size - 1] == ' '))
			size--;
		snprintf(commit, COMMIT + 1, "%.*s",
			 (int)(size < COMMIT ? size : COMMIT), (char *)text);
		if (size != COMMIT || !is_commit(commit))
			rc = ak_errf(
				err, -EBADMSG,
				"%s: does not name a commit; fetch the model again",
				path);
		free(text);
	}
	free(path);
	return rc;
}

static int snapshot(const char *folder, const char *revision, char **path,
		    struct ak_err *err)
{
	char commit[COMMIT + 1];
	int rc = 0;

	if (is_commit(revision))
		strcpy(commit, revision);
	else
		rc = read_ref(folder, revision, commit, err);
	if (rc)
		return rc;
	if (asprintf(path, "%s/snapshots/%s", folder, commit) < 0) {
		*path = NULL;
		return no_memory(err);
	}
	if (is_folder(*path))
		return 0;
	free(*path);
	*path = NULL;
	return -ENOENT;
}

int ak_hub_find(const char *name, const char *revision, char **path,
		struct ak_err *err)
{
	const char *repo = ak_hub_repo(name);
	char *folder;
	int rc;

	*path = NULL;
	if (!repo)
		return ak_errf(
			err, -EINVAL,
			"'%s' is neither a file nor the name of a model: ORG/MODEL, tinyllama, mistral-7b, mistral-7b-instruct, gemma-2b or llama2-7b",
			name);
	if (!revision)
		revision = "main";
	if (!ak_hub_is_revision(revision))
		return ak_errf(err, -EINVAL,
			       "'%s' cannot be a branch, tag or commit",
			       revision);
	rc = ak_hub_repo_folder(repo, &folder, err);
	if (rc)
		return rc;
	rc = snapshot(folder, revision, path, err);
	if (rc == -ENOENT)
		ak_errf(err, rc,
			"%s (revision %s) is not in the hub's cache as %s; fetch it with 'akida fetch %s'",
			repo, revision, folder, repo);
	free(folder);
	return rc;
}

int ak_hub_input(const char *name, char **path, struct ak_err *err)
{
	struct stat st;
	int rc;

	*path = NULL;
	if (!stat(name, &st) || errno != ENOENT) {
		*path = strdup(name);
		return *path ? 0 : no_memory(err);
	}
	/* Looks like a file's name: then it is one that is missing. */
	if (!ak_hub_repo(name))
		return ak_errf(err, -ENOENT,
			       "%s: there is no such file or folder", name);
	rc = ak_hub_find(name, NULL, path, err);
	if (rc == -ENOENT)
		ak_err_prefix(err, "%s: there is no such file or folder, and ",
			      name);
	return rc;
}
