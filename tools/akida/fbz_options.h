/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Options about float networks, as children of a subcommand's argp.
 */
#ifndef FBZ_OPTIONS_H
#define FBZ_OPTIONS_H

#include <argp.h>

#include "fbz.h"

/* Its input is a struct fbz_input. */
extern const struct argp fbz_input_argp;

/* Its input is a struct fbz_options. */
extern const struct argp fbz_quant_argp;

/**
 * fbz_layout() - order of data from the command line
 * @arg: text
 * @layout: of struct fbz_input
 *
 * Return: false if it is neither nhwc nor nchw.
 */
bool fbz_layout(const char *arg, char *layout);

#endif /* FBZ_OPTIONS_H */
