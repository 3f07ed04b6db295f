// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Boards as devices. What runs on them are programs for their mesh of NPs,
 * which nothing here makes yet: loading a model says so.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "device/backend.h"
#include "device/board.h"

static const char *chip_name(enum akida_target chip)
{
	switch (chip) {
	case AKIDA_TARGET_AKD1000:
		return "AKD1000";
	case AKIDA_TARGET_AKD1500:
		return "AKD1500";
	default:
		return "unknown chip";
	}
}

static int board_list(unsigned int i, struct akida_device_info *info)
{
	struct akida_board_desc d;
	char link[48] = "";

	if (akida_board_list(i, &d, sizeof(d)))
		return -ENOENT;
	memset(info, 0, sizeof(*info));
	snprintf(info->name, sizeof(info->name), "%s", d.node);
	if (d.link_speed)
		snprintf(link, sizeof(link), ", %u.%u GT/s x%u",
			 d.link_speed / 1000, d.link_speed / 100 % 10,
			 d.link_width);
	snprintf(info->description, sizeof(info->description),
		 "%s, %s board at %s%s", chip_name(d.chip),
		 d.is_virtual ? "virtual" : "silicon", d.pci_address, link);
	return 0;
}

static int board_open(struct akida_device *d, const char *name)
{
	struct akida_board *b = akida_board_new();
	int rc;

	if (!b)
		return ak_errf(&d->err, -ENOMEM, "no memory for a board");
	rc = akida_board_open(b, name);
	if (!rc) {
		d->priv = b;
		return 0;
	}
	/* A name that no board can have is for others to explain. */
	if (rc != -EINVAL)
		ak_errf(&d->err, rc, "%s", akida_board_error(b));
	akida_board_free(b);
	return rc == -EINVAL ? -ENODEV : rc;
}

static void board_close(struct akida_device *d)
{
	akida_board_free(d->priv);
}

static int board_load(struct akida_program *p,
		      const struct akida_load_options *o)
{
	const struct akida_board *b = p->device->priv;

	(void)o;
	return ak_errf(
		&p->err, -ENOTSUP,
		"%s: this version of akida does not make programs for boards; the device 'soft' runs the model on the processor",
		b->node);
}

/* The rest is for programs that are loaded, of which there are none. */
const struct ak_backend ak_backend_board = {
	.list = board_list,
	.open = board_open,
	.close = board_close,
	.load = board_load,
};
