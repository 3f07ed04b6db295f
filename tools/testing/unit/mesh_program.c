// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "mesh_program.h"

int mesh_read(void *arg, uint32_t addr, void *data, size_t size)
{
	const struct mesh_external *x = arg;

	if (addr < x->base || addr - x->base > x->p->data_size ||
	    size > x->p->data_size - (addr - x->base))
		return -EFAULT;
	memcpy(data, x->p->data + (addr - x->base), size);
	return 0;
}

/* The FNP2 that a packet is for has its weights there. */
static void set_fnp2(const struct ak_mesh *mesh, const struct ak_packet *packet,
		     uint32_t addr, uint32_t fnp2[4])
{
	uint32_t k;

	for (k = 0; k < mesh->num_nps; k++)
		if (mesh->np[k].col == packet->col &&
		    mesh->np[k].row == packet->row &&
		    mesh->np[k].id == packet->np)
			fnp2[mesh->np[k].fnp2] = addr;
}

static int configure_track(struct ak_vmesh *v, const struct ak_mesh *mesh,
			   const struct mesh_external *x,
			   const struct ak_record *r, const struct ak_track *t,
			   uint32_t fnp2[4], struct ak_err *err)
{
	struct ak_packet packet;
	uint32_t pos = 0;
	int rc;

	while (ak_packet_next(x->p->data + t->offset, t->words, &pos,
			      &packet) == 1) {
		rc = ak_vmesh_packet(v, &packet, err);
		if (rc)
			return rc;
		if (r->has_fnp2)
			set_fnp2(mesh, &packet, x->base + r->fnp2.offset, fnp2);
	}
	return pos == t->words ?
		       0 :
		       ak_errf(err, -EBADMSG, "a track ends within a packet");
}

int mesh_configure(struct ak_vmesh *v, const struct ak_mesh *mesh,
		   const struct mesh_external *x, uint32_t pass,
		   uint32_t fnp2[4], struct ak_err *err)
{
	uint32_t i, j;
	int rc = 0;

	ak_vmesh_reset(v);
	for (i = 0; i < x->p->pass[pass].num_records && !rc; i++) {
		const struct ak_record *r = &x->p->pass[pass].record[i];

		for (j = 0; j < r->num_tracks && !rc; j++)
			rc = configure_track(v, mesh, x, r, &r->track[j], fnp2,
					     err);
	}
	return rc;
}
