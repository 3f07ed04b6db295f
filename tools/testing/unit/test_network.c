// SPDX-License-Identifier: GPL-2.0
/*
 * Networks that are put together layer by layer: values by hand, integers that
 * come back, and what is refused.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "akida/device.h"
#include "akida/network.h"
#include "cmocka_all.h"
#include "common/util.h"

static struct akida_network *network(uint32_t height, uint32_t width,
				     uint32_t channels)
{
	const struct akida_shape shape = { height, width, channels };
	struct akida_network *n = akida_network_new();

	assert_non_null(n);
	assert_int_equal(akida_network_input(n, &shape), 0);
	return n;
}

static void add(struct akida_network *n, struct akida_network_layer l)
{
	if (akida_network_add(n, &l, sizeof(l)))
		fail_msg("%s", akida_network_error(n));
}

static void refused(struct akida_network *n, struct akida_network_layer l,
		    const char *words)
{
	struct akida_network_info before, after;
	int had = akida_network_info(n, &before, sizeof(before));

	assert_int_equal(akida_network_add(n, &l, sizeof(l)), -EINVAL);
	if (!strstr(akida_network_error(n), words))
		fail_msg("'%s' lacks '%s'", akida_network_error(n), words);
	assert_int_equal(akida_network_info(n, &after, sizeof(after)), had);
	if (!had)
		assert_memory_equal(&before, &after, sizeof(before));
}

static void floats_equal(const float *have, const float *want, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (fabsf(have[i] - want[i]) > 1e-5f)
			fail_msg("value %zu is %g, not %g", i, (double)have[i],
				 (double)want[i]);
}

/* Every operation, with numbers that fit into a head. */
static void test_run(void **state)
{
	static const float in[2][4] = { { 1, 2, 3, 4 }, { -1, 0, 0, 5 } };
	static const float ones[4] = { 1, 1, 1, 1 };
	static const float two[2] = { 1, -1 }, half[2] = { 0.5f, 0.25f };
	static const float pair[4] = { 1, 0, 2, 1 };
	struct akida_network_info info;
	struct akida_network *n = network(2, 2, 1);
	float out[16];

	(void)state;
	/* Same: of a window of 2 the zeros come after the last. */
	add(n, (struct akida_network_layer){ .op = AKIDA_NETWORK_CONV,
					     .kernel_height = 2,
					     .kernel_width = 2,
					     .padding = AKIDA_PADDING_SAME,
					     .filters = 1,
					     .weights = ones });
	assert_int_equal(akida_network_run(n, &in[0][0], out, 2, 1), 0);
	floats_equal(out, (float[]){ 10, 6, 7, 4, 4, 5, 5, 5 }, 8);
	add(n, (struct akida_network_layer){ .op = AKIDA_NETWORK_MAX_POOL,
					     .kernel_height = 2,
					     .kernel_width = 1 });
	add(n, (struct akida_network_layer){ .op = AKIDA_NETWORK_AFFINE,
					     .shift = (float[]){ -6 } });
	assert_int_equal(akida_network_run(n, &in[0][0], out, 1, 1), 0);
	floats_equal(out, (float[]){ 4, 0 }, 2);
	add(n,
	    (struct akida_network_layer){ .op = AKIDA_NETWORK_RELU, .max = 3 });
	add(n, (struct akida_network_layer){ .op = AKIDA_NETWORK_CONV,
					     .filters = 2,
					     .weights = two,
					     .bias = half });
	assert_int_equal(akida_network_run(n, &in[0][0], out, 1, 1), 0);
	floats_equal(out, (float[]){ 3.5f, -2.75f, 0.5f, 0.25f }, 4);
	add(n, (struct akida_network_layer){ .op = AKIDA_NETWORK_DEPTHWISE,
					     .kernel_width = 2,
					     .weights = pair });
	assert_int_equal(akida_network_run(n, &in[0][0], out, 1, 1), 0);
	floats_equal(out, (float[]){ 3.5f + 2 * 0.5f, 0.25f }, 2);
	add(n, (struct akida_network_layer){ .op = AKIDA_NETWORK_SPIKE,
					     .threshold = half });
	add(n,
	    (struct akida_network_layer){ .op = AKIDA_NETWORK_GLOBAL_AVERAGE });
	add(n, (struct akida_network_layer){ .op = AKIDA_NETWORK_FLATTEN });
	add(n, (struct akida_network_layer){ .op = AKIDA_NETWORK_DENSE,
					     .filters = 2,
					     .weights = pair });
	assert_int_equal(akida_network_run(n, &in[0][0], out, 1, 1), 0);
	/* 4.5 is above 0.5, 0.25 is not above 0.25. */
	floats_equal(out, (float[]){ 1, 0 }, 2);
	assert_int_equal(akida_network_info(n, &info, sizeof(info)), 0);
	assert_int_equal(info.num_layers, 10);
	assert_int_equal(info.output.channels, 2);
	akida_network_free(n);
}

static const int8_t *weights_of(const struct akida_model *m, size_t *size)
{
	struct akida_variable_info v;
	unsigned int i;

	for (i = 0; !akida_model_variable(m, 1, i, &v, sizeof(v)); i++)
		if (!strcmp(v.name, "weights")) {
			*size = v.size;
			return v.data;
		}
	return NULL;
}

/* Integers stay what they are; scores are the floats. */
static void test_integers(void **state)
{
	static const int8_t w[3][2] = { { 1, -7 }, { 7, 3 }, { -5, 0 } };
	static const float scale[2] = { 0.25f, 2 }, bias[2] = { 1, -3 };
	static const uint8_t in[3] = { 15, 0, 4 };
	const float values[3] = { 15, 0, 4 };
	struct akida_quantise_options o = { .flags = AKIDA_QUANTISE_INTEGER };
	struct akida_device *soft = akida_device_new();
	struct akida_program *p = akida_program_new(soft);
	struct akida_network *n = network(1, 1, 3);
	struct akida_model *m = NULL;
	float want[2], have[2];
	int32_t out[2];
	const int8_t *q;
	size_t size = 0;

	(void)state;
	add(n, (struct akida_network_layer){ .op = AKIDA_NETWORK_DENSE,
					     .filters = 2,
					     .weights_int = &w[0][0],
					     .weights_scale = scale,
					     .bias = bias });
	assert_int_equal(akida_network_run(n, values, want, 1, 1), 0);
	floats_equal(want, (float[]){ (15 - 20) * 0.25f + 1, -105 * 2 - 3 }, 2);
	if (akida_network_quantise(n, NULL, 0, &o, sizeof(o), &m))
		fail_msg("%s", akida_network_error(n));
	q = weights_of(m, &size);
	assert_int_equal(size, sizeof(w));
	assert_memory_equal(q, w, sizeof(w));
	assert_int_equal(akida_device_open(soft, "soft"), 0);
	assert_int_equal(akida_program_load(p, m, NULL), 0);
	assert_int_equal(akida_program_run(p, in, 3, out, sizeof(out), 1), 0);
	assert_int_equal(akida_program_scores(p, out, sizeof(out), have, 2), 0);
	/* A threshold is a whole number of steps. */
	assert_true(fabsf(have[0] - want[0]) <= scale[0]);
	assert_true(fabsf(have[1] - want[1]) <= scale[1]);
	akida_program_free(p);
	akida_device_free(soft);
	akida_model_free(m);
	akida_network_free(n);
}

static void test_refusals(void **state)
{
	static const float w[64] = { 1 };
	struct akida_network *n = akida_network_new();
	struct akida_network_info info;
	struct akida_shape none = { 0, 1, 1 };
	float out;

	(void)state;
	assert_string_equal(akida_network_error(n), "");
	refused(n, (struct akida_network_layer){ .op = AKIDA_NETWORK_FLATTEN },
		"akida_network_input");
	assert_int_equal(akida_network_input(n, &none), -EINVAL);
	assert_int_equal(akida_network_info(n, &info, sizeof(info)), -EINVAL);
	akida_network_free(n);

	n = network(4, 4, 2);
	assert_int_equal(akida_network_run(n, w, &out, 1, 1), -EINVAL);
	refused(n, (struct akida_network_layer){ .op = 0 }, "not known");
	refused(n, (struct akida_network_layer){ .op = 99 }, "not known");
	refused(n,
		(struct akida_network_layer){ .op = AKIDA_NETWORK_DENSE,
					      .weights = w },
		"0 filters");
	refused(n,
		(struct akida_network_layer){ .op = AKIDA_NETWORK_DENSE,
					      .filters = UINT32_MAX,
					      .weights = w },
		"4294967295 filters");
	refused(n,
		(struct akida_network_layer){ .op = AKIDA_NETWORK_DENSE,
					      .filters = 2 },
		"it has 0 weights");
	refused(n,
		(struct akida_network_layer){ .op = AKIDA_NETWORK_CONV,
					      .kernel_height = 256,
					      .filters = 1,
					      .weights = w },
		"at most 255");
	refused(n,
		(struct akida_network_layer){ .op = AKIDA_NETWORK_CONV,
					      .kernel_height = 5,
					      .filters = 1,
					      .weights = w },
		"a window of 5 rows");
	refused(n,
		(struct akida_network_layer){ .op = AKIDA_NETWORK_CONV,
					      .padding = 7,
					      .filters = 1,
					      .weights = w },
		"padding 7");
	refused(n, (struct akida_network_layer){ .op = AKIDA_NETWORK_SPIKE },
		"no threshold");
	refused(n,
		(struct akida_network_layer){ .op = AKIDA_NETWORK_RELU,
					      .max = -1 },
		"above zero");
	refused(n,
		(struct akida_network_layer){ .op = AKIDA_NETWORK_AFFINE,
					      .scale = (float[]){ NAN, 1 } },
		"");
	assert_int_equal(akida_network_load(n, "/nonexistent.onnx", NULL),
			 -ENOENT);
	assert_non_null(strstr(akida_network_error(n), "nonexistent.onnx"));
	assert_int_equal(akida_network_info(n, &info, sizeof(info)), -EINVAL);
	akida_network_free(n);
}

static int stop(void *arg, size_t done, size_t total)
{
	(void)arg;
	(void)done;
	(void)total;
	return 1;
}

static void test_options(void **state)
{
	static const float w[4] = { 0.5f, -1, 0.25f, 1 };
	static const uint8_t data[4] = { 1, 2, 3, 16 };
	static const struct {
		struct akida_quantise_options o;
		int code;
		const char *words;
	} bad[] = {
		{ { .weights_bits = 3 }, -EINVAL, "3 bits of weights" },
		{ { .act_bits = 8 }, -EINVAL, "bits of activations" },
		{ { .input_weights_bits = 16 }, -EINVAL, "first layer" },
		{ { .input_scale = -1 }, -EINVAL, "step" },
		{ { .input_bits = 9 }, -EINVAL, "9 bits" },
		{ { .range = 17 }, -EINVAL, "range 17" },
		{ { .range = AKIDA_RANGE_PERCENTILE, .percentile = 5 },
		  -EINVAL,
		  "percentile of 5" },
		{ { .input_bits = 4 }, -EINVAL, "value 3 is 16" },
		{ { .input_bits = 8, .progress = stop }, -ECANCELED, "" },
		{ { .input_bits = 4, .flags = AKIDA_QUANTISE_INTEGER },
		  -EINVAL,
		  "" },
	};
	struct akida_network *n = network(1, 1, 2);
	struct akida_model *m = NULL;
	size_t i;

	(void)state;
	assert_int_equal(akida_network_quantise(n, data, 2, NULL, 0, &m),
			 -EINVAL);
	add(n, (struct akida_network_layer){
		       .op = AKIDA_NETWORK_DENSE, .filters = 2, .weights = w });
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(akida_network_quantise(n, data, 2, &bad[i].o,
							sizeof(bad[i].o), &m),
				 bad[i].code);
		assert_null(m);
		if (!strstr(akida_network_error(n), bad[i].words))
			fail_msg("'%s' lacks '%s'", akida_network_error(n),
				 bad[i].words);
	}
	/* A caller that knows less. */
	assert_int_equal(
		akida_network_quantise(
			n, data, 1, &bad[1].o,
			offsetof(struct akida_quantise_options, act_bits), &m),
		0);
	assert_int_equal(akida_model_num_layers(m), 2);
	akida_model_free(m);
	akida_network_free(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run),
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_options),
	};

	return cmocka_run_group_tests_name("network", tests, NULL, NULL);
}
