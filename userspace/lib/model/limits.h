/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Limits of the chips.
 */
#ifndef AK_LIMITS_H
#define AK_LIMITS_H

#include "model/model.h"

/*
 * A board holds act_step with 4 fractional bits in a field of 20 [inferred
 * from SDK-compiled programs; BrainChip's development hub never writes more
 * than 65535].
 */
#define AK_STEP_ONE 16
#define AK_STEP_MAX 65535.0

/**
 * ak_limit_fn - hears of a broken rule
 * @arg: the caller's
 * @layer: name of the layer
 * @text: the rule and the value that breaks it
 */
typedef void (*ak_limit_fn)(void *arg, const char *layer, const char *text);

/**
 * ak_model_check_limits() - compare a model with a chip's limits
 * @m: a model of resolved layers
 * @target: the chip
 * @report: called for each broken rule, may be NULL
 * @arg: handed to @report
 *
 * Return: how many rules are broken, -EINVAL without a target.
 */
int ak_model_check_limits(const struct ak_model *m, enum akida_target target,
			  ak_limit_fn report, void *arg);

#endif /* AK_LIMITS_H */
