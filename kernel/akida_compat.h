/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernels that one source is built for: 6.1 to 7.2.
 */
#ifndef AKIDA_COMPAT_H
#define AKIDA_COMPAT_H

#include <linux/eventfd.h>
#include <linux/mm.h>
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

/* Adds 1 to the eventfd's counter. */
static inline void akida_eventfd_signal(struct eventfd_ctx *ctx)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
	eventfd_signal(ctx, 1);
#else
	eventfd_signal(ctx);
#endif
}

#endif /* AKIDA_COMPAT_H */
