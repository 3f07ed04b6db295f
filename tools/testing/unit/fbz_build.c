// SPDX-License-Identifier: GPL-2.0
#include "fbz_build.h"

#include <stdlib.h>

#include "cmocka_all.h"
#include "common/util.h"
#include "format/snappy.h"

#define FLOAT32_ONE 0x3f800000u

void pack_fbz(struct fb_builder *b, fb_ref root, uint8_t **file, size_t *size)
{
	const uint8_t *content;
	size_t length, used;

	assert_int_equal(fbb_finish(b, root, false, &content, &length), 0);
	assert_int_equal(
		ak_snappy_pack(content, length, file, &used, size, NULL), 0);
	fbb_free(b);
}

fb_ref write_bytes_table(struct fb_builder *b, unsigned int n,
			 const uint8_t *values)
{
	unsigned int i;

	fbb_table(b, n);
	for (i = 0; i < n; i++)
		fbb_add_u8(b, i, values[i], 0);
	return fbb_end(b);
}

fb_ref write_old_params(struct fb_builder *b, uint8_t tag, fb_ref table)
{
	fbb_table(b, 3);
	fbb_add_u8(b, 0, (uint8_t)(tag - 1), 0);
	fbb_add_u8(b, 1, tag, 0);
	fbb_add_ref(b, 2, table);
	return fbb_end(b);
}

fb_ref write_layer(struct fb_builder *b, const char *name, fb_ref params)
{
	fb_ref s = fbb_string(b, name);

	fbb_table(b, 5);
	fbb_add_ref(b, 1, s);
	fbb_add_ref(b, 3, params);
	return fbb_end(b);
}

fb_ref write_root(struct fb_builder *b, const fb_ref *layers, size_t n)
{
	fb_ref list = fbb_vector_refs(b, layers, n);

	fbb_table(b, 1);
	fbb_add_ref(b, 0, list);
	return fbb_end(b);
}

static fb_ref write_dims(struct fb_builder *b, uint32_t w, uint32_t h)
{
	fbb_table(b, 2);
	fbb_add_u32(b, 0, w, 0);
	fbb_add_u32(b, 1, h, 0);
	return fbb_end(b);
}

static fb_ref write_act(struct fb_builder *b, uint8_t enabled, uint8_t bits)
{
	fbb_table(b, 4);
	fbb_add_u8(b, 0, enabled, 0);
	fbb_add_u32(b, 2, FLOAT32_ONE, 0);
	fbb_add_u8(b, 3, bits, 0);
	return fbb_end(b);
}

static fb_ref write_neural(struct fb_builder *b, uint32_t units, uint8_t bits)
{
	fb_ref learning, act;

	fbb_table(b, 0);
	learning = fbb_end(b);
	act = write_act(b, 1, 4);
	fbb_table(b, 4);
	fbb_add_u32(b, 0, units, 0);
	fbb_add_u8(b, 1, bits, 0);
	fbb_add_ref(b, 2, learning);
	fbb_add_ref(b, 3, act);
	return fbb_end(b);
}

static fb_ref write_conv(struct fb_builder *b, uint32_t units)
{
	static const uint8_t kernel[] = { 3, 5, 1 }, stride[] = { 2, 1 };
	static const uint8_t pool[] = { 0xff, 0xff, 2, 0xff, 0xff };
	fb_ref refs[4];
	unsigned int i;

	refs[0] = write_neural(b, units, 4);
	refs[1] = write_bytes_table(b, 3, kernel);
	refs[2] = write_bytes_table(b, 5, pool);
	refs[3] = write_bytes_table(b, 2, stride);
	fbb_table(b, 4);
	for (i = 0; i < 4; i++)
		fbb_add_ref(b, i, refs[i]);
	return fbb_end(b);
}

static fb_ref write_input_data(struct fb_builder *b)
{
	fb_ref dims = write_dims(b, 10, 20);

	fbb_table(b, 4);
	fbb_add_ref(b, 0, dims);
	fbb_add_u32(b, 1, 30, 0);
	fbb_add_u8(b, 3, 4, 0);
	return fbb_end(b);
}

static fb_ref write_input_conv(struct fb_builder *b)
{
	static const uint8_t kernel[] = { 7, 5, 1 }, stride[] = { 2, 3 };
	static const uint8_t pool[] = { 2, 1, 1, 2, 1 };
	fb_ref dims, k, s, p, act;

	dims = write_dims(b, 160, 120);
	k = write_bytes_table(b, 3, kernel);
	s = write_bytes_table(b, 2, stride);
	p = write_bytes_table(b, 5, pool);
	act = write_act(b, 1, 2);
	fbb_table(b, 9);
	fbb_add_ref(b, 0, dims);
	fbb_add_ref(b, 1, k);
	fbb_add_ref(b, 2, s);
	fbb_add_u32(b, 3, 16, 0);
	fbb_add_u8(b, 4, 8, 0);
	fbb_add_ref(b, 5, p);
	fbb_add_u8(b, 6, 3, 0);
	fbb_add_u8(b, 7, 128, 0);
	fbb_add_ref(b, 8, act);
	return fbb_end(b);
}

fb_ref write_old_model(struct fb_builder *b)
{
	fb_ref tables[5], layers[5], neural, conv;
	char name[] = "layer_1";
	unsigned int i;

	tables[0] = write_input_data(b);
	tables[1] = write_input_conv(b);
	neural = write_neural(b, 35, 8);
	fbb_table(b, 1);
	fbb_add_ref(b, 0, neural);
	tables[2] = fbb_end(b);
	tables[3] = write_conv(b, 64);
	conv = write_conv(b, 128);
	fbb_table(b, 2);
	fbb_add_ref(b, 0, conv);
	fbb_add_u32(b, 1, 128, 0);
	tables[4] = fbb_end(b);
	for (i = 0; i < ARRAY_SIZE(layers); i++) {
		name[6] = (char)('1' + i);
		layers[i] = write_layer(
			b, name,
			write_old_params(b, (uint8_t)(i + 1), tables[i]));
	}
	return write_root(b, layers, ARRAY_SIZE(layers));
}
