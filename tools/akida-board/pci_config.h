/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Configuration space.
 */
#ifndef BOARD_PCI_CONFIG_H
#define BOARD_PCI_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct board;

#define CONFIG_SIZE 4096
#define BAR_SIZE (4u << 20)

/* Where the capabilities lie; DesignWare's usual places. */
#define CAP_PM 0x40
#define CAP_MSI 0x50
#define CAP_EXP 0x70
#define CAP_AER 0x100
#define CAP_DSN 0x148

/* Bits of AER's uncorrectable error status that the board sets. */
#define AER_POISONED BIT(12)
#define AER_COMPLETION_TIMEOUT BIT(14)
#define AER_COMPLETER_ABORT BIT(15)
#define AER_UNSUPPORTED_REQUEST BIT(20)

/**
 * struct pci_config - configuration space as three layers of bytes
 * @val: what is read
 * @rw: bits that a write sets
 * @w1c: bits that writing 1 clears
 * @serial: device serial number; 0 for a board that has none
 */
struct pci_config {
	uint8_t val[CONFIG_SIZE], rw[CONFIG_SIZE], w1c[CONFIG_SIZE];
	uint64_t serial;
};

/**
 * pci_config_init() - configuration space after power-on
 * @b: the board
 */
void pci_config_init(struct board *b);

/**
 * pci_config_reset() - configuration space after a reset of the function
 * @b: the board
 *
 * AER keeps its state, as its registers are sticky.
 */
void pci_config_reset(struct board *b);

/**
 * pci_config_read() - an access of the guest
 * @b: the board
 * @off: offset; @off + @len is at most CONFIG_SIZE
 * @buf: destination
 * @len: bytes
 */
void pci_config_read(struct board *b, uint32_t off, uint8_t *buf, size_t len);

/**
 * pci_config_write() - an access of the guest
 * @b: the board
 * @off: offset; @off + @len is at most CONFIG_SIZE
 * @buf: data
 * @len: bytes
 *
 * Acts on Initiate FLR.
 */
void pci_config_write(struct board *b, uint32_t off, const uint8_t *buf,
		      size_t len);

/**
 * pci_config_bar() - address that the guest gave a BAR
 * @c: configuration space
 * @bar: 0, 2 or 4
 *
 * Return: the address.
 */
uint64_t pci_config_bar(const struct pci_config *c, unsigned int bar);

/**
 * pci_config_memory_on() - does the function answer BAR accesses?
 * @c: configuration space
 *
 * Return: Memory Space Enable is set and the function is in D0.
 */
bool pci_config_memory_on(const struct pci_config *c);

/**
 * pci_config_master_on() - may the function send requests?
 * @c: configuration space
 *
 * Return: Bus Master Enable is set and the function is in D0.
 */
bool pci_config_master_on(const struct pci_config *c);

/**
 * pci_config_msi() - the current MSI message
 * @c: configuration space
 * @addr: its address
 * @data: its data
 *
 * Return: whether MSI is enabled.
 */
bool pci_config_msi(const struct pci_config *c, uint64_t *addr, uint32_t *data);

/**
 * pci_config_error() - record an uncorrectable error
 * @c: configuration space
 * @aer: bits of the uncorrectable error status
 */
void pci_config_error(struct pci_config *c, uint32_t aer);

#endif
