// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Devices: which there are, and the handle of one.
 */
#include <errno.h>
#include <stdlib.h>

#include "common/util.h"
#include "common/export.h"
#include "device/backend.h"

static const struct ak_backend *const backends[] = {
	&ak_backend_soft,
	&ak_backend_board,
};

AK_EXPORT int akida_device_list(unsigned int i, struct akida_device_info *info,
				size_t info_size)
{
	size_t b;

	for (b = 0; b < ARRAY_SIZE(backends); b++) {
		struct akida_device_info full = { 0 };
		unsigned int n = 0;

		while (!backends[b]->list(n, &full)) {
			if (n++ == i)
				return ak_copy_out(info, info_size, &full,
						   sizeof(full));
		}
		i -= n;
	}
	return -ENOENT;
}

AK_EXPORT struct akida_device *akida_device_new(void)
{
	struct akida_device *d = calloc(1, sizeof(*d));

	if (d)
		atomic_init(&d->refs, 1);
	return d;
}

void ak_device_put(struct akida_device *d)
{
	if (atomic_fetch_sub(&d->refs, 1) != 1)
		return;
	if (d->backend && d->backend->close)
		d->backend->close(d);
	free(d);
}

AK_EXPORT void akida_device_free(struct akida_device *d)
{
	if (d)
		ak_device_put(d);
}

AK_EXPORT const char *akida_device_error(const struct akida_device *d)
{
	return d->err.text;
}

AK_EXPORT int akida_device_open(struct akida_device *d, const char *name)
{
	size_t b;
	int rc;

	if (d->backend)
		return ak_errf(&d->err, -EBUSY,
			       "this handle has a device open already");
	for (b = 0; b < ARRAY_SIZE(backends); b++) {
		d->err.text[0] = '\0';
		rc = backends[b]->open(d, name);
		if (!rc) {
			d->backend = backends[b];
			return 0;
		}
		if (rc != -ENODEV || d->err.text[0])
			return rc;
	}
	return ak_errf(
		&d->err, -ENODEV,
		"there is no device '%s'; 'akida list' shows those that there are",
		name);
}
