/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Models in the local cache of the Hugging Face hub, in the layout that its
 * tools share: models--ORG--NAME/refs/main names a commit, and
 * snapshots/COMMIT has its files. Nothing here uses the network.
 */
#ifndef AK_HUB_CACHE_H
#define AK_HUB_CACHE_H

#include <stdbool.h>

#include "common/err.h"

/**
 * ak_hub_repo() - the repository that a name stands for
 * @name: ORG/MODEL, or a short name of the APL guide: tinyllama, mistral-7b,
 *	mistral-7b-instruct, gemma-2b, llama2-7b
 *
 * Return: ORG/MODEL; NULL for what cannot be a name on the hub.
 */
const char *ak_hub_repo(const char *name);

/**
 * ak_hub_model_name() - what a model is called
 * @path: its folder or file
 * @guide: by its short name, if it has one
 *
 * The last part of the path; of a folder of the hub's cache, which is called by
 * its commit, MODEL of its repository.
 *
 * Return: a name without '/' for free(), NULL without memory.
 */
char *ak_hub_model_name(const char *path, bool guide);

/**
 * ak_hub_is_revision() - can a text be a branch, tag or commit
 * @revision: text
 *
 * Return: true if it is safe as part of a path below refs/.
 */
bool ak_hub_is_revision(const char *revision);

/**
 * ak_hub_cache() - where the cache is
 * @path: where to put its name, for free()
 * @err: error text
 *
 * $HF_HUB_CACHE, $HUGGINGFACE_HUB_CACHE (its old name), $HF_HOME/hub,
 * $XDG_CACHE_HOME/huggingface/hub or ~/.cache/huggingface/hub. It need not
 * exist.
 *
 * Return: 0, -ENOENT without a home, -ENOMEM.
 */
int ak_hub_cache(char **path, struct ak_err *err);

/**
 * ak_hub_repo_folder() - where the cache keeps a repository
 * @repo: ORG/MODEL
 * @path: where to put the name of models--ORG--MODEL, for free()
 * @err: error text
 *
 * Return: as ak_hub_cache().
 */
int ak_hub_repo_folder(const char *repo, char **path, struct ak_err *err);

/**
 * ak_hub_find() - the files of a model in the cache
 * @name: ORG/MODEL or a short name
 * @revision: branch, tag or commit; NULL for main
 * @path: where to put the name of its folder, for free()
 * @err: error text; names the cache and how to fill it
 *
 * Return: 0, -ENOENT if it is not there, -EINVAL for an impossible name or
 * revision, -EBADMSG for a damaged cache, -ENOMEM.
 */
int ak_hub_find(const char *name, const char *revision, char **path,
		struct ak_err *err);

/**
 * ak_hub_input() - a file or folder, or else a model in the cache
 * @name: name of a file or folder; ORG/MODEL; a short name
 * @path: where to put what to open, for free()
 * @err: error text
 *
 * What exists under the name is meant, whatever the cache has.
 *
 * Return: as ak_hub_find().
 */
int ak_hub_input(const char *name, char **path, struct ak_err *err);

#endif /* AK_HUB_CACHE_H */
