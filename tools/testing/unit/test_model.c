// SPDX-License-Identifier: GPL-2.0
/*
 * Models: shapes, refusals, limits, the builder.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "common/util.h"
#include "model_build.h"
#include "temp_dir.h"

static void expect_refused(struct akida_model *m, int code, const char *text)
{
	assert_int_equal(akida_model_check_runnable(m), code);
	if (!strstr(akida_model_error(m), text))
		fail_msg("'%s' is not in \"%s\"", text, akida_model_error(m));
}

static void test_cnn_shapes(void **state)
{
	struct akida_model *m = build_cnn();
	struct akida_layer_info info;

	(void)state;
	assert_int_equal(akida_model_num_layers(m), 4);
	assert_int_equal(akida_model_layer(m, 0, &info, sizeof(info)), 0);
	assert_true(info.resolved);
	assert_int_equal(info.input.height, 8);
	assert_int_equal(info.output.width, 8);
	assert_int_equal(info.output.channels, 4);
	assert_int_equal(info.input_bits, 8);
	assert_int_equal(info.macs, 8 * 8 * 9 * 3 * 4);
	assert_int_equal(info.weight_count, 9 * 3 * 4);
	assert_int_equal(info.weight_bytes, 9 * 3 * 4 / 2);
	assert_int_equal(akida_model_layer(m, 2, &info, sizeof(info)), 0);
	assert_int_equal(info.output.height, 1);
	assert_int_equal(info.macs, 64 * (9 * 6 + 6 * 8));
	assert_int_equal(akida_model_layer(m, 4, &info, sizeof(info)), -ENOENT);
	assert_int_equal(akida_model_find_layer(m, "dense"), 3);
	assert_int_equal(akida_model_find_layer(m, "none"), -ENOENT);
	assert_string_equal(akida_model_layer_inbound(m, 1, 0), "conv_0");
	assert_null(akida_model_layer_inbound(m, 0, 0));
	akida_model_free(m);
}

/* A caller that knows a shorter or longer structure gets what fits. */
static void test_info_sizes(void **state)
{
	struct akida_model *m = build_cnn();
	struct {
		struct akida_layer_info info;
		char later[32];
	} big;
	struct akida_layer_info part;

	(void)state;
	memset(&big, 0xaa, sizeof(big));
	assert_int_equal(akida_model_layer(m, 0, &big.info, sizeof(big)), 0);
	assert_int_equal(big.later[0], 0);
	assert_int_equal(big.later[31], 0);
	memset(&part, 0xaa, sizeof(part));
	akida_model_layer(m, 0, &part, offsetof(struct akida_layer_info, type));
	assert_int_equal((unsigned int)part.type, 0xaaaaaaaau);
	assert_string_equal(part.name, "conv_0");
	akida_model_free(m);
}

struct same_case {
	int size, kernel, stride, padding, out;
};

/* cnn2snn's rule; the sizes were worked out by hand. */
static void test_output_sizes(void **state)
{
	static const struct same_case cases[] = {
		{ 224, 3, 2, 1, 112 }, { 7, 3, 2, 1, 4 }, { 7, 3, 2, 0, 3 },
		{ 8, 3, 2, 0, 3 },     { 9, 5, 3, 1, 3 }, { 9, 5, 3, 0, 2 },
		{ 5, 7, 1, 1, 5 },     { 7, 7, 1, 0, 1 }, { 10, 1, 3, 1, 4 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct same_case *c = &cases[i];
		struct akida_model *m = akida_model_new();
		struct akida_layer_info info;
		int l = build_spatial(m, AKIDA_LAYER_INPUT_CONV, "conv", 2,
				      c->kernel, 1, true);

		build_key(m, l, "input_height", c->size);
		build_key(m, l, "input_width", c->size);
		build_key(m, l, "input_channels", 1);
		build_key(m, l, "padding_value", 9);
		build_key(m, l, "padding", c->padding);
		build_key(m, l, "stride_x", c->stride);
		build_key(m, l, "stride_y", c->stride);
		assert_int_equal(akida_model_check_runnable(m), 0);
		akida_model_layer(m, 0, &info, sizeof(info));
		assert_int_equal(info.output.width, c->out);
		assert_int_equal(info.output.height, c->out);
		akida_model_free(m);
	}
}

static void test_pool_sizes(void **state)
{
	struct akida_model *m = akida_model_new();
	struct akida_layer_info info;
	int l;

	(void)state;
	build_input_data(m, 7, 9, 2, 4);
	l = build_spatial(m, AKIDA_LAYER_CONV, "conv", 3, 3, 2, true);
	build_key(m, l, "pool_type", AKIDA_POOL_MAX);
	build_key(m, l, "pooling_width", 2);
	build_key(m, l, "pooling_height", 3);
	assert_int_equal(akida_model_check_runnable(m), 0);
	akida_model_layer(m, 1, &info, sizeof(info));
	/* Same: 9 / 2 and 7 / 3 rounded up; no stride means the window's. */
	assert_int_equal(info.output.width, 5);
	assert_int_equal(info.output.height, 3);
	assert_int_equal(info.pool_stride_x, 2);
	build_key(m, l, "padding", AKIDA_PADDING_VALID);
	build_key(m, l, "pooling_stride_x", 1);
	assert_int_equal(akida_model_check_runnable(m), 0);
	akida_model_layer(m, 1, &info, sizeof(info));
	/* Valid: the map is 7x5 (width x height) before pooling. */
	assert_int_equal(info.output.width, 6);
	assert_int_equal(info.output.height, 1);
	build_key(m, l, "pooling_height", 6);
	expect_refused(m, -EINVAL, "pooling window is larger");
	akida_model_free(m);
}

static void test_refusals(void **state)
{
	struct akida_model *m = build_cnn();
	const float bad_steps[] = { 0.0f, -1.0f, NAN, INFINITY };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad_steps); i++) {
		build_neurons(m, 1, 6, 10, bad_steps[i]);
		expect_refused(m, -EINVAL, "layer 'conv_1': act_step[0]");
	}
	build_neurons(m, 1, 6, 10, 25);
	build_key(m, 1, "activation", 0);
	expect_refused(m, -EINVAL, "layer 'conv_1': activation is off");
	build_key(m, 1, "activation", 1);
	build_key(m, 1, "act_bits", 3);
	expect_refused(m, -EINVAL, "act_bits is 3");
	build_key(m, 1, "act_bits", 4);
	build_key(m, 1, "weights_bits", 2);
	expect_refused(m, -EINVAL, "which 2 bits cannot hold");
	build_key(m, 1, "weights_bits", 4);
	build_key(m, 1, "layer_type", 9);
	expect_refused(m, -ENOTSUP, "layer_type 9");
	build_key(m, 1, "layer_type", AKIDA_LAYER_INPUT_DATA);
	expect_refused(m, -ENOTSUP, "unknown key");
	build_key(m, 1, "layer_type", AKIDA_LAYER_CONV);
	build_key(m, 1, "filters", 7);
	expect_refused(m, -EINVAL, "variable 'weights' is 3x3x4x6");
	build_key(m, 1, "filters", 6);
	build_key(m, 1, "stride_x", 0);
	expect_refused(m, -EINVAL, "stride_x is 0");
	build_key(m, 1, "stride_x", 1);
	assert_int_equal(akida_model_check_runnable(m), 0);
	akida_model_free(m);
}

static void test_unknown_dtype(void **state)
{
	const size_t shape[] = { 1, 1, 8, 3 };
	struct akida_model *m = build_cnn();
	float w[24] = { 0 };

	(void)state;
	assert_int_equal(akida_model_set_variable(m, 3, "weights",
						  AKIDA_DTYPE_FLOAT32, 4, shape,
						  w),
			 0);
	expect_refused(m, -ENOTSUP,
		       "layer 'dense': variable 'weights' has dtype code 1");
	akida_model_free(m);
}

static void test_unknown_keys(void **state)
{
	struct akida_model *m = build_cnn();

	(void)state;
	assert_null(akida_model_warning(m, 0));
	build_key(m, 1, "num_foo", 0);
	assert_int_equal(akida_model_check_runnable(m), 0);
	assert_non_null(strstr(akida_model_warning(m, 0), "'num_foo'"));
	assert_null(akida_model_warning(m, 1));
	build_key(m, 1, "num_foo", 3);
	expect_refused(m, -ENOTSUP, "unknown key 'num_foo' has the value 3");
	akida_model_free(m);
}

static void test_window_larger_than_input(void **state)
{
	struct akida_model *m = akida_model_new();
	int l;

	(void)state;
	build_input_data(m, 4, 4, 1, 4);
	l = build_spatial(m, AKIDA_LAYER_CONV, "conv", 1, 5, 1, true);
	assert_int_equal(akida_model_check_runnable(m), 0);
	build_key(m, l, "padding", AKIDA_PADDING_VALID);
	expect_refused(m, -EINVAL, "window is larger than its 4x4 input");
	akida_model_free(m);
}

static void test_input_layers(void **state)
{
	struct akida_model *m = akida_model_new();
	int l = build_input_data(m, 1, 1, 4, 4);

	(void)state;
	expect_refused(m, -EINVAL, "no layer computes");
	build_fc(m, "dense", 4, 2, true);
	assert_int_equal(akida_model_check_runnable(m), 0);
	build_key(m, l, "input_bits", 9);
	expect_refused(m, -EINVAL, "input_bits is 9");
	build_key(m, l, "input_bits", 4);
	build_key(m, l, "input_signed", 1);
	expect_refused(m, -ENOTSUP, "input_signed");
	akida_model_free(m);

	m = akida_model_new();
	build_fc(m, "dense", 4, 2, true);
	expect_refused(m, -EINVAL, "starts with InputData");
	akida_model_free(m);

	m = akida_model_new();
	expect_refused(m, -EINVAL, "no layers");
	akida_model_free(m);
}

/* 65536 weights of 127 on inputs of 255 need 32 bits and a sign. */
static void test_accumulator_overflow(void **state)
{
	const size_t n = 1 << 17, shape[] = { 1, 1, n, 1 };
	struct akida_model *m = akida_model_new();
	int8_t *w = malloc(n);
	int l;

	(void)state;
	assert_non_null(w);
	memset(w, 127, n);
	build_input_data(m, 1, 1, (int)n, 8);
	l = build_fc(m, "dense", (int)n, 1, true);
	build_key(m, l, "weights_bits", 8);
	assert_int_equal(akida_model_set_variable(m, (unsigned int)l, "weights",
						  AKIDA_DTYPE_INT8, 4, shape,
						  w),
			 0);
	expect_refused(m, -EOVERFLOW, "filter 0 could reach 4244766720");
	memset(w, 0, n / 2);
	memset(w, 1, 4);
	akida_model_set_variable(m, (unsigned int)l, "weights",
				 AKIDA_DTYPE_INT8, 4, shape, w);
	assert_int_equal(akida_model_check_runnable(m), 0);
	free(w);
	akida_model_free(m);
}

static void count_text(void *arg, const char *layer, const char *text)
{
	char *all = arg;

	strncat(all, layer, 4095 - strlen(all));
	strncat(all, ": ", 4095 - strlen(all));
	strncat(all, text, 4095 - strlen(all));
	strncat(all, "\n", 4095 - strlen(all));
}

static void test_limits(void **state)
{
	struct akida_model *m = build_cnn();
	char text[4096] = "";

	(void)state;
	assert_int_equal(
		akida_model_check_target(m, AKIDA_TARGET_AKD1000, NULL, NULL),
		0);
	assert_int_equal(
		akida_model_check_target(m, AKIDA_TARGET_NONE, NULL, NULL),
		-EINVAL);
	build_key(m, 0, "padding_value", 3); /* allowed */
	build_key(m, 1, "stride_x", 3);
	build_key(m, 3, "weights_bits", 8);
	build_neurons(m, 3, 3, 1 << 19, 0.01f); /* last: its step is exempt */
	build_neurons(m, 2, 8, -2000, 0.01f);
	assert_int_equal(akida_model_check_target(m, AKIDA_TARGET_AKD1500,
						  count_text, text),
			 4);
	assert_non_null(strstr(text, "conv_1: a stride of 3x1"));
	assert_non_null(strstr(text, "dense: weights of 8 bits"));
	assert_non_null(strstr(text, "dense: threshold of 3 neurons"));
	assert_non_null(strstr(text, "separable_2: act_step of 8 neurons"));
	akida_model_free(m);
}

static void test_builder_errors(void **state)
{
	struct akida_model *m = build_cnn();
	const size_t shape[] = { 3, 0 };
	const size_t huge[] = { 1u << 31, 1u << 31, 16, 1 };
	const float f[3] = { 0 };

	(void)state;
	assert_int_equal(akida_model_add_layer(m, "dense", 3), -EEXIST);
	assert_int_equal(akida_model_set_key(m, 9, "filters", 1), -ENOENT);
	assert_int_equal(akida_model_set_variable(m, 0, "weights",
						  AKIDA_DTYPE_FLOAT64, 1, shape,
						  f),
			 -ENOTSUP);
	assert_int_equal(akida_model_set_variable(m, 0, "weights",
						  AKIDA_DTYPE_FLOAT32, 2, shape,
						  f),
			 -EINVAL);
	assert_int_equal(akida_model_set_variable(m, 0, "weights",
						  AKIDA_DTYPE_FLOAT32, 4, huge,
						  f),
			 -EINVAL);
	akida_model_free(m);
}

static void compare_models(const struct akida_model *a,
			   const struct akida_model *b)
{
	unsigned int i, j;

	assert_int_equal(akida_model_num_layers(a), akida_model_num_layers(b));
	for (i = 0; i < akida_model_num_layers(a); i++) {
		struct akida_variable_info va, vb;
		const char *na, *nb;
		int32_t ka, kb;

		for (j = 0; !akida_model_layer_key(a, i, j, &na, &ka); j++) {
			assert_int_equal(
				akida_model_layer_key(b, i, j, &nb, &kb), 0);
			assert_string_equal(na, nb);
			assert_int_equal(ka, kb);
		}
		assert_int_equal(akida_model_layer_key(b, i, j, &nb, &kb),
				 -ENOENT);
		for (j = 0; !akida_model_variable(a, i, j, &va, sizeof(va));
		     j++) {
			assert_int_equal(
				akida_model_variable(b, i, j, &vb, sizeof(vb)),
				0);
			assert_string_equal(va.name, vb.name);
			assert_int_equal(va.file_dtype, vb.file_dtype);
			assert_int_equal(va.size, vb.size);
			assert_memory_equal(va.data, vb.data, va.size);
			assert_memory_equal(va.shape, vb.shape,
					    sizeof(va.shape));
		}
	}
}

static void test_save_and_load(void **state)
{
	struct akida_model *m = build_cnn(), *n = akida_model_new();
	const char *path = temp_path("model.fbz");

	(void)state;
	assert_int_equal(akida_model_save(m, path, 0), 0);
	assert_int_equal(akida_model_load(n, path), 0);
	assert_string_equal(akida_model_sdk_version(n), "2.3.3");
	assert_int_equal(akida_model_generation(n), 2);
	compare_models(m, n);

	/* 2-bit weights only on demand, 1-bit ones never. */
	build_key(m, 1, "weights_bits", 2);
	assert_int_equal(akida_model_save(m, path, 0), -ENOTSUP);
	assert_int_equal(akida_model_save(m, path, AKIDA_SAVE_EXPERIMENTAL), 0);
	build_key(m, 1, "weights_bits", 1);
	assert_int_equal(akida_model_save(m, path, AKIDA_SAVE_EXPERIMENTAL),
			 -ENOTSUP);
	assert_non_null(strstr(akida_model_error(m), "conv_1"));
	akida_model_free(m);
	akida_model_free(n);
}

static void test_load_errors(void **state)
{
	struct akida_model *m = akida_model_new();

	(void)state;
	assert_int_equal(akida_model_load(m, "/nonexistent/x.fbz"), -ENOENT);
	assert_non_null(strstr(akida_model_error(m), "/nonexistent/x.fbz"));
	assert_int_equal(akida_model_load_memory(m, "\xff", 1), -EINVAL);
	assert_int_equal(akida_model_load_memory(m, "", 0), -EINVAL);
	assert_int_equal(akida_model_num_layers(m), 0);
	akida_model_free(m);
}

static void test_names(void **state)
{
	enum akida_target t;

	(void)state;
	assert_int_equal(akida_target_parse("akd1500", &t), 0);
	assert_int_equal(t, AKIDA_TARGET_AKD1500);
	assert_int_equal(akida_target_parse("none", &t), -EINVAL);
	assert_string_equal(akida_target_name(AKIDA_TARGET_AKD1000), "akd1000");
	assert_string_equal(akida_layer_type_name(5), "SeparableConvolutional");
	assert_string_equal(akida_layer_type_name(6), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cnn_shapes),
		cmocka_unit_test(test_info_sizes),
		cmocka_unit_test(test_output_sizes),
		cmocka_unit_test(test_pool_sizes),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_unknown_dtype),
		cmocka_unit_test(test_unknown_keys),
		cmocka_unit_test(test_window_larger_than_input),
		cmocka_unit_test(test_input_layers),
		cmocka_unit_test(test_accumulator_overflow),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_builder_errors),
		cmocka_unit_test_setup_teardown(test_save_and_load,
						temp_dir_make, temp_dir_remove),
		cmocka_unit_test(test_load_errors),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
