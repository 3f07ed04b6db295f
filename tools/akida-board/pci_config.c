// SPDX-License-Identifier: GPL-2.0
/*
 * Configuration space of the function: header, PM, MSI, PCI Express, AER and
 * serial number. On the AKD1000 the controller's port logic (iATU viewport,
 * DMA engine) is reached here as well, from 0x700 on.
 */
#include <string.h>

#include "board.h"
#include "util.h"

#define PCI_COMMAND 0x04
#define CMD_MEMORY BIT(1)
#define CMD_MASTER BIT(2)
#define PM_CTRL (CAP_PM + 4)
#define PM_STATE 3u
#define MSI_CTRL (CAP_MSI + 2)
#define MSI_ENABLE BIT(0)
#define EXP_DEVCTL (CAP_EXP + 0x08)
#define DEVCTL_FLR BIT(15)
#define EXP_DEVSTA (CAP_EXP + 0x0a)
#define EXP_LNKSTA (CAP_EXP + 0x12)
#define LNKSTA_SPEED 0xfu
#define AER_END CAP_DSN

static void set16(uint8_t *p, uint32_t off, uint16_t v)
{
	p[off] = v;
	p[off + 1] = v >> 8;
}

static uint16_t get16(const uint8_t *p, uint32_t off)
{
	return p[off] | p[off + 1] << 8;
}

static void init_header(struct board *b)
{
	struct pci_config *c = &b->config;
	unsigned int i;

	set16(c->val, 0x00, 0x1e7c);
	set16(c->val, 0x02, b->chip->device_id);
	/* Memory, master, parity, SERR, INTx disable; there is no I/O. */
	set16(c->rw, PCI_COMMAND, 0x0546);
	set16(c->val, 0x06, 0x0010);
	set16(c->w1c, 0x06, 0xf900);
	c->val[0x08] = 0x01;
	/* Processing accelerators' older sibling: "Co-processor". */
	c->val[0x0a] = 0x40;
	c->val[0x0b] = 0x0b;
	c->rw[0x0c] = 0xff;
	for (i = 0; i < NUM_BARS; i++) {
		uint32_t bar = 0x10 + i * 8;

		c->val[bar] = 0x0c; /* 64 bits, prefetchable */
		put_le32(c->rw + bar, ~(BAR_SIZE - 1));
		put_le32(c->rw + bar + 4, ~0u);
	}
	/* This is how virtual is told from silicon. */
	set16(c->val, 0x2c, 0x1af4);
	set16(c->val, 0x2e, 0x1100);
	c->val[0x34] = CAP_PM;
	c->rw[0x3c] = 0xff;
}

static void init_caps(struct pci_config *c)
{
	/* PM version 3, PME from D0 and D3hot; D3hot keeps all state. */
	c->val[CAP_PM] = 0x01;
	c->val[CAP_PM + 1] = CAP_MSI;
	set16(c->val, CAP_PM + 2, 0x4803);
	set16(c->val, PM_CTRL, 0x0008);
	set16(c->rw, PM_CTRL, 0x0103);
	set16(c->w1c, PM_CTRL, 0x8000);

	/* MSI: one message, 64-bit address, no mask bits. */
	c->val[CAP_MSI] = 0x05;
	c->val[CAP_MSI + 1] = CAP_EXP;
	set16(c->val, MSI_CTRL, 0x0080);
	set16(c->rw, MSI_CTRL, MSI_ENABLE);
	put_le32(c->rw + CAP_MSI + 4, 0xfffffffc);
	put_le32(c->rw + CAP_MSI + 8, 0xffffffff);
	set16(c->rw, CAP_MSI + 12, 0xffff);

	/*
	 * PCI Express endpoint, version 2: 256-byte payloads, FLR,
	 * role-based errors, Gen2 x1, ASPM L0s and L1 offered.
	 */
	c->val[CAP_EXP] = 0x10;
	set16(c->val, CAP_EXP + 2, 0x0002);
	put_le32(c->val + CAP_EXP + 0x04, 0x10008fc1);
	set16(c->val, EXP_DEVCTL, 0x2810);
	set16(c->rw, EXP_DEVCTL, 0x79ff);
	set16(c->w1c, EXP_DEVSTA, 0x000f);
	put_le32(c->val + CAP_EXP + 0x0c, 0x00476c12);
	set16(c->rw, CAP_EXP + 0x10, 0x01cb);
	set16(c->val, EXP_LNKSTA, 0x1012);
	put_le32(c->val + CAP_EXP + 0x24, 0x0000001f);
	set16(c->rw, CAP_EXP + 0x28, 0x001f);
	put_le32(c->val + CAP_EXP + 0x2c, 0x00000006);
	set16(c->val, CAP_EXP + 0x30, 0x0002);
	set16(c->rw, CAP_EXP + 0x30, 0x00df);
}

static void init_extended(struct pci_config *c)
{
	if (!c->serial)
		return;
	put_le32(c->val + CAP_DSN, 0x00010003);
	put_le32(c->val + CAP_DSN + 4, c->serial);
	put_le32(c->val + CAP_DSN + 8, c->serial >> 32);
}

static void init_aer(struct pci_config *c)
{
	put_le32(c->val + CAP_AER,
		 (c->serial ? (uint32_t)CAP_DSN << 20 : 0) | 0x00020001);
	put_le32(c->w1c + CAP_AER + 0x04, 0x007ff030);
	put_le32(c->rw + CAP_AER + 0x08, 0x007ff030);
	put_le32(c->val + CAP_AER + 0x0c, 0x00462030);
	put_le32(c->rw + CAP_AER + 0x0c, 0x007ff030);
	put_le32(c->w1c + CAP_AER + 0x10, 0x0000f1c1);
	put_le32(c->val + CAP_AER + 0x14, 0x00002000);
	put_le32(c->rw + CAP_AER + 0x14, 0x0000f1c1);
}

void pci_config_init(struct board *b)
{
	struct pci_config *c = &b->config;

	memset(c->val, 0, sizeof(c->val));
	memset(c->rw, 0, sizeof(c->rw));
	memset(c->w1c, 0, sizeof(c->w1c));
	init_header(b);
	init_caps(c);
	init_extended(c);
	init_aer(c);
}

void pci_config_reset(struct board *b)
{
	uint8_t aer[AER_END - CAP_AER];

	memcpy(aer, b->config.val + CAP_AER, sizeof(aer));
	pci_config_init(b);
	memcpy(b->config.val + CAP_AER, aer, sizeof(aer));
}

void pci_config_read(struct board *b, uint32_t off, uint8_t *buf, size_t len)
{
	uint64_t reserved = b->stats.reserved_regs;
	size_t plain = len;

	b->stats.config_reads++;
	if (b->chip->port_logic && off + len > PORT_LOGIC)
		plain = off >= PORT_LOGIC ? 0 : PORT_LOGIC - off;
	memcpy(buf, b->config.val + off, plain);
	if (off <= EXP_DEVSTA && EXP_DEVSTA < off + plain && dma_busy(b))
		buf[EXP_DEVSTA - off] |= BIT(5);
	/* Trained to 2.5 GT/s only */
	if (off <= EXP_LNKSTA && EXP_LNKSTA < off + plain &&
	    fault_armed(b, FAULT_DEGRADED_LINK))
		buf[EXP_LNKSTA - off] =
			(buf[EXP_LNKSTA - off] & ~LNKSTA_SPEED) | 1;
	if (plain < len)
		regs_access(b, dbi_read32, NULL, off + plain, buf + plain,
			    len - plain);
	/* Dumps of configuration space read what does not exist as well. */
	b->stats.reserved_regs = reserved;
	trace(b, "config read 0x%x +%zu: %08x", off, len,
	      len >= 4 ? get_le32(buf) :
	      len == 2 ? get16(buf, 0) :
	      len      ? buf[0] :
			 0);
}

static void write_plain(struct board *b, uint32_t off, const uint8_t *buf,
			size_t len)
{
	struct pci_config *c = &b->config;
	uint8_t state = c->val[PM_CTRL] & PM_STATE;
	bool flr = false;
	size_t i;

	for (i = 0; i < len; i++) {
		uint32_t at = off + i;
		uint8_t keep = c->val[at] & ~c->rw[at];

		c->val[at] = keep | (buf[i] & c->rw[at]);
		c->val[at] &= ~(buf[i] & c->w1c[at]);
		if (at == EXP_DEVCTL + 1 && (buf[i] & (DEVCTL_FLR >> 8)))
			flr = true;
	}
	/* D1 and D2 do not exist: such a write leaves the state as it was. */
	if ((c->val[PM_CTRL] & PM_STATE) == 1 ||
	    (c->val[PM_CTRL] & PM_STATE) == 2)
		c->val[PM_CTRL] = (c->val[PM_CTRL] & ~PM_STATE) | state;
	if (flr)
		board_reset(b, RESET_FLR);
}

void pci_config_write(struct board *b, uint32_t off, const uint8_t *buf,
		      size_t len)
{
	size_t plain = len;

	b->stats.config_writes++;
	trace(b, "config write 0x%x +%zu: %08x", off, len,
	      len >= 4 ? get_le32(buf) :
	      len == 2 ? get16(buf, 0) :
	      len      ? buf[0] :
			 0);
	if (b->chip->port_logic && off + len > PORT_LOGIC)
		plain = off >= PORT_LOGIC ? 0 : PORT_LOGIC - off;
	if (plain < len)
		regs_access(b, dbi_read32, dbi_write32, off + plain,
			    (uint8_t *)buf + plain, len - plain);
	write_plain(b, off, buf, plain);
}

uint64_t pci_config_bar(const struct pci_config *c, unsigned int bar)
{
	return get_le64(c->val + 0x10 + bar * 4) & ~0xfull;
}

static bool in_d0(const struct pci_config *c)
{
	return !(c->val[PM_CTRL] & PM_STATE);
}

bool pci_config_memory_on(const struct pci_config *c)
{
	return (c->val[PCI_COMMAND] & CMD_MEMORY) && in_d0(c);
}

bool pci_config_master_on(const struct pci_config *c)
{
	return (c->val[PCI_COMMAND] & CMD_MASTER) && in_d0(c);
}

bool pci_config_msi(const struct pci_config *c, uint64_t *addr, uint32_t *data)
{
	*addr = get_le64(c->val + CAP_MSI + 4);
	*data = get16(c->val, CAP_MSI + 12);
	return c->val[MSI_CTRL] & MSI_ENABLE;
}

void pci_config_error(struct pci_config *c, uint32_t aer)
{
	put_le32(c->val + CAP_AER + 4, get_le32(c->val + CAP_AER + 4) | aer);
	/* Non-fatal error detected, and which kind of request it was. */
	c->val[EXP_DEVSTA] |= BIT(1);
	if (aer & AER_UNSUPPORTED_REQUEST)
		c->val[EXP_DEVSTA] |= BIT(3);
}
