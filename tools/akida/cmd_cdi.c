// SPDX-License-Identifier: GPL-2.0
/*
 * akida cdi: boards as a Container Device Interface specification, from which
 * container engines know what a container with a board needs.
 * https://github.com/cncf-tags/container-device-interface/blob/main/SPEC.md
 */
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/file.h"
#include "common/sys.h"
#include "device/board.h"
#include "host.h"
#include "json.h"
#include "term.h"
#include "tool.h"

#define KIND "brainchip.com/akida"

/* Engines refuse a specification that is newer than they know. */
enum cdi_version {
	CDI_0_5_0, /* names that begin with a digit */
	CDI_0_6_0, /* annotations */
	CDI_0_7_0, /* groups of the container's process */
	CDI_VERSIONS,
};

static const char *const versions[CDI_VERSIONS] = { "0.5.0", "0.6.0", "0.7.0" };

/**
 * struct cdi - one call of "akida cdi"
 * @boards: names of boards as the user gave them
 * @num_boards: how many, 0 for all boards
 * @output: file, NULL for stdout
 * @version: of the specification
 */
struct cdi {
	const char **boards;
	size_t num_boards;
	const char *output;
	enum cdi_version version;
};

static const struct argp_option options[] = {
	{ "device", OPT_DEVICE, "BOARD", 0,
	  "This board: its index, node or PCI address; may be given several times (default: all)",
	  0 },
	{ "output", 'o', "FILE", 0,
	  "Write this file, such as /etc/cdi/akida.json, all of it or nothing (default: standard output)",
	  0 },
	{ "cdi-version", OPT_CDI_VERSION, "VERSION", 0,
	  "Version of the specification: 0.5.0 (the default), which all engines take; 0.6.0 adds annotations, 0.7.0 the group of the nodes for the container's process",
	  0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct cdi *c = state->input;
	size_t len;
	int i;

	switch (key) {
	case OPT_DEVICE:
		c->boards = tool_realloc(c->boards, c->num_boards + 1,
					 sizeof(*c->boards));
		c->boards[c->num_boards++] = arg;
		return 0;
	case 'o':
		len = strlen(arg);
		/* Engines read no others, and a hidden typo is hard to find. */
		if (!strncmp(arg, "/etc/cdi/", 9) || strstr(arg, "/run/cdi/")) {
			if (len < 5 || (strcmp(arg + len - 5, ".json") &&
					strcmp(arg + len - 5, ".yaml")))
				argp_error(
					state,
					"--output: in that folder engines read .json and .yaml files only, not '%s'",
					arg);
		}
		c->output = arg;
		return 0;
	case OPT_CDI_VERSION:
		for (i = 0; i < CDI_VERSIONS; i++)
			if (!strcmp(arg, versions[i]))
				break;
		if (i == CDI_VERSIONS)
			argp_error(
				state,
				"--cdi-version: '%s' is not 0.5.0, 0.6.0 or 0.7.0",
				arg);
		c->version = (enum cdi_version)i;
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
	"Write a Container Device Interface specification of boards, from which "
	"Podman, Docker, containerd and CRI-O know what a container with a board "
	"needs: its node. A board is brainchip.com/akida=0 by its index, "
	"brainchip.com/akida=0000:01:00.0 by its PCI address; "
	"brainchip.com/akida=all is all of them. What is written is JSON, which "
	"is YAML, too."
	"\v"
	"Write it again when boards were added, removed or moved.\n"
	"\n"
	"Examples:\n"
	"  akida cdi\n"
	"  sudo akida cdi --output /etc/cdi/akida.json\n"
	"  akida cdi --device 0 --cdi-version 0.7.0\n",
	NULL,
	NULL,
	NULL,
};

/**
 * struct node - a board and its node
 * @desc: board
 * @mode: permissions of the node
 * @gid: group of the node
 */
struct node {
	struct akida_board_desc desc;
	mode_t mode;
	gid_t gid;
};

static int look(struct node *n)
{
	struct stat st;
	int rc = ak_sys_stat(&st, "%s", n->desc.node);

	if (!rc && !ak_board_has_node(&n->desc))
		rc = -ENODEV;
	if (rc) {
		term_error("%s: %s; 'akida doctor' says why", n->desc.node,
			   rc == -ENODEV ? "this is another board's node" :
					   "the board has no node");
		return -1;
	}
	n->mode = st.st_mode & 0777;
	n->gid = st.st_gid;
	return 0;
}

/* Whatever the order in which they were asked for; each once. */
static bool wanted(const struct cdi *c, bool *found,
		   const struct akida_board_desc *d)
{
	struct akida_board_desc one;
	bool want = !c->num_boards;
	size_t i;

	for (i = 0; i < c->num_boards; i++) {
		if (akida_board_find(c->boards[i], &one, sizeof(one)) ||
		    one.index != d->index)
			continue;
		found[i] = true;
		want = true;
	}
	return want;
}

static int find_boards(const struct cdi *c, struct node **nodes)
{
	bool *found = tool_alloc(c->num_boards + 1, sizeof(*found));
	struct akida_board_desc d;
	int from = 0, rc = 0;
	size_t i, n = 0;

	while (!ak_board_next(&from, &d)) {
		if (!wanted(c, found, &d))
			continue;
		*nodes = tool_realloc(*nodes, n + 1, sizeof(**nodes));
		(*nodes)[n].desc = d;
		if (look(&(*nodes)[n++]))
			rc = -1;
	}
	for (i = 0; i < c->num_boards; i++) {
		if (found[i])
			continue;
		term_error("there is no board '%s'; 'akida list' shows boards",
			   c->boards[i]);
		rc = -1;
	}
	free(found);
	if (!rc && !n)
		term_error(
			"there is no board; 'akida doctor' finds out why, if there should be one");
	return rc || !n ? -1 : (int)n;
}

/*
 * Numbers of the device are left out: they may be others after the next start,
 * and an engine that does not find them here looks at the node itself. The owner
 * is left out, too: the engine takes the container's user then.
 */
static json_t *node_json(const struct node *n)
{
	json_t *o = json_object();

	json_put(o, "path", json_text(n->desc.node));
	json_put(o, "type", json_text("c"));
	json_put(o, "fileMode", json_integer(n->mode));
	json_put(o, "permissions", json_text("rw"));
	if (n->gid)
		json_put(o, "gid", json_integer(n->gid));
	return o;
}

static json_t *edits_json(const struct cdi *c, const struct node *nodes,
			  size_t num)
{
	json_t *o = json_object(), *list = json_array(), *gids = json_array();
	size_t i, j;

	for (i = 0; i < num; i++) {
		json_add(list, node_json(&nodes[i]));
		for (j = 0; j < i && nodes[j].gid != nodes[i].gid; j++)
			;
		if (j == i && nodes[i].gid)
			json_add(gids, json_integer(nodes[i].gid));
	}
	json_put(o, "deviceNodes", list);
	if (c->version >= CDI_0_7_0 && json_array_size(gids))
		json_put(o, "additionalGids", gids);
	else
		json_decref(gids);
	return o;
}

static json_t *device_json(const struct cdi *c, const char *name,
			   const struct node *nodes, size_t num)
{
	json_t *o = json_object(), *notes;
	char text[16];

	json_put(o, "name", json_text(name));
	if (c->version >= CDI_0_6_0 && num == 1 && strcmp(name, "all")) {
		const struct akida_board_desc *d = &nodes->desc;

		notes = json_object();
		json_put(notes, "brainchip.com/chip",
			 json_text(host_chip_name(d->chip)));
		json_put(notes, "brainchip.com/virtual",
			 json_text(d->is_virtual ? "true" : "false"));
		snprintf(text, sizeof(text), "%u", d->index);
		json_put(notes, "brainchip.com/index", json_text(text));
		if (*d->pci_address)
			json_put(notes, "brainchip.com/pci-address",
				 json_text(d->pci_address));
		json_put(o, "annotations", notes);
	}
	json_put(o, "containerEdits", edits_json(c, nodes, num));
	return o;
}

static json_t *spec_json(const struct cdi *c, const struct node *nodes,
			 size_t num)
{
	json_t *o = json_object(), *devices = json_array();
	char name[16];
	size_t i;

	json_put(o, "cdiVersion", json_text(versions[c->version]));
	json_put(o, "kind", json_text(KIND));
	for (i = 0; i < num; i++) {
		snprintf(name, sizeof(name), "%u", nodes[i].desc.index);
		json_add(devices, device_json(c, name, &nodes[i], 1));
		if (*nodes[i].desc.pci_address)
			json_add(devices,
				 device_json(c, nodes[i].desc.pci_address,
					     &nodes[i], 1));
	}
	json_add(devices, device_json(c, "all", nodes, num));
	json_put(o, "devices", devices);
	return o;
}

/* The folder of specifications is often not there yet. */
static int make_folder(const char *file)
{
	char *copy = tool_text("%s", file);
	const char *folder = dirname(copy);
	int rc = 0;

	if (!strcmp(folder, "/etc/cdi") || !strcmp(folder, "/run/cdi") ||
	    !strcmp(folder, "/var/run/cdi"))
		rc = tool_make_folder(folder);
	free(copy);
	return rc;
}

static int write_spec(const struct cdi *c, json_t *spec)
{
	struct ak_err err = { 0 };
	char *text, *line;
	int rc;

	if (!c->output) {
		json_print(spec);
		return TOOL_OK;
	}
	text = json_dumps(spec, JSON_INDENT(2));
	json_decref(spec);
	if (!text)
		term_die_memory();
	line = tool_text("%s\n", text);
	free(text);
	rc = make_folder(c->output);
	if (!rc && ak_file_write(c->output, line, strlen(line), &err)) {
		term_error("%s", err.text);
		rc = -1;
	}
	free(line);
	return rc ? TOOL_FAILED : TOOL_OK;
}

int cmd_cdi(int argc, char **argv)
{
	struct cdi c = { 0 };
	struct node *nodes = NULL;
	int num, ret = TOOL_FAILED;

	tool_parse(&argp, argc, argv, &c);
	num = find_boards(&c, &nodes);
	if (num > 0)
		ret = write_spec(&c, spec_json(&c, nodes, (size_t)num));
	free(nodes);
	free(c.boards);
	return ret;
}
