// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * handmade CHIP PROGRAM: a program without a model, written packet by packet: one
 * NP that adds four numbers up, and takes every second one away from the others.
 *
 *	handmade akd1000 sums.akp
 *	akida load sums.akp /dev/akida0
 *
 * The registers of an NP stand in Documentation/formats/program.rst.
 */
#include <stdio.h>
#include <string.h>

#include <akida/akida.h>

#define INPUTS 4
#define OUTPUTS 2

static const uint32_t registers[16] = {
	0xaf000001, /* layout of registers */
	AKIDA_LAYER_FULLY_CONNECTED,
	0 | 0 << 8 | 1 << 16, /* stage 0 of pass 0, which one NP does */
	1 | 1 << 16, /* width and height of the input */
	INPUTS, /* channels of it */
	OUTPUTS, /* filters of the stage */
	0, OUTPUTS, /* the first that this NP has, and how many it has */
	0x01010101, /* kernel and strides of 1 */
	0, 0, /* no padding, no pooling */
	4 | 4 << 8 | 4 << 16, /* weights and inputs of 4 bits, no activation */
	0, 0, 0, /* value of borders, where weights begin */
	0xb, /* the last stage: potentials of an FNP, as a map */
};

/* Two filters of four 4-bit weights, the first in the lowest bits, each filled up
 * to 64 bits: 1, 1, 1, 1 and 1, -1, 1, -1.
 */
static const uint32_t weights[] = { 0x1111, 0, 0xf1f1, 0 };

int main(int argc, char **argv)
{
	static const struct akida_shape in = { .height = 1, .width = 1, .channels = INPUTS };
	static const struct akida_shape out = { .height = 1, .width = 1, .channels = OUTPUTS };
	static const int32_t shift[OUTPUTS] = { 0, 0 };
	static const float scale[OUTPUTS] = { 1, 1 };
	struct akida_packet_place np = { .column = 1, .row = 3, .np = 0, .unit = AKIDA_UNIT_REGISTERS };
	enum akida_target chip = AKIDA_TARGET_NONE;
	struct akida_assembler *a;
	const void *data = NULL;
	size_t size = 0;
	FILE *f;
	int ok;

	if (argc != 3 || akida_target_parse(argv[1], &chip)) {
		fputs("handmade akd1000|akd1500 PROGRAM: writes a program that adds\n", stderr);
		return 2;
	}
	a = akida_assembler_new(chip);
	if (!a)
		return 1;
	akida_assembler_input(a, &in, true);
	akida_assembler_output(a, &out, false, shift, scale);
	akida_assembler_layer(a);
	akida_assembler_track(a);
	akida_assembler_packet(a, &np, sizeof(np), registers, 16);
	np.unit = AKIDA_UNIT_FNP;
	akida_assembler_packet(a, &np, sizeof(np), weights, 4);
	/* What went wrong before shows here. */
	if (akida_assembler_finish(a, &data, &size)) {
		fprintf(stderr, "handmade: %s\n", akida_assembler_error(a));
		akida_assembler_free(a);
		return 1;
	}
	f = fopen(argv[2], "wb");
	ok = f && fwrite(data, size, 1, f) == 1;
	if (f && fclose(f))
		ok = 0;
	if (!ok)
		perror(argv[2]);
	akida_assembler_free(a);
	return !ok;
}
