/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * BitNet checkpoints that are packed already: four rows in a byte and a scale
 * per tensor, as Hugging Face's transformers have them
 * (microsoft/bitnet-b1.58-2B-4T). Seen as the matrices that they stand for.
 */
#ifndef AK_PACKED_H
#define AK_PACKED_H

#include "convert/arch.h"
#include "convert/tensors.h"

/**
 * enum ak_packed_scale_use - what weight_scale is for
 * @AK_PACKED_CONFIG: what config.json says: linear_class autobitlinear
 *	multiplies by it, bitlinear divides
 * @AK_PACKED_MULTIPLY: weights are multiplied by it
 * @AK_PACKED_DIVIDE: weights are divided by it
 */
enum ak_packed_scale_use {
	AK_PACKED_CONFIG,
	AK_PACKED_MULTIPLY,
	AK_PACKED_DIVIDE,
};

/**
 * ak_packed_open() - see packed tensors as matrices
 * @set: an open set, that nobody reads yet
 * @c: its configuration
 * @use: what weight_scale is for
 * @err: error text; names the tensor and the remedy
 *
 * Does nothing for a model that config.json does not call quantised by
 * "bitnet", and for tensors that are not packed.
 *
 * Return: 0, -EBADMSG for a scale that cannot be, -ENOTSUP if nothing says
 * what the scale is for.
 */
int ak_packed_open(struct ak_tensors *set, const struct ak_arch_config *c,
		   enum ak_packed_scale_use use, struct ak_err *err);

/**
 * ak_packed_scale() - is a tensor ternary already
 * @t: a tensor
 * @scale: where to put what its values -1, 0 and 1 are multiplied by
 *
 * Return: true if so.
 */
bool ak_packed_scale(const struct ak_tensor *t, float *scale);

/**
 * ak_packed_is_scale() - is a tensor the scale of a packed one
 * @set: its set, after ak_packed_open()
 * @t: a tensor
 *
 * Return: true if so: it has no role of its own.
 */
bool ak_packed_is_scale(const struct ak_tensors *set,
			const struct ak_tensor *t);

#endif /* AK_PACKED_H */
