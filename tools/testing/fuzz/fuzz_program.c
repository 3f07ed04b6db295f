// SPDX-License-Identifier: GPL-2.0
/*
 * Any bytes as a program. The first two bytes divide the rest into the parts,
 * whose size prefixes are made right here: a fuzzer would hardly find them.
 * The packets of what can be read are walked to their end.
 */
#include <stdlib.h>
#include <string.h>

#include "common/le.h"
#include "format/program.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const struct ak_program_file *p, const struct ak_track *t)
{
	struct ak_packet packet;
	uint32_t pos = 0;
	volatile uint8_t last;

	while (ak_packet_next(p->data + t->offset, t->words, &pos, &packet) > 0)
		if (packet.words)
			last = packet.payload[packet.words * 4 - 1];
	(void)last;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ak_err err = { "" };
	struct ak_program_file p;
	uint32_t i, j, k;
	uint8_t *copy;
	size_t info;

	if (size < 10)
		return 0;
	info = ak_get_le16(data);
	size -= 2;
	copy = malloc(size);
	if (!copy)
		abort();
	memcpy(copy, data + 2, size);
	if (info >= 4 && info + 4 <= size) {
		ak_put_le32(copy, (uint32_t)info - 4);
		ak_put_le32(copy + info, (uint32_t)(size - info - 4));
	}
	if (ak_program_file_parse(&p, copy, size, &err)) {
		if (!err.text[0])
			abort();
	} else {
		for (i = 0; p.known && i < p.num_passes; i++)
			for (j = 0; j < p.pass[i].num_records; j++)
				for (k = 0; k < p.pass[i].record[j].num_tracks;
				     k++)
					walk(&p, &p.pass[i].record[j].track[k]);
		ak_program_file_clear(&p);
	}
	free(copy);
	return 0;
}
