// SPDX-License-Identifier: GPL-2.0
/*
 * The PCI side: probe, remove, sleep, resets and error recovery.
 */
#include <linux/dma-mapping.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pm.h>

#include "akida.h"
#include "akida_power.h"
#include "akida_trace.h"

#define VENDOR_BRAINCHIP 0x1e7c
/* What a virtual board has as subsystem; silicon has another. */
#define SUBVENDOR_VIRTUAL 0x1af4
#define SUBDEVICE_VIRTUAL 0x1100

#define CORE_IP_VERSION 0x00

struct workqueue_struct *akida_wq;

static int map_bars(struct akida_device *adev)
{
	struct pci_dev *pdev = adev->pdev;
	int i, bar, err;

	for (i = 0; i < AKIDA_NUM_BARS; i++) {
		bar = 2 * i;
		if (!(pci_resource_flags(pdev, bar) & IORESOURCE_MEM) ||
		    pci_resource_flags(pdev, bar) & IORESOURCE_UNSET ||
		    !pci_resource_start(pdev, bar)) {
			dev_err(&pdev->dev,
				"BAR %d has no address; was the board plugged in where the bridge has no room? (pci=realloc, pci=hpmmioprefsize=)\n",
				bar);
			return -ENODEV;
		}
		adev->bar_len[i] = pci_resource_len(pdev, bar);
		if (adev->bar_len[i] < adev->chip->bar_min[i]) {
			dev_err(&pdev->dev,
				"BAR %d has %pa bytes, not the 0x%x that an %s needs\n",
				bar, &adev->bar_len[i], adev->chip->bar_min[i],
				adev->chip->name);
			return -ENODEV;
		}
	}
	err = pci_request_regions(pdev, "akida");
	if (err) {
		dev_err(&pdev->dev,
			"BARs are taken: %d; is another driver loaded?\n", err);
		return err;
	}
	adev->regions = true;
	for (i = 0; i < AKIDA_NUM_BARS; i++) {
		adev->bar[i] = pci_iomap(pdev, 2 * i, 0);
		if (!adev->bar[i])
			return -ENOMEM;
	}
	return 0;
}

static void unmap_bars(struct akida_device *adev)
{
	int i;

	if (!adev->regions)
		return;
	for (i = 0; i < AKIDA_NUM_BARS; i++) {
		if (adev->bar[i])
			pci_iounmap(adev->pdev, adev->bar[i]);
		adev->bar[i] = NULL;
	}
	pci_release_regions(adev->pdev);
	adev->regions = false;
}

static int set_dma(struct akida_device *adev)
{
	struct device *dev = &adev->pdev->dev;
	struct iommu_domain *domain;
	int err;

	err = dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64));
	if (err)
		err = dma_set_mask_and_coherent(dev, DMA_BIT_MASK(32));
	if (err) {
		dev_err(dev, "the host cannot do 32-bit DMA: %d\n", err);
		return err;
	}
	/* A piece of a list may have any size: let IOVAs be in one piece. */
	dma_set_max_seg_size(dev, UINT_MAX);
	domain = iommu_get_domain_for_dev(dev);
	adev->iommu = domain && domain->type & __IOMMU_DOMAIN_PAGING;
	return 0;
}

static void disable_aspm(struct akida_device *adev)
{
	struct pci_dev *pdev = adev->pdev;
	u16 control = 0;
	bool was_on;

	/* Boards stop to answer in L0s and L1: BrainChip's driver, and users. */
	pcie_capability_read_word(pdev, PCI_EXP_LNKCTL, &control);
	was_on = control & PCI_EXP_LNKCTL_ASPMC;
	pci_disable_link_state(pdev, PCIE_LINK_STATE_L0S | PCIE_LINK_STATE_L1);
	control = 0;
	pcie_capability_read_word(pdev, PCI_EXP_LNKCTL, &control);
	if (control & PCI_EXP_LNKCTL_ASPMC)
		dev_warn(
			&pdev->dev,
			"ASPM cannot be turned off, and the board may stop to answer in L0s or L1; boot with pcie_aspm=off\n");
	else if (was_on)
		dev_info(
			&pdev->dev,
			"ASPM L0s and L1 turned off: the board may stop to answer in them\n");
}

static const char *link_speed(u16 status)
{
	static const char *const names[] = { "?",      "2.5 GT/s", "5 GT/s",
					     "8 GT/s", "16 GT/s",  "32 GT/s",
					     "64 GT/s" };
	unsigned int i = status & PCI_EXP_LNKSTA_CLS;

	return names[i < ARRAY_SIZE(names) ? i : 0];
}

static void say_what_was_found(struct akida_device *adev)
{
	struct pci_dev *pdev = adev->pdev;
	u16 link = 0;

	pcie_capability_read_word(pdev, PCI_EXP_LNKSTA, &link);
	dev_info(
		&pdev->dev,
		"%s: %s %s, IP version 0x%08x, link %s x%u, IOMMU %s, %u MiB of memory, %u DMA channels each way, lists of %u elements\n",
		dev_name(&adev->dev), adev->virtual ? "virtual" : "silicon",
		adev->chip->name, adev->ip_version, link_speed(link),
		(link & PCI_EXP_LNKSTA_NLW) >> PCI_EXP_LNKSTA_NLW_SHIFT,
		adev->iommu ? "translating" : "not translating",
		adev->chip->memory.size >> 20, akida_dma_channels(adev),
		akida_dma_list_elements(adev));
}

/* What a board that lost its own configuration space gets back. */
static int save_config(struct akida_device *adev)
{
	pci_clear_master(adev->pdev);
	pci_save_state(adev->pdev);
	adev->saved = pci_store_saved_state(adev->pdev);
	return adev->saved ? 0 : -ENOMEM;
}

/* With hw_lock, so that whoever is late sees that the board is gone. */
static void shut_down(struct akida_device *adev)
{
	akida_block(adev, AKIDA_GONE, -ENODEV);
	akida_take_offline(adev);
	/* A reset that was under way may have turned it on again. */
	if (adev->dma)
		akida_dma_stop_all(adev, -ENODEV, false);
	pci_clear_master(adev->pdev);
}

/* After shut_down() */
static void tear_down(struct akida_device *adev)
{
	akida_objects_detach(adev);
	akida_irq_exit(adev);
	/* No interrupt tells of an alert any more. */
	akida_hwmon_remove(adev);
	if (adev->dma)
		akida_dma_exit(adev);
	akida_recover_exit(adev);
	unmap_bars(adev);
	pci_disable_device(adev->pdev);
}

static int akida_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	const struct akida_chip *chip = (const void *)id->driver_data;
	struct akida_device *adev;
	int err;

	adev = akida_device_alloc(pdev, chip);
	if (!adev)
		return -ENOMEM;
	adev->virtual = pdev->subsystem_vendor == SUBVENDOR_VIRTUAL &&
			pdev->subsystem_device == SUBDEVICE_VIRTUAL;
	err = pci_enable_device_mem(pdev);
	if (err) {
		dev_err(&pdev->dev, "cannot enable the board: %d\n", err);
		goto put;
	}
	pci_set_drvdata(pdev, adev);
	err = map_bars(adev);
	if (!err)
		err = set_dma(adev);
	if (!err)
		err = save_config(adev);
	if (err)
		goto down;
	disable_aspm(adev);

	mutex_lock(&adev->hw_lock);
	err = chip->translate(adev);
	if (!err)
		err = akida_dma_init(adev);
	if (!err)
		err = akida_irq_init(adev);
	if (!err)
		err = akida_set_up(adev);
	mutex_unlock(&adev->hw_lock);
	if (err)
		goto down;
	adev->ip_version = akida_core_read(adev, CORE_IP_VERSION);
	err = akida_objects_init(adev);
	if (!err)
		err = akida_power_init(adev);
	if (err)
		goto down;
	akida_unblock(adev);
	err = akida_device_add(adev);
	if (err) {
		dev_err(&pdev->dev, "cannot make a device node: %d\n", err);
		goto down;
	}
	akida_debugfs_add(adev);
	akida_hwmon_add(adev);
	akida_pm_add(adev);
	say_what_was_found(adev);
	akida_event_device_add(adev);
	trace_akida_probe(adev, 0);
	return 0;

down:
	shut_down(adev);
	tear_down(adev);
put:
	dev_err(&pdev->dev, "no driver for this %s: error %d\n", chip->name,
		err);
	trace_akida_probe(adev, err);
	put_device(&adev->dev);
	return err;
}

static void akida_remove(struct pci_dev *pdev)
{
	struct akida_device *adev = pci_get_drvdata(pdev);

	/* The PCI core has woken it up. */
	akida_pm_remove(adev);
	akida_event_device_del(adev);
	akida_debugfs_remove(adev);
	akida_device_del(adev);
	shut_down(adev);
	tear_down(adev);
	put_device(&adev->dev);
}

/* Before power-off and kexec: nothing may write to memory any more. */
static void akida_shutdown(struct pci_dev *pdev)
{
	shut_down(pci_get_drvdata(pdev));
}

static void akida_reset_prepare(struct pci_dev *pdev)
{
	struct akida_device *adev = pci_get_drvdata(pdev);

	akida_block(adev, AKIDA_BLOCKED, -EIO);
	akida_take_offline(adev);
}

static void akida_reset_done(struct pci_dev *pdev)
{
	struct akida_device *adev = pci_get_drvdata(pdev);

	if (!akida_bring_online(adev))
		dev_info(&pdev->dev, "set up again after a reset\n");
}

/* No MMIO in here: offline comes first, and transfers are not stopped. */
static pci_ers_result_t akida_error_detected(struct pci_dev *pdev,
					     pci_channel_state_t state)
{
	struct akida_device *adev = pci_get_drvdata(pdev);

	if (state == pci_channel_io_perm_failure) {
		akida_take_offline(adev);
		akida_give_up(adev, "permanent PCI error");
		return PCI_ERS_RESULT_DISCONNECT;
	}
	akida_take_offline(adev);
	akida_block(adev, AKIDA_BLOCKED, -EIO);
	akida_patience_begin(adev);
	return state == pci_channel_io_normal ? PCI_ERS_RESULT_CAN_RECOVER :
						PCI_ERS_RESULT_NEED_RESET;
}

static pci_ers_result_t akida_mmio_enabled(struct pci_dev *pdev)
{
	return akida_try_online(pci_get_drvdata(pdev)) ?
		       PCI_ERS_RESULT_NEED_RESET :
		       PCI_ERS_RESULT_RECOVERED;
}

static pci_ers_result_t akida_slot_reset(struct pci_dev *pdev)
{
	struct akida_device *adev = pci_get_drvdata(pdev);
	int err;

	err = akida_restore_config(adev);
	if (!err)
		err = akida_try_online(adev);
	if (!err)
		return PCI_ERS_RESULT_RECOVERED;
	akida_patience_end(adev);
	akida_give_up(adev,
		      "the board does not work after a reset of its slot");
	return PCI_ERS_RESULT_DISCONNECT;
}

static void akida_error_resume(struct pci_dev *pdev)
{
	struct akida_device *adev = pci_get_drvdata(pdev);

	akida_patience_end(adev);
	akida_unblock(adev);
	dev_info(&pdev->dev, "set up again after an error\n");
}

static const struct pci_error_handlers akida_err_handler = {
	.error_detected = akida_error_detected,
	.mmio_enabled = akida_mmio_enabled,
	.slot_reset = akida_slot_reset,
	.resume = akida_error_resume,
	.reset_prepare = akida_reset_prepare,
	.reset_done = akida_reset_done,
};

static const struct pci_device_id akida_ids[] = {
	{ PCI_DEVICE(VENDOR_BRAINCHIP, 0xbca1),
	  .driver_data = (kernel_ulong_t)&akida_akd1000 },
	{ PCI_DEVICE(VENDOR_BRAINCHIP, 0xa500),
	  .driver_data = (kernel_ulong_t)&akida_akd1500 },
	{}
};
MODULE_DEVICE_TABLE(pci, akida_ids);

static struct pci_driver akida_driver = {
	.name = "akida",
	.id_table = akida_ids,
	.probe = akida_probe,
	.remove = akida_remove,
	.shutdown = akida_shutdown,
	.err_handler = &akida_err_handler,
	.driver = {
		.pm = pm_ptr(&akida_pm_ops),
		.probe_type = PROBE_PREFER_ASYNCHRONOUS,
	},
};

static int __init akida_init(void)
{
	int err;

	/* Lists of any length are written, and boards waited for, here. */
	akida_wq = alloc_workqueue("akida", WQ_UNBOUND | WQ_HIGHPRI, 0);
	if (!akida_wq)
		return -ENOMEM;
	err = akida_objects_module_init();
	if (err)
		goto no_objects;
	err = akida_event_module_init();
	if (err)
		goto no_events;
	akida_debugfs_module_init();
	err = akida_class_init();
	if (err)
		goto no_class;
	err = pci_register_driver(&akida_driver);
	if (err)
		goto no_driver;
	return 0;

no_driver:
	akida_class_exit();
no_class:
	akida_debugfs_module_exit();
	akida_event_module_exit();
no_events:
	akida_objects_module_exit();
no_objects:
	destroy_workqueue(akida_wq);
	return err;
}

static void __exit akida_exit(void)
{
	pci_unregister_driver(&akida_driver);
	akida_class_exit();
	akida_debugfs_module_exit();
	akida_event_module_exit();
	akida_objects_module_exit();
	destroy_workqueue(akida_wq);
}

module_init(akida_init);
module_exit(akida_exit);

MODULE_DESCRIPTION("BrainChip Akida AKD1000 and AKD1500");
MODULE_AUTHOR("The akida project");
MODULE_LICENSE("GPL");
