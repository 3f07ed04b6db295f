// SPDX-License-Identifier: GPL-2.0
/*
 * Sleep: of the system, and of a board that nobody uses.
 *
 * Runtime suspend is the administrator's: the PCI core forbids it until "auto"
 * is written to the function's power/control, and the driver never allows it.
 * A board is awake while somebody has it entered, jobs and transfers are under
 * way, buffers in its memory exist, or the vendor's interface has it. Programs
 * do not keep it awake: they are loaded again from the driver's copy.
 */
#include <linux/moduleparam.h>
#include <linux/pm_runtime.h>

#include "akida_compat.h"
#include "akida_dma.h"
#include "akida_power.h"

#define AUTOSUSPEND_MS 2000

static bool d3hot;
module_param(d3hot, bool, 0444);
MODULE_PARM_DESC(
	d3hot,
	"silicon boards may be suspended at run time, too (default no: nobody has published that they wake up again)");

void akida_wake(struct akida_device *adev)
{
	/* What fails is seen by the board's state. */
	if (READ_ONCE(adev->state) == AKIDA_GONE)
		pm_runtime_get_noresume(&adev->pdev->dev);
	else
		pm_runtime_get_sync(&adev->pdev->dev);
}

void akida_hold(struct akida_device *adev)
{
	pm_runtime_get_noresume(&adev->pdev->dev);
}

void akida_unhold(struct akida_device *adev)
{
	pm_runtime_mark_last_busy(&adev->pdev->dev);
	pm_runtime_put_autosuspend(&adev->pdev->dev);
}

int akida_try_enter(struct akida_device *adev)
{
	struct device *dev = &adev->pdev->dev;
	int ret;

	if (READ_ONCE(adev->state) == AKIDA_GONE)
		return -ENODEV;
	ret = akida_pm_get_if_active(dev);
	if (!ret)
		return -ENODATA;
	/* Without runtime power management it is awake. */
	if (ret < 0)
		pm_runtime_get_noresume(dev);
	/* Only who blocks the board writes. */
	if (!down_read_trylock(&adev->sem)) {
		ret = -ENODATA;
	} else {
		switch (READ_ONCE(adev->state)) {
		case AKIDA_LIVE:
			return 0;
		case AKIDA_BLOCKED:
			ret = -ENODATA;
			break;
		case AKIDA_GONE:
			ret = -ENODEV;
			break;
		}
		up_read(&adev->sem);
	}
	pm_runtime_put(dev);
	return ret;
}

void akida_try_leave(struct akida_device *adev)
{
	up_read(&adev->sem);
	pm_runtime_put(&adev->pdev->dev);
}

/*
 * User space is frozen, so that nothing new comes. Device memory keeps its
 * contents only if the board keeps its power.
 */
static int akida_suspend(struct device *dev)
{
	struct akida_device *adev = dev_get_drvdata(dev);

	akida_dma_drain(adev);
	akida_block(adev, AKIDA_BLOCKED, -EIO);
	akida_take_offline(adev);
	return 0;
}

static int akida_resume(struct device *dev)
{
	return akida_bring_online(dev_get_drvdata(dev));
}

/* Nobody uses the board, and who comes now waits until it is resumed. */
static int akida_runtime_suspend(struct device *dev)
{
	struct akida_device *adev = dev_get_drvdata(dev);

	akida_block(adev, AKIDA_BLOCKED, -EIO);
	akida_take_offline(adev);
	return 0;
}

static int akida_runtime_resume(struct device *dev)
{
	/*
	 * A board that does not come up is being recovered, or given up: an
	 * error here would keep it from ever being tried again.
	 */
	akida_wake_online(dev_get_drvdata(dev));
	return 0;
}

const struct dev_pm_ops akida_pm_ops = {
	SYSTEM_SLEEP_PM_OPS(akida_suspend, akida_resume) RUNTIME_PM_OPS(
		akida_runtime_suspend, akida_runtime_resume, NULL)
};

static bool may_suspend(const struct akida_device *adev)
{
	return adev->virtual || d3hot;
}

void akida_pm_add(struct akida_device *adev)
{
	struct device *dev = &adev->pdev->dev;

	pm_runtime_set_autosuspend_delay(dev, AUTOSUSPEND_MS);
	pm_runtime_use_autosuspend(dev);
	/* Silicon stays in use for ever. */
	if (may_suspend(adev))
		akida_unhold(adev);
}

void akida_pm_remove(struct akida_device *adev)
{
	struct device *dev = &adev->pdev->dev;

	if (may_suspend(adev))
		pm_runtime_get_noresume(dev);
	pm_runtime_dont_use_autosuspend(dev);
}
