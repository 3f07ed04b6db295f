/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PyTorch checkpoints (.pt, .pth, .bin): a ZIP archive of a pickle and of
 * storages. Documentation/formats/pytorch.rst.
 */
#ifndef AK_TORCH_H
#define AK_TORCH_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "format/pickle.h"
#include "format/zip.h"

/**
 * struct ak_torch - a checkpoint
 * @pickle: its tensors
 * @entry: where the storage of each lies, NULL for one without elements
 * @swap: elements are in the other byte order
 */
struct ak_torch {
	struct ak_pickle pickle;
	const struct ak_zip_entry **entry;
	bool swap;
};

/**
 * ak_is_torch() - is an archive a checkpoint
 * @zip: an archive
 *
 * Return: true if it has a "data.pkl".
 */
bool ak_is_torch(const struct ak_zip *zip);

/**
 * ak_torch_open() - read what a checkpoint has
 * @zip: an archive; must stay
 * @out: where to put it; ak_torch_close() gives it back
 * @err: error text
 *
 * Checked is what ak_pickle_parse() checks, and that each storage is there
 * with all its elements.
 *
 * Return: 0, -EBADMSG, -ENOTSUP, -ENOMEM.
 */
int ak_torch_open(const struct ak_zip *zip, struct ak_torch *out,
		  struct ak_err *err);

/**
 * ak_torch_close() - give it back
 * @t: filled by ak_torch_open(), or all zero
 */
void ak_torch_close(struct ak_torch *t);

/**
 * ak_is_torch_legacy() - is a file a checkpoint of PyTorch before 1.6
 * @data: the file
 * @size: its bytes
 *
 * Return: true for a pickle that begins with PyTorch's magic number and for a
 * tar archive; neither is read.
 */
bool ak_is_torch_legacy(const void *data, size_t size);

#endif /* AK_TORCH_H */
