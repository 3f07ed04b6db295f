// SPDX-License-Identifier: GPL-2.0
/*
 * What was traced, as JSON: a line for each slow job, and one for all at the
 * end. Slots are [from, count]: values from there up to twice that.
 */
#include <stdlib.h>

#include "json.h"
#include "trace.h"

static void put_number(json_t *o, const char *key, uint64_t v)
{
	/* Sums of nanoseconds do not come near to what a json_int_t holds. */
	json_put(o, key, json_integer((json_int_t)v));
}

static void put_line(json_t *o)
{
	json_dumpf(o, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
	putchar('\n');
	fflush(stdout);
	json_decref(o);
}

void trace_slow_json(const struct trace_job *j)
{
	json_t *o = json_object(), *ns = json_object();
	unsigned int i;

	json_put(o, "type", json_text("slow-job"));
	put_number(o, "board", j->key.board);
	put_number(o, "program", j->key.program);
	put_number(o, "file", j->file);
	put_number(o, "job", j->seq);
	put_number(o, "pid", j->key.pid);
	json_put(o, "command", json_text(j->comm));
	json_put(o, "status", json_integer(j->status));
	put_number(o, "clocks", j->clocks);
	put_number(o, "input_bytes", j->input_size);
	put_number(o, "output_bytes", j->output_size);
	for (i = 0; i < NUM_STAGES; i++)
		put_number(ns, trace_stages[i], j->ns[i]);
	json_put(o, "ns", ns);
	put_line(o);
}

static json_t *histogram(const struct trace_hist *h)
{
	json_t *o = json_object(), *slots = json_array(), *pair;
	uint64_t count = 0;
	unsigned int i;

	for (i = 0; i < TRACE_SLOTS; i++) {
		if (!h->slot[i])
			continue;
		pair = json_array();
		json_add(pair, json_integer(i ? INT64_C(1) << i : 0));
		json_add(pair, json_integer((json_int_t)h->slot[i]));
		json_add(slots, pair);
		count += h->slot[i];
	}
	put_number(o, "count", count);
	put_number(o, "sum", h->sum);
	put_number(o, "max", h->max);
	json_put(o, "slots", slots);
	return o;
}

static json_t *row_json(const struct trace_row *row)
{
	json_t *o = json_object(), *stages = json_object();
	unsigned int i;

	put_number(o, "done", row->jobs.done);
	put_number(o, "failed", row->jobs.failed);
	put_number(o, "clocks", row->jobs.clocks);
	put_number(o, "input_bytes", row->jobs.input_bytes);
	put_number(o, "output_bytes", row->jobs.output_bytes);
	for (i = 0; i < NUM_STAGES; i++)
		json_put(stages, trace_stages[i], histogram(&row->hist[i]));
	json_put(o, "ns", stages);
	return o;
}

static json_t *groups(const struct trace_result *r, enum trace_by by)
{
	json_t *list = json_array(), *o;
	struct trace_row *rows;
	size_t num, i;

	rows = trace_groups(r, by, &num);
	for (i = 0; i < num; i++) {
		o = row_json(&rows[i]);
		if (by == TRACE_BY_PROGRAM) {
			put_number(o, "board", rows[i].key.board);
			put_number(o, "program", rows[i].key.program);
		} else {
			put_number(o, "pid", rows[i].key.pid);
			json_put(o, "command", json_text(rows[i].jobs.comm));
		}
		json_add(list, o);
	}
	free(rows);
	return list;
}

void trace_print_json(const struct trace_result *r, bool btf)
{
	json_t *o = json_object(), *transfers = json_object();
	struct trace_row all;

	trace_merge(r, TRACE_BY_NONE, NULL, &all);
	json_put(o, "type", json_text("summary"));
	json_put(o, "method", json_text(btf ? "btf" : "tracepoints"));
	json_put(o, "jobs", row_json(&all));
	json_put(o, "programs", groups(r, TRACE_BY_PROGRAM));
	json_put(o, "processes", groups(r, TRACE_BY_PROCESS));
	json_put(transfers, "to_device", histogram(&r->size[1]));
	json_put(transfers, "from_device", histogram(&r->size[0]));
	json_put(o, "transfer_bytes", transfers);
	put_number(o, "lost_jobs", r->lost[LOST_KEYS]);
	put_number(o, "lost_slow_jobs", r->lost[LOST_LOG]);
	put_line(o);
}
