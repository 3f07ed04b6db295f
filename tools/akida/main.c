// SPDX-License-Identifier: GPL-2.0
/*
 * akida: one command, many subcommands. "akida-run" and the like are links
 * that behave as "akida run".
 */
#include <argp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "term.h"
#include "text.h"
#include "tool.h"

static int cmd_help(int argc, char **argv);

static const struct command commands[] = {
	{ "bench", "measure latency, throughput and each layer's share",
	  cmd_bench },
	{ "build", "build a program for a virtual board from a model",
	  cmd_build },
	{ "cdi", "write what container engines need to know of boards",
	  cmd_cdi },
	{ "convert", "convert float networks to .fbz, weights to other formats",
	  cmd_convert },
	{ "dma-test", "test a board's memory and DMA, and measure their speed",
	  cmd_dma_test },
	{ "doctor", "find out why a board does not work, and what to do",
	  cmd_doctor },
	{ "evaluate", "measure how often a model is right", cmd_evaluate },
	{ "export", "tell Prometheus what boards do", cmd_export },
	{ "fetch", "download a model from the Hugging Face hub", cmd_fetch },
	{ "help", "show the help of a subcommand", cmd_help },
	{ "info", "show a model and what keeps it from running, or a board",
	  cmd_info },
	{ "inspect", "show the tensors of a file of weights", cmd_inspect },
	{ "list", "list the devices that models can run on", cmd_list },
	{ "load", "load a model or a program onto a board, to stay there",
	  cmd_load },
	{ "matvec", "multiply by a quantised matrix", cmd_matvec },
	{ "merge", "put several quantised models into one archive", cmd_merge },
	{ "monitor", "tell what happens to boards, as it happens",
	  cmd_monitor },
	{ "power", "show power, temperature and clock of boards", cmd_power },
	{ "report", "gather what a bug report needs, nothing secret",
	  cmd_report },
	{ "run", "run a model on pictures or arrays", cmd_run },
	{ "set-weights", "replace weights of a program on a board",
	  cmd_set_weights },
	{ "top", "show what boards and the processes at them do, live",
	  cmd_top },
	{ "trace", "show where the time of jobs on boards goes", cmd_trace },
	{ "unload", "take a program off a board", cmd_unload },
	{ "verify", "compare converted weights with their source", cmd_verify },
};

static void print_help(FILE *out)
{
	size_t i;

	fputs("Usage: akida SUBCOMMAND [OPTION...]\n"
	      "Run and look at Akida models (.fbz files) of BrainChip's AKD1000 and AKD1500.\n"
	      "\n"
	      "Subcommands:\n",
	      out);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "  %-13s%s\n", commands[i].name,
			commands[i].summary);
	fputs("\n"
	      "Options:\n"
	      "  -?, --help     show this help\n"
	      "  -V, --version  show the version\n"
	      "\n"
	      "'akida SUBCOMMAND --help' shows the options of a subcommand, with examples.\n"
	      "\n"
	      "Examples:\n"
	      "  akida info model.fbz\n"
	      "  akida run model.fbz -i picture.png --labels labels.txt\n"
	      "  akida doctor\n"
	      "\n"
	      "Exit status: 0 done, 1 failed, 2 wrong usage.\n",
	      out);
}

static void print_version(FILE *out, struct argp_state *state)
{
	(void)state;
	fprintf(out, "akida %s (libakida %s)\n", AKIDA_VERSION,
		akida_version());
}

static const struct command *find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(name, commands[i].name))
			return &commands[i];
	return NULL;
}

static int unknown(const char *name)
{
	const char *near = NULL;
	size_t i, best = 3;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		size_t d = text_distance(name, commands[i].name);

		if (d < best) {
			best = d;
			near = commands[i].name;
		}
	}
	if (near)
		term_error("there is no subcommand '%s'; did you mean '%s'?",
			   name, near);
	else
		term_error("there is no subcommand '%s'", name);
	fputs("Try 'akida --help'.\n", stderr);
	return TOOL_USAGE;
}

static int run(const struct command *c, int argc, char **argv)
{
	char *name = tool_text("akida %s", c->name);
	int ret;

	/* argp and getopt begin their messages with argv[0]. */
	argv[0] = name;
	term_program = name;
	ret = c->fn(argc, argv);
	term_program = "akida";
	free(name);
	return ret;
}

static int cmd_help(int argc, char **argv)
{
	char *ask[3] = { NULL, (char *)"--help", NULL };
	const struct command *c;

	if (argc < 2 || argv[1][0] == '-') {
		print_help(stdout);
		return TOOL_OK;
	}
	c = find(argv[1]);
	if (!c)
		return unknown(argv[1]);
	if (c->fn == cmd_help) {
		print_help(stdout);
		return TOOL_OK;
	}
	return run(c, 2, ask);
}

static int dispatch(int argc, char **argv)
{
	const char *base = argc ? strrchr(argv[0], '/') : NULL;
	const struct command *c;

	if (argc) {
		base = base ? base + 1 : argv[0];
		c = strncmp(base, "akida-", 6) ? NULL : find(base + 6);
		if (c)
			return run(c, argc, argv);
	}
	if (argc < 2) {
		term_error("a subcommand is missing");
		fputs("Try 'akida --help'.\n", stderr);
		return TOOL_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-?")) {
		print_help(stdout);
		return TOOL_OK;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		print_version(stdout, NULL);
		return TOOL_OK;
	}
	if (argv[1][0] == '-') {
		term_error("there is no option '%s'", argv[1]);
		fputs("Try 'akida --help'.\n", stderr);
		return TOOL_USAGE;
	}
	c = find(argv[1]);
	return c ? run(c, argc - 1, argv + 1) : unknown(argv[1]);
}

/* argp ends the program itself after --help: its output is checked too. */
static void check_output(void)
{
	if (term_flush() != TOOL_OK)
		_Exit(TOOL_FAILED);
}

int main(int argc, char **argv)
{
	/* A closed pipe is an error to report, not a reason to be killed. */
	signal(SIGPIPE, SIG_IGN);
	argp_err_exit_status = TOOL_USAGE;
	argp_program_version_hook = print_version;
	atexit(check_output);
	return dispatch(argc, argv);
}
