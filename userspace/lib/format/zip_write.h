/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ZIP archives, written as Python's zipfile does for NumPy: the very bytes
 * of numpy.savez() and numpy.savez_compressed() for the same arrays (with the
 * same zlib).
 */
#ifndef AK_ZIP_WRITE_H
#define AK_ZIP_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/out.h"
#include "format/tensor_type.h"

/**
 * enum ak_zip_form - which zipfile module the headers are equal to
 * @AK_ZIP_PYTHON_3_11: up to Python 3.11.3 (Debian 12): real sizes in the
 *	headers, and in a ZIP64 field too; versions 2.0
 * @AK_ZIP_PYTHON_3_12: Python 3.11.4 and later (Debian 13): sizes only in the
 *	ZIP64 field of the local header; versions 4.5
 */
enum ak_zip_form {
	AK_ZIP_PYTHON_3_11,
	AK_ZIP_PYTHON_3_12,
};

/**
 * struct ak_zip_packed - data that were deflated elsewhere
 * @data: deflate stream without a zlib header; malloc()ed by ak_zip_pack()
 * @packed: its bytes
 * @size: bytes before
 * @crc: CRC-32 of those
 */
struct ak_zip_packed {
	uint8_t *data;
	uint64_t packed, size;
	uint32_t crc;
};

/**
 * struct ak_zip_writer - an archive that is being written
 *
 * Opaque. One thread at a time may use it.
 */
struct ak_zip_writer;

/**
 * ak_zip_writer_new() - begin an archive
 * @out: where it goes; an empty file, not a pipe. Stays the caller's, who
 *	finishes or abandons it afterwards
 * @form: of the headers
 * @w: where to put it
 * @err: error text
 *
 * Return: 0 or -ENOMEM.
 */
int ak_zip_writer_new(struct ak_out *out, enum ak_zip_form form,
		      struct ak_zip_writer **w, struct ak_err *err);

/**
 * ak_zip_writer_free() - give a writer back
 * @w: a writer or NULL; without ak_zip_finish() the archive is incomplete
 */
void ak_zip_writer_free(struct ak_zip_writer *w);

/**
 * ak_zip_begin() - begin an entry
 * @w: a writer
 * @name: of the entry, UTF-8, at most 65535 bytes
 * @deflate: pack it, with zlib's default level 6, or store it
 * @err: error text
 *
 * Return: 0, -EEXIST for a name that was there, -EINVAL for one that is too
 * long or empty, or a negative errno.
 */
int ak_zip_begin(struct ak_zip_writer *w, const char *name, bool deflate,
		 struct ak_err *err);

/**
 * ak_zip_write() - append to the current entry
 * @w: a writer
 * @data: what
 * @size: its bytes
 * @err: error text
 *
 * Return: 0 or a negative errno.
 */
int ak_zip_write(struct ak_zip_writer *w, const void *data, size_t size,
		 struct ak_err *err);

/**
 * ak_zip_end() - end the current entry and fill in its header
 * @w: a writer
 * @err: error text
 *
 * Return: 0 or a negative errno.
 */
int ak_zip_end(struct ak_zip_writer *w, struct ak_err *err);

/**
 * ak_npz_begin() - begin an entry that is an array
 * @w: a writer
 * @key: name of the array; the entry's is @key.npy
 * @deflate: as numpy.savez_compressed() or as numpy.savez()
 * @type: of its elements; a float or integer type of NumPy, so not BF16
 * @ndim: number of dimensions
 * @dim: sizes, slowest first
 * @err: error text
 *
 * Its elements follow by ak_zip_write(), in C order, little endian; their
 * number is checked by ak_zip_end().
 *
 * Return: as ak_zip_begin(); -EINVAL for a type that NumPy has not.
 */
int ak_npz_begin(struct ak_zip_writer *w, const char *key, bool deflate,
		 enum ak_tensor_type type, unsigned int ndim,
		 const uint64_t *dim, struct ak_err *err);

/**
 * ak_npz_pack() - deflate an array without writing it
 * @type: as for ak_npz_begin()
 * @ndim: number of dimensions
 * @dim: sizes, slowest first
 * @elements: all of them
 * @packed: where to put it; @packed->data is for free()
 * @err: error text
 *
 * For threads that pack several arrays at a time; ak_zip_add() writes them
 * in order, and the bytes are those of ak_npz_begin() with @deflate.
 *
 * Return: 0, -EINVAL, -ENOMEM.
 */
int ak_npz_pack(enum ak_tensor_type type, unsigned int ndim,
		const uint64_t *dim, const void *elements,
		struct ak_zip_packed *packed, struct ak_err *err);

/**
 * ak_zip_add() - write an entry that was deflated elsewhere
 * @w: a writer
 * @name: of the entry, with ".npy" for an array
 * @packed: its data
 * @err: error text
 *
 * Return: as ak_zip_begin().
 */
int ak_zip_add(struct ak_zip_writer *w, const char *name,
	       const struct ak_zip_packed *packed, struct ak_err *err);

/**
 * ak_zip_begin_packed() - begin an entry whose data come deflated, in pieces
 * @w: a writer
 * @name: of the entry
 * @err: error text
 *
 * For pieces that several threads made: they are appended by
 * ak_zip_write_packed() as they stand, and must make up one deflate stream.
 *
 * Return: as ak_zip_begin().
 */
int ak_zip_begin_packed(struct ak_zip_writer *w, const char *name,
			struct ak_err *err);

/**
 * ak_zip_write_packed() - append a piece
 * @w: a writer
 * @data: part of a deflate stream
 * @size: its bytes
 * @err: error text
 *
 * Return: 0 or a negative errno.
 */
int ak_zip_write_packed(struct ak_zip_writer *w, const void *data, size_t size,
			struct ak_err *err);

/**
 * ak_zip_end_packed() - end such an entry
 * @w: a writer
 * @size: bytes that the stream unpacks to
 * @crc: CRC-32 of those
 * @err: error text
 *
 * Return: 0 or a negative errno.
 */
int ak_zip_end_packed(struct ak_zip_writer *w, uint64_t size, uint32_t crc,
		      struct ak_err *err);

/**
 * ak_zip_finish() - write the central directory
 * @w: a writer without a current entry
 * @err: error text
 *
 * Return: 0 or a negative errno.
 */
int ak_zip_finish(struct ak_zip_writer *w, struct ak_err *err);

#endif /* AK_ZIP_WRITE_H */
