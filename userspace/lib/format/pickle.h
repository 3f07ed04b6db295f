/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pickle of a PyTorch checkpoint. A pickle is a program; this machine
 * runs those that put tensors, numbers and texts into dictionaries, lists and
 * tuples, and refuses every other by the name of what it wants to call.
 * Nothing is ever executed. Documentation/formats/pytorch.rst.
 */
#ifndef AK_PICKLE_H
#define AK_PICKLE_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "format/tensor_type.h"

/** AK_PICKLE_MAX - bytes of the largest pickle that is read */
#define AK_PICKLE_MAX (16u << 20)

/**
 * struct ak_pickle_tensor - a view of a storage
 * @name: keys that lead to it, joined by dots; "tensor" without any
 * @key: name of its storage
 * @dtype: class of its storage: "FloatStorage"
 * @type: the same
 * @elements: of the storage
 * @first: element of the storage that is the tensor's first
 * @ndim: number of dimensions
 * @dim: sizes
 * @stride: elements of the storage from one index to the next
 * @count: elements of the tensor
 */
struct ak_pickle_tensor {
	char *name, *key;
	const char *dtype;
	enum ak_tensor_type type;
	uint64_t elements, first;
	unsigned int ndim;
	uint64_t dim[AK_TENSOR_MAX_DIMS], stride[AK_TENSOR_MAX_DIMS];
	uint64_t count;
};

/**
 * struct ak_pickle - the tensors of a pickle
 * @tensor: in the order of the pickle
 * @count: how many
 */
struct ak_pickle {
	struct ak_pickle_tensor *tensor;
	size_t count;
};

/**
 * ak_pickle_parse() - find the tensors of a pickle
 * @data: the pickle
 * @size: its bytes
 * @out: where to put them; ak_pickle_clear() gives them back
 * @err: error text; names the byte, the tensor or what was to be called
 *
 * A dictionary without tensors of its own that has a dictionary "state_dict",
 * "model_state_dict" or "model" stands for that: what a training script keeps
 * beside it (optimizer, counters) is left out. What is neither tensor nor
 * container is left out everywhere.
 *
 * Checked is that each tensor lies within its storage and that no more
 * elements are claimed than 2^32 or the storage has.
 *
 * Return: 0, -EBADMSG, -ENOTSUP for what is refused, -ENOMEM.
 */
int ak_pickle_parse(const void *data, size_t size, struct ak_pickle *out,
		    struct ak_err *err);

/**
 * ak_pickle_clear() - give tensors back
 * @p: filled by ak_pickle_parse(), or all zero
 */
void ak_pickle_clear(struct ak_pickle *p);

#endif /* AK_PICKLE_H */
