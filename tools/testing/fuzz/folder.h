/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Folders of fuzzers whose code reads files by name.
 */
#ifndef FUZZ_FOLDER_H
#define FUZZ_FOLDER_H

#include <stddef.h>

/**
 * fuzz_folder() - make a folder, in memory where that can be
 *
 * It goes with all its files when the fuzzer ends. Aborts if it cannot be made.
 *
 * Return: its path, for good.
 */
const char *fuzz_folder(void);

/**
 * fuzz_save() - write a file
 * @dir: a folder of fuzz_folder()
 * @name: in it
 * @data: @size bytes
 * @size: bytes
 *
 * Aborts if that fails. Does not wait for a disk, as ak_file_write() does.
 */
void fuzz_save(const char *dir, const char *name, const void *data,
	       size_t size);

#endif
