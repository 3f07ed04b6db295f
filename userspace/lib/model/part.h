/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Some layers of a model as a model of their own.
 */
#ifndef AK_MODEL_PART_H
#define AK_MODEL_PART_H

#include "model/model.h"

/**
 * ak_model_part() - some layers of a model
 * @m: a model of resolved layers
 * @first: number of the first layer
 * @end: number of the layer after the last, more than @first
 * @part: where to put it; its @layers are to be given to free(), what these
 *	point to stays @m's
 *
 * A part that does not begin with an input layer is given one: layer 0 is then
 * InputData of the shape and the bits that @first reads, and layer i is @m's
 * layer @first + i - 1.
 *
 * Return: 0, -ENOMEM.
 */
int ak_model_part(const struct ak_model *m, uint32_t first, uint32_t end,
		  struct ak_model *part);

/**
 * ak_model_part_shift() - from numbers of a part to numbers of its model
 * @first: as ak_model_part() was given it
 *
 * Return: what is to be added to the number of a layer; layer 0 of a part that
 * was given an input layer has none in the model.
 */
static inline uint32_t ak_model_part_shift(uint32_t first)
{
	return first ? first - 1 : 0;
}

#endif /* AK_MODEL_PART_H */
