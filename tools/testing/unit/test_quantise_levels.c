// SPDX-License-Identifier: GPL-2.0
/*
 * Steps of activations and thresholds of spiking neurons: numbers by hand.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "convert/quantise_step.h"
#include "npu/threads.h"

/**
 * struct pair - a layer of two neurons and a dense layer behind it
 * @first: its activations are @y
 * @second: its weights are @w
 * @w: [2][2]
 * @y: [16][2]: of neuron 1 a tenth of neuron 0's
 * @o: options
 * @s: step of the first
 */
struct pair {
	struct ak_net_layer first, second;
	float w[4], y[32];
	struct ak_quant_options o;
	struct ak_quant_step s;
};

static void make_pair(struct pair *p, float w00, float w01, float w10,
		      float w11)
{
	const float w[] = { w00, w01, w10, w11 };
	int i;

	memset(p, 0, sizeof(*p));
	memcpy(p->w, w, sizeof(w));
	ak_quant_preset(&p->o);
	p->o.range = AK_RANGE_MAX;
	p->first.out = (struct akida_shape){ 1, 1, 2 };
	p->first.filters = 2;
	p->first.act = AK_NET_RELU;
	p->first.act_max = INFINITY;
	p->second.type = AKIDA_LAYER_FULLY_CONNECTED;
	p->second.in = p->first.out;
	p->second.filters = 2;
	p->second.weights = p->w;
	for (i = 0; i < 16; i++) {
		p->y[2 * i] = (float)i;
		p->y[2 * i + 1] = (float)i / 10;
	}
	p->s = (struct ak_quant_step){
		.l = &p->first,
		.o = &p->o,
		.samples = 16,
		.act_bits = 4,
		.next = &p->second,
		.next_bits = 4,
		.yf = p->y,
	};
}

/* Steps of both neurons, for the largest values 15 and 1.5. */
static void expect_steps(struct pair *p, float first, float second)
{
	assert_int_equal(ak_quant_levels(&p->s), 0);
	assert_float_equal(p->s.s_out[0], first, 1e-6);
	assert_float_equal(p->s.s_out[1], second, 1e-6);
	assert_float_equal(p->s.largest, 15, 1e-6);
	assert_float_equal(p->s.range, 15, 1e-6);
	free(p->s.s_out);
	p->s.s_out = NULL;
	p->s.largest = 0;
}

static void test_own_steps(void **state)
{
	struct pair p;

	(void)state;
	/*
	 * What the second neuron says counts ten times as much: with steps of
	 * 1 it would say 0, 1 or 2 only, with a tenth of that nothing is lost,
	 * and weights in units of it are all alike.
	 */
	make_pair(&p, 0.97f, -0.91f, 9.3f, 9.9f);
	expect_steps(&p, 1, 0.1f);
	/* On demand they are equal. */
	p.o.equalise = false;
	expect_steps(&p, 1, 1);
}

static void test_equal_steps(void **state)
{
	const int8_t q[4] = { 0 };
	struct pair p;

	(void)state;
	/* Integers times 0.5 would not stay integers. */
	make_pair(&p, 0.5f, -0.5f, 3.5f, 3);
	expect_steps(&p, 1, 1);
	/* Likewise if the source states them, */
	make_pair(&p, 0.97f, -0.91f, 9.3f, 9.9f);
	p.second.weights_q = (int8_t *)q;
	expect_steps(&p, 1, 1);
	/* a layer that says what a step is, */
	make_pair(&p, 0.97f, -0.91f, 9.3f, 9.9f);
	p.first.act_scale = 1;
	expect_steps(&p, 1, 1);
	/* one whose clip is its range, */
	make_pair(&p, 0.97f, -0.91f, 9.3f, 9.9f);
	p.first.act_max = 15;
	p.o.range = AK_RANGE_CLIP;
	expect_steps(&p, 1, 1);
	/* and the last one. */
	make_pair(&p, 0.97f, -0.91f, 9.3f, 9.9f);
	p.s.next = NULL;
	expect_steps(&p, 1, 1);
}

/* Three neurons of one weight each, over inputs 0 to 9. */
static void test_spike_thresholds(void **state)
{
	struct ak_net_layer l = { .act = AK_NET_SPIKE };
	float threshold[] = { 5, 100, 4.5f }, x[10], z[30];
	int8_t q[] = { 1, 1, 2 };
	double scale[] = { 1, 1, 1 }, bias[] = { 0, 0, 0 };
	struct ak_fit f = { .k = 1, .n = 3, .q = q, .scale = scale };
	struct ak_rows r = { .rows = 10, .k = 1, .n = 3, .x = x, .z = z };
	struct ak_quant_step s = { .l = &l, .bias = bias };
	int i;

	(void)state;
	l.threshold = threshold;
	for (i = 0; i < 10; i++) {
		x[i] = (float)i;
		/* Fires from 3 on, as 3 * 1.7 is above 5. */
		z[3 * i] = 1.7f * (float)i;
		/* Never. */
		z[3 * i + 1] = (float)i;
		/* Just as its weight says: 2 * 3 is above 4.5. */
		z[3 * i + 2] = 2 * (float)i;
	}
	s.threads = npu_threads_new(1);
	assert_non_null(s.threads);
	assert_int_equal(ak_quant_spikes(&s, &f, &r), 0);
	/* The largest that must not fire is 2. */
	assert_float_equal(s.fires_above[0], 2, 0);
	/* Nothing to learn from. */
	assert_true(isnan(s.fires_above[1]));
	/* 4 and 5 were as good: what the formula says stays. */
	assert_float_equal(s.fires_above[2], 4, 0);
	free(s.fires_above);
	npu_threads_free(s.threads);
}

static void test_threshold(void **state)
{
	(void)state;
	assert_float_equal(ak_quant_threshold(7.9, 2), 3, 0);
	assert_float_equal(ak_quant_threshold(-0.1, 1), -1, 0);
	/* 0.3 / 0.1 is below 3 in binary. */
	assert_float_equal(ak_quant_threshold(0.3, 0.1), 3, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_steps),
		cmocka_unit_test(test_equal_steps),
		cmocka_unit_test(test_spike_thresholds),
		cmocka_unit_test(test_threshold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
