// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/pci.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "common/sys.h"

enum akida_target ak_pci_chip(uint16_t vendor, uint16_t device)
{
	if (vendor == AK_PCI_VENDOR && device == AK_PCI_AKD1000)
		return AKIDA_TARGET_AKD1000;
	if (vendor == AK_PCI_VENDOR && device == AK_PCI_AKD1500)
		return AKIDA_TARGET_AKD1500;
	return AKIDA_TARGET_NONE;
}

bool ak_pci_virtual(uint16_t subvendor, uint16_t subdevice)
{
	return subvendor == 0x1af4 && subdevice == 0x1100;
}

uint16_t ak_pci_id(const char *dir, const char *name)
{
	int64_t value;

	if (ak_sys_number(&value, "%s/%s", dir, name) || value < 0 ||
	    value > UINT16_MAX)
		return 0;
	return (uint16_t)value;
}

struct ak_pci_link ak_pci_link(const char *dir, const char *which)
{
	struct ak_pci_link l = { 0 };
	unsigned int whole, tenth;
	char text[64];
	int64_t width;

	if (!ak_sys_line(text, sizeof(text), "%s/%s_link_speed", dir, which) &&
	    sscanf(text, "%u.%1u GT/s", &whole, &tenth) == 2 && whole <= 1000)
		l.speed = whole * 1000 + tenth * 100;
	/* 255 is the kernel's "not known". */
	if (!ak_sys_number(&width, "%s/%s_link_width", dir, which) &&
	    width > 0 && width <= 64)
		l.width = (uint32_t)width;
	return l;
}

static uint32_t lower(uint32_t a, uint32_t b)
{
	return b && b < a ? b : a;
}

struct ak_pci_link ak_pci_best_link(const char *dir)
{
	struct ak_pci_link best = ak_pci_link(dir, "max"), slot;
	char bridge[PATH_MAX];

	if (snprintf(bridge, sizeof(bridge), "%s", dir) >= (int)sizeof(bridge))
		return best;
	*strrchr(bridge, '/') = '\0';
	slot = ak_pci_link(bridge, "max");
	best.speed = lower(best.speed, slot.speed);
	best.width = lower(best.width, slot.width);
	return best;
}
