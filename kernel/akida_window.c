// SPDX-License-Identifier: GPL-2.0
/*
 * The AKD1500's window to host memory: outbound regions of its iATU, each of
 * which leads to one piece of coherent memory. With an IOMMU a piece has any
 * size; without one it is as large as contiguous memory can be had.
 *
 * Programs that device memory has no room for share one region, which leads to
 * that of them which is in the mesh.
 *
 * How many regions there are is found by writing and reading back, as the
 * kernel's own DesignWare driver does.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "akida_file.h"

/* Outbound regions in BAR0, unrolled; inbound ones lie between. */
#define IATU_BASE 0x400
#define IATU_STRIDE 0x200
#define IATU_CTRL1 0x00
#define IATU_CTRL2 0x04
#define IATU_LOWER_BASE 0x08
#define IATU_UPPER_BASE 0x0c
#define IATU_LIMIT 0x10
#define IATU_LOWER_TARGET 0x14
#define IATU_UPPER_TARGET 0x18
#define IATU_ENABLE BIT(31)

/* What lies behind the first 4 KiB of BAR0 is not known. */
#define AKIDA_MAX_REGIONS ((SZ_4K - IATU_BASE) / IATU_STRIDE)
#define AKIDA_MAX_GRANULE SZ_64K

/* The enable bit reads back as soon as the region works. */
#define IATU_TRIES 5
#define IATU_WAIT_US 9000

/**
 * struct akida_region - what a region is programmed to
 * @size: bytes, 0 for a free region
 * @base: address in the window
 * @target: DMA address
 */
struct akida_region {
	u32 size;
	u32 base;
	dma_addr_t target;
};

/* Memory given back while the board was blocked: its core may still write. */
struct akida_remains {
	struct list_head node;
	struct akida_host host;
	u32 base;
	u32 size;
};

/**
 * struct akida_window - the window's allocator
 * @lock: for all of it and the registers
 * @space: addresses
 * @region: regions
 * @num: how many there are
 * @shared: the region that programs share
 * @num_shared: how many programs; without any it is free as others are
 * @shown: of these, the one that it leads to, or NULL
 * @granule: base, size and target are multiples of this
 * @remains: memory to free after the reset
 */
struct akida_window {
	struct mutex lock;
	struct akida_space space;
	struct akida_region region[AKIDA_MAX_REGIONS];
	unsigned int num;
	unsigned int shared;
	unsigned int num_shared;
	const struct akida_window_map *shown;
	u32 granule;
	struct list_head remains;
};

static void __iomem *region_regs(struct akida_device *adev, unsigned int i)
{
	return adev->bar[adev->chip->dma_bar] + IATU_BASE + i * IATU_STRIDE;
}

/* Switches a region off; the read makes sure that the write has arrived. */
static void region_off(struct akida_device *adev, unsigned int i)
{
	void __iomem *regs = region_regs(adev, i);

	iowrite32(0, regs + IATU_CTRL2);
	ioread32(regs + IATU_CTRL2);
}

static int region_on(struct akida_device *adev, unsigned int i)
{
	const struct akida_region *r = &adev->window->region[i];
	void __iomem *regs = region_regs(adev, i);
	unsigned int tries;

	iowrite32(0, regs + IATU_CTRL2);
	iowrite32(0, regs + IATU_CTRL1);
	iowrite32(r->base, regs + IATU_LOWER_BASE);
	iowrite32(0, regs + IATU_UPPER_BASE);
	iowrite32(r->base + (r->size - 1), regs + IATU_LIMIT);
	iowrite32(lower_32_bits(r->target), regs + IATU_LOWER_TARGET);
	iowrite32(upper_32_bits(r->target), regs + IATU_UPPER_TARGET);
	iowrite32(IATU_ENABLE, regs + IATU_CTRL2);
	for (tries = 0; tries < IATU_TRIES; tries++) {
		u32 ctrl2 = ioread32(regs + IATU_CTRL2);

		if (ctrl2 == IATU_ENABLE)
			return 0;
		if (ctrl2 == ~0u)
			break;
		fsleep(IATU_WAIT_US);
	}
	return -EIO;
}

/* Counts the regions, and finds what addresses are multiples of. */
static void find_regions(struct akida_device *adev, struct akida_window *w)
{
	unsigned int i;

	for (i = 0; i < AKIDA_MAX_REGIONS; i++) {
		void __iomem *regs = region_regs(adev, i);
		u32 granule;

		region_off(adev, i);
		iowrite32(0x11110000, regs + IATU_LOWER_TARGET);
		if (ioread32(regs + IATU_LOWER_TARGET) != 0x11110000)
			break;
		iowrite32(~0u, regs + IATU_LOWER_TARGET);
		granule = ~ioread32(regs + IATU_LOWER_TARGET) + 1;
		iowrite32(0, regs + IATU_LOWER_TARGET);
		if (granule > AKIDA_MAX_GRANULE || !is_power_of_2(granule))
			break;
		w->granule = max(w->granule, granule);
	}
	w->num = i;
}

int akida_window_init(struct akida_device *adev)
{
	const struct akida_range *r = &adev->chip->window;
	struct akida_window *w;
	int err;

	if (!r->size)
		return 0;
	w = kzalloc(sizeof(*w), GFP_KERNEL);
	if (!w)
		return -ENOMEM;
	mutex_init(&w->lock);
	INIT_LIST_HEAD(&w->remains);
	w->granule = PAGE_SIZE;
	find_regions(adev, w);
	if (!w->num) {
		dev_warn(
			&adev->pdev->dev,
			"found no outbound iATU region: no window to host memory\n");
		kfree(w);
		return 0;
	}
	err = akida_space_init(&w->space, r->base, r->size, ilog2(w->granule),
			       false);
	if (err) {
		kfree(w);
		return err;
	}
	adev->window = w;
	return 0;
}

/* Under the lock. */
static void free_remains(struct akida_device *adev)
{
	struct akida_window *w = adev->window;
	struct akida_remains *r, *next;

	list_for_each_entry_safe(r, next, &w->remains, node) {
		akida_host_free(adev, &r->host);
		akida_space_free(&w->space, r->base, r->size);
		list_del(&r->node);
		kfree(r);
	}
}

void akida_window_restart(struct akida_device *adev)
{
	struct akida_window *w = adev->window;
	unsigned int i;

	if (!w)
		return;
	mutex_lock(&w->lock);
	for (i = 0; i < w->num; i++) {
		if (!w->region[i].size)
			region_off(adev, i);
		else if (region_on(adev, i))
			dev_err(&adev->pdev->dev,
				"iATU region %u does not take its settings; its buffer is out of reach\n",
				i);
	}
	free_remains(adev);
	mutex_unlock(&w->lock);
}

void akida_window_detach(struct akida_device *adev)
{
	struct akida_window *w = adev->window;

	if (!w)
		return;
	mutex_lock(&w->lock);
	free_remains(adev);
	mutex_unlock(&w->lock);
}

void akida_window_exit(struct akida_device *adev)
{
	struct akida_window *w = adev->window;

	if (!w)
		return;
	adev->window = NULL;
	akida_space_exit(&w->space);
	kfree(w);
}

static bool is_free(const struct akida_window *w, unsigned int i)
{
	return !w->region[i].size && !(w->num_shared && i == w->shared);
}

/* Under the lock: a region that leads nowhere yet, or -ENOSPC. */
static int find_free(const struct akida_window *w)
{
	unsigned int i;

	for (i = 0; i < w->num; i++)
		if (is_free(w, i))
			return i;
	return -ENOSPC;
}

/* Under the lock. */
static int aim(struct akida_device *adev, unsigned int i,
	       const struct akida_window_map *m)
{
	struct akida_region *r = &adev->window->region[i];
	int err;

	*r = (struct akida_region){
		.size = m->size,
		.base = m->base,
		.target = m->host.dma,
	};
	err = region_on(adev, i);
	if (err) {
		region_off(adev, i);
		r->size = 0;
	}
	return err;
}

/* A region for a map whose memory and address are there. */
static int take_region(struct akida_device *adev, struct akida_window_map *m)
{
	struct akida_window *w = adev->window;
	int err = 0, i;

	mutex_lock(&w->lock);
	if (!m->shared || !w->num_shared) {
		i = find_free(w);
		if (i < 0)
			err = i;
		else if (m->shared)
			w->shared = i;
		else
			err = aim(adev, i, m);
		m->region = i;
	}
	if (!err)
		w->num_shared += m->shared;
	mutex_unlock(&w->lock);
	return err;
}

int akida_window_show(struct akida_device *adev,
		      const struct akida_window_map *m)
{
	struct akida_window *w = adev->window;
	int err = 0;

	if (!w)
		return 0;
	mutex_lock(&w->lock);
	if (w->shown != m) {
		region_off(adev, w->shared);
		w->region[w->shared].size = 0;
		if (m)
			err = aim(adev, w->shared, m);
		w->shown = err ? NULL : m;
	}
	mutex_unlock(&w->lock);
	return err;
}

/* Memory, an address and a region for it. */
static int make_map(struct akida_device *adev, struct akida_window_map *m,
		    u64 size, u32 at)
{
	struct akida_window *w = adev->window;
	int err;

	if (!w)
		return -EOPNOTSUPP;
	size = ALIGN(size, w->granule);
	if (size > adev->chip->window.size)
		return -ENOSPC;
	m->base = at;
	err = at ? akida_space_take(&w->space, at, size) :
		   akida_space_alloc(&w->space, size, &m->base);
	if (err)
		return err;
	err = -ENOMEM;
	m->remains = kzalloc(sizeof(*m->remains), GFP_KERNEL_ACCOUNT);
	if (!m->remains)
		goto no_memory;
	err = akida_host_alloc(adev, &m->host, size);
	if (err)
		goto no_memory;
	m->size = size;
	err = -EIO;
	/* A region adds to the lower half of the target only, it may be. */
	if (m->host.dma % w->granule ||
	    upper_32_bits(m->host.dma) != upper_32_bits(m->host.dma + size - 1))
		goto no_region;
	err = take_region(adev, m);
	if (err)
		goto no_region;
	return 0;

no_region:
	akida_host_free(adev, &m->host);
no_memory:
	kfree(m->remains);
	m->remains = NULL;
	akida_space_free(&w->space, m->base, size);
	m->size = 0;
	return err;
}

int akida_window_create(struct akida_device *adev, struct akida_window_map *m,
			u64 size, u32 at)
{
	m->shared = false;
	return make_map(adev, m, size, at);
}

int akida_window_reserve(struct akida_device *adev, struct akida_window_map *m,
			 u64 size)
{
	m->shared = true;
	return make_map(adev, m, size, 0);
}

/* Under the lock: whether the map's region has to be switched off. */
static bool give_region_back(struct akida_window *w, struct akida_window_map *m)
{
	if (m->shared) {
		w->num_shared--;
		if (w->shown != m)
			return false;
		w->shown = NULL;
		m->region = w->shared;
	}
	w->region[m->region].size = 0;
	return true;
}

void akida_window_destroy(struct akida_device *adev, struct akida_window_map *m)
{
	struct akida_window *w = adev->window;
	struct akida_remains *r;

	if (!w || !m->size)
		return;
	mutex_lock(&w->lock);
	if (give_region_back(w, m) && adev->state == AKIDA_LIVE)
		region_off(adev, m->region);
	if (adev->state == AKIDA_BLOCKED) {
		r = m->remains;
		m->remains = NULL;
		r->host = m->host;
		r->base = m->base;
		r->size = m->size;
		list_add_tail(&r->node, &w->remains);
	} else {
		akida_host_free(adev, &m->host);
		akida_space_free(&w->space, m->base, m->size);
	}
	mutex_unlock(&w->lock);
	kfree(m->remains);
	m->remains = NULL;
	m->size = 0;
	m->host.cpu = NULL;
}

void akida_window_info(struct akida_device *adev, struct akida_ioc_info *info)
{
	struct akida_window *w = adev->window;
	unsigned int i;

	if (!w)
		return;
	mutex_lock(&w->lock);
	info->window_size = (u64)w->space.num << w->space.shift;
	info->window_free = (u64)w->space.free << w->space.shift;
	for (i = 0; i < w->num; i++)
		info->window_regions += is_free(w, i);
	mutex_unlock(&w->lock);
}
