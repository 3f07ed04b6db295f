/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Integer models as float networks, for tests.
 */
#ifndef FLOAT_MODEL_H
#define FLOAT_MODEL_H

#include <akida/akida.h>

#include "convert/graph.h"

/**
 * float_model() - the float network that a model could have been made of
 * @m: a model that can be run
 *
 * A step of each activation is worth 1, so there are 15 levels up to 15:
 * weights w / act_step (times pixels before a global average), bias
 * (act_step / 2 - threshold - 1 / 2) / act_step; the last layer without the
 * half step. Written from the rules, not with the library's conversion.
 *
 * Return: a resolved chain.
 */
struct ak_graph *float_model(const struct akida_model *m);

#endif /* FLOAT_MODEL_H */
