// SPDX-License-Identifier: GPL-2.0
/*
 * Writes the fuzzers' seeds; make-corpus builds and runs this.
 *
 * Usage: seeds CORPUS
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "../unit/fbz_build.h"
#include "../unit/picture.h"
#include "common/file.h"
#include "common/le.h"
#include "common/util.h"
#include "format/fbz.h"
#include "format/npy.h"
#include "format/program.h"
#include "format/snappy.h"

static const char *corpus;

static void save(const char *kind, const char *name, const void *data,
		 size_t size)
{
	struct ak_err err = { "" };
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s/%s", corpus, kind, name);
	if (ak_file_write(path, data, size, &err)) {
		fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
}

/* As a file (first byte 0), and as the FlatBuffer in it (first byte 1). */
static void save_fbz(const char *name, uint8_t *file, size_t size)
{
	uint8_t *content, *seed = malloc(size + 1);
	char other[64];
	size_t n;

	seed[0] = 0;
	memcpy(seed + 1, file, size);
	save("fbz", name, seed, size + 1);
	if (ak_snappy_unpack(file, size, FBZ_MAX_UNPACKED, FBZ_MAX_RATIO,
			     &content, &n, NULL))
		exit(1);
	seed = realloc(seed, n + 1);
	seed[0] = 1;
	memcpy(seed + 1, content, n);
	snprintf(other, sizeof(other), "%s.raw", name);
	save("fbz", other, seed, n + 1);
	free(content);
	free(seed);
	free(file);
}

static void new_generation(void)
{
	static uint8_t bytes[36] = { 1, 0xf9, 7, 0, 2, 0xfd };
	struct fbz_key keys[] = { { "layer_type", 4 },
				  { "filters", 3 },
				  { "padding", 1 },
				  { "pooling_width", -1 },
				  { "zero", 0 } };
	struct fbz_var vars[] = {
		{ "act_step", FBZ_FLOAT32, 1, { 3 }, bytes, 12 },
		{ "threshold", FBZ_INT32, 1, { 3 }, bytes, 12 },
		{ "weights", FBZ_INT4, 4, { 2, 2, 3, 3 }, bytes, 36 },
		{ "wta_groups", 77, 2, { 5, 6 }, bytes, 5 },
	};
	char *inbounds[] = { "first" };
	struct fbz_layer layers[] = {
		{ "first", keys, 1, NULL, 0, NULL, 0 },
		{ "second", keys, ARRAY_SIZE(keys), vars, ARRAY_SIZE(vars),
		  inbounds, 1 },
	};
	struct fbz f = { "2.19.1", 2, layers, ARRAY_SIZE(layers) };
	uint8_t *file;
	size_t size;

	if (fbz_build(&f, &file, &size, NULL))
		exit(1);
	save_fbz("keys", file, size);
	f.num_layers = 0;
	if (fbz_build(&f, &file, &size, NULL))
		exit(1);
	save_fbz("no-layers", file, size);
}

static void old_generation(void)
{
	struct fb_builder b;
	uint8_t *file;
	size_t size;

	fbb_init(&b, FB_MAX_SIZE);
	pack_fbz(&b, write_old_model(&b), &file, &size);
	save_fbz("tables", file, size);
}

static void arrays(void)
{
	static const size_t shape[] = { 2, 3, 4 }, none[] = { 0 };
	static const char *const headers[] = {
		"{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }",
		"{\"shape\": (3L,), \"fortran_order\": False, "
		"\"descr\": '>f4'}",
		"{'descr': '|b1', 'fortran_order': True, 'shape': (12,)}",
		"{'descr': [('a', '<i4')], 'fortran_order': True, "
		"'shape': ()}",
		"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
	};
	uint8_t elements[192] = { 1, 2, 3, 4, 5, 6, 7, 8, 0x40 }, *file;
	char name[32], text[256];
	size_t size, i;
	int dtype;

	for (dtype = AKIDA_DTYPE_UINT8; dtype <= AKIDA_DTYPE_BOOL; dtype++) {
		if (ak_npy_build(dtype, 3, shape, elements, &file, &size, NULL))
			exit(1);
		save("npy", akida_dtype_name(dtype), file, size);
		free(file);
	}
	if (ak_npy_build(AKIDA_DTYPE_INT8, 1, none, NULL, &file, &size, NULL))
		exit(1);
	save("npy", "empty", file, size);
	free(file);
	if (ak_npy_build(AKIDA_DTYPE_INT8, 0, NULL, elements, &file, &size,
			 NULL))
		exit(1);
	save("npy", "scalar", file, size);
	free(file);
	/* Version 2 has four bytes of length. */
	for (i = 0; i < ARRAY_SIZE(headers); i++) {
		size_t prefix = i % 2 ? 12 : 10;

		memset(text, 0, sizeof(text));
		memcpy(text, "\x93NUMPY\x01", 7);
		text[6] = i % 2 ? 2 : 1;
		size = strlen(headers[i]);
		text[8] = (char)size;
		memcpy(text + prefix, headers[i], size);
		memcpy(text + prefix + size, elements, 12);
		snprintf(name, sizeof(name), "header-%zu", i);
		save("npy", name, text, prefix + size + 12);
	}
}

static void pictures(void)
{
	static const struct png_kind kinds[] = {
		{ PNG_COLOR_TYPE_GRAY, 1, 0, 0 },
		{ PNG_COLOR_TYPE_GRAY, 8, 1, 1 },
		{ PNG_COLOR_TYPE_GRAY, 16, 0, 0 },
		{ PNG_COLOR_TYPE_GRAY_ALPHA, 8, 0, 0 },
		{ PNG_COLOR_TYPE_RGB, 8, 0, 1 },
		{ PNG_COLOR_TYPE_RGB, 16, 1, 0 },
		{ PNG_COLOR_TYPE_RGBA, 8, 1, 0 },
		{ PNG_COLOR_TYPE_PALETTE, 2, 0, 1 },
		{ PNG_COLOR_TYPE_PALETTE, 4, 1, 0 },
	};
	static const char *const jpegs[] = { "grey", "colour", "progressive",
					     "cmyk" };
	uint8_t samples[17 * 11 * 8], *file;
	char name[32];
	size_t size, i;

	for (i = 0; i < sizeof(samples); i++)
		samples[i] = (uint8_t)(i * i / 50);
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		write_png(&kinds[i], 17, 11, samples, &file, &size);
		snprintf(name, sizeof(name), "%zu.png", i);
		save("image", name, file, size);
		free(file);
	}
	for (i = 0; i < ARRAY_SIZE(jpegs); i++) {
		write_jpeg((enum jpeg_kind)i, 17, 11, samples, &file, &size);
		snprintf(name, sizeof(name), "%s.jpg", jpegs[i]);
		save("image", name, file, size);
		free(file);
	}
}

/* Tracks behind the mesh that they are for: all that packets can be. */
static void packets(void)
{
	static const struct ak_packet good[] = {
		{ .hrc = true, .uid = AK_UID_REGS, .words = 16 },
		{ .hrc = true, .np_mask = 1, .uid = AK_UID_FILTER, .words = 2 },
		{ .col = 1,
		  .row = 2,
		  .np_mask = 1,
		  .uid = AK_UID_REGS,
		  .words = 16 },
		{ .col = 3,
		  .row = 3,
		  .np_mask = 8,
		  .uid = AK_UID_FILTER,
		  .addr = 0x100,
		  .words = 4 },
		{ .col = 2,
		  .row = 1,
		  .np_mask = 4,
		  .uid = AK_UID_FIRE,
		  .words = 3 },
		{ .col = 3, .row = 2, .np_mask = 2, .uid = AK_UID_FNP },
	};
	/* The same with XL, whose unit is 16 words */
	static const uint32_t xl[] = { 0x02010806, 0x80010000 };
	uint32_t header[2], words = 0;
	uint8_t seed[1 + 4 * 256] = { 0 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		ak_packet_header(&good[i], header);
		ak_put_le32(seed + 1 + 4 * words, header[0]);
		ak_put_le32(seed + 5 + 4 * words, header[1]);
		words += 2 + good[i].words;
	}
	save("packet", "akd1000", seed, 1 + 4 * words);
	seed[0] = 1;
	save("packet", "akd1500", seed, 1 + 4 * words);
	seed[0] = 0xf5;
	save("packet", "another", seed, 1 + 4 * words);
	memset(seed, 0, sizeof(seed));
	for (i = 0; i < 2; i++)
		ak_put_le32(seed + 1 + 4 * i, xl[i]);
	save("packet", "xl", seed, 1 + 4 * 18);
	/* One word too few. */
	save("packet", "cut", seed, 1 + 4 * 17);
}

/* Programs as fuzz_packet.c has them: sizes, tracks, registers, data. */
static void programs(void)
{
	static const uint32_t dense[] = {
		/* flags, tracks, registers, passes, input, output, data */
		0, 3, 2, 2, 5, 7, 3, 105, 64, 44,
		/* offset, words, pass, FNP2 */
		0, 2, 0, 0, 16, 3, 0, 2, 28, 4, 1, 0,
		/* registers */
		0, 1, 0x1c, 0x10,
		/* a packet, a gap, weights, packets for two NPs */
		0x01020101, 0, 0, 0, 5, 6, 7, 0x02010401, 0, 0x03030808, 0
	};
	uint8_t seed[2 + sizeof(dense)] = { 0xff, 1 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(dense); i++)
		ak_put_le32(seed + 2 + 4 * i, dense[i]);
	save("packet", "program", seed, sizeof(seed));
	/* Events: 16 bytes of them */
	ak_put_le32(seed + 2, 1);
	ak_put_le32(seed + 2 + 4 * 7, 16);
	save("packet", "program-sparse", seed, sizeof(seed));
	/* The second track reaches into the third. */
	ak_put_le32(seed + 2 + 4 * 15, 4);
	save("packet", "program-overlap", seed, sizeof(seed));
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: seeds CORPUS\n");
		return 2;
	}
	corpus = argv[1];
	new_generation();
	old_generation();
	arrays();
	pictures();
	packets();
	programs();
	return 0;
}
