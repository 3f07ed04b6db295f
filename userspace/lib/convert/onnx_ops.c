// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ONNX operators without weights, and why others are refused.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "common/util.h"
#include "convert/onnx.h"
#include "convert/onnx_window.h"
#include "model/model.h"

static int read_relu(struct ak_onnx_walk *w, float max)
{
	struct ak_op *op;
	int rc = ak_onnx_settle(w);

	if (rc)
		return rc;
	op = ak_onnx_add(w, AK_OP_RELU);
	if (!op)
		return -ENOMEM;
	op->max = max;
	return ak_onnx_added(w);
}

/* A limit: an attribute before version 11, an input since. */
static int limit(struct ak_onnx_walk *w, const char *name, size_t in,
		 float *value)
{
	const struct ak_onnx_attr *a = ak_onnx_attr(w->node, name);

	if (a)
		*value = a->f;
	else if (in < w->node->num_in && w->node->in[in])
		return ak_onnx_scalar(w, ak_onnx_input_const(w, in), value);
	return 0;
}

static int read_clip(struct ak_onnx_walk *w)
{
	float lo = -INFINITY, hi = INFINITY;
	int rc = limit(w, "min", 1, &lo);

	if (!rc)
		rc = limit(w, "max", 2, &hi);
	if (rc)
		return rc;
	/* The smallest and largest numbers stand for none in old versions. */
	if (lo <= -0x1.fffffep127f && hi >= 0x1.fffffep127f)
		return ak_onnx_settle(w);
	if (lo != 0 || !(hi > 0))
		return AK_ONNX_REFUSE(
			w,
			"it clips at %g and %g: activations of Akida are 0 or more; use ReLU, or Clip from 0 to a limit above it",
			(double)lo, (double)hi);
	return read_relu(w, hi >= 0x1.fffffep127f ? INFINITY : hi);
}

static int read_pad(struct ak_onnx_walk *w)
{
	const struct ak_onnx_attr *mode = ak_onnx_attr(w->node, "mode");
	int64_t pad[2 * AK_ONNX_MAX_DIMS], axis[AK_ONNX_MAX_DIMS];
	uint32_t side[2][AK_ONNX_MAX_DIMS] = { { 0 } };
	unsigned int y, d;
	size_t n, axes, k;
	struct ak_op *op;
	float value = 0;
	bool any = false;
	int rc = ak_onnx_settle(w);

	if (!rc)
		rc = ak_onnx_ints(w, "pads", 1, pad, ARRAY_SIZE(pad), &n);
	if (!rc)
		rc = limit(w, "value", 2, &value);
	if (!rc)
		rc = ak_onnx_ints(w, NULL, 3, axis, ARRAY_SIZE(axis), &axes);
	if (rc)
		return rc;
	if (n % 2 || n / 2 != (axes ? axes : w->ndim))
		return AK_ONNX_BAD(w, "%zu paddings for %u dimensions", n,
				   w->ndim);
	for (k = 0; k < n; k++) {
		int64_t a = (int64_t)(k % (n / 2));

		if (axes)
			a = axis[a] + (axis[a] < 0 ? (int64_t)w->ndim : 0);
		if (a < 0 || a >= (int64_t)w->ndim || pad[k] < 0 ||
		    pad[k] > AK_MAX_SIDE)
			return AK_ONNX_REFUSE(
				w,
				"a padding of %" PRId64 " along axis %" PRId64
				"; it must be 0 to %u (a negative one crops)",
				pad[k], a, AK_MAX_SIDE);
		side[k >= n / 2][a] = (uint32_t)pad[k];
		any |= pad[k] != 0;
	}
	if (!any)
		return 0;
	y = w->order == AK_ONNX_NHWC ? 1 : 2;
	for (d = 0; d < w->ndim; d++)
		if ((w->order == AK_ONNX_VECTOR || (d != y && d != y + 1)) &&
		    (side[0][d] || side[1][d]))
			return AK_ONNX_REFUSE(
				w,
				"padding along axis %u: Akida pads rows and columns only",
				d);
	if (mode && (mode->s_size != 8 || memcmp(mode->s, "constant", 8)))
		return AK_ONNX_REFUSE(
			w,
			"padding by '%.*s': Akida pads with one value only; use mode 'constant'",
			mode->s_size > 32 ? 32 : (int)mode->s_size, mode->s);
	op = ak_onnx_add(w, AK_OP_PAD);
	if (!op)
		return -ENOMEM;
	op->pad_top = side[0][y];
	op->pad_left = side[0][y + 1];
	op->pad_bottom = side[1][y];
	op->pad_right = side[1][y + 1];
	op->pad_value = value;
	return ak_onnx_added(w);
}

static int read_softmax(struct ak_onnx_walk *w, bool soft)
{
	bool last = w->o->opset >= 13;
	int64_t axis = ak_onnx_int(w, "axis", last ? -1 : 1);
	struct akida_shape s;
	unsigned int channels;
	int rc = ak_onnx_settle(w);

	if (rc)
		return rc;
	s = ak_onnx_end(w);
	channels = w->order == AK_ONNX_NHWC ? 3 : 1;
	axis += axis < 0 ? w->ndim : 0;
	/* Before version 13 all that follows the axis counts. */
	if (soft && (axis != channels || (!last && w->order == AK_ONNX_NCHW &&
					  s.height * s.width > 1)))
		return AK_ONNX_REFUSE(
			w,
			"a softmax along axis %" PRId64
			"; it must be over the channels (axis %u)",
			axis, channels);
	if (soft && w->order == AK_ONNX_VECTOR && !w->flat &&
	    s.height * s.width > 1)
		rc = ak_onnx_flatten(w);
	if (rc)
		return rc;
	if (!ak_onnx_add(w, soft ? AK_OP_SOFTMAX : AK_OP_SIGMOID))
		return -ENOMEM;
	return ak_onnx_added(w);
}

static int quant_params(struct ak_onnx_walk *w, float *scale, int64_t *zero,
			int32_t *type)
{
	struct ak_onnx_const *z = ak_onnx_input_const(w, 2);
	int rc = ak_onnx_scalar(w, ak_onnx_input_const(w, 1), scale);

	if (rc)
		return rc;
	*type = (int32_t)ak_onnx_int(w, "output_dtype", AK_ONNX_UINT8);
	*zero = 0;
	if (w->node->num_in > 2 && w->node->in[2]) {
		rc = z ? ak_onnx_load(w, z) : 0;
		if (rc)
			return rc;
		if (!z || !z->i || z->count != 1)
			return AK_ONNX_REFUSE(
				w,
				"a zero point that is not one constant integer");
		*zero = z->i[0];
		*type = z->type ? z->type : *type;
	}
	if (!(*scale > 0) || !isfinite(*scale))
		return AK_ONNX_BAD(w, "a scale of %g", (double)*scale);
	return 0;
}

static int read_quantize(struct ak_onnx_walk *w)
{
	int64_t lo, hi;
	int rc = ak_onnx_settle(w);

	if (!rc)
		rc = quant_params(w, &w->quant_scale, &w->quant_zero,
				  &w->quant_type);
	if (rc)
		return rc;
	if (!ak_onnx_quant_range(w->quant_type, &lo, &hi) ||
	    w->quant_zero < lo || w->quant_zero > hi)
		return AK_ONNX_REFUSE(
			w,
			"integers of type %d with the zero point %" PRId64
			"; types of 4, 8 and 16 bits are read",
			w->quant_type, w->quant_zero);
	w->quantised = true;
	return 0;
}

static int read_dequantize(struct ak_onnx_walk *w)
{
	int64_t zero, lo, hi;
	struct ak_op *op;
	int32_t type;
	float scale;
	int rc = ak_onnx_settle(w);

	if (!rc)
		rc = quant_params(w, &scale, &zero, &type);
	if (rc)
		return rc;
	/* Of the network's input, which is integers then. */
	if (!w->quantised && !w->g->num_ops)
		return ak_onnx_affine(w, scale, -(float)zero * scale);
	if (!w->quantised || scale != w->quant_scale || zero != w->quant_zero)
		return AK_ONNX_REFUSE(
			w,
			"its scale and zero point (%g, %" PRId64
			") are not those of the QuantizeLinear before it; export the model in QDQ form",
			(double)scale, zero);
	ak_onnx_quant_range(w->quant_type, &lo, &hi);
	op = ak_onnx_add(w, AK_OP_QUANT);
	if (!op)
		return -ENOMEM;
	op->scale = ak_onnx_alloc(w, 1, sizeof(float));
	if (!op->scale)
		return -ENOTSUP;
	op->scale[0] = scale;
	op->num_values = 1;
	op->quant_zero = (int32_t)zero;
	op->quant_lo = (int32_t)lo;
	op->quant_hi = (int32_t)hi;
	w->quantised = false;
	return ak_onnx_added(w);
}

static int read_cast(struct ak_onnx_walk *w)
{
	int64_t to = ak_onnx_int(w, "to", 0);

	if (to == AK_ONNX_FLOAT || to == AK_ONNX_FLOAT16 ||
	    to == AK_ONNX_DOUBLE || to == AK_ONNX_BFLOAT16)
		return 0;
	return AK_ONNX_REFUSE(
		w,
		"it rounds computed values to integers (type %" PRId64
		"); use QuantizeLinear and DequantizeLinear",
		to);
}

/* Dropout of evaluation does nothing. */
static int read_dropout(struct ak_onnx_walk *w)
{
	const struct ak_onnx_const *c = ak_onnx_input_const(w, 2);
	float training = 0;
	int rc = 0;

	if (w->node->num_in > 2 && w->node->in[2])
		rc = ak_onnx_scalar(w, c, &training);
	if (rc || training == 0)
		return rc;
	return AK_ONNX_REFUSE(
		w,
		"it drops at random, as in training; export the model in evaluation mode");
}

/**
 * struct reason - why an operator is refused
 * @op: operator; a '*' at its end stands for any end
 * @text: the reason and what to change
 */
struct reason {
	const char *op, *text;
};

static const struct reason reasons[] = {
	{ "ConvTranspose",
	  "Akida 1.0 has no transposed convolution; take the part before it, or train without" },
	{ "QLinear*",
	  "integer operators are not read; export the quantised model in QDQ form (QuantizeLinear and DequantizeLinear around float operators)" },
	{ "ConvInteger",
	  "integer operators are not read; export the quantised model in QDQ form" },
	{ "MatMulInteger",
	  "integer operators are not read; export the quantised model in QDQ form" },
	{ "DynamicQuantizeLinear",
	  "scales that depend on the input; quantise statically, in QDQ form" },
	{ "LogSoftmax",
	  "export the model without it: the order of classes is the same" },
	{ "ArgMax",
	  "export the model without it: akida run and akida evaluate tell the best class" },
	{ "LeakyRelu",
	  "Akida 1.0 has ReLU only: its activations are never negative; train with ReLU" },
	{ "PRelu", "Akida 1.0 has ReLU only; train with ReLU" },
	{ "Elu", "Akida 1.0 has ReLU only; train with ReLU" },
	{ "Selu", "Akida 1.0 has ReLU only; train with ReLU" },
	{ "Gelu", "Akida 1.0 has ReLU only; train with ReLU" },
	{ "Erf",
	  "Akida 1.0 has ReLU only (this is part of a GELU); train with ReLU" },
	{ "Tanh", "Akida 1.0 has ReLU only; train with ReLU" },
	{ "HardSwish", "Akida 1.0 has ReLU only; train with ReLU" },
	{ "HardSigmoid", "Akida 1.0 has ReLU only; train with ReLU" },
	{ "Softplus", "Akida 1.0 has ReLU only; train with ReLU" },
	{ "Resize", "Akida 1.0 does not change the size of maps upwards" },
	{ "Upsample", "Akida 1.0 does not change the size of maps upwards" },
	{ "LSTM", "Akida 1.0 has no recurrent layers" },
	{ "GRU", "Akida 1.0 has no recurrent layers" },
	{ "RNN", "Akida 1.0 has no recurrent layers" },
	{ "LayerNormalization",
	  "statistics of each input; Akida 1.0 folds fixed ones only: train with BatchNormalization" },
	{ "InstanceNormalization",
	  "statistics of each input; Akida 1.0 folds fixed ones only: train with BatchNormalization" },
	{ "GroupNormalization",
	  "statistics of each input; Akida 1.0 folds fixed ones only: train with BatchNormalization" },
	{ "LRN",
	  "statistics of each input; Akida 1.0 folds fixed ones only: train with BatchNormalization" },
	{ "If", "the graph must be the same for every input" },
	{ "Loop", "the graph must be the same for every input" },
	{ "Scan", "the graph must be the same for every input" },
	{ "NonMaxSuppression",
	  "end the model before it; boxes are found after the scores are read" },
	{ "TopK", "end the model before it: scores are all there" },
};

static int refuse(struct ak_onnx_walk *w)
{
	const char *op = w->node->op;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(reasons); i++) {
		size_t n = strlen(reasons[i].op);

		if (!strcmp(reasons[i].op, op) ||
		    (reasons[i].op[n - 1] == '*' &&
		     !strncmp(reasons[i].op, op, n - 1)))
			return AK_ONNX_REFUSE(w, "%s", reasons[i].text);
	}
	return AK_ONNX_REFUSE(
		w,
		"this operator is none of those that Akida 1.0 can compute: convolutions, dense layers, normalisation, ReLU, pooling, padding");
}

int ak_onnx_data(struct ak_onnx_walk *w)
{
	const char *op = w->node->op, *domain = w->node->domain;
	bool found;
	int rc;

	if (*domain && strcmp(domain, "ai.onnx"))
		return AK_ONNX_REFUSE(
			w,
			"an operator of '%s': only those of the ONNX standard are read; export without custom operators",
			domain);
	rc = ak_onnx_reorder(w, &found);
	if (found)
		return rc;
	if (!strcmp(op, "DequantizeLinear"))
		return read_dequantize(w);
	if (w->quantised)
		return AK_ONNX_REFUSE(
			w,
			"it reads quantised values; export the model in QDQ form, with DequantizeLinear before each operator");
	rc = ak_onnx_weights(w, &found);
	if (!found)
		rc = ak_onnx_pool(w, &found);
	if (found)
		return rc;
	if (!strcmp(op, "Relu"))
		return read_relu(w, INFINITY);
	if (!strcmp(op, "Clip"))
		return read_clip(w);
	if (!strcmp(op, "Pad"))
		return read_pad(w);
	if (!strcmp(op, "Softmax") || !strcmp(op, "Sigmoid"))
		return read_softmax(w, op[1] == 'o');
	if (!strcmp(op, "QuantizeLinear"))
		return read_quantize(w);
	if (!strcmp(op, "Cast"))
		return read_cast(w);
	if (!strcmp(op, "Dropout"))
		return read_dropout(w);
	return refuse(w);
}
