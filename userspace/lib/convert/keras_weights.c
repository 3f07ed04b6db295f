// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Where the weights of a layer are. .h5 files (Keras 2, and Keras 3's copy of
 * that format) have them at LAYER/.../kernel:0; .keras files at
 * layers/CLASS_N/vars/0, where CLASS is the class in small letters and N counts
 * layers of that class, not the layer's name.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/le.h"
#include "common/util.h"
#include "convert/keras.h"
#include "model/model.h"

#define MAX_PREFIX 512
#define NO_NUMBER UINT32_MAX

/* "SeparableConv2D" is separable_conv2d there. */
static void small_letters(const char *class, char *out, size_t size)
{
	size_t n = 0, i;

	for (i = 0; class[i] && n + 2 < size; i++) {
		bool upper = isupper((unsigned char)class[i]);

		if (i && upper &&
		    (islower((unsigned char)class[i + 1]) ||
		     islower((unsigned char)class[i - 1])))
			out[n++] = '_';
		out[n++] = (char)tolower((unsigned char)class[i]);
	}
	out[n] = '\0';
}

/* N of "PREFIX/vars/0" and "PREFIX_N/vars/0". */
static uint32_t group_number(const char *name, const char *prefix)
{
	size_t n = strlen(prefix);
	uint32_t number = 0;

	if (strncmp(name, prefix, n))
		return NO_NUMBER;
	name += n;
	if (*name == '_' && isdigit((unsigned char)name[1]))
		for (name++; isdigit((unsigned char)*name) && number < 1000000;
		     name++)
			number = number * 10 + (uint32_t)(*name - '0');
	return strcmp(name, "/vars/0") ? NO_NUMBER : number;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Which of the layers of its class it is, and how many there are. */
static size_t rank_of(const struct ak_keras *k, size_t *total)
{
	size_t i, rank = 0;

	*total = 0;
	for (i = 0; i < json_array_size(k->layers); i++) {
		const json_t *l = json_array_get(k->layers, i);
		const char *class =
			json_string_value(json_object_get(l, "class_name"));

		if (l == k->layer)
			rank = *total;
		if (class && !strcmp(class, k->class))
			++*total;
	}
	return rank;
}

/*
 * The group of a layer in a .keras file. Numbers may leave some out (Keras 2.13
 * counts each layer twice), but are in the order of layers.
 */
static int find_group(struct ak_keras *k, char *group, size_t size)
{
	static const char *const roots[] = { "layers",
					     "_layer_checkpoint_dependencies" };
	size_t total, rank = rank_of(k, &total), r, i, n = 0;
	char prefix[MAX_PREFIX], class[128];
	uint32_t *number = malloc((k->h5->count + 1) * sizeof(*number));

	if (!number)
		return ak_errf(k->err, -ENOMEM, "out of memory");
	small_letters(k->class, class, sizeof(class));
	for (r = 0; r < ARRAY_SIZE(roots) && !n; r++) {
		snprintf(prefix, sizeof(prefix), "%s/%s", roots[r], class);
		for (i = 0; i < k->h5->count; i++) {
			uint32_t v =
				group_number(k->h5->tensor[i].name, prefix);

			if (v != NO_NUMBER)
				number[n++] = v;
		}
	}
	qsort(number, n, sizeof(*number), by_number);
	if (n == total && number[rank])
		snprintf(group, size, "%s_%" PRIu32 "/vars", prefix,
			 number[rank]);
	else if (n == total)
		snprintf(group, size, "%s/vars", prefix);
	free(number);
	if (n != total)
		return AK_KERAS_BAD(
			k,
			"its configuration has %zu layers of this class, its file has weights (layers/%s.../vars/0) of %zu",
			total, class, n);
	return 0;
}

/* "sequential/conv2d/kernel:0" ends with the name "kernel". */
static bool is_called(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');
	const char *last = slash ? slash + 1 : path;
	size_t n = strlen(name);

	return !strncmp(last, name, n) && (!last[n] || last[n] == ':');
}

static int find_legacy(struct ak_keras *k, const char *name,
		       const struct ak_h5_tensor **out)
{
	static const char *const roots[] = { "model_weights/", "" };
	char prefix[MAX_PREFIX];
	size_t i, r;
	int n;

	*out = NULL;
	for (r = 0; r < ARRAY_SIZE(roots) && !*out; r++) {
		n = snprintf(prefix, sizeof(prefix), "%s%s/", roots[r],
			     k->name);
		if (n < 0 || (size_t)n >= sizeof(prefix))
			return AK_KERAS_BAD(k, "a name that is too long");
		for (i = 0; i < k->h5->count; i++) {
			const struct ak_h5_tensor *t = &k->h5->tensor[i];

			if (strncmp(t->name, prefix, (size_t)n) ||
			    !is_called(t->name + n, name))
				continue;
			if (*out)
				return AK_KERAS_REFUSE(
					k,
					"'%s' and '%s' could both be its %s; give layers names that do not begin with those of others",
					(*out)->name, t->name, name);
			*out = t;
		}
	}
	return 0;
}

static int find(struct ak_keras *k, const char *name, unsigned int index,
		const struct ak_h5_tensor **out)
{
	char group[MAX_PREFIX], path[MAX_PREFIX + 16];
	size_t i;
	int rc;

	if (k->legacy) {
		rc = find_legacy(k, name, out);
		/* Keras 3 has other names for some weights than Keras 2. */
		if (!rc && !*out && !strcmp(name, "kernel") &&
		    !strcmp(k->class, "DepthwiseConv2D"))
			rc = find_legacy(k, "depthwise_kernel", out);
		if (!rc && !*out)
			return AK_KERAS_BAD(
				k, "its weight '%s' is not in the file", name);
		return rc;
	}
	rc = find_group(k, group, sizeof(group));
	if (rc)
		return rc;
	snprintf(path, sizeof(path), "%s/%u", group, index);
	i = ak_names_find(&k->h5->names, path);
	if (i == SIZE_MAX)
		return AK_KERAS_BAD(
			k, "its weight '%s' is not in the file (as %s)", name,
			path);
	*out = &k->h5->tensor[i];
	return 0;
}

int ak_keras_weight(struct ak_keras *k, const char *name, unsigned int index,
		    unsigned int ndim, const uint32_t *dim, float **out)
{
	const struct ak_h5_tensor *t;
	unsigned int d;
	uint64_t i;
	int rc = find(k, name, index, &t);

	if (rc)
		return rc;
	if (!t->data)
		return AK_KERAS_REFUSE(
			k,
			"its weight '%s' is of a type (%s) that is not read; save it as float32",
			t->name, t->dtype);
	if (t->ndim != ndim)
		return AK_KERAS_BAD(k,
				    "its weight '%s' has %u dimensions, not %u",
				    t->name, t->ndim, ndim);
	for (d = 0; d < ndim; d++)
		if (t->dim[d] != dim[d])
			return AK_KERAS_BAD(
				k,
				"its weight '%s' has size %" PRIu64
				" along axis %u; its configuration and its input say %" PRIu32,
				t->name, t->dim[d], d, dim[d]);
	if (!t->count || t->count > AK_MAX_ELEMENTS)
		return AK_KERAS_BAD(k,
				    "its weight '%s' has %" PRIu64 " elements",
				    t->name, t->count);
	*out = malloc((size_t)t->count * sizeof(**out));
	if (!*out)
		return ak_errf(k->err, -ENOMEM, "out of memory");
	for (i = 0; i < t->count; i++) {
		uint32_t bits = ak_get_le32(t->data + 4 * i);

		memcpy(&(*out)[i], &bits, sizeof(bits));
	}
	return 0;
}
