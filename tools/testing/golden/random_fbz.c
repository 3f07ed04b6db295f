// SPDX-License-Identifier: GPL-2.0
/*
 * random-fbz DIR SEED COUNT: random models and inputs as files, for a
 * comparison with an independent simulator. Writes DIR/N.fbz and DIR/N.npy.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <akida/akida.h>

#include "../checkasm/random_model.h"
#include "common/util.h"

static void set_key(struct akida_model *m, unsigned int layer, const char *name,
		    uint32_t value)
{
	if (akida_model_set_key(m, layer, name, (int32_t)value))
		exit(1);
}

static void set_variable(struct akida_model *m, unsigned int layer,
			 const char *name, enum akida_dtype dtype,
			 unsigned int ndim, const size_t *shape,
			 const void *data)
{
	if (akida_model_set_variable(m, layer, name, dtype, ndim, shape, data))
		exit(1);
}

static void set_window(struct akida_model *m, unsigned int i,
		       const struct ak_layer *l)
{
	bool max = l->pool_type == AKIDA_POOL_MAX;

	set_key(m, i, "filters", l->out.channels);
	set_key(m, i, "kernel_width", l->kernel_w);
	set_key(m, i, "kernel_height", l->kernel_h);
	set_key(m, i, "stride_x", l->stride_x);
	set_key(m, i, "stride_y", l->stride_y);
	set_key(m, i, "padding", l->padding);
	set_key(m, i, "pool_type", l->pool_type);
	set_key(m, i, "pooling_width", max ? l->pool_w : -1u);
	set_key(m, i, "pooling_height", max ? l->pool_h : -1u);
	set_key(m, i, "pooling_stride_x", max ? l->pool_sx : -1u);
	set_key(m, i, "pooling_stride_y", max ? l->pool_sy : -1u);
}

static void set_arrays(struct akida_model *m, unsigned int i,
		       const struct ak_layer *l)
{
	bool separable = l->type == AKIDA_LAYER_SEPARABLE_CONV;
	bool dense = l->type == AKIDA_LAYER_FULLY_CONNECTED;
	size_t n = l->out.channels;
	const size_t shape[] = { l->kernel_w, l->kernel_h,
				 dense ? ak_shape_elements(&l->in) :
					 l->in.channels,
				 separable ? 1 : n };
	const size_t pointwise[] = { 1, 1, l->in.channels, n };

	set_variable(m, i, "weights", AKIDA_DTYPE_INT8, 4, shape, l->weights);
	if (separable)
		set_variable(m, i, "weights_pw", AKIDA_DTYPE_INT8, 4, pointwise,
			     l->weights_pw);
	set_variable(m, i, "threshold", AKIDA_DTYPE_INT32, 1, &n, l->threshold);
	set_variable(m, i, "act_step", AKIDA_DTYPE_FLOAT32, 1, &n, l->act_step);
}

static void add_layer(struct akida_model *m, unsigned int i,
		      const struct ak_layer *l)
{
	bool input = l->type == AKIDA_LAYER_INPUT_DATA;

	if (akida_model_add_layer(m, l->name, (int)l->type) < 0)
		exit(1);
	if (!i) {
		set_key(m, i, "input_width", l->in.width);
		set_key(m, i, "input_height", l->in.height);
		set_key(m, i, "input_channels", l->in.channels);
		set_key(m, i, input ? "input_bits" : "padding_value",
			input ? l->in_bits : l->padding_value);
	}
	if (input) {
		set_key(m, i, "input_signed", 0);
		return;
	}
	/* A file cannot hold 1-bit weights; 2 bits hold the same values. */
	set_key(m, i, "weights_bits",
		l->weights_bits == 1 ? 2 : l->weights_bits);
	set_key(m, i, "act_bits", l->act_bits);
	set_key(m, i, "activation", l->activation);
	if (l->type == AKIDA_LAYER_FULLY_CONNECTED)
		set_key(m, i, "units", l->out.channels);
	else
		set_window(m, i, l);
	set_arrays(m, i, l);
}

static void write_model(const struct random_model *rm, struct rng *r,
			const char *dir, unsigned int number)
{
	const struct akida_shape *s = &rm->m.layers[0].in;
	const size_t shape[] = { s->height, s->width, s->channels };
	struct akida_model *m = akida_model_new();
	struct akida_array *a = akida_array_new();
	char path[4096];
	uint32_t i;

	if (!m || !a)
		exit(1);
	for (i = 0; i < rm->m.num_layers; i++)
		add_layer(m, i, &rm->m.layers[i]);
	snprintf(path, sizeof(path), "%s/%u.fbz", dir, number);
	if (akida_model_check_runnable(m) ||
	    akida_model_save(m, path, AKIDA_SAVE_EXPERIMENTAL)) {
		fprintf(stderr, "random-fbz: %s\n", akida_model_error(m));
		exit(1);
	}
	snprintf(path, sizeof(path), "%s/%u.npy", dir, number);
	if (akida_array_set(a, AKIDA_DTYPE_UINT8, 3, shape, NULL))
		exit(1);
	random_model_input(rm, r, akida_array_data(a));
	if (akida_array_save_npy(a, path)) {
		fprintf(stderr, "random-fbz: %s\n", akida_array_error(a));
		exit(1);
	}
	akida_array_free(a);
	akida_model_free(m);
}

int main(int argc, char **argv)
{
	struct random_model rm;
	unsigned int n = 0, count;
	struct rng r;

	if (argc != 4) {
		fputs("Usage: random-fbz DIR SEED COUNT\n", stderr);
		return 2;
	}
	r.state = strtoull(argv[2], NULL, 0);
	count = (unsigned int)strtoul(argv[3], NULL, 0);
	while (n < count) {
		if (!random_model_new(&rm, &r, 1))
			continue;
		/* A model of an input alone computes nothing. */
		if (rm.m.num_layers > 1 ||
		    rm.m.layers[0].type != AKIDA_LAYER_INPUT_DATA)
			write_model(&rm, &r, argv[1], n++);
		random_model_free(&rm);
	}
	return 0;
}
