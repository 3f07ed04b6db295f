// SPDX-License-Identifier: GPL-2.0
/*
 * AKD1000: BARs lead nowhere until the iATU is programmed, which is reached by
 * a viewport in extended configuration space.
 *
 * Source of registers and values: BrainChip's GPL driver.
 */
#include <linux/iopoll.h>

#include "akida.h"
#include "akida_chip.h"

#define VIEWPORT 0x900
#define VIEWPORT_INBOUND BIT(31)
#define REGION_CTRL1 0x904
#define REGION_CTRL2 0x908
#define REGION_TARGET 0x918
#define REGION_TARGET_HIGH 0x91c

/* Enabled, by BAR; bit 19 is as the vendor has it. */
#define CTRL2_BAR(bar) (0xc0080000 | (bar) << 8)

static const struct {
	u32 bar;
	u32 target;
} regions[] = {
	{ 0, 0xfcc00000 }, /* core */
	{ 2, 0xf8c00000 }, /* the controller's own registers, with the eDMA */
	{ 4, 0x20000000 }, /* LPDDR */
};

static bool region_is_set(struct pci_dev *pdev, unsigned int i)
{
	u32 ctrl2 = 0, target = 0;

	pci_write_config_dword(pdev, VIEWPORT, VIEWPORT_INBOUND | i);
	pci_read_config_dword(pdev, REGION_CTRL2, &ctrl2);
	pci_read_config_dword(pdev, REGION_TARGET, &target);
	return ctrl2 == CTRL2_BAR(regions[i].bar) &&
	       target == regions[i].target;
}

int akida_akd1000_translate(struct akida_device *adev)
{
	struct pci_dev *pdev = adev->pdev;
	unsigned int i;
	bool set;

	if (pdev->cfg_size < PCI_CFG_SPACE_EXP_SIZE) {
		dev_err(&pdev->dev,
			"extended configuration space is not reachable, and with it the address translation: is MMCONFIG off (pci=nommconf)?\n");
		return -EIO;
	}
	for (i = 0; i < ARRAY_SIZE(regions); i++) {
		pci_write_config_dword(pdev, VIEWPORT, VIEWPORT_INBOUND | i);
		pci_write_config_dword(pdev, REGION_CTRL1, 0);
		pci_write_config_dword(pdev, REGION_TARGET, regions[i].target);
		pci_write_config_dword(pdev, REGION_TARGET_HIGH, 0);
		pci_write_config_dword(pdev, REGION_CTRL2,
				       CTRL2_BAR(regions[i].bar));
	}
	for (i = 0; i < ARRAY_SIZE(regions); i++) {
		if (!read_poll_timeout(region_is_set, set, set,
				       AKIDA_TRANSLATE_INTERVAL_US,
				       AKIDA_TRANSLATE_PATIENCE_US, false, pdev,
				       i))
			continue;
		if (!akida_alive(adev))
			return -ENODEV;
		dev_err(&pdev->dev,
			"translation of BAR %u to 0x%x does not read back\n",
			regions[i].bar, regions[i].target);
		return -EIO;
	}
	return akida_wait_core(adev);
}
