// SPDX-License-Identifier: GPL-2.0
/*
 * Open files: life, ioctl dispatch, poll. And the life of all their objects
 * together, as the PCI side sees it.
 */
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#include "akida_file.h"
#include "akida_power.h"
#include "akida_trace.h"

static struct kmem_cache *file_cache;

static int akida_open(struct inode *inode, struct file *filp)
{
	struct akida_device *adev =
		container_of(inode->i_cdev, struct akida_device, cdev);
	struct akida_file *f;
	bool gone;

	down_read(&adev->sem);
	gone = adev->state == AKIDA_GONE;
	up_read(&adev->sem);
	if (gone)
		return -ENXIO;

	f = kmem_cache_zalloc(file_cache, GFP_KERNEL_ACCOUNT);
	if (!f)
		return -ENOMEM;
	f->adev = adev;
	f->filp = filp;
	f->pid = get_pid(task_tgid(current));
	get_task_comm(f->comm, current);
	mutex_init(&f->lock);
	idr_init(&f->buffers);
	INIT_LIST_HEAD(&f->live);
	spin_lock_init(&f->jobs_lock);
	INIT_LIST_HEAD(&f->jobs);
	init_waitqueue_head(&f->wq);
	idr_init(&f->programs);
	akida_queue_init(&f->run);
	get_device(&adev->dev);
	filp->private_data = f;

	mutex_lock(&adev->files_lock);
	list_add_tail(&f->node, &adev->files);
	mutex_unlock(&adev->files_lock);
	return 0;
}

static int akida_release(struct inode *inode, struct file *filp)
{
	struct akida_file *f = filp->private_data;
	struct akida_device *adev = f->adev;

	/* Jobs hold programs and buffers, transfers buffers; a claim outlives all. */
	akida_queue_close(f);
	akida_copies_close(f);
	akida_programs_close(f);
	akida_buffers_close(f);
	akida_claim_close(f);

	mutex_lock(&adev->files_lock);
	list_del(&f->node);
	mutex_unlock(&adev->files_lock);
	if (f->eventfd)
		eventfd_ctx_put(f->eventfd);
	if (f->dummy)
		__free_page(f->dummy);
	kvfree(f->results);
	put_pid(f->pid);
	kmem_cache_free(file_cache, f);
	put_device(&adev->dev);
	return 0;
}

static bool may_use(struct akida_file *f, bool name)
{
	struct akida_device *adev = f->adev;
	bool may;

	mutex_lock(&adev->files_lock);
	/*
	 * A file that takes part in a claim may make buffers as before, but
	 * nothing that outlives it.
	 */
	may = !adev->claim || (f->claim && !name);
	if (may && name)
		adev->core->num_names++;
	else if (may)
		atomic_inc(&f->uses);
	mutex_unlock(&adev->files_lock);
	return may;
}

int akida_file_use(struct akida_file *f)
{
	while (!may_use(f, false))
		if (!akida_claim_expire(f->adev))
			return -EBUSY;
	return 0;
}

int akida_file_use_name(struct akida_file *f)
{
	/* A claim that only lingers has ended for the program's handle. */
	return may_use(f, true) ? 0 : -EBUSY;
}

void akida_file_unuse(struct akida_file *f)
{
	atomic_dec(&f->uses);
}

/* ------------------------------------------------------------------ ioctl */

static u32 info_caps(struct akida_device *adev)
{
	u32 caps = 0;

	if (adev->virtual)
		caps |= AKIDA_CAP_VIRTUAL;
	if (adev->iommu)
		caps |= AKIDA_CAP_IOMMU;
	if (adev->mem->coherent)
		caps |= AKIDA_CAP_COHERENT;
	if (akida_mem_mappable(adev))
		caps |= AKIDA_CAP_DEVMEM_MMAP;
	if (adev->window)
		caps |= AKIDA_CAP_WINDOW;
	if (akida_dma_list_bytes(adev) > AKIDA_SHORT_LISTS)
		caps |= AKIDA_CAP_LONG_LISTS;
	return caps;
}

static int akida_ioc_info(struct akida_file *f, void *arg)
{
	struct akida_device *adev = f->adev;
	struct akida_space *space = &adev->mem->space;
	struct akida_ioc_info *info = arg;
	struct akida_file *other;
	int err;

	if (info->flags)
		return -EINVAL;
	err = akida_enter(adev);
	if (err)
		return err;
	*info = (struct akida_ioc_info){
		.abi_version = AKIDA_ABI_VERSION,
		.chip = adev->chip->uapi_id,
		.caps = info_caps(adev),
		.ip_version = adev->ip_version,
		.index = adev->index,
		.devmem_size = (u64)space->num << space->shift,
		.devmem_free = (u64)READ_ONCE(space->free) << space->shift,
		.devmem_largest = akida_space_largest(space),
		.dma_channels = akida_dma_channels(adev),
		.list_elements = akida_dma_list_elements(adev),
		.dma_align = AKIDA_DMA_ALIGN,
		.resets = adev->resets,
		.page_size = PAGE_SIZE,
	};
	akida_window_info(adev, info);
	akida_core_info(adev, info);
	info->clock_mode = akida_clock_info(adev);
	akida_leave(adev);

	mutex_lock(&adev->files_lock);
	list_for_each_entry(other, &adev->files, node)
		info->users++;
	mutex_unlock(&adev->files_lock);
	return 0;
}

/**
 * struct akida_command - an ioctl
 * @nr: its number
 * @size: of its structure, as this driver knows it
 * @fn: what does it
 * @undo: if its outputs cannot be copied back
 * @always: outputs are copied back even if it failed
 */
struct akida_command {
	unsigned int nr;
	size_t size;
	int (*fn)(struct akida_file *f, void *arg);
	void (*undo)(struct akida_file *f, void *arg);
	bool always;
};

#define COMMAND(cmd) .nr = _IOC_NR(cmd), .size = _IOC_SIZE(cmd)

static const struct akida_command commands[] = {
	{ COMMAND(AKIDA_IOC_INFO), .fn = akida_ioc_info },
	{ COMMAND(AKIDA_IOC_BUFFER_CREATE), .fn = akida_ioc_buffer_create,
	  .undo = akida_undo_buffer_create },
	{ COMMAND(AKIDA_IOC_BUFFER_QUERY), .fn = akida_ioc_buffer_query },
	{ COMMAND(AKIDA_IOC_BUFFER_FREE), .fn = akida_ioc_buffer_free },
	{ COMMAND(AKIDA_IOC_COPY), .fn = akida_ioc_copy, .always = true },
	{ COMMAND(AKIDA_IOC_WAIT), .fn = akida_ioc_wait, .always = true },
	{ COMMAND(AKIDA_IOC_EVENTFD), .fn = akida_ioc_eventfd },
	{ COMMAND(AKIDA_IOC_PROGRAM_CREATE), .fn = akida_ioc_program_create,
	  .undo = akida_undo_program_create },
	{ COMMAND(AKIDA_IOC_PROGRAM_FREE), .fn = akida_ioc_program_free },
	{ COMMAND(AKIDA_IOC_PROGRAM_UPDATE), .fn = akida_ioc_program_update },
	{ COMMAND(AKIDA_IOC_PROGRAM_NAME), .fn = akida_ioc_program_name },
	{ COMMAND(AKIDA_IOC_PROGRAM_OPEN), .fn = akida_ioc_program_open,
	  .undo = akida_undo_program_open },
	{ COMMAND(AKIDA_IOC_PROGRAM_LIST), .fn = akida_ioc_program_list },
	{ COMMAND(AKIDA_IOC_PROGRAM_NOTE), .fn = akida_ioc_program_note },
	{ COMMAND(AKIDA_IOC_PROGRAM_MODE), .fn = akida_ioc_program_mode },
	{ COMMAND(AKIDA_IOC_PROGRAM_DELETE), .fn = akida_ioc_program_delete },
	{ COMMAND(AKIDA_IOC_SUBMIT), .fn = akida_ioc_submit, .always = true },
};

/* The largest structure */
union akida_arg {
	struct akida_ioc_info info;
	struct akida_ioc_buffer buffer;
	struct akida_ioc_buffer_free buffer_free;
	struct akida_ioc_copy copy;
	struct akida_ioc_wait wait;
	struct akida_ioc_eventfd eventfd;
	struct akida_ioc_program program;
	struct akida_ioc_program_free program_free;
	struct akida_ioc_program_update program_update;
	struct akida_ioc_program_name program_name;
	struct akida_ioc_program_open program_open;
	struct akida_ioc_program_list program_list;
	struct akida_ioc_program_note program_note;
	struct akida_ioc_program_mode program_mode;
	struct akida_ioc_program_delete program_delete;
	struct akida_ioc_submit submit;
};

static const struct akida_command *find_command(unsigned int cmd)
{
	const struct akida_command *c;

	if (_IOC_TYPE(cmd) != AKIDA_IOC_MAGIC ||
	    _IOC_DIR(cmd) != (_IOC_READ | _IOC_WRITE))
		return NULL;
	for (c = commands; c < commands + ARRAY_SIZE(commands); c++)
		if (c->nr == _IOC_NR(cmd))
			return c;
	return NULL;
}

static int run_command(struct akida_file *f, unsigned int cmd,
		       void __user *user)
{
	const struct akida_command *c = find_command(cmd);
	size_t size = _IOC_SIZE(cmd);
	union akida_arg arg;
	int err;

	if (!c)
		return -ENOTTY;
	err = copy_struct_from_user(&arg, c->size, user, size);
	if (err)
		return err;
	err = c->fn(f, &arg);
	if (err && !c->always)
		return err;
	/* What is longer was zero, and stays so. */
	if (!copy_to_user(user, &arg, min(size, c->size)) || err)
		return err;
	if (c->undo)
		c->undo(f, &arg);
	return -EFAULT;
}

static long akida_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	struct akida_file *f = filp->private_data;
	int err = run_command(f, cmd, (void __user *)arg);

	trace_akida_ioctl(f->adev, cmd, err);
	return err;
}

static __poll_t akida_poll(struct file *filp, poll_table *wait)
{
	struct akida_file *f = filp->private_data;
	__poll_t mask;

	poll_wait(filp, &f->wq, wait);
	mask = akida_jobs_poll(f);
	if (READ_ONCE(f->adev->state) == AKIDA_GONE)
		mask |= EPOLLERR | EPOLLHUP;
	return mask;
}

const struct file_operations akida_fops = {
	.owner = THIS_MODULE,
	.open = akida_open,
	.release = akida_release,
	.unlocked_ioctl = akida_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.poll = akida_poll,
	.mmap = akida_mmap,
	.read = akida_raw_read,
	.write = akida_raw_write,
	.llseek = no_seek_end_llseek,
	.show_fdinfo = akida_fdinfo,
};

/* ------------------------------------------------------ life of all objects */

int akida_objects_module_init(void)
{
	file_cache = KMEM_CACHE(akida_file, 0);
	akida_buffer_cache = KMEM_CACHE(akida_buffer, 0);
	if (file_cache && akida_buffer_cache && !akida_copies_module_init() &&
	    !akida_tasks_module_init())
		return 0;
	akida_objects_module_exit();
	return -ENOMEM;
}

void akida_objects_module_exit(void)
{
	akida_tasks_module_exit();
	akida_copies_module_exit();
	kmem_cache_destroy(akida_buffer_cache);
	kmem_cache_destroy(file_cache);
}

int akida_objects_init(struct akida_device *adev)
{
	int err = -ENOMEM;

	mutex_init(&adev->claim_lock);
	adev->wq = alloc_workqueue("akida%d", WQ_UNBOUND | WQ_HIGHPRI, 0,
				   adev->index);
	if (!adev->wq)
		goto fail;
	err = akida_mem_init(adev);
	if (err)
		goto fail;
	err = akida_window_init(adev);
	if (err)
		goto fail;
	err = akida_core_init(adev);
	if (err)
		goto fail;
	return 0;

fail:
	akida_objects_detach(adev);
	akida_objects_exit(adev);
	dev_err(&adev->pdev->dev,
		"no memory for the allocators of the board's memory (%d)\n",
		err);
	return err;
}

void akida_objects_exit(struct akida_device *adev)
{
	akida_core_exit(adev);
	akida_window_exit(adev);
	akida_mem_exit(adev);
	if (adev->wq)
		destroy_workqueue(adev->wq);
	adev->wq = NULL;
}

void akida_objects_restart(struct akida_device *adev)
{
	akida_window_restart(adev);
}

void akida_objects_detach(struct akida_device *adev)
{
	struct akida_file *f;

	/* Probing may have failed before there was anything. */
	if (!adev->wq)
		return;
	/* Host memory is about to go, also from under mappings. */
	akida_map_gone(adev);
	mutex_lock(&adev->files_lock);
	list_for_each_entry(f, &adev->files, node) {
		/*
		 * All transfers have ended, and jobs end by themselves; let
		 * those who wait for one take its bytes before their memory is
		 * unmapped.
		 */
		akida_jobs_wait(f);
		akida_buffers_detach(f);
		wake_up_all(&f->wq);
	}
	mutex_unlock(&adev->files_lock);
	akida_core_detach(adev);
	akida_names_detach(adev);
	akida_programs_detach(adev);
	akida_claim_detach(adev);
	akida_window_detach(adev);
	akida_mem_detach(adev);
}
