// SPDX-License-Identifier: GPL-2.0
/*
 * akida power: what boards' sensors tell, once or as a live line.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/sys.h"
#include "json.h"
#include "power.h"
#include "term.h"
#include "tool.h"

/**
 * struct power - one call of "akida power"
 * @device: a board, NULL for all
 * @sample: again and again
 * @json: for machines
 * @count: samples, 0 for no end
 * @interval: seconds between them
 */
struct power {
	const char *device;
	bool sample, json;
	uint32_t count;
	double interval;
};

static const struct argp_option options[] = {
	{ "device", OPT_DEVICE, "BOARD", 0,
	  "This board: its index, node or PCI address (default: all)", 0 },
	{ "sample", OPT_SAMPLE, NULL, 0,
	  "Go on until interrupted: a live line on a terminal", 0 },
	{ "count", 'n', "N", 0, "With --sample: end after so many samples", 0 },
	{ "interval", OPT_INTERVAL, "SECONDS", 0,
	  "With --sample: time between samples (default: 0.5)", 0 },
	{ "json", OPT_JSON, NULL, 0, "Write a JSON object for each sample", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct power *p = state->input;

	switch (key) {
	case OPT_DEVICE:
		p->device = arg;
		return 0;
	case OPT_SAMPLE:
		p->sample = true;
		return 0;
	case 'n':
		p->count = tool_number(state, "--count", arg, 1, UINT32_MAX);
		return 0;
	case OPT_INTERVAL:
		p->interval =
			tool_fraction(state, "--interval", arg, 0.02, 3600);
		return 0;
	case OPT_JSON:
		p->json = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is one argument too many", arg);
		return 0;
	case ARGP_KEY_END:
		if (!p->sample && (p->count || p->interval > 0))
			argp_error(state,
				   "--count and --interval need --sample");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	options,
	parse,
	"",
	"Show power, supply, current, temperature and clock of boards."
	"\v"
	"What the board's sensors tell at this moment; nothing is averaged. A "
	"board that is suspended is not woken up. Silicon tells nothing: how its "
	"sensor is reached is not public.\n"
	"\n"
	"Examples:\n"
	"  akida power\n"
	"  akida power --sample --device 0\n"
	"  akida power --sample --count 100 --json | jq .power_w\n",
	NULL,
	NULL,
	NULL,
};

static const struct {
	const char *key, *unit;
	double unit_size;
	int digits;
} shown[POWER_VALUES] = {
	[POWER_WATTS] = { "power_w", "mW", 1e-3, 1 },
	[POWER_VOLTS] = { "supply_v", "V", 1, 3 },
	[POWER_AMPERES] = { "current_a", "mA", 1e-3, 0 },
	[POWER_CELSIUS] = { "temperature_c", "C", 1, 1 },
	[POWER_HERTZ] = { "clock_hz", "MHz", 1e6, 1 },
};

static const char *why(const struct power_reading *r)
{
	switch (r->why) {
	case ENODATA:
		return "the board is suspended, being reset, or its sensor is silent";
	case ENODEV:
		return "the board is gone";
	default:
		return strerror(r->why);
	}
}

static void print_text(const struct power_source *s, bool live)
{
	struct power_reading r;
	unsigned int i;

	power_read(s, &r);
	printf("%sakida%u:", live ? "\r\033[K" : "", s->desc.index);
	for (i = 0; i < POWER_VALUES; i++)
		if (r.has & 1u << i)
			printf(" %.*f %s", shown[i].digits,
			       r.value[i] / shown[i].unit_size, shown[i].unit);
	if (r.mode[0])
		printf(" (%s)", r.mode);
	if (r.why)
		printf("%s%s", r.has ? "; " : " ", why(&r));
	if (!live)
		putchar('\n');
	fflush(stdout);
}

static void print_json(const struct power_source *s)
{
	struct power_reading r;
	struct timespec t;
	json_t *o = json_object();
	unsigned int i;

	power_read(s, &r);
	clock_gettime(CLOCK_REALTIME, &t);
	json_put(o, "time",
		 json_number((double)t.tv_sec + (double)t.tv_nsec * 1e-9));
	json_put(o, "device", json_text(s->desc.node));
	for (i = 0; i < POWER_VALUES; i++)
		json_put(o, shown[i].key,
			 r.has & 1u << i ? json_number(r.value[i]) :
					   json_null());
	json_put(o, "clock_mode", json_text(r.mode[0] ? r.mode : NULL));
	json_put(o, "error", json_text(r.why ? why(&r) : NULL));
	json_dumpf(o, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15));
	putchar('\n');
	fflush(stdout);
	json_decref(o);
}

static volatile sig_atomic_t interrupted;

static void interrupt(int sig)
{
	(void)sig;
	interrupted = 1;
}

static void pause_for(double seconds)
{
	struct timespec t = { .tv_sec = (time_t)seconds };

	t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
	nanosleep(&t, NULL);
}

static void sample(const struct power *p, const struct power_source *s,
		   unsigned int num)
{
	struct sigaction sa = { .sa_handler = interrupt };
	bool live = num == 1 && !p->json && isatty(STDOUT_FILENO);
	uint32_t n = 0;
	unsigned int i;

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	while (!interrupted) {
		for (i = 0; i < num; i++)
			if (p->json)
				print_json(&s[i]);
			else
				print_text(&s[i], live);
		if (ferror(stdout) || ++n == p->count)
			break;
		pause_for(p->interval > 0 ? p->interval : 0.5);
	}
	if (live)
		putchar('\n');
}

/* Boards that tell something; others are named. */
static unsigned int find_all(const struct power *p, struct power_source *s,
			     unsigned int max, bool *none)
{
	struct akida_board_desc d;
	unsigned int i, num = 0;

	for (i = 0; num < max && !akida_board_list(i, &d, sizeof(d)); i++) {
		*none = false;
		if (p->device)
			continue;
		/* In a container its node may be another board's. */
		if (!power_find(&s[num],
				*d.pci_address ? d.pci_address : d.node))
			num++;
		else
			term_warning(
				"%s has no sensors; 'akida doctor' says why",
				d.node);
	}
	return num;
}

int cmd_power(int argc, char **argv)
{
	struct power_source s[16];
	struct power p = { 0 };
	bool none = true;
	unsigned int i, num;
	int rc;

	tool_parse(&argp, argc, argv, &p);
	num = find_all(&p, s, ARRAY_SIZE(s), &none);
	if (p.device) {
		rc = power_find(&s[0], p.device);
		if (rc == -ENOENT)
			term_error("there is no board '%s'; see 'akida list'",
				   p.device);
		else if (rc)
			term_error("%s has no sensors; 'akida doctor' says why",
				   p.device);
		num = !rc;
	} else if (none) {
		term_error("there is no board; 'akida doctor' says why");
	}
	if (!num)
		return TOOL_FAILED;
	if (p.sample) {
		sample(&p, s, num);
		return TOOL_OK;
	}
	for (i = 0; i < num; i++)
		if (p.json)
			print_json(&s[i]);
		else
			print_text(&s[i], false);
	return TOOL_OK;
}
