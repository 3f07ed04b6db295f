/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sensors and clock (akida_power.c, akida_hwmon.c), runtime power management
 * (akida_pm.c), attributes in sysfs (akida_sysfs.c).
 *
 * Only virtual boards have sensors and clock modes: how silicon's are reached
 * is not public. Their registers: Documentation/virtual-board.rst.
 */
#ifndef AKIDA_POWER_H
#define AKIDA_POWER_H

#include <linux/mutex.h>
#include <linux/pm.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "akida.h"

/* What a board can tell, as its SOURCES register has it */
#define AKIDA_HAS_POWER BIT(8)
#define AKIDA_HAS_VOLTAGE BIT(9)
#define AKIDA_HAS_CURRENT BIT(10)
#define AKIDA_HAS_TEMPERATURE BIT(11)
#define AKIDA_HAS_FREQUENCY BIT(12)
#define AKIDA_HAS_MODES BIT(13)
#define AKIDA_HAS_ALERT BIT(14)

/* Registers that are read as they are */
#define AKIDA_MONITOR_FREQUENCY 0x44
#define AKIDA_MONITOR_OVER BIT(1) /* of the status */

#define AKIDA_LIMIT_NEVER 0xffff
/* LSB of power, in LSBs of current */
#define AKIDA_POWER_FACTOR 25

/**
 * struct akida_power - sensors and clock of a board
 * @adev: board
 * @sources: mask of AKIDA_HAS_*
 * @current_lsb: microamperes; power has 25 times as many microwatts
 * @irq_lock: for @armed
 * @armed: the interrupt's handler may touch the board
 * @lock: for the next two; taken inside akida_device.sem
 * @mode: of the clock, AKIDA_CLOCK_*: what a reset sets again
 * @limit: of power, in its LSB: the same
 * @hwmon: device; NULL without
 * @raised: the board has raised its alert since @alert last ran
 * @alerting: an alert was told, and not its end; @alert's
 * @alert: tells of an alert, and then looks for its end
 */
struct akida_power {
	struct akida_device *adev;
	u32 sources;
	u32 current_lsb;
	spinlock_t irq_lock;
	bool armed;
	struct mutex lock;
	u32 mode;
	u32 limit;
	struct device *hwmon;
	atomic_t raised;
	bool alerting;
	struct delayed_work alert;
};

/* ------------------------------------------------- registers: akida_power.c */

/**
 * akida_power_init() - find out what the board can tell
 * @adev: board at probe that works, blocked
 *
 * Return: 0, also if it can tell nothing; -ENOMEM.
 */
int akida_power_init(struct akida_device *adev);

/**
 * akida_power_free() - end of akida_power_init()
 * @adev: board whose object goes
 */
void akida_power_free(struct akida_device *adev);

/**
 * akida_power_stop() - the interrupt's handler leaves the board alone
 * @adev: board that lets nobody in
 */
void akida_power_stop(struct akida_device *adev);

/**
 * akida_power_restart() - settings that a reset has undone
 * @adev: blocked board
 */
void akida_power_restart(struct akida_device *adev);

/**
 * akida_power_irq() - the vector's handler, if nobody else had a reason
 * @adev: board
 *
 * Return: IRQ_HANDLED if it was an alert.
 */
irqreturn_t akida_power_irq(struct akida_device *adev);

/**
 * akida_sensor_read() - what a sensor tells
 * @p: sensors
 * @source: one of AKIDA_HAS_POWER to AKIDA_HAS_TEMPERATURE
 * @value: in hwmon's unit: microwatts, millivolts, milliamperes, thousandths
 *	of a degree Celsius
 *
 * Wakes no board and waits for none.
 *
 * Return: 0; -ENODATA if the board is suspended or being reset, or its sensor
 * does not answer; -ENODEV if the board is gone.
 */
int akida_sensor_read(struct akida_power *p, u32 source, long *value);

/**
 * akida_monitor_read() - a register that is not a sensor's
 * @p: sensors
 * @offset: AKIDA_MONITOR_*
 * @value: of it
 *
 * Return: as akida_sensor_read().
 */
int akida_monitor_read(struct akida_power *p, u32 offset, u32 *value);

/**
 * akida_power_over() - is power over its limit, as the board has it
 * @p: sensors
 * @over: whether it is
 *
 * Return: as akida_sensor_read().
 */
int akida_power_over(struct akida_power *p, bool *over);

/**
 * akida_power_set_limit() - of the board's comparator; resets keep it
 * @p: sensors
 * @uw: microwatts; what is too much means never
 *
 * Wakes the board, and waits while it is being reset.
 *
 * Return: 0, -ENODEV, -EINTR; -EIO if the board does not take it.
 */
int akida_power_set_limit(struct akida_power *p, long uw);

/**
 * akida_clock_get() - the clock's mode as the board has it
 * @p: sensors and clock
 *
 * Return: AKIDA_CLOCK_*, or as akida_sensor_read().
 */
int akida_clock_get(struct akida_power *p);

/**
 * akida_clock_info() - the clock's mode for AKIDA_IOC_INFO
 * @adev: entered board
 *
 * Return: AKIDA_CLOCK_*, 0 if it cannot tell.
 */
u32 akida_clock_info(struct akida_device *adev);

/**
 * akida_clock_set() - change the clock's mode; resets keep it
 * @p: sensors and clock
 * @mode: AKIDA_CLOCK_*
 *
 * Wakes the board, and waits while it is being reset. What the core is at
 * goes on.
 *
 * Return: as akida_power_set_limit().
 */
int akida_clock_set(struct akida_power *p, u32 mode);

/* ---------------------------------------------------- hwmon: akida_hwmon.c */

/**
 * akida_hwmon_add() - register with hwmon, if there is anything to tell
 * @adev: board with its node; failing is only logged
 */
void akida_hwmon_add(struct akida_device *adev);

/**
 * akida_hwmon_remove() - undo it
 * @adev: gone board without vector; also if it was never added
 */
void akida_hwmon_remove(struct akida_device *adev);

/**
 * akida_hwmon_alert() - tell who polls power1_alarm
 * @p: sensors
 */
void akida_hwmon_alert(struct akida_power *p);

/* ------------------------------------------- runtime suspend: akida_pm.c */

extern const struct dev_pm_ops akida_pm_ops;

/**
 * akida_pm_add() - the administrator may let the board be suspended
 * @adev: board that works
 */
void akida_pm_add(struct akida_device *adev);

/**
 * akida_pm_remove() - undo it
 * @adev: board, awake
 */
void akida_pm_remove(struct akida_device *adev);

/**
 * akida_wake() - resume the board, and keep it from being suspended
 * @adev: board; gone ones do no harm
 *
 * Sleeps. A board that cannot be resumed is recovered or given up as after a
 * reset, which akida_enter() waits for.
 */
void akida_wake(struct akida_device *adev);

/**
 * akida_hold() - keep a board from being suspended that is awake
 * @adev: board, entered or held by the caller; any context
 */
void akida_hold(struct akida_device *adev);

/**
 * akida_unhold() - end of akida_wake() or akida_hold()
 * @adev: board; any context
 */
void akida_unhold(struct akida_device *adev);

/**
 * akida_try_enter() - akida_enter() for who neither waits nor wakes
 * @adev: board
 *
 * Return: 0, and akida_try_leave() is due; -ENODATA if it is suspended or
 * being reset; -ENODEV when it is gone.
 */
int akida_try_enter(struct akida_device *adev);

/**
 * akida_try_leave() - end of akida_try_enter()
 * @adev: board
 *
 * Does not count as a use that puts off the next suspend.
 */
void akida_try_leave(struct akida_device *adev);

/* ---------------------------------------------------- sysfs: akida_sysfs.c */

extern const struct attribute_group *akida_groups[];

#endif /* AKIDA_POWER_H */
