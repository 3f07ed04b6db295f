// SPDX-License-Identifier: GPL-2.0
/*
 * akida top: samples of boards and processes, what lies between two of them,
 * and the order of processes.
 */
#include <errno.h>
#include <math.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "device/board.h"
#include "tool.h"
#include "top.h"

size_t top_find(const struct top_model *m, uint32_t index)
{
	size_t i;

	for (i = 0; i < m->boards; i++)
		if (m->board[i]->now.desc.index == index)
			break;
	return i;
}

/* ------------------------------------------------------------------ boards */

static void remember(struct top_board *b)
{
	const struct power_reading *r = &b->now.sensors;

	b->past[b->next] = (struct top_point){
		.utilisation = (float)b->rates.utilisation,
		.watts = r->has & 1u << POWER_WATTS ?
				 (float)r->value[POWER_WATTS] :
				 NAN,
	};
	b->next = (b->next + 1) % TOP_HISTORY;
	if (b->points < TOP_HISTORY)
		b->points++;
}

/* The same board as before, or another one in its place. */
static struct top_board *take(struct top_model *m,
			      const struct akida_board_desc *d)
{
	struct top_board *b;
	size_t i = top_find(m, d->index);

	if (i == m->boards ||
	    strcmp(m->board[i]->now.desc.pci_address, d->pci_address))
		return NULL;
	b = m->board[i];
	memmove(&m->board[i], &m->board[i + 1],
		(m->boards - i - 1) * sizeof(m->board[0]));
	m->boards--;
	return b;
}

static void tell(struct top_model *m, const struct top_board *b,
		 const char *what)
{
	size_t n = strlen(m->news);

	snprintf(m->news + n, sizeof(m->news) - n, "%sakida%u (%s) %s",
		 n ? "; " : "", b->now.desc.index, b->now.desc.pci_address,
		 what);
}

/* @b: of the last sample, or NULL; -ENODEV if the board is gone. */
static int sample_board(struct top_board **b, const struct akida_board_desc *d)
{
	struct status_board now;

	if (status_board_read(&now, d))
		return -ENODEV;
	if (!*b) {
		*b = tool_alloc(1, sizeof(**b));
		(*b)->now = now;
		return 0;
	}
	(*b)->before = (*b)->now;
	(*b)->now = now;
	(*b)->known = true;
	status_rates(&(*b)->before, &(*b)->now, &(*b)->rates);
	remember(*b);
	return 0;
}

static void sample_boards(struct top_model *m)
{
	struct top_board *found[TOP_BOARDS], *b;
	struct akida_board_desc d;
	size_t num = 0, i;
	int from = 0;
	bool fresh;

	m->seconds = 0;
	while (num < TOP_BOARDS && !ak_board_next(&from, &d)) {
		b = take(m, &d);
		fresh = !b;
		if (sample_board(&b, &d)) {
			/* Gone since it was found: told below. */
			if (b)
				m->board[m->boards++] = b;
			continue;
		}
		if (fresh && m->samples)
			tell(m, b, "is there");
		if (b->known && b->rates.seconds > m->seconds)
			m->seconds = b->rates.seconds;
		found[num++] = b;
	}
	for (i = 0; i < m->boards; i++) {
		tell(m, m->board[i], "is gone");
		free(m->board[i]);
	}
	memcpy(m->board, found, num * sizeof(found[0]));
	m->boards = num;
}

/* --------------------------------------------------------------- processes */

/* Names of users come from elsewhere, perhaps from a network: ask once. */
static void name_user(struct top_process *p, uid_t uid,
		      const struct top_process *old, size_t num)
{
	const struct passwd *pw;
	size_t i;

	for (i = 0; i < num; i++)
		if (old[i].uid == uid) {
			memcpy(p->user, old[i].user, sizeof(p->user));
			return;
		}
	pw = getpwuid(uid);
	if (pw)
		snprintf(p->user, sizeof(p->user), "%s", pw->pw_name);
	else
		snprintf(p->user, sizeof(p->user), "%u", uid);
}

static const struct status_client *same(const struct top_model *m,
					const struct status_client *c)
{
	const struct status_client *o;
	size_t i;

	for (i = 0; i < m->num_clients; i++) {
		o = &m->clients[i];
		if (o->id == c->id && o->board == c->board && o->pid == c->pid)
			return o;
	}
	return NULL;
}

/* Adds an open file to its process. @busy: of it so far. */
static void add(struct top_process *p, const struct status_client *c,
		const struct status_client *old, double seconds,
		uint64_t *busiest)
{
	/* One that was not there has done all of it since. */
	uint64_t busy = c->busy, jobs = c->completed;

	if (old) {
		busy = c->busy > old->busy ? c->busy - old->busy : 0;
		jobs = c->completed > old->completed ?
			       c->completed - old->completed :
			       0;
	}
	p->completed += c->completed;
	p->failed += c->failed;
	p->memory += c->memory;
	/* Of several files, the program of the one that has done the most. */
	if (c->program[0] && (!p->program[0] || busy > *busiest)) {
		memcpy(p->program, c->program, sizeof(p->program));
		*busiest = busy;
	}
	if (seconds <= 0)
		return;
	p->known = true;
	p->utilisation += (double)busy / 1e9 / seconds;
	p->jobs += (double)jobs / seconds;
}

static void sample_processes(struct top_model *m)
{
	struct top_process *list = NULL, *p = NULL;
	size_t i, count, num = 0;
	struct status_client *clients;
	uint64_t now = ak_now_ns(), busiest = 0;
	double seconds = 0;

	m->error = -status_clients(&clients, &count, &m->hidden);
	if (m->error)
		return;
	if (m->clients_time)
		seconds = (double)(now - m->clients_time) / 1e9;
	if (count)
		list = tool_alloc(count, sizeof(*list));
	for (i = 0; i < count; i++) {
		const struct status_client *c = &clients[i];

		if (!p || p->board != c->board || p->pid != c->pid) {
			p = &list[num++];
			p->board = c->board;
			p->pid = c->pid;
			p->uid = c->user;
			memcpy(p->command, c->command, sizeof(p->command));
			name_user(p, c->user, m->process, m->processes);
			busiest = 0;
		}
		add(p, c, same(m, c), seconds, &busiest);
		if (p->utilisation > 1)
			p->utilisation = 1;
	}
	free(m->process);
	free(m->clients);
	m->process = list;
	m->processes = num;
	m->clients = clients;
	m->num_clients = count;
	m->clients_time = now;
}

/* ------------------------------------------------------------------ sorting */

static int descending(double a, double b)
{
	return a < b ? 1 : -(a > b);
}

static int by_place(const struct top_process *x, const struct top_process *y)
{
	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return x->board < y->board ? -1 : x->board > y->board;
}

static int compare(const void *a, const void *b, void *arg)
{
	const struct top_process *x = a, *y = b;
	const struct top_model *m = arg;
	int order = 0;

	switch (m->sort) {
	case TOP_BY_UTILISATION:
		order = descending(x->utilisation, y->utilisation);
		break;
	case TOP_BY_JOBS:
		order = descending(x->jobs, y->jobs);
		break;
	case TOP_BY_MEMORY:
		order = descending((double)x->memory, (double)y->memory);
		break;
	case TOP_BY_USER:
		order = strcmp(x->user, y->user);
		break;
	case TOP_BY_BOARD:
		order = descending(y->board, x->board);
		break;
	case TOP_BY_COMMAND:
		order = strcmp(x->command, y->command);
		break;
	case TOP_BY_PROGRAM:
		order = strcmp(x->program, y->program);
		break;
	case TOP_BY_PID:
	case TOP_SORTS:
		break;
	}
	if (!order)
		order = by_place(x, y);
	return m->reverse ? -order : order;
}

void top_sort(struct top_model *m)
{
	if (m->processes)
		qsort_r(m->process, m->processes, sizeof(*m->process), compare,
			m);
}

void top_sample(struct top_model *m)
{
	m->news[0] = '\0';
	sample_boards(m);
	sample_processes(m);
	top_sort(m);
	m->samples++;
}

void top_clear(struct top_model *m)
{
	size_t i;

	for (i = 0; i < m->boards; i++)
		free(m->board[i]);
	free(m->process);
	free(m->clients);
	memset(m, 0, sizeof(*m));
}
