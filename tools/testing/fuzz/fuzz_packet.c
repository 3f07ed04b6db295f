// SPDX-License-Identifier: GPL-2.0
/*
 * The driver's checks of programs (kernel/akida_packet.c, akida_program_check.c),
 * compiled for userspace, on any bytes. Beside the first is the library's own
 * walker: what the driver takes ends where its track ends, is for one NP of the
 * mesh or for the HRC, for a unit that exists, and has no bit that means nothing;
 * and what is all this is taken. Beside the second is what uapi/akida.h says.
 *
 * The first byte is the mesh: an AKD1000's, an AKD1500's, or of some other size;
 * behind it are packets. PROGRAM is another: behind it are the mesh, what sizes
 * the caller says, tracks, registers and data.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <akida.h>

#include "common/le.h"
#include "common/util.h"
#include "format/program.h"

/* What the driver's files have from their header, which stays out. */
#define AKIDA_CORE_H
#define BIT(n) (1u << (n))
#define le32_to_cpu(word) ak_get_le32((const uint8_t *)&(word))

#define U16_MAX UINT16_MAX
#define AKIDA_OUTPUT_HEADER 32

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;

struct akida_core {
	unsigned int columns, rows, nps;
};

struct akida_program {
	u8 *data;
	u32 size;
	struct akida_track *track;
	struct akida_epg *epg;
	unsigned int num_tracks, num_desc, num_epg, passes;
};

int akida_program_sizes(const struct akida_ioc_program *c);
int akida_program_check(const struct akida_core *core, struct akida_program *p);
int akida_packets_check(const struct akida_core *core, const __le32 *data,
			u32 words);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#include "../../../kernel/akida_packet.c"
#include "../../../kernel/akida_program_check.c"

#define PROGRAM 0xff

/* The units that an NP or the HRC has, by their official names */
static const uint8_t units[] = { AK_UID_FILTER, AK_UID_COMPACT, AK_UID_LEARN,
				 AK_UID_IB,	AK_UID_FIRE,	AK_UID_LUT,
				 AK_UID_FNP,	AK_UID_REGS };

/* Of the packet whose header this is: may a stranger write there? */
static bool allowed(const struct akida_core *core, const struct ak_packet *p,
		    const uint8_t *header)
{
	uint32_t again[2];

	if (!memchr(units, p->uid, sizeof(units)))
		return false;
	/* Whatever is not a field of it is zero. */
	ak_packet_header(p, again);
	if (ak_get_le32(header) != again[0] || (header[7] & 0x40))
		return false;
	if (p->hrc)
		return !p->col && !p->row && (!p->np_mask || p->np == 0);
	return p->np >= 0 && (unsigned int)p->np < core->nps && p->col &&
	       p->col <= core->columns && p->row && p->row <= core->rows;
}

static bool all_allowed(const struct akida_core *core, const uint8_t *data,
			uint32_t words)
{
	uint32_t pos = 0, begin = 0, at;
	struct ak_packet p;
	int rc;

	while ((rc = ak_packet_next(data, words, &pos, &p)) == 1) {
		at = begin;
		if (pos <= begin + 1 || pos > words ||
		    p.payload + (size_t)p.words * 4 != data + (size_t)pos * 4)
			abort();
		begin = pos;
		if (!allowed(core, &p, data + (size_t)at * 4))
			return false;
	}
	return !rc;
}

static bool in(uint64_t v, uint64_t min, uint64_t max)
{
	return v >= min && v <= max;
}

/* As uapi/akida.h has it */
static bool good_sizes(const struct akida_ioc_program *c)
{
	unsigned __int128 map =
		(unsigned __int128)c->width * c->height * c->channels;

	if (c->flags == AKIDA_PROGRAM_SPARSE) {
		/* 24 bits of a descriptor, in words */
		if (!in(c->input_size, 8, (1u << 26) - 4) || c->input_size & 7)
			return false;
	} else if (c->flags || map != c->input_size) {
		return false;
	}
	return in(c->data_size, 4, 64u << 20) && !(c->data_size & 3) &&
	       in(c->num_tracks, 1, 256) && in(c->num_epg, 0, 64) &&
	       in(c->num_passes, 1, 254) && in(c->width, 1, 65535) &&
	       in(c->height, 1, 65535) && in(c->channels, 1, 65535) &&
	       in(c->output_size, 32, 64u << 20) && !(c->output_size & 3);
}

static bool good_track(const struct akida_core *core,
		       const struct akida_program *p,
		       const struct akida_track *t, uint8_t *taken)
{
	uint64_t i, end = t->offset + 4ull * t->words;

	if (t->offset & 3 || !t->words || end > p->size ||
	    t->pass >= p->passes || t->fnp2 > 4)
		return false;
	for (i = t->offset; i < end; i++)
		if (taken[i]++)
			return false;
	return t->fnp2 || (t->words <= 65535 &&
			   all_allowed(core, p->data + t->offset, t->words));
}

static bool good_program(const struct akida_core *core,
			 const struct akida_program *p)
{
	unsigned int fnp2[5] = { 0 }, i;
	uint8_t *taken = calloc(p->size ? p->size : 1, 1);
	bool good = true;

	if (!taken)
		abort();
	for (i = 0; i < p->num_tracks && good; i++)
		good = good_track(core, p, &p->track[i], taken) &&
		       (!fnp2[p->track[i].fnp2]++ || !p->track[i].fnp2);
	for (i = 0; i < p->num_epg && good; i++)
		good = !p->epg[i].offset || (in(p->epg[i].offset, 0xc, 0x1c) &&
					     !(p->epg[i].offset & 3));
	free(taken);
	if (good && p->num_desc != fnp2[0])
		abort();
	return good && fnp2[0];
}

/* A copy of @size bytes of the input, so that nobody reads behind it unseen. */
static void *take(const uint8_t **data, size_t *left, size_t size)
{
	void *copy;

	if (size > *left)
		return NULL;
	copy = malloc(size ? size : 1);
	if (!copy)
		abort();
	memcpy(copy, *data, size);
	*data += size;
	*left -= size;
	return copy;
}

static void check_program(const struct akida_core *core, const uint8_t *data,
			  size_t size)
{
	struct akida_ioc_program c = { 0 };
	struct akida_program p = { 0 };
	u32 *const fields[] = { &c.flags,      &c.num_tracks, &c.num_epg,
				&c.num_passes, &c.width,      &c.height,
				&c.channels,   &c.input_size, &c.output_size,
				&c.data_size };
	size_t i;
	bool good;

	if (size < 4 * ARRAY_SIZE(fields))
		return;
	for (i = 0; i < ARRAY_SIZE(fields); i++)
		*fields[i] = ak_get_le32(data + 4 * i);
	data += 4 * i;
	size -= 4 * i;
	good = !akida_program_sizes(&c);
	if (good != good_sizes(&c))
		abort();
	if (!in(c.num_tracks, 1, 256) || c.num_epg > 64)
		return;
	p.num_tracks = c.num_tracks;
	p.num_epg = c.num_epg;
	p.passes = c.num_passes;
	p.track = take(&data, &size, p.num_tracks * sizeof(*p.track));
	p.epg = take(&data, &size, p.num_epg * sizeof(*p.epg));
	if (p.track && p.epg) {
		p.size = (u32)size & ~3u;
		p.data = take(&data, &size, p.size);
		good = !akida_program_check(core, &p);
		if (good != good_program(core, &p))
			abort();
	}
	free(p.track);
	free(p.epg);
	free(p.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct akida_core chip[] = { { 5, 4, 4 }, { 3, 3, 4 } };
	struct akida_core core;
	uint32_t words;
	uint8_t *copy;
	bool taken;

	if (!size)
		return 0;
	if (data[0] == PROGRAM) {
		if (size > 1)
			check_program(&chip[data[1] & 1], data + 2, size - 2);
		return 0;
	}
	if (data[0] < 2)
		core = chip[data[0]];
	else
		core = (struct akida_core){ data[0] & 0xf, data[0] >> 4 & 3,
					    data[0] >> 6 };
	words = (uint32_t)((size - 1) / 4);
	/* As long as the track is, so that nobody reads behind it unseen. */
	copy = malloc(words ? (size_t)words * 4 : 1);
	if (!copy)
		abort();
	memcpy(copy, data + 1, (size_t)words * 4);
	taken = !akida_packets_check(&core, (const __le32 *)copy, words);
	if (taken != all_allowed(&core, copy, words))
		abort();
	free(copy);
	return 0;
}
