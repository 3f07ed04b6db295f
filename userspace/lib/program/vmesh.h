/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The mesh of a virtual board: packets configure its NPs, and what was
 * configured computes. It sees nothing but packets, external memory through a
 * function, and inputs; of models and programs it knows nothing.
 */
#ifndef AK_VMESH_H
#define AK_VMESH_H

#include "program/np.h"

struct ak_vmesh;

/**
 * ak_vmesh_read_fn - reads external memory
 * @arg: the owner's
 * @addr: device address
 * @data: where to put it
 * @size: bytes
 *
 * Return: 0, -EFAULT.
 */
typedef int (*ak_vmesh_read_fn)(void *arg, uint32_t addr, void *data,
				size_t size);

/**
 * ak_vmesh_new() - a mesh without configuration
 * @mesh: which chip's
 * @threads: for computing, 0 for all processors
 *
 * Return: the mesh, NULL without memory.
 */
struct ak_vmesh *ak_vmesh_new(const struct ak_mesh *mesh, unsigned int threads);

/**
 * ak_vmesh_free() - give it back
 * @v: or NULL
 */
void ak_vmesh_free(struct ak_vmesh *v);

/**
 * ak_vmesh_reset() - forget all configuration
 * @v: mesh
 */
void ak_vmesh_reset(struct ak_vmesh *v);

/**
 * ak_vmesh_packet() - configure an NP, or the HRC
 * @v: mesh
 * @p: packet; its words are little endian
 * @err: error text
 *
 * Return: 0; -ENXIO for a node or an NP that the mesh has not, -EINVAL for a
 * unit that it has not or a range outside the unit. Nothing changes then.
 */
int ak_vmesh_packet(struct ak_vmesh *v, const struct ak_packet *p,
		    struct ak_err *err);

/**
 * ak_vmesh_read_packet() - read configuration back
 * @v: mesh
 * @p: packet that says what: node, unit, address, words
 * @out: @p->words little-endian words
 * @err: error text
 *
 * Return: as ak_vmesh_packet().
 */
int ak_vmesh_read_packet(struct ak_vmesh *v, const struct ak_packet *p,
			 uint8_t *out, struct ak_err *err);

/**
 * struct ak_vmesh_io - what goes into a configured mesh and what comes out
 * @in: shape of the input
 * @in_bits: bits of it
 * @hrc: the HRC is its first stage
 * @out: shape of the output
 * @activation: bytes come out, else int32
 * @format: AK_OUT_* as the last stage was told, 0 if it was not
 * @pass: number of the pass that is in the mesh
 */
struct ak_vmesh_io {
	struct akida_shape in;
	uint32_t in_bits;
	bool hrc;
	struct akida_shape out;
	bool activation;
	uint32_t format, pass;
};

/**
 * ak_vmesh_prepare() - make a chain of what is configured
 * @v: mesh
 * @read: for FNP2 weights
 * @arg: handed to @read
 * @fnp2: the four FNP2 address registers
 * @io: what goes in and out
 * @err: error text: which stage, what is wrong
 *
 * Costs nothing if no packet has come since the last time and @fnp2 is the
 * same; external memory that changed behind the same address is not read
 * again before ak_vmesh_reset().
 *
 * Return: 0; -ENODATA if nothing is configured; -EINVAL if stages or filters
 * are missing, there twice, or do not fit each other; -EFAULT.
 */
int ak_vmesh_prepare(struct ak_vmesh *v, ak_vmesh_read_fn read, void *arg,
		     const uint32_t fnp2[4], struct ak_vmesh_io *io,
		     struct ak_err *err);

/**
 * ak_vmesh_run() - compute
 * @v: prepared
 * @in: [y][x][c], below 2^in_bits
 * @out: bytes or int32, [y][x][c]
 * @cycles: where to put clocks: the sum over stages of the slowest NP's, with
 *	multiply-adds of inputs other than zero (np.h: our estimate)
 */
void ak_vmesh_run(struct ak_vmesh *v, const uint8_t *in, void *out,
		  uint64_t *cycles);

#endif /* AK_VMESH_H */
