// SPDX-License-Identifier: LGPL-2.1-or-later
#include "convert/packed.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "convert/tensors_internal.h"

#define DTYPE "BitNet U8"
#define WEIGHT ".weight"
#define SCALE "_scale"

/* Rows that share a byte, each in two bits; the code of -1 is 0. */
#define ROWS 4

static float scale_of(const struct ak_tensor_entry *e)
{
	float scale;

	memcpy(&scale, &e->place.how, sizeof(scale));
	return scale;
}

/* Packed row r holds rows r, r + R, r + 2R and r + 3R, R being its rows. */
static int read_packed(const struct ak_tensor_entry *e, const uint8_t *raw,
		       uint64_t first, uint64_t rows, float *out,
		       struct ak_err *err)
{
	uint64_t packed = e->t.dim[0] / ROWS, cols = e->t.dim[1], r, c;
	float scale = scale_of(e);
	const float value[ROWS] = { -scale, 0, scale, 0 };

	for (r = first; r < first + rows; r++) {
		const uint8_t *p = raw + r % packed * cols;
		unsigned int shift = 2 * (unsigned int)(r / packed), bad = 0;

		for (c = 0; c < cols; c++) {
			unsigned int code = p[c] >> shift & 3;

			bad |= code == 3;
			*out++ = value[code];
		}
		if (bad)
			return ak_errf(
				err, -EBADMSG,
				"%s: tensor '%s' has the code 3 in row %llu, which is no ternary value",
				e->t.file, e->t.name, (unsigned long long)r);
	}
	return 0;
}

bool ak_packed_scale(const struct ak_tensor *t, float *scale)
{
	const struct ak_tensor_entry *e = (const void *)t;

	if (t->type != AK_TENSOR_OTHER || e->place.read != read_packed)
		return false;
	*scale = scale_of(e);
	return true;
}

/* X.weight_scale belongs to X.weight. */
static const struct ak_tensor *owner(const struct ak_tensors *set,
				     const char *name)
{
	size_t n = strlen(name), end = sizeof(WEIGHT SCALE) - 1;
	char full[512];

	if (n <= end || strcmp(name + n - end, WEIGHT SCALE) ||
	    n >= sizeof(full))
		return NULL;
	memcpy(full, name, n);
	full[n - (sizeof(SCALE) - 1)] = '\0';
	return ak_tensors_find(set, full);
}

bool ak_packed_is_scale(const struct ak_tensors *set, const struct ak_tensor *t)
{
	const struct ak_tensor *weight = owner(set, t->name);
	float scale;

	return weight && ak_packed_scale(weight, &scale);
}

/* What transformers makes of the scale; of nothing if it is not said. */
static enum ak_packed_scale_use from_config(const struct ak_arch_config *c)
{
	json_t *root = json_loads(c->json, 0, NULL);
	const char *class = json_string_value(json_object_get(
		json_object_get(root, "quantization_config"), "linear_class"));
	enum ak_packed_scale_use use = AK_PACKED_CONFIG;

	if (class && !strcmp(class, "autobitlinear"))
		use = AK_PACKED_MULTIPLY;
	else if (class && !strcmp(class, "bitlinear"))
		use = AK_PACKED_DIVIDE;
	json_decref(root);
	return use;
}

static int read_scale(const struct ak_tensors *set,
		      const struct ak_tensor *scale, bool divide, float *out,
		      struct ak_err *err)
{
	int rc;

	if (scale->count != 1)
		return ak_errf(
			err, -ENOTSUP,
			"%s: tensor '%s' has %llu values, but packed tensors have one scale",
			scale->file, scale->name,
			(unsigned long long)scale->count);
	rc = ak_tensor_read(set, scale, 0, 1, out, err);
	if (rc)
		return rc;
	if (divide)
		*out = 1 / *out;
	/* Written so that NaN is refused. */
	if (!(*out > 0 && isfinite(*out)))
		return ak_errf(
			err, -EBADMSG,
			"%s: tensor '%s' is no scale: it is not positive",
			scale->file, scale->name);
	return 0;
}

/* A packed matrix becomes what it stands for; its bytes stay where they are. */
static int see(struct ak_tensor_entry *e, float scale, struct ak_err *err)
{
	if (e->t.ndim != 2 || e->place.strided ||
	    e->t.dim[0] > INT64_MAX / ROWS || e->t.count > INT64_MAX / ROWS)
		return ak_errf(
			err, -ENOTSUP,
			"%s: tensor '%s' is not packed as transformers packs",
			e->t.file, e->t.name);
	if (!e->place.raw)
		return ak_errf(
			err, -ENOTSUP,
			"%s: tensor '%s' is packed in an archive that is packed; unpack the archive",
			e->t.file, e->t.name);
	e->t.dim[0] *= ROWS;
	e->t.count *= ROWS;
	e->t.type = AK_TENSOR_OTHER;
	e->t.dtype = DTYPE;
	e->t.data = NULL;
	e->place.read = read_packed;
	memcpy(&e->place.how, &scale, sizeof(scale));
	return 0;
}

int ak_packed_open(struct ak_tensors *set, const struct ak_arch_config *c,
		   enum ak_packed_scale_use use, struct ak_err *err)
{
	size_t i;
	int rc = 0;

	if (strcmp(c->quant_method, "bitnet"))
		return 0;
	if (use == AK_PACKED_CONFIG)
		use = from_config(c);
	for (i = 0; !rc && i < set->count; i++) {
		const struct ak_tensor *scale = &set->entry[i].t;
		const struct ak_tensor *weight = owner(set, scale->name);
		float value;

		if (!weight || weight->type != AK_TENSOR_U8)
			continue;
		if (use == AK_PACKED_CONFIG)
			return ak_errf(
				err, -ENOTSUP,
				"%s: config.json does not say whether '%s' multiplies or divides (linear_class); say it with --packed-scale",
				scale->file, scale->name);
		rc = read_scale(set, scale, use == AK_PACKED_DIVIDE, &value,
				err);
		if (!rc)
			rc = see(&set->entry[ak_tensor_number(set, weight)],
				 value, err);
	}
	return rc;
}
