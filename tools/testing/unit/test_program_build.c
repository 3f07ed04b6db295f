// SPDX-License-Identifier: GPL-2.0
/*
 * A model becomes a program, the program's packets configure a mesh, the mesh
 * computes the same bytes as the model: random models, the demo model and, if
 * they are there, real ones.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../checkasm/random_model.h"
#include "cmocka_all.h"
#include "common/util.h"
#include "mesh_program.h"
#include "model/handle.h"
#include "model/limits.h"
#include "model/part.h"
#include "npu/npu.h"
#include "program/program.h"

#define MODELS 300
/* Most random models have too few layers, or one that no chip takes. */
#define PARTS 12

static const enum akida_target targets[] = { AKIDA_TARGET_AKD1000,
					     AKIDA_TARGET_AKD1500 };

/* Runs all passes of a program on one input. */
static void run_program(const struct ak_mesh *mesh, const uint8_t *file,
			size_t size, const uint8_t *in, void *out,
			size_t out_size)
{
	struct ak_vmesh *v = ak_vmesh_new(mesh, 1);
	struct ak_program_file p;
	struct mesh_external x = { &p, 0x24000000 };
	struct ak_err err = { "" };
	struct ak_vmesh_io io;
	uint8_t *map = NULL, *next;
	uint32_t i, fnp2[4] = { 0 };
	uint64_t cycles = 0;

	if (ak_program_file_parse(&p, file, size, &err))
		fail_msg("%s", err.text);
	assert_true(p.known);
	for (i = 0; i < p.num_passes; i++) {
		size_t bytes;

		if (mesh_configure(v, mesh, &x, i, fnp2, &err) ||
		    ak_vmesh_prepare(v, mesh_read, &x, fnp2, &io, &err))
			fail_msg("pass %u: %s", i, err.text);
		assert_int_equal(io.pass, i);
		bytes = ak_shape_elements(&io.out) * (io.activation ? 1 : 4);
		if (i + 1 == p.num_passes) {
			assert_int_equal(bytes, out_size);
			assert_int_not_equal(io.format, 0);
			ak_vmesh_run(v, map ? map : in, out, &cycles);
		} else {
			assert_true(io.activation);
			next = malloc(bytes);
			ak_vmesh_run(v, map ? map : in, next, &cycles);
			free(map);
			map = next;
		}
		assert_true(cycles > 0);
	}
	free(map);
	ak_program_file_clear(&p);
	ak_vmesh_free(v);
}

static size_t output_bytes(const struct ak_model *m)
{
	const struct ak_layer *l = &m->layers[m->num_layers - 1];

	return ak_shape_elements(&l->out) * (l->activation ? 1 : 4);
}

/* Model and program on the same inputs. */
static void compare(const struct ak_model *m, const struct ak_built *b,
		    const uint8_t *in)
{
	const struct akida_load_options o = { .target = b->mesh->target,
					      .threads = 1 };
	struct ak_err err = { "" };
	struct ak_model part;
	struct npu *n;
	uint8_t *want, *got;
	size_t bytes;

	assert_int_equal(ak_model_part(m, b->first_layer,
				       b->first_layer + b->num_layers, &part),
			 0);
	bytes = output_bytes(&part);
	want = malloc(bytes);
	got = malloc(bytes);
	if (npu_new(&n, &part, &o, &err))
		fail_msg("%s", err.text);
	npu_run(n, in, want, NULL, NULL);
	npu_free(n);
	run_program(b->mesh, b->file, b->size, in, got, bytes);
	assert_memory_equal(want, got, bytes);
	free(part.layers);
	free(want);
	free(got);
}

static void check_placements(const struct ak_built *b, const struct ak_model *m)
{
	bool used[AK_MESH_MAX_NPS + 1];
	uint32_t filters = 0, layer = UINT32_MAX, pass = UINT32_MAX;
	size_t i;

	for (i = 0; i < b->num_placements; i++) {
		const struct ak_placement *p = &b->placement[i];

		if (p->pass != pass)
			memset(used, 0, sizeof(used));
		pass = p->pass;
		if (p->layer != layer) {
			assert_true(layer == UINT32_MAX ||
				    filters == m->layers[layer].out.channels);
			filters = 0;
		}
		layer = p->layer;
		assert_int_equal(p->first, filters);
		filters += p->count;
		assert_int_equal(p->np < 0, m->layers[layer].type ==
						    AKIDA_LAYER_INPUT_CONV);
		assert_false(used[p->np + 1]);
		used[p->np + 1] = true;
		if (p->np >= 0 && !p->external)
			assert_true(p->filter_bytes <= AK_NP_FILTER_BYTES);
	}
	assert_int_equal(layer, b->first_layer + b->num_layers - 1);
	assert_int_equal(filters, m->layers[layer].out.channels);
}

static void try_model(const struct ak_model *m, const struct ak_mesh *mesh,
		      unsigned int flags, const uint8_t *in)
{
	struct ak_err err = { "" };
	struct ak_built b, again;

	if (ak_build(m, mesh, flags, &b, &err))
		fail_msg("%s", err.text);
	check_placements(&b, m);
	if (flags & AK_BUILD_PASSES_MAX)
		assert_int_equal(b.num_passes,
				 m->num_layers - (m->layers[0].type ==
						  AKIDA_LAYER_INPUT_DATA));
	compare(m, &b, in);
	assert_int_equal(ak_build(m, mesh, flags, &again, &err), 0);
	assert_int_equal(b.size, again.size);
	assert_memory_equal(b.file, again.file, b.size);
	ak_built_free(&again);
	ak_built_free(&b);
}

/* An NP has one bit for a weight of 1 bit: -1 or 1, or 0 or 1. */
static void make_binary(struct ak_model *m, bool bipolar)
{
	uint32_t i;
	size_t j;

	for (i = 0; i < m->num_layers; i++) {
		const struct ak_layer *l = &m->layers[i];
		int8_t *w = (int8_t *)l->weights;

		for (j = 0;
		     l->weights_bits == 1 && j < ak_layer_num_weights(l, false);
		     j++)
			w[j] = w[j] > 0 ? 1 : bipolar ? -1 : 0;
	}
}

static void test_random(void **state)
{
	unsigned int done = 0, seed = 1, drawn = 0;

	(void)state;
	for (; done < MODELS && seed < 2000000; seed++) {
		enum akida_target t = targets[seed % 2];
		struct random_model r;
		struct rng rng = { seed };
		uint8_t *in;

		if (!random_model_new(&r, &rng, seed % 3))
			continue;
		drawn++;
		if (ak_model_check_limits(&r.m, t, NULL, NULL)) {
			random_model_free(&r);
			continue;
		}
		make_binary(&r.m, done & 1);
		in = malloc(ak_shape_elements(&r.m.layers[0].in));
		random_model_input(&r, &rng, in);
		try_model(&r.m, ak_mesh_of(t),
			  done % 3 == 2 ? AK_BUILD_PASSES_MAX : 0, in);
		free(in);
		random_model_free(&r);
		done++;
	}
	print_message("# %u models within the limits, of %u drawn\n", done,
		      drawn);
	assert_int_equal(done, MODELS);
}

static void try_file(const char *path, unsigned int flags, int want)
{
	struct akida_model *m = akida_model_new();
	struct ak_err err = { "" };
	struct rng rng = { 5 };
	unsigned int t;
	size_t i, n;
	uint8_t *in;

	if (akida_model_load(m, path) || akida_model_check_runnable(m))
		fail_msg("%s", akida_model_error(m));
	n = ak_shape_elements(&m->model.layers[0].in);
	in = malloc(n);
	for (i = 0; i < n; i++)
		in[i] = (uint8_t)rng_below(&rng, m->model.layers[0].in_max + 1);
	for (t = 0; t < ARRAY_SIZE(targets); t++) {
		const struct ak_mesh *mesh = ak_mesh_of(targets[t]);
		struct ak_built b;
		int rc = ak_build(&m->model, mesh, flags, &b, &err);

		assert_int_equal(rc, want);
		if (rc) {
			assert_non_null(strstr(err.text, "layer '"));
			continue;
		}
		print_message("# %s on %s: %zu bytes, %u passes, %zu NPs\n",
			      path, mesh->name, b.size, b.num_passes,
			      b.num_placements);
		check_placements(&b, &m->model);
		compare(&m->model, &b, in);
		ak_built_free(&b);
	}
	free(in);
	akida_model_free(m);
}

static void test_demo(void **state)
{
	(void)state;
	try_file("tools/demo/digits.fbz", 0, 0);
	try_file("tools/demo/digits.fbz", AK_BUILD_PASSES_MAX, 0);
}

static void test_real(void **state)
{
	const char *shared = getenv("AKIDA_SHARED");
	static const char *const names[] = { "fan-accelerometer",
					     "inventory-fomo", "lamp-plant" };
	char path[512];
	size_t i;

	(void)state;
	snprintf(path, sizeof(path), "%s/models/gesture.fbz",
		 shared ? shared : "../shared");
	if (access(path, R_OK)) {
		print_message("# AKIDA_SHARED has no models\n");
		skip();
	}
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/models/%s.fbz",
			 shared ? shared : "../shared", names[i]);
		try_file(path, 0, 0);
	}
}

/* What is left of gesture.fbz: three layers behind the first two. */
static void try_gesture(const char *path, const struct ak_mesh *mesh)
{
	struct akida_model *m = akida_model_new();
	uint8_t in[35];
	struct ak_err err = { "" };
	struct ak_built b;
	uint32_t i;

	assert_int_equal(akida_model_load(m, path), 0);
	if (ak_build(&m->model, mesh, AK_BUILD_PARTIAL, &b, &err))
		fail_msg("%s", err.text);
	assert_int_equal(b.first_layer, 2);
	assert_int_equal(b.num_layers, 3);
	assert_non_null(strstr(b.rest_reason, "weights of 8 bits"));
	assert_true(b.cycles[1] == 0 && b.cycles[2] > 0 && b.cycles[4] > 0);
	check_placements(&b, &m->model);
	for (i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 7 % 16);
	compare(&m->model, &b, in);
	ak_built_free(&b);
	akida_model_free(m);
}

/* gesture.fbz begins with an FC of 8-bit weights, which no board takes. */
static void test_limits(void **state)
{
	const char *shared = getenv("AKIDA_SHARED");
	char path[512];
	unsigned int t;

	(void)state;
	snprintf(path, sizeof(path), "%s/models/gesture.fbz",
		 shared ? shared : "../shared");
	if (access(path, R_OK)) {
		print_message("# AKIDA_SHARED has no models\n");
		skip();
	}
	try_file(path, 0, -EINVAL);
	for (t = 0; t < ARRAY_SIZE(targets); t++)
		try_gesture(path, ak_mesh_of(targets[t]));
}

/* A layer in the middle that no chip takes: the longer side is built, and of two
 * equal ones the one with more work.
 */
static void test_partial(void **state)
{
	unsigned int done = 0, seed = 1, sides[2] = { 0 };

	(void)state;
	for (; done < PARTS && seed < 200000; seed++) {
		const struct ak_mesh *mesh = ak_mesh_of(targets[seed % 2]);
		struct ak_err err = { "" };
		struct rng rng = { seed };
		struct random_model r;
		struct ak_built b;
		uint32_t bad, i, most = 0, run = 0;
		uint8_t *in;

		if (!random_model_new(&r, &rng, seed % 3))
			continue;
		if (ak_model_check_limits(&r.m, mesh->target, NULL, NULL) ||
		    r.m.num_layers < 4) {
			random_model_free(&r);
			continue;
		}
		make_binary(&r.m, done & 1);
		bad = 1 + seed % (r.m.num_layers - 1);
		/* Only an InputConvolutional layer may have these. */
		r.m.layers[bad].weights_bits = 8;
		if (ak_build(&r.m, mesh, AK_BUILD_PARTIAL, &b, &err)) {
			/* Nothing is left if no layer can stand alone. */
			assert_non_null(strstr(err.text, "no other layer"));
			random_model_free(&r);
			continue;
		}
		assert_non_null(strstr(b.rest_reason, "weights of 8 bits"));
		assert_true(bad < b.first_layer ||
			    bad >= b.first_layer + b.num_layers);
		/* No run of layers that stand for themselves is longer. */
		for (i = 0; i < r.m.num_layers; i++) {
			run = i == bad || r.m.layers[i].type ==
						      AKIDA_LAYER_INPUT_DATA ?
				      0 :
				      run + 1;
			most = run > most ? run : most;
		}
		assert_true(b.num_layers <= most + 1);
		sides[bad < b.first_layer]++;
		check_placements(&b, &r.m);
		in = malloc(ak_shape_elements(&r.m.layers[b.first_layer].in));
		for (i = 0;
		     i < ak_shape_elements(&r.m.layers[b.first_layer].in); i++)
			in[i] = (uint8_t)rng_below(
				&rng, r.m.layers[b.first_layer].in_max + 1);
		compare(&r.m, &b, in);
		free(in);
		ak_built_free(&b);
		random_model_free(&r);
		done++;
	}
	print_message("# %u before the layer, %u behind it\n", sides[0],
		      sides[1]);
	assert_int_equal(done, PARTS);
	assert_true(sides[0] && sides[1]);
}

/* New weights for a layer give the program that building it anew gives. */
static void test_rebuild(void **state)
{
	struct akida_model *m = akida_model_new();
	struct ak_err err = { "" };
	struct ak_built b, old, anew;
	struct ak_layer *l;
	size_t i, n, changed = 0;
	uint32_t layer;
	int8_t *w;

	(void)state;
	if (akida_model_load(m, "tools/demo/digits.fbz") ||
	    akida_model_check_runnable(m))
		fail_msg("%s", akida_model_error(m));
	for (layer = 0; layer < m->model.num_layers; layer++) {
		l = &m->model.layers[layer];
		assert_int_equal(ak_build(&m->model,
					  ak_mesh_of(AKIDA_TARGET_AKD1000), 0,
					  &b, &err),
				 0);
		assert_int_equal(ak_build(&m->model,
					  ak_mesh_of(AKIDA_TARGET_AKD1000), 0,
					  &old, &err),
				 0);
		n = ak_layer_num_weights(l, false);
		w = malloc(n);
		for (i = 0; i < n; i++)
			w[i] = (int8_t)-l->weights[i];
		memcpy((int8_t *)l->weights, w, n);
		free(w);
		((int32_t *)l->threshold)[0] += 3;
		if (ak_rebuild_layer(&b, &m->model, layer, &err))
			fail_msg("%s", err.text);
		assert_int_equal(ak_build(&m->model,
					  ak_mesh_of(AKIDA_TARGET_AKD1000), 0,
					  &anew, &err),
				 0);
		assert_int_equal(b.size, anew.size);
		/* The info part has the last layer's thresholds as shifts. */
		if (l->activation)
			assert_memory_equal(b.file, anew.file, b.size);
		for (i = 0; i < b.size; i++)
			changed += b.file[i] != old.file[i];
		assert_true(changed);
		ak_built_free(&b);
		ak_built_free(&old);
		ak_built_free(&anew);
	}
	akida_model_free(m);
}

/* What a stranger's packets could say. */
static void test_hostile_packets(void **state)
{
	const struct ak_mesh *mesh = ak_mesh_of(AKIDA_TARGET_AKD1500);
	struct ak_vmesh *v = ak_vmesh_new(mesh, 1);
	static uint8_t words[4 * 64];
	struct ak_packet p = { .col = 1,
			       .row = 2,
			       .np = 1,
			       .np_mask = 2,
			       .uid = AK_UID_REGS,
			       .words = AK_NP_NUM_REGS,
			       .payload = words };
	struct ak_err err = { "" };
	struct ak_vmesh_io io;
	uint32_t fnp2[4] = { 0 };

	(void)state;
	assert_int_equal(ak_vmesh_prepare(v, mesh_read, NULL, fnp2, &io, &err),
			 -ENODATA);
	p.words++;
	assert_int_equal(ak_vmesh_packet(v, &p, &err), -EINVAL);
	p.words--;
	p.addr = 1;
	assert_int_equal(ak_vmesh_packet(v, &p, &err), -EINVAL);
	p.addr = 0;
	p.col = 1;
	p.row = 1;
	assert_int_equal(ak_vmesh_packet(v, &p, &err), -ENXIO);
	p.row = 2;
	p.np = -1;
	assert_int_equal(ak_vmesh_packet(v, &p, &err), -ENXIO);
	p.np = 1;
	p.uid = 15;
	assert_int_equal(ak_vmesh_packet(v, &p, &err), -EINVAL);
	p.uid = AK_UID_FNP; /* not an FNP3 */
	p.words = 1;
	assert_int_equal(ak_vmesh_packet(v, &p, &err), -EINVAL);
	p.uid = AK_UID_FILTER;
	p.addr = AK_NP_FILTER_BYTES / AK_NP_ADDR_BYTES;
	assert_int_equal(ak_vmesh_packet(v, &p, &err), -EINVAL);
	p.addr--;
	assert_int_equal(ak_vmesh_packet(v, &p, &err), 0);
	p.words = 17;
	assert_int_equal(ak_vmesh_packet(v, &p, &err), -EINVAL);
	/* Registers of zeros are no layer. */
	p.uid = AK_UID_REGS;
	p.addr = 0;
	p.words = AK_NP_NUM_REGS;
	assert_int_equal(ak_vmesh_packet(v, &p, &err), 0);
	assert_int_equal(ak_vmesh_prepare(v, mesh_read, NULL, fnp2, &io, &err),
			 -EINVAL);
	ak_vmesh_free(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_demo),
		cmocka_unit_test(test_real),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_partial),
		cmocka_unit_test(test_rebuild),
		cmocka_unit_test(test_hostile_packets),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
