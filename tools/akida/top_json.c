// SPDX-License-Identifier: GPL-2.0
/*
 * akida top for scripts: frames as plain text, and as objects.
 */
#include <math.h>
#include <string.h>
#include <time.h>

#include "host.h"
#include "json.h"
#include "table.h"
#include "text.h"
#include "tool.h"
#include "top.h"

static const struct top_style plain;

/* A table with all columns. */
static void batch_table(const struct top_model *m,
			const struct top_column *columns, size_t rows)
{
	const char *heads[32] = { NULL };
	char head[32][16], text[TOP_CELL];
	const struct top_column *c;
	struct table *t;
	size_t i, n = 0;

	for (c = columns; c->head; c++) {
		snprintf(head[n], sizeof(head[n]), "%s%s", c->left ? "" : ">",
			 c->head);
		heads[n] = head[n];
		n++;
	}
	t = table_new(heads);
	for (i = 0; i < rows; i++)
		for (c = columns; c->head; c++) {
			if (c->board)
				c->board(m->board[i], &plain, text);
			else
				c->process(&m->process[i], &plain, text);
			table_cell(t, "%s", text);
		}
	table_print(t, 0);
}

void top_batch(const struct top_model *m)
{
	char clock[16] = "";
	time_t now = time(NULL);
	struct tm tm;

	if (localtime_r(&now, &tm))
		strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	printf("akida top - %s, ", clock);
	if (m->seconds > 0)
		printf("over %.3f s: ", m->seconds);
	printf("%zu board%s, %zu process%s\n", m->boards,
	       m->boards == 1 ? "" : "s", m->processes,
	       m->processes == 1 ? "" : "es");
	if (m->news[0])
		printf("%s\n", m->news);
	if (m->boards) {
		putchar('\n');
		batch_table(m, top_board_columns, m->boards);
	} else {
		printf("no board: waiting for one; 'akida doctor' says why\n");
	}
	if (m->processes) {
		putchar('\n');
		batch_table(m, top_process_columns, m->processes);
	}
	if (m->hidden)
		printf("\nprocesses of others are not shown: %zu could not be looked into\n",
		       m->hidden);
	if (m->error)
		printf("\nprocesses could not be read: %s\n",
		       strerror(m->error));
	putchar('\n');
	fflush(stdout);
}

static json_t *number(bool known, double value)
{
	return known ? json_number(value) : json_null();
}

static json_t *count(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *board_json(const struct top_board *b)
{
	static const char *const sensors[POWER_VALUES] = {
		[POWER_WATTS] = "power_w",
		[POWER_VOLTS] = "supply_v",
		[POWER_AMPERES] = "current_a",
		[POWER_CELSIUS] = "temperature_c",
		[POWER_HERTZ] = "clock_hz",
	};
	static const char *const percentiles[] = { "p50", "p90", "p99", "max" };
	const struct status_board *s = &b->now;
	json_t *o = json_object(), *l = json_object();
	unsigned int i;

	json_put(o, "device", json_text(s->desc.node));
	json_put(o, "index", json_integer(s->desc.index));
	json_put(o, "pci_address", json_text(s->desc.pci_address));
	json_put(o, "chip",
		 s->desc.chip == AKIDA_TARGET_NONE ?
			 json_null() :
			 json_text(akida_target_name(s->desc.chip)));
	json_put(o, "virtual", json_boolean(s->desc.is_virtual));
	json_put(o, "state", json_text(s->state[0] ? s->state : NULL));
	json_put(o, "seconds", number(b->known, b->rates.seconds));
	json_put(o, "utilisation", number(b->known, b->rates.utilisation));
	json_put(o, "jobs_per_second", number(b->known, b->rates.jobs));
	json_put(o, "failed_per_second", number(b->known, b->rates.failed));
	json_put(o, "switches_per_second", number(b->known, b->rates.switches));
	json_put(l, "jobs", b->known ? count(b->rates.latencies) : json_null());
	for (i = 0; i < ARRAY_SIZE(percentiles); i++)
		json_put(l, percentiles[i],
			 number(b->known && b->rates.latencies,
				b->rates.latency[i]));
	json_put(o, "latency_s", l);
	json_put(o, "busy_s", json_number((double)s->busy / 1e9));
	json_put(o, "jobs", count(s->completed));
	json_put(o, "failed", count(s->failed));
	json_put(o, "switches", count(s->switches));
	json_put(o, "resets", count(s->resets));
	for (i = 0; i < POWER_VALUES; i++)
		json_put(o, sensors[i],
			 number(s->sensors.has & 1u << i, s->sensors.value[i]));
	json_put(o, "clock_mode",
		 json_text(s->sensors.mode[0] ? s->sensors.mode : NULL));
	json_put(o, "memory_total",
		 s->has_memory ? count(s->memory_total) : json_null());
	json_put(o, "memory_used",
		 s->has_memory ? count(s->memory_used) : json_null());
	return o;
}

static json_t *process_json(const struct top_process *p)
{
	json_t *o = json_object();

	json_put(o, "index", json_integer(p->board));
	json_put(o, "pid", json_integer(p->pid));
	json_put(o, "uid", json_integer(p->uid));
	json_put(o, "user", json_text(p->user));
	json_put(o, "command", json_text(p->command));
	json_put(o, "program", json_text(p->program[0] ? p->program : NULL));
	json_put(o, "utilisation", number(p->known, p->utilisation));
	json_put(o, "jobs_per_second", number(p->known, p->jobs));
	json_put(o, "jobs", count(p->completed));
	json_put(o, "failed", count(p->failed));
	json_put(o, "memory", count(p->memory));
	return o;
}

void top_json(const struct top_model *m)
{
	json_t *o = json_object(), *boards = json_array(),
	       *processes = json_array();
	struct timespec t;
	size_t i;

	for (i = 0; i < m->boards; i++)
		json_add(boards, board_json(m->board[i]));
	for (i = 0; i < m->processes; i++)
		json_add(processes, process_json(&m->process[i]));
	clock_gettime(CLOCK_REALTIME, &t);
	json_put(o, "time",
		 json_number((double)t.tv_sec + (double)t.tv_nsec * 1e-9));
	json_put(o, "news", json_text(m->news[0] ? m->news : NULL));
	json_put(o, "boards", boards);
	json_put(o, "processes", processes);
	json_put(o, "hidden", count(m->hidden));
	json_dumpf(o, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15));
	putchar('\n');
	fflush(stdout);
	json_decref(o);
}
