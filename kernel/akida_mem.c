// SPDX-License-Identifier: GPL-2.0
/*
 * Device memory, and the allocator that the window uses, too.
 *
 * Pages that were somebody's are dirty until they were scrubbed, and they are
 * scrubbed before they are given out again: so it does not matter how their
 * owner ended, or whether the board could be reached then.
 */
#include <linux/bitmap.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "akida_file.h"

/* Host memory to scrub with. One doorbell carries few pieces on silicon, so
 * they should be large; the memory is there all the time, so not too large.
 */
#define AKIDA_ZERO_MAX SZ_256K
#define AKIDA_ZERO_MIN SZ_4K
/* Pieces of one scrubbing transfer */
#define AKIDA_SCRUB_SEGS 64

int akida_space_init(struct akida_space *s, u32 base, u32 size,
		     unsigned int shift, bool dirty)
{
	mutex_init(&s->lock);
	s->base = base;
	s->shift = shift;
	s->num = size >> shift;
	s->free = s->num;
	s->used = bitmap_zalloc(s->num, GFP_KERNEL);
	if (!s->used)
		return -ENOMEM;
	if (!dirty)
		return 0;
	s->dirty = bitmap_alloc(s->num, GFP_KERNEL);
	if (!s->dirty) {
		akida_space_exit(s);
		return -ENOMEM;
	}
	bitmap_fill(s->dirty, s->num);
	return 0;
}

void akida_space_exit(struct akida_space *s)
{
	bitmap_free(s->used);
	bitmap_free(s->dirty);
	s->used = NULL;
	s->dirty = NULL;
	s->num = 0;
	s->free = 0;
}

int akida_space_alloc(struct akida_space *s, u64 size, u32 *addr)
{
	unsigned long num, at;
	int err = -ENOSPC;

	if (size >> s->shift > s->num)
		return -ENOSPC;
	num = size >> s->shift;
	mutex_lock(&s->lock);
	at = bitmap_find_next_zero_area(s->used, s->num, 0, num, 0);
	if (at < s->num) {
		bitmap_set(s->used, at, num);
		s->free -= num;
		*addr = s->base + (u32)(at << s->shift);
		err = 0;
	}
	mutex_unlock(&s->lock);
	return err;
}

int akida_space_take(struct akida_space *s, u32 addr, u64 size)
{
	unsigned long at, num;
	int err = -EBUSY;

	if (addr < s->base || size >> s->shift > s->num)
		return -EBUSY;
	at = (addr - s->base) >> s->shift;
	num = size >> s->shift;
	if (at > s->num - num)
		return -EBUSY;
	mutex_lock(&s->lock);
	if (find_next_bit(s->used, at + num, at) >= at + num) {
		bitmap_set(s->used, at, num);
		s->free -= num;
		err = 0;
	}
	mutex_unlock(&s->lock);
	return err;
}

void akida_space_free(struct akida_space *s, u32 addr, u64 size)
{
	unsigned long at = (addr - s->base) >> s->shift;
	unsigned long num = size >> s->shift;

	mutex_lock(&s->lock);
	bitmap_clear(s->used, at, num);
	if (s->dirty)
		bitmap_set(s->dirty, at, num);
	s->free += num;
	mutex_unlock(&s->lock);
}

u64 akida_space_largest(struct akida_space *s)
{
	unsigned long at = 0, end, largest = 0;

	mutex_lock(&s->lock);
	while (at < s->num) {
		at = find_next_zero_bit(s->used, s->num, at);
		end = find_next_bit(s->used, s->num, at);
		largest = max(largest, end - at);
		at = end;
	}
	mutex_unlock(&s->lock);
	return (u64)largest << s->shift;
}

/* The next dirty pages in a range, or false. */
static bool next_dirty(struct akida_space *s, unsigned long *at,
		       unsigned long end, unsigned long *num)
{
	unsigned long stop;

	mutex_lock(&s->lock);
	*at = find_next_bit(s->dirty, end, *at);
	stop = find_next_zero_bit(s->dirty, end, *at);
	mutex_unlock(&s->lock);
	*num = stop - *at;
	return *at < end;
}

/* Makes pages zero; at most as many as a transfer can carry. */
static int scrub_pages(struct akida_device *adev, struct akida_dma_seg *seg,
		       unsigned long at, unsigned long *num)
{
	struct akida_mem *mem = adev->mem;
	struct akida_space *s = &mem->space;
	u64 left = (u64)*num << s->shift;
	u32 addr = s->base + (u32)(at << s->shift);
	unsigned int n;
	int err;

	for (n = 0; n < AKIDA_SCRUB_SEGS && left; n++) {
		seg[n].host = mem->zero_dma;
		seg[n].dev = addr;
		seg[n].len = min_t(u64, left, mem->zero_size);
		addr += seg[n].len;
		left -= seg[n].len;
	}
	err = akida_dma_run(adev, AKIDA_DMA_TO_DEVICE, seg, n, NULL);
	if (err)
		return err;
	*num -= left >> s->shift;
	mutex_lock(&s->lock);
	bitmap_clear(s->dirty, at, *num);
	mutex_unlock(&s->lock);
	return 0;
}

static int scrub_range(struct akida_device *adev, unsigned long at,
		       unsigned long end)
{
	struct akida_dma_seg *seg;
	unsigned long num;
	int err = 0;

	seg = kmalloc_array(AKIDA_SCRUB_SEGS, sizeof(*seg), GFP_KERNEL);
	if (!seg)
		return -ENOMEM;
	while (!err && next_dirty(&adev->mem->space, &at, end, &num)) {
		err = scrub_pages(adev, seg, at, &num);
		at += num;
	}
	kfree(seg);
	return err;
}

int akida_mem_scrub(struct akida_device *adev, u32 addr, u64 size)
{
	struct akida_space *s = &adev->mem->space;
	unsigned long at = (addr - s->base) >> s->shift;

	return scrub_range(adev, at, at + (size >> s->shift));
}

int akida_mem_scrub_all(struct akida_device *adev)
{
	struct akida_space *s = &adev->mem->space;
	unsigned long at = 0, end;
	int err = 0;

	/* Nobody takes or gives back now, but some of it may be taken. */
	while (!err && at < s->num) {
		at = find_next_zero_bit(s->used, s->num, at);
		end = find_next_bit(s->used, s->num, at);
		err = scrub_range(adev, at, end);
		at = end;
	}
	return err;
}

int akida_mem_scrub_lists(struct akida_device *adev)
{
	const struct akida_range *r = &adev->chip->memory;
	struct akida_mem *mem = adev->mem;
	u32 addr = r->base + AKIDA_SHORT_LISTS, end = r->base;
	int err = 0;

	/* Where firmware has the rest of the page, only the lists' own. */
	end += adev->chip->memory_reserved ? akida_dma_list_room(adev) :
					     akida_dma_reserved(adev);
	while (!err && addr < end) {
		struct akida_dma_seg seg = {
			.host = mem->zero_dma,
			.dev = addr,
			.len = min_t(u32, end - addr, mem->zero_size),
		};

		err = akida_dma_run(adev, AKIDA_DMA_TO_DEVICE, &seg, 1, NULL);
		addr += seg.len;
	}
	return err;
}

void akida_mem_soil(struct akida_device *adev)
{
	struct akida_space *s = &adev->mem->space;

	mutex_lock(&s->lock);
	bitmap_fill(s->dirty, s->num);
	mutex_unlock(&s->lock);
}

bool akida_mem_mappable(struct akida_device *adev)
{
	const struct akida_range *r = &adev->chip->memory;
	struct akida_space *s = &adev->mem->space;
	u64 end = (u64)(s->base - r->base) + ((u64)s->num << s->shift);

	return r->bar >= 0 && end <= adev->mem->bar_size[r->bar];
}

int akida_mem_init(struct akida_device *adev)
{
	const struct akida_range *r = &adev->chip->memory;
	u32 reserved =
		max(adev->chip->memory_reserved, akida_dma_reserved(adev));
	struct akida_mem *mem;
	unsigned int i;
	int err;

	reserved = PAGE_ALIGN(reserved);
	if (reserved >= r->size)
		return -ENOSPC;
	mem = kzalloc(sizeof(*mem), GFP_KERNEL);
	if (!mem)
		return -ENOMEM;
	adev->mem = mem;
	mem->coherent = dev_is_dma_coherent(&adev->pdev->dev);
	for (i = 0; i < AKIDA_NUM_BARS; i++) {
		mem->bar_start[i] = pci_resource_start(adev->pdev, 2 * i);
		mem->bar_size[i] = pci_resource_len(adev->pdev, 2 * i);
	}
	err = akida_space_init(&mem->space, r->base + reserved,
			       r->size - reserved, PAGE_SHIFT, true);
	if (err)
		return err;
	mem->zero_size = AKIDA_ZERO_MAX;
	while (!mem->zero && mem->zero_size >= AKIDA_ZERO_MIN) {
		mem->zero = dma_alloc_coherent(&adev->pdev->dev, mem->zero_size,
					       &mem->zero_dma,
					       GFP_KERNEL | __GFP_NOWARN);
		if (!mem->zero)
			mem->zero_size /= 2;
	}
	return mem->zero ? 0 : -ENOMEM;
}

void akida_mem_detach(struct akida_device *adev)
{
	struct akida_mem *mem = adev->mem;

	if (!mem || !mem->zero)
		return;
	dma_free_coherent(&adev->pdev->dev, mem->zero_size, mem->zero,
			  mem->zero_dma);
	mem->zero = NULL;
}

void akida_mem_exit(struct akida_device *adev)
{
	if (!adev->mem)
		return;
	akida_space_exit(&adev->mem->space);
	kfree(adev->mem);
	adev->mem = NULL;
}

int akida_host_alloc(struct akida_device *adev, struct akida_host *h, u64 size)
{
	/*
	 * A large piece must not be got by killing others, and failing to get
	 * one is an answer, not worth a warning.
	 */
	gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_NOWARN | __GFP_RETRY_MAYFAIL;

	if (size > SIZE_MAX - PAGE_SIZE)
		return -ENOMEM;
	h->size = PAGE_ALIGN(size);
	h->cpu = dma_alloc_coherent(&adev->pdev->dev, h->size, &h->dma, gfp);
	return h->cpu ? 0 : -ENOMEM;
}

void akida_host_free(struct akida_device *adev, struct akida_host *h)
{
	if (!h->cpu)
		return;
	dma_free_coherent(&adev->pdev->dev, h->size, h->cpu, h->dma);
	h->cpu = NULL;
}

unsigned long akida_host_pfn(const struct akida_host *h, size_t offset)
{
	void *p = h->cpu + offset;

	if (is_vmalloc_addr(p))
		return vmalloc_to_pfn(p);
	return page_to_pfn(virt_to_page(p));
}
