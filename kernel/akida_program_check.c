// SPDX-License-Identifier: GPL-2.0
/*
 * Which programs of strangers are taken. Looks at what it is handed and nothing
 * else, so that a fuzzer can compile it for userspace, too.
 */
#include "akida_core.h"

/* Registers that known programs write (measured) */
static const u32 epg_offsets[] = { 0x00, 0x0c, 0x10, 0x14, 0x18, 0x1c };

int akida_program_sizes(const struct akida_ioc_program *c)
{
	u64 map = (u64)c->width * c->height;
	bool sparse = c->flags & AKIDA_PROGRAM_SPARSE;

	if (c->flags & ~AKIDA_PROGRAM_SPARSE)
		return -EINVAL;
	if (!c->data_size || c->data_size > AKIDA_MAX_PROGRAM_SIZE ||
	    c->data_size % 4 || !c->num_tracks ||
	    c->num_tracks > AKIDA_MAX_TRACKS || c->num_epg > AKIDA_MAX_EPG ||
	    !c->num_passes || c->num_passes > AKIDA_MAX_PASSES)
		return -EINVAL;
	if (!c->width || c->width > U16_MAX || !c->height ||
	    c->height > U16_MAX || !c->channels || c->channels > U16_MAX)
		return -EINVAL;
	/* What descriptors can say; the plan of memory is narrower. */
	if (sparse ? !c->input_size || c->input_size % 8 ||
			     c->input_size / 4 > 0xffffff :
		     map * c->channels != c->input_size)
		return -EINVAL;
	if (c->output_size % 4 || c->output_size < AKIDA_OUTPUT_HEADER ||
	    c->output_size > AKIDA_MAX_PROGRAM_SIZE)
		return -EINVAL;
	return 0;
}

static int check_track(const struct akida_core *core,
		       const struct akida_program *p,
		       const struct akida_track *t)
{
	if (t->offset % 4 || t->offset > p->size || !t->words ||
	    t->words > (p->size - t->offset) / 4 || t->pass >= p->passes ||
	    t->fnp2 > 4)
		return -EINVAL;
	if (t->fnp2)
		return 0;
	/* The field of the descriptor */
	if (t->words > U16_MAX)
		return -EINVAL;
	return akida_packets_check(core, (__le32 *)(p->data + t->offset),
				   t->words);
}

/* What is replaced in one must not be looked at as another. */
static bool overlap(const struct akida_track *a, const struct akida_track *b)
{
	return a->offset < b->offset + b->words * 4 &&
	       b->offset < a->offset + a->words * 4;
}

static int check_tracks(const struct akida_core *core, struct akida_program *p)
{
	unsigned int fnp2 = 0, i, k;
	int err;

	for (i = 0; i < p->num_tracks; i++) {
		const struct akida_track *t = &p->track[i];

		err = check_track(core, p, t);
		if (err)
			return err;
		for (k = 0; k < i; k++)
			if (overlap(t, &p->track[k]))
				return -EINVAL;
		/* There is one register for each. */
		if (t->fnp2 && (fnp2 & BIT(t->fnp2)))
			return -EINVAL;
		fnp2 |= t->fnp2 ? BIT(t->fnp2) : 0;
		p->num_desc += !t->fnp2;
	}
	return p->num_desc ? 0 : -EINVAL;
}

static int check_epg(const struct akida_program *p)
{
	unsigned int i, k;

	for (i = 0; i < p->num_epg; i++) {
		for (k = 0; k < ARRAY_SIZE(epg_offsets); k++)
			if (p->epg[i].offset == epg_offsets[k])
				break;
		if (k == ARRAY_SIZE(epg_offsets))
			return -EINVAL;
	}
	return 0;
}

int akida_program_check(const struct akida_core *core, struct akida_program *p)
{
	int err = check_tracks(core, p);

	return err ?: check_epg(p);
}
