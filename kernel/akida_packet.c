// SPDX-License-Identifier: GPL-2.0
/*
 * Configuration packets: two header words and a payload (official layout).
 *
 *   word 1: column 31:24, row 23:16, NP one-hot 11:8, HRC 7:6, unit 3:0
 *   word 2: XL 31, length 29:16 in words (in 16 words with XL), address 15:0
 *
 * What a unit makes of its payload is the program's affair: it stays within the
 * mesh. Who a packet is for, and where it ends, is ours.
 */
#include "akida_core.h"

#define COLUMN(w) ((w) >> 24)
#define ROW(w) ((w) >> 16 & 0xff)
#define NPS(w) ((w) >> 8 & 0xf)
#define HRC(w) ((w) >> 6 & 0x3)
#define HRC_ENABLED 2
#define UNIT(w) ((w)&0xf)
#define ZERO_1 0xf030
#define XL(w) ((w) >> 31)
#define LENGTH(w) ((w) >> 16 & 0x3fff)
#define ZERO_2 BIT(30)

/* Units that public sources name: 0 to 6, and 8, the registers */
#define UNITS 0x17f

static bool is_for_somebody(const struct akida_core *core, u32 w)
{
	u32 nps = NPS(w);

	if (!(UNITS >> UNIT(w) & 1) || (w & ZERO_1))
		return false;
	/* Engines write NP 0 or none for the HRC, and no node. */
	if (HRC(w))
		return HRC(w) == HRC_ENABLED && !COLUMN(w) && !ROW(w) &&
		       nps <= 1;
	return COLUMN(w) >= 1 && COLUMN(w) <= core->columns && ROW(w) >= 1 &&
	       ROW(w) <= core->rows && nps && !(nps & (nps - 1)) &&
	       nps < BIT(core->nps);
}

int akida_packets_check(const struct akida_core *core, const __le32 *data,
			u32 words)
{
	u32 pos = 0, w1, w2, length;

	while (pos < words) {
		if (words - pos < 2)
			return -EBADMSG;
		w1 = le32_to_cpu(data[pos]);
		w2 = le32_to_cpu(data[pos + 1]);
		pos += 2;
		length = LENGTH(w2) * (XL(w2) ? 16 : 1);
		if (!is_for_somebody(core, w1) || (w2 & ZERO_2) ||
		    length > words - pos)
			return -EBADMSG;
		pos += length;
	}
	return 0;
}
