// SPDX-License-Identifier: GPL-2.0
/*
 * Boards as objects: numbers, class, character devices, and who may touch the
 * hardware when.
 *
 * The object lives as long as somebody has it open; a board that comes back is
 * a new one. Its number is free again as soon as the board is gone.
 */
#include <linux/pci.h>
#include <linux/slab.h>

#include "akida_compat.h"
#include "akida_core.h"
#include "akida_power.h"

#define MAX_BOARDS 64

static dev_t akida_devt;
static DEFINE_IDA(akida_numbers);
/* The vendor counts the boards of each family. */
static DEFINE_IDA(akida_alias_numbers);

static int akida_uevent(AKIDA_UEVENT_CONST struct device *dev,
			struct kobj_uevent_env *env)
{
	const struct akida_device *adev =
		container_of(dev, struct akida_device, dev);

	if (add_uevent_var(env, "AKIDA_CHIP=%s", adev->chip->name))
		return -ENOMEM;
	if (adev->alias[0] &&
	    add_uevent_var(env, "AKIDA_ALIAS=%s", adev->alias))
		return -ENOMEM;
	return 0;
}

static struct class akida_class = {
	.name = "akida",
	.dev_uevent = akida_uevent,
	.dev_groups = akida_groups,
};

int akida_class_init(void)
{
	int err = alloc_chrdev_region(&akida_devt, 0, MAX_BOARDS, "akida");

	if (err)
		return err;
	err = class_register(&akida_class);
	if (err)
		unregister_chrdev_region(akida_devt, MAX_BOARDS);
	return err;
}

void akida_class_exit(void)
{
	class_unregister(&akida_class);
	unregister_chrdev_region(akida_devt, MAX_BOARDS);
	ida_destroy(&akida_numbers);
	ida_destroy(&akida_alias_numbers);
}

/* The fields stay as they are, for what still names the board. */
static void free_numbers(struct akida_device *adev)
{
	if (adev->numbered && adev->index >= 0)
		ida_free(&akida_numbers, adev->index);
	if (adev->numbered && adev->alias_index >= 0)
		ida_free(&akida_alias_numbers, adev->alias_index);
	adev->numbered = false;
}

static void akida_device_release(struct device *dev)
{
	struct akida_device *adev = container_of(dev, struct akida_device, dev);

	free_numbers(adev);
	akida_objects_exit(adev);
	akida_power_free(adev);
	akida_dma_free(adev);
	akida_event_exit(adev);
	kfree(adev->saved);
	mutex_destroy(&adev->files_lock);
	mutex_destroy(&adev->block_lock);
	mutex_destroy(&adev->hw_lock);
	pci_dev_put(adev->pdev);
	kfree(adev);
}

static int take_numbers(struct akida_device *adev)
{
	adev->numbered = true;
	adev->alias_index = -1;
	adev->index = ida_alloc_max(&akida_numbers, MAX_BOARDS - 1, GFP_KERNEL);
	if (adev->index < 0)
		return adev->index;
	if (!adev->chip->alias)
		return 0;
	adev->alias_index = ida_alloc(&akida_alias_numbers, GFP_KERNEL);
	if (adev->alias_index < 0)
		return adev->alias_index;
	snprintf(adev->alias, sizeof(adev->alias), "%s%d", adev->chip->alias,
		 adev->alias_index);
	return 0;
}

/* The form of lspci, and of the PCI core's own attribute. */
static void read_serial(struct akida_device *adev)
{
	u64 serial = pci_get_dsn(adev->pdev);
	__be64 bytes = cpu_to_be64(serial);

	/* All ones: the board was gone while it was read. */
	if (!serial || serial == U64_MAX)
		return;
	snprintf(adev->serial, sizeof(adev->serial), "%8phD", &bytes);
}

struct akida_device *akida_device_alloc(struct pci_dev *pdev,
					const struct akida_chip *chip)
{
	struct akida_device *adev = kzalloc(sizeof(*adev), GFP_KERNEL);

	if (!adev)
		return NULL;
	adev->pdev = pci_dev_get(pdev);
	adev->chip = chip;
	read_serial(adev);
	adev->state = AKIDA_BLOCKED;
	adev->blocks = 1;
	init_rwsem(&adev->sem);
	mutex_init(&adev->block_lock);
	init_waitqueue_head(&adev->state_wq);
	mutex_init(&adev->hw_lock);
	mutex_init(&adev->files_lock);
	INIT_LIST_HEAD(&adev->files);
	init_rwsem(&adev->map_lock);
	adev->map_blocked = true;
	akida_recover_init(adev);
	akida_event_init(adev);

	device_initialize(&adev->dev);
	adev->dev.class = &akida_class;
	adev->dev.parent = &pdev->dev;
	adev->dev.release = akida_device_release;
	cdev_init(&adev->cdev, &akida_fops);
	adev->cdev.owner = THIS_MODULE;
	if (take_numbers(adev)) {
		put_device(&adev->dev);
		return NULL;
	}
	adev->dev.devt = MKDEV(MAJOR(akida_devt), adev->index);
	if (dev_set_name(&adev->dev, "akida%d", adev->index)) {
		put_device(&adev->dev);
		return NULL;
	}
	return adev;
}

int akida_device_add(struct akida_device *adev)
{
	return cdev_device_add(&adev->cdev, &adev->dev);
}

void akida_device_del(struct akida_device *adev)
{
	cdev_device_del(&adev->cdev, &adev->dev);
	free_numbers(adev);
}

static enum akida_state get_state(struct akida_device *adev)
{
	return READ_ONCE(adev->state);
}

int akida_enter(struct akida_device *adev)
{
	int err;

	akida_wake(adev);
	for (;;) {
		down_read(&adev->sem);
		switch (get_state(adev)) {
		case AKIDA_LIVE:
			return 0;
		case AKIDA_GONE:
			up_read(&adev->sem);
			err = -ENODEV;
			goto release;
		case AKIDA_BLOCKED:
			up_read(&adev->sem);
			break;
		}
		/* Freezable: what blocks it may be sleep. */
		if (wait_event_state(adev->state_wq,
				     get_state(adev) != AKIDA_BLOCKED,
				     (TASK_KILLABLE | TASK_FREEZABLE))) {
			err = -EINTR;
			goto release;
		}
	}
release:
	akida_unhold(adev);
	return err;
}

void akida_leave(struct akida_device *adev)
{
	up_read(&adev->sem);
	akida_unhold(adev);
}

/* Hardware that others have, or that is not there, is left alone. */
static bool may_touch(struct akida_device *adev)
{
	return !READ_ONCE(adev->offline) && akida_alive(adev);
}

void akida_block(struct akida_device *adev, enum akida_state state, int error)
{
	mutex_lock(&adev->block_lock);
	if (adev->state != AKIDA_GONE)
		WRITE_ONCE(adev->state, state);
	if (state == AKIDA_BLOCKED)
		adev->blocks++;
	akida_zap_mappings(adev);
	mutex_unlock(&adev->block_lock);
	wake_up_all(&adev->state_wq);
	akida_core_stop(adev);
	akida_power_stop(adev);

	/* First what those wait for who are inside, then they themselves. */
	if (adev->dma)
		akida_dma_stop_all(adev, error, may_touch(adev));
	down_write(&adev->sem);
	up_write(&adev->sem);
	/* What they submitted in between has ended, too. */
	if (adev->dma)
		akida_dma_stop_all(adev, error, false);
}

void akida_unblock(struct akida_device *adev)
{
	bool live;

	mutex_lock(&adev->block_lock);
	if (!WARN_ON(!adev->blocks))
		adev->blocks--;
	live = !adev->blocks && adev->state == AKIDA_BLOCKED;
	if (live) {
		WRITE_ONCE(adev->state, AKIDA_LIVE);
		akida_allow_mappings(adev);
	}
	mutex_unlock(&adev->block_lock);
	if (live)
		wake_up_all(&adev->state_wq);
}

bool akida_alive(struct akida_device *adev)
{
	u32 id = 0;

	if (pci_channel_offline(adev->pdev))
		return false;
	pci_read_config_dword(adev->pdev, PCI_VENDOR_ID, &id);
	return id == ((u32)adev->pdev->device << 16 | adev->pdev->vendor);
}
