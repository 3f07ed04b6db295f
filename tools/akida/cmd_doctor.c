// SPDX-License-Identifier: GPL-2.0
/*
 * akida doctor: why a board does not work, or not as it should.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/sys.h"
#include "doctor.h"
#include "json.h"
#include "term.h"
#include "text.h"
#include "tool.h"

struct arguments {
	const char *pci;
	bool json;
};

static const struct argp_option options[] = {
	{ "json", OPT_JSON, NULL, 0, "Write JSON", 0 },
	{ "pci", OPT_PCI, "ADDRESS", 0,
	  "Examine this PCI function only (default: all boards)", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case OPT_JSON:
		a->json = true;
		return 0;
	case OPT_PCI:
		if (!*arg || arg[strspn(arg, "0123456789abcdefABCDEF:.")] ||
		    !strchr(arg, ':') || !strchr(arg, '.'))
			argp_error(
				state,
				"--pci: '%s' is no PCI address such as 0000:01:00.0",
				arg);
		a->pci = arg;
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
	"Find out why a board does not work, or not as it should: the PCI bus, "
	"the driver, the vendor's driver and its rules, rights, link, power "
	"saving, IOMMU, interrupts, locked memory, Secure Boot. Each line says "
	"OK, WARN or FAIL, and what to do. Nothing is changed; a page of the "
	"board's free memory is written."
	"\v"
	"The exit status is 1 if a line says FAIL.\n"
	"\n"
	"Examples:\n"
	"  akida doctor\n"
	"  akida doctor --pci 01:00.0\n"
	"  akida doctor --json | jq -r '.findings[].remedy // empty'\n",
	NULL,
	NULL,
	NULL,
};

void doctor_find(struct doctor *d, enum doctor_level level, const char *check,
		 const char *fmt, ...)
{
	struct doctor_finding *f;
	va_list ap;

	d->findings =
		tool_realloc(d->findings, d->count + 1, sizeof(*d->findings));
	f = &d->findings[d->count++];
	f->level = level;
	f->check = check;
	strcpy(f->board, d->board);
	f->remedy = NULL;
	va_start(ap, fmt);
	if (vasprintf(&f->text, fmt, ap) < 0)
		term_die_memory();
	va_end(ap);
}

void doctor_remedy(struct doctor *d, const char *fmt, ...)
{
	struct doctor_finding *f = &d->findings[d->count - 1];
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&f->remedy, fmt, ap) < 0)
		term_die_memory();
	va_end(ap);
}

/* ---------------------------------------------------------- who asks */

static void read_groups(struct doctor_caller *c, const char *p)
{
	char *end;

	while (c->num_groups < ARRAY_SIZE(c->groups)) {
		unsigned long gid = strtoul(p, &end, 10);

		if (end == p)
			return;
		c->groups[c->num_groups++] = (gid_t)gid;
		p = end;
	}
}

static void read_name(struct doctor_caller *c)
{
	char path[PATH_MAX], *line = NULL, *save, *name, *uid;
	size_t room = 0;
	FILE *f;

	if (ak_sys_path(path, "/etc/passwd"))
		return;
	f = fopen(path, "re");
	if (!f)
		return;
	while (getline(&line, &room, f) > 0) {
		name = strtok_r(line, ":", &save);
		/* The password is between the two. */
		uid = name && strtok_r(NULL, ":", &save) ?
			      strtok_r(NULL, ":", &save) :
			      NULL;
		if (uid && strtoul(uid, NULL, 10) == c->uid &&
		    strlen(name) < sizeof(c->name)) {
			strcpy(c->name, name);
			break;
		}
	}
	free(line);
	fclose(f);
}

static void read_caller(struct doctor_caller *c)
{
	unsigned int real, effective;
	char text[8192], *line, *save;

	c->uid = (uid_t)-1;
	ak_sys_read(text, sizeof(text), "/proc/self/status");
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "Uid: %u %u", &real, &effective) == 2)
			c->uid = effective;
		else if (sscanf(line, "Gid: %u %u", &real, &effective) == 2)
			c->groups[c->num_groups++] = effective;
		else if (!strncmp(line, "Groups:", 7))
			read_groups(c, line + 7);
		else if (!strncmp(line, "CapEff:", 7))
			c->caps = strtoull(line + 7, NULL, 16);
	}
	read_name(c);
}

/* ------------------------------------------------------------ the bus */

/* "01:00.0" is in domain 0; sysfs writes small letters. */
static char *long_address(const char *address)
{
	const char *colon = strchr(address, ':');
	char *full = tool_text("%s%s",
			       strchr(colon + 1, ':') ? "" : "0000:", address);
	char *p;

	for (p = full; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return full;
}

static void one_function(struct doctor *d, const char *address)
{
	char *full = long_address(address);
	struct host_pci *f = tool_alloc(1, sizeof(*f));

	if (host_pci_get(full, f)) {
		doctor_find(d, DOCTOR_FAIL, "bus",
			    "there is no PCI function %s", full);
		doctor_remedy(
			d,
			"'lspci -d 1e7c:' lists boards with their addresses; 'echo 1 | sudo tee /sys/bus/pci/rescan' looks for new ones");
		free(f);
	} else if (!f->chip) {
		doctor_find(d, DOCTOR_FAIL, "bus",
			    "%s is %04x:%04x, neither AKD1000 nor AKD1500",
			    full, f->vendor, f->device);
		doctor_remedy(d, "'lspci -d 1e7c:' lists boards");
		host_pci_free(f, 1);
	} else {
		d->boards = f;
		d->num_boards = 1;
	}
	free(full);
}

static void whole_bus(struct doctor *d)
{
	int i, known = 0, n = host_pci_list(&d->boards);

	if (n < 0) {
		doctor_find(d, DOCTOR_FAIL, "bus",
			    "this kernel knows no PCI bus");
		doctor_remedy(
			d,
			"use a machine with PCI Express, and a kernel with CONFIG_PCI; a container needs /sys of its host");
		return;
	}
	d->num_boards = n;
	for (i = 0; i < n; i++) {
		known += d->boards[i].chip != AKIDA_TARGET_NONE;
		if (d->boards[i].chip)
			continue;
		doctor_find(
			d, DOCTOR_WARN, "bus",
			"%s is %04x:%04x, of BrainChip, but neither AKD1000 nor AKD1500",
			d->boards[i].address, d->boards[i].vendor,
			d->boards[i].device);
		doctor_remedy(d, "a newer release of akida may know it");
	}
	if (known)
		return;
	doctor_find(d, DOCTOR_FAIL, "bus",
		    "there is no AKD1000 or AKD1500 on the PCI bus");
	doctor_remedy(
		d,
		"check that the board sits firmly and has power, that the slot is enabled in the firmware's setup, and then 'echo 1 | sudo tee /sys/bus/pci/rescan'; 'lspci -d 1e7c:' must show it");
}

static void examine(struct doctor *d, const char *pci)
{
	int i;

	ak_sys_line(d->release, sizeof(d->release),
		    "/proc/sys/kernel/osrelease");
	read_caller(&d->caller);
	if (pci)
		one_function(d, pci);
	else
		whole_bus(d);
	doctor_module(d);
	doctor_rules(d);
	for (i = 0; i < d->num_boards; i++) {
		if (!d->boards[i].chip)
			continue;
		strcpy(d->board, d->boards[i].address);
		doctor_pci(d, &d->boards[i]);
		doctor_node(d, &d->boards[i]);
		d->board[0] = '\0';
	}
}

/* -------------------------------------------------------------- output */

static const char *const level_names[] = { "ok", "warn", "fail" };

static size_t count_level(const struct doctor *d, enum doctor_level level)
{
	size_t i, n = 0;

	for (i = 0; i < d->count; i++)
		n += d->findings[i].level == level;
	return n;
}

static void print_text(const struct doctor *d)
{
	static const char *const marks[] = { "OK  ", "WARN", "FAIL" };
	size_t fails = count_level(d, DOCTOR_FAIL);
	size_t warns = count_level(d, DOCTOR_WARN);
	size_t i;

	for (i = 0; i < d->count; i++) {
		const struct doctor_finding *f = &d->findings[i];
		char *text = text_clean(f->text);
		char *remedy = text_clean(f->remedy ? f->remedy : "");
		bool bad = f->level != DOCTOR_OK;

		printf("%s%s%s  %s: %s%s%s\n", bad ? term_bold(stdout) : "",
		       marks[f->level], bad ? term_plain(stdout) : "", f->check,
		       f->board, *f->board ? ": " : "", text);
		if (*remedy)
			printf("      -> %s\n", remedy);
		free(text);
		free(remedy);
	}
	if (!fails && !warns)
		printf("\nNothing is wrong.\n");
	else
		printf("\n%zu problem%s, %zu warning%s.\n", fails,
		       fails == 1 ? "" : "s", warns, warns == 1 ? "" : "s");
}

static void print_json(const struct doctor *d)
{
	json_t *root = json_object(), *list = json_array();
	size_t i;

	for (i = 0; i < d->count; i++) {
		const struct doctor_finding *f = &d->findings[i];
		json_t *o = json_object();

		json_put(o, "check", json_text(f->check));
		json_put(o, "level", json_text(level_names[f->level]));
		json_put(o, "board",
			 *f->board ? json_text(f->board) : json_null());
		json_put(o, "text", json_text(f->text));
		json_put(o, "remedy", json_text(f->remedy));
		json_add(list, o);
	}
	json_put(root, "kernel", json_text(d->release));
	json_put(root, "findings", list);
	json_put(root, "problems",
		 json_integer((json_int_t)count_level(d, DOCTOR_FAIL)));
	json_put(root, "warnings",
		 json_integer((json_int_t)count_level(d, DOCTOR_WARN)));
	json_print(root);
}

int cmd_doctor(int argc, char **argv)
{
	struct doctor *d = tool_alloc(1, sizeof(*d));
	struct arguments a = { 0 };
	size_t i;
	int ret;

	tool_parse(&argp, argc, argv, &a);
	examine(d, a.pci);
	if (a.json)
		print_json(d);
	else
		print_text(d);
	ret = count_level(d, DOCTOR_FAIL) ? TOOL_FAILED : TOOL_OK;
	for (i = 0; i < d->count; i++) {
		free(d->findings[i].text);
		free(d->findings[i].remedy);
	}
	free(d->findings);
	host_pci_free(d->boards, d->num_boards);
	free(d);
	return ret;
}
