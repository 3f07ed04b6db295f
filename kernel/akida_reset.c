// SPDX-License-Identifier: GPL-2.0
/*
 * Setting a board up, again and again: at probe, after resets, error recovery
 * and sleep, and when it stopped to do as told.
 *
 * Who may touch the hardware of a blocked board: whoever holds @hw_lock, if
 * @offline is not set. Callbacks of the PCI core set that for as long as the
 * board is theirs, and set it up at their end; others then have nothing to do.
 */
#include <linux/delay.h>
#include <linux/iopoll.h>

#include "akida.h"
#include "akida_chip.h"
#include "akida_power.h"

#define CORE_GENERAL_CONTROL 0x04
#define CORE_MESH_INFO1 0x50

#define LOGIC_RESET BIT(8)
#define CORE_RESET BIT(9)
#define MESH_RESET BIT(10)
#define SCC_RESET BIT(12)

/* How long a board may be silent until it is given up */
#define ANSWER_PATIENCE_US 3000000
#define ANSWER_INTERVAL_US 20000
/* How long error recovery may take until the board is given up */
#define RECOVERY_PATIENCE (120 * HZ)
#define RETRY_INTERVAL (HZ / 10)

static u32 mesh_info(struct akida_device *adev)
{
	return akida_core_read(adev, CORE_MESH_INFO1);
}

int akida_wait_core(struct akida_device *adev)
{
	u32 val;

	/* A register that the vendor's own tests read first. */
	if (!read_poll_timeout(mesh_info, val, val != U32_MAX,
			       AKIDA_TRANSLATE_INTERVAL_US,
			       AKIDA_TRANSLATE_PATIENCE_US, false, adev))
		return 0;
	dev_err(&adev->pdev->dev, "the core does not answer\n");
	return -ENODEV;
}

static void pulse(struct akida_device *adev, u32 bits)
{
	u32 control = akida_core_read(adev, CORE_GENERAL_CONTROL) & ~bits;

	akida_core_write(adev, CORE_GENERAL_CONTROL, control | bits);
	usleep_range(1000, 1500);
	akida_core_write(adev, CORE_GENERAL_CONTROL, control);
}

void akida_reset_core(struct akida_device *adev)
{
	pulse(adev, CORE_RESET | SCC_RESET);
	usleep_range(1000, 1500);
	akida_reset_mesh(adev);
}

void akida_reset_mesh(struct akida_device *adev)
{
	pulse(adev, LOGIC_RESET | MESH_RESET);
}

int akida_set_up(struct akida_device *adev)
{
	int err;

	lockdep_assert_held(&adev->hw_lock);
	/* Neither engine nor core may go on with what they were at. */
	pci_clear_master(adev->pdev);
	err = adev->chip->translate(adev);
	if (!err)
		err = akida_dma_restart(adev);
	if (err)
		return err;
	akida_reset_core(adev);
	if (adev->mem)
		akida_objects_restart(adev);
	akida_power_restart(adev);
	pci_set_master(adev->pdev);
	return 0;
}

int akida_reset_board(struct akida_device *adev)
{
	int err = 0;

	mutex_lock(&adev->hw_lock);
	if (READ_ONCE(adev->state) == AKIDA_GONE) {
		err = -ENODEV;
	} else if (!adev->offline) {
		err = akida_set_up(adev);
		adev->resets++;
		akida_event_reset(adev, AKIDA_NL_RESET_BOARD, err);
	}
	mutex_unlock(&adev->hw_lock);
	return err;
}

void akida_give_up(struct akida_device *adev, const char *why)
{
	dev_err(&adev->pdev->dev,
		"%s; given up until it is removed and found again (/sys/bus/pci/devices/%s/remove, /sys/bus/pci/rescan), or power is cycled\n",
		why, pci_name(adev->pdev));
	akida_event_reset(adev, AKIDA_NL_RESET_GIVEN_UP, -ENODEV);
	akida_block(adev, AKIDA_GONE, -ENODEV);
}

/* Undoes the caller's akida_block(), or leaves that to akida_recover(). */
static void unblock_or_recover(struct akida_device *adev, int err)
{
	if (err && READ_ONCE(adev->state) != AKIDA_GONE) {
		atomic_inc(&adev->owed);
		akida_recover(adev);
	} else {
		akida_unblock(adev);
	}
}

int akida_reset(struct akida_device *adev)
{
	int err;

	/* One that is suspended is away: nothing would be reset. */
	akida_wake(adev);
	akida_block(adev, AKIDA_BLOCKED, -EIO);
	err = akida_reset_board(adev);
	unblock_or_recover(adev, err);
	akida_unhold(adev);
	return err;
}

void akida_take_offline(struct akida_device *adev)
{
	mutex_lock(&adev->hw_lock);
	WRITE_ONCE(adev->offline, true);
	mutex_unlock(&adev->hw_lock);
}

static int try_online(struct akida_device *adev, bool reset)
{
	int err = -ENODEV;

	mutex_lock(&adev->hw_lock);
	if (READ_ONCE(adev->state) != AKIDA_GONE) {
		err = akida_set_up(adev);
		if (err)
			pci_clear_master(adev->pdev);
		else
			WRITE_ONCE(adev->offline, false);
		if (reset || err) {
			adev->resets++;
			akida_event_reset(adev, AKIDA_NL_RESET_BUS, err);
		}
	}
	mutex_unlock(&adev->hw_lock);
	return err;
}

int akida_try_online(struct akida_device *adev)
{
	return try_online(adev, true);
}

static int bring_online(struct akida_device *adev, bool reset)
{
	int err = try_online(adev, reset);

	if (err) {
		mutex_lock(&adev->hw_lock);
		WRITE_ONCE(adev->offline, false);
		mutex_unlock(&adev->hw_lock);
	}
	unblock_or_recover(adev, err);
	return err;
}

int akida_restore_config(struct akida_device *adev)
{
	int err = pci_load_saved_state(adev->pdev, adev->saved);

	/* Of a time without bus mastering, which stays off. */
	if (!err)
		pci_restore_state(adev->pdev);
	return err;
}

int akida_bring_online(struct akida_device *adev)
{
	return bring_online(adev, true);
}

void akida_wake_online(struct akida_device *adev)
{
	bring_online(adev, false);
}

/* As far as it takes: wait, restore, reset by registers, by the function. */
static int revive(struct akida_device *adev)
{
	struct pci_dev *pdev = adev->pdev;
	bool alive;
	int err;

	if (read_poll_timeout(akida_alive, alive, alive, ANSWER_INTERVAL_US,
			      ANSWER_PATIENCE_US, false, adev))
		return -ENODEV;
	err = akida_restore_config(adev);
	if (!err)
		err = akida_set_up(adev);
	if (!err)
		return 0;
	dev_warn(&pdev->dev, "resetting the function\n");
	err = __pci_reset_function_locked(pdev);
	if (err) {
		dev_err(&pdev->dev, "the function cannot be reset: %d\n", err);
		return err;
	}
	err = akida_restore_config(adev);
	return err ?: akida_set_up(adev);
}

static void recover_work(struct work_struct *work)
{
	struct akida_device *adev =
		container_of(work, struct akida_device, recover.work);
	struct device *dev = &adev->pdev->dev;
	int err = 0, owed;

	if (READ_ONCE(adev->state) == AKIDA_GONE)
		return;
	/*
	 * Function resets want the device lock. Who holds it may be waiting
	 * for this work to end.
	 */
	if (!device_trylock(dev)) {
		queue_delayed_work(akida_wq, &adev->recover, RETRY_INTERVAL);
		return;
	}
	akida_block(adev, AKIDA_BLOCKED, -EIO);
	owed = 1 + atomic_xchg(&adev->owed, 0);
	mutex_lock(&adev->hw_lock);
	if (READ_ONCE(adev->state) != AKIDA_GONE && !adev->offline) {
		dev_warn(dev, "the board does not do as told: resetting it\n");
		err = revive(adev);
		adev->resets++;
		if (err)
			pci_clear_master(adev->pdev);
		else
			dev_info(dev, "the board works again\n");
		akida_event_reset(adev, AKIDA_NL_RESET_RECOVERY, err);
		/* What was asked for before is done. */
		cancel_delayed_work(&adev->recover);
	}
	mutex_unlock(&adev->hw_lock);
	device_unlock(dev);

	if (err)
		akida_give_up(adev, err == -ENODEV ?
					    "the board does not answer" :
					    "the board cannot be reset");
	while (owed--)
		akida_unblock(adev);
}

void akida_recover(struct akida_device *adev)
{
	queue_delayed_work(akida_wq, &adev->recover, 0);
}

static void patience_work(struct work_struct *work)
{
	struct akida_device *adev =
		container_of(work, struct akida_device, patience.work);

	if (READ_ONCE(adev->state) != AKIDA_GONE)
		akida_give_up(adev, "error recovery does not come to an end");
}

void akida_patience_begin(struct akida_device *adev)
{
	mod_delayed_work(akida_wq, &adev->patience, RECOVERY_PATIENCE);
}

void akida_patience_end(struct akida_device *adev)
{
	cancel_delayed_work_sync(&adev->patience);
}

void akida_recover_init(struct akida_device *adev)
{
	INIT_DELAYED_WORK(&adev->recover, recover_work);
	INIT_DELAYED_WORK(&adev->patience, patience_work);
}

void akida_recover_exit(struct akida_device *adev)
{
	cancel_delayed_work_sync(&adev->recover);
	cancel_delayed_work_sync(&adev->patience);
}
