// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Quantised ONNX constants: integers with scales, as QuantizeLinear and
 * DequantizeLinear define them.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "convert/onnx.h"

bool ak_onnx_quant_range(int32_t type, int64_t *lo, int64_t *hi)
{
	unsigned int bits = type == AK_ONNX_UINT4 || type == AK_ONNX_INT4 ? 4 :
			    type == AK_ONNX_UINT8 || type == AK_ONNX_INT8 ? 8 :
									    16;
	bool is_signed = type == AK_ONNX_INT4 || type == AK_ONNX_INT8 ||
			 type == AK_ONNX_INT16;

	if (bits == 16 && type != AK_ONNX_INT16 && type != AK_ONNX_UINT16)
		return false;
	*lo = is_signed ? -(1 << (bits - 1)) : 0;
	*hi = is_signed ? (1 << (bits - 1)) - 1 : (1 << bits) - 1;
	return true;
}

/* Scales and zero points of constants: one, or one for each along an axis. */
static int quant_params(struct ak_onnx_walk *w, const struct ak_onnx_const *in,
			float **scale, int64_t **zero, uint64_t *n,
			unsigned int *axis)
{
	struct ak_onnx_const *s = ak_onnx_input_const(w, 1);
	struct ak_onnx_const *z = ak_onnx_input_const(w, 2);
	int64_t a = ak_onnx_int(w, "axis", 1);
	uint64_t k;
	int rc;

	if (!s || (w->node->num_in > 2 && w->node->in[2] && !z))
		return AK_ONNX_REFUSE(w, "a scale or zero point is computed");
	if (ak_onnx_int(w, "block_size", 0))
		return AK_ONNX_REFUSE(
			w,
			"scales for blocks of weights; Akida has one for each filter: quantise per tensor or per channel");
	a += a < 0 ? (int64_t)in->ndim : 0;
	*axis = 0;
	if (s->count != 1) {
		if (a < 0 || a >= (int64_t)in->ndim || in->dim[a] != s->count)
			return AK_ONNX_BAD(
				w, "%llu scales for axis %lld of the constant",
				(unsigned long long)s->count, (long long)a);
		*axis = (unsigned int)a;
	}
	if (z && z->count != s->count)
		return AK_ONNX_BAD(w, "%llu zero points for %llu scales",
				   (unsigned long long)z->count,
				   (unsigned long long)s->count);
	*n = s->count;
	*zero = ak_onnx_alloc(w, *n, sizeof(**zero));
	if (!*zero)
		return -ENOTSUP;
	rc = ak_onnx_floats(w, s, scale);
	if (!rc && z)
		rc = ak_onnx_load(w, z);
	if (!rc && z && !z->i)
		rc = AK_ONNX_BAD(w, "a zero point that is no integer");
	for (k = 0; !rc && z && k < *n; k++)
		(*zero)[k] = z->i[k];
	for (k = 0; !rc && k < *n; k++)
		if (!((*scale)[k] > 0) || !isfinite((*scale)[k]) ||
		    (*zero)[k] < INT32_MIN || (*zero)[k] > INT32_MAX)
			rc = AK_ONNX_BAD(w, "a scale of %g",
					 (double)(*scale)[k]);
	if (rc) {
		free(*zero);
		*zero = NULL;
	}
	return rc;
}

/* Elements behind one of an axis. */
static uint64_t behind(const struct ak_onnx_const *c, unsigned int axis)
{
	uint64_t n = 1;
	unsigned int d;

	for (d = axis + 1; d < c->ndim; d++)
		n *= c->dim[d];
	return n;
}

int ak_onnx_dequantize(struct ak_onnx_walk *w, struct ak_onnx_const *in)
{
	struct ak_onnx_const *out;
	float *scale = NULL;
	int64_t *zero = NULL;
	uint64_t n, k, inner;
	unsigned int axis;
	bool bytes = true;
	int rc;

	if (!in->i)
		return AK_ONNX_BAD(w, "it reads floats");
	rc = quant_params(w, in, &scale, &zero, &n, &axis);
	if (rc) {
		free(scale);
		return rc;
	}
	out = ak_onnx_make(w, in->ndim, in->dim, true);
	if (out)
		out->q = ak_onnx_alloc(w, in->count, sizeof(*out->q));
	if (!out || !out->q) {
		ak_onnx_const_free(out);
		free(scale);
		free(zero);
		return -ENOTSUP;
	}
	inner = n > 1 ? behind(in, axis) : 1;
	for (k = 0; k < in->count; k++) {
		uint64_t s = n > 1 ? k / inner % n : 0;
		int64_t q;

		if (__builtin_sub_overflow(in->i[k], zero[s], &q))
			q = INT64_MAX;
		out->f[k] = (float)q * scale[s];
		out->q[k] = (int8_t)q;
		bytes &= q >= INT8_MIN && q <= INT8_MAX;
	}
	free(zero);
	out->scale = scale;
	out->num_scales = n;
	out->axis = axis;
	if (!bytes) {
		free(out->q);
		out->q = NULL;
	}
	return ak_onnx_give(w, out);
}

int ak_onnx_quantize(struct ak_onnx_walk *w, struct ak_onnx_const *in)
{
	const struct ak_onnx_const *z = ak_onnx_input_const(w, 2);
	int64_t type = ak_onnx_int(w, "output_dtype", 0);
	struct ak_onnx_const *out;
	float *scale = NULL;
	int64_t *zero = NULL, lo, hi;
	uint64_t n, k, inner;
	unsigned int axis;
	int rc;

	if (!in->f)
		return AK_ONNX_BAD(w, "it reads integers");
	if (!type)
		type = z ? z->type : AK_ONNX_UINT8;
	if (type < 0 || type > INT32_MAX ||
	    !ak_onnx_quant_range((int32_t)type, &lo, &hi))
		return AK_ONNX_REFUSE(w, "integers of type %lld",
				      (long long)type);
	rc = quant_params(w, in, &scale, &zero, &n, &axis);
	out = rc ? NULL : ak_onnx_make(w, in->ndim, in->dim, false);
	inner = n > 1 && out ? behind(in, axis) : 1;
	for (k = 0; out && k < in->count; k++) {
		uint64_t s = n > 1 ? k / inner % n : 0;
		float v = rintf(in->f[k] / scale[s]) + (float)zero[s];

		out->i[k] = !(v > (float)lo) ? lo :
			    v >= (float)hi   ? hi :
					       (int64_t)v;
	}
	free(scale);
	free(zero);
	return rc ? rc : ak_onnx_give(w, out);
}
