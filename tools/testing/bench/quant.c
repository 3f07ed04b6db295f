// SPDX-License-Identifier: GPL-2.0
/*
 * Speed of number formats: every instruction set that adds something, in the
 * cache and from memory.
 */
#include <stdio.h>

#include "akida/device.h"
#include "akida/quant.h"
#include "bench_quant.h"
#include "common/cpu.h"
#include "common/util.h"

static int measure(const char *where, const struct akida_quant_options *o)
{
	struct akida_quant_meter *m = akida_quant_meter_new(o, sizeof(*o));
	struct akida_quant_rate r;
	unsigned int i;

	if (!m) {
		fputs("akida-bench: out of memory\n", stderr);
		return 1;
	}
	for (i = 0; !akida_quant_meter_run(m, i, &r, sizeof(r)); i++) {
		if (!i)
			printf("%s, %s: million weights/s, x plain C, of memcpy\n",
			       where, r.isa);
		printf("  %-24s %8.0f %6.1f %6.0f %%\n", r.name,
		       r.weights * 1e-6, r.weights / r.reference,
		       100 * r.weights / r.copy);
	}
	akida_quant_meter_free(m);
	return 0;
}

int bench_quant(void)
{
	static const uint32_t levels[] = { AKIDA_CPU_AVX2, AKIDA_CPU_AVX512VNNI,
					   AKIDA_CPU_NEON };
	struct akida_quant_options memory = { .seconds = 0.2 };
	struct akida_quant_options cache = { .rows = 64,
					     .cols = 1024,
					     .seconds = 0.05 };
	size_t i;
	int rc = 0;

	for (i = 0; i < ARRAY_SIZE(levels); i++) {
		if (!(ak_cpu_flags() & levels[i]))
			continue;
		memory.cpu_flags = cache.cpu_flags = levels[i];
		rc |= measure("number formats in the cache", &cache);
		rc |= measure("number formats from memory", &memory);
	}
	return rc;
}
