/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The board in the hands of the vendor's file interface.
 */
#ifndef AKIDA_CLAIM_H
#define AKIDA_CLAIM_H

#include <linux/workqueue.h>

#include "akida_file.h"

/* Pieces of the host memory behind the window: one region each */
#define AKIDA_CLAIM_REGIONS 8

/**
 * struct akida_bounce - host memory that a direction's transfers go through
 * @lock: for one transfer at a time; user memory is touched under it
 * @host: the memory
 */
struct akida_bounce {
	struct mutex lock;
	struct akida_host host;
};

/**
 * struct akida_claim - the board belongs to the vendor's interface
 * @ref: akida_device.claim, @linger, and akida_claim_detach()
 * @adev: board
 * @process: that has claimed
 * @owner: the user who had opened its file
 * @files: that take part; none while the claim lingers. Under
 *	akida_device.claim_lock
 * @linger: ends a claim without files
 * @bounce: by direction
 * @window_lock: read while the window's memory is used, written to free it;
 *	user memory is touched under it
 * @window: AKD1500: the pieces behind its window, without a gap
 * @window_size: bytes of all pieces
 */
struct akida_claim {
	struct kref ref;
	struct akida_device *adev;
	struct pid *process;
	kuid_t owner;
	unsigned int files;
	struct delayed_work linger;
	struct akida_bounce bounce[2];
	struct rw_semaphore window_lock;
	struct akida_window_map window[AKIDA_CLAIM_REGIONS];
	u32 window_size;
};

/**
 * akida_may_claim() - may this file use the vendor's interface?
 * @f: file; what its opener was allowed to counts, lest somebody has a
 *	privileged program write to it
 *
 * Return: 0, or -EPERM, and the log says why.
 */
int akida_may_claim(struct akida_file *f);

/**
 * akida_claim() - make sure that a file takes part in a claim
 * @f: file
 *
 * Scrubs device memory at the beginning of a claim. Nothing that is taken
 * inside mmap_lock may be held.
 *
 * Return: 0, -EPERM, -EBUSY, -ENOMEM, -EINTR, -ENODEV, -EIO.
 */
int akida_claim(struct akida_file *f);

#endif /* AKIDA_CLAIM_H */
