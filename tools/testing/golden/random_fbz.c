// SPDX-License-Identifier: GPL-2.0
/*
 * random-fbz DIR SEED COUNT: random models and inputs as files, for a
 * comparison with an independent simulator. Writes DIR/N.fbz and DIR/N.npy.
 *
 * random-fbz DIR SEED COUNT TARGET: models that a chip can hold, for a board;
 * DIR/N.npy has some inputs, DIR/N.out.npy the outputs of the software backend
 * that was prepared for the chip. Of every other model DIR/N.akp is a program with
 * a pass for each layer, of every fourth with outputs as events. Says what models
 * there are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <akida/akida.h>

#include "../checkasm/random_model.h"
#include "common/file.h"
#include "common/util.h"
#include "program/program.h"

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

static struct akida_model *make_model(const struct random_model *rm,
				      const char *path)
{
	struct akida_model *m = akida_model_new();
	uint32_t i;

	if (!m)
		exit(1);
	for (i = 0; i < rm->m.num_layers; i++)
		add_layer(m, i, &rm->m.layers[i]);
	if (akida_model_check_runnable(m) ||
	    akida_model_save(m, path, AKIDA_SAVE_EXPERIMENTAL)) {
		fprintf(stderr, "random-fbz: %s\n", akida_model_error(m));
		exit(1);
	}
	return m;
}

static void save(const struct akida_array *a, const char *path)
{
	if (akida_array_save_npy((struct akida_array *)a, path)) {
		fprintf(stderr, "random-fbz: %s\n", akida_array_error(a));
		exit(1);
	}
}

static void write_model(const struct random_model *rm, struct rng *r,
			const char *dir, unsigned int number)
{
	const struct akida_shape *s = &rm->m.layers[0].in;
	const size_t shape[] = { s->height, s->width, s->channels };
	struct akida_array *a = akida_array_new();
	char path[4096];

	snprintf(path, sizeof(path), "%s/%u.fbz", dir, number);
	akida_model_free(make_model(rm, path));
	snprintf(path, sizeof(path), "%s/%u.npy", dir, number);
	if (!a || akida_array_set(a, AKIDA_DTYPE_UINT8, 3, shape, NULL))
		exit(1);
	random_model_input(rm, r, akida_array_data(a));
	save(a, path);
	akida_array_free(a);
}

/* ------------------------------------------------------------------ boards */

/* Inputs of a model: as many as a core takes ahead, and one more */
#define INPUTS 16
/* What surely fits beside each other into an AKD1500's memory */
#define MAX_INPUT (32u << 10)
#define MAX_OUTPUT (32u << 10)
#define MAX_PROGRAM (256u << 10)

/* What was drawn. */
struct tally {
	unsigned int models, maps, programs, passes, nps;
	unsigned int kinds[8]; /* of layers, by their type */
};

/* A file's 1-bit weights are of 2 bits: the model that is built has them, too. */
static bool holds(struct random_model *rm, enum akida_target target,
		  unsigned int number, struct tally *t)
{
	const struct ak_layer *first = &rm->m.layers[0];
	const struct ak_layer *last = &rm->m.layers[rm->m.num_layers - 1];
	uint32_t n = rm->m.num_layers - (first->type == AKIDA_LAYER_INPUT_DATA);
	struct ak_err err = { "" };
	struct ak_built b;
	uint32_t i;

	/* Most that fit are of one layer; three of four shall have more. */
	if (n < (number % 4 ? 2 : 1) ||
	    ak_shape_elements(&first->in) * 8 > MAX_INPUT ||
	    ak_shape_elements(&last->out) * 4 > MAX_OUTPUT)
		return false;
	for (i = 0; i < rm->m.num_layers; i++)
		if (rm->m.layers[i].weights_bits == 1)
			rm->m.layers[i].weights_bits = 2;
	if (ak_build(&rm->m, ak_mesh_of(target), 0, &b, &err))
		return false;
	n = b.size <= MAX_PROGRAM;
	if (n) {
		t->models++;
		t->maps += first->type == AKIDA_LAYER_INPUT_CONV;
		t->passes += b.num_passes > 1;
		t->nps += b.num_placements;
		for (i = 0; i < rm->m.num_layers; i++)
			t->kinds[rm->m.layers[i].type]++;
	}
	ak_built_free(&b);
	return n;
}

static void run(struct akida_model *m, enum akida_target target,
		const struct akida_array *in, struct akida_array *out)
{
	const struct akida_load_options o = { .target = target, .threads = 1 };
	struct akida_device *d = akida_device_new();
	struct akida_program *p;
	struct akida_program_info info;
	size_t shape[4] = { INPUTS };

	if (!d || akida_device_open(d, "soft"))
		exit(1);
	p = akida_program_new(d);
	if (!p || akida_program_load(p, m, &o) ||
	    akida_program_info(p, &info, sizeof(info)))
		exit(1);
	shape[1] = info.output.height;
	shape[2] = info.output.width;
	shape[3] = info.output.channels;
	if (akida_array_set(out, info.output_dtype, 4, shape, NULL) ||
	    akida_program_run(p, akida_array_data((struct akida_array *)in),
			      akida_array_bytes(in), akida_array_data(out),
			      akida_array_bytes(out), INPUTS)) {
		fprintf(stderr, "random-fbz: %s\n", akida_program_error(p));
		exit(1);
	}
	akida_program_free(p);
	akida_device_free(d);
}

static void write_board_model(const struct random_model *rm, struct rng *r,
			      const char *dir, unsigned int number,
			      enum akida_target target)
{
	const struct akida_shape *s = &rm->m.layers[0].in;
	const size_t shape[] = { INPUTS, s->height, s->width, s->channels };
	struct akida_array *in = akida_array_new(), *out = akida_array_new();
	struct akida_model *m;
	char path[4096];
	unsigned int i;

	snprintf(path, sizeof(path), "%s/%u.fbz", dir, number);
	m = make_model(rm, path);
	if (!in || !out ||
	    akida_array_set(in, AKIDA_DTYPE_UINT8, 4, shape, NULL))
		exit(1);
	for (i = 0; i < INPUTS; i++)
		random_model_input(rm, r,
				   (uint8_t *)akida_array_data(in) +
					   i * ak_shape_elements(s));
	run(m, target, in, out);
	snprintf(path, sizeof(path), "%s/%u.npy", dir, number);
	save(in, path);
	snprintf(path, sizeof(path), "%s/%u.out.npy", dir, number);
	save(out, path);
	akida_array_free(in);
	akida_array_free(out);
	akida_model_free(m);
}

/* The same compiled in another way; one layer is one pass either way. */
static void write_program(const struct random_model *rm, const char *dir,
			  unsigned int number, enum akida_target target,
			  struct tally *t)
{
	unsigned int flags = AK_BUILD_PASSES_MAX |
			     (number % 4 == 3 ? AK_BUILD_SPARSE_OUTPUT : 0);
	struct ak_err err = { "" };
	struct ak_built b;
	char path[4096];

	/* Not all potentials fit into events. */
	if (ak_build(&rm->m, ak_mesh_of(target), flags, &b, &err))
		return;
	snprintf(path, sizeof(path), "%s/%u.akp", dir, number);
	if (ak_file_write(path, b.file, b.size, &err)) {
		fprintf(stderr, "random-fbz: %s\n", err.text);
		exit(1);
	}
	t->programs++;
	t->passes += b.num_passes > 1;
	ak_built_free(&b);
}

static int board_models(const char *dir, unsigned long seed, unsigned int count,
			const char *chip)
{
	enum akida_target target = !strcmp(chip, "akd1000") ?
					   AKIDA_TARGET_AKD1000 :
					   AKIDA_TARGET_AKD1500;
	struct random_model rm;
	struct tally t = { 0 };
	unsigned long next = seed;

	/* Each model has a seed of its own, by which it can be found again. */
	for (; t.models < count; next++) {
		struct rng r = { next };
		unsigned int number = t.models;

		if (!random_model_new(&rm, &r, next % 4))
			continue;
		if (holds(&rm, target, number, &t)) {
			write_board_model(&rm, &r, dir, number, target);
			if (number & 1)
				write_program(&rm, dir, number, target, &t);
			printf("# %s, model %u: seed %lu\n", chip, number,
			       next);
		}
		random_model_free(&rm);
	}
	printf("# %s: %u models, seeds %lu to %lu: %u with maps as inputs, %u compiled once more, %u programs of several passes, %u NPs; layers: %u InputConvolutional, %u FullyConnected, %u Convolutional, %u SeparableConvolutional\n",
	       chip, t.models, seed, next - 1, t.maps, t.programs, t.passes,
	       t.nps, t.kinds[AKIDA_LAYER_INPUT_CONV],
	       t.kinds[AKIDA_LAYER_FULLY_CONNECTED], t.kinds[AKIDA_LAYER_CONV],
	       t.kinds[AKIDA_LAYER_SEPARABLE_CONV]);
	return 0;
}

int main(int argc, char **argv)
{
	struct random_model rm;
	unsigned int n = 0, count;
	struct rng r;

	if (argc != 4 && argc != 5) {
		fputs("Usage: random-fbz DIR SEED COUNT [TARGET]\n", stderr);
		return 2;
	}
	r.state = strtoull(argv[2], NULL, 0);
	count = (unsigned int)strtoul(argv[3], NULL, 0);
	if (argc == 5)
		return board_models(argv[1], r.state, count, argv[4]);
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
