/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Inputs of a model, from files and standard input.
 */
#ifndef INPUT_H
#define INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include <akida/akida.h>

struct fbz_input;

/**
 * struct inputs - inputs of a program, one after the other
 * @info: of the program: shape and bits of an input
 * @data: count * info->input_size bytes
 * @meaning: what values of a float network's inputs mean; NULL for models
 * @nchw: such a network's own data have channels first
 * @values: of a float network, where @data is what can be drawn of them
 * @count: how many
 * @source: for each, the name of what it came from (belongs to the caller)
 * @index: for each, its number in that, from 0
 * @alone: for each, whether its source held no other
 * @room: of the arrays
 */
struct inputs {
	const struct akida_program_info *info;
	uint8_t *data;
	const struct fbz_input *meaning;
	bool nchw;
	float *values;
	size_t count;
	const char **source;
	size_t *index;
	bool *alone;
	size_t room;
};

/**
 * inputs_add() - read all inputs of one source, say what is wrong
 * @in: where to add them
 * @source: name of a .npy, .png or .jpg file, or "-" for raw bytes on stdin
 * @crop: cut pictures instead of stretching them
 *
 * Return: 0, -1 after an error was printed.
 */
int inputs_add(struct inputs *in, const char *source, bool crop);

/**
 * struct input_events - how events become inputs
 * @window: microseconds of an input, 0 for all events in one
 * @width: columns of the sensor, 0 for those of the input
 * @height: rows
 */
struct input_events {
	uint32_t window, width, height;
};

/**
 * inputs_add_events() - count the events of a file, say what is wrong
 * @in: where to add an input for each window
 * @path: .npy or text
 * @how: windows and sensor
 *
 * Return: 0, -1 after an error was printed.
 */
int inputs_add_events(struct inputs *in, const char *path,
		      const struct input_events *how);

/**
 * inputs_grow() - add inputs that the caller fills in, say what is wrong
 * @in: where to add them
 * @source: what they come from
 * @count: how many
 *
 * Return: zeroed room for them, valid until more are added; NULL after an error
 * was printed: together they take too much.
 */
uint8_t *inputs_grow(struct inputs *in, const char *source, size_t count);

/**
 * inputs_filled() - the last inputs that were added are complete
 * @in: inputs
 * @count: how many
 *
 * For a float network it makes values of steps.
 */
void inputs_filled(struct inputs *in, size_t count);

/**
 * inputs_random() - add one input of pseudo-random values, always the same
 * @in: where to add it
 */
void inputs_random(struct inputs *in);

/**
 * inputs_name() - name of an input for people
 * @in: inputs
 * @i: number
 *
 * Return: a string for free(): "lamp.png" or "frames.npy[3]", made harmless.
 */
char *inputs_name(const struct inputs *in, size_t i);

/**
 * inputs_clear() - give the memory back
 * @in: inputs
 */
void inputs_clear(struct inputs *in);

#endif /* INPUT_H */
