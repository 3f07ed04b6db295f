/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Architectures that the names and shapes of tensors tell.
 */
#ifndef AK_INFER_H
#define AK_INFER_H

#include <jansson.h>

#include "convert/tensors.h"

/**
 * ak_infer_arch() - the architecture of a PyTorch state dict
 * @t: its tensors
 * @path: of the file, for messages
 * @out: where to put what an --arch file would say; for json_decref()
 * @note: where to put a sentence about what was assumed, malloc()ed
 * @err: error text; names the tensor and says to use --arch
 *
 * For chains of Linear, BatchNorm1d and snnTorch's Leaky: modules go by the
 * last number in their names, normalisation and neurons after the layer of the
 * same number; without such numbers by the file's order, where a file has one.
 * A dense layer must take what the one before gives. Between layers without
 * neurons a ReLU is assumed, which a state dict does not hold. Convolutions
 * are refused: steps, padding and the size of the picture are nowhere.
 *
 * Return: 0, -ENOTSUP, -ENOMEM.
 */
int ak_infer_arch(const struct ak_tensors *t, const char *path, json_t **out,
		  char **note, struct ak_err *err);

#endif /* AK_INFER_H */
