/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Speed of the virtual board's core.
 */
#ifndef BENCH_MESH_H
#define BENCH_MESH_H

#include "model/model.h"

/**
 * bench_mesh() - measure and print
 * @m: a model whose layers are resolved
 * @in: input, [y][x][c]
 * @runs: inferences per figure
 * @soft: milliseconds of the software backend for this input, with one thread
 *
 * Prints what a program of it is for each chip, and the core's time beside
 * @soft; or why the chip does not take the model.
 */
void bench_mesh(const struct ak_model *m, const uint8_t *in, unsigned int runs,
		double soft);

#endif /* BENCH_MESH_H */
