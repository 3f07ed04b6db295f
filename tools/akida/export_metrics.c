// SPDX-License-Identifier: GPL-2.0
/*
 * akida export: what boards say as metrics. The two formats differ in little:
 * OpenMetrics names a family without the suffix of its samples, has units, the
 * types "info" and "stateset", and an end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/pci.h"
#include "common/sys.h"
#include "device/board.h"
#include "export.h"
#include "host.h"
#include "status.h"
#include "text.h"
#include "tool.h"

/* ----------------------------------------------------------- what there is */

static const char *const error_classes[] = { "correctable", "nonfatal",
					     "fatal" };

/**
 * struct board - a board at this moment
 * @s: what it says
 * @labels: that tell it from others: board="akida0",pci_address="..."
 * @link: as it is
 * @best: what both its ends can do
 * @has_errors: bits by index in error_classes[]: AER counts these
 * @errors: how many
 */
struct board {
	struct status_board s;
	char *labels;
	struct ak_pci_link link, best;
	unsigned int has_errors;
	uint64_t errors[ARRAY_SIZE(error_classes)];
};

/**
 * struct machine - all that is written
 * @boards: that the driver holds
 * @num: how many
 * @functions: BrainChip's, on the PCI bus
 * @num_functions: how many
 * @clients: open files
 * @num_clients: how many
 * @hidden: processes that could not be looked into
 * @driver: version of akida.ko, "" if it is not loaded
 */
struct machine {
	struct board *boards;
	unsigned int num;
	struct host_pci *functions;
	int num_functions;
	struct status_client *clients;
	size_t num_clients, hidden;
	char driver[64];
};

static void add_link(struct board *b)
{
	char dir[PATH_MAX];
	unsigned int i;

	if (ak_sys_real(dir, "/sys/bus/pci/devices/%s", b->s.desc.pci_address))
		return;
	b->link = ak_pci_link(dir, "current");
	b->best = ak_pci_best_link(dir);
	for (i = 0; i < ARRAY_SIZE(error_classes); i++)
		if (!host_pci_errors(dir, error_classes[i], &b->errors[i]))
			b->has_errors |= 1u << i;
}

/* A value between quotes: valid UTF-8, or a scrape would be refused whole. */
static char *escape(const char *value)
{
	char *clean = text_clean(value), *out, *o;
	const char *p;

	out = tool_alloc(strlen(clean) + 1, 2);
	for (p = clean, o = out; *p; p++) {
		if (*p == '\\' || *p == '"')
			*o++ = '\\';
		*o++ = *p;
	}
	free(clean);
	return out;
}

static void look(struct machine *m, bool processes)
{
	struct akida_board_desc d;
	char *address;
	struct board b;
	int from = 0;

	memset(m, 0, sizeof(*m));
	while (!ak_board_next(&from, &d)) {
		memset(&b, 0, sizeof(b));
		if (status_board_read(&b.s, &d))
			continue;
		address = escape(d.pci_address);
		b.labels = tool_text("board=\"akida%u\",pci_address=\"%s\"",
				     d.index, address);
		free(address);
		add_link(&b);
		m->boards =
			tool_realloc(m->boards, m->num + 1, sizeof(*m->boards));
		m->boards[m->num++] = b;
	}
	m->num_functions = host_pci_list(&m->functions);
	ak_sys_line(m->driver, sizeof(m->driver), "/sys/module/akida/version");
	if (processes &&
	    status_clients(&m->clients, &m->num_clients, &m->hidden))
		m->num_clients = 0;
}

static void forget(struct machine *m)
{
	unsigned int i;

	for (i = 0; i < m->num; i++)
		free(m->boards[i].labels);
	free(m->boards);
	if (m->num_functions > 0)
		host_pci_free(m->functions, m->num_functions);
	free(m->clients);
}

/* -------------------------------------------------------------- how it is put */

enum kind {
	GAUGE,
	COUNTER,
	INFO,
	STATESET,
	HISTOGRAM,
};

static const struct {
	const char *type, *suffix, *old_type;
} kinds[] = {
	[GAUGE] = { "gauge", "", "gauge" },
	[COUNTER] = { "counter", "_total", "counter" },
	[INFO] = { "info", "_info", "gauge" },
	[STATESET] = { "stateset", "", "gauge" },
	[HISTOGRAM] = { "histogram", "", "histogram" },
};

/**
 * struct family - samples of one name
 * @name: without the suffix that the kind gives
 * @kind: which
 * @unit: last word of @name, or NULL
 * @help: a sentence without \ and line ends
 * @arg: for @put
 * @put: writes the samples
 */
struct writer;
struct family {
	const char *name;
	enum kind kind;
	const char *unit;
	const char *help;
	unsigned int arg;
	void (*put)(struct writer *w, const struct machine *m);
};

/**
 * struct writer - where it goes
 * @out: text
 * @format: which
 * @f: family at hand
 * @begun: its head stands there
 */
struct writer {
	struct ak_buf *out;
	enum export_format format;
	const struct family *f;
	bool begun;
};

static void put_head(struct writer *w)
{
	const struct family *f = w->f;
	bool open = w->format == EXPORT_OPENMETRICS;
	const char *suffix = open ? "" : kinds[f->kind].suffix;

	ak_buf_printf(w->out, "# HELP %s%s ", f->name, suffix);
	ak_buf_text(w->out, f->help);
	ak_buf_printf(w->out, "\n# TYPE %s%s %s\n", f->name, suffix,
		      open ? kinds[f->kind].type : kinds[f->kind].old_type);
	if (open && f->unit)
		ak_buf_printf(w->out, "# UNIT %s %s\n", f->name, f->unit);
	w->begun = true;
}

/* A sample; @more is labels after @labels, or NULL. */
static void put(struct writer *w, const char *suffix, const char *labels,
		const char *more, const char *value)
{
	if (!w->begun)
		put_head(w);
	ak_buf_printf(w->out, "%s%s%s", w->f->name, kinds[w->f->kind].suffix,
		      suffix);
	if (labels) {
		ak_buf_text(w->out, "{");
		ak_buf_text(w->out, labels);
		if (more)
			ak_buf_text(w->out, ",");
		if (more)
			ak_buf_text(w->out, more);
		ak_buf_text(w->out, "}");
	}
	ak_buf_printf(w->out, " %s\n", value);
}

static void put_count(struct writer *w, const char *suffix, const char *labels,
		      const char *more, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	put(w, suffix, labels, more, text);
}

/* As people write it, unless that is another number. */
static void put_number(struct writer *w, const char *labels, double value)
{
	char text[40];

	snprintf(text, sizeof(text), "%.15g", value);
	if (strtod(text, NULL) != value)
		snprintf(text, sizeof(text), "%.17g", value);
	put(w, "", labels, NULL, text);
}

/* All digits of nanoseconds, as a double would not have them. */
static char *seconds(uint64_t ns, char text[40])
{
	int n = snprintf(text, 40, "%llu.%09llu",
			 (unsigned long long)(ns / 1000000000),
			 (unsigned long long)(ns % 1000000000));

	while (text[n - 1] == '0' && text[n - 2] != '.')
		text[--n] = '\0';
	return text;
}

/* ----------------------------------------------------------------- families */

static void put_build(struct writer *w, const struct machine *m)
{
	(void)m;
	put(w, "", "version=\"" AKIDA_VERSION "\"", NULL, "1");
}

static void put_driver(struct writer *w, const struct machine *m)
{
	char *version, *labels;

	if (!m->driver[0])
		return;
	version = escape(m->driver);
	labels = tool_text("version=\"%s\"", version);
	put(w, "", labels, NULL, "1");
	free(labels);
	free(version);
}

static void put_boards(struct writer *w, const struct machine *m)
{
	put_count(w, "", NULL, NULL, m->num);
}

static void put_up(struct writer *w, const struct machine *m)
{
	char *address, *labels;
	unsigned int b;
	int i;

	for (i = 0; i < m->num_functions; i++) {
		const struct host_pci *f = &m->functions[i];

		if (f->chip == AKIDA_TARGET_NONE)
			continue;
		for (b = 0; b < m->num; b++)
			if (!strcmp(m->boards[b].s.desc.pci_address,
				    f->address))
				break;
		address = escape(f->address);
		labels = tool_text("pci_address=\"%s\"", address);
		put_count(w, "", labels, NULL, b < m->num);
		free(labels);
		free(address);
	}
}

static void put_info(struct writer *w, const struct machine *m)
{
	unsigned int i;
	char *more;

	for (i = 0; i < m->num; i++) {
		const struct akida_board_desc *d = &m->boards[i].s.desc;

		more = tool_text("chip=\"%s\",virtual=\"%s\"",
				 host_chip_name(d->chip),
				 d->is_virtual ? "true" : "false");
		put(w, "", m->boards[i].labels, more, "1");
		free(more);
	}
}

enum count {
	BUSY,
	COMPLETED,
	FAILED,
	SWITCHES,
	RESETS,
};

static void put_counter(struct writer *w, const struct machine *m)
{
	unsigned int i;
	char text[40];

	for (i = 0; i < m->num; i++) {
		const struct status_board *s = &m->boards[i].s;
		const uint64_t values[] = {
			[COMPLETED] = s->completed,
			[FAILED] = s->failed,
			[SWITCHES] = s->switches,
			[RESETS] = s->resets,
		};

		if (w->f->arg == BUSY)
			put(w, "", m->boards[i].labels, NULL,
			    seconds(s->busy, text));
		else
			put_count(w, "", m->boards[i].labels, NULL,
				  values[w->f->arg]);
	}
}

static void put_histogram(struct writer *w, const struct machine *m)
{
	char text[40], le[64];
	unsigned int i, k;

	for (i = 0; i < m->num; i++) {
		const struct status_histogram *h = &m->boards[i].s.latency;
		const char *labels = m->boards[i].labels;
		uint64_t sum = 0;

		if (!h->count)
			continue;
		for (k = 0; k < h->count; k++) {
			sum += h->jobs[k];
			snprintf(le, sizeof(le), "le=\"%s\"",
				 h->upper[k] == UINT64_MAX ?
					 "+Inf" :
					 seconds(h->upper[k], text));
			put_count(w, "_bucket", labels, le, sum);
		}
		put_count(w, "_count", labels, NULL, sum);
		put(w, "_sum", labels, NULL, seconds(h->sum, text));
	}
}

static void put_sensor(struct writer *w, const struct machine *m)
{
	unsigned int i;

	for (i = 0; i < m->num; i++) {
		const struct power_reading *r = &m->boards[i].s.sensors;

		if (r->has & 1u << w->f->arg)
			put_number(w, m->boards[i].labels, r->value[w->f->arg]);
	}
}

static void put_mode(struct writer *w, const struct machine *m)
{
	unsigned int i, k;
	char more[64];

	for (i = 0; i < m->num; i++) {
		const char *mode = m->boards[i].s.sensors.mode;

		for (k = 0; mode[0] && k < AK_CLOCK_MODES; k++) {
			snprintf(more, sizeof(more), "%s=\"%s\"", w->f->name,
				 ak_clock_modes[k]);
			put_count(w, "", m->boards[i].labels, more,
				  !strcmp(mode, ak_clock_modes[k]));
		}
	}
}

static void put_suspended(struct writer *w, const struct machine *m)
{
	unsigned int i;

	for (i = 0; i < m->num; i++)
		if (m->boards[i].s.state[0])
			put_count(w, "", m->boards[i].labels, NULL,
				  !strcmp(m->boards[i].s.state, "suspended"));
}

static void put_memory(struct writer *w, const struct machine *m)
{
	unsigned int i;

	for (i = 0; i < m->num; i++)
		if (m->boards[i].s.has_memory)
			put_count(w, "", m->boards[i].labels, NULL,
				  w->f->arg ? m->boards[i].s.memory_used :
					      m->boards[i].s.memory_total);
}

static void put_speed(struct writer *w, const struct machine *m)
{
	unsigned int i;
	uint32_t speed;

	for (i = 0; i < m->num; i++) {
		speed = w->f->arg ? m->boards[i].best.speed :
				    m->boards[i].link.speed;
		if (speed)
			put_count(w, "", m->boards[i].labels, NULL,
				  (uint64_t)speed * 1000000);
	}
}

static void put_lanes(struct writer *w, const struct machine *m)
{
	unsigned int i;
	uint32_t width;

	for (i = 0; i < m->num; i++) {
		width = w->f->arg ? m->boards[i].best.width :
				    m->boards[i].link.width;
		if (width)
			put_count(w, "", m->boards[i].labels, NULL, width);
	}
}

static void put_errors(struct writer *w, const struct machine *m)
{
	unsigned int i, k;
	char more[64];

	for (i = 0; i < m->num; i++)
		for (k = 0; k < ARRAY_SIZE(error_classes); k++) {
			if (!(m->boards[i].has_errors & 1u << k))
				continue;
			snprintf(more, sizeof(more), "class=\"%s\"",
				 error_classes[k]);
			put_count(w, "", m->boards[i].labels, more,
				  m->boards[i].errors[k]);
		}
}

enum process {
	PROCESS_INFO,
	PROCESS_BUSY,
	PROCESS_COMPLETED,
	PROCESS_FAILED,
	PROCESS_MEMORY,
};

/* Of a file that several processes share, the first one. */
static bool seen_before(const struct machine *m, size_t i)
{
	size_t k;

	for (k = 0; k < i; k++)
		if (m->clients[k].board == m->clients[i].board &&
		    m->clients[k].id == m->clients[i].id)
			return true;
	return false;
}

static void put_client(struct writer *w, const struct status_client *c,
		       const char *labels)
{
	char *command, *program, *more, text[40];

	switch (w->f->arg) {
	case PROCESS_INFO:
		command = escape(c->command);
		program = escape(c->program);
		more = tool_text("command=\"%s\",user=\"%u\",program=\"%s\"",
				 command, (unsigned int)c->user, program);
		put(w, "", labels, more, "1");
		free(more);
		free(program);
		free(command);
		break;
	case PROCESS_BUSY:
		put(w, "", labels, NULL, seconds(c->busy, text));
		break;
	case PROCESS_COMPLETED:
		put_count(w, "", labels, NULL, c->completed);
		break;
	case PROCESS_FAILED:
		put_count(w, "", labels, NULL, c->failed);
		break;
	case PROCESS_MEMORY:
		put_count(w, "", labels, NULL, c->memory);
		break;
	}
}

static void put_process(struct writer *w, const struct machine *m)
{
	unsigned int b;
	char *labels;
	size_t i;

	for (i = 0; i < m->num_clients; i++) {
		const struct status_client *c = &m->clients[i];

		for (b = 0; b < m->num; b++)
			if (m->boards[b].s.desc.index == c->board)
				break;
		if (b == m->num || seen_before(m, i))
			continue;
		labels = tool_text("%s,client=\"%llu\",pid=\"%d\"",
				   m->boards[b].labels,
				   (unsigned long long)c->id, (int)c->pid);
		put_client(w, c, labels);
		free(labels);
	}
}

static void put_hidden(struct writer *w, const struct machine *m)
{
	put_count(w, "", NULL, NULL, m->hidden);
}

/* Names and units: Documentation/admin-guide.rst has the same table. */
static const struct family families[] = {
	{ "akida_exporter_build", INFO, NULL, "Version of akida export.", 0,
	  put_build },
	{ "akida_driver", INFO, NULL, "Version of akida.ko.", 0, put_driver },
	{ "akida_boards", GAUGE, NULL, "Boards that the driver holds.", 0,
	  put_boards },
	{ "akida_up", GAUGE, NULL,
	  "1 if the driver holds this board, 0 if it is only on the PCI bus.",
	  0, put_up },
	{ "akida_board", INFO, NULL, "What the board is.", 0, put_info },
	{ "akida_busy_seconds", COUNTER, "seconds",
	  "Time that the board's core had jobs.", BUSY, put_counter },
	{ "akida_jobs_completed", COUNTER, NULL,
	  "Jobs that ended without an error.", COMPLETED, put_counter },
	{ "akida_jobs_failed", COUNTER, NULL, "Jobs that ended with an error.",
	  FAILED, put_counter },
	{ "akida_program_switches", COUNTER, NULL,
	  "Times that the core was loaded with another program than before.",
	  SWITCHES, put_counter },
	{ "akida_resets", COUNTER, NULL,
	  "Resets of the board and of its core alone.", RESETS, put_counter },
	{ "akida_job_latency_seconds", HISTOGRAM, "seconds",
	  "Time of jobs from submission to completion.", 0, put_histogram },
	{ "akida_power_watts", GAUGE, "watts", "Power that the board takes.",
	  POWER_WATTS, put_sensor },
	{ "akida_supply_volts", GAUGE, "volts", "Voltage of its supply.",
	  POWER_VOLTS, put_sensor },
	{ "akida_current_amperes", GAUGE, "amperes", "Current that it takes.",
	  POWER_AMPERES, put_sensor },
	{ "akida_temperature_celsius", GAUGE, "celsius",
	  "Temperature of the board.", POWER_CELSIUS, put_sensor },
	{ "akida_clock_hertz", GAUGE, "hertz", "Frequency of the core's clock.",
	  POWER_HERTZ, put_sensor },
	{ "akida_clock_mode", STATESET, NULL, "Mode of the core's clock.", 0,
	  put_mode },
	{ "akida_suspended", GAUGE, NULL,
	  "1 while the board is suspended at runtime.", 0, put_suspended },
	{ "akida_memory_bytes", GAUGE, "bytes",
	  "Memory of the board that programs and buffers can take.", 0,
	  put_memory },
	{ "akida_memory_used_bytes", GAUGE, "bytes",
	  "Memory of the board that is taken.", 1, put_memory },
	{ "akida_pcie_link_transfers_per_second", GAUGE, NULL,
	  "Transfers a second of a lane of the PCI Express link.", 0,
	  put_speed },
	{ "akida_pcie_link_max_transfers_per_second", GAUGE, NULL,
	  "Transfers a second of a lane that both ends of the link can do.", 1,
	  put_speed },
	{ "akida_pcie_link_lanes", GAUGE, NULL,
	  "Lanes of the PCI Express link in use.", 0, put_lanes },
	{ "akida_pcie_link_max_lanes", GAUGE, NULL,
	  "Lanes that both ends of the link have.", 1, put_lanes },
	{ "akida_pcie_errors", COUNTER, NULL,
	  "Errors of PCI Express that the kernel counted (AER).", 0,
	  put_errors },
	{ "akida_process", INFO, NULL,
	  "An open file of the board: whose, and the program that it ran last.",
	  PROCESS_INFO, put_process },
	{ "akida_process_busy_seconds", COUNTER, "seconds",
	  "Time that the board computed for the process.", PROCESS_BUSY,
	  put_process },
	{ "akida_process_jobs_completed", COUNTER, NULL,
	  "Jobs of the process that ended without an error.", PROCESS_COMPLETED,
	  put_process },
	{ "akida_process_jobs_failed", COUNTER, NULL,
	  "Jobs of the process that ended with an error.", PROCESS_FAILED,
	  put_process },
	{ "akida_process_memory_bytes", GAUGE, "bytes",
	  "Buffers and programs of the process.", PROCESS_MEMORY, put_process },
	{ "akida_processes_hidden", GAUGE, NULL,
	  "Processes that the exporter has no right to look into.", 0,
	  put_hidden },
};

static bool of_processes(const struct family *f)
{
	return f->put == put_process || f->put == put_hidden;
}

void export_metrics(struct ak_buf *out, enum export_format format,
		    bool processes)
{
	struct writer w = { .out = out, .format = format };
	struct machine m;
	size_t i;

	look(&m, processes);
	for (i = 0; i < ARRAY_SIZE(families); i++) {
		w.f = &families[i];
		w.begun = false;
		if (processes || !of_processes(w.f))
			w.f->put(&w, &m);
	}
	if (format == EXPORT_OPENMETRICS)
		ak_buf_text(out, "# EOF\n");
	forget(&m);
}
