// SPDX-License-Identifier: GPL-2.0
/*
 * Locked memory that a driver charged to a process and never gave back is lost
 * when the process ends, unseen: its counters die with its address space. This
 * looks at them at that moment, in the harness's virtual machines only.
 *
 * Who charges an address space must hold a reference to it until it gives back,
 * so nothing may be left when the last one is dropped. mlock() of the process
 * itself is left, too: tests end that with munlock().
 */
#include <linux/kprobes.h>
#include <linux/mm_types.h>
#include <linux/module.h>
#include <linux/sched.h>

static int last_drop(struct kprobe *p, struct pt_regs *regs)
{
	struct mm_struct *mm =
		(struct mm_struct *)regs_get_kernel_argument(regs, 0);
	unsigned long locked = READ_ONCE(mm->locked_vm);
	long pinned = atomic64_read(&mm->pinned_vm);

	if (locked || pinned)
		pr_err("akida-vm: an address space ends with %lu locked and %ld pinned pages (seen in %s[%d])\n",
		       locked, pinned, current->comm, task_pid_nr(current));
	return 0;
}

static struct kprobe probe = {
	.symbol_name = "__mmdrop",
	.pre_handler = last_drop,
};

/*
 * Not traced: with a probe in place the kernel keeps the names of init functions
 * that can be, and so names memory of later modules by them.
 */
static int __init notrace guard_init(void)
{
	return register_kprobe(&probe);
}

static void __exit guard_exit(void)
{
	unregister_kprobe(&probe);
}

module_init(guard_init);
module_exit(guard_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Reports locked memory that outlives its process");
