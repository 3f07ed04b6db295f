/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A program in a mesh without a board around it: what a driver does of it.
 */
#ifndef MESH_PROGRAM_H
#define MESH_PROGRAM_H

#include "format/program.h"
#include "program/vmesh.h"

/**
 * struct mesh_external - external memory: a program's data
 * @p: program
 * @base: device address of its data
 */
struct mesh_external {
	const struct ak_program_file *p;
	uint32_t base;
};

/** mesh_read() - &ak_vmesh_read_fn of a &struct mesh_external */
int mesh_read(void *arg, uint32_t addr, void *data, size_t size);

/**
 * mesh_configure() - the packets of a pass, and its FNP2 addresses
 * @v: mesh; what was configured before is forgotten
 * @mesh: its NPs
 * @x: program and where it is
 * @pass: number of the pass
 * @fnp2: where to put the addresses; others stay
 * @err: error text
 *
 * Return: 0, -EBADMSG for a track that does not end with a packet, or what
 * ak_vmesh_packet() says.
 */
int mesh_configure(struct ak_vmesh *v, const struct ak_mesh *mesh,
		   const struct mesh_external *x, uint32_t pass,
		   uint32_t fnp2[4], struct ak_err *err);

#endif /* MESH_PROGRAM_H */
