/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a model to a program for a virtual board: which NP does what, and what
 * each must be given. And back, for inspection and for replacing weights.
 */
#ifndef AK_PROGRAM_H
#define AK_PROGRAM_H

#include "format/program.h"
#include "model/handle.h"
#include "program/np.h"

/* Map with one pass only where it fits, else fewest passes; or one layer and
 * all NPs of it in each pass ("max"): most NPs, most passes.
 */
#define AK_BUILD_PASSES_MAX 0x1u
/* Map the longest mappable part; the rest is the software backend's. */
#define AK_BUILD_PARTIAL 0x2u
/* Outputs as events */
#define AK_BUILD_SPARSE_OUTPUT 0x4u

/**
 * struct ak_placement - what one NP (or the HRC) was given
 * @pass: from 0
 * @stage: in the pass, from 0
 * @layer: number in the model
 * @np: number in the mesh, -1 for the HRC
 * @first: first filter
 * @count: filters
 * @filter_bytes: of its filter memory, or of external memory
 * @fire_bytes: of its fire table
 * @external: weights are in external memory (FNP2)
 * @track: its track in the program
 * @fnp2: the weights in external memory, if @external
 */
struct ak_placement {
	uint32_t pass, stage, layer;
	int np;
	uint32_t first, count;
	uint32_t filter_bytes, fire_bytes;
	bool external;
	struct ak_track track, fnp2;
};

/**
 * struct ak_built - a built program
 * @file: the container's bytes
 * @size: how many
 * @mesh: for which chip
 * @flags: how it was built
 * @placement: in the order of passes, stages and filters
 * @num_placements: how many
 * @num_passes: passes
 * @first_layer: of the model; 0 without AK_BUILD_PARTIAL
 * @num_layers: layers of the model that are in it, from there on: all without
 *	AK_BUILD_PARTIAL
 * @cycles: for each layer of the model, estimated clocks with every input
 *	value non-zero; 0 for layers that are not in it
 * @rest_reason: AK_BUILD_PARTIAL: why the first layer that is not in it cannot
 *	be
 */
struct ak_built {
	uint8_t *file;
	size_t size;
	const struct ak_mesh *mesh;
	unsigned int flags;
	struct ak_placement *placement;
	size_t num_placements;
	uint32_t num_passes, first_layer, num_layers;
	uint64_t *cycles;
	char rest_reason[AK_ERR_TEXT];
};

/**
 * ak_build() - build a program
 * @m: a model of resolved layers
 * @mesh: for which chip
 * @flags: AK_BUILD_*
 * @out: where to put it; ak_built_free() gives it back
 * @err: error text: the layer, the rule, the value, and what would help
 *
 * Steps of layers with activation are rounded as the chip holds them
 * (npu_thresholds() with the chip as target). The same model gives the same
 * bytes. Sets of filters are divided so that stages of a pass take about
 * equally long.
 *
 * With AK_BUILD_PARTIAL the program holds as many layers as possible, without a
 * gap; among parts of equal length it takes the one of most multiply-adds. A
 * part that begins behind the model's first layer takes that layer's input.
 *
 * Return: 0, -EINVAL for a broken limit, -ENOSPC if a layer does not fit into
 * the mesh at all, -ERANGE for a step or threshold, or for potentials that events
 * cannot hold, -ENOMEM.
 */
int ak_build(const struct ak_model *m, const struct ak_mesh *mesh,
	     unsigned int flags, struct ak_built *out, struct ak_err *err);

/**
 * ak_built_free() - give it back
 * @b: built or zeroed
 */
void ak_built_free(struct ak_built *b);

/**
 * ak_rebuild_layer() - new packets for one layer
 * @b: a built program; its bytes are changed in place
 * @m: the model with the layer's new weights, thresholds or steps; all else
 *	as it was
 * @layer: number of the layer
 * @err: error text
 *
 * Only the layer's own tracks change, and none of them in length.
 *
 * Return: 0, -EINVAL if the new layer would need other tracks.
 */
int ak_rebuild_layer(struct ak_built *b, const struct ak_model *m,
		     uint32_t layer, struct ak_err *err);

#endif /* AK_PROGRAM_H */
