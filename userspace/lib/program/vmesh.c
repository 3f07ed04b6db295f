// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A virtual board's mesh: memories that packets write, and reading them back.
 */
#include "program/vmesh.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "program/vmesh_internal.h"

struct ak_vmesh *ak_vmesh_new(const struct ak_mesh *mesh, unsigned int threads)
{
	struct ak_vmesh *v = calloc(1, sizeof(*v));
	unsigned int i;

	if (!v)
		return NULL;
	v->mesh = mesh;
	v->threads = threads;
	for (i = 0; i < mesh->num_nps; i++)
		v->unit[i].place = &mesh->np[i];
	v->hrc = &v->unit[mesh->num_nps];
	v->num_units = mesh->num_nps + 1;
	return v;
}

static void unit_clear(struct unit *u)
{
	free(u->filter);
	free(u->fire);
	u->filter = NULL;
	u->fire = NULL;
	u->configured = false;
	memset(u->regs, 0, sizeof(u->regs));
}

void ak_vmesh_reset(struct ak_vmesh *v)
{
	unsigned int i;

	for (i = 0; i < v->num_units; i++)
		unit_clear(&v->unit[i]);
	vmesh_chain_free(v);
}

void ak_vmesh_free(struct ak_vmesh *v)
{
	if (!v)
		return;
	ak_vmesh_reset(v);
	free(v);
}

size_t vmesh_filter_bytes(const struct ak_vmesh *v, const struct unit *u)
{
	return u == v->hrc ? AK_HRC_FILTER_BYTES : AK_NP_FILTER_BYTES;
}

size_t vmesh_fire_bytes(const struct ak_vmesh *v, const struct unit *u)
{
	return u == v->hrc ? AK_HRC_FIRE_BYTES : AK_NP_FIRE_BYTES;
}

static struct unit *find(struct ak_vmesh *v, const struct ak_packet *p,
			 struct ak_err *err)
{
	unsigned int i;

	if (p->hrc)
		return v->hrc;
	for (i = 0; p->np >= 0 && i < v->mesh->num_nps; i++) {
		const struct ak_np_place *at = &v->mesh->np[i];

		if (at->col == p->col && at->row == p->row && at->id == p->np)
			return &v->unit[i];
	}
	ak_errf(err, -ENXIO, "there is no NP 0x%x at node (%u,%u)", p->np_mask,
		p->col, p->row);
	return NULL;
}

/* Where a packet's words are; NULL if there is no such place. */
static uint8_t *memory(struct ak_vmesh *v, struct unit *u,
		       const struct ak_packet *p, struct ak_err *err)
{
	uint64_t offset = (uint64_t)p->addr * AK_NP_ADDR_BYTES;
	uint64_t size = 0;
	uint8_t **at = NULL;

	switch (p->uid) {
	case AK_UID_FNP:
		if (u != v->hrc && (u->place->kinds & AK_NP_FNP3))
			at = &u->filter;
		size = vmesh_filter_bytes(v, u);
		break;
	case AK_UID_FILTER:
		at = &u->filter;
		size = vmesh_filter_bytes(v, u);
		break;
	case AK_UID_FIRE:
		at = &u->fire;
		size = vmesh_fire_bytes(v, u);
		break;
	case AK_UID_REGS:
		size = sizeof(u->regs);
		offset = (uint64_t)p->addr * 4;
		break;
	}
	if (p->uid != AK_UID_REGS && !at) {
		ak_errf(err, -EINVAL, "an NP has no unit %u", p->uid);
		return NULL;
	}
	if (offset > size || (uint64_t)p->words * 4 > size - offset) {
		ak_errf(err, -EINVAL,
			"%u words at address %u do not fit into unit %u",
			p->words, p->addr, p->uid);
		return NULL;
	}
	if (p->uid == AK_UID_REGS)
		return u->regs + offset;
	/* What was never written reads as zero. */
	if (!*at)
		*at = calloc(1, size);
	if (!*at) {
		ak_errf(err, -ENOMEM, "no memory");
		return NULL;
	}
	return *at + offset;
}

int ak_vmesh_packet(struct ak_vmesh *v, const struct ak_packet *p,
		    struct ak_err *err)
{
	struct unit *u = find(v, p, err);
	uint8_t *to;

	if (!u)
		return -ENXIO;
	to = memory(v, u, p, err);
	if (!to)
		return -EINVAL;
	memcpy(to, p->payload, (size_t)p->words * 4);
	if (p->uid == AK_UID_REGS)
		u->configured = true;
	vmesh_chain_free(v);
	return 0;
}

int ak_vmesh_read_packet(struct ak_vmesh *v, const struct ak_packet *p,
			 uint8_t *out, struct ak_err *err)
{
	struct unit *u = find(v, p, err);
	const uint8_t *from;

	if (!u)
		return -ENXIO;
	from = memory(v, u, p, err);
	if (!from)
		return -EINVAL;
	memcpy(out, from, (size_t)p->words * 4);
	return 0;
}
