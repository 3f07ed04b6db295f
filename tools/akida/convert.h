/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of akida convert share.
 */
#ifndef CONVERT_H
#define CONVERT_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

#include <akida/akida.h>

#include "fbz.h"

/**
 * struct convert - the command line
 * @converter: has the options of the format
 * @options: how to convert
 * @in: IN
 * @out: OUT
 * @format: --to
 * @log_path: --log, or NULL
 * @formats: --formats: only list them
 * @json: --json
 * @fbz: options of a conversion to .fbz, where @format is "fbz"
 */
struct convert {
	struct akida_converter *converter;
	struct akida_convert_options options;
	const char *in, *out, *format, *log_path;
	bool formats, json;
	struct fbz_options fbz;
};

/**
 * convert_parse() - read the command line
 * @c: filled in
 * @argc: of the subcommand
 * @argv: of the subcommand
 *
 * Ends the program on errors and after --help.
 */
void convert_parse(struct convert *c, int argc, char **argv);

/**
 * convert_print_accuracy() - print the table of errors of a report
 * @details: of the report, or NULL; nothing is printed unless it has errors
 */
void convert_print_accuracy(const json_t *details);

#endif /* CONVERT_H */
