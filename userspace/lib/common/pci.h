/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PCI functions in sysfs, and the ids of boards.
 */
#ifndef AK_PCI_H
#define AK_PCI_H

#include <stdbool.h>
#include <stdint.h>

#include "akida/model.h"

#define AK_PCI_VENDOR 0x1e7c
#define AK_PCI_AKD1000 0xbca1
#define AK_PCI_AKD1500 0xa500

/**
 * ak_pci_chip() - chip that ids stand for
 * @vendor: id
 * @device: id
 *
 * Return: AKIDA_TARGET_NONE for any other.
 */
enum akida_target ak_pci_chip(uint16_t vendor, uint16_t device);

/**
 * ak_pci_virtual() - what tells virtual from silicon
 * @subvendor: subsystem id
 * @subdevice: subsystem id
 *
 * Return: true for those of the virtual board.
 */
bool ak_pci_virtual(uint16_t subvendor, uint16_t subdevice);

/**
 * ak_pci_id() - an id of a function
 * @dir: of the function in sysfs
 * @name: "vendor", "device", "subsystem_vendor", "subsystem_device"
 *
 * Return: the id, 0 if there is none.
 */
uint16_t ak_pci_id(const char *dir, const char *name);

/**
 * struct ak_pci_link - a PCI Express link
 * @speed: in MT/s of a lane ("5.0 GT/s" is 5000), 0 if it is not known
 * @width: lanes, 0 if it is not known
 */
struct ak_pci_link {
	uint32_t speed, width;
};

/**
 * ak_pci_link() - a function's link
 * @dir: of the function in sysfs
 * @which: "current" or "max"
 *
 * Return: the link.
 */
struct ak_pci_link ak_pci_link(const char *dir, const char *which);

/**
 * ak_pci_best_link() - what a function and the bridge above it both can
 * @dir: of the function where it really is in sysfs, so that its parent is the
 *	bridge; what that cannot is not known where it has none
 *
 * Return: the link.
 */
struct ak_pci_link ak_pci_best_link(const char *dir);

#endif /* AK_PCI_H */
