// SPDX-License-Identifier: GPL-2.0
/*
 * A driver that does things wrong, by its parameter: what the checks of
 * scripts/vm must notice. Loaded in place of akida.ko by their own test, in a
 * virtual machine and nowhere else.
 */
#include <linux/cdev.h>
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

static char *bad[16];
static int num_bad;
module_param_array(bad, charp, &num_bad, 0444);
MODULE_PARM_DESC(bad, "what to do wrong");

static struct kmem_cache *cache;
static struct task_struct *thread;
static dev_t number;

static noinline int warn(void)
{
	WARN(1, "akida_bad was told to\n");
	return 0;
}

static noinline int bug(void)
{
	BUG();
	return 0;
}

/* The module's exit destroys a cache that is not empty. */
static noinline int fill_cache(void)
{
	cache = kmem_cache_create("akida_bad", 64, 0, 0, NULL);
	return cache && kmem_cache_alloc(cache, GFP_KERNEL) ? 0 : -ENOMEM;
}

/* It does not destroy it at all. */
static noinline int forget_cache(void)
{
	return kmem_cache_create("akida_forgotten", 64, 0, 0, NULL) ? 0 : -ENOMEM;
}

static noinline int leak(void)
{
	return kmalloc(100, GFP_KERNEL) ? 0 : -ENOMEM;
}

static noinline int write_after_free(void)
{
	u8 *p = kmalloc(200, GFP_KERNEL);

	if (!p)
		return -ENOMEM;
	OPTIMIZER_HIDE_VAR(p);
	kfree(p);
	p[100] = 1;
	/* Found when the cache is looked through or the object given out. */
	return 0;
}

/* Pages of the process that loads the module. */
static noinline int pin(void)
{
	unsigned long at = vm_mmap(NULL, 0, PAGE_SIZE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, 0);
	struct page *page;

	if (IS_ERR_VALUE(at))
		return (int)at;
	return pin_user_pages_fast(at, 1, FOLL_WRITE | FOLL_LONGTERM, &page) ==
			       1 ?
		       0 :
		       -EFAULT;
}

static noinline int lock(void)
{
	return account_locked_vm(current->mm, 3, true);
}

static noinline int busy(void)
{
	return try_module_get(THIS_MODULE) ? 0 : -ENODEV;
}

static noinline int forget_number(void)
{
	return alloc_chrdev_region(&number, 0, 1, "akida_bad");
}

static int sleep_uninterruptibly(void *arg)
{
	msleep(20000);
	while (!kthread_should_stop())
		msleep(100);
	return 0;
}

static noinline int hang(void)
{
	thread = kthread_run(sleep_uninterruptibly, NULL, "akida_bad");
	return PTR_ERR_OR_ZERO(thread);
}

static const struct {
	const char *name;
	int (*start)(void);
} kinds[] = {
	{ "warn", warn },
	{ "bug", bug },
	{ "fill-cache", fill_cache },
	{ "forget-cache", forget_cache },
	{ "leak", leak },
	{ "write-after-free", write_after_free },
	{ "pin", pin },
	{ "lock", lock },
	{ "busy", busy },
	{ "forget-number", forget_number },
	{ "hang", hang },
};

static int do_wrong(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!strcmp(name, kinds[i].name))
			return kinds[i].start();
	}
	return -EINVAL;
}

static int __init bad_init(void)
{
	int err;

	for (int i = 0; i < num_bad; i++) {
		err = do_wrong(bad[i]);
		if (err)
			return err;
	}
	return 0;
}

static void __exit bad_exit(void)
{
	if (thread)
		kthread_stop(thread);
	kmem_cache_destroy(cache);
}

module_init(bad_init);
module_exit(bad_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Does things wrong, for a test");
