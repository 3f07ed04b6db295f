// SPDX-License-Identifier: GPL-2.0
/*
 * Claims: the board belongs to the vendor's file interface. One begins with
 * the first such call of a file, if nobody else uses the board, with a reset
 * after which the DMA lists are where the vendor's driver has them. It ends
 * when the file is closed and its mappings are gone: the core is reset, the
 * iATU programmed anew, all memory scrubbed.
 *
 * Programs of the vendor open the node, map, close it, and open it again, or
 * open it once per thread. So the process that has claimed the board may take
 * part in its claim by other files. Scripts of the vendor start a program for
 * each register: raw_linger is for these.
 */
#include <linux/cred.h>
#include <linux/moduleparam.h>
#include <linux/sched/signal.h>
#include <linux/security.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uidgid.h>

#include "akida_claim.h"
#include "akida_power.h"

/* Where memory cannot be had in one piece, the window has smaller ones. */
#define AKIDA_CLAIM_PIECE_MIN SZ_1M
#define AKIDA_LINGER_MAX_MS 60000U

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
	"who may use the vendor's file interface: off, admin (default: CAP_SYS_RAWIO), group (who may open the node, if an IOMMU translates)");

static unsigned int raw_window = 16;
module_param(raw_window, uint, 0644);
MODULE_PARM_DESC(
	raw_window,
	"MiB of host memory that the vendor's interface shows an AKD1500 (default 16, at most 32; less if it cannot be had)");

static unsigned int raw_linger;
module_param(raw_linger, uint, 0644);
MODULE_PARM_DESC(
	raw_linger,
	"milliseconds for which the vendor's interface keeps a board as it is for the same user's next program (default 0)");

/* ------------------------------------------------------------- the object */

static void claim_release(struct kref *ref)
{
	struct akida_claim *c = container_of(ref, struct akida_claim, ref);

	put_pid(c->process);
	akida_unhold(c->adev);
	kfree(c);
}

static void claim_put(struct akida_claim *c)
{
	kref_put(&c->ref, claim_release);
}

static void linger_work(struct work_struct *work);

static struct akida_claim *make_claim(struct akida_file *f)
{
	struct akida_claim *c = kzalloc(sizeof(*c), GFP_KERNEL_ACCOUNT);

	if (!c)
		return NULL;
	kref_init(&c->ref);
	c->adev = f->adev;
	akida_wake(c->adev);
	c->process = get_pid(task_tgid(current));
	c->owner = f->filp->f_cred->euid;
	INIT_DELAYED_WORK(&c->linger, linger_work);
	mutex_init(&c->bounce[0].lock);
	mutex_init(&c->bounce[1].lock);
	init_rwsem(&c->window_lock);
	return c;
}

static void set_claim(struct akida_device *adev, struct akida_claim *c)
{
	mutex_lock(&adev->files_lock);
	adev->claim = c;
	mutex_unlock(&adev->files_lock);
}

/* ------------------------------------------------------------ who may, when */

int akida_may_claim(struct akida_file *f)
{
	struct akida_device *adev = f->adev;
	enum akida_raw_mode mode = READ_ONCE(akida_raw_mode);
	const char *why = NULL;

	if (mode == AKIDA_RAW_OFF)
		why = "module parameter raw=off";
	else if (security_locked_down(LOCKDOWN_PCI_ACCESS))
		why = "the kernel is locked down";
	else if (file_ns_capable(f->filp, &init_user_ns, CAP_SYS_RAWIO))
		return 0;
	else if (mode == AKIDA_RAW_ADMIN)
		why = "it needs CAP_SYS_RAWIO (module parameter raw=admin)";
	else if (!adev->iommu)
		why = "raw=group needs an IOMMU that translates";
	if (!why)
		return 0;
	if (!f->refused)
		dev_notice_ratelimited(
			&adev->dev,
			"vendor's file interface refused to %s[%d]: %s\n",
			current->comm, task_tgid_nr(current), why);
	f->refused = true;
	return -EPERM;
}

static bool others_use(struct akida_file *f)
{
	struct akida_file *other;

	list_for_each_entry(other, &f->adev->files, node)
		if (other != f && atomic_read(&other->uses))
			return true;
	return false;
}

/* ----------------------------------------------------------- begin and end */

/* As much of the window as memory and regions allow; none is no error. */
static void take_window(struct akida_device *adev, struct akida_claim *c)
{
	u32 base = adev->chip->window.base;
	u64 want = (u64)clamp(raw_window, 1U, 32U) * SZ_1M, piece = want;
	unsigned int n = 0;

	while (n < AKIDA_CLAIM_REGIONS && c->window_size < want &&
	       piece >= AKIDA_CLAIM_PIECE_MIN) {
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
			"only %u of %llu KiB of host memory for the vendor's interface; an IOMMU or cma= would allow more\n",
			c->window_size / SZ_1K, want / SZ_1K);
}

/*
 * Frees host memory; the board is gone, or its core was reset. When a claim
 * ends, by mmap() even inside mmap_lock, it has no files: nobody copies user
 * memory under these locks, which is what the subclass tells lockdep.
 */
static void drop_memory(struct akida_device *adev, struct akida_claim *c)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(c->bounce); i++) {
		mutex_lock_nested(&c->bounce[i].lock, SINGLE_DEPTH_NESTING);
		akida_host_free(adev, &c->bounce[i].host);
		mutex_unlock(&c->bounce[i].lock);
	}
	down_write_nested(&c->window_lock, SINGLE_DEPTH_NESTING);
	down_read(&adev->sem);
	for (i = 0; i < AKIDA_CLAIM_REGIONS; i++)
		akida_window_destroy(adev, &c->window[i]);
	up_read(&adev->sem);
	up_write(&c->window_lock);
}

static int reset(struct akida_device *adev, bool shorten)
{
	if (READ_ONCE(adev->state) == AKIDA_GONE)
		return -ENODEV;
	akida_dma_shorten(adev, shorten);
	return akida_reset(adev);
}

/* Under claim_lock; the board is nobody else's until adev->claim is NULL. */
static void end_claim(struct akida_device *adev)
{
	struct akida_claim *c = adev->claim;
	int err;

	if (cancel_delayed_work(&c->linger))
		claim_put(c);
	err = reset(adev, false);
	drop_memory(adev, c);
	akida_mem_soil(adev);
	if (!err)
		err = akida_mem_scrub_all(adev);
	/* What is still dirty is scrubbed before somebody gets it. */
	if (err && err != -ENODEV && err != -EINTR)
		dev_err(&adev->dev,
			"cannot clean up after the vendor's interface (%d)\n",
			err);
	set_claim(adev, NULL);
	claim_put(c);
}

/* Under claim_lock. */
static int begin_claim(struct akida_file *f)
{
	struct akida_device *adev = f->adev;
	struct akida_claim *c = make_claim(f);
	int err = 0;

	if (!c)
		return -ENOMEM;
	mutex_lock(&adev->files_lock);
	/* Nor may it reset its own transfers. */
	if (others_use(f) || atomic_read(&f->num_jobs) || adev->core->num_names)
		err = -EBUSY;
	else
		adev->claim = c;
	mutex_unlock(&adev->files_lock);
	if (err) {
		claim_put(c);
		return err;
	}
	/* What others have left in memory is not for this file. */
	err = akida_mem_scrub_all(adev);
	if (!err)
		err = reset(adev, true);
	if (!err)
		err = akida_mem_scrub_lists(adev);
	if (!err)
		err = akida_enter(adev);
	if (err) {
		/* Long again with the next reset; short ones work as well. */
		akida_dma_shorten(adev, false);
		set_claim(adev, NULL);
		claim_put(c);
		return err;
	}
	if (adev->window)
		take_window(adev, c);
	akida_leave(adev);
	return 0;
}

/* Under claim_lock: another file of the process that has claimed. */
static int join_claim(struct akida_file *f)
{
	return f->adev->claim->process == task_tgid(current) ? 0 : -EBUSY;
}

/* Under claim_lock: a claim without files. */
static int resume_claim(struct akida_file *f)
{
	struct akida_device *adev = f->adev;
	struct akida_claim *c = adev->claim;

	if (!uid_eq(c->owner, f->filp->f_cred->euid)) {
		end_claim(adev);
		return begin_claim(f);
	}
	/* Or it waits for the lock, and will see that there is a file. */
	if (cancel_delayed_work(&c->linger))
		claim_put(c);
	put_pid(c->process);
	c->process = get_pid(task_tgid(current));
	return 0;
}

int akida_claim(struct akida_file *f)
{
	struct akida_device *adev = f->adev;
	int err = 0;

	/* Pairs with the release below: the claim is complete. */
	if (smp_load_acquire(&f->claim))
		return 0;
	if (mutex_lock_killable(&adev->claim_lock))
		return -EINTR;
	if (!f->claim) {
		err = akida_may_claim(f);
		if (err)
			;
		else if (!adev->claim)
			err = begin_claim(f);
		else if (!adev->claim->files)
			err = resume_claim(f);
		else
			err = join_claim(f);
		if (!err) {
			adev->claim->files++;
			/* Other threads look at it without the lock. */
			smp_store_release(&f->claim, adev->claim);
		}
	}
	mutex_unlock(&adev->claim_lock);
	return err;
}

void akida_claim_close(struct akida_file *f)
{
	unsigned int ms = min(READ_ONCE(raw_linger), AKIDA_LINGER_MAX_MS);
	struct akida_device *adev = f->adev;
	struct akida_claim *c = f->claim;

	if (!c)
		return;
	mutex_lock(&adev->claim_lock);
	f->claim = NULL;
	if (--c->files == 0) {
		if (ms && READ_ONCE(adev->state) != AKIDA_GONE) {
			kref_get(&c->ref);
			queue_delayed_work(adev->wq, &c->linger,
					   msecs_to_jiffies(ms));
		} else {
			end_claim(adev);
		}
	}
	mutex_unlock(&adev->claim_lock);
}

static void linger_work(struct work_struct *work)
{
	struct akida_claim *c =
		container_of(work, struct akida_claim, linger.work);

	akida_claim_expire(c->adev);
	claim_put(c);
}

bool akida_claim_expire(struct akida_device *adev)
{
	bool lingers;

	mutex_lock(&adev->claim_lock);
	lingers = adev->claim && !adev->claim->files;
	if (lingers)
		end_claim(adev);
	mutex_unlock(&adev->claim_lock);
	return lingers;
}

void akida_claim_detach(struct akida_device *adev)
{
	struct akida_claim *c;

	/* One without files is over; a worker may be about to find that out. */
	akida_claim_expire(adev);
	flush_workqueue(adev->wq);

	mutex_lock(&adev->files_lock);
	c = adev->claim;
	if (c)
		kref_get(&c->ref);
	mutex_unlock(&adev->files_lock);
	if (!c)
		return;
	drop_memory(adev, c);
	claim_put(c);
}
