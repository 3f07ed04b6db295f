/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the machine says of boards, driver or no driver: PCI functions and
 * interrupts.
 */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <akida/akida.h>

/**
 * struct host_pci - a PCI function of BrainChip
 * @address: "0000:01:00.0"
 * @dir: where it really is below /sys, so that its parent is the bridge
 * @driver: that holds it, "" for none
 * @vendor: PCI id
 * @device: PCI id
 * @chip: which; AKIDA_TARGET_NONE for another product
 * @is_virtual: a virtual board
 */
struct host_pci {
	char address[24];
	char *dir;
	char driver[32];
	uint16_t vendor, device;
	enum akida_target chip;
	bool is_virtual;
};

/**
 * host_pci_list() - BrainChip's functions on the PCI bus
 * @list: where to put them, by address; for host_pci_free()
 *
 * Return: how many; -1 if the kernel knows no PCI bus.
 */
int host_pci_list(struct host_pci **list);

/**
 * host_pci_get() - any function
 * @address: "0000:01:00.0"
 * @f: where to put it; for host_pci_free() with a count of 1 if it is on the
 *	heap, else its @dir is for free()
 *
 * Return: 0, -1 if there is none.
 */
int host_pci_get(const char *address, struct host_pci *f);

/**
 * host_pci_free() - give a list back
 * @list: of host_pci_list()
 * @count: how many
 */
void host_pci_free(struct host_pci *list, int count);

/**
 * host_pci_errors() - errors of a function that the kernel counted (AER)
 * @dir: where the function is below /sys
 * @kind: "correctable", "nonfatal" or "fatal"
 * @count: where to put how many since it was found
 *
 * Return: 0, -1 if they are not counted.
 */
int host_pci_errors(const char *dir, const char *kind, uint64_t *count);

/**
 * host_irq_count() - how often an interrupt has come
 * @irq: its Linux number
 * @count: where to put the sum over all processors
 *
 * Return: 0, -1 if /proc/interrupts does not have it.
 */
int host_irq_count(uint32_t irq, uint64_t *count);

/**
 * host_chip_name() - a chip's name
 * @chip: which
 *
 * Return: "AKD1000"; "unknown" for AKIDA_TARGET_NONE.
 */
const char *host_chip_name(enum akida_target chip);

/**
 * host_link() - a PCI Express link in words
 * @speed: in MT/s of a lane
 * @width: lanes
 * @buf: where to put "5.0 GT/s x1", or "?" if it is not known
 * @size: of it
 *
 * Return: @buf.
 */
char *host_link(uint32_t speed, uint32_t width, char *buf, size_t size);

/**
 * host_bytes() - a size in powers of 1024
 * @bytes: size
 * @buf: where to put "192.0 MiB"
 * @size: of it
 *
 * Return: @buf.
 */
char *host_bytes(uint64_t bytes, char *buf, size_t size);

#endif /* HOST_H */
