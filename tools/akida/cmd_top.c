// SPDX-License-Identifier: GPL-2.0
/*
 * akida top: what boards and the processes at them do, live.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "term.h"
#include "tool.h"
#include "top.h"

/**
 * struct options_top - one call of "akida top"
 * @loop: how often
 * @batch: plain text
 * @json: objects
 */
struct options_top {
	struct top_loop loop;
	bool batch, json;
};

static const struct argp_option options[] = {
	{ "interval", OPT_INTERVAL, "SECONDS", 0,
	  "Time between looks (default: 1)", 0 },
	{ "count", 'n', "N", 0, "End after so many frames (default: never)",
	  0 },
	{ "batch", 'b', NULL, 0, "Write frames as plain text, for files", 0 },
	{ "json", OPT_JSON, NULL, 0, "Write each frame as a JSON object", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options_top *o = state->input;

	switch (key) {
	case OPT_INTERVAL:
		o->loop.interval = tool_fraction(state, "--interval", arg,
						 TOP_FASTEST, TOP_SLOWEST);
		return 0;
	case 'n':
		o->loop.count =
			tool_number(state, "--count", arg, 1, UINT32_MAX);
		return 0;
	case 'b':
		o->batch = true;
		return 0;
	case OPT_JSON:
		o->json = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is one argument too many", arg);
		return 0;
	case ARGP_KEY_END:
		if (o->batch && o->json)
			argp_error(state,
				   "--batch and --json exclude each other");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	options,
	parse,
	"",
	"Show what boards do, live: utilisation, jobs, latencies, power, clock, "
	"temperature and memory, and the processes that use them."
	"\v"
	"Keys: Up and Down choose a board, c changes the mode of its clock, s "
	"sorts processes, p pauses, h shows all keys, q quits. It opens no board "
	"and wakes none up; only root sees the processes of others.\n"
	"\n"
	"Examples:\n"
	"  akida top\n"
	"  akida top --batch --count 1\n"
	"  akida top --json --interval 10 | jq '.boards[].utilisation'\n",
	NULL,
	NULL,
	NULL,
};

/* ------------------------------------------------------------- for scripts */

static volatile sig_atomic_t ended;

static void end(int sig)
{
	(void)sig;
	ended = 1;
}

/* Signals come while it waits only, so that none is missed. */
static void wait_until(uint64_t moment, const sigset_t *outside)
{
	struct timespec t;
	uint64_t now;

	while (!ended && (now = ak_now_ns()) < moment) {
		t.tv_sec = (time_t)((moment - now) / 1000000000);
		t.tv_nsec = (long)((moment - now) % 1000000000);
		ppoll(NULL, 0, &t, outside);
	}
}

/* Each frame is about the interval before it. */
static void frames(struct top_model *m, const struct options_top *o)
{
	uint64_t step = (uint64_t)(o->loop.interval * 1e9), next;
	struct sigaction sa = { .sa_handler = end };
	sigset_t set, outside;
	uint32_t n = 0;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &outside);
	sigdelset(&outside, SIGINT);
	sigdelset(&outside, SIGTERM);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	top_sample(m);
	next = ak_now_ns() + step;
	for (;;) {
		wait_until(next, &outside);
		if (ended)
			return;
		next = ak_now_ns() + step;
		top_sample(m);
		if (o->json)
			top_json(m);
		else
			top_batch(m);
		if (ferror(stdout) || ++n == o->loop.count)
			return;
	}
}

int cmd_top(int argc, char **argv)
{
	struct options_top o = { .loop.interval = 1 };
	struct top_model m = { 0 };
	int ret = TOOL_OK;

	tool_parse(&argp, argc, argv, &o);
	if (o.batch || o.json)
		frames(&m, &o);
	else
		ret = top_screen(&m, &o.loop);
	top_clear(&m);
	return ret;
}
