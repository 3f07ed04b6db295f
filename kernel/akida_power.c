// SPDX-License-Identifier: GPL-2.0
/*
 * Sensors and clock: the monitor block of virtual boards.
 *
 * Silicon has a sensor, too, but how it is reached is not public, nor is the
 * clock: there is nothing here for it, and nothing is invented.
 */
#include <linux/slab.h>

#include "akida_power.h"

/* Behind the core's BAR */
#define MONITOR 0x100000
#define MONITOR_SIZE 0x1000

#define ID 0x00
#define SOURCES 0x04
#define STATUS 0x08
#define CONTROL 0x0c
#define CURRENT_LSB 0x14
#define BUS 0x24
#define POWER 0x28
#define CURRENT 0x2c
#define LIMIT 0x30
#define TEMPERATURE 0x34
#define CLOCK_MODE 0x40

#define ID_VALUE 0x4d504b41
#define SOURCES_VERSION(v) ((v)&0xff)
#define SOURCES_MASK 0x7f00
#define STATUS_ALERT BIT(0)
#define CONTROL_INTERRUPTS BIT(0)
#define VALID BIT(31)
#define VALUE(v) ((v)&0xffff)

#define BUS_UV 1250
#define TEMPERATURE_PER_DEGREE 16

/* How often an alert's end is looked for */
#define ALERT_INTERVAL (HZ / 2)

static u32 get(struct akida_device *adev, u32 offset)
{
	return akida_core_read(adev, MONITOR + offset);
}

static void set(struct akida_device *adev, u32 offset, u32 value)
{
	akida_core_write(adev, MONITOR + offset, value);
}

/* ------------------------------------------------------------- interrupts */

static void tell(struct akida_power *p, enum akida_nl_limit limit)
{
	long uw;
	s64 value;
	int err = akida_sensor_read(p, AKIDA_HAS_POWER, &uw);

	value = err ? 0 : uw;
	akida_event_sensor(p->adev, AKIDA_NL_SENSOR_POWER, limit,
			   err ? NULL : &value);
	akida_hwmon_alert(p);
}

/*
 * The board interrupts when an alert begins, not when it ends. One work item
 * tells of both, so that they are told in their order.
 */
static void alert_work(struct work_struct *work)
{
	struct akida_power *p =
		container_of(work, struct akida_power, alert.work);
	bool over;
	int err;

	if (atomic_xchg(&p->raised, 0)) {
		p->alerting = true;
		tell(p, AKIDA_NL_LIMIT_MAX);
	} else if (p->alerting) {
		/* While it sleeps or is being reset it cannot tell. */
		err = akida_power_over(p, &over);
		if (err == -ENODEV || (!err && !over)) {
			p->alerting = false;
			if (!err)
				tell(p, AKIDA_NL_LIMIT_NONE);
		}
	}
	if (p->alerting)
		queue_delayed_work(akida_wq, &p->alert, ALERT_INTERVAL);
}

irqreturn_t akida_power_irq(struct akida_device *adev)
{
	struct akida_power *p = adev->power;
	irqreturn_t ret = IRQ_NONE;
	unsigned long flags;
	u32 status;

	if (!p || !READ_ONCE(p->armed))
		return IRQ_NONE;
	spin_lock_irqsave(&p->irq_lock, flags);
	if (p->armed) {
		status = get(adev, STATUS);
		if ((status & STATUS_ALERT) && status != U32_MAX) {
			set(adev, STATUS, STATUS_ALERT);
			atomic_set(&p->raised, 1);
			mod_delayed_work(akida_wq, &p->alert, 0);
			ret = IRQ_HANDLED;
		}
	}
	spin_unlock_irqrestore(&p->irq_lock, flags);
	return ret;
}

void akida_power_stop(struct akida_device *adev)
{
	struct akida_power *p = adev->power;

	if (!p)
		return;
	spin_lock_irq(&p->irq_lock);
	p->armed = false;
	spin_unlock_irq(&p->irq_lock);
}

void akida_power_restart(struct akida_device *adev)
{
	struct akida_power *p = adev->power;

	if (!p)
		return;
	mutex_lock(&p->lock);
	if (p->sources & AKIDA_HAS_MODES)
		set(adev, CLOCK_MODE, p->mode - 1);
	if (p->sources & AKIDA_HAS_ALERT) {
		set(adev, LIMIT, p->limit);
		set(adev, CONTROL, CONTROL_INTERRUPTS);
	}
	mutex_unlock(&p->lock);
	spin_lock_irq(&p->irq_lock);
	p->armed = p->sources & AKIDA_HAS_ALERT;
	spin_unlock_irq(&p->irq_lock);
}

/* ---------------------------------------------------------------- reading */

/* Of a board that is away all bits are one, or none. */
static int missing(struct akida_device *adev)
{
	return akida_alive(adev) ? -ENODATA : -ENODEV;
}

static int read_valid(struct akida_device *adev, u32 offset, u32 *value)
{
	u32 v;
	int err = akida_try_enter(adev);

	if (err)
		return err;
	v = get(adev, offset);
	if ((v & ~0xffffU) != VALID)
		err = missing(adev);
	akida_try_leave(adev);
	*value = VALUE(v);
	return err;
}

int akida_sensor_read(struct akida_power *p, u32 source, long *value)
{
	u32 offset, v;
	s64 x;
	int err;

	switch (source) {
	case AKIDA_HAS_POWER:
		offset = POWER;
		break;
	case AKIDA_HAS_VOLTAGE:
		offset = BUS;
		break;
	case AKIDA_HAS_CURRENT:
		offset = CURRENT;
		break;
	default:
		offset = TEMPERATURE;
		break;
	}
	err = read_valid(p->adev, offset, &v);
	if (err)
		return err;
	switch (source) {
	case AKIDA_HAS_POWER:
		x = (u64)v * p->current_lsb * AKIDA_POWER_FACTOR;
		break;
	case AKIDA_HAS_VOLTAGE:
		x = DIV_ROUND_CLOSEST(v * BUS_UV, 1000);
		break;
	case AKIDA_HAS_CURRENT:
		x = DIV_ROUND_CLOSEST((s16)v * (int)p->current_lsb, 1000);
		break;
	default:
		x = (s16)v * 1000 / TEMPERATURE_PER_DEGREE;
		break;
	}
	/* A long has 32 bits on some machines. */
	*value = clamp_t(s64, x, LONG_MIN, LONG_MAX);
	return 0;
}

int akida_monitor_read(struct akida_power *p, u32 offset, u32 *value)
{
	struct akida_device *adev = p->adev;
	int err = akida_try_enter(adev);

	if (err)
		return err;
	*value = get(adev, offset);
	if ((!*value || *value == U32_MAX) && !akida_alive(adev))
		err = -ENODEV;
	akida_try_leave(adev);
	return err;
}

int akida_power_over(struct akida_power *p, bool *over)
{
	u32 status;
	int err = akida_monitor_read(p, STATUS, &status);

	*over = !err && (status & AKIDA_MONITOR_OVER);
	return err;
}

int akida_clock_get(struct akida_power *p)
{
	u32 v;
	int err = read_valid(p->adev, CLOCK_MODE, &v);

	return err ?: v + 1;
}

u32 akida_clock_info(struct akida_device *adev)
{
	u32 v;

	if (!adev->power || !(adev->power->sources & AKIDA_HAS_MODES))
		return 0;
	v = get(adev, CLOCK_MODE);
	return (v & ~0xffffU) == VALID ? VALUE(v) + 1 : 0;
}

/* --------------------------------------------------------------- settings */

/* Writes a setting, and keeps it in *@kept as @keep if the board took it. */
static int change(struct akida_power *p, u32 offset, u32 value, u32 mask,
		  u32 *kept, u32 keep)
{
	struct akida_device *adev = p->adev;
	int err = akida_enter(adev);

	if (err)
		return err;
	mutex_lock(&p->lock);
	set(adev, offset, value);
	if ((get(adev, offset) & mask) == value)
		*kept = keep;
	else
		err = akida_alive(adev) ? -EIO : -ENODEV;
	mutex_unlock(&p->lock);
	akida_leave(adev);
	return err;
}

int akida_power_set_limit(struct akida_power *p, long uw)
{
	u32 lsb = p->current_lsb * AKIDA_POWER_FACTOR;
	u32 limit = clamp(uw, 0L, (long)INT_MAX) / lsb;

	limit = min_t(u32, limit, AKIDA_LIMIT_NEVER);
	return change(p, LIMIT, limit, U32_MAX, &p->limit, limit);
}

int akida_clock_set(struct akida_power *p, u32 mode)
{
	return change(p, CLOCK_MODE, mode - 1, 0xffff, &p->mode, mode);
}

/* ------------------------------------------------------------------- life */

int akida_power_init(struct akida_device *adev)
{
	struct akida_power *p;
	u32 sources, lsb, mode;

	/* Nothing is known to be there on silicon, so nothing is read. */
	if (!adev->virtual ||
	    adev->bar_len[adev->chip->core.bar] < MONITOR + MONITOR_SIZE ||
	    get(adev, ID) != ID_VALUE)
		return 0;
	sources = get(adev, SOURCES);
	lsb = get(adev, CURRENT_LSB);
	if (SOURCES_VERSION(sources) != 1 || !(sources & SOURCES_MASK))
		return 0;
	if (!lsb || lsb > 10000) {
		dev_warn(&adev->pdev->dev,
			 "sensors with an LSB of %u microamperes are ignored\n",
			 lsb);
		return 0;
	}
	p = kzalloc(sizeof(*p), GFP_KERNEL);
	if (!p)
		return -ENOMEM;
	p->adev = adev;
	p->sources = sources & SOURCES_MASK;
	p->current_lsb = lsb;
	p->limit = AKIDA_LIMIT_NEVER;
	mode = get(adev, CLOCK_MODE);
	p->mode = mode == (VALID | VALUE(mode)) ? VALUE(mode) + 1 :
						  AKIDA_CLOCK_PERFORMANCE;
	spin_lock_init(&p->irq_lock);
	mutex_init(&p->lock);
	INIT_DELAYED_WORK(&p->alert, alert_work);
	adev->power = p;
	akida_power_restart(adev);
	return 0;
}

void akida_power_free(struct akida_device *adev)
{
	if (!adev->power)
		return;
	mutex_destroy(&adev->power->lock);
	kfree(adev->power);
	adev->power = NULL;
}
