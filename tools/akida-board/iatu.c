// SPDX-License-Identifier: GPL-2.0
/*
 * The iATU: four regions each way, reached through a viewport on the AKD1000
 * and unrolled on the AKD1500. A change takes effect at once.
 */
#include <string.h>

#include "board.h"
#include "util.h"

/* Base, limit and target know no address bits below the granule. */
#define GRANULE_MASK 0xfffu
#define CTRL1_TYPE 0x1fu
#define VIEWPORT_INBOUND BIT(31)
#define VIEWPORT_INDEX 0xffu

void iatu_reset(struct iatu *u)
{
	unsigned int i;

	memset(u, 0, sizeof(*u));
	for (i = 0; i < IATU_REGIONS; i++) {
		u->in[i].limit = GRANULE_MASK;
		u->out[i].limit = GRANULE_MASK;
	}
}

bool iatu_inbound(const struct board *b, unsigned int bar, uint64_t off,
		  uint64_t *addr)
{
	unsigned int i;

	for (i = 0; i < IATU_REGIONS; i++) {
		const struct iatu_region *r = &b->iatu.in[i];
		uint64_t pci;

		if (!(r->ctrl2 & IATU_CTRL2_ENABLE) || (r->ctrl1 & CTRL1_TYPE))
			continue;
		if (r->ctrl2 & IATU_CTRL2_BAR_MATCH) {
			if (((r->ctrl2 >> 8) & 7) != bar)
				continue;
			*addr = r->target + off;
			return true;
		}
		pci = pci_config_bar(&b->config, bar) + off;
		if (pci < r->base || pci > r->limit)
			continue;
		*addr = r->target + (pci - r->base);
		return true;
	}
	return false;
}

size_t iatu_outbound(const struct iatu *u, uint64_t addr, size_t len,
		     uint64_t *host)
{
	unsigned int i;

	for (i = 0; i < IATU_REGIONS; i++) {
		const struct iatu_region *r = &u->out[i];

		if (!(r->ctrl2 & IATU_CTRL2_ENABLE) || (r->ctrl1 & CTRL1_TYPE))
			continue;
		if (addr < r->base || addr > r->limit)
			continue;
		*host = r->target + (addr - r->base);
		if (r->limit - addr < len)
			len = r->limit - addr + 1;
		return len;
	}
	return 0;
}

static uint32_t region_read(const struct iatu_region *r, uint32_t off)
{
	switch (off) {
	case IATU_CTRL1:
		return r->ctrl1;
	case IATU_CTRL2:
		return r->ctrl2;
	case IATU_LOWER_BASE:
		return r->base;
	case IATU_UPPER_BASE:
		return r->base >> 32;
	case IATU_LIMIT:
		return r->limit;
	case IATU_LOWER_TARGET:
		return r->target;
	case IATU_UPPER_TARGET:
		return r->target >> 32;
	case IATU_UPPER_LIMIT:
		return r->limit >> 32;
	default:
		return 0;
	}
}

static void region_write(struct iatu_region *r, uint32_t off, uint32_t val)
{
	switch (off) {
	case IATU_CTRL1:
		r->ctrl1 = val;
		break;
	case IATU_CTRL2:
		r->ctrl2 = val;
		break;
	case IATU_LOWER_BASE:
		r->base = set_low32(r->base, val & ~GRANULE_MASK);
		break;
	case IATU_UPPER_BASE:
		r->base = set_high32(r->base, val);
		/*
		 * The limit has an upper half of its own only where a driver
		 * programs one; till then a region ends in the 4 GiB it
		 * begins in.
		 */
		r->limit = set_high32(r->limit, val);
		break;
	case IATU_LIMIT:
		r->limit = set_low32(r->limit, val | GRANULE_MASK);
		break;
	case IATU_LOWER_TARGET:
		r->target = set_low32(r->target, val & ~GRANULE_MASK);
		break;
	case IATU_UPPER_TARGET:
		r->target = set_high32(r->target, val);
		break;
	case IATU_UPPER_LIMIT:
		r->limit = set_high32(r->limit, val);
		break;
	}
}

static struct iatu_region *viewport_region(struct iatu *u)
{
	uint32_t i = u->viewport & VIEWPORT_INDEX;

	if (i >= IATU_REGIONS)
		return NULL;
	return u->viewport & VIEWPORT_INBOUND ? &u->in[i] : &u->out[i];
}

uint32_t iatu_viewport_read(const struct iatu *u, uint32_t off)
{
	const struct iatu_region *r = viewport_region((struct iatu *)u);

	if (!off)
		return u->viewport;
	return r ? region_read(r, off - 4) : 0;
}

void iatu_viewport_write(struct iatu *u, uint32_t off, uint32_t val)
{
	struct iatu_region *r = viewport_region(u);

	if (!off)
		u->viewport = val & (VIEWPORT_INBOUND | VIEWPORT_INDEX);
	else if (r)
		region_write(r, off - 4, val);
}

static struct iatu_region *unrolled_region(struct iatu *u, uint32_t off)
{
	uint32_t i = off >> 9;

	if (i >= IATU_REGIONS)
		return NULL;
	return off & 0x100 ? &u->in[i] : &u->out[i];
}

uint32_t iatu_unrolled_read(const struct iatu *u, uint32_t off)
{
	const struct iatu_region *r = unrolled_region((struct iatu *)u, off);

	return r ? region_read(r, off & 0xff) : 0;
}

void iatu_unrolled_write(struct iatu *u, uint32_t off, uint32_t val)
{
	struct iatu_region *r = unrolled_region(u, off);

	if (r)
		region_write(r, off & 0xff, val);
}
