/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the subcommands that work on quantised weights share.
 */
#ifndef TOOL_WEIGHTS_H
#define TOOL_WEIGHTS_H

#include <jansson.h>

#include <akida/akida.h>

/**
 * weights_new() - a handle, or the end of the program
 *
 * Return: a handle for weights_report() or weights_failed().
 */
struct akida_weights *weights_new(void);

/**
 * weights_failed() - say what went wrong and give the handle back
 * @w: handle
 *
 * Return: TOOL_FAILED.
 */
int weights_failed(struct akida_weights *w);

/**
 * weights_report() - what was done; gives the handle back
 * @w: handle
 *
 * Return: the report, a new reference.
 */
json_t *weights_report(struct akida_weights *w);

#endif /* TOOL_WEIGHTS_H */
