/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ZIP archives as .npz, PyTorch and Keras files are: stored entries are used
 * where they lie, deflated ones are unpacked.
 */
#ifndef AK_ZIP_H
#define AK_ZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/names.h"

/**
 * struct ak_zip_entry - a file in an archive
 * @name: its name, any bytes but NUL
 * @deflated: packed; otherwise stored
 * @crc: CRC-32 of its content
 * @size: bytes of its content
 * @packed: bytes in the archive
 * @offset: where in the archive they begin
 */
struct ak_zip_entry {
	const char *name;
	bool deflated;
	uint32_t crc;
	uint64_t size, packed, offset;
};

/**
 * struct ak_zip - an archive whose directory was read
 * @data: the archive
 * @size: its bytes
 * @entry: files in it, in the order of its directory; folders are left out
 * @count: how many
 * @names: numbers of entries
 * @text: where the names are
 */
struct ak_zip {
	const uint8_t *data;
	size_t size;
	struct ak_zip_entry *entry;
	size_t count;
	struct ak_names names;
	char *text;
};

/**
 * ak_is_zip() - does a file look like an archive
 * @data: the file
 * @size: its bytes
 *
 * Return: true if it begins with an entry, or is an empty archive.
 */
bool ak_is_zip(const void *data, size_t size);

/**
 * ak_zip_open() - read the directory of an archive
 * @data: the archive; must stay
 * @size: its bytes
 * @zip: where to put what it says; ak_zip_close() gives it back
 * @err: error text; names the entry
 *
 * ZIP64 is read. Checked is that names are there once; that each entry's own
 * header says the same as the directory (sizes may follow the data instead);
 * that entries lie in the archive and do not overlap; and that what they
 * unpack to is not more than 1 GiB and 64 times the archive's size, nor more
 * than deflate can pack.
 *
 * Return: 0, -EBADMSG, -ENOTSUP for encryption, other methods than deflate
 * and archives of several volumes, -EFBIG for a bomb, -ENOMEM.
 */
int ak_zip_open(const void *data, size_t size, struct ak_zip *zip,
		struct ak_err *err);

/**
 * ak_zip_close() - give it back
 * @zip: filled by ak_zip_open(), or all zero
 */
void ak_zip_close(struct ak_zip *zip);

/**
 * ak_zip_find() - an entry by its name
 * @zip: an archive
 * @name: its name
 *
 * Return: the entry or NULL.
 */
const struct ak_zip_entry *ak_zip_find(const struct ak_zip *zip,
				       const char *name);

/**
 * ak_zip_stored() - the content of a stored entry
 * @zip: an archive
 * @e: an entry of it
 *
 * Return: @e->size bytes in the archive, whose CRC was not looked at (that
 * would read all of it); NULL for a deflated entry.
 */
const uint8_t *ak_zip_stored(const struct ak_zip *zip,
			     const struct ak_zip_entry *e);

/**
 * ak_zip_read() - the content of an entry, or the begin of it
 * @zip: an archive
 * @e: an entry of it
 * @out: where to put it
 * @size: bytes wanted, at most @e->size
 * @err: error text; names the entry
 *
 * Of a deflated entry that is wanted whole the CRC is checked, and that the
 * stream ends there. Several threads may read at a time.
 *
 * Return: 0, -EBADMSG, -ENOMEM.
 */
int ak_zip_read(const struct ak_zip *zip, const struct ak_zip_entry *e,
		void *out, size_t size, struct ak_err *err);

#endif /* AK_ZIP_H */
