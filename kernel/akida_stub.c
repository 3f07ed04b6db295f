// SPDX-License-Identifier: GPL-2.0
/*
 * What the files that are still to come will define.
 */
#include "akida.h"

struct akida_raw {
	int none;
};

const struct akida_raw akida_raw_akd1000 __weak = {};
const struct akida_raw akida_raw_akd1500 __weak = {};
const struct file_operations akida_fops __weak = { .owner = THIS_MODULE };

int __weak akida_objects_init(struct akida_device *adev)
{
	return 0;
}

void __weak akida_objects_exit(struct akida_device *adev)
{
}

void __weak akida_objects_detach(struct akida_device *adev)
{
}

void __weak akida_objects_restart(struct akida_device *adev)
{
}

void __weak akida_zap_mappings(struct akida_device *adev)
{
}

void __weak akida_allow_mappings(struct akida_device *adev)
{
}

void __weak akida_debugfs_module_init(void)
{
}

void __weak akida_debugfs_module_exit(void)
{
}

void __weak akida_debugfs_add(struct akida_device *adev)
{
}

void __weak akida_debugfs_remove(struct akida_device *adev)
{
}
