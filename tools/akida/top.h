/* SPDX-License-Identifier: GPL-2.0 */
/*
 * akida top: what boards and the processes at them do, again and again.
 */
#ifndef TOP_H
#define TOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "status.h"

/* The driver numbers at most so many boards. */
#define TOP_BOARDS 64
/* Intervals that graphs go back: as many as the widest has columns. */
#define TOP_HISTORY 256

/**
 * struct top_point - an interval of the past
 * @utilisation: 0 to 1
 * @watts: at its end, NAN if it is not known
 */
struct top_point {
	float utilisation, watts;
};

/**
 * struct top_board - a board
 * @now: as it was at the last sample
 * @before: at the one before
 * @known: there was one before, so @rates tell something
 * @rates: between the two
 * @past: a ring of intervals
 * @next: where the next goes
 * @points: how many there are
 */
struct top_board {
	struct status_board now, before;
	bool known;
	struct status_rates rates;
	struct top_point past[TOP_HISTORY];
	unsigned int next, points;
};

/**
 * struct top_process - a process at a board: its open files together
 * @board: index
 * @pid: process
 * @command: its name, as it is in /proc: not to be trusted
 * @uid: of its user
 * @user: name of its user, or the number
 * @program: what it ran last, not to be trusted; "" for none with a name
 * @completed: jobs of its files, since they were opened
 * @failed: jobs
 * @memory: bytes
 * @known: @utilisation and @jobs tell something
 * @utilisation: share of the time that the board computed for it
 * @jobs: completed a second
 */
struct top_process {
	uint32_t board;
	pid_t pid;
	uid_t uid;
	char command[32];
	char user[32];
	char program[64];
	uint64_t completed, failed, memory;
	bool known;
	double utilisation, jobs;
};

/* What processes can be sorted by */
enum top_sort {
	TOP_BY_UTILISATION,
	TOP_BY_JOBS,
	TOP_BY_MEMORY,
	TOP_BY_PID,
	TOP_BY_USER,
	TOP_BY_BOARD,
	TOP_BY_COMMAND,
	TOP_BY_PROGRAM,
	TOP_SORTS,
};

/**
 * struct top_model - what is known
 * @board: boards, by index
 * @boards: how many
 * @process: those at boards, sorted
 * @processes: how many
 * @hidden: processes that could not be looked into
 * @clients: open files as they were at the last sample
 * @num_clients: how many
 * @clients_time: when they were read, CLOCK_MONOTONIC nanoseconds; 0 never
 * @error: errno of a list of processes that could not be read, or 0
 * @sort: order of @process
 * @reverse: the other way round
 * @samples: taken so far
 * @seconds: between the last two samples, 0 with fewer
 * @news: what came and went at the last sample: a sentence, or ""
 */
struct top_model {
	struct top_board *board[TOP_BOARDS];
	size_t boards;
	struct top_process *process;
	size_t processes, hidden;
	struct status_client *clients;
	size_t num_clients;
	uint64_t clients_time;
	int error;
	enum top_sort sort;
	bool reverse;
	uint64_t samples;
	double seconds;
	char news[160];
};

/**
 * top_sample() - look at everything again
 * @m: model, all zero before the first
 */
void top_sample(struct top_model *m);

/**
 * top_sort() - put processes into the order that @m asks for
 * @m: model
 */
void top_sort(struct top_model *m);

/**
 * top_find() - a board by its index
 * @m: model
 * @index: N of akidaN
 *
 * Return: its place in @m->board, @m->boards if it is not there.
 */
size_t top_find(const struct top_model *m, uint32_t index);

/**
 * top_clear() - give everything back
 * @m: model, all zero afterwards
 */
void top_clear(struct top_model *m);

/* ------------------------------------------------------------------ text */

/* Room for any cell */
#define TOP_CELL 160

/**
 * struct top_style - what the terminal can show
 * @utf8: more than ASCII
 */
struct top_style {
	bool utf8;
};

/**
 * struct top_column - a column of a table
 * @head: its head
 * @width: columns of the screen that it takes
 * @left: text is at its left end
 * @grows: takes what room is left
 * @rank: which go first when there is little room; 0 is always there
 * @sort: order that it stands for, TOP_SORTS for none
 * @board: writes the cell of a board, NULL in tables of processes
 * @process: writes the cell of a process
 */
struct top_column {
	const char *head;
	int width;
	bool left, grows;
	int rank;
	enum top_sort sort;
	void (*board)(const struct top_board *b, const struct top_style *s,
		      char text[TOP_CELL]);
	void (*process)(const struct top_process *p, const struct top_style *s,
			char text[TOP_CELL]);
};

/* In the order in which they stand, each with one at the end without a head */
extern const struct top_column top_board_columns[];
extern const struct top_column top_process_columns[];
/* The one of boards that can have a bar before its text */
#define TOP_BAR 2

/**
 * top_rate() - a number a second: three digits, "12.3k"
 * @value: number
 * @text: where to put it
 */
void top_rate(double value, char text[TOP_CELL]);

/**
 * top_seconds() - a time: three digits, "1.23 ms"
 * @value: seconds, NAN if it is not known
 * @s: whether there is a mu
 * @text: where to put it
 */
void top_seconds(double value, const struct top_style *s, char text[TOP_CELL]);

/**
 * top_value() - a reading of a sensor with its unit
 * @r: readings
 * @v: which
 * @s: whether there is a degree sign
 * @text: where to put it; "-" if it is not known
 */
void top_value(const struct power_reading *r, enum power_value v,
	       const struct top_style *s, char text[TOP_CELL]);

/**
 * top_text() - text from outside as one that a screen can show
 * @from: untrusted
 * @s: whether it may be more than ASCII
 * @width: columns that it may take
 * @text: where to put it
 *
 * Return: columns that it takes. Control characters, what is no UTF-8 and
 * characters without a width become '?'.
 */
int top_text(const char *from, const struct top_style *s, int width,
	     char text[TOP_CELL]);

/* ------------------------------------------------------------- for scripts */

/**
 * top_batch() - write a frame as plain text
 * @m: model
 */
void top_batch(const struct top_model *m);

/**
 * top_json() - write a frame as an object on a line
 * @m: model
 */
void top_json(const struct top_model *m);

/* ---------------------------------------------------------------- clock */

/**
 * top_set_mode() - have a board's clock run in another mode
 * @b: board
 * @mode: number in ak_clock_modes
 * @said: where to put what happened: a sentence
 * @size: of @said
 *
 * Return: 0, a negative errno.
 */
int top_set_mode(const struct status_board *b, unsigned int mode, char *said,
		 size_t size);

/* --------------------------------------------------------------- screen */

/**
 * struct top_loop - how often, and until when
 * @interval: seconds
 * @count: frames, 0 for no end
 */
struct top_loop {
	double interval;
	uint32_t count;
};

/**
 * top_screen() - the live view, until its user has seen enough
 * @m: model without samples
 * @l: how often
 *
 * Return: an exit code. Says why if there can be no live view.
 */
int top_screen(struct top_model *m, const struct top_loop *l);

/* Longest and shortest interval */
#define TOP_SLOWEST 3600.0
#define TOP_FASTEST 0.01

#endif /* TOP_H */
