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
 * enum ak_nntrainer_kind - which option says the type of a weight
 */
enum ak_nntrainer_kind {
	AK_NNTRAINER_PLAIN,
	AK_NNTRAINER_FC,
	AK_NNTRAINER_EMBEDDING,
	AK_NNTRAINER_LM_HEAD,
	AK_NNTRAINER_KINDS,
};

/**
 * struct ak_nntrainer_weight - a weight of nntrainer's graph
 * @role: what it does
 * @layer: number of its block, -1 outside
 * @kind: which option says its type
 * @name: in nntr-safetensors
 */
struct ak_nntrainer_weight {
	enum ak_role role;
	int layer;
	enum ak_nntrainer_kind kind;
	char name[AK_NNTRAINER_NAME];
};

/**
 * ak_nntrainer_at() - weights in the order of nntr-bin
 * @i: from 0
 * @layers: blocks of the model
 * @out: where to put it; not every model has it
 *
 * Return: true, false past the last.
 */
bool ak_nntrainer_at(size_t i, size_t layers, struct ak_nntrainer_weight *out);

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
