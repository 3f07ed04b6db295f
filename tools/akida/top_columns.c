// SPDX-License-Identifier: GPL-2.0
/*
 * akida top: what stands in the cells of its tables, on a screen and in plain
 * text.
 */
#include <math.h>
#include <string.h>
#include <wchar.h>

#include "host.h"
#include "text.h"
#include "tool.h"
#include "top.h"

/* Three digits of a value from 0 to 999. */
static void three(double value, const char *unit, char text[TOP_CELL])
{
	int digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;

	snprintf(text, TOP_CELL, "%.*f%s", digits, value, unit);
}

void top_rate(double value, char text[TOP_CELL])
{
	if (value <= 0)
		strcpy(text, "0");
	else if (value < 999.5)
		three(value, "", text);
	else if (value < 99999.5)
		snprintf(text, TOP_CELL, "%.0f", value);
	else if (value < 999.5e3)
		three(value / 1e3, "k", text);
	else
		three(value / 1e6, "M", text);
}

void top_seconds(double value, const struct top_style *s, char text[TOP_CELL])
{
	if (!(value >= 0))
		strcpy(text, "-");
	else if (value < 999.5e-6)
		three(value * 1e6, s->utf8 ? " \u00b5s" : " us", text);
	else if (value < 999.5e-3)
		three(value * 1e3, " ms", text);
	else
		three(value, " s", text);
}

void top_value(const struct power_reading *r, enum power_value v,
	       const struct top_style *s, char text[TOP_CELL])
{
	double value = r->value[v];

	if (!(r->has & 1u << v)) {
		strcpy(text, "-");
		return;
	}
	switch (v) {
	case POWER_WATTS:
		if (fabs(value) < 0.9995)
			snprintf(text, TOP_CELL, "%.0f mW", value * 1e3);
		else
			three(value, " W", text);
		break;
	case POWER_VOLTS:
		snprintf(text, TOP_CELL, "%.3f V", value);
		break;
	case POWER_AMPERES:
		snprintf(text, TOP_CELL, "%.0f mA", value * 1e3);
		break;
	case POWER_CELSIUS:
		snprintf(text, TOP_CELL, "%.1f %s", value,
			 s->utf8 ? "\u00b0C" : "C");
		break;
	case POWER_HERTZ:
		snprintf(text, TOP_CELL, "%.0f MHz", value / 1e6);
		break;
	case POWER_VALUES:
		break;
	}
}

int top_text(const char *from, const struct top_style *s, int width,
	     char text[TOP_CELL])
{
	const char *start = from;
	size_t used = 0, n;
	int columns = 0, w;
	uint32_t c;

	for (; (c = text_next(&from)); start = from) {
		n = (size_t)(from - start);
		w = s->utf8 || c < 0x80 ? wcwidth((wchar_t)c) : -1;
		if (w < 1 || c == 0xfffd) {
			start = "?";
			n = 1;
			w = 1;
		}
		if (columns + w > width || used + n >= TOP_CELL)
			break;
		memcpy(text + used, start, n);
		used += n;
		columns += w;
	}
	text[used] = '\0';
	return columns;
}

static void percent(bool known, double share, char text[TOP_CELL])
{
	if (known)
		snprintf(text, TOP_CELL, "%.0f %%", share * 100);
	else
		strcpy(text, "-");
}

/* ------------------------------------------------------------------ boards */

#define BOARD_CELL(name)                                                       \
	static void name(const struct top_board *b, const struct top_style *s, \
			 char text[TOP_CELL])

BOARD_CELL(b_name)
{
	(void)s;
	snprintf(text, TOP_CELL, "akida%u", b->now.desc.index);
}

BOARD_CELL(b_chip)
{
	(void)s;
	snprintf(text, TOP_CELL, "%s", host_chip_name(b->now.desc.chip));
}

BOARD_CELL(b_utilisation)
{
	(void)s;
	percent(b->known, b->rates.utilisation, text);
}

BOARD_CELL(b_jobs)
{
	(void)s;
	if (b->known)
		top_rate(b->rates.jobs, text);
	else
		strcpy(text, "-");
}

static void latency(const struct top_board *b, unsigned int which,
		    const struct top_style *s, char text[TOP_CELL])
{
	top_seconds(b->known && b->rates.latencies ? b->rates.latency[which] :
						     NAN,
		    s, text);
}

BOARD_CELL(b_p50)
{
	latency(b, 0, s, text);
}

BOARD_CELL(b_p90)
{
	latency(b, 1, s, text);
}

BOARD_CELL(b_p99)
{
	latency(b, 2, s, text);
}

BOARD_CELL(b_max)
{
	latency(b, 3, s, text);
}

BOARD_CELL(b_power)
{
	top_value(&b->now.sensors, POWER_WATTS, s, text);
}

BOARD_CELL(b_clock)
{
	top_value(&b->now.sensors, POWER_HERTZ, s, text);
}

BOARD_CELL(b_temperature)
{
	top_value(&b->now.sensors, POWER_CELSIUS, s, text);
}

BOARD_CELL(b_mode)
{
	(void)s;
	snprintf(text, TOP_CELL, "%s",
		 b->now.sensors.mode[0] ? b->now.sensors.mode : "-");
}

BOARD_CELL(b_memory)
{
	(void)s;
	percent(b->now.has_memory && b->now.memory_total,
		(double)b->now.memory_used / (double)b->now.memory_total, text);
}

BOARD_CELL(b_failed)
{
	(void)s;
	snprintf(text, TOP_CELL, "%llu", (unsigned long long)b->now.failed);
}

BOARD_CELL(b_switches)
{
	(void)s;
	if (b->known)
		top_rate(b->rates.switches, text);
	else
		strcpy(text, "-");
}

BOARD_CELL(b_resets)
{
	(void)s;
	snprintf(text, TOP_CELL, "%llu", (unsigned long long)b->now.resets);
}

BOARD_CELL(b_state)
{
	(void)s;
	snprintf(text, TOP_CELL, "%s", b->now.state[0] ? b->now.state : "-");
}

BOARD_CELL(b_address)
{
	(void)s;
	snprintf(text, TOP_CELL, "%s", b->now.desc.pci_address);
}

#define LEFT .left = true
#define NO_SORT .sort = TOP_SORTS

const struct top_column top_board_columns[] = {
	{ "BOARD", 7, LEFT, .rank = 0, NO_SORT, .board = b_name },
	{ "CHIP", 7, LEFT, .rank = 12, NO_SORT, .board = b_chip },
	[TOP_BAR] = { "UTILISATION", 14, .grows = true, .rank = 1, NO_SORT,
		      .board = b_utilisation },
	{ "JOBS/S", 6, .rank = 2, NO_SORT, .board = b_jobs },
	{ "P50", 7, .rank = 5, NO_SORT, .board = b_p50 },
	{ "P90", 7, .rank = 9, NO_SORT, .board = b_p90 },
	{ "P99", 7, .rank = 3, NO_SORT, .board = b_p99 },
	{ "MAX", 7, .rank = 11, NO_SORT, .board = b_max },
	{ "POWER", 7, .rank = 4, NO_SORT, .board = b_power },
	{ "CLOCK", 7, .rank = 6, NO_SORT, .board = b_clock },
	{ "MODE", 11, LEFT, .rank = 10, NO_SORT, .board = b_mode },
	{ "TEMP", 7, .rank = 7, NO_SORT, .board = b_temperature },
	{ "MEMORY", 6, .rank = 8, NO_SORT, .board = b_memory },
	{ "FAILED", 8, .rank = 13, NO_SORT, .board = b_failed },
	{ "SWITCH/S", 8, .rank = 15, NO_SORT, .board = b_switches },
	{ "RESETS", 6, .rank = 16, NO_SORT, .board = b_resets },
	{ "STATE", 9, LEFT, .rank = 14, NO_SORT, .board = b_state },
	{ "ADDRESS", 12, LEFT, .rank = 17, NO_SORT, .board = b_address },
	{ .head = NULL },
};

/* --------------------------------------------------------------- processes */

#define PROCESS_CELL(name)                            \
	static void name(const struct top_process *p, \
			 const struct top_style *s, char text[TOP_CELL])

PROCESS_CELL(p_pid)
{
	(void)s;
	snprintf(text, TOP_CELL, "%d", p->pid);
}

PROCESS_CELL(p_user)
{
	top_text(p->user, s, TOP_CELL, text);
}

PROCESS_CELL(p_board)
{
	(void)s;
	snprintf(text, TOP_CELL, "akida%u", p->board);
}

PROCESS_CELL(p_utilisation)
{
	(void)s;
	percent(p->known, p->utilisation, text);
}

PROCESS_CELL(p_jobs_rate)
{
	(void)s;
	if (p->known)
		top_rate(p->jobs, text);
	else
		strcpy(text, "-");
}

PROCESS_CELL(p_completed)
{
	(void)s;
	snprintf(text, TOP_CELL, "%llu", (unsigned long long)p->completed);
}

PROCESS_CELL(p_failed)
{
	(void)s;
	snprintf(text, TOP_CELL, "%llu", (unsigned long long)p->failed);
}

PROCESS_CELL(p_memory)
{
	(void)s;
	host_bytes(p->memory, text, TOP_CELL);
}

PROCESS_CELL(p_command)
{
	top_text(p->command, s, TOP_CELL, text);
}

PROCESS_CELL(p_program)
{
	top_text(p->program[0] ? p->program : "-", s, TOP_CELL, text);
}

const struct top_column top_process_columns[] = {
	{ "PID", 7, .rank = 0, .sort = TOP_BY_PID, .process = p_pid },
	{ "USER", 8, LEFT, .rank = 7, .sort = TOP_BY_USER, .process = p_user },
	{ "BOARD", 7, LEFT, .rank = 5, .sort = TOP_BY_BOARD,
	  .process = p_board },
	{ "UTIL", 5, .rank = 2, .sort = TOP_BY_UTILISATION,
	  .process = p_utilisation },
	{ "JOBS/S", 6, .rank = 3, .sort = TOP_BY_JOBS, .process = p_jobs_rate },
	{ "MEMORY", 10, .rank = 6, .sort = TOP_BY_MEMORY, .process = p_memory },
	{ "JOBS", 10, .rank = 8, NO_SORT, .process = p_completed },
	{ "FAILED", 8, .rank = 9, NO_SORT, .process = p_failed },
	{ "COMMAND", 15, LEFT, .rank = 1, .sort = TOP_BY_COMMAND,
	  .process = p_command },
	{ "PROGRAM", 12, LEFT, .grows = true, .rank = 4, .sort = TOP_BY_PROGRAM,
	  .process = p_program },
	{ .head = NULL },
};
