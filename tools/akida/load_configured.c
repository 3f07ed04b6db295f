// SPDX-License-Identifier: GPL-2.0
/*
 * akida load --configured, akida unload --configured: what /etc/akida names for
 * a board, as akida-load@.service does it when the board is found.
 */
#include "load.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/sys.h"
#include "device/boot_config.h"
#include "json.h"
#include "place.h"
#include "power.h"
#include "term.h"
#include "tool.h"

#define GROUP "akida"

/**
 * struct ids - whose a program is
 * @uid: owner
 * @gid: group
 */
struct ids {
	uint32_t uid, gid;
};

/**
 * struct job - a board and what it shall have
 * @desc: the board
 * @path: the configuration's file
 * @config: what it says
 * @name: of each program on the board
 * @ids: of each program
 */
struct job {
	struct akida_board_desc desc;
	char path[PATH_MAX];
	struct boot_config config;
	char name[BOOT_CONFIG_PROGRAMS][LOAD_MAX_NAME + 1];
	struct ids ids[BOOT_CONFIG_PROGRAMS];
};

void load_name(const char *path, char name[LOAD_MAX_NAME + 1])
{
	const char *base = strrchr(path, '/'), *dot;
	size_t n, i;

	base = base ? base + 1 : path;
	while (*base == '.' || *base == '-')
		base++;
	dot = strrchr(base, '.');
	n = dot && dot != base ? (size_t)(dot - base) : strlen(base);
	if (n > LOAD_MAX_NAME)
		n = LOAD_MAX_NAME;
	for (i = 0; i < n; i++) {
		char c = base[i];

		name[i] = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
					  (c >= '0' && c <= '9') ||
					  strchr("._-+@:", c) ?
				  c :
				  '-';
	}
	name[n] = '\0';
	if (!n)
		snprintf(name, LOAD_MAX_NAME + 1, "program");
}

/* ---------------------------------------------------------- configuration */

/* A number, or -1. */
static int64_t decimal(const char *s)
{
	char *end;
	unsigned long long n = strtoull(s, &end, 10);

	return *s < '0' || *s > '9' || *end || n >= UINT32_MAX ? -1 :
								 (int64_t)n;
}

static int find_ids(struct job *j, unsigned int i)
{
	const struct boot_program *b = &j->config.program[i];
	const char *group = b->group ? b->group : GROUP;
	int64_t uid = b->owner ? decimal(b->owner) : getuid();
	int64_t gid = decimal(group);
	struct passwd *pw = uid < 0 ? getpwnam(b->owner) : NULL;
	struct group *gr = gid < 0 ? getgrnam(group) : NULL;

	if (uid < 0 && !pw) {
		term_error("%s:%u: owner: there is no user '%s'", j->path,
			   b->line, b->owner);
		return -1;
	}
	if (gid < 0 && !gr) {
		term_error("%s:%u: group: there is no group '%s'", j->path,
			   b->line, group);
		return -1;
	}
	j->ids[i].uid = pw ? pw->pw_uid : (uint32_t)uid;
	j->ids[i].gid = gr ? gr->gr_gid : (uint32_t)gid;
	return 0;
}

/* What the file does not say: names, and that each is there once. */
static int complete(struct job *j)
{
	unsigned int i, k;

	for (i = 0; i < j->config.num_programs; i++) {
		const struct boot_program *b = &j->config.program[i];

		if (b->name)
			snprintf(j->name[i], sizeof(j->name[i]), "%s", b->name);
		else
			load_name(b->model, j->name[i]);
		for (k = 0; k < i; k++)
			if (!strcmp(j->name[i], j->name[k]))
				break;
		if (k < i) {
			term_error(
				"%s:%u: the [program] of line %u is called '%s', too: give one of them another name",
				j->path, b->line, j->config.program[k].line,
				j->name[i]);
			return -1;
		}
	}
	return 0;
}

/* A board without a configuration is one that nothing is done for. */
static int read_config(struct job *j, bool json)
{
	struct ak_err err = { "" };
	int rc = ak_boot_config_find(j->path, sizeof(j->path),
				     j->desc.pci_address, &err);

	if (rc == -ENOENT) {
		j->path[0] = '\0';
		if (!json)
			printf("%s: %s: nothing is to be done\n", j->desc.node,
			       err.text);
		return 0;
	}
	if (!rc)
		rc = ak_boot_config_read(&j->config, j->path, &err);
	if (rc) {
		term_error("%s", err.text);
		return -EINVAL;
	}
	return complete(j) ? -EINVAL : 0;
}

/* ----------------------------------------------------------------- the board */

/* A driver's attribute of the board; @what is the key that asked for it. */
static int set_attribute(const struct job *j, const char *what,
			 const char *attribute, const char *value)
{
	int rc = ak_sys_write(value, "%s", attribute);

	if (rc == -ENOENT)
		term_error("%s: %s: %s cannot be told one", j->path, what,
			   j->desc.node);
	else if (rc)
		term_error("%s: %s: %s does not take it: %s", j->path, what,
			   j->desc.node, strerror(-rc));
	return rc ? -1 : 0;
}

/* A board has its node a moment before its sensor; one without a sensor has no
 * such file either.
 */
static void find_sensor(const struct job *j, struct power_source *s)
{
	const struct timespec moment = { .tv_nsec = 50000000 };
	unsigned int i;

	for (i = 0; power_find(s, j->desc.pci_address) == -ENODATA && i < 20;
	     i++)
		nanosleep(&moment, NULL);
}

static int set_board(const struct job *j)
{
	char attribute[PATH_MAX + 16], value[32];
	struct power_source source;
	int rc = 0;

	if (j->config.clock_mode) {
		snprintf(attribute, sizeof(attribute),
			 "/sys/class/akida/akida%u/clock_mode", j->desc.index);
		rc |= set_attribute(j, "clock_mode", attribute,
				    j->config.clock_mode);
	}
	if (j->config.power_limit) {
		find_sensor(j, &source);
		snprintf(attribute, sizeof(attribute), "%s/power1_max",
			 source.hwmon);
		snprintf(value, sizeof(value), "%llu",
			 (unsigned long long)j->config.power_limit);
		rc |= set_attribute(j, "power_limit", attribute, value);
	}
	return rc;
}

static int load_one(const struct job *j, unsigned int i)
{
	const struct boot_program *b = &j->config.program[i];
	struct akida_load_options options = { 0 };
	struct place p = { .path = b->model,
			   .device = j->desc.node,
			   .options = &options };
	struct akida_board *board = akida_board_new();
	int rc = -1;

	if (!board)
		term_die_memory();
	if (place_open(&p)) {
		/* It has said what is wrong. */
	} else if (akida_program_set_name(p.programs[0], j->name[i], b->mode,
					  AKIDA_NAME_REPLACES)) {
		term_error("%s:%u: %s", j->path, b->line,
			   akida_program_error(p.programs[0]));
	} else if (akida_board_open(board, j->desc.node) ||
		   akida_board_set_access(board, j->name[i], b->mode,
					  j->ids[i].uid, j->ids[i].gid)) {
		/* One that took another's place still has that one's rights. */
		term_error("%s:%u: %s", j->path, b->line,
			   akida_board_error(board));
	} else {
		rc = 0;
	}
	akida_board_free(board);
	place_close(&p);
	return rc;
}

static json_t *describe(const struct job *j, unsigned int i)
{
	const struct boot_program *b = &j->config.program[i];
	json_t *o = json_object();
	char mode[8];

	snprintf(mode, sizeof(mode), "%04o", b->mode);
	json_put(o, "name", json_text(j->name[i]));
	json_put(o, "file", json_text(b->model));
	json_put(o, "mode", json_text(mode));
	json_put(o, "uid", json_integer(j->ids[i].uid));
	json_put(o, "gid", json_integer(j->ids[i].gid));
	return o;
}

static int report(const struct job *j, json_t *programs, bool json)
{
	json_t *o;

	if (!json) {
		json_decref(programs);
		return term_flush();
	}
	o = json_object();
	json_put(o, "device", json_text(j->desc.node));
	json_put(o, "configuration", json_text(j->path[0] ? j->path : NULL));
	json_put(o, "programs", programs);
	json_print(o);
	return term_flush();
}

static int load_all(struct job *j, bool json)
{
	json_t *programs = json_array();
	bool bad = set_board(j);
	unsigned int i;
	int ret;

	for (i = 0; i < j->config.num_programs; i++) {
		if (load_one(j, i)) {
			bad = true;
			continue;
		}
		if (!json)
			printf("'%s' is on %s\n", j->name[i], j->desc.node);
		json_add(programs, describe(j, i));
	}
	ret = report(j, programs, json);
	return bad ? TOOL_FAILED : ret;
}

int load_configured(const char *device, bool json)
{
	struct job *j = tool_alloc(1, sizeof(*j));
	int ret = TOOL_FAILED, rc;
	char node[64];
	unsigned int i;

	if (place_board(device, node))
		goto out;
	if (akida_board_find(node, &j->desc, sizeof(j->desc))) {
		term_error(
			"there is no board '%s'; 'akida doctor' finds out why, if there should be one",
			device ? device : node);
		goto out;
	}
	rc = read_config(j, json);
	for (i = 0; !rc && i < j->config.num_programs; i++)
		rc = find_ids(j, i) ? -EINVAL : 0;
	ret = rc ? TOOL_USAGE : load_all(j, json);
out:
	ak_boot_config_clear(&j->config);
	free(j);
	return ret;
}

static int unload_all(struct job *j, bool json)
{
	struct akida_board *b = akida_board_new();
	json_t *programs = json_array();
	int ret, rc = 0;
	unsigned int i;

	if (!b)
		term_die_memory();
	if (j->config.num_programs)
		rc = akida_board_open(b, j->desc.node);
	for (i = 0; !rc && i < j->config.num_programs; i++) {
		rc = akida_board_unload(b, j->name[i], 0);
		if (!rc)
			json_add(programs, json_text(j->name[i]));
		else if (rc == -ENOENT)
			rc = 0;
	}
	/* With the board its programs have gone, too. */
	if (rc == -ENOENT || rc == -ENODEV || rc == -ENXIO)
		rc = 0;
	if (rc)
		term_error("%s", akida_board_error(b));
	akida_board_free(b);
	ret = report(j, programs, json);
	return rc ? TOOL_FAILED : ret;
}

int unload_configured(const char *device, bool json)
{
	struct job *j = tool_alloc(1, sizeof(*j));
	int ret = TOOL_FAILED, rc;
	char node[64];

	if (!device && place_board(NULL, node))
		goto out;
	if (akida_board_find(device ? device : node, &j->desc,
			     sizeof(j->desc))) {
		ret = TOOL_OK;
		goto out;
	}
	rc = read_config(j, json);
	ret = rc ? TOOL_USAGE : unload_all(j, json);
out:
	ak_boot_config_clear(&j->config);
	free(j);
	return ret;
}
