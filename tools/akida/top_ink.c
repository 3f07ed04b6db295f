// SPDX-License-Identifier: GPL-2.0
/*
 * akida top: text, bars and graphs on a screen.
 */
#if HAVE_NCURSES
#include <curses.h>
#include <math.h>
#include <string.h>

#include "tool.h"
#include "top_view.h"

static attr_t look[INKS];

void ink_begin(bool colour)
{
	static const struct {
		enum top_ink ink;
		short colour;
		attr_t weight;
	} inks[] = {
		{ INK_PLAIN, -1, A_NORMAL },
		{ INK_DIM, -1, A_DIM },
		{ INK_BOLD, -1, A_BOLD },
		{ INK_HEAD, -1, A_BOLD | A_UNDERLINE },
		{ INK_LOAD, COLOR_CYAN, A_NORMAL },
		{ INK_POWER, COLOR_GREEN, A_NORMAL },
		{ INK_ALERT, COLOR_RED, A_BOLD },
		{ INK_MARK, -1, A_REVERSE },
	};
	short i;

	/* The terminal's own background, light or dark. */
	colour = colour && has_colors() && start_color() == OK &&
		 use_default_colors() == OK;
	for (i = 0; i < (short)ARRAY_SIZE(inks); i++) {
		look[inks[i].ink] = inks[i].weight;
		if (!colour || inks[i].colour < 0)
			continue;
		init_pair(i, inks[i].colour, -1);
		look[inks[i].ink] |= (attr_t)COLOR_PAIR(i);
	}
}

int ink_text(const struct top_style *s, int y, int x, int width,
	     enum top_ink ink, const char *text)
{
	char clean[TOP_CELL];
	int n;

	if (width <= 0)
		return x;
	n = top_text(text, s, TOP_CELL, clean);
	attrset((int)look[ink]);
	if (n > width) {
		n = top_text(text, s, width - 1, clean);
		mvaddstr(y, x, clean);
		addstr(s->utf8 ? "\u2026" : "~");
		n++;
	} else {
		mvaddstr(y, x, clean);
	}
	attrset(A_NORMAL);
	return x + n;
}

void ink_right(const struct top_style *s, int y, int x, int width,
	       enum top_ink ink, const char *text)
{
	char clean[TOP_CELL];
	int n = top_text(text, s, TOP_CELL, clean);

	if (n > width)
		n = width;
	ink_text(s, y, x + width - n, n, ink, text);
}

void ink_bar(const struct top_style *s, int y, int x, int width, double share)
{
	/* Halves, where there is a character for them. */
	int full = (int)lround(share * width * (s->utf8 ? 2 : 1)), half = 0, i;

	if (s->utf8) {
		half = full % 2;
		full /= 2;
	}
	/* What is more than nothing shows. */
	if (share > 0 && !full && !half)
		*(s->utf8 ? &half : &full) = 1;
	for (i = 0; i < width; i++) {
		const char *c;

		if (i < full)
			c = s->utf8 ? "\u2501" : "#";
		else if (i == full && half)
			c = "\u2578";
		else
			c = s->utf8 ? "\u2500" : ".";
		attrset((int)look[i < full + half ? INK_LOAD : INK_DIM]);
		mvaddstr(y, x + i, c);
	}
	attrset(A_NORMAL);
}

/* @eighths: of a row that are full, 1 to 8. */
static const char *block(const struct top_style *s, int eighths)
{
	static const char *const blocks[] = {
		"\u2581", "\u2582", "\u2583", "\u2584",
		"\u2585", "\u2586", "\u2587", "\u2588",
	};
	static const char *const ascii[] = {
		".", ".", ":", ":", "|", "|", "#", "#",
	};

	return s->utf8 ? blocks[eighths - 1] : ascii[eighths - 1];
}

void ink_graph(const struct top_style *s, int y, int x, int height, int width,
	       const float *value, enum top_ink ink)
{
	int i, row, level, eighths;

	for (i = 0; i < width; i++) {
		if (isnan(value[i]))
			continue;
		level = (int)lround((double)value[i] * height * 8);
		if (level > height * 8)
			level = height * 8;
		/* Nothing is a line at the bottom: there was a sample. */
		attrset((int)look[level > 0 ? ink : INK_DIM]);
		if (level < 1)
			mvaddstr(y + height - 1, x + i,
				 s->utf8 ? "\u2581" : "_");
		for (row = 0; row < height; row++) {
			eighths = level - row * 8;
			if (eighths < 1)
				break;
			mvaddstr(y + height - 1 - row, x + i,
				 block(s, eighths > 8 ? 8 : eighths));
		}
	}
	attrset(A_NORMAL);
}
#endif
