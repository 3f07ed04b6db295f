// SPDX-License-Identifier: GPL-2.0
/*
 * akida export: metrics of boards for Prometheus, over HTTP or in a file for
 * node_exporter's textfile collector.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/out.h"
#include "export.h"
#include "term.h"
#include "tool.h"

/**
 * struct exporter - one call of "akida export"
 * @listen: where, or NULL
 * @textfile: instead, or NULL
 * @interval: seconds between two files, 0 for one
 * @timeout: seconds for a request, 0 if it is not given
 * @processes: tell of them, too
 */
struct exporter {
	const char *listen, *textfile;
	double interval;
	uint32_t timeout;
	bool processes;
};

static const struct argp_option options[] = {
	{ "listen", OPT_LISTEN, "ADDR:PORT", 0,
	  "Answer HTTP there (default: " EXPORT_LISTEN ")", 0 },
	{ "timeout", OPT_TIMEOUT, "SECONDS", 0,
	  "Close connections whose request takes longer (default: 30)", 0 },
	{ "textfile", OPT_TEXTFILE, "FILE", 0,
	  "Write a file for node_exporter instead", 0 },
	{ "interval", OPT_INTERVAL, "SECONDS", 0,
	  "With --textfile: write it again and again", 0 },
	{ "processes", OPT_PROCESSES, NULL, 0,
	  "Metrics of each process that has a board open, too", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct exporter *e = state->input;

	switch (key) {
	case OPT_LISTEN:
		e->listen = arg;
		return 0;
	case OPT_TIMEOUT:
		e->timeout = tool_number(state, "--timeout", arg, 1, 3600);
		return 0;
	case OPT_TEXTFILE:
		e->textfile = arg;
		return 0;
	case OPT_INTERVAL:
		e->interval =
			tool_fraction(state, "--interval", arg, 0.1, 86400);
		return 0;
	case OPT_PROCESSES:
		e->processes = true;
		return 0;
	case ARGP_KEY_ARG:
		return tool_argument(state, arg, NULL);
	case ARGP_KEY_END:
		if (e->textfile && (e->listen || e->timeout))
			argp_error(
				state,
				"--textfile does not go with --listen and --timeout");
		if (e->interval > 0 && !e->textfile)
			argp_error(state, "--interval needs --textfile");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	options,
	parse,
	"",
	"Tell Prometheus what boards do: work, latency, power, clock, "
	"temperature, memory and errors, at http://ADDR:PORT/metrics."
	"\v"
	"Reads sysfs, opens no board and wakes none. OpenMetrics for clients "
	"that ask for it, else Prometheus' text format. Metrics and rules for "
	"alerts: akida-export(1).\n"
	"\n"
	"Examples:\n"
	"  akida export\n"
	"  akida export --listen '[::1]:10150' --processes\n"
	"  akida export --textfile /var/lib/prometheus/node-exporter/akida.prom --interval 15\n",
	NULL,
	NULL,
	NULL,
};

/* SIGINT and SIGTERM as a file; in the daemon's loop they end it. */
static int open_signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		term_error("cannot wait for signals: %s", strerror(errno));
	return fd;
}

static int write_file(const struct exporter *e, struct ak_err *err)
{
	struct ak_buf b = { 0 };
	struct ak_out *out;
	int rc;

	export_metrics(&b, EXPORT_TEXT, e->processes);
	if (b.failed)
		term_die_memory();
	rc = ak_out_open(e->textfile, &out, err);
	if (!rc) {
		/* The next one comes soon: nobody waits for a disk. */
		ak_out_no_sync(out);
		rc = ak_out_write(out, b.data, b.size, err);
		if (rc)
			ak_out_abandon(out);
		else
			rc = ak_out_finish(out, err);
	}
	ak_buf_clear(&b);
	return rc;
}

/* Again and again; a disk that is full for a while is told once. */
static int write_files(const struct exporter *e, int signals)
{
	struct pollfd p = { .fd = signals, .events = POLLIN };
	struct ak_err err = { "" };
	bool told = false;
	int rc;

	for (;;) {
		rc = poll(&p, 1, (int)(e->interval * 1000));
		if (rc > 0)
			return TOOL_OK;
		if (rc < 0 && errno != EINTR)
			return TOOL_FAILED;
		rc = write_file(e, &err);
		if (rc && !told)
			term_warning("%s; trying again", err.text);
		told = rc;
	}
}

static int textfile(const struct exporter *e)
{
	size_t n = strlen(e->textfile);
	struct ak_err err = { "" };
	int signals, rc;

	if ((n < 5 || strcmp(e->textfile + n - 5, ".prom")) &&
	    strncmp(e->textfile, "/dev/", 5))
		term_warning(
			"%s: node_exporter reads only files whose names end in .prom",
			e->textfile);
	/* Another user's node_exporter reads it. */
	umask(022);
	if (write_file(e, &err)) {
		term_error("%s", err.text);
		return TOOL_FAILED;
	}
	if (!(e->interval > 0))
		return TOOL_OK;
	signals = open_signals();
	if (signals < 0)
		return TOOL_FAILED;
	rc = write_files(e, signals);
	close(signals);
	return rc;
}

static int serve(const struct exporter *e)
{
	int socket, signals = open_signals(), rc;

	if (signals < 0)
		return TOOL_FAILED;
	socket = export_listen(e->listen);
	rc = socket < 0 ? TOOL_FAILED :
			  export_serve(socket, signals,
				       e->timeout ? e->timeout : EXPORT_TIMEOUT,
				       e->processes);
	close(signals);
	return rc;
}

int cmd_export(int argc, char **argv)
{
	struct exporter e = { 0 };

	tool_parse(&argp, argc, argv, &e);
	return e.textfile ? textfile(&e) : serve(&e);
}
