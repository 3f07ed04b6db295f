/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interrupts: memory writes of the DMA engines that become eventfd signals.
 */
#ifndef BOARD_IRQ_H
#define BOARD_IRQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct board;

/* Kinds in the order of <linux/vfio.h>: INTx, MSI, MSI-X, error, request. */
#define NUM_IRQ_KINDS 5
#define IRQ_MSI 1

/**
 * struct irq - eventfds that the client gave
 * @fd: one per kind, -1 for none
 */
struct irq {
	int fd[NUM_IRQ_KINDS];
};

/**
 * irq_init() - no eventfds
 * @b: the board
 */
void irq_init(struct board *b);

/**
 * irq_count() - how many interrupts of a kind there are
 * @kind: index
 *
 * Return: 0 or 1.
 */
uint32_t irq_count(uint32_t kind);

/**
 * irq_set() - take an eventfd
 * @b: the board
 * @kind: index
 * @fd: taken over, also on failure; -1 for none
 *
 * Return: 0, or -EINVAL for anything but an eventfd.
 */
int irq_set(struct board *b, uint32_t kind, int fd);

/**
 * irq_close() - forget all eventfds
 * @b: the board
 */
void irq_close(struct board *b);

/**
 * irq_memory_write() - a DMA engine writes its interrupt
 * @b: the board
 * @ch: the channel
 * @addr: where to, as the driver programmed
 * @data: what
 *
 * It interrupts if it is the current MSI message and bus mastering is on; else
 * it is a stray write, which is counted and goes nowhere.
 */
void irq_memory_write(struct board *b, unsigned int ch, uint64_t addr,
		      uint32_t data);

/**
 * irq_core() - the core's interrupt
 * @b: the board
 *
 * Sent by the endpoint itself as the MSI message that it has: no address to
 * go wrong. Lost if MSI is off. That silicon does this is not known.
 */
void irq_core(struct board *b);

/**
 * irq_possible() - would an MSI reach the guest now?
 * @b: the board
 *
 * Return: whether it would.
 */
bool irq_possible(const struct board *b);

/**
 * irq_signal() - signal an eventfd of the client
 * @b: the board
 * @kind: index
 *
 * Return: whether there is one.
 */
bool irq_signal(struct board *b, uint32_t kind);

#endif
