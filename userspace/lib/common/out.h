/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files written piece by piece, whole or not at all: nothing has the file's
 * name before ak_out_finish() has flushed all of it.
 */
#ifndef AK_OUT_H
#define AK_OUT_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"

/**
 * struct ak_out - a file that is being written
 *
 * Opaque. One thread at a time may use it; but several may call
 * ak_out_pwrite() at a time while nobody appends.
 */
struct ak_out;

/**
 * ak_out_open() - begin a file
 * @path: file name
 * @out: where to put it, NULL after an error
 * @err: error text; names the file
 *
 * Where the file system can (O_TMPFILE), the file has no name until it is
 * finished, so that a killed process leaves nothing either; elsewhere it has
 * a temporary name beside @path. A file that is replaced keeps its mode. What
 * is not a regular file (/dev/stdout, a pipe) is written directly.
 *
 * Return: 0 or a negative errno.
 */
int ak_out_open(const char *path, struct ak_out **out, struct ak_err *err);

/**
 * ak_out_memory() - begin something that is no file, such as a header
 * @name: what to call it in messages
 * @memory: bytes are appended to it; has all of them after ak_out_finish()
 * @out: where to put it
 * @err: error text
 *
 * Can only be appended to.
 *
 * Return: 0, -ENOMEM.
 */
int ak_out_memory(const char *name, struct ak_buf *memory, struct ak_out **out,
		  struct ak_err *err);

/**
 * ak_out_write() - append
 * @out: an open file
 * @data: what; small pieces are gathered
 * @size: its bytes
 * @err: error text; names the file
 *
 * Return: 0 or a negative errno.
 */
int ak_out_write(struct ak_out *out, const void *data, size_t size,
		 struct ak_err *err);

/**
 * ak_out_zeros() - append zero bytes
 * @out: an open file
 * @size: how many
 * @err: error text; names the file
 *
 * Return: 0 or a negative errno.
 */
int ak_out_zeros(struct ak_out *out, uint64_t size, struct ak_err *err);

/**
 * ak_out_tell() - where the next byte is appended
 * @out: an open file
 *
 * Return: bytes appended or skipped so far.
 */
uint64_t ak_out_tell(const struct ak_out *out);

/**
 * ak_out_skip() - leave room that ak_out_pwrite() fills
 * @out: an open file
 * @size: bytes; what is not filled reads as zero
 * @err: error text; names the file
 *
 * Return: 0, -ESPIPE for a pipe or a terminal, or a negative errno.
 */
int ak_out_skip(struct ak_out *out, uint64_t size, struct ak_err *err);

/**
 * ak_out_reserve() - the same, and have the disk keep room for it
 * @out: an open file
 * @size: bytes
 * @err: error text; names the file
 *
 * A disk that is too full is found out here where the file system can tell.
 *
 * Return: as ak_out_skip().
 */
int ak_out_reserve(struct ak_out *out, uint64_t size, struct ak_err *err);

/**
 * ak_out_kick() - have the disk begin with what was written
 * @out: an open file
 * @offset: from the beginning of the file
 * @size: bytes, 0 for all that follow
 *
 * Does not wait. Files of many gigabytes are flushed sooner when the disk
 * works while they are made.
 */
void ak_out_kick(struct ak_out *out, uint64_t offset, uint64_t size);

/**
 * ak_out_no_sync() - do not wait for the disk in ak_out_finish()
 * @out: an open file
 *
 * After a crash of the machine the file may be empty or cut.
 */
void ak_out_no_sync(struct ak_out *out);

/**
 * ak_out_pwrite() - write elsewhere than at the end
 * @out: an open file
 * @offset: from the beginning of the file; not beyond ak_out_tell()
 * @data: what
 * @size: its bytes
 * @err: error text; names the file
 *
 * Return: 0, -ESPIPE for a pipe or a terminal, or a negative errno.
 */
int ak_out_pwrite(struct ak_out *out, uint64_t offset, const void *data,
		  size_t size, struct ak_err *err);

/**
 * ak_out_finish() - flush everything and give the file its name
 * @out: an open file; given back, also after an error
 * @err: error text; names the file
 *
 * Return: 0 or a negative errno; after an error there is no new file, and the
 * one that would have been replaced is as it was.
 */
int ak_out_finish(struct ak_out *out, struct ak_err *err);

/**
 * ak_out_abandon() - give up a file; nothing is left of it
 * @out: an open file or NULL
 */
void ak_out_abandon(struct ak_out *out);

#endif /* AK_OUT_H */
