// SPDX-License-Identifier: GPL-2.0
/*
 * The vendor's file interface: read() and write() at device addresses, mmap()
 * of registers and memory. Existing programs rely on it.
 *
 * It is raw control of the board, so the first such call claims the board for
 * its file, and the end of the claim leaves nothing of it behind: the core is
 * reset, the iATU programmed anew, all memory scrubbed.
 *
 * A mapping outlives its descriptor, and programs of the vendor open the node,
 * map, close it, and open it again. So a process whose claim consists of such
 * mappings only may take part in it by another file.
 */
#include <linux/dma-mapping.h>
#include <linux/moduleparam.h>
#include <linux/sched/signal.h>
#include <linux/security.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "akida_file.h"

/* Bytes that go through one doorbell where memory can be had */
#define AKIDA_BOUNCE_MAX SZ_4M
/* Pieces of the host memory behind the window: one region each */
#define AKIDA_RAW_REGIONS 8
#define AKIDA_RAW_PIECE_MIN SZ_1M

/* What public sources name on the chips; the PCIe controller's own registers
 * (AKD1000: 0xf8c00000) are not among them. Documentation/admin-guide.rst says
 * where each is from.
 */
static const struct akida_raw_range akd1000_ranges[] = {
	{ 0x10000000, 0x00060000 }, /* SRAM */
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

/* -------------------------------------------------------------- parameters */

enum akida_raw_mode akida_raw_mode = AKIDA_RAW_ADMIN;

static const char *const raw_names[] = {
	[AKIDA_RAW_OFF] = "off",
	[AKIDA_RAW_ADMIN] = "admin",
	[AKIDA_RAW_GROUP] = "group",
};

static int raw_param_set(const char *val, const struct kernel_param *kp)
{
	int mode = sysfs_match_string(raw_names, val);

	if (mode < 0)
		return mode;
	akida_raw_mode = mode;
	return 0;
}

static int raw_param_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%s\n", raw_names[akida_raw_mode]);
}

static const struct kernel_param_ops raw_param_ops = {
	.set = raw_param_set,
	.get = raw_param_get,
};

module_param_cb(raw, &raw_param_ops, NULL, 0644);
MODULE_PARM_DESC(
	raw,
	"who may use the vendor's file interface: off, admin (default: CAP_SYS_RAWIO), group (who may open the node; needs a translating IOMMU)");

static unsigned int raw_window = 16;
module_param(raw_window, uint, 0644);
MODULE_PARM_DESC(
	raw_window,
	"MiB of host memory that the vendor's interface shows an AKD1500 (default 16, at most 32; less if it cannot be had)");

/* ------------------------------------------------------------------- claim */

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
 * @ref: akida_device.claim, and akida_raw_detach()
 * @process: that has claimed
 * @files: that take part; under akida_device.claim_lock
 * @bounce: by direction
 * @window_lock: read while the window's memory is used, written to free it;
 *	user memory is touched under it
 * @window: AKD1500: the pieces behind its window, without a gap
 * @window_size: bytes of all pieces
 */
struct akida_claim {
	struct kref ref;
	struct pid *process;
	unsigned int files;
	struct akida_bounce bounce[2];
	struct rw_semaphore window_lock;
	struct akida_window_map window[AKIDA_RAW_REGIONS];
	u32 window_size;
};

static void claim_release(struct kref *ref)
{
	struct akida_claim *c = container_of(ref, struct akida_claim, ref);

	put_pid(c->process);
	kfree(c);
}

static struct akida_claim *make_claim(void)
{
	struct akida_claim *c = kzalloc(sizeof(*c), GFP_KERNEL_ACCOUNT);

	if (!c)
		return NULL;
	kref_init(&c->ref);
	c->process = get_pid(task_tgid(current));
	mutex_init(&c->bounce[0].lock);
	mutex_init(&c->bounce[1].lock);
	init_rwsem(&c->window_lock);
	return c;
}

/* May this file claim, by what its opener was? */
static int may_claim(struct akida_file *f)
{
	struct akida_device *adev = f->adev;
	const char *why = NULL;

	if (akida_raw_mode == AKIDA_RAW_OFF)
		why = "module parameter raw=off";
	else if (akida_raw_mode == AKIDA_RAW_ADMIN &&
		 !file_ns_capable(f->filp, &init_user_ns, CAP_SYS_RAWIO))
		why = "it needs CAP_SYS_RAWIO (module parameter raw=admin)";
	else if (akida_raw_mode == AKIDA_RAW_GROUP && !adev->iommu)
		why = "raw=group needs an IOMMU that translates";
	else if (security_locked_down(LOCKDOWN_PCI_ACCESS))
		why = "the kernel is locked down";
	if (!why)
		return 0;
	dev_notice_ratelimited(
		&adev->dev, "vendor's file interface refused to %s[%d]: %s\n",
		current->comm, task_tgid_nr(current), why);
	return -EPERM;
}

/* Only mappings are left of all files that take part. Under files_lock. */
static bool only_mapped(struct akida_device *adev)
{
	struct akida_file *f;

	list_for_each_entry(f, &adev->files, node)
		if (f->claim && file_count(f->filp) > atomic_read(&f->vmas))
			return false;
	return true;
}

static bool others_use(struct akida_file *f)
{
	struct akida_file *other;

	list_for_each_entry(other, &f->adev->files, node)
		if (other != f && atomic_read(&other->uses))
			return true;
	return false;
}

/* As much of the window as memory and regions allow; none is no error. */
static void take_window(struct akida_device *adev, struct akida_claim *c)
{
	u32 base = adev->chip->window.base;
	u64 want = (u64)clamp(raw_window, 1U, 32U) * SZ_1M, piece = want;
	unsigned int n = 0;

	while (n < AKIDA_RAW_REGIONS && c->window_size < want &&
	       piece >= AKIDA_RAW_PIECE_MIN) {
		int err = akida_window_create(adev, &c->window[n],
					      min(piece, want - c->window_size),
					      base + c->window_size);

		if (!err)
			c->window_size += c->window[n++].size;
		else if (err == -ENOMEM)
			piece /= 2;
		else
			break;
	}
	if (c->window_size < want)
		dev_notice(
			&adev->dev,
			"only %u KiB of host memory for the vendor's interface; an IOMMU or cma= would allow more\n",
			c->window_size / SZ_1K);
}

/* Frees host memory; the board is gone, or its core was reset. */
static void drop_memory(struct akida_device *adev, struct akida_claim *c)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(c->bounce); i++) {
		mutex_lock(&c->bounce[i].lock);
		akida_host_free(adev, &c->bounce[i].host);
		mutex_unlock(&c->bounce[i].lock);
	}
	down_write(&c->window_lock);
	down_read(&adev->sem);
	for (i = 0; i < AKIDA_RAW_REGIONS; i++)
		akida_window_destroy(adev, &c->window[i]);
	up_read(&adev->sem);
	up_write(&c->window_lock);
}

/* Under claim_lock; the board is nobody else's until adev->claim is NULL. */
static void end_claim(struct akida_device *adev)
{
	struct akida_claim *c = adev->claim;
	int err;

	err = akida_reset(adev);
	drop_memory(adev, c);
	akida_mem_soil(adev);
	if (!err)
		err = akida_mem_scrub_all(adev);
	/* What is still dirty is scrubbed before somebody gets it. */
	if (err && err != -ENODEV && err != -EINTR)
		dev_err(&adev->dev,
			"cannot clean up after the vendor's interface (%d)\n",
			err);
	mutex_lock(&adev->files_lock);
	adev->claim = NULL;
	mutex_unlock(&adev->files_lock);
	kref_put(&c->ref, claim_release);
}

/* Under claim_lock. */
static int begin_claim(struct akida_file *f)
{
	struct akida_device *adev = f->adev;
	struct akida_claim *c = make_claim();
	int err = 0;

	if (!c)
		return -ENOMEM;
	mutex_lock(&adev->files_lock);
	if (others_use(f))
		err = -EBUSY;
	else
		adev->claim = c;
	mutex_unlock(&adev->files_lock);
	if (err) {
		kref_put(&c->ref, claim_release);
		return err;
	}
	/* What others have left in memory is not for this file. */
	err = akida_mem_scrub_all(adev);
	if (!err)
		err = akida_enter(adev);
	if (!err) {
		if (adev->window)
			take_window(adev, c);
		akida_leave(adev);
		return 0;
	}
	mutex_lock(&adev->files_lock);
	adev->claim = NULL;
	mutex_unlock(&adev->files_lock);
	kref_put(&c->ref, claim_release);
	return err;
}

static int join_claim(struct akida_file *f)
{
	struct akida_device *adev = f->adev;
	int err = -EBUSY;

	mutex_lock(&adev->files_lock);
	if (adev->claim->process == task_tgid(current) && only_mapped(adev))
		err = 0;
	mutex_unlock(&adev->files_lock);
	return err;
}

/* Makes sure that the file takes part in a claim. */
static int raw_claim(struct akida_file *f)
{
	struct akida_device *adev = f->adev;
	int err;

	/* Pairs with the release below: the claim is complete. */
	if (smp_load_acquire(&f->claim))
		return 0;
	if (mutex_lock_killable(&adev->claim_lock))
		return -EINTR;
	err = 0;
	if (!f->claim) {
		err = may_claim(f);
		if (!err)
			err = adev->claim ? join_claim(f) : begin_claim(f);
		if (!err) {
			adev->claim->files++;
			/* Other threads look at it without the lock. */
			smp_store_release(&f->claim, adev->claim);
		}
	}
	mutex_unlock(&adev->claim_lock);
	return err;
}

void akida_raw_close(struct akida_file *f)
{
	struct akida_device *adev = f->adev;

	if (!f->claim)
		return;
	mutex_lock(&adev->claim_lock);
	if (!--f->claim->files)
		end_claim(adev);
	f->claim = NULL;
	mutex_unlock(&adev->claim_lock);
}

void akida_raw_detach(struct akida_device *adev)
{
	struct akida_claim *c;

	mutex_lock(&adev->files_lock);
	c = adev->claim;
	if (c)
		kref_get(&c->ref);
	mutex_unlock(&adev->files_lock);
	if (!c)
		return;
	drop_memory(adev, c);
	kref_put(&c->ref, claim_release);
}

/* -------------------------------------------------------------- read, write */

static bool within(u64 addr, u64 size, const struct akida_raw_range *r)
{
	return addr >= r->base && size <= r->size &&
	       addr - r->base <= r->size - size;
}

/* May it be reached, leaving the window aside? */
static bool allowed(struct akida_device *adev, u64 addr, u64 size)
{
	const struct akida_range *mem = &adev->chip->memory;
	const struct akida_raw_range *r;

	if (addr < (u64)mem->base + akida_dma_list_bytes(adev) &&
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

	for (i = 0; i < AKIDA_RAW_REGIONS && c->window[i].size; i++) {
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
		ret = may_claim(f);
		if (ret)
			return ret;
	}
	window = in_window(adev, *pos, count);
	if (!window && !allowed(adev, *pos, count))
		return -EINVAL;
	if (!count)
		return 0;
	ret = raw_claim(f);
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
		err = may_claim(f);
		if (err)
			return err;
	}
	*host = in_window(adev, offset, size);
	m = find_map(adev, offset, size);
	if (!*host && !(m && any_page(adev, m, offset, size)))
		return -EINVAL;
	err = raw_claim(f);
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
		for (i = 0; i < AKIDA_RAW_REGIONS; i++) {
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
