// SPDX-License-Identifier: GPL-2.0
/*
 * The counters as JSON.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "board.h"
#include "util.h"

static json_t *number(uint64_t v)
{
	return json_integer((json_int_t)v);
}

static json_t *bars(const struct board *b)
{
	json_t *o = json_object();
	unsigned int i;

	for (i = 0; i < NUM_BARS; i++) {
		char name[8];

		snprintf(name, sizeof(name), "bar%u", i * 2);
		json_object_set_new(o, name,
				    json_pack("{s:o, s:o}", "reads",
					      number(b->stats.bar_reads[i]),
					      "writes",
					      number(b->stats.bar_writes[i])));
	}
	return o;
}

static json_t *channel(const struct channel_stats *c)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "doorbells",
			 number(c->doorbells), "elements", number(c->elements),
			 "links", number(c->links), "bytes", number(c->bytes),
			 "done", number(c->done), "aborts", number(c->aborts),
			 "stops", number(c->stops));
}

static json_t *dma(const struct board *b)
{
	struct channel_stats sum = { 0 };
	json_t *o, *chans = json_object();
	unsigned int i;

	for (i = 0; i < NUM_CHANNELS; i++) {
		const struct channel_stats *c = &b->stats.channel[i];

		sum.doorbells += c->doorbells;
		sum.elements += c->elements;
		sum.links += c->links;
		sum.bytes += c->bytes;
		sum.done += c->done;
		sum.aborts += c->aborts;
		sum.stops += c->stops;
		json_object_set_new(chans, channel_name(i), channel(c));
	}
	o = channel(&sum);
	json_object_set_new(o, "doorbells_ignored",
			    number(b->stats.doorbells_ignored));
	json_object_set_new(o, "channels", chans);
	return o;
}

static json_t *faults(const struct board *b)
{
	json_t *o = json_object();
	unsigned int i;

	for (i = 0; i < NUM_FAULT_KINDS; i++)
		json_object_set_new(o, fault_name(i),
				    number(b->stats.faults[i]));
	return o;
}

/* What the host has mapped at this moment is no counter: a reset leaves it. */
static json_t *host(const struct board *b)
{
	const struct stats *s = &b->stats;
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < b->host.num; i++)
		bytes += b->host.maps[i].size;
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "read_faults",
			 number(s->host_read_faults), "write_faults",
			 number(s->host_write_faults), "messages",
			 number(s->host_messages), "maps", number(b->host.num),
			 "mapped_bytes", number(bytes));
}

json_t *stats_json(const struct board *b)
{
	const struct stats *s = &b->stats;

	return json_pack(
		"{s:s, s:o, s:{s:o, s:o}, s:o, s:{s:o, s:o, s:o, s:o, s:o},"
		" s:{s:o, s:o, s:o}, s:o, s:o,"
		" s:{s:o, s:o, s:o, s:o}, s:{s:o, s:o}, s:{s:o, s:o}, s:o}",
		"chip", b->chip->name, "mmio", bars(b), "config", "reads",
		number(s->config_reads), "writes", number(s->config_writes),
		"dma", dma(b), "interrupts", "delivered",
		number(s->irq_delivered), "stray", number(s->irq_stray),
		"unrouted", number(s->irq_unrouted), "lost",
		number(s->irq_lost), "spurious", number(s->irq_spurious),
		"illegal", "mmio", number(s->illegal_mmio), "dma",
		number(s->illegal_dma), "core", number(s->illegal_core),
		"reserved_registers", number(s->reserved_regs), "host", host(b),
		"core", "jobs", number(s->core_jobs), "packets",
		number(s->core_packets), "errors", number(s->core_errors),
		"resets", number(s->core_resets), "resets", "flr",
		number(s->resets_flr), "bus", number(s->resets_bus), "client",
		"connections", number(s->clients), "protocol_errors",
		number(s->protocol_errors), "faults", faults(b));
}

int stats_save(const struct board *b)
{
	char *temp;
	json_t *o;
	int err = 0;

	if (!b->stats_path)
		return 0;
	if (asprintf(&temp, "%s.new", b->stats_path) < 0)
		return -ENOMEM;
	o = stats_json(b);
	if (!o)
		err = -ENOMEM;
	else if (json_dump_file(o, temp, JSON_INDENT(2)))
		err = errno ? -errno : -EIO;
	else if (rename(temp, b->stats_path))
		err = -errno;
	json_decref(o);
	free(temp);
	return err;
}
