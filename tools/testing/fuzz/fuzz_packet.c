// SPDX-License-Identifier: GPL-2.0
/*
 * The driver's check of configuration packets (kernel/akida_packet.c), compiled
 * for userspace, on any bytes. Beside it the library's own walker: what the
 * driver takes ends where its track ends, is for one NP of the mesh or for the
 * HRC, for a unit that exists, and has no bit that means nothing; and what is
 * all this is taken.
 *
 * The first byte is the mesh: an AKD1000's, an AKD1500's, or of some other size.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/le.h"
#include "format/program.h"

/* What kernel/akida_packet.c has from its header, which stays out. */
#define AKIDA_CORE_H
#define BIT(n) (1u << (n))
#define le32_to_cpu(word) ak_get_le32((const uint8_t *)&(word))

typedef uint32_t u32;
typedef uint32_t __le32;

struct akida_core {
	unsigned int columns, rows, nps;
};

int akida_packets_check(const struct akida_core *core, const __le32 *data,
			u32 words);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#include "../../../kernel/akida_packet.c"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct akida_core chip[] = { { 5, 4, 4 }, { 3, 3, 4 } };
	struct akida_core core;
	uint32_t words;
	uint8_t *copy;
	bool taken;

	if (!size)
		return 0;
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
