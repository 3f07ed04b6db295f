// SPDX-License-Identifier: GPL-2.0
/*
 * Programs through the public API: batches that run meanwhile, statistics, new
 * weights; and notes, from which a program's weights are replaced.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../checkasm/random_model.h"
#include "akida/assemble.h"
#include "cmocka_all.h"
#include "common/le.h"
#include "device/backend.h"
#include "model/limits.h"
#include "model_build.h"
#include "program/note.h"
#include "program/program.h"

#define IN (8 * 8 * 3)
#define OUT 3

struct loaded {
	struct akida_device *d;
	struct akida_program *p;
};

static struct loaded load(struct akida_model *m)
{
	struct loaded l = { .d = akida_device_new() };

	assert_int_equal(akida_device_open(l.d, "soft"), 0);
	l.p = akida_program_new(l.d);
	assert_int_equal(akida_program_load(l.p, m, NULL), 0);
	return l;
}

static void unload(struct loaded *l)
{
	akida_program_free(l->p);
	akida_device_free(l->d);
}

static void fill(uint8_t *x, size_t n, uint32_t seed)
{
	size_t i;

	for (i = 0; i < n; i++) {
		seed = seed * 1664525u + 1013904223u;
		x[i] = (uint8_t)(seed >> 24);
	}
}

/* Batches in flight give what running them one after the other gives. */
static void test_submit(void **state)
{
	struct akida_model *m = build_cnn();
	struct loaded l = load(m);
	uint8_t in[4 * IN];
	int32_t want[4 * OUT], got[4 * OUT];
	uint64_t a, b, c;

	(void)state;
	fill(in, sizeof(in), 7);
	assert_int_equal(
		akida_program_run(l.p, in, sizeof(in), want, sizeof(want), 4),
		0);
	assert_int_equal(akida_program_submit(l.p, in, 3 * IN, 3, &a), 0);
	assert_int_equal(akida_program_submit(l.p, in + 3 * IN, IN, 1, &b), 0);
	assert_int_not_equal(a, b);
	assert_int_equal(akida_program_wait(l.p, b, 0, got + 3 * OUT,
					    OUT * sizeof(*got)),
			 0);
	assert_int_equal(
		akida_program_wait(l.p, a, 1, got, 3 * OUT * sizeof(*got)), 0);
	assert_memory_equal(got, want, sizeof(want));
	/* Tickets are used up, wrong sizes do not use them. */
	assert_int_equal(
		akida_program_wait(l.p, a, 0, got, 3 * OUT * sizeof(*got)),
		-EINVAL);
	assert_int_equal(akida_program_submit(l.p, in, IN, 1, &c), 0);
	assert_int_equal(akida_program_wait(l.p, c, 0, got, 1), -EINVAL);
	assert_int_equal(akida_program_wait(l.p, c, 0, got, OUT * sizeof(*got)),
			 0);
	assert_int_equal(akida_program_submit(l.p, in, IN - 1, 1, &c), -EINVAL);
	assert_int_equal(akida_program_submit(l.p, in, 0, 0, &c), -EINVAL);
	unload(&l);
	akida_model_free(m);
}

static void test_submit_room(void **state)
{
	struct akida_model *m = build_cnn();
	struct loaded l = load(m);
	unsigned int slots = akida_program_slots(l.p), i;
	uint8_t *in = calloc(slots + 1, IN);
	uint64_t t, first = 0;
	int32_t out[OUT];

	(void)state;
	assert_true(slots >= 15);
	assert_int_equal(
		akida_program_submit(l.p, in, (slots + 1) * IN, slots + 1, &t),
		-E2BIG);
	for (i = 0; i < slots; i++) {
		assert_int_equal(akida_program_submit(l.p, in, IN, 1, &t), 0);
		if (!i)
			first = t;
	}
	assert_int_equal(akida_program_submit(l.p, in, IN, 1, &t), -EAGAIN);
	assert_non_null(strstr(akida_program_error(l.p), "wait"));
	assert_int_equal(akida_program_wait(l.p, first, 0, out, sizeof(out)),
			 0);
	assert_int_equal(akida_program_submit(l.p, in, IN, 1, &t), 0);
	/* What was not waited for goes with the program. */
	unload(&l);
	free(in);
	akida_model_free(m);
}

static void test_stats(void **state)
{
	struct akida_model *m = build_cnn();
	struct loaded l = load(m);
	struct akida_program_stats s;
	uint8_t in[2 * IN] = { 0 };
	int32_t out[2 * OUT];

	(void)state;
	assert_int_equal(
		akida_program_run(l.p, in, sizeof(in), out, sizeof(out), 2), 0);
	assert_int_equal(akida_program_stats(l.p, &s, sizeof(s)), 0);
	assert_int_equal(s.runs, 0);
	akida_program_set_profiling(l.p, true);
	assert_int_equal(
		akida_program_run(l.p, in, sizeof(in), out, sizeof(out), 2), 0);
	assert_int_equal(akida_program_stats(l.p, &s, sizeof(s)), 0);
	assert_int_equal(s.runs, 2);
	assert_true(s.host_ns > 0);
	assert_true(s.clocks == 0 && s.queue_ns == 0);
	akida_program_set_profiling(l.p, true);
	assert_int_equal(akida_program_stats(l.p, &s, sizeof(s)), 0);
	assert_int_equal(s.runs, 0);
	unload(&l);
	akida_model_free(m);
}

/* Another model's weights, put into a loaded program, give its outputs. */
static void test_set_weights(void **state)
{
	struct akida_model *m = build_cnn(), *other = build_cnn();
	struct loaded l = load(m), o;
	struct akida_array *w = akida_array_new(), *bad = akida_array_new();
	uint8_t in[3 * IN];
	int32_t want[3 * OUT], got[3 * OUT], was[3 * OUT];
	struct akida_variable_info v;
	struct akida_layer_info info;
	unsigned int layer, i, tried = 0;

	(void)state;
	fill(in, sizeof(in), 11);
	for (layer = 1; !akida_model_layer(m, layer, &info, sizeof(info));
	     layer++) {
		struct ak_layer *k = &other->model.layers[layer];
		size_t shape[4] = { k->kernel_w, k->kernel_h, k->in.channels,
				    k->out.channels };
		size_t n = ak_layer_num_weights(k, false);
		int8_t *x = malloc(n);

		if (k->type == AKIDA_LAYER_SEPARABLE_CONV) {
			free(x);
			continue;
		}
		if (k->type == AKIDA_LAYER_FULLY_CONNECTED) {
			shape[0] = 1;
			shape[1] = 1;
			shape[2] = ak_shape_elements(&k->in);
		}
		for (i = 0; i < n; i++)
			x[i] = (int8_t)(k->weights_bits == 1 ? (int)(i % 2) :
							       -k->weights[i]);
		assert_int_equal(
			akida_array_set(w, AKIDA_DTYPE_INT8, 4, shape, x), 0);
		assert_int_equal(akida_program_run(l.p, in, sizeof(in), was,
						   sizeof(was), 3),
				 0);
		assert_int_equal(
			akida_program_set_weights(l.p, info.name, w, NULL), 0);
		for (i = 0;
		     !akida_model_variable(other, layer, i, &v, sizeof(v)); i++)
			if (!strcmp(v.name, "weights"))
				assert_int_equal(
					akida_model_set_variable(
						other, layer, "weights",
						AKIDA_DTYPE_INT8, 4, shape, x),
					0);
		o = load(other);
		assert_int_equal(akida_program_run(o.p, in, sizeof(in), want,
						   sizeof(want), 3),
				 0);
		unload(&o);
		assert_int_equal(akida_program_run(l.p, in, sizeof(in), got,
						   sizeof(got), 3),
				 0);
		assert_memory_equal(got, want, sizeof(want));
		if (memcmp(was, want, sizeof(want)))
			tried++;
		free(x);
	}
	assert_true(tried > 0);
	/* What is refused changes nothing. */
	assert_int_equal(akida_array_set(bad, AKIDA_DTYPE_INT8, 1,
					 (size_t[]){ 3 }, "abc"),
			 0);
	assert_int_equal(akida_program_set_weights(l.p, "1", bad, NULL),
			 -EINVAL);
	assert_non_null(strstr(akida_program_error(l.p), "it takes ("));
	assert_int_equal(akida_program_set_weights(l.p, "none", w, NULL),
			 -ENOENT);
	assert_int_equal(
		akida_program_run(l.p, in, sizeof(in), got, sizeof(got), 3), 0);
	assert_memory_equal(got, want, sizeof(want));
	akida_array_free(w);
	akida_array_free(bad);
	unload(&l);
	akida_model_free(m);
	akida_model_free(other);
}

static void test_soft_has_no_names(void **state)
{
	struct akida_model *m = build_cnn();
	struct loaded l = load(m);
	struct akida_program *p = akida_program_new(l.d);

	(void)state;
	assert_int_equal(akida_program_set_name(l.p, "a", 0, 0), -ENOTSUP);
	assert_int_equal(akida_program_open(p, "a", AKIDA_OPEN_RUN), -ENOTSUP);
	assert_int_equal(akida_program_load_file(p, "", 0), -ENOTSUP);
	assert_int_equal(akida_program_set_weights(p, "a", NULL, NULL),
			 -EINVAL);
	akida_program_free(p);
	unload(&l);
	akida_model_free(m);
}

/* ------------------------------------------------------------------ notes */

static int8_t other_weight(const struct ak_layer *l, struct rng *r)
{
	int most = l->weights_bits == 1 ? 1 : (1 << (l->weights_bits - 1)) - 1;

	if (l->weights_bits == 1)
		return (int8_t)rng_below(r, 2);
	return (int8_t)rng_range(r, -most, most);
}

static struct akida_array *as_array(const int8_t *w, size_t count)
{
	struct akida_array *a = akida_array_new();

	assert_int_equal(akida_array_set(a, AKIDA_DTYPE_INT8, 1, &count, w), 0);
	return a;
}

/* Tracks made from a note are those of a program that is built anew. */
static void check_record(const struct ak_built *b, const struct ak_model *m,
			 const struct ak_note *n, uint32_t record,
			 uint32_t layer, struct rng *r)
{
	struct ak_layer saved = m->layers[layer], l;
	struct ak_program_words words[AK_PROGRAM_MAX_TRACKS + 1];
	size_t count = ak_layer_num_weights(&saved, false), i, k;
	size_t pointwise = ak_layer_num_weights(&saved, true);
	int8_t *w = malloc(count + pointwise);
	struct akida_array *arrays[2];
	struct ak_err err = { "" };
	const struct ak_record *rec;
	uint32_t track, skeleton;
	struct ak_built fresh;
	const uint8_t *data;

	for (i = 0; i < count + pointwise; i++)
		w[i] = other_weight(&saved, r);
	arrays[0] = as_array(w, count);
	arrays[1] = as_array(w + count, pointwise);
	if (ak_replace_layer(n, record, &l, &err))
		fail_msg("%s", err.text);
	assert_string_equal(l.name, saved.name);
	assert_int_equal(l.type, saved.type);
	assert_int_equal(l.out.channels, saved.out.channels);
	l.weights = akida_array_data(arrays[0]);
	l.weights_pw = akida_array_data(arrays[1]);
	if (ak_replace_weights(n, record, &l, words, &err))
		fail_msg("%s", err.text);
	m->layers[layer].weights = w;
	m->layers[layer].weights_pw = w + count;
	if (ak_build(m, b->mesh, b->flags, &fresh, &err))
		fail_msg("%s", err.text);
	data = fresh.file + ak_get_le32(fresh.file) + 4;
	rec = ak_note_record(n, record, &track, &skeleton);
	for (i = 0; i < rec->num_tracks + rec->has_fnp2; i++) {
		const struct ak_track *t =
			i < rec->num_tracks ? &rec->track[i] : &rec->fnp2;

		assert_int_equal(words[i].count, t->words);
		for (k = 0; k < t->words; k++)
			assert_int_equal(words[i].word[k],
					 ak_get_le32(data + t->offset + k * 4));
		free(words[i].word);
	}
	ak_built_free(&fresh);
	m->layers[layer] = saved;
	akida_array_free(arrays[0]);
	akida_array_free(arrays[1]);
	free(w);
}

static void check_note(const struct ak_model *m, const struct ak_mesh *mesh,
		       unsigned int flags, struct rng *r)
{
	uint32_t data = m->layers[0].type == AKIDA_LAYER_INPUT_DATA, i;
	const char *name[64];
	struct ak_program_file f;
	struct ak_err err = { "" };
	struct ak_built b;
	struct ak_note n;
	uint8_t *note;
	size_t size, cut;

	if (ak_build(m, mesh, flags, &b, &err) ||
	    ak_program_file_parse(&f, b.file, b.size, &err))
		fail_msg("%s", err.text);
	assert_true(m->num_layers <= 64);
	for (i = data; i < m->num_layers; i++)
		name[i - data] = m->layers[i].name;
	if (ak_note_make(&f, b.file, name, &note, &size, &err) ||
	    ak_note_parse(&n, note, size, &err))
		fail_msg("%s", err.text);
	assert_int_equal(n.records, m->num_layers - data);
	assert_int_equal(n.file.num_shifts, f.num_shifts);
	assert_int_equal(
		ak_program_input_bits(n.skeleton[0].data, n.skeleton[0].words),
		m->layers[data].in_bits);
	for (i = 0; i < n.records; i++)
		check_record(&b, m, &n, i, i + data, r);
	ak_note_clear(&n);
	/* None that is shorter or longer is a note. */
	for (cut = 0; cut < size; cut += 4 + rng_below(r, 40) * 4)
		assert_int_equal(ak_note_parse(&n, note, cut, &err), -EINVAL);
	free(note);
	ak_program_file_clear(&f);
	ak_built_free(&b);
}

/*
 * The random model of the first seed from this one on that fits its chip; @low is
 * the smaller value of weights of one bit.
 */
static const struct ak_mesh *fitting_model(unsigned int *seed, struct rng *rng,
					   struct random_model *r, int8_t low)
{
	uint32_t i;
	size_t k;

	for (;; (*seed)++) {
		enum akida_target t =
			*seed % 2 ? AKIDA_TARGET_AKD1000 : AKIDA_TARGET_AKD1500;

		if (*seed >= 100000)
			fail_msg("models do not fit");
		*rng = (struct rng){ *seed };
		if (!random_model_new(r, rng, *seed % 3))
			continue;
		if (ak_model_check_limits(&r->m, t, NULL, NULL)) {
			random_model_free(r);
			continue;
		}
		for (i = 0; i < r->m.num_layers; i++) {
			const struct ak_layer *l = &r->m.layers[i];
			int8_t *w = (int8_t *)l->weights;

			for (k = 0; l->weights_bits == 1 &&
				    k < ak_layer_num_weights(l, false);
			     k++)
				w[k] = w[k] > 0 ? 1 : low;
		}
		(*seed)++;
		return ak_mesh_of(t);
	}
}

static void test_notes(void **state)
{
	unsigned int done, seed = 5, bits[9] = { 0 };

	(void)state;
	for (done = 0; done < 40; done++) {
		const struct ak_mesh *mesh;
		struct random_model r;
		struct rng rng;
		uint32_t i;

		/* -1 and 1, so that the new ones differ. */
		mesh = fitting_model(&seed, &rng, &r, -1);
		for (i = 0; i < r.m.num_layers; i++)
			if (r.m.layers[i].type != AKIDA_LAYER_INPUT_DATA)
				bits[r.m.layers[i].weights_bits]++;
		check_note(&r.m, mesh, done % 3 ? 0 : AK_BUILD_PASSES_MAX,
			   &rng);
		random_model_free(&r);
	}
	assert_true(bits[1] && bits[2] && bits[4]);
}

/* --------------------------------------------------------------- by hand */

static void put_track(struct akida_assembler *a,
		      const struct ak_program_file *f, const struct ak_track *t)
{
	uint32_t pos = 0, words[4096], i;
	struct ak_packet p;

	assert_int_equal(akida_assembler_track(a), 0);
	while (ak_packet_next(f->data + t->offset, t->words, &pos, &p) == 1) {
		struct akida_packet_place to = { .column = p.col,
						 .row = p.row,
						 .np = p.np > 0 ?
							       (uint32_t)p.np :
							       0,
						 .unit = p.uid,
						 .address = p.addr };
		uint32_t *w = p.words > 4096 ? malloc(p.words * 4u) : words;

		for (i = 0; i < p.words; i++)
			w[i] = ak_get_le32(p.payload + i * 4);
		assert_int_equal(
			akida_assembler_packet(a, &to, sizeof(to), w, p.words),
			0);
		if (w != words)
			free(w);
	}
}

/* A built program, put together again packet by packet, has the same bytes. */
static void reassemble(const struct ak_model *m, const struct ak_mesh *mesh,
		       unsigned int flags, unsigned int *external)
{
	const struct ak_layer *last = &m->layers[m->num_layers - 1];
	struct akida_assembler *a = akida_assembler_new(mesh->target);
	struct ak_program_file f;
	struct ak_err err = { "" };
	struct ak_built b;
	const void *data;
	uint32_t i, j, k;
	size_t size;

	if (ak_build(m, mesh, flags, &b, &err) ||
	    ak_program_file_parse(&f, b.file, b.size, &err))
		fail_msg("%s", err.text);
	akida_assembler_input(a, &m->layers[0].in, f.input_type);
	akida_assembler_output(a, &last->out, f.activation, f.shift, f.scale);
	for (i = 0; i < f.num_passes; i++) {
		assert_int_equal(akida_assembler_pass(a), 0);
		for (j = 0; j < f.pass[i].num_records; j++) {
			const struct ak_record *r = &f.pass[i].record[j];
			uint32_t *w;

			assert_int_equal(akida_assembler_layer(a), 0);
			for (k = 0; k < r->num_tracks; k++)
				put_track(a, &f, &r->track[k]);
			if (!r->has_fnp2)
				continue;
			w = malloc(r->fnp2.words * 4u);
			for (k = 0; k < r->fnp2.words; k++)
				w[k] = ak_get_le32(f.data + r->fnp2.offset +
						   k * 4);
			assert_int_equal(
				akida_assembler_external(a, w, r->fnp2.words),
				0);
			free(w);
			(*external)++;
		}
	}
	if (akida_assembler_finish(a, &data, &size))
		fail_msg("%s", akida_assembler_error(a));
	assert_int_equal(size, b.size);
	assert_memory_equal(data, b.file, size);
	akida_assembler_free(a);
	ak_program_file_clear(&f);
	ak_built_free(&b);
}

static void test_assemble(void **state)
{
	unsigned int done, seed = 1, external = 0;

	(void)state;
	for (done = 0; done < 60; done++) {
		const struct ak_mesh *mesh;
		struct random_model r;
		struct rng rng;

		mesh = fitting_model(&seed, &rng, &r, 0);
		reassemble(&r.m, mesh, done % 2 ? AK_BUILD_PASSES_MAX : 0,
			   &external);
		random_model_free(&r);
	}
}

static void test_assemble_errors(void **state)
{
	const struct akida_shape s = { 1, 1, 2 }, none = { 1, 0, 1 };
	const struct akida_packet_place np = { 1, 3, 0, 8, 0 },
					bad = { 1, 3, 4, 8, 0 };
	const uint32_t word = 1;
	const int32_t shift[2] = { 0 };
	const float scale[2] = { 1, 1 };
	const void *data;
	size_t size;
	unsigned int i;

	(void)state;
	assert_null(akida_assembler_new(AKIDA_TARGET_NONE));
	for (i = 0; i < 9; i++) {
		struct akida_assembler *a =
			akida_assembler_new(AKIDA_TARGET_AKD1500);
		int rc = 0;

		switch (i) {
		case 0:
			rc = akida_assembler_input(a, &none, true);
			break;
		case 1:
			rc = akida_assembler_track(a);
			break;
		case 2:
			rc = akida_assembler_packet(a, &np, sizeof(np), &word,
						    1);
			break;
		case 3:
			akida_assembler_layer(a);
			akida_assembler_track(a);
			rc = akida_assembler_packet(a, &bad, sizeof(bad), &word,
						    1);
			break;
		case 4:
			akida_assembler_layer(a);
			akida_assembler_track(a);
			rc = akida_assembler_packet(a, &np, sizeof(np), &word,
						    0);
			break;
		case 5:
			akida_assembler_layer(a);
			rc = akida_assembler_layer(a);
			break;
		case 6:
			rc = akida_assembler_external(a, &word, 1);
			break;
		case 7:
			rc = akida_assembler_register(a, 4, 0);
			break;
		case 8:
			akida_assembler_input(a, &s, true);
			akida_assembler_output(a, &s, false, shift, scale);
			rc = akida_assembler_finish(a, &data, &size);
			break;
		}
		assert_int_equal(rc, -EINVAL);
		assert_true(akida_assembler_error(a)[0]);
		/* The first error stays. */
		assert_int_equal(akida_assembler_finish(a, &data, &size),
				 -EINVAL);
		akida_assembler_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_submit),
		cmocka_unit_test(test_submit_room),
		cmocka_unit_test(test_stats),
		cmocka_unit_test(test_set_weights),
		cmocka_unit_test(test_soft_has_no_names),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_assemble),
		cmocka_unit_test(test_assemble_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
