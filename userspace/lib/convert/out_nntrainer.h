/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names of nntrainer's graph.
 */
#ifndef AK_OUT_NNTRAINER_H
#define AK_OUT_NNTRAINER_H

#include <stdbool.h>
#include <stddef.h>

#include "convert/arch.h"

/* Room for any name. */
#define AK_NNTRAINER_NAME 64

/**
 * ak_nntrainer_name() - what a parameter is called in nntr-safetensors
 * @role: what it does
 * @layer: number of its block, -1 outside
 * @buf: where to put the name
 * @size: bytes there, AK_NNTRAINER_NAME are enough
 *
 * Return: true, false if nntrainer has no place for it.
 */
bool ak_nntrainer_name(enum ak_role role, int layer, char *buf, size_t size);

#endif /* AK_OUT_NNTRAINER_H */
