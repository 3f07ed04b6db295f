// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Registers of an NP: from a layer, and back with every value checked.
 */
#include "program/np.h"

#include <errno.h>
#include <string.h>

#define PAIR(lo, hi) ((uint32_t)(lo) | (uint32_t)(hi) << 16)
#define QUAD(a, b, c, d)                                            \
	((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | \
	 (uint32_t)(d) << 24)
#define LO(v) ((v)&0xffff)
#define HI(v) ((v) >> 16)
#define BYTE(v, n) ((v) >> (n)*8 & 0xff)

static size_t weights_of_filter(const struct ak_layer *l)
{
	if (l->type == AKIDA_LAYER_FULLY_CONNECTED)
		return ak_shape_elements(&l->in);
	return (size_t)l->kernel_w * l->kernel_h * l->in.channels;
}

/* -1 among the weights of a layer of 1 bit: then there is no 0. */
static bool is_bipolar(const struct ak_layer *l)
{
	size_t i, n = weights_of_filter(l) * l->out.channels;

	if (l->weights_bits != 1 || l->type == AKIDA_LAYER_SEPARABLE_CONV)
		return false;
	for (i = 0; i < n; i++)
		if (l->weights[i] < 0)
			return true;
	return false;
}

void ak_np_regs_set(const struct ak_layer *l, uint32_t first, uint32_t count,
		    uint32_t regs[AK_NP_NUM_REGS])
{
	memset(regs, 0, AK_NP_NUM_REGS * sizeof(*regs));
	regs[AK_NP_LAYOUT] = AK_NP_LAYOUT_1;
	regs[AK_NP_TYPE] = l->type;
	regs[AK_NP_IN_SIZE] = PAIR(l->in.width, l->in.height);
	regs[AK_NP_IN_CHANNELS] = l->in.channels;
	regs[AK_NP_CONV_SIZE] = PAIR(l->conv.width, l->conv.height);
	regs[AK_NP_OUT_SIZE] = PAIR(l->out.width, l->out.height);
	regs[AK_NP_FILTERS] = l->out.channels;
	regs[AK_NP_FIRST] = first;
	regs[AK_NP_COUNT] = count;
	regs[AK_NP_KERNEL] =
		QUAD(l->kernel_w, l->kernel_h, l->stride_x, l->stride_y);
	regs[AK_NP_PAD] =
		QUAD(l->pad_left, l->pad_right, l->pad_top, l->pad_bottom);
	regs[AK_NP_POOL] = l->pool_type;
	if (l->pool_type == AKIDA_POOL_MAX) {
		regs[AK_NP_POOL_SIZE] =
			QUAD(l->pool_w, l->pool_h, l->pool_sx, l->pool_sy);
		regs[AK_NP_POOL_PAD] =
			QUAD(l->pool_pad_left, l->pool_pad_top, 0, 0);
	}
	regs[AK_NP_BITS] = QUAD(l->weights_bits, l->act_bits, l->in_bits, 0) |
			   (l->activation ? AK_NP_ACTIVATION : 0) |
			   (is_bipolar(l) ? AK_NP_BIPOLAR : 0);
	regs[AK_NP_PAD_VALUE] = l->padding_value;
}

#define BAD(err, ...) ak_errf(err, -EINVAL, "NP registers: " __VA_ARGS__)

static bool is_bits(uint32_t bits)
{
	return bits == 1 || bits == 2 || bits == 4 || bits == 8;
}

static int check_sizes(const struct ak_layer *l, struct ak_err *err)
{
	if (!l->in.width || !l->in.height || l->in.width > AK_MAX_SIDE ||
	    l->in.height > AK_MAX_SIDE || !l->in.channels ||
	    l->in.channels > AK_MAX_CHANNELS || !l->out.channels ||
	    l->out.channels > AK_MAX_CHANNELS)
		return BAD(err, "an input of %ux%ux%u and %u filters",
			   l->in.width, l->in.height, l->in.channels,
			   l->out.channels);
	if (!l->conv.width || !l->conv.height || !l->out.width ||
	    !l->out.height || l->conv.width > AK_MAX_SIDE ||
	    l->conv.height > AK_MAX_SIDE || l->out.width > l->conv.width ||
	    l->out.height > l->conv.height)
		return BAD(err, "results of %ux%u, pooled to %ux%u",
			   l->conv.width, l->conv.height, l->out.width,
			   l->out.height);
	if (ak_shape_elements(&l->in) > AK_MAX_ELEMENTS ||
	    ak_shape_elements(&l->conv) > AK_MAX_ELEMENTS)
		return BAD(err, "feature maps of more than 2^28 values");
	if ((uint64_t)weights_of_filter(l) * l->out.channels > AK_MAX_ELEMENTS)
		return BAD(err, "more than 2^28 weights");
	return 0;
}

/* Windows must lie within the padded map, or a neuron would read beyond it. */
static bool windows_fit(uint32_t in, uint32_t before, uint32_t after,
			uint32_t window, uint32_t step, uint32_t out)
{
	return window && step && before < window && after < window &&
	       (uint64_t)(out - 1) * step + window <=
		       (uint64_t)in + before + after;
}

static int check_windows(const struct ak_layer *l, struct ak_err *err)
{
	if (l->type == AKIDA_LAYER_FULLY_CONNECTED) {
		if (l->conv.width != 1 || l->conv.height != 1)
			return BAD(err, "a FullyConnected result of %ux%u",
				   l->conv.width, l->conv.height);
	} else if (!windows_fit(l->in.width, l->pad_left, l->pad_right,
				l->kernel_w, l->stride_x, l->conv.width) ||
		   !windows_fit(l->in.height, l->pad_top, l->pad_bottom,
				l->kernel_h, l->stride_y, l->conv.height)) {
		return BAD(
			err,
			"a kernel of %ux%u with stride %ux%u does not make %ux%u of %ux%u",
			l->kernel_w, l->kernel_h, l->stride_x, l->stride_y,
			l->conv.width, l->conv.height, l->in.width,
			l->in.height);
	}
	switch (l->pool_type) {
	case AKIDA_POOL_NONE:
		if (l->out.width != l->conv.width ||
		    l->out.height != l->conv.height)
			return BAD(err, "no pooling, but another size");
		return 0;
	case AKIDA_POOL_AVERAGE:
		if (l->out.width != 1 || l->out.height != 1)
			return BAD(err, "a global average of %ux%u",
				   l->out.width, l->out.height);
		return 0;
	default:
		break;
	}
	/* A pool window may hang over the end: minus infinity is there. */
	if (!l->pool_w || !l->pool_h || !l->pool_sx || !l->pool_sy ||
	    l->pool_pad_left >= l->pool_w || l->pool_pad_top >= l->pool_h ||
	    (uint64_t)(l->out.width - 1) * l->pool_sx >=
		    (uint64_t)l->conv.width + l->pool_pad_left ||
	    (uint64_t)(l->out.height - 1) * l->pool_sy >=
		    (uint64_t)l->conv.height + l->pool_pad_top)
		return BAD(err, "pooling %ux%u with stride %ux%u", l->pool_w,
			   l->pool_h, l->pool_sx, l->pool_sy);
	return 0;
}

static int check_kind(const struct ak_layer *l, uint32_t pool,
		      struct ak_err *err)
{
	if (l->type != AKIDA_LAYER_INPUT_CONV &&
	    l->type != AKIDA_LAYER_FULLY_CONNECTED &&
	    l->type != AKIDA_LAYER_CONV &&
	    l->type != AKIDA_LAYER_SEPARABLE_CONV)
		return BAD(err, "layer type %d", l->type);
	if (pool > 2)
		return BAD(err, "pooling of type %u", pool);
	if (!is_bits(l->weights_bits) || !l->in_bits || l->in_bits > 8 ||
	    (l->activation && !is_bits(l->act_bits)))
		return BAD(err, "%u weight, %u input, %u activation bits",
			   l->weights_bits, l->in_bits, l->act_bits);
	if (l->padding_value > 255)
		return BAD(err, "a border of %u", l->padding_value);
	return 0;
}

int ak_np_regs_layer(const uint32_t regs[AK_NP_NUM_REGS], struct ak_layer *l,
		     struct ak_err *err)
{
	uint32_t pool = regs[AK_NP_POOL], bits = regs[AK_NP_BITS];
	int rc;

	memset(l, 0, sizeof(*l));
	if (regs[AK_NP_LAYOUT] != AK_NP_LAYOUT_1)
		return BAD(err, "layout 0x%08x; 0x%08x is known",
			   regs[AK_NP_LAYOUT], AK_NP_LAYOUT_1);
	l->type = (enum akida_layer_type)regs[AK_NP_TYPE];
	l->in.width = LO(regs[AK_NP_IN_SIZE]);
	l->in.height = HI(regs[AK_NP_IN_SIZE]);
	l->in.channels = regs[AK_NP_IN_CHANNELS];
	l->conv.width = LO(regs[AK_NP_CONV_SIZE]);
	l->conv.height = HI(regs[AK_NP_CONV_SIZE]);
	l->out.width = LO(regs[AK_NP_OUT_SIZE]);
	l->out.height = HI(regs[AK_NP_OUT_SIZE]);
	l->out.channels = regs[AK_NP_FILTERS];
	l->conv.channels = l->out.channels;
	l->kernel_w = BYTE(regs[AK_NP_KERNEL], 0);
	l->kernel_h = BYTE(regs[AK_NP_KERNEL], 1);
	l->stride_x = BYTE(regs[AK_NP_KERNEL], 2);
	l->stride_y = BYTE(regs[AK_NP_KERNEL], 3);
	l->pad_left = BYTE(regs[AK_NP_PAD], 0);
	l->pad_right = BYTE(regs[AK_NP_PAD], 1);
	l->pad_top = BYTE(regs[AK_NP_PAD], 2);
	l->pad_bottom = BYTE(regs[AK_NP_PAD], 3);
	l->padding_value = regs[AK_NP_PAD_VALUE];
	l->pool_w = BYTE(regs[AK_NP_POOL_SIZE], 0);
	l->pool_h = BYTE(regs[AK_NP_POOL_SIZE], 1);
	l->pool_sx = BYTE(regs[AK_NP_POOL_SIZE], 2);
	l->pool_sy = BYTE(regs[AK_NP_POOL_SIZE], 3);
	l->pool_pad_left = BYTE(regs[AK_NP_POOL_PAD], 0);
	l->pool_pad_top = BYTE(regs[AK_NP_POOL_PAD], 1);
	l->weights_bits = AK_NP_BITS_WEIGHTS(bits);
	l->act_bits = AK_NP_BITS_ACT(bits);
	l->in_bits = AK_NP_BITS_IN(bits);
	l->in_max = l->in_bits < 32 ? (1u << l->in_bits) - 1 : 0;
	l->activation = bits & AK_NP_ACTIVATION;
	rc = check_kind(l, pool, err);
	if (rc)
		return rc;
	l->pool_type = (enum akida_pool_type)pool;
	rc = check_sizes(l, err);
	return rc ? rc : check_windows(l, err);
}
