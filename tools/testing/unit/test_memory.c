// SPDX-License-Identifier: GPL-2.0
/*
 * Memory: a bound for what a program takes, and none taken per inference.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "common/util.h"
#include "model_build.h"

#if defined(__SANITIZE_ADDRESS__)
#define COUNTS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define COUNTS 0
#endif
#endif
#ifndef COUNTS
#define COUNTS 1
#endif

static atomic_ulong allocations;

#if COUNTS
/* The C library's own names for the functions that are replaced here. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t align, size_t size);

void *malloc(size_t size)
{
	atomic_fetch_add(&allocations, 1);
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	atomic_fetch_add(&allocations, 1);
	return __libc_calloc(count, size);
}

void *realloc(void *p, size_t size)
{
	atomic_fetch_add(&allocations, 1);
	return __libc_realloc(p, size);
}

void *aligned_alloc(size_t align, size_t size)
{
	atomic_fetch_add(&allocations, 1);
	return __libc_memalign(align, size);
}
#endif

/* The demo model, and the real ones where they are. */
static struct akida_model *open_model(int i)
{
	static const char *const names[] = { "lamp-plant", "inventory-fomo",
					     "fan-accelerometer", "gesture" };
	const char *shared = getenv("AKIDA_SHARED");
	struct akida_model *m = akida_model_new();
	char path[4096];

	assert_non_null(m);
	if (!i)
		snprintf(path, sizeof(path), "tools/demo/digits.fbz");
	else
		snprintf(path, sizeof(path), "%s/models/%s.fbz",
			 shared ? shared : "../shared", names[i - 1]);
	if (!akida_model_load(m, path))
		return m;
	akida_model_free(m);
	return NULL;
}

#define NUM_MODELS 5

static struct akida_program *load(struct akida_model *m, uint32_t threads)
{
	const struct akida_load_options o = { .threads = threads };
	struct akida_device *d = akida_device_new();
	struct akida_program *p;

	assert_int_equal(akida_device_open(d, "soft"), 0);
	p = akida_program_new(d);
	assert_non_null(p);
	assert_int_equal(akida_program_load(p, m, &o), 0);
	akida_device_free(d);
	return p;
}

static size_t elements(const struct akida_shape *s)
{
	return (size_t)s->height * s->width * s->channels;
}

/*
 * Three times the weights, one byte each, of which the model itself holds one;
 * the two largest maps; 1 MiB per thread.
 */
static size_t allowed(const struct akida_model *m, uint32_t threads)
{
	size_t weights = 0, largest = 0, second = 0;
	struct akida_layer_info l;
	unsigned int i;

	for (i = 0; !akida_model_layer(m, i, &l, sizeof(l)); i++) {
		size_t n = elements(&l.output);

		if (!i)
			largest = elements(&l.input);
		weights += l.weight_count;
		if (n > largest) {
			second = largest;
			largest = n;
		} else if (n > second) {
			second = n;
		}
	}
	return 2 * weights + largest + second + ((size_t)threads << 20);
}

static void test_bound(void **state)
{
	static const uint32_t threads[] = { 1, 2, 4 };
	size_t t;
	int i;

	(void)state;
	for (i = 0; i < NUM_MODELS; i++) {
		struct akida_model *m = open_model(i);

		/* Only what lies outside the repository may be absent. */
		assert_true(m || i);
		for (t = 0; m && t < ARRAY_SIZE(threads); t++) {
			struct akida_program *p = load(m, threads[t]);
			struct akida_program_info info;

			akida_program_info(p, &info, sizeof(info));
			if (info.memory > allowed(m, threads[t]))
				fail_msg(
					"model %d, %u threads: %zu bytes of %zu",
					i, threads[t], info.memory,
					allowed(m, threads[t]));
			akida_program_free(p);
		}
		akida_model_free(m);
	}
}

static void test_none_per_inference(void **state)
{
	int i;

	(void)state;
	if (!COUNTS) {
		print_message("# SKIP: a sanitizer owns malloc\n");
		skip();
	}
	for (i = 0; i < NUM_MODELS; i++) {
		struct akida_model *m = open_model(i);
		struct akida_program_info info;
		struct akida_program *p;
		unsigned long before;
		uint8_t *in, *out;
		int n;

		if (!m)
			continue;
		p = load(m, 2);
		akida_program_info(p, &info, sizeof(info));
		in = calloc(1, info.input_size);
		out = malloc(info.output_size);
		before = atomic_load(&allocations);
		assert_true(before > 0);
		for (n = 0; n < 3; n++) {
			memset(in, n, info.input_size);
			assert_int_equal(akida_program_run(p, in,
							   info.input_size, out,
							   info.output_size, 1),
					 0);
		}
		assert_int_equal(atomic_load(&allocations), before);
		free(in);
		free(out);
		akida_program_free(p);
		akida_model_free(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_none_per_inference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
