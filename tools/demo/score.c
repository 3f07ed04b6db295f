// SPDX-License-Identifier: GPL-2.0
/*
 * score: the demo model on the demo pictures, int4 against float.
 *
 * The .fbz file runs on the software device. What it says is compared with the
 * labels, with the logits that the float network gave, and, potential by
 * potential, with what the training script's own integer network gave: a
 * difference there is a fault and makes the exit status 1.
 */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <akida/akida.h>

/* Predictions to show. */
#define SHOWN 10

struct demo {
	const char *dir;
	struct akida_array *pictures, *labels, *logits, *expected;
	struct akida_model *model;
	struct akida_device *device;
	struct akida_program *program;
	struct akida_program_info info;
	size_t count, classes;
	int32_t *potentials;
	float *scores;
};

__attribute__((format(printf, 1, 2))) static int fail(const char *fmt, ...)
{
	va_list ap;

	fputs("score: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return -EINVAL;
}

static int join(char *path, size_t size, const char *dir, const char *file)
{
	int n = snprintf(path, size, "%s/%s", dir, file);

	return n < 0 || (size_t)n >= size ? fail("%s: name too long", dir) : 0;
}

static int load_array(struct demo *d, struct akida_array **a, const char *file,
		      enum akida_dtype dtype)
{
	char path[PATH_MAX];

	*a = akida_array_new();
	if (!*a)
		return fail("out of memory");
	if (join(path, sizeof(path), d->dir, file))
		return -EINVAL;
	if (akida_array_load_npy(*a, path))
		return fail("%s", akida_array_error(*a));
	if (akida_array_dtype(*a) != dtype)
		return fail("%s: dtype %s; it must be %s", path,
			    akida_dtype_name(akida_array_dtype(*a)),
			    akida_dtype_name(dtype));
	return 0;
}

static int load(struct demo *d)
{
	char path[PATH_MAX];

	if (load_array(d, &d->pictures, "digits-test.npy", AKIDA_DTYPE_UINT8) ||
	    load_array(d, &d->labels, "digits-labels.npy", AKIDA_DTYPE_UINT8) ||
	    load_array(d, &d->logits, "digits-logits.npy",
		       AKIDA_DTYPE_FLOAT32) ||
	    load_array(d, &d->expected, "digits-scores.npy",
		       AKIDA_DTYPE_INT32) ||
	    join(path, sizeof(path), d->dir, "digits.fbz"))
		return -EINVAL;
	d->model = akida_model_new();
	d->device = akida_device_new();
	if (!d->model || !d->device)
		return fail("out of memory");
	if (akida_model_load(d->model, path))
		return fail("%s", akida_model_error(d->model));
	if (akida_device_open(d->device, "soft"))
		return fail("%s", akida_device_error(d->device));
	d->program = akida_program_new(d->device);
	if (!d->program)
		return fail("out of memory");
	if (akida_program_load(d->program, d->model, NULL) ||
	    akida_program_info(d->program, &d->info, sizeof(d->info)))
		return fail("%s: %s", path, akida_program_error(d->program));
	return 0;
}

/* The files must fit each other before anything is read out of them. */
static int check(struct demo *d)
{
	const struct akida_shape *out = &d->info.output;

	d->count = akida_array_bytes(d->labels);
	d->classes = (size_t)out->height * out->width * out->channels;
	if (d->info.output_dtype != AKIDA_DTYPE_INT32)
		return fail("the model does not put out potentials");
	if (!d->count ||
	    akida_array_bytes(d->pictures) != d->count * d->info.input_size ||
	    akida_array_bytes(d->logits) !=
		    d->count * d->classes * sizeof(float) ||
	    akida_array_bytes(d->expected) != d->count * d->info.output_size)
		return fail(
			"the model, the pictures, labels, logits and scores in %s do not fit each other",
			d->dir);
	return 0;
}

static int run(struct demo *d)
{
	size_t bytes = d->count * d->info.output_size;

	d->potentials = malloc(bytes);
	d->scores = calloc(d->count * d->classes, sizeof(*d->scores));
	if (!d->potentials || !d->scores)
		return fail("out of memory");
	if (akida_program_run(d->program, akida_array_data(d->pictures),
			      akida_array_bytes(d->pictures), d->potentials,
			      bytes, (unsigned int)d->count) ||
	    akida_program_scores(d->program, d->potentials, bytes, d->scores,
				 d->count * d->classes))
		return fail("%s", akida_program_error(d->program));
	return 0;
}

static size_t best(const float *scores, size_t n)
{
	size_t i, top = 0;

	for (i = 1; i < n; i++)
		if (scores[i] > scores[top])
			top = i;
	return top;
}

static void print_share(const char *what, size_t part, size_t whole)
{
	printf("%-22s %3zu of %zu  %5.1f %%\n", what, part, whole,
	       100.0 * (double)part / (double)whole);
}

static int compare(const struct demo *d)
{
	const uint8_t *labels = akida_array_data(d->labels);
	const float *logits = akida_array_data(d->logits);
	const int32_t *expected = akida_array_data(d->expected);
	size_t i, int4 = 0, plain = 0, agree = 0, wrong = 0;

	printf("picture  digit  int4   score  float   score\n");
	for (i = 0; i < d->count; i++) {
		const float *s = d->scores + i * d->classes;
		const float *f = logits + i * d->classes;
		size_t a = best(s, d->classes), b = best(f, d->classes);

		int4 += a == labels[i];
		plain += b == labels[i];
		agree += a == b;
		if (i < SHOWN)
			printf("%7zu  %5d  %4zu  %6.2f  %5zu  %6.2f\n", i,
			       labels[i], a, (double)s[a], b, (double)f[b]);
	}
	print_share("float accuracy", plain, d->count);
	print_share("int4 accuracy", int4, d->count);
	print_share("int4 and float agree", agree, d->count);
	for (i = 0; i < d->count * d->classes; i++)
		wrong += d->potentials[i] != expected[i];
	if (wrong)
		return fail("%zu of %zu potentials are not those of %s/%s",
			    wrong, d->count * d->classes, d->dir,
			    "digits-scores.npy");
	printf("all %zu potentials are as expected\n", d->count * d->classes);
	return 0;
}

int main(int argc, char **argv)
{
	struct demo d = { .dir = argc > 1 ? argv[1] : "tools/demo" };
	int rc;

	if (argc > 2) {
		fprintf(stderr, "usage: score [DIR]\n");
		return 2;
	}
	rc = load(&d);
	if (!rc)
		rc = check(&d);
	if (!rc)
		rc = run(&d);
	if (!rc)
		rc = compare(&d);
	free(d.scores);
	free(d.potentials);
	akida_program_free(d.program);
	akida_device_free(d.device);
	akida_model_free(d.model);
	akida_array_free(d.expected);
	akida_array_free(d.logits);
	akida_array_free(d.labels);
	akida_array_free(d.pictures);
	return rc ? 1 : 0;
}
