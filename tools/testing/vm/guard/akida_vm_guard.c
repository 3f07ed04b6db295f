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
 * After S3 QEMU's q35 has forgotten what SeaBIOS told it, which does not say it
 * again as a machine's firmware would: where extended configuration space is,
 * in which the AKD1000's address translation is programmed, and where the
 * registers of ACPI are, without which there is no second sleep.
 */
static struct {
	u16 id, offset;
	u32 value;
} forgotten[] = {
	{ 0x29c0, 0x60 }, /* host bridge: PCIEXBAR */
	{ 0x2918, 0x40 }, /* ICH9: PMBASE */
	{ 0x2918, 0x44 }, /* ICH9: ACPI_CNTL */
};

static struct platform_device *sleeper;

static void remember(bool restore)
{
	struct pci_dev *pdev;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(forgotten); i++) {
		pdev = pci_get_device(PCI_VENDOR_ID_INTEL, forgotten[i].id,
				      NULL);
		if (!pdev)
			continue;
		if (restore)
			pci_write_config_dword(pdev, forgotten[i].offset,
					       forgotten[i].value);
		else
			pci_read_config_dword(pdev, forgotten[i].offset,
					      &forgotten[i].value);
		pci_dev_put(pdev);
	}
}

static int sleeper_resume(struct device *dev)
{
	remember(true);
	return 0;
}

static const struct dev_pm_ops sleeper_pm = { NOIRQ_SYSTEM_SLEEP_PM_OPS(
	NULL, sleeper_resume) };

static struct platform_driver sleeper_driver = {
	.driver = { .name = "akida_vm_guard", .pm = &sleeper_pm },
};

static int sleeper_init(void)
{
	int err;

	remember(false);
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
 * What the kernel does to each device before power-off and kexec, for one whose
 * name is written to the parameter: a machine that did it to all could not look
 * at the board afterwards.
 */
static int shut_down(const char *val, const struct kernel_param *kp)
{
	struct pci_driver *driver;
	struct device *dev;
	char name[32];
	int err = -ENODEV;

	if (strscpy(name, val, sizeof(name)) < 0)
		return -EINVAL;
	dev = bus_find_device_by_name(&pci_bus_type, NULL, strim(name));
	if (!dev)
		return -ENODEV;
	device_lock(dev);
	driver = to_pci_dev(dev)->driver;
	if (driver && driver->shutdown) {
		driver->shutdown(to_pci_dev(dev));
		err = 0;
	}
	device_unlock(dev);
	put_device(dev);
	return err;
}

static const struct kernel_param_ops shutdown_ops = { .set = shut_down };
module_param_cb(shutdown, &shutdown_ops, NULL, 0200);

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
	"Reports locked memory that outlives its process; helps tests with sleep and shutdown");
