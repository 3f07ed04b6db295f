// SPDX-License-Identifier: GPL-2.0
/*
 * akida top: all that is known of the chosen board, and its past as graphs.
 */
#if HAVE_NCURSES
#include <math.h>
#include <string.h>

#include "host.h"
#include "tool.h"
#include "top_view.h"

static int label(const struct top_view *v, struct top_page *s, const char *text)
{
	ink_text(&v->style, s->y, 2, 10, INK_DIM, text);
	return 13;
}

/* Texts beside each other, each with a dim name before it. */
static int item(const struct top_view *v, const struct top_page *s, int x,
		const char *name, const char *text, enum top_ink ink)
{
	if (name[0])
		x = ink_text(&v->style, s->y, x, s->columns - x, INK_DIM,
			     name) +
		    1;
	x = ink_text(&v->style, s->y, x, s->columns - x, ink, text);
	return x + 3;
}

static void show_latency(const struct top_view *v, struct top_page *s,
			 const struct top_board *b)
{
	static const char *const names[] = { "p50", "p90", "p99", "max" };
	int x = label(v, s, "Latency");
	char text[TOP_CELL];
	unsigned int i;

	if (!b->now.latency.count) {
		item(v, s, x, "", "this driver does not tell", INK_PLAIN);
	} else if (!b->known || !b->rates.latencies) {
		item(v, s, x, "", b->known ? "no job was completed" : "-",
		     INK_PLAIN);
	} else {
		for (i = 0; i < ARRAY_SIZE(names); i++) {
			top_seconds(b->rates.latency[i], &v->style, text);
			x = item(v, s, x, names[i], text, INK_PLAIN);
		}
		snprintf(text, sizeof(text), "of %llu jobs",
			 (unsigned long long)b->rates.latencies);
		ink_text(&v->style, s->y, x, s->columns - x, INK_DIM, text);
	}
	s->y++;
}

static void show_sensors(const struct top_view *v, struct top_page *s,
			 const struct top_board *b)
{
	const struct power_reading *r = &b->now.sensors;
	int x = label(v, s, "Sensors");
	char text[TOP_CELL];
	unsigned int i;

	if (!r->has)
		item(v, s, x, "",
		     !strcmp(b->now.state, "suspended") ?
			     "silent: the board is suspended" :
		     r->why ? strerror(r->why) :
			      "none; akida doctor says why",
		     INK_PLAIN);
	for (i = 0; i < POWER_VALUES; i++) {
		if (!(r->has & 1u << i))
			continue;
		top_value(r, i, &v->style, text);
		x = item(v, s, x, "", text, INK_PLAIN);
	}
	if (r->mode[0])
		item(v, s, r->has ? x - 2 : x, "", r->mode, INK_PLAIN);
	s->y++;
}

static void show_memory(const struct top_view *v, struct top_page *s,
			const struct top_board *b)
{
	const struct status_board *n = &b->now;
	int x = label(v, s, "Memory");
	char used[32], total[32], text[TOP_CELL];

	if (n->has_memory && n->memory_total) {
		if (s->columns >= 60) {
			ink_bar(&v->style, s->y, x, 20,
				(double)n->memory_used /
					(double)n->memory_total);
			x += 21;
		}
		snprintf(text, sizeof(text), "%s of %s",
			 host_bytes(n->memory_used, used, sizeof(used)),
			 host_bytes(n->memory_total, total, sizeof(total)));
		item(v, s, x, "", text, INK_PLAIN);
	} else {
		item(v, s, x, "", "this driver does not tell", INK_PLAIN);
	}
	s->y++;
}

static void show_counters(const struct top_view *v, struct top_page *s,
			  const struct top_board *b)
{
	const struct status_board *n = &b->now;
	int x = label(v, s, "In all");
	enum top_ink alert = INK_PLAIN;
	char text[TOP_CELL];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)n->completed);
	x = item(v, s, x, "jobs", text, INK_PLAIN);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)n->failed);
	if (b->known && b->rates.failed > 0)
		alert = INK_ALERT;
	x = item(v, s, x, "failed", text, alert);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)n->switches);
	x = item(v, s, x, "switches", text, INK_PLAIN);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)n->resets);
	item(v, s, x, "resets", text, INK_PLAIN);
	s->y++;
}

/*
 * Its last @width intervals, the newest at the right; of power as shares of
 * the highest, which is given.
 */
static double history(const struct top_board *b, bool power, int width,
		      float *value)
{
	double most = 0;
	int i, back;

	for (i = 0; i < width; i++) {
		const struct top_point *p;

		back = width - i;
		value[i] = NAN;
		if ((unsigned int)back > b->points)
			continue;
		p = &b->past[(b->next + TOP_HISTORY - (unsigned int)back) %
			     TOP_HISTORY];
		value[i] = power ? p->watts : p->utilisation;
		if (value[i] > most)
			most = value[i];
	}
	for (i = 0; power && most > 0 && i < width; i++)
		value[i] = (float)(value[i] / most);
	return most;
}

static void show_spark(const struct top_view *v, struct top_page *s,
		       const struct top_board *b)
{
	int x = label(v, s, "History"), width = s->columns - x - 2;
	float value[TOP_HISTORY];

	if (width > TOP_HISTORY)
		width = TOP_HISTORY;
	history(b, false, width, value);
	ink_graph(&v->style, s->y++, x, 1, width, value, INK_LOAD);
}

static void graph(const struct top_view *v, const struct top_page *s, int x,
		  int width, int height, const struct top_board *b, bool power)
{
	float value[TOP_HISTORY];
	char text[2 * TOP_CELL], top[TOP_CELL];
	struct power_reading r = { .has = 1u << POWER_WATTS };

	if (width > TOP_HISTORY)
		width = TOP_HISTORY;
	r.value[POWER_WATTS] = history(b, power, width, value);
	top_value(&r, POWER_WATTS, &v->style, top);
	if (power)
		snprintf(text, sizeof(text), "Power of akida%u, up to %s",
			 b->now.desc.index, top);
	else
		snprintf(text, sizeof(text), "Utilisation of akida%u",
			 b->now.desc.index);
	ink_text(&v->style, s->y, x, width, INK_DIM, text);
	ink_graph(&v->style, s->y + 1, x, height, width, value,
		  power ? INK_POWER : INK_LOAD);
}

void top_graphs(const struct top_view *v, struct top_page *s, int height,
		const struct top_board *b)
{
	bool power = b->now.sensors.has & 1u << POWER_WATTS;
	int width = s->columns - 4;

	if (power)
		width = (width - 4) / 2;
	graph(v, s, 2, width, height, b, false);
	if (power)
		graph(v, s, 2 + width + 4, width, height, b, true);
	s->y += height + 1;
}

void top_chosen(const struct top_view *v, struct top_page *s, bool spark)
{
	const struct top_board *b =
		v->model->board[top_find(v->model, v->chosen)];
	const struct akida_board_desc *d = &b->now.desc;
	char text[TOP_CELL], link[48], name[TOP_CELL];
	int x;

	snprintf(name, sizeof(name), "akida%u", d->index);
	snprintf(text, sizeof(text), "%s, %s, %s, %s%s%s",
		 host_chip_name(d->chip), d->is_virtual ? "virtual" : "silicon",
		 d->pci_address,
		 host_link(d->link_speed, d->link_width, link, sizeof(link)),
		 b->now.state[0] ? ", " : "", b->now.state);
	x = ink_text(&v->style, s->y, 2, 10, INK_BOLD, name);
	ink_text(&v->style, s->y++, x > 13 ? x + 1 : 13, s->columns - 13,
		 INK_PLAIN, text);
	show_latency(v, s, b);
	show_sensors(v, s, b);
	show_memory(v, s, b);
	show_counters(v, s, b);
	if (spark)
		show_spark(v, s, b);
}
#endif
