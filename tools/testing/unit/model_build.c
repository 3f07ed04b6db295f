// SPDX-License-Identifier: GPL-2.0
#include "model_build.h"

#include <stdlib.h>

#include "cmocka_all.h"
#include "common/util.h"

void build_key(struct akida_model *m, int layer, const char *name, int value)
{
	assert_int_equal(
		akida_model_set_key(m, (unsigned int)layer, name, value), 0);
}

static void set(struct akida_model *m, int layer, const char *name,
		enum akida_dtype dtype, unsigned int ndim, const size_t *shape,
		const void *data)
{
	assert_int_equal(akida_model_set_variable(m, (unsigned int)layer, name,
						  dtype, ndim, shape, data),
			 0);
}

void build_neurons(struct akida_model *m, int layer, size_t n, int threshold,
		   float step)
{
	int32_t *t = malloc(n * sizeof(*t));
	float *s = malloc(n * sizeof(*s));
	size_t i;

	assert_non_null(t);
	assert_non_null(s);
	for (i = 0; i < n; i++) {
		t[i] = threshold;
		s[i] = step;
	}
	set(m, layer, "threshold", AKIDA_DTYPE_INT32, 1, &n, t);
	set(m, layer, "act_step", AKIDA_DTYPE_FLOAT32, 1, &n, s);
	free(t);
	free(s);
}

void build_weights(struct akida_model *m, int layer, const char *name,
		   size_t kw, size_t kh, size_t c, size_t n)
{
	const size_t shape[] = { kw, kh, c, n };
	size_t count = kw * kh * c * n, i;
	int8_t *w = malloc(count);

	assert_non_null(w);
	for (i = 0; i < count; i++)
		w[i] = (int8_t)(i * 5 % 15) - 7;
	set(m, layer, name, AKIDA_DTYPE_INT8, 4, shape, w);
	free(w);
}

int build_input_data(struct akida_model *m, int h, int w, int c, int bits)
{
	int l = akida_model_add_layer(m, "input", AKIDA_LAYER_INPUT_DATA);

	assert_true(l >= 0);
	build_key(m, l, "input_height", h);
	build_key(m, l, "input_width", w);
	build_key(m, l, "input_channels", c);
	build_key(m, l, "input_bits", bits);
	build_key(m, l, "input_signed", 0);
	return l;
}

int build_spatial(struct akida_model *m, int type, const char *name,
		  int filters, int kernel, int in_channels, bool last)
{
	static const char *const unset[] = { "pooling_width", "pooling_height",
					     "pooling_stride_x",
					     "pooling_stride_y" };
	int l = akida_model_add_layer(m, name, type);
	bool separable = type == AKIDA_LAYER_SEPARABLE_CONV;
	size_t k = (size_t)kernel, i;

	assert_true(l >= 0);
	build_key(m, l, "filters", filters);
	build_key(m, l, "kernel_width", kernel);
	build_key(m, l, "kernel_height", kernel);
	build_key(m, l, "stride_x", 1);
	build_key(m, l, "stride_y", 1);
	build_key(m, l, "padding", AKIDA_PADDING_SAME);
	build_key(m, l, "pool_type", AKIDA_POOL_NONE);
	for (i = 0; i < ARRAY_SIZE(unset); i++)
		build_key(m, l, unset[i], -1);
	build_key(m, l, "weights_bits", 4);
	build_key(m, l, "act_bits", last ? 1 : 4);
	build_key(m, l, "activation", !last);
	build_weights(m, l, "weights", k, k, (size_t)in_channels,
		      separable ? 1 : (size_t)filters);
	if (separable)
		build_weights(m, l, "weights_pw", 1, 1, (size_t)in_channels,
			      (size_t)filters);
	build_neurons(m, l, (size_t)filters, 10, 25.5f);
	return l;
}

int build_fc(struct akida_model *m, const char *name, int inputs, int units,
	     bool last)
{
	int l = akida_model_add_layer(m, name, AKIDA_LAYER_FULLY_CONNECTED);

	assert_true(l >= 0);
	build_key(m, l, "units", units);
	build_key(m, l, "weights_bits", 4);
	build_key(m, l, "act_bits", last ? 1 : 4);
	build_key(m, l, "activation", !last);
	build_weights(m, l, "weights", 1, 1, (size_t)inputs, (size_t)units);
	build_neurons(m, l, (size_t)units, 5, 12.25f);
	return l;
}

struct akida_model *build_cnn(void)
{
	struct akida_model *m = akida_model_new();
	int l;

	assert_non_null(m);
	l = build_spatial(m, AKIDA_LAYER_INPUT_CONV, "conv_0", 4, 3, 3, false);
	build_key(m, l, "input_height", 8);
	build_key(m, l, "input_width", 8);
	build_key(m, l, "input_channels", 3);
	build_key(m, l, "padding_value", 0);
	build_neurons(m, l, 4, 100, 400.5f);
	build_spatial(m, AKIDA_LAYER_CONV, "conv_1", 6, 3, 4, false);
	l = build_spatial(m, AKIDA_LAYER_SEPARABLE_CONV, "separable_2", 8, 3, 6,
			  false);
	build_key(m, l, "pool_type", AKIDA_POOL_AVERAGE);
	build_neurons(m, l, 8, -2000, 1500.0f);
	build_fc(m, "dense", 8, 3, true);
	assert_int_equal(akida_model_check_runnable(m), 0);
	return m;
}
