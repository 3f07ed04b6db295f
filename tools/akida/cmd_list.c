// SPDX-License-Identifier: GPL-2.0
/*
 * akida list: what models can run on.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cpu.h"
#include "device/board.h"
#include "host.h"
#include "info_board.h"
#include "json.h"
#include "table.h"
#include "term.h"
#include "tool.h"

static const struct argp_option options[] = {
	{ "json", OPT_JSON, NULL, 0, "Write JSON", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	bool *json = state->input;

	switch (key) {
	case OPT_JSON:
		*json = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is one argument too many", arg);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	options,
	parse,
	"",
	"List the devices that models can run on: the software device, and "
	"boards."
	"\v"
	"Examples:\n"
	"  akida list\n"
	"  akida list --json | jq -r '.devices[].name'\n"
	"  akida list --json | jq '.devices[].board | select(.virtual)'\n",
	NULL,
	NULL,
	NULL,
};

/* The board behind a device; false for the software device. */
static bool is_board(const struct akida_device_info *info,
		     struct akida_board_desc *d)
{
	return info->name[0] == '/' &&
	       !akida_board_find(info->name, d, sizeof(*d));
}

/* Boards that no driver, or another one, holds. */
static int count_unbound(void)
{
	struct host_pci *list;
	int n = host_pci_list(&list), count = 0, i;

	for (i = 0; i < n; i++)
		count += list[i].chip && strcmp(list[i].driver, "akida");
	host_pci_free(list, n);
	return count;
}

/* Boards that sysfs shows but that have no node, as in a container. */
static void warn_of_nodes(void)
{
	struct akida_board_desc d;
	unsigned int i, count = 0;
	char first[32];

	for (i = 0; !akida_board_list(i, &d, sizeof(d)); i++)
		if (!ak_board_has_node(&d) && !count++)
			strcpy(first, d.pci_address);
	if (count)
		term_warning(
			"%d board%s cannot be used, as %s no node here (%s%s): a container must be given %s (--device); elsewhere 'akida doctor' says why",
			count, count == 1 ? "" : "s",
			count == 1 ? "it has" : "they have", first,
			count == 1 ? "" : " and others",
			count == 1 ? "it" : "them");
}

static void print_text(void)
{
	static const char *const heads[] = { "Device",	    "Index",
					     "Chip",	    "Kind",
					     "PCI address", "Link",
					     "Description", NULL };
	struct table *t = table_new(heads);
	struct akida_device_info info;
	struct akida_board_desc d;
	char link[48];
	unsigned int i;
	int unbound;

	for (i = 0; !akida_device_list(i, &info, sizeof(info)); i++) {
		table_cell(t, "%s", info.name);
		if (is_board(&info, &d)) {
			table_cell(t, "%u", d.index);
			table_cell(t, "%s", host_chip_name(d.chip));
			table_cell(t, "%s", info_board_kind(&d));
			table_cell(t, "%s",
				   *d.pci_address ? d.pci_address : "-");
			table_cell(t, "%s",
				   host_link(d.link_speed, d.link_width, link,
					     sizeof(link)));
		} else {
			table_cell(t, "-");
			table_cell(t, "-");
			table_cell(t, "software");
			table_cell(t, "-");
			table_cell(t, "-");
		}
		table_cell(t, "%s", info.description);
	}
	table_print(t, 0);
	printf("\nInstruction sets:");
	for (i = 0; i < cpu_num_levels(); i++)
		if (akida_cpu_flags() & cpu_level(i)->flag)
			printf(" %s", cpu_level(i)->name);
	putchar('\n');
	warn_of_nodes();
	unbound = count_unbound();
	if (unbound)
		term_warning(
			"%d board%s on the PCI bus cannot be used, as akida.ko does not hold %s; 'akida doctor' says why",
			unbound, unbound == 1 ? "" : "s",
			unbound == 1 ? "it" : "them");
}

static void print_json(void)
{
	json_t *root = json_object(), *devices = json_array();
	json_t *cpu = json_array(), *device;
	struct akida_device_info info;
	struct akida_board_desc d;
	unsigned int i;

	for (i = 0; !akida_device_list(i, &info, sizeof(info)); i++) {
		device = json_object();
		json_put(device, "name", json_text(info.name));
		json_put(device, "description", json_text(info.description));
		json_put(device, "threads", json_integer(info.threads));
		json_put(device, "board",
			 is_board(&info, &d) ? info_board_json(&d) :
					       json_null());
		json_add(devices, device);
	}
	for (i = 0; i < cpu_num_levels(); i++)
		if (akida_cpu_flags() & cpu_level(i)->flag)
			json_add(cpu, json_text(cpu_level(i)->name));
	json_put(root, "devices", devices);
	json_put(root, "instruction_sets", cpu);
	json_print(root);
}

int cmd_list(int argc, char **argv)
{
	bool json = false;

	tool_parse(&argp, argc, argv, &json);
	if (json)
		print_json();
	else
		print_text();
	return TOOL_OK;
}
