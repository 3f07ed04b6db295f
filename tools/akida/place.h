/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What runs, and where: a model, a compiled program or one that is on a board
 * already; on one device or on all boards.
 */
#ifndef TOOL_PLACE_H
#define TOOL_PLACE_H

#include <stdbool.h>

#include <akida/akida.h>

/* Every board of the machine */
#define PLACE_ALL "all"

/**
 * struct place - what runs, and where
 * @device: name of the device, or PLACE_ALL
 * @path: file name, or the name of a program on a board, for messages
 * @loaded: @path is the name of a program on a board
 * @options: how a model is prepared
 * @model: of a model's file; freed by place_close()
 * @file: of a compiled program
 * @file_size: its bytes
 * @name: of each device
 * @devices: open devices
 * @programs: loaded programs, one for each device
 * @count: how many
 * @info: of all programs
 */
struct place {
	const char *device, *path;
	bool loaded;
	const struct akida_load_options *options;

	struct akida_model *model;
	uint8_t *file;
	size_t file_size;
	char (*name)[64];
	struct akida_device **devices;
	struct akida_program **programs;
	unsigned int count;
	struct akida_program_info info;
};

/**
 * place_open() - open devices, read the file, load; say what is wrong
 * @p: its first members are set
 *
 * A compiled program is told from a model by its contents.
 *
 * Return: 0, -1 after an error was printed.
 */
int place_open(struct place *p);

/**
 * place_close() - undo it
 * @p: opened, or zeroed
 */
void place_close(struct place *p);

/**
 * place_run() - spread inputs over all devices, say what is wrong
 * @p: opened
 * @in: @count inputs
 * @out: where to put @count outputs
 * @count: how many
 * @batch: most inputs that a device is given at a time, 0 for half of what it
 *	has room for
 * @progress: show it
 *
 * Each device gets the next inputs as soon as it has room, so that faster ones
 * get more.
 *
 * Return: 0, -1 after an error was printed.
 */
int place_run(struct place *p, const uint8_t *in, uint8_t *out, size_t count,
	      uint32_t batch, bool progress);

/**
 * place_board() - which board is meant
 * @name: a device, or NULL
 * @board: where to put the node: @name's, or that of the only board
 *
 * Return: 0, -1 after an error was printed: there is none, or there are several
 * and no name.
 */
int place_board(const char *name, char board[64]);

#endif /* TOOL_PLACE_H */
