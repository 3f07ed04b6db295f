// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupt delivery. A stray interrupt write stays a count: what is at its
 * address is not the board's to overwrite in a test.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "board.h"
#include "util.h"

void irq_init(struct board *b)
{
	unsigned int i;

	for (i = 0; i < NUM_IRQ_KINDS; i++)
		b->irq.fd[i] = -1;
}

uint32_t irq_count(uint32_t kind)
{
	/* No INTx pin and no MSI-X table. */
	static const uint8_t counts[NUM_IRQ_KINDS] = { 0, 1, 0, 1, 1 };

	return counts[kind];
}

/* A pipe that nobody reads would block the board for ever. */
static bool is_eventfd(int fd)
{
	char path[32], target[32];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return false;
	target[n] = 0;
	return !strcmp(target, "anon_inode:[eventfd]");
}

int irq_set(struct board *b, uint32_t kind, int fd)
{
	if (fd >= 0 && !is_eventfd(fd)) {
		close(fd);
		return -EINVAL;
	}
	if (b->irq.fd[kind] >= 0)
		close(b->irq.fd[kind]);
	b->irq.fd[kind] = fd;
	return 0;
}

void irq_close(struct board *b)
{
	unsigned int i;

	for (i = 0; i < NUM_IRQ_KINDS; i++)
		irq_set(b, i, -1);
}

bool irq_signal(struct board *b, uint32_t kind)
{
	struct pollfd p = { .fd = b->irq.fd[kind], .events = POLLOUT };
	uint64_t one = 1;

	if (p.fd < 0)
		return false;
	/* A full counter is an interrupt already pending. */
	if (poll(&p, 1, 0) == 1 && (p.revents & POLLOUT))
		return write(p.fd, &one, sizeof(one)) == sizeof(one);
	return true;
}

bool irq_possible(const struct board *b)
{
	uint64_t addr;
	uint32_t data;

	return pci_config_msi(&b->config, &addr, &data) &&
	       pci_config_master_on(&b->config) && !b->link_down &&
	       b->irq.fd[IRQ_MSI] >= 0;
}

void irq_memory_write(struct board *b, unsigned int ch, uint64_t addr,
		      uint32_t data)
{
	uint64_t msi_addr;
	uint32_t msi_data;
	struct fault f;

	pci_config_msi(&b->config, &msi_addr, &msi_data);
	if (!irq_possible(b) || addr != msi_addr || data != msi_data) {
		b->stats.irq_stray++;
		trace(b, "stray interrupt write 0x%x to 0x%llx", data,
		      (unsigned long long)addr);
		return;
	}
	if (fault_take(b, FAULT_LOST_IRQ, ch, &f)) {
		b->stats.irq_lost++;
		return;
	}
	if (irq_signal(b, IRQ_MSI))
		b->stats.irq_delivered++;
	trace(b, "interrupt");
}

void irq_core(struct board *b)
{
	struct fault f;

	if (!irq_possible(b))
		return;
	if (fault_take(b, FAULT_LOST_IRQ, FAULT_CORE, &f)) {
		b->stats.irq_lost++;
		return;
	}
	if (irq_signal(b, IRQ_MSI))
		b->stats.irq_delivered++;
	trace(b, "interrupt of the core");
}
