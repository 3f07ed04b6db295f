/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the two halves of the virtual mesh share: vmesh.c, which packets write,
 * and vmesh_chain.c, which makes layers of it and runs them.
 */
#ifndef AK_VMESH_INTERNAL_H
#define AK_VMESH_INTERNAL_H

#include "npu/npu.h"
#include "program/vmesh.h"

/**
 * struct unit - an NP, or the HRC
 * @place: where it is, NULL for the HRC
 * @configured: its registers were written
 * @regs: registers, little endian, so that packets can just be copied
 * @filter: filter memory, NULL before it is written
 * @fire: fire table, likewise
 */
struct unit {
	const struct ak_np_place *place;
	bool configured;
	uint8_t regs[AK_NP_NUM_REGS * 4];
	uint8_t *filter, *fire;
};

/**
 * struct stage - a layer of the chain
 * @num_units: NPs that do it
 * @most_filters: filters of the NP that has most
 * @in_elements: values of its input
 * @macs: multiply-adds of that NP with every input other than zero
 * @outputs: values that it puts out
 */
struct stage {
	uint32_t num_units, most_filters;
	uint64_t in_elements, macs, outputs;
};

/**
 * struct ak_vmesh - a mesh
 * @mesh: which chip's
 * @threads: for computing
 * @unit: NPs in the mesh's order, then the HRC
 * @num_units: of these
 * @hrc: the last of them
 * @npu: the chain, NULL if it must be made
 * @model: its layers
 * @stage: one for each layer
 * @io: what goes in and out
 * @fnp2: addresses that it was made with
 * @cycles: of the run under way
 * @nonzero: values other than zero that the layer before put out
 */
struct ak_vmesh {
	const struct ak_mesh *mesh;
	unsigned int threads;
	struct unit unit[AK_MESH_MAX_NPS + 1];
	unsigned int num_units;
	struct unit *hrc;
	struct npu *npu;
	struct ak_model model;
	struct stage *stage;
	struct ak_vmesh_io io;
	uint32_t fnp2[4];
	uint64_t cycles, nonzero;
};

/**
 * vmesh_filter_bytes() - size of a filter memory
 * @v: mesh
 * @u: unit
 *
 * Return: bytes.
 */
size_t vmesh_filter_bytes(const struct ak_vmesh *v, const struct unit *u);

/**
 * vmesh_fire_bytes() - size of a fire table
 * @v: mesh
 * @u: unit
 *
 * Return: bytes.
 */
size_t vmesh_fire_bytes(const struct ak_vmesh *v, const struct unit *u);

/**
 * vmesh_chain_free() - forget the chain: it is made anew
 * @v: mesh
 */
void vmesh_chain_free(struct ak_vmesh *v);

#endif /* AK_VMESH_INTERNAL_H */
