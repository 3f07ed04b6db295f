// SPDX-License-Identifier: GPL-2.0
/*
 * AKD1500: BAR 0 is DMA engine and iATU; the regions for the other two BARs
 * are programmed there.
 *
 * Source of registers and values: BrainChip's GPL driver.
 */
#include <linux/iopoll.h>

#include "akida.h"
#include "akida_chip.h"

/* Inbound region n is at 0x500 + n * 0x200; the vendor uses 1 and 2. */
#define REGION_CTRL1 0x00
#define REGION_CTRL2 0x04
#define REGION_TARGET 0x14
#define REGION_TARGET_HIGH 0x18

/* Enabled, by BAR; bit 19 is as the vendor has it. */
#define CTRL2_BAR(bar) (0xc0080000 | (bar) << 8)

static const struct {
	u32 offset;
	u32 bar;
	u32 target;
} regions[] = {
	{ 0x700, 2, 0xfcc00000 }, /* core */
	{ 0x900, 4, 0x20000000 }, /* main memory */
};

static bool region_is_set(u8 __iomem *base, unsigned int i)
{
	u8 __iomem *r = base + regions[i].offset;

	return ioread32(r + REGION_CTRL2) == CTRL2_BAR(regions[i].bar) &&
	       ioread32(r + REGION_TARGET) == regions[i].target;
}

int akida_akd1500_translate(struct akida_device *adev)
{
	u8 __iomem *base = adev->bar[0];
	unsigned int i;
	bool set;

	for (i = 0; i < ARRAY_SIZE(regions); i++) {
		u8 __iomem *r = base + regions[i].offset;

		iowrite32(0, r + REGION_CTRL1);
		iowrite32(regions[i].target, r + REGION_TARGET);
		iowrite32(0, r + REGION_TARGET_HIGH);
		iowrite32(CTRL2_BAR(regions[i].bar), r + REGION_CTRL2);
	}
	for (i = 0; i < ARRAY_SIZE(regions); i++) {
		if (!read_poll_timeout(region_is_set, set, set,
				       AKIDA_TRANSLATE_INTERVAL_US,
				       AKIDA_TRANSLATE_PATIENCE_US, false, base,
				       i))
			continue;
		if (!akida_alive(adev))
			return -ENODEV;
		dev_err(&adev->pdev->dev,
			"translation of BAR %u to 0x%x does not read back\n",
			regions[i].bar, regions[i].target);
		return -EIO;
	}
	return akida_wait_core(adev);
}
