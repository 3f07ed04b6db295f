// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Names of layer types and targets.
 */
#include "akida/model.h"

#include <errno.h>
#include <string.h>

#include "common/export.h"
#include "common/util.h"

AK_EXPORT const char *akida_layer_type_name(int type)
{
	switch (type) {
	case AKIDA_LAYER_INPUT_DATA:
		return "InputData";
	case AKIDA_LAYER_INPUT_CONV:
		return "InputConvolutional";
	case AKIDA_LAYER_FULLY_CONNECTED:
		return "FullyConnected";
	case AKIDA_LAYER_CONV:
		return "Convolutional";
	case AKIDA_LAYER_SEPARABLE_CONV:
		return "SeparableConvolutional";
	}
	return "unknown";
}

static const char *const targets[] = {
	[AKIDA_TARGET_NONE] = "none",
	[AKIDA_TARGET_AKD1000] = "akd1000",
	[AKIDA_TARGET_AKD1500] = "akd1500",
};

AK_EXPORT int akida_target_parse(const char *name, enum akida_target *target)
{
	size_t i;

	for (i = AKIDA_TARGET_AKD1000; i < ARRAY_SIZE(targets); i++)
		if (!strcmp(name, targets[i])) {
			*target = (enum akida_target)i;
			return 0;
		}
	return -EINVAL;
}

AK_EXPORT const char *akida_target_name(enum akida_target target)
{
	return (size_t)target < ARRAY_SIZE(targets) ? targets[target] : "none";
}
