// SPDX-License-Identifier: GPL-2.0
/*
 * akida trace: where the time of jobs goes, as BPF programs in the kernel see it.
 */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "term.h"
#include "tool.h"
#include "trace.h"

#define POLL_MS 100

/**
 * struct trace - what is asked for
 * @json: lines are JSON
 * @device: board as given, or NULL
 * @seconds: how long, 0 until interrupted
 * @slower_than: nanoseconds, 0 for no log
 * @by: whose histograms
 * @command: to run meanwhile, NULL for none
 */
struct trace {
	bool json;
	const char *device;
	uint32_t seconds;
	uint64_t slower_than;
	enum trace_by by;
	char **command;
};

static const struct argp_option options[] = {
	{ "json", OPT_JSON, NULL, 0, "Write JSON, an object in each line", 0 },
	{ "device", OPT_DEVICE, "BOARD", 0,
	  "Only of this board: its index, node or PCI address", 0 },
	{ "seconds", 's', "N", 0, "End after so long (default: never)", 0 },
	{ "slower-than", OPT_SLOWER_THAN, "TIME", 0,
	  "Print each job that took longer than this: 5ms, 200us, 1s", 0 },
	{ "by", OPT_BY, "WHAT", 0,
	  "Show histograms of each program or process, too", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static uint64_t parse_time(struct argp_state *state, const char *arg)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = { { "ns", 1 },
		      { "us", 1000 },
		      { "ms", 1000000 },
		      { "s", 1000000000 } };
	char *end;
	double v;
	size_t i;

	errno = 0;
	v = strtod(arg, &end);
	for (i = 0; i < ARRAY_SIZE(units); i++)
		if (*arg >= '0' && *arg <= '9' && !errno &&
		    !strcmp(end, units[i].name) && v * units[i].ns >= 1 &&
		    v * units[i].ns < 1e15)
			return v * units[i].ns;
	argp_error(state, "--slower-than: '%s' is not a time such as 5ms", arg);
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct trace *t = state->input;

	switch (key) {
	case OPT_JSON:
		t->json = true;
		return 0;
	case OPT_DEVICE:
		t->device = arg;
		return 0;
	case 's':
		t->seconds = tool_number(state, "--seconds", arg, 1, 1000000);
		return 0;
	case OPT_SLOWER_THAN:
		t->slower_than = parse_time(state, arg);
		return 0;
	case OPT_BY:
		if (!strcmp(arg, "program"))
			t->by = TRACE_BY_PROGRAM;
		else if (!strcmp(arg, "process"))
			t->by = TRACE_BY_PROCESS;
		else
			argp_error(state,
				   "--by: '%s' is neither program nor process",
				   arg);
		return 0;
	case ARGP_KEY_ARGS:
		t->command = state->argv + state->next;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	options,
	parse,
	"[COMMAND [ARG...]]",
	"Show where the time of jobs goes: histograms of each stage, programs, "
	"processes, sizes of transfers. Traces until it is interrupted, or "
	"until COMMAND ends."
	"\v"
	"Needs root, or CAP_BPF and CAP_PERFMON. Stages of a job: queued until "
	"its inputs move; upload of them; wait for its program and for the jobs "
	"before it; compute; download of the outputs. Jobs run in batches, and "
	"have their batch's times.\n"
	"\n"
	"Examples:\n"
	"  akida trace\n"
	"  akida trace --slower-than 5ms --device 0\n"
	"  akida trace --by program ./application\n"
	"  akida trace --json --seconds 10 | jq .jobs.ns.compute.slots\n",
	NULL,
	NULL,
	NULL,
};

#if HAVE_TRACE

static volatile sig_atomic_t stop;

static void note_signal(int number)
{
	(void)number;
	stop = 1;
}

/* Without SA_RESTART, so that waiting ends. */
static void catch_signals(void)
{
	const struct sigaction action = { .sa_handler = note_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static void slow(void *arg, const struct trace_job *job)
{
	const struct trace *t = arg;
	struct trace_job j = *job;

	j.comm[TRACE_COMM - 1] = 0;
	if (t->json)
		trace_slow_json(&j);
	else
		trace_slow_text(&j);
	fflush(stdout);
}

static int find_board(const struct trace *t, int *board)
{
	struct akida_board_desc d;

	*board = -1;
	if (!t->device)
		return 0;
	if (akida_board_find(t->device, &d, sizeof(d))) {
		term_error(
			"--device: there is no board '%s'; akida list shows those that there are",
			t->device);
		return -1;
	}
	*board = d.index;
	return 0;
}

static int start(const struct trace *t, pid_t *pid)
{
	int err;

	*pid = 0;
	if (!t->command)
		return 0;
	err = posix_spawnp(pid, t->command[0], NULL, NULL, t->command, environ);
	if (err)
		term_error("cannot run '%s': %s", t->command[0], strerror(err));
	return -err;
}

static bool ended(pid_t *pid, int *status)
{
	if (!*pid || waitpid(*pid, status, WNOHANG) != *pid)
		return false;
	*pid = 0;
	return true;
}

static int watch(const struct trace *t, struct tracer *tracer, pid_t *pid,
		 int *status)
{
	struct timespec now, end;
	int err = 0;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += t->seconds;
	while (!err && !stop && !ended(pid, status)) {
		err = trace_poll(tracer, POLL_MS);
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (t->seconds &&
		    (now.tv_sec > end.tv_sec ||
		     (now.tv_sec == end.tv_sec && now.tv_nsec >= end.tv_nsec)))
			break;
	}
	/* What came with the last ones */
	return err ?: trace_poll(tracer, 0);
}

static int report(const struct trace *t, struct tracer *tracer)
{
	struct trace_result r;
	int err = trace_read(tracer, &r);

	if (err) {
		term_error("cannot read what was traced: %s", strerror(-err));
		return -1;
	}
	if (t->json)
		trace_print_json(&r, trace_by_btf(tracer));
	else
		trace_print_text(&r, t->by);
	if (r.lost[LOST_KEYS])
		term_warning(
			"%llu jobs of more programs and processes than are told apart were left out",
			(unsigned long long)r.lost[LOST_KEYS]);
	if (r.lost[LOST_LOG])
		term_warning("%llu slow jobs came too fast to be printed",
			     (unsigned long long)r.lost[LOST_LOG]);
	free(r.row);
	return 0;
}

static int trace(const struct trace *t)
{
	struct tracer *tracer;
	int board, err, status = 0;
	char why[512] = "";
	pid_t pid = 0;

	if (find_board(t, &board))
		return TOOL_FAILED;
	tracer = trace_open(t->slower_than, board, slow, (void *)t, why,
			    sizeof(why));
	if (!tracer) {
		term_error("%s", why);
		return TOOL_FAILED;
	}
	catch_signals();
	err = start(t, &pid);
	if (!err) {
		if (!t->command)
			fprintf(stderr,
				"%s: tracing; interrupt it (Ctrl-C) to see the result\n",
				term_program);
		err = watch(t, tracer, &pid, &status);
		if (err)
			term_error("cannot read what was traced: %s",
				   strerror(-err));
	}
	/* One that goes on is not waited for: it was not asked to end. */
	if (!err)
		err = report(t, tracer);
	trace_close(tracer);
	if (!err && (WIFSIGNALED(status) || WEXITSTATUS(status))) {
		term_warning("'%s' did not succeed", t->command[0]);
		err = -1;
	}
	return err ? TOOL_FAILED : TOOL_OK;
}

#else

static int trace(const struct trace *t)
{
	(void)t;
	term_error(
		"this akida was built without BPF: install libbpf-dev and clang and build it again");
	return TOOL_FAILED;
}

#endif

int cmd_trace(int argc, char **argv)
{
	struct trace t = { 0 };

	tool_parse(&argp, argc, argv, &t);
	return trace(&t);
}
