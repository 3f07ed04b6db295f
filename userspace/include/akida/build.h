/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Programs for virtual boards: a model, mapped to the neural processors (NPs)
 * of a chip and packed into the file that a board is loaded with.
 */
#ifndef AKIDA_BUILD_H
#define AKIDA_BUILD_H

#include <stddef.h>
#include <stdint.h>

#include <akida/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct akida_build - a built program
 *
 * Opaque. One thread at a time may use a handle.
 */
struct akida_build;

/**
 * akida_build_new() - nothing built yet
 *
 * Return: a handle to be given to akida_build_free(), NULL without memory.
 */
struct akida_build *akida_build_new(void);

/**
 * akida_build_free() - give a program back
 * @b: a handle or NULL
 */
void akida_build_free(struct akida_build *b);

/**
 * akida_build_error() - what went wrong last
 * @b: a handle
 *
 * Return: a sentence; "" if no call on this handle has failed.
 */
const char *akida_build_error(const struct akida_build *b);

/* One layer in each pass, on as many NPs as it can use */
#define AKIDA_BUILD_PASSES_MAX 0x1u
/* Build the longest part that the chip can hold */
#define AKIDA_BUILD_PARTIAL 0x2u
/* Put out events instead of maps */
#define AKIDA_BUILD_SPARSE_OUTPUT 0x4u

/**
 * akida_build_model() - build a program
 * @b: a handle; what it held before is given back
 * @m: a model
 * @target: AKIDA_TARGET_AKD1000 or AKIDA_TARGET_AKD1500
 * @flags: AKIDA_BUILD_*
 *
 * With AKIDA_BUILD_PARTIAL the program holds as many layers as possible, without
 * a gap; the rest is for the software device (AKIDA_LOAD_PARTIAL does all of
 * this).
 *
 * The program is for virtual boards: what is public about silicon's NPs is not
 * enough to build one for silicon. The same model gives the same bytes.
 *
 * Return: 0; what akida_model_check_runnable() returns; -EINVAL for a model
 * that breaks a limit of the chip, -ENOSPC for one that does not fit into its
 * mesh, -ERANGE for a step or threshold that it cannot hold, or potentials that
 * events cannot.
 */
int akida_build_model(struct akida_build *b, struct akida_model *m,
		      enum akida_target target, unsigned int flags);

/**
 * akida_build_data() - the program's file
 * @b: a handle with a program
 * @size: where to put its bytes
 *
 * Return: the file, valid until @b changes; NULL if nothing is built.
 */
const void *akida_build_data(const struct akida_build *b, size_t *size);

/**
 * akida_build_save() - write the program's file
 * @b: a handle with a program
 * @path: file name; written under a temporary name beside it, then renamed
 *
 * Return: 0 or a negative errno; -EINVAL if nothing is built.
 */
int akida_build_save(struct akida_build *b, const char *path);

/**
 * struct akida_build_info - a built program
 * @num_passes: how often the mesh is configured for one input
 * @num_layers: layers of the model that are in it, from @first_layer on
 * @num_nps: NPs of the chip
 * @num_placements: parts of layers on NPs
 * @columns: columns of the mesh
 * @rows: rows of the mesh
 * @rest_reason: why not all layers are in it; "" if they are
 * @first_layer: number of the first layer that is in it; if it is not 0, the
 *	program takes that layer's input
 */
struct akida_build_info {
	uint32_t num_passes, num_layers, num_nps, num_placements;
	uint32_t columns, rows;
	const char *rest_reason;
	uint32_t first_layer;
};

/**
 * akida_build_info() - what was built
 * @b: a handle with a program
 * @info: where to put it
 * @info_size: sizeof(*@info)
 *
 * Return: 0, -EINVAL if nothing is built.
 */
int akida_build_info(const struct akida_build *b, struct akida_build_info *info,
		     size_t info_size);

/**
 * struct akida_placement_info - a part of a layer on an NP
 * @pass: from 0
 * @layer: number in the model
 * @column: of the NP's node, from 1; 0 for the input layer's own processor
 *	(HRC)
 * @row: of the NP's node, from 1
 * @np: number in the node
 * @first_filter: first filter that it computes
 * @num_filters: how many
 * @filter_bytes: of its filter memory; of external memory if @external
 * @filter_capacity: bytes of that memory, 0 for external memory
 * @fire_bytes: of its thresholds and steps
 * @fire_capacity: bytes of that memory
 * @external: its weights stay in the board's memory
 * @words: 32-bit words that configure it
 */
struct akida_placement_info {
	uint32_t pass, layer, column, row, np;
	uint32_t first_filter, num_filters;
	uint32_t filter_bytes, filter_capacity, fire_bytes, fire_capacity;
	uint32_t external, words;
};

/**
 * akida_build_placement() - where a part of a layer went
 * @b: a handle with a program
 * @i: number from 0, in the order of passes, layers and filters
 * @info: where to put it
 * @info_size: sizeof(*@info)
 *
 * Return: 0, -ENOENT past the last.
 */
int akida_build_placement(const struct akida_build *b, unsigned int i,
			  struct akida_placement_info *info, size_t info_size);

/**
 * akida_build_np() - an NP of the chip
 * @b: a handle with a program
 * @i: number from 0
 * @column: where to put its column, from 1
 * @row: where to put its row, from 1
 * @np: where to put its number in the node
 *
 * Return: 0, -ENOENT past the last.
 */
int akida_build_np(const struct akida_build *b, unsigned int i,
		   uint32_t *column, uint32_t *row, uint32_t *np);

/**
 * akida_build_cycles() - clocks that a layer takes
 * @b: a handle with a program
 * @layer: number in the model
 *
 * An estimate of this project's, for the virtual board's timer: the NP with
 * most filters, every input other than zero.
 *
 * Return: clocks; 0 for a layer that is not in the program.
 */
uint64_t akida_build_cycles(const struct akida_build *b, unsigned int layer);

#ifdef __cplusplus
}
#endif

#endif /* AKIDA_BUILD_H */
