/* SPDX-License-Identifier: GPL-2.0 */
/*
 * akida build: how a program is shown.
 */
#ifndef TOOL_BUILD_H
#define TOOL_BUILD_H

#include <akida/akida.h>

/**
 * build_text() - tables of layers and NPs
 * @b: a built program
 * @m: its model
 * @target: its chip
 */
void build_text(const struct akida_build *b, const struct akida_model *m,
		enum akida_target target);

/**
 * build_json() - the same as JSON
 * @b: a built program
 * @m: its model
 * @target: its chip
 */
void build_json(const struct akida_build *b, const struct akida_model *m,
		enum akida_target target);

/**
 * build_svg() - a picture of the mesh
 * @b: a built program
 * @m: its model
 * @path: file to write
 *
 * Return: an exit code.
 */
int build_svg(const struct akida_build *b, const struct akida_model *m,
	      const char *path);

#endif /* TOOL_BUILD_H */
