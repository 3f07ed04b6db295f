/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A folder for the files of one test.
 */
#ifndef TEMP_DIR_H
#define TEMP_DIR_H

#include <stddef.h>

/**
 * temp_dir_make() - make the folder; for a test's set-up
 * @state: of cmocka
 *
 * Return: 0, -1.
 */
int temp_dir_make(void **state);

/**
 * temp_dir_remove() - remove it with all that is in it
 * @state: of cmocka
 *
 * Return: 0, -1.
 */
int temp_dir_remove(void **state);

/**
 * temp_path() - name of a file in it
 * @name: of the file, may have folders
 *
 * Return: a name that holds until the eighth call after this one.
 */
const char *temp_path(const char *name);

/**
 * temp_write() - write a file in it, making its folders
 * @name: of the file
 * @data: content
 * @size: its bytes
 *
 * Return: temp_path(@name).
 */
const char *temp_write(const char *name, const void *data, size_t size);

/**
 * temp_text() - the same for a string
 * @name: of the file
 * @text: content
 *
 * Return: temp_path(@name).
 */
const char *temp_text(const char *name, const char *text);

#endif /* TEMP_DIR_H */
