// SPDX-License-Identifier: GPL-2.0
/*
 * NP registers and packed weights: random layers go in and come back; values
 * that no layer can have are refused; meshes are as the official lists say.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../checkasm/random_model.h"
#include "cmocka_all.h"
#include "common/le.h"
#include "common/util.h"
#include "program/np.h"

#define MODELS 400

static void check_layer(const struct ak_layer *l)
{
	uint32_t regs[AK_NP_NUM_REGS];
	struct ak_err err = { "" };
	struct ak_layer back;
	struct ak_layer before = { .type = AKIDA_LAYER_INPUT_DATA };

	ak_np_regs_set(l, 0, l->out.channels, regs);
	if (ak_np_regs_layer(regs, &back, &err))
		fail_msg("%s: %s", l->name, err.text);
	back.name = l->name;
	back.weights = l->weights;
	back.weights_pw = l->weights_pw;
	back.threshold = l->threshold;
	back.act_step = l->act_step;
	before.out = l->in;
	before.in_bits = l->in_bits;
	if (ak_layer_resolve(&back,
			     l->type == AKIDA_LAYER_INPUT_CONV ? NULL : &before,
			     true, &err))
		fail_msg("%s: %s", l->name, err.text);
	assert_int_equal(back.type, l->type);
	assert_memory_equal(&back.in, &l->in, sizeof(l->in));
	assert_memory_equal(&back.conv, &l->conv, sizeof(l->conv));
	assert_memory_equal(&back.out, &l->out, sizeof(l->out));
	assert_int_equal(back.in_max, l->in_max);
	assert_int_equal(back.weights_bits, l->weights_bits);
	assert_int_equal(back.activation, l->activation);
	if (l->activation)
		assert_int_equal(back.act_bits, l->act_bits);
	assert_int_equal(back.kernel_w, l->kernel_w);
	assert_int_equal(back.kernel_h, l->kernel_h);
	if (l->type == AKIDA_LAYER_FULLY_CONNECTED)
		return;
	assert_int_equal(back.stride_x, l->stride_x);
	assert_int_equal(back.stride_y, l->stride_y);
	assert_int_equal(back.pad_left, l->pad_left);
	assert_int_equal(back.pad_bottom, l->pad_bottom);
	assert_int_equal(back.padding_value, l->padding_value);
	assert_int_equal(back.pool_type, l->pool_type);
	if (l->pool_type == AKIDA_POOL_MAX) {
		assert_int_equal(back.pool_w, l->pool_w);
		assert_int_equal(back.pool_sy, l->pool_sy);
		assert_int_equal(back.pool_pad_top, l->pool_pad_top);
	}
}

static void test_registers(void **state)
{
	uint32_t i, j, layers = 0;

	(void)state;
	for (i = 0; i < MODELS; i++) {
		struct random_model r;
		struct rng rng = { i + 1 };

		while (!random_model_new(&r, &rng, i % 8))
			;
		for (j = 0; j < r.m.num_layers; j++)
			if (r.m.layers[j].type != AKIDA_LAYER_INPUT_DATA) {
				check_layer(&r.m.layers[j]);
				layers++;
			}
		random_model_free(&r);
	}
	assert_true(layers > MODELS);
}

/* Any single register with any value: refused, or a layer within limits. */
static void test_wild_registers(void **state)
{
	uint32_t regs[AK_NP_NUM_REGS], i, n, refused = 0;
	struct random_model r;
	struct rng rng = { 7 };
	struct ak_layer back;
	struct ak_err err = { "" };

	(void)state;
	while (!random_model_new(&r, &rng, 4))
		;
	for (n = 0; n < 200000; n++) {
		const struct ak_layer *l =
			&r.m.layers[1 + n % (r.m.num_layers - 1)];

		ak_np_regs_set(l, 0, l->out.channels, regs);
		for (i = rng_below(&rng, 3) + 1; i; i--)
			regs[rng_below(&rng, AK_NP_NUM_REGS)] =
				rng_next(&rng) >> rng_below(&rng, 32);
		if (ak_np_regs_layer(regs, &back, &err)) {
			refused++;
			continue;
		}
		assert_true(ak_shape_elements(&back.in) <= AK_MAX_ELEMENTS);
		assert_true(back.out.channels <= AK_MAX_CHANNELS);
	}
	assert_true(refused > 10000);
	random_model_free(&r);
}

static void test_pack(void **state)
{
	static const unsigned int bits[] = { 1, 2, 4, 8 };
	struct rng rng = { 3 };
	unsigned int b, i, n;

	(void)state;
	for (i = 0; i < 300; i++)
		for (b = 0; b < 4; b++) {
			size_t filters = 1 + rng_below(&rng, 9);
			size_t per = 1 + rng_below(&rng, 150), words, k;
			int hi = bits[b] == 1 ? 1 : (1 << (bits[b] - 1)) - 1;
			int lo = bits[b] == 1 ? (int)rng_below(&rng, 2) - 1 :
						-hi - 1;
			int8_t *w = malloc(filters * per);
			int8_t *back = malloc(filters * per);
			uint32_t *packed;

			words = ak_np_filter_words(filters, per, bits[b]);
			assert_int_equal(words,
					 filters * 2 *
						 ((per * bits[b] + 63) / 64));
			packed = malloc(words * 4);
			for (k = 0; k < filters * per; k++) {
				w[k] = (int8_t)rng_range(&rng, lo, hi);
				if (bits[b] == 1 && lo && !w[k])
					w[k] = -1;
			}
			/* Filters innermost, as .fbz has them. */
			ak_np_pack(w, 1, filters, filters, per, bits[b],
				   packed);
			for (n = 0; n < words; n++)
				ak_put_le32(&packed[n], packed[n]);
			ak_np_unpack((uint8_t *)packed, lo < 0, back, 1,
				     filters, filters, per, bits[b]);
			assert_memory_equal(w, back, filters * per);
			free(packed);
			free(back);
			free(w);
		}
	assert_true(ak_np_filter_words(UINT64_MAX / 2 + 1, 64, 1) ==
		    UINT64_MAX);
	assert_true(ak_np_filter_words(1, UINT64_MAX / 2, 4) == UINT64_MAX);
}

/* The bytes of one small filter, by hand: -7, 1, 3 in 4 bits. */
static void test_pack_bytes(void **state)
{
	static const int8_t w[] = { -7, 1, 3 };
	uint32_t out[2];

	(void)state;
	ak_np_pack(w, 3, 1, 1, 3, 4, out);
	assert_int_equal(out[0], 0x319);
	assert_int_equal(out[1], 0);
}

static void test_meshes(void **state)
{
	static const struct {
		enum akida_target target;
		unsigned int all, cnp2, fnp3, fnp2;
	} want[] = {
		{ AKIDA_TARGET_AKD1000, 78, 54, 18, 4 },
		{ AKIDA_TARGET_AKD1500, 32, 24, 7, 1 },
	};
	unsigned int i, j, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(want); i++) {
		const struct ak_mesh *m = ak_mesh_of(want[i].target);
		unsigned int cnp1 = 0, cnp2 = 0, fnp3 = 0, fnp2 = 0;

		assert_int_equal(m->num_nps, want[i].all);
		for (j = 0; j < m->num_nps; j++) {
			const struct ak_np_place *p = &m->np[j];

			cnp1 += !!(p->kinds & AK_NP_CNP1);
			cnp2 += !!(p->kinds & AK_NP_CNP2);
			fnp3 += !!(p->kinds & AK_NP_FNP3);
			fnp2 += !!(p->kinds & AK_NP_FNP2);
			assert_int_equal(p->fnp2 >= 0,
					 !!(p->kinds & AK_NP_FNP2));
			for (k = 0; k < j; k++)
				assert_memory_not_equal(p, &m->np[k], 3);
		}
		assert_int_equal(cnp1, want[i].all);
		assert_int_equal(cnp2, want[i].cnp2);
		assert_int_equal(fnp3, want[i].fnp3);
		assert_int_equal(fnp2, want[i].fnp2);
	}
	assert_null(ak_mesh_of(AKIDA_TARGET_NONE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_registers),
		cmocka_unit_test(test_wild_registers),
		cmocka_unit_test(test_pack),
		cmocka_unit_test(test_pack_bytes),
		cmocka_unit_test(test_meshes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
