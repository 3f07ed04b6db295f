// SPDX-License-Identifier: GPL-2.0
/*
 * Mappings. All are filled by page faults, so that what they show can change:
 * while the board cannot be reached its memory and registers are replaced by a
 * page of plain memory, one for each open file, and nobody gets a SIGBUS.
 *
 * A fault looks at the state and puts its page in under map_lock; who changes
 * the state does so under it and then takes all pages away. So no page of the
 * old state can be left.
 */
#include <linux/dma-map-ops.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "akida_compat.h"
#include "akida_file.h"

/* Pages that a fault on host memory puts in, as faults are dear. */
#define AKIDA_FAULT_AROUND 16

/* Handles are above this, offsets in a buffer below. */
#define OFFSET_MASK (AKIDA_MAX_BUFFER_SIZE - 1)
#define OFFSET_SHIFT 32

static vm_fault_t show_dummy(struct akida_file *f, struct vm_fault *vmf)
{
	pgprot_t prot = vm_get_page_prot(vmf->vma->vm_flags);

	return vmf_insert_pfn_prot(vmf->vma, vmf->address,
				   page_to_pfn(f->dummy), prot);
}

/* Coherent memory is mapped as the DMA layer maps it for the kernel. */
static pgprot_t host_prot(struct akida_device *adev, pgprot_t prot)
{
	if (adev->mem->coherent)
		return prot;
	return pgprot_dmacoherent(prot);
}

/* ----------------------------------------------------------------- buffers */

static void buffer_vm_open(struct vm_area_struct *vma)
{
	struct akida_buffer *b = vma->vm_private_data;

	kref_get(&b->ref);
	atomic_inc(&b->file->vmas);
}

static void buffer_vm_close(struct vm_area_struct *vma)
{
	struct akida_buffer *b = vma->vm_private_data;

	atomic_dec(&b->file->vmas);
	akida_buffer_put(b);
}

/* Host memory: the page asked for and its next neighbours. */
static vm_fault_t show_host(struct akida_buffer *b, struct vm_fault *vmf,
			    size_t offset)
{
	const struct akida_host *h =
		b->kind == AKIDA_BUFFER_HOST ? &b->host : &b->map.host;
	struct vm_area_struct *vma = vmf->vma;
	unsigned long addr = vmf->address & PAGE_MASK;
	vm_fault_t ret;
	unsigned int i;

	ret = vmf_insert_pfn(vma, addr, akida_host_pfn(h, offset));
	for (i = 1; ret == VM_FAULT_NOPAGE && i < AKIDA_FAULT_AROUND; i++) {
		addr += PAGE_SIZE;
		offset += PAGE_SIZE;
		if (addr >= vma->vm_end || offset >= b->size ||
		    vmf_insert_pfn(vma, addr, akida_host_pfn(h, offset)) !=
			    VM_FAULT_NOPAGE)
			break;
	}
	return ret;
}

static vm_fault_t buffer_fault(struct vm_fault *vmf)
{
	struct akida_buffer *b = vmf->vma->vm_private_data;
	struct akida_device *adev = b->file->adev;
	u64 offset = ((u64)vmf->pgoff << PAGE_SHIFT) & OFFSET_MASK;
	const struct akida_range *r = &adev->chip->memory;
	vm_fault_t ret;

	/* mmap() has checked; nothing makes a mapping larger afterwards. */
	if (offset >= b->size)
		return VM_FAULT_SIGBUS;
	down_read(&adev->map_lock);
	if (b->kind != AKIDA_BUFFER_DEVICE) {
		ret = adev->map_gone ? show_dummy(b->file, vmf) :
				       show_host(b, vmf, offset);
	} else if (adev->map_blocked) {
		ret = show_dummy(b->file, vmf);
	} else {
		phys_addr_t at = adev->mem->bar_start[r->bar] +
				 (b->dev - r->base) + offset;

		ret = vmf_insert_pfn(vmf->vma, vmf->address, PHYS_PFN(at));
	}
	up_read(&adev->map_lock);
	return ret;
}

static const struct vm_operations_struct buffer_vm_ops = {
	.open = buffer_vm_open,
	.close = buffer_vm_close,
	.fault = buffer_fault,
};

/* The caller's reference becomes the mapping's. */
static int map_buffer(struct akida_buffer *b, struct vm_area_struct *vma)
{
	struct akida_device *adev = b->file->adev;
	u64 offset = ((u64)vma->vm_pgoff << PAGE_SHIFT) & OFFSET_MASK;
	u64 size = vma->vm_end - vma->vm_start;

	if (!akida_buffer_mmap_offset(b))
		return -EOPNOTSUPP;
	if (offset >= b->size || size > b->size - offset)
		return -EINVAL;
	if (b->kind == AKIDA_BUFFER_DEVICE)
		vma->vm_page_prot = pgprot_writecombine(vma->vm_page_prot);
	else
		vma->vm_page_prot = host_prot(adev, vma->vm_page_prot);
	vma->vm_ops = &buffer_vm_ops;
	vma->vm_private_data = b;
	atomic_inc(&b->file->vmas);
	return 0;
}

/* ------------------------------------------------------- vendor's interface */

static void raw_vm_open(struct vm_area_struct *vma)
{
	struct akida_file *f = vma->vm_private_data;

	atomic_inc(&f->vmas);
}

static void raw_vm_close(struct vm_area_struct *vma)
{
	struct akida_file *f = vma->vm_private_data;

	atomic_dec(&f->vmas);
}

static vm_fault_t raw_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct akida_file *f = vma->vm_private_data;
	struct akida_device *adev = f->adev;
	u64 offset = (u64)vmf->pgoff << PAGE_SHIFT;
	unsigned long pfn;
	vm_fault_t ret;
	bool host;

	down_read(&adev->map_lock);
	if (akida_raw_pfn(f, offset, &pfn, &host))
		/* An address that no call may reach, board or no board. */
		ret = VM_FAULT_SIGBUS;
	else if (host ? adev->map_gone : adev->map_blocked)
		ret = show_dummy(f, vmf);
	else
		ret = vmf_insert_pfn(vma, vmf->address, pfn);
	up_read(&adev->map_lock);
	return ret;
}

static const struct vm_operations_struct raw_vm_ops = {
	.open = raw_vm_open,
	.close = raw_vm_close,
	.fault = raw_fault,
};

static int map_raw(struct akida_file *f, struct vm_area_struct *vma)
{
	bool host;
	int err;

	err = akida_raw_mmap(f, vma, &host);
	if (err)
		return err;
	vma->vm_page_prot = host ? host_prot(f->adev, vma->vm_page_prot) :
				   pgprot_noncached(vma->vm_page_prot);
	vma->vm_ops = &raw_vm_ops;
	vma->vm_private_data = f;
	atomic_inc(&f->vmas);
	return 0;
}

/* ------------------------------------------------------------------- common */

static int make_dummy(struct akida_file *f)
{
	int err = 0;

	mutex_lock(&f->lock);
	if (!f->dummy)
		f->dummy = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!f->dummy)
		err = -ENOMEM;
	mutex_unlock(&f->lock);
	return err;
}

int akida_mmap(struct file *filp, struct vm_area_struct *vma)
{
	struct akida_file *f = filp->private_data;
	u64 offset = (u64)vma->vm_pgoff << PAGE_SHIFT;
	struct akida_buffer *b;
	u64 handle;
	int err;

	/* A private copy of a register makes no sense. */
	if (is_cow_mapping(vma->vm_flags) || offset >= AKIDA_MMAP_END)
		return -EINVAL;
	err = make_dummy(f);
	if (err)
		return err;
	akida_vm_flags_set(vma,
			   VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
	if (offset < AKIDA_MMAP_BUFFERS)
		return map_raw(f, vma);

	handle = (offset - AKIDA_MMAP_BUFFERS) >> OFFSET_SHIFT;
	b = akida_buffer_get(f, handle + 1);
	if (!b)
		return -EINVAL;
	err = map_buffer(b, vma);
	if (err)
		akida_buffer_put(b);
	return err;
}

/* Takes the pages of all mappings away; faults bring them back. */
static void zap(struct akida_device *adev)
{
	struct akida_file *f;

	mutex_lock(&adev->files_lock);
	list_for_each_entry(f, &adev->files, node)
		unmap_mapping_range(f->filp->f_mapping, 0, 0, 1);
	mutex_unlock(&adev->files_lock);
}

static void set_map_state(struct akida_device *adev, bool *state, bool value)
{
	down_write(&adev->map_lock);
	*state = value;
	up_write(&adev->map_lock);
	zap(adev);
}

void akida_zap_mappings(struct akida_device *adev)
{
	set_map_state(adev, &adev->map_blocked, true);
}

void akida_allow_mappings(struct akida_device *adev)
{
	set_map_state(adev, &adev->map_blocked, false);
}

void akida_map_gone(struct akida_device *adev)
{
	set_map_state(adev, &adev->map_gone, true);
}
