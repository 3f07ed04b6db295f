// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Registers of an NP: from a layer, and back.
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

uint64_t ak_np_filter_weights(const struct ak_layer *l)
{
	if (l->type == AKIDA_LAYER_FULLY_CONNECTED)
		return ak_shape_elements(&l->in);
	return (uint64_t)l->kernel_w * l->kernel_h * l->in.channels;
}

/* -1 among the weights of a layer of 1 bit: then there is no 0. */
static bool is_bipolar(const struct ak_layer *l)
{
	size_t i, n = ak_layer_num_weights(l, false);

	if (l->weights_bits != 1)
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
	regs[AK_NP_FILTERS] = l->out.channels;
	regs[AK_NP_FIRST] = first;
	regs[AK_NP_COUNT] = count;
	regs[AK_NP_KERNEL] =
		QUAD(l->kernel_w, l->kernel_h, l->stride_x, l->stride_y);
	regs[AK_NP_MODE] = QUAD(l->padding, l->pool_type, 0, 0);
	if (l->pool_type == AKIDA_POOL_MAX)
		regs[AK_NP_POOL] =
			QUAD(l->pool_w, l->pool_h, l->pool_sx, l->pool_sy);
	regs[AK_NP_BITS] = QUAD(l->weights_bits, l->act_bits, l->in_bits, 0) |
			   (l->activation ? AK_NP_ACTIVATION : 0) |
			   (is_bipolar(l) ? AK_NP_BIPOLAR : 0);
	regs[AK_NP_PAD_VALUE] = l->padding_value;
}

#define BAD(err, ...) ak_errf(err, -EINVAL, "NP registers: " __VA_ARGS__)

static int check(const struct ak_layer *l, struct ak_err *err)
{
	if (l->type != AKIDA_LAYER_INPUT_CONV &&
	    l->type != AKIDA_LAYER_FULLY_CONNECTED &&
	    l->type != AKIDA_LAYER_CONV &&
	    l->type != AKIDA_LAYER_SEPARABLE_CONV)
		return BAD(err, "layer type %d", l->type);
	if (l->weights_bits != 1 && l->weights_bits != 2 &&
	    l->weights_bits != 4 && l->weights_bits != 8)
		return BAD(err, "weights of %u bits", l->weights_bits);
	if (!l->in.width || !l->in.height || l->in.width > AK_MAX_SIDE ||
	    l->in.height > AK_MAX_SIDE || !l->in.channels ||
	    l->in.channels > AK_MAX_CHANNELS ||
	    (uint64_t)l->in.width * l->in.height * l->in.channels >
		    AK_MAX_ELEMENTS)
		return BAD(err,
			   "an input of %ux%ux%u (width x height x channels)",
			   l->in.width, l->in.height, l->in.channels);
	if (!l->out.channels || l->out.channels > AK_MAX_CHANNELS)
		return BAD(err, "%u filters", l->out.channels);
	if (!l->kernel_w || !l->kernel_h)
		return BAD(err, "a kernel of %ux%u", l->kernel_w, l->kernel_h);
	return 0;
}

int ak_np_regs_layer(const uint32_t regs[AK_NP_NUM_REGS], struct ak_layer *l,
		     struct ak_err *err)
{
	uint32_t bits = regs[AK_NP_BITS];

	memset(l, 0, sizeof(*l));
	if (regs[AK_NP_LAYOUT] != AK_NP_LAYOUT_1)
		return BAD(err, "layout 0x%08x; 0x%08x is known",
			   regs[AK_NP_LAYOUT], AK_NP_LAYOUT_1);
	l->type = (enum akida_layer_type)regs[AK_NP_TYPE];
	l->in.width = LO(regs[AK_NP_IN_SIZE]);
	l->in.height = HI(regs[AK_NP_IN_SIZE]);
	l->in.channels = regs[AK_NP_IN_CHANNELS];
	l->out.channels = regs[AK_NP_FILTERS];
	l->conv.channels = l->out.channels;
	l->kernel_w = BYTE(regs[AK_NP_KERNEL], 0);
	l->kernel_h = BYTE(regs[AK_NP_KERNEL], 1);
	l->stride_x = BYTE(regs[AK_NP_KERNEL], 2);
	l->stride_y = BYTE(regs[AK_NP_KERNEL], 3);
	l->padding = (enum akida_padding)BYTE(regs[AK_NP_MODE], 0);
	l->pool_type = (enum akida_pool_type)BYTE(regs[AK_NP_MODE], 1);
	l->pool_w = BYTE(regs[AK_NP_POOL], 0);
	l->pool_h = BYTE(regs[AK_NP_POOL], 1);
	l->pool_sx = BYTE(regs[AK_NP_POOL], 2);
	l->pool_sy = BYTE(regs[AK_NP_POOL], 3);
	l->padding_value = regs[AK_NP_PAD_VALUE];
	l->weights_bits = AK_NP_BITS_WEIGHTS(bits);
	l->act_bits = AK_NP_BITS_ACT(bits);
	l->in_bits = AK_NP_BITS_IN(bits);
	l->activation = bits & AK_NP_ACTIVATION;
	return check(l, err);
}
