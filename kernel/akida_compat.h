/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernels that one source is built for: 6.1 to 7.2.
 */
#ifndef AKIDA_COMPAT_H
#define AKIDA_COMPAT_H

#include <linux/eventfd.h>
#include <linux/mm.h>
#include <linux/pm_runtime.h>
#include <linux/version.h>

/* class.dev_uevent() takes a const device since 6.2. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define AKIDA_UEVENT_CONST
#else
#define AKIDA_UEVENT_CONST const
#endif

/* Distributions carry vm_flags_set() back, and it came with a lock. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void akida_vm_flags_set(struct vm_area_struct *vma,
				      unsigned long flags)
{
	vma->vm_flags |= flags;
}
#else
#define akida_vm_flags_set vm_flags_set
#endif

/* Pins pages for long that are only read. Returns how many, or an error.
 *
 * Before 6.2 such a page may be one that the process no longer has after it has
 * written to it, such as the zero page. Pinning as if for a forced write gives
 * it a page of its own where the mapping is private; that this does not get at
 * memory that cannot be read is up to us. Pages of a shared mapping stay.
 */
static inline int akida_pin_to_read(unsigned long addr, int num,
				    struct page **pages)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
	unsigned int own = FOLL_WRITE | FOLL_FORCE;
	struct vm_area_struct *vma;
	int n = -EFAULT;

	if (mmap_read_lock_killable(current->mm))
		return -EINTR;
	vma = find_vma(current->mm, untagged_addr(addr));
	if (vma && vma->vm_start <= untagged_addr(addr) &&
	    (vma->vm_flags & VM_READ)) {
		num = min_t(unsigned long, num,
			    (vma->vm_end - untagged_addr(addr)) >> PAGE_SHIFT);
		n = pin_user_pages(
			addr, num,
			FOLL_LONGTERM | (vma->vm_flags & VM_MAYSHARE ? 0 : own),
			pages, NULL);
	}
	mmap_read_unlock(current->mm);
	return n;
#else
	return pin_user_pages_fast(addr, num, FOLL_LONGTERM, pages);
#endif
}

/* Adds 1 to the eventfd's counter. */
static inline void akida_eventfd_signal(struct eventfd_ctx *ctx)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
	eventfd_signal(ctx, 1);
#else
	eventfd_signal(ctx);
#endif
}

/* hwmon_chip_info.info points to constant pointers since 6.4. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
#define AKIDA_HWMON_CONST
#else
#define AKIDA_HWMON_CONST const
#endif

/*
 * Keeps a device active that is so, whether or not it is in use. Returns 1; 0 if
 * it is not active, or a negative errno without runtime power management.
 */
static inline int akida_pm_get_if_active(struct device *dev)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 9, 0)
	return pm_runtime_get_if_active(dev, true);
#else
	return pm_runtime_get_if_active(dev);
#endif
}

#endif /* AKIDA_COMPAT_H */
