// SPDX-License-Identifier: GPL-2.0
/*
 * How an event is shown: to people, as JSON, and to commands.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <akida.h>

#include "json.h"
#include "monitor.h"
#include "tool.h"

#define BIT(n) (UINT32_C(1) << (n))
#define MAX_WORDS 5

/* What an attribute is called, and the words for its values. */
static const struct attribute {
	const char *name;
	bool is_signed;
	const char *words[MAX_WORDS];
} attributes[AKIDA_NL_A_MAX + 1] = {
	[AKIDA_NL_A_INDEX] = { .name = "index" },
	[AKIDA_NL_A_SEQ] = { .name = "seq" },
	[AKIDA_NL_A_TIME] = { .name = "time" },
	[AKIDA_NL_A_MISSED] = { .name = "missed" },
	[AKIDA_NL_A_CHIP] = { .name = "chip",
			      .words = { [AKIDA_CHIP_AKD1000] = "AKD1000",
					 [AKIDA_CHIP_AKD1500] = "AKD1500" } },
	[AKIDA_NL_A_STATE] = { .name = "state",
			       .words = { "live", "blocked", "gone" } },
	[AKIDA_NL_A_FILE] = { .name = "file" },
	[AKIDA_NL_A_PROGRAM] = { .name = "program" },
	[AKIDA_NL_A_SIZE] = { .name = "size" },
	[AKIDA_NL_A_JOB] = { .name = "job" },
	[AKIDA_NL_A_STATUS] = { .name = "status", .is_signed = true },
	[AKIDA_NL_A_RESET] = { .name = "reset",
			       .words = { "core", "board", "recovery", "bus",
					  "given-up" } },
	[AKIDA_NL_A_SENSOR] = { .name = "sensor",
				.words = { "power", "voltage", "current",
					   "temperature" } },
	[AKIDA_NL_A_LIMIT] = { .name = "limit",
			       .words = { "min", "max", "none" } },
	[AKIDA_NL_A_VALUE] = { .name = "value", .is_signed = true },
	[AKIDA_NL_A_LINK_SPEED] = { .name = "link_speed" },
	[AKIDA_NL_A_LINK_WIDTH] = { .name = "link_width" },
	[AKIDA_NL_A_LINK_SPEED_MAX] = { .name = "link_speed_max" },
	[AKIDA_NL_A_LINK_WIDTH_MAX] = { .name = "link_width_max" },
};

static const char *const names[AKIDA_NL_CMD_MAX + 1] = {
	[AKIDA_NL_CMD_DEVICE_GET] = "device-present",
	[AKIDA_NL_CMD_DEVICE_ADD_NTF] = "device-added",
	[AKIDA_NL_CMD_DEVICE_DEL_NTF] = "device-removed",
	[AKIDA_NL_CMD_PROGRAM_ADD_NTF] = "program-loaded",
	[AKIDA_NL_CMD_PROGRAM_DEL_NTF] = "program-unloaded",
	[AKIDA_NL_CMD_JOB_FAIL_NTF] = "job-failed",
	[AKIDA_NL_CMD_HANG_NTF] = "hang",
	[AKIDA_NL_CMD_RESET_NTF] = "reset",
	[AKIDA_NL_CMD_SENSOR_NTF] = "sensor-alert",
	[AKIDA_NL_CMD_LINK_NTF] = "link",
};

const char *monitor_name(unsigned int cmd)
{
	return cmd < ARRAY_SIZE(names) ? names[cmd] : NULL;
}

void monitor_set_pci(struct monitor_event *e, const char *text)
{
	size_t len = strlen(text);

	if (!len || len >= sizeof(e->pci) ||
	    strspn(text, "0123456789abcdef:.") != len)
		text = "?";
	strcpy(e->pci, text);
	e->has |= BIT(AKIDA_NL_A_PCI);
}

static bool has(const struct monitor_event *e, unsigned int attr)
{
	return e->has & BIT(attr);
}

/* The word for a value, NULL if it is a number. */
static const char *word(const struct monitor_event *e, unsigned int attr)
{
	uint64_t v = e->value[attr];

	return v < MAX_WORDS ? attributes[attr].words[v] : NULL;
}

static const char *text(const struct monitor_event *e, unsigned int attr,
			char *buf, size_t size)
{
	const char *w = word(e, attr);

	if (w)
		return w;
	if (attributes[attr].is_signed)
		snprintf(buf, size, "%" PRId64, (int64_t)e->value[attr]);
	else
		snprintf(buf, size, "%" PRIu64, e->value[attr]);
	return buf;
}

/* ------------------------------------------------------------------- people */

/* The driver's clock counts from boot. */
static void print_time(FILE *f, uint64_t ns)
{
	struct timespec mono, real;
	int64_t at;
	time_t seconds;
	struct tm tm;
	char buf[32];

	clock_gettime(CLOCK_MONOTONIC, &mono);
	clock_gettime(CLOCK_REALTIME, &real);
	at = (real.tv_sec - mono.tv_sec) * INT64_C(1000000000) + real.tv_nsec -
	     mono.tv_nsec + (int64_t)ns;
	seconds = at / 1000000000;
	if (!ns || !localtime_r(&seconds, &tm) ||
	    !strftime(buf, sizeof(buf), "%F %T", &tm))
		return;
	fprintf(f, "%s.%03d ", buf, (int)(at / 1000000 % 1000));
}

static void print_link(FILE *f, const struct monitor_event *e)
{
	const uint64_t *v = e->value;
	bool degraded =
		v[AKIDA_NL_A_LINK_SPEED] < v[AKIDA_NL_A_LINK_SPEED_MAX] ||
		v[AKIDA_NL_A_LINK_WIDTH] < v[AKIDA_NL_A_LINK_WIDTH_MAX];

	if (!has(e, AKIDA_NL_A_LINK_SPEED) || !v[AKIDA_NL_A_LINK_SPEED])
		return;
	fprintf(f, ", link %.1f GT/s x%" PRIu64, v[AKIDA_NL_A_LINK_SPEED] / 1e3,
		v[AKIDA_NL_A_LINK_WIDTH]);
	if (degraded)
		fprintf(f, ", degraded: %.1f GT/s x%" PRIu64 " is possible",
			v[AKIDA_NL_A_LINK_SPEED_MAX] / 1e3,
			v[AKIDA_NL_A_LINK_WIDTH_MAX]);
}

static void print_text(FILE *f, const struct monitor_event *e)
{
	static const unsigned int shown[] = {
		AKIDA_NL_A_CHIP,    AKIDA_NL_A_STATE, AKIDA_NL_A_FILE,
		AKIDA_NL_A_PROGRAM, AKIDA_NL_A_SIZE,  AKIDA_NL_A_JOB,
		AKIDA_NL_A_SENSOR,  AKIDA_NL_A_LIMIT, AKIDA_NL_A_VALUE,
	};
	char buf[24];
	size_t i;

	print_time(f, e->value[AKIDA_NL_A_TIME]);
	fprintf(f, "akida%" PRIu64 " %s %s", e->value[AKIDA_NL_A_INDEX], e->pci,
		names[e->cmd]);
	if (has(e, AKIDA_NL_A_RESET))
		fprintf(f, ", %s", text(e, AKIDA_NL_A_RESET, buf, sizeof(buf)));
	for (i = 0; i < ARRAY_SIZE(shown); i++)
		if (has(e, shown[i]))
			fprintf(f, ", %s %s", attributes[shown[i]].name,
				text(e, shown[i], buf, sizeof(buf)));
	if (has(e, AKIDA_NL_A_VIRTUAL))
		fputs(", virtual", f);
	print_link(f, e);
	if (has(e, AKIDA_NL_A_STATUS) && e->value[AKIDA_NL_A_STATUS])
		fprintf(f, ": %s", strerror(-(int)e->value[AKIDA_NL_A_STATUS]));
	if (has(e, AKIDA_NL_A_MISSED))
		fprintf(f, " (and %" PRIu64 " such events before it)",
			e->value[AKIDA_NL_A_MISSED]);
	fputc('\n', f);
}

/* --------------------------------------------------------------------- JSON */

static void print_json(FILE *f, const struct monitor_event *e)
{
	json_t *o = json_object();
	unsigned int i;

	json_put(o, "event", json_text(names[e->cmd]));
	if (has(e, AKIDA_NL_A_PCI))
		json_put(o, "pci", json_text(e->pci));
	for (i = 0; i < ARRAY_SIZE(attributes); i++) {
		if (!attributes[i].name || !has(e, i))
			continue;
		/* Counters do not come near to what a json_int_t cannot hold. */
		json_put(o, attributes[i].name,
			 word(e, i) ? json_text(word(e, i)) :
				      json_integer((json_int_t)e->value[i]));
	}
	if (has(e, AKIDA_NL_A_CHIP))
		json_put(o, "virtual",
			 json_boolean(has(e, AKIDA_NL_A_VIRTUAL)));
	json_dumpf(o, f, JSON_COMPACT);
	fputc('\n', f);
	json_decref(o);
}

void monitor_print(FILE *f, const struct monitor_event *e, bool json)
{
	if (json)
		print_json(f, e);
	else
		print_text(f, e);
}

/* ----------------------------------------------------------------- commands */

static char *variable(const char *name, const char *value)
{
	char *s = tool_text("AKIDA_%s=%s", name, value), *p;

	for (p = s; *p != '='; p++)
		if (*p >= 'a' && *p <= 'z')
			*p -= 'a' - 'A';
	return s;
}

char **monitor_environment(const struct monitor_event *e)
{
	size_t num = 0, n = 0, i;
	char buf[24], **env;

	while (environ[num])
		num++;
	env = tool_alloc(num + ARRAY_SIZE(attributes) + 5, sizeof(*env));
	/* Of another akida monitor, perhaps. */
	for (i = 0; i < num; i++)
		if (strncmp(environ[i], "AKIDA_", 6))
			env[n++] = tool_text("%s", environ[i]);
	env[n++] = variable("EVENT", names[e->cmd]);
	if (has(e, AKIDA_NL_A_PCI))
		env[n++] = variable("PCI", e->pci);
	env[n++] = tool_text("AKIDA_DEVICE=/dev/akida%" PRIu64,
			     e->value[AKIDA_NL_A_INDEX]);
	for (i = 0; i < ARRAY_SIZE(attributes); i++)
		if (attributes[i].name && has(e, i))
			env[n++] = variable(attributes[i].name,
					    text(e, i, buf, sizeof(buf)));
	if (has(e, AKIDA_NL_A_CHIP))
		env[n++] = variable("VIRTUAL",
				    has(e, AKIDA_NL_A_VIRTUAL) ? "1" : "0");
	env[n] = NULL;
	return env;
}

void monitor_free_environment(char **env)
{
	size_t i;

	for (i = 0; env[i]; i++)
		free(env[i]);
	free(env);
}
