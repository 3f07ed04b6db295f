// SPDX-License-Identifier: GPL-2.0
/*
 * A program of one layer, by hand.
 */
#include <string.h>

#include "akida_test.h"
#include "tiny.h"

/* The NP: number 0 of node (2,1) does fully connected layers on both chips. */
#define COLUMN 2
#define ROW 1
#define NP_BIT 1
#define UNIT_FNP 6
#define UNIT_REGS 8
#define PACKET(unit) (COLUMN << 24 | ROW << 16 | NP_BIT << 8 | (unit))
#define LENGTH(words) ((words) << 16)

#define LAYER_FC 3
#define FORMAT_FNP_POTENTIALS 0xb

static unsigned int next(unsigned int *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

uint32_t tiny_version(uint32_t chip)
{
	return chip == AKIDA_CHIP_AKD1000 ? 0xaf100001 : 0xaf150001;
}

void tiny_make(struct tiny *t, uint32_t chip, unsigned int seed)
{
	uint32_t *regs = t->word + 2;
	uint32_t *weights = regs + TINY_REGS + 2;

	memset(t, 0, sizeof(*t));
	t->word[0] = PACKET(UNIT_REGS);
	t->word[1] = LENGTH(TINY_REGS);
	regs[0] = 0xaf000001; /* layout */
	regs[1] = LAYER_FC;
	regs[2] = 1 << 16; /* stage 0 of pass 0, on one NP */
	regs[3] = 1 << 16 | 1; /* width and height */
	regs[4] = TINY_INPUTS;
	regs[5] = TINY_FILTERS;
	regs[6] = 0; /* from the first filter on */
	regs[7] = TINY_FILTERS; /* all */
	regs[8] = 0x01010101; /* kernel and stride */
	regs[11] = 4 | 4 << 8 | 4 << 16; /* bits of weights, outputs, inputs */
	regs[15] = FORMAT_FNP_POTENTIALS;
	weights[-2] = PACKET(UNIT_FNP);
	weights[-1] = LENGTH(TINY_WEIGHT_WORDS);
	for (unsigned int n = 0; n < TINY_FILTERS; n++)
		for (unsigned int k = 0; k < TINY_INPUTS; k++) {
			unsigned int at = n * TINY_INPUTS + k;

			t->weight[n][k] = (int)(next(&seed) % 15) - 7;
			weights[at / 8] |= (t->weight[n][k] & 0xfu)
					   << at % 8 * 4;
		}
	t->track.words = TINY_TRACK_WORDS;
	t->epg[0] = (struct akida_epg){ .offset = 0x0, .value = 0x21200 };
	t->epg[1] = (struct akida_epg){ .offset = 0xc, .value = 0x10 };
	t->arg = (struct akida_ioc_program){
		.data = (uintptr_t)t->word,
		.tracks = (uintptr_t)&t->track,
		.epg = (uintptr_t)t->epg,
		.data_size = sizeof(t->word),
		.num_tracks = 1,
		.num_epg = 2,
		.num_passes = 1,
		.device_version = tiny_version(chip),
		.flags = AKIDA_PROGRAM_SPARSE,
		.width = 1,
		.height = 1,
		.channels = TINY_INPUTS,
		.input_size = TINY_INPUT_BYTES,
		.output_size = TINY_OUTPUT_BYTES,
	};
}

int tiny_load(int fd, struct tiny *t, uint32_t chip, unsigned int seed)
{
	int err;

	tiny_make(t, chip, seed);
	err = dev_ioctl(fd, AKIDA_IOC_PROGRAM_CREATE, &t->arg);
	return err ? err : (int)t->arg.handle;
}

uint32_t tiny_input(uint8_t value[TINY_INPUTS], uint32_t *event,
		    unsigned int seed)
{
	uint32_t words = 0;

	for (unsigned int i = 0; i < TINY_INPUTS; i++) {
		value[i] = seed ? next(&seed) % 16 : 0;
		if (!value[i])
			continue;
		event[words++] = 0; /* x and y */
		event[words++] = i | (uint32_t)value[i] << 16;
	}
	if (!words) {
		event[words++] = 1;
		event[words++] = 0;
	}
	return words * 4;
}

int tiny_check(const struct tiny *t, const uint8_t value[TINY_INPUTS],
	       const void *output)
{
	const uint32_t *word = output;
	const int32_t *potential = (const int32_t *)(word + 8);

	if (word[0] != ((uint32_t)FORMAT_FNP_POTENTIALS << 28 | TINY_FILTERS))
		return -1;
	for (unsigned int n = 0; n < TINY_FILTERS; n++) {
		int32_t sum = 0;

		for (unsigned int k = 0; k < TINY_INPUTS; k++)
			sum += t->weight[n][k] * value[k];
		if (potential[n] != sum)
			return -1;
	}
	return 0;
}
