// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Akida 1.0 arithmetic, written to be read. No cleverness: the fast kernels
 * are compared with this.
 *
 * - a potential is the integer sum of weight times input
 * - InputConvolutional correlates with the kernel as stored and sees
 *   padding_value outside the picture; Convolutional and Separable kernels are
 *   flipped on both axes and see zeros
 * - the depthwise result of a separable layer goes into the pointwise product
 *   as it is: no clipping, no scaling
 * - pooling works on potentials; the global average is a sum
 * - the activation is the number of thresholds below the potential
 */
#include "npu/reference.h"

#include <errno.h>
#include <string.h>

#include "npu/npu.h"

uint32_t npu_num_thresholds(const struct ak_layer *l)
{
	return l->activation ? (1u << l->act_bits) - 1 : 0;
}

/* A step as an integer times a power of two; float32 is nothing else. */
struct step {
	uint64_t mantissa;
	int exponent;
};

static struct step float_step(float f)
{
	struct step s;
	uint32_t bits;

	memcpy(&bits, &f, sizeof(bits));
	s.mantissa = bits & 0x7fffff;
	s.exponent = (int)(bits >> 23 & 0xff);
	if (s.exponent)
		s.mantissa |= 0x800000;
	else
		s.exponent = 1;
	s.exponent -= 127 + 23;
	return s;
}

/* Boards hold a step in 20 bits, 4 of them fractional: nearest, ties to even. */
static int chip_step(struct step *s)
{
	int shift = -(s->exponent + 4);
	uint64_t whole = s->mantissa, rest, half;

	if (shift <= 0) {
		if (shift < -20)
			return -ERANGE;
		whole <<= -shift;
	} else {
		if (shift >= 64)
			return -ERANGE;
		whole >>= shift;
		if (!whole)
			return -ERANGE;
		rest = s->mantissa - (whole << shift);
		half = 1ull << (shift - 1);
		whole += rest > half || (rest == half && (whole & 1));
	}
	if (whole >> 20)
		return -ERANGE;
	s->mantissa = whole;
	s->exponent = -4;
	return 0;
}

/* floor(n * step * 2^scale), saturated far above any potential */
static int64_t multiple(struct step s, uint32_t n, int scale)
{
	uint64_t v = s.mantissa * n;
	int shift = s.exponent + scale;

	if (!v)
		return 0;
	if (shift <= 0)
		return -shift < 64 ? (int64_t)(v >> -shift) : 0;
	return shift < 34 ? (int64_t)(v << shift) : INT64_MAX / 2;
}

int npu_thresholds(const struct ak_layer *l, uint32_t filter,
		   enum akida_target target, int32_t *t)
{
	struct step s = float_step(l->act_step[filter]);
	uint32_t levels = npu_num_thresholds(l), n;

	if (!levels)
		return 0;
	if (target != AKIDA_TARGET_NONE && chip_step(&s))
		return -ERANGE;
	for (n = 0; n < levels; n++) {
		int64_t v = l->threshold[filter] +
			    multiple(s, n, 4 - (int)l->act_bits);

		t[n] = v > INT32_MAX ? INT32_MAX : (int32_t)v;
	}
	return 0;
}

uint8_t npu_activation(const int32_t *t, uint32_t n, int32_t potential)
{
	uint32_t i;
	uint8_t y = 0;

	for (i = 0; i < n; i++)
		y += t[i] < potential;
	return y;
}

size_t npu_reference_scratch(const struct ak_layer *l)
{
	size_t n = ak_shape_elements(&l->conv);

	if (l->type == AKIDA_LAYER_SEPARABLE_CONV)
		n += l->in.channels;
	return n;
}

/* All channels under tap (ky, kx) of the window at (y, x), NULL outside. */
static const uint8_t *tap(const struct ak_layer *l, const uint8_t *in,
			  uint32_t y, uint32_t x, uint32_t ky, uint32_t kx)
{
	int64_t iy = (int64_t)y * l->stride_y + ky - l->pad_top;
	int64_t ix = (int64_t)x * l->stride_x + kx - l->pad_left;

	if (iy < 0 || iy >= l->in.height || ix < 0 || ix >= l->in.width)
		return NULL;
	return in + ((size_t)iy * l->in.width + (size_t)ix) * l->in.channels;
}

/* Weights are stored x slowest; all but the input layer's are flipped. */
static size_t weight_tap(const struct ak_layer *l, uint32_t ky, uint32_t kx)
{
	if (l->type != AKIDA_LAYER_INPUT_CONV) {
		ky = l->kernel_h - 1 - ky;
		kx = l->kernel_w - 1 - kx;
	}
	return (size_t)kx * l->kernel_h + ky;
}

static void add_scaled(int32_t *pot, const int8_t *w, uint32_t n, int32_t x)
{
	uint32_t i;

	if (!x)
		return;
	for (i = 0; i < n; i++)
		pot[i] += w[i] * x;
}

static void convolve(const struct ak_layer *l, const uint8_t *in, uint32_t y,
		     uint32_t x, int32_t *pot)
{
	uint32_t c, ky, kx, channels = l->in.channels, n = l->conv.channels;
	int32_t outside = l->type == AKIDA_LAYER_INPUT_CONV ?
				  (int32_t)l->padding_value :
				  0;

	memset(pot, 0, n * sizeof(*pot));
	for (ky = 0; ky < l->kernel_h; ky++) {
		for (kx = 0; kx < l->kernel_w; kx++) {
			const uint8_t *p = tap(l, in, y, x, ky, kx);
			const int8_t *w = l->weights +
					  weight_tap(l, ky, kx) * channels * n;

			for (c = 0; c < channels; c++)
				add_scaled(pot, w + (size_t)c * n, n,
					   p ? p[c] : outside);
		}
	}
}

void npu_reference_depthwise(const struct ak_layer *l, const uint8_t *in,
			     uint32_t y, uint32_t x, int32_t *depth)
{
	uint32_t c, ky, kx, channels = l->in.channels;

	memset(depth, 0, channels * sizeof(*depth));
	for (ky = 0; ky < l->kernel_h; ky++) {
		for (kx = 0; kx < l->kernel_w; kx++) {
			const uint8_t *p = tap(l, in, y, x, ky, kx);
			const int8_t *w =
				l->weights + weight_tap(l, ky, kx) * channels;

			for (c = 0; p && c < channels; c++)
				depth[c] += w[c] * p[c];
		}
	}
}

static void separable(const struct ak_layer *l, const uint8_t *in, uint32_t y,
		      uint32_t x, int32_t *depth, int32_t *pot)
{
	uint32_t c, n = l->conv.channels;

	npu_reference_depthwise(l, in, y, x, depth);
	memset(pot, 0, n * sizeof(*pot));
	for (c = 0; c < l->in.channels; c++)
		add_scaled(pot, l->weights_pw + (size_t)c * n, n, depth[c]);
}

/* Inputs are flattened as (channel, row, column). */
static void fully_connected(const struct ak_layer *l, const uint8_t *in,
			    int32_t *pot)
{
	uint32_t n = l->conv.channels, c;
	size_t pixels = (size_t)l->in.height * l->in.width, p;

	memset(pot, 0, n * sizeof(*pot));
	for (c = 0; c < l->in.channels; c++)
		for (p = 0; p < pixels; p++)
			add_scaled(pot, l->weights + (c * pixels + p) * n, n,
				   in[p * l->in.channels + c]);
}

static int32_t max_pool(const struct ak_layer *l, const int32_t *pot,
			uint32_t y, uint32_t x, uint32_t n)
{
	int32_t best = INT32_MIN;
	uint32_t ky, kx;

	for (ky = 0; ky < l->pool_h; ky++) {
		int64_t py = (int64_t)y * l->pool_sy + ky - l->pool_pad_top;

		if (py < 0 || py >= l->conv.height)
			continue;
		for (kx = 0; kx < l->pool_w; kx++) {
			int64_t px =
				(int64_t)x * l->pool_sx + kx - l->pool_pad_left;
			int32_t v;

			if (px < 0 || px >= l->conv.width)
				continue;
			v = pot[((size_t)py * l->conv.width + (size_t)px) *
					l->conv.channels +
				n];
			if (v > best)
				best = v;
		}
	}
	return best;
}

static int32_t sum_pool(const struct ak_layer *l, const int32_t *pot,
			uint32_t n)
{
	size_t pixels = (size_t)l->conv.height * l->conv.width, p;
	int32_t sum = 0;

	for (p = 0; p < pixels; p++)
		sum += pot[p * l->conv.channels + n];
	return sum;
}

static int32_t pooled(const struct ak_layer *l, const int32_t *pot, uint32_t y,
		      uint32_t x, uint32_t n)
{
	switch (l->pool_type) {
	case AKIDA_POOL_MAX:
		return max_pool(l, pot, y, x, n);
	case AKIDA_POOL_AVERAGE:
		return sum_pool(l, pot, n);
	case AKIDA_POOL_NONE:
		break;
	}
	return pot[((size_t)y * l->conv.width + x) * l->conv.channels + n];
}

void npu_reference_layer(const struct ak_layer *l, const int32_t *thresholds,
			 const uint8_t *in, int32_t *scratch, void *out)
{
	uint32_t levels = npu_num_thresholds(l), y, x, n;
	int32_t *pot = scratch, *depth = pot + ak_shape_elements(&l->conv);
	uint8_t *activations = out;
	int32_t *potentials = out;
	size_t i = 0;

	if (l->type == AKIDA_LAYER_INPUT_DATA) {
		memcpy(out, in, ak_shape_elements(&l->in));
		return;
	}
	for (y = 0; y < l->conv.height; y++) {
		for (x = 0; x < l->conv.width; x++) {
			if (l->type == AKIDA_LAYER_FULLY_CONNECTED)
				fully_connected(l, in, pot);
			else if (l->type == AKIDA_LAYER_SEPARABLE_CONV)
				separable(l, in, y, x, depth, pot);
			else
				convolve(l, in, y, x, pot);
			pot += l->conv.channels;
		}
	}
	for (y = 0; y < l->out.height; y++) {
		for (x = 0; x < l->out.width; x++) {
			for (n = 0; n < l->out.channels; n++, i++) {
				int32_t v = pooled(l, scratch, y, x, n);

				if (l->activation)
					activations[i] = npu_activation(
						thresholds + (size_t)n * levels,
						levels, v);
				else
					potentials[i] = v;
			}
		}
	}
}
