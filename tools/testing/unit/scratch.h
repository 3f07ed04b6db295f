/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Folders for files that a test needs for a while, in $TMPDIR or else in /tmp.
 */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <stddef.h>

/**
 * scratch_make() - make a folder that nobody else has
 * @path: where to put its path
 * @size: of @path, at least 32; a $TMPDIR that has no room there is not used
 *
 * Return: 0, or -1 with errno.
 */
int scratch_make(char *path, size_t size);

/**
 * scratch_make_in() - the same in another folder
 * @folder: where
 * @path: where to put its path
 * @size: of @path
 *
 * Return: 0, or -1 with errno.
 */
int scratch_make_in(const char *folder, char *path, size_t size);

/**
 * scratch_remove() - remove a folder with all that is in it
 * @path: of it
 *
 * Return: 0, or -1 with errno.
 */
int scratch_remove(const char *path);

#endif
