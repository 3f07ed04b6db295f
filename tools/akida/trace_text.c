// SPDX-License-Identifier: GPL-2.0
/*
 * What was traced, for people.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"
#include "text.h"
#include "tool.h"
#include "trace.h"

#define BAR 40

const char *const trace_stages[NUM_STAGES] = {
	[STAGE_QUEUED] = "queued",     [STAGE_UPLOAD] = "upload",
	[STAGE_WAIT] = "wait",	       [STAGE_COMPUTE] = "compute",
	[STAGE_DOWNLOAD] = "download", [STAGE_TOTAL] = "total",
};

/* ------------------------------------------------------------------ numbers */

static const char *ns_text(uint64_t ns, char *buf, size_t size)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	double v = ns;
	unsigned int u = 0;

	while (v >= 1000 && u < 3) {
		v /= 1000;
		u++;
	}
	snprintf(buf, size, "%.*f %s",
		 !u || v >= 100 ? 0 :
		 v >= 10	? 1 :
				  2,
		 v, units[u]);
	return buf;
}

static const char *bytes_text(uint64_t bytes, char *buf, size_t size)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB" };
	double v = bytes;
	unsigned int u = 0;

	while (v >= 1024 && u < 3) {
		v /= 1024;
		u++;
	}
	snprintf(buf, size, "%.*f %s", !u || v >= 100 ? 0 : 1, v, units[u]);
	return buf;
}

static uint64_t count_of(const struct trace_hist *h)
{
	uint64_t n = 0;
	unsigned int i;

	for (i = 0; i < TRACE_SLOTS; i++)
		n += h->slot[i];
	return n;
}

static uint64_t mean_of(const struct trace_hist *h)
{
	uint64_t n = count_of(h);

	return n ? h->sum / n : 0;
}

/* Below this are so many percent: the end of a slot. */
static uint64_t percentile(const struct trace_hist *h, unsigned int percent)
{
	uint64_t n = count_of(h), sum = 0;
	unsigned int i;

	for (i = 0; i < TRACE_SLOTS; i++) {
		sum += h->slot[i];
		if (sum * 100 >= n * percent)
			break;
	}
	return i < TRACE_SLOTS - 1 ? UINT64_C(2) << i : UINT64_MAX;
}

/* ------------------------------------------------------------------- groups */

static bool same(enum trace_by by, const struct trace_key *a,
		 const struct trace_key *b)
{
	if (by == TRACE_BY_PROGRAM)
		return a->program == b->program && a->board == b->board;
	return by == TRACE_BY_PROCESS ? a->pid == b->pid : true;
}

static void add(struct trace_hist *to, const struct trace_hist *from)
{
	unsigned int i;

	for (i = 0; i < TRACE_SLOTS; i++)
		to->slot[i] += from->slot[i];
	to->sum += from->sum;
	if (from->max > to->max)
		to->max = from->max;
}

void trace_merge(const struct trace_result *r, enum trace_by by,
		 const struct trace_key *like, struct trace_row *sum)
{
	unsigned int k;
	size_t i;

	memset(sum, 0, sizeof(*sum));
	for (i = 0; i < r->num; i++) {
		const struct trace_row *row = &r->row[i];

		if (like && !same(by, like, &row->key))
			continue;
		sum->key = row->key;
		memcpy(sum->jobs.comm, row->jobs.comm, TRACE_COMM);
		sum->jobs.done += row->jobs.done;
		sum->jobs.failed += row->jobs.failed;
		sum->jobs.clocks += row->jobs.clocks;
		sum->jobs.input_bytes += row->jobs.input_bytes;
		sum->jobs.output_bytes += row->jobs.output_bytes;
		for (k = 0; k < NUM_STAGES; k++)
			add(&sum->hist[k], &row->hist[k]);
	}
}

static int by_clocks(const void *a, const void *b)
{
	const struct trace_jobs *x = &((const struct trace_row *)a)->jobs;
	const struct trace_jobs *y = &((const struct trace_row *)b)->jobs;

	if (x->clocks != y->clocks)
		return x->clocks < y->clocks ? 1 : -1;
	return (x->done < y->done) - (x->done > y->done);
}

struct trace_row *trace_groups(const struct trace_result *r, enum trace_by by,
			       size_t *num)
{
	struct trace_row *rows = tool_alloc(r->num + 1, sizeof(*rows));
	size_t i, k;

	*num = 0;
	for (i = 0; i < r->num; i++) {
		for (k = 0; k < *num; k++)
			if (same(by, &rows[k].key, &r->row[i].key))
				break;
		if (k == *num)
			trace_merge(r, by, &r->row[i].key, &rows[(*num)++]);
	}
	qsort(rows, *num, sizeof(*rows), by_clocks);
	return rows;
}

/* -------------------------------------------------------------------- print */

static void print_histogram(const char *title, const struct trace_hist *h,
			    const char *(*text)(uint64_t v, char *buf,
						size_t size))
{
	unsigned int first = TRACE_SLOTS, last = 0, i, stars;
	uint64_t most = 0;
	char a[32], b[32];

	for (i = 0; i < TRACE_SLOTS; i++) {
		if (!h->slot[i])
			continue;
		if (first == TRACE_SLOTS)
			first = i;
		last = i;
		if (h->slot[i] > most)
			most = h->slot[i];
	}
	if (!most)
		return;
	printf("\n%s\n", title);
	for (i = first; i <= last; i++) {
		stars = (double)h->slot[i] * BAR / most + 0.5;
		if (h->slot[i] && !stars)
			stars = 1;
		printf("  %9s - %-9s %10" PRIu64 " |%.*s%*s|\n",
		       text(i ? UINT64_C(1) << i : 0, a, sizeof(a)),
		       text(UINT64_C(2) << i, b, sizeof(b)),
		       (uint64_t)h->slot[i], (int)stars,
		       "########################################",
		       BAR - (int)stars, "");
	}
}

static void print_stages(const struct trace_row *row)
{
	static const char *const heads[] = { "Stage",	   ">Mean",
					     ">50% below", ">99% below",
					     ">Longest",   NULL };
	struct table *t = table_new(heads);
	char a[32], title[64];
	unsigned int i;

	for (i = 0; i < NUM_STAGES; i++) {
		const struct trace_hist *h = &row->hist[i];

		table_cell(t, "%s", trace_stages[i]);
		table_cell(t, "%s", ns_text(mean_of(h), a, sizeof(a)));
		table_cell(t, "%s", ns_text(percentile(h, 50), a, sizeof(a)));
		table_cell(t, "%s", ns_text(percentile(h, 99), a, sizeof(a)));
		table_cell(t, "%s", ns_text(h->max, a, sizeof(a)));
	}
	table_print(t, 0);
	for (i = 0; i < NUM_STAGES; i++) {
		snprintf(title, sizeof(title), "%s, jobs:", trace_stages[i]);
		print_histogram(title, &row->hist[i], ns_text);
	}
}

static void print_groups(const struct trace_result *r, enum trace_by by)
{
	static const char *const programs[] = {
		"Board",      "Program", ">Jobs",  ">Failed", ">Mean",
		">99% below", ">Clocks", ">Share", NULL
	};
	static const char *const processes[] = {
		"Process",    "Command", ">Jobs",  ">Failed", ">Mean",
		">99% below", ">Clocks", ">Share", NULL
	};
	struct table *t =
		table_new(by == TRACE_BY_PROGRAM ? programs : processes);
	uint64_t clocks = 0;
	struct trace_row *rows;
	size_t num, i;
	char a[32];

	rows = trace_groups(r, by, &num);
	for (i = 0; i < num; i++)
		clocks += rows[i].jobs.clocks;
	for (i = 0; i < num; i++) {
		const struct trace_row *row = &rows[i];
		const struct trace_hist *h = &row->hist[STAGE_TOTAL];

		if (by == TRACE_BY_PROGRAM) {
			table_cell(t, "akida%u", row->key.board);
			table_cell(t, "%" PRIu64, (uint64_t)row->key.program);
		} else if (row->key.pid) {
			table_cell(t, "%u", row->key.pid);
			table_cell(t, "%.*s", TRACE_COMM, row->jobs.comm);
		} else {
			table_cell(t, "?");
			table_cell(t, "(submitted before)");
		}
		table_cell(t, "%" PRIu64, (uint64_t)row->jobs.done);
		table_cell(t, "%" PRIu64, (uint64_t)row->jobs.failed);
		table_cell(t, "%s", ns_text(mean_of(h), a, sizeof(a)));
		table_cell(t, "%s", ns_text(percentile(h, 99), a, sizeof(a)));
		table_cell(t, "%" PRIu64, (uint64_t)row->jobs.clocks);
		table_cell(t, "%.1f %%",
			   clocks ? 100.0 * row->jobs.clocks / clocks : 0);
	}
	putchar('\n');
	table_print(t, 0);
	free(rows);
}

static void print_each(const struct trace_result *r, enum trace_by by)
{
	struct trace_row *rows;
	size_t num, i;

	rows = trace_groups(r, by, &num);
	for (i = 0; i < num; i++) {
		char *name = text_clean(rows[i].jobs.comm);

		if (by == TRACE_BY_PROGRAM)
			printf("\nProgram %" PRIu64 " on akida%u\n\n",
			       (uint64_t)rows[i].key.program,
			       rows[i].key.board);
		else
			printf("\nProcess %u %s\n\n", rows[i].key.pid, name);
		free(name);
		print_stages(&rows[i]);
	}
	free(rows);
}

void trace_print_text(const struct trace_result *r, enum trace_by by)
{
	struct trace_row all;

	trace_merge(r, TRACE_BY_NONE, NULL, &all);
	printf("%" PRIu64 " jobs done, %" PRIu64 " failed\n",
	       (uint64_t)all.jobs.done, (uint64_t)all.jobs.failed);
	if (all.jobs.done) {
		putchar('\n');
		print_stages(&all);
	}
	if (r->num) {
		print_groups(r, TRACE_BY_PROGRAM);
		print_groups(r, TRACE_BY_PROCESS);
	}
	if (by != TRACE_BY_NONE)
		print_each(r, by);
	print_histogram("transfers to the board, bytes:", &r->size[1],
			bytes_text);
	print_histogram("transfers from the board, bytes:", &r->size[0],
			bytes_text);
}

void trace_slow_text(const struct trace_job *j)
{
	char a[32], *name = text_clean(j->comm);
	unsigned int i;

	printf("slow: akida%u program %" PRIu64 " file %" PRIu64 " job %" PRIu64
	       " of process %u %s: %s",
	       j->key.board, (uint64_t)j->key.program, (uint64_t)j->file,
	       (uint64_t)j->seq, j->key.pid, name,
	       ns_text(j->ns[STAGE_TOTAL], a, sizeof(a)));
	for (i = 0; i < STAGE_TOTAL; i++)
		printf("%s %s %s", i ? "," : ":", trace_stages[i],
		       ns_text(j->ns[i], a, sizeof(a)));
	if (j->status)
		printf(": %s", strerror(-j->status));
	putchar('\n');
	free(name);
}
