// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Boards as devices. What runs on them: board_program.c.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "device/backend.h"
#include "device/board.h"
#include "device/board_program.h"

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
	char link[48] = "", place[32] = "";
	int from = 0;

	/* Those that a container was not given are no devices of it. */
	do {
		if (ak_board_next(&from, &d))
			return -ENOENT;
	} while (!ak_board_has_node(&d) || i--);
	memset(info, 0, sizeof(*info));
	snprintf(info->name, sizeof(info->name), "%s", d.node);
	if (d.link_speed)
		snprintf(link, sizeof(link), ", %u.%u GT/s x%u",
			 d.link_speed / 1000, d.link_speed / 100 % 10,
			 d.link_width);
	if (*d.pci_address)
		snprintf(place, sizeof(place), " at %s", d.pci_address);
	/* Nothing but its node is known of it. */
	if (!*d.driver && !*d.pci_address)
		snprintf(info->description, sizeof(info->description),
			 "a board that this user may not open");
	else
		snprintf(info->description, sizeof(info->description),
			 "%s, %s board%s%s", chip_name(d.chip),
			 d.is_virtual ? "virtual" : "silicon", place, link);
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

/* A board tells no times of layers. */
static void board_set_profiling(struct akida_program *p, bool on)
{
	(void)p;
	(void)on;
}

static const char *board_profile(const struct akida_program *p, uint32_t layer,
				 uint64_t *ns, uint64_t *runs)
{
	(void)p;
	(void)layer;
	*ns = 0;
	*runs = 0;
	return "board";
}

const struct ak_backend ak_backend_board = {
	.list = board_list,
	.open = board_open,
	.close = board_close,
	.load = ak_board_load,
	.load_file = ak_board_load_file,
	.open_named = ak_board_open_named,
	.set_name = ak_board_set_name,
	.unload = ak_board_unload,
	.slots = ak_board_slots,
	.submit = ak_board_submit,
	.wait = ak_board_wait,
	.replace = ak_board_replace,
	.set_weights = ak_board_set_weights,
	.run = ak_board_run,
	.memory = ak_board_memory,
	.set_profiling = board_set_profiling,
	.profile = board_profile,
};
