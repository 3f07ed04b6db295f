// SPDX-License-Identifier: GPL-2.0
/*
 * .fbz: both parameter generations, the writer, refusals.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "common/util.h"
#include "fbz_build.h"
#include "fbz_equal.h"
#include "format/snappy.h"

static const int32_t thresholds[] = { 1, -2, 300000 };
static const float steps[] = { 1.5f, 2.5f, 3.5f };
static const int8_t weights[] = { 1, -7, 7, 0, 2, -3 };

/* A file of two layers whose names are in no order. */
static struct fbz_key keys0[] = { { "layer_type", 1 },
				  { "input_bits", 4 },
				  { "input_channels", 2 },
				  { "zero", 0 } };
static struct fbz_key keys1[] = { { "units", 3 },
				  { "layer_type", 3 },
				  { "negative", INT32_MIN } };
static struct fbz_var vars1[] = {
	{ "weights", FBZ_INT4, 4, { 1, 1, 2, 3 }, (uint8_t *)weights, 6 },
	{ "threshold", FBZ_INT32, 1, { 3 }, (uint8_t *)thresholds, 12 },
	{ "act_step", FBZ_FLOAT32, 1, { 3 }, (uint8_t *)steps, 12 },
	{ "future", 99, 2, { 5, 6 }, (uint8_t *)weights, 5 },
};
static char *inbounds1[] = { "first", "first" };
static struct fbz_layer layers[] = {
	{ "first", keys0, ARRAY_SIZE(keys0), NULL, 0, NULL, 0 },
	{ "second", keys1, ARRAY_SIZE(keys1), vars1, ARRAY_SIZE(vars1),
	  inbounds1, 2 },
	{ "", NULL, 0, NULL, 0, NULL, 0 },
};
static const struct fbz small = { NULL, 2, layers, ARRAY_SIZE(layers) };

static void build(const struct fbz *f, uint8_t **file, size_t *size)
{
	struct ak_err err = { "" };

	if (fbz_build(f, file, size, &err))
		fail_msg("%s", err.text);
}

static int parse(struct fbz *f, const void *file, size_t size, char *text)
{
	struct ak_err err = { "" };
	int rc = fbz_parse(f, file, size, &err);

	assert_int_equal(rc != 0, err.text[0] != '\0');
	if (text)
		strcpy(text, err.text);
	return rc;
}

static void assert_refused(const uint8_t *file, size_t size, int code,
			   const char *word)
{
	char text[AK_ERR_TEXT];
	struct fbz f;

	assert_int_equal(parse(&f, file, size, text), code);
	if (!strstr(text, word))
		fail_msg("'%s' does not mention '%s'", text, word);
	fbz_clear(&f);
}

static int32_t value(const struct fbz_layer *l, const char *name)
{
	const struct fbz_key *k = fbz_find_key(l, name);

	if (!k)
		fail_msg("layer '%s' has no key '%s'", l->name, name);
	return k->value;
}

static void round_trip(void **state)
{
	struct fbz_var *v;
	uint8_t *file, *again;
	size_t size, size2;
	struct fbz f;
	uint32_t i;

	(void)state;
	build(&small, &file, &size);
	assert_int_equal(parse(&f, file, size, NULL), 0);
	assert_string_equal(f.version, "2.3.3");
	assert_int_equal(f.generation, 2);
	assert_int_equal(f.num_layers, 3);
	assert_int_equal(f.layers[1].num_keys, 3);
	for (i = 1; i < 4; i++)
		assert_true(strcmp(f.layers[1].vars[i - 1].name,
				   f.layers[1].vars[i].name) < 0);
	assert_int_equal(value(&f.layers[1], "negative"), INT32_MIN);
	assert_int_equal(value(&f.layers[0], "zero"), 0);
	assert_string_equal(f.layers[1].inbounds[1], "first");
	v = fbz_find_var(&f.layers[1], "weights");
	assert_non_null(v);
	assert_int_equal(v->ndim, 4);
	assert_int_equal(v->shape[2], 2);
	assert_int_equal(v->shape[3], 3);
	assert_memory_equal(v->data, weights, 6);
	assert_null(fbz_find_var(&f.layers[1], "weight"));
	assert_int_equal(f.layers[2].num_keys, 0);
	/* What was read is written to the same bytes. */
	build(&f, &again, &size2);
	assert_int_equal(size2, size);
	assert_memory_equal(again, file, size);
	free(again);
	fbz_clear(&f);
	assert_null(f.layers);
	free(file);
}

/* Layout of the compressed file: 32 + n + n/6 bytes, zeros at its end. */
static void file_size(void **state)
{
	uint8_t *file, *content, *packed;
	size_t size, n, used, again;
	struct fbz f;

	(void)state;
	build(&small, &file, &size);
	assert_int_equal(ak_snappy_unpack(file, size, FBZ_MAX_UNPACKED,
					  FBZ_MAX_RATIO, &content, &n, NULL),
			 0);
	assert_int_equal(size, 32 + n + n / 6);
	assert_int_equal(
		ak_snappy_pack(content, n, &packed, &used, &again, NULL), 0);
	assert_int_equal(again, size);
	assert_memory_equal(packed, file, size);
	free(packed);
	free(content);
	/* Left-over memory instead of the zeros is no matter. */
	memset(file + used, 0xa5, size - used);
	assert_int_equal(parse(&f, file, size, NULL), 0);
	assert_true(f.num_layers == 3);
	fbz_clear(&f);
	free(file);
}

static void version_kept(void **state)
{
	struct fbz f, named = small;
	uint8_t *file;
	size_t size;

	(void)state;
	named.version = "2.19.1";
	build(&named, &file, &size);
	assert_int_equal(parse(&f, file, size, NULL), 0);
	assert_string_equal(f.version, "2.19.1");
	fbz_clear(&f);
	free(file);
}

/* Old parameters, with the names and values that the new form would have. */
static const struct fbz_key old_input_data[] = {
	{ "input_bits", 4 },   { "input_channels", 30 }, { "input_height", 20 },
	{ "input_signed", 0 }, { "input_width", 10 },	 { "layer_type", 1 },
};
static const struct fbz_key old_input_conv[] = {
	{ "act_bits", 2 },	   { "activation", 1 },
	{ "filters", 16 },	   { "input_channels", 3 },
	{ "input_height", 120 },   { "input_width", 160 },
	{ "kernel_height", 5 },	   { "kernel_width", 7 },
	{ "layer_type", 2 },	   { "padding", 1 },
	{ "padding_value", 128 },  { "pool_type", 1 },
	{ "pooling_height", 1 },   { "pooling_stride_x", 2 },
	{ "pooling_stride_y", 1 }, { "pooling_width", 2 },
	{ "stride_x", 2 },	   { "stride_y", 3 },
	{ "weights_bits", 8 },
};
static const struct fbz_key old_fc[] = {
	{ "act_bits", 4 }, { "activation", 1 },	  { "layer_type", 3 },
	{ "units", 35 },   { "weights_bits", 8 },
};
static const struct fbz_key old_conv[] = {
	{ "act_bits", 4 },	    { "activation", 1 },
	{ "filters", 64 },	    { "kernel_height", 5 },
	{ "kernel_width", 3 },	    { "layer_type", 4 },
	{ "padding", 1 },	    { "pool_type", 2 },
	{ "pooling_height", -1 },   { "pooling_stride_x", -1 },
	{ "pooling_stride_y", -1 }, { "pooling_width", -1 },
	{ "stride_x", 2 },	    { "stride_y", 1 },
	{ "weights_bits", 4 },
};

static void assert_keys(const struct fbz_layer *l, const struct fbz_key *want,
			size_t n)
{
	size_t i;

	assert_int_equal(l->num_keys, n);
	for (i = 0; i < n; i++) {
		assert_string_equal(l->keys[i].name, want[i].name);
		assert_int_equal(l->keys[i].value, want[i].value);
	}
}

static void old_generation(void **state)
{
	struct fb_builder b;
	uint8_t *file;
	size_t size;
	struct fbz f;

	(void)state;
	fbb_init(&b, FB_MAX_SIZE);
	pack_fbz(&b, write_old_model(&b), &file, &size);
	assert_int_equal(parse(&f, file, size, NULL), 0);
	free(file);
	assert_null(f.version);
	assert_int_equal(f.generation, 1);
	assert_int_equal(f.num_layers, 5);
	assert_string_equal(f.layers[4].name, "layer_5");
	assert_keys(&f.layers[0], old_input_data, ARRAY_SIZE(old_input_data));
	assert_keys(&f.layers[1], old_input_conv, ARRAY_SIZE(old_input_conv));
	assert_keys(&f.layers[2], old_fc, ARRAY_SIZE(old_fc));
	assert_keys(&f.layers[3], old_conv, ARRAY_SIZE(old_conv));
	assert_int_equal(f.layers[4].num_keys, ARRAY_SIZE(old_conv));
	assert_int_equal(value(&f.layers[4], "layer_type"), 5);
	assert_int_equal(value(&f.layers[4], "filters"), 128);
	fbz_clear(&f);
}

/* One old-generation layer of @tag with @table. */
static void parse_old(struct fb_builder *b, uint8_t tag, fb_ref table,
		      struct fbz *f)
{
	fb_ref layer = write_layer(b, "x", write_old_params(b, tag, table));
	uint8_t *file;
	size_t size;

	pack_fbz(b, write_root(b, &layer, 1), &file, &size);
	assert_int_equal(parse(f, file, size, NULL), 0);
	assert_int_equal(f->num_layers, 1);
	free(file);
}

static void old_unknown_fields(void **state)
{
	/* act { 0 enabled, 1 threshold, 2 step, 3 bits, 4 and 5 unknown } */
	static const uint8_t sign[] = { 0, 0, 1 };
	fb_ref act, learning, neural, table;
	struct fb_builder b;
	struct fbz f;

	(void)state;
	fbb_init(&b, FB_MAX_SIZE);
	fbb_table(&b, 6);
	fbb_add_u32(&b, 1, 77, 0);
	fbb_add_u32(&b, 2, 0x40000000, 0);
	fbb_add_u8(&b, 4, 0, 1); /* present and zero */
	fbb_add_u8(&b, 5, 9, 0);
	act = fbb_end(&b);
	learning = write_bytes_table(&b, 3, sign);
	fbb_table(&b, 5);
	fbb_add_ref(&b, 2, learning);
	fbb_add_ref(&b, 3, act);
	fbb_add_u8(&b, 4, 3, 0);
	neural = fbb_end(&b);
	fbb_table(&b, 2);
	fbb_add_ref(&b, 0, neural);
	fbb_add_u8(&b, 1, 2, 0);
	parse_old(&b, 3, fbb_end(&b), &f);
	assert_int_equal(value(f.layers, "unknown_act_slot_1"), 77);
	assert_int_equal(value(f.layers, "unknown_act_slot_2"), 0x40000000);
	assert_int_equal(value(f.layers, "unknown_act_slot_4"), 0);
	assert_int_equal(value(f.layers, "unknown_act_slot_5"), 9);
	assert_int_equal(value(f.layers, "unknown_learning_slot_2"), 1);
	assert_int_equal(value(f.layers, "unknown_neural_slot_4"), 3);
	assert_int_equal(value(f.layers, "unknown_fully_connected_slot_1"), 2);
	fbz_clear(&f);

	fbb_init(&b, FB_MAX_SIZE);
	parse_old(&b, 1, write_bytes_table(&b, 3, sign), &f);
	assert_int_equal(value(f.layers, "input_signed"), 0);
	assert_int_equal(value(f.layers, "unknown_input_data_slot_2"), 1);
	fbz_clear(&f);

	/* A layer type of the future: its number and its fields. */
	fbb_init(&b, FB_MAX_SIZE);
	parse_old(&b, 9, write_bytes_table(&b, 3, sign), &f);
	assert_int_equal(value(f.layers, "layer_type"), 9);
	assert_int_equal(value(f.layers, "unknown_params_9_slot_2"), 1);
	fbz_clear(&f);

	/* Nested units that are not the pointwise filters. */
	fbb_init(&b, FB_MAX_SIZE);
	fbb_table(&b, 1);
	fbb_add_u32(&b, 0, 32, 0);
	neural = fbb_end(&b);
	fbb_table(&b, 1);
	fbb_add_ref(&b, 0, neural);
	table = fbb_end(&b);
	fbb_table(&b, 2);
	fbb_add_ref(&b, 0, table);
	fbb_add_u32(&b, 1, 64, 0);
	parse_old(&b, 5, fbb_end(&b), &f);
	assert_int_equal(value(f.layers, "filters"), 64);
	assert_int_equal(value(f.layers, "unknown_separable_units"), 32);
	assert_int_equal(value(f.layers, "pooling_width"), -1);
	fbz_clear(&f);
}

/* A file of one layer; its table is whatever the caller has written. */
static void pack_one(struct fb_builder *b, fb_ref layer, uint8_t **file,
		     size_t *size)
{
	pack_fbz(b, write_root(b, &layer, 1), file, size);
}

static void unknown_fields(void **state)
{
	fb_ref name, key, list, kv, params, var, data, shape, layer, root;
	struct fb_builder b;
	uint8_t *file;
	size_t size;
	struct fbz f;

	(void)state;
	fbb_init(&b, FB_MAX_SIZE);
	name = fbb_string(&b, "k");
	fbb_table(&b, 3);
	fbb_add_ref(&b, 0, name);
	fbb_add_u32(&b, 1, 5, 0);
	fbb_add_u8(&b, 2, 6, 0);
	key = fbb_end(&b);
	list = fbb_vector_refs(&b, &key, 1);
	fbb_table(&b, 2);
	fbb_add_ref(&b, 0, list);
	fbb_add_u8(&b, 1, 7, 0);
	kv = fbb_end(&b);
	fbb_table(&b, 5);
	fbb_add_u8(&b, 1, 8, 0);
	fbb_add_ref(&b, 3, kv);
	fbb_add_u8(&b, 4, 9, 0);
	params = fbb_end(&b);
	name = fbb_string(&b, "v");
	shape = fbb_vector_u32(&b, NULL, 0);
	data = fbb_vector(&b, "abcd", 4, 1, 1);
	fbb_table(&b, 6);
	fbb_add_ref(&b, 0, name);
	fbb_add_ref(&b, 1, shape);
	fbb_add_ref(&b, 2, data);
	fbb_add_u8(&b, 5, 10, 0);
	var = fbb_end(&b);
	list = fbb_vector_refs(&b, &var, 1);
	name = fbb_string(&b, "l");
	fbb_table(&b, 6);
	fbb_add_u8(&b, 0, 11, 0);
	fbb_add_ref(&b, 1, name);
	fbb_add_ref(&b, 2, list);
	fbb_add_ref(&b, 3, params);
	fbb_add_u8(&b, 5, 12, 0);
	layer = fbb_end(&b);
	list = fbb_vector_refs(&b, &layer, 1);
	fbb_table(&b, 4);
	fbb_add_ref(&b, 0, list);
	fbb_add_u8(&b, 1, 13, 0);
	fbb_add_u8(&b, 3, 14, 0);
	root = fbb_end(&b);
	pack_fbz(&b, root, &file, &size);
	assert_int_equal(parse(&f, file, size, NULL), 0);
	free(file);
	assert_int_equal(value(f.layers, "k"), 5);
	assert_int_equal(value(f.layers, "unknown_key_k_slot_2"), 6);
	assert_int_equal(value(f.layers, "unknown_keys_slot_1"), 7);
	assert_int_equal(value(f.layers, "unknown_params_slot_1"), 8);
	assert_int_equal(value(f.layers, "unknown_params_slot_4"), 9);
	assert_int_equal(value(f.layers, "unknown_variable_v_slot_5"), 10);
	assert_int_equal(value(f.layers, "unknown_layer_slot_0"), 11);
	assert_int_equal(value(f.layers, "unknown_layer_slot_5"), 12);
	assert_int_equal(value(f.layers, "unknown_root_slot_1"), 13);
	assert_int_equal(value(f.layers, "unknown_root_slot_3"), 14);
	assert_int_equal(f.layers[0].num_keys, 10);
	fbz_clear(&f);
}

static void old_refusals(void **state)
{
	fb_ref dims, table, params, layer;
	struct fb_builder b;
	uint8_t *file;
	size_t size;

	(void)state;
	/* Layer type and union say different things. */
	fbb_init(&b, FB_MAX_SIZE);
	fbb_table(&b, 2);
	fbb_add_u8(&b, 0, 3, 0);
	fbb_add_u8(&b, 1, 3, 0);
	params = fbb_end(&b);
	layer = write_layer(&b, "conv_7", params);
	pack_one(&b, layer, &file, &size);
	assert_refused(file, size, -EINVAL, "conv_7");
	free(file);
	/* A width that no key can hold. */
	fbb_init(&b, FB_MAX_SIZE);
	fbb_table(&b, 1);
	fbb_add_u32(&b, 0, 0x80000000, 0);
	dims = fbb_end(&b);
	fbb_table(&b, 1);
	fbb_add_ref(&b, 0, dims);
	table = fbb_end(&b);
	params = write_old_params(&b, 1, table);
	layer = write_layer(&b, "x", params);
	pack_one(&b, layer, &file, &size);
	assert_refused(file, size, -EINVAL, "input_width is 2147483648");
	free(file);
	/* A layer without a name. */
	fbb_init(&b, FB_MAX_SIZE);
	fbb_table(&b, 0);
	layer = fbb_end(&b);
	pack_one(&b, layer, &file, &size);
	assert_refused(file, size, -EINVAL, "layer 0: has no name");
	free(file);
}

/* A variable "v" of int32 with a shape, which need not fit its 4 bytes. */
static void refuse_shape(const uint32_t *reversed, size_t ndim, int code)
{
	fb_ref name, shape, data, var, list, layer;
	struct fb_builder b;
	uint8_t *file;
	size_t size;

	fbb_init(&b, FB_MAX_SIZE);
	name = fbb_string(&b, "v");
	shape = fbb_vector_u32(&b, reversed, ndim);
	data = fbb_vector(&b, "abcd", 4, 1, 1);
	fbb_table(&b, 4);
	fbb_add_ref(&b, 0, name);
	fbb_add_ref(&b, 1, shape);
	fbb_add_ref(&b, 2, data);
	var = fbb_end(&b);
	list = fbb_vector_refs(&b, &var, 1);
	fbb_table(&b, 5);
	fbb_add_ref(&b, 1, name);
	fbb_add_ref(&b, 2, list);
	layer = fbb_end(&b);
	pack_one(&b, layer, &file, &size);
	assert_refused(file, size, code, "variable 'v'");
	free(file);
}

static void shapes(void **state)
{
	static const uint32_t two[] = { 2 };
	static const uint32_t none[] = { 0, 1 };
	/* 2^32 * 2^32 * 2^32: zero, in 64 bits that wrap; 2^62 * 4 bytes */
	static const uint32_t wraps[] = { 65536, 65536, 65536,
					  65536, 65536, 65536 };
	static const uint32_t wraps_too[] = { 0x80000000, 0x80000000 };
	static const uint32_t many[] = { 1, 1, 1, 1, 1, 1, 1, 1, 1 };

	(void)state;
	refuse_shape(two, 1, -EINVAL);
	refuse_shape(none, 2, -EINVAL);
	refuse_shape(wraps, 6, -EINVAL);
	refuse_shape(wraps_too, 2, -EINVAL);
	refuse_shape(many, 9, -EFBIG);
}

static void duplicates(void **state)
{
	struct fbz_key keys[] = { { "a", 1 }, { "b", 1 }, { "a", 2 } };
	struct fbz_var vars[] = { { .name = "v", .dtype = FBZ_INT8 },
				  { .name = "v", .dtype = FBZ_INT8 } };
	struct fbz_layer layer = { "twice", keys, 3, NULL, 0, NULL, 0 };
	struct fbz f = { NULL, 2, &layer, 1 };
	struct ak_err err;
	fb_ref s, kv[2], list, t;
	struct fb_builder b;
	uint8_t *file;
	size_t size;
	int i;

	(void)state;
	assert_int_equal(fbz_build(&f, &file, &size, &err), -EINVAL);
	assert_non_null(strstr(err.text, "'twice'"));
	assert_null(file);
	layer = (struct fbz_layer){ "twice", NULL, 0, vars, 2, NULL, 0 };
	vars[0].size = vars[1].size = 1;
	vars[0].data = vars[1].data = (uint8_t *)weights;
	assert_int_equal(fbz_build(&f, &file, &size, &err), -EINVAL);
	/* The reader refuses them, too. */
	fbb_init(&b, FB_MAX_SIZE);
	s = fbb_string(&b, "same");
	for (i = 0; i < 2; i++) {
		fbb_table(&b, 2);
		fbb_add_ref(&b, 0, s);
		kv[i] = fbb_end(&b);
	}
	list = fbb_vector_refs(&b, kv, 2);
	fbb_table(&b, 1);
	fbb_add_ref(&b, 0, list);
	t = fbb_end(&b);
	fbb_table(&b, 4);
	fbb_add_ref(&b, 3, t);
	t = write_layer(&b, "x", fbb_end(&b));
	pack_one(&b, t, &file, &size);
	assert_refused(file, size, -EINVAL, "parameter 'same' twice");
	free(file);
}

static void build_refusals(void **state)
{
	struct fbz_var var = { .name = "v", .dtype = FBZ_INT32, .size = 5 };
	struct fbz_layer layer = { "l", NULL, 0, &var, 1, NULL, 0 };
	struct fbz f = { NULL, 2, &layer, 1 };
	uint8_t *file;
	size_t size;

	(void)state;
	var.data = (uint8_t *)weights;
	assert_int_equal(fbz_build(&f, &file, &size, NULL), -EINVAL);
	var.dtype = 99;
	var.ndim = FBZ_MAX_DIMS + 1;
	assert_int_equal(fbz_build(&f, &file, &size, NULL), -EFBIG);
	f.num_layers = FBZ_MAX_LAYERS + 1;
	assert_int_equal(fbz_build(&f, &file, &size, NULL), -EFBIG);
	f.num_layers = 1;
	layer.num_vars = FBZ_MAX_VARS + 1;
	assert_int_equal(fbz_build(&f, &file, &size, NULL), -EFBIG);
	layer.num_vars = 0;
	layer.num_keys = FBZ_MAX_KEYS + 1;
	assert_int_equal(fbz_build(&f, &file, &size, NULL), -EFBIG);
}

/* A thousand layers that share one variable of a mebibyte. */
static void aliases(void **state)
{
	enum {
		COUNT = 1000,
		BYTES = 1 << 20
	};
	fb_ref name, data, shape, var, list, layer, all[COUNT];
	uint32_t dims[] = { BYTES };
	struct fb_builder b;
	uint8_t *file, *zeros;
	size_t size;
	int i;

	(void)state;
	zeros = calloc(1, BYTES);
	fbb_init(&b, FB_MAX_SIZE);
	name = fbb_string(&b, "v");
	data = fbb_vector(&b, zeros, BYTES, 1, 1);
	shape = fbb_vector_u32(&b, dims, 1);
	fbb_table(&b, 4);
	fbb_add_ref(&b, 0, name);
	fbb_add_ref(&b, 1, shape);
	fbb_add_ref(&b, 2, data);
	fbb_add_u8(&b, 3, FBZ_INT8, 0);
	var = fbb_end(&b);
	list = fbb_vector_refs(&b, &var, 1);
	fbb_table(&b, 3);
	fbb_add_ref(&b, 1, name);
	fbb_add_ref(&b, 2, list);
	layer = fbb_end(&b);
	for (i = 0; i < COUNT; i++)
		all[i] = layer;
	pack_fbz(&b, write_root(&b, all, COUNT), &file, &size);
	assert_refused(file, size, -EFBIG, "far more data");
	free(file);
	free(zeros);
}

static void limits(void **state)
{
	/* 256 MiB + 1 and 23 bytes, of files of 5 bytes and 1 byte. */
	static const uint8_t above[] = { 0x81, 0x80, 0x80, 0x80, 0x01 };
	static const uint8_t ratio[] = { 23 };

	(void)state;
	assert_refused(above, sizeof(above), -EFBIG, "268435457");
	assert_refused(ratio, sizeof(ratio), -EFBIG, "23");
	assert_refused((const uint8_t *)"", 0, -EINVAL, "ends");
}

/* Parses damaged bytes; a model that comes out must be whole. */
static bool survives(const uint8_t *data, size_t size)
{
	struct fbz f;
	uint8_t *file;
	size_t length;
	bool ok = !parse(&f, data, size, NULL);

	if (ok) {
		struct fbz again;

		build(&f, &file, &length);
		assert_int_equal(parse(&again, file, length, NULL), 0);
		assert_true(fbz_equal(&f, &again));
		fbz_clear(&again);
		free(file);
	}
	fbz_clear(&f);
	return ok;
}

/* Damage of the FlatBuffer under a whole Snappy block, and of the block. */
static void damage(const uint8_t *file, size_t size)
{
	static const uint8_t flips[] = { 0x01, 0x80, 0xff };
	size_t length, i, j, used, n, refused = 0;
	uint8_t *content, *copy, *packed;

	assert_int_equal(ak_snappy_unpack(file, size, FBZ_MAX_UNPACKED,
					  FBZ_MAX_RATIO, &content, &length,
					  NULL),
			 0);
	for (i = 0; i < length; i++) {
		for (j = 0; j < ARRAY_SIZE(flips); j++) {
			content[i] ^= flips[j];
			assert_int_equal(ak_snappy_pack(content, length,
							&packed, &used, &n,
							NULL),
					 0);
			refused += !survives(packed, used);
			free(packed);
			content[i] ^= flips[j];
		}
		assert_int_equal(
			ak_snappy_pack(content, i, &packed, &used, &n, NULL),
			0);
		assert_false(survives(packed, used));
		free(packed);
	}
	assert_true(refused > length / 4);
	assert_int_equal(
		ak_snappy_pack(content, length, &packed, &used, &n, NULL), 0);
	for (i = 0; i < used; i++) {
		copy = malloc(used);
		for (j = 0; j < ARRAY_SIZE(flips); j++) {
			memcpy(copy, packed, used);
			copy[i] ^= flips[j];
			survives(copy, used);
		}
		free(copy);
		copy = malloc(i ? i : 1);
		memcpy(copy, packed, i);
		assert_false(survives(copy, i));
		free(copy);
	}
	free(packed);
	free(content);
}

static void damaged_new(void **state)
{
	uint8_t *file;
	size_t size;

	(void)state;
	build(&small, &file, &size);
	damage(file, size);
	free(file);
}

static void damaged_old(void **state)
{
	struct fb_builder b;
	uint8_t *file;
	size_t size;

	(void)state;
	fbb_init(&b, FB_MAX_SIZE);
	pack_fbz(&b, write_old_model(&b), &file, &size);
	damage(file, size);
	free(file);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(file_size),
		cmocka_unit_test(version_kept),
		cmocka_unit_test(old_generation),
		cmocka_unit_test(old_unknown_fields),
		cmocka_unit_test(unknown_fields),
		cmocka_unit_test(old_refusals),
		cmocka_unit_test(shapes),
		cmocka_unit_test(duplicates),
		cmocka_unit_test(build_refusals),
		cmocka_unit_test(aliases),
		cmocka_unit_test(limits),
		cmocka_unit_test(damaged_new),
		cmocka_unit_test(damaged_old),
	};

	return cmocka_run_group_tests_name("fbz", tests, NULL, NULL);
}
