// SPDX-License-Identifier: GPL-2.0
/*
 * The chips. Addresses and ids: BrainChip's GPL driver and engine headers. How
 * large what is behind the addresses is: see Documentation/driver.rst
 * for what is known and what is inferred.
 */
#include <linux/sizes.h>

#include "akida.h"
#include "akida_chip.h"
#include "akida_dma.h"

const struct akida_chip akida_akd1000 = {
	.name = "AKD1000",
	.uapi_id = AKIDA_CHIP_AKD1000,
	.core = { .base = 0xfcc00000, .size = SZ_1M, .bar = 0 },
	.memory = { .base = 0x20000000, .size = SZ_256M, .bar = 2 },
	.memory_reserved = SZ_64M,
	.list_page = SZ_4K,
	.long_list = SZ_256K,
	.dma_bar = 1,
	.dma_offset = 0x970,
	.dma_ops = &akida_edma_ops,
	.raw = &akida_raw_akd1000,
	.translate = akida_akd1000_translate,
	.bar_min = { SZ_1M, SZ_4K, SZ_1M },
	.version = 0xbc000002,
	.virtual_version = 0xaf100001,
	.arena = SZ_16M,
};

const struct akida_chip akida_akd1500 = {
	.name = "AKD1500",
	.uapi_id = AKIDA_CHIP_AKD1500,
	.alias = "akd1500_",
	.core = { .base = 0xfcc00000, .size = SZ_1M, .bar = 1 },
	.memory = { .base = 0x20000000, .size = SZ_1M, .bar = 2 },
	.list_page = SZ_4K,
	.long_list = SZ_4K,
	.window = { .base = 0xc0000000, .size = SZ_512M, .bar = -1 },
	.dma_bar = 0,
	.dma_offset = 0,
	.dma_ops = &akida_hdma_ops,
	.raw = &akida_raw_akd1500,
	.translate = akida_akd1500_translate,
	.bar_min = { SZ_4K, SZ_1M, SZ_1M },
	.version = 0xbca10309,
	.virtual_version = 0xaf150001,
	.arena = 384 * SZ_1K,
};
