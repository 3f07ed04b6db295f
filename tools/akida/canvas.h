/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A picture to draw on.
 */
#ifndef CANVAS_H
#define CANVAS_H

#include <stddef.h>
#include <stdint.h>

/* A character takes 5x7 dots and a gap of one. */
#define FONT_WIDTH 6
#define FONT_HEIGHT 7

/**
 * struct canvas - RGB picture
 * @px: height * width * 3 bytes
 * @width: columns
 * @height: rows
 */
struct canvas {
	uint8_t *px;
	size_t width, height;
};

/**
 * struct colour - red, green, blue
 * @r: 0 to 255
 * @g: 0 to 255
 * @b: 0 to 255
 */
struct colour {
	uint8_t r, g, b;
};

/**
 * struct box - a rectangle; what lies outside the canvas is not drawn
 * @x: first column
 * @y: first row
 * @width: columns
 * @height: rows
 */
struct box {
	size_t x, y, width, height;
};

/**
 * canvas_init() - a canvas of one colour
 * @c: canvas
 * @width: columns
 * @height: rows
 * @background: colour
 */
void canvas_init(struct canvas *c, size_t width, size_t height,
		 struct colour background);

/**
 * canvas_clear() - give the memory back
 * @c: canvas
 */
void canvas_clear(struct canvas *c);

/**
 * canvas_fill() - mix a colour into a rectangle
 * @c: canvas
 * @b: rectangle
 * @ink: colour
 * @opacity: 0 leaves everything, 1 covers it
 */
void canvas_fill(struct canvas *c, struct box b, struct colour ink,
		 double opacity);

/**
 * canvas_frame() - draw the border of a rectangle, inwards
 * @c: canvas
 * @b: rectangle
 * @line: thickness
 * @ink: colour
 */
void canvas_frame(struct canvas *c, struct box b, size_t line,
		  struct colour ink);

/**
 * canvas_text() - draw text
 * @c: canvas
 * @x: left side
 * @y: top
 * @scale: size of a dot
 * @text: text; what is not ASCII becomes a box
 * @ink: colour
 */
void canvas_text(struct canvas *c, size_t x, size_t y, size_t scale,
		 const char *text, struct colour ink);

/**
 * canvas_picture() - draw a picture, each pixel as a square
 * @c: canvas
 * @at: where, and how large; multiples of @width and @height
 * @px: height * width * channels bytes
 * @width: columns of the picture
 * @height: rows of the picture
 * @channels: 1 or 3
 */
void canvas_picture(struct canvas *c, struct box at, const uint8_t *px,
		    size_t width, size_t height, size_t channels);

/**
 * font_glyph() - dots of a character
 * @c: code point
 *
 * Return: seven rows of five bits, leftmost highest.
 */
const uint8_t *font_glyph(uint32_t c);

#endif /* CANVAS_H */
