/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Download from a Hugging Face hub into the cache that its own tools share.
 * hub_list.c asks the hub what a model consists of, hub_http.c speaks HTTP,
 * hub_digest.c checks what came, hub_fetch.c puts it into the cache.
 */
#ifndef AK_HUB_FETCH_H
#define AK_HUB_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/**
 * struct ak_hub_file - a file of a model on the hub
 * @name: path in the repository; checked: no "..", not absolute
 * @size: bytes, as the hub states
 * @digest: what its content must have, in hexadecimal: SHA-256 for files in
 *	large-file storage (64 digits), the git blob's SHA-1 for others (40)
 */
struct ak_hub_file {
	char *name;
	uint64_t size;
	char digest[65];
};

/**
 * struct ak_hub_list - what a model consists of
 * @commit: 40 digits
 * @file: files that conversions need
 * @count: how many
 * @total: their bytes
 */
struct ak_hub_list {
	char commit[41];
	struct ak_hub_file *file;
	size_t count;
	uint64_t total;
};

/**
 * ak_hub_parse_list() - understand the hub's answer about a model
 * @json: body of /api/models/ORG/MODEL/revision/REVISION?blobs=true
 * @size: its bytes
 * @out: where to put it; ak_hub_list_free() gives it back
 * @err: error text
 *
 * Keeps config, tokenizer and weights: safetensors, with its index, if there
 * are any, else pytorch_model*.bin.
 *
 * Return: 0; -EBADMSG for an answer that is not one, or names that would
 * leave the folder; -ENOENT for a model without weights.
 */
int ak_hub_parse_list(const char *json, size_t size, struct ak_hub_list *out,
		      struct ak_err *err);

/**
 * ak_hub_list_free() - give a list back
 * @l: filled, or all zero
 */
void ak_hub_list_free(struct ak_hub_list *l);

/**
 * struct ak_hub_digest - a running check of a file
 */
struct ak_hub_digest;

/**
 * ak_hub_digest_new() - begin
 * @digest: what the file must have
 * @size: its bytes
 *
 * Return: a handle for ak_hub_digest_end(), NULL without memory.
 */
struct ak_hub_digest *ak_hub_digest_new(const char *digest, uint64_t size);

/**
 * ak_hub_digest_add() - more bytes
 * @d: handle
 * @data: bytes
 * @size: how many
 */
void ak_hub_digest_add(struct ak_hub_digest *d, const void *data, size_t size);

/**
 * ak_hub_digest_end() - is the file the right one; gives @d back
 * @d: handle or NULL
 *
 * Return: true if it is.
 */
bool ak_hub_digest_end(struct ak_hub_digest *d);

/**
 * typedef ak_hub_progress - how far it is
 * @arg: the caller's
 * @done: bytes
 * @total: of how many
 *
 * Return: other than 0 to cancel.
 */
typedef int (*ak_hub_progress)(void *arg, uint64_t done, uint64_t total);

/**
 * ak_hub_fetch() - have a model in the cache
 * @name: ORG/MODEL or a short name
 * @revision: branch, tag or commit; NULL for main
 * @progress: called some ten times a second, may be NULL
 * @arg: handed to @progress
 * @path: where to put the name of its folder, for free()
 * @err: error text; says what to do
 *
 * Uses HF_ENDPOINT, HF_TOKEN (or the file that the hub's tools keep it in),
 * HF_HUB_OFFLINE, and the proxy variables of libcurl. What is there already
 * is not fetched again; what was cut off goes on where it stopped. Every file
 * is checked against size and digest before it gets its name, and the folder
 * of the revision appears when all of them are there.
 *
 * Return: 0; -ENOTSUP for a library built without libcurl; -EINVAL for an
 * impossible name; -ENETUNREACH offline; -EACCES without a token that may;
 * -ENOENT for a model or revision that the hub does not have; -EBADMSG for
 * answers that are wrong; -ECANCELED; or what the file system said.
 */
int ak_hub_fetch(const char *name, const char *revision,
		 ak_hub_progress progress, void *arg, char **path,
		 struct ak_err *err);

#endif /* AK_HUB_FETCH_H */
