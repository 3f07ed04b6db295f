// SPDX-License-Identifier: GPL-2.0
/*
 * akida list: what models can run on.
 */
#include <stdbool.h>
#include <stdio.h>

#include "cpu.h"
#include "json.h"
#include "table.h"
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
	"List the devices that models can run on."
	"\v"
	"Examples:\n"
	"  akida list\n"
	"  akida list --json | jq -r '.devices[].name'\n",
	NULL,
	NULL,
	NULL,
};

static void print_text(void)
{
	static const char *const heads[] = { "Device", ">Threads",
					     "Description", NULL };
	struct table *t = table_new(heads);
	struct akida_device_info info;
	unsigned int i;

	for (i = 0; !akida_device_list(i, &info, sizeof(info)); i++) {
		table_cell(t, "%s", info.name);
		if (info.threads)
			table_cell(t, "%u", info.threads);
		else
			table_cell(t, "-");
		table_cell(t, "%s", info.description);
	}
	table_print(t, 0);
	printf("\nInstruction sets:");
	for (i = 0; i < cpu_num_levels(); i++)
		if (akida_cpu_flags() & cpu_level(i)->flag)
			printf(" %s", cpu_level(i)->name);
	putchar('\n');
}

static void print_json(void)
{
	json_t *root = json_object(), *devices = json_array();
	json_t *cpu = json_array(), *device;
	struct akida_device_info info;
	unsigned int i;

	for (i = 0; !akida_device_list(i, &info, sizeof(info)); i++) {
		device = json_object();
		json_put(device, "name", json_text(info.name));
		json_put(device, "description", json_text(info.description));
		json_put(device, "threads", json_integer(info.threads));
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
