// SPDX-License-Identifier: GPL-2.0
/*
 * make-models: small models whose answers can be worked out by hand.
 *
 *	flat.fbz	8 values of 4 bits -> 3 classes; class k gives 7 times
 *			value 2k
 *	map.fbz		8x8x1 picture -> 4x4 map of background, "bright" and a
 *			class that is never seen
 *	step.fbz	1 value of 4 bits -> 1 activation of step 1.47 -> 2
 *			classes; value 3 gives activation 3, and 2 when the step
 *			is rounded to 1.5, and then the other class wins
 *	level.fbz	its first layer alone: an activation comes out
 *	unknown.fbz	a layer of a type that nobody knows, with names that a
 *			terminal and a file system must not take as they are
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <akida/akida.h>

static void check(struct akida_model *m, int rc)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "make-models: %s\n", akida_model_error(m));
	exit(1);
}

static unsigned int add(struct akida_model *m, const char *name, int type)
{
	int n = akida_model_add_layer(m, name, type);

	check(m, n);
	return (unsigned int)n;
}

static void key(struct akida_model *m, unsigned int layer, const char *name,
		int value)
{
	check(m, akida_model_set_key(m, layer, name, value));
}

static void neurons(struct akida_model *m, unsigned int layer, size_t n,
		    const int32_t *threshold, const float *step)
{
	check(m, akida_model_set_variable(m, layer, "threshold",
					  AKIDA_DTYPE_INT32, 1, &n, threshold));
	check(m, akida_model_set_variable(m, layer, "act_step",
					  AKIDA_DTYPE_FLOAT32, 1, &n, step));
}

static void weights(struct akida_model *m, unsigned int layer, size_t side,
		    size_t channels, size_t filters, const int8_t *w)
{
	const size_t shape[] = { side, side, channels, filters };

	check(m, akida_model_set_variable(m, layer, "weights", AKIDA_DTYPE_INT8,
					  4, shape, w));
}

static void window(struct akida_model *m, unsigned int layer, int side,
		   int stride)
{
	key(m, layer, "kernel_width", side);
	key(m, layer, "kernel_height", side);
	key(m, layer, "stride_x", stride);
	key(m, layer, "stride_y", stride);
	key(m, layer, "padding", AKIDA_PADDING_SAME);
	key(m, layer, "pool_type", AKIDA_POOL_NONE);
	key(m, layer, "pooling_width", -1);
	key(m, layer, "pooling_height", -1);
	key(m, layer, "pooling_stride_x", -1);
	key(m, layer, "pooling_stride_y", -1);
}

static void activation(struct akida_model *m, unsigned int layer, int on,
		       int bits, int weights_bits)
{
	key(m, layer, "activation", on);
	key(m, layer, "act_bits", bits);
	key(m, layer, "weights_bits", weights_bits);
}

static unsigned int add_input(struct akida_model *m, int channels)
{
	unsigned int l = add(m, "input", AKIDA_LAYER_INPUT_DATA);

	key(m, l, "input_bits", 4);
	key(m, l, "input_channels", channels);
	key(m, l, "input_height", 1);
	key(m, l, "input_width", 1);
	key(m, l, "input_signed", 0);
	return l;
}

static void make_flat(struct akida_model *m)
{
	static const int32_t threshold[] = { 5, 5, 5 };
	static const float step[] = { 10, 10, 10 };
	int8_t w[8 * 3] = { 0 };
	unsigned int l;
	int k;

	for (k = 0; k < 3; k++)
		w[2 * k * 3 + k] = 7;
	add_input(m, 8);
	l = add(m, "scores", AKIDA_LAYER_FULLY_CONNECTED);
	key(m, l, "units", 3);
	activation(m, l, 0, 1, 4);
	weights(m, l, 1, 8, 3, w);
	neurons(m, l, 3, threshold, step);
}

static void make_map(struct akida_model *m)
{
	/* A window of 255s gives 2295, the highest of 15 activations. */
	static const int32_t none[] = { 0 };
	static const float level[] = { 153 };
	static const int32_t threshold[] = { -20, 50, 100 };
	static const float step[] = { 10, 10, 10 };
	static const int8_t heat[] = { 0, 7, 0 };
	int8_t sum[9];
	unsigned int l = add(m, "blur", AKIDA_LAYER_INPUT_CONV);

	memset(sum, 1, sizeof(sum));
	key(m, l, "input_channels", 1);
	key(m, l, "input_height", 8);
	key(m, l, "input_width", 8);
	key(m, l, "padding_value", 0);
	key(m, l, "filters", 1);
	window(m, l, 3, 2);
	activation(m, l, 1, 4, 8);
	weights(m, l, 3, 1, 1, sum);
	neurons(m, l, 1, none, level);

	l = add(m, "heat", AKIDA_LAYER_CONV);
	key(m, l, "filters", 3);
	window(m, l, 1, 1);
	activation(m, l, 0, 1, 4);
	weights(m, l, 1, 1, 3, heat);
	neurons(m, l, 3, threshold, step);
}

static void make_level(struct akida_model *m)
{
	static const int32_t none[] = { 0 };
	static const float fine[] = { 1.47f };
	static const int8_t one[] = { 1 };
	unsigned int l;

	add_input(m, 1);
	l = add(m, "hidden", AKIDA_LAYER_FULLY_CONNECTED);
	key(m, l, "units", 1);
	activation(m, l, 1, 4, 4);
	weights(m, l, 1, 1, 1, one);
	neurons(m, l, 1, none, fine);
}

static void make_step(struct akida_model *m)
{
	static const int32_t threshold[] = { 0, -17 };
	static const float step[] = { 10, 10 };
	static const int8_t w[] = { 7, 0 };
	unsigned int l;

	make_level(m);
	l = add(m, "scores", AKIDA_LAYER_FULLY_CONNECTED);
	key(m, l, "units", 2);
	activation(m, l, 0, 1, 4);
	weights(m, l, 1, 1, 2, w);
	neurons(m, l, 2, threshold, step);
}

static void make_unknown(struct akida_model *m)
{
	static const int8_t data[] = { 1, 2, 3 };
	const size_t shape[] = { 3 };
	unsigned int l;

	add_input(m, 3);
	l = add(m, "../e\033[31mvil", 77);
	key(m, l, "mystery\033[0m", 42);
	check(m, akida_model_set_variable(m, l, ".a/b", AKIDA_DTYPE_INT8, 1,
					  shape, data));
	check(m, akida_model_set_variable(m, l, "_a_b", AKIDA_DTYPE_INT8, 1,
					  shape, data));
}

static void make(const char *dir, const char *name,
		 void (*fill)(struct akida_model *m))
{
	struct akida_model *m = akida_model_new();
	char path[4096];

	if (!m || snprintf(path, sizeof(path), "%s/%s", dir, name) >=
			  (int)sizeof(path))
		exit(1);
	fill(m);
	check(m, akida_model_save(m, path, 0));
	akida_model_free(m);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: make-models DIR\n");
		return 2;
	}
	make(argv[1], "flat.fbz", make_flat);
	make(argv[1], "map.fbz", make_map);
	make(argv[1], "level.fbz", make_level);
	make(argv[1], "step.fbz", make_step);
	make(argv[1], "unknown.fbz", make_unknown);
	return 0;
}
