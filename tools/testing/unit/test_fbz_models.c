// SPDX-License-Identifier: GPL-2.0
/*
 * .fbz: the real models of $AKIDA_SHARED, where it exists.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "common/file.h"
#include "common/util.h"
#include "fbz_equal.h"
#include "format/snappy.h"

struct expected {
	const char *name;
	const char *version;
	uint32_t num_layers;
	/* Bytes of content, facts 1.1: the file has 32 + n + n / 6. */
	size_t content;
	bool old;
};

static const struct expected models[] = {
	{ "fan-accelerometer", "2.3.3", 4, 2884, false },
	{ "gesture", NULL, 5, 4916, true },
	{ "inventory-fomo", "2.3.3", 8, 100988, false },
	{ "lamp-plant", NULL, 16, 898400, true },
};

static const char *shared(void)
{
	const char *dir = getenv("AKIDA_SHARED");

	return dir && *dir ? dir : "../shared";
}

/* Reads a model, or skips the test where there is none. */
static void load(const char *name, uint8_t **file, size_t *size)
{
	struct ak_err err = { "" };
	char path[4096];

	snprintf(path, sizeof(path), "%s/models/%s.fbz", shared(), name);
	if (access(path, R_OK)) {
		print_message("# skipped: %s is not there\n", path);
		skip();
	}
	if (ak_file_read(path, FBZ_MAX_UNPACKED, file, size, &err))
		fail_msg("%s", err.text);
}

static void parse(struct fbz *f, const uint8_t *file, size_t size)
{
	struct ak_err err = { "" };

	if (fbz_parse(f, file, size, &err))
		fail_msg("%s", err.text);
}

static void reread(void **state)
{
	const struct expected *e = *state;
	uint8_t *file, *written, *content;
	size_t size, length;
	struct fbz f, again;

	load(e->name, &file, &size);
	assert_int_equal(size, 32 + e->content + e->content / 6);
	parse(&f, file, size);
	free(file);
	assert_int_equal(f.num_layers, e->num_layers);
	assert_int_equal(f.generation, e->old ? 1 : 2);
	if (e->version)
		assert_string_equal(f.version, e->version);
	else
		assert_null(f.version);
	assert_int_equal(fbz_build(&f, &written, &size, NULL), 0);
	assert_int_equal(ak_snappy_unpack(written, size, FBZ_MAX_UNPACKED,
					  FBZ_MAX_RATIO, &content, &length,
					  NULL),
			 0);
	assert_int_equal(size, 32 + length + length / 6);
	free(content);
	parse(&again, written, size);
	assert_true(fbz_equal(&f, &again));
	assert_string_equal(again.version, "2.3.3");
	assert_int_equal(again.generation, 2);
	fbz_clear(&again);
	fbz_clear(&f);
	free(written);
}

static int32_t value(const struct fbz_layer *l, const char *name)
{
	const struct fbz_key *k = fbz_find_key(l, name);

	if (!k)
		fail_msg("layer '%s' has no key '%s'", l->name, name);
	return k->value;
}

/* Sizes that the keys say must be those of the variables, slowest first. */
static void check_layer(const struct fbz_layer *l)
{
	int32_t type = value(l, "layer_type");
	const struct fbz_var *w = fbz_find_var(l, "weights");
	const struct fbz_var *pw = fbz_find_var(l, "weights_pw");
	uint32_t filters;

	if (type == 1) {
		assert_int_equal(l->num_vars, 0);
		assert_int_equal(l->num_inbounds, 0);
		return;
	}
	filters = (uint32_t)value(l, type == 3 ? "units" : "filters");
	assert_non_null(w);
	assert_int_equal(w->ndim, 4);
	assert_int_equal(w->dtype,
			 value(l, "weights_bits") == 8 ? FBZ_INT8 : FBZ_INT4);
	if (type != 3) {
		assert_int_equal(w->shape[0], value(l, "kernel_width"));
		assert_int_equal(w->shape[1], value(l, "kernel_height"));
	}
	assert_int_equal(w->shape[3], type == 5 ? 1 : filters);
	assert_int_equal(pw != NULL, type == 5);
	if (pw) {
		assert_int_equal(pw->shape[3], filters);
		assert_int_equal(pw->shape[2], w->shape[2]);
	}
	assert_int_equal(fbz_find_var(l, "threshold")->shape[0], filters);
	assert_int_equal(fbz_find_var(l, "act_step")->shape[0], filters);
}

static void keys_and_variables(void **state)
{
	const struct expected *e = *state;
	uint8_t *file;
	struct fbz f;
	size_t size;
	uint32_t i, j;

	load(e->name, &file, &size);
	parse(&f, file, size);
	free(file);
	for (i = 0; i < f.num_layers; i++) {
		const struct fbz_layer *l = &f.layers[i];

		check_layer(l);
		for (j = 0; j < l->num_keys; j++)
			assert_null(strstr(l->keys[j].name, "unknown"));
		if (!i)
			continue;
		assert_int_equal(l->num_inbounds, 1);
		assert_string_equal(l->inbounds[0], l[-1].name);
	}
	/* Activation is off in the last layer only. */
	for (i = 1; i < f.num_layers; i++)
		assert_int_equal(value(&f.layers[i], "activation"),
				 i + 1 < f.num_layers);
	fbz_clear(&f);
}

/* Both generations have the same keys for the same layer type. */
static void same_keys(void **state)
{
	static const char *const pairs[][2] = {
		{ "gesture", "fan-accelerometer" },
		{ "lamp-plant", "inventory-fomo" },
	};
	size_t p, size;
	uint32_t i, j, k, compared = 0;
	uint8_t *file;

	(void)state;
	for (p = 0; p < ARRAY_SIZE(pairs); p++) {
		struct fbz a, b;

		load(pairs[p][0], &file, &size);
		parse(&a, file, size);
		free(file);
		load(pairs[p][1], &file, &size);
		parse(&b, file, size);
		free(file);
		for (i = 0; i < a.num_layers; i++)
			for (j = 0; j < b.num_layers; j++) {
				const struct fbz_layer *x = &a.layers[i];
				const struct fbz_layer *y = &b.layers[j];

				if (value(x, "layer_type") !=
				    value(y, "layer_type"))
					continue;
				assert_int_equal(x->num_keys, y->num_keys);
				for (k = 0; k < x->num_keys; k++)
					assert_string_equal(x->keys[k].name,
							    y->keys[k].name);
				compared++;
			}
		fbz_clear(&a);
		fbz_clear(&b);
	}
	assert_true(compared > 20);
}

#define MODEL_TEST(test, i, name)                                     \
	{                                                             \
		name ": " #test, test, NULL, NULL, (void *)&models[i] \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MODEL_TEST(reread, 0, "fan-accelerometer"),
		MODEL_TEST(keys_and_variables, 0, "fan-accelerometer"),
		MODEL_TEST(reread, 1, "gesture"),
		MODEL_TEST(keys_and_variables, 1, "gesture"),
		MODEL_TEST(reread, 2, "inventory-fomo"),
		MODEL_TEST(keys_and_variables, 2, "inventory-fomo"),
		MODEL_TEST(reread, 3, "lamp-plant"),
		MODEL_TEST(keys_and_variables, 3, "lamp-plant"),
		cmocka_unit_test(same_keys),
	};

	return cmocka_run_group_tests_name("fbz_models", tests, NULL, NULL);
}
