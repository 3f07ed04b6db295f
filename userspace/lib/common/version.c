// SPDX-License-Identifier: LGPL-2.1-or-later
#include "akida/akida.h"
#include "common/export.h"

AK_EXPORT const char *akida_version(void)
{
	return AKIDA_VERSION;
}
