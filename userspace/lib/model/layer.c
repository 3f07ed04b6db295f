// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One layer: shapes, paddings and the values that it may have.
 */
#include "model/model.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BAD(l, fmt, ...) \
	ak_errf(err, -EINVAL, "layer '%s': " fmt, (l)->name, ##__VA_ARGS__)

static bool is_bits(uint32_t bits, bool eight)
{
	return bits == 1 || bits == 2 || bits == 4 || (eight && bits == 8);
}

/*
 * 'Same': as many windows as size / stride rounded up; the smaller half of the
 * border comes first (cnn2snn 2.19.1, Padding.Same; TensorFlow's rule too).
 */
static uint32_t window(uint32_t size, uint32_t kernel, uint32_t stride,
		       enum akida_padding padding, uint32_t *before,
		       uint32_t *after)
{
	uint32_t rest = size % stride;
	uint32_t covered = rest ? rest : stride;
	uint32_t total = 0;

	*before = 0;
	*after = 0;
	if (padding == AKIDA_PADDING_VALID)
		return size < kernel ? 0 : (size - kernel) / stride + 1;
	if (kernel > covered)
		total = kernel - covered;
	*before = total / 2;
	*after = total - total / 2;
	return size / stride + (rest != 0);
}

static int check_shape(const struct ak_layer *l, const char *what,
		       const struct akida_shape *s, struct ak_err *err)
{
	if (!s->height || !s->width || !s->channels ||
	    s->height > AK_MAX_SIDE || s->width > AK_MAX_SIDE ||
	    s->channels > AK_MAX_CHANNELS ||
	    (uint64_t)s->height * s->width * s->channels > AK_MAX_ELEMENTS)
		return BAD(
			l,
			"its %s would be %ux%ux%u; sides must be 1 to %u, channels 1 to %u and elements at most %u",
			what, s->height, s->width, s->channels, AK_MAX_SIDE,
			AK_MAX_CHANNELS, AK_MAX_ELEMENTS);
	return 0;
}

static int resolve_pool(struct ak_layer *l, struct ak_err *err)
{
	uint32_t unused;

	l->out = l->conv;
	l->pool_pad_left = 0;
	l->pool_pad_top = 0;
	switch (l->pool_type) {
	case AKIDA_POOL_NONE:
		return 0;
	case AKIDA_POOL_AVERAGE:
		if ((l->pool_w && l->pool_w != l->conv.width) ||
		    (l->pool_h && l->pool_h != l->conv.height))
			return BAD(
				l,
				"average pooling over %ux%u of a %ux%u map; Akida 1.0 has only the global average",
				l->pool_w, l->pool_h, l->conv.width,
				l->conv.height);
		l->out.height = 1;
		l->out.width = 1;
		return 0;
	case AKIDA_POOL_MAX:
		break;
	default:
		return BAD(
			l,
			"pool_type %d is not one of 0 (none), 1 (max), 2 (average)",
			l->pool_type);
	}
	if (!l->pool_w || !l->pool_h || l->pool_w > AK_MAX_KERNEL ||
	    l->pool_h > AK_MAX_KERNEL)
		return BAD(l,
			   "max pooling needs a window of 1 to %u, not %ux%u",
			   AK_MAX_KERNEL, l->pool_w, l->pool_h);
	if (!l->pool_sx)
		l->pool_sx = l->pool_w;
	if (!l->pool_sy)
		l->pool_sy = l->pool_h;
	if (l->pool_sx > AK_MAX_KERNEL || l->pool_sy > AK_MAX_KERNEL)
		return BAD(l, "a pooling stride of %ux%u; it must be 1 to %u",
			   l->pool_sx, l->pool_sy, AK_MAX_KERNEL);
	if (l->padding == AKIDA_PADDING_VALID &&
	    (l->pool_w > l->conv.width || l->pool_h > l->conv.height))
		return BAD(
			l,
			"its %ux%u (width x height) pooling window is larger than its %ux%u input",
			l->pool_w, l->pool_h, l->conv.width, l->conv.height);
	l->out.width = window(l->conv.width, l->pool_w, l->pool_sx, l->padding,
			      &l->pool_pad_left, &unused);
	l->out.height = window(l->conv.height, l->pool_h, l->pool_sy,
			       l->padding, &l->pool_pad_top, &unused);
	return 0;
}

static int resolve_shapes(struct ak_layer *l, struct ak_err *err)
{
	int rc = check_shape(l, "input", &l->in, err);

	if (rc)
		return rc;
	l->pad_left = 0;
	l->pad_right = 0;
	l->pad_top = 0;
	l->pad_bottom = 0;
	if (l->type == AKIDA_LAYER_INPUT_DATA) {
		l->conv = l->in;
		l->out = l->in;
		return 0;
	}
	if (l->type == AKIDA_LAYER_FULLY_CONNECTED) {
		l->kernel_w = 1;
		l->kernel_h = 1;
		l->stride_x = 1;
		l->stride_y = 1;
		l->padding = AKIDA_PADDING_VALID;
		l->conv.height = 1;
		l->conv.width = 1;
		l->out = l->conv;
		return check_shape(l, "output", &l->conv, err);
	}
	if (!l->kernel_w || !l->kernel_h || l->kernel_w > AK_MAX_KERNEL ||
	    l->kernel_h > AK_MAX_KERNEL)
		return BAD(l, "a kernel of %ux%u; sides must be 1 to %u",
			   l->kernel_w, l->kernel_h, AK_MAX_KERNEL);
	if (!l->stride_x || !l->stride_y || l->stride_x > AK_MAX_KERNEL ||
	    l->stride_y > AK_MAX_KERNEL)
		return BAD(l, "a stride of %ux%u; it must be 1 to %u",
			   l->stride_x, l->stride_y, AK_MAX_KERNEL);
	if (l->padding != AKIDA_PADDING_VALID &&
	    l->padding != AKIDA_PADDING_SAME)
		return BAD(l, "padding %d is not one of 0 (Valid), 1 (Same)",
			   l->padding);
	if (l->padding == AKIDA_PADDING_VALID &&
	    (l->kernel_w > l->in.width || l->kernel_h > l->in.height))
		return BAD(
			l,
			"its %ux%u (width x height) window is larger than its %ux%u input",
			l->kernel_w, l->kernel_h, l->in.width, l->in.height);
	l->conv.width = window(l->in.width, l->kernel_w, l->stride_x,
			       l->padding, &l->pad_left, &l->pad_right);
	l->conv.height = window(l->in.height, l->kernel_h, l->stride_y,
				l->padding, &l->pad_top, &l->pad_bottom);
	rc = check_shape(l, "output", &l->conv, err);
	return rc ? rc : resolve_pool(l, err);
}

static int check_weights(const struct ak_layer *l, const int8_t *w, size_t n,
			 const char *name, struct ak_err *err)
{
	/* 1 bit: {0,1} or {-1,1}, the documents do not say which. */
	int hi = l->weights_bits == 1 ? 1 : (1 << (l->weights_bits - 1)) - 1;
	int lo = l->weights_bits == 1 ? -1 : -hi - 1;
	size_t i;

	if (!w)
		return BAD(l, "it has no %s", name);
	for (i = 0; i < n; i++)
		if (w[i] < lo || w[i] > hi)
			return BAD(l,
				   "%s[%zu] is %d, which %u bits cannot hold",
				   name, i, w[i], l->weights_bits);
	return 0;
}

static int check_neurons(const struct ak_layer *l, struct ak_err *err)
{
	uint32_t n = l->out.channels, i;
	int64_t *lo, *hi;
	int rc = 0;

	if (!l->threshold || !l->act_step)
		return BAD(l, "it has no %s",
			   l->threshold ? "act_step" : "threshold");
	for (i = 0; i < n; i++)
		if (!isfinite(l->act_step[i]) || l->act_step[i] <= 0)
			return BAD(
				l,
				"act_step[%u] is %g; it must be finite and positive",
				i, (double)l->act_step[i]);
	lo = malloc(2 * n * sizeof(*lo));
	if (!lo)
		return ak_errf(err, -ENOMEM, "out of memory");
	hi = lo + n;
	ak_layer_bounds_all(l, lo, hi);
	for (i = 0; i < n && !rc; i++)
		if (lo[i] < INT32_MIN || hi[i] > INT32_MAX)
			rc = ak_errf(
				err, -EOVERFLOW,
				"layer '%s': potentials of filter %u could reach %" PRId64
				", beyond 32 bits",
				l->name, i, hi[i] > INT32_MAX ? hi[i] : lo[i]);
	free(lo);
	return rc;
}

int ak_layer_check_place(const struct ak_layer *l, bool first,
			 struct ak_err *err)
{
	bool input = l->type == AKIDA_LAYER_INPUT_DATA ||
		     l->type == AKIDA_LAYER_INPUT_CONV;

	if (!first && input)
		return BAD(l, "an %s layer can only be the first",
			   akida_layer_type_name(l->type));
	if (first && !input)
		return BAD(
			l,
			"a model starts with InputData or InputConvolutional, not with %s",
			akida_layer_type_name(l->type));
	return 0;
}

int ak_layer_resolve(struct ak_layer *l, const struct ak_layer *prev, bool last,
		     struct ak_err *err)
{
	int rc = ak_layer_check_place(l, !prev, err);

	if (rc)
		return rc;
	if (prev) {
		l->in = prev->out;
		l->in_bits = prev->type == AKIDA_LAYER_INPUT_DATA ?
				     prev->in_bits :
				     prev->act_bits;
	}
	if (l->in_bits < 1 || l->in_bits > 8)
		return BAD(l, "input_bits is %u; it must be 1 to 8",
			   l->in_bits);
	l->in_max = (1u << l->in_bits) - 1;
	rc = resolve_shapes(l, err);
	if (rc)
		return rc;
	if (l->type == AKIDA_LAYER_INPUT_DATA) {
		if (last)
			return BAD(
				l,
				"the model ends with its input: no layer computes anything");
		return 0;
	}
	if (!is_bits(l->weights_bits, true))
		return BAD(l, "weights_bits is %u; it must be 1, 2, 4 or 8",
			   l->weights_bits);
	if (!l->activation && !last)
		return BAD(
			l,
			"activation is off, which only the last layer may have");
	if (l->activation && !is_bits(l->act_bits, false))
		return BAD(l, "act_bits is %u; it must be 1, 2 or 4",
			   l->act_bits);
	if (l->padding_value > 255)
		return BAD(l, "padding_value is %u; it must be 0 to 255",
			   l->padding_value);
	/* Fits: kernels have 255x255 taps at most and shapes are bounded. */
	if ((uint64_t)ak_layer_num_weights(l, false) > AK_MAX_ELEMENTS ||
	    (uint64_t)ak_layer_num_weights(l, true) > AK_MAX_ELEMENTS)
		return BAD(l, "more than %u weights", AK_MAX_ELEMENTS);
	rc = check_weights(l, l->weights, ak_layer_num_weights(l, false),
			   "weights", err);
	if (!rc && l->type == AKIDA_LAYER_SEPARABLE_CONV)
		rc = check_weights(l, l->weights_pw,
				   ak_layer_num_weights(l, true), "weights_pw",
				   err);
	return rc ? rc : check_neurons(l, err);
}

size_t ak_layer_num_weights(const struct ak_layer *l, bool pointwise)
{
	size_t taps = (size_t)l->kernel_w * l->kernel_h;

	switch (l->type) {
	case AKIDA_LAYER_INPUT_CONV:
	case AKIDA_LAYER_CONV:
		return pointwise ? 0 : taps * l->in.channels * l->out.channels;
	case AKIDA_LAYER_SEPARABLE_CONV:
		return (size_t)l->in.channels *
		       (pointwise ? l->out.channels : taps);
	case AKIDA_LAYER_FULLY_CONNECTED:
		return pointwise ? 0 :
				   ak_shape_elements(&l->in) * l->out.channels;
	case AKIDA_LAYER_INPUT_DATA:
		break;
	}
	return 0;
}

uint64_t ak_layer_macs(const struct ak_layer *l)
{
	uint64_t positions = (uint64_t)l->conv.height * l->conv.width;

	if (l->type == AKIDA_LAYER_INPUT_DATA)
		return 0;
	return positions *
	       (ak_layer_num_weights(l, false) + ak_layer_num_weights(l, true));
}

/* Inputs and border values are 0 to this, so zero lies in every range. */
static int64_t largest_input(const struct ak_layer *l)
{
	if (l->type == AKIDA_LAYER_INPUT_CONV && l->padding_value > l->in_max)
		return l->padding_value;
	return l->in_max;
}

void ak_layer_depthwise_bounds(const struct ak_layer *l, uint32_t channel,
			       int64_t *lo, int64_t *hi)
{
	size_t taps = (size_t)l->kernel_w * l->kernel_h, i;

	*lo = 0;
	*hi = 0;
	for (i = 0; i < taps; i++) {
		int64_t w = l->weights[i * l->in.channels + channel];

		*(w < 0 ? lo : hi) += w * l->in_max;
	}
}

/* Adds what one row of weights can contribute, for an input in lo..hi. */
static void add_row(const int8_t *w, uint32_t n, int64_t in_lo, int64_t in_hi,
		    int64_t *lo, int64_t *hi)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		lo[i] += w[i] * (w[i] < 0 ? in_hi : in_lo);
		hi[i] += w[i] * (w[i] < 0 ? in_lo : in_hi);
	}
}

void ak_layer_bounds_all(const struct ak_layer *l, int64_t *lo, int64_t *hi)
{
	bool separable = l->type == AKIDA_LAYER_SEPARABLE_CONV;
	const int8_t *w = separable ? l->weights_pw : l->weights;
	uint32_t n = l->out.channels, i;
	size_t rows = ak_layer_num_weights(l, separable) / n, r;
	int64_t pixels = 1;

	memset(lo, 0, n * sizeof(*lo));
	memset(hi, 0, n * sizeof(*hi));
	for (r = 0; r < rows; r++) {
		int64_t in_lo = 0, in_hi = largest_input(l);

		if (separable)
			ak_layer_depthwise_bounds(l, (uint32_t)r, &in_lo,
						  &in_hi);
		/* Sums stay below 2^59: 2^20 rows, 2^7 weights, 2^31 inputs. */
		add_row(w + r * n, n, in_lo, in_hi, lo, hi);
	}
	if (l->pool_type == AKIDA_POOL_AVERAGE)
		pixels = (int64_t)l->conv.height * l->conv.width;
	for (i = 0; i < n; i++) {
		if (__builtin_mul_overflow(lo[i], pixels, &lo[i]))
			lo[i] = INT64_MIN;
		if (__builtin_mul_overflow(hi[i], pixels, &hi[i]))
			hi[i] = INT64_MAX;
	}
}
