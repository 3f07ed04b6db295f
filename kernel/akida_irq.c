// SPDX-License-Identifier: GPL-2.0
/*
 * The interrupt: one MSI vector.
 *
 * The DMA engines do not use the MSI capability: they write to an address that
 * is programmed into them, and the driver programs the vector's message there.
 * The core of a virtual board uses the capability.
 * When the kernel changes the message (affinity, resume) it says so while it
 * holds the interrupt's lock, and the engine is told at once.
 */
#include <linux/irq.h>
#include <linux/msi.h>

#include "akida_core.h"
#include "akida_power.h"

static void message_changed(struct msi_desc *desc, void *data)
{
	struct akida_msi msi = {
		.address =
			(u64)desc->msg.address_hi << 32 | desc->msg.address_lo,
		.data = desc->msg.data,
	};

	akida_dma_set_message(data, &msi);
}

static irqreturn_t handler(int irq, void *data)
{
	irqreturn_t core = akida_core_irq(data);
	irqreturn_t dma = akida_dma_irq(data);
	irqreturn_t ret = dma == IRQ_NONE ? core : dma;

	/* Rare, and sent again if it came together with these. */
	if (ret == IRQ_NONE)
		ret = akida_power_irq(data);
	if (ret == IRQ_NONE)
		akida_dma_spurious(data);
	return ret;
}

static irqreturn_t thread(int irq, void *data)
{
	akida_dma_complete(data);
	return IRQ_HANDLED;
}

int akida_irq_init(struct akida_device *adev)
{
	struct pci_dev *pdev = adev->pdev;
	struct msi_desc *desc;
	int err;

	err = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_MSI);
	if (err < 0) {
		dev_err(&pdev->dev,
			"no MSI vector: %d; is MSI off (pci=nomsi), or is the bridge above out of vectors?\n",
			err);
		return err;
	}
	adev->irq = pci_irq_vector(pdev, 0);
	desc = irq_get_msi_desc(adev->irq);
	if (WARN_ON(!desc)) {
		err = -ENODEV;
		goto free;
	}
	desc->write_msi_msg_data = adev;
	desc->write_msi_msg = message_changed;
	message_changed(desc, adev);
	err = request_threaded_irq(adev->irq, handler, thread, 0,
				   dev_name(&adev->dev), adev);
	if (!err)
		return 0;
	dev_err(&pdev->dev, "cannot have interrupt %d: %d\n", adev->irq, err);
	desc->write_msi_msg = NULL;
free:
	pci_free_irq_vectors(pdev);
	adev->irq = 0;
	return err;
}

void akida_irq_exit(struct akida_device *adev)
{
	struct msi_desc *desc;

	if (!adev->irq)
		return;
	free_irq(adev->irq, adev);
	desc = irq_get_msi_desc(adev->irq);
	if (desc)
		desc->write_msi_msg = NULL;
	pci_free_irq_vectors(adev->pdev);
	adev->irq = 0;
}
