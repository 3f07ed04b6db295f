// SPDX-License-Identifier: GPL-2.0
/*
 * hwmon "akida": what the board's sensors tell, as they tell it. Attributes
 * without a source do not exist; nothing is averaged or compared here.
 */
#include <linux/hwmon.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "akida_compat.h"
#include "akida_power.h"

#if IS_REACHABLE(CONFIG_HWMON)

static u32 source_of(enum hwmon_sensor_types type)
{
	switch (type) {
	case hwmon_power:
		return AKIDA_HAS_POWER;
	case hwmon_in:
		return AKIDA_HAS_VOLTAGE;
	case hwmon_curr:
		return AKIDA_HAS_CURRENT;
	default:
		return AKIDA_HAS_TEMPERATURE;
	}
}

static bool is_limit(enum hwmon_sensor_types type, u32 attr)
{
	return type == hwmon_power && attr == hwmon_power_max;
}

static bool is_alarm(enum hwmon_sensor_types type, u32 attr)
{
	return type == hwmon_power && attr == hwmon_power_alarm;
}

static umode_t is_visible(const void *data, enum hwmon_sensor_types type,
			  u32 attr, int channel)
{
	const struct akida_power *p = data;

	if (!(p->sources & source_of(type)))
		return 0;
	if (is_limit(type, attr))
		return p->sources & AKIDA_HAS_ALERT ? 0644 : 0;
	if (is_alarm(type, attr))
		return p->sources & AKIDA_HAS_ALERT ? 0444 : 0;
	return 0444;
}

static int read(struct device *dev, enum hwmon_sensor_types type, u32 attr,
		int channel, long *value)
{
	struct akida_power *p = dev_get_drvdata(dev);
	bool over;
	int err;

	if (is_limit(type, attr)) {
		/* Kept, so that it can be read at any time. */
		*value = min_t(u64,
			       (u64)READ_ONCE(p->limit) * p->current_lsb *
				       AKIDA_POWER_FACTOR,
			       LONG_MAX);
		return 0;
	}
	if (is_alarm(type, attr)) {
		err = akida_power_over(p, &over);
		*value = over;
		return err;
	}
	return akida_sensor_read(p, source_of(type), value);
}

static int write(struct device *dev, enum hwmon_sensor_types type, u32 attr,
		 int channel, long value)
{
	if (!is_limit(type, attr))
		return -EOPNOTSUPP;
	return akida_power_set_limit(dev_get_drvdata(dev), value);
}

static int read_string(struct device *dev, enum hwmon_sensor_types type,
		       u32 attr, int channel, const char **text)
{
	*text = type == hwmon_in ? "supply" : "board";
	return 0;
}

static const struct hwmon_ops ops = {
	.is_visible = is_visible,
	.read = read,
	.read_string = read_string,
	.write = write,
};

static const struct hwmon_channel_info *AKIDA_HWMON_CONST channels[] = {
	HWMON_CHANNEL_INFO(power, HWMON_P_INPUT | HWMON_P_LABEL | HWMON_P_MAX |
					  HWMON_P_ALARM),
	HWMON_CHANNEL_INFO(in, HWMON_I_INPUT | HWMON_I_LABEL),
	HWMON_CHANNEL_INFO(curr, HWMON_C_INPUT | HWMON_C_LABEL),
	HWMON_CHANNEL_INFO(temp, HWMON_T_INPUT | HWMON_T_LABEL), NULL
};

static const struct hwmon_chip_info chip = {
	.ops = &ops,
	.info = channels,
};

/* hwmon has no type for frequencies; the names are those of GPU drivers. */
static ssize_t freq1_input_show(struct device *dev,
				struct device_attribute *attr, char *buf)
{
	u32 hz;
	int err = akida_monitor_read(dev_get_drvdata(dev),
				     AKIDA_MONITOR_FREQUENCY, &hz);

	if (!err && !hz)
		err = -ENODATA;
	return err ?: sysfs_emit(buf, "%u\n", hz);
}
static DEVICE_ATTR_RO(freq1_input);

static ssize_t freq1_label_show(struct device *dev,
				struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "core\n");
}
static DEVICE_ATTR_RO(freq1_label);

static struct attribute *freq_attrs[] = {
	&dev_attr_freq1_input.attr,
	&dev_attr_freq1_label.attr,
	NULL,
};

static umode_t freq_is_visible(struct kobject *kobj, struct attribute *attr,
			       int n)
{
	const struct akida_power *p = dev_get_drvdata(kobj_to_dev(kobj));

	return p->sources & AKIDA_HAS_FREQUENCY ? attr->mode : 0;
}

static const struct attribute_group freq_group = {
	.attrs = freq_attrs,
	.is_visible = freq_is_visible,
};

static const struct attribute_group *groups[] = {
	&freq_group,
	NULL,
};

void akida_hwmon_add(struct akida_device *adev)
{
	struct akida_power *p = adev->power;
	struct device *hwmon;

	if (!p || !(p->sources & ~(AKIDA_HAS_MODES | AKIDA_HAS_ALERT)))
		return;
	hwmon = hwmon_device_register_with_info(&adev->pdev->dev, "akida", p,
						&chip, groups);
	if (IS_ERR(hwmon))
		dev_warn(&adev->pdev->dev, "no hwmon device: %ld\n",
			 PTR_ERR(hwmon));
	else
		WRITE_ONCE(p->hwmon, hwmon);
}

void akida_hwmon_remove(struct akida_device *adev)
{
	struct akida_power *p = adev->power;

	if (!p)
		return;
	cancel_delayed_work_sync(&p->alert);
	if (p->hwmon)
		hwmon_device_unregister(p->hwmon);
	p->hwmon = NULL;
}

void akida_hwmon_alert(struct akida_power *p)
{
	struct device *hwmon = READ_ONCE(p->hwmon);

	if (hwmon && (p->sources & AKIDA_HAS_POWER))
		hwmon_notify_event(hwmon, hwmon_power, hwmon_power_alarm, 0);
}

#else /* a kernel without hwmon */

void akida_hwmon_add(struct akida_device *adev)
{
}

void akida_hwmon_remove(struct akida_device *adev)
{
	if (adev->power)
		cancel_delayed_work_sync(&adev->power->alert);
}

void akida_hwmon_alert(struct akida_power *p)
{
}

#endif
