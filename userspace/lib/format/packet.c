// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Configuration packets: two header words and a payload. Layout: official, and
 * measured byte-exactly on a public program.
 */
#include <errno.h>

#include "common/le.h"
#include "format/program.h"

/* word 1 */
#define W1_COL 24
#define W1_ROW 16
#define W1_NP 8
#define W1_HRC (2u << 6)
#define W1_HRC_MASK (3u << 6)
#define W1_UID 0xfu
/* word 2 */
#define W2_XL (1u << 31)
#define W2_LEN 16
#define W2_LEN_MASK 0x3fffu
#define XL_UNIT 16u

int ak_packet_next(const uint8_t *data, uint32_t words, uint32_t *pos,
		   struct ak_packet *p)
{
	uint32_t w1, w2, len;

	if (*pos >= words)
		return 0;
	if (words - *pos < 2)
		return -EINVAL;
	w1 = ak_get_le32(data + (size_t)*pos * 4);
	w2 = ak_get_le32(data + (size_t)*pos * 4 + 4);
	len = w2 >> W2_LEN & W2_LEN_MASK;
	if (w2 & W2_XL)
		len *= XL_UNIT;
	if (words - *pos - 2 < len)
		return -EINVAL;
	p->col = (uint8_t)(w1 >> W1_COL);
	p->row = (uint8_t)(w1 >> W1_ROW);
	p->np_mask = w1 >> W1_NP & 0xf;
	p->np = __builtin_popcount(p->np_mask) == 1 ?
			__builtin_ctz(p->np_mask) :
			-1;
	p->hrc = (w1 & W1_HRC_MASK) == W1_HRC;
	p->uid = w1 & W1_UID;
	p->addr = (uint16_t)w2;
	p->words = len;
	p->payload = data + ((size_t)*pos + 2) * 4;
	*pos += 2 + len;
	return 1;
}

uint32_t ak_packet_header(const struct ak_packet *p, uint32_t header[2])
{
	uint32_t len = p->words, xl = 0;

	if (p->words >= AK_PACKET_XL_WORDS) {
		len = (p->words + XL_UNIT - 1) / XL_UNIT;
		xl = W2_XL;
	}
	header[0] = (uint32_t)p->col << W1_COL | (uint32_t)p->row << W1_ROW |
		    (uint32_t)(p->np_mask & 0xf) << W1_NP |
		    (p->hrc ? W1_HRC : 0) | (p->uid & W1_UID);
	header[1] = xl | len << W2_LEN | p->addr;
	return xl ? len * XL_UNIT : len;
}
