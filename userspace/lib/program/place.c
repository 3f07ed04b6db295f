// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Placing layers in a mesh. Passes are filled one after the other with as many
 * layers as find room, which gives the fewest passes; the NPs left over in a
 * pass then go, one by one, to the layer that takes longest.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "program/build_internal.h"

/* Kinds of NPs are disjoint but for CNP1, which all of them are. */
enum kind {
	ANY,
	CNP2,
	FNP3,
	FNP2,
	NUM_KINDS
};

static const uint8_t kind_bit[NUM_KINDS] = { AK_NP_CNP1, AK_NP_CNP2, AK_NP_FNP3,
					     AK_NP_FNP2 };

/**
 * struct need - what one layer needs
 * @kind: of its NPs
 * @hrc: it is done by the HRC
 * @fixed: bytes that every one of its NPs needs for all filters (depthwise)
 * @per_filter: bytes of one filter
 * @fewest: NPs that it takes at least
 * @most: NPs that it can make use of
 * @nps: NPs that it gets
 */
struct need {
	enum kind kind;
	bool hrc;
	uint64_t fixed, per_filter;
	uint32_t fewest, most, nps;
};

static uint64_t filter_bytes(uint64_t filters, uint64_t weights,
			     unsigned int bits)
{
	uint64_t words = ak_np_filter_words(filters, weights, bits);

	/* In whole units of START_ADDR. */
	if (words > UINT64_MAX / 8)
		return UINT64_MAX / 2;
	return (words * 4 + AK_NP_ADDR_BYTES - 1) & -(uint64_t)AK_NP_ADDR_BYTES;
}

static int no_room(const struct ak_layer *l, uint64_t bytes, uint32_t room,
		   struct ak_err *err)
{
	return ak_errf(
		err, -ENOSPC,
		"layer '%s': one filter needs %llu bytes of filter memory, an NP of the virtual board has %u; use a smaller kernel or fewer input channels",
		l->name, (unsigned long long)bytes, room);
}

/* Most filters that one NP holds. */
static int capacity(const struct ak_layer *l, struct need *n, uint32_t *filters,
		    struct ak_err *err)
{
	uint32_t room = n->hrc ? AK_HRC_FILTER_BYTES : AK_NP_FILTER_BYTES;
	uint32_t fire = n->hrc ? AK_HRC_FIRE_BYTES : AK_NP_FIRE_BYTES;
	uint64_t most;

	if (n->fixed + n->per_filter > room)
		return no_room(l, n->fixed + n->per_filter, room, err);
	most = (room - n->fixed) / n->per_filter;
	if (l->activation && most > fire / (4 * AK_FIRE_WORDS))
		most = fire / (4 * AK_FIRE_WORDS);
	*filters = most > l->out.channels ? l->out.channels : (uint32_t)most;
	return 0;
}

static int layer_need(const struct ak_layer *l, const struct ak_mesh *mesh,
		      struct need *n, struct ak_err *err)
{
	uint32_t filters = 0, i, fnp3 = 0;
	int rc;

	memset(n, 0, sizeof(*n));
	n->per_filter = ak_np_filter_words(1, ak_np_filter_weights(l),
					   l->weights_bits) *
			4;
	n->most = l->out.channels;
	switch (l->type) {
	case AKIDA_LAYER_INPUT_CONV:
		n->hrc = true;
		n->most = 1;
		break;
	case AKIDA_LAYER_SEPARABLE_CONV:
		n->kind = CNP2;
		n->fixed = filter_bytes(l->in.channels,
					(uint64_t)l->kernel_w * l->kernel_h,
					l->weights_bits);
		n->per_filter =
			ak_np_filter_words(1, l->in.channels, l->weights_bits) *
			4;
		break;
	case AKIDA_LAYER_FULLY_CONNECTED:
		n->kind = FNP3;
		break;
	default:
		n->kind = ANY;
	}
	rc = capacity(l, n, &filters, err);
	if (!rc)
		n->fewest = (l->out.channels + filters - 1) / filters;
	for (i = 0; i < mesh->num_nps; i++)
		fnp3 += !!(mesh->np[i].kinds & AK_NP_FNP3);
	/* What does not fit into the mesh's FNP3s is read from outside. */
	if (n->kind == FNP3 && (rc || n->fewest > fnp3)) {
		if (l->activation &&
		    l->out.channels > AK_NP_FIRE_BYTES / (4 * AK_FIRE_WORDS))
			return ak_errf(
				err, -ENOSPC,
				"layer '%s': %u neurons; an FNP2 of the virtual board holds the thresholds of %u",
				l->name, l->out.channels,
				AK_NP_FIRE_BYTES / (4 * AK_FIRE_WORDS));
		n->kind = FNP2;
		n->fewest = 1;
		n->most = 1;
		rc = 0;
	}
	if (n->hrc && !rc && n->fewest > 1)
		return ak_errf(
			err, -ENOSPC,
			"layer '%s': %u filters do not fit into the HRC of the virtual board, which holds %u of them",
			l->name, l->out.channels, filters);
	return rc;
}

/**
 * struct room - NPs of a pass
 * @there: of each kind; ANY counts those that are nothing but CNP1
 * @taken: of each kind; ANY counts those of no matter which kind
 * @hrc: the HRC is free
 */
struct room {
	uint32_t there[NUM_KINDS], taken[NUM_KINDS];
	bool hrc;
};

static enum kind kind_of(const struct ak_np_place *p)
{
	enum kind k;

	for (k = CNP2; k < NUM_KINDS; k++)
		if (p->kinds & kind_bit[k])
			return k;
	return ANY;
}

static void room_reset(struct room *r, const struct ak_mesh *mesh)
{
	unsigned int i;

	memset(r, 0, sizeof(*r));
	r->hrc = true;
	for (i = 0; i < mesh->num_nps; i++)
		r->there[kind_of(&mesh->np[i])]++;
}

/* Which NP a layer gets is decided when all of a pass have theirs: here it is
 * enough that there are so many.
 */
static bool take(struct room *r, const struct need *n, uint32_t count)
{
	uint32_t there = 0, taken = 0;
	enum kind k;

	if (n->hrc) {
		bool free = r->hrc;

		r->hrc = false;
		return free;
	}
	for (k = ANY; k < NUM_KINDS; k++) {
		there += r->there[k];
		taken += r->taken[k];
	}
	if (count > there - taken ||
	    (n->kind != ANY && count > r->there[n->kind] - r->taken[n->kind]))
		return false;
	r->taken[n->kind] += count;
	return true;
}

/*
 * Clocks of the NP with most filters, if all inputs are other than zero. Each
 * NP of a separable layer does the depthwise part again for itself.
 */
static uint64_t clocks(const struct ak_layer *l, uint32_t nps)
{
	uint64_t filters = (l->out.channels + nps - 1) / nps;
	uint64_t positions = (uint64_t)l->conv.width * l->conv.height;
	bool separable = l->type == AKIDA_LAYER_SEPARABLE_CONV;
	uint64_t per = separable ? l->in.channels : ak_np_filter_weights(l);
	uint64_t macs = per * filters;

	if (separable)
		macs += ak_layer_num_weights(l, false);
	return ak_np_cycles(macs * positions,
			    filters * l->out.width * l->out.height);
}

/* NPs that divide the filters into equal shares: no more than that many. */
static uint32_t useful(const struct ak_layer *l, uint32_t nps)
{
	uint32_t share = (l->out.channels + nps - 1) / nps;

	return (l->out.channels + share - 1) / share;
}

/* Gives what is left in a pass to whoever takes longest. */
static void balance(const struct ak_model *m, struct need *need, uint32_t first,
		    uint32_t last, struct room *room)
{
	uint32_t i, slowest, tries;
	uint64_t most;

	for (tries = 0; tries < AK_MESH_MAX_NPS; tries++) {
		slowest = last;
		most = 0;
		for (i = first; i < last; i++) {
			uint64_t c = clocks(&m->layers[i], need[i].nps);

			if (need[i].nps < need[i].most && c > most) {
				most = c;
				slowest = i;
			}
		}
		if (slowest == last || !take(room, &need[slowest], 1))
			return;
		need[slowest].nps++;
	}
}

static int add(struct ak_built *out, size_t *capacity,
	       const struct ak_placement *p)
{
	if (out->num_placements == *capacity) {
		size_t more = *capacity ? *capacity * 2 : 64;
		struct ak_placement *mem =
			realloc(out->placement, more * sizeof(*mem));

		if (!mem)
			return -ENOMEM;
		out->placement = mem;
		*capacity = more;
	}
	out->placement[out->num_placements++] = *p;
	return 0;
}

/* An NP that is free. CNP1 work goes where it hinders least: to plain ones,
 * then CNP2, FNP3, FNP2.
 */
static int pick(const struct ak_mesh *mesh, bool *used, enum kind kind)
{
	enum kind k, end = kind == ANY ? NUM_KINDS : kind + 1;
	unsigned int i;

	for (k = kind; k < end; k++)
		for (i = 0; i < mesh->num_nps; i++)
			if (!used[i] && kind_of(&mesh->np[i]) == k) {
				used[i] = true;
				return (int)i;
			}
	return -1;
}

/* NPs for the placements of a pass: those that must be of a kind go first. */
static void pick_all(const struct ak_mesh *mesh, const struct need *need,
		     struct ak_placement *p, size_t count)
{
	bool used[AK_MESH_MAX_NPS] = { false };
	int any;
	size_t i;

	for (any = 0; any < 2; any++)
		for (i = 0; i < count; i++) {
			const struct need *n = &need[p[i].layer];

			if (!n->hrc && (n->kind == ANY) == any)
				p[i].np = pick(mesh, used, n->kind);
		}
}

/* Divides the filters of a layer. */
static int divide(const struct ak_layer *l, const struct need *n,
		  struct ak_placement *p, struct ak_built *out,
		  size_t *capacity)
{
	uint32_t nps = useful(l, n->nps), i, first = 0;
	int rc = 0;

	p->np = -1;
	p->external = n->kind == FNP2;
	for (i = 0; i < nps && !rc; i++) {
		p->first = first;
		p->count = l->out.channels / nps + (i < l->out.channels % nps);
		first += p->count;
		p->filter_bytes =
			(uint32_t)(n->fixed + n->per_filter * p->count);
		p->fire_bytes =
			l->activation ? p->count * 4 * AK_FIRE_WORDS : 0;
		rc = add(out, capacity, p);
	}
	return rc;
}

/* The layers of one pass, from @first on; returns the layer after its last. */
static uint32_t fill_pass(const struct ak_model *m, struct need *need,
			  uint32_t first, const struct ak_mesh *mesh,
			  unsigned int flags)
{
	struct room room;
	uint32_t i;

	room_reset(&room, mesh);
	for (i = first; i < m->num_layers; i++) {
		if ((flags & AK_BUILD_PASSES_MAX) && i > first)
			break;
		if (!take(&room, &need[i], need[i].fewest))
			break;
		need[i].nps = need[i].fewest;
	}
	balance(m, need, first, i, &room);
	return i;
}

int ak_place(const struct ak_model *m, const struct ak_mesh *mesh,
	     unsigned int flags, struct ak_built *out, struct ak_err *err)
{
	bool data = m->layers[0].type == AKIDA_LAYER_INPUT_DATA;
	struct ak_placement p = { 0 };
	struct need *need;
	uint32_t i, first, next;
	size_t capacity = 0;
	int rc = 0;

	need = calloc(m->num_layers, sizeof(*need));
	if (!need)
		return ak_errf(err, -ENOMEM, "no memory to place the model");
	for (i = data; i < m->num_layers && !rc; i++)
		rc = layer_need(&m->layers[i], mesh, &need[i], err);
	for (first = data; first < m->num_layers && !rc; first = next) {
		size_t start = out->num_placements;

		next = fill_pass(m, need, first, mesh, flags);
		if (next == first) {
			rc = ak_errf(
				err, -ENOSPC,
				"layer '%s' needs %u NPs of one kind, more than the mesh of %s has; give it fewer filters",
				m->layers[first].name, need[first].fewest,
				mesh->name);
			break;
		}
		for (i = first; i < next && !rc; i++) {
			p.stage = i - first;
			p.layer = i;
			rc = divide(&m->layers[i], &need[i], &p, out,
				    &capacity);
			out->cycles[i] =
				clocks(&m->layers[i],
				       useful(&m->layers[i], need[i].nps));
			if (rc)
				ak_errf(err, rc,
					"no memory to place the model");
		}
		pick_all(mesh, need, out->placement + start,
			 out->num_placements - start);
		p.pass++;
	}
	out->num_passes = p.pass;
	free(need);
	return rc;
}
