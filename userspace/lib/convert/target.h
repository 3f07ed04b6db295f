/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the output of a conversion goes: a file, or a folder that appears
 * under its name when everything is in it.
 */
#ifndef AK_TARGET_H
#define AK_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/**
 * struct ak_target - an output
 * @out: name of the file or folder, without '/' at its end
 * @folder: the folder that files are put into until ak_target_publish(); NULL
 *	for a single file
 * @resume: @folder is OUT.partial and stays after a failure
 * @force: files may go into a folder that exists
 * @no_sync: do not wait for the disk
 * @lock: keeps others out of a folder that is resumed, -1 for none
 */
struct ak_target {
	char *out, *folder;
	bool resume, force, no_sync;
	int lock;
};

/**
 * ak_target_init() - a single file
 * @t: target
 * @out: name as the user gave it
 * @err: error text
 *
 * Return: 0, -EINVAL for an empty name, -ENOMEM.
 */
int ak_target_init(struct ak_target *t, const char *out, struct ak_err *err);

/**
 * ak_target_folder() - make it a folder
 * @t: target, with @resume and @force set
 * @err: error text
 *
 * Return: 0, -EEXIST for a folder with something in it and no @force,
 * -ENOTDIR, or what the system said.
 */
int ak_target_folder(struct ak_target *t, struct ak_err *err);

/**
 * ak_target_path() - where to write a file
 * @t: target
 * @name: name in the folder, NULL for a target that is a file
 *
 * Return: a path for free(), NULL without memory.
 */
char *ak_target_path(const struct ak_target *t, const char *name);

/**
 * ak_target_publish() - give the folder its name
 * @t: target; nothing to do for a file
 * @err: error text
 *
 * Return: 0 or what the system said.
 */
int ak_target_publish(struct ak_target *t, struct ak_err *err);

/**
 * ak_target_end() - remove what was not published, unless it is to be resumed
 * @t: target
 */
void ak_target_end(struct ak_target *t);

/**
 * struct ak_journal_line - a finished file
 * @name: in the folder
 * @size: its bytes
 * @hash: their XXH64
 */
struct ak_journal_line {
	char *name;
	uint64_t size, hash;
};

/**
 * struct ak_journal - which files of OUT.partial are finished
 * @path: of the journal
 * @count: how many
 * @done: they
 */
struct ak_journal {
	char *path;
	size_t count;
	struct ak_journal_line *done;
};

/**
 * ak_journal_open() - read or begin the journal of a folder
 * @j: journal
 * @t: a folder with @resume
 * @digest: what must be the same for a conversion to be resumed
 * @err: error text
 *
 * Return: 0, -EBUSY for the journal of another conversion, -EBADMSG, -ENOMEM
 * or what the system said.
 */
int ak_journal_open(struct ak_journal *j, const struct ak_target *t,
		    uint64_t digest, struct ak_err *err);

/**
 * ak_journal_has() - is a file finished, and still as it was then
 * @j: journal
 * @t: its target
 * @name: of the file
 *
 * Reads all of it.
 *
 * Return: true if so.
 */
bool ak_journal_has(const struct ak_journal *j, const struct ak_target *t,
		    const char *name);

/**
 * ak_journal_add() - a file is finished
 * @j: journal
 * @t: its target
 * @name: of the file, which has been written to disk
 * @err: error text
 *
 * One thread at a time.
 *
 * Return: 0 or what the system said.
 */
int ak_journal_add(struct ak_journal *j, const struct ak_target *t,
		   const char *name, struct ak_err *err);

/**
 * ak_journal_close() - give it back
 * @j: journal, or all zero
 * @remove: also from the disk
 */
void ak_journal_close(struct ak_journal *j, bool remove);

#endif /* AK_TARGET_H */
