// SPDX-License-Identifier: GPL-2.0
/*
 * akida run --draw: predictions over pictures.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "canvas.h"
#include "run.h"
#include "term.h"
#include "text.h"
#include "tool.h"

/* A small picture is enlarged until its longer side is about this long. */
#define WANTED_SIDE 448u
#define MAX_PIXELS ((size_t)1 << 26)

/* Characters are drawn with dots of two pixels. */
#define DOT 2
#define LINE (FONT_HEIGHT * DOT)

#define BAR_HEIGHT (LINE + 8)
#define LABEL_CHARS 16
#define PANEL_WIDTH 448
#define MARGIN 8

static const struct colour dark = { 24, 26, 32 };
static const struct colour pale = { 235, 237, 240 };
static const struct colour grey = { 70, 74, 84 };
static const struct colour bar_ink = { 64, 156, 255 };
static const struct colour best_ink = { 255, 170, 40 };
static const struct colour frame_ink = { 0, 255, 160 };
static const struct colour black = { 0, 0, 0 };

static size_t enlargement(const struct akida_shape *s)
{
	uint32_t side = s->height > s->width ? s->height : s->width;

	return side < WANTED_SIDE ? (WANTED_SIDE + side - 1) / side : 1;
}

static bool is_picture(const struct akida_shape *s)
{
	return (s->channels == 1 || s->channels == 3) &&
	       (s->height > 1 || s->width > 1);
}

static bool too_large(const struct run *r, size_t width, size_t height)
{
	if (width && height > MAX_PIXELS / width) {
		term_error("%s: a picture of %zux%zu pixels is too large to "
			   "draw",
			   r->draw, width, height);
		return true;
	}
	return false;
}

/* Draws input @i, narrow ones with their full range of brightness. */
static void draw_input(struct canvas *c, struct box at, const struct run *r,
		       size_t i)
{
	const struct akida_shape *s = &r->info.input;
	const uint8_t *in = r->inputs.data + i * r->info.input_size;
	uint32_t most = (1u << r->info.input_bits) - 1;
	uint8_t *px = tool_alloc(r->info.input_size, 1);
	size_t k;

	for (k = 0; k < r->info.input_size; k++)
		px[k] = (uint8_t)(in[k] * 255u / most);
	canvas_picture(c, at, px, s->width, s->height, s->channels);
	free(px);
}

static void draw_bar(struct canvas *c, const struct run *r, size_t y,
		     const struct hit *h, bool best)
{
	size_t label_end = MARGIN + LABEL_CHARS * FONT_WIDTH * DOT;
	size_t value = c->width - MARGIN - 6 * FONT_WIDTH * DOT;
	size_t length = value - MARGIN - label_end;
	struct box bar = { label_end, y, length, LINE };
	char buf[32], *label;
	const char *cut;
	unsigned int n;

	label = tool_text("%s",
			  labels_text(&r->labels, h->class, buf, sizeof(buf)));
	cut = label;
	for (n = 0; n < LABEL_CHARS - 1 && text_next(&cut); n++)
		;
	label[cut - label] = 0;
	canvas_text(c, MARGIN, y, DOT, label, pale);
	free(label);
	canvas_fill(c, bar, grey, 1);
	bar.width = (size_t)((double)length * h->probability + 0.5);
	canvas_fill(c, bar, best ? best_ink : bar_ink, 1);
	snprintf(buf, sizeof(buf), "%5.1f%%", 100 * h->probability);
	canvas_text(c, value, y, DOT, buf, pale);
}

/* The picture, if it is one, and below it a bar for each of the best classes. */
static int draw_classes(struct canvas *c, const struct run *r, size_t i)
{
	const struct akida_shape *s = &r->info.input;
	size_t scale = is_picture(s) ? enlargement(s) : 0;
	size_t width = s->width * scale, height = s->height * scale;
	size_t count, shown, full, k;
	struct hit *hits = run_hits(r, i, &count, &shown);

	full = width > PANEL_WIDTH ? width : PANEL_WIDTH;
	if (too_large(r, full, height + 2 * MARGIN + shown * BAR_HEIGHT)) {
		free(hits);
		return -1;
	}
	canvas_init(c, full, height + 2 * MARGIN + shown * BAR_HEIGHT, dark);
	if (scale)
		draw_input(c,
			   (struct box){ (full - width) / 2, 0, width, height },
			   r, i);
	for (k = 0; k < shown; k++)
		draw_bar(c, r, height + MARGIN + k * BAR_HEIGHT, &hits[k],
			 k == 0);
	free(hits);
	return 0;
}

/* Where a cell lies on the canvas. */
static struct box cell_box(const struct canvas *c, const struct akida_shape *s,
			   uint32_t row, uint32_t column)
{
	size_t x = c->width * column / s->width;
	size_t y = c->height * row / s->height;

	return (struct box){ x, y, c->width * (column + 1) / s->width - x,
			     c->height * (row + 1) / s->height - y };
}

/* From yellow to red, and more opaque, the more probable. */
static void draw_heat(struct canvas *c, const struct akida_shape *s,
		      const struct hit *cells)
{
	size_t i, n = (size_t)s->height * s->width;

	for (i = 0; i < n; i++) {
		double p = cells[i].probability;
		struct colour ink = { 255, (uint8_t)(220 * (1 - p)), 0 };

		if (p >= 0.02)
			canvas_fill(
				c,
				cell_box(c, s, cells[i].row, cells[i].column),
				ink, 0.65 * p);
	}
}

/**
 * struct region - connected cells of one class
 * @best: its most probable cell
 * @top: first row
 * @bottom: last row
 * @left: first column
 * @right: last column
 */
struct region {
	struct hit best;
	uint32_t top, bottom, left, right;
};

static void include(struct region *g, const struct hit *cell)
{
	if (cell->probability > g->best.probability)
		g->best = *cell;
	g->top = cell->row < g->top ? cell->row : g->top;
	g->bottom = cell->row > g->bottom ? cell->row : g->bottom;
	g->left = cell->column < g->left ? cell->column : g->left;
	g->right = cell->column > g->right ? cell->column : g->right;
}

/*
 * Grows the region of cell @start over neighbours, corners included. @todo is
 * room for every cell once: a cell is taken off @open when it is put there.
 */
static struct region grow(const struct akida_shape *s, const struct hit *cells,
			  bool *open, size_t *todo, size_t start)
{
	const struct hit *first = &cells[start];
	struct region g = { *first, first->row, first->row, first->column,
			    first->column };
	size_t n = 0;

	todo[n++] = start;
	open[start] = false;
	while (n) {
		const struct hit *cell = &cells[todo[--n]];
		uint32_t row, column;

		include(&g, cell);
		for (row = cell->row ? cell->row - 1 : 0;
		     row <= cell->row + 1 && row < s->height; row++)
			for (column = cell->column ? cell->column - 1 : 0;
			     column <= cell->column + 1 && column < s->width;
			     column++) {
				size_t at = (size_t)row * s->width + column;

				if (!open[at] ||
				    cells[at].class != first->class)
					continue;
				open[at] = false;
				todo[n++] = at;
			}
	}
	return g;
}

/* A frame, with class and probability above it. */
static void draw_found(struct canvas *c, const struct run *r, struct box b,
		       uint32_t class, double probability)
{
	char buf[32], *text;
	struct box tag;

	canvas_frame(c, b, 2, frame_ink);
	text = tool_text("%s %.0f%%",
			 labels_text(&r->labels, class, buf, sizeof(buf)),
			 100 * probability);
	tag.width = text_width(text) * FONT_WIDTH * DOT + 2;
	tag.height = LINE + 4;
	/* Above the box, or inside at the top of the picture. */
	tag.y = b.y >= tag.height ? b.y - tag.height : b.y;
	tag.x = b.x + tag.width > c->width && c->width > tag.width ?
			c->width - tag.width :
			b.x;
	canvas_fill(c, tag, frame_ink, 1);
	canvas_text(c, tag.x + 2, tag.y + 2, DOT, text, black);
	free(text);
}

static void draw_region(struct canvas *c, const struct run *r,
			const struct region *g)
{
	const struct akida_shape *s = &r->info.output;
	struct box b = cell_box(c, s, g->top, g->left);
	struct box end = cell_box(c, s, g->bottom, g->right);

	b.width = end.x + end.width - b.x;
	b.height = end.y + end.height - b.y;
	draw_found(c, r, b, g->best.class, g->best.probability);
}

static void draw_regions(struct canvas *c, const struct run *r,
			 const struct hit *cells)
{
	const struct akida_shape *s = &r->info.output;
	size_t n = (size_t)s->height * s->width, i;
	bool *open = tool_alloc(n, sizeof(*open));
	size_t *todo = tool_alloc(n, sizeof(*todo));

	for (i = 0; i < n; i++)
		open[i] = cells[i].probability >= r->threshold;
	for (i = 0; i < n; i++)
		if (open[i]) {
			struct region g = grow(s, cells, open, todo, i);

			draw_region(c, r, &g);
		}
	free(open);
	free(todo);
}

static void draw_boxes(struct canvas *c, const struct run *r, size_t i)
{
	double scale = (double)c->width / r->info.input.width;
	size_t count, shown, k;
	struct yolo_box *boxes = run_boxes(r, i, &count, &shown);

	/* The best one last: over the others. */
	for (k = shown; k-- > 0;) {
		const struct yolo_box *b = &boxes[k];
		size_t x = (size_t)(b->left * scale);
		size_t y = (size_t)(b->top * scale);

		draw_found(c, r,
			   (struct box){ x, y, (size_t)(b->right * scale) - x,
					 (size_t)(b->bottom * scale) - y },
			   b->class, b->probability);
	}
	free(boxes);
}

/*
 * Heat of the best class of each cell, and a box around what stands out; or
 * boxes that were decoded.
 */
static int draw_map(struct canvas *c, const struct run *r, size_t i)
{
	const struct akida_shape *in = &r->info.input, *s = &r->info.output;
	size_t n = (size_t)s->height * s->width;
	size_t width = in->width * enlargement(in), at;
	size_t height = in->height * enlargement(in);
	struct hit *cells;

	if (too_large(r, width, height))
		return -1;
	canvas_init(c, width, height, dark);
	if (is_picture(in))
		draw_input(c, (struct box){ 0, 0, width, height }, r, i);
	if (r->decode) {
		draw_boxes(c, r, i);
		return 0;
	}
	cells = tool_alloc(n, sizeof(*cells));
	for (at = 0; at < n; at++)
		cells[at] = predict_cell(run_scores(r, i), s,
					 (uint32_t)(at / s->width),
					 (uint32_t)(at % s->width));
	draw_heat(c, s, cells);
	draw_regions(c, r, cells);
	free(cells);
	return 0;
}

static int save(const struct canvas *c, const char *path)
{
	const size_t shape[] = { c->height, c->width, 3 };
	struct akida_array *a = akida_array_new();
	int ret = 0;

	if (!a)
		term_die_memory();
	if (akida_array_set(a, AKIDA_DTYPE_UINT8, 3, shape, c->px) ||
	    akida_array_save_png(a, path)) {
		term_file_error(path, akida_array_error(a));
		ret = -1;
	}
	akida_array_free(a);
	return ret;
}

/* "out.png", or "out-3.png" for one of several; the end was checked before. */
static char *file_name(const struct run *r, size_t i)
{
	int stem = (int)(strlen(r->draw) - strlen(".png"));

	if (r->inputs.count == 1)
		return tool_text("%s", r->draw);
	return tool_text("%.*s-%zu.png", stem, r->draw, i);
}

int draw_run(const struct run *r)
{
	bool map = r->decode || predict_is_map(&r->info.output);
	size_t i;

	for (i = 0; i < r->inputs.count; i++) {
		struct canvas c = { 0 };
		char *path = file_name(r, i);
		int ret = map ? draw_map(&c, r, i) : draw_classes(&c, r, i);

		if (!ret)
			ret = save(&c, path);
		canvas_clear(&c);
		free(path);
		if (ret)
			return -1;
	}
	return 0;
}
