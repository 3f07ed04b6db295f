// SPDX-License-Identifier: GPL-2.0
/*
 * Configuration of boards.
 */
#include <stdlib.h>
#include <string.h>

#include "device/boot_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ak_err err = { "" };
	struct boot_config c;
	unsigned int i;

	if (ak_boot_config_parse(&c, data, size, "conf", &err)) {
		if (strncmp(err.text, "conf:", 5))
			abort();
	} else {
		for (i = 0; i < c.num_programs; i++)
			if (!c.program[i].model ||
			    c.program[i].model[0] != '/' ||
			    !c.program[i].mode || c.program[i].mode > 0777)
				abort();
		if (c.num_programs > BOOT_CONFIG_PROGRAMS ||
		    c.power_limit > 1000000000)
			abort();
	}
	ak_boot_config_clear(&c);
	return 0;
}
