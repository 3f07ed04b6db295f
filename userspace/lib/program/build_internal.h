/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Building a program: place.c says which NP does what, emit.c what each is
 * told, build.c puts both into a container.
 */
#ifndef AK_BUILD_INTERNAL_H
#define AK_BUILD_INTERNAL_H

#include "program/program.h"

/* Registers that are written before a program runs, as all public ones have it */
#define AK_PUBLIC_EPG 6u
extern const struct ak_epg ak_public_epg[AK_PUBLIC_EPG];

/**
 * ak_build_part() - build a program of all layers of a model
 * @m: a model, or a part of one
 * @mesh: for which chip
 * @flags: AK_BUILD_*; AK_BUILD_PARTIAL is not looked at
 * @out: where to put it; numbers of layers are those of @m
 * @err: error text
 *
 * Of limits only those are looked at that keep a layer from being packed.
 *
 * Return: as ak_build().
 */
int ak_build_part(const struct ak_model *m, const struct ak_mesh *mesh,
		  unsigned int flags, struct ak_built *out, struct ak_err *err);

/**
 * ak_choose() - which layers of a model a program is to hold
 * @m: a model
 * @mesh: the chip
 * @flags: AK_BUILD_PARTIAL: the longest part; else all or an error
 * @out: @first_layer, @num_layers and @rest_reason are set
 * @err: error text
 *
 * Return: 0, -EINVAL, -ENOMEM.
 */
int ak_choose(const struct ak_model *m, const struct ak_mesh *mesh,
	      unsigned int flags, struct ak_built *out, struct ak_err *err);

/**
 * ak_place() - give every layer its NPs
 * @m: the layers to be mapped, all within the chip's limits
 * @mesh: the chip
 * @flags: AK_BUILD_PASSES_MAX
 * @out: where to put placements, passes and cycles
 * @err: error text
 *
 * Return: 0, -ENOSPC, -ENOMEM.
 */
int ak_place(const struct ak_model *m, const struct ak_mesh *mesh,
	     unsigned int flags, struct ak_built *out, struct ak_err *err);

/**
 * ak_emit() - the packets of one NP
 * @l: its layer
 * @mesh: the chip
 * @p: its placement
 * @nps: NPs of its stage
 * @output: output format of a last stage, else 0
 * @out: where to put the malloc()ed words
 * @err: error text
 *
 * Return: 0, -ERANGE for a threshold or step that the chip cannot hold,
 * -EINVAL for weights that cannot be packed, -ENOMEM.
 */
int ak_emit(const struct ak_layer *l, const struct ak_mesh *mesh,
	    const struct ak_placement *p, uint32_t nps, uint32_t output,
	    struct ak_program_words *out, struct ak_err *err);

/**
 * ak_emit_external() - the weights of an FNP2
 * @l: its layer
 * @out: where to put the malloc()ed words
 * @err: error text
 *
 * Return: 0, -EINVAL, -ENOMEM.
 */
int ak_emit_external(const struct ak_layer *l, struct ak_program_words *out,
		     struct ak_err *err);

/**
 * ak_emit_weights() - what a filter memory is given
 * @l: a layer
 * @first: first filter
 * @count: filters
 * @depthwise: words before the pointwise weights of a separable layer, else 0
 * @out: zeroed words, as many as packed weights take
 */
void ak_emit_weights(const struct ak_layer *l, uint32_t first, uint32_t count,
		     uint32_t depthwise, uint32_t *out);

/**
 * ak_emit_check_bits() - can an NP hold a layer's weights
 * @l: a layer
 * @err: error text
 *
 * Return: 0, -EINVAL for 1-bit weights of three values.
 */
int ak_emit_check_bits(const struct ak_layer *l, struct ak_err *err);

/**
 * ak_output_format() - what a last stage puts out
 * @l: the last layer
 * @sparse: events
 *
 * Return: AK_OUT_*.
 */
uint32_t ak_output_format(const struct ak_layer *l, bool sparse);

#endif /* AK_BUILD_INTERNAL_H */
