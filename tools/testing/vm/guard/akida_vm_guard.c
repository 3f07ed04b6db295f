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
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/pm.h>
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
 * After S3 QEMU's q35 has forgotten where extended configuration space is, and
 * SeaBIOS does not say it again, as a machine's firmware would. The AKD1000's
 * address translation is programmed there.
 */
#define Q35_BRIDGE 0x29c0
#define Q35_PCIEXBAR 0x60

static struct platform_device *sleeper;
static u32 pciexbar;

static struct pci_dev *host_bridge(void)
{
	return pci_get_device(PCI_VENDOR_ID_INTEL, Q35_BRIDGE, NULL);
}

static int sleeper_resume(struct device *dev)
{
	struct pci_dev *bridge = host_bridge();

	if (bridge)
		pci_write_config_dword(bridge, Q35_PCIEXBAR, pciexbar);
	pci_dev_put(bridge);
	return 0;
}

static const struct dev_pm_ops sleeper_pm = { NOIRQ_SYSTEM_SLEEP_PM_OPS(
	NULL, sleeper_resume) };

static struct platform_driver sleeper_driver = {
	.driver = { .name = "akida_vm_guard", .pm = &sleeper_pm },
};

static int sleeper_init(void)
{
	struct pci_dev *bridge = host_bridge();
	int err;

	if (bridge)
		pci_read_config_dword(bridge, Q35_PCIEXBAR, &pciexbar);
	pci_dev_put(bridge);
	err = platform_driver_register(&sleeper_driver);
	if (err)
		return err;
	sleeper =
		platform_device_register_simple("akida_vm_guard", -1, NULL, 0);
	if (!IS_ERR(sleeper))
		return 0;
	platform_driver_unregister(&sleeper_driver);
	return PTR_ERR(sleeper);
}

static void sleeper_exit(void)
{
	platform_device_unregister(sleeper);
	platform_driver_unregister(&sleeper_driver);
}

/*
 * Not traced: with a probe in place the kernel keeps the names of init functions
 * that can be, and so names memory of later modules by them.
 */
static int __init notrace guard_init(void)
{
	int err = register_kprobe(&probe);

	if (err)
		return err;
	err = sleeper_init();
	if (err)
		unregister_kprobe(&probe);
	return err;
}

static void __exit guard_exit(void)
{
	sleeper_exit();
	unregister_kprobe(&probe);
}

module_init(guard_init);
module_exit(guard_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION(
	"Reports locked memory that outlives its process; wakes q35 up properly");
