// SPDX-License-Identifier: GPL-2.0
/*
 * User memory that the board reads and writes where it is: pinned for long,
 * charged to RLIMIT_MEMLOCK, mapped for DMA.
 *
 * The address space that is charged is referred to (mmgrab) until the charge
 * is given back, so that this works whoever drops the last reference to the
 * buffer: another process that inherited the file, or a worker.
 */
#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "akida_compat.h"
#include "akida_file.h"

/* Pages pinned in one go; between them a fatal signal is noticed. */
#define AKIDA_PIN_BATCH 4096

/* What cannot be pinned is told from what is not there. */
static int pin_error(u64 addr, int err)
{
	struct vm_area_struct *vma;

	if (err != -EFAULT)
		return err;
	if (mmap_read_lock_killable(current->mm))
		return -EINTR;
	vma = find_vma(current->mm, untagged_addr(addr));
	if (vma && vma->vm_start <= untagged_addr(addr) &&
	    (vma->vm_flags & (VM_IO | VM_PFNMAP)))
		err = -EOPNOTSUPP;
	mmap_read_unlock(current->mm);
	return err;
}

static int pin_pages(struct akida_pin *pin, u64 addr, unsigned long num)
{
	u64 at = addr & PAGE_MASK;

	while (pin->num < num) {
		int n = min_t(unsigned long, num - pin->num, AKIDA_PIN_BATCH);

		if (fatal_signal_pending(current))
			return -EINTR;
		if (pin->dir == DMA_TO_DEVICE)
			n = akida_pin_to_read(at, n, pin->pages + pin->num);
		else
			n = pin_user_pages_fast(at, n,
						FOLL_LONGTERM | FOLL_WRITE,
						pin->pages + pin->num);
		if (n <= 0)
			return pin_error(at, n ? n : -EFAULT);
		pin->num += n;
		at += (u64)n << PAGE_SHIFT;
		cond_resched();
	}
	return 0;
}

struct akida_pin *akida_pin_create(u64 addr, u64 size, bool read_only)
{
	struct akida_pin *pin;
	unsigned long num;
	u64 end;
	int err;

	if (check_add_overflow(addr, size, &end) || end > ULONG_MAX - PAGE_SIZE)
		return ERR_PTR(-EFAULT);
	num = (PAGE_ALIGN(end) - (addr & PAGE_MASK)) >> PAGE_SHIFT;

	pin = kzalloc(sizeof(*pin), GFP_KERNEL_ACCOUNT);
	if (!pin)
		return ERR_PTR(-ENOMEM);
	pin->dir = read_only ? DMA_TO_DEVICE : DMA_BIDIRECTIONAL;
	/* Charged before there is anything to charge for. */
	err = account_locked_vm(current->mm, num, true);
	if (err) {
		kfree(pin);
		return ERR_PTR(err);
	}
	pin->mm = current->mm;
	mmgrab(pin->mm);
	pin->charged = num;

	pin->pages = kvmalloc_array(num, sizeof(*pin->pages),
				    GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	err = pin->pages ? pin_pages(pin, addr, num) : -ENOMEM;
	if (err) {
		akida_pin_unmap(NULL, pin);
		akida_pin_destroy(pin);
		return ERR_PTR(err);
	}
	return pin;
}

int akida_pin_map(struct akida_device *adev, struct akida_pin *pin, u64 addr,
		  u64 size)
{
	struct device *dev = &adev->pdev->dev;
	size_t most = min_t(size_t, dma_get_max_seg_size(dev),
			    dma_max_mapping_size(dev));
	int err;

	/* A piece must be whole pages, and swiotlb's limit may be no multiple. */
	most = max_t(size_t, round_down(most, PAGE_SIZE), PAGE_SIZE);
	err = sg_alloc_table_from_pages_segment(
		&pin->sgt, pin->pages, pin->num, offset_in_page(addr), size,
		min_t(size_t, most, UINT_MAX & PAGE_MASK),
		GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (err)
		return err;
	/* Each transfer hands its bytes over, also those of pins that overlap. */
	err = dma_map_sgtable(dev, &pin->sgt, pin->dir, DMA_ATTR_SKIP_CPU_SYNC);
	if (err) {
		sg_free_table(&pin->sgt);
		return err == -EIO ? -ENOMEM : err;
	}
	pin->mapped = true;
	return 0;
}

void akida_pin_unmap(struct akida_device *adev, struct akida_pin *pin)
{
	if (pin->mapped) {
		/*
		 * Each transfer has handed its bytes over. Doing it again for
		 * all of them would put a bounce buffer's stale copy over
		 * what the CPU has written since.
		 */
		dma_unmap_sgtable(&adev->pdev->dev, &pin->sgt, pin->dir,
				  DMA_ATTR_SKIP_CPU_SYNC);
		sg_free_table(&pin->sgt);
		pin->mapped = false;
	}
	if (pin->num)
		unpin_user_pages_dirty_lock(pin->pages, pin->num,
					    pin->dir == DMA_BIDIRECTIONAL);
	pin->num = 0;
	kvfree(pin->pages);
	pin->pages = NULL;
}

void akida_pin_destroy(struct akida_pin *pin)
{
	account_locked_vm(pin->mm, pin->charged, false);
	mmdrop(pin->mm);
	kfree(pin);
}

unsigned int akida_pin_segs(const struct akida_pin *pin, u64 offset, u64 size,
			    u32 dev, struct akida_dma_seg *seg)
{
	struct scatterlist *sg;
	unsigned int i, n = 0;

	for_each_sgtable_dma_sg(&pin->sgt, sg, i) {
		u64 len = sg_dma_len(sg), take;

		if (offset >= len) {
			offset -= len;
			continue;
		}
		take = min(len - offset, size);
		if (seg) {
			seg[n].host = sg_dma_address(sg) + offset;
			seg[n].dev = dev;
			seg[n].len = take;
		}
		n++;
		dev += take;
		size -= take;
		offset = 0;
		if (!size)
			break;
	}
	return n;
}

/* One physically contiguous piece. */
static void sync_piece(struct device *dev, dma_addr_t at, size_t len,
		       enum dma_data_direction dir, bool cpu)
{
	if (cpu)
		dma_sync_single_for_cpu(dev, at, len, dir);
	else
		dma_sync_single_for_device(dev, at, len, dir);
}

void akida_pin_sync(struct akida_device *adev, const struct akida_dma_seg *seg,
		    unsigned int num, u64 bytes, enum akida_dma_dir dir,
		    bool cpu)
{
	enum dma_data_direction d =
		dir == AKIDA_DMA_TO_DEVICE ? DMA_TO_DEVICE : DMA_FROM_DEVICE;
	struct device *dev = &adev->pdev->dev;
	unsigned int i;

	/*
	 * Exactly the bytes of the transfer: what is beside them in the buffer
	 * may be written by the CPU or by another transfer now, and a bounce
	 * buffer's copy of it would be stale.
	 */
	for (i = 0; i < num && bytes; i++) {
		u64 left = min_t(u64, seg[i].len, bytes);
		dma_addr_t at = seg[i].host;

		bytes -= left;
		/* Behind an IOMMU neighbours need not be neighbours in memory. */
		while (adev->iommu && left) {
			size_t len = min_t(u64, left,
					   PAGE_SIZE - offset_in_page(at));

			sync_piece(dev, at, len, d, cpu);
			at += len;
			left -= len;
		}
		if (left)
			sync_piece(dev, at, left, d, cpu);
	}
}
