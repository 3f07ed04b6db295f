/* SPDX-License-Identifier: GPL-2.0 */
/*
 * akida top: what is where on the screen, and how it is drawn there.
 */
#ifndef TOP_VIEW_H
#define TOP_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "top.h"

/* Smallest screen with more than a sentence */
#define TOP_MIN_ROWS 5
#define TOP_MIN_COLUMNS 30

/**
 * struct top_view - what the user has chosen to see
 * @model: what is known
 * @style: what the terminal can show
 * @interval: seconds between samples
 * @chosen: index of the board that keys are about
 * @first: process at the top of the list
 * @shown: processes that the last screen had room for
 * @paused: no samples are taken
 * @help: keys are explained instead
 * @asking: for a mode of the clock
 * @message: what happened, "" for nothing
 * @until: when the message goes away, CLOCK_MONOTONIC nanoseconds
 */
struct top_view {
	struct top_model *model;
	struct top_style style;
	double interval;
	uint32_t chosen;
	size_t first, shown;
	bool paused, help, asking;
	char message[256];
	uint64_t until;
};

/**
 * struct top_page - a screen that is being drawn
 * @rows: of it
 * @columns: of it
 * @y: next free row
 */
struct top_page {
	int rows, columns;
	int y;
};

/**
 * top_chosen() - draw what is known of the chosen board: six rows
 * @v: view with boards
 * @s: page
 * @spark: the last row is its utilisation, where there is no room for graphs
 */
void top_chosen(const struct top_view *v, struct top_page *s, bool spark);

/**
 * top_graphs() - draw a board's past
 * @v: view
 * @s: page
 * @height: rows of graphs; their titles take one more
 * @b: board
 */
void top_graphs(const struct top_view *v, struct top_page *s, int height,
		const struct top_board *b);

/**
 * top_draw() - draw the screen anew
 * @v: view; a board or process that is gone is not chosen any more
 */
void top_draw(struct top_view *v);

/* ------------------------------------------------------------------- ink */

/* How text looks; without colours by weight alone */
enum top_ink {
	INK_PLAIN,
	INK_DIM,
	INK_BOLD,
	INK_HEAD,
	INK_LOAD,
	INK_POWER,
	INK_ALERT,
	INK_MARK,
	INKS,
};

/**
 * ink_begin() - what the terminal can do
 * @colour: it may have colours
 */
void ink_begin(bool colour);

/**
 * ink_text() - write text
 * @s: style
 * @y: row
 * @x: column
 * @width: columns that it may take at most
 * @ink: how
 * @text: may be untrusted
 *
 * Return: the column after it.
 */
int ink_text(const struct top_style *s, int y, int x, int width,
	     enum top_ink ink, const char *text);

/**
 * ink_right() - write text that ends at a column
 * @s: style
 * @y: row
 * @x: first column of its field
 * @width: of the field
 * @ink: how
 * @text: as above
 */
void ink_right(const struct top_style *s, int y, int x, int width,
	       enum top_ink ink, const char *text);

/**
 * ink_bar() - draw a bar
 * @s: style
 * @y: row
 * @x: first column
 * @width: columns
 * @share: that is full, 0 to 1
 */
void ink_bar(const struct top_style *s, int y, int x, int width, double share);

/**
 * ink_graph() - draw columns
 * @s: style
 * @y: highest row
 * @x: first column
 * @height: rows
 * @width: columns
 * @value: of each column from the left, 0 to 1; NAN for none
 * @ink: how
 */
void ink_graph(const struct top_style *s, int y, int x, int height, int width,
	       const float *value, enum top_ink ink);

#endif /* TOP_VIEW_H */
