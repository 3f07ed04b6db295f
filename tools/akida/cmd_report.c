// SPDX-License-Identifier: GPL-2.0
/*
 * akida report: an archive of what a bug report needs, and nothing secret.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "report.h"
#include "term.h"
#include "tool.h"

/**
 * struct arguments - one call of "akida report"
 * @output: archive, NULL for a name of its own
 * @list: only show what would be in it
 * @serials: with serial numbers
 */
struct arguments {
	const char *output;
	bool list, serials;
};

static const struct argp_option options[] = {
	{ "output", 'o', "FILE", 0,
	  "Write this archive, which must not exist (default: akida-report-DATE.tar.gz here)",
	  0 },
	{ "list", OPT_LIST, NULL, 0,
	  "Show what would be in it, and write nothing", 0 },
	{ "serials", OPT_SERIALS, NULL, 0,
	  "Leave serial numbers and addresses of networks in", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case 'o':
		a->output = arg;
		return 0;
	case OPT_LIST:
		a->list = true;
		return 0;
	case OPT_SERIALS:
		a->serials = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is one argument too many", arg);
		return 0;
	case ARGP_KEY_END:
		if (a->list && a->output)
			argp_error(state, "--list writes nothing: no --output");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	options,
	parse,
	"",
	"Gather what a bug report on a board needs, in an archive: versions, what "
	"akida doctor finds, links, errors, counters and sensors of boards and of "
	"the bridges above them, messages of the kernel, settings. Nothing secret: "
	"no names of users and of the machine, no serial numbers, no environment, "
	"no arguments of processes, no models. README.txt in it says what is there, "
	"why, and what could not be read."
	"\v"
	"Without root some is missing, such as the kernel's log where only root may "
	"read it.\n"
	"\n"
	"Examples:\n"
	"  sudo akida report\n"
	"  akida report --list\n"
	"  akida report --output /tmp/board.tar.gz\n",
	NULL,
	NULL,
	NULL,
};

static void add_version(struct report *r)
{
	char *text = tool_text("akida %s (libakida %s)\n", AKIDA_VERSION,
			       akida_version());

	report_add(r, text, strlen(text), "version.txt");
	free(text);
}

static void add_programs(struct report *r)
{
	static const char *const doctor[] = { "/proc/self/exe", "doctor",
					      "--json", NULL };
	static const char *const list[] = { "/proc/self/exe", "list", "--json",
					    NULL };
	static const char *const packages[] = {
		"dpkg-query",
		"-W",
		"-f",
		"${Package} ${Version} ${Architecture} ${db:Status-Status}\n",
		"akida*",
		"libakida*",
		"linux-image-*",
		"linux-headers-*",
		"dkms",
		"udev",
		"systemd",
		"kmod",
		"libc6",
		NULL
	};
	static const char *const dkms[] = { "dkms", "status", "-m", "akida",
					    NULL };

	report_program(r, "doctor.json", doctor);
	report_program(r, "list.json", list);
	report_program(r, "packages.txt", packages);
	report_program(r, "dkms.txt", dkms);
}

static void print(const struct report *r)
{
	size_t i;

	for (i = 0; i < r->count; i++)
		printf("%8zu  %s\n", r->entries[i].size, r->entries[i].name);
	if (r->num_missing)
		printf("\nNot in it:\n");
	for (i = 0; i < r->num_missing; i++)
		printf("  %s: %s\n", r->missing[i].path, r->missing[i].why);
}

/* The name of the archive without folder and ending. */
static char *folder_of(const char *path)
{
	const char *last = strrchr(path, '/');
	char *folder = tool_text("%s", last ? last + 1 : path), *end;

	end = strstr(folder, ".tar");
	if (!end)
		end = strstr(folder, ".tgz");
	if (end)
		*end = '\0';
	/* What is no name of a folder, or a hidden one. */
	if (!*folder || *folder == '.') {
		free(folder);
		folder = tool_text("akida-report");
	}
	return folder;
}

static int write_report(const struct report *r, const char *output)
{
	struct ak_err err = { 0 };
	char *path, *folder, date[32];
	struct tm tm;
	int rc;

	strftime(date, sizeof(date), "%Y%m%d-%H%M%S",
		 localtime_r(&r->time, &tm));
	path = output ? tool_text("%s", output) :
			tool_text("akida-report-%s.tar.gz", date);
	folder = folder_of(path);
	rc = report_write(r, path, folder, &err);
	if (rc) {
		term_error("%s", err.text);
	} else {
		printf("%s: %zu files\n", path, r->count);
		if (r->num_missing)
			printf("%zu could not be had; README.txt in it says which and why\n",
			       r->num_missing);
		printf("Please look at it before you give it away.\n");
	}
	free(folder);
	free(path);
	return rc ? TOOL_FAILED : TOOL_OK;
}

int cmd_report(int argc, char **argv)
{
	struct arguments a = { 0 };
	struct report r = { .time = time(NULL) };
	int ret = TOOL_OK;

	tool_parse(&argp, argc, argv, &a);
	r.serials = a.serials;
	report_names(&r);
	/* First, as serial numbers that it finds are left out of the others. */
	report_boards(&r);
	report_system(&r);
	add_version(&r);
	add_programs(&r);
	report_finish(&r);
	if (a.list)
		print(&r);
	else
		ret = write_report(&r, a.output);
	report_free(&r);
	return ret;
}
