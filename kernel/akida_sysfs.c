// SPDX-License-Identifier: GPL-2.0
/*
 * Attributes of /sys/class/akida/akidaN: counters, which need no board and
 * wake none, and the clock's mode.
 */
#include <linux/sysfs.h>

#include "akida_file.h"
#include "akida_power.h"

static struct akida_device *to_board(struct device *dev)
{
	return container_of(dev, struct akida_device, dev);
}

static ssize_t busy_time_us_show(struct device *dev,
				 struct device_attribute *attr, char *buf)
{
	u64 ns = atomic64_read(&to_board(dev)->core->busy_ns);

	return sysfs_emit(buf, "%llu\n", div_u64(ns, NSEC_PER_USEC));
}
static DEVICE_ATTR_RO(busy_time_us);

static ssize_t jobs_completed_show(struct device *dev,
				   struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n", READ_ONCE(to_board(dev)->core->jobs));
}
static DEVICE_ATTR_RO(jobs_completed);

static ssize_t jobs_failed_show(struct device *dev,
				struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%lld\n",
			  atomic64_read(&to_board(dev)->core->failed));
}
static DEVICE_ATTR_RO(jobs_failed);

static ssize_t program_switches_show(struct device *dev,
				     struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n",
			  READ_ONCE(to_board(dev)->core->switches));
}
static DEVICE_ATTR_RO(program_switches);

static ssize_t resets_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	struct akida_device *adev = to_board(dev);

	return sysfs_emit(buf, "%llu\n",
			  READ_ONCE(adev->resets) +
				  READ_ONCE(adev->core->resets));
}
static DEVICE_ATTR_RO(resets);

/* What udev makes a link of */
static ssize_t serial_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	return sysfs_emit(buf, "%s\n", to_board(dev)->serial);
}
static DEVICE_ATTR_RO(serial);

static ssize_t job_latency_us_show(struct device *dev,
				   struct device_attribute *attr, char *buf)
{
	return akida_latency_show(&to_board(dev)->core->latency, buf);
}
static DEVICE_ATTR_RO(job_latency_us);

static ssize_t job_latency_sum_us_show(struct device *dev,
				       struct device_attribute *attr, char *buf)
{
	u64 ns = atomic64_read(&to_board(dev)->core->latency.sum_ns);

	return sysfs_emit(buf, "%llu\n", div_u64(ns, NSEC_PER_USEC));
}
static DEVICE_ATTR_RO(job_latency_sum_us);

static ssize_t memory_total_show(struct device *dev,
				 struct device_attribute *attr, char *buf)
{
	const struct akida_space *s = &to_board(dev)->mem->space;

	return sysfs_emit(buf, "%llu\n", (u64)s->num << s->shift);
}
static DEVICE_ATTR_RO(memory_total);

static ssize_t memory_used_show(struct device *dev,
				struct device_attribute *attr, char *buf)
{
	const struct akida_space *s = &to_board(dev)->mem->space;
	unsigned long used = s->num - READ_ONCE(s->free);

	return sysfs_emit(buf, "%llu\n", (u64)used << s->shift);
}
static DEVICE_ATTR_RO(memory_used);

static const char *const modes[] = {
	[AKIDA_CLOCK_PERFORMANCE - 1] = "performance",
	[AKIDA_CLOCK_ECONOMY - 1] = "economy",
	[AKIDA_CLOCK_LOW_POWER - 1] = "lowpower",
};

static ssize_t clock_mode_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	int mode = akida_clock_get(to_board(dev)->power);

	if (mode < 0)
		return mode;
	if (mode > ARRAY_SIZE(modes))
		return -EIO;
	return sysfs_emit(buf, "%s\n", modes[mode - 1]);
}

static ssize_t clock_mode_store(struct device *dev,
				struct device_attribute *attr, const char *buf,
				size_t size)
{
	int mode = sysfs_match_string(modes, buf), err;

	if (mode < 0)
		return mode;
	err = akida_clock_set(to_board(dev)->power, mode + 1);
	return err ?: size;
}
static DEVICE_ATTR_RW(clock_mode);

static struct attribute *attrs[] = {
	&dev_attr_busy_time_us.attr,
	&dev_attr_jobs_completed.attr,
	&dev_attr_jobs_failed.attr,
	&dev_attr_program_switches.attr,
	&dev_attr_resets.attr,
	&dev_attr_job_latency_us.attr,
	&dev_attr_job_latency_sum_us.attr,
	&dev_attr_memory_total.attr,
	&dev_attr_memory_used.attr,
	&dev_attr_serial.attr,
	&dev_attr_clock_mode.attr,
	NULL,
};

static umode_t is_visible(struct kobject *kobj, struct attribute *attr, int n)
{
	const struct akida_power *p = to_board(kobj_to_dev(kobj))->power;

	if (attr == &dev_attr_clock_mode.attr &&
	    !(p && p->sources & AKIDA_HAS_MODES))
		return 0;
	if (attr == &dev_attr_serial.attr &&
	    !to_board(kobj_to_dev(kobj))->serial[0])
		return 0;
	return attr->mode;
}

static const struct attribute_group group = {
	.attrs = attrs,
	.is_visible = is_visible,
};

const struct attribute_group *akida_groups[] = {
	&group,
	NULL,
};
