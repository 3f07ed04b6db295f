// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Keras layers that are x * scale + shift for each channel.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "convert/keras.h"
#include "model/model.h"

/* y = (x - mean) * by + add, in double until the end. */
static int affine(struct ak_keras *k, const double *by, const double *mean,
		  const double *add, size_t n)
{
	struct ak_op *op = ak_keras_add(k, AK_OP_AFFINE, NULL);
	size_t i;

	if (!op)
		return -ENOMEM;
	op->num_values = n;
	op->scale = malloc(n * sizeof(*op->scale));
	op->shift = malloc(n * sizeof(*op->shift));
	if (!op->scale || !op->shift)
		return ak_errf(k->err, -ENOMEM, "out of memory");
	for (i = 0; i < n; i++) {
		op->scale[i] = (float)by[i];
		op->shift[i] = (float)(add[i] - mean[i] * by[i]);
	}
	return ak_graph_resolve_last(k->g, k->err);
}

/* The last axis, which channels are. */
static int need_last_axis(struct ak_keras *k)
{
	struct akida_shape in = ak_keras_shape(k);
	const json_t *v = ak_keras_get(k, "axis");
	json_int_t axis;

	if (json_array_size(v) == 1)
		v = json_array_get(v, 0);
	axis = json_is_integer(v) ? json_integer_value(v) : -1;
	if ((axis != -1 && axis != (json_int_t)k->ndim) ||
	    json_array_size(v) > 1)
		return AK_KERAS_REFUSE(
			k,
			"it normalises along axis %lld; Akida 1.0 has a normalisation for each channel, the last axis",
			(long long)axis);
	if (k->dim[k->ndim - 1] != in.channels)
		return AK_KERAS_REFUSE(
			k, "it normalises rows of a map without channels");
	return 0;
}

/* One of @n values for each channel; @preset where the file has none. */
static int values(struct ak_keras *k, bool there, const char *name,
		  unsigned int *index, double preset, uint32_t n, double *out)
{
	float *v = NULL;
	uint32_t i;
	int rc = there ? ak_keras_weight(k, name, (*index)++, 1, &n, &v) : 0;

	for (i = 0; i < n && !rc; i++)
		out[i] = v ? (double)v[i] : preset;
	free(v);
	return rc;
}

/* As ak_norm_affine(): epsilon is a float. */
int ak_keras_batchnorm(struct ak_keras *k)
{
	uint32_t n = k->dim[k->ndim - 1], i;
	double *by = malloc(4 * (size_t)n * sizeof(*by)), epsilon;
	double *beta = by + n, *mean = beta + n, *variance = mean + n;
	unsigned int index = 0;
	int rc = by ? need_last_axis(k) :
		      ak_errf(k->err, -ENOMEM, "out of memory");

	if (!rc)
		rc = ak_keras_get_number(k, "epsilon", 1e-3, &epsilon);
	if (!rc)
		rc = values(k, ak_keras_get_bool(k, "scale", true), "gamma",
			    &index, 1, n, by);
	if (!rc)
		rc = values(k, ak_keras_get_bool(k, "center", true), "beta",
			    &index, 0, n, beta);
	if (!rc)
		rc = values(k, true, "moving_mean", &index, 0, n, mean);
	if (!rc)
		rc = values(k, true, "moving_variance", &index, 1, n, variance);
	for (i = 0; i < n && !rc; i++)
		by[i] /= sqrt(variance[i] + (double)(float)epsilon);
	if (!rc)
		rc = affine(k, by, mean, beta, n);
	free(by);
	return rc;
}

/* A number, or a list (in any nesting) of one for each channel. */
static int numbers(struct ak_keras *k, const char *key, double preset,
		   uint32_t n, double *out)
{
	const json_t *v = ak_keras_get(k, key);
	uint32_t i;

	while (json_array_size(v) == 1 && json_is_array(json_array_get(v, 0)))
		v = json_array_get(v, 0);
	if (json_array_size(v) == 1)
		v = json_array_get(v, 0);
	for (i = 0; i < n; i++) {
		const json_t *e = json_is_array(v) ? json_array_get(v, i) : v;

		if ((json_is_array(v) && json_array_size(v) != n) ||
		    (v && !json_is_number(e)))
			return AK_KERAS_BAD(
				k,
				"its '%s' is neither a number nor one for each of %" PRIu32
				" channels",
				key, n);
		out[i] = v ? json_number_value(e) : preset;
	}
	return 0;
}

int ak_keras_rescaling(struct ak_keras *k)
{
	struct akida_shape in = ak_keras_shape(k);
	uint32_t n = in.channels;
	double *by = calloc(3 * (size_t)n, sizeof(*by));
	int rc = by ? numbers(k, "scale", 1, n, by) :
		      ak_errf(k->err, -ENOMEM, "out of memory");

	if (!rc)
		rc = numbers(k, "offset", 0, n, by + n);
	if (!rc)
		rc = affine(k, by, by + 2 * (size_t)n, by + n, n);
	free(by);
	return rc;
}

/* (x - mean) / max(sqrt(variance), 1e-7) */
int ak_keras_normalization(struct ak_keras *k)
{
	uint32_t n = k->dim[k->ndim - 1], i;
	double *by = calloc(3 * (size_t)n, sizeof(*by));
	bool given = ak_keras_get(k, "mean") && ak_keras_get(k, "variance");
	unsigned int index = 0;
	int rc = by ? need_last_axis(k) :
		      ak_errf(k->err, -ENOMEM, "out of memory");

	if (!rc && ak_keras_get_bool(k, "invert", false))
		rc = AK_KERAS_REFUSE(k, "'invert' is not read");
	if (!rc)
		rc = given ? numbers(k, "mean", 0, n, by + n) :
			     values(k, true, "mean", &index, 0, n, by + n);
	if (!rc)
		rc = given ? numbers(k, "variance", 1, n, by) :
			     values(k, true, "variance", &index, 1, n, by);
	for (i = 0; i < n && !rc; i++)
		by[i] = 1 / fmax(sqrt(by[i]), 1e-7);
	if (!rc)
		rc = affine(k, by, by + n, by + 2 * (size_t)n, n);
	free(by);
	return rc;
}
