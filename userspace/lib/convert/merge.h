/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Several APL models in one archive, equal arrays once.
 */
#ifndef AK_MERGE_H
#define AK_MERGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

/**
 * ak_merge() - merge models
 * @paths: manifests, or folders with one
 * @count: how many, at least one
 * @out: folder to make
 * @force: files may go into a folder that exists
 * @report: object to be filled: models, arrays, shared_arrays, shared_bytes,
 *	bytes, files
 * @err: error text
 *
 * Entries are copied as they are compressed. Whether two are equal is asked by
 * CRC-32 and size first and then byte by byte.
 *
 * Return: 0, -EEXIST for a folder with something in it, -EINVAL for models of
 * the same name, or another negative errno. After an error there is no output.
 */
int ak_merge(const char *const *paths, size_t count, const char *out,
	     bool force, json_t *report, struct ak_err *err);

#endif /* AK_MERGE_H */
