// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reading .fbz: parameters of the old generation (SDK 2.2 and older, files
 * without a version string), one table type per layer type. They become keys
 * under the names of the new generation, the same set of them.
 */
#include "format/fbz_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

/* The union's tags, which are the new generation's layer types. */
enum union_tag {
	TAG_NONE = 0,
	TAG_INPUT_DATA = 1,
	TAG_INPUT_CONV = 2,
	TAG_FULLY_CONNECTED = 3,
	TAG_CONV = 4,
	TAG_SEPARABLE_CONV = 5,
};

#define FLOAT32_ONE 0x3f800000u

/* Old fields are unsigned, new keys are not. */
static void add_u32(struct fbz_reader *x, const char *name, uint32_t value)
{
	if (value > INT32_MAX)
		fbz_fail(x, -EINVAL,
			 "%s is %" PRIu32 ", more than any layer can have",
			 name, value);
	else
		fbz_add_key(x, name, (int32_t)value);
}

/* dims { 0 width: u32, 1 height: u32 } */
static void read_dims(struct fbz_reader *x, const struct fb_table *t,
		      unsigned int slot)
{
	struct fb_table dims = fb_child(t, slot);

	add_u32(x, "input_width", fb_u32(&dims, 0, 0));
	add_u32(x, "input_height", fb_u32(&dims, 1, 0));
	fbz_add_unknown_from(x, &dims, "dims", 2);
}

/* kernel { 0 width: u8, 1 height: u8, 2 padding: u8 } */
static void read_kernel(struct fbz_reader *x, const struct fb_table *t,
			unsigned int slot)
{
	struct fb_table kernel = fb_child(t, slot);

	fbz_add_key(x, "kernel_width", fb_u8(&kernel, 0, 0));
	fbz_add_key(x, "kernel_height", fb_u8(&kernel, 1, 0));
	fbz_add_key(x, "padding", fb_u8(&kernel, 2, 0));
	fbz_add_unknown_from(x, &kernel, "kernel", 3);
}

/* stride { 0 x: u8, 1 y: u8 } */
static void read_stride(struct fbz_reader *x, const struct fb_table *t,
			unsigned int slot)
{
	struct fb_table stride = fb_child(t, slot);

	fbz_add_key(x, "stride_x", fb_u8(&stride, 0, 0));
	fbz_add_key(x, "stride_y", fb_u8(&stride, 1, 0));
	fbz_add_unknown_from(x, &stride, "stride", 2);
}

/*
 * pool { 0 width: i8, 1 height: i8, 2 type: u8, 3 stride x: i8, 4 stride y: i8 }
 * Sizes that are not set are -1 in the file; without a table there is no
 * pooling.
 */
static void read_pool(struct fbz_reader *x, const struct fb_table *t,
		      unsigned int slot)
{
	struct fb_table pool = fb_child(t, slot);
	uint8_t def = pool.r ? 0 : 0xff;

	fbz_add_key(x, "pooling_width", (int8_t)fb_u8(&pool, 0, def));
	fbz_add_key(x, "pooling_height", (int8_t)fb_u8(&pool, 1, def));
	fbz_add_key(x, "pool_type", fb_u8(&pool, 2, 0));
	fbz_add_key(x, "pooling_stride_x", (int8_t)fb_u8(&pool, 3, def));
	fbz_add_key(x, "pooling_stride_y", (int8_t)fb_u8(&pool, 4, def));
	fbz_add_unknown_from(x, &pool, "pool", 5);
}

/*
 * act { 0 enabled: u8, 1 threshold: i32, 2 step: f32, 3 act_bits: u8 }
 * Threshold and step are defaults for neurons without variables, 0 and 1 in
 * all files; the new generation has no key for them.
 */
static void read_act(struct fbz_reader *x, const struct fb_table *t,
		     unsigned int slot)
{
	struct fb_table act = fb_child(t, slot);

	fbz_add_key(x, "activation", fb_u8(&act, 0, 0));
	fbz_add_key(x, "act_bits", fb_u8(&act, 3, 0));
	if (fb_u32(&act, 1, 0))
		fbz_add_unknown(x, &act, "act", 1);
	if (fb_u32(&act, 2, FLOAT32_ONE) != FLOAT32_ONE)
		fbz_add_unknown(x, &act, "act", 2);
	fbz_add_unknown_from(x, &act, "act", 4);
}

/*
 * neural { 0 units: u32, 1 weights_bits: u8, 2 learning table, 3 act }
 * The learning table is empty in all files.
 */
static uint32_t read_neural(struct fbz_reader *x, const struct fb_table *t,
			    unsigned int slot)
{
	struct fb_table neural = fb_child(t, slot);
	struct fb_table learning = fb_child(&neural, 2);

	fbz_add_key(x, "weights_bits", fb_u8(&neural, 1, 0));
	fbz_add_unknown_from(x, &learning, "learning", 0);
	read_act(x, &neural, 3);
	fbz_add_unknown_from(x, &neural, "neural", 4);
	return fb_u32(&neural, 0, 0);
}

/* conv { 0 neural, 1 kernel, 2 pool, 3 stride } */
static uint32_t read_conv(struct fbz_reader *x, const struct fb_table *conv)
{
	uint32_t units = read_neural(x, conv, 0);

	read_kernel(x, conv, 1);
	read_pool(x, conv, 2);
	read_stride(x, conv, 3);
	fbz_add_unknown_from(x, conv, "conv", 4);
	return units;
}

/*
 * separable { 0 conv, 1 pointwise filters: u32 }
 * The units of the nested conv say the same number again: in all files they
 * are the filters of weights_pw, also where the depthwise part has another
 * number of channels. One that differs is of unknown meaning.
 */
static void read_separable(struct fbz_reader *x, const struct fb_table *t)
{
	struct fb_table conv = fb_child(t, 0);
	uint32_t filters = fb_u32(t, 1, 0);
	uint32_t units = read_conv(x, &conv);

	add_u32(x, "filters", filters);
	if (units != filters)
		add_u32(x, "unknown_separable_units", units);
	fbz_add_unknown_from(x, t, "separable", 2);
}

/*
 * input { 0 dims, 1 channels: u32, 2 absent in all files, 3 input_bits: u8 }
 * Slot 2 may be input_signed, which is what its absence says.
 */
static void read_input_data(struct fbz_reader *x, const struct fb_table *t)
{
	read_dims(x, t, 0);
	add_u32(x, "input_channels", fb_u32(t, 1, 0));
	fbz_add_key(x, "input_signed", 0);
	fbz_add_unknown(x, t, "input_data", 2);
	fbz_add_key(x, "input_bits", fb_u8(t, 3, 0));
	fbz_add_unknown_from(x, t, "input_data", 4);
}

/*
 * input conv { 0 dims, 1 kernel, 2 stride, 3 filters: u32, 4 weights_bits: u8,
 *	5 pool, 6 channels: u8, 7 padding_value: u8, 8 act }
 */
static void read_input_conv(struct fbz_reader *x, const struct fb_table *t)
{
	read_dims(x, t, 0);
	read_kernel(x, t, 1);
	read_stride(x, t, 2);
	add_u32(x, "filters", fb_u32(t, 3, 0));
	fbz_add_key(x, "weights_bits", fb_u8(t, 4, 0));
	read_pool(x, t, 5);
	fbz_add_key(x, "input_channels", fb_u8(t, 6, 0));
	fbz_add_key(x, "padding_value", fb_u8(t, 7, 0));
	read_act(x, t, 8);
	fbz_add_unknown_from(x, t, "input_conv", 9);
}

/* A table of a layer type that is not known: only its fields can be told. */
static void read_unknown(struct fbz_reader *x, const struct fb_table *t,
			 unsigned int tag)
{
	char name[32];

	snprintf(name, sizeof(name), "params_%u", tag);
	fbz_add_unknown_from(x, t, name, 0);
}

void fbz_read_tables(struct fbz_reader *x, const struct fb_table *params)
{
	unsigned int type = fb_u8(params, PARAMS_LAYER_TYPE, 0);
	unsigned int tag = fb_u8(params, PARAMS_UNION_TAG, TAG_NONE);
	struct fb_table t;

	if (tag == TAG_NONE) {
		fbz_add_unknown(x, params, "params", PARAMS_LAYER_TYPE);
		fbz_add_unknown(x, params, "params", PARAMS_UNION);
		return;
	}
	if (tag != type + 1) {
		fbz_fail(
			x, -EINVAL,
			"its layer type %u does not go with parameters of type %u; the file is damaged",
			type, tag);
		return;
	}
	fbz_add_key(x, "layer_type", (int32_t)tag);
	t = fb_child(params, PARAMS_UNION);
	switch (tag) {
	case TAG_INPUT_DATA:
		read_input_data(x, &t);
		break;
	case TAG_INPUT_CONV:
		read_input_conv(x, &t);
		break;
	case TAG_FULLY_CONNECTED:
		/* { 0 neural } */
		add_u32(x, "units", read_neural(x, &t, 0));
		fbz_add_unknown_from(x, &t, "fully_connected", 1);
		break;
	case TAG_CONV:
		add_u32(x, "filters", read_conv(x, &t));
		break;
	case TAG_SEPARABLE_CONV:
		read_separable(x, &t);
		break;
	default:
		read_unknown(x, &t, tag);
		break;
	}
}
