// SPDX-License-Identifier: GPL-2.0
/*
 * The vendor's file interface: read() and write() at device addresses, mmap()
 * of registers and memory. Existing programs rely on it. It is raw control of
 * the board, so a call claims the board first: akida_claim.c.
 */
#include <linux/dma-mapping.h>
#include <linux/log2.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>

#include "akida_claim.h"

/* Bytes that go through one doorbell where memory can be had */
#define AKIDA_BOUNCE_MAX SZ_4M

/* What public sources name on the chips; the PCIe controller's own registers
 * (AKD1000: 0xf8c00000) are not among them. Documentation/driver.rst says
 * where each is from.
 */
static const struct akida_raw_range akd1000_ranges[] = {
	{ 0x10000000, 0x00060100 }, /* SRAM, as far as is known */
	{ 0x20000000, 0x10000000 }, /* LPDDR */
	{ 0xf0000000, 0x00010000 }, /* system: read when tools start */
	{ 0xfcc00000, 0x00400000 }, /* Akida core */
	{}
};

static const struct akida_raw_range akd1500_ranges[] = {
	{ 0x20000000, 0x00100000 }, /* main memory */
	{ 0x80000000, 0x00800000 }, /* flash, alias */
	{ 0xf0000000, 0x00010000 }, /* system */
	{ 0xfc000000, 0x00800000 }, /* flash */
	{ 0xfc800000, 0x00100000 }, /* scratch memory */
	{ 0xfcc00000, 0x00400000 }, /* Akida core, syscfg, SPI master */
	{}
};

static const struct akida_raw_map akd1000_maps[] = {
	{ 0, 0xfcc00000, 0 },
};

static const struct akida_raw_map akd1500_maps[] = {
	{ 0xfcc00000, 0xfcc00000, 1 },
	{ 0x20000000, 0x20000000, 2 },
};

const struct akida_raw akida_raw_akd1000 = {
	.ranges = akd1000_ranges,
	.maps = akd1000_maps,
	.num_maps = ARRAY_SIZE(akd1000_maps),
};

const struct akida_raw akida_raw_akd1500 = {
	.ranges = akd1500_ranges,
	.maps = akd1500_maps,
	.num_maps = ARRAY_SIZE(akd1500_maps),
};

/* -------------------------------------------------------------- read, write */

static bool within(u64 addr, u64 size, const struct akida_raw_range *r)
{
	return addr >= r->base && size <= r->size &&
	       addr - r->base <= r->size - size;
}

/*
 * May it be reached, leaving the window aside? The lists are as short as a claim
 * makes them, also for the call that is about to claim.
 */
static bool allowed(struct akida_device *adev, u64 addr, u64 size)
{
	const struct akida_range *mem = &adev->chip->memory;
	const struct akida_raw_range *r;

	if (addr < (u64)mem->base + AKIDA_SHORT_LISTS &&
	    addr + size > mem->base)
		return false;
	for (r = adev->chip->raw->ranges; r->size; r++)
		if (within(addr, size, r))
			return true;
	return false;
}

static bool in_window(struct akida_device *adev, u64 addr, u64 size)
{
	struct akida_raw_range r = {
		.base = adev->chip->window.base,
		.size = adev->chip->window.size,
	};

	return adev->window && within(addr, size, &r);
}

/* The CPU's own side of the window's memory, at an offset in it. */
static void *window_cpu(struct akida_claim *c, u32 offset, u64 *left)
{
	unsigned int i;

	for (i = 0; i < AKIDA_CLAIM_REGIONS && c->window[i].size; i++) {
		if (offset < c->window[i].size) {
			*left = c->window[i].size - offset;
			return c->window[i].host.cpu + offset;
		}
		offset -= c->window[i].size;
	}
	return NULL;
}

/* The chip would read its window; the memory behind it is here. */
static ssize_t copy_window(struct akida_file *f, enum akida_dma_dir dir,
			   char __user *buf, u64 count, u32 addr)
{
	struct akida_claim *c = f->claim;
	u32 offset = addr - f->adev->chip->window.base;
	ssize_t err = 0;
	u64 total = 0;

	if (offset > c->window_size || count > c->window_size - offset)
		return -EINVAL;
	down_read(&c->window_lock);
	while (total < count && !err) {
		u64 left, bad;
		void *cpu = window_cpu(c, offset + total, &left);

		if (!cpu) {
			err = -ENODEV;
			break;
		}
		left = min(left, count - total);
		if (dir == AKIDA_DMA_TO_DEVICE)
			bad = copy_from_user(cpu, buf + total, left);
		else
			bad = copy_to_user(buf + total, cpu, left);
		total += left - bad;
		err = bad ? -EFAULT : 0;
	}
	up_read(&c->window_lock);
	return total ? total : err;
}

/* At least some memory; as much as the transfer needs if it can be had. */
static int grow_bounce(struct akida_device *adev, struct akida_bounce *b,
		       u64 want)
{
	struct akida_host more = {};
	int err;

	want = PAGE_ALIGN(min_t(u64, want, AKIDA_BOUNCE_MAX));
	if (b->host.cpu && b->host.size >= want)
		return 0;
	err = akida_enter(adev);
	if (err)
		return err;
	want = roundup_pow_of_two(want);
	do {
		err = akida_host_alloc(adev, &more, want);
		want /= 2;
	} while (err && want >= PAGE_SIZE &&
		 !(b->host.cpu && want <= b->host.size));
	if (more.cpu) {
		akida_host_free(adev, &b->host);
		b->host = more;
	}
	akida_leave(adev);
	return b->host.cpu ? 0 : err;
}

static ssize_t copy_device(struct akida_file *f, enum akida_dma_dir dir,
			   char __user *buf, u64 count, u32 addr)
{
	struct akida_bounce *b = &f->claim->bounce[dir];
	struct akida_device *adev = f->adev;
	ssize_t err;
	u64 total = 0;

	if (mutex_lock_killable(&b->lock))
		return -EINTR;
	err = grow_bounce(adev, b, count);
	while (!err && total < count) {
		u64 done, n = min_t(u64, count - total, b->host.size);
		struct akida_dma_seg seg = {
			.host = b->host.dma,
			.dev = addr + total,
			.len = n,
		};

		if (dir == AKIDA_DMA_TO_DEVICE &&
		    copy_from_user(b->host.cpu, buf + total, n)) {
			err = -EFAULT;
			break;
		}
		err = akida_dma_run(adev, dir, &seg, 1, &done);
		/* What arrived is told, so that nothing stale is. */
		done = round_down(min(done, n), AKIDA_DMA_ALIGN);
		if (dir == AKIDA_DMA_FROM_DEVICE && done &&
		    copy_to_user(buf + total, b->host.cpu, done)) {
			err = -EFAULT;
			break;
		}
		total += done;
	}
	mutex_unlock(&b->lock);
	return total ? total : err;
}

static ssize_t transfer(struct file *filp, enum akida_dma_dir dir,
			char __user *buf, size_t count, loff_t *pos)
{
	struct akida_file *f = filp->private_data;
	struct akida_device *adev = f->adev;
	ssize_t ret;
	bool window;

	/* The engine moves words. */
	if (*pos < 0 || *pos > U32_MAX || (*pos | count) % AKIDA_DMA_ALIGN)
		return -EINVAL;
	if (!f->claim) {
		ret = akida_may_claim(f);
		if (ret)
			return ret;
	}
	window = in_window(adev, *pos, count);
	if (!window && !allowed(adev, *pos, count))
		return -EINVAL;
	if (!count)
		return 0;
	ret = akida_claim(f);
	if (ret)
		return ret;
	ret = window ? copy_window(f, dir, buf, count, *pos) :
		       copy_device(f, dir, buf, count, *pos);
	if (ret > 0)
		*pos += ret;
	return ret;
}

ssize_t akida_raw_read(struct file *filp, char __user *buf, size_t count,
		       loff_t *pos)
{
	return transfer(filp, AKIDA_DMA_FROM_DEVICE, buf, count, pos);
}

ssize_t akida_raw_write(struct file *filp, const char __user *buf, size_t count,
			loff_t *pos)
{
	return transfer(filp, AKIDA_DMA_TO_DEVICE, (char __user *)buf, count,
			pos);
}

/* --------------------------------------------------------------------- mmap */

static const struct akida_raw_map *find_map(struct akida_device *adev,
					    u64 offset, u64 size)
{
	const struct akida_raw *raw = adev->chip->raw;
	unsigned int i;

	for (i = 0; i < raw->num_maps; i++) {
		const struct akida_raw_map *m = &raw->maps[i];
		u64 len = adev->mem->bar_size[m->bar];

		if (offset >= m->offset && size <= len &&
		    offset - m->offset <= len - size)
			return m;
	}
	return NULL;
}

/* A whole BAR can be mapped, as programs do; is there a page to be seen? */
static bool any_page(struct akida_device *adev, const struct akida_raw_map *m,
		     u64 offset, u64 size)
{
	u64 addr = m->base + (offset - m->offset), end = addr + size;

	for (; addr < end; addr += PAGE_SIZE)
		if (allowed(adev, addr, PAGE_SIZE))
			return true;
	return false;
}

int akida_raw_mmap(struct akida_file *f, struct vm_area_struct *vma, bool *host)
{
	u64 offset = (u64)vma->vm_pgoff << PAGE_SHIFT;
	u64 size = vma->vm_end - vma->vm_start;
	struct akida_device *adev = f->adev;
	const struct akida_raw_map *m;
	int err;

	if (!f->claim) {
		err = akida_may_claim(f);
		if (err)
			return err;
	}
	*host = in_window(adev, offset, size);
	m = find_map(adev, offset, size);
	if (!*host && !(m && any_page(adev, m, offset, size)))
		return -EINVAL;
	err = akida_claim(f);
	if (err)
		return err;
	if (*host && offset + size > (u64)adev->chip->window.base +
					     f->claim->window_size)
		return -EINVAL;
	return 0;
}

int akida_raw_pfn(struct akida_file *f, u64 offset, unsigned long *pfn,
		  bool *host)
{
	struct akida_device *adev = f->adev;
	const struct akida_raw_map *m;
	u32 in_map;
	unsigned int i;

	*pfn = 0;
	*host = in_window(adev, offset, PAGE_SIZE);
	if (*host) {
		struct akida_claim *c = f->claim;

		/* While this is not set, and map_lock held, it is there. */
		if (adev->map_gone)
			return 0;
		in_map = offset - adev->chip->window.base;
		for (i = 0; i < AKIDA_CLAIM_REGIONS; i++) {
			if (in_map < c->window[i].size) {
				*pfn = akida_host_pfn(&c->window[i].host,
						      in_map);
				return 0;
			}
			in_map -= c->window[i].size;
		}
		return -EFAULT;
	}
	m = find_map(adev, offset, PAGE_SIZE);
	if (!m || !allowed(adev, m->base + (offset - m->offset), PAGE_SIZE))
		return -EFAULT;
	*pfn = PHYS_PFN(adev->mem->bar_start[m->bar] + (offset - m->offset));
	return 0;
}
