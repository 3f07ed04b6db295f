// SPDX-License-Identifier: GPL-2.0
/*
 * akida top: what is where on the screen. It depends on the screen's size and
 * the number of boards alone, so that nothing jumps while one looks.
 */
#if HAVE_NCURSES
#include <curses.h>
#include <string.h>
#include <time.h>

#include "device/board.h"
#include "tool.h"
#include "top_view.h"

/* A number of the bar before it, "100 %" and a blank. */
#define BAR_TEXT 6
#define BAR_MAX 40
#define GRAPH_MIN 3
#define GRAPH_MAX 10
/* Rows that processes have before graphs get some. */
#define PROCESS_ROWS 8

/* ------------------------------------------------------------------ tables */

/* Which columns fit, by rank; gives the room that is left. */
static int choose(const struct top_column *c, int room, bool taken[])
{
	int rank, i, left = room + 1;

	for (rank = 0; rank < 32; rank++)
		for (i = 0; c[i].head; i++) {
			if (c[i].rank != rank)
				continue;
			/* The first that does not fit is the last one. */
			if (rank && c[i].width + 1 > left)
				return left;
			taken[i] = true;
			left -= c[i].width + 1;
		}
	return left;
}

static void cell(const struct top_view *v, const struct top_column *c, int y,
		 int x, int width, enum top_ink ink, const char *text)
{
	if (c->left)
		ink_text(&v->style, y, x, width, ink, text);
	else
		ink_right(&v->style, y, x, width, ink, text);
}

static enum top_ink board_ink(const struct top_view *v,
			      const struct top_board *b,
			      const struct top_column *c, const char *text)
{
	if (c == &top_board_columns[0] && b->now.desc.index == v->chosen)
		return INK_BOLD;
	if (b->known && b->rates.failed > 0 && !strcmp(c->head, "FAILED"))
		return INK_ALERT;
	return strcmp(text, "-") ? INK_PLAIN : INK_DIM;
}

static void board_row(const struct top_view *v, const struct top_board *b,
		      const bool taken[], int grown, int y)
{
	const struct top_column *c = top_board_columns;
	char text[TOP_CELL];
	int i, width, x = 2;

	if (b->now.desc.index == v->chosen)
		ink_text(&v->style, y, 0, 1, INK_BOLD,
			 v->style.utf8 ? "\u25b8" : ">");
	for (i = 0; c[i].head; i++) {
		if (!taken[i])
			continue;
		c[i].board(b, &v->style, text);
		width = c[i].width + (c[i].grows ? grown : 0);
		if (i == TOP_BAR && !strcmp(b->now.state, "suspended"))
			ink_text(&v->style, y, x, width - BAR_TEXT, INK_DIM,
				 "suspended");
		else if (i == TOP_BAR)
			ink_bar(&v->style, y, x, width - BAR_TEXT,
				b->known ? b->rates.utilisation : 0);
		cell(v, &c[i], y, x, width, board_ink(v, b, &c[i], text), text);
		x += width + 1;
	}
}

static void process_row(const struct top_view *v, const struct top_process *p,
			const bool taken[], int grown, int y)
{
	const struct top_column *c = top_process_columns;
	char text[TOP_CELL];
	int i, width, x = 2;

	for (i = 0; c[i].head; i++) {
		if (!taken[i])
			continue;
		c[i].process(p, &v->style, text);
		width = c[i].width + (c[i].grows ? grown : 0);
		cell(v, &c[i], y, x, width,
		     strcmp(text, "-") ? INK_PLAIN : INK_DIM, text);
		x += width + 1;
	}
}

static void heads(const struct top_view *v, const struct top_column *c,
		  const bool taken[], int grown, int y)
{
	int i, width, x = 2;

	for (i = 0; c[i].head; i++) {
		if (!taken[i])
			continue;
		width = c[i].width + (c[i].grows ? grown : 0);
		/* What a bar stands for begins where it does. */
		if (i == TOP_BAR && c == top_board_columns)
			ink_text(&v->style, y, x, width, INK_DIM, c[i].head);
		else
			cell(v, &c[i], y, x, width,
			     c[i].sort != TOP_SORTS &&
					     c[i].sort == v->model->sort ?
				     INK_HEAD :
				     INK_DIM,
			     c[i].head);
		x += width + 1;
	}
}

static void boards(const struct top_view *v, struct top_page *s, size_t rows)
{
	const struct top_model *m = v->model;
	size_t place = top_find(m, v->chosen), first = 0, i;
	bool taken[32] = { false };
	int grown = choose(top_board_columns, s->columns - 2, taken);

	if (grown > BAR_MAX)
		grown = BAR_MAX;
	heads(v, top_board_columns, taken, grown, s->y++);
	if (place >= rows)
		first = place - rows + 1;
	for (i = first; i < m->boards && i < first + rows; i++)
		board_row(v, m->board[i], taken, grown, s->y++);
}

static void processes(struct top_view *v, struct top_page *s)
{
	const struct top_model *m = v->model;
	bool taken[32] = { false };
	int grown = choose(top_process_columns, s->columns - 2, taken);
	size_t rows = (size_t)(s->rows - 2 - s->y), i;
	char text[TOP_CELL];

	heads(v, top_process_columns, taken, grown, s->y++);
	if (v->first + rows > m->processes)
		v->first = m->processes > rows ? m->processes - rows : 0;
	for (i = v->first; i < m->processes && i < v->first + rows; i++)
		process_row(v, &m->process[i], taken, grown, s->y++);
	v->shown = rows;
	if (s->y >= s->rows - 1)
		return;
	if (m->error)
		snprintf(text, sizeof(text), "processes could not be read: %s",
			 strerror(m->error));
	else if (m->hidden)
		snprintf(text, sizeof(text),
			 "%s; only root sees those of others",
			 m->processes ? "your processes" :
					"no process of yours is at a board");
	else if (!m->processes)
		snprintf(text, sizeof(text), "no process is at a board");
	else
		return;
	ink_text(&v->style, s->y, 2, s->columns - 2, INK_DIM, text);
}

/* ------------------------------------------------------------ edges, help */

static void header(const struct top_view *v, struct top_page *s)
{
	static const char *const orders[TOP_SORTS] = {
		"utilisation", "jobs/s", "memory",  "number",
		"user",	       "board",	 "command", "program",
	};
	const struct top_model *m = v->model;
	char text[TOP_CELL], clock[16] = "";
	time_t now = time(NULL);
	struct tm tm;
	int x = -2, n;

	if (s->columns >= 50)
		x = ink_text(&v->style, s->y, 0, s->columns, INK_BOLD,
			     "akida top");
	if (v->paused)
		x = ink_text(&v->style, s->y, x + 2, s->columns - x, INK_MARK,
			     " paused ");
	snprintf(text, sizeof(text), "%zu board%s, %zu process%s", m->boards,
		 m->boards == 1 ? "" : "s", m->processes,
		 m->processes == 1 ? "" : "es");
	x = ink_text(&v->style, s->y, x + 2, s->columns - x - 2, INK_PLAIN,
		     text);
	if (s->columns >= 70) {
		snprintf(text, sizeof(text), " by %s%s", orders[m->sort],
			 m->reverse ? ", reversed" : "");
		x = ink_text(&v->style, s->y, x, s->columns - x, INK_DIM, text);
	}
	if (localtime_r(&now, &tm))
		strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	n = m->seconds > 0 ? snprintf(text, sizeof(text), "over %.2f s  %s",
				      m->seconds, clock) :
			     snprintf(text, sizeof(text), "%s", clock);
	if (x + 2 + n > s->columns && m->seconds > 0)
		n = snprintf(text, sizeof(text), "over %.2f s", m->seconds);
	if (x + 2 + n <= s->columns)
		ink_right(&v->style, s->y, s->columns - n, n, INK_DIM, text);
	s->y++;
}

static void footer(const struct top_view *v, const struct top_page *s)
{
	static const struct {
		const char *key, *what;
	} keys[] = {
		{ "q", "quit" },    { "h", "help" },  { "c", "clock" },
		{ "s", "sort" },    { "p", "pause" }, { "Up/Down", "board" },
		{ "Space", "now" }, { "+/-", NULL },
	};
	int x = 0, y = s->rows - 1;
	char text[TOP_CELL];
	size_t i;

	if (v->asking) {
		snprintf(text, sizeof(text), "Clock of akida%u:", v->chosen);
		x = ink_text(&v->style, y, 0, s->columns, INK_BOLD, text) + 1;
		for (i = 0; i < AK_CLOCK_MODES; i++) {
			snprintf(text, sizeof(text), "%c",
				 ak_clock_modes[i][0]);
			x = ink_text(&v->style, y, x, s->columns - x, INK_BOLD,
				     text) +
			    1;
			x = ink_text(&v->style, y, x, s->columns - x, INK_PLAIN,
				     ak_clock_modes[i]) +
			    2;
		}
		ink_text(&v->style, y, x, s->columns - x, INK_DIM,
			 "Esc leaves it");
		return;
	}
	if (v->message[0]) {
		ink_text(&v->style, y, 0, s->columns, INK_BOLD, v->message);
		return;
	}
	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		if (keys[i].what)
			snprintf(text, sizeof(text), "%s", keys[i].what);
		else
			snprintf(text, sizeof(text), "every %g s", v->interval);
		if (x + (int)strlen(keys[i].key) + 1 + (int)strlen(text) >
		    s->columns)
			break;
		x = ink_text(&v->style, y, x, s->columns - x, INK_BOLD,
			     keys[i].key) +
		    1;
		x = ink_text(&v->style, y, x, s->columns - x, INK_DIM, text) +
		    2;
	}
}

static void help(const struct top_view *v, const struct top_page *s)
{
	static const char *const lines[][2] = {
		{ "Up, Down", "choose a board; or its number, 0 to 9" },
		{ "c", "change the mode of its clock" },
		{ "s, <, >", "sort processes by another column" },
		{ "r", "the other way round" },
		{ "PgUp, PgDn", "more processes" },
		{ "p", "pause, and go on" },
		{ "Space", "look now" },
		{ "+, -", "look less often, more often" },
		{ "h, ?", "this help" },
		{ "q", "quit" },
	};
	int y = 0;
	size_t i;

	ink_text(&v->style, y++, 0, s->columns, INK_BOLD, "Keys of akida top");
	if (s->rows > (int)ARRAY_SIZE(lines) + 4)
		y++;
	for (i = 0; i < ARRAY_SIZE(lines) && y < s->rows - 1; i++, y++) {
		ink_text(&v->style, y, 1, s->columns - 1, INK_BOLD,
			 lines[i][0]);
		ink_text(&v->style, y, 13, s->columns - 13, INK_PLAIN,
			 lines[i][1]);
	}
	ink_text(&v->style, s->rows - 1, 0, s->columns, INK_DIM,
		 "any key goes back");
}

/* ------------------------------------------------------------------- all */

static void no_board(const struct top_view *v, struct top_page *s)
{
	int y = s->rows / 2 - 1;

	if (y <= s->y)
		y = s->y;
	ink_text(&v->style, y, 2, s->columns - 2, INK_BOLD,
		 "There is no board; waiting for one.");
	if (y + 1 < s->rows - 1)
		ink_text(&v->style, y + 1, 2, s->columns - 2, INK_DIM,
			 "'akida doctor' says why there is none.");
}

static void fill(struct top_view *v, struct top_page *s)
{
	const struct top_model *m = v->model;
	bool airy = s->rows >= 16, detail;
	int rest, height = 0, most;

	s->y += airy;
	/* Of boards as many as leave a line for processes. */
	most = s->rows - s->y - 1 - 1 - (s->rows >= 8 ? 2 : 0);
	boards(v, s, most < 1 ? 1 : (size_t)most);
	rest = s->rows - 1 - s->y;
	/* A chosen board: six lines, with blank ones around. */
	detail = rest >= 6 + 2 + 3;
	if (detail) {
		rest -= 6 + 2;
		height = rest - 2 - PROCESS_ROWS;
		if (height > GRAPH_MAX)
			height = GRAPH_MAX;
		s->y++;
		top_chosen(v, s, height < GRAPH_MIN);
		if (height >= GRAPH_MIN) {
			s->y++;
			top_graphs(v, s, height,
				   m->board[top_find(m, v->chosen)]);
		}
	}
	s->y += airy;
	if (s->y + 2 <= s->rows - 1)
		processes(v, s);
}

/* The next one, if the chosen board is gone. */
static void choose_board(struct top_view *v)
{
	const struct top_model *m = v->model;
	size_t i;

	if (!m->boards || top_find(m, v->chosen) < m->boards)
		return;
	v->asking = false;
	for (i = 0; i + 1 < m->boards; i++)
		if (m->board[i]->now.desc.index > v->chosen)
			break;
	v->chosen = m->board[i]->now.desc.index;
}

void top_draw(struct top_view *v)
{
	struct top_page s = { 0 };

	getmaxyx(stdscr, s.rows, s.columns);
	erase();
	choose_board(v);
	if (s.rows < TOP_MIN_ROWS || s.columns < TOP_MIN_COLUMNS) {
		ink_text(&v->style, 0, 0, s.columns, INK_PLAIN,
			 "akida top needs 30x5");
	} else if (v->help) {
		help(v, &s);
	} else {
		header(v, &s);
		if (v->model->boards)
			fill(v, &s);
		else
			no_board(v, &s);
		footer(v, &s);
	}
	/* Only what has changed goes to the terminal. */
	refresh();
}
#endif
