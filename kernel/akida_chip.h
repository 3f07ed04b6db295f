/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Address translation of each chip, for its table.
 */
#ifndef AKIDA_CHIP_H
#define AKIDA_CHIP_H

struct akida_device;

/* What BARs have to lead to before the driver goes on; then it gives up. */
#define AKIDA_TRANSLATE_PATIENCE_US 1000000
#define AKIDA_TRANSLATE_INTERVAL_US 1000

int akida_akd1000_translate(struct akida_device *adev);
int akida_akd1500_translate(struct akida_device *adev);

/**
 * akida_wait_core() - wait until the core answers behind its BAR
 * @adev: board whose translation was programmed
 *
 * The vendor's driver sleeps for a second instead.
 *
 * Return: 0; -ENODEV if reads stay all ones.
 */
int akida_wait_core(struct akida_device *adev);

#endif /* AKIDA_CHIP_H */
