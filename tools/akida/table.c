// SPDX-License-Identifier: GPL-2.0
#include "table.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "term.h"
#include "text.h"
#include "tool.h"

struct table {
	const char *const *heads;
	size_t columns, cells, room;
	char **cell;
};

struct table *table_new(const char *const *heads)
{
	struct table *t = tool_alloc(1, sizeof(*t));

	t->heads = heads;
	while (heads[t->columns])
		t->columns++;
	return t;
}

void table_cell(struct table *t, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		term_die_memory();
	if (t->cells == t->room) {
		t->room = t->room ? t->room * 2 : 64;
		t->cell = tool_realloc(t->cell, t->room, sizeof(*t->cell));
	}
	t->cell[t->cells++] = text_clean(text);
	free(text);
}

static void print_padded(const char *text, size_t width, bool right, bool last)
{
	size_t have = text_width(text);
	int gap = (int)(width - have);

	/* Nothing after the last word: lines without trailing blanks. */
	if (right)
		printf("%*s%s", gap, "", text);
	else if (last)
		printf("%s", text);
	else
		printf("%s%*s", text, gap, "");
	if (!last)
		printf("  ");
}

void table_print(struct table *t, unsigned int indent)
{
	size_t *width = tool_alloc(t->columns, sizeof(*width));
	size_t i;

	for (i = 0; i < t->columns; i++)
		width[i] = text_width(t->heads[i] + (t->heads[i][0] == '>'));
	for (i = 0; i < t->cells; i++)
		if (text_width(t->cell[i]) > width[i % t->columns])
			width[i % t->columns] = text_width(t->cell[i]);

	printf("%*s%s", (int)indent, "", term_bold(stdout));
	for (i = 0; i < t->columns; i++) {
		bool right = t->heads[i][0] == '>';

		print_padded(t->heads[i] + right, width[i], right,
			     i + 1 == t->columns);
	}
	printf("%s\n", term_plain(stdout));
	for (i = 0; i < t->cells; i++) {
		bool last = i % t->columns + 1 == t->columns;

		if (i % t->columns == 0)
			printf("%*s", (int)indent, "");
		print_padded(t->cell[i], width[i % t->columns],
			     t->heads[i % t->columns][0] == '>', last);
		if (last)
			putchar('\n');
		free(t->cell[i]);
	}
	free(width);
	free(t->cell);
	free(t);
}
