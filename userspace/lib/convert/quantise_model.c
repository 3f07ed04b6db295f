// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Integer layers as a model that can be saved.
 */
#include <string.h>

#include "akida/model.h"
#include "common/util.h"
#include "convert/quantise_internal.h"

void ak_quant_weights(const struct ak_layer *l, const struct akida_shape *in,
		      const int8_t *q, size_t n, int8_t *to)
{
	uint32_t kh = l->kernel_h, kw = l->kernel_w, y, x, c;
	uint32_t channels = in->channels;
	bool flip = l->type != AKIDA_LAYER_INPUT_CONV;

	if (l->type == AKIDA_LAYER_FULLY_CONNECTED) {
		for (c = 0; c < channels; c++)
			for (y = 0; y < in->height; y++)
				for (x = 0; x < in->width; x++, to += n)
					memcpy(to,
					       q + (((size_t)y * in->width +
						     x) * channels +
						    c) * n,
					       n);
		return;
	}
	for (x = 0; x < kw; x++) {
		for (y = 0; y < kh; y++) {
			size_t fy = flip ? kh - 1 - y : y;
			size_t fx = flip ? kw - 1 - x : x;

			memcpy(to, q + (fy * kw + fx) * channels * n,
			       channels * n);
			to += channels * n;
		}
	}
}

struct key {
	const char *name;
	int32_t value;
};

static int set_keys(struct akida_model *m, unsigned int layer,
		    const struct key *key, size_t n)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < n && !rc; i++)
		rc = akida_model_set_key(m, layer, key[i].name, key[i].value);
	return rc;
}

static int set_input(struct akida_model *m, unsigned int layer,
		     const struct ak_layer *l)
{
	const struct key shape[] = {
		{ "input_height", (int32_t)l->in.height },
		{ "input_width", (int32_t)l->in.width },
		{ "input_channels", (int32_t)l->in.channels },
	};
	int rc = set_keys(m, layer, shape, ARRAY_SIZE(shape));

	if (!rc && l->type == AKIDA_LAYER_INPUT_CONV)
		return akida_model_set_key(m, layer, "padding_value",
					   (int32_t)l->padding_value);
	if (!rc)
		rc = akida_model_set_key(m, layer, "input_bits",
					 (int32_t)l->in_bits);
	return rc ? rc : akida_model_set_key(m, layer, "input_signed", 0);
}

static int set_spatial(struct akida_model *m, unsigned int layer,
		       const struct ak_layer *l)
{
	bool max = l->pool_type == AKIDA_POOL_MAX;
	const struct key keys[] = {
		{ "filters", (int32_t)l->conv.channels },
		{ "kernel_width", (int32_t)l->kernel_w },
		{ "kernel_height", (int32_t)l->kernel_h },
		{ "stride_x", (int32_t)l->stride_x },
		{ "stride_y", (int32_t)l->stride_y },
		{ "padding", l->padding },
		{ "pool_type", l->pool_type },
		{ "pooling_width", max ? (int32_t)l->pool_w : -1 },
		{ "pooling_height", max ? (int32_t)l->pool_h : -1 },
		{ "pooling_stride_x", max ? (int32_t)l->pool_sx : -1 },
		{ "pooling_stride_y", max ? (int32_t)l->pool_sy : -1 },
	};

	return set_keys(m, layer, keys, ARRAY_SIZE(keys));
}

static int set_variables(struct akida_model *m, unsigned int layer,
			 const struct ak_layer *l)
{
	bool separable = l->type == AKIDA_LAYER_SEPARABLE_CONV;
	size_t n = l->conv.channels;
	const size_t shape[] = { l->kernel_w, l->kernel_h, l->in.channels,
				 separable ? 1 : n };
	const size_t dense[] = { 1, 1, ak_shape_elements(&l->in), n };
	const size_t pointwise[] = { 1, 1, l->in.channels, n };
	bool fc = l->type == AKIDA_LAYER_FULLY_CONNECTED;
	int rc = akida_model_set_variable(m, layer, "weights", AKIDA_DTYPE_INT8,
					  4, fc ? dense : shape, l->weights);

	if (!rc && separable)
		rc = akida_model_set_variable(m, layer, "weights_pw",
					      AKIDA_DTYPE_INT8, 4, pointwise,
					      l->weights_pw);
	if (!rc)
		rc = akida_model_set_variable(m, layer, "threshold",
					      AKIDA_DTYPE_INT32, 1, &n,
					      l->threshold);
	if (!rc)
		rc = akida_model_set_variable(m, layer, "act_step",
					      AKIDA_DTYPE_FLOAT32, 1, &n,
					      l->act_step);
	return rc;
}

int ak_quant_build(struct akida_model *m, const struct ak_layer *l,
		   struct ak_err *err)
{
	const struct key neurons[] = {
		{ "weights_bits", (int32_t)l->weights_bits },
		/* 1 without activation, as BrainChip's SDK has it. */
		{ "act_bits", l->activation ? (int32_t)l->act_bits : 1 },
		{ "activation", l->activation },
	};
	int layer = akida_model_add_layer(m, l->name, l->type), rc = 0;
	unsigned int at = (unsigned int)layer;

	if (layer < 0)
		return ak_errf(err, layer, "%s", akida_model_error(m));
	if (l->type == AKIDA_LAYER_INPUT_DATA ||
	    l->type == AKIDA_LAYER_INPUT_CONV)
		rc = set_input(m, at, l);
	if (!rc && l->type != AKIDA_LAYER_INPUT_DATA) {
		if (l->type == AKIDA_LAYER_FULLY_CONNECTED)
			rc = akida_model_set_key(m, at, "units",
						 (int32_t)l->conv.channels);
		else
			rc = set_spatial(m, at, l);
		if (!rc)
			rc = set_keys(m, at, neurons, ARRAY_SIZE(neurons));
		if (!rc)
			rc = set_variables(m, at, l);
	}
	return rc ? ak_errf(err, rc, "%s", akida_model_error(m)) : 0;
}
