// SPDX-License-Identifier: GPL-2.0
/*
 * Devices and programs through the public API.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "model_build.h"

struct loaded {
	struct akida_device *d;
	struct akida_model *m;
	struct akida_program *p;
	struct akida_program_info info;
};

static struct loaded load(const struct akida_load_options *o)
{
	struct loaded l = { .d = akida_device_new(), .m = build_cnn() };

	assert_int_equal(akida_device_open(l.d, "soft"), 0);
	l.p = akida_program_new(l.d);
	assert_int_equal(akida_program_load(l.p, l.m, o), 0);
	assert_int_equal(akida_program_info(l.p, &l.info, sizeof(l.info)), 0);
	return l;
}

static void unload(struct loaded *l)
{
	akida_program_free(l->p);
	akida_model_free(l->m);
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

#define IN (8 * 8 * 3)

static void test_info(void **state)
{
	struct loaded l = load(NULL);

	(void)state;
	assert_int_equal(l.info.input.height, 8);
	assert_int_equal(l.info.input_size, IN);
	assert_int_equal(l.info.input_bits, 8);
	assert_int_equal(l.info.output.channels, 3);
	assert_int_equal(l.info.output_dtype, AKIDA_DTYPE_INT32);
	assert_int_equal(l.info.output_size, 3 * sizeof(int32_t));
	assert_int_equal(l.info.num_layers, 4);
	assert_true(l.info.memory > 0);
	unload(&l);
}

/* Every instruction set, thread count and batch gives the same bytes. */
static void test_batch_and_variants(void **state)
{
	const struct akida_load_options reference = {
		.flags = AKIDA_LOAD_REFERENCE,
	};
	struct loaded ref = load(&reference);
	uint8_t in[5 * IN];
	int32_t want[5 * 3], got[5 * 3];
	uint32_t flag, threads;
	unsigned int i;

	(void)state;
	fill(in, sizeof(in), 1);
	for (i = 0; i < 5; i++)
		assert_int_equal(akida_program_run(ref.p, in + i * IN, IN,
						   want + i * 3,
						   3 * sizeof(int32_t), 1),
				 0);
	for (threads = 0; threads <= 3; threads++)
		for (flag = 0; flag <= AKIDA_CPU_DOTPROD;
		     flag = flag ? flag << 1 : 1) {
			struct akida_load_options o = { .threads = threads,
							.cpu_flags = flag };
			struct loaded l;

			if (flag & ~(akida_cpu_flags() | AKIDA_CPU_BASELINE))
				continue;
			l = load(&o);
			memset(got, 0x55, sizeof(got));
			assert_int_equal(akida_program_run(l.p, in, sizeof(in),
							   got, sizeof(got), 5),
					 0);
			assert_memory_equal(got, want, sizeof(want));
			unload(&l);
		}
	unload(&ref);
}

static void test_scores(void **state)
{
	struct loaded l = load(NULL);
	const int32_t out[6] = { 5, -7, 1000, 0, 17, INT32_MIN };
	float s[6];

	(void)state;
	/* build_fc: threshold 5, step 12.25 */
	assert_int_equal(akida_program_scores(l.p, out, sizeof(out), s, 6), 0);
	assert_true(s[0] == 0.0f);
	assert_true(s[1] == (float)(-12 / 12.25));
	assert_true(s[2] == (float)(995 / 12.25));
	assert_true(s[5] == (float)((-2147483648.0 - 5) / 12.25));
	assert_int_equal(akida_program_scores(l.p, out, sizeof(out), s, 5),
			 -EINVAL);
	assert_int_equal(akida_program_scores(l.p, out, 4, s, 1), -EINVAL);
	unload(&l);
}

struct seen {
	unsigned int calls;
	struct akida_shape last;
	int32_t potentials[3];
};

static void watch(void *arg, unsigned int layer, const char *name,
		  const struct akida_shape *shape, enum akida_dtype dtype,
		  const void *data)
{
	struct seen *s = arg;

	assert_int_equal(layer, s->calls % 4);
	assert_non_null(name);
	s->calls++;
	s->last = *shape;
	if (layer == 3) {
		assert_int_equal(dtype, AKIDA_DTYPE_INT32);
		memcpy(s->potentials, data, sizeof(s->potentials));
	} else {
		assert_int_equal(dtype, AKIDA_DTYPE_UINT8);
	}
}

static void test_trace(void **state)
{
	struct loaded l = load(NULL);
	struct seen seen = { 0 };
	uint8_t in[2 * IN];
	int32_t out[6];

	(void)state;
	fill(in, sizeof(in), 2);
	akida_program_trace(l.p, watch, &seen);
	assert_int_equal(
		akida_program_run(l.p, in, sizeof(in), out, sizeof(out), 2), 0);
	assert_int_equal(seen.calls, 8);
	assert_int_equal(seen.last.channels, 3);
	assert_memory_equal(seen.potentials, out + 3, sizeof(seen.potentials));
	akida_program_trace(l.p, NULL, NULL);
	akida_program_run(l.p, in, IN, out, 12, 1);
	assert_int_equal(seen.calls, 8);
	unload(&l);
}

static void test_profile(void **state)
{
	struct loaded l = load(NULL);
	struct akida_layer_profile p;
	uint8_t in[IN];
	int32_t out[3];

	(void)state;
	fill(in, sizeof(in), 3);
	assert_int_equal(akida_program_set_profiling(l.p, true), 0);
	akida_program_run(l.p, in, IN, out, sizeof(out), 1);
	akida_program_run(l.p, in, IN, out, sizeof(out), 1);
	assert_int_equal(akida_program_profile(l.p, 1, &p, sizeof(p)), 0);
	assert_string_equal(p.name, "conv_1");
	assert_int_equal(p.runs, 2);
	assert_int_equal(p.macs, 64 * 9 * 4 * 6);
	assert_true(p.ns > 0);
	assert_non_null(p.kernel);
	assert_int_equal(akida_program_profile(l.p, 4, &p, sizeof(p)), -ENOENT);
	akida_program_set_profiling(l.p, false);
	akida_program_run(l.p, in, IN, out, sizeof(out), 1);
	akida_program_profile(l.p, 1, &p, sizeof(p));
	assert_int_equal(p.runs, 2);
	unload(&l);
}

/* Steps of 25.5 and 400.5 are multiples of 1/16; 25.53 is not. */
static void test_target_rounds_steps(void **state)
{
	struct akida_load_options o = { .target = AKIDA_TARGET_AKD1000 };
	struct akida_device *d = akida_device_new();
	struct akida_program *p;
	struct akida_model *m = build_cnn();

	(void)state;
	akida_device_open(d, "soft");
	build_neurons(m, 1, 6, 10, 0.03f); /* 0.48/16: rounds to nothing */
	p = akida_program_new(d);
	assert_int_equal(akida_program_load(p, m, &o), -ERANGE);
	assert_non_null(strstr(akida_program_error(p), "conv_1"));
	assert_int_equal(akida_program_load(p, m, NULL), 0);
	akida_program_free(p);
	akida_model_free(m);
	akida_device_free(d);
}

static void test_errors(void **state)
{
	struct akida_device *d = akida_device_new();
	struct akida_program *p = akida_program_new(d);
	struct akida_model *m = build_cnn();
	struct akida_load_options o = { .cpu_flags = 1u << 30 };
	uint8_t in[IN] = { 0 };
	int32_t out[3];

	(void)state;
	assert_int_equal(akida_program_load(p, m, NULL), -ENODEV);
	assert_int_equal(akida_device_open(d, "hard"), -ENODEV);
	assert_non_null(strstr(akida_device_error(d), "'hard'"));
	assert_int_equal(akida_device_open(d, "soft"), 0);
	assert_int_equal(akida_device_open(d, "soft"), -EBUSY);
	assert_int_equal(akida_program_run(p, in, IN, out, 12, 1), -EINVAL);
	assert_int_equal(akida_program_load(p, m, &o), -EINVAL);
	assert_int_equal(akida_program_load(p, m, NULL), 0);
	assert_int_equal(akida_program_load(p, m, NULL), -EBUSY);
	assert_int_equal(akida_program_run(p, in, IN - 1, out, 12, 1), -EINVAL);
	assert_int_equal(akida_program_run(p, in, IN, out, 11, 1), -EINVAL);
	assert_int_equal(akida_program_run(p, in, IN, out, 12, 2), -EINVAL);
	assert_int_equal(akida_program_run(p, in, IN, (char *)out + 1, 12, 1),
			 -EINVAL);
	assert_non_null(strstr(akida_program_error(p), "aligned to 4"));
	/* A loaded model cannot change under its program. */
	assert_int_equal(akida_model_set_key(m, 0, "filters", 5), -EBUSY);
	assert_int_equal(akida_model_load(m, "/dev/null"), -EBUSY);
	/* The program keeps what it needs. */
	akida_model_free(m);
	akida_device_free(d);
	assert_int_equal(akida_program_run(p, in, IN, out, 12, 1), 0);
	akida_program_free(p);
}

static void test_input_range(void **state)
{
	struct akida_device *d = akida_device_new();
	struct akida_program *p;
	struct akida_model *m = akida_model_new();
	uint8_t in[8] = { 0, 1, 2, 15, 0, 0, 16, 0 };
	int32_t out[4];

	(void)state;
	akida_device_open(d, "soft");
	build_input_data(m, 1, 1, 4, 4);
	build_fc(m, "dense", 4, 2, true);
	p = akida_program_new(d);
	assert_int_equal(akida_program_load(p, m, NULL), 0);
	assert_int_equal(akida_program_run(p, in, 4, out, 8, 1), 0);
	/* w[i] = i * 5 % 15 - 7 as [channel][filter], inputs 0 1 2 15 */
	assert_int_equal(out[0], 1 * 3 + 2 * -2 + 15 * -7);
	assert_int_equal(out[1], 1 * -7 + 2 * 3 + 15 * -2);
	assert_int_equal(akida_program_run(p, in, 8, out, 16, 2), -ERANGE);
	assert_non_null(
		strstr(akida_program_error(p), "value 2 of input 1 is 16"));
	akida_program_free(p);
	akida_model_free(m);
	akida_device_free(d);
}

static void *run_own_program(void *arg)
{
	struct akida_load_options o = { .threads = 2 };
	struct loaded l = load(&o);
	uint8_t in[IN];
	int32_t first[3], out[3];
	int i;

	fill(in, sizeof(in), 4);
	akida_program_run(l.p, in, IN, first, sizeof(first), 1);
	for (i = 0; i < 200; i++) {
		akida_program_run(l.p, in, IN, out, sizeof(out), 1);
		if (memcmp(out, first, sizeof(out)))
			return arg;
	}
	unload(&l);
	return NULL;
}

static void test_handles_are_independent(void **state)
{
	static int wrong;
	pthread_t t[3];
	size_t i;
	void *rc;

	(void)state;
	for (i = 0; i < 3; i++)
		assert_int_equal(
			pthread_create(&t[i], NULL, run_own_program, &wrong),
			0);
	for (i = 0; i < 3; i++) {
		pthread_join(t[i], &rc);
		assert_null(rc);
	}
}

static void test_list(void **state)
{
	struct akida_device_info info;

	(void)state;
	assert_int_equal(akida_device_list(0, &info, sizeof(info)), 0);
	assert_string_equal(info.name, "soft");
	assert_true(info.threads >= 1);
	assert_int_equal(akida_device_list(1, &info, sizeof(info)), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_info),
		cmocka_unit_test(test_batch_and_variants),
		cmocka_unit_test(test_scores),
		cmocka_unit_test(test_trace),
		cmocka_unit_test(test_profile),
		cmocka_unit_test(test_target_rounds_steps),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_input_range),
		cmocka_unit_test(test_handles_are_independent),
		cmocka_unit_test(test_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
