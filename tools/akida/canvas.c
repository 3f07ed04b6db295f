// SPDX-License-Identifier: GPL-2.0
#include "canvas.h"

#include <stdlib.h>

#include "text.h"
#include "tool.h"

void canvas_init(struct canvas *c, size_t width, size_t height,
		 struct colour background)
{
	c->width = width;
	c->height = height;
	c->px = tool_alloc(width * height, 3);
	canvas_fill(c, (struct box){ 0, 0, width, height }, background, 1);
}

void canvas_clear(struct canvas *c)
{
	free(c->px);
	c->px = NULL;
}

static uint8_t mix(uint8_t below, uint8_t ink, double opacity)
{
	return (uint8_t)(below + (ink - below) * opacity + 0.5);
}

void canvas_fill(struct canvas *c, struct box b, struct colour ink,
		 double opacity)
{
	size_t x, y;

	for (y = b.y; y < b.y + b.height && y < c->height; y++)
		for (x = b.x; x < b.x + b.width && x < c->width; x++) {
			uint8_t *p = c->px + (y * c->width + x) * 3;

			p[0] = mix(p[0], ink.r, opacity);
			p[1] = mix(p[1], ink.g, opacity);
			p[2] = mix(p[2], ink.b, opacity);
		}
}

void canvas_frame(struct canvas *c, struct box b, size_t line,
		  struct colour ink)
{
	size_t right = b.x + b.width, bottom = b.y + b.height;

	if (b.width < 2 * line || b.height < 2 * line) {
		canvas_fill(c, b, ink, 1);
		return;
	}
	canvas_fill(c, (struct box){ b.x, b.y, b.width, line }, ink, 1);
	canvas_fill(c, (struct box){ b.x, bottom - line, b.width, line }, ink,
		    1);
	canvas_fill(c, (struct box){ b.x, b.y, line, b.height }, ink, 1);
	canvas_fill(c, (struct box){ right - line, b.y, line, b.height }, ink,
		    1);
}

void canvas_text(struct canvas *c, size_t x, size_t y, size_t scale,
		 const char *text, struct colour ink)
{
	uint32_t code;

	while ((code = text_next(&text))) {
		const uint8_t *rows = font_glyph(code);
		size_t row, column;

		for (row = 0; row < FONT_HEIGHT; row++)
			for (column = 0; column < FONT_WIDTH - 1; column++) {
				struct box dot = { x + column * scale,
						   y + row * scale, scale,
						   scale };

				if (rows[row] >> (FONT_WIDTH - 2 - column) & 1)
					canvas_fill(c, dot, ink, 1);
			}
		x += FONT_WIDTH * scale;
	}
}

void canvas_picture(struct canvas *c, struct box at, const uint8_t *px,
		    size_t width, size_t height, size_t channels)
{
	size_t side_x = at.width / width, side_y = at.height / height, x, y;

	for (y = 0; y < height; y++)
		for (x = 0; x < width; x++) {
			const uint8_t *p = px + (y * width + x) * channels;
			struct colour ink = { p[0], p[channels > 1 ? 1 : 0],
					      p[channels > 2 ? 2 : 0] };

			canvas_fill(c,
				    (struct box){ at.x + x * side_x,
						  at.y + y * side_y, side_x,
						  side_y },
				    ink, 1);
		}
}
