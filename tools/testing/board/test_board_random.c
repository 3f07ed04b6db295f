// SPDX-License-Identifier: GPL-2.0
/*
 * Random models on the core of a virtual board, without a virtual machine: layers
 * of every kind, sizes, strides, pools and bits; inputs as maps and as events,
 * one pass and as many as there are layers, outputs dense and as events. What
 * comes out are the bytes of the software backend that was prepared for the chip.
 *
 * AKIDA_TEST_MODELS says how many models (default 60), AKIDA_TEST_SEED with
 * which seed the first is drawn (default 1); each further one has the next. A
 * failure names its own.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../checkasm/random_model.h"
#include "../unit/cmocka_all.h"
#include "core.h"
#include "model/limits.h"

#define INPUTS 3
/* Seeds; of some hundred one is of a model of several layers within the limits. */
#define MAX_DRAWS 5000000

/* How models were run. */
struct tally {
	unsigned int drawn, large, maps, events, passes, sparse, external;
	unsigned int kinds[8]; /* of layers, by their type */
};

/* The seed of the model that is being run, else 0 */
static unsigned long running;

static unsigned long number(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 0) : otherwise;
}

/* An NP has one bit for a weight of 1 bit: -1 or 1, or 0 or 1. */
static void make_binary(struct ak_model *m, bool bipolar)
{
	uint32_t i;
	size_t j, n;

	for (i = 0; i < m->num_layers; i++) {
		const struct ak_layer *l = &m->layers[i];
		int8_t *w = (int8_t *)l->weights;

		n = l->weights_bits == 1 ? ak_layer_num_weights(l, false) : 0;
		for (j = 0; j < n; j++)
			w[j] = w[j] > 0 ? 1 : bipolar ? -1 : 0;
	}
}

static void count(const struct core *c, struct tally *t)
{
	uint32_t i;
	size_t k;

	for (i = 0; i < c->m->num_layers; i++)
		t->kinds[c->m->layers[i].type]++;
	*(core_block(c) == HRC ? &t->maps : &t->events) += 1;
	t->passes += c->b.num_passes > 1;
	t->sparse += !!(c->b.flags & AK_BUILD_SPARSE_OUTPUT);
	for (k = 0; k < c->b.num_placements; k++)
		t->external += c->b.placement[k].external;
}

static void run_model(struct core *c, const struct random_model *r,
		      struct rng *rng)
{
	uint8_t *in = malloc(ak_shape_elements(&r->m.layers[0].in) + 4);
	unsigned int i;

	core_reset(c);
	core_load(c);
	core_enable(c);
	for (i = 0; i < INPUTS; i++) {
		random_model_input(r, rng, in);
		core_put_job(c, in);
		core_ring(c);
		core_wait(c, core_block(c), 3);
		core_set(c, core_block(c) + 0x24, 1);
		core_check(c, in);
	}
	free(in);
}

/*
 * Most draws within the limits are of one layer, as each has to be. Three of four
 * models shall have more.
 */
static bool wanted(const struct ak_model *m, unsigned long seed)
{
	uint32_t n =
		m->num_layers - (m->layers[0].type == AKIDA_LAYER_INPUT_DATA);

	return n && (n > 1 || seed / 16 % 16 == 0);
}

/* Builds and runs the model of a seed; false if there is none for the chip. */
static bool try_seed(struct core *c, unsigned long seed, unsigned int flags,
		     struct tally *t)
{
	struct rng rng = { seed };
	struct random_model r;
	bool run = false;

	if (!random_model_new(&r, &rng, seed % 4))
		return false;
	t->drawn++;
	if (wanted(&r.m, seed) &&
	    !ak_model_check_limits(&r.m,
				   c->vm.chip1500 ? AKIDA_TARGET_AKD1500 :
						    AKIDA_TARGET_AKD1000,
				   NULL, NULL)) {
		make_binary(&r.m, seed & 1);
		running = seed;
		run = core_build(c, &r.m, flags);
		t->large += !run;
		if (run) {
			count(c, t);
			run_model(c, &r, &rng);
			core_forget(c);
		}
	}
	random_model_free(&r);
	running = 0;
	return run;
}

/* A test that fails does not come back; whoever repeats it wants to know. */
static int tell_seed(void **state)
{
	(void)state;
	if (running)
		print_message(
			"# failed: AKIDA_TEST_SEED=%lu AKIDA_TEST_MODELS=1\n",
			running);
	return 0;
}

static void run_models(const char *chip)
{
	static const unsigned int flags[] = {
		0,
		AK_BUILD_PASSES_MAX,
		AK_BUILD_SPARSE_OUTPUT,
		AK_BUILD_PASSES_MAX | AK_BUILD_SPARSE_OUTPUT,
	};
	unsigned long models = (number("AKIDA_TEST_MODELS", 60) + 1) / 2;
	unsigned long first = number("AKIDA_TEST_SEED", 1), seed = first;
	struct tally t = { 0 };
	unsigned long done = 0;
	struct core c;

	core_start(&c, chip);
	/* The seed alone says how a model is built, so that it can be repeated. */
	for (; done < models && seed - first < MAX_DRAWS; seed++)
		done += try_seed(&c, seed, flags[seed / 4 % 4], &t);
	assert_int_equal(done, models);
	assert_int_equal(vm_stat(&c.vm, "core.jobs"), models * INPUTS);
	assert_int_equal(vm_stat(&c.vm, "core.errors"), 0);
	assert_int_equal(vm_stat(&c.vm, "illegal.core"), 0);
	core_end(&c);
	print_message(
		"# %s: seeds %lu to %lu, %u drawn, %u too large for mesh or memory, %lu run with %u inputs each: %u of maps, %u of events; %u of several passes, %u with outputs as events, %u NPs with external weights\n",
		chip, first, seed - 1, t.drawn, t.large, done, INPUTS, t.maps,
		t.events, t.passes, t.sparse, t.external);
	print_message(
		"# %s: layers: %u InputConvolutional, %u FullyConnected, %u Convolutional, %u SeparableConvolutional\n",
		chip, t.kinds[AKIDA_LAYER_INPUT_CONV],
		t.kinds[AKIDA_LAYER_FULLY_CONNECTED], t.kinds[AKIDA_LAYER_CONV],
		t.kinds[AKIDA_LAYER_SEPARABLE_CONV]);
	/* What was meant to be run, was. */
	if (models >= 50)
		assert_true(t.maps && t.events && t.passes && t.sparse &&
			    t.kinds[AKIDA_LAYER_INPUT_CONV] &&
			    t.kinds[AKIDA_LAYER_FULLY_CONNECTED] &&
			    t.kinds[AKIDA_LAYER_CONV] &&
			    t.kinds[AKIDA_LAYER_SEPARABLE_CONV]);
}

static void test_akd1000(void **state)
{
	(void)state;
	run_models("akd1000");
}

static void test_akd1500(void **state)
{
	(void)state;
	run_models("akd1500");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_akd1000, tell_seed),
		cmocka_unit_test_teardown(test_akd1500, tell_seed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
