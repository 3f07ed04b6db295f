// SPDX-License-Identifier: GPL-2.0
/*
 * akida dma-test: what came of it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dma_test.h"
#include "host.h"
#include "json.h"
#include "table.h"
#include "tool.h"

/* Which way it went wrong, as far as that can be told. */
static const char *blame(const struct dma_error *e)
{
	if (e->guard)
		return "a copy wrote outside its range";
	if (e->can_see && e->seen == e->expected)
		return "the device memory is right, so the way back went wrong";
	if (e->can_see)
		return "the device memory is wrong, so the way there went wrong, or the memory is bad";
	if (e->again)
		return "the same came when it was read again, so the way there went wrong, or the memory is bad";
	return "something else came when it was read again, so the way back is not reliable";
}

char *dma_explain(const struct dma_result *r)
{
	const struct dma_error *e = &r->error;

	if (e->guard && !e->address)
		return tool_text(
			"pattern %s, %s memory: byte %llu of the host's buffer is outside the copies: expected 0x%08x, got 0x%08x; %s",
			dma_pattern_name(r->pattern), dma_kind_name(r->kind),
			(unsigned long long)e->offset, e->expected, e->got,
			blame(e));
	return tool_text(
		"pattern %s, %s memory: device address 0x%llx (byte %llu): expected 0x%08x, got 0x%08x, different bits 0x%08x; %llu of %llu words are wrong; %s",
		dma_pattern_name(r->pattern), dma_kind_name(r->kind),
		(unsigned long long)e->address, (unsigned long long)e->offset,
		e->expected, e->got, e->expected ^ e->got,
		(unsigned long long)e->wrong, (unsigned long long)e->words,
		blame(e));
}

/* Passes of a pattern are one row. */
static void print_results(const struct dma_test *t)
{
	static const char *const heads[] = { "Memory",	"Pattern", ">Passes",
					     ">Copies", ">Bytes",  "Result",
					     NULL };
	struct table *table = table_new(heads);
	size_t i, k;
	char human[32];

	for (i = 0; i < t->num_results; i++) {
		const struct dma_result *r = &t->results[i];
		uint64_t copies = 0, bytes = 0;
		unsigned int passes = 0, bad = 0;

		if (r->pass)
			continue;
		for (k = i; k < t->num_results; k++) {
			const struct dma_result *o = &t->results[k];

			if (o->kind != r->kind || o->pattern != r->pattern)
				continue;
			passes++;
			bad += o->bad;
			copies += o->copies;
			bytes += o->bytes;
		}
		table_cell(table, "%s", dma_kind_name(r->kind));
		table_cell(table, "%s", dma_pattern_name(r->pattern));
		table_cell(table, "%u", passes);
		table_cell(table, "%llu", (unsigned long long)copies);
		table_cell(table, "%s",
			   host_bytes(bytes, human, sizeof(human)));
		if (bad)
			table_cell(table, "WRONG in %u", bad);
		else
			table_cell(table, "ok");
	}
	table_print(table, 0);
}

static void print_speeds(const struct dma_test *t)
{
	static const char *const heads[] = {
		"Memory",     "Direction", ">Size", ">Copies", ">Minimum us",
		">Median us", ">99 % us",  ">MB/s", NULL
	};
	struct table *table = table_new(heads);
	char human[32];
	size_t i;

	for (i = 0; i < t->num_speeds; i++) {
		const struct dma_speed *s = &t->speeds[i];

		table_cell(table, "%s", dma_kind_name(s->kind));
		table_cell(table, "%s", dma_direction_name(s->direction));
		table_cell(table, "%s",
			   host_bytes(s->size, human, sizeof(human)));
		table_cell(table, "%u", s->count);
		table_cell(table, "%.1f", s->min);
		table_cell(table, "%.1f", s->median);
		table_cell(table, "%.1f", s->p99);
		table_cell(table, "%.1f", s->rate / 1e6);
	}
	table_print(table, 0);
}

static void print_text(const struct dma_test *t)
{
	char human[32];

	printf("%s, %s at device address 0x%llx, seed %llu%s\n\n", t->node,
	       host_bytes(t->size, human, sizeof(human)),
	       (unsigned long long)akida_buffer_device_address(t->device) +
		       DMA_GUARD,
	       (unsigned long long)t->seed,
	       t->info.caps & AKIDA_BOARD_VIRTUAL ?
		       "; a virtual board: times say nothing of silicon" :
		       "");
	if (t->num_results)
		print_results(t);
	if (t->num_results && t->num_speeds)
		putchar('\n');
	if (t->num_speeds)
		print_speeds(t);
}

static json_t *error_json(const struct dma_error *e)
{
	json_t *o = json_object();
	char text[24];

	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)e->address);
	json_put(o, "device_address",
		 e->address ? json_text(text) : json_null());
	json_put(o, "offset", json_integer((json_int_t)e->offset));
	json_put(o, "expected", json_integer(e->expected));
	json_put(o, "got", json_integer(e->got));
	json_put(o, "wrong_words", json_integer((json_int_t)e->wrong));
	json_put(o, "outside", json_boolean(e->guard));
	json_put(o, "cause", json_text(blame(e)));
	return o;
}

static void print_json(const struct dma_test *t)
{
	json_t *root = json_object(), *list = json_array(), *o;
	char text[24];
	size_t i;

	json_put(root, "board", json_text(t->node));
	json_put(root, "virtual",
		 json_boolean(t->info.caps & AKIDA_BOARD_VIRTUAL));
	json_put(root, "size", json_integer((json_int_t)t->size));
	snprintf(text, sizeof(text), "0x%llx",
		 (unsigned long long)akida_buffer_device_address(t->device) +
			 DMA_GUARD);
	json_put(root, "device_address", json_text(text));
	json_put(root, "seed", json_integer((json_int_t)t->seed));
	for (i = 0; i < t->num_results; i++) {
		const struct dma_result *r = &t->results[i];

		o = json_object();
		json_put(o, "memory", json_text(dma_kind_name(r->kind)));
		json_put(o, "pattern", json_text(dma_pattern_name(r->pattern)));
		json_put(o, "pass", json_integer(r->pass));
		json_put(o, "copies", json_integer((json_int_t)r->copies));
		json_put(o, "bytes", json_integer((json_int_t)r->bytes));
		json_put(o, "error",
			 r->bad ? error_json(&r->error) : json_null());
		json_add(list, o);
	}
	json_put(root, "patterns", list);
	list = json_array();
	for (i = 0; i < t->num_speeds; i++) {
		const struct dma_speed *s = &t->speeds[i];

		o = json_object();
		json_put(o, "memory", json_text(dma_kind_name(s->kind)));
		json_put(o, "direction",
			 json_text(dma_direction_name(s->direction)));
		json_put(o, "size", json_integer((json_int_t)s->size));
		json_put(o, "copies", json_integer(s->count));
		json_put(o, "min_us", json_number(s->min));
		json_put(o, "median_us", json_number(s->median));
		json_put(o, "p99_us", json_number(s->p99));
		json_put(o, "bytes_per_second", json_number(s->rate));
		json_add(list, o);
	}
	json_put(root, "speed", list);
	json_print(root);
}

void dma_print(const struct dma_test *t)
{
	if (t->json)
		print_json(t);
	else
		print_text(t);
}
