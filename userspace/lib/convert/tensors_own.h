/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Containers of the formats that are written here.
 */
#ifndef AK_TENSORS_OWN_H
#define AK_TENSORS_OWN_H

#include "convert/tensors_internal.h"

/**
 * ak_is_nntr() - does a file look like an NNTR file
 * @f: file
 *
 * Return: true if so.
 */
bool ak_is_nntr(const struct ak_tensor_file *f);

/**
 * ak_load_nntr() - add the tensors of an NNTR file
 * @set: the set
 * @f: file
 * @err: error text
 *
 * Return: 0, -EBADMSG, -ENOMEM.
 */
int ak_load_nntr(struct ak_tensors *set, struct ak_tensor_file *f,
		 struct ak_err *err);

/**
 * ak_is_bincode() - is a file a record of bitnet.rs
 * @f: file
 *
 * Return: true if so.
 */
bool ak_is_bincode(const struct ak_tensor_file *f);

/**
 * ak_load_bincode() - add the tensors of a record
 * @set: the set
 * @f: file
 * @err: error text
 *
 * Ternary weights have no float values: the file does not say which of two
 * codes it has.
 *
 * Return: 0, -EBADMSG, -ENOMEM.
 */
int ak_load_bincode(struct ak_tensors *set, struct ak_tensor_file *f,
		    struct ak_err *err);

#endif /* AK_TENSORS_OWN_H */
